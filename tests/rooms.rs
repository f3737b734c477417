//! The rooms' rule: a room names only rooms on floors below its own, and only the window names
//! egui.
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking, and exactness is what some of them are about"
)]

use std::path::{Path, PathBuf};

/// From the ground up. Rooms on one line do not name each other, except where a later one stands
/// beside.
const FLOORS: &[&[&str]] = &[
    &["located", "person", "volume"],
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
    (".exists()", &["io"]),
    (".is_file()", &["io"]),
    // A terminal, and what is typed there.
    ("println!", &["command"]),
    ("stdout", &["command"]),
    ("stderr", &["command"]),
    ("clap", &["command"]),
    ("indicatif", &["command"]),
    ("std::process", &["command"]),
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

fn first_name(text: &str) -> String {
    let text = text.trim_start();
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// Names at the beginning of a path, or of each path in braces.
fn names(text: &str) -> Vec<String> {
    let Some(inside) = text.trim_start().strip_prefix('{') else {
        return vec![first_name(text)];
    };
    let mut all = Vec::new();
    let (mut depth, mut item) = (0, String::new());
    for c in inside.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                all.push(first_name(&item));
                item.clear();
                continue;
            }
            _ => {}
        }
        item.push(c);
    }
    all.push(first_name(&item));
    all
}

/// Rooms named from below the crate's root (`modules`: those that a file stands in, its own last),
/// and words of which a room may not know.
fn offences(modules: &[&str], text: &str) -> Vec<String> {
    let room = modules[0];
    let floor = |name: &str| FLOORS.iter().position(|f| f.contains(&name));
    let own = floor(room).unwrap_or_else(|| panic!("{room} has no floor"));
    let code: String = text
        .lines()
        .map(|l| l.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n");
    let mut named: Vec<String> = code.split("crate::").skip(1).flat_map(names).collect();
    // As many steps up as lead out of the outermost module come to the root.
    let up = "super::".repeat(modules.len());
    named.extend(code.split(&up).skip(1).flat_map(names));
    let mut bad = Vec::new();
    for name in named {
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

/// The modules that a file stands in, its own last.
fn modules_of(path: &Path, src: &Path) -> Vec<String> {
    let inside = path.strip_prefix(src).unwrap().with_extension("");
    let names = inside.iter().map(|n| n.to_string_lossy().into_owned());
    names.filter(|name| name != "mod").collect()
}

#[test]
fn rooms_import_only_from_below() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut looked_at = 0;
    let mut bad = Vec::new();
    for path in files(&src) {
        let modules = modules_of(&path, &src);
        let modules: Vec<&str> = modules.iter().map(String::as_str).collect();
        if modules == ["main"] || modules == ["lib"] {
            continue;
        }
        looked_at += 1;
        let text = std::fs::read_to_string(&path).unwrap();
        bad.extend(
            offences(&modules, &text)
                .into_iter()
                .map(|o| format!("{}: {o}", path.display())),
        );
    }
    assert!(looked_at > 20, "only {looked_at} files were looked at");
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn the_rule_catches_offenders() {
    let bad =
        |room: &str, text: &str| !offences(&room.split('/').collect::<Vec<_>>(), text).is_empty();
    for (file, text) in [
        ("gpu/pace", "use crate::sim::Simulation;"),
        ("gpu/pace", "use crate::{io::read, sim::{Body, Stage}};"),
        (
            "gpu/pace",
            "use crate::{\n    located::{A, B},\n    sim,\n};",
        ),
        ("io/scan/nifti", "use super::super::super::sim::Body;"),
        ("solver/solve", "use super::super::measure::RegionSums;"),
        (
            "solver",
            "use crate::physiology::Model; use crate::sim::links;",
        ),
        ("command/run", "use crate::app::Session;"),
        ("app/session", "use crate::command::wait::clock;"),
        ("study/driver", "use crate::command::say;"),
        ("view/field", "use eframe::egui;"),
        ("tissue/hip", "fn f(d: &wgpu::Device) {}"),
        ("tissue/hip", "use crate::physiology::Model;"),
        ("sim/body", "std::fs::read(path)"),
        ("study/person", "if path.exists() {}"),
        ("study/driver", "let start = Instant::now();"),
        ("sim/body", "std::thread::sleep(a)"),
        ("gpu", "pollster::block_on(f)"),
        ("measure/regions", "println!(\"{x}\")"),
        ("study/document", "use clap::Args;"),
    ] {
        assert!(bad(file, text), "{file}: {text}");
    }
    for (file, text) in [
        ("sim/body", "use crate::gpu::Gpu; // not egui"),
        ("sim/body", "use crate::{gpu::Gpu, solver::{Look, Solve}};"),
        ("io/scan/nifti", "use super::super::files::read;"),
        ("io/scan/nifti", "use super::error::bad;"),
    ] {
        assert!(!bad(file, text), "{file}: {text}");
    }
}
