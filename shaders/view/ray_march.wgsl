// The tissue as an opaque surface, cut open by a plane and coloured by a field; the other
// tissue as a faint ghost around it. Parallel rays, so that a scale bar holds everywhere.

struct View {
    origin: vec3<f32>,    // where the ray through the image's centre starts, voxels
    solid: u32,           // lowest bit: 0 bone, 1 muscle; next: values are numbers of things
    forward: vec3<f32>,   // along a ray, voxels, length 1
    ghost: f32,           // opacity a voxel of the other tissue
    right: vec3<f32>,     // half the image's width, voxels
    low: f32,             // field value at the colour map's start
    up: vec3<f32>,        // half the image's height, voxels
    high: f32,            // field value at its end
    cut: vec4<f32>,       // keep where dot(cut.xyz, p) <= cut.w; cut.xyz of length 1, or 0 for no cut
    background: vec4<f32>,
    voxels: vec3<u32>,
    scale: f32,           // field value = scale × stored
}

@group(0) @binding(0) var<uniform> view: View;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read> envelope: array<u32>; // bytes: bone, muscle, distance to bone, distance to muscle
@group(0) @binding(3) var<uniform> colours: array<vec4<f32>, 256>;

struct Corner {
    @builtin(position) position: vec4<f32>,
    @location(0) at: vec2<f32>, // −1 to 1
}

@vertex
fn corner(@builtin(vertex_index) i: u32) -> Corner {
    let at = vec2<f32>(f32(i & 1u) * 4.0 - 1.0, f32(i >> 1u) * 4.0 - 1.0);
    return Corner(vec4<f32>(at, 0.0, 1.0), at);
}

fn index(p: vec3<i32>) -> u32 {
    let n = vec3<i32>(view.voxels);
    let q = clamp(p, vec3<i32>(0), n - 1);
    return u32(q.x + n.x * (q.y + n.y * q.z));
}

fn share(cell: u32) -> f32 {
    return f32((cell >> (8u * (view.solid & 1u))) & 0xffu) / 255.0;
}

fn inside(p: vec3<i32>) -> bool {
    return all(p >= vec3<i32>(0)) && all(p < vec3<i32>(view.voxels));
}

// What is drawn without a value of its own has this one; keep in step with field.rs.
const NOTHING: f32 = -1e30;

// Share of the solid tissue at p, and its field averaged over the tissue alone, so that a
// value at the surface is not diluted by the emptiness beside it; NOTHING where most of it has
// none.
fn sample(p: vec3<f32>) -> vec2<f32> {
    let q = p - 0.5;
    let low = vec3<i32>(floor(q));
    let f = q - floor(q);
    var opacity = 0.0;
    var told = 0.0;
    var sum = 0.0;
    var most = vec2<f32>(0.0, NOTHING);
    for (var c = 0; c < 8; c++) {
        let o = vec3<i32>(c & 1, (c >> 1) & 1, c >> 2);
        if (!inside(low + o)) { continue; }
        let w = mix(1.0 - f.x, f.x, f32(o.x)) * mix(1.0 - f.y, f.y, f32(o.y)) * mix(1.0 - f.z, f.z, f32(o.z));
        let i = index(low + o);
        let s = w * share(envelope[i]);
        opacity += s;
        let value = values[i];
        if (value > NOTHING) {
            told += s;
            sum += s * value;
            if (s > most.x) { most = vec2<f32>(s, value); }
        }
    }
    // Between two numbers of things there is nothing.
    let mean = select(finite(sum / max(told, 1e-6)), most.y, (view.solid & 2u) != 0u);
    return vec2<f32>(opacity, select(mean, NOTHING, told < 0.5 * opacity));
}

fn solid_at(p: vec3<f32>) -> f32 {
    return sample(p).x;
}

@fragment
fn march(corner: Corner) -> @location(0) vec4<f32> {
    let start = view.origin + corner.at.x * view.right + corner.at.y * view.up;
    let d = view.forward;
    // Where the ray is inside the lattice and behind the cut.
    let inverse = finite3(1.0 / select(d, vec3<f32>(1e-9), abs(d) < vec3<f32>(1e-9)));
    let a = -start * inverse;
    let b = (vec3<f32>(view.voxels) - start) * inverse;
    let enter3 = min(a, b);
    let leave3 = max(a, b);
    var t = max(max(enter3.x, enter3.y), enter3.z);
    var end = min(min(leave3.x, leave3.y), leave3.z);
    var cut_face = false;
    let slope = dot(view.cut.xyz, d);
    let height = dot(view.cut.xyz, start) - view.cut.w;
    if (abs(slope) > 1e-6) {
        let crossing = finite(-height / slope);
        if (slope < 0.0) {
            if (crossing > t) { t = crossing; cut_face = true; }
        } else {
            end = min(end, crossing);
        }
    } else if (height > 0.0) {
        end = t;
    }

    var colour = view.background.rgb;
    var ghost = 0.0;
    var hit = false;
    t += 1e-3;
    let first = t;
    for (var step = 0u; step < 2000u && t < end; step++) {
        let p = start + t * d;
        let cell = envelope[index(vec3<i32>(floor(p)))];
        let empty = f32((cell >> (16u + 8u * (view.solid & 1u))) & 0xffu);
        if (view.ghost > 0.0) {
            let other = f32((cell >> (8u * (1u - (view.solid & 1u)))) & 0xffu) / 255.0;
            let length = min(max(empty - 1.0, 0.5), 2.0);
            ghost += other * view.ghost * length;
        }
        if (empty > 1.5) {
            // Nothing solid within `empty` voxels, whichever way.
            t += select(empty - 1.0, min(empty - 1.0, 2.0), view.ghost > 0.0);
            continue;
        }
        if (solid_at(p) >= 0.5) { hit = true; break; }
        t += 0.5;
    }
    if (hit) {
        let on_cut = cut_face && t - first < 0.25;
        if (!on_cut) {
            var before = t - 0.5;
            for (var k = 0u; k < 5u; k++) {
                let middle = 0.5 * (before + t);
                if (solid_at(start + middle * d) >= 0.5) { t = middle; } else { before = middle; }
            }
        }
        let p = start + t * d;
        var normal = view.cut.xyz;
        if (!on_cut) {
            let e = 0.7;
            normal = -vec3<f32>(
                solid_at(p + vec3<f32>(e, 0.0, 0.0)) - solid_at(p - vec3<f32>(e, 0.0, 0.0)),
                solid_at(p + vec3<f32>(0.0, e, 0.0)) - solid_at(p - vec3<f32>(0.0, e, 0.0)),
                solid_at(p + vec3<f32>(0.0, 0.0, e)) - solid_at(p - vec3<f32>(0.0, 0.0, e)),
            );
            normal = finite3(normal / max(length(normal), 1e-6));
        }
        let stored = sample(p + 0.3 * d * select(1.0, 0.0, on_cut)).y;
        let value = stored * view.scale;
        let place = clamp(finite((value - view.low) / (view.high - view.low)), 0.0, 1.0) * 255.0;
        let i = u32(floor(place));
        let mapped = mix(colours[i].rgb, colours[min(i + 1u, 255u)].rgb, fract(place));
        // Bone that no value is known of is bone-coloured.
        let base = select(mapped, vec3<f32>(0.90, 0.87, 0.79), stored <= NOTHING);
        // A cut face keeps its colours exactly, for comparison with the colour bar.
        let toward = max(0.0, dot(normal, -d));
        let light = select(0.35 + 0.65 * toward, 1.0, on_cut);
        colour = base * light;
    }
    let veil = 1.0 - finite(exp(-ghost));
    colour = mix(colour, vec3<f32>(0.72, 0.30, 0.28), veil * select(0.55, 0.25, hit));
    return vec4<f32>(colour, 1.0);
}
