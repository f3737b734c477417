//! The proximal femur with the thigh's muscles.
//!
//! A right femur, the mean of 26 people (`assets/anatomy/femur.ply`) or another of its shapes,
//! standing: x points lateral, y anterior, z superior (a right-handed frame), and the origin is the
//! centre of its head. The shaft is cut 150 mm below that. The joint presses on the head's
//! cartilage where the socket meets it; the pelvis is drawn, but bears nothing here.

use glam::DVec3;

use super::attachment::{Lattice, Pull};
use super::muscles::{Atlas, MuscleError, Muscles, Part, Residual, residuals};
use super::scene::{Inside, Scene};
use super::shape::{ramp, width};
use super::surface::{Distance, Patch, Surface};
use super::{Dimension, Outlook, SceneError, StrengthPlan, UnitLoad};
use crate::person::Person;

const FEMUR: &[u8] = include_bytes!("../../assets/anatomy/femur.ply");
const PELVIS: &[u8] = include_bytes!("../../assets/anatomy/hemipelvis.ply");

/// The lattice of the mean, mm: lower corner and extent. Where a shape's
/// femur comes nearer to its border than [`MARGIN`], it is larger; below the femur is cut.
const ORIGIN: DVec3 = DVec3::new(-82.0, -114.0, -150.0);
const EXTENT: DVec3 = DVec3::new(198.0, 204.0, 180.0);
const MARGIN: f64 = 3.0;

// Places on the mean femur, mm, found on its surface; a shape carries them with it.
/// Where the neck's axis crosses the shaft's.
const JUNCTION: DVec3 = DVec3::new(37.7, -10.9, -35.0);
/// On the shaft's axis where it is cut.
const SHAFT: DVec3 = DVec3::new(26.3, 8.0, -150.0);
/// The middle of the neck's narrowest section.
const ISTHMUS: DVec3 = DVec3::new(17.1, -2.7, -15.1);
/// The trochanters' outermost points.
const GREATER: DVec3 = DVec3::new(63.8, -11.9, -28.6);
const LESSER: DVec3 = DVec3::new(8.5, -23.9, -58.0);
/// Along the backs of the condyles, towards the medial one.
const CONDYLES: DVec3 = DVec3::new(-0.9948, -0.0328, 0.0966);

/// Thickness of the neck's cortex, mm: above, in front, below, behind. Women of 25 years have 1.63
/// above and behind, 3.9 below and in front (Poole 2010 J Bone Miner Res 25:482).
const NECK_CORTEX: [f64; 4] = [1.6, 1.8, 3.6, 1.6];
/// Of the shaft's below the lesser trochanter, between it and the neck, of the greater trochanter,
/// and of the head: assumptions within what is usual.
const SHAFT_CORTEX: f64 = 6.5;
const INTERTROCHANTER_CORTEX: f64 = 2.0;
const TROCHANTER_CORTEX: f64 = 1.3;
const HEAD_CORTEX: f64 = 0.8;

/// Pressure of the joint reaches so far around its force, degrees, falling off like the rise of the
/// surface above the edge: a contact of about 700 mm², where finite elements of walking people have
/// 294 to 998 (J Orthop Surg Res 2022, doi 10.1186/s13018-022-03094-5).
const CONTACT: f64 = 38.0;

/// How deep the trochanter sinks into the pad that it falls on, mm: soft tissue and a laboratory's
/// cup of cement spread the force over some 10 cm²; assumption.
const PAD: f64 = 10.0;

/// How far cement reaches around what a laboratory pushes on, mm: assumption.
const CAST: f64 = 6.0;

/// The joint's force on the head at the peak of an activity, % of body weight, in the standing
/// frame (Bergmann 2001 J Biomech 34:859; rising and one leg: Bergmann 2016 PLoS ONE 11:e0155612).
/// Only the direction is used here; the size stands in physiology.toml.
const JOINT: [(&str, DVec3); 4] = [
    ("walking", DVec3::new(29.7, -27.4, -234.3)),
    ("stairs", DVec3::new(34.8, -54.9, -242.5)),
    ("one leg", DVec3::new(46.7, -8.8, -255.5)),
    ("rising", DVec3::new(65.1, -17.9, -203.1)),
];

/// Muscle groups in the order of their load cases. Hamstrings do not meet the femur above the cut.
const GROUPS: [&str; 6] = [
    "quadriceps",
    "gluteals",
    "adductors",
    "lateral_rotators",
    "hip_flexors",
    "hamstrings",
];
/// Thickness of the cartilage between head and socket, mm: what is usual.
const CARTILAGE: f64 = 3.0;
/// How far from the joint's forces it reaches, degrees: as far as any of them presses, and a bit.
const COVERED: f64 = CONTACT + 6.0;
/// So many of them pull.
const PULLING: usize = 5;
/// A muscle is attached to so much of the surface around its line's end, mm.
const ATTACHED: f64 = 14.0;

/// Regions of bone, those that have been measured longest first.
const REGIONS: [&str; 12] = [
    "femoral_neck",
    "trochanter",
    "total_hip",
    "femur_shaft",
    "femoral_head",
    "intertrochanter",
    "neck_superior",
    "neck_anterior",
    "neck_inferior",
    "neck_posterior",
    "principal_compressive",
    "ward_triangle",
];

/// A place along the neck.
struct Neck {
    /// From the head's centre towards the shaft, mm.
    along: f64,
    /// Unit vector away from the axis, as its parts upwards and forwards.
    up: f64,
    forward: f64,
}

/// The scene.
pub(super) struct Hip {
    /// This person's femur, and its surface in pieces.
    femur: Surface,
    patches: Vec<Patch>,
    atlas: &'static Atlas,
    /// The parts of muscles on this person's bones.
    parts: Vec<Part>,
    muscles: Muscles,
    /// Lower and upper corner of the lattice, mm.
    frame: [DVec3; 2],
    distance: Distance,
    pelvis: Distance,
    head_radius: f64,
    junction: DVec3,
    /// Where the shaft is cut, on its axis.
    shaft: DVec3,
    greater: DVec3,
    lesser: DVec3,
    /// From the head's centre to the middle of the neck, and its unit vector towards the shaft.
    isthmus: f64,
    neck_axis: DVec3,
}

impl Hip {
    /// The hip of a person.
    /// # Errors
    /// [`SceneError`], for a shape that nobody has.
    pub(super) fn new(person: &Person) -> Result<Self, SceneError> {
        let mean = Surface::read("femur.ply", FEMUR)?;
        let femur = mean.shaped(&person.shape)?;
        let carried = |p: DVec3| mean.carried(p, &femur);
        // Vertices of the head, by the mean's: the shape modes leave its centre where it is.
        let of_head = mean.vertices.iter().zip(&femur.vertices);
        let radii: Vec<f64> = of_head
            .filter(|(v, _)| (v.length() - 23.0).abs() < 0.7)
            .map(|(_, v)| v.length())
            .collect();
        let isthmus = carried(ISTHMUS);
        let neck_axis = isthmus.normalize_or_zero();
        // Of what lies above the cut.
        let above = femur.vertices.iter().filter(|v| v.z > ORIGIN.z);
        let (low, high) = above.fold((ORIGIN, ORIGIN + EXTENT), |(low, high), v| {
            (low.min(*v - MARGIN), high.max(*v + MARGIN))
        });
        let frame = [low.with_z(ORIGIN.z), high];
        let distance = Distance::new(&femur);
        let mean_pelvis = Surface::read("hemipelvis.ply", PELVIS)?;
        let pelvis = mean_pelvis.shaped(&person.shape)?;
        let atlas = Atlas::own()?;
        let pelvis_at = Distance::new(&pelvis);
        let bone = |p: DVec3| distance.at(p).min(pelvis_at.at(p));
        let with_bones = |body: &str, p: DVec3| match body {
            "pelvis" => mean_pelvis.carried(p, &pelvis),
            _ => carried(p),
        };
        let muscles = atlas.muscles("hip", &GROUPS, frame, bone, &with_bones, false)?;
        let parts = atlas.of("hip").map(|p| p.carried(&with_bones)).collect();
        let mut patches = femur.patches(3.0);
        patches.retain(|p| p.at.z > ORIGIN.z);
        let (junction, shaft) = (carried(JUNCTION), carried(SHAFT));
        let (greater, lesser) = (carried(GREATER), carried(LESSER));
        Ok(Self {
            atlas,
            parts,
            muscles,
            frame,
            pelvis: pelvis_at,
            distance,
            head_radius: radii.iter().sum::<f64>() / radii.len().max(1) as f64,
            junction,
            shaft,
            greater,
            lesser,
            isthmus: isthmus.dot(neck_axis),
            neck_axis,
            patches,
            femur,
        })
    }

    /// Unit vector along the shaft, upwards.
    fn shaft_axis(&self) -> DVec3 {
        (self.junction - self.shaft).normalize_or_zero()
    }

    /// `p` from the shaft's axis at its height, mm.
    fn beside_shaft(&self, p: DVec3) -> DVec3 {
        let axis = self.shaft_axis();
        p - (self.shaft + axis * ((p.z - self.shaft.z) / axis.z))
    }

    fn neck(&self, p: DVec3) -> Neck {
        let axis = self.neck_axis;
        let along = p.dot(axis);
        let out = (p - axis * along).normalize_or_zero();
        let up = (DVec3::Z - axis * axis.z).normalize_or_zero();
        let forward = -axis.cross(up);
        Neck {
            along,
            up: out.dot(up),
            forward: out.dot(forward),
        }
    }

    /// Thickness of the neck's cortex on one side: between two quadrants it passes from one to the
    /// other.
    fn neck_cortex(neck: &Neck) -> f64 {
        let [above, front, below, behind] = NECK_CORTEX;
        let (u, f) = (neck.up, neck.forward);
        u * u * if u > 0.0 { above } else { below } + f * f * if f > 0.0 { front } else { behind }
    }

    /// Patches of the surface within `radius` of a place and on the side that `facing` looks at.
    fn around(&self, place: DVec3, radius: f64, facing: DVec3) -> Vec<Patch> {
        let mut patches = self.patches.clone();
        patches.retain(|p| p.at.distance(place) < radius && p.out.dot(facing) > 0.0);
        patches
    }

    /// Pull of those of a group's muscles that are attached above the cut, each along its own line
    /// over its attachment, 1 N in all.
    fn pull(&self, group: &'static str, lattice: &Lattice<'_>) -> UnitLoad {
        // Above the cut.
        let here = |p: &DVec3| p.z > self.frame[0].z;
        let (mut parts, mut pulls) = (Vec::new(), Vec::new());
        for part in self.parts.iter().filter(|p| p.group() == group) {
            let mut forces = part.pull("femur").unwrap_or_default();
            for (places, _) in &mut forces {
                places.retain(here);
            }
            if forces.first().is_some_and(|(places, _)| !places.is_empty()) {
                parts.push(part);
                pulls.push(forces);
            }
        }
        let mut all = Vec::new();
        for (share, forces) in self.atlas.shares(&parts).into_iter().zip(pulls) {
            for (places, force) in forces.iter().filter(|(places, _)| !places.is_empty()) {
                all.push(Pull::over(&self.patches, places, ATTACHED, share * *force));
            }
        }
        lattice.pulls(group, &all)
    }

    /// How far `p` is from the shaft's axis, mm.
    fn off_shaft(&self, p: DVec3) -> f64 {
        let axis = self.shaft_axis();
        let q = p - self.shaft;
        (q - axis * q.dot(axis)).length()
    }

    /// Pressure of the socket's cartilage on the head, a cap around the force: places, the way
    /// inwards, and what each bears; and its area, mm².
    fn contact(&self, force: DVec3) -> (Vec<(DVec3, DVec3, f64)>, f64) {
        let force = force.normalize_or_zero();
        let edge = CONTACT.to_radians().cos();
        let (mut points, mut area) = (Vec::new(), 0.0);
        for p in self.femur.patches(2.0) {
            let rise = p.at.normalize_or_zero().dot(-force) - edge;
            if rise > 0.0 && (p.at.length() - self.head_radius).abs() < 0.1 * self.head_radius {
                points.push((p.at, -p.out, rise * p.area));
                area += p.area;
            }
        }
        (points, area)
    }

    /// A test's force on the head, which laboratories cover with cement.
    fn head_load(&self, name: &'static str, force: DVec3, lattice: &Lattice<'_>) -> UnitLoad {
        lattice.spread(name, force.normalize_or_zero(), &self.contact(force).0)
    }

    /// The joint's force, on the outside of the cartilage.
    fn joint_load(&self, name: &'static str, force: DVec3, lattice: &Lattice<'_>) -> UnitLoad {
        let (mut points, _) = self.contact(force);
        for (at, inward, _) in &mut points {
            // Just within it, so that a voxel of it is found.
            *at -= (CARTILAGE - 0.2) * *inward;
        }
        lattice.spread(name, force.normalize_or_zero(), &points)
    }

    /// Lateral, and forwards of both it and the shaft.
    fn frontal(&self) -> (DVec3, DVec3) {
        let axis = self.shaft_axis();
        let lateral = (DVec3::X - axis * axis.x).normalize_or_zero();
        (lateral, axis.cross(lateral))
    }

    /// Single-leg stance to failure: 20° to the shaft in the frontal plane, the shaft potted (Keyak
    /// 1998 J Biomech 31:125).
    fn stance_test(&self, lattice: &Lattice<'_>, elements: [usize; 3]) -> StrengthPlan {
        let (lateral, _) = self.frontal();
        let (s, c) = 20f64.to_radians().sin_cos();
        StrengthPlan {
            name: "stance",
            region: "total_hip",
            quantities: ["stance_strength", "stance_stiffness"],
            load: self.head_load("stance test", s * lateral - c * self.shaft_axis(), lattice),
            cast: CAST,
            held: potted(elements),
        }
    }

    /// A fall on the side: the shaft 10° from the ground and turned inwards by 15° (Courtney 1994
    /// Calcif Tissue Int 55:53), the greater trochanter on a pad, the knee free to turn. Pad and
    /// knee share the force as levers have it, so that no clamp's stiffness enters; the cut through
    /// the shaft, which passes on what the knee bears, only keeps the bone in its place.
    fn fall_test(&self, lattice: &Lattice<'_>, elements: [usize; 3]) -> StrengthPlan {
        let (tilt, turn) = (10f64.to_radians(), 15f64.to_radians());
        let (lateral, forward) = self.frontal();
        let axis = self.shaft_axis();
        let force = tilt.cos() * (turn.cos() * lateral - turn.sin() * forward) - tilt.sin() * axis;
        let (contact, _) = self.contact(force);
        let pad = self.pad(force);
        let middle = |points: &[(DVec3, DVec3, f64)]| {
            let total: f64 = points.iter().map(|p| p.2).sum();
            points.iter().map(|p| p.0 * p.2).sum::<DVec3>() / total
        };
        // Levers about the knee, across the force.
        let knee = self.knee();
        let lever = |p: DVec3| (p - knee).reject_from(force).length();
        let share = lever(middle(&contact)) / lever(middle(&pad));
        let mut load = lattice.spread("fall test", force, &contact);
        load.points
            .extend(lattice.spread("fall test", -share * force, &pad).points);
        StrengthPlan {
            name: "sideways fall",
            region: "total_hip",
            quantities: ["strength", "stiffness"],
            load,
            cast: CAST,
            held: potted(elements),
        }
    }

    /// The middle of the femur's lower end, mm.
    fn knee(&self) -> DVec3 {
        let heights = self.femur.vertices.iter().map(|v| v.z);
        let lowest = heights.fold(f64::INFINITY, f64::min);
        let end = self.femur.vertices.iter().filter(|v| v.z < lowest + 40.0);
        let (sum, count) = end.fold((DVec3::ZERO, 0.0), |(sum, n), v| (sum + *v, n + 1.0));
        sum / count
    }

    /// Where the greater trochanter lies on the ground, which `force` presses it on: places, the
    /// way inwards, and pressure times area: what is nearer to the ground sinks deeper into the
    /// pad.
    fn pad(&self, force: DVec3) -> Vec<(DVec3, DVec3, f64)> {
        let patches = self.around(self.greater, 40.0, force);
        let depths = patches.iter().map(|p| p.at.dot(force));
        let first = depths.fold(f64::NEG_INFINITY, f64::max);
        let sunk = |p: &Patch| (p.at.dot(force) - first + PAD) * p.area;
        let points = patches.iter().map(|p| (p.at, -p.out, sunk(p)));
        points.filter(|(_, _, pressure)| *pressure > 0.0).collect()
    }
}

/// All nodes of the cut through the shaft, held.
fn potted(elements: [usize; 3]) -> Vec<([usize; 3], u8)> {
    crate::volume::each([elements[0] + 1, elements[1] + 1, 1])
        .map(|at| (at, 0b111))
        .collect()
}

impl Scene for Hip {
    fn name(&self) -> &'static str {
        "hip"
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
        &["femur"]
    }
    fn groups(&self) -> &'static [&'static str] {
        &GROUPS
    }
    fn regions(&self) -> &'static [&'static str] {
        &REGIONS
    }
    fn bone(&self, p: DVec3) -> f64 {
        self.distance.at(p)
    }
    /// The cartilage that the joint presses on.
    fn tie(&self, p: DVec3) -> f64 {
        let edge = COVERED.to_radians().cos();
        let forces = JOINT.iter().map(|(_, f)| -f.normalize_or_zero());
        let rise = forces.map(|f| f.dot(p.normalize_or_zero()) - edge);
        let rise = rise.fold(f64::NEG_INFINITY, f64::max);
        (self.distance.at(p) - CARTILAGE).max(-rise * p.length())
    }
    fn cortex(&self, p: DVec3) -> f64 {
        let neck = self.neck(p);
        let below = self.lesser.z - p.z;
        // Thinner upwards from below the lesser trochanter.
        let mut t =
            SHAFT_CORTEX + (INTERTROCHANTER_CORTEX - SHAFT_CORTEX) * ramp(-below, -36.0, 14.0);
        let outside = self.beside_shaft(p).x;
        t += (TROCHANTER_CORTEX - t) * ramp(outside, 6.0, 16.0) * ramp(-below, 8.0, 24.0);
        let before = self.junction.dot(self.neck_axis) - neck.along;
        t += (Self::neck_cortex(&neck) - t) * ramp(before, 6.0, 18.0);
        t + (HEAD_CORTEX - t) * ramp(before, 30.0, 40.0)
    }
    fn inside(&self, p: DVec3, distance: f64) -> Inside {
        let q = self.beside_shaft(p);
        // The canal ends in a dome below the lesser trochanter.
        let canal_top = self.lesser.z - 4.0 - 0.15 * (q.x * q.x + q.y * q.y);
        if distance > -self.cortex(p) {
            Inside::Cortical
        } else if p.z < canal_top {
            Inside::Marrow
        } else {
            Inside::Trabecular
        }
    }
    fn residuals(&self) -> Result<Vec<Residual>, MuscleError> {
        residuals(self.atlas)
    }
    fn beside(&self) -> Option<&'static str> {
        Some("pelvis")
    }
    /// The mean socket is smoothed and leaves no room for cartilage: it begins where that ends.
    fn to_beside(&self, p: DVec3) -> f64 {
        self.pelvis
            .at(p)
            .max(self.head_radius + CARTILAGE - p.length())
    }
    fn muscles(&self) -> &Muscles {
        &self.muscles
    }
    fn region(&self, name: &str, p: DVec3) -> f64 {
        let neck = self.neck(p);
        let q = self.beside_shaft(p);
        let s = neck.along;
        let of_neck = (self.isthmus - 2.5 - s).max(s - self.isthmus - 9.5);
        let hip = (self.lesser.z - 10.0 - p.z).max(self.isthmus - 4.5 - s);
        let trochanter = (self.lesser.z + 8.0 - p.z)
            .max(self.isthmus + 17.5 - s)
            .max(-2.0 - q.x);
        // How far the side is from the middle of a quadrant: beyond it by so many mm at 15 mm.
        let side = |towards: f64| 15.0 * (std::f64::consts::FRAC_1_SQRT_2 - towards);
        match name {
            "femoral_neck" => of_neck,
            "trochanter" => trochanter,
            "total_hip" => hip,
            "femur_shaft" => (-140.0 - p.z).max(p.z - self.lesser.z + 22.0),
            "femoral_head" => s - self.isthmus + 4.5,
            // What the hip has between neck, trochanter and shaft.
            "intertrochanter" => hip
                .max(-of_neck)
                .max(-trochanter)
                .max(self.isthmus + 9.5 - s),
            "neck_superior" => of_neck.max(side(neck.up)),
            "neck_anterior" => of_neck.max(side(neck.forward)),
            "neck_inferior" => of_neck.max(side(-neck.up)),
            "neck_posterior" => of_neck.max(side(-neck.forward)),
            // From the top of the head along the joint's force, 8 mm around it: the group that
            // stands on the calcar.
            "principal_compressive" => {
                let force = JOINT[0].1.normalize_or_zero();
                let beside = (p - force * p.dot(force)).length() - 8.0;
                beside.max(p.length() - self.head_radius + 3.0)
            }
            // Between that group, the arch above it and the one beside it: at the base of the neck,
            // on its axis.
            _ => {
                let middle = 0.5 * (self.isthmus + self.junction.dot(self.neck_axis));
                let beside_axis = (p - self.neck_axis * s).length() - 6.0;
                beside_axis.max((s - middle).abs() - 6.0)
            }
        }
    }
    fn loads(&self, lattice: &Lattice<'_>) -> (Vec<UnitLoad>, usize) {
        let joints = JOINT
            .iter()
            .map(|(name, force)| self.joint_load(name, *force, lattice));
        let muscles = GROUPS[..PULLING].iter();
        let muscles = muscles.map(|group| self.pull(group, lattice));
        (joints.chain(muscles).collect(), JOINT.len())
    }
    /// The cut through the shaft.
    fn held(&self, p: DVec3, spacing: f64) -> u8 {
        if p.z < ORIGIN.z + 0.01 * spacing {
            0b111
        } else {
            0
        }
    }
    /// Opened in the plane through the head's centre and the shaft, where the trabecular groups are
    /// seen.
    fn outlook(&self) -> Outlook {
        Outlook {
            azimuth: -13.0,
            elevation: 6.0,
            cut: Some((1, 0.546)),
            ..Outlook::FRONT
        }
    }

    fn dimensions(&self) -> Vec<Dimension> {
        let to_head = -self.neck_axis;
        let shaft = self.shaft_axis();
        let flat = |v: DVec3| DVec3::new(v.x, v.y, 0.0);
        let up = (DVec3::Z - to_head * to_head.z).normalize_or_zero();
        let forward = to_head.cross(up);
        let distance = |p: DVec3| self.distance.at(p);
        let isthmus = self.neck_axis * self.isthmus;
        let below = self.shaft + shaft * ((-130.0 - self.shaft.z) / shaft.z);
        let (lateral, anterior) = self.frontal();
        let version = flat(to_head).angle_between(flat(CONDYLES));
        let (_, contact) = self.contact(JOINT[0].1);
        vec![
            Dimension::mm("head diameter", 2.0 * self.head_radius),
            Dimension::degrees(
                "neck-shaft angle",
                to_head.angle_between(-shaft).to_degrees(),
            ),
            Dimension::degrees("anteversion", version.to_degrees()),
            Dimension::mm("femoral offset", self.off_shaft(DVec3::ZERO)),
            Dimension::mm("neck height at its isthmus", width(&distance, isthmus, up)),
            Dimension::mm(
                "neck depth at its isthmus",
                width(&distance, isthmus, forward),
            ),
            Dimension::mm(
                "shaft width 130 mm below the head",
                width(&distance, below, lateral),
            ),
            Dimension::mm(
                "shaft depth 130 mm below the head",
                width(&distance, below, anterior),
            ),
            Dimension::mm2("contact of the hip in walking", contact),
        ]
    }
    fn across(&self) -> &'static [&'static str] {
        &["principal_compressive", "ward_triangle"]
    }

    fn strength(&self, lattice: &Lattice<'_>, elements: [usize; 3]) -> Vec<StrengthPlan> {
        vec![
            self.stance_test(lattice, elements),
            self.fall_test(lattice, elements),
        ]
    }
}
