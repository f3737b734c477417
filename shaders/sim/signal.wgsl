// BMP-2, BMP-4, myostatin and the inhibitors of BMP (Noggin and Chordin, which bind alike) between
// the tissues: secreted by muscle and bone, spreading and decaying
// within hours, so that they stand in balance each day: φ − L² ∇²φ = source. Stored is the
// change relative to homeostasis, which is exactly zero when nothing has changed.

@group(0) @binding(0) var<uniform> physiology: Physiology;
@group(0) @binding(1) var<uniform> lattice: Lattice;
@group(0) @binding(2) var<storage, read> source: array<vec4<f32>>;          // BMP-2, BMP-4, myostatin, inhibitors
@group(0) @binding(3) var<storage, read_write> level: array<vec4<f32>>;

struct Lattice {
    voxels: vec3<u32>,
    parity: u32,        // 0 or 1: which half of the chequerboard this sweep updates
    spacing: vec3<f32>, // mm
    padding: f32,
}

fn neighbour(at: vec3<u32>, axis: u32, up: bool) -> vec4<f32> {
    var p = at;
    // No flux through the faces of the lattice: the outside mirrors the inside.
    if (up) { p[axis] = min(p[axis] + 1u, lattice.voxels[axis] - 1u); }
    else { p[axis] = max(p[axis], 1u) - 1u; }
    return level[p.x + lattice.voxels.x * (p.y + lattice.voxels.y * p.z)];
}

@compute @workgroup_size(64)
fn spread(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    let n = lattice.voxels;
    if (t >= n.x * n.y * n.z) { return; }
    let at = vec3<u32>(t % n.x, (t / n.x) % n.y, t / (n.x * n.y));
    if (((at.x + at.y + at.z) & 1u) != lattice.parity) { return; }
    var sum = source[t];
    var weight = 1.0;
    for (var axis = 0u; axis < 3u; axis++) {
        let a = physiology.signal_length * physiology.signal_length / (lattice.spacing[axis] * lattice.spacing[axis]);
        sum += a * (neighbour(at, axis, false) + neighbour(at, axis, true));
        weight += 2.0 * a;
    }
    level[t] = sum / weight;
}
