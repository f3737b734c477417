//! Published figures, and the claims that `validate` holds the model to.
//!
//! A claim is a row of `assets/evidence/claims.csv`: which study found what, in how many, and an
//! expression over courses of the model (`change('flight', 'hip:total_hip:bmd', 180)`) that must
//! fall into a range.

mod claim;
mod expression;
mod norms;
mod table;

use crate::located::Located;
use crate::scenario::Scenario;

pub use claim::{Claim, Interval, Kind, Read, Row, Use};
pub use expression::{Course, Expression, RequiredRun};
pub use norms::{NORMS, Norm, norms};
pub use table::{built_in, parse};

/// The claims that come with the program.
pub const BUILT_IN: &str = include_str!("../../assets/evidence/claims.csv");

/// The parameters of bone that are fitted to claims, with their bounds.
pub const FREE: &str = include_str!("../../assets/evidence/fit.toml");

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
    "flight-no-osteoclast-drive",
    "flight-no-biochemical-crosstalk",
    "flight-no-myostatin",
    "flight-no-satellite-cells",
    "bed-rest",
    "bed-rest-flywheel",
    "bed-rest-bisphosphonate",
    "moon",
    "third-g-centrifuge-law",
    "two-thirds-g-centrifuge-law",
    "mars",
    "two-thirds-g",
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
