//! How long each pass takes, by the adapter's own clock, where it has one.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use wgpu_profiler::{GpuProfiler, GpuProfilerQuery, GpuProfilerSettings};

use super::Gpu;

/// Submissions whose times may be on their way at once; those of further ones are not taken.
const MOST_PENDING: usize = 256;

/// What the passes of one label took since timing began.
#[derive(Debug, Clone, PartialEq)]
pub struct PassTime {
    /// The label.
    pub label: String,
    /// Passes.
    pub passes: u64,
    /// Seconds on the adapter, all told.
    pub seconds: f64,
}

/// The adapter's clock.
pub(super) struct Timing {
    profiler: Mutex<GpuProfiler>,
    sums: Mutex<BTreeMap<String, (u64, f64)>>,
}

fn settings(on: bool) -> GpuProfilerSettings {
    GpuProfilerSettings {
        enable_timer_queries: on,
        enable_debug_groups: false,
        max_num_pending_frames: MOST_PENDING,
    }
}

/// What a thread that panicked left behind is a sum of times like any other.
fn open<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Timing {
    /// None where the device has no clock.
    pub(super) fn new(device: &wgpu::Device) -> Option<Self> {
        if !device.features().contains(wgpu::Features::TIMESTAMP_QUERY) {
            return None;
        }
        Some(Self {
            profiler: Mutex::new(GpuProfiler::new(device, settings(false)).ok()?),
            sums: Mutex::default(),
        })
    }

    fn is_on(&self) -> bool {
        open(&self.profiler).settings().enable_timer_queries
    }

    fn begin(&self, label: &str, encoder: &mut wgpu::CommandEncoder) -> Option<GpuProfilerQuery> {
        let profiler = open(&self.profiler);
        let on = profiler.settings().enable_timer_queries;
        on.then(|| profiler.begin_pass_query(label, encoder))
    }

    fn end(&self, encoder: &mut wgpu::CommandEncoder, query: GpuProfilerQuery) {
        open(&self.profiler).end_query(encoder, query);
    }

    /// To be called when all passes of a submission are recorded.
    pub(super) fn resolve(&self, encoder: &mut wgpu::CommandEncoder) {
        if self.is_on() {
            open(&self.profiler).resolve_queries(encoder);
        }
    }

    /// To be called when a submission was made.
    pub(super) fn submitted(&self) {
        if self.is_on() {
            // Queries that another encoder still holds open end with their own submission.
            open(&self.profiler).end_frame().ok();
        }
    }

    /// Takes the times that have arrived.
    pub(super) fn collect(&self, queue: &wgpu::Queue) {
        let period = queue.get_timestamp_period();
        let mut profiler = open(&self.profiler);
        if !profiler.settings().enable_timer_queries {
            return;
        }
        let mut sums = open(&self.sums);
        while let Some(passes) = profiler.process_finished_frame(period) {
            for pass in passes {
                let Some(time) = pass.time else { continue };
                let (count, seconds) = sums.entry(pass.label).or_default();
                *count += 1;
                *seconds += time.end - time.start;
            }
        }
    }
}

impl Gpu {
    /// Whether the adapter has a clock for [`Gpu::time_passes`].
    pub fn can_time(&self) -> bool {
        self.inner.timing.is_some()
    }

    /// Takes the time of every pass from here on, or no longer; sums begin anew.
    pub fn time_passes(&self, on: bool) {
        if let Some(timing) = &self.inner.timing {
            open(&timing.sums).clear();
            // The settings differ in nothing that could be refused.
            open(&timing.profiler).change_settings(settings(on)).ok();
        }
    }

    /// What the passes took, as far as [`Gpu::poll`] has found their times; by label.
    pub fn pass_times(&self) -> Vec<PassTime> {
        let Some(timing) = &self.inner.timing else {
            return Vec::new();
        };
        open(&timing.sums)
            .iter()
            .map(|(label, (passes, seconds))| PassTime {
                label: label.clone(),
                passes: *passes,
                seconds: *seconds,
            })
            .collect()
    }

    /// Records a compute pass.
    pub fn pass(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        label: &str,
        record: impl FnOnce(&mut wgpu::ComputePass<'_>),
    ) {
        let timing = self.inner.timing.as_ref();
        let query = timing.and_then(|t| t.begin(label, encoder));
        record(
            &mut encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
                label: Some(label),
                timestamp_writes: query
                    .as_ref()
                    .and_then(GpuProfilerQuery::compute_pass_timestamp_writes),
            }),
        );
        if let (Some(timing), Some(query)) = (timing, query) {
            timing.end(encoder, query);
        }
    }

    /// Records a pass that fills `target`.
    pub fn render_pass(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        label: &str,
        target: &wgpu::TextureView,
        record: impl FnOnce(&mut wgpu::RenderPass<'_>),
    ) {
        let timing = self.inner.timing.as_ref();
        let query = timing.and_then(|t| t.begin(label, encoder));
        record(
            &mut encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
                label: Some(label),
                color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                    view: target,
                    depth_slice: None,
                    resolve_target: None,
                    ops: wgpu::Operations {
                        load: wgpu::LoadOp::Clear(wgpu::Color::BLACK),
                        store: wgpu::StoreOp::Store,
                    },
                })],
                timestamp_writes: query
                    .as_ref()
                    .and_then(GpuProfilerQuery::render_pass_timestamp_writes),
                ..Default::default()
            }),
        );
        if let (Some(timing), Some(query)) = (timing, query) {
            timing.end(encoder, query);
        }
    }
}
