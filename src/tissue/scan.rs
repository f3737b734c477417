//! A scene from a scan: single trabeculae where the scan resolves them, a whole bone where it does
//! not.

use std::collections::BTreeSet;

use super::{
    Anatomy, BonePlan, BoneRegion, Muscle, MusclePlan, Outlook, SceneError, SiteKind, SitePlan,
    Tissue, UnitLoad, core,
};
use crate::volume::{Volume, each};

/// Voxels finer than this resolve single trabeculae, mm.
const RESOLVES: f64 = 0.15;
/// Less mineral than this is no bone, mg HA/cm3.
const LEAST_BMD: f64 = 100.0;
/// Fully mineralised bone tissue, mg HA/cm3.
const TISSUE_BMD: f64 = 1200.0;
/// The densest a voxel of a clinical scan is taken for.
const MOST_BVTV: f64 = 0.95;

/// The mean of `scan` over boxes of a cubic lattice, x fastest, with the lattice's voxels and
/// spacing.
fn resampled(scan: &Volume, size: usize) -> ([usize; 3], f64, Vec<f64>) {
    let extent: [f64; 3] = std::array::from_fn(|k| scan.voxels[k] as f64 * scan.spacing[k]);
    let spacing = extent.iter().copied().fold(0.0, f64::max) / size as f64;
    let voxels = extent.map(|e| ((e / spacing).round() as usize).max(1));
    // The scan's voxels that a voxel of the lattice covers along an axis, with their shares.
    let cover = |k: usize, i: usize| -> Vec<(usize, f64)> {
        let step = extent[k] / voxels[k] as f64 / scan.spacing[k];
        let (low, high) = (i as f64 * step, (i + 1) as f64 * step);
        (low.floor() as usize..(high.ceil() as usize).min(scan.voxels[k]))
            .map(|j| {
                let share = (high.min((j + 1) as f64) - low.max(j as f64)) / step;
                (j, share.max(0.0))
            })
            .collect()
    };
    let covers: [Vec<Vec<(usize, f64)>>; 3] =
        std::array::from_fn(|k| (0..voxels[k]).map(|i| cover(k, i)).collect());
    let [nx, ny, _] = scan.voxels;
    let values = each(voxels)
        .map(|at| {
            let mut sum = 0.0;
            for (z, wz) in &covers[2][at[2]] {
                for (y, wy) in &covers[1][at[1]] {
                    for (x, wx) in &covers[0][at[0]] {
                        sum += wx * wy * wz * f64::from(scan.values[x + nx * (y + ny * z)]);
                    }
                }
            }
            sum
        })
        .collect();
    (voxels, spacing, values)
}

/// Whether a scan resolves single trabeculae.
pub(super) fn resolves(scan: &Volume) -> bool {
    scan.spacing.iter().all(|h| *h < RESOLVES)
}

fn refuse<T>(why: &str) -> Result<T, SceneError> {
    Err(SceneError::Scan {
        why: why.to_owned(),
    })
}

pub(super) fn build(scan: &Volume, size: usize) -> Result<Anatomy, SceneError> {
    if resolves(scan) {
        struts(scan, size)
    } else {
        whole_bone(scan, size)
    }
}

/// A core of single struts, from labels.
fn struts(scan: &Volume, size: usize) -> Result<Anatomy, SceneError> {
    let mut labels: Vec<f32> = Vec::new();
    for v in &scan.values {
        if !labels.contains(v) {
            labels.push(*v);
        }
        if labels.len() > 16 {
            return refuse("it holds grey values; give it as labels, 0 where there is no bone");
        }
    }
    let mut mask = scan.clone();
    for v in &mut mask.values {
        *v = if *v > 0.0 { 1.0 } else { 0.0 };
    }
    let (voxels, spacing, solid) =
        resampled(&mask, size.min(*scan.voxels.iter().max().unwrap_or(&size)));
    if solid.iter().all(|v| *v < 0.5) {
        return refuse("it has no bone voxel");
    }
    Ok(core::from_solid(voxels, spacing, |at| {
        solid[at[0] + voxels[0] * (at[1] + voxels[1] * at[2])]
    }))
}

/// Bone with what lies around it.
struct Block {
    bone: Vec<BonePlan>,
    occupied: BTreeSet<[usize; 3]>,
    low: [usize; 3],
    elements: [usize; 3],
}

impl Block {
    fn new(bone: Vec<BonePlan>) -> Self {
        let least = |k: usize| bone.iter().map(|b| b.at[k]).min().unwrap_or(0);
        let most = |k: usize| bone.iter().map(|b| b.at[k]).max().unwrap_or(0);
        let low = std::array::from_fn(least);
        Self {
            elements: std::array::from_fn(|k| most(k) + 1 - low[k]),
            low,
            occupied: bone.iter().map(|b| b.at).collect(),
            bone,
        }
    }

    /// How high a voxel lies, 0 to 1.
    fn height(&self, b: &BonePlan) -> f64 {
        (b.at[2] - self.low[2]) as f64 / self.elements[2] as f64
    }

    /// What lies uppermost, where a joint presses.
    fn top(&self) -> Vec<[usize; 3]> {
        let open = |[x, y, z]: [usize; 3]| !self.occupied.contains(&[x, y, z + 1]);
        let top = self.bone.iter().filter(|b| self.height(b) > 0.85);
        top.map(|b| b.at).filter(|at| open(*at)).collect()
    }

    /// The bone's sides, where muscles pull.
    fn sides(&self) -> Vec<[usize; 3]> {
        let open = |[x, y, z]: [usize; 3]| {
            [
                [x + 1, y, z],
                [x.wrapping_sub(1), y, z],
                [x, y + 1, z],
                [x, y.wrapping_sub(1), z],
            ]
            .iter()
            .any(|n| !self.occupied.contains(n))
        };
        let middle = self.bone.iter();
        let middle = middle.filter(|b| (0.3..0.8).contains(&self.height(b)));
        middle.map(|b| b.at).filter(|at| open(*at)).collect()
    }

    /// 1 N downwards, shared by some voxels.
    fn down(&self, name: &'static str, voxels: &[[usize; 3]]) -> UnitLoad {
        let point = |at: &[usize; 3]| {
            let element = std::array::from_fn(|k| at[k] - self.low[k]);
            (element, [0.5; 3], [0.0, 0.0, -1.0 / voxels.len() as f64])
        };
        UnitLoad {
            name,
            points: voxels.iter().map(point).collect(),
        }
    }
}

/// A whole bone from mg HA/cm3.
fn whole_bone(scan: &Volume, size: usize) -> Result<Anatomy, SceneError> {
    let (voxels, spacing, bmd) = resampled(scan, size);
    let number = |at: [usize; 3]| at[0] + voxels[0] * (at[1] + voxels[1] * at[2]);
    let plans: Vec<BonePlan> = each(voxels)
        .filter(|at| bmd[number(*at)] >= LEAST_BMD)
        .map(|at| BonePlan {
            at,
            bone: 0,
            tie: 0.0,
            sites: vec![SitePlan {
                fraction: 1.0,
                surface: 0.0,
                kind: SiteKind::Trabecular,
                bvtv: Some((bmd[number(at)] / TISSUE_BMD).min(MOST_BVTV)),
            }],
            envelope: 1.0,
        })
        .collect();
    let block = Block::new(super::scene::connected(voxels, plans, 1));
    if block.bone.len() < 8 {
        return refuse("it has no bone: no voxel reaches 100 mg HA/cm3");
    }
    let (top, sides) = (block.top(), block.sides());
    if top.is_empty() || sides.is_empty() {
        return refuse("its bone has no top that could be loaded");
    }
    let loads = vec![block.down("joint", &top), block.down("muscle", &sides)];
    let elements = block.elements;
    let held = each([elements[0] + 1, elements[1] + 1, 1])
        .map(|at| (at, 0b111))
        .collect();
    let mut tissue = vec![Tissue::Soft; bmd.len()];
    for b in &block.bone {
        tissue[number(b.at)] = Tissue::Trabecular;
    }
    let count = block.bone.len();
    Ok(Anatomy {
        scene: "scan",
        size,
        voxels,
        spacing,
        origin: scan.origin,
        tissue,
        regions: vec![BoneRegion {
            name: "scan",
            is_part: true,
            members: (0..count).map(|i| (i, 1.0)).collect(),
            envelope_mm3: count as f64 * spacing.powi(3),
        }],
        bone: block.bone,
        muscle: vec![MusclePlan {
            at: [0; 3],
            muscle: 0,
            fibre: [0.0, 0.0, 1.0],
            fraction: 1e-6,
        }],
        tendon: Vec::new(),
        bones: vec!["bone"],
        dimensions: Vec::new(),
        groups: vec!["muscle"],
        muscles: vec![Muscle::outside("muscle")],
        muscle_regions: Vec::new(),
        beside: None,
        between_muscles: 0.0,
        residuals: Vec::new(),
        mechanics_low: block.low,
        elements,
        loads,
        joint_loads: 1,
        held,
        strength: Vec::new(),
        outlook: Outlook::BLOCK,
        settles: false,
    })
}
