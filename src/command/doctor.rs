//! `mechanostat doctor`: what this machine can run, and what to do when it cannot.

use crate::gpu::{Need, adapters, device_descriptor};
use crate::sim::Simulation;
use crate::tissue::{Anatomy, SIZES};

use super::CommandError;

/// Sizes that are told of.
const TOLD: [usize; 9] = [24, 32, 48, 64, 96, 128, 192, 256, 384];

/// Prints every adapter with its driver, limits and the largest scene it holds.
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
    let small = Anatomy::build("hip", 32)?;
    let need_at_32 = Simulation::need(&small).storage_binding_bytes as f64;
    for adapter in found {
        let info = adapter.get_info();
        let limits = adapter.limits();
        println!("{}", info.name);
        println!("  kind     {:?}, {:?}", info.device_type, info.backend);
        println!("  driver   {} {}", info.driver, info.driver_info);
        println!(
            "  limits   {} MiB in one storage binding, {} MiB in one buffer, {} storage buffers a stage",
            limits.max_storage_buffer_binding_size >> 20,
            limits.max_buffer_size >> 20,
            limits.max_storage_buffers_per_shader_stage
        );
        // What a scene needs grows with the voxels.
        let fits = |size: usize| {
            let need = Need {
                storage_binding_bytes: (need_at_32 * (size as f64 / 32.0).powi(3)) as u64,
            };
            device_descriptor(&adapter, need)
        };
        match TOLD
            .iter()
            .rev()
            .find(|size| SIZES.contains(size) && fits(**size).is_ok())
        {
            Some(size) => println!("  runs     hip up to about --size {size}"),
            None => println!(
                "  runs     nothing: {}",
                fits(TOLD[0])
                    .err()
                    .map_or_else(String::new, |e| e.to_string())
            ),
        }
        if info.device_type == wgpu::DeviceType::Cpu {
            println!(
                "  note     a software adapter: right, but slow; --size 32 to 64 is comfortable"
            );
        }
    }
    Ok(())
}
