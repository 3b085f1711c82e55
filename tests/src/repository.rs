//! The repository as the architecture's tests see it: files, lines, crates.

use std::path::{Path, PathBuf};

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent()
        .map_or_else(|| here.to_path_buf(), Path::to_path_buf)
}

/// Every file below `folder` (relative to the root) whose name ends in `ending`, sorted, build
/// output left out. Empty when the folder does not exist.
#[must_use]
pub fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(next) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(next) else {
            continue;
        };
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
    path.strip_prefix(root())
        .unwrap_or(path)
        .to_string_lossy()
        .replace('\\', "/")
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

/// Files and folders that only tests compile: whatever a source declares as
/// `#[cfg(test)] mod name;`.
#[must_use]
pub fn test_modules() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for (path, text) in rust_sources() {
        let stem = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let Some(folder) = path.parent() else {
            continue;
        };
        let home = match stem.as_str() {
            "lib" | "main" | "mod" => folder.to_path_buf(),
            _ => folder.join(&stem),
        };
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if line.trim() != "#[cfg(test)]" {
                continue;
            }
            let next = lines.next().unwrap_or_default().trim();
            let name = next
                .trim_start_matches("pub(crate) ")
                .strip_prefix("mod ")
                .and_then(|rest| rest.strip_suffix(';'));
            if let Some(name) = name {
                found.push(home.join(format!("{name}.rs")));
                found.push(home.join(name));
            }
        }
    }
    found
}

/// The sources that ship: no tests, no journeys.
#[must_use]
pub fn shipped_sources() -> Vec<(PathBuf, String)> {
    let tests = test_modules();
    rust_sources()
        .into_iter()
        .filter(|(path, _)| {
            let path = path.as_path();
            let relative = relative(path);
            let in_src = relative.starts_with("crates/") && relative.contains("/src/");
            in_src && !tests.iter().any(|test| path.starts_with(test))
        })
        .map(|(path, text)| (path, shipped_code(&text)))
        .collect()
}
