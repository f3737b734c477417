//! The rooms' rule: a room names only rooms on floors below its own, and only the window names egui.
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking, and exactness is what some of them are about"
)]

use std::path::{Path, PathBuf};

/// From the ground up. Rooms on one line do not name each other, except where a later one stands beside.
const FLOORS: &[&[&str]] = &[
    &["located", "volume"],
    &["gpu", "tissue", "scenario", "physiology", "io"],
    &["solver"],
    &["sim"],
    &["view", "measure"],
    &["evidence", "figure"],
    &["study"],
    &["command", "app"],
];

/// Names that only some rooms may know.
const ONLY: &[(&str, &[&str])] = &[
    ("egui", &["app"]),
    ("eframe", &["app"]),
    (
        "wgpu",
        &["gpu", "solver", "sim", "view", "measure", "command", "app"],
    ),
    ("std::fs", &["io"]),
    ("std::thread", &["app"]),
    // Waiting, and a clock of one's own, are for those that have time.
    ("block_on", &["command"]),
    ("PollType::Wait", &["command"]),
    ("Instant", &["command", "app"]),
    ("SystemTime", &[]),
];

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            all.push(path);
        }
    }
    all
}

/// Names after `crate::`, and words of which a room may not know.
fn offences(room: &str, text: &str) -> Vec<String> {
    let floor = |name: &str| FLOORS.iter().position(|f| f.contains(&name));
    let own = floor(room).unwrap_or_else(|| panic!("{room} has no floor"));
    let code: String = text
        .lines()
        .map(|l| l.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n");
    let mut bad = Vec::new();
    for piece in code.split("crate::").skip(1) {
        let name: String = piece
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        if let Some(there) = floor(&name)
            && (there > own || (there == own && name != room))
        {
            bad.push(format!("{room} names {name}"));
        }
    }
    for (word, rooms) in ONLY {
        if !rooms.contains(&room) && code.contains(word) {
            bad.push(format!("{room} names {word}"));
        }
    }
    bad
}

fn room_of(path: &Path, src: &Path) -> String {
    let first = path.strip_prefix(src).unwrap().components().next().unwrap();
    first
        .as_os_str()
        .to_string_lossy()
        .trim_end_matches(".rs")
        .to_owned()
}

#[test]
fn rooms_import_only_from_below() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut looked_at = 0;
    let mut bad = Vec::new();
    for path in files(&src) {
        let room = room_of(&path, &src);
        if room == "main" || room == "lib" {
            continue;
        }
        looked_at += 1;
        let text = std::fs::read_to_string(&path).unwrap();
        bad.extend(
            offences(&room, &text)
                .into_iter()
                .map(|o| format!("{}: {o}", path.display())),
        );
    }
    assert!(looked_at > 20, "only {looked_at} files were looked at");
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn the_rule_catches_offenders() {
    assert!(!offences("gpu", "use crate::sim::Simulation;").is_empty());
    assert!(
        !offences(
            "solver",
            "use crate::physiology::Model; use crate::sim::links;"
        )
        .is_empty()
    );
    assert!(!offences("view", "use eframe::egui;").is_empty());
    assert!(!offences("tissue", "fn f(d: &wgpu::Device) {}").is_empty());
    assert!(!offences("tissue", "use crate::physiology::Model;").is_empty());
    assert!(!offences("sim", "std::fs::read(path)").is_empty());
    assert!(offences("sim", "use crate::gpu::Gpu; // not egui").is_empty());
}
