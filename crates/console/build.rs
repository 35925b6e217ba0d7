//! Lets a plain `cargo build` work without Node: where the pages were not built, one page says how to build them.

use std::path::Path;
use std::{fs, io};

const PLACEHOLDER: &str = "<!doctype html><meta charset=\"utf-8\"><title>Fairlead</title>\
<h1>The pages are not built</h1><p>Run <code>cargo xtask ui</code>, then build again.</p>";

fn main() -> io::Result<()> {
    let dist = Path::new("pages/dist");
    let index = dist.join("index.html");
    if !index.exists() {
        fs::create_dir_all(dist)?;
        fs::write(&index, PLACEHOLDER)?;
    }
    println!("cargo::rerun-if-changed=pages/dist");
    Ok(())
}
