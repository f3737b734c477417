//! The tissue of a day that a run has kept, as pictures want it.

use crate::measure::DayTissue;
use crate::tissue::Anatomy;
use crate::view::{Areal, Past};

use super::run::Run;

/// A day's tissue as it was remembered.
#[derive(Debug)]
pub struct Remembered {
    day: f64,
    bvtv: Vec<f32>,
    start: Vec<f32>,
    osteoclasts: Vec<f32>,
    osteoblasts: Vec<f32>,
    energy: Vec<f32>,
    area: Vec<f32>,
    fluid: Vec<f32>,
}

impl Remembered {
    /// The last day at or before `day` that was kept.
    pub fn kept(run: &Run, day: f64) -> Option<f64> {
        let days = run.timeline().days();
        let at = days.partition_point(|d| d.day() <= day + 1e-6);
        days.get(at.saturating_sub(1)).map(DayTissue::day)
    }

    /// What a run has kept of a day, or of the last one before it.
    pub fn of(run: &Run, day: f64) -> Option<Self> {
        let days = run.timeline().days();
        let at = days.partition_point(|d| d.day() <= day + 1e-6);
        let (start, kept) = (days.first()?, days.get(at.saturating_sub(1))?);
        let counts = &run.simulation().state().counts;
        let number = |x: Option<f64>| x.unwrap_or(0.0) as f32;
        let sites = 0..counts.sites;
        let bone = 0..counts.bone_voxels;
        let voxels = 0..counts.muscle_voxels;
        Some(Self {
            day: kept.day(),
            bvtv: sites.clone().map(|s| number(kept.bvtv(s))).collect(),
            start: sites.clone().map(|s| number(start.bvtv(s))).collect(),
            osteoclasts: sites.clone().map(|s| number(kept.osteoclasts(s))).collect(),
            osteoblasts: sites.map(|s| number(kept.osteoblasts(s))).collect(),
            energy: bone.map(|v| number(kept.energy(v))).collect(),
            area: voxels.clone().map(|v| number(kept.fibre_area(v))).collect(),
            fluid: voxels.map(|v| number(kept.fluid(v))).collect(),
        })
    }

    /// Which day.
    pub fn day(&self) -> f64 {
        self.day
    }

    /// Changes of bone since the first day, %, each with how much bone there was.
    pub fn bone_changes(&self) -> impl Iterator<Item = (f32, f32)> {
        let sites = self.start.iter().zip(&self.bvtv);
        let sites = sites.filter(|(before, _)| **before > 0.02);
        sites.map(|(before, now)| (100.0 * (now / before - 1.0), *before))
    }

    /// How far bone's changes here lie from those of another run of the same body, percentage
    /// points, each with how much bone there was.
    pub fn bone_differences<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (f32, f32)> {
        let both = self.bvtv.iter().zip(&other.bvtv).zip(&self.start);
        let both = both.filter(|(_, start)| **start > 0.02);
        both.map(|((own, other), start)| (100.0 * (own - other) / start, *start))
    }

    /// Areal density, as absorptiometry sees it from the front.
    pub fn areal(&self, anatomy: &Anatomy, tissue_mineral: f32) -> Areal {
        Areal::of(anatomy, &self.bvtv, tissue_mineral, 1)
    }

    /// As a view draws it.
    pub fn past(&self, tissue_mineral: f32) -> Past<'_> {
        Past {
            bvtv: &self.bvtv,
            start: &self.start,
            osteoclasts: &self.osteoclasts,
            osteoblasts: &self.osteoblasts,
            energy: &self.energy,
            area: &self.area,
            fluid: &self.fluid,
            tissue_mineral,
        }
    }
}
