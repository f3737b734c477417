//! Tendons: from where a belly ends along its path to where its muscle is attached.

use std::f64::consts::PI;

use glam::DVec3;

use super::Chain;

/// Stress in a tendon at its muscle's peak isometric force, MPa: strained by 3.3 % with a modulus
/// of 1200 MPa (Zajac 1989 Crit Rev Biomed Eng 17:359, from memory).
const STRESS: f64 = 39.6;
/// A belly narrows into its tendon from this share of the belly's radius, over this many of the
/// radii that it begins with, half the tendon at most: as it looks, an assumption.
const NARROWS: (f64, f64) = (0.6, 4.0);
/// What is shorter is no tendon, mm: a fleshy end.
const LEAST: f64 = 5.0;

/// Those at both ends of a part of `muscle`: of its path and its belly's chain with weights, both
/// from origin to insertion, mm and mm², and its peak force, N.
pub(super) fn tendons(
    muscle: usize,
    path: &[DVec3],
    belly: &[(DVec3, f64)],
    force: f64,
) -> impl Iterator<Item = Chain> {
    let path_back: Vec<DVec3> = path.iter().rev().copied().collect();
    let belly_back: Vec<(DVec3, f64)> = belly.iter().rev().copied().collect();
    [
        beyond(path, belly, force),
        beyond(&path_back, &belly_back, force),
    ]
    .into_iter()
    .flatten()
    .map(move |points| Chain::new(muscle, points))
}

/// Past the end of a belly: points with the square of the radius there.
fn beyond(path: &[DVec3], belly: &[(DVec3, f64)], force: f64) -> Option<Vec<(DVec3, f64)>> {
    let (end, _) = *belly.last()?;
    let attached = *path.last()?;
    // A fleshy end lies beside its attachment, or goes on past it.
    let is_nearest = |p: &(DVec3, f64)| attached.distance(p.0) >= attached.distance(end);
    if !belly.iter().all(is_nearest) {
        return None;
    }
    // The stretch of the path that the belly's end lies beside is the last that it covers.
    let away = |k: &usize| {
        let stretch = path[*k..=k + 1].iter().map(|p| (*p, 0.0)).collect();
        Chain::new(0, stretch).nearest(end).distance
    };
    let stretches = 0..path.len().saturating_sub(1);
    let passed = stretches.min_by(|j, k| away(j).total_cmp(&away(k)))?;
    let points: Vec<DVec3> = std::iter::once(end)
        .chain(path[passed + 1..].iter().copied())
        .collect();
    let length: f64 = points.windows(2).map(|p| p[0].distance(p[1])).sum();
    if length < LEAST {
        return None;
    }
    let thin = force / STRESS / PI;
    // Weights fall off just before a belly's end.
    let wide = belly.iter().rev().take(3).map(|c| c.1).fold(0.0, f64::max);
    let wide = (NARROWS.0.powi(2) * wide).max(thin);
    let narrow = (NARROWS.1 * wide.sqrt()).min(0.5 * length);
    let mut course = vec![(end, wide)];
    let mut gone = 0.0;
    for pair in points.windows(2) {
        let step = pair[0].distance(pair[1]);
        if gone < narrow && narrow < gone + step {
            course.push((pair[0].lerp(pair[1], (narrow - gone) / step), thin));
        }
        gone += step;
        let left = (1.0 - gone / narrow).max(0.0);
        course.push((pair[1], thin + left * (wide - thin)));
    }
    Some(course)
}

#[cfg(test)]
mod tests {
    use glam::DVec3;

    use super::{Chain, STRESS, tendons};

    #[test]
    fn a_tendon_goes_on_from_the_belly_to_the_attachment() {
        let path = [
            DVec3::ZERO,
            DVec3::new(0.0, 0.0, 100.0),
            DVec3::new(50.0, 0.0, 100.0),
        ];
        // A belly of the first 60 mm, beside the line of pull.
        let chain = [0.0, 20.0, 40.0, 60.0].map(|z| (DVec3::new(0.0, 8.0, z), 400.0));
        // Of 5 mm radius.
        let force = STRESS * std::f64::consts::PI * 25.0;
        let made: Vec<Chain> = tendons(3, &path, &chain, force).collect();
        // It begins 8 mm from the path's first point: a short one there.
        assert_eq!(made.len(), 2);
        let far = |p: [f64; 3]| {
            let nearest = made[0].nearest(DVec3::from(p));
            nearest.distance - nearest.radius()
        };
        // Its end at the insertion, and midway; it bends where the path does.
        assert!((far([50.0, 0.0, 100.0]) + 5.0).abs() < 1e-9);
        assert!((far([50.0, 7.0, 100.0]) - 2.0).abs() < 1e-9);
        assert!(far([25.0, 0.0, 100.0]) < -4.9 && far([0.0, 0.0, 140.0]) > 30.0);
        // As wide as 0.6 of the belly where it begins.
        assert!((far([0.0, 8.0, 60.0]) + 12.0).abs() < 1e-9);
        assert!(made[0].is_near(DVec3::new(0.0, 25.0, 60.0), 6.0));
        assert!(!made[0].is_near(DVec3::new(0.0, 60.0, 60.0), 6.0));
        // A belly that reaches its attachment has none.
        let whole = [DVec3::ZERO, DVec3::new(0.0, 0.0, 100.0)].map(|p| (p, 400.0));
        assert_eq!(tendons(3, &path[..2], &whole, force).count(), 0);
    }
}
