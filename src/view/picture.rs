//! What a picture shows.

use glam::Vec3;

use crate::tissue::Anatomy;

use super::{Camera, Colormap, FieldKind, MuscleSet, Vision};

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
    /// Any other: the way towards what is taken away, and how far the plane lies that way from the
    /// lattice's middle, as a share of the lattice's diagonal (−0.5 to 0.5).
    Oblique([f32; 3], f32),
}

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "whole",
            Self::Coronal(_) => "cut open along a coronal plane",
            Self::Sagittal(_) => "cut open along a sagittal plane",
            Self::Axial(_) => "cut open along an axial plane",
            Self::Oblique(..) => "cut open along an oblique plane",
        })
    }
}

impl Cut {
    /// The plane, voxels: kept is where its first three times a place are at most its last. All
    /// zero without one, and where a plane has no direction.
    pub fn plane(self, voxels: [usize; 3]) -> [f32; 4] {
        let n = Vec3::from(voxels.map(|n| n as f32));
        match self {
            Self::None => [0.0; 4],
            Self::Coronal(at) => [0.0, 1.0, 0.0, at * n.y],
            Self::Sagittal(at) => [-1.0, 0.0, 0.0, -at * n.x],
            Self::Axial(at) => [0.0, 0.0, 1.0, at * n.z],
            Self::Oblique(way, at) => match Vec3::from(way).try_normalize() {
                None => [0.0; 4],
                Some(way) => way.extend(way.dot(0.5 * n) + at * n.length()).to_array(),
            },
        }
    }

    /// Where along its own direction the plane lies, 0 to 1.
    pub fn share(self) -> Option<f32> {
        match self {
            Self::None => None,
            Self::Coronal(at) | Self::Sagittal(at) | Self::Axial(at) => Some(at),
            Self::Oblique(_, at) => Some(at + 0.5),
        }
    }

    /// The same plane elsewhere; a plane outside the lattice takes away all or nothing.
    #[must_use]
    pub fn at(self, share: f32) -> Self {
        match self {
            Self::None => Self::None,
            Self::Coronal(_) => Self::Coronal(share),
            Self::Sagittal(_) => Self::Sagittal(share),
            Self::Axial(_) => Self::Axial(share),
            Self::Oblique(way, _) => Self::Oblique(way, share - 0.5),
        }
    }
}

/// How muscles are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Muscles {
    /// Not at all.
    Hidden,
    /// As thin shells that are seen through.
    Shell,
    /// As they are.
    Solid,
}

/// Opacity a millimetre at five even places along the colour bar, 0 to 1; straight between them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Opacity(pub [f32; 5]);

impl Opacity {
    /// The more, the less is seen through it.
    pub const RISING: Self = Self([0.0, 0.02, 0.08, 0.2, 0.5]);

    /// At a place along the colour bar, 0 to 1.
    pub fn at(self, place: f32) -> f32 {
        let along = 4.0 * place.clamp(0.0, 1.0);
        let low = (along.floor() as usize).min(3);
        let share = along - low as f32;
        let mix = self.0[low] + share * (self.0[low + 1] - self.0[low]);
        if mix.is_finite() {
            mix.clamp(0.0, 1.0)
        } else {
            0.0
        }
    }
}

/// What colours stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Paint {
    /// The field's values.
    Field,
    /// Tissue as it looks: bone, red and yellow marrow, muscle.
    Tissue,
    /// In single struts, what was formed and what was resorbed since the start; elsewhere the
    /// field.
    Struts,
}

/// What is made of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Style {
    /// Surfaces of bone and muscle.
    Surface,
    /// Only what lies on the cut.
    Slice,
    /// The surface on which the field has this value.
    Isosurface(f32),
    /// A cloud, by a transfer function.
    Cloud(Opacity),
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
    /// Which muscles.
    pub shown: MuscleSet,
    /// And how.
    pub muscles: Muscles,
    /// The field's range on the colour map, in its unit.
    pub range: (f32, f32),
    /// Its colours.
    pub colormap: Colormap,
    /// Where the tissue is opened.
    pub cut: Cut,
    /// What is made of the field.
    pub style: Style,
    /// What colours stand for.
    pub paint: Paint,
    /// Whether bone's curved surface shows the field too, shaded.
    pub coloured: bool,
    /// Between two contours of the field on the cut, in its unit; 0 for none.
    pub contour: f32,
    /// Whether muscles keep the outline that they had at the start.
    pub outline: bool,
    /// How much more than they do muscles shrink, 1 true to scale.
    pub exaggeration: f32,
    /// With whose eyes.
    pub vision: Vision,
    /// Colour behind, sRGB 0 to 1.
    pub background: [f32; 3],
    /// Whether what is behind is left open instead.
    pub transparent: bool,
}

/// A picture that cannot be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a picture of {} × {} pixels cannot be drawn; allowed: {} to {} each way",
    .0[0], .0[1], Picture::SIZES.start(), Picture::SIZES.end()
)]
pub struct PictureError(pub [u32; 2]);

/// A rectangle of a picture, pixels from its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile {
    /// Its own upper left corner.
    pub corner: [u32; 2],
    /// Its width and height.
    pub size: [u32; 2],
}

impl Picture {
    /// Pixels each way.
    pub const SIZES: std::ops::RangeInclusive<u32> = 1..=16_384;

    /// A field from where the scene is looked at, opened where the scene is, on its usual colours.
    pub fn of(anatomy: &Anatomy, field: FieldKind, size: [u32; 2]) -> Self {
        let outlook = &anatomy.outlook;
        let extent = anatomy.voxels.map(|n| n as f32 * anatomy.spacing as f32);
        let mut camera = Camera::front(extent);
        camera.orbit(outlook.azimuth, outlook.elevation);
        let (axis, share) = outlook.height;
        camera.height = share * extent[axis];
        let cut = match outlook.cut {
            None => Cut::None,
            Some((0, at)) => Cut::Sagittal(at),
            Some((1, at)) => Cut::Coronal(at),
            Some((_, at)) => Cut::Axial(at),
        };
        Self {
            size,
            camera,
            field,
            shown: MuscleSet::ALL,
            muscles: if field.in_muscle() {
                Muscles::Solid
            } else {
                Muscles::Shell
            },
            range: if field == FieldKind::Density {
                (0.0, outlook.densest)
            } else {
                field.range()
            },
            colormap: field.colormap(),
            cut,
            style: Style::Surface,
            paint: Paint::Field,
            coloured: cut == Cut::None,
            contour: 0.0,
            outline: true,
            exaggeration: 1.0,
            vision: Vision::Full,
            background: [1.0, 1.0, 1.0],
            transparent: false,
        }
    }

    /// # Errors
    /// [`PictureError`] where it is too small or too large.
    pub fn check(&self) -> Result<(), PictureError> {
        if self.size.iter().all(|n| Self::SIZES.contains(n)) {
            Ok(())
        } else {
            Err(PictureError(self.size))
        }
    }

    /// The range of the colours: what was chosen, or the field's own where that is none.
    pub fn range(&self) -> (f32, f32) {
        let (low, high) = self.range;
        if low.is_finite() && high.is_finite() && low < high {
            (low, high)
        } else {
            self.field.range()
        }
    }

    /// The picture in pieces of at most `most` pixels each way.
    pub fn tiles(&self, most: u32) -> Vec<Tile> {
        let most = most.max(1);
        let starts = |n: u32| (0..n).step_by(most as usize);
        let mut tiles = Vec::new();
        for y in starts(self.size[1]) {
            for x in starts(self.size[0]) {
                let size = [self.size[0] - x, self.size[1] - y].map(|n| n.min(most));
                let corner = [x, y];
                tiles.push(Tile { corner, size });
            }
        }
        tiles
    }

    /// What has to be said of a picture that is not true to scale.
    pub fn exaggerated(&self) -> Option<String> {
        let sees_muscle = self.muscles != Muscles::Hidden && !matches!(self.style, Style::Cloud(_));
        let is_true = (self.exaggeration - 1.0).abs() < 1e-3;
        (sees_muscle && !is_true).then(|| {
            format!(
                "muscle loss shown ×{}",
                (10.0 * self.exaggeration).round() / 10.0
            )
        })
    }

    /// Whether colours on curved surfaces stand for numbers, so that light changes them.
    pub fn is_shaded(&self) -> bool {
        self.paint == Paint::Field
            && matches!(self.style, Style::Surface)
            && if self.field.in_muscle() {
                self.muscles == Muscles::Solid
            } else {
                self.coloured
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_a_picture_once() {
        let anatomy = Anatomy::build("trabecular-core", 24);
        let Ok(anatomy) = anatomy else {
            panic!("no core")
        };
        for (size, most) in [([1, 1], 8), ([17, 5], 8), ([8, 8], 8), ([100, 33], 7)] {
            let picture = Picture::of(&anatomy, FieldKind::Density, size);
            let mut seen = vec![0u8; (size[0] * size[1]) as usize];
            for tile in picture.tiles(most) {
                assert!(tile.size.iter().all(|n| (1..=most).contains(n)));
                for y in 0..tile.size[1] {
                    for x in 0..tile.size[0] {
                        let at = tile.corner[0] + x + size[0] * (tile.corner[1] + y);
                        seen[at as usize] += 1;
                    }
                }
            }
            assert!(seen.iter().all(|n| *n == 1));
        }
        let mut picture = Picture::of(&anatomy, FieldKind::Density, [16_385, 1]);
        assert!(
            picture
                .check()
                .is_err_and(|e| e.to_string().contains("16384"))
        );
        picture.size = [0, 10];
        assert!(picture.check().is_err());
        picture.range = (3.0, 3.0);
        assert_eq!(picture.range(), FieldKind::Density.range());
    }

    #[test]
    fn a_plane_is_where_it_is_said_to_be() {
        let voxels = [10, 20, 40];
        let way = [0.0, 3.0, 0.0];
        let along = (10.0f32 * 10.0 + 20.0 * 20.0 + 40.0 * 40.0).sqrt();
        let [x, y, z, w] = Cut::Oblique(way, 4.0 / along).plane(voxels);
        assert!((y - 1.0).abs() < 1e-6 && x == 0.0 && z == 0.0 && (w - 14.0).abs() < 1e-4);
        let none = Cut::Oblique([0.0; 3], 0.2).plane(voxels);
        assert!(none.iter().all(|x| *x == 0.0));
        let oblique = Cut::Oblique(way, 0.0).at(0.7).share();
        assert!(oblique.is_some_and(|s| (s - 0.7).abs() < 1e-6));
    }
}
