// One row of the stiffness matrix, without the matrix. STIFFNESS_b, prepended when the
// pipeline is made, is the 3×3 block between the corner at the origin and corner b
// (bits x, y, z) of an element of unit modulus; the other seven octants are its mirrors.
// Unrolled on purpose: constants and no loops gave ten times on software adapters.

@group(0) @binding(0) var<uniform> grid: Grid;
@group(0) @binding(2) var<storage, read> nodes: array<u32>;
@group(0) @binding(3) var<storage, read> modulus: array<f32>;
@group(0) @binding(4) var<storage, read> field_in: array<f32>;

struct Row {
    force: vec3<f32>,    // row of K times field_in
    diagonal: vec3<f32>, // row's own diagonal
}

fn load(index: u32) -> vec3<f32> {
    let i = 3u * index;
    return vec3<f32>(field_in[i], field_in[i + 1u], field_in[i + 2u]);
}

// Neighbours come as differences from the node: a translation strains nothing, and taking it
// out first keeps f32 from losing the strain in a large displacement.
fn octant(
    e: f32, s: vec3<f32>,
    d1: vec3<f32>, d2: vec3<f32>, d3: vec3<f32>, d4: vec3<f32>, d5: vec3<f32>, d6: vec3<f32>, d7: vec3<f32>,
) -> vec3<f32> {
    return (e * s) * (STIFFNESS_1 * (s * d1) + STIFFNESS_2 * (s * d2) + STIFFNESS_3 * (s * d3)
        + STIFFNESS_4 * (s * d4) + STIFFNESS_5 * (s * d5) + STIFFNESS_6 * (s * d6) + STIFFNESS_7 * (s * d7));
}

fn stiffness_row(i: u32) -> Row {
    let y = grid.stride_y;
    let z = grid.stride_z;
    let e000 = modulus[i - 1u - y - z];
    let e100 = modulus[i - y - z];
    let e010 = modulus[i - 1u - z];
    let e110 = modulus[i - z];
    let e001 = modulus[i - 1u - y];
    let e101 = modulus[i - y];
    let e011 = modulus[i - 1u];
    let e111 = modulus[i];

    let here = load(i);
    let n000 = load(i - 1u - y - z) - here; let n100 = load(i - y - z) - here; let n200 = load(i + 1u - y - z) - here;
    let n010 = load(i - 1u - z) - here;     let n110 = load(i - z) - here;     let n210 = load(i + 1u - z) - here;
    let n020 = load(i - 1u + y - z) - here; let n120 = load(i + y - z) - here; let n220 = load(i + 1u + y - z) - here;
    let n001 = load(i - 1u - y) - here;     let n101 = load(i - y) - here;     let n201 = load(i + 1u - y) - here;
    let n011 = load(i - 1u) - here; let n211 = load(i + 1u) - here;
    let n021 = load(i - 1u + y) - here;     let n121 = load(i + y) - here;     let n221 = load(i + 1u + y) - here;
    let n002 = load(i - 1u - y + z) - here; let n102 = load(i - y + z) - here; let n202 = load(i + 1u - y + z) - here;
    let n012 = load(i - 1u + z) - here;     let n112 = load(i + z) - here;     let n212 = load(i + 1u + z) - here;
    let n022 = load(i - 1u + y + z) - here; let n122 = load(i + y + z) - here; let n222 = load(i + 1u + y + z) - here;

    var force = octant(e111, vec3<f32>(1.0, 1.0, 1.0), n211, n121, n221, n112, n212, n122, n222);
    force += octant(e011, vec3<f32>(-1.0, 1.0, 1.0), n011, n121, n021, n112, n012, n122, n022);
    force += octant(e101, vec3<f32>(1.0, -1.0, 1.0), n211, n101, n201, n112, n212, n102, n202);
    force += octant(e001, vec3<f32>(-1.0, -1.0, 1.0), n011, n101, n001, n112, n012, n102, n002);
    force += octant(e110, vec3<f32>(1.0, 1.0, -1.0), n211, n121, n221, n110, n210, n120, n220);
    force += octant(e010, vec3<f32>(-1.0, 1.0, -1.0), n011, n121, n021, n110, n010, n120, n020);
    force += octant(e100, vec3<f32>(1.0, -1.0, -1.0), n211, n101, n201, n110, n210, n100, n200);
    force += octant(e000, vec3<f32>(-1.0, -1.0, -1.0), n011, n101, n001, n110, n010, n100, n000);

    let sum = e000 + e100 + e010 + e110 + e001 + e101 + e011 + e111;
    return Row(force, sum * vec3<f32>(STIFFNESS_0[0][0], STIFFNESS_0[1][1], STIFFNESS_0[2][2]));
}
