//! Every shader is valid, and every record on the host lies as its shader declares it.
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking, and exactness is what some of them are about"
)]

use std::mem::offset_of;

use mechanostat::physiology::Physiology;
use mechanostat::sim::element::Element;
use mechanostat::sim::grid::GridUniform;
use mechanostat::sim::mechanics::Scalars;
use mechanostat::sim::multigrid::SweepUniform;
use mechanostat::sim::shader;
use mechanostat::sim::state::{
    BoneVoxel, Environment, Lattice, MuscleState, MuscleVoxel, Site, SiteState,
};
use mechanostat::view::{SHADER, ViewUniform};

fn sources() -> Vec<(&'static str, String)> {
    let mut all = shader::all(&Element::new(0.3, [1.0, 1.1, 1.2]));
    all.push(("ray_march", SHADER.to_owned()));
    all
}

fn module(source: &str) -> naga::Module {
    naga::front::wgsl::parse_str(source).unwrap_or_else(|e| panic!("{}", e.emit_to_string(source)))
}

#[test]
fn every_shader_is_valid_and_its_workgroups_are_as_the_host_counts() {
    let mut kernels = 0;
    for (name, source) in sources() {
        let module = module(&source);
        let mut validator = naga::valid::Validator::new(
            naga::valid::ValidationFlags::all(),
            naga::valid::Capabilities::empty(),
        );
        if let Err(e) = validator.validate(&module) {
            panic!("{name}: {}", e.emit_to_string(&source));
        }
        for entry in &module.entry_points {
            if entry.stage == naga::ShaderStage::Compute {
                kernels += 1;
                assert_eq!(
                    entry.workgroup_size,
                    [mechanostat::gpu::WORKGROUP, 1, 1],
                    "{name}::{}",
                    entry.name
                );
            }
        }
    }
    assert!(kernels >= 30, "only {kernels} kernels were looked at");
}

/// Members and size of a struct as naga lays it out.
fn declared(source: &str, name: &str) -> (Vec<(String, usize)>, usize) {
    let module = module(source);
    let found = module
        .types
        .iter()
        .find(|(_, t)| t.name.as_deref() == Some(name))
        .unwrap_or_else(|| panic!("no struct {name}"));
    let naga::TypeInner::Struct { members, span } = &found.1.inner else {
        panic!("{name} is no struct")
    };
    (
        members
            .iter()
            .map(|m| (m.name.clone().unwrap_or_default(), m.offset as usize))
            .collect(),
        *span as usize,
    )
}

fn same(source: &str, name: &str, host: &[(&str, usize)], size: usize) -> bool {
    let (members, span) = declared(source, name);
    let host: Vec<(String, usize)> = host.iter().map(|(n, o)| ((*n).to_owned(), *o)).collect();
    members == host && span == size
}

macro_rules! layout {
    ($kind:ty: $($field:ident),+) => { &[$((stringify!($field), offset_of!($kind, $field))),+] };
}

#[test]
fn host_records_lie_as_the_shaders_declare_them() {
    let tissue = shader::bone();
    let solver = shader::mechanics(&Element::new(0.3, [1.0; 3]));
    let multigrid = shader::multigrid(&Element::new(0.3, [1.0; 3]), true);
    assert!(same(
        &tissue,
        "Environment",
        Environment::LAYOUT,
        size_of::<Environment>()
    ));
    assert!(same(
        &tissue,
        "BoneVoxel",
        BoneVoxel::LAYOUT,
        size_of::<BoneVoxel>()
    ));
    assert!(same(&tissue, "Site", Site::LAYOUT, size_of::<Site>()));
    assert!(same(
        &tissue,
        "SiteState",
        SiteState::LAYOUT,
        size_of::<SiteState>()
    ));
    assert!(same(
        &tissue,
        "MuscleVoxel",
        MuscleVoxel::LAYOUT,
        size_of::<MuscleVoxel>()
    ));
    assert!(same(
        &tissue,
        "MuscleState",
        MuscleState::LAYOUT,
        size_of::<MuscleState>()
    ));
    assert!(same(
        &shader::signal(),
        "Lattice",
        Lattice::LAYOUT,
        size_of::<Lattice>()
    ));
    let physiology: Vec<(&str, usize)> = Physiology::NAMES
        .iter()
        .enumerate()
        .map(|(i, n)| (*n, 4 * i))
        .collect();
    assert!(same(
        &tissue,
        "Physiology",
        &physiology,
        size_of::<Physiology>()
    ));
    let grid = layout!(GridUniform: elements, nodes, stride_y, stride_z, base, corrected, factor);
    assert!(same(&solver, "Grid", grid, size_of::<GridUniform>()));
    let scalars =
        layout!(Scalars: rz, alpha, beta, rr, bb, tolerance, iterations, stop, finishing, enough);
    assert!(same(&solver, "Scalars", scalars, size_of::<Scalars>()));
    assert!(same(
        &multigrid,
        "Sweep",
        layout!(SweepUniform: root, level),
        size_of::<SweepUniform>()
    ));
    let view = layout!(ViewUniform: origin, solid, forward, ghost, right, low, up, high, cut, background, voxels, scale);
    assert!(same(SHADER, "View", view, size_of::<ViewUniform>()));
}

#[test]
fn the_layout_comparison_fails_on_a_changed_member() {
    let source = SHADER.replacen("ghost: f32", "ghost: vec2<f32>", 1);
    let view = layout!(ViewUniform: origin, solid, forward, ghost, right, low, up, high, cut, background, voxels, scale);
    assert!(!same(&source, "View", view, size_of::<ViewUniform>()));
}
