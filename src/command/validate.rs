//! `mechanostat validate`: every claim of the evidence against the model.

use std::sync::Arc;

use crate::evidence::{BUILT_IN, Claim, condition, parse};
use crate::gpu::{Gpu, Request};
use crate::scenario::STANDARD_MASS_KG;
use crate::sim::{SETTLING_ROUNDS, estimate_need};
use crate::study::{ClaimedCourses, ClaimedRun, ClaimedRuns, Event, Judged, Score, person};
use crate::tissue::{Anatomy, SCENES};

use super::error::{CommandError, say};
use super::flights::Flights;
use super::progress::Progress;
use super::sensitivity::sensitivity;
use super::validate_args::ValidateArgs;
use super::wait::open_gpu;

/// Share of the claims that must hold.
const ENOUGH: f64 = 0.9;

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

/// One run for each scene, group and condition.
fn run_all(
    gpu: &Gpu,
    args: &ValidateArgs,
    claims: &[Claim],
) -> Result<ClaimedCourses, CommandError> {
    let all = ClaimedRuns::of(claims);
    let days = all.iter().flat_map(|of| &of.runs).map(ClaimedRun::last_day);
    let total: u32 = days.sum();
    let bar = Progress::new(SETTLING_ROUNDS * all.len() as u32, f64::from(total));
    let mut courses = ClaimedCourses::default();
    for of in &all {
        run_person(gpu, args, of, &bar, &mut courses)?;
    }
    bar.finish();
    Ok(courses)
}

/// All conditions of one scene and group, from one settled body.
fn run_person(
    gpu: &Gpu,
    args: &ValidateArgs,
    of: &ClaimedRuns,
    bar: &Progress,
    courses: &mut ClaimedCourses,
) -> Result<(), CommandError> {
    let anatomy = Arc::new(Anatomy::build(&of.scene, of.size(args.size()))?);
    let model = Arc::new(person(&of.scene, &of.group, STANDARD_MASS_KG, &args.set)?);
    let mut flights = Flights::new(gpu, &anatomy, &model)?;
    for run in &of.runs {
        let name = &run.condition;
        let scenario = condition(name).ok_or_else(|| {
            CommandError::usage(format!("there is no condition \"{name}\" in the evidence"))
        })??;
        let plan = run.plan(&anatomy);
        let found = flights.fly(name, scenario, plan, &mut |event| match event {
            Event::Settling(round) => bar.round(round),
            Event::Looked => bar.another_day(),
            _ => {}
        })?;
        courses.add(of, run, found);
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
    courses: &ClaimedCourses,
) -> Result<(), CommandError> {
    let results = courses.judge(claims)?;
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

fn as_json(
    gpu: &Gpu,
    args: &ValidateArgs,
    results: &[Judged<'_>],
    score: &Score,
) -> serde_json::Value {
    let rows: Vec<serde_json::Value> = results
        .iter()
        .map(|judged| {
            let (r, value) = (&judged.claim.row, judged.value);
            serde_json::json!({
                "id": r.id, "claim": r.claim, "study": r.study, "n": r.n, "site": r.site,
                "condition": r.condition, "day": r.day, "published": r.value, "spread": r.spread,
                "low": r.low, "high": r.high, "unit": r.unit, "source": r.source, "sure": r.sure,
                "use": r.used, "expression": r.model,
                "model": value.is_finite().then_some(value), "in_range": judged.holds,
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
    for judged in results {
        let c = judged.claim;
        say(&format!(
            "{:<5}{:<34}{:>9}  {:<20}{:<26} {} ({})",
            if judged.holds { "in" } else { "OUT" },
            c.row.id,
            number(judged.value),
            range(c),
            c.row.unit,
            c.row.study,
            <&str>::from(c.row.sure),
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
    for judged in results.iter().filter(|r| !r.holds) {
        let c = judged.claim;
        say(&format!(
            "out: {}: {} -- model {}, reference {} {}",
            c.row.id,
            c.row.claim,
            number(judged.value),
            range(c),
            c.row.unit
        ))?;
    }
    Ok(())
}
