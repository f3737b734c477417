//! The proximal femur with the thigh's muscles.
//!
//! A right femur: x points lateral, y anterior, z superior (a right-handed frame); the shaft's
//! axis is x = y = 0 and it is cut at z = 0. Dimensions are those of an adult man: head 49 mm
//! across, neck 34 mm wide, neck–shaft angle 127°, anteversion 13°, shaft 28.4 mm across with
//! a cortex of 6.5 mm.

use std::collections::BTreeSet;

use glam::DVec3;

use super::shape::{blend, column, directions, ellipsoid, ramp, sphere, tapered};
use super::{Anatomy, BonePlan, BoneRegion, MusclePlan, SitePlan, StrengthPlan, Tissue, UnitLoad};

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

/// Place along the neck's axis (mm from the shaft's), and how far below the axis (1 at the neck's lower edge).
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

#[derive(Clone, Copy, PartialEq)]
enum Inside {
    Cortical,
    Trabecular,
    Marrow,
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

/// What most of a voxel is, by the counts of points of each kind in it.
fn label(bone: [usize; 3], muscle: usize, all: usize, centre: DVec3) -> Tissue {
    let rest = all - bone.iter().sum::<usize>() - muscle;
    let most = bone.into_iter().chain([muscle, rest]).max().unwrap_or(0);
    if most == rest {
        if skin(centre) < 0.0 {
            Tissue::Soft
        } else {
            Tissue::Outside
        }
    } else if most == muscle {
        Tissue::Muscle
    } else if most == bone[Inside::Cortical as usize] {
        Tissue::Cortical
    } else if most == bone[Inside::Trabecular as usize] {
        Tissue::Trabecular
    } else {
        Tissue::Marrow
    }
}

/// How much of a voxel lies where `distance` is negative, if the surface is flat in it.
fn share(distance: f64, spacing: f64) -> f64 {
    (0.5 - distance / spacing).clamp(0.0, 1.0)
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

const REGIONS: [&str; 4] = ["femoral_neck", "trochanter", "total_hip", "femur_shaft"];

pub(super) fn build(size: usize) -> Anatomy {
    let spacing = EXTENT.z / size as f64;
    let voxels = [
        (EXTENT.x / spacing).round() as usize,
        (EXTENT.y / spacing).round() as usize,
        size,
    ];
    // Points a millimetre apart or closer decide how a cut voxel is shared.
    let fine = (spacing.ceil() as usize).clamp(2, 8);
    let reach = 0.87 * spacing;
    let mut bone_plans = Vec::new();
    let mut muscle_plans = Vec::new();
    let mut tissue = Vec::with_capacity(voxels.iter().product());
    for at in crate::volume::each(voxels) {
        let low = ORIGIN + spacing * DVec3::new(at[0] as f64, at[1] as f64, at[2] as f64);
        let centre = low + 0.5 * spacing;
        let to_bone = bone(centre);
        let to_muscle: [f64; 3] = std::array::from_fn(|g| muscle(g, centre));
        if to_bone > reach && to_muscle.iter().all(|d| *d > 2.0 * reach) {
            tissue.push(label([0; 3], 0, 1, centre));
            continue;
        }
        let mut bone_counts = [0usize; 3];
        let mut muscle_counts = [0usize; 3];
        let mut thickness = 0.0;
        for sub in crate::volume::each([fine; 3]) {
            let offset = DVec3::new(sub[0] as f64, sub[1] as f64, sub[2] as f64) + 0.5;
            let p = low + spacing / fine as f64 * offset;
            let d = if to_bone > reach { to_bone } else { bone(p) };
            if d < 0.0 {
                let k = kind(p, d);
                bone_counts[k as usize] += 1;
                if k == Inside::Cortical {
                    thickness += cortex(p);
                }
            } else if let Some(g) =
                (0..3).find(|g| to_muscle[*g] < 2.0 * reach && muscle(*g, p) < 0.0)
            {
                muscle_counts[g] += 1;
            }
        }
        tissue.push(label(
            bone_counts,
            muscle_counts.iter().sum(),
            fine.pow(3),
            centre,
        ));
        let all = fine.pow(3) as f64;
        let mut sites = Vec::new();
        if bone_counts[1] > 0 {
            sites.push(SitePlan {
                fraction: bone_counts[1] as f64 / all,
                surface: 0.0,
                cortical: false,
            });
        }
        if bone_counts[0] > 0 {
            let mean_thickness = thickness / bone_counts[0] as f64;
            sites.push(SitePlan {
                fraction: bone_counts[0] as f64 / all,
                surface: 1.0 / mean_thickness,
                cortical: true,
            });
        }
        if !sites.is_empty() {
            let envelope = bone_counts.iter().sum::<usize>() as f64 / all;
            bone_plans.push(BonePlan {
                at,
                sites,
                envelope,
            });
        }
        if let Some(group) = (0..3)
            .filter(|g| muscle_counts[*g] > 0)
            .max_by_key(|g| muscle_counts[*g])
        {
            muscle_plans.push(MusclePlan {
                at,
                group,
                fraction: muscle_counts[group] as f64 / all,
            });
        }
    }
    let bone_plans = connected(voxels, bone_plans);
    let regions = REGIONS
        .iter()
        .map(|name| {
            let members: Vec<(usize, f64)> = bone_plans
                .iter()
                .enumerate()
                .map(|(i, plan)| {
                    let centre = ORIGIN + spacing * (DVec3::from(plan.at.map(|x| x as f64)) + 0.5);
                    (i, share(region(name, centre), spacing))
                })
                .filter(|(_, share)| *share > 0.0)
                .collect();
            // The canal holds no bone voxel but lies inside the periosteum, and counts.
            let envelope_mm3 = crate::volume::each(voxels)
                .map(|at| ORIGIN + spacing * (DVec3::from(at.map(|x| x as f64)) + 0.5))
                .map(|p| share(region(name, p), spacing) * share(bone(p), spacing))
                .sum::<f64>()
                * spacing.powi(3);
            BoneRegion {
                name,
                members,
                envelope_mm3,
            }
        })
        .collect();
    let low: [usize; 3] =
        std::array::from_fn(|k| bone_plans.iter().map(|b| b.at[k]).min().unwrap_or(0));
    let high: [usize; 3] =
        std::array::from_fn(|k| bone_plans.iter().map(|b| b.at[k] + 1).max().unwrap_or(1));
    let elements = std::array::from_fn(|k| high[k] - low[k]);
    let occupied: BTreeSet<[usize; 3]> = bone_plans.iter().map(|b| b.at).collect();
    let lattice = Lattice {
        spacing,
        low,
        occupied: &occupied,
    };
    let mut loads: Vec<UnitLoad> = JOINT
        .iter()
        .map(|(name, angle)| joint_load(name, *angle, &lattice))
        .collect();
    loads.extend((0..3).map(|g| muscle_load(g, &lattice)));
    Anatomy {
        scene: "hip",
        size,
        voxels,
        spacing,
        origin: ORIGIN.to_array(),
        tissue,
        bone: bone_plans,
        muscle: muscle_plans,
        groups: GROUPS.to_vec(),
        regions,
        mechanics_low: low,
        elements,
        loads,
        joint_loads: JOINT.len(),
        strength: vec![
            stance_test(&lattice, elements),
            fall_test(&lattice, elements),
        ],
    }
}

/// Keeps the voxels that hang together through faces, the largest such group.
/// A sliver touching only by an edge would be a hinge.
fn connected(voxels: [usize; 3], plans: Vec<BonePlan>) -> Vec<BonePlan> {
    let index = |at: [usize; 3]| at[0] + voxels[0] * (at[1] + voxels[1] * at[2]);
    let mut of = vec![usize::MAX; voxels.iter().product()];
    for (i, plan) in plans.iter().enumerate() {
        of[index(plan.at)] = i;
    }
    let mut part = vec![usize::MAX; plans.len()];
    let mut sizes = Vec::new();
    for start in 0..plans.len() {
        if part[start] != usize::MAX {
            continue;
        }
        let label = sizes.len();
        part[start] = label;
        let mut stack = vec![start];
        let mut count = 0;
        while let Some(i) = stack.pop() {
            count += 1;
            for axis in 0..3 {
                for up in [false, true] {
                    let mut at = plans[i].at;
                    if up {
                        at[axis] += 1;
                    } else {
                        at[axis] = at[axis].wrapping_sub(1);
                    }
                    if at[axis] < voxels[axis] {
                        let j = of[index(at)];
                        if j != usize::MAX && part[j] == usize::MAX {
                            part[j] = label;
                            stack.push(j);
                        }
                    }
                }
            }
        }
        sizes.push(count);
    }
    let largest = (0..sizes.len()).max_by_key(|l| sizes[*l]).unwrap_or(0);
    plans
        .into_iter()
        .zip(part)
        .filter(|(_, p)| *p == largest)
        .map(|(plan, _)| plan)
        .collect()
}

struct Lattice<'a> {
    spacing: f64,
    low: [usize; 3],
    occupied: &'a BTreeSet<[usize; 3]>,
}

impl Lattice<'_> {
    /// The element that holds `p`, or the first one that holds bone on the way along `inward`.
    fn place(&self, p: DVec3, inward: DVec3) -> Option<([usize; 3], [f64; 3])> {
        (0..16).find_map(|step| {
            let q = (p + inward * (0.25 * self.spacing * f64::from(step)) - ORIGIN) / self.spacing;
            let at = q.floor();
            if at.min_element() < 0.0 {
                return None;
            }
            let voxel = [at.x as usize, at.y as usize, at.z as usize];
            self.occupied.contains(&voxel).then(|| {
                (
                    std::array::from_fn(|k| voxel[k] - self.low[k]),
                    (q - at).to_array(),
                )
            })
        })
    }

    /// Spreads 1 N along `pull` over weighted points.
    fn spread(&self, name: &'static str, pull: DVec3, points: &[(DVec3, DVec3, f64)]) -> UnitLoad {
        let placed: Vec<_> = points
            .iter()
            .filter_map(|(p, inward, weight)| self.place(*p, *inward).map(|(e, x)| (e, x, *weight)))
            .collect();
        let total: f64 = placed.iter().map(|p| p.2).sum();
        let points = placed
            .into_iter()
            .map(|(e, x, w)| (e, x, (pull * (w / total)).to_array()))
            .collect();
        UnitLoad { name, points }
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

/// Single-leg stance to failure: 20° to the shaft in the frontal plane, the shaft potted (Keyak 1998 J Biomech 31:125).
fn stance_test(lattice: &Lattice<'_>, elements: [usize; 3]) -> StrengthPlan {
    StrengthPlan {
        name: "stance",
        region: "total_hip",
        quantities: ["stance_strength", "stance_stiffness"],
        load: joint_load("stance test", 20.0, lattice),
        held: potted(elements),
    }
}

/// A fall on the side: the shaft 10° from the ground and turned inwards by 15°, the ground holding the greater
/// trochanter up on a roller, the shaft potted (Courtney 1994 Calcif Tissue Int 55:53; Keyak 1998).
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
