// Counts, where a quotient, root or power is made, what is no number and what is infinite: minima,
// maxima and clamps hide both. STAGE, this module's place among the counts, is put before this
// text.
@group(0) @binding(99) var<storage, read_write> faults: array<atomic<u32>>; // [stage][NaN, infinite]

fn count_fault(x: f32) {
    // By its bits: a compiler may take for granted that numbers are finite.
    let size = bitcast<u32>(x) & 0x7fffffffu;
    if (size > 0x7f800000u) { atomicAdd(&faults[2u * STAGE], 1u); }
    if (size == 0x7f800000u) { atomicAdd(&faults[2u * STAGE + 1u], 1u); }
}

fn finite(x: f32) -> f32 {
    count_fault(x);
    return x;
}

fn finite2(x: vec2<f32>) -> vec2<f32> {
    count_fault(x.x);
    count_fault(x.y);
    return x;
}

fn finite3(x: vec3<f32>) -> vec3<f32> {
    count_fault(x.x);
    count_fault(x.y);
    count_fault(x.z);
    return x;
}

fn finite4(x: vec4<f32>) -> vec4<f32> {
    count_fault(x.x);
    count_fault(x.y);
    count_fault(x.z);
    count_fault(x.w);
    return x;
}
