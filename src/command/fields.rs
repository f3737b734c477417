//! Fields on the whole lattice, as files.

use crate::io;
use crate::sim::Simulation;
use crate::study::FieldFormat;
use crate::view::{Field, FieldKind};
use crate::volume::{Axes, Volume};

use super::error::CommandError;
use super::results::{FIELDS, Results, field_stem};
use super::wait::Wait as _;

/// Writes the fields of the days that a run asks for.
#[derive(Debug)]
pub(super) struct FieldWriter {
    format: FieldFormat,
    field: Option<Field>,
}

impl FieldWriter {
    pub(super) fn new(simulation: &Simulation, format: FieldFormat) -> Result<Self, CommandError> {
        let field = match format {
            FieldFormat::None => None,
            _ => Some(Field::new(
                simulation.gpu(),
                simulation.state(),
                simulation.anatomy(),
            )?),
        };
        Ok(Self { format, field })
    }

    /// Writes all fields of the day.
    pub(super) fn write(
        &self,
        simulation: &Simulation,
        results: &mut Results,
    ) -> Result<(), CommandError> {
        let Some(field) = &self.field else {
            return Ok(());
        };
        let gpu = simulation.gpu();
        let mut volumes = Vec::new();
        for kind in FieldKind::ALL {
            field.show(gpu, *kind);
            let values = Field::numbers(*kind, &gpu.fetch(&field.read(gpu)?)?);
            volumes.push(volume(simulation, kind.key(), kind.unit(), values));
        }
        let tissue = simulation.anatomy().tissue.iter();
        let tissue = tissue.map(|t| f32::from(*t as u8)).collect();
        let names = "0 outside 1 soft 2 muscle 3 marrow 4 trabecular 5 cortical";
        volumes.push(volume(simulation, "tissue", names, tissue));
        let day = simulation.day();
        let stem = format!("{FIELDS}/{}", field_stem(day));
        if self.format == FieldFormat::Vti {
            return results.write(&format!("{stem}.vti"), &io::vti(&volumes, day));
        }
        for v in &volumes {
            let bytes = io::npy(v).map_err(|e| CommandError {
                message: e.to_string(),
                code: 1,
            })?;
            results.write(&format!("{stem}_{}.npy", v.name), &bytes)?;
        }
        Ok(())
    }
}

fn volume(simulation: &Simulation, name: &str, unit: &str, values: Vec<f32>) -> Volume {
    let anatomy = simulation.anatomy();
    Volume {
        name: name.to_owned(),
        unit: unit.to_owned(),
        voxels: anatomy.voxels,
        spacing: [anatomy.spacing; 3],
        origin: anatomy.origin,
        axes: Axes::BODY,
        values,
    }
}
