// What the tissue stages share: the day's environment and the records of bone and muscle.
// Bone lives on a list of voxels that hold any; each has one or two sites, a trabecular and a
// cortical one, so that a voxel cut by the cortex keeps both. Muscle lives on its own list.

struct Environment {
    dt: f32,                          // days in this step
    gravity: f32,                     // g
    osteoclast_inhibition: f32,       // 0 to 1, by drugs
    fluid: f32,                       // muscle water the posture and gravity settle at, 1 at 1 g upright
    muscle_use: array<vec4<f32>, 2>,  // daily use of each muscle group, 1 at 1 g
    activity: array<vec4<f32>, 2>,    // force of each activity, 1 at 1 g (machines: 1 when used)
    bone_voxels: u32,
    muscle_voxels: u32,
    cases: u32,                       // unit load cases; the joint's come first
    joint_cases: u32,
    activities: u32,
    case_stride: u32,                 // f32 values between two cases of the displacement
    groups: u32,                      // muscle groups
    padding: u32,
}

struct BoneVoxel {
    voxel: u32,    // in the whole lattice
    element: u32,  // padded index in the mechanics' grid
    first: u32,    // its first site
    sites: u32,    // 1 or 2; bit 8 set where muscle shares the voxel
}

struct Site {
    fraction: f32, // of the voxel's volume
    surface: f32,  // endocortical surface a volume of the site, 1/mm; 0 in trabecular bone
    cortical: u32, // 1 in cortical bone
    padding: u32,
}

// Everything but bvtv is relative to 1 at homeostasis.
struct SiteState {
    bvtv: f32,            // bone volume fraction of the site
    osteocyte: f32,       // osteocyte signal
    sclerostin: f32,
    rankl_opg: f32,
    osteoclasts: f32,
    preosteoblasts: f32,
    osteoblasts: f32,
    marrow_fat: f32,
}

struct MuscleVoxel {
    voxel: u32,
    group: u32,
    fraction: f32, // of the voxel's volume
    type1: f32,    // share of type I fibre area
}

// Everything is relative to 1 at homeostasis but memory, which is 0 there.
struct MuscleState {
    type1: f32,   // area of type I fibres
    type2: f32,   // area of type II fibres
    neural: f32,  // neural drive
    fluid: f32,   // water and blood in the muscle
    memory: f32,  // disuse as the satellite cells remember it
    satellite_cells: f32,
    myotubes: f32,
    padding: f32,
}

fn bone_modulus(bvtv: f32, p: Physiology) -> f32 {
    return p.modulus_coefficient * pow(bvtv * p.tissue_density, p.modulus_exponent);
}

// Exact for a target that stands still during the step; leaves a value at its target untouched.
fn relax(value: f32, to: f32, time: f32, dt: f32) -> f32 {
    return to + (value - to) * exp(-dt / time);
}
