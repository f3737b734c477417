//! Takes one or two bodies through a document. Never waits, and has no clock.

use std::sync::Arc;
use std::time::Duration;

use crate::gpu::GpuError;
use crate::physiology::Model;
use crate::sim::SimError;

use super::action::{Action, What, Which};
use super::document::Document;
use super::plan::Plan;
use super::run::{Event, Run};

/// A run, and its twin if the document has one.
///
/// The twin has the run's past up to the day on which it branched off. Both are polled in turns and
/// come to the same looks; what either measures hangs on its own document alone.
#[derive(Debug)]
pub struct Driver {
    document: Document,
    run: Run,
    twin: Option<Run>,
    /// Whose look it was last.
    looked: Which,
    /// Which body each run has, counted from 0 as they are made.
    bodies: [u32; 2],
    /// Bodies so far.
    made: u32,
}

impl Driver {
    /// Of a run whose document has no twin yet, or has one that branches off later.
    pub fn new(mut run: Run) -> Self {
        let document = run.document().clone();
        run.set_document(document.alone());
        Self {
            document,
            run,
            twin: None,
            looked: Which::First,
            bodies: [0, 0],
            made: 1,
        }
    }

    /// Begins a document from the settled body, without settling anew. Returns whether there was
    /// any.
    pub fn begin(&mut self, document: Document, plan: Plan) -> bool {
        if !self.run.begin(document.alone(), plan) {
            return false;
        }
        self.document = document;
        self.twin = None;
        self.looked = Which::First;
        true
    }

    /// Does something by hand. On the day that a body stands at its strain answers at once; in the
    /// past its run begins anew from the nearest moment before, and goes on from there.
    /// # Errors
    /// As [`crate::sim::Simulation::fork`], where a twin branches off; [`SimError::NoPast`] for a
    /// day before anything that was kept.
    pub fn apply(&mut self, action: Action) -> Result<(), SimError> {
        self.apply_all(vec![action])
    }

    /// Does several things, which are undone at once.
    /// # Errors
    /// As [`Driver::apply`].
    pub fn apply_all(&mut self, step: Vec<Action>) -> Result<(), SimError> {
        let done = step.clone();
        self.change(|document| {
            document.apply_all(step);
            Some(done)
        })
        .map(drop)
    }

    /// The same, in place of the last action where that did the same kind of thing to the same run
    /// on the same day.
    /// # Errors
    /// As [`Driver::apply`].
    pub fn adjust(&mut self, action: Action) -> Result<(), SimError> {
        self.change(|document| {
            document.adjust(action.clone());
            Some(vec![action])
        })
        .map(drop)
    }

    /// Takes the last step back. Returns whether there was one.
    /// # Errors
    /// As [`Driver::apply`].
    pub fn undo(&mut self) -> Result<bool, SimError> {
        self.change(Document::undo)
    }

    /// Does again what was undone last. Returns whether there was anything.
    /// # Errors
    /// As [`Driver::apply`].
    pub fn redo(&mut self) -> Result<bool, SimError> {
        self.change(Document::redo)
    }

    /// Changes the document, and says whether it did. Where the runs cannot follow it stays as it
    /// was.
    fn change(
        &mut self,
        change: impl FnOnce(&mut Document) -> Option<Vec<Action>>,
    ) -> Result<bool, SimError> {
        let before = self.document.clone();
        let Some(step) = change(&mut self.document) else {
            return Ok(false);
        };
        if let Err(error) = self.follow(&before, &step) {
            self.document = before;
            return Err(error);
        }
        Ok(true)
    }

    /// Makes the runs those of the document, in which a step was done or undone.
    fn follow(&mut self, before: &Document, step: &[Action]) -> Result<(), SimError> {
        let days = step.iter().filter(|a| a.what.changes_runs());
        let day = days.map(|a| a.day).fold(f64::INFINITY, f64::min);
        if step.iter().any(|a| a.what == What::Keep) {
            self.change_places(before)?;
        } else if step.iter().any(|a| a.what == What::Branch) {
            // Another twin, with a past of its own.
            self.twin = None;
        }
        let alone = self.document.alone();
        if *self.run.document() != alone {
            self.run.follow(alone, day, None)?;
        }
        let Some((document, branch)) = self.document.twin() else {
            self.twin = None;
            self.looked = Which::First;
            return Ok(());
        };
        match &mut self.twin {
            Some(twin) if *twin.document() == document => {}
            Some(twin) => {
                // Before it branched off, its past is the other's.
                let before = self.run.timeline().nearest(day.min(branch));
                twin.follow(document, day, before)?;
            }
            None => self.branch_off()?,
        }
        Ok(())
    }

    /// The twin takes the first run's place; undone, that becomes the twin again, and what was the
    /// first run comes forward again from where the two parted.
    fn change_places(&mut self, before: &Document) -> Result<(), SimError> {
        if let (Some((_, branch)), Some(mut twin)) = (before.twin(), self.twin.take()) {
            twin.take_past(&mut self.run, branch);
            self.run = twin;
            self.bodies[0] = self.bodies[1];
        } else if let Some((_, branch)) = self.document.twin()
            && let Some(mut first) = self.run.fork(self.document.alone(), branch)?
        {
            first.take_past(&mut self.run, branch);
            self.twin = Some(std::mem::replace(&mut self.run, first));
            self.bodies = [self.made, self.bodies[0]];
            self.made += 1;
        }
        self.looked = Which::First;
        Ok(())
    }

    /// Goes on, or looks whether what was submitted is done. `now` is the time since any fixed
    /// moment.
    /// # Errors
    /// [`SimError`].
    pub fn poll(&mut self, now: Duration) -> Result<Event, SimError> {
        self.branch_off()?;
        let Some(twin) = &mut self.twin else {
            self.looked = Which::First;
            return self.run.poll(now);
        };
        // Whoever is behind goes on.
        let is_twins_turn = twin.simulation().day() < self.run.simulation().day() - 1e-9;
        let turns = if is_twins_turn {
            [Which::Twin, Which::First]
        } else {
            [Which::First, Which::Twin]
        };
        for which in turns {
            let run = match which {
                Which::First => &mut self.run,
                Which::Twin => twin,
            };
            let event = run.poll(now)?;
            if event != Event::Arrived {
                if event == Event::Looked {
                    self.looked = which;
                }
                return Ok(event);
            }
        }
        Ok(Event::Arrived)
    }

    /// Makes the twin once the run has come to its day.
    fn branch_off(&mut self) -> Result<(), SimError> {
        if self.twin.is_none()
            && let Some((document, branch)) = self.document.twin()
            && self.run.simulation().day() > branch - 1e-9
        {
            self.twin = self.run.fork(document, branch)?;
            if self.twin.is_some() {
                self.bodies[1] = self.made;
                self.made += 1;
            }
        }
        Ok(())
    }

    /// Lets what acts from today on act, before the next step: the strain field shows it.
    pub fn act(&mut self) {
        self.of_mut(self.looked).act();
    }

    /// Goes on from the look that was told of last, as [`Run::go_on`].
    /// # Errors
    /// As [`crate::gpu::Gpu::scoped`].
    pub fn go_on(&mut self) -> Result<(), GpuError> {
        self.of_mut(self.looked).go_on()
    }

    /// Keeps a run's day for good, as [`Run::snapshot`].
    /// # Errors
    /// As [`crate::gpu::Gpu::scoped`].
    pub fn snapshot(&mut self, which: Which) -> Result<bool, GpuError> {
        self.of_mut(which).snapshot()
    }

    /// Keeps the settled body, for [`Driver::begin`].
    /// # Errors
    /// As [`crate::gpu::Gpu::scoped`].
    pub fn keep_start(&mut self) -> Result<(), GpuError> {
        self.run.keep_start()
    }

    /// Another plan for both from here on: a day further away, say.
    pub fn set_plan(&mut self, plan: Plan) {
        if let Some(twin) = &mut self.twin {
            twin.set_plan(plan.clone());
        }
        self.run.set_plan(plan);
    }

    /// What was chosen and done.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Other parameters from here on, as [`Run::set_model`].
    /// # Errors
    /// As [`crate::gpu::Gpu::scoped`].
    pub fn set_model(&mut self, model: Arc<Model>) -> Result<(), GpuError> {
        if let Some(twin) = &mut self.twin {
            twin.set_model(Arc::clone(&model))?;
        }
        self.run.set_model(model)
    }

    /// The first run.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// Whether the first run can be left where it stands, as [`Run::stop`].
    pub fn stop(&mut self) -> bool {
        self.run.stop()
    }

    /// A run; without a twin always the first.
    pub fn of(&self, which: Which) -> &Run {
        match (&self.twin, which) {
            (Some(twin), Which::Twin) => twin,
            _ => &self.run,
        }
    }

    fn of_mut(&mut self, which: Which) -> &mut Run {
        match (&mut self.twin, which) {
            (Some(twin), Which::Twin) => twin,
            _ => &mut self.run,
        }
    }

    /// Another body on its way to a day that a run has passed, for what is not kept of past days;
    /// it has looked ([`Event::Looked`]) once it is there.
    /// # Errors
    /// [`SimError::NoPast`] where nothing was kept from before that day; as
    /// [`crate::sim::Simulation::fork`].
    pub fn visit(&self, which: Which, day: f64) -> Result<Run, SimError> {
        // Before it branched off, the twin's past is the other's.
        let branch = self.document.twin().map_or(0.0, |(_, branch)| branch);
        let run = if day < branch {
            &self.run
        } else {
            self.of(which)
        };
        run.visit(day)?.ok_or(SimError::NoPast { day })
    }

    /// Whether there are two.
    pub fn has_twin(&self) -> bool {
        self.twin.is_some()
    }

    /// Which body a run has: another number, another body. Each twin has one of its own, and takes
    /// it along to the first run's place.
    pub fn body_of(&self, which: Which) -> u32 {
        match (&self.twin, which) {
            (Some(_), Which::Twin) => self.bodies[1],
            _ => self.bodies[0],
        }
    }

    /// Bytes on the adapter (bodies and moments) and on the host (days) of all runs.
    pub fn bytes(&self) -> [u64; 2] {
        let runs = std::iter::once(&self.run).chain(&self.twin);
        runs.fold([0; 2], |sum, run| {
            let [moments, days] = run.timeline().bytes();
            [sum[0] + run.simulation().bytes() + moments, sum[1] + days]
        })
    }

    /// Whether a poll has anything to do.
    pub fn is_busy(&self) -> bool {
        self.run.is_busy() || self.twin.as_ref().is_some_and(Run::is_busy)
    }
}
