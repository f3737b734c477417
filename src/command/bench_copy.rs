//! What this machine's memory can do, for comparison.

use std::time::Instant;

use crate::gpu::Gpu;

use super::error::CommandError;
use super::wait::Wait as _;

/// Bytes read and written a second by plain copies, GB/s.
pub(super) fn copy_bandwidth(gpu: &Gpu) -> Result<f64, CommandError> {
    let bytes = 32u64 << 20;
    let a = gpu.storage::<u8>("bench copy", bytes as usize)?;
    let b = gpu.storage::<u8>("bench copy", bytes as usize)?;
    let mut best = f64::INFINITY;
    for _ in 0..4 {
        let start = Instant::now();
        let mut encoder = gpu.encoder("bench copy");
        for _ in 0..4 {
            encoder.copy_buffer_to_buffer(&a, 0, &b, 0, Some(bytes));
        }
        gpu.submit(encoder);
        gpu.wait()?;
        best = best.min(start.elapsed().as_secs_f64() / 4.0);
    }
    Ok(2.0 * bytes as f64 / best * 1e-9)
}
