//! Places and pixels: where something is in a picture, what is under a pixel, and which way is up.

use glam::Vec3;

use crate::scenario::Posture;
use crate::tissue::Anatomy;

use super::picture::{Cut, Muscles, Picture, Style};
use super::{Camera, FieldKind};

/// A way in the body, and how it lies in a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Way {
    /// Its letter: Superior, Inferior, Anterior, Posterior, Medial, Lateral.
    pub letter: char,
    /// To the right and up in the picture, and towards the viewer; of length 1.
    pub at: [f32; 3],
}

/// The six ways of the body in a picture from a camera. The lattice's x is lateral, y anterior, z
/// superior.
pub fn ways(camera: &Camera) -> [Way; 6] {
    let [forward, right, up] = camera.axes();
    let of = |letter, way: Vec3| Way {
        letter,
        at: [right.dot(way), up.dot(way), -forward.dot(way)],
    };
    [
        of('S', Vec3::Z),
        of('I', Vec3::NEG_Z),
        of('A', Vec3::Y),
        of('P', Vec3::NEG_Y),
        of('L', Vec3::X),
        of('M', Vec3::NEG_X),
    ]
}

/// Which way gravity pulls in a picture, to the right and up, as long as it is strong in g: along
/// the legs of who stands, towards the back of who lies.
pub fn gravity_arrow(camera: &Camera, gravity: f64, posture: Posture) -> [f32; 2] {
    let way = match posture {
        Posture::Upright | Posture::Paralysed => Vec3::NEG_Z,
        Posture::BedRest => Vec3::NEG_Y,
    };
    let [_, right, up] = camera.axes();
    [right.dot(way), up.dot(way)].map(|x| x * gravity as f32)
}

/// What is under a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// The voxel.
    pub at: [usize; 3],
    /// Its muscle, in the scene's list; none where it is bone.
    pub muscle: Option<usize>,
}

impl Picture {
    /// Where in the picture a place of the lattice's frame (mm) is, pixels from its upper left
    /// corner.
    pub fn pixel_of(&self, mm: [f32; 3]) -> [f32; 2] {
        let [_, right, up] = self.camera.axes();
        let off = Vec3::from(mm) - Vec3::from(self.camera.centre);
        let [w, h] = self.size.map(|n| n as f32);
        let scale = h / self.camera.height;
        [
            0.5 * w + scale * right.dot(off),
            0.5 * h - scale * up.dot(off),
        ]
    }

    /// The ray under a pixel: a place before the lattice and the way along it, mm.
    pub fn ray(&self, pixel: [f32; 2]) -> (Vec3, Vec3) {
        let [forward, right, up] = self.camera.axes();
        let [w, h] = self.size.map(|n| n as f32);
        let mm = self.camera.height / h.max(1.0);
        let across = (pixel[0] - 0.5 * w) * mm * right + (0.5 * h - pixel[1]) * mm * up;
        let back = 4.0 * self.camera.extent * forward;
        (Vec3::from(self.camera.centre) + across - back, forward)
    }

    /// The place on the cut under a pixel, mm; none without a cut, or where it is seen edge on.
    pub fn on_cut(&self, anatomy: &Anatomy, pixel: [f32; 2]) -> Option<[f32; 3]> {
        let [x, y, z, w] = self.cut.plane(anatomy.voxels);
        let (start, way) = self.ray(pixel);
        let normal = Vec3::new(x, y, z);
        let slope = normal.dot(way);
        if slope.abs() < 1e-4 {
            return None;
        }
        let t = (w * anatomy.spacing as f32 - normal.dot(start)) / slope;
        Some((start + t * way).to_array())
    }

    /// One of the three slices of a scene through a place (mm): across an axis (0 sagittal, 1
    /// coronal, 2 axial), all of the lattice in it.
    pub fn slice(
        anatomy: &Anatomy,
        field: FieldKind,
        axis: usize,
        through: [f32; 3],
        size: [u32; 2],
    ) -> Self {
        let extent = anatomy.voxels.map(|n| n as f32 * anatomy.spacing as f32);
        let axis = axis.min(2);
        let share = (through[axis] / extent[axis]).clamp(0.0, 1.0);
        let mut camera = Camera::front(extent);
        let cut = match axis {
            // From the side that stays: medial of a sagittal slice is taken away.
            0 => {
                camera.orbit(-90.0, 0.0);
                Cut::Sagittal(share)
            }
            1 => Cut::Coronal(share),
            _ => {
                camera.look_down();
                Cut::Axial(share)
            }
        };
        let [wide, high] = [[1, 2], [0, 2], [0, 1]][axis].map(|a| extent[a]);
        let aspect = size[0].max(1) as f32 / size[1].max(1) as f32;
        camera.height = 1.04 * high.max(wide / aspect);
        Self {
            camera,
            cut,
            style: Style::Slice,
            ..Self::of(anatomy, field, size)
        }
    }
}

/// What a scene's voxels hold, to be found under a pixel.
#[derive(Debug, Clone)]
pub struct Finder {
    voxels: [usize; 3],
    spacing: f32,
    /// By voxel: 255 for bone, from 1 the number of a muscle, also for its tendon, 0 for neither.
    holds: Vec<u8>,
}

const BONE: u8 = 255;

impl Finder {
    /// Of a scene.
    pub fn new(anatomy: &Anatomy) -> Self {
        let mut holds = vec![0; anatomy.len()];
        // Under a tendon its muscle is told.
        for plan in anatomy.tendon.iter().filter(|p| p.drawn > 0.5) {
            holds[anatomy.voxel(plan.at)] = plan.muscle as u8 + 1;
        }
        for plan in anatomy.muscle.iter().filter(|p| p.fraction > 0.5) {
            holds[anatomy.voxel(plan.at)] = plan.muscle as u8 + 1;
        }
        for plan in anatomy.bone.iter().filter(|b| b.envelope > 0.5) {
            holds[anatomy.voxel(plan.at)] = BONE;
        }
        Self {
            voxels: anatomy.voxels,
            spacing: anatomy.spacing as f32,
            holds,
        }
    }

    /// The first thing that a picture shows under a pixel.
    pub fn under(&self, picture: &Picture, pixel: [f32; 2]) -> Option<Hit> {
        let n = self.voxels.map(|n| n as f32);
        let (start, way) = picture.ray(pixel);
        let start = start / self.spacing;
        let [x, y, z, w] = picture.cut.plane(self.voxels);
        let cut = Vec3::new(x, y, z);
        let far = 8.0 * picture.camera.extent / self.spacing;
        let steps = (2.0 * far) as usize;
        (0..steps).find_map(|k| {
            let p = start + 0.5 * k as f32 * way;
            let within = (0..3).all(|a| p[a] >= 0.0 && p[a] < n[a]);
            if !within || cut.dot(p) > w + 1e-3 {
                return None;
            }
            let at = [p.x as usize, p.y as usize, p.z as usize];
            let holds = self.holds[at[0] + self.voxels[0] * (at[1] + self.voxels[1] * at[2])];
            let muscle = match holds {
                0 => return None,
                BONE => None,
                m => Some(usize::from(m) - 1),
            };
            let is_shown =
                muscle.is_none_or(|m| picture.muscles != Muscles::Hidden && picture.shown.has(m));
            is_shown.then_some(Hit { at, muscle })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{Look, MuscleSet};

    fn hip() -> Anatomy {
        match Anatomy::build("hip", 24) {
            Ok(anatomy) => anatomy,
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn letters_stand_where_the_body_is() {
        let camera = Camera::front([100.0; 3]);
        let at = |letter| {
            ways(&camera)
                .into_iter()
                .find(|w| w.letter == letter)
                .map(|w| w.at)
        };
        // A right leg from the front: lateral is on the viewer's left, anterior comes nearer.
        let near = |found: Option<[f32; 3]>, want: [f32; 3]| {
            found.is_some_and(|f| f.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-6))
        };
        assert!(near(at('L'), [-1.0, 0.0, 0.0]) && near(at('A'), [0.0, 0.0, 1.0]));
        assert!(near(at('S'), [0.0, 1.0, 0.0]) && near(at('I'), [0.0, -1.0, 0.0]));
        let down = gravity_arrow(&camera, 0.378, Posture::Upright);
        assert!(down[0].abs() < 1e-6 && (down[1] + 0.378).abs() < 1e-6);
        let lying = gravity_arrow(&camera, 1.0, Posture::BedRest);
        assert!(lying[1].abs() < 1e-6);
    }

    #[test]
    fn pixels_and_places_are_each_others_inverse() {
        let anatomy = hip();
        for (azimuth, elevation) in [(0.0, 0.0), (37.0, 20.0), (200.0, -50.0)] {
            let mut picture = Look::Density.picture(&anatomy, [321, 200]);
            picture.camera.orbit(azimuth, elevation);
            picture.cut = Cut::Oblique([0.3, 0.8, 0.2], 0.05);
            let Some(place) = picture.on_cut(&anatomy, [100.0, 77.0]) else {
                panic!("nothing on the cut")
            };
            let [x, y] = picture.pixel_of(place);
            assert!(
                (x - 100.0).abs() < 0.01 && (y - 77.0).abs() < 0.01,
                "{x} {y}"
            );
        }
        let through = [60.0, 50.0, 40.0];
        for axis in 0..3 {
            let picture = Picture::slice(&anatomy, FieldKind::Density, axis, through, [200, 300]);
            let pixel = picture.pixel_of(through);
            let Some(place) = picture.on_cut(&anatomy, pixel) else {
                panic!("no plane")
            };
            let off: f32 = (0..3).map(|a| (place[a] - through[a]).abs()).sum();
            assert!(off < 0.05, "{axis}: {place:?}");
        }
    }

    #[test]
    fn what_is_under_a_pixel_is_what_the_picture_shows() {
        let anatomy = hip();
        let finder = Finder::new(&anatomy);
        let mut picture = Look::Change.picture(&anatomy, [200, 200]);
        // The middle of the shaft, low in the picture.
        let low = anatomy
            .bone
            .iter()
            .filter(|b| b.at[2] == 3 && b.envelope > 0.9);
        let middle = low.clone().count();
        let Some(shaft) = low.clone().nth(middle / 2) else {
            panic!("no shaft")
        };
        let mm = shaft.at.map(|k| (k as f32 + 0.5) * anatomy.spacing as f32);
        picture.cut = Cut::Axial((3.6) / anatomy.voxels[2] as f32);
        picture.camera.look_down();
        let pixel = picture.pixel_of(mm);
        let hit = finder.under(&picture, pixel);
        assert_eq!(hit.map(|h| h.muscle), Some(None), "{hit:?}");
        // A muscle, and the same place with it hidden.
        let muscle = anatomy
            .muscle
            .iter()
            .find(|m| m.at[2] == 3 && m.fraction > 0.99);
        let Some(muscle) = muscle else {
            panic!("no muscle")
        };
        let pixel = picture.pixel_of(muscle.at.map(|k| (k as f32 + 0.5) * anatomy.spacing as f32));
        let named = |p: &Picture| finder.under(p, pixel).and_then(|h| h.muscle);
        assert_eq!(named(&picture), Some(muscle.muscle));
        picture.shown = MuscleSet::ALL.with(muscle.muscle, false);
        assert_ne!(named(&picture), Some(muscle.muscle));
    }
}
