// The largest eigenvalue of D⁻¹K of a level, which the smoother's dampings are divided by.
//
// A few power iterations find an a that most of the spectrum lies below. Chebyshev polynomials of
// [0, a] then stay small on all of that and grow as e^θ, cosh θ = 2λ/a - 1, where λ lies beyond, so
// that even a mode that lives at a single node is seen after two dozen applications.

fn noise(x: u32) -> f32 {
    var h = x * 747796405u + 2891336453u;
    h = ((h >> ((h >> 28u) + 4u)) ^ h) * 277803737u;
    return f32((h >> 22u) ^ h) / 2147483648.0 - 1.0;
}

// A step's factor: keeps all applications inside f32, whether λ is 2 or, near incompressibility,
// 12.
const SPECTRUM_SCALE: f32 = 0.25;

@compute @workgroup_size(64)
fn spectrum_start(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= grid.nodes) { return; }
    let i = entry_index(nodes[t]);
    store(i, on_free(nodes[t], vec3<f32>(noise(3u * i), noise(3u * i + 1u), noise(3u * i + 2u))));
}

@compute @workgroup_size(64)
fn spectrum_power_fine(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= grid.nodes) { return; }
    let i = entry_index(nodes[t]);
    let row = stiffness_row(i);
    store(i, on_free(nodes[t], finite3(SPECTRUM_SCALE * row.force / row.diagonal)));
}

@compute @workgroup_size(64)
fn spectrum_power_coarse(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= grid.nodes) { return; }
    let i = entry_index(nodes[t]);
    let row = stencil_row(t, i);
    store(i, on_free(nodes[t], SPECTRUM_SCALE * per_stiffness(row.force, row.diagonal)));
}

// field_out holds the polynomial before field_in's, and then the one after it.
fn next_polynomial(t: u32, i: u32, row: Row) {
    let k = 3u * i;
    let before = vec3<f32>(field_out[k], field_out[k + 1u], field_out[k + 2u]);
    let turned = finite(2.0 / spectrum[sweep.level]) * per_stiffness(row.force, row.diagonal) - load(i);
    store(i, on_free(nodes[t], SPECTRUM_SCALE * (2.0 * turned - SPECTRUM_SCALE * before)));
}

@compute @workgroup_size(64)
fn spectrum_polynomial_fine(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= grid.nodes) { return; }
    let i = entry_index(nodes[t]);
    next_polynomial(t, i, stiffness_row(i));
}

@compute @workgroup_size(64)
fn spectrum_polynomial_coarse(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= grid.nodes) { return; }
    let i = entry_index(nodes[t]);
    next_polynomial(t, i, stencil_row(t, i));
}

@group(0) @binding(17) var<storage, read_write> squares: array<vec4<f32>>; // a workgroup: sums of now² and before², largest of each

var<workgroup> lanes: array<vec4<f32>, 64>;

// Sums and maxima over the workgroup, in lanes[0].
fn gather_squares(value: vec4<f32>, lane: u32) {
    lanes[lane] = value;
    workgroupBarrier();
    for (var half = 32u; half > 0u; half /= 2u) {
        if (lane < half) {
            let other = lanes[lane + half];
            lanes[lane] = vec4<f32>(lanes[lane].xy + other.xy, max(lanes[lane].zw, other.zw));
        }
        workgroupBarrier();
    }
}

// Of the last iterate (field_in) and the one before (rhs, by index here).
@compute @workgroup_size(64)
fn spectrum_squares(
    @builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32,
) {
    let t = thread_index(id, groups);
    var value = vec4<f32>(0.0);
    if (t < grid.nodes) {
        let i = entry_index(nodes[t]);
        let now = load(i);
        let before = load_rhs(i);
        let both = vec2<f32>(dot(now, now), dot(before, before));
        value = vec4<f32>(both, both);
    }
    gather_squares(value, lane);
    if (lane == 0u) { squares[group.x + group.y * groups.x] = lanes[0]; }
}

// Growth in the last step, for the first invocation: of the 2-norm, and of the largest node, where
// a mode that lives in few places shows long before it rules the whole.
fn growth(lane: u32) -> vec2<f32> {
    var value = vec4<f32>(0.0);
    let count = (grid.nodes + WORKGROUP - 1u) / WORKGROUP;
    for (var k = lane; k < count; k += WORKGROUP) {
        value = vec4<f32>(value.xy + squares[k].xy, max(value.zw, squares[k].zw));
    }
    gather_squares(value, lane);
    // A level whose every component is held has no spectrum.
    if (any(lanes[0].yw <= vec2<f32>(0.0))) { return vec2<f32>(1.0); }
    return finite2(sqrt(finite2(lanes[0].xz / lanes[0].yw))) / SPECTRUM_SCALE;
}

@compute @workgroup_size(64)
fn spectrum_halfway(@builtin(local_invocation_index) lane: u32) {
    let now = growth(lane);
    if (lane == 0u) { spectrum[sweep.level] = now.x; }
}

// A tenth on top for what is still missed: a smoother amplifies what lies above its λ.
@compute @workgroup_size(64)
fn spectrum_finish(@builtin(local_invocation_index) lane: u32) {
    let now = growth(lane);
    if (lane == 0u) {
        let rho = max(1.0, max(now.x, now.y));
        spectrum[sweep.level] *= 1.1 * 0.5 * (1.0 + 0.5 * (rho + finite(1.0 / rho)));
    }
}
