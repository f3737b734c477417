//! A solve under way, a slice of iterations at a time.

use crate::gpu::{Gpu, GpuError, Readback};

use super::conjugate_gradients::{FINISHING, LOOSE, Mechanics};

/// How a solve went.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Conjugate gradient iterations.
    pub iterations: u32,
    /// ‖b − K u‖ / ‖b‖ of the stored displacement, evaluated anew.
    pub true_residual: f64,
    /// Whether the tolerance was met before the iterations ran out.
    pub converged: bool,
}

/// What a look at a [`Solve`] found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Progress {
    /// The adapter is still at work on the last slice.
    Waiting,
    /// The next slice was submitted.
    Submitted,
    /// It is over.
    Done(Outcome),
}

/// A solve under way, a slice of iterations at a time. Never waits.
///
/// Each iteration rounds the displacement, and what that leaves the recurrence does not see. Where the true residual ends
/// above the tolerance one more iteration from it, beyond the most that were asked for if need be, takes most of that away:
/// two thirds, on the cubes of `bench`.
#[derive(Debug)]
pub struct Solve {
    case: usize,
    tolerance: f32,
    finishing: u32,
    most: u32,
    done: u32,
    readback: Option<Readback>,
    ending: bool,
    /// How the solve went before it was refined.
    rough: Option<Outcome>,
}

impl Solve {
    /// Of one case from its stored displacement, to `tolerance` and `finishing` iterations beyond, at most `most`.
    pub fn new(case: usize, tolerance: f32, finishing: u32, most: u32) -> Self {
        Self {
            case,
            tolerance,
            finishing,
            most,
            done: 0,
            readback: None,
            ending: false,
            rough: None,
        }
    }

    /// The same with the iterations beyond a loose tolerance that [`LOOSE`] asks for.
    pub fn to(case: usize, tolerance: f32, most: u32) -> Self {
        let finishing = if tolerance > LOOSE { FINISHING } else { 0 };
        Self::new(case, tolerance, finishing, most)
    }

    /// The case.
    pub fn case(&self) -> usize {
        self.case
    }

    /// Submits the next `slice` of iterations, if the last one is done; the operators must have been recorded.
    /// # Errors
    /// As [`Gpu::scoped`], and [`GpuError::Readback`].
    pub fn poll(
        &mut self,
        gpu: &Gpu,
        mechanics: &Mechanics,
        slice: u32,
    ) -> Result<Progress, GpuError> {
        if let Some(readback) = &self.readback {
            let Some(parts) = readback.poll()? else {
                return Ok(Progress::Waiting);
            };
            let scalars = Mechanics::scalars_from(&parts);
            let outcome = Mechanics::outcome(&scalars);
            if let Some(rough) = self.rough {
                return Ok(Progress::Done(Outcome {
                    iterations: rough.iterations + outcome.iterations,
                    converged: rough.converged,
                    ..outcome
                }));
            }
            // Without an iteration the residual that stopped the solve is the true one already.
            if scalars.stop == 1 && scalars.iterations == 0 {
                return Ok(Progress::Done(outcome));
            }
            if self.ending {
                if !outcome.converged || outcome.true_residual <= f64::from(self.tolerance) {
                    return Ok(Progress::Done(outcome));
                }
                self.rough = Some(outcome);
            }
            self.ending = scalars.stop == 1 || self.done >= self.most;
        }
        let mut encoder = gpu.encoder("mechanics");
        if self.rough.is_some() {
            mechanics.record_start(gpu, &mut encoder, self.case, 0.0, 0);
            mechanics.record_iterations(&mut encoder, self.case, 1);
            mechanics.record_true_residual(&mut encoder, self.case);
        } else if self.ending {
            mechanics.record_true_residual(&mut encoder, self.case);
        } else {
            if self.done == 0 {
                mechanics.record_start(
                    gpu,
                    &mut encoder,
                    self.case,
                    self.tolerance,
                    self.finishing,
                );
            }
            let slice = slice.clamp(1, self.most - self.done);
            mechanics.record_iterations(&mut encoder, self.case, slice);
            self.done += slice;
        }
        self.readback = Some(mechanics.record_readback(gpu, &mut encoder)?);
        gpu.submit(encoder);
        Ok(Progress::Submitted)
    }
}
