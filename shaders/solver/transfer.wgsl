// Between two levels: Pᵀ takes a residual down, P brings a correction up.

@group(0) @binding(11) var<storage, read> scalars: Scalars;

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
    let mask = transfer_mask(i);
    let step = vec3<u32>(odd.x, odd.y * coarse.stride_y, odd.z * coarse.stride_z);
    let near = 0.5 * (load(low) + load(low + step.x));
    let along_y = 0.5 * (near + 0.5 * (load(low + step.y) + load(low + step.y + step.x)));
    let high = low + step.z;
    let far = 0.5 * (load(high) + load(high + step.x));
    let far_y = 0.5 * (far + 0.5 * (load(high + step.y) + load(high + step.y + step.x)));
    var mean = 0.5 * (along_y + far_y);
    if (mask != ALL_PARENTS) {
        mean = vec3<f32>(0.0);
        for (var parent = 0u; parent < 8u; parent++) {
            if (((mask >> parent) & 1u) == 1u) {
                mean += load(low + (parent & 1u) + ((parent >> 1u) & 1u) * coarse.stride_y + (parent >> 2u) * coarse.stride_z);
            }
        }
        mean = finite3(mean / f32(max(1u, countOneBits(mask))));
    }
    let value = on_free(nodes[t], mean);
    let k = 3u * i;
    field_out[k] += value.x;
    field_out[k + 1u] += value.y;
    field_out[k + 2u] += value.z;
}
