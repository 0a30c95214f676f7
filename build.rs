//! The pages' templates, styles and scripts go into the binary. Those that come from npm are not committed.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=web/dist");
    println!("cargo::rerun-if-changed=web/templates");
    println!("cargo::rerun-if-changed=web/static");
    if Path::new("web/dist/nhsuk").is_dir() {
        return;
    }
    let sentence = "web/dist is missing, so there is no NHS design system to build pages with: run `make setup` \
                    (or `npm ci --ignore-scripts && node prepare.mjs` in web/), then build again";
    // A development build reads the folder when it runs, so only what is shipped must have it now.
    if std::env::var("PROFILE").as_deref() == Ok("release") {
        println!("cargo::error={sentence}");
    } else {
        println!("cargo::warning={sentence}");
    }
}
