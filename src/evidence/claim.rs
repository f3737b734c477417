//! One claim: what was published, what of the model is held against it, and where that must fall.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF as _, StudentsT};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::expression::Expression;

/// Enums whose values are written in the columns of claims.csv.
macro_rules! column {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $value:ident),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            EnumString, IntoStaticStr, VariantArray,
        )]
        #[serde(rename_all = "kebab-case")]
        #[strum(serialize_all = "kebab-case")]
        pub enum $name { $($(#[$vdoc])* $value),+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = <Self as VariantArray>::VARIANTS;

            /// As written in claims.csv.
            pub fn name(self) -> &'static str {
                self.into()
            }
        }
    )+};
}

column! {
    /// What a claim is for.
    Use {
        /// A statement of the review that the program shows.
        Review,
        /// Of a study that parameters were fitted to: agreement is calibration.
        Fit,
        /// Of a study that no parameter was fitted to: agreement is prediction.
        Test,
        /// What must hold by the model's own definitions.
        Invariant,
    }

    /// Where whoever entered a figure read it.
    Read {
        /// In the paper.
        Paper,
        /// In its abstract.
        Abstract,
        /// In the review.
        Review,
        /// In another paper that cites it.
        Cited,
        /// Nowhere: from memory.
        No,
    }

    /// What kind of evidence it is.
    Kind {
        /// Bone density or mineral by site and compartment.
        Density,
        /// Thickness, area and porosity of the cortex.
        CorticalGeometry,
        /// Strength and stiffness of bones.
        BoneStrength,
        /// Struts: their number, thickness and connections.
        Microstructure,
        /// Fat in the marrow.
        MarrowFat,
        /// Markers of turnover and hormones in blood and urine.
        Markers,
        /// Cells and their signals.
        Cells,
        /// Size of muscles.
        MuscleSize,
        /// Strength of muscles.
        MuscleStrength,
        /// Fibres by type.
        Fibres,
        /// The way back.
        Recovery,
        /// Exercise and drugs.
        Countermeasures,
        /// Between 0 and 1 g, and above.
        PartialGravity,
        /// Paralysis, immersion and limbs that are not stood on.
        ParalysisAndImmersion,
        /// When things happen.
        TimeCourse,
        /// What muscle and bone do to each other.
        Crosstalk,
        /// At 1 g nothing drifts.
        Homeostasis,
    }

    /// Where the range comes from that the model must fall into.
    Interval {
        /// 95 % interval of the published mean, by Student's t from SD and n.
        Mean,
        /// Confidence interval as printed.
        Printed,
        /// Range of means of sites, groups or studies of one paper, as printed.
        Means,
        /// Between persons: mean ± SD, or the range of persons, for a row that is about a person.
        Persons,
        /// From the lowest to the highest of several studies, all named.
        Studies,
        /// No change was found: within the precision error of the measurement.
        Unchanged,
        /// A sign or an order: one bound, which lies further from no effect than the measurement
        /// errs.
        Bound,
        /// Made up around a figure that was published without spread. Does not count.
        Assumed,
        /// By definition of the model.
        Definition,
    }
}

/// One row of claims.csv, as written.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Short name.
    pub id: String,
    /// What is claimed, in words.
    pub claim: String,
    /// What it is for.
    #[serde(rename = "use")]
    pub used: Use,
    /// First author and year of each study, `; ` between two.
    pub study: String,
    /// Where it was read.
    pub read: Read,
    /// In how many people or animals; empty where not told.
    pub n: Option<u32>,
    /// Kind of evidence.
    pub kind: Kind,
    /// Where in the body.
    pub site: String,
    /// Under what.
    pub condition: String,
    /// On which day; empty where the claim is about more than one.
    pub day: Option<f64>,
    /// Published value; empty where only a sign or an order is.
    pub value: Option<f64>,
    /// Published standard deviation between persons.
    pub sd: Option<f64>,
    /// Where the range comes from.
    pub interval: Interval,
    /// Lowest model value that agrees; empty for none, and where the range follows from SD.
    pub low: Option<f64>,
    /// Highest model value that agrees; empty for none, and where the range follows from SD.
    pub high: Option<f64>,
    /// For a bound and for no change: precision error of the measurement (its standard deviation
    /// when repeated).
    pub error: Option<f64>,
    /// Unit of value, SD, range and error.
    pub unit: String,
    /// Where it stands.
    pub source: String,
    /// What of the model is held against it; empty where it has nothing that answers.
    pub model: String,
    /// What the model lacks to answer; empty where it answers.
    pub lacks: String,
}

impl Row {
    /// The studies that it names.
    pub fn studies(&self) -> impl Iterator<Item = &str> {
        self.study.split("; ")
    }

    /// The value of no effect: 1 for ratios, 0 for all else.
    fn no_effect(&self) -> f64 {
        if self.unit.starts_with("ratio") {
            1.0
        } else {
            0.0
        }
    }

    /// Lowest and highest model value that agrees.
    /// # Errors
    /// What the kind of interval asks for and is not there.
    pub fn range(&self) -> Result<[Option<f64>; 2], &'static str> {
        let around = |half: f64| {
            let value = self.value.unwrap_or(f64::NAN);
            [Some(value - half), Some(value + half)]
        };
        let written = [self.low, self.high];
        let (both, none) = (
            self.low.is_some() && self.high.is_some(),
            self.low.is_none() && self.high.is_none(),
        );
        match (self.interval, self.value, self.sd, self.n) {
            (Interval::Mean, Some(_), Some(sd), Some(n)) if none && n > 1 && sd > 0.0 => {
                Ok(around(student(n - 1) * sd / f64::from(n).sqrt()))
            }
            (Interval::Mean, ..) => Err("value, sd and n, and neither low nor high"),
            (Interval::Persons, Some(_), Some(sd), _) if none && sd > 0.0 => Ok(around(sd)),
            (Interval::Printed | Interval::Means | Interval::Persons, ..) if both => Ok(written),
            (Interval::Persons, ..) => Err("value and sd, or low and high"),
            (Interval::Printed | Interval::Means, ..) => Err("low and high"),
            (Interval::Studies, ..) if both && self.studies().count() > 1 => Ok(written),
            (Interval::Studies, ..) => Err("low and high, and the names of at least two studies"),
            (Interval::Bound, ..) => {
                let bound = match written {
                    [Some(low), None] => low,
                    [None, Some(high)] => high,
                    _ => return Err("either low or high"),
                };
                let error = self.error.filter(|e| *e > 0.0);
                let error = error.ok_or("the precision error of the measurement")?;
                // Rounding must not decide about a bound that lies at the error itself.
                if (bound - self.no_effect()).abs() < error * (1.0 - 1e-9) {
                    return Err("a bound further from no effect than the measurement errs");
                }
                Ok(written)
            }
            (Interval::Unchanged, ..) => {
                let error = self.error.filter(|e| *e > 0.0 && none);
                let error = error
                    .ok_or("the precision error of the measurement, and neither low nor high")?;
                Ok([
                    Some(self.no_effect() - error),
                    Some(self.no_effect() + error),
                ])
            }
            (Interval::Assumed | Interval::Definition, ..) if none => Err("low or high, or both"),
            (Interval::Assumed | Interval::Definition, ..) => Ok(written),
        }
    }
}

/// Half the width of the 95 % interval of a mean, in standard errors: Student's t.
fn student(freedom: u32) -> f64 {
    StudentsT::new(0.0, 1.0, f64::from(freedom)).map_or(f64::NAN, |t| t.inverse_cdf(0.975))
}

/// A claim with its expression read.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// As written.
    pub row: Row,
    /// Lowest model value that agrees, if any is too low.
    pub low: Option<f64>,
    /// Highest model value that agrees, if any is too high.
    pub high: Option<f64>,
    /// What of the model is held against it; none where the model has nothing that answers.
    pub model: Option<Expression>,
}

impl Claim {
    /// Whether `value` agrees.
    pub fn holds(&self, value: f64) -> bool {
        value.is_finite()
            && self.low.is_none_or(|low| value >= low)
            && self.high.is_none_or(|high| value <= high)
    }

    /// Whether it counts: the model answers, and the range is not made up.
    pub fn counts(&self) -> bool {
        self.model.is_some() && self.row.interval != Interval::Assumed
    }

    /// Whether a model that gives `other` in place of `value` is told apart by the claim: one of
    /// them agrees and the other does not, or, with two bounds, more than half of the range lies
    /// between them.
    pub fn is_moved(&self, value: f64, other: f64) -> bool {
        if self.holds(value) != self.holds(other) {
            return true;
        }
        match (self.low, self.high) {
            (Some(low), Some(high)) => {
                let apart = (other - value).abs();
                apart > 0.5 * (high - low) || apart.is_nan()
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::student;

    /// Of the tables in every textbook of statistics.
    #[test]
    fn the_t_distribution_is_student_s() {
        for (freedom, printed) in [
            (1, 12.706),
            (4, 2.776),
            (9, 2.262),
            (17, 2.110),
            (120, 1.980),
        ] {
            assert!((student(freedom) - printed).abs() < 1e-3, "{freedom}");
        }
    }
}
