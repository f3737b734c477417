//! `mechanostat doctor`: what this machine can run, and what to do when it cannot.

use clap::Args;

use crate::gpu::{adapters, device_descriptor, named, wanted_name};
use crate::sim::estimate_need;

use super::error::{CommandError, say};
use super::wait::now;

/// Sizes that are told of.
const TOLD: [usize; 9] = [24, 32, 48, 64, 96, 128, 192, 256, 384];

/// Adapter memory a voxel, rounded up from what `bench` measures at sizes 32 to 64.
const BYTES_PER_VOXEL: f64 = 145.0;
/// Voxels of the hip's lattice over the cube of its longest side.
const LATTICE: f64 = 0.6;

/// Flags of `mechanostat doctor`.
#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    /// Only the adapter that this part of a name (or WGPU_ADAPTER_NAME) chooses
    #[arg(long, value_name = "NAME")]
    pub adapter: Option<String>,
}

/// Prints every adapter with its driver, limits and which scenes it holds.
/// # Errors
/// Exit code 3 when there is no adapter at all, or none of that name.
pub fn doctor(args: &DoctorArgs) -> Result<(), CommandError> {
    let mut found = now(adapters());
    if found.is_empty() {
        return Err(CommandError {
            message: "no Vulkan, Metal or DirectX 12 adapter was found; on Debian or Ubuntu `apt install mesa-vulkan-drivers` gives a software one, on other systems install the graphics card's driver".to_owned(),
            code: 3,
        });
    }
    if let Some(name) = wanted_name(args.adapter.as_deref()) {
        let chosen = named(&found, &name)?;
        found = vec![found.swap_remove(chosen)];
    }
    for adapter in found {
        let info = adapter.get_info();
        let limits = adapter.limits();
        say(&info.name)?;
        say(&format!(
            "  kind     {:?}, {:?}",
            info.device_type, info.backend
        ))?;
        say(&format!("  driver   {} {}", info.driver, info.driver_info))?;
        say(&format!(
            "  limits   {} MiB in one storage binding, {} MiB in one buffer, {} storage buffers a stage",
            limits.max_storage_buffer_binding_size >> 20,
            limits.max_buffer_size >> 20,
            limits.max_storage_buffers_per_shader_stage
        ))?;
        for size in TOLD {
            let mebibytes = BYTES_PER_VOXEL * LATTICE * (size as f64).powi(3) / f64::from(1 << 20);
            let verdict = match device_descriptor(&adapter, estimate_need("hip", size)?) {
                Ok(_) => "yes".to_owned(),
                Err(error) => format!("no: {error}"),
            };
            say(&format!(
                "  --size {size:<4} {mebibytes:>7.0} MiB   {verdict}"
            ))?;
        }
        if info.device_type == wgpu::DeviceType::Cpu {
            say("  note     a software adapter: right, but slow; --size 32 to 64 is comfortable")?;
        }
    }
    say("--adapter NAME (any part of a name above) or WGPU_ADAPTER_NAME chooses among them")
}
