//! One voxel of bone over the days that a run has kept.

use crate::measure::DayTissue;

use super::run::Run;

/// A voxel of bone on a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoneDay {
    /// Which day.
    pub day: f64,
    /// Bone mineral density, mg HA/cm³.
    pub bmd: f64,
    /// Its change since day 0, %; 0 where there was next to no bone.
    pub change: f64,
    /// Strain energy density of the hardest activity, kPa.
    pub energy: f64,
    /// Osteoclasts, 1 at rest.
    pub osteoclasts: f64,
    /// Osteoblasts, 1 at rest.
    pub osteoblasts: f64,
}

/// A voxel of bone (in the anatomy's list) on every day that was kept; none where there is no such
/// voxel.
pub fn bone_history(run: &Run, voxel: usize) -> Vec<BoneDay> {
    let simulation = run.simulation();
    let anatomy = simulation.anatomy();
    let Some(plan) = anatomy.bone.get(voxel) else {
        return Vec::new();
    };
    let mineral = f64::from(simulation.model().physiology.tissue_mineral);
    let first: usize = anatomy.bone[..voxel].iter().map(|b| b.sites.len()).sum();
    let volume: f64 = plan.sites.iter().map(|s| s.fraction).sum();
    let sum = |value: &dyn Fn(usize) -> Option<f64>| -> f64 {
        let sites = plan.sites.iter().enumerate();
        sites
            .map(|(k, s)| s.fraction * value(first + k).unwrap_or(0.0))
            .sum()
    };
    let days = run.timeline().days();
    let before = days.first().map_or(0.0, |d| sum(&|s| d.bvtv(s)));
    let of = |d: &DayTissue| {
        let bone = sum(&|s| d.bvtv(s));
        BoneDay {
            day: d.day(),
            bmd: mineral * bone / volume,
            change: if before > 0.02 * volume {
                100.0 * (bone / before - 1.0)
            } else {
                0.0
            },
            energy: 1e3 * d.energy(voxel).unwrap_or(0.0) / volume,
            osteoclasts: sum(&|s| d.osteoclasts(s)) / volume,
            osteoblasts: sum(&|s| d.osteoblasts(s)) / volume,
        }
    };
    if volume > 0.0 {
        days.iter().map(of).collect()
    } else {
        Vec::new()
    }
}
