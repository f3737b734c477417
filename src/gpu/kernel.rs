//! Shaders and the kernels in them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Gpu, GpuError, faults};

/// Invocations in a workgroup of every kernel here, the same number as in `thread.wgsl`.
pub const WORKGROUP: u32 = 64;

/// A compiled WGSL module. Its kernels are made with [`Shader::kernel`].
///
/// A device compiles a source and an entry point once: whoever asks again, for another body of the
/// same scene, a test to failure or a new beginning, shares what was made.
#[derive(Debug, Clone)]
pub struct Shader {
    made: Arc<Made>,
}

#[derive(Debug)]
struct Made {
    label: String,
    source: String,
    module: wgpu::ShaderModule,
    /// What its entry points bind.
    entries: Vec<Entry>,
    kernels: Mutex<Vec<(String, Kernel)>>,
    pictures: Mutex<Vec<wgpu::RenderPipeline>>,
}

/// What an entry point binds, as wgpu's own reader of shaders tells.
#[derive(Debug)]
struct Entry {
    name: String,
    /// Bindings that it writes.
    writes: Vec<u32>,
    /// Whether it counts what is no finite number.
    checks: bool,
}

/// Every shader that a device has compiled.
#[derive(Debug, Default)]
pub(super) struct Compiled {
    shaders: Mutex<Vec<Shader>>,
    pipelines: AtomicU64,
}

impl Compiled {
    /// Pipelines compiled so far.
    pub(super) fn pipelines(&self) -> u64 {
        self.pipelines.load(Ordering::Relaxed)
    }
}

/// One entry point, ready to run.
///
/// The bind group layout is derived from the shader: the WGSL declarations are the only
/// list of bindings, and a bind group that disagrees is refused when it is made.
#[derive(Debug, Clone)]
pub struct Kernel {
    label: String,
    pipeline: wgpu::ComputePipeline,
    layout: wgpu::BindGroupLayout,
    /// Bindings that it writes.
    writes: Vec<u32>,
    /// Whether it counts what is no finite number.
    checks: bool,
}

/// Whatever a thread that panicked left behind is whole: entries are only ever added.
fn open<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shader {
    /// Compiles `source`, behind the functions that check its numbers or do nothing.
    /// # Errors
    /// [`GpuError::Validation`] with the compiler's words.
    pub fn new(gpu: &Gpu, label: &str, source: &str) -> Result<Self, GpuError> {
        let source = gpu.prelude_of(label) + source;
        let mut shaders = open(&gpu.inner.compiled.shaders);
        let same = |s: &&Self| s.made.label == label && s.made.source == source;
        if let Some(found) = shaders.iter().find(same) {
            return Ok(found.clone());
        }
        let entries = entries(label, &source)?;
        let module = gpu.scoped(label, |device| {
            device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some(label),
                source: wgpu::ShaderSource::Wgsl(source.as_str().into()),
            })
        })?;
        let made = Self {
            made: Arc::new(Made {
                label: label.to_owned(),
                source,
                module,
                entries,
                kernels: Mutex::default(),
                pictures: Mutex::default(),
            }),
        };
        shaders.push(made.clone());
        Ok(made)
    }

    /// The binding of the counts, if `entry` counts what is no finite number. [`Kernel::bind`] adds
    /// it by itself.
    pub fn check_entry<'a>(&self, gpu: &'a Gpu, entry: &str) -> Option<wgpu::BindGroupEntry<'a>> {
        if self.entry(entry).is_some_and(|e| e.checks) {
            counts(gpu)
        } else {
            None
        }
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        self.made.entries.iter().find(|e| e.name == name)
    }

    /// The kernel at `entry`.
    /// # Errors
    /// [`GpuError::Validation`].
    pub fn kernel(&self, gpu: &Gpu, entry: &str) -> Result<Kernel, GpuError> {
        let mut kernels = open(&self.made.kernels);
        if let Some((_, kernel)) = kernels.iter().find(|(e, _)| e == entry) {
            return Ok(kernel.clone());
        }
        let label = format!("{}::{entry}", self.made.label);
        gpu.inner.compiled.pipelines.fetch_add(1, Ordering::Relaxed);
        let pipeline = gpu.scoped(&label, |device| {
            device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(&label),
                layout: None,
                module: &self.made.module,
                entry_point: Some(entry),
                compilation_options: wgpu::PipelineCompilationOptions {
                    // Every buffer is made zeroed and every kernel writes its workgroup memory
                    // first.
                    zero_initialize_workgroup_memory: false,
                    ..Default::default()
                },
                cache: None,
            })
        })?;
        let layout = pipeline.get_bind_group_layout(0);
        let kernel = Kernel {
            label,
            pipeline,
            layout,
            writes: self.entry(entry).map_or(Vec::new(), |e| e.writes.clone()),
            checks: self.entry(entry).is_some_and(|e| e.checks),
        };
        kernels.push((entry.to_owned(), kernel.clone()));
        Ok(kernel)
    }

    /// A pipeline that fills a picture of `format`: one triangle over all of it by `vertex`, its
    /// colours by `fragment`. A shader has one.
    /// # Errors
    /// [`GpuError::Validation`].
    pub fn picture(
        &self,
        gpu: &Gpu,
        vertex: &str,
        fragment: &str,
        format: wgpu::TextureFormat,
    ) -> Result<wgpu::RenderPipeline, GpuError> {
        let mut pictures = open(&self.made.pictures);
        if let Some(pipeline) = pictures.first() {
            return Ok(pipeline.clone());
        }
        let label = self.made.label.as_str();
        gpu.inner.compiled.pipelines.fetch_add(1, Ordering::Relaxed);
        let pipeline = gpu.scoped(label, |device| {
            device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
                label: Some(label),
                layout: None,
                vertex: wgpu::VertexState {
                    module: &self.made.module,
                    entry_point: Some(vertex),
                    compilation_options: wgpu::PipelineCompilationOptions::default(),
                    buffers: &[],
                },
                primitive: wgpu::PrimitiveState::default(),
                depth_stencil: None,
                multisample: wgpu::MultisampleState::default(),
                fragment: Some(wgpu::FragmentState {
                    module: &self.made.module,
                    entry_point: Some(fragment),
                    compilation_options: wgpu::PipelineCompilationOptions::default(),
                    targets: &[Some(format.into())],
                }),
                multiview_mask: None,
                cache: None,
            })
        })?;
        pictures.push(pipeline.clone());
        Ok(pipeline)
    }
}

fn counts(gpu: &Gpu) -> Option<wgpu::BindGroupEntry<'_>> {
    Some(wgpu::BindGroupEntry {
        binding: faults::BINDING,
        resource: whole(&gpu.inner.faults.as_ref()?.buffer),
    })
}

/// The entry points of `source`, and which of its bindings each of them writes.
fn entries(label: &str, source: &str) -> Result<Vec<Entry>, GpuError> {
    let refused = |detail: String| GpuError::Validation {
        label: label.to_owned(),
        detail,
    };
    let module = naga::front::wgsl::parse_str(source)
        .map_err(|e| refused(e.emit_to_string_with_path(source, label)))?;
    let info = naga::valid::Validator::new(
        naga::valid::ValidationFlags::all(),
        naga::valid::Capabilities::all(),
    )
    .validate(&module)
    .map_err(|e| refused(e.emit_to_string_with_path(source, label)))?;
    let bindings: Vec<_> = module
        .global_variables
        .iter()
        .filter_map(|(handle, variable)| Some((handle, variable.binding?.binding)))
        .collect();
    let entry = |(i, entry): (usize, &naga::EntryPoint)| {
        let uses = |handle: naga::Handle<naga::GlobalVariable>| -> naga::valid::GlobalUse {
            info.get_entry_point(i)[handle]
        };
        let writes = |handle| {
            let written = naga::valid::GlobalUse::WRITE | naga::valid::GlobalUse::ATOMIC;
            uses(handle).intersects(written)
        };
        let counts =
            |(handle, binding): &(_, u32)| *binding == faults::BINDING && !uses(*handle).is_empty();
        let own = |(_, binding): &&(_, u32)| *binding != faults::BINDING;
        Entry {
            name: entry.name.clone(),
            writes: bindings
                .iter()
                .filter(own)
                .filter(|(handle, _)| writes(*handle))
                .map(|(_, binding)| *binding)
                .collect(),
            checks: bindings.iter().any(counts),
        }
    };
    Ok(module.entry_points.iter().enumerate().map(entry).collect())
}

impl Kernel {
    /// Binds buffers to the numbers declared in the shader.
    /// # Errors
    /// [`GpuError::Validation`] where they disagree.
    pub fn bind(
        &self,
        gpu: &Gpu,
        buffers: &[(u32, wgpu::BindingResource<'_>)],
    ) -> Result<wgpu::BindGroup, GpuError> {
        let entries: Vec<_> = buffers
            .iter()
            .map(|(binding, resource)| wgpu::BindGroupEntry {
                binding: *binding,
                resource: resource.clone(),
            })
            .chain(if self.checks { counts(gpu) } else { None })
            .collect();
        if let Some(ledger) = &gpu.ledger {
            for (binding, resource) in buffers {
                if let (true, wgpu::BindingResource::Buffer(b)) =
                    (self.writes.contains(binding), resource)
                {
                    ledger.written(b.buffer);
                }
            }
        }
        gpu.scoped(&self.label, |device| {
            device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some(&self.label),
                layout: &self.layout,
                entries: &entries,
            })
        })
    }

    /// The name under which drivers and profilers show this kernel.
    pub fn label(&self) -> &str {
        &self.label
    }
}

/// A kernel with its buffers, ready to be run again and again.
#[derive(Debug, Clone)]
pub struct Dispatch {
    kernel: Kernel,
    group: wgpu::BindGroup,
    threads: u32,
}

impl Dispatch {
    /// `kernel` over at least `threads` invocations, on buffers by the numbers declared in the
    /// shader.
    /// # Errors
    /// As [`Kernel::bind`].
    pub fn new(
        gpu: &Gpu,
        kernel: &Kernel,
        threads: u32,
        buffers: &[(u32, wgpu::BindingResource<'_>)],
    ) -> Result<Self, GpuError> {
        Ok(Self {
            group: kernel.bind(gpu, buffers)?,
            kernel: kernel.clone(),
            threads,
        })
    }

    /// Records it.
    pub fn run(&self, pass: &mut wgpu::ComputePass<'_>) {
        dispatch(pass, &self.kernel, &self.group, self.threads);
    }

    /// The kernel's entry point.
    pub fn entry(&self) -> &str {
        let label = self.kernel.label();
        label.rsplit("::").next().unwrap_or(label)
    }

    /// Invocations asked for.
    pub fn threads(&self) -> u32 {
        self.threads
    }
}

/// Runs `kernel` over at least `threads` invocations; kernels test their own bounds.
pub fn dispatch(
    pass: &mut wgpu::ComputePass<'_>,
    kernel: &Kernel,
    group: &wgpu::BindGroup,
    threads: u32,
) {
    let groups = threads.div_ceil(WORKGROUP);
    // One dimension holds 65 535 workgroups; `thread_index` in thread.wgsl folds the second one
    // back.
    let columns = groups.min(65_535);
    if groups > 0 {
        pass.set_pipeline(&kernel.pipeline);
        pass.set_bind_group(0, group, &[]);
        pass.dispatch_workgroups(columns, groups.div_ceil(columns), 1);
    }
}

/// A binding of a whole buffer.
pub fn whole(buffer: &wgpu::Buffer) -> wgpu::BindingResource<'_> {
    buffer.as_entire_binding()
}

/// A binding of `bytes` of a buffer from `offset` (a multiple of 256).
pub fn slice(buffer: &wgpu::Buffer, offset: u64, bytes: u64) -> wgpu::BindingResource<'_> {
    wgpu::BindingResource::Buffer(wgpu::BufferBinding {
        buffer,
        offset,
        size: std::num::NonZeroU64::new(bytes),
    })
}
