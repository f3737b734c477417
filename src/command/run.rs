//! `mechanostat run`: a scenario without a window, to tables, fields and a figure.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::figure::{Panel, png};
use crate::gpu::{Fault, Gpu, Request};
use crate::io;
use crate::measure::{Quantity, Ruler, WHOLE_BODY};
use crate::physiology::Model;
use crate::scenario::Scenario;
use crate::sim::{SETTLING_ROUNDS, Simulation};
use crate::tissue::{Anatomy, SCENES};
use crate::view::FieldKind;

use super::error::{CommandError, say};
use super::fields::FieldWriter;
use super::manifest::{fault_table, manifest, told_faults};
use super::mission::{Artist, DOTS_PER_INCH, figure};
use super::passage::Passage;
use super::place::{Place, person, scenario};
use super::progress::Progress;
use super::results::{MANIFEST, Results};
use super::run_args::{RunArgs, StrengthDays};
use super::saved::{self, Keeper, Saved};
use super::strength::{test_strength, wolff};
use super::table::Table;
use super::wait::{Wait as _, measured, open_gpu, settle_telling};

/// The table and the figure that a run leaves.
const TABLE: &str = "timeseries.csv";
const FIGURE: &str = "figure.png";

/// Days of a step of the model. In shorter ones slow sites change by less than f32 tells apart.
const STEPS: std::ops::RangeInclusive<f64> = 0.1..=1.0;

/// A run that was asked for, found possible.
struct Asked<'a> {
    args: &'a RunArgs,
    scenario: Scenario,
    days: f64,
    place: Place,
}

/// Runs a scenario and leaves its results.
/// # Errors
/// [`CommandError`] with its exit code; nothing half-written stays.
pub fn run(args: &RunArgs) -> Result<(), CommandError> {
    let asked = check(args)?;
    let out = folder(args);
    let key = saved::asked(args, &asked.scenario, asked.days);
    // A run that cannot go on is told before anything is made.
    let kept = args.resume.then(|| saved::read(&out, &key)).transpose()?;
    let mut inputs = asked.place.files().to_vec();
    inputs.push(PathBuf::from(&args.scenario));
    let mut results = Results::new(out, inputs, &[TABLE, FIGURE, MANIFEST])?;
    if kept.is_none() && saved::is_there(results.folder()) {
        eprintln!(
            "{} holds the middle of a run; this one begins anew (--resume would go on with it)",
            results.folder().display()
        );
    }

    // The adapter is asked before a large scene is built: that takes long.
    let gpu = open_gpu(Request {
        checks: args.check_numbers,
        ..Request::on(args.adapter.as_deref(), asked.place.need(args.size)?)
    })?;
    let anatomy = asked.place.anatomy(args.size)?;
    let mass = asked.scenario.body_mass_kg;
    let model = Arc::new(person(anatomy.scene, &args.group, mass, &args.set)?);
    eprintln!("{} on {}", asked.scenario.name, gpu.adapter_name());
    if args.grow && !anatomy.settles {
        return Err(CommandError::usage(format!(
            "--grow: {} comes with its density and is not grown; scenes that are: hip, lower-leg, lumbar",
            args.scene
        )));
    }
    let bar = Progress::new(SETTLING_ROUNDS, asked.days);
    let mut run = Run::begin(&asked, &gpu, &anatomy, &model, kept, &mut results, &bar)?;
    let mut keeper = Keeper::new(
        &run.simulation,
        key,
        Duration::from_secs_f64(args.save_every),
        args.resume,
    )?;
    run.go(&asked, &mut results, &mut keeper, &bar)?;
    bar.finish();
    run.leave(&asked, &model, results)
}

/// Looks at all flags.
fn check(args: &RunArgs) -> Result<Asked<'_>, CommandError> {
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
    if !(0.0..=1e6).contains(&args.save_every) {
        return Err(CommandError::usage(format!(
            "--save-every {} is out of range; allowed: 0 to 1000000 seconds",
            args.save_every
        )));
    }
    let days = args.days.unwrap_or_else(|| scenario.days());
    let place = Place::find(&args.scene, args.size, args.mask.as_deref())?;
    // A wrong name is told before anything is made.
    person(SCENES[0], &args.group, scenario.body_mass_kg, &args.set)?;
    Ok(Asked {
        args,
        scenario,
        days,
        place,
    })
}

/// Where results go.
fn folder(args: &RunArgs) -> PathBuf {
    let stem = Path::new(&args.scenario).file_stem().unwrap_or_default();
    args.out
        .clone()
        .unwrap_or_else(|| PathBuf::from("results").join(stem))
}

/// A run under way.
struct Run {
    simulation: Simulation,
    ruler: Ruler,
    artist: Artist,
    /// The settled bone.
    before: Panel,
    table: Table,
    fields: FieldWriter,
}

impl Run {
    /// Settles, or goes on where a run was kept.
    fn begin(
        asked: &Asked<'_>,
        gpu: &Gpu,
        anatomy: &Arc<Anatomy>,
        model: &Arc<Model>,
        kept: Option<Saved>,
        results: &mut Results,
        bar: &Progress,
    ) -> Result<Self, CommandError> {
        let mut table = Table::default();
        let (simulation, before) = if let Some(kept) = kept {
            if kept.now.adapter() != gpu.adapter_name() {
                eprintln!(
                    "this run began on {}: here its last digits may differ",
                    kept.now.adapter()
                );
            }
            let restored =
                |checkpoint| saved::restored(gpu, anatomy, model, checkpoint, results.folder());
            // The first picture is of the settled bone.
            let start = restored(&kept.start)?;
            let before = Artist::new(&start)?.panel(&start, FieldKind::Density, "Day 0")?;
            drop(start);
            let simulation = restored(&kept.now)?;
            table = kept.progressed.table;
            results.resume(kept.progressed.written);
            (simulation, before)
        } else {
            let begin = if asked.args.grow {
                Simulation::growing
            } else {
                Simulation::new
            };
            let mut simulation = begin(gpu, Arc::clone(anatomy), Arc::clone(model))?;
            settle_telling(&mut simulation, bar)?;
            let panel =
                Artist::new(&simulation)?.panel(&simulation, FieldKind::Density, "Day 0")?;
            (simulation, panel)
        };
        Ok(Self {
            ruler: Ruler::new(simulation.body(), model)?,
            artist: Artist::new(&simulation)?,
            fields: FieldWriter::new(&simulation, asked.args.fields)?,
            simulation,
            before,
            table,
        })
    }

    /// From row to row to the last day, which stays as it is.
    fn go(
        &mut self,
        asked: &Asked<'_>,
        results: &mut Results,
        keeper: &mut Keeper,
        bar: &Progress,
    ) -> Result<(), CommandError> {
        let mut passage = Passage::new(&asked.scenario, asked.args.step_days);
        for number in self.table.len().. {
            // Counted, not added up: a thousand tenths are a hundred.
            let due = (number as f64 * asked.args.every).min(asked.days);
            let over = due >= asked.days - 1e-9;
            passage.to(&mut self.simulation, due, bar)?;
            self.row(asked, number == 0 || over, results)?;
            // The figure shows where the run ended, between two steps or not.
            if over {
                break;
            }
            passage.go_on(&mut self.simulation);
            keeper.keep(&self.simulation, &self.table, results)?;
        }
        Ok(())
    }

    /// What is measured on a day.
    fn row(
        &mut self,
        asked: &Asked<'_>,
        is_end: bool,
        results: &mut Results,
    ) -> Result<(), CommandError> {
        let simulation = &self.simulation;
        let tested = match asked.args.strength {
            StrengthDays::Ends => is_end,
            StrengthDays::Every => true,
            StrengthDays::None => false,
        };
        let mut all = measured(&self.ruler, simulation)?;
        if tested {
            all.extend(test_strength(simulation)?);
        }
        if asked.args.grow {
            all.extend(wolff(simulation)?);
        }
        let day = simulation.day();
        // The row tells what led up to the day, not what follows; day 0 counts to the first phase.
        let (phase, _) = asked.scenario.phase_at((day - 1e-6).max(0.0));
        self.table.record(day, phase.conditions.gravity, &all);
        self.fields.write(simulation, results)
    }

    /// Leaves table, figure and manifest.
    fn leave(
        mut self,
        asked: &Asked<'_>,
        model: &Model,
        mut results: Results,
    ) -> Result<(), CommandError> {
        let simulation = &self.simulation;
        let last = self.table.last_day();
        let mut panel = |field, title: String| self.artist.panel(simulation, field, &title);
        let after = panel(FieldKind::Density, format!("Day {last}"))?;
        let change = panel(FieldKind::Change, format!("Change, day {last}"))?;
        let faults = count_faults(simulation.gpu())?;
        let panels = [self.before, after];
        let picture = figure(
            &asked.scenario,
            asked.args,
            simulation,
            &self.table,
            panels,
            change,
        );
        let drawn = png(&picture.svg()?, DOTS_PER_INCH)?;
        results.write(TABLE, io::csv(&self.table.rows()).as_bytes())?;
        results.write(FIGURE, &drawn)?;
        let mut manifest = manifest(&asked.scenario, asked.args, asked.days, model, simulation);
        let strings =
            |all: &[String]| toml::Value::Array(all.iter().map(|s| s.clone().into()).collect());
        manifest.insert("told".to_owned(), strings(asked.place.told()));
        let mut files = results.written().to_vec();
        files.push(MANIFEST.to_owned());
        manifest.insert("files".to_owned(), strings(&files));
        if let Some(faults) = &faults {
            manifest.insert("not_finite".to_owned(), fault_table(faults).into());
        }
        let text = format!("# What this run was made of: enough to run it again.\n{manifest}");
        results.write(MANIFEST, text.as_bytes())?;
        saved::forget(&results)?;
        print_summary(&self.table, simulation.anatomy())?;
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
}

/// What the shaders made so far that is no finite number; none where that is not counted.
fn count_faults(gpu: &Gpu) -> Result<Option<Vec<Fault>>, CommandError> {
    let Some(read) = gpu.read_faults()? else {
        return Ok(None);
    };
    let parts = gpu.fetch(&read)?;
    Ok(Some(gpu.faults(parts.first().map_or(&[], Vec::as_slice))))
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

fn print_summary(table: &Table, anatomy: &Anatomy) -> Result<(), CommandError> {
    say(&format!("change at day {}:", table.last_day()))?;
    let mut wanted: Vec<(&str, Quantity)> = Vec::new();
    for region in &anatomy.regions {
        for quantity in [
            Quantity::Bmd,
            Quantity::TrabecularBmd,
            Quantity::CorticalBmd,
            Quantity::Strength,
            Quantity::StanceStrength,
        ] {
            wanted.push((region.name, quantity));
        }
    }
    for region in &anatomy.muscle_regions {
        wanted.push((region.name, Quantity::Volume));
        wanted.push((region.name, Quantity::MuscleStrength));
    }
    wanted.push((WHOLE_BODY, Quantity::ResorptionMarker));
    wanted.push((WHOLE_BODY, Quantity::FormationMarker));
    for (region, quantity) in wanted {
        if let Some((_, change)) = table.change(region, quantity).last() {
            say(&format!(
                "  {region:<17} {:<17} {:>8.2} %",
                quantity.key(),
                change + 0.0
            ))?;
        }
    }
    Ok(())
}
