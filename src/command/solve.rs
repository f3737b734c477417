//! `mechanostat solve`: a micro-finite-element compression test of a scan.

use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, ValueEnum};

use crate::gpu::{Gpu, Need, values};
use crate::io::{self, Nifti};
use crate::measure::compression;
use crate::sim::element::Element;
use crate::sim::mechanics::{Mechanics, Problem};
use crate::sim::multigrid;
use crate::volume::each;

use super::{CommandError, say};

/// Iterations after which a solve is given up.
const MOST_ITERATIONS: u32 = 400;

/// An axis of the volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Axis {
    /// First.
    X,
    /// Second.
    Y,
    /// Third.
    Z,
}

/// How the two end faces are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Ends {
    /// No sideways motion (the axial test).
    Clamped,
    /// The faces slide sideways.
    Free,
}

/// Flags of `mechanostat solve`.
#[derive(Debug, Clone, Args)]
pub struct SolveArgs {
    /// Scan: NIfTI (.nii, .nii.gz); voxels above 0 are bone
    pub volume: PathBuf,
    /// Folder for what the test leaves
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Young's modulus of bone, MPa
    #[arg(long, default_value_t = 10_000.0, value_name = "MPA")]
    pub youngs: f64,
    /// Poisson's ratio
    #[arg(long, default_value_t = 0.3, allow_negative_numbers = true)]
    pub poisson: f64,
    /// Axis of compression
    #[arg(long, value_enum, default_value_t = Axis::Z)]
    pub axis: Axis,
    /// Imposed strain; negative compresses
    #[arg(long, default_value_t = -0.01, allow_negative_numbers = true)]
    pub strain: f64,
    /// How the end faces are held
    #[arg(long, value_enum, default_value_t = Ends::Clamped)]
    pub ends: Ends,
    /// Relative residual to stop at
    #[arg(long, default_value_t = 1e-5)]
    pub tolerance: f64,
}

fn check(args: &SolveArgs) -> Result<(), CommandError> {
    let refuse = |flag: &str, value: f64, allowed: &str| {
        Err(CommandError::usage(format!(
            "{flag} {value} is out of range; allowed: {allowed}"
        )))
    };
    if !(args.youngs.is_finite() && args.youngs > 0.0) {
        return refuse("--youngs", args.youngs, "more than 0 MPa");
    }
    if !(args.poisson > -1.0 && args.poisson <= 0.49) {
        return refuse(
            "--poisson",
            args.poisson,
            "more than -1, at most 0.49 (incompressible elements lock)",
        );
    }
    if !(args.strain != 0.0 && args.strain.abs() <= 0.2) {
        return refuse(
            "--strain",
            args.strain,
            "-0.2 to 0.2, not 0 (the theory is one of small strains)",
        );
    }
    if !(1e-7..=0.1).contains(&args.tolerance) {
        return refuse("--tolerance", args.tolerance, "1e-7 to 0.1");
    }
    Ok(())
}

/// Marks the bone that hangs, through faces of voxels, on one of the end faces; counts islands that do not.
/// # Errors
/// When there is no bone, or none of it reaches from end to end.
fn attached(n: [usize; 3], bone: &[bool], axis: usize) -> Result<(Vec<bool>, usize), CommandError> {
    let index = |at: [usize; 3]| at[0] + n[0] * (at[1] + n[1] * at[2]);
    if !bone.contains(&true) {
        return Err(CommandError::usage(
            "the volume has no bone: no voxel is above 0",
        ));
    }
    let mut seen = vec![false; bone.len()];
    let mut keep = vec![false; bone.len()];
    let (mut islands, mut through) = (0, false);
    for start in each(n) {
        if !bone[index(start)] || seen[index(start)] {
            continue;
        }
        seen[index(start)] = true;
        let mut part = vec![start];
        let mut next = 0;
        let (mut near, mut far) = (false, false);
        while next < part.len() {
            let at = part[next];
            next += 1;
            near |= at[axis] == 0;
            far |= at[axis] + 1 == n[axis];
            for k in 0..3 {
                for up in [false, true] {
                    let mut to = at;
                    to[k] = if up { to[k] + 1 } else { to[k].wrapping_sub(1) };
                    if to[k] < n[k] && bone[index(to)] && !seen[index(to)] {
                        seen[index(to)] = true;
                        part.push(to);
                    }
                }
            }
        }
        through |= near && far;
        if near || far {
            for at in part {
                keep[index(at)] = true;
            }
        } else {
            islands += 1;
        }
    }
    if !through {
        return Err(CommandError::usage(
            "no bone reaches from one end face to the other, so nothing carries the load; another --axis may",
        ));
    }
    Ok((keep, islands))
}

/// Runs the test and leaves `solve.toml` and the strain energy density.
/// # Errors
/// [`CommandError`]; a solve that did not converge exits with 1.
pub fn solve(args: &SolveArgs) -> Result<(), CommandError> {
    check(args)?;
    let name = args.volume.display();
    let lower = args.volume.to_string_lossy().to_lowercase();
    let Some(extension) = ["nii.gz", "nii"].into_iter().find(|e| {
        lower
            .strip_suffix(e)
            .is_some_and(|stem| stem.ends_with('.'))
    }) else {
        return Err(CommandError::usage(format!(
            "{name}: only .nii and .nii.gz are read so far"
        )));
    };
    let bytes = io::read(&args.volume)?;
    let scan = Nifti::read(&bytes).map_err(|e| CommandError::usage(format!("{name}: {e}")))?;
    drop(bytes);
    let n = scan.volume.voxels;
    let axis = args.axis as usize;
    let bone: Vec<bool> = scan.volume.values.iter().map(|v| *v > 0.0).collect();
    let (active, islands) = attached(n, &bone, axis).map_err(|e| CommandError {
        message: format!("{name}: {e}"),
        ..e
    })?;
    drop(bone);
    io::writable_folder(&args.out)?;

    let element = Element::new(args.poisson, scan.volume.spacing);
    let side = |at: [usize; 3]| at[axis] == 0 || at[axis] == n[axis];
    let bits = if args.ends == Ends::Clamped {
        7
    } else {
        1u8 << axis
    };
    let problem = Problem {
        elements: n,
        element: element.clone(),
        held: each(n.map(|n| n + 1))
            .map(|at| if side(at) { bits } else { 0 })
            .collect(),
        active: active.clone(),
        loads: vec![Vec::new()],
    };
    let grid = crate::sim::grid::Grid { elements: n };
    let binding = (12 * grid.len() as u64).max(multigrid::stencil_bytes(n));
    let gpu = Gpu::open(Need {
        storage_binding_bytes: binding,
    })
    .map_err(|e| too_large(e, n))?;
    let before = gpu.allocated_bytes();
    let mut mechanics = Mechanics::new(&gpu, &problem)?;
    let bytes_on_adapter = gpu.allocated_bytes() - before;
    let mut modulus = vec![0.0f32; grid.len()];
    for (e, at) in grid.each_element().enumerate() {
        if active[e] {
            modulus[grid.index(at)] = 1.0;
        }
    }
    gpu.queue()
        .write_buffer(mechanics.modulus(), 0, bytemuck::cast_slice(&modulus));
    drop(modulus);
    // Displacements are divided by the imposed one, which keeps them near 1.
    let lift = |inside: bool| -> Vec<f32> {
        let mut u = vec![0.0f32; 3 * grid.len()];
        for at in grid.each_node() {
            let share = at[axis] as f32 / n[axis] as f32;
            u[3 * grid.index(at) + axis] = if inside || side(at) { share } else { 0.0 };
        }
        u
    };
    let start = Instant::now();
    let mut encoder = gpu.encoder("solve");
    mechanics.record_operators(&mut encoder);
    gpu.submit(encoder);
    // What the held faces impose on the rest is the right-hand side; its norm is the yardstick.
    gpu.queue().write_buffer(
        mechanics.displacement(),
        0,
        bytemuck::cast_slice(&lift(false)),
    );
    let mut encoder = gpu.encoder("solve");
    mechanics.record_true_residual(&mut encoder, 0);
    let read = mechanics.record_readback(&gpu, &mut encoder)?;
    gpu.submit(encoder);
    let imposed_norm2 = Mechanics::scalars_from(&read.wait(&gpu)?).rr;
    mechanics.set_norm2(0, imposed_norm2);
    gpu.queue().write_buffer(
        mechanics.displacement(),
        0,
        bytemuck::cast_slice(&lift(true)),
    );
    let outcome = mechanics.solve(&gpu, 0, args.tolerance as f32, MOST_ITERATIONS)?;
    let seconds = start.elapsed().as_secs_f64();

    let mut encoder = gpu.encoder("displacement");
    let read = crate::gpu::Readback::record(
        &gpu,
        &mut encoder,
        &[(mechanics.displacement(), 0, 12 * grid.len() as u64)],
    )?;
    gpu.submit(encoder);
    let parts = read.wait(&gpu)?;
    let imposed = args.strain * n[axis] as f64 * scan.volume.spacing[axis];
    let u: Vec<f32> = parts
        .first()
        .map(|b| values::<f32>(b))
        .unwrap_or_default()
        .into_iter()
        .map(|u| (f64::from(u) * imposed) as f32)
        .collect();
    let youngs: Vec<f64> = active
        .iter()
        .map(|a| if *a { args.youngs } else { 0.0 })
        .collect();
    let test = compression(&grid, &element, &youngs, &u, axis, imposed);

    let elements = active.iter().filter(|a| **a).count();
    let mut out = toml::Table::new();
    let mut set = |key: &str, value: toml::Value| out.insert(key.to_owned(), value);
    set("version", env!("CARGO_PKG_VERSION").into());
    set("adapter", gpu.adapter_name().into());
    set("volume", name.to_string().into());
    set("voxels", n.map(|n| n as i64).to_vec().into());
    set("spacing_mm", scan.volume.spacing.to_vec().into());
    set("elements", (elements as i64).into());
    set("islands_removed", (islands as i64).into());
    set("youngs_mpa", args.youngs.into());
    set("poisson", args.poisson.into());
    set("axis", format!("{:?}", args.axis).to_lowercase().into());
    set("ends", format!("{:?}", args.ends).to_lowercase().into());
    set("strain", args.strain.into());
    set("reaction_n", test.reaction.into());
    set("stiffness_n_per_mm", test.stiffness.into());
    set("apparent_modulus_mpa", test.apparent_modulus.into());
    set("sed_mean_mpa", test.mean.into());
    set("sed_p50_mpa", test.percentiles[0].into());
    set("sed_p95_mpa", test.percentiles[1].into());
    set("sed_p98_mpa", test.percentiles[2].into());
    set("pistoia_failure_load_n", test.failure_load.into());
    set("pistoia_volume_share", compression::PISTOIA_VOLUME.into());
    set("pistoia_strain", compression::PISTOIA_STRAIN.into());
    set("converged", outcome.converged.into());
    set("true_relative_residual", outcome.true_residual.into());
    set("iterations", i64::from(outcome.iterations).into());
    set("seconds", seconds.into());
    set("bytes", (bytes_on_adapter as i64).into());
    let field: Vec<f32> = test.energy.iter().map(|e| *e as f32).collect();
    let field = scan
        .with_values(&field, "strain energy density, MPa")
        .map_err(|e| CommandError {
            message: e.to_string(),
            code: 1,
        })?;
    io::write(&args.out.join(format!("sed.{extension}")), &field)?;
    io::write(&args.out.join("solve.toml"), out.to_string().as_bytes())?;
    say(&format!(
        "stiffness {:.2} N/mm, apparent modulus {:.2} MPa, failure load {:.1} N\n{elements} elements, {} iterations, true residual {:.1e}, {seconds:.1} s\n{}",
        test.stiffness,
        test.apparent_modulus,
        test.failure_load,
        outcome.iterations,
        outcome.true_residual,
        args.out.join("solve.toml").display()
    ))?;
    if outcome.converged {
        Ok(())
    } else {
        Err(CommandError {
            message: format!(
                "the solve did not converge: {} iterations left a residual of {:.1e}; what was written says so",
                outcome.iterations, outcome.true_residual
            ),
            code: 1,
        })
    }
}

/// A volume too large for the adapter: says how large would fit.
fn too_large(error: crate::gpu::GpuError, n: [usize; 3]) -> CommandError {
    if let crate::gpu::GpuError::Limit {
        required, actual, ..
    } = error
    {
        let shrink = (actual as f64 / required as f64).cbrt() * 0.98;
        let fits = n.map(|n| (n as f64 * shrink) as usize);
        return CommandError {
            message: format!(
                "a volume of {} x {} x {} voxels is too large for this adapter; about {} x {} x {} would fit",
                n[0], n[1], n[2], fits[0], fits[1], fits[2]
            ),
            code: 2,
        };
    }
    error.into()
}
