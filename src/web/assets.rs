//! Files that go into the binary: templates, and what is served under `/assets/`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "web/templates"]
struct Ours;

#[derive(RustEmbed)]
#[folder = "web/dist/nhsuk"]
#[allow_missing = true]
struct Nhs;

#[derive(RustEmbed)]
#[folder = "web/static"]
struct OurFiles;

#[derive(RustEmbed)]
#[folder = "web/dist/assets"]
#[allow_missing = true]
struct TheirFiles;

/// A file that is served.
#[derive(Debug, Clone)]
pub(crate) struct File {
    /// Its bytes.
    pub bytes: Cow<'static, [u8]>,
    /// Its media type.
    pub media_type: String,
    /// Start of its SHA-256, lower-case hex: a new content is a new tag.
    pub tag: String,
}

/// The source of a template: `nhsuk/…` is the NHS design system's, the rest is ours.
pub(crate) fn template(name: &str) -> Option<String> {
    let file = match name.strip_prefix("nhsuk/") {
        Some(theirs) => Nhs::get(theirs),
        None => Ours::get(name),
    }?;
    String::from_utf8(file.data.into_owned()).ok()
}

/// Whether the NHS design system is there; a development build may lack it.
pub(crate) fn are_complete() -> bool {
    Nhs::get("macros/icon.njk").is_some()
}

/// A served file by its path under `/assets/`.
pub(crate) fn find(path: &str) -> Option<File> {
    let file = OurFiles::get(path).or_else(|| TheirFiles::get(path))?;
    let guessed = mime_guess::from_path(path).first_or_octet_stream();
    let media_type = match guessed.type_() {
        mime_guess::mime::TEXT => format!("{guessed}; charset=utf-8"),
        _ => guessed.to_string(),
    };
    Some(File { bytes: file.data, media_type, tag: hex(&file.metadata.sha256_hash()) })
}

/// Where pages ask for a file: with its tag, so that it may be kept for ever.
pub(crate) fn url(path: &str) -> String {
    static TAGS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
        let names = OurFiles::iter().chain(TheirFiles::iter());
        names.filter_map(|name| Some((name.to_string(), find(&name)?.tag))).collect()
    });
    let tag = if cfg!(debug_assertions) {
        find(path).map(|file| file.tag)
    } else {
        TAGS.get(path).cloned()
    };
    tag.map_or_else(|| format!("/assets/{path}"), |tag| format!("/assets/{path}?v={tag}"))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().take(6).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
