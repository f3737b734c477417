//! `mechanostat bench`: time, bytes and bandwidth of each stage on this adapter.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::{Args, ValueEnum};

use crate::gpu::{Gpu, Request};
use crate::physiology::Model;
use crate::sim::{BenchStage, Simulation, Status};
use crate::tissue::Anatomy;

use super::bench_mechanics::bench_mechanics;
use super::{CommandError, say};

/// What is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BenchSubject {
    /// Every stage of a step of the hip.
    Stages,
    /// The solver, on cubes and on scans.
    Mechanics,
}

/// Flags of `mechanostat bench`.
#[derive(Debug, Clone, Args)]
pub struct BenchArgs {
    /// What is timed
    #[arg(value_enum, default_value_t = BenchSubject::Stages)]
    pub what: BenchSubject,
    /// Scans to compress as well (mechanics)
    pub scans: Vec<PathBuf>,
    /// Print one JSON object instead of tables
    #[arg(long)]
    pub json: bool,
    /// Voxels along the scene's longest side (stages)
    #[arg(long, default_value_t = 48, value_name = "N")]
    pub size: usize,
    /// Voxels along the cubes' edges (mechanics) [default: 32,64,96, and 128 on a graphics card]
    #[arg(long, value_name = "N,N", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(4..=512))]
    pub cubes: Vec<u32>,
    /// Part of the name of the adapter to use [default: WGPU_ADAPTER_NAME, or the most powerful]
    #[arg(long, value_name = "NAME")]
    pub adapter: Option<String>,
}

struct Line {
    name: String,
    milliseconds: f64,
    bytes: u64,
}

impl Line {
    fn gigabytes_per_second(&self) -> f64 {
        self.bytes as f64 / self.milliseconds * 1e-6
    }
}

/// Times every stage and prints it.
/// # Errors
/// [`CommandError`].
pub fn bench(args: &BenchArgs) -> Result<(), CommandError> {
    if args.what == BenchSubject::Mechanics {
        let cubes: Vec<usize> = args.cubes.iter().map(|n| *n as usize).collect();
        return bench_mechanics(&cubes, &args.scans, args.json, args.adapter.as_deref());
    }
    if !args.scans.is_empty() {
        return Err(CommandError::usage(
            "scans are for 'bench mechanics'; the stages are timed on the hip",
        ));
    }
    let anatomy = Arc::new(Anatomy::build("hip", args.size)?);
    let model = Arc::new(Model::built_in()?);
    let gpu = Gpu::open(Request::on(
        args.adapter.as_deref(),
        Simulation::need(&anatomy),
    ))?;
    let start = Instant::now();
    let mut simulation = Simulation::new(&gpu, Arc::clone(&anatomy), model)?;
    let building = start.elapsed().as_secs_f64();
    let start = Instant::now();
    loop {
        match simulation.poll()? {
            Status::Ready => break,
            Status::Waiting => gpu.wait()?,
            _ => {}
        }
    }
    let settling = start.elapsed().as_secs_f64();
    let copy = copy_bandwidth(&gpu)?;
    let mut lines = Vec::new();
    for stage in BenchStage::ALL {
        let repeat = |n: u32| -> Result<f64, CommandError> {
            let start = Instant::now();
            let mut encoder = gpu.encoder("bench");
            for _ in 0..n {
                simulation.record_bench(&mut encoder, stage);
            }
            gpu.submit(encoder);
            gpu.wait()?;
            Ok(start.elapsed().as_secs_f64())
        };
        // Once to warm up, then enough for a tenth of a second, the best of three.
        let once = repeat(1)?.min(repeat(1)?);
        let n = (0.1 / once.max(1e-6)).ceil().clamp(1.0, 500.0) as u32;
        let best = repeat(n)?.min(repeat(n)?).min(repeat(n)?);
        lines.push(Line {
            name: stage.name().to_owned(),
            milliseconds: 1e3 * best / f64::from(n),
            bytes: simulation.bench_bytes(stage),
        });
    }
    let per_voxel = simulation.bytes() as f64 / anatomy.len() as f64;
    if args.json {
        let stages: Vec<String> = lines
            .iter()
            .map(|l| {
                format!(
                    "{{\"stage\":\"{}\",\"ms\":{:.4},\"bytes\":{},\"gb_per_s\":{:.3},\"share_of_copy\":{:.3}}}",
                    l.name, l.milliseconds, l.bytes, l.gigabytes_per_second(), l.gigabytes_per_second() / copy
                )
            })
            .collect();
        say(&format!(
            "{{\"adapter\":{:?},\"size\":{},\"voxels\":{},\"active_nodes\":{},\"gpu_bytes\":{},\"bytes_per_voxel\":{per_voxel:.1},\"build_s\":{building:.2},\"settle_s\":{settling:.2},\"copy_gb_per_s\":{copy:.2},\"stages\":[{}]}}",
            gpu.adapter_name(),
            args.size,
            anatomy.len(),
            simulation.mechanics().active_nodes(),
            simulation.bytes(),
            stages.join(",")
        ))?;
    } else {
        say(&gpu.adapter_name())?;
        say(&format!(
            "size {}: {} voxels, {} active nodes, {:.1} bytes a voxel, staging for readback aside",
            args.size,
            anatomy.len(),
            simulation.mechanics().active_nodes(),
            per_voxel
        ))?;
        say(&format!(
            "building {building:.2} s, settling {settling:.2} s, copying {copy:.2} GB/s\n"
        ))?;
        say(&format!(
            "{:<24} {:>10} {:>12} {:>9} {:>8}",
            "stage", "ms", "bytes", "GB/s", "of copy"
        ))?;
        for l in &lines {
            say(&format!(
                "{:<24} {:>10.3} {:>12} {:>9.2} {:>7.0} %",
                l.name,
                l.milliseconds,
                l.bytes,
                l.gigabytes_per_second(),
                100.0 * l.gigabytes_per_second() / copy
            ))?;
        }
    }
    Ok(())
}

/// Bytes read and written a second by plain copies, GB/s.
pub(super) fn copy_bandwidth(gpu: &Gpu) -> Result<f64, CommandError> {
    let bytes = 32u64 << 20;
    let a = gpu.storage::<u8>("bench copy", bytes as usize)?;
    let b = gpu.storage::<u8>("bench copy", bytes as usize)?;
    let mut best = f64::INFINITY;
    for _ in 0..4 {
        let start = Instant::now();
        let mut encoder = gpu.encoder("bench copy");
        for _ in 0..4 {
            encoder.copy_buffer_to_buffer(&a, 0, &b, 0, Some(bytes));
        }
        gpu.submit(encoder);
        gpu.wait()?;
        best = best.min(start.elapsed().as_secs_f64() / 4.0);
    }
    Ok(2.0 * bytes as f64 / best * 1e-9)
}
