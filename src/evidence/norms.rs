//! Published dimensions and densities that scenes are held against: `assets/anatomy/norms.csv`.

use serde::{Deserialize, Serialize};

use crate::located::{Located, Source};

/// The norms that come with the program.
pub const NORMS: &str = include_str!("../../assets/anatomy/norms.csv");

/// A published dimension, area or density.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Norm {
    /// Which scene has it.
    #[serde(skip_serializing)]
    pub scene: String,
    /// A dimension's name, or a region and a quantity.
    #[serde(skip_serializing)]
    pub item: String,
    /// Unit.
    #[serde(skip_serializing)]
    pub unit: String,
    /// Mean of the people, where it is known.
    pub mean: Option<f64>,
    /// Their standard deviation.
    pub sd: Option<f64>,
    /// Range that is used where no standard deviation is known.
    pub low: Option<f64>,
    /// Its upper end.
    pub high: Option<f64>,
    /// Who they are.
    pub people: String,
    /// Study.
    pub source: String,
    /// Where it was read: source, abstract, cited (in another text), or no.
    pub read: String,
}

impl Norm {
    /// Mean less and plus so many standard deviations; the range where there are none.
    pub fn range(&self, deviations: f64) -> [f64; 2] {
        match (self.mean, self.sd) {
            (Some(mean), Some(sd)) => [mean - deviations * sd, mean + deviations * sd],
            _ => [
                self.low.unwrap_or(f64::NEG_INFINITY),
                self.high.unwrap_or(f64::INFINITY),
            ],
        }
    }
}

/// Reads a file of norms. `file` is its name for errors.
/// # Errors
/// File, line, what was found and what is allowed.
pub fn norms(file: &str, text: &str) -> Result<Vec<Norm>, Located> {
    let source = Source { file, text };
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut all = Vec::new();
    for record in reader.deserialize() {
        let norm: Norm = record.map_err(|e: csv::Error| {
            let at = e.position().map_or(0, |p| p.byte() as usize);
            source.error(at, "row", e.to_string(), "the columns of norms.csv")
        })?;
        let known = ["source", "abstract", "cited", "no"];
        let [low, high] = norm.range(1.0);
        let wrong = if !known.contains(&norm.read.as_str()) {
            Some(("read", norm.read.clone(), known.join(", ")))
        } else if low.is_infinite() || high.is_infinite() || low >= high {
            let found = format!("{}: {low} to {high}", norm.item);
            let allowed = "a mean with its SD, or a range from low to high";
            Some(("low", found, allowed.to_owned()))
        } else {
            None
        };
        if let Some((key, found, allowed)) = wrong {
            let at = text.find(&norm.item).unwrap_or(0);
            return Err(source.error(at, key, found, allowed));
        }
        all.push(norm);
    }
    Ok(all)
}
