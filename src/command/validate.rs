//! `mechanostat validate`: every claim of the evidence against the model.

use std::collections::BTreeMap;

use crate::evidence::{BUILT_IN, Claim, Interval, Read, Use, parse};
use crate::gpu::{Gpu, Need, Request};
use crate::scenario::STANDARD_MASS_KG;
use crate::sim::estimate_need;
use crate::study::{Judged, Scores, Tally, evidence_pages, person, scores_by};
use crate::tissue::{Anatomy, SCENES};

use super::ablate::ablate;
use super::claimed::People;
use super::error::{CommandError, say};
use super::fit::fit;
use super::sensitivity::sensitivity;
use super::validate_args::ValidateArgs;
use super::wait::open_gpu;

/// Runs every condition that the claims need and reports each claim.
/// # Errors
/// [`CommandError`]; exit code 1 also where a statement of the review or an invariant is out of
/// range.
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
    if args.ablate {
        return ablate(args, claims);
    }
    if args.fit {
        return fit(args, &claims);
    }
    if let Some(folder) = &args.plots {
        crate::io::writable_folder(folder)?;
    }
    let gpu = gpu_for_all(args)?;
    let mut people = People::new(&gpu, args, &claims, 1);
    let courses = people.fly(None)?;
    people.finish();
    let results = courses.judge(&claims)?;
    if let Some(folder) = &args.plots {
        let note = format!(
            "Curves: the model, size {}. Published, with the interval held to: discs, the model was fitted \
             to the study; rings, it was not; squares, the review. mechanostat {}",
            args.size(),
            env!("CARGO_PKG_VERSION")
        );
        for page in evidence_pages(&results, &courses, &note) {
            let name = page.title.replace(", page ", "-").replace(' ', "-");
            let path = folder.join(format!("{name}.svg"));
            crate::io::write(&path, page.svg().as_bytes())?;
        }
    }
    report(&gpu, args, &results)
}

/// The adapter, which any scene may be asked for on.
pub(super) fn gpu_for_all(args: &ValidateArgs) -> Result<Gpu, CommandError> {
    let mut need = Need::DEFAULT;
    for scene in SCENES {
        let other = estimate_need(scene, args.size())?.storage_binding_bytes;
        need.storage_binding_bytes = need.storage_binding_bytes.max(other);
    }
    Ok(open_gpu(Request::on(args.adapter.as_deref(), need))?)
}

pub(super) fn number(x: f64) -> String {
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
    match (claim.low, claim.high) {
        (Some(low), Some(high)) => format!("{} to {}", number(low), number(high)),
        (Some(low), None) => format!("at least {}", number(low)),
        (None, Some(high)) => format!("at most {}", number(high)),
        (None, None) => String::new(),
    }
}

fn report(gpu: &Gpu, args: &ValidateArgs, results: &[Judged<'_>]) -> Result<(), CommandError> {
    let scores = Scores::of(results);
    if args.json {
        let rows: Vec<serde_json::Value> = results.iter().map(row).collect();
        let whole = with_heading(
            gpu,
            args,
            &[
                ("scores", serde_json::json!(scores)),
                ("claims", rows.into()),
            ],
        );
        say(&format!("{whole:#}"))?;
    } else {
        as_table(results)?;
        tell_scores(&scores, results)?;
        say(&format!("size {}, {}", args.size(), gpu.adapter_name()))?;
    }
    verdict(&scores)
}

/// An error where what must hold does not.
pub(super) fn verdict(scores: &Scores) -> Result<(), CommandError> {
    let all = |tally: Tally| tally.held == tally.of;
    if all(scores.review) && all(scores.invariant) {
        return Ok(());
    }
    Err(CommandError {
        message: format!(
            "{} of {} statements of the review are in range, {} of {} invariants",
            scores.review.held, scores.review.of, scores.invariant.held, scores.invariant.of
        ),
        code: 1,
    })
}

/// What a reader of JSON needs beside the results.
pub(super) fn with_heading(
    gpu: &Gpu,
    args: &ValidateArgs,
    results: &[(&str, serde_json::Value)],
) -> serde_json::Value {
    let mut whole = serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"), "adapter": gpu.adapter_name(), "size": args.size(),
        "set": args.set,
    });
    for (key, value) in results {
        whole[*key] = value.clone();
    }
    whole
}

/// The score that a claim is counted in.
fn counted_in(claim: &Claim) -> &'static str {
    match claim.row.used {
        Use::Review => "review",
        Use::Fit => "fitted",
        Use::Test => "predicted",
        Use::Invariant => "invariant",
    }
}

/// A claim for machines.
pub(super) fn row(judged: &Judged<'_>) -> serde_json::Value {
    let r = &judged.claim.row;
    serde_json::json!({
        "id": r.id, "claim": r.claim, "use": counted_in(judged.claim), "study": r.study,
        "read": r.read, "n": r.n, "kind": r.kind, "site": r.site, "condition": r.condition,
        "day": r.day, "published": r.value, "sd": r.sd, "interval": r.interval,
        "low": judged.claim.low, "high": judged.claim.high, "unit": r.unit, "source": r.source,
        "expression": (!r.model.is_empty()).then_some(&r.model),
        "lacks": (!r.lacks.is_empty()).then_some(&r.lacks),
        "counts": judged.claim.counts(),
        "model": judged.value.filter(|v| v.is_finite()), "in_range": judged.holds(),
    })
}

/// A heading of the table, and which claims stand under it.
type Part = (&'static str, fn(&Judged<'_>) -> bool);

const PARTS: [Part; 6] = [
    ("Statements of the review", |j| is_scored(j, Use::Review)),
    ("Fitted: of studies that parameters were fitted to", |j| {
        is_scored(j, Use::Fit)
    }),
    (
        "Predicted: of studies that no parameter was fitted to",
        |j| is_scored(j, Use::Test),
    ),
    ("Invariants", |j| is_scored(j, Use::Invariant)),
    (
        "Published without spread: the range is made up and does not count",
        |j| j.value.is_some() && !j.claim.counts(),
    ),
    (
        "Not answered: the model has no such quantity or condition",
        |j| j.value.is_none(),
    ),
];

fn is_scored(judged: &Judged<'_>, used: Use) -> bool {
    judged.claim.counts() && judged.claim.row.used == used
}

fn as_table(results: &[Judged<'_>]) -> Result<(), CommandError> {
    let ids = results.iter().map(|j| j.claim.row.id.len());
    let wide = ids.max().unwrap_or(0).max(20) + 1;
    for (heading, belongs) in PARTS {
        let here: Vec<&Judged<'_>> = results.iter().filter(|j| belongs(j)).collect();
        if here.is_empty() {
            continue;
        }
        say(&format!(
            "\n{heading}\n{:<5}{:<wide$}{:>9}  {:<20}{:<28} {}",
            "", "claim", "model", "reference range", "unit", "study (read in)"
        ))?;
        for j in here {
            let row = &j.claim.row;
            let read: &str = row.read.name();
            let state = match j.holds() {
                Some(true) => "in",
                Some(false) => "OUT",
                None => "-",
            };
            let model = j.value.map_or("-".to_owned(), number);
            let wanted = range(j.claim);
            say(&format!(
                "{state:<5}{:<wide$}{model:>9}  {wanted:<20}{:<28} {} ({read})",
                row.id, row.unit, row.study,
            ))?;
        }
    }
    let out = |j: &&Judged<'_>| j.holds() == Some(false) && j.claim.counts();
    for j in results.iter().filter(out) {
        let row = &j.claim.row;
        say(&format!(
            "out: {}: {} -- model {}, reference {} {}",
            row.id,
            row.claim,
            j.value.map_or_else(String::new, number),
            range(j.claim),
            row.unit
        ))?;
    }
    Ok(())
}

/// The scores apart, and by kind and by site.
pub(super) fn tell_scores(scores: &Scores, results: &[Judged<'_>]) -> Result<(), CommandError> {
    let told = |t: Tally| format!("{} of {}", t.held, t.of);
    let by = |title: &str, all: BTreeMap<&str, [Tally; 2]>| -> Result<(), CommandError> {
        if all.is_empty() {
            return Ok(());
        }
        say(&format!("\n{title:<26}{:>12}{:>12}", "fitted", "predicted"))?;
        for (name, [fitted, predicted]) in all {
            say(&format!(
                "{name:<26}{:>12}{:>12}",
                told(fitted),
                told(predicted)
            ))?;
        }
        Ok(())
    };
    by(
        "in range by kind",
        scores_by(results, |c| c.row.kind.name()),
    )?;
    by(
        "in range by site",
        scores_by(results, |c| c.row.site.as_str()),
    )?;
    let published: Vec<_> = results
        .iter()
        .filter(|j| j.claim.row.interval != Interval::Definition)
        .collect();
    let read = |j: &&&Judged<'_>| !matches!(j.claim.row.read, Read::Cited | Read::No);
    say(&format!(
        "\nin range: predicted {}, fitted {}, statements of the review {}, invariants {}",
        told(scores.predicted),
        told(scores.fitted),
        told(scores.review),
        told(scores.invariant),
    ))?;
    say(&format!(
        "not counted: {} with a made-up range ({} in it), {} that the model does not answer",
        scores.assumed.of, scores.assumed.held, scores.not_answered.of
    ))?;
    say(&format!(
        "{} of {} published figures were read in their source or its abstract",
        published.iter().filter(read).count(),
        published.len()
    ))
}
