//! Whether muscles, joint and ground balance each other at the hip.

use glam::DVec3;
use serde::{Deserialize, Serialize};

use super::MuscleError;
use super::atlas::{Atlas, rows};

const GROUND: &str = include_str!("../../../assets/anatomy/ground-forces.csv");

/// The lever that a moment is compared with, mm.
const LEVER: f64 = 50.0;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct GroundRow {
    activity: String,
    flexion_deg: f64,
    joint_x_bw: f64,
    joint_y_bw: f64,
    joint_z_bw: f64,
    x_bw: f64,
    y_bw: f64,
    z_bw: f64,
    at_x_mm: f64,
    at_y_mm: f64,
    at_z_mm: f64,
}

/// What is left over of the forces on the leg at the peak of an activity.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Residual {
    /// The activity.
    pub activity: String,
    /// The joint's force on the femur's head, % of body weight.
    pub joint_bw: f64,
    /// Size of the sum of joint, muscles, ground and weight, over the joint's force.
    pub force: f64,
    /// Size of their moment about the head's centre, over the joint's force times 50 mm.
    pub moment: f64,
}

/// Muscles across the hip, the joint, ground and weight, about the centre of the femur's head: the
/// pelvis bent over the femur as far as the activity asks.
/// # Errors
/// [`MuscleError`].
pub(in crate::tissue) fn residuals(atlas: &Atlas) -> Result<Vec<Residual>, MuscleError> {
    let residual = |row: GroundRow| {
        let joint = DVec3::new(row.joint_x_bw, row.joint_y_bw, row.joint_z_bw);
        let ground = DVec3::new(row.x_bw, row.y_bw, row.z_bw);
        let at = DVec3::new(row.at_x_mm, row.at_y_mm, row.at_z_mm);
        let (s, c) = row.flexion_deg.to_radians().sin_cos();
        let bent = |p: DVec3| DVec3::new(p.x, c * p.y + s * p.z, c * p.z - s * p.y);
        let (mut force, mut moment) = (joint + ground, at.cross(ground));
        for part in atlas.of("hip") {
            // From its last point on the pelvis.
            let Some(last) = part.path.iter().rposition(|(body, _)| body == "pelvis") else {
                continue;
            };
            let Some((_, on_leg)) = part.path.get(last + 1) else {
                continue;
            };
            let pull = (bent(part.path[last].1) - *on_leg).normalize_or_zero()
                * atlas.force(&row.activity, &part.name);
            force += pull;
            moment += on_leg.cross(pull);
        }
        Residual {
            joint_bw: joint.length(),
            force: force.length() / joint.length(),
            moment: moment.length() / (LEVER * joint.length()),
            activity: row.activity,
        }
    };
    let read = rows::<GroundRow>("ground-forces.csv", GROUND)?;
    Ok(read.into_iter().map(residual).collect())
}
