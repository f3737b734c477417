//! The stitched WGSL sources: one a stage, of the same name, behind the declarations it shares.

use crate::physiology::Physiology;
use crate::solver::shader::GRID;

macro_rules! stage {
    ($name:literal) => {
        include_str!(concat!("../../shaders/sim/", $name, ".wgsl"))
    };
}

fn stitch(parts: &[&str]) -> String {
    parts.join("\n")
}

/// A stage behind what the stages share: parameters, environment, records.
pub fn tissue_stage(body: &str) -> String {
    stitch(&[
        GRID,
        &Physiology::wgsl(),
        include_str!("../../shaders/sim/tissue.wgsl"),
        body,
    ])
}

/// `loads.wgsl`.
pub fn loads() -> String {
    tissue_stage(stage!("loads"))
}

/// `stiffness.wgsl`.
pub fn stiffness() -> String {
    tissue_stage(stage!("stiffness"))
}

/// `guess.wgsl`.
pub fn guess() -> String {
    stitch(&[GRID, stage!("guess")])
}

/// `stimulus.wgsl`.
pub fn stimulus() -> String {
    tissue_stage(stage!("stimulus"))
}

/// `signal.wgsl`.
pub fn signal() -> String {
    tissue_stage(stage!("signal"))
}

/// `bone.wgsl`.
pub fn bone() -> String {
    tissue_stage(stage!("bone"))
}

/// `skeleton.wgsl`.
pub fn skeleton() -> String {
    tissue_stage(stage!("skeleton"))
}

/// `muscle.wgsl`.
pub fn muscle() -> String {
    tissue_stage(stage!("muscle"))
}

/// Every stage's name with its source, for validation.
pub fn all() -> Vec<(&'static str, String)> {
    vec![
        ("loads", loads()),
        ("stiffness", stiffness()),
        ("stimulus", stimulus()),
        ("signal", signal()),
        ("bone", bone()),
        ("muscle", muscle()),
        ("skeleton", skeleton()),
    ]
}
