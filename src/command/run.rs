//! `mechanostat run`: a scenario without a window, to tables, fields and a figure.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::figure::PagePanel;
use crate::gpu::{Fault, Gpu, Request};
use crate::io;
use crate::physiology::Model;
use crate::sim::SETTLING_ROUNDS;
use crate::study::{
    Courses, Document, Driver, EVERY, Event, FieldFormat, Looks, Output, Place, Plan, Run, STEPS,
    Setup, StrengthDays, Tests, fault_table, manifest, mission_figure, shown_changes,
};
use crate::tissue::{Anatomy, SCENES};
use crate::view::Look;

use super::asked::Flags;
use super::error::{CommandError, say};
use super::fields::FieldWriter;
use super::interrupt::{Interrupt, interrupted};
use super::panel::PanelRenderer;
use super::progress::Progress;
use super::results::{MANIFEST, Results};
use super::run_args::RunArgs;
use super::saved::{self, Keeper, Saved};
use super::wait::{Wait as _, clock, open_gpu};

/// The table and the figure that a run leaves.
const TABLE: &str = "timeseries.csv";
const FIGURE: &str = "figure.png";

/// Voxels along the longest side, unless told otherwise.
const SIZE: usize = 64;

/// A run that was asked for, found possible.
struct Asked {
    document: Document,
    plan: Plan,
    output: Output,
    place: Place,
}

/// Runs a scenario and leaves its results.
/// # Errors
/// [`CommandError`] with its exit code; nothing half-written stays.
pub fn run(args: &RunArgs) -> Result<(), CommandError> {
    let asked = check(args)?;
    let setup = asked.document.setup();
    let out = folder(args);
    let key = saved::asked(&asked.document, &asked.output);
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
        ..Request::on(args.adapter.as_deref(), asked.place.need(setup.size)?)
    })?;
    let anatomy = asked.place.anatomy(setup.size, &setup.scenario.person)?;
    let model = setup.model(anatomy.scene)?;
    eprintln!("{} on {}", setup.scenario.name, gpu.adapter_name());
    if setup.grow && !anatomy.settles {
        return Err(CommandError::usage(format!(
            "--grow: {} comes with its density and is not grown; scenes that are: hip, lower-leg, lumbar",
            setup.scene
        )));
    }
    let bar = Progress::new(SETTLING_ROUNDS, asked.output.days);
    let mut keeper = Keeper::new(key, Duration::from_secs_f64(args.save_every));
    let interrupt = Interrupt::watch()?;
    let mut run = match kept {
        Some(kept) => {
            let run = Running::resume(&asked, &gpu, &anatomy, &model, kept, &mut results)?;
            keeper = keeper.going_on_from(run.driver.run().simulation().day());
            run
        }
        None => Running::begin(&asked, &gpu, anatomy, model)?,
    };
    let gone = run.go(&asked, &mut results, &mut keeper, &bar, &interrupt);
    bar.finish();
    gone.map_err(|e| keeper.told_of(e, results.folder()))?;
    run.leave(&asked, results)
}

/// Looks at all flags.
fn check(args: &RunArgs) -> Result<Asked, CommandError> {
    let flags = Flags {
        scene: args.scene.clone(),
        mask: args.mask.clone(),
        size: args.size,
        group: args.group.clone(),
        set: args.set.clone(),
        grow: args.grow,
        step_days: args.step_days,
        twin: args.twin,
    };
    let (document, of_file) = super::asked::asked(&args.scenario, &flags, SIZE)?;
    let setup = document.setup();
    let output = output(args, setup, of_file);
    if args.days.is_none() && output.days <= 0.0 {
        return Err(CommandError::usage(format!(
            "{}: nothing was run yet, up to its last day 0; --days says how far to go",
            args.scenario
        )));
    }
    check_days("--days", output.days)?;
    check_days("--every", output.every)?;
    if !STEPS.contains(&setup.step_days) {
        return Err(CommandError::usage(format!(
            "--step-days {} is out of range; allowed: {} to {} (in shorter ones slow sites change by less than f32 tells apart)",
            setup.step_days,
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
    if document.twin().is_some() {
        eprintln!(
            "{}: this is its first run; --twin runs the twin",
            args.scenario
        );
    }
    let place = Place::find(&setup.scene, setup.size, setup.mask.as_deref())?;
    for line in place.told() {
        eprintln!("{line}");
    }
    // A wrong name is told before anything is made.
    setup.model(SCENES[0])?;
    Ok(Asked {
        plan: Plan {
            looks: Looks::Every {
                days: output.every,
                last: output.days,
            },
            tests: match output.strength {
                StrengthDays::Ends => Tests::Ends,
                StrengthDays::Every => Tests::Always,
                StrengthDays::None => Tests::Never,
            },
            orientation: setup.grow,
        },
        document,
        output,
        place,
    })
}

/// What a run is to leave: what flags say, or a document, or what is usual.
fn output(args: &RunArgs, setup: &Setup, of_file: Option<Output>) -> Output {
    let usual = of_file.unwrap_or_else(|| Output {
        days: setup.scenario.days(),
        every: 1.0,
        fields: FieldFormat::None,
        strength: StrengthDays::Ends,
    });
    Output {
        days: args.days.unwrap_or(usual.days),
        every: args.every.unwrap_or(usual.every),
        fields: args.fields.unwrap_or(usual.fields),
        strength: args.strength.unwrap_or(usual.strength),
    }
}

/// Where results go.
fn folder(args: &RunArgs) -> PathBuf {
    let stem = Path::new(&args.scenario).file_stem().unwrap_or_default();
    args.out
        .clone()
        .unwrap_or_else(|| PathBuf::from("results").join(stem))
}

/// A run under way.
struct Running {
    driver: Driver,
    renderer: PanelRenderer,
    /// The settled bone, once it has settled.
    before: Option<PagePanel>,
    fields: FieldWriter,
}

impl Running {
    fn new(asked: &Asked, driver: Driver, before: Option<PagePanel>) -> Result<Self, CommandError> {
        let simulation = driver.run().simulation();
        Ok(Self {
            renderer: PanelRenderer::new(simulation)?,
            fields: FieldWriter::new(simulation, asked.output.fields)?,
            before,
            driver,
        })
    }

    /// From the first moment.
    fn begin(
        asked: &Asked,
        gpu: &Gpu,
        anatomy: Arc<Anatomy>,
        model: Arc<Model>,
    ) -> Result<Self, CommandError> {
        let (document, plan) = (asked.document.alone(), asked.plan.clone());
        let run = Run::new(gpu, anatomy, model, document, plan)?;
        let driver = Driver::new(run);
        Self::new(asked, driver, None)
    }

    /// From where a run was kept.
    fn resume(
        asked: &Asked,
        gpu: &Gpu,
        anatomy: &Arc<Anatomy>,
        model: &Arc<Model>,
        kept: Saved,
        results: &mut Results,
    ) -> Result<Self, CommandError> {
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
        let before =
            PanelRenderer::new(&start)?.panel(&start, Look::Density, "Density, day 0", None)?;
        drop(start);
        let simulation = restored(&kept.now)?;
        results.resume(kept.progressed.written)?;
        let (document, plan) = (asked.document.alone(), asked.plan.clone());
        let run = Run::of(simulation, document, plan)?.after(kept.progressed.courses);
        let driver = Driver::new(run);
        Self::new(asked, driver, Some(before))
    }

    /// From look to look to the last day, which stays as it is.
    fn go(
        &mut self,
        asked: &Asked,
        results: &mut Results,
        keeper: &mut Keeper,
        bar: &Progress,
        interrupt: &Interrupt,
    ) -> Result<(), CommandError> {
        results.begin_rows(&self.driver.run().courses().rows())?;
        loop {
            if interrupt.is_asked() && self.driver.stop() {
                let simulation = self.driver.run().simulation();
                // Before the first look there is nothing to go on from.
                if self.before.is_some() {
                    keeper.keep(simulation, self.driver.run().courses(), results)?;
                }
                return Err(interrupted(simulation.day()));
            }
            match self.driver.poll(clock())? {
                Event::Waiting => self.driver.run().simulation().gpu().wait()?,
                Event::Settling(round) => bar.round(round),
                Event::Working => {
                    let simulation = self.driver.run().simulation();
                    if simulation.is_settled() {
                        bar.day(simulation.day());
                    }
                }
                Event::Looked => {
                    let simulation = self.driver.run().simulation();
                    if self.before.is_none() {
                        let (look, title) = (Look::Density, "Density, day 0");
                        self.before = Some(self.renderer.panel(simulation, look, title, None)?);
                        keeper.start(simulation)?;
                    }
                    self.fields.write(simulation, results)?;
                    let courses = self.driver.run().courses();
                    results.add_rows(&courses.rows_from(courses.len() - 1))?;
                    // The figure shows where the run ended, between two steps or not.
                    if asked.plan.looks.is_last(courses.len() - 1) {
                        return Ok(());
                    }
                    self.driver.go_on()?;
                    if keeper.is_due() {
                        let (simulation, courses) =
                            (self.driver.run().simulation(), self.driver.run().courses());
                        keeper.keep(simulation, courses, results)?;
                    }
                }
                Event::Arrived => return Ok(()),
            }
        }
    }

    /// Leaves table, figure and manifest.
    fn leave(mut self, asked: &Asked, mut results: Results) -> Result<(), CommandError> {
        let (simulation, courses) = (self.driver.run().simulation(), self.driver.run().courses());
        let last = courses.last_day();
        let acts = asked.document.conditions_at((last - 1e-6).max(0.0));
        let gravity = (last > 0.0).then(|| acts.axial_gravity());
        let mut panel =
            |look, title: String| self.renderer.panel(simulation, look, &title, gravity);
        let after = panel(Look::Density, format!("Density, day {last:.0}"))?;
        let change = panel(Look::Change, format!("Change, day {last:.0}"))?;
        let before = self.before.unwrap_or_else(|| after.clone());
        let faults = count_faults(simulation.gpu())?;
        let pictures = [before, after, change];
        let (document, output) = (&asked.document, &asked.output);
        let drawn = mission_figure(document, output, simulation, courses, pictures)?;
        let mut table = io::csv(&[]);
        for first in (0..courses.len()).step_by(64) {
            let last = (first + 64).min(courses.len());
            table.extend(io::csv_rows(&courses.rows_of(first..last)));
            if first == 0 {
                // Growing by doubling would take as much again as the whole of it.
                table.reserve_exact(table.len() / last * courses.len());
            }
        }
        results.write(TABLE, &table)?;
        drop(table);
        results.write(FIGURE, &drawn)?;
        let mut manifest = manifest(&asked.document, &asked.output, simulation);
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
        results.end_rows()?;
        saved::forget(&results)?;
        print_summary(courses, simulation.anatomy())?;
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
    if EVERY.contains(&value) {
        Ok(())
    } else {
        Err(CommandError::usage(format!(
            "{flag} {value} is out of range; allowed: 0.01 to 36525 days"
        )))
    }
}

fn print_summary(courses: &Courses, anatomy: &Anatomy) -> Result<(), CommandError> {
    say(&format!("change at day {}:", courses.last_day()))?;
    for change in shown_changes(courses, anatomy) {
        say(&format!(
            "  {:<17} {:<17} {:>8.2} %",
            change.region,
            change.quantity.key(),
            // Not -0.00.
            change.percent + 0.0
        ))?;
    }
    Ok(())
}

/// Numbers that were not finite, in words.
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
