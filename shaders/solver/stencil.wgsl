// A coarse level's operator: the 13 blocks of 3×3 that couple a node to the neighbours after it;
// symmetry gives those before it, and a translation's lack of force the node's own (but see
// own_correction in galerkin.wgsl).

@group(0) @binding(7) var<storage, read> stencil: array<u32>;     // [13 or 14 blocks · 3][nodes + 1], the last column zero
@group(0) @binding(12) var<storage, read> slots: array<u32>;      // place in the node list by index; the zero column where there is no node

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

fn diagonal_of(m: mat3x3<f32>) -> vec3<f32> {
    return vec3<f32>(m[0].x, m[1].y, m[2].z);
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

// Force over stiffness. Where rounding leaves a node that strains next to nothing without any, it
// stays where it is.
fn per_stiffness(force: vec3<f32>, diagonal: vec3<f32>) -> vec3<f32> {
    let none = diagonal <= vec3<f32>(0.0);
    return select(finite3(force / select(diagonal, vec3<f32>(1.0), none)), vec3<f32>(0.0), none);
}
