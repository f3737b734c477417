// The coarsest level: a handful of nodes, in one workgroup.

// Chebyshev polynomials of degree 4, again and again.
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
