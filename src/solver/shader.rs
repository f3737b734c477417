//! The stitched WGSL sources of the solver: one a kind of kernel, of the same name, behind the
//! declarations it shares.

use super::element::Element;

/// The padded grid's declaration, which other rooms' kernels read too.
pub const GRID: &str = include_str!("../../shaders/solver/grid.wgsl");

macro_rules! part {
    ($name:literal) => {
        include_str!(concat!("../../shaders/solver/", $name, ".wgsl"))
    };
}

fn stitch(element: &Element, parts: &[&str]) -> String {
    let constants = element.wgsl();
    let common = [GRID, part!("scalars"), &constants, part!("element")];
    [common.as_slice(), parts].concat().join("\n")
}

fn is_split(is_split: bool) -> String {
    format!("const IS_SPLIT = {is_split};")
}

/// `conjugate_gradients.wgsl` for one element.
pub fn conjugate_gradients(element: &Element) -> String {
    stitch(element, &[part!("conjugate_gradients")])
}

/// `smoother.wgsl` for one element.
pub fn smoother(element: &Element) -> String {
    stitch(
        element,
        &[part!("level"), part!("stencil"), part!("smoother")],
    )
}

/// `transfer.wgsl`; `components` where a level has nodes that lost parents (see
/// `multigrid/topology.rs`).
pub fn transfer(element: &Element, components: bool) -> String {
    stitch(
        element,
        &[
            &is_split(components),
            part!("level"),
            part!("parents"),
            part!("transfer"),
        ],
    )
}

/// `galerkin.wgsl`; `components` as in [`transfer`].
pub fn galerkin(element: &Element, components: bool) -> String {
    stitch(
        element,
        &[
            &is_split(components),
            part!("level"),
            part!("stencil"),
            part!("parents"),
            part!("galerkin"),
        ],
    )
}

/// `coarsest.wgsl`.
pub fn coarsest(element: &Element) -> String {
    stitch(
        element,
        &[part!("level"), part!("stencil"), part!("coarsest")],
    )
}

/// `spectrum.wgsl` for one element.
pub fn spectrum(element: &Element) -> String {
    stitch(
        element,
        &[part!("level"), part!("stencil"), part!("spectrum")],
    )
}

/// Every kind's name with its source, for validation.
pub fn all(element: &Element) -> Vec<(&'static str, String)> {
    vec![
        ("conjugate_gradients", conjugate_gradients(element)),
        ("smoother", smoother(element)),
        ("transfer", transfer(element, false)),
        ("transfer, split", transfer(element, true)),
        ("galerkin", galerkin(element, false)),
        ("galerkin, split", galerkin(element, true)),
        ("coarsest", coarsest(element)),
        ("spectrum", spectrum(element)),
    ]
}
