//! What the tests share: one adapter, noise, and a comparison that is itself tested.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses its own part"
)]

use std::sync::OnceLock;

use mechanostat::gpu::{Gpu, Need, Readback};

/// The adapter of the tests. A missing one fails them with the sentence that says what to install.
pub fn gpu() -> Gpu {
    static ONCE: OnceLock<()> = OnceLock::new();
    let gpu = Gpu::open(Need::DEFAULT).unwrap_or_else(|e| panic!("{e}"));
    ONCE.get_or_init(|| println!("adapter: {}", gpu.adapter_name()));
    gpu
}

/// Reproducible noise, 0 to 1.
pub struct Noise(pub u64);

impl Noise {
    pub fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.next()
    }
}

/// The largest excess of |a − b| over atol + rtol·|b|, and where. Nothing to compare is an error.
pub fn excess(got: &[f64], want: &[f64], atol: f64, rtol: f64) -> Result<(), String> {
    if got.is_empty() || got.len() != want.len() {
        return Err(format!("{} values against {}", got.len(), want.len()));
    }
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        let room = atol + rtol * w.abs();
        if (g - w).abs().is_nan() || (g - w).abs() > room {
            return Err(format!(
                "value {i}: got {g:e}, wanted {w:e} within {room:e}"
            ));
        }
    }
    Ok(())
}

/// Asserts closeness, and that the comparison would have caught one value changed by `visible` of its size.
#[track_caller]
pub fn assert_close(what: &str, got: &[f64], want: &[f64], atol: f64, rtol: f64) {
    if let Err(e) = excess(got, want, atol, rtol) {
        panic!("{what}: {e}");
    }
    let mut wrong = want.to_vec();
    let largest = (0..wrong.len())
        .max_by(|a, b| want[*a].abs().total_cmp(&want[*b].abs()))
        .unwrap();
    wrong[largest] += 3.0 * (atol + rtol * want[largest].abs()) + 1e-3 * want[largest].abs();
    assert!(
        excess(got, &wrong, atol, rtol).is_err(),
        "{what}: the comparison cannot fail"
    );
}

pub fn read<T: bytemuck::Pod>(gpu: &Gpu, buffer: &wgpu::Buffer, count: usize) -> Vec<T> {
    let mut encoder = gpu.encoder("test");
    let bytes = (count * size_of::<T>()) as u64;
    let readback = Readback::record(gpu, &mut encoder, &[(buffer, 0, bytes)]).unwrap();
    gpu.submit(encoder);
    bytemuck::pod_collect_to_vec(&readback.wait(gpu).unwrap()[0])
}

pub fn write<T: bytemuck::Pod>(gpu: &Gpu, buffer: &wgpu::Buffer, values: &[T]) {
    gpu.queue()
        .write_buffer(buffer, 0, bytemuck::cast_slice(values));
}

/// Records into one compute pass and waits.
pub fn run(gpu: &Gpu, record: impl FnOnce(&mut wgpu::ComputePass<'_>)) {
    let mut encoder = gpu.encoder("test");
    {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
            label: Some("test"),
            timestamp_writes: None,
        });
        record(&mut pass);
    }
    gpu.submit(encoder);
    gpu.wait().unwrap();
}

pub fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v)).collect()
}

/// An empty folder for one test.
pub fn scratch(name: &str) -> std::path::PathBuf {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
