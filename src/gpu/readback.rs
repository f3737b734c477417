//! Results on their way back from the adapter: scheduled with the work, polled for later.

use std::sync::{Arc, OnceLock};

use super::{Gpu, GpuError};

/// Copies of buffer ranges that arrive once the submission they were recorded in is done.
#[derive(Debug)]
pub struct Readback {
    staging: wgpu::Buffer,
    parts: Vec<(u64, u64)>,
    mapped: Arc<OnceLock<Result<(), String>>>,
}

impl Readback {
    /// Records copies of `(buffer, offset, bytes)` ranges at the end of `encoder`.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn record(
        gpu: &Gpu,
        encoder: &mut wgpu::CommandEncoder,
        ranges: &[(&wgpu::Buffer, u64, u64)],
    ) -> Result<Self, GpuError> {
        let mut parts = Vec::with_capacity(ranges.len());
        let mut total = 0;
        for &(_, _, bytes) in ranges {
            parts.push((total, bytes));
            total += bytes.next_multiple_of(16);
        }
        gpu.inner
            .read
            .fetch_add(total, std::sync::atomic::Ordering::Relaxed);
        // Not counted as simulation memory: it is given back as soon as it is read.
        let staging = gpu.scoped("readback staging", |device| {
            device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("readback staging"),
                size: total.max(16),
                usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            })
        })?;
        for (&(buffer, offset, bytes), &(at, _)) in ranges.iter().zip(&parts) {
            encoder.copy_buffer_to_buffer(buffer, offset, &staging, at, Some(bytes));
        }
        let mapped = Arc::new(OnceLock::new());
        encoder.map_buffer_on_submit(&staging, wgpu::MapMode::Read, .., {
            let mapped = Arc::clone(&mapped);
            move |result| {
                mapped.set(result.map_err(|e| e.to_string())).ok();
            }
        });
        Ok(Self {
            staging,
            parts,
            mapped,
        })
    }

    /// The ranges' bytes if they have arrived, one vector a range.
    /// # Errors
    /// [`GpuError::Readback`] when the mapping failed.
    pub fn poll(&self) -> Result<Option<Vec<Vec<u8>>>, GpuError> {
        match self.mapped.get() {
            None => Ok(None),
            Some(Err(detail)) => Err(GpuError::Readback {
                detail: detail.clone(),
            }),
            Some(Ok(())) => {
                let view = self
                    .staging
                    .get_mapped_range(..)
                    .map_err(|e| GpuError::Readback {
                        detail: e.to_string(),
                    })?;
                let parts = self
                    .parts
                    .iter()
                    .map(|&(at, bytes)| view[at as usize..(at + bytes) as usize].to_vec())
                    .collect();
                drop(view);
                Ok(Some(parts))
            }
        }
    }
}

/// Reinterprets arrived bytes as values.
pub(crate) fn values<T: bytemuck::Pod>(bytes: &[u8]) -> Vec<T> {
    bytemuck::pod_collect_to_vec(bytes)
}
