//! Signed distances (mm, negative inside) from which anatomy is put together.

use glam::DVec3;

/// Distance to a bar whose radius goes from `ra` at `a` to `rb` at `b`, with round ends.
pub(super) fn tapered(p: DVec3, a: DVec3, b: DVec3, ra: f64, rb: f64) -> f64 {
    let axis = b - a;
    let t = ((p - a).dot(axis) / axis.length_squared()).clamp(0.0, 1.0);
    p.distance(a + axis * t) - (ra + (rb - ra) * t)
}

/// Approximate distance to an elliptic column along z, exact on its surface.
pub(super) fn column(p: DVec3, centre: (f64, f64), radii: (f64, f64)) -> f64 {
    let q = DVec3::new((p.x - centre.0) / radii.0, (p.y - centre.1) / radii.1, 0.0);
    let k = q.length();
    let g = (q.x / radii.0).hypot(q.y / radii.1);
    if g < 1e-12 {
        -radii.0.min(radii.1)
    } else {
        k * (k - 1.0) / g
    }
}

/// Union with a fillet of about `k` mm.
pub(super) fn blend(a: f64, b: f64, k: f64) -> f64 {
    let h = (k - (a - b).abs()).max(0.0) / k;
    a.min(b) - h * h * k * 0.25
}

/// 0 below `low`, 1 above `high`, smooth between.
pub(super) fn ramp(x: f64, low: f64, high: f64) -> f64 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Evenly spread directions on the unit sphere.
pub(super) fn directions(n: usize) -> impl Iterator<Item = DVec3> {
    let golden = std::f64::consts::PI * (5f64.sqrt() - 1.0);
    (0..n).map(move |i| {
        let z = 1.0 - 2.0 * (i as f64 + 0.5) / n as f64;
        let r = (1.0 - z * z).sqrt();
        let (s, c) = (golden * i as f64).sin_cos();
        DVec3::new(r * c, r * s, z)
    })
}

/// How far it is from `p`, inside, to where `distance` becomes 0 in a direction, mm; at most 300.
pub(super) fn reach(distance: &dyn Fn(DVec3) -> f64, p: DVec3, towards: DVec3) -> f64 {
    let mut far = 0.0;
    while far < 300.0 {
        let left = -distance(p + towards * far);
        if left < 1e-3 {
            break;
        }
        // No farther than the nearest surface; where a distance is not exact, by half of it.
        far += (0.5 * left).max(0.01);
    }
    far
}

/// How wide what `distance` bounds is at `p`, in a direction and against it, mm.
pub(super) fn width(distance: &dyn Fn(DVec3) -> f64, p: DVec3, along: DVec3) -> f64 {
    reach(distance, p, along) + reach(distance, p, -along)
}
