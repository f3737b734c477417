//! Fields on the whole lattice, as files.

use crate::io;
use crate::sim::Simulation;
use crate::study::FieldFormat;
use crate::tissue::Parts;
use crate::view::{Field, FieldKind};
use crate::volume::{Axes, Volume};

use super::error::CommandError;
use super::results::{FIELDS, Results, field_stem};
use super::wait::Wait as _;

/// The table of a scene's parts, and where their labels are kept that are not in every file.
pub(super) const REGIONS: [&str; 2] = ["regions.csv", "regions.npy"];

/// Writes the fields of the days that a run asks for.
#[derive(Debug)]
pub(super) struct FieldWriter {
    format: FieldFormat,
    field: Option<Field>,
    /// Which part each voxel belongs to, and the table of the parts.
    regions: Option<(Volume, Vec<u8>)>,
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
        let regions = field.as_ref().map(|_| {
            let parts = Parts::of(simulation.anatomy());
            let labels = parts.labels.iter().map(|label| *label as f32).collect();
            (volume(simulation, "regions", "", labels), table(&parts))
        });
        Ok(Self {
            format,
            field,
            regions,
        })
    }

    /// Writes all fields of the day.
    pub(super) fn write(
        &self,
        simulation: &Simulation,
        results: &mut Results,
    ) -> Result<(), CommandError> {
        let (Some(field), Some((regions, parts))) = (&self.field, &self.regions) else {
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
            volumes.push(regions.clone());
            results.write(&format!("{stem}.vti"), &io::vti(&volumes, day))?;
        } else {
            for v in &volumes {
                results.write(&format!("{stem}_{}.npy", v.name), &array(v)?)?;
            }
        }
        // They are the same on every day.
        let [parts_name, labels_name] = REGIONS.map(|name| format!("{FIELDS}/{name}"));
        if !results.written().contains(&parts_name) {
            if self.format == FieldFormat::Npy {
                results.write(&labels_name, &array(regions)?)?;
            }
            results.write(&parts_name, parts)?;
        }
        Ok(())
    }
}

fn array(volume: &Volume) -> Result<Vec<u8>, CommandError> {
    io::npy(volume).map_err(|e| CommandError {
        message: e.to_string(),
        code: 1,
    })
}

/// `regions.csv`.
fn table(parts: &Parts) -> Vec<u8> {
    let header = ["label", "name", "parent", "kind", "volume_mm3"].map(str::to_owned);
    let rows = parts.parts.iter().map(|part| {
        [
            part.label.to_string(),
            part.name.clone(),
            part.parent.clone().unwrap_or_default(),
            <&str>::from(part.kind).to_owned(),
            format!("{:.1}", part.volume_mm3),
        ]
    });
    io::records(std::iter::once(header).chain(rows))
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
