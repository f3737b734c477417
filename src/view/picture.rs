//! What a picture shows.

use crate::tissue::Anatomy;

use super::{Camera, Colormap, FieldKind};

/// A plane that opens the tissue: what lies in front of it is taken away.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cut {
    /// Whole.
    None,
    /// Coronal, at a share (0 back to 1 front) of the lattice's depth.
    Coronal(f32),
    /// Sagittal, at a share (0 medial to 1 lateral) of its width.
    Sagittal(f32),
    /// Axial, at a share (0 below to 1 above) of its height.
    Axial(f32),
}

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "whole",
            Self::Coronal(_) => "cut open along a coronal plane",
            Self::Sagittal(_) => "cut open along a sagittal plane",
            Self::Axial(_) => "cut open along an axial plane",
        })
    }
}

/// What a picture shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Picture {
    /// Pixels, width and height.
    pub size: [u32; 2],
    /// From where.
    pub camera: Camera,
    /// Which quantity.
    pub field: FieldKind,
    /// Of muscle, one alone: its number in the scene's list.
    pub muscle: Option<usize>,
    /// Its range on the colour map, in the field's unit.
    pub range: (f32, f32),
    /// Its colours.
    pub colormap: Colormap,
    /// Where the tissue is opened.
    pub cut: Cut,
    /// Whether the other tissue is hinted at.
    pub ghost: bool,
    /// Colour behind, sRGB 0 to 1.
    pub background: [f32; 3],
}

impl Picture {
    /// A field from where the scene is looked at, opened where the scene is, on its usual colours.
    pub fn of(anatomy: &Anatomy, field: FieldKind, size: [u32; 2]) -> Self {
        let outlook = &anatomy.outlook;
        let extent = anatomy.voxels.map(|n| n as f32 * anatomy.spacing as f32);
        let mut camera = Camera::front(extent);
        camera.orbit(outlook.azimuth, outlook.elevation);
        let (axis, share) = outlook.height;
        camera.height = share * extent[axis];
        Self {
            size,
            camera,
            field,
            muscle: None,
            range: if field == FieldKind::Density {
                (0.0, outlook.densest)
            } else {
                field.range()
            },
            colormap: field.colormap(),
            cut: match outlook.cut {
                None => Cut::None,
                Some((0, at)) => Cut::Sagittal(at),
                Some((1, at)) => Cut::Coronal(at),
                Some((_, at)) => Cut::Axial(at),
            },
            ghost: true,
            background: [1.0, 1.0, 1.0],
        }
    }
}
