//! Fields on the whole lattice, as files.

use crate::io;
use crate::sim::Simulation;
use crate::study::FieldFormat;
use crate::tissue::{Anatomy, Parts};
use crate::view::{Field, FieldKind};
use crate::volume::{Axes, Volume};

use super::error::CommandError;
use super::results::{FIELDS, Results, field_stem};
use super::wait::Wait as _;

/// The table of a scene's parts.
pub(super) const PARTS: &str = "regions.csv";
/// What is the same on every day, and so not in every file of one array: which part each voxel
/// belongs to, and the direction of its muscle's fibres.
pub(super) const SAME: [&str; 4] = ["regions", "fibre_x", "fibre_y", "fibre_z"];

/// Writes the fields of the days that a run asks for.
#[derive(Debug)]
pub(super) struct FieldWriter {
    format: FieldFormat,
    field: Option<Field>,
    /// What is the same on every day, and the table of the parts.
    same: Option<(Vec<Volume>, Vec<u8>)>,
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
        let same = field.as_ref().map(|_| {
            let parts = Parts::of(simulation.anatomy());
            let labels = parts.labels.iter().map(|label| *label as f32).collect();
            let [x, y, z] = fibres(simulation.anatomy());
            let values = [labels, x, y, z].into_iter();
            let volumes = SAME.into_iter().zip(values);
            let volumes = volumes.map(|(name, values)| volume(simulation, name, "", values));
            (volumes.collect(), table(&parts))
        });
        Ok(Self {
            format,
            field,
            same,
        })
    }

    /// Writes all fields of the day.
    pub(super) fn write(
        &self,
        simulation: &Simulation,
        results: &mut Results,
    ) -> Result<(), CommandError> {
        let (Some(field), Some((same, parts))) = (&self.field, &self.same) else {
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
        let names = "0 outside 1 soft 2 muscle 3 marrow 4 trabecular 5 cortical 6 bone beside";
        volumes.push(volume(simulation, "tissue", names, tissue));
        let day = simulation.day();
        let stem = format!("{FIELDS}/{}", field_stem(day));
        if self.format == FieldFormat::Vti {
            volumes.extend(same.iter().cloned());
            results.write(&format!("{stem}.vti"), &io::vti(&volumes, day))?;
        } else {
            for v in &volumes {
                results.write(&format!("{stem}_{}.npy", v.name), &array(v)?)?;
            }
        }
        let parts_name = format!("{FIELDS}/{PARTS}");
        if !results.written().contains(&parts_name) {
            if self.format == FieldFormat::Npy {
                for v in same {
                    results.write(&format!("{FIELDS}/{}.npy", v.name), &array(v)?)?;
                }
            }
            results.write(&parts_name, parts)?;
        }
        Ok(())
    }
}

/// Components of the fibres' direction, NaN where there is no muscle.
fn fibres(anatomy: &Anatomy) -> [Vec<f32>; 3] {
    let mut components = [0; 3].map(|_| vec![f32::NAN; anatomy.len()]);
    for plan in &anatomy.muscle {
        for (component, value) in components.iter_mut().zip(plan.fibre) {
            component[anatomy.voxel(plan.at)] = value;
        }
    }
    components
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
