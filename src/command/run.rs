//! `mechanostat run`: a scenario without a window, to tables, fields and a figure.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use crate::figure::{Chart, ColourBar, Curve, MissionFigure, Panel, Raster, Span, png};
use crate::gpu::{Fault, Gpu, GpuError, Readback, Request, values};
use crate::io::{self, Row};
use crate::measure::{Measurement, PendingOrientation, Ruler, StrengthTest};
use crate::physiology::{Model, Physiology};
use crate::scenario::Scenario;
use crate::sim::field::FieldKind;
use crate::sim::{SETTLING_ROUNDS, Simulation, Snapshot, Status};
use crate::tissue::{Anatomy, SCENES, SiteKind};
use crate::view::{Camera, Colormap, Cut, Picture, RayMarch};
use crate::volume::{Axes, Volume};

use super::passage::Passage;
use super::results::{FIELDS, MANIFEST, Results, field_stem};
use super::{CommandError, Place, person, say, scenario};

/// The table and the figure that a run leaves.
const TABLE: &str = "timeseries.csv";
const FIGURE: &str = "figure.png";

/// Days of a step of the model. In shorter ones slow sites change by less than f32 tells apart.
const STEPS: std::ops::RangeInclusive<f64> = 0.1..=1.0;

/// Resolution of figures.
const DOTS_PER_INCH: f64 = 300.0;

/// How fields are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FieldFormat {
    /// VTK image for ParaView.
    Vti,
    /// NumPy array.
    Npy,
    /// Not at all.
    None,
}

/// When bones are tested to failure; each test costs a solve of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StrengthDays {
    /// On the first and the last day.
    Ends,
    /// At every row of the table.
    Every,
    /// Never.
    None,
}

/// Flags of `mechanostat run`.
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    /// Built-in scenario or path of a TOML file
    pub scenario: String,
    /// Folder for what the run leaves [default: results/SCENARIO]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Scene: hip, lower-leg, lumbar, trabecular-core, or a scan's file (.nii.gz, .mha, .nrrd, .vti, .npy)
    #[arg(long, default_value = "hip")]
    pub scene: String,
    /// Of a scan as scene, what this scan of the same voxels has above 0
    #[arg(long, value_name = "FILE")]
    pub mask: Option<PathBuf>,
    /// Voxels along the scene's longest side
    #[arg(long, default_value_t = 64, value_name = "N")]
    pub size: usize,
    /// Group of people: control, op (osteoporotic) or oa (osteoarthritic)
    #[arg(long, default_value = "control")]
    pub group: String,
    /// Days to run; more than the scenario has lengthen its last phase [default: all]
    #[arg(long, value_name = "D")]
    pub days: Option<f64>,
    /// Days between two rows of the table (and two fields)
    #[arg(long, default_value_t = 1.0, value_name = "D")]
    pub every: f64,
    /// Days of a step of the model, 0.1 to 1
    #[arg(long, default_value_t = 1.0, value_name = "D")]
    pub step_days: f64,
    /// Fields to write at each of these days
    #[arg(long, value_enum, default_value_t = FieldFormat::None)]
    pub fields: FieldFormat,
    /// Another value for a parameter of physiology.toml, as NAME=VALUE; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Grow trabecular bone from a uniform block by the laws of remodelling, sped up, instead of settling it first
    #[arg(long)]
    pub grow: bool,
    /// When bones are tested to failure (a solve each)
    #[arg(long, value_enum, default_value_t = StrengthDays::Ends)]
    pub strength: StrengthDays,
    /// Part of the name of the adapter to use [default: WGPU_ADAPTER_NAME, or the most powerful]
    #[arg(long, value_name = "NAME")]
    pub adapter: Option<String>,
    /// Count quotients, roots and powers that are no finite number, where the shaders make them (slower)
    #[arg(long)]
    pub check_numbers: bool,
}

/// Runs a scenario and leaves its results.
/// # Errors
/// [`CommandError`] with its exit code; nothing half-written stays.
pub fn run(args: &RunArgs) -> Result<(), CommandError> {
    let scenario = scenario(&args.scenario)?;
    if let Some(days) = args.days {
        check_days("--days", days)?;
    }
    check_days("--every", args.every)?;
    if !STEPS.contains(&args.step_days) {
        return Err(CommandError::usage(format!(
            "--step-days {} is out of range; allowed: {} to {} (in shorter ones slow sites change by less than f32 tells apart)",
            args.step_days,
            STEPS.start(),
            STEPS.end()
        )));
    }
    let days = args.days.unwrap_or_else(|| scenario.days());
    let place = Place::find(&args.scene, args.size, args.mask.as_deref())?;
    // A wrong name is told before anything is made.
    person(SCENES[0], &args.group, scenario.body_mass_kg, &args.set)?;
    let stem = std::path::Path::new(&args.scenario)
        .file_stem()
        .unwrap_or_default();
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| PathBuf::from("results").join(stem));
    let mut inputs = place.files().to_vec();
    inputs.push(PathBuf::from(&args.scenario));
    let mut results = Results::new(out, inputs, &[TABLE, FIGURE, MANIFEST])?;

    // The adapter is asked before a large scene is built: that takes long.
    let gpu = Gpu::open(Request {
        checks: args.check_numbers,
        ..Request::on(args.adapter.as_deref(), place.need(args.size)?)
    })?;
    let anatomy = place.anatomy(args.size)?;
    let model = person(anatomy.scene, &args.group, scenario.body_mass_kg, &args.set)?;
    let model = Arc::new(model);
    eprintln!("{} on {}", scenario.name, gpu.adapter_name());
    if args.grow && !anatomy.settles {
        return Err(CommandError::usage(format!(
            "--grow: {} comes with its density and is not grown; scenes that are: hip, lower-leg, lumbar",
            args.scene
        )));
    }
    let bar = Progress::new(SETTLING_ROUNDS, days);
    let begin = if args.grow {
        Simulation::growing
    } else {
        Simulation::new
    };
    let mut simulation = begin(&gpu, Arc::clone(&anatomy), Arc::clone(&model))?;
    settle(&mut simulation, &bar)?;

    let ruler = Ruler::new(&anatomy, &model);
    let mut artist = Artist::new(&simulation)?;
    let before = artist.panel(&simulation, FieldKind::Density, "Day 0")?;
    let mut table = Table::default();
    let mut row = |simulation: &Simulation, number: u32, over: bool| -> Result<(), CommandError> {
        let tested = match args.strength {
            StrengthDays::Ends => over || number == 0,
            StrengthDays::Every => true,
            StrengthDays::None => false,
        };
        let mut measured = ruler.measure(&take_snapshot(simulation)?);
        if tested {
            measured.extend(test_strength(simulation)?);
        }
        if args.grow {
            measured.extend(wolff(simulation)?);
        }
        table.record(simulation, &scenario, &measured);
        write_fields(simulation, args.fields, &mut results)
    };
    let mut passage = Passage::new(&scenario, args.step_days);
    for number in 0.. {
        // Counted, not added up: a thousand tenths are a hundred.
        let due = (f64::from(number) * args.every).min(days);
        let over = due >= days - 1e-9;
        passage.to(&mut simulation, due, &bar)?;
        row(&simulation, number, over)?;
        // The figure shows where the run ended, between two steps or not.
        if over {
            break;
        }
        passage.go_on(&mut simulation);
    }
    bar.finish();
    let rows = table.rows;

    let last = rows.last().map_or(0.0, |r| r.day);
    let title = format!("Day {last}");
    let after = artist.panel(&simulation, FieldKind::Density, &title)?;
    let title = format!("Change, day {last}");
    let change = artist.panel(&simulation, FieldKind::Change, &title)?;
    let faults = count_faults(&gpu)?;
    let picture = figure(&scenario, args, &simulation, &rows, [before, after], change);
    let svg = picture.svg()?;
    let drawn = png(&svg, DOTS_PER_INCH)?;
    results.write(TABLE, io::csv(&rows).as_bytes())?;
    results.write(FIGURE, &drawn)?;
    let mut manifest = manifest(&scenario, args, days, &model, &simulation);
    let strings =
        |all: &[String]| toml::Value::Array(all.iter().map(|s| s.clone().into()).collect());
    manifest.insert("told".to_owned(), strings(place.told()));
    let mut files = results.written().to_vec();
    files.push(MANIFEST.to_owned());
    manifest.insert("files".to_owned(), strings(&files));
    if let Some(faults) = &faults {
        manifest.insert("not_finite".to_owned(), fault_table(faults).into());
    }
    let text = format!("# What this run was made of: enough to run it again.\n{manifest}");
    results.write(MANIFEST, text.as_bytes())?;
    print_summary(&rows, &anatomy)?;
    say(&format!("picture: {}", results.path(FIGURE).display()))?;
    say(&format!("table:   {}", results.path(TABLE).display()))?;
    match faults {
        None => Ok(()),
        Some(faults) if faults.is_empty() => {
            say("numbers: every quotient, root and power was finite")
        }
        Some(faults) => Err(CommandError {
            message: told_faults(&faults),
            code: 1,
        }),
    }
}

/// What the shaders made so far that is no finite number; none where that is not counted.
fn count_faults(gpu: &Gpu) -> Result<Option<Vec<Fault>>, CommandError> {
    let Some(read) = gpu.read_faults()? else {
        return Ok(None);
    };
    let parts = read.wait(gpu)?;
    Ok(Some(gpu.faults(parts.first().map_or(&[], Vec::as_slice))))
}

fn fault_table(faults: &[Fault]) -> toml::Table {
    let mut table = toml::Table::new();
    table.insert(
        "nan".to_owned(),
        faults.iter().map(|f| i64::from(f.nan)).sum::<i64>().into(),
    );
    table.insert(
        "infinite".to_owned(),
        faults
            .iter()
            .map(|f| i64::from(f.infinite))
            .sum::<i64>()
            .into(),
    );
    table
}

fn told_faults(faults: &[Fault]) -> String {
    let each: Vec<String> = faults
        .iter()
        .map(|f| {
            format!(
                "{} that are no number and {} infinite ones in {}",
                f.nan, f.infinite, f.shader
            )
        })
        .collect();
    format!(
        "not every quotient, root and power was finite: {}",
        each.join("; ")
    )
}

/// A quarter of an hour to a hundred years.
fn check_days(flag: &str, value: f64) -> Result<(), CommandError> {
    if (0.01..=36_525.0).contains(&value) {
        Ok(())
    } else {
        Err(CommandError::usage(format!(
            "{flag} {value} is out of range; allowed: 0.01 to 36525 days"
        )))
    }
}

/// A submission is kept shorter than this, so that neither a driver's watchdog nor our own patience ends it.
const LONGEST_SLICE: Duration = Duration::from_millis(500);
/// Iterations that a submission holds at most.
const MOST_SLICE: u32 = 16;

/// Lets the adapter finish what is under way.
pub(super) fn settle(simulation: &mut Simulation, bar: &Progress) -> Result<(), CommandError> {
    loop {
        match simulation.poll()? {
            Status::Ready => return Ok(()),
            Status::Waiting => {
                let start = Instant::now();
                simulation.gpu().wait()?;
                let took = start.elapsed();
                let slice = simulation.slice();
                if took > LONGEST_SLICE {
                    simulation.set_slice(slice / 2);
                } else if took < LONGEST_SLICE / 4 {
                    simulation.set_slice((2 * slice).min(MOST_SLICE));
                }
            }
            Status::Settling(round) => bar.round(round),
            Status::Solving => {}
        }
    }
}

pub(super) fn take_snapshot(simulation: &Simulation) -> Result<Snapshot, CommandError> {
    let pending = simulation.snapshot()?;
    simulation.gpu().wait()?;
    pending.poll()?.ok_or_else(|| {
        GpuError::Readback {
            detail: "the snapshot never arrived".to_owned(),
        }
        .into()
    })
}

/// How the grown bone lies against the stress of the day.
fn wolff(simulation: &Simulation) -> Result<Vec<Measurement>, CommandError> {
    let pending = PendingOrientation::new(simulation)?;
    simulation.gpu().wait()?;
    let found = pending
        .poll(simulation)?
        .ok_or_else(|| GpuError::Readback {
            detail: "the orientation never arrived".to_owned(),
        })?;
    let Some(found) = found else {
        return Ok(Vec::new());
    };
    let tell = |quantity, unit, value| Measurement {
        region: "trabecular",
        quantity,
        unit,
        value,
    };
    Ok(vec![
        tell("angle_to_principal_stress", "deg", found.angle),
        tell("cosine_to_principal_stress", "1", found.cosine),
        tell("density_stress_correlation", "1", found.correlation),
    ])
}

/// Tests the bones of a scene to failure, each as its plans have it.
pub(super) fn test_strength(simulation: &Simulation) -> Result<Vec<Measurement>, CommandError> {
    let mut all = Vec::new();
    for plan in &simulation.anatomy().strength {
        let mut test = StrengthTest::new(simulation, plan)?;
        let found = loop {
            if let Some(found) = test.poll()? {
                break found;
            }
            simulation.gpu().wait()?;
        };
        let answers = [("N", found.strength), ("N/mm", found.stiffness)];
        for (quantity, (unit, value)) in plan.quantities.into_iter().zip(answers) {
            all.push(Measurement {
                region: plan.region,
                quantity,
                unit,
                value,
            });
        }
    }
    Ok(all)
}

/// The rows of `timeseries.csv`, and what each quantity was on its first day.
#[derive(Default)]
struct Table {
    rows: Vec<Row>,
    first: BTreeMap<(&'static str, &'static str), f64>,
}

impl Table {
    fn record(&mut self, simulation: &Simulation, scenario: &Scenario, measured: &[Measurement]) {
        let day = simulation.day();
        // The row tells what led up to the day, not what follows; day 0 counts to the first phase.
        let gravity = scenario
            .phase_at((day - 1e-6).max(0.0))
            .0
            .conditions
            .gravity;
        for m in measured {
            let before = *self.first.entry((m.region, m.quantity)).or_insert(m.value);
            self.rows.push(Row {
                day: (day * 1e6).round() / 1e6,
                gravity,
                region: m.region.to_owned(),
                quantity: m.quantity.to_owned(),
                unit: m.unit.to_owned(),
                value: m.value,
                change_pct: if before == 0.0 {
                    0.0
                } else {
                    100.0 * (m.value - before) / before
                },
            });
        }
    }
}

/// A field on the whole lattice, NaN where its tissue is not.
fn volume(simulation: &Simulation, kind: FieldKind) -> Result<Volume, CommandError> {
    let gpu = simulation.gpu();
    simulation.show(kind);
    let mut encoder = gpu.encoder("field readback");
    let bytes = 4 * simulation.anatomy().len() as u64;
    let read = Readback::record(
        gpu,
        &mut encoder,
        &[
            (&simulation.state().values, 0, bytes),
            (&simulation.state().envelope, 0, bytes),
        ],
    )?;
    gpu.submit(encoder);
    let parts = read.wait(gpu)?;
    let [field, envelope] = parts.as_slice() else {
        return Err(GpuError::Readback {
            detail: "a field never arrived".to_owned(),
        }
        .into());
    };
    let shift = if kind.in_muscle() { 8 } else { 0 };
    let values = values::<f32>(field)
        .into_iter()
        .zip(values::<u32>(envelope))
        .map(|(v, e)| {
            if (e >> shift) as u8 == 0 {
                f32::NAN
            } else {
                v * kind.scale()
            }
        })
        .collect();
    let anatomy = simulation.anatomy();
    Ok(Volume {
        name: kind.key().to_owned(),
        unit: kind.unit().to_owned(),
        voxels: anatomy.voxels,
        spacing: [anatomy.spacing; 3],
        origin: anatomy.origin,
        axes: Axes::BODY,
        values,
    })
}

fn write_fields(
    simulation: &Simulation,
    format: FieldFormat,
    results: &mut Results,
) -> Result<(), CommandError> {
    if format == FieldFormat::None {
        return Ok(());
    }
    let mut volumes = FieldKind::ALL
        .iter()
        .map(|kind| volume(simulation, *kind))
        .collect::<Result<Vec<_>, _>>()?;
    let anatomy = simulation.anatomy();
    volumes.push(Volume {
        name: "tissue".to_owned(),
        unit: "0 outside 1 soft 2 muscle 3 marrow 4 trabecular 5 cortical".to_owned(),
        voxels: anatomy.voxels,
        spacing: [anatomy.spacing; 3],
        origin: anatomy.origin,
        axes: Axes::BODY,
        values: anatomy.tissue.iter().map(|t| f32::from(*t as u8)).collect(),
    });
    let day = simulation.day();
    let stem = format!("{FIELDS}/{}", field_stem(day));
    if format == FieldFormat::Vti {
        return results.write(&format!("{stem}.vti"), &io::vti(&volumes, day));
    }
    for v in &volumes {
        let bytes = io::npy(v).map_err(|e| CommandError {
            message: e.to_string(),
            code: 1,
        })?;
        results.write(&format!("{stem}_{}.npy", v.name), &bytes)?;
    }
    Ok(())
}

/// Draws the figure's pictures.
struct Artist {
    march: RayMarch,
    size: [u32; 2],
}

impl Artist {
    fn new(simulation: &Simulation) -> Result<Self, CommandError> {
        let march = RayMarch::new(simulation.gpu(), simulation.state(), simulation.anatomy())?;
        Ok(Self {
            march,
            size: MissionFigure::panel_pixels(DOTS_PER_INCH),
        })
    }

    fn panel(
        &mut self,
        simulation: &Simulation,
        field: FieldKind,
        title: &str,
    ) -> Result<Panel, CommandError> {
        let gpu = simulation.gpu();
        let picture = picture(simulation.anatomy(), field, self.size);
        simulation.show(field);
        self.march.draw(gpu, &picture)?;
        let parts = self.march.read(gpu)?.wait(gpu)?;
        let pixels = RayMarch::pixels(self.size, parts.first().map_or(&[], Vec::as_slice));
        Ok(Panel {
            title: title.to_owned(),
            raster: Raster {
                size: self.size,
                pixels,
            },
            height_mm: f64::from(picture.camera.height),
        })
    }
}

/// The view that shows the inside of a scene best: cut through the middle of its bone, from the front.
pub(crate) fn picture(anatomy: &Anatomy, field: FieldKind, size: [u32; 2]) -> Picture {
    let extent = anatomy.voxels.map(|n| n as f32 * anatomy.spacing as f32);
    let mut camera = Camera::front(extent);
    // Where each scene is opened, and from where it is looked at.
    let cut = match anatomy.scene {
        // A vertebra from above, through the middle of its body.
        "lumbar" => {
            camera.orbit(-13.0, 65.0);
            // It is wide rather than high, and pictures are not.
            camera.height = 1.35 * extent[0];
            Cut::Axial(0.5)
        }
        // The leg from the side, where heel and Achilles tendon are seen.
        "lower-leg" => {
            camera.orbit(-75.0, 6.0);
            Cut::Sagittal(0.5)
        }
        "trabecular-core" | "scan" => {
            camera.orbit(-30.0, 15.0);
            camera.height = 1.5 * extent[2];
            Cut::None
        }
        // The plane through the head's centre and the shaft, where the trabecular groups are seen.
        _ => {
            camera.orbit(-13.0, 6.0);
            Cut::Coronal(0.53)
        }
    };
    let range = if anatomy.scene == "trabecular-core" && field == FieldKind::Density {
        // Single struts are solid.
        (0.0, 1200.0)
    } else {
        field.range()
    };
    Picture {
        size,
        camera,
        field,
        range,
        colormap: if field.diverging() {
            Colormap::Vik
        } else {
            Colormap::Batlow
        },
        cut,
        ghost: true,
        background: [1.0, 1.0, 1.0],
    }
}

/// A region's name for people.
pub(crate) fn plain(name: &str) -> String {
    name.replace('_', " ")
}

/// The curves that tell most about a scene's bone: region, quantity, label.
pub(crate) fn bone_curves(anatomy: &Anatomy) -> Vec<(&'static str, &'static str, String)> {
    // The hip as a whole says more than its neck; elsewhere the first region does.
    let main = anatomy
        .regions
        .iter()
        .map(|r| r.name)
        .find(|n| *n == "total_hip")
        .or_else(|| anatomy.regions.first().map(|r| r.name));
    let mut all = Vec::new();
    let cortical = anatomy
        .bone
        .iter()
        .any(|b| b.sites.iter().any(|s| s.kind == SiteKind::Cortical));
    if let Some(main) = main {
        all.push((main, "bmd", plain(main)));
        if cortical {
            all.push((
                main,
                "trabecular_bmd",
                format!("{}, trabecular", plain(main)),
            ));
            all.push((main, "cortical_bmd", format!("{}, cortical", plain(main))));
        }
    }
    let others = anatomy.regions.iter().filter(|r| Some(r.name) != main);
    all.extend(others.map(|r| (r.name, "bmd", plain(r.name))));
    all.truncate(5);
    all
}

fn curve(rows: &[Row], region: &str, quantity: &str, label: &str) -> Curve {
    Curve {
        label: label.to_owned(),
        points: rows
            .iter()
            .filter(|r| r.region == region && r.quantity == quantity)
            .map(|r| (r.day, r.change_pct))
            .collect(),
    }
}

fn figure(
    scenario: &Scenario,
    args: &RunArgs,
    simulation: &Simulation,
    rows: &[Row],
    before_after: [Panel; 2],
    change: Panel,
) -> MissionFigure {
    let shown = picture(simulation.anatomy(), FieldKind::Density, [1, 1]);
    let mut start = 0.0;
    let mut phases: Vec<Span> = scenario
        .phases
        .iter()
        .map(|p| {
            let from = start;
            start += p.days;
            Span {
                name: p.name.clone(),
                from,
                to: start,
                gravity: p.conditions.axial_gravity(),
            }
        })
        .collect();
    if let Some(last) = phases.last_mut() {
        last.to = last.to.max(simulation.day());
    }
    let chart = |label: &str, curves: Vec<Curve>| Chart {
        label: label.to_owned(),
        curves,
        phases: phases.clone(),
        days: simulation.day(),
    };
    let bar = |kind: FieldKind, colormap, label: &str| ColourBar {
        colormap,
        range: {
            let (low, high) = picture(simulation.anatomy(), kind, [1, 1]).range;
            (f64::from(low), f64::from(high))
        },
        clipped: kind.clipped(),
        label: label.to_owned(),
    };
    MissionFigure {
        title: scenario.name.clone(),
        before_after,
        density_bar: bar(
            FieldKind::Density,
            Colormap::Batlow,
            "Bone mineral density (mg HA/cm³)",
        ),
        change,
        change_bar: bar(FieldKind::Change, Colormap::Vik, "Change since day 0 (%)"),
        charts: [
            chart(
                "Bone mineral density, change (%)",
                bone_curves(simulation.anatomy())
                    .iter()
                    .map(|(region, quantity, label)| curve(rows, region, quantity, label))
                    .collect(),
            ),
            if simulation.anatomy().muscle_regions.is_empty() {
                chart(
                    "Bone cells, change (%)",
                    vec![
                        curve(rows, "whole_body", "resorption_marker", "osteoclasts"),
                        curve(rows, "whole_body", "formation_marker", "osteoblasts"),
                    ],
                )
            } else {
                chart(
                    "Muscle volume, change (%)",
                    simulation
                        .anatomy()
                        .muscle_regions
                        .iter()
                        .map(|m| curve(rows, m.name, "volume", &plain(m.name)))
                        .collect(),
                )
            },
        ],
        notes: vec![
            format!(
                "Simulated: Mechanostat {}, scene {}, size {} ({:.2} mm voxels), group {}; {}, {}.",
                env!("CARGO_PKG_VERSION"),
                // A scan's name, not where it lies.
                std::path::Path::new(&args.scene)
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy(),
                args.size,
                simulation.anatomy().spacing,
                args.group,
                shown.camera.place(),
                shown.cut
            ),
            format!(
                "Adapter {}; colour maps batlow and vik (Crameri). Grey: gravity along the legs, darker is less. Parameters: run.toml.",
                simulation.gpu().adapter_name()
            ),
        ],
    }
}

fn manifest(
    scenario: &Scenario,
    args: &RunArgs,
    days: f64,
    model: &Model,
    simulation: &Simulation,
) -> toml::Table {
    use toml::{Table, Value};
    let mut run = Table::new();
    let mut set = |key: &str, value: Value| run.insert(key.to_owned(), value);
    set("version", env!("CARGO_PKG_VERSION").into());
    set("adapter", simulation.gpu().adapter_name().into());
    set("scenario", args.scenario.clone().into());
    set("scene", args.scene.clone().into());
    set("size", (args.size as i64).into());
    if let Some(mask) = &args.mask {
        set("mask", mask.display().to_string().into());
    }
    set("group", args.group.clone().into());
    set("body_mass_kg", scenario.body_mass_kg.into());
    set(
        "set",
        Value::Array(args.set.iter().map(|s| s.clone().into()).collect()),
    );
    set("grow", args.grow.into());
    set("days", days.into());
    set("every", args.every.into());
    set("step_days", args.step_days.into());
    set("fields", format!("{:?}", args.fields).to_lowercase().into());
    set(
        "strength",
        format!("{:?}", args.strength).to_lowercase().into(),
    );
    set("spacing_mm", simulation.anatomy().spacing.into());
    set(
        "gpu_bytes_per_voxel",
        (simulation.bytes() as f64 / simulation.anatomy().len() as f64).into(),
    );
    let mut solves = Table::new();
    for (load, outcome) in simulation.anatomy().loads.iter().zip(simulation.outcomes()) {
        let mut solve = Table::new();
        solve.insert("true_residual".to_owned(), outcome.true_residual.into());
        solve.insert(
            "iterations".to_owned(),
            i64::from(outcome.iterations).into(),
        );
        solves.insert(load.name.to_owned(), solve.into());
    }
    set("last_solves", solves.into());
    let mut parameters = Table::new();
    for (name, value) in Physiology::NAMES.iter().zip(model.physiology.values()) {
        // The shortest decimal that names this f32, not its expansion to f64.
        let value: f64 = value.to_string().parse().unwrap_or(f64::from(value));
        parameters.insert((*name).to_owned(), value.into());
    }
    set("parameters", parameters.into());
    if let Ok(activities) = Value::try_from(&model.activities) {
        set("activity", activities);
    }
    if let Ok(muscles) = Value::try_from(&model.muscles) {
        set("muscle", muscles);
    }
    if let Ok(joints) = Value::try_from(&model.joints) {
        set("joint", joints);
    }
    set("scenario_text", scenario.text.clone().into());
    run
}

fn print_summary(rows: &[Row], anatomy: &Anatomy) -> Result<(), CommandError> {
    let Some(last) = rows.last().map(|r| r.day) else {
        return Ok(());
    };
    say(&format!("change at day {last}:"))?;
    let mut wanted: Vec<(&str, &str)> = Vec::new();
    for region in &anatomy.regions {
        for quantity in [
            "bmd",
            "trabecular_bmd",
            "cortical_bmd",
            "strength",
            "stance_strength",
        ] {
            wanted.push((region.name, quantity));
        }
    }
    for region in &anatomy.muscle_regions {
        wanted.push((region.name, "volume"));
        wanted.push((region.name, "strength"));
    }
    for quantity in ["resorption_marker", "formation_marker"] {
        wanted.push(("whole_body", quantity));
    }
    for (region, quantity) in wanted {
        if let Some(r) = rows
            .iter()
            .rev()
            .find(|r| r.region == region && r.quantity == quantity)
        {
            say(&format!(
                "  {:<17} {:<17} {:>8.2} %",
                r.region,
                r.quantity,
                r.change_pct + 0.0
            ))?;
        }
    }
    Ok(())
}

/// A bar on a terminal, nothing elsewhere.
pub(super) struct Progress {
    bar: indicatif::ProgressBar,
    rounds: u32,
}

impl Progress {
    pub(super) fn new(rounds: u32, days: f64) -> Self {
        let bar = if std::io::stderr().is_terminal() {
            indicatif::ProgressBar::new(u64::from(rounds) + days.ceil() as u64)
        } else {
            indicatif::ProgressBar::hidden()
        };
        if let Ok(style) =
            indicatif::ProgressStyle::with_template("{msg:28} {wide_bar} {percent:>3} % {eta}")
        {
            bar.set_style(style);
        }
        Self { bar, rounds }
    }

    /// One that shows nothing.
    pub(super) fn quiet() -> Self {
        Self {
            bar: indicatif::ProgressBar::hidden(),
            rounds: 0,
        }
    }

    fn round(&self, round: u32) {
        self.bar.set_position(u64::from(round));
        self.bar.set_message("settling under 1 g");
    }

    pub(super) fn day(&self, day: f64) {
        self.bar.set_position(u64::from(self.rounds) + day as u64);
        self.bar.set_message(format!("mission day {day:.0}"));
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
