//! `mechanostat doctor`: what this machine can run, and what to do when it cannot.

use crate::gpu::{adapters, device_descriptor};
use crate::sim::Simulation;

use super::{CommandError, say};

/// Sizes that are told of.
const TOLD: [usize; 9] = [24, 32, 48, 64, 96, 128, 192, 256, 384];

/// Adapter memory a voxel, rounded up from what `bench` measures at sizes 32 to 64.
const BYTES_PER_VOXEL: f64 = 145.0;
/// Voxels of the hip's lattice over the cube of its longest side.
const LATTICE: f64 = 0.6;

/// Prints every adapter with its driver, limits and which scenes it holds.
/// # Errors
/// Exit code 3 when there is no adapter at all.
pub fn doctor() -> Result<(), CommandError> {
    let found = adapters();
    if found.is_empty() {
        return Err(CommandError {
            message: "no Vulkan, Metal or DirectX 12 adapter was found; on Debian or Ubuntu `apt install mesa-vulkan-drivers` gives a software one, on other systems install the graphics card's driver".to_owned(),
            code: 3,
        });
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
            let verdict = match device_descriptor(&adapter, Simulation::estimate("hip", size)?) {
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
    Ok(())
}
