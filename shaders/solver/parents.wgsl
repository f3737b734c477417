// P: the transfer weights of coarse nodes for fine ones.

@group(0) @binding(1) var<uniform> coarse: Grid;
@group(0) @binding(18) var<storage, read> parents: array<u32>;    // transfer masks, four nodes a word, by index of the finer grid

// A node between two coarse nodes along some axes takes the mean of its parents, two for each such
// axis. Where bone is not connected, only parents of its own component count (topology.rs says
// why). A parent's number has a bit for each axis, set for the higher of two.
const ALL_PARENTS: u32 = 0xffu;

fn transfer_mask(index: u32) -> u32 {
    if (!IS_SPLIT) { return ALL_PARENTS; }
    return (parents[index / 4u] >> (8u * (index % 4u))) & 0xffu;
}

// Entry of P: weight of the coarse node for the fine node `index`, at distance `d` (in fine steps)
// from it.
fn weight(d: vec3<i32>, index: u32) -> f32 {
    let w = max(vec3<f32>(0.0), 1.0 - finite3(vec3<f32>(abs(d)) / vec3<f32>(coarse.factor)));
    let whole = w.x * w.y * w.z;
    if (whole == 0.0 || !IS_SPLIT) { return whole; }
    let mask = transfer_mask(index);
    if (mask == ALL_PARENTS) { return whole; }
    // Below the coarse node, which is then the higher one.
    let parent = dot(select(vec3<u32>(0u), vec3<u32>(1u, 2u, 4u), d < vec3<i32>(0)), vec3<u32>(1u));
    if (((mask >> parent) & 1u) == 0u) { return 0.0; }
    return finite(1.0 / f32(countOneBits(mask)));
}
