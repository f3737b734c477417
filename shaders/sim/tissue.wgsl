// What the tissue stages share: the day's environment and the records of bone and muscle.
// Bone lives on a list of voxels that hold any; each has one or two sites, a trabecular and a
// cortical one, so that a voxel cut by the cortex keeps both. Muscle lives on its own list.

// Most activities of a day, load cases and muscle groups.
const MOST: u32 = 12u;

struct Environment {
    voxels: vec3<u32>,                  // of the lattice
    dt: f32,                            // days in this step
    muscle_use: array<vec4<f32>, MOST / 4u>,    // daily use of each muscle group, 1 at 1 g
    muscle_fluid: array<vec4<f32>, MOST / 4u>,  // water that each muscle group settles at, 1 at 1 g upright
    muscle_type1: array<vec4<f32>, MOST / 4u>,  // how strongly each group's type I fibres answer disuse
    muscle_type2: array<vec4<f32>, MOST / 4u>,  // and its type II fibres
    muscle_share: array<vec4<f32>, MOST / 4u>,  // of each joint's force, what muscles pull
    group_share: array<vec4<f32>, MOST / 4u>,   // of the scene's peak muscle force, what each group has
    scale: array<vec4<f32>, MOST * MOST / 4u>, // [activity][case] force, 1 at 1 g (machines: 1 when used)
    gravity: f32,                       // that cells feel, g
    osteoclast_inhibition: f32,         // 0 to 1, by drugs
    bone_voxels: u32,
    muscle_voxels: u32,
    cases: u32,                       // unit load cases; the joint's come first
    joint_cases: u32,
    activities: u32,
    case_stride: u32,                 // f32 values between two cases of the displacement
    groups: u32,                      // muscle groups
    osteocytes: f32,                  // 1; 0 in a culture, which has none
    denervation: f32,                 // what lost nerves add to the answer to disuse
    padding: u32,
}

// Kinds of sites.
const TRABECULAR: u32 = 0u;
const CORTICAL: u32 = 1u;
const STRUT: u32 = 2u;   // part of a single strut, or of the marrow beside it
const PLATEN: u32 = 3u;

struct BoneVoxel {
    voxel: u32,    // in the whole lattice
    element: u32,  // padded index in the mechanics' grid
    first: u32,    // its first site
    sites: u32,    // at most 2; none between bones
    tie: f32,      // of the voxel's volume, cartilage and ligament
}

struct Site {
    fraction: f32, // of the voxel's volume
    surface: f32,  // endocortical surface a volume of the site, 1/mm; 0 in trabecular bone
    kind: u32,
    bone: u32,
    settling: f32, // stimulus that it settles at, over settling_stimulus
    below_lesion: f32, // 1 where a paralysis takes the nerves away, else 0
}

// What a site was like at homeostasis, and at the start.
struct Homeostasis {
    set_point: f32,      // stimulus, MPa/day
    bvtv: f32,
    mean_set_point: f32, // of its bone, where the strain field is cut
}

// Everything is relative to 1 at homeostasis but bvtv, and what says so.
struct SiteState {
    bvtv: f32,            // bone volume fraction of the site
    osteocyte: f32,       // osteocyte signal
    sclerostin: f32,
    rankl_opg: f32,
    preosteoclasts: f32,  // that recruits come from
    osteoclasts: f32,
    preosteoblasts: f32,
    osteoblasts: f32,
    marrow_fat: f32,
    mapk: f32,            // MAPK activity of stem cells
    ppar_gamma: f32,      // PPAR-gamma of stem cells
    cytoskeleton: f32,    // order of the osteoblasts' actin
    weightlessness: f32,  // that cells are used to; 0 at homeostasis
    connectivity: f32,    // share of the struts that were never lost
    memory: f32,          // strain that osteocytes are adapted to, over the set-point
    habituation: f32,     // disuse that living cells are used to; 0 at homeostasis
    matrix: f32,          // of a cortex: bone volume fraction within what is left of its thickness
    periosteum: f32,      // mm that a cortex has gained outside
}

struct MuscleVoxel {
    voxel: u32,
    group: u32,
    fraction: f32, // of the voxel's volume
    type1: f32,    // share of type I fibre area
    force: f32,    // force a volume, over the group's
    muscle: u32,
    fibre: f32,    // angle of its fibres to z, degrees
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
    smad158: f32, // BMP's signal in the cell
    smad23: f32,  // myostatin's
}

// A power of a number of 0 or more. WGSL leaves open what pow makes of 0.
fn power(base: f32, exponent: f32) -> f32 {
    if (base <= 0.0) { return 0.0; }
    return finite(pow(base, exponent));
}

// What disuse is felt, from the share of load that is missing; all shapes agree where `full` is
// missing.
fn dose(missing: f32, full: f32, exponent: f32) -> f32 {
    return full * power(finite(missing / full), exponent);
}

// BMP-2, BMP-4 against what binds them, as a change.
fn free_bmp(level: vec4<f32>) -> f32 {
    return finite((1.0 + 0.5 * (level.x + level.y)) / (1.0 + level.w)) - 1.0;
}

fn bone_modulus(bvtv: f32, p: Physiology) -> f32 {
    return p.modulus_coefficient * power(bvtv * p.tissue_density, p.modulus_exponent);
}

// Modulus of a site, MPa, over all of the voxel that it had at the start. A cortex that has become
// thinner bears in proportion to what is left of its thickness, one that has become more porous
// bears less by the power.
fn site_modulus(kind: u32, state: SiteState, p: Physiology) -> f32 {
    if (kind != CORTICAL) { return bone_modulus(max(state.bvtv, p.bvtv_floor), p); }
    return finite(state.bvtv / state.matrix) * bone_modulus(state.matrix, p);
}

// Exact for a target that stands still during the step; leaves a value at its target untouched.
fn relax(value: f32, to: f32, time: f32, dt: f32) -> f32 {
    return to + (value - to) * finite(exp(finite(-dt / time)));
}

var<workgroup> lane_sums: array<vec2<f32>, 64>;

// The weighted mean of what a workgroup's lanes have added up (sum and weight each); 0 without
// weight.
fn mean_of_lanes(lane: u32, own: vec2<f32>) -> f32 {
    // Of an earlier mean everybody has read.
    workgroupBarrier();
    lane_sums[lane] = own;
    workgroupBarrier();
    for (var half = 32u; half > 0u; half /= 2u) {
        if (lane < half) { lane_sums[lane] += lane_sums[lane + half]; }
        workgroupBarrier();
    }
    if (lane_sums[0].y <= 0.0) { return 0.0; }
    return finite(lane_sums[0].x / lane_sums[0].y);
}
