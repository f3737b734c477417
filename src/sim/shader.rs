//! The stitched WGSL sources: one a stage, of the same name, behind the declarations it shares.

use crate::physiology::Physiology;

use super::element::Element;

macro_rules! shared {
    ($name:literal) => {
        include_str!(concat!("../../shaders/shared/", $name, ".wgsl"))
    };
}

macro_rules! stage {
    ($name:literal) => {
        include_str!(concat!("../../shaders/sim/", $name, ".wgsl"))
    };
}

fn stitch(parts: &[&str]) -> String {
    parts.join("\n")
}

fn solver_stage(element: &Element, body: &str) -> String {
    stitch(&[
        shared!("thread"),
        shared!("grid"),
        shared!("scalars"),
        &element.wgsl(),
        shared!("element"),
        body,
    ])
}

/// `multigrid.wgsl` for one element; `in_pieces` where a level has nodes that lost parents (see `topology.rs`).
pub fn multigrid(element: &Element, in_pieces: bool) -> String {
    let body = format!("const IN_PIECES = {in_pieces};\n{}", stage!("multigrid"));
    solver_stage(element, &body)
}

/// `mechanics.wgsl` for one element.
pub fn mechanics(element: &Element) -> String {
    solver_stage(element, stage!("mechanics"))
}

fn tissue_stage(body: &str) -> String {
    stitch(&[
        shared!("thread"),
        shared!("grid"),
        &Physiology::wgsl(),
        shared!("tissue"),
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

/// `muscle.wgsl`.
pub fn muscle() -> String {
    tissue_stage(stage!("muscle"))
}

/// `field.wgsl`.
pub fn field() -> String {
    tissue_stage(stage!("field"))
}

/// Every stage's name with its source, for validation.
pub fn all(element: &Element) -> Vec<(&'static str, String)> {
    vec![
        ("loads", loads()),
        ("mechanics", mechanics(element)),
        ("multigrid", multigrid(element, false)),
        ("multigrid in pieces", multigrid(element, true)),
        ("stiffness", stiffness()),
        ("stimulus", stimulus()),
        ("signal", signal()),
        ("bone", bone()),
        ("muscle", muscle()),
        ("field", field()),
    ]
}
