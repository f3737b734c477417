//! Tendons: from where a belly ends along its path to where its muscle is attached.

use std::f64::consts::PI;

use glam::DVec3;

/// Stress in a tendon at its muscle's peak isometric force, MPa: strained by 3.3 % with a modulus
/// of 1200 MPa (Zajac 1989 Crit Rev Biomed Eng 17:359, from memory).
const STRESS: f64 = 39.6;
/// A belly runs into its tendon as a cone that begins with this share of the belly's radius and is
/// this many of its own radii long, half the tendon at most: as it looks, an assumption.
const CONE: (f64, f64) = (0.6, 4.0);
/// What is shorter is no tendon, mm: a fleshy end.
const LEAST: f64 = 5.0;

/// One tendon of a part of a muscle.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::tissue) struct Tendon {
    /// Which muscle.
    pub(in crate::tissue) muscle: usize,
    /// Points from the belly's end on, mm, each with the radius there, mm.
    course: Vec<(DVec3, f64)>,
    bounds: [DVec3; 2],
    widest: f64,
}

/// A place beside a tendon.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::tissue) struct Beside {
    /// From the tendon's middle, mm.
    pub(in crate::tissue) distance: f64,
    /// Radius there, mm.
    pub(in crate::tissue) radius: f64,
    /// Unit vector along it.
    pub(in crate::tissue) along: DVec3,
}

impl Tendon {
    /// Those at both ends of a part: of its path and its belly's chain with weights, both from
    /// origin to insertion, mm, and its peak force, N.
    pub(super) fn both(
        muscle: usize,
        path: &[DVec3],
        chain: &[(DVec3, f64)],
        force: f64,
    ) -> impl Iterator<Item = Self> {
        let back = |path: &[DVec3]| path.iter().rev().copied().collect::<Vec<_>>();
        let turned: Vec<(DVec3, f64)> = chain.iter().rev().copied().collect();
        [
            Self::beyond(muscle, path, chain, force),
            Self::beyond(muscle, &back(path), &turned, force),
        ]
        .into_iter()
        .flatten()
    }

    /// Past the end of a chain.
    fn beyond(muscle: usize, path: &[DVec3], chain: &[(DVec3, f64)], force: f64) -> Option<Self> {
        let (end, _) = *chain.last()?;
        let attached = *path.last()?;
        // A fleshy end lies beside its attachment, or goes on past it.
        let is_nearest = |p: &(DVec3, f64)| attached.distance(p.0) >= attached.distance(end);
        if !chain.iter().all(is_nearest) {
            return None;
        }
        let away = |k: &usize| {
            let (a, b) = (path[*k], path[k + 1]);
            let t = (end - a).dot(b - a) / (b - a).length_squared().max(1e-12);
            end.distance(a + t.clamp(0.0, 1.0) * (b - a))
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
        // Weights fall off just before a belly's end.
        let belly = chain.iter().rev().take(3).map(|c| c.1).fold(0.0, f64::max);
        let thin = (force / STRESS / PI).sqrt();
        let wide = (CONE.0 * belly.sqrt()).max(thin);
        let cone = (CONE.1 * wide).min(0.5 * length);
        let mut course = vec![(end, wide)];
        let mut gone = 0.0;
        for pair in points.windows(2) {
            let step = pair[0].distance(pair[1]);
            if gone < cone && cone < gone + step {
                course.push((pair[0].lerp(pair[1], (cone - gone) / step), thin));
            }
            gone += step;
            let left = (1.0 - gone / cone).max(0.0);
            course.push((pair[1], thin + left * (wide - thin)));
        }
        let low = course.iter().map(|c| c.0).reduce(DVec3::min)?;
        let high = course.iter().map(|c| c.0).reduce(DVec3::max)?;
        Some(Self {
            muscle,
            course,
            bounds: [low, high],
            widest: wide,
        })
    }

    /// Whether a place within `reach` of `p`, mm, may lie in it.
    pub(in crate::tissue) fn is_near(&self, p: DVec3, reach: f64) -> bool {
        p.distance(p.clamp(self.bounds[0], self.bounds[1])) <= self.widest + reach
    }

    /// How `p` lies to it.
    pub(in crate::tissue) fn beside(&self, p: DVec3) -> Option<Beside> {
        let of = |pair: &[(DVec3, f64)]| {
            let (a, b) = (pair[0].0, pair[1].0);
            let axis = b - a;
            let t = ((p - a).dot(axis) / axis.length_squared().max(1e-12)).clamp(0.0, 1.0);
            Beside {
                distance: p.distance(a + t * axis),
                radius: pair[0].1 + t * (pair[1].1 - pair[0].1),
                along: axis.normalize_or_zero(),
            }
        };
        let beside = self.course.windows(2).map(of);
        beside.min_by(|a, b| (a.distance - a.radius).total_cmp(&(b.distance - b.radius)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use glam::DVec3;

    use super::{STRESS, Tendon};

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
        let made: Vec<Tendon> = Tendon::both(3, &path, &chain, force).collect();
        // It begins 8 mm from the path's first point: a short one there.
        assert_eq!(made.len(), 2);
        let far = |p: [f64; 3]| {
            let beside = made[0].beside(DVec3::from(p)).unwrap();
            beside.distance - beside.radius
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
        assert_eq!(Tendon::both(3, &path[..2], &whole, force).count(), 0);
    }
}
