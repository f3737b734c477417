//! What a run knows of itself beside its body.

use serde::{Deserialize, Serialize};

use crate::scenario::Conditions;
use crate::solver::Outcome;

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Clock {
    /// Days since the run began.
    pub(super) day: f64,
    /// Day of the last solve.
    pub(super) solved_on: f64,
    /// What acts on the body.
    pub(super) conditions: Conditions,
    /// How the last solve of each unit load went.
    pub(super) outcomes: Vec<Outcome>,
}

impl Clock {
    pub(super) fn new(cases: usize) -> Self {
        Self {
            day: 0.0,
            solved_on: 0.0,
            conditions: Conditions::EARTH,
            outcomes: vec![
                Outcome {
                    iterations: 0,
                    true_residual: 1.0,
                    converged: false,
                };
                cases
            ],
        }
    }
}
