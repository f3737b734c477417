//! A simulation as it was at one moment, kept on the adapter to go back to.

use crate::gpu::GpuError;
use crate::scenario::Conditions;

use super::{Simulation, Stage};
use crate::solver::Outcome;

/// Everything of a run that a step changes.
#[derive(Debug)]
pub struct Moment {
    copies: Vec<wgpu::Buffer>,
    day: f64,
    solved_on: f64,
    conditions: Conditions,
    outcomes: Vec<Outcome>,
}

impl Moment {
    /// Day.
    pub fn day(&self) -> f64 {
        self.day
    }
}

impl Simulation {
    /// The buffers that a step changes.
    fn changing(&self) -> [&wgpu::Buffer; 12] {
        let s = &self.state;
        [
            &s.bone,
            &s.stimulus,
            &s.surface,
            &s.energy,
            &s.muscle,
            &s.source,
            &s.secretion,
            &s.level,
            &s.strength,
            &s.day,
            self.mechanics.displacement(),
            self.mechanics.modulus(),
        ]
    }

    /// Keeps the run as it is, in the memory of an older moment if there is one. None while it settles or solves.
    /// # Errors
    /// As [`crate::gpu::Gpu::scoped`].
    pub fn keep(&self, older: Option<Moment>) -> Result<Option<Moment>, GpuError> {
        if self.stage != Stage::Running || self.solve.is_some() {
            return Ok(None);
        }
        let copies = match older {
            Some(moment) => moment.copies,
            None => self
                .changing()
                .iter()
                .map(|b| self.gpu.storage::<u8>("a moment", b.size() as usize))
                .collect::<Result<_, _>>()?,
        };
        let mut encoder = self.gpu.encoder("keep a moment");
        for (from, to) in self.changing().into_iter().zip(&copies) {
            encoder.copy_buffer_to_buffer(from, 0, to, 0, from.size());
        }
        self.gpu.submit(encoder);
        Ok(Some(Moment {
            copies,
            day: self.day,
            solved_on: self.solved_on,
            conditions: self.conditions,
            outcomes: self.outcomes.clone(),
        }))
    }

    /// Goes back to a moment of this simulation: what follows is what would have followed then, to the bit.
    pub fn go_back(&mut self, moment: &Moment) {
        let mut encoder = self.gpu.encoder("go back to a moment");
        for (from, to) in moment.copies.iter().zip(self.changing()) {
            encoder.copy_buffer_to_buffer(from, 0, to, 0, to.size());
        }
        self.gpu.submit(encoder);
        self.day = moment.day;
        self.solved_on = moment.solved_on;
        self.conditions = moment.conditions;
        self.outcomes.clone_from(&moment.outcomes);
        self.solve = None;
        self.write_environment(0.0);
    }
}
