//! `mechanostat validate --fit`: bone's free parameters, moved until the figures that are for that
//! come out. Figures kept to test the model are looked at once, when it is done.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::evidence::{Claim, Expression, FREE, Kind, Use};
use crate::gpu::Gpu;
use crate::located::Source;
use crate::physiology::Model;
use crate::scenario::STANDARD_MASS_KG;
use crate::sim::links::SETTLING;
use crate::study::fit::{Free, Outcome, Target};
use crate::study::{Judged, Scores, person};
use crate::tissue::SCENES;

use super::claimed::People;
use super::error::{CommandError, say};
use super::results::Results;
use super::unfinished::Unfinished;
use super::validate::{gpu_for_all, number, tell_scores, with_heading};
use super::validate_args::ValidateArgs;

/// What is left, and every evaluation while it is not.
const TABLE: &str = "fit.csv";
const UNFINISHED: &str = "fit.unfinished.csv";
/// Where what is free stands.
const FREE_FILE: &str = "assets/evidence/fit.toml";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bounds {
    bounds: [f64; 2],
}

/// The free parameters, which start as they are.
fn free(model: &Model) -> Result<Vec<Free>, CommandError> {
    let source = Source {
        file: FREE_FILE,
        text: FREE,
    };
    let read: BTreeMap<String, Spanned<Bounds>> =
        toml::from_str(FREE).map_err(|e| source.toml_error(&e))?;
    let mut all = Vec::new();
    for (name, entry) in read {
        let [low, high] = entry.get_ref().bounds;
        let range = model.range(&name).map(|(range, _)| range);
        let fits = range.is_some_and(|[least, most]| least <= low && low < high && high <= most);
        if !fits || SETTLING.contains(&name.as_str()) {
            let found = format!("{low} to {high}");
            let allowed = "a parameter that bone does not settle by, bounds within its range";
            return Err(source
                .error(entry.span().start, &name, found, allowed)
                .into());
        }
        let start = model.physiology.get(&name).unwrap_or_default();
        all.push(Free {
            // In f32 a bound may lie a hair beyond itself.
            start: f64::from(start),
            bounds: [low, high],
            name,
        });
    }
    Ok(all)
}

/// Whether a claim is about bone, or blood, and not about muscle.
fn is_of_bone(claim: &Claim) -> bool {
    let of_muscle = matches!(
        claim.row.kind,
        Kind::MuscleSize | Kind::MuscleStrength | Kind::Fibres
    );
    let needs = claim.model.iter().flat_map(Expression::needs);
    let muscle = ["volume", "type1_csa", "type2_csa"];
    let mut is_muscle = needs.map(|n| muscle.contains(&n.quantity.as_str()));
    !of_muscle && is_muscle.any(|m| !m)
}

/// What a claim is to a fit.
fn target(claim: &Claim) -> Target {
    Target {
        low: claim.low,
        high: claim.high,
        scale: claim.row.error.filter(|e| *e > 0.0).unwrap_or(1.0),
    }
}

/// Evaluations, each kept as it is made, so that a fit that is broken off goes on from them.
struct Evaluations<'a> {
    people: People<'a>,
    claims: &'a [Claim],
    free: &'a [Free],
    results: &'a Results,
    unfinished: Unfinished,
    known: Vec<(String, Vec<f64>)>,
}

/// Values as they are written and told apart.
fn key(values: &[f64]) -> String {
    let each: Vec<String> = values.iter().map(|v| format!("{v:.9e}")).collect();
    each.join(" ")
}

impl Evaluations<'_> {
    fn figures(&mut self, values: &[f64]) -> Result<Vec<f64>, CommandError> {
        let key = key(values);
        if let Some((_, figures)) = self.known.iter().find(|(k, _)| *k == key) {
            return Ok(figures.clone());
        }
        let names = self.free.iter().map(|f| &f.name).zip(values);
        let set: Vec<String> = names
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let courses = self.people.fly_with(&set)?;
        let judged = courses.judge(self.claims)?;
        let figures: Vec<f64> = judged.iter().map(|j| j.value.unwrap_or(f64::NAN)).collect();
        self.known.push((key, figures.clone()));
        let rows = self.known.iter().map(|(key, figures)| {
            let figures: Vec<String> = figures.iter().map(f64::to_string).collect();
            [key.clone(), figures.join(" ")]
        });
        let header = ["parameters", "figures"];
        self.unfinished.keep(self.results, header, rows)?;
        Ok(figures)
    }

    /// What an earlier fit of the same kind left.
    fn resume(&mut self, asked: bool) -> Result<(), CommandError> {
        for record in self.unfinished.begun(asked)? {
            let [key, figures] = [0, 1].map(|i| record.get(i).unwrap_or_default());
            let figures: Result<Vec<f64>, _> = figures.split(' ').map(str::parse).collect();
            let odd = |_| self.unfinished.odd("holds what is no number");
            let figures = figures.map_err(odd)?;
            if figures.len() != self.claims.len() {
                return Err(self.unfinished.odd("is cut off"));
            }
            self.known.push((key.to_owned(), figures));
        }
        Ok(())
    }
}

/// Parameters between a fifth and four fifths of their bounds, drawn with a seed (SplitMix64).
fn drawn(free: &[Free], seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) as f64 / u64::MAX as f64
    };
    let within = |f: &Free, u: f64| f.bounds[0] + (0.2 + 0.6 * u) * (f.bounds[1] - f.bounds[0]);
    free.iter().map(|f| within(f, next())).collect()
}

/// Fits, and tells how it went.
pub(super) fn fit(args: &ValidateArgs, all: &[Claim]) -> Result<(), CommandError> {
    let is_wrong = |c: &&Claim| c.row.used == Use::Test;
    if let (Some(only), Some(test)) = (&args.only, all.iter().find(is_wrong)) {
        return Err(CommandError::usage(format!(
            "--only {only}: {} is kept to test the model; a fit reads no such row",
            test.row.id
        )));
    }
    let model = person(SCENES[0], "control", STANDARD_MASS_KG, &args.set)?;
    let free = free(&model)?;
    let counts = |c: &&Claim| c.row.used == Use::Fit && c.counts() && is_of_bone(c);
    let claims: Vec<Claim> = all.iter().filter(counts).cloned().collect();
    if claims.is_empty() {
        return Err(CommandError::usage(
            "--fit: none of these claims is a figure of bone to be fitted to",
        ));
    }
    let folder = args.out.clone().unwrap_or_else(|| "fit".into());
    let inputs = args.evidence.iter().cloned().collect();
    let mut results = Results::new(folder, inputs, &[TABLE, UNFINISHED])?;
    let gpu = gpu_for_all(args)?;
    let seed = args.recover.unwrap_or(u64::MAX).to_le_bytes();
    let names = free.iter().map(|f| f.name.as_bytes());
    let more = names.chain([seed.as_slice()]);
    let unfinished = Unfinished::new(&results, UNFINISHED, args, &claims, more);
    let mut evaluations = Evaluations {
        people: People::new(&gpu, args, &claims, 100),
        claims: &claims,
        free: &free,
        results: &results,
        unfinished,
        known: Vec::new(),
    };
    evaluations.resume(args.resume)?;
    let mut targets: Vec<Target> = claims.iter().map(target).collect();
    let truth = args.recover.map(|seed| drawn(&free, seed));
    if let Some(truth) = &truth {
        let made = evaluations.figures(truth)?;
        for (target, x) in targets.iter_mut().zip(made) {
            let half = match (target.low, target.high) {
                (Some(low), Some(high)) => 0.5 * (high - low),
                _ => target.scale,
            };
            // What never happens is nothing to be held to.
            *target = Target {
                low: x.is_finite().then_some(x - half),
                high: x.is_finite().then_some(x + half),
                ..*target
            };
        }
    }
    let outcome = crate::study::fit::fit(
        &free,
        &targets,
        &mut |values| evaluations.figures(values),
        &mut |round, squares| {
            // A fit takes long: whoever waits sees that it moves.
            eprintln!("round {round}: sum of squares {squares:.2}");
        },
    )
    .map_err(|why| match why {
        crate::study::fit::FitError::Figures(why) => why,
        other => CommandError::usage(format!("--fit: {other}")),
    })?;
    let values: Vec<f64> = outcome.parameters.iter().map(|p| p.value).collect();
    let fitted = evaluations.figures(&values)?;
    let Evaluations {
        people, unfinished, ..
    } = evaluations;
    people.finish();
    let table = table(&free, &outcome, truth.as_deref());
    results.write(TABLE, &crate::io::records(table.clone()))?;
    unfinished.done()?;
    // Figures are judged by what was fitted to, which the model may have made itself.
    let held = claims.iter().zip(&targets).map(|(claim, target)| Claim {
        low: target.low,
        high: target.high,
        ..claim.clone()
    });
    let held: Vec<Claim> = held.collect();
    let after = held.iter().zip(fitted).map(|(claim, value)| Judged {
        claim,
        value: Some(value),
    });
    let after: Vec<Judged<'_>> = after.collect();
    tell(args, &gpu, &outcome, &table, &after)?;
    // Rows that were kept aside are looked at once, with the rest.
    if truth.is_none() && args.only.is_none() && !args.json {
        check(args, &gpu, &outcome, all)?;
    }
    Ok(())
}

/// A row a parameter.
fn table(free: &[Free], outcome: &Outcome, truth: Option<&[f64]>) -> Vec<[String; 8]> {
    let header = [
        "parameter",
        "before",
        "fitted",
        "sd",
        "low",
        "high",
        "weight",
        "known",
    ];
    let mut rows = vec![header.map(str::to_owned)];
    for (k, (f, p)) in free.iter().zip(&outcome.parameters).enumerate() {
        let known = truth.map_or(String::new(), |t| format!("{:.5e}", t[k]));
        let numbers = [f.start, p.value, p.sd, f.bounds[0], f.bounds[1], p.weight];
        let [start, value, sd, low, high, weight] = numbers.map(|x| format!("{x:.5e}"));
        rows.push([f.name.clone(), start, value, sd, low, high, weight, known]);
    }
    rows
}

fn tell(
    args: &ValidateArgs,
    gpu: &Gpu,
    outcome: &Outcome,
    table: &[[String; 8]],
    after: &[Judged<'_>],
) -> Result<(), CommandError> {
    let held = after.iter().filter(|j| j.holds() == Some(true)).count();
    if args.json {
        let rows: Vec<serde_json::Value> = after.iter().map(super::validate::row).collect();
        let parts = [
            ("parameters", serde_json::json!(table)),
            ("squares", serde_json::json!(outcome.squares)),
            ("claims", rows.into()),
        ];
        return say(&format!("{:#}", with_heading(gpu, args, &parts)));
    }
    for row in table {
        let cells: Vec<String> = row[1..].iter().map(|c| format!("{c:>13}")).collect();
        say(&format!("{:<28}{}", row[0], cells.concat()))?;
    }
    say("")?;
    for j in after {
        let state = if j.holds() == Some(true) { "in" } else { "OUT" };
        let value = j.value.map_or_else(String::new, number);
        say(&format!("{state:<5}{:<38}{value:>9}", j.claim.row.id))?;
    }
    say(&format!(
        "\nsum of squares {:.2} -> {:.2}; {held} of {} figures in range; size {}, {}",
        outcome.squares[0],
        outcome.squares[1],
        after.len(),
        args.size(),
        gpu.adapter_name()
    ))
}

/// Every claim, once, with the parameters as they came out.
fn check(
    args: &ValidateArgs,
    gpu: &Gpu,
    outcome: &Outcome,
    all: &[Claim],
) -> Result<(), CommandError> {
    let set = outcome.parameters.iter();
    let set: Vec<String> = set.map(|p| format!("{}={}", p.name, p.value)).collect();
    let mut people = People::new(gpu, args, all, 1);
    let courses = people.fly_with(&set)?;
    people.finish();
    let judged = courses.judge(all)?;
    tell_scores(&Scores::of(&judged), &judged)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::evidence::{BUILT_IN, parse};

    #[test]
    fn what_is_free_starts_within_its_bounds() {
        let model = Model::built_in().unwrap();
        let free = free(&model).unwrap();
        assert!((10..=20).contains(&free.len()), "{}", free.len());
        for f in &free {
            let [low, high] = f.bounds;
            assert!((low..=high).contains(&f.start), "{f:?}");
        }
        // Draws are told apart by their seed, and lie within the bounds.
        let (one, other) = (drawn(&free, 1), drawn(&free, 2));
        assert_ne!(one, other);
        for (f, x) in free.iter().zip(one.iter().chain(&other)) {
            assert!(*x > f.bounds[0] && *x < f.bounds[1], "{f:?} {x}");
        }
    }

    #[test]
    fn only_figures_of_bone_that_are_for_it_are_fitted_to() {
        let claims = parse("claims.csv", BUILT_IN).unwrap();
        let bone: Vec<&Claim> = claims.iter().filter(|c| is_of_bone(c)).collect();
        let has = |id: &str| bone.iter().any(|c| c.row.id == id);
        assert!(has("hip-trabecular-flight") && has("resorption-day-2"));
        assert!(!has("soleus-third-g") && !has("muscle-steady"));
    }
}
