//! The repository as the architecture's tests see it: files, lines, crates.

use std::path::{Path, PathBuf};

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or_else(|| here.to_path_buf(), Path::to_path_buf)
}

/// Every file below `folder` (relative to the root) whose name ends in `ending`, sorted, build
/// output left out. Empty when the folder does not exist.
#[must_use]
pub fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(next) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(next) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            let name = entry.file_name();
            if path.is_dir() {
                if name != "target" && name != "node_modules" && name != ".git" {
                    folders.push(path);
                }
            } else if name.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The Rust sources of the crates and of the journeys, generated code left out, each with its text.
#[must_use]
pub fn rust_sources() -> Vec<(PathBuf, String)> {
    ["crates", "tests"]
        .iter()
        .flat_map(|folder| files(folder, ".rs"))
        .filter(|path| !path.components().any(|part| part.as_os_str() == "gen"))
        .filter_map(|path| std::fs::read_to_string(&path).ok().map(|text| (path, text)))
        .collect()
}

/// The path relative to the root, with forward slashes.
#[must_use]
pub fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

/// The part of a source before its unit tests, without comment lines.
#[must_use]
pub fn shipped_code(text: &str) -> String {
    text.lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}
