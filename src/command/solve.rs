//! `mechanostat solve`: a micro-finite-element compression test of a scan.

use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, ValueEnum};

use serde::Serialize;

use crate::gpu::{Gpu, GpuError, Need, Request};
use crate::io::{self, Bone, Reading, Scan, ScanError};
use crate::measure::{Compressed, Compression, CompressionTest, Plates, compression};
use crate::physiology::{DensityLaw, Model};
use crate::solver::components::{Attached, Unloaded, attached};
use crate::solver::{Element, Grid, multigrid};
use crate::study::{NO_BONE_BMD, StudyError, too_dense};

use super::error::{CommandError, say, tell};
use super::wait::{Wait as _, clock, now, open_gpu};

/// What is softer than this share of the stiffest voxel carries nothing, and is void.
const SOFTEST: f64 = 1e-8;

/// Whole numbers below this are told apart.
const MOST_LABEL: f64 = 9_007_199_254_740_992.0;

/// Where more than this share of all voxels passes the threshold, that is told.
const NEARLY_ALL: f64 = 0.95;

/// Young's moduli that bone tissue may have, MPa, its remains and its hardest pieces among them;
/// others are told.
const USUAL_YOUNGS: std::ops::RangeInclusive<f64> = 100.0..=100_000.0;

/// Where a density law leaves the stiffest voxel softer than this, MPa, that is told: bone is
/// softer nowhere.
const LEAST_YOUNGS: f64 = 1.0;

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

impl Axis {
    fn name(self) -> &'static str {
        ["x", "y", "z"][self as usize]
    }
}

/// The way that an axis of the scan runs in the body, as far as the scan says.
fn runs(scan: &Scan, axis: Axis) -> String {
    if scan.volume.axes.known {
        scan.volume.axes.nearest()[axis as usize].to_string()
    } else {
        "unknown".to_owned()
    }
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
    /// Scan (.nii, .nii.gz, .mha, .mhd, .nrrd, .nhdr, .vti, .npy)
    pub volume: PathBuf,
    /// Folder for what the test leaves
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Voxels above this value are bone
    #[arg(
        long,
        default_value_t = 0.0,
        allow_negative_numbers = true,
        value_name = "VALUE"
    )]
    pub threshold: f64,
    /// Only voxels of this value are bone
    #[arg(
        long,
        allow_negative_numbers = true,
        value_name = "VALUE",
        conflicts_with = "threshold"
    )]
    pub label: Option<f64>,
    /// Young's modulus of bone, MPa
    #[arg(long, default_value_t = 10_000.0, value_name = "MPA")]
    pub youngs: f64,
    /// Young's modulus from density (voxels in mg HA/cm3) by a law of physiology.toml, e.g.
    /// morgan-femoral-neck
    #[arg(long, value_name = "NAME", conflicts_with_all = ["youngs", "label"])]
    pub law: Option<String>,
    /// Edges of a voxel, mm, for .npy and other files that do not hold them
    #[arg(long, value_name = "X,Y,Z", value_parser = three, allow_negative_numbers = true)]
    pub spacing: Option<[f64; 3]>,
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
    /// Iterations after which the solve is given up
    #[arg(long, default_value_t = 400, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub iterations: u32,
    /// Part of the name of the adapter to use [default: WGPU_ADAPTER_NAME, or the most powerful]
    #[arg(long, value_name = "NAME")]
    pub adapter: Option<String>,
}

/// Three numbers with commas between them.
fn three(text: &str) -> Result<[f64; 3], String> {
    text.split(',')
        .map(|w| w.trim().parse().ok())
        .collect::<Option<Vec<f64>>>()
        .and_then(|v| v.try_into().ok())
        .ok_or_else(|| "allowed: three numbers with commas between them".to_owned())
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
    if !(1e-9..=0.2).contains(&args.strain.abs()) {
        return refuse(
            "--strain",
            args.strain,
            "-0.2 to 0.2, not 0 nor closer to it than 1e-9 (the theory is one of small strains)",
        );
    }
    if !args.threshold.is_finite() {
        return refuse("--threshold", args.threshold, "a finite number");
    }
    // Beyond this a number and its neighbour are one f64.
    if let Some(label) = args.label.filter(|l| l.is_nan() || l.abs() >= MOST_LABEL) {
        return refuse(
            "--label",
            label,
            "a finite number between -2^53 and 2^53, where whole numbers are told apart",
        );
    }
    if let Some(bad) = args
        .spacing
        .iter()
        .flatten()
        .find(|s| !(1e-6..=1e4).contains(*s))
    {
        return refuse("--spacing", *bad, "more than 0 mm (1e-6 to 1e4)");
    }
    if !(1e-7..=0.1).contains(&args.tolerance) {
        return refuse("--tolerance", args.tolerance, "1e-7 to 0.1");
    }
    Ok(())
}

/// Reads the scan, with the spacing that the user gives where the file has none.
fn open(args: &SolveArgs) -> Result<Scan, CommandError> {
    let name = args.volume.display();
    // What the largest binding holds of the largest buffer. Without an adapter a bad file is still
    // told first.
    let bytes_a_voxel =
        multigrid::stencil_bytes([1024; 3], [1.0; 3], false) as f64 / 1024f64.powi(3);
    let most = now(Gpu::largest_binding(args.adapter.as_deref()))
        .map_or(u64::MAX, |bytes| (bytes as f64 / bytes_a_voxel) as u64);
    let reading = Reading {
        most: most.min(Reading::ALL.most),
        bone: Some(args.label.map_or(Bone::Above(args.threshold), Bone::Label)),
    };
    let mut scan = Scan::open_for(&args.volume, &reading).map_err(|e| match e {
        ScanError::TooLarge { voxels, most } => {
            let share = most as f64 / voxels.iter().map(|n| *n as f64).product::<f64>();
            CommandError::usage(format!("{name}: {}", too_large(voxels, share)))
        }
        e => StudyError::unreadable(&args.volume, e).into(),
    })?;
    match &args.spacing {
        Some(_) if scan.knows_spacing => {
            return Err(CommandError::usage(format!(
                "{name}: --spacing is for files that hold none; this one has a spacing of its own"
            )));
        }
        Some(spacing) => scan.volume.spacing = *spacing,
        None if !scan.knows_spacing => {
            scan.notes.push(
                "it does not hold the edges of its voxels; 1 mm is assumed (--spacing)".to_owned(),
            );
        }
        None => {}
    }
    Ok(scan)
}

/// The law of this name, with the model that it stands in.
/// # Errors
/// That names the laws there are.
fn density_law(name: &str) -> Result<(Model, DensityLaw), CommandError> {
    let model = Model::built_in()?;
    let Some(law) = model.density_laws.iter().find(|l| l.name == name) else {
        let names: Vec<&str> = model.density_laws.iter().map(|l| l.name.as_str()).collect();
        return Err(CommandError::usage(format!(
            "--law {name} is unknown; allowed: {}",
            names.join(", ")
        )));
    };
    let law = law.clone();
    Ok((model, law))
}

/// Young's modulus by voxel, MPa; 0 in void.
fn youngs_moduli(args: &SolveArgs, scan: &Scan, law: Option<&(Model, DensityLaw)>) -> Vec<f64> {
    let bone = scan.bone.iter().flatten();
    scan.volume
        .values
        .iter()
        .zip(bone)
        .map(|(value, bone)| match law {
            _ if !bone => 0.0,
            None => args.youngs,
            Some((model, law)) => model.youngs_modulus(law, f64::from(*value)),
        })
        .collect()
}

/// What of the scan's values and the flags makes no sense for bone, though it can be solved.
fn doubts(args: &SolveArgs, scan: &Scan, youngs: &[f64]) -> Vec<String> {
    let mut doubts = Vec::new();
    let bone = scan.bone.iter().flatten().filter(|b| **b).count();
    let share = bone as f64 / scan.volume.values.len() as f64;
    if share > NEARLY_ALL {
        let which = match args.label {
            Some(label) => format!("have --label {label}"),
            None => format!("are above --threshold {}", args.threshold),
        };
        doubts.push(format!(
            "{:.1} % of all voxels {which}: is void among them?",
            100.0 * share
        ));
    }
    if args.law.is_none() {
        if !USUAL_YOUNGS.contains(&args.youngs) {
            doubts.push(format!(
                "--youngs {} MPa is no modulus of bone tissue, which has 1000 to 30000 MPa: is it in MPa?",
                args.youngs
            ));
        }
        return doubts;
    }
    let values = &scan.volume.values;
    let dense = values
        .iter()
        .filter(|v| f64::from(**v) > NO_BONE_BMD)
        .count();
    if dense > 0 {
        doubts.push(too_dense(dense, values));
    }
    let stiffest = youngs.iter().copied().fold(0.0, f64::max);
    if stiffest > 0.0 && stiffest < LEAST_YOUNGS {
        let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        doubts.push(format!(
            "its densest voxel of {most} mg HA/cm3 has {stiffest:.1e} MPa by this law, next to nothing: are the values in mg HA/cm3, and not g/cm3 or labels?"
        ));
    }
    doubts
}

/// Opens an adapter that holds the whole of a scan.
fn open_for(args: &SolveArgs, scan: &Scan) -> Result<Gpu, CommandError> {
    let n = scan.volume.voxels;
    let grid = Grid { elements: n };
    let need = Need {
        storage_binding_bytes: (12 * grid.len() as u64).max(multigrid::stencil_bytes(
            n,
            scan.volume.spacing,
            false,
        )),
    };
    open_gpu(Request::on(args.adapter.as_deref(), need)).map_err(|e| match e {
        GpuError::Limit {
            required, actual, ..
        } => {
            let share = actual as f64 / required as f64;
            let name = args.volume.display();
            CommandError::usage(format!("{name}: {}", too_large(n, share)))
        }
        e => e.into(),
    })
}

/// The bone that carries the load, and what was told of the rest.
struct Carrier {
    /// Young's modulus by voxel, MPa; 0 where there is none.
    youngs: Vec<f64>,
    attached: Attached,
    notes: Vec<String>,
    too_soft: usize,
}

/// Picks out of a scan what carries the load.
fn carrier(
    args: &SolveArgs,
    scan: &Scan,
    law: Option<&(Model, DensityLaw)>,
) -> Result<Carrier, CommandError> {
    let mut youngs = youngs_moduli(args, scan, law);
    let mut notes = scan.notes.clone();
    notes.extend(doubts(args, scan, &youngs));
    let stiffest = youngs.iter().copied().fold(0.0, f64::max);
    let mut too_soft = 0;
    for e in &mut youngs {
        if *e > 0.0 && *e < SOFTEST * stiffest {
            *e = 0.0;
            too_soft += 1;
        }
    }
    let solid: Vec<bool> = youngs.iter().map(|e| *e > 0.0).collect();
    let attached = attached(scan.volume.voxels, &solid, args.axis as usize)
        .map_err(|e| CommandError::usage(format!("{}: {}", args.volume.display(), unloaded(e))))?;
    for (e, active) in youngs.iter_mut().zip(&attached.bone) {
        if !active {
            *e = 0.0;
        }
    }
    Ok(Carrier {
        youngs,
        attached,
        notes,
        too_soft,
    })
}

/// Runs the test and leaves `solve.toml` and the strain energy density.
/// # Errors
/// [`CommandError`]; a solve that did not converge exits with 1.
pub fn solve(args: &SolveArgs) -> Result<(), CommandError> {
    check(args)?;
    let scan = open(args)?;
    let gpu = open_for(args, &scan)?;
    let law = args.law.as_deref().map(density_law).transpose()?;
    let carrier = carrier(args, &scan, law.as_ref())?;
    io::writable_folder(&args.out)?;
    let path = args.out.join("solve.toml");
    let names = scan.names("sed");
    for file in names.iter().map(|n| args.out.join(n)).chain([path.clone()]) {
        io::never_over(&file, &scan.files)?;
    }
    let told = tell(&args.volume, &carrier.notes);

    let (n, axis) = (scan.volume.voxels, args.axis as usize);
    let grid = Grid { elements: n };
    let element = Element::new(args.poisson, scan.volume.spacing);
    let plates = Plates {
        grid,
        element: &element,
        youngs: &carrier.youngs,
        idle: &carrier.attached.idle,
        axis,
        clamped: args.ends == Ends::Clamped,
    };
    let solution = compress(&gpu, &plates, args.tolerance as f32, args.iterations)?;
    let imposed = args.strain * n[axis] as f64 * scan.volume.spacing[axis];
    let u: Vec<f32> = solution
        .compressed
        .displacement
        .iter()
        .map(|u| (f64::from(*u) * imposed) as f32)
        .collect();
    let test = compression(&grid, &element, &carrier.youngs, &u, axis, imposed);

    write_energy(args, &scan, &test)?;
    let report = Report {
        law_source: law.map(|(_, law)| law.source),
        too_soft_removed: carrier.too_soft,
        told,
        ..report(
            args,
            &scan,
            &gpu,
            &test,
            &solution,
            &carrier.youngs,
            &carrier.attached,
        )
    };
    let text = toml::to_string(&report).map_err(broken)?;
    io::write(&path, text.as_bytes())?;
    say_answer(&test, &report, &solution, &path)
}

fn broken(error: impl std::fmt::Display) -> CommandError {
    CommandError {
        message: error.to_string(),
        code: 1,
    }
}

/// Writes the strain energy density as a scan of the same kind.
fn write_energy(args: &SolveArgs, scan: &Scan, test: &Compression) -> Result<(), CommandError> {
    let field: Vec<f32> = test.energy.iter().map(|e| *e as f32).collect();
    let files = scan
        .with_values("sed", &field, "strain energy density, MPa")
        .map_err(broken)?;
    // The file of voxels before the one that names it.
    for (file, bytes) in files.iter().rev() {
        io::write(&args.out.join(file), bytes)?;
    }
    Ok(())
}

/// Tells the answer; one that did not converge is an error.
fn say_answer(
    test: &Compression,
    report: &Report,
    solution: &Solution,
    path: &std::path::Path,
) -> Result<(), CommandError> {
    let outcome = solution.compressed.outcome;
    say(&format!(
        "stiffness {:.2} N/mm, apparent modulus {:.2} MPa, failure load {:.1} N\nalong {} ({})\n{} elements, {} iterations, true residual {:.1e}, {:.1} s\n{}",
        test.stiffness,
        test.apparent_modulus,
        test.failure_load,
        report.axis,
        match report.axis_runs.as_str() {
            "unknown" => "the file does not say how that runs in the body",
            runs => runs,
        },
        report.elements,
        outcome.iterations,
        outcome.true_residual,
        solution.seconds,
        path.display()
    ))?;
    if outcome.converged {
        return Ok(());
    }
    Err(CommandError {
        message: format!(
            "the solve did not converge: {} iterations left a residual of {:.1e}; what was written says so",
            outcome.iterations, outcome.true_residual
        ),
        code: 1,
    })
}

/// A test that is over, with what it cost.
pub(super) struct Solution {
    pub(super) compressed: Compressed,
    pub(super) seconds: f64,
    pub(super) bytes: u64,
}

/// Presses a block and waits for the answer.
pub(super) fn compress(
    gpu: &Gpu,
    plates: &Plates<'_>,
    tolerance: f32,
    iterations: u32,
) -> Result<Solution, CommandError> {
    let mut test = CompressionTest::new(gpu, plates, tolerance, iterations)?;
    let start = Instant::now();
    loop {
        if let Some(compressed) = test.poll(clock())? {
            return Ok(Solution {
                compressed,
                seconds: start.elapsed().as_secs_f64(),
                bytes: test.bytes(),
            });
        }
        gpu.wait()?;
    }
}

/// Why nothing carries the load, and what to do about it.
pub(super) fn unloaded(why: Unloaded) -> &'static str {
    match why {
        Unloaded::Nothing => "the volume has no bone: no voxel passes --threshold (or has --label)",
        Unloaded::NotThrough => {
            "no bone reaches from one end face to the other, so nothing carries the load: crop the scan to the bone, or try another --axis"
        }
    }
}

/// What `solve.toml` holds.
#[derive(Debug, Serialize)]
struct Report {
    version: &'static str,
    adapter: String,
    /// What was told of the scan and the flags.
    told: Vec<String>,
    volume: String,
    voxels: [usize; 3],
    spacing_mm: [f64; 3],
    spacing_from: &'static str,
    elements: usize,
    islands_removed: usize,
    stubs: usize,
    too_soft_removed: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    law: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    law_source: Option<String>,
    youngs_least_mpa: f64,
    youngs_most_mpa: f64,
    poisson: f64,
    axis: String,
    axis_runs: String,
    axis_tilt_deg: f64,
    ends: String,
    strain: f64,
    reaction_n: f64,
    stiffness_n_per_mm: f64,
    apparent_modulus_mpa: f64,
    sed_mean_mpa: f64,
    sed_p50_mpa: f64,
    sed_p95_mpa: f64,
    sed_p98_mpa: f64,
    pistoia_failure_load_n: f64,
    pistoia_volume_share: f64,
    pistoia_strain: f64,
    converged: bool,
    tolerance: f64,
    true_relative_residual: f64,
    iterations: u32,
    seconds: f64,
    bytes: u64,
}

fn report(
    args: &SolveArgs,
    scan: &Scan,
    gpu: &Gpu,
    test: &Compression,
    solution: &Solution,
    youngs: &[f64],
    attached: &Attached,
) -> Report {
    let bone = || youngs.iter().copied().filter(|e| *e > 0.0);
    Report {
        version: env!("CARGO_PKG_VERSION"),
        adapter: gpu.adapter_name(),
        told: Vec::new(),
        volume: args.volume.display().to_string(),
        voxels: scan.volume.voxels,
        spacing_mm: scan.volume.spacing,
        spacing_from: match (scan.knows_spacing, &args.spacing) {
            (true, _) => "file",
            (false, Some(_)) => "--spacing",
            (false, None) => "assumed",
        },
        elements: bone().count(),
        islands_removed: attached.islands,
        stubs: attached.stubs,
        too_soft_removed: 0,
        threshold: args.label.is_none().then_some(args.threshold),
        label: args.label,
        law: args.law.clone(),
        law_source: None,
        youngs_least_mpa: bone().fold(f64::INFINITY, f64::min),
        youngs_most_mpa: bone().fold(0.0, f64::max),
        poisson: args.poisson,
        axis: args.axis.name().to_owned(),
        axis_runs: runs(scan, args.axis),
        axis_tilt_deg: scan.volume.axes.tilts()[args.axis as usize],
        ends: format!("{:?}", args.ends).to_lowercase(),
        strain: args.strain,
        reaction_n: test.reaction,
        stiffness_n_per_mm: test.stiffness,
        apparent_modulus_mpa: test.apparent_modulus,
        sed_mean_mpa: test.mean,
        sed_p50_mpa: test.percentiles[0],
        sed_p95_mpa: test.percentiles[1],
        sed_p98_mpa: test.percentiles[2],
        pistoia_failure_load_n: test.failure_load,
        pistoia_volume_share: compression::PISTOIA_VOLUME,
        pistoia_strain: compression::PISTOIA_STRAIN,
        converged: solution.compressed.outcome.converged,
        tolerance: args.tolerance,
        true_relative_residual: solution.compressed.outcome.true_residual,
        iterations: solution.compressed.outcome.iterations,
        seconds: solution.seconds,
        bytes: solution.bytes,
    }
}

/// What to say of a volume of which the adapter has room for a `share`.
fn too_large(n: [usize; 3], share: f64) -> String {
    let shrink = share.cbrt() * 0.98;
    let fits = n.map(|n| (n as f64 * shrink) as usize);
    format!(
        "a volume of {} x {} x {} voxels is too large for this adapter; about {} x {} x {} would fit",
        n[0], n[1], n[2], fits[0], fits[1], fits[2]
    )
}
