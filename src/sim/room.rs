//! Whether there is room for a scene: on the adapter, and in the shaders.

use crate::gpu::Need;
use crate::physiology::Model;
use crate::solver::{Grid, multigrid};
use crate::tissue::{Anatomy, SceneError};

use super::error::SimError;
use super::state;

/// The largest buffer binding that a scene needs, for choosing limits: a test holds that no buffer
/// is larger.
pub fn need(anatomy: &Anatomy) -> Need {
    let grid = Grid {
        elements: anatomy.elements,
    };
    let displacement = (12 * grid.len() as u64).next_multiple_of(256) * anatomy.loads.len() as u64;
    let solver = multigrid::stencil_bytes(anatomy.elements, [anatomy.spacing; 3], true);
    Need {
        storage_binding_bytes: displacement
            .max(solver)
            .max(state::largest_bytes(anatomy))
            .next_multiple_of(16),
    }
}

/// About what a scene needs at `size`, before it is built: what every device has, where that is
/// enough for any scene; else what a small one needs, by volume.
/// # Errors
/// [`SceneError`], when there is no such scene or the size is out of range.
pub fn estimate_need(scene: &str, size: usize) -> Result<Need, SceneError> {
    Anatomy::check(scene, size)?;
    // Two sites of 48 bytes a voxel, or eight displacements of 12 bytes a node of the padded grid.
    if 96 * (size as u64 + 3).pow(3) <= Need::DEFAULT.storage_binding_bytes {
        return Ok(Need::DEFAULT);
    }
    let small = size.min(32);
    let bytes = need(&Anatomy::build(scene, small)?).storage_binding_bytes as f64;
    // Padding weighs more in the small one, so this errs upwards.
    let bytes = bytes * (size as f64 / small as f64).powi(3);
    Ok(Need {
        storage_binding_bytes: bytes.ceil() as u64,
    })
}

/// Whether the shaders have room for all that acts on a scene, and the scene has the bones that the
/// parameters speak of.
pub(super) fn check_room(anatomy: &Anatomy, model: &Model) -> Result<(), SimError> {
    let activities = model.activities.iter();
    let counts = [
        ("unit loads", anatomy.loads.len()),
        ("muscle groups", anatomy.groups.len()),
        (
            "activities",
            activities.filter(|a| a.scene == anatomy.scene).count(),
        ),
    ];
    for (what, found) in counts {
        if found > state::MOST {
            return Err(SimError::TooMany {
                scene: anatomy.scene.to_owned(),
                what,
                found,
                most: state::MOST,
            });
        }
    }
    let facts = model.scenes.iter().filter(|s| s.name == anatomy.scene);
    let mut named = facts.flat_map(|f| f.settling_of.keys());
    match named.find(|bone| !anatomy.bones.contains(&bone.as_str())) {
        None => Ok(()),
        Some(bone) => Err(SimError::UnknownBone {
            scene: anatomy.scene.to_owned(),
            found: bone.clone(),
            has: anatomy.bones.join(", "),
        }),
    }
}
