//! Moments of a run to go back to, within a budget of bytes.

use crate::gpu::GpuError;
use crate::sim::{Moment, Simulation};

/// Days between two moments, at least: a solve falls between them.
const LEAST_DAYS: f64 = 7.0;

/// Moments of one run, by day.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    bytes: u64,
    moments: Vec<Moment>,
    /// Memory of moments that were given up.
    spare: Vec<Moment>,
}

impl Timeline {
    /// Within `bytes` on the adapter.
    pub(super) fn within(bytes: u64) -> Self {
        Self {
            bytes,
            ..Self::default()
        }
    }

    /// Keeps the run as it is, if the last moment is long enough ago. Where room is short the
    /// moment goes whose neighbours are closest to each other, so that the whole run stays within
    /// reach.
    pub(super) fn keep(&mut self, simulation: &Simulation) -> Result<(), GpuError> {
        let last = self.moments.last().map(Moment::day);
        let is_early = last.is_some_and(|last| simulation.day() < last + LEAST_DAYS - 1e-6);
        if self.bytes == 0 || is_early {
            return Ok(());
        }
        let each = simulation.body().changing().iter();
        let each: u64 = each.map(|(_, b)| b.size()).sum();
        if (self.moments.len() as u64 + 1) * each > self.bytes {
            if self.moments.len() < 3 {
                return Ok(());
            }
            let gap = |k: &usize| self.moments[k + 1].day() - self.moments[k - 1].day();
            let closest = (1..self.moments.len() - 1).min_by(|a, b| gap(a).total_cmp(&gap(b)));
            if let Some(closest) = closest {
                let given_up = self.moments.remove(closest);
                self.spare.push(given_up);
            }
        }
        if let Some(moment) = simulation.keep(self.spare.pop())? {
            self.moments.push(moment);
        }
        Ok(())
    }

    /// The last moment at or before `day`.
    pub(super) fn nearest(&self, day: f64) -> Option<&Moment> {
        self.moments.iter().rev().find(|m| m.day() <= day + 1e-9)
    }

    /// Gives up moments after `day`.
    pub(super) fn forget_after(&mut self, day: f64) {
        let later = self.moments.partition_point(|m| m.day() <= day + 1e-9);
        self.spare.extend(self.moments.drain(later..));
    }
}
