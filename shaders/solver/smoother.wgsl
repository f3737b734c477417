// The smoother: damped point Jacobi with a different damping in each sweep, the Chebyshev roots of
// [λ/range, λ], so that a visit of a level is one Chebyshev polynomial and stays symmetric; and
// what it leaves.

@group(0) @binding(11) var<storage, read> scalars: Scalars;

// --- on the finest level

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

// --- on coarser levels

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
