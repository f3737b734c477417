// Mineral summed through the lattice, as a beam sees it.

struct Beam {
    voxels: vec3<u32>,
    along: u32,        // the axis that it runs along: 0 x, 1 y, 2 z
    scale: f32,        // g/cm² a voxel of 1 mg/cm³
    padding_a: u32,
    padding_b: u32,
    padding_c: u32,
}

@group(0) @binding(0) var<uniform> beam: Beam;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> areal: array<f32>; // the first of the other two axes fastest

// What has no value has this one; keep in step with field.rs.
const NOTHING: f32 = -1e30;

@compute @workgroup_size(64)
fn project(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = thread_index(id, groups);
    let n = beam.voxels;
    let strides = vec3<u32>(1u, n.x, n.x * n.y);
    // The other two axes, in their order.
    let u = select(0u, 1u, beam.along == 0u);
    let v = select(2u, 1u, beam.along == 2u);
    if (i >= n[u] * n[v]) { return; }
    let start = (i % n[u]) * strides[u] + (i / n[u]) * strides[v];
    var sum = 0.0;
    for (var k = 0u; k < n[beam.along]; k++) {
        let value = values[start + k * strides[beam.along]];
        if (value > NOTHING) { sum += value; }
    }
    areal[i] = beam.scale * sum;
}
