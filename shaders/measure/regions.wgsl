// Sums over regions: a workgroup a piece of a region, in an order that no adapter chooses.

struct Member {
    place: u32,    // a site, or a voxel of muscle
    weight: f32,   // volume that belongs to the region, mm3
}

struct Piece {
    first: u32,    // of the members
    count: u32,    // at most 1024
}

struct Kinetics {
    sclerostin_formation: f32,
    padding_a: f32,
    padding_b: f32,
    padding_c: f32,
}

@group(0) @binding(0) var<storage, read> members: array<Member>;
@group(0) @binding(1) var<storage, read> pieces: array<Piece>;
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;              // [piece][sum]
@group(0) @binding(3) var<storage, read> sites: array<Site>;
@group(0) @binding(4) var<storage, read> bone: array<SiteState>;
@group(0) @binding(5) var<storage, read> surface: array<vec2<f32>>;           // 1/mm
@group(0) @binding(6) var<storage, read> muscle_voxels: array<MuscleVoxel>;
@group(0) @binding(7) var<storage, read> muscle: array<MuscleState>;
@group(0) @binding(8) var<storage, read> level: array<vec4<f32>>;
@group(0) @binding(9) var<uniform> kinetics: Kinetics;

const THREADS: u32 = 64u;
const BONE_SUMS: u32 = 24u;
const MUSCLE_SUMS: u32 = 15u;

var<workgroup> shared_sums: array<array<f32, 24>, 64>;

// Adds up what the threads have, a thread a sum: eight by eight, so that rounding grows with their
// number's root.
fn reduce(thread: u32, piece: u32, count: u32) {
    workgroupBarrier();
    // A folded dispatch has more workgroups than there are pieces.
    if (thread >= count || piece >= arrayLength(&pieces)) { return; }
    var sum = 0.0;
    for (var t = 0u; t < THREADS; t += 8u) {
        var part = 0.0;
        for (var k = 0u; k < 8u; k++) { part += shared_sums[t + k][thread]; }
        sum += part;
    }
    sums[count * piece + thread] = sum;
}

@compute @workgroup_size(64)
fn bone_sums(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3<u32>,
             @builtin(num_workgroups) groups: vec3<u32>) {
    let p = group.x + group.y * groups.x;
    let piece = pieces[min(p, arrayLength(&pieces) - 1u)];
    var own = array<f32, 24>();
    for (var i = thread; i < piece.count; i += THREADS) {
        let member = members[piece.first + i];
        let s = bone[member.place];
        let w = member.weight;
        own[0] += w * s.bvtv;
        if (sites[member.place].kind == CORTICAL) {
            own[3] += w * s.bvtv;
            own[4] += w;
            // A cortex is thinned by what is gone of it and not of its matrix, and has grown
            // outside.
            let left = finite(s.bvtv / s.matrix);
            let outline = w * sites[member.place].surface;
            own[19] += w * s.matrix;
            own[20] += outline;
            own[21] += w * left;
            own[22] += outline * s.periosteum;
        } else {
            own[1] += w * s.bvtv;
            own[2] += w;
        }
        // Cells are counted on their surface: the mean of that for growth and that for resorption.
        let both = surface[member.place];
        let area = w * (0.5 * (both.x + both.y));
        let wnt = finite(1.0 / (1.0 + kinetics.sclerostin_formation * (s.sclerostin - 1.0)));
        own[5] += area;
        own[6] += area * s.osteoblasts;
        own[7] += area * s.osteoclasts;
        own[8] += area * s.osteocyte;
        own[9] += area * s.rankl_opg;
        own[10] += area * s.sclerostin;
        own[11] += area * s.marrow_fat;
        own[12] += area * s.mapk;
        own[13] += area * s.ppar_gamma;
        own[14] += area * finite(s.mapk / s.ppar_gamma);
        own[15] += area * s.cytoskeleton;
        // Alkaline phosphatase goes with the making of osteoblasts, osteocalcin with ripe ones.
        own[16] += area * (s.mapk * s.cytoskeleton);
        own[17] += area * (wnt * s.cytoskeleton);
        own[18] += area * s.connectivity;
        // Bone that is made and lost in a day, over the surface's turnover.
        own[23] += w * ((s.osteoblasts - s.osteoclasts) * select(both.y, both.x, s.osteoblasts > s.osteoclasts));
    }
    shared_sums[thread] = own;
    reduce(thread, p, BONE_SUMS);
}

@compute @workgroup_size(64)
fn muscle_sums(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3<u32>,
               @builtin(num_workgroups) groups: vec3<u32>) {
    let p = group.x + group.y * groups.x;
    let piece = pieces[min(p, arrayLength(&pieces) - 1u)];
    var own = array<f32, 24>();
    for (var i = thread; i < piece.count; i += THREADS) {
        let member = members[piece.first + i];
        let place = muscle_voxels[member.place];
        let s = muscle[member.place];
        let around = level[place.voxel];
        let w = member.weight;
        let one = place.type1 * s.type1;
        let two = (1.0 - place.type1) * s.type2;
        own[0] += w;
        own[1] += w * ((one + two) * s.fluid);
        own[2] += w * one;
        own[3] += w * two;
        own[4] += w * ((one + two) * s.neural);
        own[5] += w * s.neural;
        own[6] += w * s.satellite_cells;
        own[7] += w * s.myotubes;
        own[8] += w * (1.0 + around.z);
        own[9] += w * (1.0 + around.x);
        own[10] += w * (1.0 + around.y);
        own[11] += w * (1.0 + around.w);
        own[12] += w * s.smad158;
        own[13] += w * s.smad23;
        own[14] += w * finite(s.smad158 / s.smad23);
    }
    shared_sums[thread] = own;
    reduce(thread, p, MUSCLE_SUMS);
}
