// One chosen quantity, spread from the lists to the lattice for the eye.

@group(0) @binding(0) var<uniform> physiology: Physiology;
@group(0) @binding(1) var<uniform> environment: Environment;
@group(0) @binding(2) var<uniform> choice: vec4<u32>; // x: what (below); y: which member of a state or level
@group(0) @binding(3) var<storage, read> bone_voxels: array<BoneVoxel>;
@group(0) @binding(4) var<storage, read> sites: array<Site>;
@group(0) @binding(5) var<storage, read> bone: array<f32>;                   // SiteState, member by member
@group(0) @binding(6) var<storage, read> homeostasis: array<Homeostasis>;
@group(0) @binding(7) var<storage, read> energy: array<f32>;
@group(0) @binding(8) var<storage, read_write> values: array<f32>;           // by voxel
@group(0) @binding(9) var<storage, read> muscle_voxels: array<MuscleVoxel>;
@group(0) @binding(10) var<storage, read> muscle: array<f32>;                // MuscleState, member by member
@group(0) @binding(11) var<storage, read> level: array<vec4<f32>>;
@group(0) @binding(12) var<storage, read_write> envelope: array<u32>;        // lowest byte: bone's share

const DENSITY: u32 = 0u;
const CHANGE: u32 = 1u;
const ENERGY: u32 = 2u;
const MEMBER: u32 = 3u;
const AREA: u32 = 4u;
const LEVEL: u32 = 5u;
const NAME: u32 = 6u;
const FIBRE: u32 = 7u;
const THICKNESS: u32 = 8u;
const MINERAL: u32 = 9u;
// SITE_MEMBERS stands before this file, from the record itself.
const MUSCLE_MEMBERS: u32 = 9u;
const FLUID: u32 = 3u;

@compute @workgroup_size(64)
fn bone_field(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= environment.bone_voxels) { return; }
    let place = bone_voxels[t];
    // Cartilage alone.
    if (place.sites == 0u) { return; }
    var volume = 0.0;
    var bone_volume = 0.0;
    var before = 0.0;
    var member = 0.0;
    for (var s = place.first; s < place.first + place.sites; s++) {
        let f = sites[s].fraction;
        volume += f;
        bone_volume += f * bone[SITE_MEMBERS * s];
        before += f * homeostasis[s].bvtv;
        member += f * bone[SITE_MEMBERS * s + choice.y];
        if (sites[s].kind == STRUT) {
            // A strut's voxel is drawn as far as it is bone.
            let share = u32(round(255.0 * clamp(bone[SITE_MEMBERS * s], 0.0, 1.0)));
            envelope[place.voxel] = (envelope[place.voxel] & 0xffffff00u) | share;
        }
    }
    var value = finite(physiology.tissue_mineral * bone_volume / volume);
    // Where there was next to no bone a change has no meaning.
    if (choice.x == CHANGE) {
        value = 0.0;
        if (before > 0.02 * volume) { value = 100.0 * (finite(bone_volume / before) - 1.0); }
    }
    if (choice.x == MINERAL) { value = physiology.tissue_mineral * bone_volume; }
    if (choice.x == ENERGY) { value = finite(energy[t] / volume); }
    if (choice.x == MEMBER) { value = finite(member / volume); }
    values[place.voxel] = value;
}

@compute @workgroup_size(64)
fn muscle_field(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= environment.muscle_voxels) { return; }
    let place = muscle_voxels[t];
    let first = MUSCLE_MEMBERS * t;
    let area = place.type1 * muscle[first] + (1.0 - place.type1) * muscle[first + 1u];
    var value = 100.0 * area;
    if (choice.x == CHANGE) { value = 100.0 * (area - 1.0); }
    if (choice.x == MEMBER) { value = muscle[first + choice.y]; }
    if (choice.x == LEVEL) { value = 1.0 + level[place.voxel][choice.y]; }
    if (choice.x == NAME) { value = f32(place.muscle + 1u); }
    if (choice.x == FIBRE) { value = place.fibre; }
    // Across the fibres both ways alike; water counts in a muscle's size.
    if (choice.x == THICKNESS) { value = 100.0 * (finite(sqrt(area * muscle[first + FLUID])) - 1.0); }
    values[place.voxel] = value;
}
