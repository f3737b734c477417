// Marks where a quotient, root or power is made. `finite_counted.wgsl` stands in its place where
// they are to be checked.
fn finite(x: f32) -> f32 { return x; }
fn finite2(x: vec2<f32>) -> vec2<f32> { return x; }
fn finite3(x: vec3<f32>) -> vec3<f32> { return x; }
fn finite4(x: vec4<f32>) -> vec4<f32> { return x; }
