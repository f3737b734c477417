//! A run as it was at one moment, kept on the adapter to go back to.

use crate::gpu::GpuError;

use super::body::Body;
use super::clock::Clock;

/// Everything of a run that a step changes.
#[derive(Debug)]
pub struct Moment {
    copies: Vec<wgpu::Buffer>,
    clock: Clock,
}

impl Moment {
    /// Copies a body, in the memory of an older moment if there is one.
    pub(super) fn of(body: &Body, clock: &Clock, older: Option<Self>) -> Result<Self, GpuError> {
        let gpu = body.gpu();
        let copies = match older {
            Some(moment) => moment.copies,
            None => body
                .changing()
                .iter()
                .map(|(_, b)| gpu.storage::<u8>("a moment", b.size() as usize))
                .collect::<Result<_, _>>()?,
        };
        let mut encoder = gpu.encoder("keep a moment");
        for ((_, from), to) in body.changing().iter().zip(&copies) {
            encoder.copy_buffer_to_buffer(from, 0, to, 0, from.size());
        }
        gpu.submit(encoder);
        Ok(Self {
            copies,
            clock: clock.clone(),
        })
    }

    /// Puts the body back; returns what the run knew of itself.
    pub(super) fn put_back(&self, body: &Body) -> Clock {
        let gpu = body.gpu();
        let mut encoder = gpu.encoder("go back to a moment");
        for (from, (_, to)) in self.copies.iter().zip(body.changing()) {
            encoder.copy_buffer_to_buffer(from, 0, to, 0, to.size());
        }
        gpu.submit(encoder);
        self.clock.clone()
    }

    /// Day.
    pub fn day(&self) -> f64 {
        self.clock.day
    }

    /// Bytes on the adapter.
    pub fn bytes(&self) -> u64 {
        self.copies.iter().map(wgpu::Buffer::size).sum()
    }
}
