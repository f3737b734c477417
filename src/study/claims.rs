//! Which runs claims need, and how they come out.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::evidence::{Claim, Course, Expression, Use};
use crate::tissue::Anatomy;

use super::course::Courses;
use super::error::StudyError;
use super::plan::{Looks, Plan, Tests};

/// Finest that the core of single struts is run at for claims: it is dense, and a finer one costs
/// many minutes.
const CORE_SIZE: usize = 32;

/// A run that claims need: of one condition, on which days which quantity of which region.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimedRun {
    /// Name of the condition.
    pub condition: String,
    looks: BTreeMap<(String, String), BTreeSet<u32>>,
}

impl ClaimedRun {
    /// Its last day.
    pub fn last_day(&self) -> u32 {
        let last = self.looks.values().filter_map(BTreeSet::last).max();
        last.copied().unwrap_or(0)
    }

    /// Looks of every day. A bone's strength costs a solve: it is tested only when it is claimed.
    pub fn plan(&self, anatomy: &Anatomy) -> Plan {
        let is_tested = |region: &str, quantity: &str| {
            let mut plans = anatomy.strength.iter();
            plans.any(|p| p.region == region && p.quantities.contains(&quantity))
        };
        let looks = self.looks.iter();
        let tested = looks.filter(|((region, quantity), _)| is_tested(region, quantity));
        let days = tested.flat_map(|(_, days)| days.iter().copied().map(f64::from));
        Plan {
            looks: Looks::Every {
                days: 1.0,
                last: f64::from(self.last_day()),
            },
            tests: Tests::On(days.collect()),
            orientation: false,
        }
    }
}

/// The runs that claims need of one person: all from one settled body.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimedRuns {
    /// Scene.
    pub scene: String,
    /// Group of people.
    pub group: String,
    /// One for each condition.
    pub runs: Vec<ClaimedRun>,
}

impl ClaimedRuns {
    /// Those that all of `claims` together need, each as long as any claim needs it.
    pub fn of(claims: &[Claim]) -> Vec<Self> {
        type Looks = BTreeMap<(String, String), BTreeSet<u32>>;
        let mut all: BTreeMap<(String, String), BTreeMap<String, Looks>> = BTreeMap::new();
        let models = claims.iter().filter_map(|c| c.model.as_ref());
        for needed in models.flat_map(Expression::needs) {
            all.entry((needed.scene, needed.group))
                .or_default()
                .entry(needed.condition)
                .or_default()
                .entry((needed.region, needed.quantity))
                .or_default()
                .extend(needed.days);
        }
        let runs = |runs: BTreeMap<String, Looks>| {
            let runs = runs.into_iter();
            runs.map(|(condition, looks)| ClaimedRun { condition, looks })
                .collect()
        };
        all.into_iter()
            .map(|((scene, group), of)| Self {
                scene,
                group,
                runs: runs(of),
            })
            .collect()
    }

    /// Voxels along the longest side, where `size` is asked for.
    pub fn size(&self, size: usize) -> usize {
        if self.scene == "trabecular-core" {
            size.min(CORE_SIZE)
        } else {
            size
        }
    }
}

/// A claim with the model's value, and whether that agrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged<'a> {
    /// What is claimed.
    pub claim: &'a Claim,
    /// The model's value, in the claim's unit; infinite for what never happens, none where the
    /// model has nothing that answers.
    pub value: Option<f64>,
}

impl Judged<'_> {
    /// Whether it is in range; none where the model has nothing that answers.
    pub fn holds(&self) -> Option<bool> {
        self.value.map(|value| self.claim.holds(value))
    }
}

/// The courses of the runs that claims are judged by.
#[derive(Debug, Clone, Default)]
pub struct ClaimedCourses {
    /// By scene, group, condition, region and quantity.
    all: BTreeMap<[String; 5], Course>,
}

impl ClaimedCourses {
    /// Adds what a run measured.
    pub fn add(&mut self, of: &ClaimedRuns, run: &ClaimedRun, courses: &Courses) {
        for (region, quantity, course) in courses.each() {
            let key = [&of.scene, &of.group, &run.condition].map(Clone::clone);
            let [scene, group, condition] = key;
            let key = [
                scene,
                group,
                condition,
                region.to_owned(),
                quantity.to_owned(),
            ];
            self.all.insert(key, course);
        }
    }

    /// Holds claims against the courses.
    /// # Errors
    /// A claim that asks for what no run measured.
    pub fn judge<'a>(&self, claims: &'a [Claim]) -> Result<Vec<Judged<'a>>, StudyError> {
        let judged = |claim: &'a Claim| {
            let Some(model) = &claim.model else {
                return Ok(Judged { claim, value: None });
            };
            let value = model
                .value(&|key| self.all.get(&key.map(str::to_owned)))
                .map_err(|why| StudyError::usage(format!("claim {}: {why}", claim.row.id)))?;
            Ok(Judged {
                claim,
                value: Some(value),
            })
        };
        claims.iter().map(judged).collect()
    }

    /// Day by day, the change since day 0 in %, of a quantity of a region under a condition.
    pub fn change(&self, key: [&str; 5]) -> Option<Vec<(f64, f64)>> {
        let course = self.all.get(&key.map(str::to_owned))?;
        let first = *course.first()?;
        let days = course.iter().enumerate();
        Some(
            days.map(|(day, value)| (day as f64, 100.0 * (value / first - 1.0)))
                .collect(),
        )
    }
}

/// Claims in range, of how many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// In range.
    #[serde(rename = "in")]
    pub held: usize,
    /// Claims that count.
    pub of: usize,
}

impl Tally {
    /// Counts one more.
    pub fn add(&mut self, holds: bool) {
        self.held += usize::from(holds);
        self.of += 1;
    }
}

/// How many claims hold, by what they are for. Made-up ranges and what the model does not answer
/// are counted apart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Scores {
    /// Statements of the review.
    pub review: Tally,
    /// Of studies that parameters were fitted to.
    pub fitted: Tally,
    /// Of studies that no parameter was fitted to.
    pub predicted: Tally,
    /// What must hold by definition.
    pub invariant: Tally,
    /// Made-up ranges.
    pub assumed: Tally,
    /// What the model has no quantity or condition for: never in range.
    pub not_answered: Tally,
}

impl Scores {
    /// Of judged claims.
    pub fn of<'a>(judged: impl IntoIterator<Item = &'a Judged<'a>>) -> Self {
        let mut scores = Self::default();
        for j in judged {
            let tally = match (j.value, j.claim.row.used) {
                (None, _) => &mut scores.not_answered,
                _ if !j.claim.counts() => &mut scores.assumed,
                (_, Use::Review) => &mut scores.review,
                (_, Use::Fit) => &mut scores.fitted,
                (_, Use::Test) => &mut scores.predicted,
                (_, Use::Invariant) => &mut scores.invariant,
            };
            tally.add(j.holds() == Some(true));
        }
        scores
    }
}

/// Fitted and predicted claims in range, by a column of theirs, in its order.
pub fn scores_by<'a, K: Ord>(
    judged: &'a [Judged<'a>],
    column: impl Fn(&'a Claim) -> K,
) -> BTreeMap<K, [Tally; 2]> {
    let mut all: BTreeMap<K, [Tally; 2]> = BTreeMap::new();
    for j in judged.iter().filter(|j| j.claim.counts()) {
        let half = match j.claim.row.used {
            Use::Fit => 0,
            Use::Test => 1,
            Use::Review | Use::Invariant => continue,
        };
        let tallies = all.entry(column(j.claim)).or_default();
        tallies[half].add(j.holds() == Some(true));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{BUILT_IN, parse};

    #[test]
    fn runs_are_as_long_as_any_claim_needs_them() {
        let claims = parse("claims.csv", BUILT_IN).unwrap_or_default();
        let all = ClaimedRuns::of(&claims);
        let models = claims.iter().filter_map(|c| c.model.as_ref());
        for needed in models.flat_map(Expression::needs) {
            let of = all
                .iter()
                .find(|r| r.scene == needed.scene && r.group == needed.group);
            let runs = of.map_or(&[][..], |of| &of.runs);
            let run = runs.iter().find(|r| r.condition == needed.condition);
            let last = needed.days.iter().max().copied();
            assert!(run.map(ClaimedRun::last_day) >= last, "{needed:?}");
        }
        assert!(all.len() > 5);
        // Nothing is run that no claim needs.
        let none = ClaimedRuns::of(&[]);
        assert!(none.is_empty());
    }
}
