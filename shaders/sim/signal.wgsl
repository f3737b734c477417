// BMP-2, BMP-4, myostatin and the inhibitors of BMP (Noggin and Chordin, which bind alike) between
// the tissues: secreted by muscle and bone, spreading and decaying
// within hours, so that they stand in balance each day: φ − L² ∇²φ = source. Stored is the
// change relative to homeostasis, which is exactly zero when nothing has changed.

@group(0) @binding(0) var<uniform> physiology: Physiology;
@group(0) @binding(1) var<uniform> lattice: SignalGrid;
@group(0) @binding(2) var<storage, read> source: array<vec4<f32>>;          // BMP-2, BMP-4, myostatin, inhibitors
@group(0) @binding(4) var<storage, read> secretion: array<f32>;             // BMP-2 of bone, on top of source
@group(0) @binding(3) var<storage, read_write> level: array<vec4<f32>>;

struct SignalGrid {
    voxels: vec3<u32>,
    parity: u32,        // 0 or 1: which half of the chequerboard this sweep updates
    spacing: vec3<f32>, // mm
    relaxation: f32,    // of successive over-relaxation, 1 to 2
}

@compute @workgroup_size(64)
fn spread(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    // A thread for every other voxel of a row: the sweep's half of it.
    let i = thread_index(id, groups);
    let n = lattice.voxels;
    let row = (n.x + 1u) / 2u;
    let y = (i / row) % n.y;
    let z = i / (row * n.y);
    let at = vec3<u32>(2u * (i % row) + ((y + z + lattice.parity) & 1u), y, z);
    if (at.x >= n.x || at.z >= n.z) { return; }
    let t = at.x + n.x * (at.y + n.y * at.z);
    var sum = source[t] + vec4<f32>(secretion[t], 0.0, 0.0, 0.0);
    var weight = 1.0;
    let stride = vec3<u32>(1u, n.x, n.x * n.y);
    for (var axis = 0u; axis < 3u; axis++) {
        let a = finite(physiology.signal_length * physiology.signal_length / (lattice.spacing[axis] * lattice.spacing[axis]));
        // No flux through the faces of the lattice: nothing lies beyond them.
        if (at[axis] > 0u) { sum += a * level[t - stride[axis]]; weight += a; }
        if (at[axis] + 1u < n[axis]) { sum += a * level[t + stride[axis]]; weight += a; }
    }
    level[t] += lattice.relaxation * (finite4(sum / weight) - level[t]);
}
