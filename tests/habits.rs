//! Habits that a formatter does not hold: comments and prose are wrapped at 100 columns.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

const COLUMNS: usize = 100;

fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, endings));
        } else if path
            .extension()
            .is_some_and(|e| endings.iter().any(|ending| e == *ending))
        {
            found.push(path);
        }
    }
    found
}

fn is_long(line: &str) -> bool {
    line.chars().count() > COLUMNS
}

/// Lines of code that hold nothing but a comment, and are too long.
fn long_comments(text: &str) -> Vec<usize> {
    let lines = text.lines().enumerate();
    let long = lines.filter(|(_, line)| line.trim_start().starts_with("//") && is_long(line));
    long.map(|(number, _)| number + 1).collect()
}

/// Lines of prose that are too long; tables, code and single words (addresses) aside.
fn long_prose(text: &str) -> Vec<usize> {
    let mut is_code = false;
    let mut long = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let start = line.trim_start();
        is_code ^= start.starts_with("```");
        let is_prose = !is_code
            && !start.starts_with('|')
            && !start.starts_with("![")
            && !line.starts_with("    ");
        if is_prose && is_long(line) && start.contains(' ') {
            long.push(number + 1);
        }
    }
    long
}

#[test]
fn comments_and_prose_are_wrapped() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut bad = Vec::new();
    let mut looked_at = 0;
    let mut look = |path: PathBuf, long: fn(&str) -> Vec<usize>| {
        looked_at += 1;
        let text = std::fs::read_to_string(&path).unwrap();
        bad.extend(
            long(&text)
                .iter()
                .map(|line| format!("{}:{line}", path.display())),
        );
    };
    for folder in ["src", "shaders", "tests", "benches"] {
        for path in files(&root.join(folder), &["rs", "wgsl"]) {
            look(path, long_comments);
        }
    }
    for path in files(&root.join("docs"), &["md"]) {
        look(path, long_prose);
    }
    for name in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
    ] {
        look(root.join(name), long_prose);
    }
    assert!(looked_at > 100, "only {looked_at} files were looked at");
    assert!(
        bad.is_empty(),
        "longer than {COLUMNS} columns: {}",
        bad.join(", ")
    );
}

#[test]
fn long_lines_are_found() {
    let long = "word ".repeat(21);
    assert_eq!(
        long_comments(&format!("let a = 1;\n    // {long}\nlet b = \"{long}\";")),
        [2]
    );
    let prose = format!("short\n{long}\n| {long} |\n```\n{long}\n```\n    {long}\n- {long}");
    assert_eq!(long_prose(&prose), [2, 8]);
}
