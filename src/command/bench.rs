//! `mechanostat bench`: time, bytes and bandwidth of each stage on this adapter.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::gpu::Request;
use crate::measure::RegionSums;
use crate::physiology::Model;
use crate::scenario::Conditions;
use crate::sim::{Simulation, Stage, need};
use crate::solver::{ITERATIONS, OPERATORS};
use crate::tissue::Anatomy;

use super::bench_copy::copy_bandwidth;
use super::bench_mechanics::bench_mechanics;
use super::error::{CommandError, say, say_json};
use super::wait::{measured, open_gpu, settle};

/// What is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BenchSubject {
    /// Every stage of a step of the hip.
    Stages,
    /// The solver, on cubes and on scans.
    Mechanics,
    /// The window: pictures, and where there is a display a hundred things done to it.
    Window,
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

/// Days that are timed: four solves fall into them.
const DAYS: u32 = 28;

/// A kind of pass, as the table and the JSON have it.
#[derive(Debug, Serialize)]
struct StageRow {
    stage: &'static str,
    /// Milliseconds of one.
    ms: f64,
    /// Bytes that one must move at least.
    bytes: u64,
    gb_per_s: f64,
    share_of_copy: f64,
}

/// What is told of the stages.
#[derive(Debug, Serialize)]
struct StageReport {
    adapter: String,
    size: usize,
    voxels: usize,
    active_nodes: u32,
    gpu_bytes: u64,
    bytes_per_voxel: f64,
    build_s: f64,
    settle_s: f64,
    copy_gb_per_s: f64,
    /// Milliseconds of a day without a solve and of one with, solved and measured.
    day_ms: f64,
    solve_day_ms: f64,
    bytes_read_per_day: u64,
    /// By the adapter's own clock; empty where it has none.
    stages: Vec<StageRow>,
}

/// Times every stage and prints it.
/// # Errors
/// [`CommandError`].
pub fn bench(args: &BenchArgs) -> Result<(), CommandError> {
    if args.what == BenchSubject::Mechanics {
        let cubes: Vec<usize> = args.cubes.iter().map(|n| *n as usize).collect();
        return bench_mechanics(&cubes, &args.scans, args.json, args.adapter.as_deref());
    }
    if args.what == BenchSubject::Window {
        return Err(CommandError::usage(
            "'bench window' needs the window's own program",
        ));
    }
    if !args.scans.is_empty() {
        return Err(CommandError::usage(
            "scans are for 'bench mechanics'; the stages are timed on the hip",
        ));
    }
    let report = time_stages(args)?;
    if args.json {
        return say_json(&report);
    }
    print(&report)
}

/// A mission's days, timed pass by pass.
fn time_stages(args: &BenchArgs) -> Result<StageReport, CommandError> {
    let anatomy = Arc::new(Anatomy::build("hip", args.size)?);
    let model = Arc::new(Model::built_in()?);
    let gpu = open_gpu(Request::on(args.adapter.as_deref(), need(&anatomy)))?;
    let start = Instant::now();
    let mut simulation = Simulation::new(&gpu, Arc::clone(&anatomy), Arc::clone(&model))?;
    let build_s = start.elapsed().as_secs_f64();
    let start = Instant::now();
    settle(&mut simulation)?;
    let settle_s = start.elapsed().as_secs_f64();
    let copy = copy_bandwidth(&gpu)?;
    let region_sums = RegionSums::new(simulation.body(), &model)?;
    simulation.set_conditions(Conditions {
        gravity: 0.0,
        ..Conditions::EARTH
    });
    // Once to warm up: software adapters compile kernels when they first run.
    day(&mut simulation, &region_sums)?;
    gpu.time_passes(true);
    let read = gpu.bytes_read();
    let (mut plain, mut solved) = (Vec::new(), Vec::new());
    let mut iterations = 0;
    for _ in 0..DAYS {
        let start = Instant::now();
        if day(&mut simulation, &region_sums)? {
            solved.push(start.elapsed().as_secs_f64());
            let each = simulation.outcomes().iter();
            iterations += each.map(|o| o.iterations).sum::<u32>();
        } else {
            plain.push(start.elapsed().as_secs_f64());
        }
    }
    gpu.poll()?;
    let mean = |all: &[f64]| 1e3 * all.iter().sum::<f64>() / all.len().max(1) as f64;
    Ok(StageReport {
        adapter: gpu.adapter_name(),
        size: args.size,
        voxels: anatomy.len(),
        active_nodes: simulation.mechanics().active_nodes(),
        gpu_bytes: simulation.bytes(),
        bytes_per_voxel: simulation.bytes() as f64 / anatomy.len() as f64,
        build_s,
        settle_s,
        copy_gb_per_s: copy,
        day_ms: mean(&plain),
        solve_day_ms: mean(&solved),
        bytes_read_per_day: (gpu.bytes_read() - read) / u64::from(DAYS),
        stages: rows(&simulation, iterations, copy),
    })
}

/// A day, measured. Returns whether there was a solve.
fn day(simulation: &mut Simulation, region_sums: &RegionSums) -> Result<bool, CommandError> {
    simulation.advance(1.0);
    let solves = !simulation.is_ready();
    settle(simulation)?;
    measured(region_sums, simulation)?;
    Ok(solves)
}

fn rows(simulation: &Simulation, iterations: u32, copy: f64) -> Vec<StageRow> {
    let times = simulation.gpu().pass_times();
    let row = |stage: &'static str, count: Option<u64>, bytes: u64| {
        let time = times.iter().find(|t| t.label == stage)?;
        let seconds = time.seconds / count.unwrap_or(time.passes).max(1) as f64;
        let gb_per_s = bytes as f64 / seconds.max(1e-12) * 1e-9;
        Some(StageRow {
            stage,
            ms: 1e3 * seconds,
            bytes,
            gb_per_s,
            share_of_copy: gb_per_s / copy,
        })
    };
    let body = simulation.body();
    let stages = Stage::STEP
        .into_iter()
        .map(|stage| row(stage.name(), None, body.least_bytes(stage)));
    let mechanics = body.mechanics();
    let solver = [
        row(OPERATORS, None, mechanics.operator_bytes()),
        row(
            ITERATIONS,
            Some(u64::from(iterations)),
            mechanics.iteration_bytes(),
        ),
        row("measure", None, 0),
    ];
    stages.chain(solver).flatten().collect()
}

fn print(report: &StageReport) -> Result<(), CommandError> {
    say(&report.adapter)?;
    say(&format!(
        "size {}: {} voxels, {} active nodes, {:.1} bytes a voxel, views and readback aside",
        report.size, report.voxels, report.active_nodes, report.bytes_per_voxel
    ))?;
    say(&format!(
        "building {:.2} s, settling {:.2} s, copying {:.2} GB/s",
        report.build_s, report.settle_s, report.copy_gb_per_s
    ))?;
    say(&format!(
        "a day {:.1} ms, one with a solve {:.1} ms; {} bytes read back a day\n",
        report.day_ms, report.solve_day_ms, report.bytes_read_per_day
    ))?;
    if report.stages.is_empty() {
        return say("this adapter has no clock for passes, so single stages are not timed");
    }
    say(&format!(
        "{:<24} {:>10} {:>12} {:>9} {:>8}",
        "stage", "ms", "bytes", "GB/s", "of copy"
    ))?;
    for l in &report.stages {
        say(&format!(
            "{:<24} {:>10.3} {:>12} {:>9.2} {:>7.0} %",
            l.stage,
            l.ms,
            l.bytes,
            l.gb_per_s,
            100.0 * l.share_of_copy
        ))?;
    }
    Ok(())
}
