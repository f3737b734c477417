//! `mechanostat validate --ablate`: what each claim hangs on.

use std::path::PathBuf;

use crate::evidence::{Claim, Use};
use crate::scenario::Link;
use crate::study::{Ablation, Judged, Scores};

use super::claimed::People;
use super::error::{CommandError, say};
use super::results::Results;
use super::unfinished::Unfinished;
use super::validate::{gpu_for_all, row, tell_scores, verdict, with_heading};
use super::validate_args::ValidateArgs;

/// The table that is left, and the values of the links that are done while it is not.
const TABLE: &str = "ablation.csv";
const UNFINISHED: &str = "ablation.unfinished.csv";

/// Cuts every link in turn, and tells for every claim which cuts move it. Invariants are left out:
/// at 1 g no link carries anything.
pub(super) fn ablate(args: &ValidateArgs, mut claims: Vec<Claim>) -> Result<(), CommandError> {
    claims.retain(|c| c.row.used != Use::Invariant);
    if claims.is_empty() {
        return Err(CommandError::usage(
            "--ablate: there are only invariants, which hang on no link",
        ));
    }
    let claims = &claims[..];
    let cuts = cuts(args)?;
    let folder = args.out.clone().unwrap_or_else(|| "ablation".into());
    let inputs: Vec<PathBuf> = args.evidence.iter().cloned().collect();
    let mut results = Results::new(folder, inputs, &[TABLE, UNFINISHED])?;
    let unfinished = Unfinished::new(&results, UNFINISHED, args, claims, []);
    let mut ablation = begun(args, claims, &unfinished)?;
    let left: Vec<Option<Link>> = cuts.into_iter().filter(|c| !ablation.has(*c)).collect();
    let gpu = gpu_for_all(args)?;
    let mut people = People::new(&gpu, args, claims, left.len());
    for cut in &left {
        let courses = people.fly(*cut)?;
        let judged = courses.judge(claims)?;
        ablation.add(*cut, judged.iter().map(|j| j.value).collect());
        let rows = done(&ablation, claims);
        unfinished.keep(&results, ["cut", "id", "value"], rows)?;
        if !args.json {
            say(&format!("done: {}", name(*cut)))?;
        }
    }
    people.finish();
    let moved = ablation.moved_by(claims);
    results.write(TABLE, &table(&ablation, claims, &moved))?;
    unfinished.done()?;
    let judged = ablation.judged(claims);
    // What nothing moves tests nothing.
    let tested: Vec<Judged<'_>> = judged
        .iter()
        .zip(&moved)
        .filter(|(_, links)| !links.is_empty())
        .map(|(j, _)| *j)
        .collect();
    let (all, scores) = (Scores::of(&judged), Scores::of(&tested));
    if args.json {
        let rows: Vec<serde_json::Value> = judged
            .iter()
            .zip(&moved)
            .map(|(j, links)| {
                let mut row = row(j);
                row["moved_by"] = links.iter().map(|l| l.name()).collect();
                row
            })
            .collect();
        let whole = with_heading(
            &gpu,
            args,
            &[
                ("scores", serde_json::json!(all)),
                ("scores_of_tested", serde_json::json!(scores)),
                ("links", ablation.links().map(Link::name).collect()),
                ("claims", rows.into()),
            ],
        );
        say(&format!("{whole:#}"))?;
    } else {
        tell(&judged, &moved, &ablation)?;
        say("\nOf the claims that some cut moves:")?;
        tell_scores(&scores, &tested)?;
        say(&format!(
            "size {}, {}; {}",
            args.size(),
            gpu.adapter_name(),
            results.path(TABLE).display()
        ))?;
    }
    verdict(&all)
}

/// Nothing, then each link that is asked for.
fn cuts(args: &ValidateArgs) -> Result<Vec<Option<Link>>, CommandError> {
    if args.link.is_empty() {
        return Ok(Ablation::cuts().collect());
    }
    let mut cuts = vec![None];
    for asked in &args.link {
        let link = Link::from_name(asked).ok_or_else(|| {
            let names: Vec<&str> = Link::ALL.iter().map(|l| l.name()).collect();
            CommandError::usage(format!(
                "--link {asked}: there is no such link; allowed: {}",
                names.join(", ")
            ))
        })?;
        if !cuts.contains(&Some(link)) {
            cuts.push(Some(link));
        }
    }
    Ok(cuts)
}

fn name(cut: Option<Link>) -> &'static str {
    cut.map_or("none", Link::name)
}

/// The links that are done, where they are to be gone on from.
fn begun(
    args: &ValidateArgs,
    claims: &[Claim],
    unfinished: &Unfinished,
) -> Result<Ablation, CommandError> {
    let odd = |why: &str| unfinished.odd(why);
    let mut done: Vec<(Option<Link>, Vec<Option<f64>>)> = Vec::new();
    for record in unfinished.begun(args.resume)? {
        let [cut, _, value] = [0, 1, 2].map(|i| record.get(i).unwrap_or_default());
        let cut = match cut {
            "none" => None,
            link => Some(Link::from_name(link).ok_or_else(|| odd("names an unknown link"))?),
        };
        let value = match value {
            "" => None,
            number => {
                let number = number.parse().ok();
                Some(number.ok_or_else(|| odd("holds what is no number"))?)
            }
        };
        match done.last_mut().filter(|(last, _)| *last == cut) {
            Some((_, values)) => values.push(value),
            None => done.push((cut, vec![value])),
        }
    }
    let mut ablation = Ablation::default();
    for (cut, values) in done {
        if values.len() != claims.len() {
            return Err(odd("is cut off"));
        }
        ablation.add(cut, values);
    }
    Ok(ablation)
}

/// The values of the links that are done, a row a claim.
fn done(ablation: &Ablation, claims: &[Claim]) -> Vec<[String; 3]> {
    let mut rows = Vec::new();
    for cut in Ablation::cuts() {
        let values = ablation.values(cut).unwrap_or_default().iter();
        for (claim, value) in claims.iter().zip(values) {
            let value = value.map_or(String::new(), |v| v.to_string());
            rows.push([name(cut).to_owned(), claim.row.id.clone(), value]);
        }
    }
    rows
}

/// A row a claim and link: the value with it cut, whether that is in range, and whether the cut
/// moves the claim.
fn table(ablation: &Ablation, claims: &[Claim], moved: &[Vec<Link>]) -> Vec<u8> {
    let mut rows = vec![["id", "cut", "value", "in_range", "moved"].map(str::to_owned)];
    for (i, (claim, links)) in claims.iter().zip(moved).enumerate() {
        for cut in Ablation::cuts() {
            let Some(value) = ablation.values(cut).and_then(|values| values[i]) else {
                continue;
            };
            let is_moved = cut.is_some_and(|link| links.contains(&link));
            rows.push([
                claim.row.id.clone(),
                name(cut).to_owned(),
                value.to_string(),
                claim.holds(value).to_string(),
                is_moved.to_string(),
            ]);
        }
    }
    crate::io::records(rows)
}

/// What each claim hangs on, and how many hang on each link that was cut.
fn tell(
    judged: &[Judged<'_>],
    moved: &[Vec<Link>],
    ablation: &Ablation,
) -> Result<(), CommandError> {
    let all_cut = ablation.links().count() == Link::ALL.len();
    let scored = || judged.iter().zip(moved).filter(|(j, _)| j.claim.counts());
    say(&format!("\n{:<38}moved by", "claim"))?;
    for (j, links) in scored() {
        let names: Vec<&str> = links.iter().map(|l| l.name()).collect();
        let told = match (names.is_empty(), all_cut) {
            (false, _) => names.join(", "),
            (true, true) => "nothing: it tests nothing, and does not count".to_owned(),
            (true, false) => "none of the links that were cut".to_owned(),
        };
        say(&format!("{:<38}{told}", j.claim.row.id))?;
    }
    say(&format!(
        "\n{:<26}{:>9}{:>9}{:>11}",
        "moves how many claims", "review", "fitted", "predicted"
    ))?;
    for link in ablation.links() {
        let count = |used: Use| {
            let moves =
                scored().filter(|(j, links)| j.claim.row.used == used && links.contains(&link));
            moves.count()
        };
        say(&format!(
            "{:<26}{:>9}{:>9}{:>11}",
            link.name(),
            count(Use::Review),
            count(Use::Fit),
            count(Use::Test)
        ))?;
    }
    Ok(())
}
