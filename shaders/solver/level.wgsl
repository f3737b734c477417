// What the kernels of one multigrid level share: the preconditioner is one V-cycle. The finest
// level is matrix-free; every coarser one is the Galerkin product PᵀKP of the level above
// (galerkin.wgsl).

struct Sweep {
    root: f32,   // damping of this sweep times λ
    level: u32,
}

@group(0) @binding(5) var<storage, read_write> field_out: array<f32>;
@group(0) @binding(6) var<storage, read> rhs: array<f32>;         // [nodes][3]
@group(0) @binding(9) var<storage, read_write> spectrum: array<f32>; // λmax(D⁻¹K) a level
@group(0) @binding(10) var<uniform> sweep: Sweep;

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
