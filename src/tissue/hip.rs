//! The proximal femur with the thigh's muscles.
//!
//! A right femur: x points lateral, y anterior, z superior (a right-handed frame); the shaft's
//! axis is x = y = 0 and it is cut at z = 0. Dimensions are those of an adult man: head 49 mm
//! across, neck 34 mm wide, neck–shaft angle 127°, anteversion 13°, shaft 28.4 mm across with
//! a cortex of 6.5 mm.

use std::collections::BTreeSet;

use glam::DVec3;

use super::scene::{Inside, Lattice, Scene};
use super::shape::{blend, column, directions, ellipsoid, ramp, sphere, tapered};
use super::{Outlook, StrengthPlan, UnitLoad};

/// Extent of the lattice, mm; the longest side is z.
const EXTENT: DVec3 = DVec3::new(150.0, 130.0, 180.0);
const ORIGIN: DVec3 = DVec3::new(-78.0, -65.0, 0.0);

/// Where the neck's axis meets the shaft's, mm.
const JUNCTION: DVec3 = DVec3::new(0.0, 0.0, 112.0);
/// Along the neck's axis from there to the head's centre, mm.
const NECK: f64 = 50.0;
const HEAD_RADIUS: f64 = 24.5;
const NECK_SHAFT_ANGLE: f64 = 127.0;
const ANTEVERSION: f64 = 13.0;
const SHAFT_RADIUS: f64 = 14.2;
const SHAFT_CORTEX: f64 = 6.5;
const GREATER_TROCHANTER: DVec3 = DVec3::new(15.0, -6.0, 117.0);
const GREATER_TROCHANTER_RADII: DVec3 = DVec3::new(14.0, 18.0, 26.0);
const LESSER_TROCHANTER: DVec3 = DVec3::new(-13.0, -13.0, 86.0);
/// The medullary canal ends here; above it the inside is trabecular.
const CANAL_TOP: f64 = 80.0;

/// Directions of the hip joint force in the frontal plane, degrees from the shaft, with the
/// name of its case (Beaupré 1990).
const JOINT: [(&str, f64); 3] = [("stance", 24.0), ("abduction", -15.0), ("adduction", 56.0)];
/// The abductors' pull, degrees from the shaft (Beaupré 1990, single-leg stance).
const ABDUCTORS: f64 = 28.0;

/// Muscle groups in the order of their load cases.
const GROUPS: [&str; 3] = ["quadriceps", "hamstrings", "gluteals"];

fn neck_axis() -> DVec3 {
    let from_up = (180.0 - NECK_SHAFT_ANGLE).to_radians();
    let (s, c) = ANTEVERSION.to_radians().sin_cos();
    DVec3::new(-from_up.sin() * c, from_up.sin() * s, from_up.cos())
}

fn head() -> DVec3 {
    JUNCTION + NECK * neck_axis()
}

/// Distance to the periosteum.
fn bone(p: DVec3) -> f64 {
    let shaft = tapered(
        p,
        DVec3::new(0.0, 0.0, -40.0),
        DVec3::new(0.0, 0.0, 70.0),
        SHAFT_RADIUS,
        SHAFT_RADIUS,
    );
    let flare = tapered(
        p,
        DVec3::new(0.0, 0.0, 64.0),
        JUNCTION,
        SHAFT_RADIUS - 0.5,
        20.0,
    );
    let neck = tapered(
        p,
        JUNCTION,
        JUNCTION + 0.75 * NECK * neck_axis(),
        19.5,
        16.8,
    );
    let ball = sphere(p, head(), HEAD_RADIUS);
    let greater = ellipsoid(p, GREATER_TROCHANTER, GREATER_TROCHANTER_RADII);
    let lesser = sphere(p, LESSER_TROCHANTER, 9.0);
    let proximal = blend(blend(neck, ball, 6.0), blend(flare, greater, 8.0), 8.0);
    blend(blend(proximal, shaft, 4.0), lesser, 6.0)
}

/// Place along the neck's axis (mm from the shaft's), and how far below the axis (1 at the neck's
/// lower edge).
fn along_neck(p: DVec3) -> (f64, f64) {
    let axis = neck_axis();
    let q = p - JUNCTION;
    let s = q.dot(axis);
    let up = (DVec3::Z - axis * axis.z).normalize_or_zero();
    (s, (-(q - axis * s).dot(up) / 16.0).clamp(0.0, 1.0))
}

/// Thickness of the cortex, mm.
fn cortex(p: DVec3) -> f64 {
    let (s, below) = along_neck(p);
    let mut t = SHAFT_CORTEX + (2.0 - SHAFT_CORTEX) * ramp(p.z, 62.0, 108.0);
    // The greater trochanter has a thin shell, the lower neck (calcar) a thick one.
    t += (1.5 - t) * ramp(p.x, 6.0, 16.0) * ramp(p.z, 92.0, 108.0);
    t += (1.5 + 2.0 * below - t) * ramp(s, 6.0, 18.0);
    t + (1.0 - t) * ramp(s, 30.0, 40.0)
}

fn kind(p: DVec3, distance: f64) -> Inside {
    if distance > -cortex(p) {
        Inside::Cortical
    } else if p.z < CANAL_TOP - 0.15 * (p.x * p.x + p.y * p.y) {
        Inside::Marrow
    } else {
        Inside::Trabecular
    }
}

/// Distance to a muscle group; bone and the other groups are cut out by the caller.
fn muscle(group: usize, p: DVec3) -> f64 {
    match group {
        // In front of and beside the shaft, ending below the hip joint.
        0 => column(p, (6.0, 24.0), (46.0, 30.0)).max(p.z - 118.0 - 0.2 * p.y),
        // Behind it.
        1 => column(p, (-14.0, -32.0), (40.0, 24.0)).max(p.z - 104.0),
        // Over the trochanter, behind and above.
        _ => ellipsoid(
            p,
            DVec3::new(22.0, -28.0, 146.0),
            DVec3::new(46.0, 34.0, 48.0),
        ),
    }
}

/// Distance to the skin: the thigh, and the buttock above it.
fn skin(p: DVec3) -> f64 {
    let thigh = column(p, (-3.0, -2.0), (70.0, 61.0));
    let buttock = ellipsoid(
        p,
        DVec3::new(16.0, -22.0, 146.0),
        DVec3::new(60.0, 46.0, 66.0),
    );
    blend(thigh, buttock, 12.0)
}

/// Signed distances of the regions' borders.
fn region(name: &str, p: DVec3) -> f64 {
    let (s, _) = along_neck(p);
    match name {
        "femoral_neck" => (20.0 - s).max(s - 32.0),
        "trochanter" => (92.0 - p.z).max(s - 12.0).max(-2.0 - p.x),
        "total_hip" => (76.0 - p.z).max(s - 34.0),
        _ => (10.0 - p.z).max(p.z - 70.0),
    }
}

/// Regions of bone.
const REGIONS: [&str; 4] = ["femoral_neck", "trochanter", "total_hip", "femur_shaft"];

/// The scene.
pub(super) struct Hip;

impl Scene for Hip {
    fn name(&self) -> &'static str {
        "hip"
    }
    fn extent(&self) -> DVec3 {
        EXTENT
    }
    fn origin(&self) -> DVec3 {
        ORIGIN
    }
    fn detail(&self) -> f64 {
        1.0
    }
    fn bones(&self) -> usize {
        1
    }
    fn groups(&self) -> &'static [&'static str] {
        &GROUPS
    }
    fn regions(&self) -> &'static [&'static str] {
        &REGIONS
    }
    fn bone(&self, p: DVec3) -> f64 {
        bone(p)
    }
    fn cortex(&self, p: DVec3) -> f64 {
        cortex(p)
    }
    fn inside(&self, p: DVec3, distance: f64) -> Inside {
        kind(p, distance)
    }
    fn muscle(&self, group: usize, p: DVec3) -> f64 {
        muscle(group, p)
    }
    fn skin(&self, p: DVec3) -> f64 {
        skin(p)
    }
    fn region(&self, name: &str, p: DVec3) -> f64 {
        region(name, p)
    }
    fn loads(&self, lattice: &Lattice<'_>) -> Vec<UnitLoad> {
        let joints = JOINT
            .iter()
            .map(|(name, angle)| joint_load(name, *angle, lattice));
        joints
            .chain((0..GROUPS.len()).map(|g| muscle_load(g, lattice)))
            .collect()
    }
    /// The cut through the shaft.
    fn is_held(&self, p: DVec3, spacing: f64) -> bool {
        p.z < 0.01 * spacing
    }
    /// Opened in the plane through the head's centre and the shaft, where the trabecular groups are
    /// seen.
    fn outlook(&self) -> Outlook {
        Outlook {
            azimuth: -13.0,
            elevation: 6.0,
            cut: Some((1, 0.53)),
            ..Outlook::FRONT
        }
    }

    fn strength(&self, lattice: &Lattice<'_>, elements: [usize; 3]) -> Vec<StrengthPlan> {
        vec![stance_test(lattice, elements), fall_test(lattice, elements)]
    }
}

/// The joint's force in the frontal plane.
fn joint_load(name: &'static str, degrees: f64, lattice: &Lattice<'_>) -> UnitLoad {
    let (s, c) = degrees.to_radians().sin_cos();
    head_load(name, DVec3::new(s, 0.0, -c), lattice)
}

/// All nodes of the cut through the shaft, held.
fn potted(elements: [usize; 3]) -> Vec<([usize; 3], u8)> {
    crate::volume::each([elements[0] + 1, elements[1] + 1, 1])
        .map(|at| (at, 0b111))
        .collect()
}

/// Single-leg stance to failure: 20° to the shaft in the frontal plane, the shaft potted (Keyak
/// 1998 J Biomech 31:125).
fn stance_test(lattice: &Lattice<'_>, elements: [usize; 3]) -> StrengthPlan {
    StrengthPlan {
        name: "stance",
        region: "total_hip",
        quantities: ["stance_strength", "stance_stiffness"],
        load: joint_load("stance test", 20.0, lattice),
        held: potted(elements),
    }
}

/// A fall on the side: the shaft 10° from the ground and turned inwards by 15°, the ground holding
/// the greater trochanter up on a roller, the shaft potted (Courtney 1994 Calcif Tissue Int 55:53;
/// Keyak 1998).
fn fall_test(lattice: &Lattice<'_>, elements: [usize; 3]) -> StrengthPlan {
    let (tilt, turn) = (10f64.to_radians(), 15f64.to_radians());
    let force = DVec3::new(
        tilt.cos() * turn.cos(),
        -tilt.cos() * turn.sin(),
        -tilt.sin(),
    );
    let mut held = potted(elements);
    // A contact of about 30° around the point that meets the ground.
    let mut touched = BTreeSet::new();
    for n in directions(2000).filter(|n| n.dot(force) > 30f64.to_radians().cos()) {
        let p = GREATER_TROCHANTER + (GREATER_TROCHANTER_RADII - 1.0) * n;
        if let Some((element, _)) = lattice.place(p, -n) {
            for corner in 0..4usize {
                // The outer face of the element.
                touched.insert([
                    element[0] + 1,
                    element[1] + (corner & 1),
                    element[2] + (corner >> 1),
                ]);
            }
        }
    }
    held.extend(touched.into_iter().map(|at| (at, 0b001)));
    StrengthPlan {
        name: "sideways fall",
        region: "total_hip",
        quantities: ["strength", "stiffness"],
        load: head_load("fall test", force, lattice),
        held,
    }
}

/// Contact on the head: a cap, 50° around the force, pressure falling off to its edge.
fn head_load(name: &'static str, force: DVec3, lattice: &Lattice<'_>) -> UnitLoad {
    let edge = 50f64.to_radians().cos();
    let points: Vec<_> = directions(2000)
        .filter(|n| n.dot(-force) > edge)
        .map(|n| (head() + (HEAD_RADIUS - 1.0) * n, -n, n.dot(-force) - edge))
        .collect();
    lattice.spread(name, force, &points)
}

/// Attachment of a muscle group: points on the periosteum, and the direction of its pull.
fn muscle_load(group: usize, lattice: &Lattice<'_>) -> UnitLoad {
    let (s, c) = ABDUCTORS.to_radians().sin_cos();
    let mut points = Vec::new();
    let pull = match group {
        // Vasti from the front and side of the shaft, hamstrings and adductors from the rough line
        // behind; both pull towards the knee.
        0 | 1 => {
            let (middle, half) = if group == 0 {
                (60f64, 90.0)
            } else {
                (270f64, 25.0)
            };
            for i in 0..60 {
                let z = 18.0 + 70.0 * (f64::from(i) + 0.5) / 60.0;
                for k in 0..24 {
                    let angle = (middle + half * ((f64::from(k) + 0.5) / 12.0 - 1.0)).to_radians();
                    let out = DVec3::new(angle.cos(), angle.sin(), 0.0);
                    points.push((
                        DVec3::new(0.0, 0.0, z) + (SHAFT_RADIUS - 1.0) * out,
                        -out,
                        1.0,
                    ));
                }
            }
            if group == 0 {
                DVec3::new(0.0, 0.05, -1.0)
            } else {
                DVec3::new(0.0, -0.1, -1.0)
            }
        }
        // Gluteus medius and minimus on top and outside of the greater trochanter.
        _ => {
            let facing = DVec3::new(0.6, -0.1, 0.8).normalize_or_zero();
            for n in directions(1500).filter(|n| n.dot(facing) > 0.75) {
                points.push((
                    GREATER_TROCHANTER + (GREATER_TROCHANTER_RADII - 1.0) * n,
                    -n,
                    1.0,
                ));
            }
            DVec3::new(-s, 0.0, c)
        }
    };
    lattice.spread(GROUPS[group], pull.normalize_or_zero(), &points)
}
