//! What `run.toml` says of a run: enough to run it again.

use toml::{Table, Value};

use crate::gpu::Fault;
use crate::physiology::Physiology;
use crate::sim::Simulation;

use super::document::Document;
use super::file::Output;

/// The document, and what it made of the adapter.
pub fn manifest(document: &Document, output: &Output, simulation: &Simulation) -> Table {
    let model = simulation.model();
    let mut run = document.to_table(output);
    let mut set = |key: &str, value: Value| run.insert(key.to_owned(), value);
    set("version", env!("CARGO_PKG_VERSION").into());
    set("adapter", simulation.gpu().adapter_name().into());
    set("spacing_mm", simulation.anatomy().spacing.into());
    set(
        "gpu_bytes_per_voxel",
        (simulation.bytes() as f64 / simulation.anatomy().len() as f64).into(),
    );
    let mut solves = Table::new();
    for (load, outcome) in simulation.anatomy().loads.iter().zip(simulation.outcomes()) {
        let mut solve = Table::new();
        solve.insert("true_residual".to_owned(), outcome.true_residual.into());
        solve.insert(
            "iterations".to_owned(),
            i64::from(outcome.iterations).into(),
        );
        solves.insert(load.name.to_owned(), solve.into());
    }
    set("last_solves", solves.into());
    let mut parameters = Table::new();
    for (name, value) in Physiology::NAMES.iter().zip(model.physiology.values()) {
        // The shortest decimal that names this f32, not its expansion to f64.
        let value: f64 = value.to_string().parse().unwrap_or(f64::from(value));
        parameters.insert((*name).to_owned(), value.into());
    }
    set("parameters", parameters.into());
    if let Ok(activities) = Value::try_from(&model.activities) {
        set("activity", activities);
    }
    if let Ok(muscles) = Value::try_from(&model.muscles) {
        set("muscle", muscles);
    }
    if let Ok(joints) = Value::try_from(&model.joints) {
        set("joint", joints);
    }
    run
}

/// Numbers that were not finite, as a table of counts.
pub fn fault_table(faults: &[Fault]) -> Table {
    let mut table = Table::new();
    table.insert(
        "nan".to_owned(),
        faults.iter().map(|f| i64::from(f.nan)).sum::<i64>().into(),
    );
    table.insert(
        "infinite".to_owned(),
        faults
            .iter()
            .map(|f| i64::from(f.infinite))
            .sum::<i64>()
            .into(),
    );
    table
}
