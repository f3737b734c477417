//! The graphics adapter: what it can do, its buffers, kernels and readbacks. Knows no biology.
//!
//! Nothing here waits for the adapter: opening is a future, and who has time to wait polls until it
//! is done.

mod error;
mod faults;
mod kernel;
mod ledger;
mod pace;
mod readback;
mod timing;

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Waker};

pub use error::GpuError;
pub use faults::{Fault, prelude};
pub use kernel::{Dispatch, Kernel, Shader, WORKGROUP, dispatch, slice, whole};
pub use pace::Pace;
pub use readback::Readback;
pub(crate) use readback::values;
pub use timing::PassTime;

/// What a piece of work asks of the adapter beyond WebGPU's default limits: only larger buffers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// The largest single storage binding, bytes.
    pub storage_binding_bytes: u64,
}

impl Need {
    /// WebGPU's default: 128 MiB a storage binding.
    pub const DEFAULT: Self = Self {
        storage_binding_bytes: 128 << 20,
    };
}

/// What is opened, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Part of the adapter's name, in any case; none for the one of [`NAME_VARIABLE`], or else the
    /// most powerful.
    pub adapter: Option<String>,
    /// What it must be able to do.
    pub need: Need,
    /// Whether shaders count what is no finite number, where they make it. Slower.
    pub checks: bool,
}

impl Request {
    /// For `need`, on the adapter of this name, without checks.
    pub fn on(adapter: Option<&str>, need: Need) -> Self {
        Self {
            adapter: adapter.map(str::to_owned),
            ..need.into()
        }
    }
}

impl From<Need> for Request {
    fn from(need: Need) -> Self {
        Self {
            adapter: None,
            need,
            checks: false,
        }
    }
}

/// The variable that names an adapter where no flag does, as in other programs on wgpu.
pub const NAME_VARIABLE: &str = "WGPU_ADAPTER_NAME";

/// What to look for in adapters' names: the flag's word, or else the variable's. An empty one is
/// none.
pub fn wanted_name(flag: Option<&str>) -> Option<String> {
    flag.map(str::to_owned)
        .or_else(|| std::env::var(NAME_VARIABLE).ok())
        .filter(|name| !name.trim().is_empty())
}

/// Storage buffers that a kernel may use which also checks its numbers.
const CHECKING_BUFFERS: u32 = 12;

/// Backends the program uses. GL is left out: it lacks compute on the machines that have
/// nothing else, and would hide a missing Vulkan driver.
pub const BACKENDS: wgpu::Backends = wgpu::Backends::VULKAN
    .union(wgpu::Backends::METAL)
    .union(wgpu::Backends::DX12);

/// The one device description, for window, command line and tests alike.
///
/// Asks for WebGPU's default limits, raised only where `need` is larger and the adapter can.
/// # Errors
/// [`GpuError::Limit`] naming what was required and what the adapter has.
pub fn device_descriptor(
    adapter: &wgpu::Adapter,
    need: Need,
) -> Result<wgpu::DeviceDescriptor<'static>, GpuError> {
    let has = adapter.limits();
    let mut limits = wgpu::Limits::default();
    check_limit(
        "bytes in one storage binding",
        need.storage_binding_bytes,
        has.max_storage_buffer_binding_size,
    )?;
    check_limit(
        "bytes in one buffer",
        need.storage_binding_bytes,
        has.max_buffer_size,
    )?;
    limits.max_storage_buffer_binding_size = need
        .storage_binding_bytes
        .max(limits.max_storage_buffer_binding_size);
    limits.max_buffer_size = need.storage_binding_bytes.max(limits.max_buffer_size);
    // A window on a large screen asks for textures up to the adapter's own size.
    limits.max_texture_dimension_2d = has
        .max_texture_dimension_2d
        .max(limits.max_texture_dimension_2d);
    check_limit(
        "storage buffers in a shader stage",
        u64::from(limits.max_storage_buffers_per_shader_stage),
        u64::from(has.max_storage_buffers_per_shader_stage),
    )?;
    check_limit(
        "invocations in a workgroup",
        u64::from(limits.max_compute_invocations_per_workgroup),
        u64::from(has.max_compute_invocations_per_workgroup),
    )?;
    Ok(wgpu::DeviceDescriptor {
        label: Some("mechanostat device"),
        // A clock for passes where there is one; nothing needs it.
        required_features: adapter.features() & wgpu::Features::TIMESTAMP_QUERY,
        required_limits: limits,
        experimental_features: wgpu::ExperimentalFeatures::disabled(),
        memory_hints: wgpu::MemoryHints::MemoryUsage,
        trace: wgpu::Trace::Off,
    })
}

fn check_limit(what: &'static str, required: u64, actual: u64) -> Result<(), GpuError> {
    if required <= actual {
        Ok(())
    } else {
        Err(GpuError::Limit {
            what,
            required,
            actual,
        })
    }
}

/// The instance description used without a window.
pub fn instance_descriptor() -> wgpu::InstanceDescriptor {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle_from_env();
    descriptor.backends = BACKENDS;
    descriptor
}

/// Every adapter that the drivers of this machine offer.
pub async fn adapters() -> Vec<wgpu::Adapter> {
    let instance = wgpu::Instance::new(instance_descriptor());
    instance.enumerate_adapters(BACKENDS).await
}

/// Which of `adapters` has `name` in its name, in any case; of several the most powerful.
/// # Errors
/// [`GpuError::NoAdapter`] where there is none at all, [`GpuError::Unnamed`] with the names there
/// are.
pub fn named(adapters: &[wgpu::Adapter], name: &str) -> Result<usize, GpuError> {
    if adapters.is_empty() {
        return Err(GpuError::NoAdapter {
            detail: format!("so none named \"{name}\""),
        });
    }
    let power = |kind| match kind {
        wgpu::DeviceType::DiscreteGpu => 4,
        wgpu::DeviceType::IntegratedGpu => 3,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 1,
        wgpu::DeviceType::Cpu => 0,
    };
    let wanted = name.trim().to_lowercase();
    let infos: Vec<_> = adapters.iter().map(wgpu::Adapter::get_info).collect();
    infos
        .iter()
        .enumerate()
        .rev()
        .filter(|(_, info)| info.name.to_lowercase().contains(&wanted))
        .max_by_key(|(_, info)| power(info.device_type))
        .map(|(i, _)| i)
        .ok_or_else(|| {
            let names: Vec<String> = infos.into_iter().map(|info| info.name).collect();
            GpuError::Unnamed {
                name: name.to_owned(),
                names: names.join("; "),
            }
        })
}

/// An opened device with its queue. Cheap to clone: clones share the device.
#[derive(Clone)]
pub struct Gpu {
    inner: Arc<Inner>,
    /// What this handle, and clones of it, have made and bound, where that is listed.
    ledger: Option<Arc<ledger::Ledger>>,
}

/// What an error scope will say.
struct Scope {
    label: String,
    filter: wgpu::ErrorFilter,
    answer: Pin<Box<dyn Future<Output = Option<wgpu::Error>> + Send>>,
}

impl Scope {
    /// The answer, if it is there.
    fn look(&mut self) -> Poll<Result<(), GpuError>> {
        let mut context = Context::from_waker(Waker::noop());
        self.answer.as_mut().poll(&mut context).map(|found| {
            let Some(error) = found else { return Ok(()) };
            let (label, detail) = (self.label.clone(), error.to_string());
            Err(match self.filter {
                wgpu::ErrorFilter::OutOfMemory => GpuError::OutOfMemory { label, detail },
                _ => GpuError::Validation { label, detail },
            })
        })
    }
}

struct Inner {
    device: wgpu::Device,
    queue: wgpu::Queue,
    info: wgpu::AdapterInfo,
    lost: Arc<OnceLock<String>>,
    error: Arc<Mutex<Option<String>>>,
    allocated: AtomicU64,
    /// Bytes of the largest buffer so far.
    largest: AtomicU64,
    /// Shaders and their pipelines.
    compiled: kernel::Compiled,
    /// Submissions that are over.
    done: Arc<AtomicU64>,
    /// Error scopes that have not answered yet, by what was made in them. Only browsers take their
    /// time.
    unanswered: Mutex<Vec<Scope>>,
    /// Where shaders check their numbers.
    faults: Option<faults::Faults>,
    /// The adapter's clock.
    timing: Option<timing::Timing>,
    /// Bytes asked back from the adapter so far.
    read: AtomicU64,
}

impl std::fmt::Debug for Gpu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gpu")
            .field("adapter", &self.inner.info.name)
            .finish_non_exhaustive()
    }
}

impl Gpu {
    /// Opens the adapter of the request's name, or the one with the most power, which is the
    /// software one where there is no other.
    /// # Errors
    /// [`GpuError::NoAdapter`] when no driver offers one, [`GpuError::Unnamed`] when none has the
    /// name, [`GpuError::Limit`] when it is too small.
    pub async fn open(request: impl Into<Request>) -> Result<Self, GpuError> {
        let request = request.into();
        let adapter = Self::adapter(request.adapter.as_deref()).await?;
        let mut descriptor = device_descriptor(&adapter, request.need)?;
        if request.checks {
            let buffers = &mut descriptor
                .required_limits
                .max_storage_buffers_per_shader_stage;
            *buffers = (*buffers).max(CHECKING_BUFFERS);
            check_limit(
                "storage buffers in a shader stage to check numbers",
                u64::from(*buffers),
                u64::from(adapter.limits().max_storage_buffers_per_shader_stage),
            )?;
        }
        let (device, queue) =
            adapter
                .request_device(&descriptor)
                .await
                .map_err(|e| GpuError::Device {
                    detail: e.to_string(),
                })?;
        let faults = request.checks.then(|| faults::Faults::new(&device));
        Ok(Self::with_faults(adapter.get_info(), device, queue, faults))
    }

    /// The adapter of this name (or [`NAME_VARIABLE`]'s), or the one with the most power.
    /// # Errors
    /// [`GpuError::NoAdapter`], [`GpuError::Unnamed`].
    pub async fn adapter(name: Option<&str>) -> Result<wgpu::Adapter, GpuError> {
        if let Some(name) = wanted_name(name) {
            let found = adapters().await;
            return Ok(found[named(&found, &name)?].clone());
        }
        let instance = wgpu::Instance::new(instance_descriptor());
        instance
            .request_adapter(&wgpu::RequestAdapterOptions {
                power_preference: wgpu::PowerPreference::HighPerformance,
                ..Default::default()
            })
            .await
            .map_err(|e| GpuError::NoAdapter {
                detail: e.to_string(),
            })
    }

    /// Bytes of the largest storage binding that [`Gpu::open`] could be asked for.
    /// # Errors
    /// As [`Gpu::adapter`].
    pub async fn largest_binding(name: Option<&str>) -> Result<u64, GpuError> {
        Ok(Self::adapter(name)
            .await?
            .limits()
            .max_storage_buffer_binding_size)
    }

    /// Wraps a device that somebody else opened (the window's) and watches it for loss and errors.
    pub fn from_parts(info: wgpu::AdapterInfo, device: wgpu::Device, queue: wgpu::Queue) -> Self {
        Self::with_faults(info, device, queue, None)
    }

    fn with_faults(
        info: wgpu::AdapterInfo,
        device: wgpu::Device,
        queue: wgpu::Queue,
        faults: Option<faults::Faults>,
    ) -> Self {
        let lost = Arc::new(OnceLock::new());
        let error = Arc::new(Mutex::new(None));
        device.set_device_lost_callback({
            let lost = Arc::clone(&lost);
            move |reason, message| {
                if !matches!(reason, wgpu::DeviceLostReason::Destroyed) {
                    log::error!("device lost ({reason:?}): {message}");
                }
                // A second loss says nothing new.
                lost.set(message).ok();
            }
        });
        device.on_uncaptured_error(Arc::new({
            let error = Arc::clone(&error);
            move |e: wgpu::Error| {
                log::error!("graphics error: {e}");
                if let Ok(mut slot) = error.lock() {
                    slot.get_or_insert_with(|| e.to_string());
                }
            }
        }));
        let timing = timing::Timing::new(&device);
        Self {
            ledger: None,
            inner: Arc::new(Inner {
                timing,
                read: AtomicU64::new(0),
                device,
                queue,
                info,
                lost,
                error,
                allocated: AtomicU64::new(0),
                largest: AtomicU64::new(0),
                compiled: kernel::Compiled::default(),
                done: Arc::default(),
                unanswered: Mutex::default(),
                faults,
            }),
        }
    }

    /// The wgpu device.
    pub fn device(&self) -> &wgpu::Device {
        &self.inner.device
    }

    /// The wgpu queue.
    pub fn queue(&self) -> &wgpu::Queue {
        &self.inner.queue
    }

    /// Name, driver and kind of the adapter.
    pub fn info(&self) -> &wgpu::AdapterInfo {
        &self.inner.info
    }

    /// Adapter name with driver, as shown to people and written to `run.toml`.
    pub fn adapter_name(&self) -> String {
        let info = self.info();
        let driver = format!("{} {}", info.driver, info.driver_info);
        format!("{} ({:?}, {})", info.name, info.backend, driver.trim())
    }

    /// Bytes asked for through this handle so far, all buffers and textures together.
    pub fn allocated_bytes(&self) -> u64 {
        self.inner.allocated.load(Ordering::Relaxed)
    }

    /// Bytes of the largest buffer made through this handle so far: what [`Need`] must have asked
    /// for.
    pub fn largest_bytes(&self) -> u64 {
        self.inner.largest.load(Ordering::Relaxed)
    }

    /// Bytes that were asked back from the adapter so far.
    pub fn bytes_read(&self) -> u64 {
        self.inner.read.load(Ordering::Relaxed)
    }

    /// Pipelines that this device has compiled so far.
    pub fn pipelines(&self) -> u64 {
        self.inner.compiled.pipelines()
    }

    /// Counts memory that was not made by [`Gpu::buffer`], such as a texture.
    pub fn count_bytes(&self, bytes: u64) {
        self.inner.allocated.fetch_add(bytes, Ordering::Relaxed);
    }

    /// The first trouble that nobody asked about: a lost device or an uncaptured error.
    /// # Errors
    /// [`GpuError::Lost`] or [`GpuError::Uncaptured`].
    pub fn check(&self) -> Result<(), GpuError> {
        if let Some(message) = self.inner.lost.get() {
            return Err(GpuError::Lost {
                detail: message.clone(),
            });
        }
        if let Ok(mut unanswered) = self.inner.unanswered.lock() {
            let mut trouble = Ok(());
            unanswered.retain_mut(|scope| match scope.look() {
                Poll::Pending => true,
                Poll::Ready(found) => {
                    if found.is_err() {
                        trouble = found;
                    }
                    false
                }
            });
            trouble?;
        }
        match self.inner.error.lock().ok().and_then(|e| e.clone()) {
            Some(detail) => Err(GpuError::Uncaptured { detail }),
            None => Ok(()),
        }
    }

    /// Whether the device is gone for good.
    pub fn is_lost(&self) -> bool {
        self.inner.lost.get().is_some()
    }

    /// Forgets an error that has been told of, so that work can begin anew.
    pub fn clear_error(&self) {
        if let Ok(mut slot) = self.inner.error.lock() {
            *slot = None;
        }
    }

    /// Runs `make` inside validation and out-of-memory scopes, so that trouble is an error with a
    /// name.
    /// # Errors
    /// [`GpuError::Validation`] or [`GpuError::OutOfMemory`] with `label`.
    pub fn scoped<T>(
        &self,
        label: &str,
        make: impl FnOnce(&wgpu::Device) -> T,
    ) -> Result<T, GpuError> {
        let filters = [
            wgpu::ErrorFilter::OutOfMemory,
            wgpu::ErrorFilter::Validation,
        ];
        let scopes = filters.map(|filter| (filter, self.device().push_error_scope(filter)));
        let made = make(self.device());
        // The innermost is closed first; the outer one says more.
        let mut trouble = Ok(());
        for (filter, scope) in scopes.into_iter().rev() {
            let mut scope = Scope {
                label: label.to_owned(),
                filter,
                answer: Box::pin(scope.pop()),
            };
            match scope.look() {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(found) => trouble = found,
                Poll::Pending => {
                    if let Ok(mut unanswered) = self.inner.unanswered.lock() {
                        unanswered.push(scope);
                    }
                }
            }
        }
        trouble?;
        Ok(made)
    }

    /// A zeroed buffer of `bytes` (rounded up to 16).
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn buffer(
        &self,
        label: &str,
        bytes: u64,
        usage: wgpu::BufferUsages,
    ) -> Result<wgpu::Buffer, GpuError> {
        let size = bytes.next_multiple_of(16).max(16);
        let buffer = self.scoped(label, |device| {
            device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(label),
                size,
                usage,
                mapped_at_creation: false,
            })
        })?;
        self.count_bytes(size);
        if let Some(ledger) = &self.ledger {
            ledger.made(label, &buffer);
        }
        self.inner.largest.fetch_max(size, Ordering::Relaxed);
        Ok(buffer)
    }

    /// A zeroed storage buffer of `count` values of `T`, readable by copies.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn storage<T>(&self, label: &str, count: usize) -> Result<wgpu::Buffer, GpuError> {
        self.buffer(
            label,
            (count * size_of::<T>()) as u64,
            wgpu::BufferUsages::STORAGE
                | wgpu::BufferUsages::COPY_SRC
                | wgpu::BufferUsages::COPY_DST,
        )
    }

    /// A storage buffer holding `values`.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn storage_from<T: bytemuck::NoUninit>(
        &self,
        label: &str,
        values: &[T],
    ) -> Result<wgpu::Buffer, GpuError> {
        let buffer = self.storage::<T>(label, values.len())?;
        self.queue()
            .write_buffer(&buffer, 0, bytemuck::cast_slice(values));
        Ok(buffer)
    }

    /// Puts `values` at the beginning of a buffer, before what is submitted next.
    pub fn write<T: bytemuck::NoUninit>(&self, buffer: &wgpu::Buffer, values: &[T]) {
        self.queue()
            .write_buffer(buffer, 0, bytemuck::cast_slice(values));
    }

    /// A uniform buffer holding `value`.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn uniform<T: bytemuck::NoUninit>(
        &self,
        label: &str,
        value: &T,
    ) -> Result<wgpu::Buffer, GpuError> {
        let buffer = self.buffer(
            label,
            size_of::<T>() as u64,
            wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
        )?;
        self.queue()
            .write_buffer(&buffer, 0, bytemuck::bytes_of(value));
        Ok(buffer)
    }

    /// A fresh command encoder.
    pub fn encoder(&self, label: &str) -> wgpu::CommandEncoder {
        self.device()
            .create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some(label) })
    }

    /// Hands recorded commands to the adapter.
    pub fn submit(&self, mut encoder: wgpu::CommandEncoder) {
        if let Some(timing) = &self.inner.timing {
            timing.resolve(&mut encoder);
        }
        self.queue().submit([encoder.finish()]);
        if let Some(timing) = &self.inner.timing {
            timing.submitted();
        }
        let done = Arc::clone(&self.inner.done);
        self.queue().on_submitted_work_done(move || {
            done.fetch_add(1, Ordering::Relaxed);
        });
    }

    /// Lets finished work report, without waiting.
    /// # Errors
    /// [`GpuError::Poll`], or what [`Gpu::check`] finds.
    pub fn poll(&self) -> Result<(), GpuError> {
        self.device()
            .poll(wgpu::PollType::Poll)
            .map_err(|e| GpuError::Poll {
                detail: e.to_string(),
            })?;
        if let Some(timing) = &self.inner.timing {
            timing.collect(self.queue());
        }
        self.check()
    }

    /// Submissions that are over, as far as the adapter has been asked.
    pub fn done(&self) -> u64 {
        self.inner.done.load(Ordering::Relaxed)
    }
}
