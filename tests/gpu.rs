//! The adapter's errors: named, and never a panic.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::gpu;
use mechanostat::command::wait::open_gpu;
use mechanostat::gpu::{GpuError, Need};

#[test]
fn a_lost_device_is_told() {
    let gpu = gpu();
    assert!(gpu.check().is_ok() && !gpu.is_lost());
    gpu.device().destroy();
    gpu.device().poll(wgpu::PollType::Poll).ok();
    assert!(gpu.is_lost());
    let error = gpu.check().unwrap_err();
    assert!(matches!(error, GpuError::Lost { .. }), "{error}");
}

#[test]
fn too_large_a_need_names_what_is_required_and_what_there_is() {
    let error = open_gpu(Need {
        storage_binding_bytes: 1 << 50,
    })
    .unwrap_err();
    let GpuError::Limit {
        required, actual, ..
    } = &error
    else {
        panic!("{error}")
    };
    assert!(*required == 1 << 50 && *actual < *required);
    assert!(error.to_string().contains(&actual.to_string()), "{error}");
}

#[test]
fn a_broken_shader_and_an_oversized_buffer_are_errors_with_a_name() {
    let gpu = gpu();
    let error = mechanostat::gpu::Shader::new(&gpu, "broken", "fn f( {").unwrap_err();
    assert!(
        matches!(&error, GpuError::Validation { label, .. } if label == "broken"),
        "{error}"
    );
    let error = gpu.storage::<u8>("enormous", 1 << 40).unwrap_err();
    assert!(error.to_string().contains("enormous"), "{error}");
    assert!(
        gpu.check().is_ok(),
        "an error that was returned is told again"
    );
}
