//! Published figures that belong beside a run: of studies under the conditions that it has had.

use crate::evidence::{CONDITIONS, Claim, Use, built_in, condition};
use crate::figure::{Mark, Published};
use crate::located::Located;
use crate::scenario::{Scenario, phase_at};

use super::document::Document;

/// A published change since day 0 of a quantity of a region.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedPoint {
    /// Region.
    pub region: String,
    /// The quantity's key.
    pub quantity: String,
    /// Day, value and interval, %, and whether the model was fitted to its study.
    pub published: Published,
    /// What is claimed, by whom, and where that is found.
    pub citation: String,
    /// First author and year of each study, `; ` between two.
    pub study: String,
    /// Where it was published.
    pub source: String,
}

/// Where a claim about a plain change stands: condition, group, scene, region, quantity; the day
/// since which it is; and its figure in %.
pub(super) fn published(claim: &Claim) -> Option<([&str; 5], u32, Published)> {
    let ([scene, group, under, region, quantity], [from, to], divisor) =
        claim.model.as_ref()?.point()?;
    let point = Published {
        curve: 0,
        day: f64::from(to),
        value: claim.row.value.map(|v| v * divisor),
        range: [claim.low, claim.high].map(|end| end.map(|e| e * divisor)),
        mark: match claim.row.used {
            Use::Test => Mark::Predicted,
            Use::Fit | Use::Invariant => Mark::Fitted,
            Use::Review => Mark::Stated,
        },
    };
    Some(([under, group, scene, region, quantity], from, point))
}

/// Whether what acts on a run is what acts in a scenario, up to a day.
fn is_same_until(document: &Document, scenario: &Scenario, day: f64) -> bool {
    let mut start = 0.0;
    let own = document.segments(day).into_iter().map(|s| s.from);
    let mut starts: Vec<f64> = own.collect();
    for phase in &scenario.phases {
        starts.push(start);
        start += phase.days;
    }
    let before = starts.into_iter().filter(|s| *s < day - 1e-6);
    let mut before = before.peekable();
    before.peek().is_some()
        && before.all(|start| {
            document.conditions_at(start) == phase_at(&scenario.phases, start).0.conditions
        })
}

/// What was published for the conditions that a run in a scene goes through, as `validate` has it.
/// # Errors
/// The program's own table or conditions cannot be read.
pub fn published_beside(document: &Document, scene: &str) -> Result<Vec<PublishedPoint>, Located> {
    let claims = built_in()?;
    let group = document.setup().group.as_str();
    let mut points = Vec::new();
    for (name, _) in CONDITIONS {
        let Some(scenario) = condition(name).transpose()? else {
            continue;
        };
        for claim in claims.iter().filter(|c| c.counts()) {
            // Where a figure since a later day stands hangs on the run.
            let Some(([under, of, place, region, quantity], 0, published)) = published(claim)
            else {
                continue;
            };
            if under != *name || of != group || place != scene {
                continue;
            }
            if is_same_until(document, &scenario, published.day) {
                points.push(PublishedPoint {
                    region: region.to_owned(),
                    quantity: quantity.to_owned(),
                    published,
                    study: claim.row.study.clone(),
                    source: claim.row.source.clone(),
                    citation: format!(
                        "{}: {} ({})",
                        claim.row.claim, claim.row.study, claim.row.source
                    ),
                });
            }
        }
    }
    Ok(points)
}
