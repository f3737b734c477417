//! Distances on a lattice: from shares of voxels to surfaces that a ray can be marched to.

/// Beyond so many voxels from a surface the shares of a voxel and its neighbours say nothing of
/// how far it is.
pub(super) const NEAR: f32 = 1.5;

/// Where there is no surface at all, voxels.
const FARTHEST: f32 = 4096.0;

/// Distance of a flat surface, voxels (positive outside), at which the mean share of a voxel and
/// its neighbours is `mean`: the share of a box that a plane cuts, smoothed by ¼, ½, ¼. Keep in
/// step with `shape.wgsl`.
pub(super) fn of_mean(mean: f32) -> f32 {
    let off = (0.5 - mean).abs();
    let distance = if off < 0.25 {
        2.0 * off
    } else {
        4.0 * off - 0.5
    };
    distance.min(NEAR).copysign(0.5 - mean)
}

/// Calls `line` for every line of a lattice along `axis`: its first voxel, the step between two,
/// and how many there are.
fn lines(voxels: [usize; 3], axis: usize, mut line: impl FnMut(usize, usize, usize)) {
    let [nx, ny, _] = voxels;
    let strides = [1, nx, nx * ny];
    let (u, v) = ((axis + 1) % 3, (axis + 2) % 3);
    for j in 0..voxels[v] {
        for i in 0..voxels[u] {
            line(i * strides[u] + j * strides[v], strides[axis], voxels[axis]);
        }
    }
}

/// Each voxel's mean with its neighbours, weights ¼, ½, ¼ along each axis; beyond the lattice it
/// goes on as it ends.
pub(super) fn smooth(voxels: [usize; 3], values: &mut [f32]) {
    for axis in 0..3 {
        lines(voxels, axis, |start, stride, n| {
            let mut before = values[start];
            for k in 0..n {
                let at = start + k * stride;
                let own = values[at];
                let after = values[start + (k + 1).min(n - 1) * stride];
                values[at] = 0.25 * before + 0.5 * own + 0.25 * after;
                before = own;
            }
        });
    }
}

/// Distance from each voxel to the nearest that is chosen, voxels, and which that is; infinite
/// where none is. Exact: the lower envelope of parabolas along each axis (Felzenszwalb and
/// Huttenlocher 2012).
pub(super) fn to_nearest(voxels: [usize; 3], chosen: &[bool]) -> (Vec<f32>, Vec<u32>) {
    let mut squared: Vec<f32> = (chosen.iter())
        .map(|c| if *c { 0.0 } else { f32::INFINITY })
        .collect();
    let longest = voxels.into_iter().max().unwrap_or(0);
    let mut nearest: Vec<u32> = (0..chosen.len() as u32).collect();
    let mut own = vec![0.0f32; longest];
    let mut of = vec![0u32; longest];
    let mut lowest = vec![0usize; longest];
    let mut from = vec![0.0f32; longest];
    for axis in 0..3 {
        lines(voxels, axis, |start, stride, n| {
            for k in 0..n {
                own[k] = squared[start + k * stride];
                of[k] = nearest[start + k * stride];
            }
            let mut count = 0;
            for k in (0..n).filter(|k| own[*k].is_finite()) {
                let mut begins = f32::NEG_INFINITY;
                while count > 0 {
                    let j = lowest[count - 1];
                    let (a, b) = (j as f32, k as f32);
                    begins = ((own[k] + b * b) - (own[j] + a * a)) / (2.0 * (b - a));
                    if begins > from[count - 1] {
                        break;
                    }
                    count -= 1;
                    begins = f32::NEG_INFINITY;
                }
                lowest[count] = k;
                from[count] = begins;
                count += 1;
            }
            let mut piece = 0;
            for k in 0..n {
                while piece + 1 < count && from[piece + 1] <= k as f32 {
                    piece += 1;
                }
                if count > 0 {
                    let off = k as f32 - lowest[piece] as f32;
                    squared[start + k * stride] = off * off + own[lowest[piece]];
                    nearest[start + k * stride] = of[lowest[piece]];
                }
            }
        });
    }
    (squared.into_iter().map(f32::sqrt).collect(), nearest)
}

/// Signed distance to the surface of what fills `share` of each voxel, voxels, positive outside.
/// Near the surface it follows the shares to parts of a voxel, farther off it counts voxels.
pub(super) fn signed(voxels: [usize; 3], share: &[f32]) -> Vec<f32> {
    let mut near = share.to_vec();
    smooth(voxels, &mut near);
    for d in &mut near {
        *d = of_mean(*d);
    }
    // Farther off: as far as the nearest voxel at the surface, and as that is from it.
    let at_surface: Vec<bool> = near.iter().map(|d| d.abs() < 1.0).collect();
    let (far, nearest) = to_nearest(voxels, &at_surface);
    (0..near.len())
        .map(|k| {
            if near[k].abs() < NEAR {
                near[k]
            } else if far[k].is_infinite() {
                near[k].signum() * FARTHEST
            } else {
                let beyond = near[nearest[k] as usize] * near[k].signum();
                (far[k] + beyond).max(NEAR).copysign(near[k])
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_found_exactly() {
        let voxels = [9, 7, 8];
        let at = |k: usize| [k % 9, k / 9 % 7, k / 63];
        let chosen: Vec<bool> = (0..504u64).map(|k| (k * 2_654_435_761) % 97 == 3).collect();
        let places: Vec<[usize; 3]> = (0..504).filter(|k| chosen[*k]).map(at).collect();
        assert!(places.len() > 3);
        let (distances, nearest) = to_nearest(voxels, &chosen);
        for (k, found) in distances.into_iter().enumerate() {
            let squared = |p: &[usize; 3]| -> usize {
                let own = at(k);
                (0..3).map(|i| own[i].abs_diff(p[i]).pow(2)).sum()
            };
            let want = places.iter().map(squared).min().unwrap_or(0) as f32;
            assert!((found * found - want).abs() < 1e-3, "{k}: {found} {want}");
            let by_place = squared(&at(nearest[k] as usize)) as f32;
            assert!((by_place - want).abs() < 1e-3);
        }
        let (none, _) = to_nearest([3, 1, 1], &[false; 3]);
        assert!(none.iter().all(|d| d.is_infinite()));
    }

    /// Between the middles of voxels, straight along each axis, as a texture is looked up.
    fn between(n: usize, values: &[f32], p: [f32; 3]) -> f32 {
        let low = p.map(|x| (x - 0.5).floor());
        let mut sum = 0.0;
        for corner in 0..8 {
            let mut weight = 1.0;
            let mut at = [0; 3];
            for k in 0..3 {
                let up = (corner >> k & 1) as f32;
                let share = p[k] - 0.5 - low[k];
                weight *= if up > 0.5 { share } else { 1.0 - share };
                at[k] = (low[k] + up) as usize;
            }
            sum += weight * values[at[0] + n * (at[1] + n * at[2])];
        }
        sum
    }

    #[test]
    fn normals_of_a_sphere_are_true_to_three_degrees() {
        let n = 28;
        for radius in [4.6, 8.1, 11.3] {
            let centre = [14.2, 13.7, 14.05];
            let length = |v: [f32; 3]| v.iter().map(|x| x * x).sum::<f32>().sqrt();
            let share: Vec<f32> = (0..n * n * n)
                .map(|k| {
                    let low = [k % n, k / n % n, k / n / n].map(|x| x as f32);
                    let inside = (0..512).filter(|o| {
                        let part = [o % 8, o / 8 % 8, o / 64].map(|x| (x as f32 + 0.5) / 8.0);
                        length(std::array::from_fn(|k| low[k] + part[k] - centre[k])) < radius
                    });
                    inside.count() as f32 / 512.0
                })
                .collect();
            let mut distance = signed([n; 3], &share);
            smooth([n; 3], &mut distance);
            let mut worst = 0.0f32;
            for step in 0..500u16 {
                // Evenly over the sphere.
                let z = 1.0 - (f32::from(step) + 0.5) / 250.0;
                let (s, c) = (2.399_963 * f32::from(step)).sin_cos();
                let flat = (1.0 - z * z).sqrt();
                let way = [flat * c, flat * s, z];
                let p: [f32; 3] = std::array::from_fn(|k| centre[k] + radius * way[k]);
                // The six samples of ray_march.wgsl.
                let normal: [f32; 3] = std::array::from_fn(|axis| {
                    let side = |step: f32| {
                        let mut at = p;
                        at[axis] += step;
                        between(n, &distance, at)
                    };
                    side(1.0) - side(-1.0)
                });
                let along: f32 = (0..3).map(|k| normal[k] * way[k]).sum::<f32>() / length(normal);
                worst = worst.max(along.min(1.0).acos().to_degrees());
            }
            assert!(worst < 3.0, "radius {radius}: {worst} degrees");
        }
    }

    #[test]
    fn a_plane_is_as_far_as_it_is() {
        // Bone below a plane across z, at every offset in a voxel.
        for step in 0..10 {
            let height = 8.0 + 0.1 * step as f32;
            let share: Vec<f32> = (0..16)
                .map(|k| (height - k as f32).clamp(0.0, 1.0))
                .collect();
            for (k, found) in signed([1, 1, 16], &share).into_iter().enumerate() {
                let want = k as f32 + 0.5 - height;
                let slack = if want.abs() < 1.0 { 0.13 } else { 0.3 };
                assert!((found - want).abs() < slack, "{height} {k}: {found} {want}");
            }
        }
    }
}
