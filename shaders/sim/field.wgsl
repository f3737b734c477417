// One chosen quantity, spread from the lists to the lattice for the eye.

@group(0) @binding(0) var<uniform> physiology: Physiology;
@group(0) @binding(1) var<uniform> environment: Environment;
@group(0) @binding(2) var<uniform> choice: vec4<u32>; // x: 0 bmd, 1 change, 2 strain energy, 3 osteoclasts; muscle: 4 area, 5 change
@group(0) @binding(3) var<storage, read> bone_voxels: array<BoneVoxel>;
@group(0) @binding(4) var<storage, read> sites: array<Site>;
@group(0) @binding(5) var<storage, read> bone: array<SiteState>;
@group(0) @binding(6) var<storage, read> initial: array<f32>;      // bvtv by site at the start
@group(0) @binding(7) var<storage, read> energy: array<f32>;
@group(0) @binding(8) var<storage, read_write> values: array<f32>; // by voxel
@group(0) @binding(9) var<storage, read> muscle_voxels: array<MuscleVoxel>;
@group(0) @binding(10) var<storage, read> muscle: array<MuscleState>;

@compute @workgroup_size(64)
fn bone_field(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= environment.bone_voxels) { return; }
    let place = bone_voxels[t];
    var volume = 0.0;
    var bone_volume = 0.0;
    var before = 0.0;
    var osteoclasts = 0.0;
    for (var s = place.first; s < place.first + (place.sites & 0xffu); s++) {
        let f = sites[s].fraction;
        volume += f;
        bone_volume += f * bone[s].bvtv;
        before += f * initial[s];
        osteoclasts += f * bone[s].osteoclasts;
    }
    var value = physiology.tissue_mineral * bone_volume / volume;
    if (choice.x == 1u) { value = 100.0 * (bone_volume / before - 1.0); }
    if (choice.x == 2u) { value = energy[t] / volume; }
    if (choice.x == 3u) { value = osteoclasts / volume; }
    values[place.voxel] = value;
}

@compute @workgroup_size(64)
fn muscle_field(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= environment.muscle_voxels) { return; }
    let place = muscle_voxels[t];
    let area = place.type1 * muscle[t].type1 + (1.0 - place.type1) * muscle[t].type2;
    values[place.voxel] = select(100.0 * area, 100.0 * (area - 1.0), choice.x == 5u);
}
