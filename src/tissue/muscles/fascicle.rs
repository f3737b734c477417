//! Bundles of a muscle that end on a scene's bone where none of its path does: the back's, whose
//! bellies run past each vertebra.

use glam::DVec3;
use serde::Deserialize;

use super::atlas::{MuscleError, rows};

const FILE: &str = "fascicles.csv";

/// A bundle of the right side.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::tissue) struct Fascicle {
    /// The muscle that it is part of.
    pub(in crate::tissue) muscle: String,
    /// Where it is attached, mm.
    pub(in crate::tissue) at: DVec3,
    /// Unit vector to its other end.
    pub(in crate::tissue) towards: DVec3,
    /// Peak isometric force, N.
    pub(in crate::tissue) force: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    fascicle: String,
    muscle: String,
    x_mm: f64,
    y_mm: f64,
    z_mm: f64,
    to_x_mm: f64,
    to_y_mm: f64,
    to_z_mm: f64,
    #[serde(rename = "force_N")]
    force: f64,
}

/// From the text of `fascicles.csv`.
/// # Errors
/// [`MuscleError::Row`]: a row that cannot be read, or that neither pulls nor leads anywhere.
pub(super) fn read(text: &str) -> Result<Vec<Fascicle>, MuscleError> {
    let each = rows::<Row>(FILE, text)?.into_iter().enumerate();
    let of = |(k, row): (usize, Row)| {
        let to = DVec3::new(row.to_x_mm, row.to_y_mm, row.to_z_mm);
        let at = DVec3::new(row.x_mm, row.y_mm, row.z_mm);
        let towards = to.try_normalize().filter(|_| at.is_finite());
        let force = (row.force.is_finite() && row.force > 0.0).then_some(row.force);
        let (Some(towards), Some(force)) = (towards, force) else {
            return Err(MuscleError::Row {
                file: FILE,
                line: k as u64 + 2,
                why: format!(
                    "\"{}\" needs a place, a way to its other end and a force above 0",
                    row.fascicle
                ),
            });
        };
        Ok(Fascicle {
            muscle: row.muscle,
            at,
            towards,
            force,
        })
    };
    each.map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_fascicle_pulls_somewhere() {
        let row = |to: &str, force: &str| {
            read(&format!(
                "fascicle,muscle,x_mm,y_mm,z_mm,to_x_mm,to_y_mm,to_z_mm,force_N\na,psoas,1,2,3,{to},{force}\n"
            ))
        };
        let fascicles = row("0,3,-4", "20").unwrap();
        assert!((fascicles[0].towards.z + 0.8).abs() < 1e-12);
        for (to, force) in [("0,0,0", "20"), ("0,3,-4", "0"), ("0,3,-4", "NaN")] {
            let said = row(to, force).unwrap_err().to_string();
            assert!(
                said.contains("fascicles.csv, line 2") && said.contains("\"a\" needs"),
                "{said}"
            );
        }
        assert!(row("0,3", "20").is_err());
    }
}
