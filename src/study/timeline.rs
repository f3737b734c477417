//! What of a run is kept: moments to go back to, and every day's tissue, each within its bytes.

use crate::gpu::GpuError;
use crate::measure::DayTissue;
use crate::sim::{Moment, Simulation};

/// Days between two moments, at least: a solve falls between them.
const LEAST_DAYS: f64 = 7.0;

/// Moments and days of one run.
#[derive(Debug, Default)]
pub struct Timeline {
    moment_bytes: u64,
    day_bytes: u64,
    moments: Vec<Moment>,
    /// Days of moments that are never given up for others.
    snapshots: Vec<f64>,
    /// Memory of moments that were given up.
    spare: Vec<Moment>,
    days: Vec<DayTissue>,
}

/// Of days in order, the one that is missed least: its neighbours are closest to each other, and
/// it is neither the first nor the last, nor one that `stays`.
fn least_missed(days: &[f64], stays: impl Fn(f64) -> bool) -> Option<usize> {
    let gap = |k: &usize| days[k + 1] - days[k - 1];
    let inner = 1..days.len().saturating_sub(1);
    let inner = inner.filter(|k| !stays(days[*k]));
    inner.min_by(|a, b| gap(a).total_cmp(&gap(b)))
}

impl Timeline {
    /// Within bytes on the adapter for moments, and on the host for days.
    pub(super) fn within(moment_bytes: u64, day_bytes: u64) -> Self {
        Self {
            moment_bytes,
            day_bytes,
            ..Self::default()
        }
    }

    /// One within the same bytes, with the days up to `day` and no moments.
    pub(super) fn like(&self, day: f64) -> Self {
        let days = self.days.iter().filter(|d| d.day() <= day + 1e-9);
        Self {
            days: days.cloned().collect(),
            ..Self::within(self.moment_bytes, self.day_bytes)
        }
    }

    /// Keeps the run as it is, if the last moment is long enough ago. Where room is short the
    /// moment goes that is missed least, so that the whole run stays within reach.
    pub(super) fn keep(&mut self, simulation: &Simulation) -> Result<(), GpuError> {
        let last = self.moments.last().map(Moment::day);
        let is_early = last.is_some_and(|last| simulation.day() < last + LEAST_DAYS - 1e-6);
        if is_early {
            return Ok(());
        }
        self.keep_now(simulation).map(drop)
    }

    /// Keeps the run as it is, and never gives that up. Whether there is room and the run stands.
    pub(super) fn snapshot(&mut self, simulation: &Simulation) -> Result<bool, GpuError> {
        let day = simulation.day();
        let is_kept = self.moments.iter().any(|m| (m.day() - day).abs() < 1e-6);
        let done = is_kept || self.keep_now(simulation)?;
        if done && !self.is_snapshot(day) {
            self.snapshots.push(day);
        }
        Ok(done)
    }

    fn is_snapshot(&self, day: f64) -> bool {
        self.snapshots.iter().any(|d| (d - day).abs() < 1e-6)
    }

    fn keep_now(&mut self, simulation: &Simulation) -> Result<bool, GpuError> {
        if self.moment_bytes == 0 {
            return Ok(false);
        }
        let each = simulation.body().changing().iter();
        let each: u64 = each.map(|(_, b)| b.size()).sum();
        if (self.moments.len() as u64 + 1) * each > self.moment_bytes {
            let days: Vec<f64> = self.moments.iter().map(Moment::day).collect();
            let Some(least) = least_missed(&days, |day| self.is_snapshot(day)) else {
                return Ok(false);
            };
            let given_up = self.moments.remove(least);
            self.spare.push(given_up);
        }
        let moment = simulation.keep(self.spare.pop())?;
        let is_kept = moment.is_some();
        self.moments.extend(moment);
        Ok(is_kept)
    }

    /// Takes over another's moments up to `day`, which this one has none of.
    pub(super) fn take_moments(&mut self, other: &mut Self, day: f64) {
        let own = self.moments.first().map_or(f64::INFINITY, Moment::day);
        let until = day.min(own - 1e-6);
        let later = other.moments.partition_point(|m| m.day() <= until + 1e-9);
        self.moments.splice(0..0, other.moments.drain(..later));
    }

    /// Adds a day's tissue. Where room is short the day goes that is missed least.
    pub(super) fn add(&mut self, day: Option<DayTissue>) {
        let Some(day) = day else { return };
        self.days.retain(|d| d.day() < day.day() - 1e-9);
        let each = day.bytes();
        self.days.push(day);
        while self.days.len() as u64 * each > self.day_bytes {
            let days: Vec<f64> = self.days.iter().map(DayTissue::day).collect();
            let Some(least) = least_missed(&days, |_| false) else {
                return;
            };
            self.days.remove(least);
        }
    }

    /// The last moment at or before `day`.
    pub(super) fn nearest(&self, day: f64) -> Option<&Moment> {
        self.moments.iter().rev().find(|m| m.day() <= day + 1e-9)
    }

    /// Gives up what is after `day`.
    pub(super) fn forget_after(&mut self, day: f64) {
        let later = self.moments.partition_point(|m| m.day() <= day + 1e-9);
        self.spare.extend(self.moments.drain(later..));
        self.snapshots.retain(|d| *d <= day + 1e-9);
        self.days.retain(|d| d.day() <= day + 1e-9);
    }

    /// The days that are kept, in their order.
    pub fn days(&self) -> &[DayTissue] {
        &self.days
    }

    /// Days of the moments that the run can go back to, and whether each is a snapshot.
    pub fn moments(&self) -> impl Iterator<Item = (f64, bool)> {
        let days = self.moments.iter().map(Moment::day);
        days.map(|day| (day, self.is_snapshot(day)))
    }

    /// Bytes on the adapter and on the host.
    pub fn bytes(&self) -> [u64; 2] {
        let moments = self.moments.iter().chain(&self.spare).map(Moment::bytes);
        let days = self.days.iter().map(DayTissue::bytes);
        [moments.sum(), days.sum()]
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_given_up_leaves_no_long_gap() {
        let least_missed = |days: &[f64]| super::least_missed(days, |_| false);
        assert_eq!(least_missed(&[]), None);
        assert_eq!(least_missed(&[0.0, 7.0]), None);
        assert_eq!(least_missed(&[0.0, 30.0, 37.0, 44.0, 90.0]), Some(2));
        let days = [0.0, 30.0, 37.0, 44.0, 90.0];
        let but_37 = super::least_missed(&days, |day| day.to_bits() == 37f64.to_bits());
        assert_eq!(but_37, Some(1));
        // A thousand days in room for fifty.
        let mut days = Vec::new();
        for day in 0..1000 {
            days.push(f64::from(day));
            if days.len() > 50 {
                let least = least_missed(&days).unwrap_or(0);
                days.remove(least);
            }
        }
        assert_eq!((days[0], days[days.len() - 1]), (0.0, 999.0));
        let gaps = days.windows(2).map(|w| w[1] - w[0]);
        let longest = gaps.fold(0.0, f64::max);
        assert!(longest <= 3.0 * 1000.0 / 50.0, "{longest}");
    }
}
