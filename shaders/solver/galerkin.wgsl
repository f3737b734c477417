// Coarse operators: PᵀKP, from the elements on level 1, from the stencils of the level above below
// it.

@group(0) @binding(8) var<storage, read_write> stencil_out: array<u32>;
@group(0) @binding(13) var<storage, read> children: array<f32>;   // [2][8 a][8 b][9]: QᵀKQ of the lowest child, and K of the element
@group(0) @binding(16) var<storage, read> coarse_slots: array<u32>; // slots of the coarse grid

fn coarse_block(ahead: u32, slot: u32) -> mat3x3<f32> {
    let n = coarse.nodes + 1u;
    let at = 3u * ahead * n + slot;
    return unpack_block(stencil_out[at], stencil_out[at + n], stencil_out[at + 2u * n]);
}

fn pack_block(ahead: u32, slot: u32, m: mat3x3<f32>) {
    let sizes = max(max(abs(m[0]), abs(m[1])), abs(m[2]));
    let largest = max(max(sizes.x, sizes.y), sizes.z);
    // The power of two above the largest entry.
    let exponent = clamp(i32(bitcast<u32>(largest) >> 23u) - 126, -EXPONENT_BIAS, 63 - EXPONENT_BIAS);
    let scale = bitcast<f32>((127 + 9 - exponent) << 23u);
    let tag = u32(exponent + EXPONENT_BIAS);
    let n = coarse.nodes + 1u;
    for (var c = 0u; c < 3u; c++) {
        let q = vec3<u32>(clamp(vec3<i32>(round(m[c] * scale)), vec3<i32>(-511), vec3<i32>(511))) & vec3<u32>(0x3ffu);
        stencil_out[(3u * ahead + c) * n + slot] = q.x | (q.y << 10u) | (q.z << 20u) | (((tag >> (2u * c)) & 3u) << 30u);
    }
}

fn corner_step(corner: u32) -> u32 {
    return (corner & 1u) + ((corner >> 1u) & 1u) * grid.stride_y + (corner >> 2u) * grid.stride_z;
}

// Whether a corner of the fine element lacks a parent that belongs to another component.
fn is_split_at(element: u32) -> bool {
    let y = grid.stride_y;
    let z = grid.stride_z;
    let all = transfer_mask(element) & transfer_mask(element + 1u)
        & transfer_mask(element + y) & transfer_mask(element + y + 1u)
        & transfer_mask(element + z) & transfer_mask(element + z + 1u)
        & transfer_mask(element + z + y) & transfer_mask(element + z + y + 1u);
    return all != ALL_PARENTS;
}

// What a fine element of unit modulus adds to the block between two coarse nodes: its lowest corner
// lies `lowest` fine steps from the first, and the second node `other` fine steps from the first.
fn element_block(lowest: vec3<i32>, other: vec3<i32>, element: u32) -> array<f32, 9> {
    var sum = array<f32, 9>();
    for (var c = 0u; c < 8u; c++) {
        let here = lowest + vec3<i32>(vec3<u32>(c, c >> 1u, c >> 2u) & vec3<u32>(1u));
        let w = weight(here, element + corner_step(c));
        if (w == 0.0) { continue; }
        for (var d = 0u; d < 8u; d++) {
            let there = lowest - other + vec3<i32>(vec3<u32>(d, d >> 1u, d >> 2u) & vec3<u32>(1u));
            let both = w * weight(there, element + corner_step(d));
            if (both == 0.0) { continue; }
            for (var k = 0u; k < 9u; k++) { sum[k] += both * children[576u + (c * 8u + d) * 9u + k]; }
        }
    }
    return sum;
}

// Block of level 1 between the node at `at` and the one at `at + o`, from the elements.
fn block_of_elements(at: vec3<u32>, o: vec3<i32>) -> mat3x3<f32> {
    var sum = array<f32, 9>();
    for (var e = 0u; e < 8u; e++) {
        // The coarse element on the low (0) or high (1) side of the node along each axis.
        let side = vec3<i32>(i32(e & 1u), i32((e >> 1u) & 1u), i32(e >> 2u));
        let corner_a = vec3<i32>(1) - side;
        let corner_b = corner_a + o;
        let element = vec3<i32>(at) - corner_a;
        if (any(corner_b < vec3<i32>(0)) || any(corner_b > vec3<i32>(1))
            || any(element < vec3<i32>(0)) || any(element >= vec3<i32>(coarse.elements))) {
            continue;
        }
        let a = u32(corner_a.x + 2 * corner_a.y + 4 * corner_a.z);
        let b = u32(corner_b.x + 2 * corner_b.y + 4 * corner_b.z);
        for (var c = 0u; c < 8u; c++) {
            let child = vec3<u32>(c & 1u, (c >> 1u) & 1u, c >> 2u);
            let p = coarse.factor * vec3<u32>(element) + child;
            if (any(child >= coarse.factor) || any(p >= grid.elements)) { continue; }
            let m = modulus[grid_index(grid, p)];
            if (IS_SPLIT && is_split_at(grid_index(grid, p))) {
                let lowest = vec3<i32>(p) - vec3<i32>(coarse.factor * at);
                let block = element_block(lowest, vec3<i32>(coarse.factor) * o, grid_index(grid, p));
                for (var k = 0u; k < 9u; k++) { sum[k] += m * block[k]; }
                continue;
            }
            // The other children are mirrors of the lowest.
            let mirror = 1.0 - 2.0 * vec3<f32>(child);
            let from_child = ((a ^ c) * 8u + (b ^ c)) * 9u;
            for (var k = 0u; k < 9u; k++) {
                sum[k] += m * mirror[k / 3u] * mirror[k % 3u] * children[from_child + k];
            }
        }
    }
    return mat3x3<f32>(sum[0], sum[3], sum[6], sum[1], sum[4], sum[7], sum[2], sum[5], sum[8]);
}

// A block on the diagonal is minus the sum of the node's couplings: so a translation causes no
// force. Where a coarse node's shape function barely overlaps the bone, that fails: its stiffness
// is small of second order and its couplings of first order, so that their rounding errors alone
// may make the sum negative or unsymmetric, and conjugate gradients stop short. It fails too where
// a shape function ends at a clamp. Only there the difference to the exact block is stored.
fn own_correction(slot: u32, exact: mat3x3<f32>) {
    let index = entry_index(nodes[slot]);
    var sum = 0.5 * (exact + transpose(exact));
    for (var b = 0u; b < AHEAD; b++) {
        sum += coarse_block(b, slot) + transpose(coarse_block(b, coarse_slots[index - ahead_step(coarse, b)]));
    }
    let size = finite3(sqrt(max(vec3<f32>(0.0), diagonal_of(exact))));
    var wrong = false;
    for (var c = 0u; c < 3u; c++) {
        wrong = wrong || any(abs(sum[c]) > 0.03 * size[c] * size);
    }
    let none = mat3x3<f32>();
    if (wrong) { pack_block(OWN, slot, sum); } else { pack_block(OWN, slot, none); }
}

// One invocation a coarse node and neighbour.
@compute @workgroup_size(64)
fn galerkin_first(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= AHEAD * coarse.nodes) { return; }
    let ahead = t / coarse.nodes;
    let slot = t - ahead * coarse.nodes;
    let at = grid_coordinates(coarse, entry_index(nodes[slot]));
    pack_block(ahead, slot, block_of_elements(at, ahead_offset(ahead)));
}

// One invocation a coarse node, once its couplings and its neighbours' are there.
@compute @workgroup_size(64)
fn galerkin_first_own(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= coarse.nodes) { return; }
    own_correction(t, block_of_elements(grid_coordinates(coarse, entry_index(nodes[t])), vec3<i32>(0)));
}

// Block of any further level between the node at `at` and the one `other` fine steps away, from
// the stencils of the level above. A node's own block being minus the sum of its others and its
// correction, only differences of the second node's weight between neighbours count beside that.
fn block_of_stencils(at: vec3<u32>, other: vec3<i32>) -> mat3x3<f32> {
    var sum = mat3x3<f32>();
    for (var i = 0u; i < 27u; i++) {
        let d = vec3<i32>(i32(i % 3u), i32((i / 3u) % 3u), i32(i / 9u)) - vec3<i32>(1);
        let p = vec3<i32>(coarse.factor * at) + d;
        if (any(p < vec3<i32>(0)) || any(p > vec3<i32>(grid.elements))) { continue; }
        let index = grid_index(grid, vec3<u32>(p));
        let fine = slots[index];
        let w = weight(d, index);
        if (w == 0.0 || fine == grid.nodes) { continue; }
        let here = weight(d - other, index);
        // Without a branch: a software adapter (llvmpipe) loses half a megabyte a dispatch to a
        // block that is read under a condition in here, until its pipeline goes.
        let own = select(0u, OWN, grid.corrected != 0u);
        sum += (w * here * f32(grid.corrected)) * block(own, fine);
        for (var b = 0u; b < AHEAD; b++) {
            let o = ahead_offset(b);
            let step = ahead_step(grid, b);
            let after = w * (weight(d + o - other, index + step) - here);
            if (after != 0.0) { sum += after * block(b, fine); }
            let before = w * (weight(d - o - other, index - step) - here);
            if (before != 0.0) { sum += before * transpose(block(b, slots[index - step])); }
        }
    }
    return sum;
}

@compute @workgroup_size(64)
fn galerkin_next(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= AHEAD * coarse.nodes) { return; }
    let ahead = t / coarse.nodes;
    let slot = t - ahead * coarse.nodes;
    let at = grid_coordinates(coarse, entry_index(nodes[slot]));
    pack_block(ahead, slot, block_of_stencils(at, vec3<i32>(coarse.factor) * ahead_offset(ahead)));
}

@compute @workgroup_size(64)
fn galerkin_next_own(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= coarse.nodes) { return; }
    own_correction(t, block_of_stencils(grid_coordinates(coarse, entry_index(nodes[t])), vec3<i32>(0)));
}
