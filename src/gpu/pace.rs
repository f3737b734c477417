//! How much work a submission holds.

use std::time::Duration;

/// A submission is kept shorter than this, so that neither a driver's watchdog nor somebody's
/// patience ends it.
const LONGEST: Duration = Duration::from_millis(500);

/// How many rounds of some work (or what part of one) a submission holds, by the time that the last
/// ones took.
#[derive(Debug, Clone)]
pub struct Pace {
    most: f64,
    rounds: f64,
    submitted: Option<Duration>,
}

impl Pace {
    /// At most `most` rounds, however fast they are.
    pub fn new(most: u32) -> Self {
        let most = f64::from(most.max(1));
        Self {
            most,
            // A first submission may have to wait for kernels to be made ready.
            rounds: most.min(8.0),
            submitted: None,
        }
    }

    /// Steps of the next submission where a round has `steps`: one at least.
    pub fn steps(&self, steps: usize) -> usize {
        ((self.rounds * steps as f64) as usize).max(1)
    }

    /// Whether submissions hold as much as they may: nothing here is slow.
    pub fn is_full(&self) -> bool {
        self.rounds >= 1.0
    }

    /// A submission was made at `now`, a time since any fixed moment.
    pub fn submitted(&mut self, now: Duration) {
        self.submitted = Some(now);
    }

    /// It was found done at `now`.
    pub fn done(&mut self, now: Duration) {
        let Some(took) = self.submitted.take().map(|then| now.saturating_sub(then)) else {
            return;
        };
        if took > LONGEST {
            self.rounds *= 0.5 * LONGEST.as_secs_f64() / took.as_secs_f64();
            // A step is the least; a round has fewer than a million.
            self.rounds = self.rounds.max(1e-6);
        } else if took < LONGEST / 4 {
            self.rounds = (2.0 * self.rounds).min(self.most);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Submissions to an adapter that takes `step` for each step, of 100 a round.
    fn taken(step: Duration, most: u32) -> Vec<Duration> {
        let mut pace = Pace::new(most);
        let mut now = Duration::from_secs(3);
        (0..40)
            .map(|_| {
                let took = step * pace.steps(100) as u32;
                pace.submitted(now);
                now += took;
                pace.done(now);
                took
            })
            .collect()
    }

    #[test]
    fn submissions_stay_short_on_a_slow_adapter_and_grow_on_a_fast_one() {
        for (step, least) in [(1, 0.125), (20, 0.1), (300, 0.3)] {
            let all = taken(Duration::from_millis(step), 16);
            for took in &all[3..] {
                assert!(*took <= LONGEST, "{step} ms a step: {took:?}");
                assert!(took.as_secs_f64() >= least, "{step} ms a step: {took:?}");
            }
        }
        // A step is the least, however long it takes.
        let all = taken(Duration::from_secs(2), 16);
        assert_eq!(all.last(), Some(&Duration::from_secs(2)));
        let fast = taken(Duration::from_micros(1), 16);
        assert_eq!(fast.last(), Some(&Duration::from_micros(1600)));
    }
}
