//! Sessions that come with the program, to begin with.

/// Title and text.
pub const DEMONSTRATIONS: &[(&str, &str)] = &[
    (
        "Muscle goes first",
        include_str!("../../assets/demonstrations/muscle-goes-first.toml"),
    ),
    (
        "Coming home",
        include_str!("../../assets/demonstrations/coming-home.toml"),
    ),
    (
        "Moon or Mars?",
        include_str!("../../assets/demonstrations/moon-or-mars.toml"),
    ),
];
