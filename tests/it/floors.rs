//! A module uses its own floor or lower ones, so that the picture in ARCHITECTURE.md stays true.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const FLOORS: &[(&str, u8)] = &[
    ("register", 1),
    ("geography", 2),
    ("travel", 2),
    ("access", 3),
    ("fund", 3),
    ("scenario", 4),
    ("config", 5),
    ("export", 5),
    ("import", 5),
    ("store", 5),
    ("synth", 5),
    ("jobs", 6),
    ("cli", 7),
    ("web", 7),
];

/// Below this floor nothing opens a file, a socket, a clock or a connection.
const FIRST_FLOOR_WITH_IO: u8 = 5;

const IO: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env",
    "SystemTime",
    "Instant::now",
    "Utc::now",
    "Local::now",
    "diesel::",
    "actix_web",
];

#[test]
fn no_room_uses_one_above_it_and_every_room_is_known() {
    let floors: BTreeMap<&str, u8> = FLOORS.iter().copied().collect();
    let mut wrong = Vec::new();
    for file in rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let Some(room) = room_of(&file) else { continue };
        let Some(floor) = floors.get(room.as_str()) else {
            wrong.push(format!("{}: the room {room:?} is on no floor", file.display()));
            continue;
        };
        let text = fs::read_to_string(&file).unwrap();
        for used in rooms_used(&text) {
            match floors.get(used.as_str()) {
                Some(below) if below <= floor => {}
                Some(_) => {
                    wrong
                        .push(format!("{}: {room} uses {used}, which is above it", file.display()));
                }
                None => wrong.push(format!(
                    "{}: uses the room {used:?}, which is on no floor",
                    file.display()
                )),
            }
        }
        if *floor < FIRST_FLOOR_WITH_IO {
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let does = IO.iter().filter(|io| code.contains(**io));
            wrong.extend(does.map(|io| format!("{}: {room} does I/O: {io}", file.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_solver_depends_on_nothing_of_ours() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("solver/Cargo.toml");
    let text = fs::read_to_string(manifest).unwrap();
    let dependencies = text.split("[dependencies]").nth(1).unwrap();
    assert!(!dependencies.contains("path ="), "{dependencies}");
}

/// `src/import/eric.rs` and `src/import.rs` are in the room `import`; `lib.rs` and `main.rs` are in none.
fn room_of(file: &Path) -> Option<String> {
    let inside = file.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let first = inside.components().next()?.as_os_str().to_str()?;
    let room = first.strip_suffix(".rs").unwrap_or(first);
    (!["lib", "main"].contains(&room)).then(|| room.to_owned())
}

/// Every `crate::name` and `crate::{name, ..}` outside line comments; names of items of the crate root are lower case.
fn rooms_used(text: &str) -> Vec<String> {
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let mut used = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let name = |text: &str| {
            text.trim()
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect::<String>()
        };
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0_i32;
            let mut part = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        used.push(name(&part));
                        part.clear();
                        continue;
                    }
                    _ => {}
                }
                part.push(c);
            }
            used.push(name(&part));
        } else {
            used.push(name(rest));
        }
    }
    used.retain(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
    used
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}
