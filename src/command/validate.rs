//! `mechanostat validate`: every claim of the evidence against the model.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::evidence::{BUILT_IN, Claim, Course, condition, parse};
use crate::gpu::{Gpu, Request};
use crate::scenario::STANDARD_MASS_KG;
use crate::sim::{SETTLING_ROUNDS, estimate_need};
use crate::study::{Event, Looks, Plan, Tests, person};
use crate::tissue::{Anatomy, SCENES};

use super::error::{CommandError, say};
use super::flights::Flights;
use super::progress::Progress;
use super::sensitivity::sensitivity;
use super::validate_args::ValidateArgs;
use super::wait::open_gpu;

/// Share of the claims that must hold.
const ENOUGH: f64 = 0.9;
/// Finest the core of single struts is run at here: it is dense, and a finer one costs many
/// minutes.
const CORE_SIZE: usize = 32;
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
        let other = estimate_need(scene, args.size())?.storage_binding_bytes;
        need.storage_binding_bytes = need.storage_binding_bytes.max(other);
    }
    let gpu = open_gpu(Request::on(args.adapter.as_deref(), need))?;
    let courses = run_all(&gpu, args, &claims)?;
    report(&gpu, args, &claims, &courses)
}

/// What claims need of one scene and group: for each condition until when it is run, and on which
/// days what is looked at.
type Needed = BTreeMap<String, BTreeMap<(String, String), BTreeSet<u32>>>;

/// One run for each scene, group and condition, as long as any claim needs it.
fn run_all(gpu: &Gpu, args: &ValidateArgs, claims: &[Claim]) -> Result<Courses, CommandError> {
    let mut all: BTreeMap<(String, String), Needed> = BTreeMap::new();
    for needed in claims.iter().flat_map(|c| c.model.needs()) {
        all.entry((needed.scene, needed.group))
            .or_default()
            .entry(needed.condition)
            .or_default()
            .entry((needed.region, needed.quantity))
            .or_default()
            .extend(needed.days);
    }
    let total: u32 = all.values().flat_map(BTreeMap::values).map(last_day).sum();
    let bar = Progress::new(SETTLING_ROUNDS * all.len() as u32, f64::from(total));
    let mut courses = Courses::new();
    for ((scene, group), needed) in &all {
        run_scene(gpu, args, [scene, group], needed, &bar, &mut courses)?;
    }
    bar.finish();
    Ok(courses)
}

fn last_day(looks: &BTreeMap<(String, String), BTreeSet<u32>>) -> u32 {
    let last = looks.values().filter_map(BTreeSet::last).max();
    last.copied().unwrap_or(0)
}

/// All conditions of one scene and group, from one settled body.
fn run_scene(
    gpu: &Gpu,
    args: &ValidateArgs,
    [scene, group]: [&String; 2],
    needed: &Needed,
    bar: &Progress,
    courses: &mut Courses,
) -> Result<(), CommandError> {
    let size = if scene == "trabecular-core" {
        args.size().min(CORE_SIZE)
    } else {
        args.size()
    };
    let anatomy = Arc::new(Anatomy::build(scene, size)?);
    let model = Arc::new(person(scene, group, STANDARD_MASS_KG, &args.set)?);
    let mut flights = Flights::new(gpu, &anatomy, &model)?;
    // A strength costs a solve: only on the days that are asked for.
    let is_tested = |region: &str, quantity: &str| {
        let mut plans = anatomy.strength.iter();
        plans.any(|p| p.region == region && p.quantities.contains(&quantity))
    };
    for (name, looks) in needed {
        let scenario = condition(name).ok_or_else(|| {
            CommandError::usage(format!("there is no condition \"{name}\" in the evidence"))
        })??;
        let tested = looks
            .iter()
            .filter(|((region, quantity), _)| is_tested(region, quantity))
            .flat_map(|(_, days)| days.iter().copied().map(f64::from));
        let plan = Plan {
            looks: Looks::Every {
                days: 1.0,
                last: f64::from(last_day(looks)),
            },
            tests: Tests::On(tested.collect()),
            orientation: false,
        };
        let found = flights.fly(name, scenario, plan, &mut |event| match event {
            Event::Settling(round) => bar.round(round),
            Event::Looked => bar.another_day(),
            _ => {}
        })?;
        for (region, quantity, course) in found.each() {
            let key = [scene, group, name, region, quantity].map(str::to_owned);
            courses.insert(key, course);
        }
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

/// A claim with the model's value, and whether that agrees.
type Judged<'a> = (&'a Claim, f64, bool);

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
    let score = Score::of(&results);
    if args.json {
        say(&format!("{:#}", as_json(gpu, args, &results, &score)))?;
    } else {
        as_table(gpu, args, &results, &score)?;
    }
    if score.share() < ENOUGH || score.review_held < score.review {
        return Err(CommandError {
            message: format!(
                "{} of {} claims are in range, {} of the review's {}",
                score.held, score.all, score.review_held, score.review
            ),
            code: 1,
        });
    }
    Ok(())
}

/// How many claims hold.
struct Score {
    held: usize,
    all: usize,
    review_held: usize,
    review: usize,
}

impl Score {
    fn of(results: &[Judged<'_>]) -> Self {
        let of_review = || results.iter().filter(|r| r.0.row.review);
        Self {
            held: results.iter().filter(|r| r.2).count(),
            all: results.len(),
            review_held: of_review().filter(|r| r.2).count(),
            review: of_review().count(),
        }
    }

    fn share(&self) -> f64 {
        self.held as f64 / self.all as f64
    }
}

fn as_json(
    gpu: &Gpu,
    args: &ValidateArgs,
    results: &[Judged<'_>],
    score: &Score,
) -> serde_json::Value {
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
    serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"), "adapter": gpu.adapter_name(), "size": args.size(),
        "set": args.set, "claims": rows, "in_range": score.held, "total": score.all,
        "review_in_range": score.review_held, "review_total": score.review,
    })
}

fn as_table(
    gpu: &Gpu,
    args: &ValidateArgs,
    results: &[Judged<'_>],
    score: &Score,
) -> Result<(), CommandError> {
    say(&format!(
        "{:<5}{:<34}{:>9}  {:<20}{:<26} {}",
        "", "claim", "model", "reference range", "unit", "source (how sure)"
    ))?;
    for (c, value, holds) in results {
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
        "{} of {} claims in range ({:.0} %), {} of {} of the review; size {}, {}",
        score.held,
        score.all,
        100.0 * score.share(),
        score.review_held,
        score.review,
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
    Ok(())
}
