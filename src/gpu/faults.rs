//! Counts of what is no finite number, where shaders make it.

use std::sync::Mutex;

use super::{Gpu, GpuError, Readback, values};

/// Binding of the counts in every shader that checks. Keep in step with `finite_counted.wgsl`.
pub(super) const BINDING: u32 = 99;
/// The most shaders that are told apart.
const MOST_SHADERS: usize = 64;

/// What a shader made that is no finite number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The shader.
    pub shader: String,
    /// Quotients, roots and powers that are no number.
    pub nan: u32,
    /// Those that are infinite.
    pub infinite: u32,
}

/// The counts, on the adapter.
#[derive(Debug)]
pub(super) struct Faults {
    pub(super) buffer: wgpu::Buffer,
    shaders: Mutex<Vec<String>>,
}

impl Faults {
    pub(super) fn new(device: &wgpu::Device) -> Self {
        Self {
            buffer: device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("faults"),
                size: 8 * MOST_SHADERS as u64,
                usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC,
                mapped_at_creation: false,
            }),
            shaders: Mutex::new(Vec::new()),
        }
    }

    /// The place of a shader's counts. Beyond the last one shaders share it.
    fn stage(&self, label: &str) -> usize {
        let Ok(mut shaders) = self.shaders.lock() else {
            return MOST_SHADERS - 1;
        };
        if let Some(found) = shaders.iter().position(|s| s == label) {
            return found;
        }
        if shaders.len() < MOST_SHADERS {
            shaders.push(label.to_owned());
        }
        shaders.len() - 1
    }
}

/// What stands before every shader: how an invocation finds its place, and functions through which
/// it passes what it divides, roots and raises.
pub fn prelude(stage: Option<usize>) -> String {
    let thread = include_str!("../../shaders/gpu/thread.wgsl");
    let finite = match stage {
        None => include_str!("../../shaders/gpu/finite.wgsl").to_owned(),
        Some(stage) => format!(
            "const STAGE = {stage}u;\n{}",
            include_str!("../../shaders/gpu/finite_counted.wgsl")
        ),
    };
    format!("{thread}\n{finite}\n")
}

impl Gpu {
    /// The prelude of the shader `label`.
    pub(super) fn prelude_of(&self, label: &str) -> String {
        prelude(self.inner.faults.as_ref().map(|f| f.stage(label)))
    }

    /// Whether quotients, roots and powers are checked.
    pub fn checks(&self) -> bool {
        self.inner.faults.is_some()
    }

    /// Schedules what was counted so far; [`Gpu::faults`] unpacks it. None where nothing is
    /// checked.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn read_faults(&self) -> Result<Option<Readback>, GpuError> {
        let Some(faults) = &self.inner.faults else {
            return Ok(None);
        };
        let mut encoder = self.encoder("faults");
        let bytes = faults.buffer.size();
        let read = Readback::record(self, &mut encoder, &[(&faults.buffer, 0, bytes)])?;
        self.submit(encoder);
        Ok(Some(read))
    }

    /// The counts by shader from what [`Gpu::read_faults`] brought, those of none left out.
    pub fn faults(&self, bytes: &[u8]) -> Vec<Fault> {
        let shaders = self.inner.faults.as_ref().map(|f| f.shaders.lock());
        let Some(Ok(shaders)) = shaders else {
            return Vec::new();
        };
        shaders
            .iter()
            .zip(values::<[u32; 2]>(bytes))
            .filter(|(_, counts)| *counts != [0, 0])
            .map(|(shader, [nan, infinite])| Fault {
                shader: shader.clone(),
                nan,
                infinite,
            })
            .collect()
    }
}
