// The preconditioner: one V-cycle. The finest level is matrix-free; every coarser one is the
// Galerkin product PᵀKP of the level above, stored as the 13 blocks of 3×3 that couple a node
// to the neighbours after it; symmetry gives those before it, and a translation's lack of
// force the node's own (but see own_correction). The smoother is damped point Jacobi with a
// different damping in each sweep, the Chebyshev roots of [λ/range, λ], so that a visit of a
// level is one Chebyshev polynomial and stays symmetric.

struct Sweep {
    root: f32,   // damping of this sweep times λ
    level: u32,
}

@group(0) @binding(1) var<uniform> coarse: Grid;
@group(0) @binding(5) var<storage, read_write> field_out: array<f32>;
@group(0) @binding(6) var<storage, read> rhs: array<f32>;         // [nodes][3]
@group(0) @binding(7) var<storage, read> stencil: array<u32>;     // [13 or 14 blocks · 3][nodes + 1], the last column zero
@group(0) @binding(8) var<storage, read_write> stencil_out: array<u32>;
@group(0) @binding(9) var<storage, read_write> spectrum: array<f32>; // λmax(D⁻¹K) a level
@group(0) @binding(10) var<uniform> sweep: Sweep;
@group(0) @binding(11) var<storage, read> scalars: Scalars;
@group(0) @binding(12) var<storage, read> slots: array<u32>;      // place in the node list by index; the zero column where there is no node
@group(0) @binding(13) var<storage, read> children: array<f32>;   // [2][8 a][8 b][9]: QᵀKQ of the lowest child, and K of the element

@group(0) @binding(16) var<storage, read> coarse_slots: array<u32>; // slots of the coarse grid
@group(0) @binding(18) var<storage, read> parents: array<u32>;    // four nodes a word, by index of the finer grid; see kept_parents

fn store(index: u32, value: vec3<f32>) {
    let i = 3u * index;
    field_out[i] = value.x;
    field_out[i + 1u] = value.y;
    field_out[i + 2u] = value.z;
}

fn load_rhs(slot: u32) -> vec3<f32> {
    let i = 3u * slot;
    return vec3<f32>(rhs[i], rhs[i + 1u], rhs[i + 2u]);
}

// --- blocks of a stencil --------------------------------------------------------------------

// A block takes three words, a column each: three signed mantissas of ten bits, and in the two
// top bits a third of the exponent that all nine share. Twelve bytes in the place of 36.
const AHEAD: u32 = 13u;         // neighbours after the node, those at offsets 14 to 26 of 27
const OWN: u32 = 13u;           // what is added to minus the sum of a node's blocks to make its own
const EXPONENT_BIAS: i32 = 40;

fn mantissas(word: u32) -> vec3<f32> {
    let w = bitcast<i32>(word);
    return vec3<f32>(vec3<i32>(w << 22u, w << 12u, w << 2u) >> vec3<u32>(22u));
}

fn unpack_block(x: u32, y: u32, z: u32) -> mat3x3<f32> {
    let exponent = i32((x >> 30u) | ((y >> 30u) << 2u) | ((z >> 30u) << 4u)) - EXPONENT_BIAS;
    let scale = bitcast<f32>((exponent + 127 - 9) << 23u); // 2^exponent / 512
    return mat3x3<f32>(scale * mantissas(x), scale * mantissas(y), scale * mantissas(z));
}

fn block(ahead: u32, slot: u32) -> mat3x3<f32> {
    let n = grid.nodes + 1u;
    let at = 3u * ahead * n + slot;
    return unpack_block(stencil[at], stencil[at + n], stencil[at + 2u * n]);
}

// Zero on level 1, which stores none: a hat there is at least an eighth at any node it touches.
fn own_block(slot: u32) -> mat3x3<f32> {
    if (grid.corrected == 0u) { return mat3x3<f32>(); }
    return block(OWN, slot);
}

fn coarse_block(ahead: u32, slot: u32) -> mat3x3<f32> {
    let n = coarse.nodes + 1u;
    let at = 3u * ahead * n + slot;
    return unpack_block(stencil_out[at], stencil_out[at + n], stencil_out[at + 2u * n]);
}

fn diagonal_of(m: mat3x3<f32>) -> vec3<f32> {
    return vec3<f32>(m[0].x, m[1].y, m[2].z);
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

fn ahead_offset(ahead: u32) -> vec3<i32> {
    let b = ahead + 14u;
    return vec3<i32>(i32(b % 3u), i32((b / 3u) % 3u), i32(b / 9u)) - vec3<i32>(1);
}

// Index step to a neighbour after the node; to the one before it, the same backwards.
fn ahead_step(grid: Grid, ahead: u32) -> u32 {
    let b = ahead + 14u;
    return b % 3u + ((b / 3u) % 3u) * grid.stride_y + (b / 9u) * grid.stride_z - 1u - grid.stride_y - grid.stride_z;
}

fn stencil_row(slot: u32, index: u32) -> Row {
    let here = load(index);
    let own = own_block(slot);
    var force = own * here;
    var diagonal = diagonal_of(own);
    for (var b = 0u; b < AHEAD; b++) {
        let step = ahead_step(grid, b);
        let after = block(b, slot);
        let before = block(b, slots[index - step]);
        force += after * (load(index + step) - here) + (load(index - step) - here) * before;
        diagonal -= diagonal_of(after) + diagonal_of(before);
    }
    return Row(force, diagonal);
}

fn stencil_diagonal(slot: u32, index: u32) -> vec3<f32> {
    var diagonal = diagonal_of(own_block(slot));
    for (var b = 0u; b < AHEAD; b++) {
        diagonal -= diagonal_of(block(b, slot)) + diagonal_of(block(b, slots[index - ahead_step(grid, b)]));
    }
    return diagonal;
}

// --- finest level ---------------------------------------------------------------------------

@compute @workgroup_size(64)
fn smooth_first_fine(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= grid.nodes || scalars.stop != 0u) { return; }
    let i = entry_index(nodes[t]);
    let y = grid.stride_y;
    let z = grid.stride_z;
    let sum = modulus[i] + modulus[i - 1u] + modulus[i - y] + modulus[i - y - 1u]
        + modulus[i - z] + modulus[i - z - 1u] + modulus[i - z - y] + modulus[i - z - y - 1u];
    let diagonal = sum * vec3<f32>(STIFFNESS_0[0][0], STIFFNESS_0[1][1], STIFFNESS_0[2][2]);
    store(i, on_free(nodes[t], finite3(finite(sweep.root / spectrum[sweep.level]) * load_rhs(t) / diagonal)));
}

@compute @workgroup_size(64)
fn smooth_fine(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= grid.nodes || scalars.stop != 0u) { return; }
    let i = entry_index(nodes[t]);
    let row = stiffness_row(i);
    let change = finite3(finite(sweep.root / spectrum[sweep.level]) * (load_rhs(t) - row.force) / row.diagonal);
    store(i, load(i) + on_free(nodes[t], change));
}

@compute @workgroup_size(64)
fn residual_fine(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= grid.nodes || scalars.stop != 0u) { return; }
    let i = entry_index(nodes[t]);
    store(i, on_free(nodes[t], load_rhs(t) - stiffness_row(i).force));
}

// --- coarser levels -------------------------------------------------------------------------

// Force over stiffness. Where rounding leaves a node that strains next to nothing without any, it stays where it is.
fn per_stiffness(force: vec3<f32>, diagonal: vec3<f32>) -> vec3<f32> {
    let none = diagonal <= vec3<f32>(0.0);
    return select(finite3(force / select(diagonal, vec3<f32>(1.0), none)), vec3<f32>(0.0), none);
}

@compute @workgroup_size(64)
fn smooth_first_coarse(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= grid.nodes || scalars.stop != 0u) { return; }
    let i = entry_index(nodes[t]);
    store(i, on_free(nodes[t], finite(sweep.root / spectrum[sweep.level]) * per_stiffness(load_rhs(t), stencil_diagonal(t, i))));
}

@compute @workgroup_size(64)
fn smooth_coarse(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= grid.nodes || scalars.stop != 0u) { return; }
    let i = entry_index(nodes[t]);
    let row = stencil_row(t, i);
    let change = finite(sweep.root / spectrum[sweep.level]) * per_stiffness(load_rhs(t) - row.force, row.diagonal);
    store(i, load(i) + on_free(nodes[t], change));
}

@compute @workgroup_size(64)
fn residual_coarse(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= grid.nodes || scalars.stop != 0u) { return; }
    let i = entry_index(nodes[t]);
    store(i, on_free(nodes[t], load_rhs(t) - stencil_row(t, i).force));
}

// --- between levels -------------------------------------------------------------------------

// A node between two coarse nodes along some axes is moved by the mean of its parents, two for each such axis; but where
// bone falls apart, only by those that keep to its own piece (see topology.rs). Parents are numbered by a bit an axis, set
// for the higher of two.
const ALL_PARENTS: u32 = 0xffu;

fn kept_parents(index: u32) -> u32 {
    if (!IN_PIECES) { return ALL_PARENTS; }
    return (parents[index / 4u] >> (8u * (index % 4u))) & 0xffu;
}

// Entry of P: weight of the coarse node for the fine node `index`, at distance `d` (in fine steps) from it.
fn weight(d: vec3<i32>, index: u32) -> f32 {
    let w = max(vec3<f32>(0.0), 1.0 - finite3(vec3<f32>(abs(d)) / vec3<f32>(coarse.factor)));
    let whole = w.x * w.y * w.z;
    if (whole == 0.0 || !IN_PIECES) { return whole; }
    let kept = kept_parents(index);
    if (kept == ALL_PARENTS) { return whole; }
    // Below the coarse node, which is then the higher one.
    let parent = dot(select(vec3<u32>(0u), vec3<u32>(1u, 2u, 4u), d < vec3<i32>(0)), vec3<u32>(1u));
    if (((kept >> parent) & 1u) == 0u) { return 0.0; }
    return finite(1.0 / f32(countOneBits(kept)));
}

// Over the coarse nodes: field_in on the fine grid, field_out the coarse right-hand side, Pᵀ.
@compute @workgroup_size(64)
fn restrict_residual(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= coarse.nodes || scalars.stop != 0u) { return; }
    let i = entry_index(nodes[t]);
    let at = coarse.factor * grid_coordinates(coarse, i);
    var sum = vec3<f32>(0.0);
    for (var z = 0u; z < 3u; z++) {
        for (var y = 0u; y < 3u; y++) {
            for (var x = 0u; x < 3u; x++) {
                let p = at + vec3<u32>(x, y, z); // one higher than the fine node, to stay unsigned
                if (all(p >= vec3<u32>(1u)) && all(p <= grid.elements + vec3<u32>(1u))) {
                    let source = grid_index(grid, p - vec3<u32>(1u));
                    sum += weight(vec3<i32>(i32(x), i32(y), i32(z)) - vec3<i32>(1), source) * load(source);
                }
            }
        }
    }
    store(t, on_free(nodes[t], sum));
}

// Over the fine nodes: field_in on the coarse grid, added to field_out on the fine one, P.
@compute @workgroup_size(64)
fn prolong_correction(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= grid.nodes || scalars.stop != 0u) { return; }
    let i = entry_index(nodes[t]);
    let at = grid_coordinates(grid, i);
    let low = grid_index(coarse, at >> (coarse.factor - 1u));
    let odd = at & (coarse.factor - 1u);
    let kept = kept_parents(i);
    let step = vec3<u32>(odd.x, odd.y * coarse.stride_y, odd.z * coarse.stride_z);
    let near = 0.5 * (load(low) + load(low + step.x));
    let along_y = 0.5 * (near + 0.5 * (load(low + step.y) + load(low + step.y + step.x)));
    let high = low + step.z;
    let far = 0.5 * (load(high) + load(high + step.x));
    let far_y = 0.5 * (far + 0.5 * (load(high + step.y) + load(high + step.y + step.x)));
    var mean = 0.5 * (along_y + far_y);
    if (kept != ALL_PARENTS) {
        mean = vec3<f32>(0.0);
        for (var parent = 0u; parent < 8u; parent++) {
            if (((kept >> parent) & 1u) == 1u) {
                mean += load(low + (parent & 1u) + ((parent >> 1u) & 1u) * coarse.stride_y + (parent >> 2u) * coarse.stride_z);
            }
        }
        mean = finite3(mean / f32(countOneBits(kept)));
    }
    let value = on_free(nodes[t], mean);
    let k = 3u * i;
    field_out[k] += value.x;
    field_out[k + 1u] += value.y;
    field_out[k + 2u] += value.z;
}

// --- coarse operators -----------------------------------------------------------------------

fn corner_step(corner: u32) -> u32 {
    return (corner & 1u) + ((corner >> 1u) & 1u) * grid.stride_y + (corner >> 2u) * grid.stride_z;
}

// Whether a corner of the fine element has lost parents to another piece of bone.
fn at_pieces(element: u32) -> bool {
    let y = grid.stride_y;
    let z = grid.stride_z;
    let all = kept_parents(element) & kept_parents(element + 1u)
        & kept_parents(element + y) & kept_parents(element + y + 1u)
        & kept_parents(element + z) & kept_parents(element + z + 1u)
        & kept_parents(element + z + y) & kept_parents(element + z + y + 1u);
    return all != ALL_PARENTS;
}

// What a fine element of unit modulus adds to the block between two coarse nodes: its lowest corner lies `lowest` fine steps
// from the first, and the second node `other` fine steps from the first.
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
            if (IN_PIECES && at_pieces(grid_index(grid, p))) {
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

// A coarse node whose hat barely touches the bone has a stiffness that is small of second order
// while its couplings are small of first: minus the rounded couplings' sum may then be anything,
// even negative or askew, and conjugate gradients stop short. There the difference is kept; elsewhere
// none is, and translations stay free of force.
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
        sum += (w * here) * own_block(fine);
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

// One invocation a coarse node, once its couplings and its neighbours' are there.
@compute @workgroup_size(64)
fn galerkin_own(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= coarse.nodes) { return; }
    own_correction(t, block_of_stencils(grid_coordinates(coarse, entry_index(nodes[t])), vec3<i32>(0)));
}

// --- the coarsest level ---------------------------------------------------------------------

// A handful of nodes: Chebyshev polynomials of degree 4, again and again, in one workgroup.
const COARSEST_ROUNDS: u32 = 6u;
const COARSEST_RANGE: f32 = 30.0;

@group(0) @binding(14) var<storage, read_write> ping: array<f32>;
@group(0) @binding(15) var<storage, read_write> pong: array<f32>;

fn coarsest_load(index: u32, from_ping: bool) -> vec3<f32> {
    let j = 3u * index;
    if (from_ping) { return vec3<f32>(ping[j], ping[j + 1u], ping[j + 2u]); }
    return vec3<f32>(pong[j], pong[j + 1u], pong[j + 2u]);
}

fn coarsest_row(slot: u32, index: u32, from_ping: bool) -> Row {
    let here = coarsest_load(index, from_ping);
    let own = own_block(slot);
    var force = own * here;
    var diagonal = diagonal_of(own);
    for (var b = 0u; b < AHEAD; b++) {
        let step = ahead_step(grid, b);
        let after = block(b, slot);
        let before = block(b, slots[index - step]);
        force += after * (coarsest_load(index + step, from_ping) - here)
            + (coarsest_load(index - step, from_ping) - here) * before;
        diagonal -= diagonal_of(after) + diagonal_of(before);
    }
    return Row(force, diagonal);
}

@compute @workgroup_size(64)
fn coarsest(@builtin(local_invocation_index) lane: u32) {
    let lambda = spectrum[sweep.level];
    for (var t = lane; t < grid.nodes; t += WORKGROUP) {
        let i = 3u * entry_index(nodes[t]);
        ping[i] = 0.0;
        ping[i + 1u] = 0.0;
        ping[i + 2u] = 0.0;
    }
    storageBarrier();
    for (var round = 0u; round < 4u * COARSEST_ROUNDS; round++) {
        let from_ping = round % 2u == 0u;
        let angle = 3.14159265 * (2.0 * f32(round % 4u) + 1.0) / 8.0;
        let damping = finite(2.0 / (lambda * ((1.0 + 1.0 / COARSEST_RANGE) + (1.0 - 1.0 / COARSEST_RANGE) * cos(angle))));
        for (var t = lane; t < grid.nodes; t += WORKGROUP) {
            let index = entry_index(nodes[t]);
            let i = 3u * index;
            let row = coarsest_row(t, index, from_ping);
            let change = on_free(nodes[t], damping * per_stiffness(load_rhs(t) - row.force, row.diagonal));
            if (from_ping) {
                pong[i] = ping[i] + change.x;
                pong[i + 1u] = ping[i + 1u] + change.y;
                pong[i + 2u] = ping[i + 2u] + change.z;
            } else {
                ping[i] = pong[i] + change.x;
                ping[i + 1u] = pong[i + 1u] + change.y;
                ping[i + 2u] = pong[i + 2u] + change.z;
            }
        }
        storageBarrier();
    }
    // An even number of sweeps ends in ping; the other levels leave theirs in pong.
    for (var t = lane; t < grid.nodes; t += WORKGROUP) {
        let i = 3u * entry_index(nodes[t]);
        pong[i] = ping[i];
        pong[i + 1u] = ping[i + 1u];
        pong[i + 2u] = ping[i + 2u];
    }
}

// --- largest eigenvalue of D⁻¹K ---------------------------------------------------------------
// A few power iterations find an a that most of the spectrum lies below. Chebyshev polynomials of
// [0, a] then stay small on all of that and grow as e^θ, cosh θ = 2λ/a - 1, where λ lies beyond, so
// that even a mode that lives at a single node is seen after two dozen applications.

fn noise(x: u32) -> f32 {
    var h = x * 747796405u + 2891336453u;
    h = ((h >> ((h >> 28u) + 4u)) ^ h) * 277803737u;
    return f32((h >> 22u) ^ h) / 2147483648.0 - 1.0;
}

// A step's factor: keeps all applications inside f32, whether λ is 2 or, near incompressibility, 12.
const SPECTRUM_SCALE: f32 = 0.25;

@compute @workgroup_size(64)
fn spectrum_start(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= grid.nodes) { return; }
    let i = entry_index(nodes[t]);
    store(i, on_free(nodes[t], vec3<f32>(noise(3u * i), noise(3u * i + 1u), noise(3u * i + 2u))));
}

@compute @workgroup_size(64)
fn spectrum_power_fine(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= grid.nodes) { return; }
    let i = entry_index(nodes[t]);
    let row = stiffness_row(i);
    store(i, on_free(nodes[t], finite3(SPECTRUM_SCALE * row.force / row.diagonal)));
}

@compute @workgroup_size(64)
fn spectrum_power_coarse(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= grid.nodes) { return; }
    let i = entry_index(nodes[t]);
    let row = stencil_row(t, i);
    store(i, on_free(nodes[t], SPECTRUM_SCALE * per_stiffness(row.force, row.diagonal)));
}

// field_out holds the polynomial before field_in's, and then the one after it.
fn next_polynomial(t: u32, i: u32, row: Row) {
    let k = 3u * i;
    let before = vec3<f32>(field_out[k], field_out[k + 1u], field_out[k + 2u]);
    let turned = finite(2.0 / spectrum[sweep.level]) * per_stiffness(row.force, row.diagonal) - load(i);
    store(i, on_free(nodes[t], SPECTRUM_SCALE * (2.0 * turned - SPECTRUM_SCALE * before)));
}

@compute @workgroup_size(64)
fn spectrum_polynomial_fine(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= grid.nodes) { return; }
    let i = entry_index(nodes[t]);
    next_polynomial(t, i, stiffness_row(i));
}

@compute @workgroup_size(64)
fn spectrum_polynomial_coarse(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= grid.nodes) { return; }
    let i = entry_index(nodes[t]);
    next_polynomial(t, i, stencil_row(t, i));
}

@group(0) @binding(17) var<storage, read_write> squares: array<vec4<f32>>; // a workgroup: sums of now² and before², largest of each

var<workgroup> lanes: array<vec4<f32>, 64>;

// Sums and maxima over the workgroup, in lanes[0].
fn gather_squares(value: vec4<f32>, lane: u32) {
    lanes[lane] = value;
    workgroupBarrier();
    for (var half = 32u; half > 0u; half /= 2u) {
        if (lane < half) {
            let other = lanes[lane + half];
            lanes[lane] = vec4<f32>(lanes[lane].xy + other.xy, max(lanes[lane].zw, other.zw));
        }
        workgroupBarrier();
    }
}

// Of the last iterate (field_in) and the one before (rhs, by index here).
@compute @workgroup_size(64)
fn spectrum_squares(
    @builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32,
) {
    let t = thread_index(id, groups);
    var value = vec4<f32>(0.0);
    if (t < grid.nodes) {
        let i = entry_index(nodes[t]);
        let now = load(i);
        let before = load_rhs(i);
        let both = vec2<f32>(dot(now, now), dot(before, before));
        value = vec4<f32>(both, both);
    }
    gather_squares(value, lane);
    if (lane == 0u) { squares[group.x + group.y * groups.x] = lanes[0]; }
}

// Growth in the last step, for the first invocation: of the 2-norm, and of the largest node, where a
// mode that lives in few places shows long before it rules the whole.
fn growth(lane: u32) -> vec2<f32> {
    var value = vec4<f32>(0.0);
    let count = (grid.nodes + WORKGROUP - 1u) / WORKGROUP;
    for (var k = lane; k < count; k += WORKGROUP) {
        value = vec4<f32>(value.xy + squares[k].xy, max(value.zw, squares[k].zw));
    }
    gather_squares(value, lane);
    // A level whose every component is held has no spectrum.
    if (any(lanes[0].yw <= vec2<f32>(0.0))) { return vec2<f32>(1.0); }
    return finite2(sqrt(finite2(lanes[0].xz / lanes[0].yw))) / SPECTRUM_SCALE;
}

@compute @workgroup_size(64)
fn spectrum_halfway(@builtin(local_invocation_index) lane: u32) {
    let now = growth(lane);
    if (lane == 0u) { spectrum[sweep.level] = now.x; }
}

// A tenth on top for what is still missed: a smoother amplifies what lies above its λ.
@compute @workgroup_size(64)
fn spectrum_finish(@builtin(local_invocation_index) lane: u32) {
    let now = growth(lane);
    if (lane == 0u) {
        let rho = max(1.0, max(now.x, now.y));
        spectrum[sweep.level] *= 1.1 * 0.5 * (1.0 + 0.5 * (rho + finite(1.0 / rho)));
    }
}
