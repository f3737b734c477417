//! `mechanostat validate`: every claim of the evidence against the model.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use clap::Args;

use crate::evidence::{BUILT_IN, Claim, Course, Need, condition, parse};
use crate::gpu::{Gpu, Request};
use crate::measure::Ruler;
use crate::physiology::{Model, Physiology};
use crate::scenario::{STANDARD_MASS_KG, Scenario};
use crate::sim::links::SETTLING;
use crate::sim::{SETTLING_ROUNDS, Simulation};
use crate::tissue::{Anatomy, SCENES};

use super::passage::Passage;
use super::run::{Progress, settle, take_snapshot, test_strength};
use super::{CommandError, person, say};

/// Share of the claims that must hold.
const ENOUGH: f64 = 0.9;
/// Finest the core of single struts is run at here: it is dense, and a finer one costs many minutes.
const CORE_SIZE: usize = 32;
/// Days of a step of the model, as runs have it unless told otherwise.
const STEP_DAYS: f64 = 1.0;
/// By how much `--sensitivity` changes each parameter.
const NUDGE: f64 = 0.1;
/// Flags of `mechanostat validate`.
#[derive(Debug, Clone, Args)]
pub struct ValidateArgs {
    /// Voxels along each scene's longest side [default: 48; 24 with --sensitivity]
    #[arg(long, value_name = "N")]
    pub size: Option<usize>,
    /// Claims of a file like assets/evidence/claims.csv instead of the program's own
    #[arg(long, value_name = "FILE")]
    pub evidence: Option<std::path::PathBuf>,
    /// Only claims whose id, site or condition holds this text
    #[arg(long, value_name = "TEXT")]
    pub only: Option<String>,
    /// Another value for a parameter of physiology.toml, as NAME=VALUE; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
    /// How each headline figure moves with each parameter instead, 10 % up and down
    #[arg(long)]
    pub sensitivity: bool,
    /// Part of the name of the adapter to use [default: WGPU_ADAPTER_NAME, or the most powerful]
    #[arg(long, value_name = "NAME")]
    pub adapter: Option<String>,
}

/// Default sizes: of the claims, and of `--sensitivity`, which runs some two hundred missions.
const SIZE: usize = 48;
const SENSITIVITY_SIZE: usize = 24;

impl ValidateArgs {
    fn size(&self) -> usize {
        self.size.unwrap_or(if self.sensitivity {
            SENSITIVITY_SIZE
        } else {
            SIZE
        })
    }
}

/// Courses by scene, group, condition, region and quantity.
type Courses = BTreeMap<[String; 5], Course>;

/// Runs every condition that the claims need and reports each claim.
/// # Errors
/// [`CommandError`]; exit code 1 also where too few claims hold, or one of the review's does not.
pub fn validate(args: &ValidateArgs) -> Result<(), CommandError> {
    let (name, text) = match &args.evidence {
        Some(path) => (path.display().to_string(), crate::io::read_text(path)?),
        None => ("assets/evidence/claims.csv".to_owned(), BUILT_IN.to_owned()),
    };
    let mut claims = parse(&name, &text)?;
    if let Some(only) = &args.only {
        claims.retain(|c| {
            [&c.row.id, &c.row.site, &c.row.condition]
                .iter()
                .any(|t| t.contains(only.as_str()))
        });
        if claims.is_empty() {
            return Err(CommandError::usage(format!(
                "--only {only}: no claim's id, site or condition holds that"
            )));
        }
    }
    Anatomy::check(SCENES[0], args.size())?;
    person(SCENES[0], "control", STANDARD_MASS_KG, &args.set)?;
    if args.sensitivity {
        return sensitivity(args);
    }
    // Any scene may be asked for.
    let mut need = crate::gpu::Need::DEFAULT;
    for scene in SCENES {
        let other = Simulation::estimate(scene, args.size())?.storage_binding_bytes;
        need.storage_binding_bytes = need.storage_binding_bytes.max(other);
    }
    let gpu = Gpu::open(Request::on(args.adapter.as_deref(), need))?;
    let courses = run_all(&gpu, args, &claims)?;
    report(&gpu, args, &claims, &courses)
}

/// One run for each scene, group and condition, as long as any claim needs it.
fn run_all(gpu: &Gpu, args: &ValidateArgs, claims: &[Claim]) -> Result<Courses, CommandError> {
    let mut days: BTreeMap<(String, String), BTreeMap<String, u32>> = BTreeMap::new();
    let mut tests: BTreeMap<(String, String, String), BTreeSet<u32>> = BTreeMap::new();
    for claim in claims {
        for need in claim.model.needs() {
            let Need {
                scene,
                group,
                condition,
                days: last,
            } = need;
            let run = days
                .entry((scene.clone(), group.clone()))
                .or_default()
                .entry(condition.clone())
                .or_default();
            *run = last.max(*run);
            // A strength costs a solve: only on the days that are asked for.
            if claim.row.model.contains("strength") && claim.row.model.contains(&scene) {
                let test = tests.entry((scene, group, condition)).or_default();
                test.extend([0, last]);
            }
        }
    }
    let total: u32 = days.values().flat_map(BTreeMap::values).sum();
    let bar = Progress::new(SETTLING_ROUNDS * days.len() as u32, f64::from(total));
    let mut courses = Courses::new();
    let mut done = 0;
    for ((scene, group), conditions) in &days {
        let size = if scene == "trabecular-core" {
            args.size().min(CORE_SIZE)
        } else {
            args.size()
        };
        let anatomy = Arc::new(Anatomy::build(scene, size)?);
        let model = person(scene, group, STANDARD_MASS_KG, &args.set)?;
        let model = Arc::new(model);
        let mut simulation = Simulation::new(gpu, Arc::clone(&anatomy), Arc::clone(&model))?;
        settle(&mut simulation, &bar)?;
        simulation.keep_start()?;
        let ruler = Ruler::new(&anatomy, &model);
        for (name, last) in conditions {
            let scenario = condition(name).ok_or_else(|| {
                CommandError::usage(format!("there is no condition \"{name}\" in the evidence"))
            })??;
            simulation.begin_again();
            let key = (scene.clone(), group.clone(), name.clone());
            let test = tests.get(&key).cloned().unwrap_or_default();
            run_one(
                &mut simulation,
                &ruler,
                &scenario,
                *last,
                &test,
                &|_| true,
                &bar,
                done,
                &mut |day, region, quantity, value| {
                    let key = [scene, group, name, region, quantity].map(str::to_owned);
                    let course = courses.entry(key).or_default();
                    course.resize(day as usize, f64::NAN);
                    course.push(value);
                },
            )?;
            done += last;
        }
    }
    bar.finish();
    Ok(courses)
}

/// Runs `scenario` for `last` days and tells every measurement of the days that are asked for.
#[expect(
    clippy::too_many_arguments,
    reason = "one caller, which has them all at hand"
)]
fn run_one(
    simulation: &mut Simulation,
    ruler: &Ruler,
    scenario: &Scenario,
    last: u32,
    tests: &BTreeSet<u32>,
    on: &dyn Fn(u32) -> bool,
    bar: &Progress,
    before: u32,
    tell: &mut dyn FnMut(u32, &str, &str, f64),
) -> Result<(), CommandError> {
    let quiet = Progress::quiet();
    let mut passage = Passage::new(scenario, STEP_DAYS);
    for day in 0..=last {
        passage.to(simulation, f64::from(day), &quiet)?;
        let mut measured = if on(day) {
            ruler.measure(&take_snapshot(simulation)?)
        } else {
            Vec::new()
        };
        if tests.contains(&day) {
            measured.extend(test_strength(simulation)?);
        }
        for m in &measured {
            // Muscle has a relative strength of its own, every day.
            tell(day, m.region, m.quantity, m.value);
        }
        passage.go_on(simulation);
        bar.day(f64::from(before + day));
    }
    Ok(())
}

fn number(x: f64) -> String {
    if !x.is_finite() {
        "never".to_owned()
    } else if x.abs() >= 100.0 {
        format!("{x:.0}")
    } else if x.abs() >= 10.0 {
        format!("{x:.1}")
    } else {
        format!("{:.2}", x + 0.0)
    }
}

fn range(claim: &Claim) -> String {
    match (claim.row.low, claim.row.high) {
        (Some(low), Some(high)) => format!("{} to {}", number(low), number(high)),
        (Some(low), None) => format!("at least {}", number(low)),
        (None, Some(high)) => format!("at most {}", number(high)),
        (None, None) => String::new(),
    }
}

fn report(
    gpu: &Gpu,
    args: &ValidateArgs,
    claims: &[Claim],
    courses: &Courses,
) -> Result<(), CommandError> {
    let mut results = Vec::new();
    for claim in claims {
        let value = claim
            .model
            .value(&|key| courses.get(&key.map(str::to_owned)))
            .map_err(|why| CommandError::usage(format!("claim {}: {why}", claim.row.id)))?;
        results.push((claim, value, claim.holds(value)));
    }
    let held = results.iter().filter(|r| r.2).count();
    let share = held as f64 / results.len() as f64;
    let of_review: Vec<_> = results.iter().filter(|r| r.0.row.review).collect();
    let review_held = of_review.iter().filter(|r| r.2).count();
    if args.json {
        let rows: Vec<serde_json::Value> = results
            .iter()
            .map(|(c, value, holds)| {
                let r = &c.row;
                serde_json::json!({
                    "id": r.id, "claim": r.claim, "who": r.who, "year": r.year, "n": r.n, "site": r.site,
                    "condition": r.condition, "day": r.day, "published": r.value, "spread": r.spread,
                    "low": r.low, "high": r.high, "unit": r.unit, "source": r.source, "sure": r.sure,
                    "review": r.review, "expression": r.model,
                    "model": value.is_finite().then_some(*value), "in_range": holds,
                })
            })
            .collect();
        let all = serde_json::json!({
            "version": env!("CARGO_PKG_VERSION"), "adapter": gpu.adapter_name(), "size": args.size(),
            "set": args.set, "claims": rows, "in_range": held, "total": results.len(),
            "review_in_range": review_held, "review_total": of_review.len(),
        });
        say(&format!("{all:#}"))?;
    } else {
        say(&format!(
            "{:<5}{:<34}{:>9}  {:<20}{:<26} {}",
            "", "claim", "model", "reference range", "unit", "source (how sure)"
        ))?;
        for (c, value, holds) in &results {
            let year = c.row.year.map_or(String::new(), |y| format!(" {y}"));
            say(&format!(
                "{:<5}{:<34}{:>9}  {:<20}{:<26} {}{year} ({})",
                if *holds { "in" } else { "OUT" },
                c.row.id,
                number(*value),
                range(c),
                c.row.unit,
                c.row.who,
                match c.row.sure {
                    crate::evidence::Sure::Shaky => "k?".to_owned(),
                    sure => format!("{sure:?}"),
                },
            ))?;
        }
        say(&format!(
            "{held} of {} claims in range ({:.0} %), {review_held} of {} of the review; size {}, {}",
            results.len(),
            100.0 * share,
            of_review.len(),
            args.size(),
            gpu.adapter_name()
        ))?;
        for (c, value, _) in results.iter().filter(|r| !r.2) {
            say(&format!(
                "out: {}: {} -- model {}, reference {} {}",
                c.row.id,
                c.row.claim,
                number(*value),
                range(c),
                c.row.unit
            ))?;
        }
    }
    if share < ENOUGH || review_held < of_review.len() {
        return Err(CommandError {
            message: format!(
                "{held} of {} claims are in range, {review_held} of the review's {}",
                results.len(),
                of_review.len()
            ),
            code: 1,
        });
    }
    Ok(())
}

/// Region, quantity and day of the figures that `--sensitivity` looks at.
const HEADLINES: &[(&str, &str, &str, u32)] = &[
    ("hip bmd", "total_hip", "bmd", 180),
    ("hip trab", "total_hip", "trabecular_bmd", 180),
    ("hip cort", "total_hip", "cortical_bmd", 180),
    ("hip home", "total_hip", "bmd", 270),
    ("quads d8", "quadriceps", "volume", 8),
    ("quads", "quadriceps", "volume", 180),
    ("strength", "quadriceps", "strength", 180),
    ("CTX", "whole_body", "resorption_marker", 120),
    ("formation", "whole_body", "formation_marker", 180),
];

/// Days of the runs behind `--sensitivity`.
const SENSITIVITY_DAYS: u32 = 270;

fn sensitivity(args: &ValidateArgs) -> Result<(), CommandError> {
    let scene = SCENES[0];
    let need = Simulation::estimate(scene, args.size())?;
    let gpu = Gpu::open(Request::on(args.adapter.as_deref(), need))?;
    let anatomy = Arc::new(Anatomy::build(scene, args.size())?);
    let model = person(scene, "control", STANDARD_MASS_KG, &args.set)?;
    let flight = condition("flight").ok_or_else(|| CommandError::usage("no flight"))??;
    let names: Vec<&str> = Physiology::NAMES
        .iter()
        .copied()
        .filter(|n| model.physiology.get(n).is_some_and(|v| v != 0.0))
        .collect();
    let bar = Progress::new(0, 2.0 * names.len() as f64 + 1.0);
    let headlines = |simulation: &mut Simulation, model: &Model| {
        let ruler = Ruler::new(&anatomy, model);
        let mut course: BTreeMap<(u32, String, String), f64> = BTreeMap::new();
        run_one(
            simulation,
            &ruler,
            &flight,
            SENSITIVITY_DAYS,
            &BTreeSet::new(),
            &|day| day == 0 || HEADLINES.iter().any(|h| h.3 == day),
            &Progress::quiet(),
            0,
            &mut |day, region, quantity, value| {
                course.insert((day, region.to_owned(), quantity.to_owned()), value);
            },
        )?;
        let at = |day: u32, region: &str, quantity: &str| {
            course
                .get(&(day, region.to_owned(), quantity.to_owned()))
                .copied()
                .unwrap_or(f64::NAN)
        };
        Ok::<Vec<f64>, CommandError>(
            HEADLINES
                .iter()
                .map(|(_, region, quantity, day)| {
                    100.0 * (at(*day, region, quantity) / at(0, region, quantity) - 1.0)
                })
                .collect(),
        )
    };
    let fresh = |model: &Model| -> Result<Simulation, CommandError> {
        let model = Arc::new(model.clone());
        let mut simulation = Simulation::new(&gpu, Arc::clone(&anatomy), model)?;
        settle(&mut simulation, &Progress::quiet())?;
        Ok(simulation)
    };
    let mut settled = fresh(&model)?;
    settled.keep_start()?;
    let base = headlines(&mut settled, &model)?;
    let line = |name: &str, cells: Vec<String>| {
        let cells: Vec<String> = cells.iter().map(|c| format!("{c:>14}")).collect();
        format!("{name:<38}{}", cells.concat())
    };
    let mut all = serde_json::Map::new();
    if !args.json {
        say("Change in percentage points of each figure, for the parameter 10 % down / up.")?;
        say(&line(
            "flight of 180 days, control",
            HEADLINES.iter().map(|h| h.0.to_owned()).collect(),
        ))?;
        say(&line(
            "as it is (%)",
            base.iter().map(|b| format!("{b:.2}")).collect(),
        ))?;
    }
    for (i, name) in names.iter().enumerate() {
        let mut moved = Vec::new();
        for factor in [1.0 - NUDGE, 1.0 + NUDGE] {
            let value = f64::from(model.physiology.get(name).unwrap_or_default()) * factor;
            // No further than the parameter goes: bone cannot fill more than its volume.
            let value = model
                .range(name)
                .map_or(value, |([low, high], _)| value.clamp(low, high));
            // Muscle's mass changes forces too, so the person is made anew.
            let mut set = args.set.clone();
            set.push(format!("{name}={value}"));
            let changed = person(scene, "control", STANDARD_MASS_KG, &set)?;
            let found = if SETTLING.contains(name) {
                headlines(&mut fresh(&changed)?, &changed)?
            } else {
                settled.set_model(Arc::new(changed.clone()));
                settled.begin_again();
                headlines(&mut settled, &changed)?
            };
            moved.push(
                found
                    .iter()
                    .zip(&base)
                    .map(|(f, b)| f - b)
                    .collect::<Vec<f64>>(),
            );
            bar.day((2 * i) as f64 + moved.len() as f64);
        }
        if args.json {
            let figures: serde_json::Map<String, serde_json::Value> = HEADLINES
                .iter()
                .enumerate()
                .map(|(k, h)| {
                    (
                        h.0.to_owned(),
                        serde_json::json!([moved[0][k], moved[1][k]]),
                    )
                })
                .collect();
            all.insert((*name).to_owned(), figures.into());
        } else {
            let cells = (0..HEADLINES.len())
                .map(|k| format!("{:+.2}/{:+.2}", moved[0][k] + 0.0, moved[1][k] + 0.0))
                .collect();
            say(&line(name, cells))?;
        }
    }
    bar.finish();
    if args.json {
        let figures: Vec<serde_json::Value> = HEADLINES
            .iter()
            .zip(&base)
            .map(|(h, b)| serde_json::json!({"name": h.0, "region": h.1, "quantity": h.2, "day": h.3, "change_pct": b}))
            .collect();
        let whole = serde_json::json!({"size": args.size(), "figures": figures, "points_for_10_percent_down_and_up": all});
        say(&format!("{whole:#}"))?;
    }
    Ok(())
}
