// Euler characteristic of single struts: vertices - edges + faces - voxels of the union of closed
// voxels that are bone.

struct Block {
    voxels: vec3<u32>,  // of bone, platens aside
    first: u32,         // site of its first voxel; the others follow, x fastest
}

@group(0) @binding(0) var<uniform> block: Block;
@group(0) @binding(1) var<storage, read> bone: array<SiteState>;
@group(0) @binding(2) var<storage, read_write> sums: array<i32>;  // by workgroup

const THREADS: u32 = 64u;
const EACH: u32 = 16u;

var<workgroup> shared_sums: array<i32, 64>;

// Half a voxel of bone is bone; around the block there is none.
fn is_bone(at: vec3<i32>) -> bool {
    let n = vec3<i32>(block.voxels);
    if (any(at < vec3<i32>(0)) || any(at >= n)) { return false; }
    return bone[block.first + u32(at.x + n.x * (at.y + n.y * at.z))].bvtv >= 0.5;
}

// A cell of the complex belongs to the vertex where it begins, and exists if any voxel around it is
// bone.
fn cells_from(vertex: vec3<i32>) -> i32 {
    // The eight voxels around the vertex, a bit each: along an axis whose bit is set, the one
    // before it.
    var around = 0u;
    for (var c = 0u; c < 8u; c++) {
        let back = vec3<i32>(vec3<u32>(c & 1u, (c >> 1u) & 1u, (c >> 2u) & 1u));
        if (is_bone(vertex - back)) { around |= 1u << c; }
    }
    var sum = 0;
    for (var along = 0u; along < 8u; along++) {
        // Along an axis that the cell spans only one voxel lies; across it, two.
        var there = false;
        for (var c = 0u; c < 8u; c++) {
            if ((c & along) == 0u && ((around >> c) & 1u) == 1u) { there = true; }
        }
        if (there) { sum += select(1, -1, (countOneBits(along) & 1u) == 1u); }
    }
    return sum;
}

@compute @workgroup_size(64)
fn euler(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3<u32>,
         @builtin(num_workgroups) groups: vec3<u32>) {
    let g = group.x + group.y * groups.x;
    let n = block.voxels + 1u;
    var own = 0;
    for (var k = 0u; k < EACH; k++) {
        let i = THREADS * (EACH * g + k) + thread;
        if (i < n.x * n.y * n.z) {
            own += cells_from(vec3<i32>(vec3<u32>(i % n.x, (i / n.x) % n.y, i / (n.x * n.y))));
        }
    }
    shared_sums[thread] = own;
    for (var half = THREADS / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (thread < half) { shared_sums[thread] += shared_sums[thread + half]; }
    }
    if (thread == 0u && g < arrayLength(&sums)) { sums[g] = shared_sums[0]; }
}
