//! Reads claims.csv, and refuses what is wrong in it with file, line, column and what is allowed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::located::{Located, Source};
use crate::measure::{Quantity, Subject, WHOLE_BODY};
use crate::physiology::PIECES;
use crate::tissue::{Anatomy, SCENES, SIZES, SiteKind};

use super::claim::{Claim, Interval, Kind, Read, Row, Use};
use super::expression::{Expression, RequiredRun};
use super::{CONDITIONS, GROUPS};

/// Reads a file of claims. `file` is its name for errors.
/// # Errors
/// File, line, column, what was found and what is allowed: a row without source, mark of reading or
/// kind of interval, a study that is both fitted to and tested by, an expression that cannot be
/// read, that asks for what no scene has, or that contradicts the row's condition, site or day.
pub fn parse(file: &str, text: &str) -> Result<Vec<Claim>, Located> {
    read(file, text, true)
}

/// The claims that come with the program. That scenes have what they ask for is held by a test, and
/// not looked for here: it takes seconds.
/// # Errors
/// As [`parse`].
pub fn built_in() -> Result<Vec<Claim>, Located> {
    read("assets/evidence/claims.csv", super::BUILT_IN, false)
}

fn read(file: &str, text: &str, asks_scenes: bool) -> Result<Vec<Claim>, Located> {
    let source = Source { file, text };
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut claims: Vec<Claim> = Vec::new();
    let mut ids: BTreeMap<String, usize> = BTreeMap::new();
    let mut halves: BTreeMap<String, (Use, usize)> = BTreeMap::new();
    let headers = reader
        .headers()
        .map_err(|e| source.error(0, "header", e.to_string(), "the columns of claims.csv"))?
        .clone();
    for record in reader.records() {
        let record = record.map_err(|e| {
            let at = e.position().map_or(0, |p| p.byte() as usize);
            let wanted = "as many columns as the header has";
            source.error(at, "row", e.to_string(), wanted)
        })?;
        let at = record.position().map_or(0, |p| p.byte() as usize);
        let row = row(&source, &headers, &record, at)?;
        let claim = claim(&source, row, at, asks_scenes)?;
        let row = &claim.row;
        if let Some(first) = ids.insert(row.id.clone(), at) {
            let found = format!("\"{}\", which line {} has too", row.id, source.line(first));
            return Err(source.error(at, "id", found, allowed("id")));
        }
        if matches!(row.used, Use::Fit | Use::Test) {
            for study in row.studies() {
                let half = halves.entry(study.to_owned()).or_insert((row.used, at));
                if half.0 != row.used {
                    let found = format!(
                        "{study} in {} here and in {} in line {}",
                        row.used.name(),
                        half.0.name(),
                        source.line(half.1)
                    );
                    return Err(source.error(at, "use", found, "one half for all rows of a study"));
                }
            }
        }
        claims.push(claim);
    }
    if claims.is_empty() {
        let wanted = "at least one claim below the header";
        return Err(source.error(text.len(), "row", "none", wanted));
    }
    Ok(claims)
}

/// One row, with what must stand in it.
fn row(
    source: &Source<'_>,
    headers: &csv::StringRecord,
    record: &csv::StringRecord,
    at: usize,
) -> Result<Row, Located> {
    // The reader would not say in which column a wrong name stands.
    let cell = |column: &str| {
        let place = headers.iter().position(|h| h == column);
        place.and_then(|k| record.get(k)).unwrap_or_default()
    };
    for (column, is_known) in [
        ("use", cell("use").parse::<Use>().is_ok()),
        ("read", cell("read").parse::<Read>().is_ok()),
        ("kind", cell("kind").parse::<Kind>().is_ok()),
        ("interval", cell("interval").parse::<Interval>().is_ok()),
    ] {
        if headers.iter().any(|h| h == column) && !is_known {
            let found = format!("\"{}\"", cell(column));
            return Err(source.error(at, column, found, allowed(column)));
        }
    }
    let row: Row = record.deserialize(Some(headers)).map_err(|e| {
        let csv::ErrorKind::Deserialize { err, .. } = e.kind() else {
            return source.error(at, "row", e.to_string(), allowed("row"));
        };
        let field = err.field().and_then(|i| headers.get(i as usize));
        let column = field.unwrap_or("row");
        source.error(at, column, err.kind().to_string(), allowed(column))
    })?;
    let refuse = |key: &str, found: String| Err(source.error(at, key, found, allowed(key)));
    for (key, value) in [
        ("id", &row.id),
        ("claim", &row.claim),
        ("study", &row.study),
        ("source", &row.source),
        ("site", &row.site),
        ("condition", &row.condition),
        ("unit", &row.unit),
    ] {
        if value.trim().is_empty() {
            return refuse(key, "nothing".to_owned());
        }
    }
    let numbers = [row.low, row.high, row.value, row.sd, row.error, row.day];
    if numbers.iter().flatten().any(|x| !x.is_finite())
        || matches!((row.low, row.high), (Some(low), Some(high)) if low > high)
    {
        return refuse("low", format!("low {:?}, high {:?}", row.low, row.high));
    }
    if (row.used == Use::Invariant) != (row.interval == Interval::Definition) {
        return refuse("interval", row.interval.name().to_owned());
    }
    Ok(row)
}

/// A row with its range and its expression.
fn claim(source: &Source<'_>, row: Row, at: usize, asks_scenes: bool) -> Result<Claim, Located> {
    let refuse = |key: &str, found: String, known: String| source.error(at, key, found, known);
    let [low, high] = row.range().map_err(|wanted| {
        let found = format!(
            "{} with value {:?}, sd {:?}, n {:?}, low {:?}, high {:?}, error {:?}",
            row.interval.name(),
            row.value,
            row.sd,
            row.n,
            row.low,
            row.high,
            row.error
        );
        refuse("interval", found, wanted.to_owned())
    })?;
    if row.model.is_empty() == row.lacks.is_empty() {
        let found = "both or neither of model and lacks".to_owned();
        return Err(refuse("model", found, allowed("lacks")));
    }
    let model = if row.model.is_empty() {
        None
    } else {
        let read = Expression::parse(&row.model);
        let model = read.map_err(|why| refuse("model", why, allowed("model")))?;
        let needs = model.needs();
        for needed in needs.iter().filter(|_| asks_scenes) {
            check(needed).map_err(|(found, known)| refuse("model", found, known))?;
        }
        agree(&row, &needs).map_err(|(key, found, known)| refuse(key, found, known))?;
        Some(model)
    };
    Ok(Claim {
        row,
        low,
        high,
        model,
    })
}

/// What the columns and the expression both say must be the same; else the column, what it says and
/// what the expression looks at.
fn agree(row: &Row, needs: &BTreeSet<RequiredRun>) -> Result<(), (&'static str, String, String)> {
    let listed = |names: BTreeSet<String>| {
        let names: Vec<String> = names.into_iter().collect();
        format!("what the expression looks at: {}", names.join(", "))
    };
    let conditions: BTreeSet<String> = needs.iter().map(|n| n.condition.clone()).collect();
    if !needs.is_empty() && !conditions.contains(&row.condition) {
        let found = format!("\"{}\"", row.condition);
        return Err(("condition", found, listed(conditions)));
    }
    let days: BTreeSet<u32> = needs.iter().flat_map(|n| n.days.clone()).collect();
    if let Some(day) = row.day
        && !needs.is_empty()
        && !days.iter().any(|d| (f64::from(*d) - day).abs() < 0.5)
    {
        let days = days.iter().map(u32::to_string).collect();
        return Err(("day", format!("{day}"), listed(days)));
    }
    Ok(())
}

/// What a scene can be asked for: its regions, and which quantities each has.
struct Answers {
    scene: &'static str,
    regions: Vec<(&'static str, Vec<&'static str>)>,
}

/// Of the coarsest lattice, which has all that finer ones have.
static ANSWERS: LazyLock<Vec<Answers>> = LazyLock::new(|| {
    let scenes = SCENES.iter();
    let built = scenes.filter_map(|scene| Anatomy::build(scene, *SIZES.start()).ok());
    built.map(|anatomy| answers(&anatomy)).collect()
});

fn answers(anatomy: &Anatomy) -> Answers {
    let is_of_struts =
        (anatomy.bone.iter().flat_map(|b| &b.sites)).any(|s| s.kind == SiteKind::Strut);
    let quantities = |region: &str, subject: Subject| {
        let has = |q: &&Quantity| {
            if q.subject() != subject {
                false
            } else if PIECES.contains(&region) {
                **q == Quantity::SkeletalMineral
            } else if subject == Subject::Bone && q.is_tested() {
                let mut plans = anatomy.strength.iter();
                plans.any(|p| p.region == region && p.quantities.contains(&q.key()))
            } else {
                match q {
                    Quantity::ConnectivityDensity => is_of_struts,
                    // Told of bone that grows, which no condition does.
                    Quantity::AngleToPrincipalStress
                    | Quantity::CosineToPrincipalStress
                    | Quantity::DensityStressCorrelation => false,
                    _ => true,
                }
            }
        };
        Quantity::ALL.iter().filter(has).map(|q| q.key()).collect()
    };
    let bone = anatomy.regions.iter().map(|r| (r.name, Subject::Bone));
    let muscle = (anatomy.muscle_regions.iter()).map(|r| (r.name, Subject::Muscle));
    let body = [WHOLE_BODY].into_iter().chain(PIECES);
    let all = bone.chain(muscle).chain(body.map(|r| (r, Subject::Body)));
    Answers {
        scene: anatomy.scene,
        regions: all.map(|(r, s)| (r, quantities(r, s))).collect(),
    }
}

/// Whether there is what an expression needs; else what was found, and what there is.
fn check(needed: &RequiredRun) -> Result<(), (String, String)> {
    let known = |what: &str, found: &String, known: Vec<&str>| {
        if known.contains(&found.as_str()) {
            Ok(())
        } else {
            Err((format!("the {what} '{found}'"), known.join(", ")))
        }
    };
    let conditions = CONDITIONS.iter().map(|(n, _)| *n).collect();
    known("condition", &needed.condition, conditions)?;
    known("scene", &needed.scene, SCENES.to_vec())?;
    known("group", &needed.group, GROUPS.to_vec())?;
    let Some(answers) = ANSWERS.iter().find(|a| a.scene == needed.scene) else {
        return Ok(());
    };
    let regions: Vec<&str> = answers.regions.iter().map(|(r, _)| *r).collect();
    known("region", &needed.region, regions)?;
    let of_region = answers.regions.iter().find(|(r, _)| *r == needed.region);
    let quantities = of_region.map_or(Vec::new(), |(_, all)| all.clone());
    let what = format!("quantity of {}", needed.region);
    known(&what, &needed.quantity, quantities)
}

/// What a column may hold.
fn allowed(column: &str) -> String {
    fn names<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str) -> String {
        all.iter().map(|t| name(*t)).collect::<Vec<_>>().join(", ")
    }
    match column {
        "use" => names(Use::ALL, Use::name),
        "read" => names(Read::ALL, Read::name),
        "kind" => names(Kind::ALL, Kind::name),
        "interval" => format!(
            "{}; definition for invariants, and only for them",
            names(Interval::ALL, Interval::name)
        ),
        "id" => "a name of its own".to_owned(),
        "row" => "the columns of claims.csv, and no other".to_owned(),
        "study" => "first author and year, \"; \" between two".to_owned(),
        "source" => "where the figure stands".to_owned(),
        "low" | "high" => "numbers, low not above high".to_owned(),
        "n" | "day" | "value" | "sd" | "error" => "a number or nothing".to_owned(),
        "lacks" => {
            "an expression in model, or in lacks what the model has not, to answer".to_owned()
        }
        "model" => "numbers, + - * / and min, max of expressions, and change, value, half_loss, \
             half_back, lowest, highest of ('condition', 'scene:region:quantity', days)"
            .to_owned(),
        _ => "text".to_owned(),
    }
}
