//! The runs that claims need, with a link of the ring cut or none.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::evidence::{Claim, condition};
use crate::gpu::Gpu;
use crate::scenario::{Link, STANDARD_MASS_KG};
use crate::sim::SETTLING_ROUNDS;
use crate::study::{ClaimedCourses, ClaimedRun, ClaimedRuns, Event, person};
use crate::tissue::Anatomy;

use super::error::CommandError;
use super::flights::Flights;
use super::progress::Progress;
use super::validate_args::ValidateArgs;

/// Everybody whom claims are about.
pub(super) struct People<'a> {
    gpu: &'a Gpu,
    args: &'a ValidateArgs,
    needed: Vec<ClaimedRuns>,
    bar: Progress,
    /// Settled bodies by their place in `needed`, where they are kept for another pass.
    settled: BTreeMap<usize, Flights>,
    keeps: bool,
}

impl<'a> People<'a> {
    /// Whoever `claims` need, for a number of passes; what settles is kept for the next pass.
    pub(super) fn new(
        gpu: &'a Gpu,
        args: &'a ValidateArgs,
        claims: &[Claim],
        passes: usize,
    ) -> Self {
        let needed = ClaimedRuns::of(claims);
        let runs = needed.iter().flat_map(|of| &of.runs);
        let days: u32 = runs.map(ClaimedRun::last_day).sum();
        let rounds = SETTLING_ROUNDS * needed.len() as u32;
        Self {
            gpu,
            args,
            bar: Progress::new(rounds, f64::from(days) * passes as f64),
            needed,
            settled: BTreeMap::new(),
            keeps: passes > 1,
        }
    }

    /// All runs, with `cut` or none.
    pub(super) fn fly(&mut self, cut: Option<Link>) -> Result<ClaimedCourses, CommandError> {
        self.pass(cut, None)
    }

    /// All runs with other values for parameters that bones do not settle by, as `NAME=VALUE`.
    pub(super) fn fly_with(&mut self, set: &[String]) -> Result<ClaimedCourses, CommandError> {
        self.pass(None, Some(set))
    }

    fn pass(
        &mut self,
        cut: Option<Link>,
        set: Option<&[String]>,
    ) -> Result<ClaimedCourses, CommandError> {
        let mut courses = ClaimedCourses::default();
        for i in 0..self.needed.len() {
            let mut flights = match self.settled.remove(&i) {
                Some(flights) => flights,
                None => self.settle(&self.needed[i])?,
            };
            if let Some(set) = set {
                let of = &self.needed[i];
                let all = [&self.args.set[..], set].concat();
                let model = person(&of.scene, &of.group, STANDARD_MASS_KG, &all)?;
                // What settles by the parameters as they are must do so before others are set.
                flights.settle()?;
                flights.set_model(Arc::new(model))?;
            }
            self.fly_one(&self.needed[i], &mut flights, cut, &mut courses)?;
            if self.keeps {
                self.settled.insert(i, flights);
            }
        }
        Ok(courses)
    }

    /// Ends the progress bar.
    pub(super) fn finish(self) {
        self.bar.finish();
    }

    fn settle(&self, of: &ClaimedRuns) -> Result<Flights, CommandError> {
        let anatomy = Arc::new(Anatomy::build(&of.scene, of.size(self.args.size()))?);
        let model = person(&of.scene, &of.group, STANDARD_MASS_KG, &self.args.set)?;
        Flights::new(self.gpu, &anatomy, &Arc::new(model))
    }

    /// All conditions of one scene and group, from one settled body.
    fn fly_one(
        &self,
        of: &ClaimedRuns,
        flights: &mut Flights,
        cut: Option<Link>,
        courses: &mut ClaimedCourses,
    ) -> Result<(), CommandError> {
        for run in &of.runs {
            let name = &run.condition;
            let scenario = condition(name).ok_or_else(|| {
                CommandError::usage(format!("there is no condition \"{name}\" in the evidence"))
            })??;
            let scenario = match cut {
                Some(link) => scenario.with_cut(link),
                None => scenario,
            };
            let plan = run.plan(flights.anatomy());
            let found = flights.fly(name, scenario, plan, &mut |event| match event {
                Event::Settling(_) | Event::Looked => self.bar.another(),
                _ => {}
            })?;
            courses.add(of, run, found);
        }
        Ok(())
    }
}
