//! What costs a solve or a reading of the whole lattice: tests to failure, and how bone lies against stress.

use crate::measure::{Measurement, PendingOrientation, Quantity, StrengthTest, Subject};
use crate::sim::Simulation;

use super::error::CommandError;
use super::wait::{Wait as _, clock};

/// How the grown bone lies against the stress of the day.
pub(super) fn wolff(simulation: &Simulation) -> Result<Vec<Measurement>, CommandError> {
    let pending = PendingOrientation::new(simulation)?;
    let found = simulation.gpu().arrival(|| pending.poll(simulation))?;
    let Some(found) = found else {
        return Ok(Vec::new());
    };
    let tell = |(quantity, value)| Measurement {
        region: "trabecular",
        quantity,
        value,
    };
    Ok([
        (Quantity::AngleToPrincipalStress, found.angle),
        (Quantity::CosineToPrincipalStress, found.cosine),
        (Quantity::DensityStressCorrelation, found.correlation),
    ]
    .map(tell)
    .to_vec())
}

/// Tests the bones of a scene to failure, each as its plans have it.
pub(super) fn test_strength(simulation: &Simulation) -> Result<Vec<Measurement>, CommandError> {
    let mut all = Vec::new();
    for plan in &simulation.anatomy().strength {
        let mut test = StrengthTest::new(simulation, plan)?;
        let found = loop {
            if let Some(found) = test.poll(clock())? {
                break found;
            }
            simulation.gpu().wait()?;
        };
        let answers = plan
            .quantities
            .into_iter()
            .zip([found.strength, found.stiffness]);
        for (key, value) in answers {
            // A test holds that the catalogue has every plan's quantities.
            if let Some(quantity) = Quantity::of(Subject::Bone, key) {
                all.push(Measurement {
                    region: plan.region,
                    quantity,
                    value,
                });
            }
        }
    }
    Ok(all)
}
