// Conjugate gradients for K u = b, preconditioned by a multigrid V-cycle. One unit load case at a
// time; the displacement of the last solve is the first guess of the next.


@group(0) @binding(5) var<storage, read_write> r: array<f32>;    // [nodes][3]; the other vectors go by index
@group(0) @binding(6) var<storage, read_write> p: array<f32>;
@group(0) @binding(7) var<storage, read_write> q: array<f32>;
@group(0) @binding(8) var<storage, read> z: array<f32>;
@group(0) @binding(9) var<storage, read_write> u: array<f32>;
@group(0) @binding(10) var<storage, read_write> partials: array<f32>;
@group(0) @binding(11) var<storage, read_write> scalars: Scalars;
@group(0) @binding(12) var<storage, read> load_points: array<vec4<f32>>; // force, and the node's place in the list in the bits of w

var<workgroup> sums: array<f32, 64>;

// Leaves the sum of `value` over the workgroup in sums[0], for the first invocation. In eights,
// because a barrier costs a software adapter more than seven additions.
fn reduce(value: f32, lane: u32) {
    sums[lane] = value;
    workgroupBarrier();
    if (lane % 8u == 0u) {
        sums[lane] = ((sums[lane] + sums[lane + 1u]) + (sums[lane + 2u] + sums[lane + 3u]))
            + ((sums[lane + 4u] + sums[lane + 5u]) + (sums[lane + 6u] + sums[lane + 7u]));
    }
    workgroupBarrier();
    if (lane == 0u) {
        sums[0] = ((sums[0] + sums[8]) + (sums[16] + sums[24])) + ((sums[32] + sums[40]) + (sums[48] + sums[56]));
    }
}

// The sum of all workgroups' partial sums, in sums[0], for the first invocation.
fn reduce_partials(lane: u32) {
    var sum = 0.0;
    let count = (grid.nodes + WORKGROUP - 1u) / WORKGROUP;
    for (var k = lane; k < count; k += WORKGROUP) { sum += partials[k]; }
    reduce(sum, lane);
}

// r ← b, r having been cleared.
@compute @workgroup_size(64)
fn apply_load(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= arrayLength(&load_points)) { return; }
    let point = load_points[t];
    let i = 3u * bitcast<u32>(point.w);
    r[i] = point.x;
    r[i + 1u] = point.y;
    r[i + 2u] = point.z;
}

// r ← r − K u, on free components; field_in is u.
@compute @workgroup_size(64)
fn residual(
    @builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32,
) {
    let t = thread_index(id, groups);
    var sum = 0.0;
    if (t < grid.nodes) {
        let i = entry_index(nodes[t]);
        let k = 3u * t;
        let value = on_free(nodes[t], vec3<f32>(r[k], r[k + 1u], r[k + 2u]) - stiffness_row(i).force);
        r[k] = value.x;
        r[k + 1u] = value.y;
        r[k + 2u] = value.z;
        sum = dot(value, value);
    }
    reduce(sum, lane);
    if (lane == 0u) { partials[group.x + group.y * groups.x] = sums[0]; }
}

// Starts a solve: what is left of r decides whether anything is to be done.
@compute @workgroup_size(64)
fn finish_start(@builtin(local_invocation_index) lane: u32) {
    reduce_partials(lane);
    if (lane == 0u) {
        scalars.rr = sums[0];
        scalars.rz = 0.0;
        scalars.iterations = 0u;
        scalars.stop = select(0u, 1u, sums[0] <= scalars.tolerance * scalars.tolerance * scalars.bb);
    }
}

// Ends a solve: ‖b − K u‖² of the stored displacement, nothing else touched.
@compute @workgroup_size(64)
fn finish_true(@builtin(local_invocation_index) lane: u32) {
    reduce_partials(lane);
    if (lane == 0u) { scalars.rr = sums[0]; }
}

@compute @workgroup_size(64)
fn dot_rz(
    @builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32,
) {
    let t = thread_index(id, groups);
    var sum = 0.0;
    if (t < grid.nodes && scalars.stop == 0u) {
        let k = 3u * entry_index(nodes[t]);
        let s = 3u * t;
        sum = r[s] * z[k] + r[s + 1u] * z[k + 1u] + r[s + 2u] * z[k + 2u];
    }
    reduce(sum, lane);
    if (lane == 0u) { partials[group.x + group.y * groups.x] = sums[0]; }
}

@compute @workgroup_size(64)
fn finish_beta(@builtin(local_invocation_index) lane: u32) {
    reduce_partials(lane);
    if (lane == 0u && scalars.stop == 0u) {
        scalars.beta = 0.0;
        if (scalars.rz > 0.0) { scalars.beta = finite(sums[0] / scalars.rz); }
        scalars.rz = sums[0];
    }
}

// p ← z + β p
@compute @workgroup_size(64)
fn direction(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = thread_index(id, groups);
    if (t >= grid.nodes || scalars.stop != 0u) { return; }
    let k = 3u * entry_index(nodes[t]);
    p[k] = z[k] + scalars.beta * p[k];
    p[k + 1u] = z[k + 1u] + scalars.beta * p[k + 1u];
    p[k + 2u] = z[k + 2u] + scalars.beta * p[k + 2u];
}

// q ← K p; field_in is p.
@compute @workgroup_size(64)
fn stiffness_times(
    @builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32,
) {
    let t = thread_index(id, groups);
    var sum = 0.0;
    if (t < grid.nodes && scalars.stop == 0u) {
        let i = entry_index(nodes[t]);
        let k = 3u * i;
        let value = on_free(nodes[t], stiffness_row(i).force);
        q[k] = value.x;
        q[k + 1u] = value.y;
        q[k + 2u] = value.z;
        sum = dot(value, load(i));
    }
    reduce(sum, lane);
    if (lane == 0u) { partials[group.x + group.y * groups.x] = sums[0]; }
}

@compute @workgroup_size(64)
fn finish_alpha(@builtin(local_invocation_index) lane: u32) {
    reduce_partials(lane);
    if (lane == 0u && scalars.stop == 0u) {
        scalars.alpha = 0.0;
        if (sums[0] > 0.0) { scalars.alpha = finite(scalars.rz / sums[0]); }
    }
}

// u ← u + α p, r ← r − α q
@compute @workgroup_size(64)
fn update(
    @builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32,
) {
    let t = thread_index(id, groups);
    var sum = 0.0;
    if (t < grid.nodes && scalars.stop == 0u) {
        let k = 3u * entry_index(nodes[t]);
        for (var c = 0u; c < 3u; c++) {
            u[k + c] += scalars.alpha * p[k + c];
            let value = r[3u * t + c] - scalars.alpha * q[k + c];
            r[3u * t + c] = value;
            sum += value * value;
        }
    }
    reduce(sum, lane);
    if (lane == 0u) { partials[group.x + group.y * groups.x] = sums[0]; }
}

@compute @workgroup_size(64)
fn finish_update(@builtin(local_invocation_index) lane: u32) {
    reduce_partials(lane);
    if (lane == 0u && scalars.stop == 0u) {
        scalars.rr = sums[0];
        scalars.iterations += 1u;
        if (sums[0] <= scalars.tolerance * scalars.tolerance * scalars.bb) {
            let enough = sums[0] <= scalars.enough * scalars.enough * scalars.bb;
            if (scalars.finishing == 0u || enough) { scalars.stop = 1u; } else { scalars.finishing -= 1u; }
        }
    }
}
