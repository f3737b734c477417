// What a ray is marched through: how far it is to bone and muscle, as they are now and as they
// were at the start, and the field that is shown, both spread over the lattice as textures.

struct Shape {
    voxels: vec3<u32>,
    flags: u32,
    low: f32,          // field value at the start of the colour map
    inverse: f32,      // 1 over the range of the colour map
    exaggeration: f32, // of what muscles have lost, 1 true to scale
    second_low: f32,   // of the second field
    second_inverse: f32,
    padding_a: u32,
    padding_b: u32,
    padding_c: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
// Halves: bone, muscle, as they were at the start; muscle's depth, bone smoothed. Then the nearest
// voxel of muscle in its list, from 1; 0 none near.
@group(0) @binding(1) var<storage, read> still: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> areas: array<f32>;         // of fibres on a day that is remembered, 1 at the start
@group(0) @binding(3) var<storage, read> muscle_voxels: array<MuscleVoxel>;
@group(0) @binding(4) var<storage, read> muscle: array<f32>;        // MuscleState, member by member
@group(0) @binding(5) var<storage, read> values: array<f32>;
@group(0) @binding(6) var<storage, read> envelope: array<u32>;      // lowest bytes: bone's share, muscle's share
@group(0) @binding(7) var<storage, read> second: array<f32>;
@group(0) @binding(8) var<storage, read> reference: array<f32>;     // what is taken off the field
@group(0) @binding(9) var distances: texture_storage_3d<rgba16float, write>; // bone now; smoothed, or struts at the start; muscle now, at the start
@group(0) @binding(10) var told: texture_storage_3d<rgba16float, write>;     // share × place on the colour map, share, share × second, share of bone beside

const OF_MUSCLE: u32 = 1u;
const STRUTS: u32 = 2u;
const DIFFERENCE: u32 = 4u;
const PAST: u32 = 8u;         // muscle is as it is remembered
const MUSCLE_MEMBERS: u32 = 9u;
const FLUID: u32 = 3u;
// What has no value has this one; keep in step with field.rs.
const NOTHING: f32 = -1e30;
const NEAR: f32 = 1.5;

fn share_at(at: vec3<i32>) -> f32 {
    let n = vec3<i32>(shape.voxels);
    let q = clamp(at, vec3<i32>(0), n - 1);
    return f32(envelope[q.x + n.x * (q.y + n.y * q.z)] & 0xffu) / 255.0;
}

// As `of_mean` in distance.rs.
fn of_mean(mean: f32) -> f32 {
    let off = abs(0.5 - mean);
    let distance = min(select(4.0 * off - 0.5, 2.0 * off, off < 0.25), NEAR);
    return select(-distance, distance, mean < 0.5);
}

@compute @workgroup_size(64)
fn spread(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = thread_index(id, groups);
    let n = shape.voxels;
    if (i >= n.x * n.y * n.z) { return; }
    let at = vec3<u32>(i % n.x, (i / n.x) % n.y, i / (n.x * n.y));
    let here = still[i];
    let start = unpack2x16float(here.x);
    let depth = unpack2x16float(here.y).x;
    var beside = unpack2x16float(here.y).y;

    var bone = start.x;
    if ((shape.flags & STRUTS) != 0u) {
        var mean = 0.0;
        for (var k = 0; k < 27; k++) {
            let o = vec3<i32>(k % 3, (k / 3) % 3, k / 9) - 1;
            let near = vec3<f32>(vec3<i32>(1) - abs(o)) * 0.25 + 0.25;
            mean += near.x * near.y * near.z * share_at(vec3<i32>(at) + o);
        }
        bone = of_mean(mean);
        beside = start.x;
    }
    // Fibres have grown thinner on all sides alike: the surface has moved in by the share of the
    // muscle's own depth that is gone.
    var now = start.y;
    if (here.z > 0u) {
        let v = here.z - 1u;
        let type1 = muscle_voxels[v].type1;
        let first = MUSCLE_MEMBERS * v;
        var area = type1 * muscle[first] + (1.0 - type1) * muscle[first + 1u];
        area *= muscle[first + FLUID];
        if ((shape.flags & PAST) != 0u) { area = areas[v]; }
        let lost = 1.0 - finite(sqrt(max(area, 0.0)));
        // Where it lies on bone it stays.
        now += shape.exaggeration * lost * depth * smoothstep(0.5, 3.0, start.x);
    }
    textureStore(distances, vec3<i32>(at), vec4<f32>(bone, beside, now, start.y));

    let shift = select(0u, 8u, (shape.flags & OF_MUSCLE) != 0u);
    var share = f32((envelope[i] >> shift) & 0xffu) / 255.0;
    var value = values[i];
    var other_bone = 0.0;
    if (value <= NOTHING) {
        other_bone = select(share, 0.0, (shape.flags & OF_MUSCLE) != 0u);
        share = 0.0;
        value = 0.0;
    }
    if ((shape.flags & DIFFERENCE) != 0u) {
        if (reference[i] <= NOTHING) { share = 0.0; }
        value -= reference[i];
    }
    let place = clamp((value - shape.low) * shape.inverse, -1.0, 2.0);
    let other = clamp((second[i] - shape.second_low) * shape.second_inverse, -1.0, 2.0);
    textureStore(told, vec3<i32>(at), vec4<f32>(share * place, share, share * other, other_bone));
}
