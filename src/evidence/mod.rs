//! Published figures, and the claims that `validate` holds the model to.
//!
//! A claim is a row of `assets/evidence/claims.csv`: who found what, when, in how many, and an
//! expression over courses of the model (`change('flight', 'hip:total_hip:bmd', 180)`) that must
//! fall into a range.

mod expression;

use std::collections::BTreeSet;

use serde::Deserialize;
use strum::{EnumString, IntoStaticStr};

use crate::located::{Located, Source};
use crate::measure::Quantity;
use crate::scenario::Scenario;
use crate::tissue::SCENES;

pub use expression::{Course, Expression, RequiredRun};

/// The claims that come with the program.
pub const BUILT_IN: &str = include_str!("../../assets/evidence/claims.csv");

macro_rules! conditions {
    ($($name:literal),+ $(,)?) => {
        /// The conditions that claims are about, each a scenario: name and TOML text.
        pub const CONDITIONS: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("../../assets/evidence/conditions/", $name, ".toml")))),+
        ];
    };
}

conditions!(
    "earth",
    "flight",
    "flight-ared",
    "flight-ired",
    "flight-ared-bisphosphonate",
    "flight-treadmill",
    "flight-muscle-kept",
    "flight-muscles-used",
    "flight-centrifuge-law",
    "flight-weight-bearing-law",
    "flight-no-osteoclast-drive",
    "flight-no-biochemical-crosstalk",
    "flight-no-myostatin",
    "flight-no-satellite-cells",
    "bed-rest",
    "bed-rest-flywheel",
    "bed-rest-bisphosphonate",
    "moon",
    "moon-centrifuge-law",
    "moon-weight-bearing-law",
    "third-g-centrifuge-law",
    "two-thirds-g-centrifuge-law",
    "mars",
    "two-thirds-g",
    "hypergravity",
    "simulated-microgravity",
    "four-years-of-disuse",
);

/// Groups of people that claims may be about; a test compares them with the parameter file's.
const GROUPS: &[&str] = &["control", "op", "oa"];

/// The scenario of a condition.
/// # Errors
/// A condition of which there is none (`None`), or bad content of one.
pub fn condition(name: &str) -> Option<Result<Scenario, Located>> {
    let (name, text) = CONDITIONS.iter().find(|(n, _)| *n == name)?;
    Some(Scenario::parse(
        &format!("assets/evidence/conditions/{name}.toml"),
        text,
    ))
}

/// How sure a figure is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize, EnumString, IntoStaticStr,
)]
pub enum Sure {
    /// Read in the paper or its abstract.
    V,
    /// In the review.
    S,
    /// Derived from such.
    D,
    /// From knowledge, unverified.
    K,
    /// From knowledge, shaky.
    #[serde(rename = "k?")]
    #[strum(serialize = "k?")]
    Shaky,
}

/// What a claim is for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize, EnumString, IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Use {
    /// A statement of the review that the program shows.
    Review,
    /// Of a study that parameters were fitted to: agreement is calibration.
    Fit,
    /// Of a study that no parameter was fitted to: agreement is prediction.
    Test,
    /// What must hold by the model's own definitions.
    Invariant,
}

/// One claim.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Short name.
    pub id: String,
    /// What is claimed, in words.
    pub claim: String,
    /// First author and year of each study that found it, `; ` between two.
    pub study: String,
    /// In how many; empty where not told.
    pub n: Option<u32>,
    /// Where.
    pub site: String,
    /// Under what.
    pub condition: String,
    /// On which day; empty where the claim is about more than one.
    pub day: Option<f64>,
    /// Published value; empty where only a sign or an order is.
    pub value: Option<f64>,
    /// Published spread around it, as printed.
    pub spread: String,
    /// Lowest model value that agrees; empty for none.
    pub low: Option<f64>,
    /// Highest model value that agrees; empty for none.
    pub high: Option<f64>,
    /// Unit.
    pub unit: String,
    /// Where it stands.
    pub source: String,
    /// How sure it is.
    pub sure: Sure,
    /// What it is for; no study is in both [`Use::Fit`] and [`Use::Test`].
    #[serde(rename = "use")]
    pub used: Use,
    /// What of the model is held against it.
    pub model: String,
}

/// A claim with its expression read.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// As written.
    pub row: Row,
    /// What of the model is held against it.
    pub model: Expression,
}

impl Claim {
    /// Whether `value` agrees.
    pub fn holds(&self, value: f64) -> bool {
        value.is_finite()
            && self.row.low.is_none_or(|low| value >= low)
            && self.row.high.is_none_or(|high| value <= high)
    }
}

/// Reads a file of claims. `file` is its name for errors.
/// # Errors
/// File, line, column, what was found and what is allowed: a row without source, without range,
/// with an unknown condition, or whose expression cannot be read.
pub fn parse(file: &str, text: &str) -> Result<Vec<Claim>, Located> {
    let source = Source { file, text };
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut claims: Vec<Claim> = Vec::new();
    let headers = reader
        .headers()
        .map_err(|e| source.error(0, "header", e.to_string(), "the columns of claims.csv"))?
        .clone();
    for record in reader.records() {
        let record = record.map_err(|e| {
            let at = e.position().map_or(0, |p| p.byte() as usize);
            source.error(
                at,
                "row",
                e.to_string(),
                "as many columns as the header has",
            )
        })?;
        let at = record.position().map_or(0, |p| p.byte() as usize);
        let row = row(&source, &headers, &record, at)?;
        let refuse = |key: &str, found: String| source.error(at, key, found, allowed(key));
        for study in row.study.split("; ") {
            let other = claims.iter().find(|c: &&Claim| {
                matches!(
                    (c.row.used, row.used),
                    (Use::Fit, Use::Test) | (Use::Test, Use::Fit)
                ) && c.row.study.split("; ").any(|s| s == study)
            });
            if let Some(other) = other {
                return Err(refuse(
                    "use",
                    format!("{study} in both halves, see {}", other.row.id),
                ));
            }
        }
        if claims.iter().any(|c| c.row.id == row.id) {
            return Err(refuse("id", format!("\"{}\" for a second time", row.id)));
        }
        let model = Expression::parse(&row.model).map_err(|why| refuse("model", why))?;
        for needed in model.needs() {
            check(&needed).map_err(|(found, known)| source.error(at, "model", found, known))?;
        }
        claims.push(Claim { row, model });
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
    if cell("sure").parse::<Sure>().is_err() {
        return Err(source.error(at, "sure", cell("sure"), allowed("sure")));
    }
    if cell("use").parse::<Use>().is_err() {
        return Err(source.error(at, "use", cell("use"), allowed("use")));
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
    ] {
        if value.trim().is_empty() {
            return refuse(key, "nothing".to_owned());
        }
    }
    let numbers = [row.low, row.high, row.value, row.day];
    if numbers.iter().flatten().any(|x| !x.is_finite())
        || (row.low.is_none() && row.high.is_none())
        || matches!((row.low, row.high), (Some(low), Some(high)) if low > high)
    {
        return refuse("low", format!("low {:?}, high {:?}", row.low, row.high));
    }
    Ok(row)
}

/// Whether there is what an expression needs; else what was found, and what there is.
fn check(needed: &RequiredRun) -> Result<(), (String, String)> {
    // Bone and muscle may each have a quantity of the same name.
    let keys: BTreeSet<&str> = Quantity::ALL.iter().map(|q| q.key()).collect();
    let conditions: Vec<&str> = CONDITIONS.iter().map(|(n, _)| *n).collect();
    for (what, found, known) in [
        ("condition", &needed.condition, conditions),
        ("scene", &needed.scene, SCENES.to_vec()),
        ("quantity", &needed.quantity, keys.into_iter().collect()),
        ("group", &needed.group, GROUPS.to_vec()),
    ] {
        if !known.contains(&found.as_str()) {
            return Err((format!("the {what} '{found}'"), known.join(", ")));
        }
    }
    Ok(())
}

/// What a column may hold.
fn allowed(column: &str) -> &'static str {
    match column {
        "id" => "a name of its own",
        "source" => "where the figure stands",
        "sure" => "V, S, D, K or k?",
        "use" => "review, fit, test or invariant, and one half for all rows of a study",
        "low" | "high" => "numbers, one of them at least, low not above high",
        "n" | "day" | "value" => "a number or nothing",
        "model" => {
            "numbers, + - * / and change, value, half_loss, half_back, lowest, highest of ('condition', 'scene:region:quantity', days)"
        }
        _ => "text",
    }
}
