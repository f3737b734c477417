// What is kept of a day, packed for the host: 16 bits a value, two a word. Shares of a known most
// are whole numbers; what has none is a short float.

@group(0) @binding(0) var<uniform> counts: vec4<u32>;  // sites, bone voxels, muscle voxels
@group(0) @binding(1) var<storage, read> bone: array<SiteState>;
@group(0) @binding(2) var<storage, read> muscle_voxels: array<MuscleVoxel>;
@group(0) @binding(3) var<storage, read> muscle: array<MuscleState>;
@group(0) @binding(4) var<storage, read_write> words: array<u32>;
@group(0) @binding(5) var<storage, read> energy: array<f32>;

fn density(site: u32) -> f32 {
    if (site >= counts.x) { return 0.0; }
    return bone[site].bvtv;
}

fn osteoclasts(site: u32) -> f32 {
    if (site >= counts.x) { return 0.0; }
    return bone[site].osteoclasts;
}

fn osteoblasts(site: u32) -> f32 {
    if (site >= counts.x) { return 0.0; }
    return bone[site].osteoblasts;
}

// In kPa.
fn strain(voxel: u32) -> f32 {
    if (voxel >= counts.y) { return 0.0; }
    return 1000.0 * energy[voxel];
}

// Of both types together, as a share of what is kept at most.
fn fibre_area(voxel: u32) -> f32 {
    if (voxel >= counts.z) { return 0.0; }
    let share = muscle_voxels[voxel].type1;
    let area = share * muscle[voxel].type1 + (1.0 - share) * muscle[voxel].type2;
    return area * (1.0 / MOST_AREA);
}

fn fluid(voxel: u32) -> f32 {
    if (voxel >= counts.z) { return 0.0; }
    return muscle[voxel].fluid;
}

// A word an invocation, a kind of value after the other.
@compute @workgroup_size(64)
fn pack_day(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    let half = (counts.xyz + 1u) / 2u;
    let start = array<u32, 7>(
        0u, half.x, 2u * half.x, 3u * half.x, 3u * half.x + half.y,
        3u * half.x + half.y + half.z, 3u * half.x + half.y + 2u * half.z,
    );
    if (t >= start[6]) { return; }
    var word = 0u;
    if (t < start[1]) {
        let k = 2u * t;
        word = pack2x16unorm(vec2<f32>(density(k), density(k + 1u)));
    } else if (t < start[2]) {
        let k = 2u * (t - start[1]);
        word = pack2x16float(vec2<f32>(osteoclasts(k), osteoclasts(k + 1u)));
    } else if (t < start[3]) {
        let k = 2u * (t - start[2]);
        word = pack2x16float(vec2<f32>(osteoblasts(k), osteoblasts(k + 1u)));
    } else if (t < start[4]) {
        let k = 2u * (t - start[3]);
        word = pack2x16float(vec2<f32>(strain(k), strain(k + 1u)));
    } else if (t < start[5]) {
        let k = 2u * (t - start[4]);
        word = pack2x16unorm(vec2<f32>(fibre_area(k), fibre_area(k + 1u)));
    } else {
        let k = 2u * (t - start[5]);
        word = pack2x16float(vec2<f32>(fluid(k), fluid(k + 1u)));
    }
    words[t] = word;
}
