//! The program as a user starts it, and the folders that it leaves.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The program with arguments, on a machine without a display.
pub fn mechanostat(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mechanostat"));
    command
        .args(args)
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY");
    command
}

/// Runs it to its end.
pub fn run(args: &[&str]) -> Output {
    mechanostat(args).output().unwrap()
}

/// One sentence on stderr, the exit code, no panic.
#[track_caller]
pub fn refused(output: &Output, code: i32, words: &[&str]) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(!text.contains("panicked"), "{text}");
    for word in words {
        assert!(text.contains(word), "no {word:?} in: {text}");
    }
}

/// Everything in a folder, with its bytes; a lock that a killed process left locks nothing.
pub fn contents(folder: &Path) -> std::collections::BTreeMap<PathBuf, Vec<u8>> {
    let mut all = std::collections::BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(contents(&path));
        } else if path.file_name().unwrap() != ".mechanostat-lock" {
            all.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
    all
}

/// Two folders hold the same files with the same bytes.
#[track_caller]
pub fn assert_same(a: &Path, b: &Path) {
    let below = |folder: &Path| -> std::collections::BTreeMap<PathBuf, Vec<u8>> {
        let all = contents(folder).into_iter();
        all.map(|(path, bytes)| (path.strip_prefix(folder).unwrap().to_owned(), bytes))
            .collect()
    };
    let (a, b) = (below(a), below(b));
    let names = |all: &std::collections::BTreeMap<PathBuf, Vec<u8>>| -> Vec<PathBuf> {
        all.keys().cloned().collect()
    };
    assert_eq!(names(&a), names(&b));
    for (name, bytes) in &a {
        assert!(*bytes == b[name], "{} differs", name.display());
    }
}
