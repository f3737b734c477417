//! Who it is that a study is about, and what happens to them.

use crate::physiology::{Model, PersonError};
use crate::scenario::{BUILT_IN, Scenario};

use super::error::StudyError;

/// The parameters of a person in a scene, with what the user set by hand.
/// # Errors
/// An unknown group or parameter, or a value that cannot be.
pub fn person(
    scene: &str,
    group: &str,
    body_mass_kg: f64,
    set: &[String],
) -> Result<Model, StudyError> {
    let mut pairs = Vec::new();
    for text in set {
        let bad = |why: &str| StudyError::usage(format!("set {text}: {why}"));
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| bad("write NAME=VALUE"))?;
        let value: f64 = value
            .trim()
            .parse()
            .map_err(|_no_number| bad("the value must be a number"))?;
        pairs.push((name.trim(), value));
    }
    Model::built_in()?
        .person(scene, group, body_mass_kg, &pairs)
        .map_err(|e| match &e {
            // Of several the one that is wrong.
            PersonError::Range { .. } => StudyError::usage(format!("set {e}")),
            PersonError::Unknown { .. } => StudyError::usage(e.to_string()),
        })
}

/// A scenario by built-in name or by path.
/// # Errors
/// Unknown name, unreadable file, bad content.
pub fn scenario(name: &str) -> Result<Scenario, StudyError> {
    if let Some(built_in) = Scenario::built_in(name) {
        return Ok(built_in?);
    }
    let path = std::path::Path::new(name);
    if !crate::io::exists(path) {
        let names: Vec<&str> = BUILT_IN.iter().map(|(n, _)| *n).collect();
        return Err(StudyError::usage(format!(
            "there is no scenario \"{name}\", neither built in nor a file; built in: {}",
            names.join(", ")
        )));
    }
    Ok(Scenario::parse(name, &crate::io::read_text(path)?)?)
}
