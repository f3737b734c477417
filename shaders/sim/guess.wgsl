// Where a solve begins: density changes steadily, so displacements lie about as far from those of
// the last solve as these did from those of the one before.

@group(0) @binding(0) var<storage, read_write> displacement: array<f32>; // all unit loads, padded
@group(0) @binding(1) var<storage, read_write> earlier: array<f32>;      // the same, one solve before

@compute @workgroup_size(64)
fn onward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = thread_index(id, groups);
    if (i >= arrayLength(&displacement)) { return; }
    let last = displacement[i];
    // Where nothing has changed this is the last one to the bit.
    displacement[i] = last + (last - earlier[i]);
    earlier[i] = last;
}

// Nothing is known of how displacements change.
@compute @workgroup_size(64)
fn anew(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = thread_index(id, groups);
    if (i >= arrayLength(&displacement)) { return; }
    earlier[i] = displacement[i];
}
