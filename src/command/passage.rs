//! From day to day, as every command goes: whole steps of the run's own, and looks between two of them.

use crate::scenario::Scenario;
use crate::sim::{Moment, Simulation};

use super::error::CommandError;
use super::progress::Progress;
use super::wait::settle_telling as settle;

/// Days of a step of the model, unless told otherwise.
const STEP_DAYS: f64 = 1.0;

/// Runs `scenario` for `last` days in usual steps and looks at each day.
pub(super) fn fly(
    simulation: &mut Simulation,
    scenario: &Scenario,
    last: u32,
    look: &mut dyn FnMut(&Simulation, u32) -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    let quiet = Progress::quiet();
    let mut passage = Passage::new(scenario, STEP_DAYS);
    for day in 0..=last {
        passage.to(simulation, f64::from(day), &quiet)?;
        look(simulation, day)?;
        passage.go_on(simulation);
    }
    Ok(())
}

/// Takes a simulation through a scenario.
///
/// Steps are counted from the beginning of each phase, and where it is looked at has no part in them: a day between two
/// whole steps is reached by a shorter step, which is then undone. The steps of a run are the same however often, and by
/// whichever command, it is looked at.
#[derive(Debug)]
pub(super) struct Passage<'a> {
    scenario: &'a Scenario,
    step_days: f64,
    /// The last whole step, while the simulation stands beyond it.
    whole: Option<Moment>,
    /// Memory for it.
    spare: Option<Moment>,
}

impl<'a> Passage<'a> {
    pub(super) fn new(scenario: &'a Scenario, step_days: f64) -> Self {
        Self {
            scenario,
            step_days,
            whole: None,
            spare: None,
        }
    }

    /// Goes on to `day`, which is not before where it stands. [`Passage::go_on`] must come before the next.
    pub(super) fn to(
        &mut self,
        simulation: &mut Simulation,
        day: f64,
        bar: &Progress,
    ) -> Result<(), CommandError> {
        loop {
            let now = simulation.day();
            let dt = self.scenario.step_from(now, self.step_days);
            if now + dt > day + 1e-9 {
                break;
            }
            self.step(simulation, dt, bar)?;
            bar.day(simulation.day());
        }
        let left = day - simulation.day();
        if left > 1e-9 {
            self.act(simulation, bar)?;
            self.whole = simulation.keep(self.spare.take())?;
            self.step(simulation, left, bar)?;
        }
        Ok(())
    }

    /// Back to the last whole step.
    pub(super) fn go_on(&mut self, simulation: &mut Simulation) {
        if let Some(whole) = self.whole.take() {
            simulation.go_back(&whole);
            self.spare = Some(whole);
        }
    }

    /// Sets what acts from this day on.
    fn act(&self, simulation: &mut Simulation, bar: &Progress) -> Result<(), CommandError> {
        let (phase, _) = self.scenario.phase_at(simulation.day());
        simulation.set_conditions(phase.conditions);
        settle(simulation, bar)
    }

    /// A step of `dt` days, with the solve that may follow it.
    fn step(
        &self,
        simulation: &mut Simulation,
        dt: f64,
        bar: &Progress,
    ) -> Result<(), CommandError> {
        self.act(simulation, bar)?;
        simulation.advance(dt);
        settle(simulation, bar)
    }
}
