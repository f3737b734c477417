// A box of hexahedral elements with its nodes. Elements and nodes share one index, the
// element that of its lowest corner. One padding layer, shared between the end of a row and
// the start of the next, keeps every neighbour of a node in range without a test: nothing
// but zero is ever stored there.
struct Grid {
    elements: vec3<u32>, // elements along x, y, z
    nodes: u32,          // active nodes
    stride_y: u32,
    stride_z: u32,
    base: u32,           // index of node (0, 0, 0)
    corrected: u32,      // 1 where stencils hold corrections of the nodes' own blocks
    factor: vec3<u32>,   // elements of the next finer grid, 1 or 2, that make one along x, y, z
}

// An entry of a list of active nodes: index, and in the three top bits which components are held.
fn entry_index(entry: u32) -> u32 {
    return entry & 0x1fffffffu;
}

// `value` on an entry's free components, zero on held ones. A select, not a product: a software
// adapter (LLVM) pulls products and sums into its loop over the lanes of the store that follows,
// all the arithmetic behind them included, and takes twice the time.
fn on_free(entry: u32, value: vec3<f32>) -> vec3<f32> {
    return select(value, vec3<f32>(0.0), (vec3<u32>(entry) & vec3<u32>(1u << 29u, 1u << 30u, 1u << 31u)) != vec3<u32>(0u));
}

fn grid_index(grid: Grid, at: vec3<u32>) -> u32 {
    return grid.base + at.x + at.y * grid.stride_y + at.z * grid.stride_z;
}

fn grid_coordinates(grid: Grid, index: u32) -> vec3<u32> {
    let i = index - grid.base;
    let z = i / grid.stride_z;
    let y = (i - z * grid.stride_z) / grid.stride_y;
    return vec3<u32>(i - z * grid.stride_z - y * grid.stride_y, y, z);
}
