//! Every shader is valid, and every record on the host lies as its shader declares it.
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking, and exactness is what some of them are about"
)]

use std::mem::offset_of;

use mechanostat::gpu::prelude;
use mechanostat::measure::{connectivity_shader, day_tissue_shader, regions_shader};
use mechanostat::physiology::Physiology;
use mechanostat::sim::shader;
use mechanostat::sim::state::{
    BoneVoxel, Environment, MuscleState, MuscleVoxel, SignalGrid, Site, SiteState,
};
use mechanostat::solver;
use mechanostat::solver::Element;
use mechanostat::solver::Scalars;
use mechanostat::solver::grid::GridUniform;
use mechanostat::solver::multigrid::SweepUniform;
use mechanostat::view::{
    BeamUniform, EXPOSURE, ExposureUniform, PROJECTION, ShapeUniform, ViewUniform, field_shader,
    ray_march_shader, shape_shader,
};

/// Every shader as it is compiled, behind the functions that check its numbers or do nothing.
fn compiled(stage: Option<usize>) -> Vec<(&'static str, String)> {
    let mut all = shader::all();
    all.push(("field", field_shader()));
    all.push(("regions", regions_shader()));
    all.push(("connectivity", connectivity_shader()));
    all.push(("day_tissue", day_tissue_shader()));
    all.extend(solver::shader::all(&Element::new(0.3, [1.0, 1.1, 1.2])));
    all.push(("ray_march", ray_march_shader()));
    all.push(("shape", shape_shader()));
    all.push(("exposure", EXPOSURE.to_owned()));
    all.push(("projection", PROJECTION.to_owned()));
    for (_, source) in &mut all {
        source.insert_str(0, &prelude(stage));
    }
    all
}

fn sources() -> Vec<(&'static str, String)> {
    compiled(None)
}

fn module(source: &str) -> naga::Module {
    let source = &if source.contains("fn finite(") {
        source.to_owned()
    } else {
        prelude(None) + source
    };
    naga::front::wgsl::parse_str(source).unwrap_or_else(|e| panic!("{}", e.emit_to_string(source)))
}

#[test]
fn every_shader_is_valid_and_its_workgroups_are_as_the_host_counts() {
    let mut kernels = 0;
    for (name, source) in sources().into_iter().chain(compiled(Some(3))) {
        let module = module(&source);
        let mut validator = naga::valid::Validator::new(
            naga::valid::ValidationFlags::all(),
            naga::valid::Capabilities::SHADER_FLOAT16_IN_FLOAT32,
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

/// Whether an expression is a number other than zero that stands in the source: what is divided by
/// it cannot go wrong.
fn stands(
    module: &naga::Module,
    function: &naga::Function,
    handle: naga::Handle<naga::Expression>,
) -> bool {
    use naga::{Expression, Literal};
    match function.expressions[handle] {
        Expression::Literal(Literal::F32(x)) => x != 0.0,
        Expression::Constant(c) => {
            let init = &module.global_expressions[module.constants[c].init];
            matches!(init, Expression::Literal(Literal::F32(x)) if *x != 0.0)
        }
        Expression::Splat { value, .. } => stands(module, function, value),
        _ => false,
    }
}

/// Quotients, roots, powers and exponentials of a function that go round the functions which check
/// them.
fn unchecked(module: &naga::Module, function: &naga::Function) -> Vec<String> {
    use naga::{BinaryOperator, Expression, MathFunction as F, ScalarKind};
    fn calls(
        block: &naga::Block,
        found: &mut Vec<(naga::Handle<naga::Function>, Vec<naga::Handle<Expression>>)>,
    ) {
        for statement in block {
            match statement {
                naga::Statement::Call {
                    function,
                    arguments,
                    ..
                } => {
                    found.push((*function, arguments.clone()));
                }
                naga::Statement::Block(b) => calls(b, found),
                naga::Statement::If { accept, reject, .. } => {
                    calls(accept, found);
                    calls(reject, found);
                }
                naga::Statement::Loop {
                    body, continuing, ..
                } => {
                    calls(body, found);
                    calls(continuing, found);
                }
                naga::Statement::Switch { cases, .. } => {
                    for case in cases {
                        calls(&case.body, found);
                    }
                }
                _ => {}
            }
        }
    }
    let mut all = Vec::new();
    calls(&function.body, &mut all);
    let checked: Vec<_> = all
        .into_iter()
        .filter(|(f, _)| {
            let name = module.functions[*f].name.as_deref();
            name.is_some_and(|n| n.starts_with("finite"))
        })
        .flat_map(|(_, arguments)| arguments)
        .collect();
    let mut typifier = naga::front::Typifier::new();
    let context = naga::proc::ResolveContext::with_locals(
        module,
        &function.local_variables,
        &function.arguments,
    );
    function
        .expressions
        .iter()
        .filter(|(handle, expression)| {
            typifier
                .grow(*handle, &function.expressions, &context)
                .unwrap();
            let real = matches!(
                typifier.get(*handle, &module.types).scalar_kind(),
                Some(ScalarKind::Float)
            );
            let makes = match expression {
                Expression::Binary {
                    op: BinaryOperator::Divide,
                    right,
                    ..
                } => !stands(module, function, *right),
                Expression::Math { fun, .. } => matches!(
                    fun,
                    F::Pow
                        | F::Sqrt
                        | F::InverseSqrt
                        | F::Exp
                        | F::Exp2
                        | F::Log
                        | F::Log2
                        | F::Normalize
                        | F::Acos
                        | F::Asin
                        | F::Tan
                ),
                _ => false,
            };
            real && makes && !checked.contains(handle)
        })
        .map(|(handle, _)| format!("{:?}", function.expressions.get_span(handle)))
        .collect()
}

#[test]
fn every_quotient_root_and_power_is_checked_where_it_is_made() {
    for (name, source) in sources() {
        let module = module(&source);
        let functions = module.functions.iter().map(|(_, f)| f);
        let entries = module.entry_points.iter().map(|e| &e.function);
        for function in functions.chain(entries) {
            let missed = unchecked(&module, function);
            assert!(
                missed.is_empty(),
                "{name}, fn {}: {} go unchecked, at bytes {missed:?}",
                function.name.as_deref().unwrap_or("?"),
                missed.len()
            );
        }
    }
    // The test can fail.
    for bad in ["a / b", "sqrt(a)", "pow(a, b)", "exp(a) / 2.0"] {
        let source = format!(
            "{}fn f(a: f32, b: f32) -> f32 {{ return {bad}; }}",
            prelude(None)
        );
        let module = module(&source);
        let found = module.functions.iter().map(|(_, f)| unchecked(&module, f));
        assert_eq!(found.map(|f| f.len()).sum::<usize>(), 1, "{bad}");
    }
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
    let solver = solver::shader::conjugate_gradients(&Element::new(0.3, [1.0; 3]));
    let multigrid = solver::shader::smoother(&Element::new(0.3, [1.0; 3]));
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
        "SignalGrid",
        SignalGrid::LAYOUT,
        size_of::<SignalGrid>()
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
    let view = view_layout();
    assert!(same(
        &ray_march_shader(),
        "View",
        view,
        size_of::<ViewUniform>()
    ));
    let shape = layout!(ShapeUniform: voxels, flags, low, inverse, exaggeration, second_low, second_inverse, padding_a, padding_b, padding_c);
    assert!(same(
        &shape_shader(),
        "Shape",
        shape,
        size_of::<ShapeUniform>()
    ));
    let exposure = layout!(ExposureUniform: ground, vision, samples, seen, padding_a, padding_b);
    assert!(same(
        EXPOSURE,
        "Exposure",
        exposure,
        size_of::<ExposureUniform>()
    ));
    let beam = layout!(BeamUniform: voxels, along, scale, padding_a, padding_b, padding_c);
    assert!(same(PROJECTION, "Beam", beam, size_of::<BeamUniform>()));
}

fn view_layout() -> &'static [(&'static str, usize)] {
    const LAYOUT: &[(&str, usize)] = layout!(ViewUniform: origin, flags, forward, pixel, right, sample, up, shell, key, iso, cut, voxels, grain, size, corner, contour, padding, flesh);
    LAYOUT
}

#[test]
fn the_layout_comparison_fails_on_a_changed_member() {
    let source = ray_march_shader().replacen("padding: vec2<f32>", "padding: vec4<f32>", 1);
    assert!(!same(
        &source,
        "View",
        view_layout(),
        size_of::<ViewUniform>()
    ));
}
