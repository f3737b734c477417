// Density and fibre area of a day, packed to be kept on the host: 16 bits a value, two a word.

@group(0) @binding(0) var<uniform> counts: vec4<u32>;  // sites, muscle voxels
@group(0) @binding(1) var<storage, read> bone: array<SiteState>;
@group(0) @binding(2) var<storage, read> muscle_voxels: array<MuscleVoxel>;
@group(0) @binding(3) var<storage, read> muscle: array<MuscleState>;
@group(0) @binding(4) var<storage, read_write> words: array<u32>;

fn density(site: u32) -> f32 {
    if (site >= counts.x) { return 0.0; }
    return bone[site].bvtv;
}

// Of both types together, as a share of what is kept at most.
fn fibre_area(voxel: u32) -> f32 {
    if (voxel >= counts.y) { return 0.0; }
    let share = muscle_voxels[voxel].type1;
    let area = share * muscle[voxel].type1 + (1.0 - share) * muscle[voxel].type2;
    return area * (1.0 / MOST_AREA);
}

// A word an invocation: first those of bone, then those of muscle.
@compute @workgroup_size(64)
fn pack_day(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    let of_bone = (counts.x + 1u) / 2u;
    if (t >= of_bone + (counts.y + 1u) / 2u) { return; }
    var pair: vec2<f32>;
    if (t < of_bone) {
        pair = vec2<f32>(density(2u * t), density(2u * t + 1u));
    } else {
        let first = 2u * (t - of_bone);
        pair = vec2<f32>(fibre_area(first), fibre_area(first + 1u));
    }
    words[t] = pack2x16unorm(pair);
}
