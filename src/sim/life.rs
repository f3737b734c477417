//! A body's life: it settles under 1 g (or grows from a uniform block), takes its set-point, and
//! runs.

use crate::solver::Outcome;

use super::body::Stage;

/// Rounds of settling under 1 g before the set-point is taken.
pub const SETTLING_ROUNDS: u32 = 24;
/// Relative residual of the solves while settling, and in the last round.
const SETTLING_TOLERANCE: f32 = 1e-2;
const LAST_TOLERANCE: f32 = SETTLING_TOLERANCE / 10.0;
/// Relative residual of the solve that the set-point is taken from.
const SET_POINT_TOLERANCE: f32 = 1e-4;
/// Relative residual of the solves in a run.
const RUN_TOLERANCE: f32 = 5e-4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Density still moves towards the target stimulus; rounds done.
    Settling(u32),
    /// The solve that the set-point is taken from, or growth begins with.
    SetPoint,
    /// A run.
    Running,
}

/// Where in its life a body is.
#[derive(Debug, Clone)]
pub(super) struct Life {
    phase: Phase,
    grows: bool,
    /// Twice the residual that f32 left of the set-point's own solve, by unit load: a run's solves
    /// stop there, so that at 1 g nothing is left to do.
    floors: Vec<f32>,
}

impl Life {
    /// Before settling; what comes with its density, or grows, needs none.
    pub(super) fn new(settles: bool, grows: bool, cases: usize) -> Self {
        Self {
            phase: if settles && !grows {
                Phase::Settling(0)
            } else {
                Phase::SetPoint
            },
            grows,
            floors: vec![0.0; cases],
        }
    }

    /// In a run that began elsewhere.
    pub(super) fn running(grows: bool, floors: Vec<f32>) -> Self {
        Self {
            phase: Phase::Running,
            grows,
            floors,
        }
    }

    pub(super) fn is_running(&self) -> bool {
        self.phase == Phase::Running
    }

    /// Whether density moves towards the target stimulus.
    pub(super) fn is_settling(&self) -> bool {
        matches!(self.phase, Phase::Settling(_))
    }

    /// Whether bone grows from a uniform block, by the laws of remodelling, sped up.
    pub(super) fn grows(&self) -> bool {
        self.grows
    }

    pub(super) fn floors(&self) -> &[f32] {
        &self.floors
    }

    /// Rounds of settling done; none in a run.
    pub(super) fn round(&self) -> Option<u32> {
        match self.phase {
            Phase::Settling(round) => Some(round),
            Phase::SetPoint => Some(SETTLING_ROUNDS),
            Phase::Running => None,
        }
    }

    /// Relative residual of the next solve of a unit load.
    pub(super) fn tolerance(&self, case: usize) -> f32 {
        match self.phase {
            Phase::Settling(round) if round + 1 < SETTLING_ROUNDS => SETTLING_TOLERANCE,
            Phase::Settling(_) => LAST_TOLERANCE,
            Phase::SetPoint => SET_POINT_TOLERANCE,
            Phase::Running => RUN_TOLERANCE.max(self.floors[case]),
        }
    }

    /// Goes on after a solve of all unit loads: what follows it.
    pub(super) fn after_solve(&mut self, outcomes: &[Outcome]) -> Vec<Stage> {
        let mut stages = vec![Stage::Loads, Stage::Stimulus];
        match self.phase {
            Phase::Settling(round) => {
                stages.push(Stage::Settling);
                self.phase = if round + 1 < SETTLING_ROUNDS {
                    Phase::Settling(round + 1)
                } else {
                    Phase::SetPoint
                };
            }
            Phase::SetPoint => {
                stages.push(if self.grows {
                    Stage::Seed
                } else {
                    Stage::SetPoint
                });
                stages.extend([Stage::Surfaces, Stage::FirstGuess]);
                let left = |o: &Outcome| 2.0 * o.true_residual as f32;
                self.floors = outcomes.iter().map(left).collect();
                self.phase = Phase::Running;
            }
            Phase::Running => {}
        }
        stages
    }
}
