//! A solve under way, a slice of it at a time.

use std::time::Duration;

use crate::gpu::{Gpu, GpuError, Pace, Readback};

use super::conjugate_gradients::{FINISHING, ITERATIONS, LOOSE, Mechanics, OPERATORS, Outcome};

/// What a look at a [`Solve`] found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Look {
    /// The adapter is still at work on the last slice.
    Waiting,
    /// The next slice was submitted.
    Submitted,
    /// It is over.
    Done(Outcome),
}

/// A solve under way, a slice at a time. Never waits.
///
/// Each iteration rounds the displacement, and what that leaves the recurrence does not see. Where
/// the true residual ends above the tolerance one more iteration from it, beyond the most that were
/// asked for if need be, takes most of that away: two thirds, on the cubes of `bench`.
#[derive(Debug)]
pub struct Solve {
    case: usize,
    tolerance: f32,
    finishing: u32,
    most: u32,
    /// Iterations that are likely to be enough: those after convergence cost their launches.
    likely: u32,
    /// Kernels of the preconditioner's operators that have been run; none where they are up to
    /// date.
    operators: Option<usize>,
    /// Kernels of iterations that have been run.
    done: usize,
    readback: Option<Readback>,
    doing: Doing,
}

#[derive(Debug, Clone, Copy)]
enum Doing {
    Iterating,
    /// The true residual is being evaluated.
    Judging,
    /// One more iteration is being run from the true residual; how the solve went before it.
    Refining(Outcome),
}

impl Solve {
    /// Of one case from its stored displacement, to `tolerance` and `finishing` iterations beyond,
    /// at most `most`.
    pub fn new(case: usize, tolerance: f32, finishing: u32, most: u32) -> Self {
        Self {
            case,
            tolerance,
            finishing,
            most,
            likely: most,
            operators: None,
            done: 0,
            readback: None,
            doing: Doing::Iterating,
        }
    }

    /// The same with the iterations beyond a loose tolerance that [`LOOSE`] asks for.
    pub fn to(case: usize, tolerance: f32, most: u32) -> Self {
        let finishing = if tolerance > LOOSE { FINISHING } else { 0 };
        Self::new(case, tolerance, finishing, most)
    }

    /// The same, fitting the preconditioner to the modulus first.
    #[must_use]
    pub fn with_operators(self) -> Self {
        Self {
            operators: Some(0),
            ..self
        }
    }

    /// The same, looking at the residual after `iterations` and not much later.
    #[must_use]
    pub fn likely(self, iterations: u32) -> Self {
        Self {
            likely: iterations.max(1),
            ..self
        }
    }

    /// The case.
    pub fn case(&self) -> usize {
        self.case
    }

    /// Submits the next slice, if the last one is done. `now` is the time since any fixed moment,
    /// for `pace`; the result does not depend on it.
    /// # Errors
    /// As [`Gpu::scoped`], and [`GpuError::Readback`].
    pub fn poll(
        &mut self,
        gpu: &Gpu,
        mechanics: &Mechanics,
        pace: &mut Pace,
        now: Duration,
    ) -> Result<Look, GpuError> {
        if let Some(readback) = &self.readback {
            let Some(parts) = readback.poll()? else {
                return Ok(Look::Waiting);
            };
            pace.done(now);
            if let Some(outcome) = self.judge(&parts, mechanics) {
                return Ok(Look::Done(outcome));
            }
        }
        let mut encoder = gpu.encoder("mechanics");
        self.record(gpu, mechanics, &mut encoder, pace);
        self.readback = Some(mechanics.record_readback(gpu, &mut encoder)?);
        gpu.submit(encoder);
        pace.submitted(now);
        Ok(Look::Submitted)
    }

    /// What the last slice has come to; the outcome if that was the last one.
    fn judge(&mut self, parts: &[Vec<u8>], mechanics: &Mechanics) -> Option<Outcome> {
        if self.done == 0 {
            // Nothing but operators so far.
            return None;
        }
        let scalars = Mechanics::scalars_from(parts);
        let outcome = Mechanics::outcome(&scalars);
        match self.doing {
            Doing::Refining(rough) => {
                return Some(Outcome {
                    iterations: rough.iterations + outcome.iterations,
                    converged: rough.converged,
                    ..outcome
                });
            }
            // Without an iteration the residual that stopped the solve is the true one already.
            Doing::Iterating if scalars.stop == 1 && scalars.iterations == 0 => {
                return Some(outcome);
            }
            Doing::Iterating => {
                if scalars.stop == 1 || self.done >= self.steps(mechanics, self.most) {
                    self.doing = Doing::Judging;
                }
            }
            Doing::Judging => {
                if !outcome.converged || outcome.true_residual <= f64::from(self.tolerance) {
                    return Some(outcome);
                }
                self.doing = Doing::Refining(outcome);
            }
        }
        None
    }

    /// Kernels of so many iterations.
    fn steps(&self, mechanics: &Mechanics, iterations: u32) -> usize {
        mechanics.iteration(self.case).count() * iterations as usize
    }

    fn record(
        &mut self,
        gpu: &Gpu,
        mechanics: &Mechanics,
        encoder: &mut wgpu::CommandEncoder,
        pace: &Pace,
    ) {
        let round = self.steps(mechanics, 1);
        let mut room = pace.steps(round);
        if let Some(first) = self.operators {
            let all = mechanics.operators();
            let last = (first + room).min(all.len());
            gpu.pass(encoder, OPERATORS, |pass| {
                all[first..last].iter().for_each(|kernel| kernel.run(pass));
            });
            room -= last - first;
            if last < all.len() {
                self.operators = Some(last);
                return;
            }
            self.operators = None;
        }
        match self.doing {
            Doing::Iterating => {
                if self.done == 0 {
                    let (tolerance, finishing) = (self.tolerance, self.finishing);
                    mechanics.record_start(gpu, encoder, self.case, tolerance, finishing);
                }
                let most = self.steps(mechanics, self.most) - self.done;
                let slice = room
                    .min(self.steps(mechanics, self.likely))
                    .clamp(1, most.max(1));
                // From where the last slice ended, within an iteration or not.
                let kernels = mechanics.iteration(self.case).cycle();
                let kernels = kernels.skip(self.done % round).take(slice);
                gpu.pass(encoder, ITERATIONS, |pass| {
                    kernels.for_each(|kernel| kernel.run(pass));
                });
                self.done += slice;
            }
            Doing::Judging => mechanics.record_true_residual(encoder, self.case),
            Doing::Refining(_) => {
                mechanics.record_start(gpu, encoder, self.case, 0.0, 0);
                mechanics.record_iterations(encoder, self.case, 1);
                mechanics.record_true_residual(encoder, self.case);
            }
        }
    }
}
