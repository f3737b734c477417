//! Which quantities of a scene are drawn as curves.

use crate::measure::Quantity;
use crate::tissue::{Anatomy, SiteKind};

/// What a curve is of.
#[derive(Debug, Clone, PartialEq)]
pub struct CurveOf {
    /// Region.
    pub region: &'static str,
    /// Quantity.
    pub quantity: Quantity,
    /// Name for people.
    pub label: String,
}

impl CurveOf {
    /// A curve.
    pub fn new(region: &'static str, quantity: Quantity, label: impl Into<String>) -> Self {
        Self {
            region,
            quantity,
            label: label.into(),
        }
    }
}

/// A region's name for people.
pub fn plain(name: &str) -> String {
    name.replace('_', " ")
}

/// The curves that tell most about a scene's bone: region, quantity, label.
pub fn bone_curves(anatomy: &Anatomy) -> Vec<CurveOf> {
    // The hip as a whole says more than its neck; elsewhere the first region does.
    let main = anatomy
        .regions
        .iter()
        .map(|r| r.name)
        .find(|n| *n == "total_hip")
        .or_else(|| anatomy.regions.first().map(|r| r.name));
    let mut all = Vec::new();
    let cortical = anatomy
        .bone
        .iter()
        .any(|b| b.sites.iter().any(|s| s.kind == SiteKind::Cortical));
    if let Some(main) = main {
        all.push(CurveOf::new(main, Quantity::Bmd, plain(main)));
        if cortical {
            all.push(CurveOf::new(
                main,
                Quantity::TrabecularBmd,
                format!("{}, trabecular", plain(main)),
            ));
            all.push(CurveOf::new(
                main,
                Quantity::CorticalBmd,
                format!("{}, cortical", plain(main)),
            ));
        }
    }
    let others = anatomy.regions.iter().filter(|r| Some(r.name) != main);
    all.extend(others.map(|r| CurveOf::new(r.name, Quantity::Bmd, plain(r.name))));
    all.truncate(5);
    all
}
