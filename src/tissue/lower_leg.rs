//! The lower leg: tibia, fibula, talus and calcaneus with the calf's muscles.
//!
//! A right leg, standing: x points lateral, y anterior, z superior, and the origin is the centre of
//! the femur's head, as in the hip. Tibia and fibula are the mean of 26 people or another of its
//! shapes; talus and calcaneus are coarse and of somebody else, placed below them
//! (`assets/anatomy`). Where two bones meet, cartilage and ligament tie them. The midfoot, left
//! out, holds talus and calcaneus in front; the femur guides the tibia's plateau sideways and
//! presses on it.

use std::cell::Cell;

use glam::DVec3;

use super::attachment::{Lattice, Pull};
use super::muscles::{Atlas, Muscles, Part};
use super::scene::{Inside, Scene};
use super::shape::{ramp, width};
use super::surface::{Distance, Patch, Surface, SurfaceError};
use super::{Dimension, Outlook, SceneError, StrengthPlan, UnitLoad};
use crate::person::Person;

const TIBIA: &[u8] = include_bytes!("../../assets/anatomy/tibia.ply");
const FIBULA: &[u8] = include_bytes!("../../assets/anatomy/fibula.ply");
const TALUS: &[u8] = include_bytes!("../../assets/anatomy/talus.ply");
const CALCANEUS: &[u8] = include_bytes!("../../assets/anatomy/calcaneus.ply");

/// The lattice of the mean, mm: lower corner and extent, the longest side along z. Where a shape's
/// bones come nearer to its border than [`MARGIN`], it is larger.
const ORIGIN: DVec3 = DVec3::new(-47.0, -80.0, -850.0);
const EXTENT: DVec3 = DVec3::new(110.0, 140.0, 450.0);
const MARGIN: f64 = 8.0;

// Places on the mean tibia, mm; a shape carries them with it.
/// Middles of the plateau's two sides.
const MEDIAL: DVec3 = DVec3::new(-15.4, 9.3, -422.5);
const LATERAL: DVec3 = DVec3::new(24.6, 4.0, -420.8);
/// The middle of the surface that meets the talus.
const PLAFOND: DVec3 = DVec3::new(11.0, 10.0, -769.5);

/// The bones in the order of their numbers.
const BONES: [&str; 4] = ["tibia", "fibula", "talus", "calcaneus"];
const TIBIA_AT: usize = 0;
const FIBULA_AT: usize = 1;
const TALUS_AT: usize = 2;
const CALCANEUS_AT: usize = 3;

/// Bones so near to each other are tied, mm: 5 mm lie between tibia and talus, cartilage and what
/// is slack in the coarse talus' shape.
const TIED: f64 = 7.0;

/// Thickness of the tibia's cortex, mm, by height: 0 at the ankle, 1 at the plateau. Distal site of
/// HR-pQCT, at 0.06: 1.55 (Gabel 2022 Br J Sports Med 56:196); thickest in the middle (Capozza 2010
/// J Anat 216:470, the course); elsewhere assumptions within what is usual.
const TIBIA_CORTEX: [(f64, f64); 9] = [
    (0.0, 1.2),
    (0.06, 1.55),
    (0.14, 2.5),
    (0.38, 5.2),
    (0.5, 5.5),
    (0.66, 4.4),
    (0.85, 2.0),
    (0.94, 1.2),
    (1.0, 1.0),
];
/// How much thicker in front than on average, thinner behind (which side: J Exp Orthop 2020 7:78;
/// how much: assumption).
const CREST: f64 = 0.15;
/// The fibula's in its shaft and at its ends, the talus', and the calcaneus' shell: assumptions
/// within what is usual.
const FIBULA_CORTEX: [(f64, f64); 4] = [(0.05, 1.0), (0.25, 3.0), (0.75, 3.0), (0.95, 1.0)];
const TALUS_CORTEX: f64 = 0.9;
const CALCANEUS_CORTEX: f64 = 1.0;
/// Where the calcaneus carries the talus, and where the Achilles tendon pulls.
const FACET_CORTEX: f64 = 2.0;

/// Muscle groups in the order of their load cases.
const GROUPS: [&str; 6] = [
    "soleus",
    "gastrocnemius",
    "tibialis_anterior",
    "toe_extensors",
    "deep_flexors",
    "peroneals",
];
/// A muscle is attached to so much of the surface around its line's end, mm.
const ATTACHED: f64 = 14.0;

/// Regions of bone, those that have been measured longest first.
const REGIONS: [&str; 14] = [
    "proximal_tibia",
    "tibia_shaft",
    "distal_tibia",
    "calcaneus",
    "fibula",
    "talus",
    "distal_tibia_inner",
    "distal_tibia_anterior",
    "distal_tibia_lateral",
    "distal_tibia_posterior",
    "distal_tibia_medial",
    "calcaneal_tuber",
    "neutral_triangle",
    "calcaneal_sinus",
];

/// A bone and how far it is.
struct Bone {
    surface: Surface,
    distance: Distance,
    bounds: [DVec3; 2],
}

impl Bone {
    fn new(surface: Surface) -> Self {
        Self {
            distance: Distance::new(&surface),
            bounds: surface.bounds(),
            surface,
        }
    }

    /// How far it is at least, mm.
    fn at_least(&self, p: DVec3) -> f64 {
        p.distance(p.clamp(self.bounds[0], self.bounds[1]))
    }
}

/// The scene.
pub(super) struct LowerLeg {
    bones: [Bone; 4],
    /// Lower and upper corner of the lattice, mm.
    frame: [DVec3; 2],
    /// The last place that was asked for, and how far each bone is from it: several questions are
    /// asked of each.
    last: Cell<Option<(DVec3, [f64; 4])>>,
    medial: DVec3,
    lateral: DVec3,
    plafond: DVec3,
    atlas: &'static Atlas,
    /// The parts of muscles on this person's bones.
    parts: Vec<Part>,
    muscles: Muscles,
    /// Of tibia and fibula, their surfaces in pieces.
    leg: [Vec<Patch>; 2],
}

/// The value at `x` of a course given at rising places, as it is at its ends beyond them.
fn course(points: &[(f64, f64)], x: f64) -> f64 {
    let after = points.iter().position(|p| p.0 > x);
    match after {
        Some(0) => points[0].1,
        None => points[points.len() - 1].1,
        Some(k) => {
            let ((a, at_a), (b, at_b)) = (points[k - 1], points[k]);
            at_a + (at_b - at_a) * (x - a) / (b - a)
        }
    }
}

impl LowerLeg {
    /// The lower leg of a person.
    /// # Errors
    /// [`SceneError`], for a shape that nobody has.
    pub(super) fn new(person: &Person) -> Result<Self, SceneError> {
        let mean = Surface::read("tibia.ply", TIBIA)?;
        let tibia = mean.shaped(&person.shape)?;
        let fibula = Surface::read("fibula.ply", FIBULA)?.shaped(&person.shape)?;
        let carried = |p: DVec3| mean.carried(p, &tibia);
        let plafond = carried(PLAFOND);
        // The foot has one shape, and goes with the ankle.
        let foot = |name: &str, bytes: &[u8]| -> Result<Surface, SurfaceError> {
            let mut surface = Surface::read(name, bytes)?;
            for vertex in &mut surface.vertices {
                *vertex += plafond - PLAFOND;
            }
            Ok(surface)
        };
        let (medial, lateral) = (carried(MEDIAL), carried(LATERAL));
        let bones = [
            Bone::new(tibia.clone()),
            Bone::new(fibula),
            Bone::new(foot("talus.ply", TALUS)?),
            Bone::new(foot("calcaneus.ply", CALCANEUS)?),
        ];
        let lowest = bones.iter().map(|b| b.bounds[0] - MARGIN);
        let highest = bones.iter().map(|b| b.bounds[1] + MARGIN);
        let frame = [
            lowest.fold(ORIGIN, DVec3::min),
            highest.fold(ORIGIN + EXTENT, DVec3::max),
        ];
        let bone = |p: DVec3| {
            let each = bones.iter().map(|b: &Bone| b.distance.at(p));
            each.fold(f64::INFINITY, f64::min)
        };
        let atlas = Atlas::own()?;
        let with_bones = |body: &str, p: DVec3| match body {
            "foot" => p + plafond - PLAFOND,
            _ => carried(p),
        };
        let muscles = atlas.muscles("lower-leg", &GROUPS, frame, bone, &with_bones, false)?;
        let parts = atlas.of("lower-leg").map(|p| p.carried(&with_bones));
        let parts = parts.collect();
        let leg = [TIBIA_AT, FIBULA_AT].map(|k| bones[k].surface.patches(3.0));
        Ok(Self {
            last: Cell::new(None),
            frame,
            medial,
            lateral,
            plafond,
            atlas,
            parts,
            muscles,
            leg,
            bones,
        })
    }

    fn distances(&self, p: DVec3) -> [f64; 4] {
        if let Some((last, found)) = self.last.get()
            && last == p
        {
            return found;
        }
        // Of bones that are neither the nearest nor tied to it, how far they are at least will do.
        let mut found = [0, 1, 2, 3].map(|k: usize| self.bones[k].at_least(p));
        let mut order = [0, 1, 2, 3];
        order.sort_by(|a: &usize, b| found[*a].total_cmp(&found[*b]));
        let mut nearest = f64::INFINITY;
        for k in order {
            if found[k] <= nearest.max(TIED) {
                found[k] = self.bones[k].distance.at(p);
                nearest = nearest.min(found[k]);
            }
        }
        self.last.set(Some((p, found)));
        found
    }

    fn plateau(&self) -> DVec3 {
        0.5 * (self.medial + self.lateral)
    }

    /// Height on the tibia: 0 at the ankle, 1 at the plateau.
    fn height(&self, p: DVec3) -> f64 {
        (p.z - self.plafond.z) / (self.plateau().z - self.plafond.z)
    }

    /// `p` from the line between ankle and knee, at its height.
    fn beside_axis(&self, p: DVec3) -> DVec3 {
        p - self.plafond - (self.plateau() - self.plafond) * self.height(p)
    }

    /// Patches of a bone, by what they lie in.
    fn patches(&self, bone: usize, of: impl Fn(&Patch) -> bool) -> Vec<Patch> {
        let mut patches = self.bones[bone].surface.patches(3.0);
        patches.retain(of);
        patches
    }

    /// Where one of the femur's condyles presses on the plateau.
    fn condyle(&self, middle: DVec3) -> Vec<Patch> {
        self.patches(TIBIA_AT, |p| p.at.distance(middle) < 15.0 && p.out.z > 0.5)
    }

    /// Where the Achilles tendon ends: the middle of the heel's back.
    fn achilles(&self) -> Vec<Patch> {
        let [low, high] = self.bones[CALCANEUS_AT].bounds;
        let middle = 0.5 * (low.z + high.z);
        self.patches(CALCANEUS_AT, |p| {
            p.out.y < -0.5 && p.at.y < low.y + 12.0 && (p.at.z - middle).abs() < 10.0
        })
    }

    /// Pull of a group's muscles, each along its own line: at the heel by the Achilles tendon, and
    /// where it arises from tibia and fibula and bends around them. Each has 1 N in all.
    fn pull(&self, group: &'static str, lattice: &Lattice<'_>) -> UnitLoad {
        let parts = self.parts.iter().filter(|p| p.group() == group);
        let parts: Vec<&Part> = parts.collect();
        let heel = self.achilles();
        let leg = self.leg.concat();
        let mut all = Vec::new();
        for (share, part) in self.atlas.shares(&parts).into_iter().zip(&parts) {
            // The long tendons go on beyond the scene.
            if ["soleus", "gastrocnemius"].contains(&group)
                && let Some((at, direction)) = part.line("foot")
            {
                all.push(Pull::over(&heel, &[at], 40.0, share * direction));
            }
            for (places, force) in part.pull("tibia").unwrap_or_default() {
                all.push(Pull::over(&leg, &places, ATTACHED, share * force));
            }
        }
        lattice.pulls(group, &all)
    }
}

/// Points of patches for [`Lattice::spread`].
fn points(patches: &[Patch], weight: f64) -> Vec<(DVec3, DVec3, f64)> {
    let area: f64 = patches.iter().map(|p| p.area).sum();
    let point = |p: &Patch| (p.at, -p.out, weight * p.area / area);
    patches.iter().map(point).collect()
}

impl Scene for LowerLeg {
    fn name(&self) -> &'static str {
        "lower-leg"
    }
    fn extent(&self) -> DVec3 {
        self.frame[1] - self.frame[0]
    }
    fn origin(&self) -> DVec3 {
        self.frame[0]
    }
    fn detail(&self) -> f64 {
        1.0
    }
    fn bones(&self) -> &'static [&'static str] {
        &BONES
    }
    fn groups(&self) -> &'static [&'static str] {
        &GROUPS
    }
    fn joined(&self) -> &'static [(&'static str, &'static [usize])] {
        &[("triceps_surae", &[0, 1])]
    }
    fn regions(&self) -> &'static [&'static str] {
        &REGIONS
    }
    fn bone(&self, p: DVec3) -> f64 {
        self.distances(p).into_iter().fold(f64::INFINITY, f64::min)
    }
    fn nearest_bone(&self, p: DVec3) -> usize {
        let distances = self.distances(p);
        let all = 0..distances.len();
        all.min_by(|a, b| distances[*a].total_cmp(&distances[*b]))
            .unwrap_or(0)
    }
    fn tie(&self, p: DVec3) -> f64 {
        let mut distances = self.distances(p);
        distances.sort_by(f64::total_cmp);
        0.5 * (distances[0] + distances[1] - TIED)
    }
    fn cortex(&self, p: DVec3) -> f64 {
        match self.nearest_bone(p) {
            TIBIA_AT => {
                let q = self.beside_axis(p);
                let forward = q.y / q.x.hypot(q.y).max(1e-9);
                course(&TIBIA_CORTEX, self.height(p)) * (1.0 + CREST * forward)
            }
            FIBULA_AT => course(&FIBULA_CORTEX, self.height(p)),
            TALUS_AT => TALUS_CORTEX,
            _ => {
                let heel = self.bones[CALCANEUS_AT].bounds;
                let back = 1.0 - ramp(p.y - heel[0].y, 6.0, 16.0);
                let facet = 1.0 - ramp(self.bones[TALUS_AT].distance.at(p), 4.0, 8.0);
                CALCANEUS_CORTEX + (FACET_CORTEX - CALCANEUS_CORTEX) * back.max(facet)
            }
        }
    }
    fn inside(&self, p: DVec3, distance: f64) -> Inside {
        let height = self.height(p);
        let hollow = match self.nearest_bone(p) {
            TIBIA_AT => (0.19..0.74).contains(&height),
            FIBULA_AT => (0.12..0.85).contains(&height),
            _ => false,
        };
        if distance > -self.cortex(p) {
            Inside::Cortical
        } else if hollow {
            Inside::Marrow
        } else {
            Inside::Trabecular
        }
    }
    fn muscles(&self) -> &Muscles {
        &self.muscles
    }
    fn region(&self, name: &str, p: DVec3) -> f64 {
        let d = self.distances(p);
        // Where a bone is the nearest.
        let of = |bone: usize| {
            let others = (0..d.len()).filter(|k| *k != bone).map(|k| d[k]);
            0.5 * (d[bone] - others.fold(f64::INFINITY, f64::min))
        };
        let between = |low: f64, high: f64| (low - p.z).max(p.z - high);
        let (ankle, knee) = (self.plafond.z, self.plateau().z);
        // The site of HR-pQCT, 22.5 mm above the joint, with what a voxel of a coarse lattice adds.
        let distal = between(ankle + 12.5, ankle + 32.5).max(of(TIBIA_AT));
        // The inner three fifths of its section.
        let inner = d[TIBIA_AT] + 5.0;
        let outer = distal.max(-inner);
        let q = self.beside_axis(p);
        // How far a side is from the middle of a sector: beyond it by so many mm.
        let side = |towards: DVec3| {
            let length = q.x.hypot(q.y).max(1e-9);
            std::f64::consts::FRAC_1_SQRT_2 * length - q.dot(towards)
        };
        let heel = self.bones[CALCANEUS_AT].bounds;
        let forward = p.y - heel[0].y;
        let up = p.z - heel[0].z;
        let calcaneus = of(CALCANEUS_AT);
        match name {
            "proximal_tibia" => between(knee - 43.0, knee - 3.0).max(of(TIBIA_AT)),
            "tibia_shaft" => between(ankle + 102.0, ankle + 202.0).max(of(TIBIA_AT)),
            "distal_tibia" => distal,
            "fibula" => of(FIBULA_AT),
            "talus" => of(TALUS_AT),
            "distal_tibia_inner" => distal.max(inner),
            "distal_tibia_anterior" => outer.max(side(DVec3::Y)),
            "distal_tibia_lateral" => outer.max(side(DVec3::X)),
            "distal_tibia_posterior" => outer.max(side(-DVec3::Y)),
            "distal_tibia_medial" => outer.max(side(-DVec3::X)),
            // The heel behind the joint with the talus.
            "calcaneal_tuber" => calcaneus.max(forward - 26.0),
            // Below the joint, between the bone that comes down from it and that along the sole.
            "neutral_triangle" => calcaneus
                .max((forward - 46.0).abs() - 9.0)
                .max((up - 20.0).abs() - 8.0),
            // In front of the joint, under the groove that faces the talus' own.
            "calcaneal_sinus" => calcaneus.max(58.0 - forward).max(30.0 - up),
            _ => calcaneus,
        }
    }
    fn loads(&self, lattice: &Lattice<'_>) -> (Vec<UnitLoad>, usize) {
        let down = (self.plafond - self.plateau()).normalize_or_zero();
        // The medial condyle takes 60 % of the knee's force.
        let mut knee = points(&self.condyle(self.medial), 0.6);
        knee.extend(points(&self.condyle(self.lateral), 0.4));
        let heel = self.bones[CALCANEUS_AT].bounds;
        // The heel's pad, and in front of it the tubercle where the plantar fascia begins.
        let ground = self.patches(CALCANEUS_AT, |p| {
            p.out.z < -0.4 && p.at.y < heel[0].y + 26.0 && p.at.z < heel[0].z + 14.0
        });
        let fascia = self.patches(CALCANEUS_AT, |p| {
            let forward = p.at.y - heel[0].y;
            p.out.z < -0.2 && (14.0..32.0).contains(&forward) && p.at.z < heel[0].z + 14.0
        });
        let joints = vec![
            lattice.spread("knee", down, &knee),
            lattice.spread("ground", DVec3::Z, &points(&ground, 1.0)),
            lattice.spread(
                "plantar fascia",
                DVec3::new(0.0, 1.0, -0.1).normalize_or_zero(),
                &points(&fascia, 1.0),
            ),
        ];
        let count = joints.len();
        let muscles = GROUPS.iter().map(|group| self.pull(group, lattice));
        (joints.into_iter().chain(muscles).collect(), count)
    }
    fn held(&self, p: DVec3, spacing: f64) -> u8 {
        let near = |bone: usize| self.bones[bone].distance.at(p) < spacing;
        // One layer of nodes: between two that are held, bone would bear nothing.
        let front = |bone: usize| {
            let before = p.y - self.bones[bone].bounds[1].y;
            near(bone) && (-0.75 * spacing..0.25 * spacing).contains(&before)
        };
        if front(TALUS_AT) || front(CALCANEUS_AT) {
            0b111
        } else if near(TIBIA_AT) && p.z > self.plateau().z - 0.75 * spacing {
            0b011
        } else {
            0
        }
    }
    /// From the side, where heel and Achilles tendon are seen.
    fn outlook(&self) -> Outlook {
        Outlook {
            azimuth: -75.0,
            elevation: 6.0,
            cut: Some((0, 0.5)),
            ..Outlook::FRONT
        }
    }

    fn dimensions(&self) -> Vec<Dimension> {
        let size = |bone: usize| self.bones[bone].bounds[1] - self.bones[bone].bounds[0];
        // Of the tibia's vertices near the plateau, those on one side or on both.
        let plateau = |axis: usize, low: f64, high: f64| {
            let near = |v: &&DVec3| v.z > self.plateau().z - 15.0 && (low..high).contains(&v.x);
            let along = |v: &DVec3| v[axis];
            let of: Vec<f64> = (self.bones[TIBIA_AT].surface.vertices.iter())
                .filter(near)
                .map(along)
                .collect();
            let most = of.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            most - of.iter().copied().fold(f64::INFINITY, f64::min)
        };
        let axis = (self.plateau() - self.plafond).normalize_or_zero();
        let middle = self.plafond + 0.5 * (self.plateau() - self.plafond);
        let tibia = |p: DVec3| self.bones[TIBIA_AT].distance.at(p);
        let fibula = |p: DVec3| self.bones[FIBULA_AT].distance.at(p);
        // The fibula's middle at that height.
        let vertices = self.bones[FIBULA_AT].surface.patches(3.0);
        let near = vertices.iter().filter(|p| (p.at.z - middle.z).abs() < 4.0);
        let (sum, count) = near.fold((DVec3::ZERO, 0.0), |(s, n), p| (s + p.at, n + 1.0));
        let in_fibula = sum / f64::max(count, 1.0);
        let lateral = (DVec3::X - axis * axis.x).normalize_or_zero();
        let anterior = axis.cross(lateral);
        // In whichever direction it is widest.
        let directions = (0..18).map(|k| (f64::from(k) * 10.0).to_radians().sin_cos());
        let widths = directions.map(|(s, c)| width(&fibula, in_fibula, c * lateral + s * anterior));
        let widest = widths.fold(0.0, f64::max);
        let area = |patches: Vec<Patch>| patches.iter().map(|p| p.area).sum::<f64>();
        let meets = |bone: usize, other: usize| {
            let of = &self.bones[other].distance;
            // Towards the other bone, and no farther from it than what ties them.
            area(self.patches(bone, |p| {
                of.at(p.at) < TIED && of.at(p.at + 2.0 * p.out) < of.at(p.at) - 1.4
            }))
        };
        vec![
            Dimension::mm("tibial length", size(TIBIA_AT).z),
            Dimension::mm("plateau width", plateau(0, -1e3, 1e3)),
            Dimension::mm(
                "medial plateau depth",
                plateau(1, -1e3, self.plateau().x - 6.0),
            ),
            Dimension::mm("tibial width at mid-shaft", width(&tibia, middle, lateral)),
            Dimension::mm("tibial depth at mid-shaft", width(&tibia, middle, anterior)),
            Dimension::mm("fibular length", size(FIBULA_AT).z),
            Dimension::mm("fibular width at mid-shaft", widest),
            Dimension::mm("talar length", size(TALUS_AT).y),
            Dimension::mm("talar width", size(TALUS_AT).x),
            Dimension::mm("talar height", size(TALUS_AT).z),
            Dimension::mm("calcaneal length", size(CALCANEUS_AT).y),
            Dimension::mm("calcaneal width", size(CALCANEUS_AT).x),
            Dimension::mm("calcaneal height", size(CALCANEUS_AT).z),
            Dimension::mm2(
                "contact of the medial condyle",
                area(self.condyle(self.medial)),
            ),
            Dimension::mm2(
                "contact of the lateral condyle",
                area(self.condyle(self.lateral)),
            ),
            Dimension::mm2("contact of talus and tibia", meets(TALUS_AT, TIBIA_AT)),
            Dimension::mm2("contact of talus and fibula", meets(TALUS_AT, FIBULA_AT)),
            Dimension::mm2(
                "contact of talus and calcaneus",
                meets(TALUS_AT, CALCANEUS_AT),
            ),
        ]
    }

    fn strength(&self, _: &Lattice<'_>, _: [usize; 3]) -> Vec<StrengthPlan> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use glam::DVec3;

    use super::super::scene::build;
    use super::{Bone, FIBULA_AT, LowerLeg};
    use crate::person::Person;

    /// A bone that nothing ties to the rest, and a force that falls beside the bones, are told and
    /// not left out.
    #[test]
    fn what_meets_no_bone_is_told() {
        let whole = || LowerLeg::new(&Person::default()).unwrap();
        assert!(build(&whole(), 24).is_ok());
        let mut apart = whole();
        let mut fibula = apart.bones[FIBULA_AT].surface.clone();
        for vertex in &mut fibula.vertices {
            *vertex += 60.0 * DVec3::X;
        }
        apart.frame[1].x += 60.0;
        apart.bones[FIBULA_AT] = Bone::new(fibula);
        let said = build(&apart, 32).unwrap_err().to_string();
        assert!(said.contains("\"fibula\" meets no bone"), "{said}");
        let mut beside = whole();
        beside.medial.x -= 100.0;
        beside.lateral.x += 100.0;
        let said = build(&beside, 24).unwrap_err().to_string();
        assert!(said.contains("\"knee\" meets no bone"), "{said}");
    }
}
