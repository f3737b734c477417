//! `mechanostat bench mechanics`: the solver on fields that its peers are measured on.

use std::path::Path;
use std::time::Instant;

use serde::Serialize;

use crate::gpu::{Gpu, Need, Request};
use crate::io::Scan;
use crate::measure::Plates;
use crate::solver::components::attached;
use crate::solver::{Element, Grid, Mechanics, Outcome, Problem, multigrid};
use crate::study::StudyError;

use super::bench_copy::copy_bandwidth;
use super::error::{CommandError, say, say_json};
use super::solve::{Ends, compress, unloaded};
use super::wait::{Wait as _, now, open_gpu, solved};

/// Iterations after which a solve is given up.
const MOST_ITERATIONS: u32 = 200;

/// A cube of unit voxels with a modulus field, one face clamped, 1 MPa of traction on the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CubeField {
    /// Density between 0.05 and 1, varying over half the cube; modulus contrast 400.
    Smooth,
    /// A gyroid of 16 voxels' period in density 1 and 0.01; modulus contrast 1e4.
    Gyroid,
}

impl CubeField {
    /// Name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Smooth => "smooth",
            Self::Gyroid => "gyroid",
        }
    }

    /// Modulus relative to the densest, E ∝ ρ².
    pub fn modulus(self, n: usize, at: [usize; 3]) -> f64 {
        let x = at.map(|i| i as f64 + 0.5);
        let density = match self {
            Self::Smooth => {
                let s = x.map(|x| (std::f64::consts::TAU * 2.0 * x / n as f64).sin());
                let c = x.map(|x| (std::f64::consts::TAU * x / n as f64).cos());
                0.525 + 0.475 * ((s[0] * c[1] + s[1] * c[2] + s[2] * c[0]) / 1.5).clamp(-1.0, 1.0)
            }
            Self::Gyroid => {
                let t = x.map(|x| std::f64::consts::TAU * x / 16.0);
                let g = t[0].sin() * t[1].cos() + t[1].sin() * t[2].cos() + t[2].sin() * t[0].cos();
                if g > 0.0 { 1.0 } else { 0.01 }
            }
        };
        density * density
    }
}

/// A cube ready to be solved.
#[derive(Debug)]
pub struct Cube {
    /// The solver; its displacement is the true one, mm, times the densest modulus over 1 MPa.
    pub mechanics: Mechanics,
    field: CubeField,
    n: usize,
    bytes: u64,
}

impl Cube {
    /// The elastic problem of `n`³ unit voxels.
    pub fn problem(n: usize) -> Problem {
        let edge = |i: usize| if i == 0 || i == n { 0.5 } else { 1.0 };
        Problem {
            elements: [n; 3],
            element: Element::new(0.3, [1.0; 3]),
            active: vec![true; n * n * n],
            held: crate::volume::each([n + 1; 3])
                .map(|at| if at[2] == 0 { 7 } else { 0 })
                .collect(),
            loads: vec![
                crate::volume::each([n + 1, n + 1, 1])
                    .map(|at| {
                        (
                            [at[0], at[1], n],
                            [0.0, 0.0, (edge(at[0]) * edge(at[1])) as f32],
                        )
                    })
                    .collect(),
            ],
        }
    }

    /// Buffers and pipelines, with every kernel run once: software adapters compile them then.
    /// # Errors
    /// As [`Gpu::wait`].
    pub fn new(gpu: &Gpu, field: CubeField, n: usize) -> Result<Self, CommandError> {
        let before = gpu.allocated_bytes();
        let mechanics = Mechanics::new(gpu, &Self::problem(n))?;
        let cube = Self {
            mechanics,
            field,
            n,
            bytes: gpu.allocated_bytes() - before,
        };
        cube.write_modulus(gpu, 0.0);
        cube.solve(gpu, 0.5)?;
        Ok(cube)
    }

    /// The field, with each voxel's modulus changed by up to `change` of itself.
    fn write_modulus(&self, gpu: &Gpu, change: f64) {
        let grid: Grid = self.mechanics.grid();
        let mut modulus = vec![0.0f32; grid.len()];
        for (i, at) in grid.each_element().enumerate() {
            let wave = (0.37 * i as f64).sin();
            modulus[grid.index(at)] =
                (self.field.modulus(self.n, at) * (1.0 + change * wave)) as f32;
        }
        gpu.queue()
            .write_buffer(self.mechanics.modulus(), 0, bytemuck::cast_slice(&modulus));
    }

    /// Solves from zero, coarse operators included: how it went, and seconds.
    /// # Errors
    /// As [`Gpu::wait`].
    pub fn solve(&self, gpu: &Gpu, tolerance: f32) -> Result<(Outcome, f64), CommandError> {
        let mut encoder = gpu.encoder("zero");
        encoder.clear_buffer(self.mechanics.displacement(), 0, None);
        gpu.submit(encoder);
        self.solve_on(gpu, tolerance)
    }

    /// Solves from the displacement as it is.
    fn solve_on(&self, gpu: &Gpu, tolerance: f32) -> Result<(Outcome, f64), CommandError> {
        gpu.wait()?;
        let start = Instant::now();
        let mut encoder = gpu.encoder("operators");
        self.mechanics.record_operators(&mut encoder);
        gpu.submit(encoder);
        let outcome = solved(gpu, &self.mechanics, 0, tolerance, MOST_ITERATIONS)?;
        Ok((outcome, start.elapsed().as_secs_f64()))
    }
}

/// A solve, as the table and the JSON have it.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct SolveRow {
    field: String,
    voxels: [usize; 3],
    elements: usize,
    start: &'static str,
    tolerance: f64,
    iterations: u32,
    converged: bool,
    true_residual: f64,
    seconds: f64,
    voxels_per_s: f64,
    bytes_per_voxel: f64,
}

/// A kernel, as the table and the JSON have it.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct KernelRow {
    kernel: &'static str,
    voxels: [usize; 3],
    ms: f64,
    bytes: u64,
    gb_per_s: f64,
    share_of_copy: f64,
}

#[derive(Debug, Serialize)]
struct Report {
    adapter: String,
    copy_gb_per_s: f64,
    solves: Vec<SolveRow>,
    kernels: Vec<KernelRow>,
}

impl SolveRow {
    fn header() -> String {
        format!(
            "{:<34} {:>9} {:>5} {:>6} {:>10} {:>13} {:>8} {:>10} {:>11}",
            "field",
            "voxels",
            "start",
            "to",
            "iterations",
            "true residual",
            "seconds",
            "voxels/s",
            "bytes/voxel"
        )
    }

    fn line(&self) -> String {
        format!(
            "{:<34} {:>9} {:>5} {:>6.0e} {:>10} {:>13.2e} {:>8.3} {:>10.0} {:>11.2}{}",
            self.field,
            self.voxels.iter().product::<usize>(),
            self.start,
            self.tolerance,
            self.iterations,
            self.true_residual,
            self.seconds,
            self.voxels_per_s,
            self.bytes_per_voxel,
            if self.converged {
                ""
            } else {
                "  not converged"
            }
        )
    }
}

/// A scan with its name.
type Named = (String, Scan);

/// Sizes of cubes unless told otherwise: software adapters leave out the largest.
fn usual_sizes(adapter: Option<&str>) -> Result<Vec<usize>, CommandError> {
    let mut usual = vec![32, 64, 96];
    if now(Gpu::adapter(adapter))?.get_info().device_type != wgpu::DeviceType::Cpu {
        usual.push(128);
    }
    Ok(usual)
}

/// What cubes and scans ask of the adapter.
fn need(sizes: &[usize], scans: &[Named]) -> Need {
    let binding = |n: [usize; 3], edges| {
        (12 * Grid { elements: n }.len() as u64).max(multigrid::stencil_bytes(n, edges, false))
    };
    let cubes = sizes.iter().map(|n| binding([*n; 3], [1.0; 3]));
    let scans = scans
        .iter()
        .map(|(_, scan)| binding(scan.volume.voxels, scan.volume.spacing));
    Need {
        storage_binding_bytes: cubes.chain(scans).max().unwrap_or(0),
    }
}

/// Solves cubes of `sizes` (none: the usual ones) and scans, times the kernels on the largest cube,
/// and prints it all.
/// # Errors
/// [`CommandError`].
pub fn bench_mechanics(
    sizes: &[usize],
    scans: &[impl AsRef<Path>],
    json: bool,
    adapter: Option<&str>,
) -> Result<(), CommandError> {
    let opened = scans
        .iter()
        .map(|path| {
            let path = path.as_ref();
            Scan::open(path)
                .map(|scan| (path.display().to_string(), scan))
                .map_err(|e| StudyError::unreadable(path, e))
        })
        .collect::<Result<Vec<Named>, _>>()?;
    let sizes = if sizes.is_empty() {
        usual_sizes(adapter)?
    } else {
        sizes.to_vec()
    };
    let gpu = open_gpu(Request::on(adapter, need(&sizes, &opened)))?;
    let mut bench = Bench {
        report: Report {
            adapter: gpu.adapter_name(),
            copy_gb_per_s: copy_bandwidth(&gpu)?,
            solves: Vec::new(),
            kernels: Vec::new(),
        },
        gpu,
        json,
    };
    if !json {
        say(&bench.report.adapter)?;
        say(&format!("copying {:.2} GB/s\n", bench.report.copy_gb_per_s))?;
        say(&SolveRow::header())?;
    }
    let largest = sizes.iter().copied().max();
    for field in [CubeField::Smooth, CubeField::Gyroid] {
        for n in &sizes {
            let is_timed = Some(*n) == largest && field == CubeField::Smooth;
            bench.cube(field, *n, is_timed)?;
        }
    }
    for (name, scan) in &opened {
        bench.scan(name, scan)?;
    }
    bench.tell_kernels()
}

/// A benchmark under way.
struct Bench {
    gpu: Gpu,
    report: Report,
    json: bool,
}

impl Bench {
    fn tell(&mut self, row: SolveRow) -> Result<(), CommandError> {
        if !self.json {
            say(&row.line())?;
        }
        self.report.solves.push(row);
        Ok(())
    }

    /// Solves a cube to two tolerances, and after a small change.
    fn cube(&mut self, field: CubeField, n: usize, is_timed: bool) -> Result<(), CommandError> {
        let cube = Cube::new(&self.gpu, field, n)?;
        let count = n * n * n;
        let row = |start, tolerance: f64, (outcome, seconds): (Outcome, f64)| SolveRow {
            field: field.name().to_owned(),
            voxels: [n; 3],
            elements: count,
            start,
            tolerance,
            iterations: outcome.iterations,
            converged: outcome.converged,
            true_residual: outcome.true_residual,
            seconds,
            voxels_per_s: count as f64 / seconds,
            bytes_per_voxel: cube.bytes as f64 / count as f64,
        };
        for tolerance in [1e-3, 1e-5] {
            let solved = cube.solve(&self.gpu, tolerance as f32)?;
            self.tell(row("zero", tolerance, solved))?;
        }
        // What a step of remodelling asks for: modulus a little changed, the last answer at hand.
        cube.write_modulus(&self.gpu, 0.01);
        let solved = cube.solve_on(&self.gpu, 1e-3)?;
        self.tell(row("warm", 1e-3, solved))?;
        if is_timed {
            self.report.kernels = time_kernels(&self.gpu, &cube, self.report.copy_gb_per_s)?;
        }
        Ok(())
    }

    /// Compresses a scan between both kinds of plates.
    fn scan(&mut self, name: &str, scan: &Scan) -> Result<(), CommandError> {
        let n = scan.volume.voxels;
        let bone: Vec<bool> = scan.volume.values.iter().map(|v| *v > 0.0).collect();
        let element = Element::new(0.3, scan.volume.spacing);
        let attached = attached(n, &bone, 2)
            .map_err(|e| CommandError::usage(format!("{name}: {}", unloaded(e))))?;
        let active = &attached.bone;
        let youngs: Vec<f64> = active.iter().map(|a| f64::from(u8::from(*a))).collect();
        let file = Path::new(name)
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        for ends in [Ends::Clamped, Ends::Free] {
            let plates = Plates {
                grid: Grid { elements: n },
                element: &element,
                youngs: &youngs,
                idle: &attached.idle,
                axis: 2,
                clamped: ends == Ends::Clamped,
            };
            let solution = compress(&self.gpu, &plates, 1e-5, MOST_ITERATIONS)?;
            let outcome = solution.compressed.outcome;
            let count: usize = n.iter().product();
            self.tell(SolveRow {
                field: format!("{file} {}", format!("{ends:?}").to_lowercase()),
                voxels: n,
                elements: active.iter().filter(|a| **a).count(),
                start: "zero",
                tolerance: 1e-5,
                iterations: outcome.iterations,
                converged: outcome.converged,
                true_residual: outcome.true_residual,
                seconds: solution.seconds,
                voxels_per_s: count as f64 / solution.seconds,
                bytes_per_voxel: solution.bytes as f64 / count as f64,
            })?;
        }
        Ok(())
    }

    /// The whole report as JSON, or the kernels' table.
    fn tell_kernels(&self) -> Result<(), CommandError> {
        let report = &self.report;
        if self.json {
            return say_json(report);
        }
        say(&format!(
            "\n{:<20} {:>9} {:>9} {:>12} {:>8} {:>8}",
            "kernel", "voxels", "ms", "bytes", "GB/s", "of copy"
        ))?;
        for k in &report.kernels {
            say(&format!(
                "{:<20} {:>9} {:>9.3} {:>12} {:>8.2} {:>6.0} %",
                k.kernel,
                k.voxels.iter().product::<usize>(),
                k.ms,
                k.bytes,
                k.gb_per_s,
                100.0 * k.share_of_copy
            ))?;
        }
        Ok(())
    }
}

/// Times each kernel of a solve by itself: enough repeats for a tenth of a second, the best of
/// three.
fn time_kernels(gpu: &Gpu, cube: &Cube, copy: f64) -> Result<Vec<KernelRow>, CommandError> {
    let mut encoder = gpu.encoder("bench kernel");
    cube.mechanics.record_start(gpu, &mut encoder, 0, 0.0, 0);
    gpu.submit(encoder);
    let repeat = |name: &str, n: u32| -> Result<f64, CommandError> {
        gpu.wait()?;
        let start = Instant::now();
        let mut encoder = gpu.encoder("bench kernel");
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            for _ in 0..n {
                cube.mechanics.record_kernel(&mut pass, name);
            }
        }
        gpu.submit(encoder);
        gpu.wait()?;
        Ok(start.elapsed().as_secs_f64())
    };
    cube.mechanics
        .kernels()
        .into_iter()
        .map(|(kernel, bytes)| {
            let once = repeat(kernel, 1)?.min(repeat(kernel, 1)?);
            let n = (0.1 / once.max(1e-6)).ceil().clamp(1.0, 1000.0) as u32;
            let best = repeat(kernel, n)?
                .min(repeat(kernel, n)?)
                .min(repeat(kernel, n)?);
            let seconds = best / f64::from(n);
            let gb_per_s = bytes as f64 / seconds * 1e-9;
            Ok(KernelRow {
                kernel,
                voxels: [cube.n; 3],
                ms: 1e3 * seconds,
                bytes,
                gb_per_s,
                share_of_copy: gb_per_s / copy,
            })
        })
        .collect()
}
