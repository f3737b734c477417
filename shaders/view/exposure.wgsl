// The samples of a picture as one: their mean over the ground, as other eyes see it.

struct Exposure {
    ground: vec4<f32>,       // behind, sRGB; w 0 leaves it open
    vision: mat3x4<f32>,     // rows on linear light
    samples: f32,
    seen: u32,               // whether the matrix is used
    padding_a: u32,
    padding_b: u32,
}

@group(0) @binding(0) var<uniform> exposure: Exposure;
@group(0) @binding(1) var sum: texture_2d<f32>;

@vertex
fn corner(@builtin(vertex_index) i: u32) -> @builtin(position) vec4<f32> {
    return vec4<f32>(f32(i & 1u) * 4.0 - 1.0, f32(i >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}

fn power(x: vec3<f32>, e: f32) -> vec3<f32> {
    return finite3(pow(max(x, vec3<f32>(0.0)), vec3<f32>(e)));
}

fn linear(c: vec3<f32>) -> vec3<f32> {
    return select(power((c + 0.055) / 1.055, 2.4), c / 12.92, c <= vec3<f32>(0.04045));
}

fn encoded(c: vec3<f32>) -> vec3<f32> {
    return select(1.055 * power(c, 1.0 / 2.4) - 0.055, 12.92 * c, c <= vec3<f32>(0.0031308));
}

@fragment
fn expose(@builtin(position) at: vec4<f32>) -> @location(0) vec4<f32> {
    let mean = textureLoad(sum, vec2<i32>(at.xy), 0) * finite(1.0 / exposure.samples);
    var colour = mean.rgb + (1.0 - mean.w) * exposure.ground.rgb;
    var opacity = 1.0;
    if (exposure.ground.w == 0.0) {
        opacity = mean.w;
        // Straight: colour as it is where the tissue is.
        colour = finite3(mean.rgb / max(mean.w, 1e-4));
    }
    if (exposure.seen != 0u) {
        let light = linear(clamp(colour, vec3<f32>(0.0), vec3<f32>(1.0)));
        let rows = exposure.vision;
        colour = encoded(clamp(vec3<f32>(dot(rows[0].xyz, light), dot(rows[1].xyz, light),
            dot(rows[2].xyz, light)), vec3<f32>(0.0), vec3<f32>(1.0)));
    }
    return vec4<f32>(colour, opacity);
}
