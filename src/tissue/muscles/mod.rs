//! Single muscles as chains of weighted points, and what lies between them.
//!
//! A place belongs to the part of a muscle for which the squared distance to its chain, less the
//! weight there, is least and below zero: a power diagram between chains, so that muscles share
//! borders and never overlap. `assets/anatomy/muscles.py` finds chains and weights from the paths,
//! volumes and bones that are published.

mod atlas;
mod balance;
mod fascicle;
mod tendon;

use glam::DVec3;

pub(super) use atlas::Part;
pub use atlas::{Atlas, MuscleError};
pub use balance::Residual;
pub(super) use balance::residuals;

/// Within some reach of a place, the nearest point of a chain moves by this many times the reach at
/// most: by more than once where the chain bends around the place.
const SLIDES: f64 = 2.0;

/// How far apart muscles may lie and still be under one fascia, mm.
const FASCIA_BRIDGES: f64 = 4.5;
/// From fascia to skin, mm: of a lean adult's thigh or calf, an assumption.
const FAT: f64 = 7.0;

/// A muscle, whole or cut off where the lattice ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Muscle {
    /// Name, as in tables.
    pub name: &'static str,
    /// Which of the scene's groups it belongs to.
    pub group: usize,
    /// Volume of the whole muscle, mm³: as published for a person of 1.65 m, and as much larger as
    /// the scene is enlarged.
    pub whole_mm3: f64,
    /// What is published for a person of this height, mm³: linear in it (Handsfield 2014 J Biomech
    /// 47:631, 75 kg).
    pub published_mm3: f64,
    /// Share of the belly that lies in the lattice, 0 to 1, by its middle.
    pub inside: f64,
    /// Length of its fibres, mm.
    pub fibre_mm: f64,
    /// Between fibres and line of pull, degrees.
    pub pennation: f64,
    /// Peak isometric force, N.
    pub force: f64,
    /// Share of type I fibre area, 0 to 1; none where its group's holds.
    pub type1: Option<f64>,
    /// What it does, as "extends the knee".
    pub role: &'static str,
    /// Its reference paths, one a part, mm.
    pub paths: Vec<Vec<DVec3>>,
}

impl Muscle {
    /// One that only has a name: where muscle lies outside the scene but acts on it.
    pub fn outside(name: &'static str) -> Self {
        Self {
            name,
            group: 0,
            whole_mm3: 0.0,
            published_mm3: 0.0,
            inside: 1.0,
            fibre_mm: 100.0,
            pennation: 0.0,
            force: 1.0,
            type1: None,
            role: "",
            paths: Vec::new(),
        }
    }

    /// Physiological cross-section, mm²: volume by the cosine of pennation over fibre length.
    pub fn cross_section(&self) -> f64 {
        self.whole_mm3 * self.pennation.to_radians().cos() / self.fibre_mm
    }
}

/// A belly or a tendon of a part of a muscle: a chain of points with weights. One that no other
/// stands beside is as thick there as the root of its weight.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chain {
    /// Which muscle.
    pub(super) muscle: usize,
    /// Points, mm, each with its weight, mm².
    points: Vec<(DVec3, f64)>,
    bounds: [DVec3; 2],
    heaviest: f64,
    /// What its weight changes by along it at most, mm² a mm.
    steepest: f64,
}

/// Where on a chain a place is nearest to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nearest {
    /// Distance, mm.
    pub(super) distance: f64,
    /// Weight there, mm².
    weight: f64,
    /// The point of the chain, mm.
    at: DVec3,
    /// Unit vector along the chain.
    pub(super) along: DVec3,
}

impl Nearest {
    /// Below zero inside, mm².
    fn value(&self) -> f64 {
        self.distance * self.distance - self.weight
    }

    /// How thick the chain is there, mm.
    pub(super) fn radius(&self) -> f64 {
        self.weight.max(0.0).sqrt()
    }
}

impl Chain {
    fn new(muscle: usize, points: Vec<(DVec3, f64)>) -> Self {
        let low = points.iter().map(|c| c.0).reduce(DVec3::min);
        let high = points.iter().map(|c| c.0).reduce(DVec3::max);
        Self {
            muscle,
            bounds: [low.unwrap_or_default(), high.unwrap_or_default()],
            heaviest: points.iter().map(|c| c.1).fold(0.0, f64::max),
            steepest: (points.windows(2))
                .map(|c| (c[1].1 - c[0].1).abs() / c[0].0.distance(c[1].0).max(1e-6))
                .fold(0.0, f64::max),
            points,
        }
    }

    /// How far it is at least, mm.
    fn at_least(&self, p: DVec3) -> f64 {
        p.distance(p.clamp(self.bounds[0], self.bounds[1]))
    }

    /// Whether it may come within `reach` of `p`, mm, by its own thickness.
    pub(super) fn is_near(&self, p: DVec3, reach: f64) -> bool {
        self.at_least(p) <= self.heaviest.max(0.0).sqrt() + reach
    }

    /// Where it comes nearest to `p`.
    pub(super) fn nearest(&self, p: DVec3) -> Nearest {
        let mut best = Nearest {
            distance: f64::INFINITY,
            weight: 0.0,
            at: p,
            along: DVec3::Z,
        };
        for pair in self.points.windows(2) {
            let (a, b) = (pair[0].0, pair[1].0);
            let axis = b - a;
            let t = ((p - a).dot(axis) / axis.length_squared().max(1e-12)).clamp(0.0, 1.0);
            let at = a + t * axis;
            let distance = p.distance(at);
            if distance < best.distance {
                best = Nearest {
                    distance,
                    weight: pair[0].1 + t * (pair[1].1 - pair[0].1),
                    at,
                    along: axis,
                };
            }
        }
        best.along = best.along.normalize_or_zero();
        best
    }
}

/// A scene's muscles.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Muscles {
    /// Single muscles.
    pub(super) all: Vec<Muscle>,
    pub(super) bellies: Vec<Chain>,
    /// The middles of the bellies, as thick as each would be alone.
    courses: Vec<Chain>,
    pub(super) tendons: Vec<Chain>,
}

impl Muscles {
    /// Bellies that a place within `reach` of `p` may belong to.
    pub(super) fn near(&self, p: DVec3, reach: f64) -> Vec<usize> {
        let mut found: Vec<(usize, f64)> = Vec::new();
        // What one of them is below everywhere within reach.
        let mut below = 0.0f64;
        for (k, belly) in self.bellies.iter().enumerate() {
            if !belly.is_near(p, reach) {
                continue;
            }
            let n = belly.nearest(p);
            let slack = SLIDES * reach * belly.steepest;
            let least = (n.distance - reach).max(0.0).powi(2) - n.weight - slack;
            let most = (n.distance + reach).powi(2) - n.weight + slack;
            below = below.min(most);
            if least < 0.0 {
                found.push((k, least));
            }
        }
        found.retain(|(_, least)| *least <= below);
        found.into_iter().map(|(k, _)| k).collect()
    }

    /// The muscle that `p` belongs to, of some bellies.
    pub(super) fn at(&self, p: DVec3, bellies: &[usize]) -> Option<usize> {
        Some(self.bellies[self.belly_at(p, bellies)?.0].muscle)
    }

    fn belly_at(&self, p: DVec3, bellies: &[usize]) -> Option<(usize, Nearest)> {
        let nearest = bellies.iter().map(|k| (*k, self.bellies[*k].nearest(p)));
        let inside = nearest.filter(|(_, n)| n.value() < 0.0);
        inside.min_by(|a, b| a.1.value().total_cmp(&b.1.value()))
    }

    /// Direction of fibres at `p`, in a muscle: along its middle, turned by its pennation towards
    /// that on the way to the insertion.
    pub(super) fn fibre(&self, p: DVec3, muscle: usize) -> DVec3 {
        let own = self.courses.iter().filter(|b| b.muscle == muscle);
        let nearest = own.map(|b| b.nearest(p));
        let Some(n) = nearest.min_by(|a, b| a.value().total_cmp(&b.value())) else {
            return DVec3::Z;
        };
        let out = p - n.at;
        let out = (out - n.along * out.dot(n.along)).normalize_or_zero();
        let angle = self.all[muscle].pennation.to_radians();
        // In the middle itself there is no side to come from.
        let angle = angle * (n.distance / 4.0).min(1.0);
        (angle.cos() * n.along - angle.sin() * out).normalize_or_zero()
    }

    /// Distance to the fascia around all muscles, mm: a hull that bridges what lies between them;
    /// `bone` is the distance to bone.
    pub(super) fn fascia(&self, p: DVec3, bone: f64) -> f64 {
        let k = FASCIA_BRIDGES;
        let mut sum = (-bone / k).exp();
        for belly in &self.bellies {
            if !belly.is_near(p, 5.0 * k) {
                continue;
            }
            let n = belly.nearest(p);
            if n.weight > 0.0 {
                sum += (-(n.distance - n.radius()) / k).exp();
            }
        }
        -k * sum.ln()
    }

    /// Distance to the skin, mm: tendons lie under it too.
    pub(super) fn skin(&self, p: DVec3, bone: f64) -> f64 {
        let tendons = self.tendons.iter().filter(|t| t.is_near(p, FAT));
        let tendons = tendons
            .map(|t| t.nearest(p))
            .map(|n| n.distance - n.radius());
        tendons.fold(self.fascia(p, bone), f64::min) - FAT
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use glam::DVec3;

    use super::{Atlas, MuscleError};

    const SIZES: &str = "part,muscle,group,scene,share,volume_cm3,begins_mm,length_mm,fibre_mm,pennation_deg,force_N,type1,role,via\n\
        one,one,flexors,place,1,20,0,,50,10,300,0.5,flexes,\n";
    const PATHS: &str =
        "part,kind,body,x_mm,y_mm,z_mm\none,site,pelvis,0,0,0\none,site,femur,0,0,100\n";
    const BELLIES: &str = "part,x_mm,y_mm,z_mm,weight_mm2,section_mm2,middle_x_mm,middle_y_mm,middle_z_mm\n\
        one,0,0,0,64,200,0,0,0\none,0,0,100,64,200,0,0,100\n";
    const FORCES: &str = "activity,part,force_bw\nwalking,one,10\n";
    const FASCICLES: &str = "fascicle,muscle,x_mm,y_mm,z_mm,to_x_mm,to_y_mm,to_z_mm,force_N\n";

    /// What the scene "place" says of a muscle along z, 16 mm thick.
    fn said(groups: &[&str], frame: [f64; 2], bone: f64) -> Result<f64, MuscleError> {
        let atlas = Atlas::read(SIZES, PATHS, BELLIES, FORCES, FASCICLES)?;
        let atlas: &'static Atlas = Box::leak(Box::new(atlas));
        let frame = frame.map(|x| DVec3::new(x, x, x));
        let muscles = atlas.muscles("place", groups, frame, |_| bone, &|_, p| p, false)?;
        Ok(muscles.all[0].inside)
    }

    #[test]
    fn a_muscle_lies_beside_bone_and_within_its_scene() {
        let groups = ["extensors", "flexors"];
        assert_eq!(said(&groups, [-50.0, 150.0], 10.0), Ok(1.0));
        // Cut in the middle.
        assert!((said(&groups, [-50.0, 50.0], 10.0).unwrap() - 0.5).abs() < 0.06);
        let leaves = said(&groups, [200.0, 300.0], 10.0).unwrap_err();
        assert!(matches!(leaves, MuscleError::Leaves { .. }), "{leaves}");
        let in_bone = said(&groups, [-50.0, 150.0], -5.0).unwrap_err();
        assert!(matches!(in_bone, MuscleError::InBone { .. }), "{in_bone}");
        // Shallower than half its width it only lies on bone.
        assert!(said(&groups, [-50.0, 150.0], -3.0).is_ok());
        let group = said(&["extensors"], [-50.0, 150.0], 10.0).unwrap_err();
        assert!(group.to_string().contains("has: extensors"), "{group}");
    }

    /// On the scenes' own muscles, whose weights change along bent chains.
    #[test]
    fn bellies_near_a_place_are_all_that_count_around_it() {
        const REACH: f64 = 4.0;
        let atlas = Atlas::own().unwrap();
        for (scene, low, high) in [
            ("hip", [-80.0, -110.0, -150.0], [110.0, 90.0, 60.0]),
            ("lower-leg", [-60.0, -100.0, -850.0], [80.0, 80.0, -400.0]),
        ] {
            let mut groups: Vec<&str> = atlas.of(scene).map(super::Part::group).collect();
            groups.dedup();
            let frame = [DVec3::from(low), DVec3::from(high)];
            let muscles =
                (atlas.muscles(scene, &groups, frame, |_| 10.0, &|_, p| p, false)).unwrap();
            let all: Vec<usize> = (0..muscles.bellies.len()).collect();
            let cells = ((frame[1] - frame[0]) / 12.0).as_uvec3();
            let mut inside = 0;
            for k in 0..cells.element_product() {
                let cell = [k % cells.x, k / cells.x % cells.y, k / (cells.x * cells.y)];
                let middle = frame[0] + 12.0 * DVec3::from(cell.map(f64::from));
                let near = muscles.near(middle, REACH);
                for way in [
                    DVec3::ZERO,
                    DVec3::X,
                    DVec3::Y,
                    DVec3::Z,
                    DVec3::splat(-0.577),
                ] {
                    let p = middle + REACH * way;
                    assert_eq!(muscles.at(p, &near), muscles.at(p, &all), "{scene}: {p}");
                    inside += usize::from(muscles.at(p, &all).is_some());
                }
            }
            assert!(inside > 1000, "{scene}: {inside}");
        }
    }

    #[test]
    fn a_place_belongs_to_the_nearest_belly_by_weight() {
        let two = SIZES.to_owned() + "other,other,flexors,place,1,20,0,,50,0,300,0.5,flexes,\n";
        let paths = PATHS.to_owned() + "other,site,pelvis,10,0,0\nother,site,femur,10,0,100\n";
        let bellies =
            BELLIES.to_owned() + "other,10,0,0,36,100,10,0,0\nother,10,0,100,36,100,10,0,100\n";
        let atlas: &'static Atlas = Box::leak(Box::new(
            Atlas::read(&two, &paths, &bellies, FORCES, FASCICLES).unwrap(),
        ));
        let frame = [DVec3::splat(-50.0), DVec3::splat(150.0)];
        let muscles =
            (atlas.muscles("place", &["flexors"], frame, |_| 10.0, &|_, p| p, false)).unwrap();
        let at = |x: f64, y: f64| {
            let p = DVec3::new(x, y, 50.0);
            let all = muscles.at(p, &[0, 1]);
            // Those near enough suffice.
            assert_eq!(muscles.at(p, &muscles.near(p, 2.0)), all, "{p}");
            all
        };
        // Equal where x² − 64 = (10 − x)² − 36: at 6.4 mm.
        assert_eq!((at(6.3, 0.0), at(6.5, 0.0)), (Some(0), Some(1)));
        assert_eq!((at(-7.9, 0.0), at(-8.1, 0.0)), (Some(0), None));
        assert_eq!((at(15.9, 0.0), at(16.1, 0.0)), (Some(1), None));
        // Fibres: along the course in the middle, at 10 degrees to it farther out, towards it.
        let fibre = muscles.fibre(DVec3::new(-6.0, 0.0, 50.0), 0);
        assert!((fibre.z.acos().to_degrees() - 10.0).abs() < 1e-6 && fibre.x > 0.0);
        assert!(muscles.fibre(DVec3::new(0.0, 0.0, 50.0), 0).z > 0.9999);
    }
}
