//! Several missions of one settled body, one after the other.

use std::sync::Arc;

use crate::gpu::Gpu;
use crate::physiology::Model;
use crate::scenario::Scenario;
use crate::study::{Courses, Document, Driver, Event, Looks, Plan, Run, Setup};
use crate::tissue::Anatomy;

use super::error::CommandError;
use super::wait::arrive;

/// A settled body, and the way back to its first day.
pub(super) struct Flights {
    driver: Driver,
}

/// A mission with a body of its own settings at hand.
fn document(anatomy: &Anatomy, name: &str, scenario: Scenario) -> Document {
    Document::new(Setup {
        scene: anatomy.scene.to_owned(),
        size: anatomy.size,
        ..Setup::new(name, scenario)
    })
}

impl Flights {
    /// Of a body that has still to settle; the first flight waits for it.
    pub(super) fn new(
        gpu: &Gpu,
        anatomy: &Arc<Anatomy>,
        model: &Arc<Model>,
    ) -> Result<Self, CommandError> {
        // Nothing is looked at before the first flight.
        let plan = Plan::of(Looks::On(Vec::new()));
        let earth =
            Scenario::built_in("earth").ok_or_else(|| CommandError::usage("no earth"))??;
        let document = document(anatomy, "earth", earth);
        let (anatomy, model) = (Arc::clone(anatomy), Arc::clone(model));
        Ok(Self {
            driver: Driver::new(Run::new(gpu, anatomy, model, document, plan)?),
        })
    }

    /// Waits until the body has settled, and keeps it.
    pub(super) fn settle(&mut self) -> Result<(), CommandError> {
        arrive(&mut self.driver, |_| {})?;
        Ok(self.driver.keep_start()?)
    }

    /// The same body with other parameters, which it does not settle by.
    pub(super) fn set_model(&mut self, model: Arc<Model>) -> Result<(), CommandError> {
        Ok(self.driver.set_model(model)?)
    }

    /// What its lattice is made of.
    pub(super) fn anatomy(&self) -> &Anatomy {
        self.driver.run().simulation().anatomy()
    }

    /// Flies a scenario from the settled body, and tells what happens.
    pub(super) fn fly(
        &mut self,
        name: &str,
        scenario: Scenario,
        plan: Plan,
        tell: &mut dyn FnMut(Event),
    ) -> Result<&Courses, CommandError> {
        arrive(&mut self.driver, &mut *tell)?;
        self.driver.keep_start()?;
        let document = document(self.anatomy(), name, scenario);
        self.driver.begin(document, plan);
        arrive(&mut self.driver, &mut *tell)?;
        Ok(self.driver.run().courses())
    }
}
