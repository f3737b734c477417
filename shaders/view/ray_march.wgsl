// A sample of the picture: bone and muscle as surfaces that a ray is marched to, opened by a
// plane whose face shows a field unlit. Parallel rays, so that a scale bar holds everywhere.
// Sample 0 is the fast one; later ones differ in where in the pixel and to which light they look,
// and are gathered by exposure.wgsl.

struct View {
    origin: vec3<f32>,    // where the ray through the image's centre starts, voxels
    flags: u32,
    forward: vec3<f32>,   // along a ray, voxels, length 1
    pixel: f32,           // edge of a pixel, voxels
    right: vec3<f32>,     // half the image's width, voxels
    sample: u32,
    up: vec3<f32>,        // half the image's height, voxels
    shell: f32,           // opacity of a muscle's shell seen face on
    key: vec3<f32>,       // towards the key light, length 1
    iso: f32,             // place on the colour map of an isosurface
    cut: vec4<f32>,       // keep where dot(cut.xyz, p) <= cut.w; cut.xyz of length 1, or 0 for no cut
    voxels: vec3<u32>,
    grain: f32,           // voxels a grain of the fibres' lines
    size: vec2<u32>,      // of the whole image, pixels
    corner: vec2<u32>,    // of this tile in it
    contour: vec2<f32>,   // values on the map are (contour.x + place × contour.y) contour steps; 0 none
    padding: vec2<f32>,
    flesh: vec4<f32>,     // muscle's own colour
}

@group(0) @binding(0) var<uniform> view: View;
@group(0) @binding(1) var<uniform> colours: array<vec4<f32>, 256>;  // and opacity a voxel
@group(0) @binding(2) var distances: texture_3d<f32>; // bone; smoothed, or struts at the start; muscle, at the start
@group(0) @binding(3) var told: texture_3d<f32>;      // share × place on the colour map, share, share × second, share of bone beside
@group(0) @binding(4) var fibres: texture_3d<f32>;    // direction, from 0 to 1; number of the muscle
@group(0) @binding(5) var grains: texture_3d<f32>;    // noise without a beginning
@group(0) @binding(6) var near: sampler;              // ends at its edges
@group(0) @binding(7) var endless: sampler;           // goes on
@group(0) @binding(8) var before: texture_2d<f32>;    // the sum of the samples before this one

const OF_MUSCLE: u32 = 1u;    // the field is muscle's
const NAMED: u32 = 2u;        // its values are numbers of things
const BEYOND: u32 = 4u;       // above the range is neutral
const COLOURED: u32 = 8u;     // curved surfaces show the field
const TISSUE: u32 = 16u;      // as it looks, no field
const OUTLINE: u32 = 32u;     // of the muscles at the start
const EVEN: u32 = 64u;        // there is a smoothed distance to bone

// What a pipeline is made for: written before this by ray_march.rs. A software adapter runs every
// side of every branch, so that what is never asked for must not be in the program.
//   SHELL    muscles are seen through
//   SOLID    muscles are not
//   SLICE    nothing but what lies on the cut
//   STRUTS   formed and resorbed in two colours
//   ISO      an isosurface of the field
//   CLOUD    the field as a cloud

const IVORY: vec3<f32> = vec3<f32>(0.905, 0.875, 0.795);
const SEPTUM: vec3<f32> = vec3<f32>(0.93, 0.80, 0.74);
const TENDON: u32 = 255u; // its number among muscles
const SINEW: vec3<f32> = vec3<f32>(0.93, 0.91, 0.86);
const CARTILAGE: vec3<f32> = vec3<f32>(0.60, 0.70, 0.76);
const FORMED: vec3<f32> = vec3<f32>(0.22, 0.48, 0.80);
const RESORBED: vec3<f32> = vec3<f32>(0.93, 0.55, 0.16);
const RED_MARROW: vec3<f32> = vec3<f32>(0.66, 0.20, 0.18);
const YELLOW_MARROW: vec3<f32> = vec3<f32>(0.95, 0.80, 0.36);
const INK: vec3<f32> = vec3<f32>(0.16, 0.16, 0.18);

const MOST_STEPS: u32 = 600u;

struct Corner {
    @builtin(position) position: vec4<f32>,
}

@vertex
fn corner(@builtin(vertex_index) i: u32) -> Corner {
    let at = vec2<f32>(f32(i & 1u) * 4.0 - 1.0, f32(i >> 1u) * 4.0 - 1.0);
    return Corner(vec4<f32>(at, 0.0, 1.0));
}

fn has(flag: u32) -> bool { return (view.flags & flag) != 0u; }

// Three numbers from 0 to 1 that have nothing to do with each other (Jarzynski and Olano 2020,
// pcg3d).
fn random(seed: vec3<u32>) -> vec3<f32> {
    var v = seed * 1664525u + 1013904223u;
    v.x += v.y * v.z; v.y += v.z * v.x; v.z += v.x * v.y;
    v ^= v >> vec3<u32>(16u);
    v.x += v.y * v.z; v.y += v.z * v.x; v.z += v.x * v.y;
    return vec3<f32>(v >> vec3<u32>(8u)) / 16777216.0;
}

fn towards(x: vec3<f32>) -> vec3<f32> {
    return finite3(x / max(length(x), 1e-6));
}

fn in_lattice(p: vec3<f32>) -> vec3<f32> { return finite3(p / vec3<f32>(view.voxels)); }

fn distances_at(p: vec3<f32>) -> vec4<f32> {
    return textureSampleLevel(distances, near, in_lattice(p), 0.0);
}

fn told_at(p: vec3<f32>) -> vec4<f32> {
    return textureSampleLevel(told, near, in_lattice(p), 0.0);
}

// Distance to bone's surface, or to the surface that stands for it.
fn bone_from(d: vec4<f32>, p: vec3<f32>) -> f32 {
    if (ISO) {
        // Along a range a field changes over a few voxels.
        let t = told_at(p);
        let place = finite(t.x / max(t.y, 1e-3));
        return select(2.0 * (view.iso - place), max(d.x, 0.5), t.y < 0.25);
    }
    if (STRUTS) { return min(d.x, d.y); }
    return d.x;
}

fn bone_at(p: vec3<f32>) -> f32 { return bone_from(distances_at(p), p); }

fn muscle_at(p: vec3<f32>) -> f32 { return distances_at(p).z; }

// Distance to bone where only its slope counts: smoothed, surfaces are even.
fn even_bone_at(p: vec3<f32>) -> f32 {
    let d = distances_at(p);
    if (ISO || STRUTS) { return bone_from(d, p); }
    return select(d.x, d.y, has(EVEN));
}

fn bone_normal(p: vec3<f32>) -> vec3<f32> {
    let x = vec3<f32>(1.0, 0.0, 0.0);
    let y = vec3<f32>(0.0, 1.0, 0.0);
    let z = vec3<f32>(0.0, 0.0, 1.0);
    return towards(vec3<f32>(even_bone_at(p + x) - even_bone_at(p - x),
        even_bone_at(p + y) - even_bone_at(p - y), even_bone_at(p + z) - even_bone_at(p - z)));
}

fn muscle_normal(p: vec3<f32>) -> vec3<f32> {
    let x = vec3<f32>(1.0, 0.0, 0.0);
    let y = vec3<f32>(0.0, 1.0, 0.0);
    let z = vec3<f32>(0.0, 0.0, 1.0);
    return towards(vec3<f32>(muscle_at(p + x) - muscle_at(p - x),
        muscle_at(p + y) - muscle_at(p - y), muscle_at(p + z) - muscle_at(p - z)));
}

fn removed(p: vec3<f32>) -> bool { return dot(view.cut.xyz, p) > view.cut.w; }

// Whether light comes to p from a direction: 1 where nothing stands in its way.
fn open(p: vec3<f32>, way: vec3<f32>, first: f32) -> f32 {
    let n = vec3<f32>(view.voxels);
    var t = first;
    for (var k = 0u; k < 24u; k++) {
        let q = p + t * way;
        if (any(q < vec3<f32>(0.0)) || any(q > n) || removed(q)) { return 1.0; }
        let d = distances_at(q);
        var off = bone_from(d, q);
        if (SOLID) { off = min(off, d.z); }
        if (off < 0.0) { return 0.0; }
        t += max(off, 0.5);
    }
    return 1.0;
}

// How bright a curved surface is, 0 to about 1: key light from over the viewer's shoulder and a sky
// that is brighter above.
fn light(p: vec3<f32>, n: vec3<f32>, chance: vec3<f32>) -> f32 {
    let facing = max(dot(n, view.key), 0.0);
    let sky = 0.75 + 0.25 * n.z;
    if (view.sample == 0u) {
        // In a hollow the surface comes back within a step.
        let off = distances_at(p + 1.3 * n);
        var room = off.x;
        if (SOLID) { room = min(room, off.z); }
        let ambient = clamp(0.4 + 0.6 * room, 0.3, 1.0);
        return (0.52 * sky + 0.42 * facing) * ambient + 0.10;
    }
    // One ray a sample: to the key light, or to the sky by the cosine of its height over the
    // surface, in turns.
    let turn = 6.2831853 * chance.x;
    let high = 1.0 - 2.0 * chance.y;
    let flat = finite(sqrt(max(1.0 - high * high, 0.0)));
    var way = towards(n + vec3<f32>(flat * cos(turn), flat * sin(turn), high));
    var bright = 2.0 * 0.52 * (0.75 + 0.25 * way.z);
    if ((view.sample & 1u) == 1u) {
        way = towards(view.key + 0.15 * (2.0 * chance - 1.0));
        bright = 2.0 * 0.42 * facing;
    }
    return 0.10 + bright * open(p, way, 1.0);
}

fn map(place: f32) -> vec3<f32> {
    let at = clamp(place, 0.0, 1.0) * 255.0;
    let i = u32(floor(at));
    return mix(colours[i].rgb, colours[min(i + 1u, 255u)].rgb, fract(at));
}

// The field's colour at p; w is 0 where nothing is known.
fn field(p: vec3<f32>) -> vec4<f32> {
    if (has(NAMED)) {
        let n = vec3<i32>(view.voxels);
        let t = textureLoad(told, clamp(vec3<i32>(floor(p)), vec3<i32>(0), n - 1), 0);
        let place = finite(t.x / max(t.y, 1e-3));
        let i = u32(round(clamp(place, 0.0, 1.0) * 255.0));
        return vec4<f32>(colours[i].rgb, select(0.0, 1.0, t.y > 0.0 && place > 0.001));
    }
    let t = told_at(p);
    if (t.y < 0.05) { return vec4<f32>(IVORY, 0.0); }
    let place = finite(t.x / t.y);
    if (has(TISSUE)) {
        let fat = clamp(finite(t.z / t.y), 0.0, 1.0);
        let marrow = mix(RED_MARROW, YELLOW_MARROW, fat);
        return vec4<f32>(mix(marrow, IVORY, smoothstep(0.05, 0.75, place)), 1.0);
    }
    if (has(BEYOND) && place > 1.0) { return vec4<f32>(IVORY, 1.0); }
    return vec4<f32>(map(place), 1.0);
}

// Whether a contour of the field runs through the pixel at p of a flat face.
fn on_contour(p: vec3<f32>) -> bool {
    if (view.contour.y == 0.0) { return false; }
    var least = 1e9;
    var most = -1e9;
    for (var k = 0u; k < 3u; k++) {
        var q = p;
        if (k == 1u) { q += view.pixel * towards(view.right); }
        if (k == 2u) { q += view.pixel * towards(view.up); }
        let t = told_at(q);
        if (t.y < 0.3) { return false; }
        let steps = floor(view.contour.x + view.contour.y * finite(t.x / t.y));
        least = min(least, steps);
        most = max(most, steps);
    }
    return most > least;
}

fn number(p: vec3<f32>) -> u32 {
    let n = vec3<i32>(view.voxels);
    let at = clamp(vec3<i32>(floor(p)), vec3<i32>(0), n - 1);
    return u32(round(255.0 * textureLoad(fibres, at, 0).w));
}

// A colour of muscle as it looks from outside: lines along its fibres, and a pale seam between two
// muscles.
fn flesh(p: vec3<f32>, n: vec3<f32>, colour: vec3<f32>, chance: vec3<f32>) -> vec3<f32> {
    let f = textureSampleLevel(fibres, near, in_lattice(p), 0.0);
    let along = towards(2.0 * f.xyz - 1.0);
    // Grains drawn out along the fibres. Below two pixels they would only flicker.
    let seen = clamp(finite(view.grain / view.pixel) - 1.0, 0.0, 1.0);
    var grain = 0.0;
    let unit = finite(1.0 / (32.0 * view.grain));
    if (view.sample == 0u) {
        for (var k = -1; k < 2; k++) {
            let q = p + along * (3.5 * view.grain * f32(k));
            grain += textureSampleLevel(grains, endless, q * unit, 0.0).x / 3.0;
        }
    } else {
        let q = p + along * (12.0 * view.grain * (chance.y - 0.5));
        grain = textureSampleLevel(grains, endless, q * unit, 0.0).x;
    }
    let side = towards(cross(n, view.forward) + vec3<f32>(1e-4, 0.0, 0.0));
    let other = cross(n, side);
    // Numbers change from voxel to voxel: looked up a little beside, they have no steps.
    let q = p - 0.5 * n + chance - 0.5;
    let here = number(q);
    let wide = 0.35;
    let seam = number(q + wide * side) != here || number(q + wide * other) != here;
    let own = select(colour, SINEW, here == TENDON);
    let tone = own * (1.0 + 0.55 * seen * (grain - 0.5));
    return mix(tone, SEPTUM, select(0.0, 0.35, seam && view.sample > 0u));
}

// Bone of a voxel's own look.
fn bone_colour(p: vec3<f32>, d: vec4<f32>) -> vec3<f32> {
    if (STRUTS) {
        // Within the surface of the day, but not of the start, and the other way round.
        if (d.x < -0.15 && d.y > 0.15) { return FORMED; }
        if (d.y < -0.15 && d.x > 0.15) { return RESORBED; }
        return IVORY;
    }
    if (has(COLOURED) && !has(OF_MUSCLE)) { return field(p).rgb; }
    return IVORY;
}

// The face on the cut (or on the lattice's end) at p: premultiplied, and how opaque it is.
fn face(p: vec3<f32>, d: vec4<f32>, chance: vec3<f32>) -> vec4<f32> {
    if (bone_from(d, p) <= 0.0) {
        if (STRUTS) { return vec4<f32>(bone_colour(p, d), 1.0); }
        var colour = vec4<f32>(IVORY, 1.0);
        if (!has(OF_MUSCLE)) { colour = field(p); }
        // Between the scene's bone and one beside it lies their joint.
        let t = told_at(p);
        if (min(t.y, t.w) > 0.15 && !ISO) {
            return vec4<f32>(CARTILAGE, 1.0);
        }
        if (!has(OF_MUSCLE) && on_contour(p)) { colour = mix(colour, vec4<f32>(INK, 1.0), 0.55); }
        return vec4<f32>(colour.rgb, 1.0);
    }
    if (!(SHELL || SOLID)) { return vec4<f32>(0.0); }
    if (d.z <= 0.0) {
        let q = p + chance - 0.5;
        let here = number(q);
        if (has(OF_MUSCLE) && here != TENDON) {
            let colour = field(p);
            return vec4<f32>(select(view.flesh.rgb, colour.rgb, colour.w > 0.0), 1.0);
        }
        let wide = max(view.pixel, 0.3);
        let seam = number(q + wide * towards(view.right)) != here
            || number(q + wide * towards(view.up)) != here;
        let own = select(view.flesh.rgb, SINEW, here == TENDON);
        let tone = mix(own, SEPTUM, select(0.0, 0.5, seam && view.sample > 0u));
        let opacity = select(min(1.1 * view.shell, 1.0), 1.0, SOLID);
        return vec4<f32>(tone * opacity, opacity);
    }
    if (has(OUTLINE) && abs(d.w) < 0.6 * view.pixel) {
        return vec4<f32>(view.flesh.rgb * 0.6, 0.6);
    }
    return vec4<f32>(0.0);
}

// What is in front, over what is behind; both premultiplied.
fn over(front: vec4<f32>, behind: vec4<f32>) -> vec4<f32> {
    return front + (1.0 - front.w) * behind;
}

@fragment
fn march(corner: Corner) -> @location(0) vec4<f32> {
    let pixel = vec2<u32>(corner.position.xy);
    let at = pixel + view.corner;
    var inside = vec2<f32>(0.5);
    var chance = vec3<f32>(0.5);
    if (view.sample > 0u) {
        // Evenly over the samples, begun anywhere (Roberts's R3 sequence).
        chance = fract(random(vec3<u32>(at, 7u)) + f32(view.sample / 2u)
            * vec3<f32>(0.8191725134, 0.6710436067, 0.5497004779));
        // Evenly over the pixel (Roberts's R2 sequence), the same for all.
        inside = fract(vec2<f32>(0.5) + f32(view.sample) * vec2<f32>(0.7548776662, 0.5698402910));
    }
    let place = finite2((vec2<f32>(at) + inside) / vec2<f32>(view.size)) * 2.0 - 1.0;
    let colour = ray(view.origin + place.x * view.right - place.y * view.up, chance);
    var sum = vec4<f32>(0.0);
    if (view.sample > 1u) { sum = textureLoad(before, vec2<i32>(pixel), 0); }
    return sum + colour;
}

fn ray(start: vec3<f32>, chance: vec3<f32>) -> vec4<f32> {
    let d = view.forward;
    // Where the ray is inside the lattice and behind the cut.
    let inverse = finite3(1.0 / select(d, vec3<f32>(1e-9), abs(d) < vec3<f32>(1e-9)));
    let a = -start * inverse;
    let b = (vec3<f32>(view.voxels) - start) * inverse;
    let enter3 = min(a, b);
    let leave3 = max(a, b);
    var t = max(max(enter3.x, enter3.y), enter3.z);
    var end = min(min(leave3.x, leave3.y), leave3.z);
    let slope = dot(view.cut.xyz, d);
    let height = dot(view.cut.xyz, start) - view.cut.w;
    if (abs(slope) > 1e-6) {
        let crossing = finite(-height / slope);
        if (slope < 0.0) { t = max(t, crossing); } else { end = min(end, crossing); }
    } else if (height > 0.0) {
        end = t;
    }
    if (t >= end) { return vec4<f32>(0.0); }
    t += 1e-3;
    if (CLOUD) { return cloud(start, t, end, chance); }

    // What lies on the face that the ray enters by.
    let entry = start + t * d;
    let first = distances_at(entry);
    let entered = face(entry, first, chance);
    if (SLICE || entered.w >= 0.999) { return entered; }
    let in_muscle = first.z <= 0.0;

    // To the first surface. Loops hold nothing but steps: what is done at a surface comes after.
    var bone = bone_from(first, entry);
    var muscle = select(1e9, first.z, SHELL || (SOLID && !in_muscle));
    var outline = 1e9;
    var is_outside = first.w > 0.0;
    var bone_before = bone;
    var muscle_before = muscle;
    var step = max(bone, 0.3);
    if (!in_muscle) { step = max(min(bone, muscle), 0.3); }
    let seek_muscle = (SHELL || SOLID) && !in_muscle;
    if (seek_muscle) {
        for (var k = 0u; k < MOST_STEPS; k++) {
            t += step;
            if (t >= end) { break; }
            let p = start + t * d;
            let now = distances_at(p);
            bone_before = bone;
            muscle_before = muscle;
            bone = bone_from(now, p);
            muscle = now.z;
            is_outside = is_outside && now.w > 0.0;
            outline = select(outline, min(outline, now.w), is_outside);
            if (min(bone, muscle) <= 0.0) { break; }
            // As near as it comes to what the muscles were, to the outline's width.
            step = max(min(bone, select(muscle, min(muscle, now.w), is_outside)), 0.3);
        }
    }
    let met_muscle = seek_muscle && t < end && muscle <= 0.0 && bone > 0.0;
    // Between the last two steps, by the distances there.
    let muscle_t = t - step * finite(muscle / min(muscle - muscle_before, -1e-6));
    if (SHELL || !seek_muscle) {
        // Through the muscle, or past none, to bone.
        if (bone > 0.0) { step = max(bone, 0.3); }
        for (var k = 0u; k < MOST_STEPS; k++) {
            if (t >= end || bone <= 0.0) { break; }
            t += step;
            bone_before = bone;
            bone = bone_at(start + t * d);
            if (bone <= 0.0) { break; }
            step = max(bone, 0.3);
        }
    }

    var gathered = entered;
    if (met_muscle) {
        let q = start + muscle_t * d;
        let n = muscle_normal(q);
        var colour = view.flesh.rgb;
        if (has(OF_MUSCLE)) {
            let told_colour = field(q + 0.4 * d);
            colour = select(colour, told_colour.rgb, told_colour.w > 0.0);
        }
        colour = flesh(q, n, colour, chance);
        if (SOLID) {
            return over(gathered, vec4<f32>(colour * min(light(q, n, chance), 1.05), 1.0));
        }
        // A thin shell is the more opaque the more it is seen from the side.
        let rim = 1.0 - abs(dot(n, d));
        let opacity = clamp(view.shell + (1.0 - view.shell) * 0.85 * rim * rim * rim, 0.0, 1.0);
        let lit = colour * min(0.76 + 0.24 * max(dot(n, view.key), 0.0) + 0.06 * n.z, 1.0);
        gathered = over(gathered, vec4<f32>(lit * opacity, opacity));
    } else if ((SHELL || SOLID) && has(OUTLINE) && is_outside && outline < 1.1 * view.pixel) {
        // The edge of what the muscles were.
        gathered = over(gathered, vec4<f32>(view.flesh.rgb * 0.7, 0.7));
    }
    if (t < end && bone <= 0.0) {
        // Between the last two steps, by the distances there, and again with the nearer half.
        let back = step * finite(bone / min(bone - bone_before, -1e-6));
        let middle = bone_at(start + (t - back) * d);
        var far = t;
        var far_bone = bone;
        var width = back;
        var near_bone = middle;
        if (middle <= 0.0) {
            far = t - back;
            far_bone = middle;
            width = step - back;
            near_bone = bone_before;
        }
        let q = start + (far - width * finite(far_bone / min(far_bone - near_bone, -1e-6))) * d;
        let n = bone_normal(q);
        let deep = q + 0.4 * d;
        let colour = bone_colour(deep, distances_at(deep)) * min(light(q, n, chance), 1.05);
        gathered = over(gathered, vec4<f32>(colour, 1.0));
    }
    return gathered;
}

// The field as a cloud, its opacity by the transfer function.
fn cloud(start: vec3<f32>, first: f32, end: f32, chance: vec3<f32>) -> vec4<f32> {
    var gathered = vec4<f32>(0.0);
    // Half a voxel a step, begun anywhere in the first.
    var t = first + 0.5 * chance.x;
    for (var step = 0u; step < 4u * MOST_STEPS && t < end && gathered.w < 0.99; step++) {
        let value = told_at(start + t * view.forward);
        if (value.y > 0.02) {
            let place = finite(value.x / value.y);
            let i = u32(clamp(place, 0.0, 1.0) * 255.0);
            let passed = finite(pow(1.0 - min(colours[i].w, 0.999), 0.5));
            let opacity = (1.0 - passed) * min(value.y, 1.0);
            gathered = over(gathered, vec4<f32>(map(place) * opacity, opacity));
        }
        t += 0.5;
    }
    return gathered;
}
