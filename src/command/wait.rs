//! Waiting for the adapter: nothing below this room does.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use crate::gpu::{Gpu, GpuError, Pace, Readback, Request};
use crate::measure::{Measurement, RegionSums};
use crate::sim::{Simulation, Status};
use crate::solver::{Look, Mechanics, Outcome, Solve};
use crate::study::{Driver, Event};

use super::error::CommandError;
use super::progress::Progress;

/// How long an adapter may take over a single submission.
const PATIENCE: Duration = Duration::from_mins(5);

/// Time since this process first asked for it, as what is polled wants it.
pub fn clock() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

/// Opens an adapter.
/// # Errors
/// As [`Gpu::open`].
pub fn open_gpu(request: impl Into<Request>) -> Result<Gpu, GpuError> {
    now(Gpu::open(request))
}

/// Lets a simulation finish what is under way.
/// # Errors
/// As [`Simulation::poll`] and [`Wait::wait`].
pub fn settle(simulation: &mut Simulation) -> Result<(), CommandError> {
    settle_telling(simulation, &Progress::quiet())
}

/// The same, with a bar.
pub(super) fn settle_telling(
    simulation: &mut Simulation,
    bar: &Progress,
) -> Result<(), CommandError> {
    loop {
        match simulation.poll(clock())? {
            Status::Ready => return Ok(()),
            Status::Waiting => simulation.gpu().wait()?,
            Status::Settling(round) => bar.round(round),
            Status::Solving => {}
        }
    }
}

/// Takes a study to the last look of its plan, and tells what happens on the way.
/// # Errors
/// As [`Driver::poll`] and [`Wait::wait`].
pub fn arrive(driver: &mut Driver, mut tell: impl FnMut(Event)) -> Result<(), CommandError> {
    loop {
        match driver.poll(clock())? {
            Event::Waiting => driver.run().simulation().gpu().wait()?,
            Event::Arrived => return Ok(()),
            event => tell(event),
        }
    }
}

/// Measures a simulation as it is now.
/// # Errors
/// As [`Wait::arrival`].
pub fn measured(
    region_sums: &RegionSums,
    simulation: &Simulation,
) -> Result<Vec<Measurement>, GpuError> {
    let pending = region_sums.measure(simulation)?;
    simulation.gpu().arrival(|| region_sums.poll(&pending))
}

/// Solves one case from its stored displacement, its operators up to date.
/// # Errors
/// As [`Wait::wait`].
pub fn solved(
    gpu: &Gpu,
    mechanics: &Mechanics,
    case: usize,
    tolerance: f32,
    most: u32,
) -> Result<Outcome, GpuError> {
    let mut solve = Solve::to(case, tolerance, most);
    // A look costs less than an iteration that does nothing.
    let mut pace = Pace::new(1);
    loop {
        match solve.poll(gpu, mechanics, &mut pace, clock())? {
            Look::Done(outcome) => return Ok(outcome),
            Look::Submitted => {}
            Look::Waiting => gpu.wait()?,
        }
    }
}

/// The value of a future, once it is there.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    pollster::block_on(future)
}

/// Waiting for an adapter's work.
pub trait Wait {
    /// Waits until all submitted work is done.
    /// # Errors
    /// [`GpuError::Poll`] when for five minutes nothing at all was done, or what [`Gpu::check`]
    /// finds.
    fn wait(&self) -> Result<(), GpuError>;

    /// Waits for what is on its way, looking for it with `poll`.
    /// # Errors
    /// As [`Wait::wait`] and `poll`; [`GpuError::Readback`] when it never comes.
    fn arrival<T>(&self, poll: impl FnMut() -> Result<Option<T>, GpuError>) -> Result<T, GpuError>;

    /// Waits for bytes, one vector a range.
    /// # Errors
    /// As [`Wait::arrival`].
    fn fetch(&self, readback: &Readback) -> Result<Vec<Vec<u8>>, GpuError> {
        self.arrival(|| readback.poll())
    }
}

impl Wait for Gpu {
    fn wait(&self) -> Result<(), GpuError> {
        loop {
            let before = self.done();
            let waited = self.device().poll(wgpu::PollType::Wait {
                submission_index: None,
                timeout: Some(PATIENCE),
            });
            match waited {
                Ok(_) => return self.check(),
                // A slow adapter goes on, one submission after the other.
                Err(wgpu::PollError::Timeout) if has_moved_since(self, before) => {}
                Err(e) => {
                    return Err(GpuError::Poll {
                        detail: e.to_string(),
                    });
                }
            }
        }
    }

    fn arrival<T>(
        &self,
        mut poll: impl FnMut() -> Result<Option<T>, GpuError>,
    ) -> Result<T, GpuError> {
        self.wait()?;
        poll()?.ok_or_else(|| GpuError::Readback {
            detail: "a copy never arrived".to_owned(),
        })
    }
}

fn has_moved_since(gpu: &Gpu, done: u64) -> bool {
    // Lets what is over say so; trouble is told by the next wait.
    gpu.device().poll(wgpu::PollType::Poll).ok();
    gpu.done() != done
}
