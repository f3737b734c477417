// Density to modulus: Morgan's power law, the sites of a voxel side by side, cartilage beside them.

@group(0) @binding(0) var<uniform> physiology: Physiology;
@group(0) @binding(1) var<uniform> environment: Environment;
@group(0) @binding(2) var<storage, read> bone_voxels: array<BoneVoxel>;
@group(0) @binding(3) var<storage, read> sites: array<Site>;
@group(0) @binding(4) var<storage, read> bone: array<SiteState>;
@group(0) @binding(5) var<storage, read_write> modulus: array<f32>; // by element, relative
@group(0) @binding(6) var<storage, read_write> solved: array<f32>;  // by bone voxel: modulus at the last solve, MPa

fn modulus_of(place: BoneVoxel) -> f32 {
    var sum = 0.0;
    for (var s = place.first; s < place.first + place.sites; s++) {
        sum += sites[s].fraction * site_modulus(sites[s].kind, bone[s], physiology);
    }
    return place.tie * physiology.cartilage_modulus + sum;
}

@compute @workgroup_size(64)
fn stiffness(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= environment.bone_voxels) { return; }
    let place = bone_voxels[t];
    modulus[place.element] = finite(modulus_of(place) / physiology.reference_modulus);
}

// What the solve that follows knows.
@compute @workgroup_size(64)
fn remember(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= environment.bone_voxels) { return; }
    solved[t] = modulus_of(bone_voxels[t]);
}
