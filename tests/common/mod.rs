//! What the tests share: one adapter, noise, and a comparison that is itself tested.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses its own part"
)]

pub mod program;

use std::sync::OnceLock;

use mechanostat::command::wait::{self, Wait as _, clock, open_gpu};
use mechanostat::gpu::{Gpu, Need, Readback};
use mechanostat::measure::{Measurement, RegionSums, Strength, StrengthTest};
use mechanostat::sim::Simulation;
use mechanostat::sim::state::SiteState;
use mechanostat::solver::Element;
use mechanostat::solver::Problem;
use mechanostat::volume::each;

/// The adapter of the tests. A missing one fails them with the sentence that says what to install.
pub fn gpu() -> Gpu {
    static ONCE: OnceLock<()> = OnceLock::new();
    let gpu = open_gpu(Need::DEFAULT).unwrap_or_else(|e| panic!("{e}"));
    ONCE.get_or_init(|| println!("adapter: {}", gpu.adapter_name()));
    gpu
}

/// Lets a simulation finish what is under way.
pub fn settle(simulation: &mut Simulation) {
    wait::settle(simulation).unwrap_or_else(|e| panic!("{e}"));
}

/// A simulation's measurements as it is now.
pub fn measured(simulation: &Simulation, region_sums: &RegionSums) -> Vec<Measurement> {
    wait::measured(region_sums, simulation).unwrap()
}

/// How every site is, as it is now.
pub fn sites(gpu: &Gpu, simulation: &Simulation) -> Vec<SiteState> {
    let state = simulation.state();
    read(gpu, &state.bone, state.counts.sites)
}

/// The value of a region's quantity, by its key.
#[track_caller]
pub fn value(all: &[Measurement], region: &str, key: &str) -> f64 {
    all.iter()
        .find(|m| m.region == region && m.quantity.key() == key)
        .unwrap_or_else(|| panic!("no {key} in {region}"))
        .value
}

/// A test to failure, waited for.
pub fn failure(mut test: StrengthTest, gpu: &Gpu) -> Strength {
    loop {
        if let Some(found) = test.poll(clock()).unwrap() {
            return found;
        }
        gpu.wait().unwrap();
    }
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

/// Asserts closeness, and that the comparison fails once any of three values (the largest, the
/// smallest, one between) is off by 1.1 times its tolerance, to either side.
#[track_caller]
pub fn assert_close(what: &str, got: &[f64], want: &[f64], atol: f64, rtol: f64) {
    if let Err(e) = excess(got, want, atol, rtol) {
        panic!("{what}: {e}");
    }
    let tolerance = |k: usize| atol + rtol * want[k].abs();
    let mut by_size: Vec<usize> = (0..want.len()).filter(|k| tolerance(*k) > 0.0).collect();
    by_size.sort_by(|a, b| want[*a].abs().total_cmp(&want[*b].abs()));
    let (smallest, largest) = (by_size[0], by_size[by_size.len() - 1]);
    assert!(
        want[largest].abs() > 10.0 * tolerance(largest),
        "{what}: every value is within its tolerance of nothing"
    );
    for k in [smallest, by_size[by_size.len() / 2], largest] {
        for off in [-1.1, 1.1] {
            let mut wrong = got.to_vec();
            wrong[k] = want[k] + off * tolerance(k);
            assert!(
                excess(&wrong, want, atol, rtol).is_err(),
                "{what}: the comparison cannot fail"
            );
        }
    }
}

pub fn read<T: bytemuck::Pod>(gpu: &Gpu, buffer: &wgpu::Buffer, count: usize) -> Vec<T> {
    let mut encoder = gpu.encoder("test");
    let bytes = (count * size_of::<T>()) as u64;
    let readback = Readback::record(gpu, &mut encoder, &[(buffer, 0, bytes)]).unwrap();
    gpu.submit(encoder);
    bytemuck::pod_collect_to_vec(&gpu.fetch(&readback).unwrap()[0])
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

/// The elastic problem in f64, element by element, dense vectors, no padding.
pub struct Oracle {
    pub n: [usize; 3],
    pub element: Element,
    pub modulus: Vec<f64>,
    pub held: Vec<u8>,
}

impl Oracle {
    pub fn node(&self, at: [usize; 3]) -> usize {
        at[0] + (self.n[0] + 1) * (at[1] + (self.n[1] + 1) * at[2])
    }

    pub fn times(&self, u: &[f64]) -> Vec<f64> {
        let k: Vec<f64> = (0..576)
            .map(|i| {
                self.element
                    .stiffness(i / 72, i / 24 % 3, i % 24 / 3, i % 3)
            })
            .collect();
        let mut f = vec![0.0; u.len()];
        for (e, at) in each(self.n).enumerate() {
            let place: [usize; 24] = std::array::from_fn(|i| {
                let c = i / 3;
                3 * self.node([at[0] + (c & 1), at[1] + (c >> 1 & 1), at[2] + (c >> 2)]) + i % 3
            });
            let local = place.map(|i| u[i]);
            for (row, i) in k.chunks_exact(24).zip(place) {
                let sum: f64 = row.iter().zip(&local).map(|(k, u)| k * u).sum();
                f[i] += self.modulus[e] * sum;
            }
        }
        f
    }

    pub fn free(&self, mut v: Vec<f64>) -> Vec<f64> {
        for (k, value) in v.iter_mut().enumerate() {
            if self.held[k / 3] >> (k % 3) & 1 == 1 {
                *value = 0.0;
            }
        }
        v
    }

    /// Plain conjugate gradients to 1e-12.
    pub fn solve(&self, b: &[f64]) -> Vec<f64> {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let mut u = vec![0.0; b.len()];
        let mut r = self.free(b.to_vec());
        let mut p = r.clone();
        let stop = 1e-24 * dot(&r, &r);
        for _ in 0..20_000 {
            let rr = dot(&r, &r);
            if rr <= stop {
                break;
            }
            let q = self.free(self.times(&p));
            let alpha = rr / dot(&p, &q);
            for k in 0..u.len() {
                u[k] += alpha * p[k];
                r[k] -= alpha * q[k];
            }
            let beta = dot(&r, &r) / rr;
            for k in 0..p.len() {
                p[k] = r[k] + beta * p[k];
            }
        }
        u
    }

    /// The first unit load as a vector over all nodes.
    pub fn load_vector(&self, problem: &Problem) -> Vec<f64> {
        let mut b = vec![0.0; 3 * self.held.len()];
        for (at, force) in &problem.loads[0] {
            for k in 0..3 {
                b[3 * self.node(*at) + k] = f64::from(force[k]);
            }
        }
        b
    }
}
