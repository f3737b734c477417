//! What the lattice is made of: bone, muscle, marrow and soft tissue, regions, attachments.

mod attachment;
mod core;
mod hip;
mod lower_leg;
mod lumbar;
mod muscles;
mod parts;
mod scan;
mod scene;
mod shape;
mod surface;

use std::collections::BTreeSet;

use crate::person::Person;
use crate::volume::Volume;

pub use muscles::{Atlas, Muscle, MuscleError, Residual};
pub use parts::{Part, PartKind, Parts};
pub use surface::{Distance, MOST_TRIANGLES, Patch, Surface, SurfaceError};

/// Scenes by name. Each is built at any number of voxels along its longest side.
pub const SCENES: &[&str] = &["hip", "lower-leg", "lumbar", "trabecular-core"];

/// The fewest and most voxels along the longest side.
pub const SIZES: std::ops::RangeInclusive<usize> = 24..=512;

/// Why a scene cannot be built.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SceneError {
    /// No such scene.
    #[error("there is no scene \"{name}\"; there are: {}", SCENES.join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// Too few or too many voxels.
    #[error("size {size} is out of range; allowed: {} to {} voxels along the longest side", SIZES.start(), SIZES.end())]
    Size {
        /// What was asked for.
        size: usize,
    },
    /// A build that nobody has.
    #[error("{found} is no person's; allowed: {allowed}")]
    Person {
        /// What was asked for.
        found: String,
        /// What there is.
        allowed: String,
    },
    /// A shape for bones that have only one.
    #[error("the scene \"{scene}\" has no shape modes; allowed: {allowed}")]
    Shapeless {
        /// Which scene.
        scene: String,
        /// What can be asked for.
        allowed: &'static str,
    },
    /// A bone or a load that meets nothing of the rest.
    #[error(
        "in the scene \"{scene}\" of this person \"{what}\" meets no bone of the rest; a shape nearer to the mean, or more voxels, would"
    )]
    Apart {
        /// Which scene.
        scene: String,
        /// Which bone, or which load.
        what: &'static str,
    },
    /// A bone's surface that cannot be a bone, or a shape that nobody has.
    #[error(transparent)]
    Surface(#[from] SurfaceError),
    /// A muscle that cannot be one.
    #[error(transparent)]
    Muscle(#[from] MuscleError),
    /// A scan that no scene can be made of.
    #[error("this scan cannot be a scene: {why}")]
    Scan {
        /// What is wrong with it.
        why: String,
    },
}

/// What most of a voxel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Tissue {
    /// Outside the body.
    Outside = 0,
    /// Skin, fat, vessels, tendons and what else lies between muscles.
    Soft = 1,
    /// Muscle.
    Muscle = 2,
    /// Marrow of the medullary canal.
    Marrow = 3,
    /// Trabecular bone with its marrow.
    Trabecular = 4,
    /// Cortical bone.
    Cortical = 5,
    /// Bone beside the scene's: drawn, but without a part in it.
    Beside = 6,
}

impl Tissue {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 7] = [
        Self::Outside,
        Self::Soft,
        Self::Muscle,
        Self::Marrow,
        Self::Trabecular,
        Self::Cortical,
        Self::Beside,
    ];
}

/// How bone of a site is laid out, and so where its cells work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum SiteKind {
    /// Trabecular bone with its marrow, many struts to a voxel: cells work on Martin's surface.
    Trabecular = 0,
    /// Cortical bone: pores, and the endocortical surface.
    Cortical = 1,
    /// A piece of a single strut or of the marrow beside it: cells work on the surface that the
    /// lattice shows.
    Strut = 2,
    /// A loading platen: no cells.
    Platen = 3,
}

/// The part of a voxel that is bone of one kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SitePlan {
    /// Of the voxel's volume, 0 to 1.
    pub fraction: f64,
    /// Endocortical surface a volume of the site, 1/mm; 0 in trabecular bone; of a strut's voxel
    /// the inverse of its edge.
    pub surface: f64,
    /// How it is laid out.
    pub kind: SiteKind,
    /// Bone volume fraction at the start; none where it settles or is cortical.
    pub bvtv: Option<f64>,
}

impl SitePlan {
    /// Trabecular bone that settles.
    pub fn trabecular(fraction: f64) -> Self {
        Self {
            fraction,
            surface: 0.0,
            kind: SiteKind::Trabecular,
            bvtv: None,
        }
    }

    /// Cortical bone of a cortex of `thickness` mm.
    pub fn cortical(fraction: f64, thickness: f64) -> Self {
        Self {
            fraction,
            surface: 1.0 / thickness,
            kind: SiteKind::Cortical,
            bvtv: None,
        }
    }
}

/// A voxel that holds bone, or what ties bones.
#[derive(Debug, Clone, PartialEq)]
pub struct BonePlan {
    /// Its place in the lattice.
    pub at: [usize; 3],
    /// Which of [`Anatomy::bones`].
    pub bone: usize,
    /// At most two sites; none between bones.
    pub sites: Vec<SitePlan>,
    /// Of the voxel's volume, cartilage and ligament, 0 to 1.
    pub tie: f64,
    /// Share of the voxel inside the periosteum, marrow included: what of it is drawn.
    pub envelope: f64,
}

/// A voxel that holds muscle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MusclePlan {
    /// Its place in the lattice.
    pub at: [usize; 3],
    /// Which of [`Anatomy::muscles`] most of it is.
    pub muscle: usize,
    /// Of the voxel's volume, muscle of any name, 0 to 1.
    pub fraction: f64,
    /// Direction of its fibres, a unit vector.
    pub fibre: [f32; 3],
}

/// A voxel that holds tendon.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TendonPlan {
    /// Its place in the lattice.
    pub at: [usize; 3],
    /// Which of [`Anatomy::muscles`] it belongs to.
    pub muscle: usize,
    /// Of the voxel's volume, tendon that bone and muscle leave room for, 0 to 1.
    pub fraction: f64,
    /// The same as it is drawn: on into bone and belly, never thinner than 2.4 voxels, and not at
    /// all where it is thinner than half of that.
    pub drawn: f64,
    /// Direction of its fibres, a unit vector.
    pub fibre: [f32; 3],
}

/// A region in which bone is measured: bone voxels with the share that belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub struct BoneRegion {
    /// Name.
    pub name: &'static str,
    /// Whether it is a part of the scene, and not a place across several.
    pub is_part: bool,
    /// Index into [`Anatomy::bone`] and share, 0 to 1.
    pub members: Vec<(usize, f64)>,
    /// Volume inside the periosteum, mm³.
    pub envelope_mm3: f64,
}

/// A dimension of the scene's bones, or the area of a contact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dimension {
    /// What is measured.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
    /// mm, mm2 or degrees.
    pub unit: &'static str,
}

impl Dimension {
    fn mm(name: &'static str, value: f64) -> Self {
        let unit = "mm";
        Self { name, value, unit }
    }

    fn mm2(name: &'static str, value: f64) -> Self {
        let unit = "mm2";
        Self { name, value, unit }
    }

    fn degrees(name: &'static str, value: f64) -> Self {
        let unit = "degrees";
        Self { name, value, unit }
    }
}

/// Muscles that are measured as one: a group, several, or one alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MuscleRegion {
    /// Name.
    pub name: &'static str,
    /// Which of [`Anatomy::muscles`].
    pub muscles: Vec<usize>,
    /// Whether it is a group or several, and not a muscle of a group.
    pub is_whole: bool,
}

/// A unit load: 1 N in all, spread over points.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitLoad {
    /// Name of the direction of the joint force, or of the muscle.
    pub name: &'static str,
    /// Element in the mechanics' box, place inside it (0 to 1 each), force in N.
    pub points: Vec<([usize; 3], [f64; 3], [f64; 3])>,
}

/// A test to failure of a whole bone, as a laboratory would mount it.
#[derive(Debug, Clone, PartialEq)]
pub struct StrengthPlan {
    /// What it is called.
    pub name: &'static str,
    /// The region whose strength it tells.
    pub region: &'static str,
    /// Names of its two answers: force at failure, and force a displacement.
    pub quantities: [&'static str; 2],
    /// 1 N on what is pushed, and what else it presses on.
    pub load: UnitLoad,
    /// Bone so near to where forces act is cast in cement, as laboratories have it, and does not
    /// fail, mm; 0 where nothing is cast.
    pub cast: f64,
    /// Nodes of the mechanics' box with their held components (bits 0 to 2: x, y, z).
    pub held: Vec<([usize; 3], u8)>,
}

impl StrengthPlan {
    /// Elements of the mechanics' box, of edge `spacing`, mm, that are cast in cement: those whose
    /// middles are near enough to where forces act. None may lie below the box, some beyond it.
    pub fn cast_elements(&self, spacing: f64) -> BTreeSet<[usize; 3]> {
        let reach = self.cast / spacing;
        let mut cast = BTreeSet::new();
        for (element, within, _) in self.load.points.iter().filter(|_| reach > 0.0) {
            let place: [f64; 3] = std::array::from_fn(|k| element[k] as f64 + within[k]);
            let low = place.map(|x| (x - reach).max(0.0) as usize);
            let high = place.map(|x| (x + reach) as usize);
            let sizes = std::array::from_fn(|k| high[k] + 1 - low[k]);
            for step in crate::volume::each(sizes) {
                let at: [usize; 3] = std::array::from_fn(|k| low[k] + step[k]);
                let off = (0..3).map(|k| (at[k] as f64 + 0.5 - place[k]).powi(2));
                if off.sum::<f64>() < reach * reach {
                    cast.insert(at);
                }
            }
        }
        cast
    }
}

/// From where a scene is looked at, and where it is opened, unless somebody chose otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlook {
    /// Degrees around the vertical axis; 0 looks from the front.
    pub azimuth: f32,
    /// Degrees above the horizon.
    pub elevation: f32,
    /// Height of the picture, as a share of the lattice along an axis (0 x, 1 y, 2 z).
    pub height: (usize, f32),
    /// The plane that opens it: across which axis, at which share of the lattice.
    pub cut: Option<(usize, f32)>,
    /// Bone mineral density that the colours end at, mg HA/cm3.
    pub densest: f32,
}

impl Outlook {
    /// From the front, whole.
    pub const FRONT: Self = Self {
        azimuth: 0.0,
        elevation: 0.0,
        height: (2, 1.05),
        cut: None,
        densest: 600.0,
    };
    /// A block, from its corner.
    pub const BLOCK: Self = Self {
        azimuth: -30.0,
        elevation: 15.0,
        height: (2, 1.5),
        ..Self::FRONT
    };
}

/// A scene at one resolution.
#[derive(Debug, Clone, PartialEq)]
pub struct Anatomy {
    /// Scene name.
    pub scene: &'static str,
    /// Voxels along its longest side.
    pub size: usize,
    /// Voxels along x (lateral), y (anterior), z (superior).
    pub voxels: [usize; 3],
    /// Edge of a voxel, mm.
    pub spacing: f64,
    /// Position of the lattice's lower corner, mm.
    pub origin: [f64; 3],
    /// What most of each voxel is, x fastest.
    pub tissue: Vec<Tissue>,
    /// Voxels with bone, x fastest.
    pub bone: Vec<BonePlan>,
    /// Voxels with muscle, x fastest.
    pub muscle: Vec<MusclePlan>,
    /// Voxels with tendon, x fastest.
    pub tendon: Vec<TendonPlan>,
    /// The separate bones' names.
    pub bones: Vec<&'static str>,
    /// Their dimensions, and the areas of contacts.
    pub dimensions: Vec<Dimension>,
    /// Muscle groups' names.
    pub groups: Vec<&'static str>,
    /// Single muscles.
    pub muscles: Vec<Muscle>,
    /// Of what lies within the fascia and is no bone, what belongs to no muscle, 0 to 1.
    pub between_muscles: f64,
    /// What is left over of the forces on the leg at the peaks of activities, where they are known.
    pub residuals: Vec<Residual>,
    /// Regions of bone.
    pub regions: Vec<BoneRegion>,
    /// Regions of muscle.
    pub muscle_regions: Vec<MuscleRegion>,
    /// First voxel of the mechanics' box, and its elements.
    pub mechanics_low: [usize; 3],
    /// Elements of the mechanics' box.
    pub elements: [usize; 3],
    /// A bone beside the scene's, which is drawn and leaves muscles no room: its name, and the
    /// voxels with the share of them that it fills, 0 to 1.
    pub beside: Option<(&'static str, Vec<(usize, f64)>)>,
    /// Unit loads: the joint's directions first, then the muscles, one a group and in their order;
    /// the last groups may pull on no bone of the scene, and have none.
    pub loads: Vec<UnitLoad>,
    /// How many of the loads are joint forces.
    pub joint_loads: usize,
    /// Nodes of the mechanics' box with their held components (bits 0 to 2: x, y, z).
    pub held: Vec<([usize; 3], u8)>,
    /// Whether trabecular density has to find itself under 1 g before a run.
    pub settles: bool,
    /// Tests to failure.
    pub strength: Vec<StrengthPlan>,
    /// From where it is looked at.
    pub outlook: Outlook,
}

impl Anatomy {
    /// Whether `scene` exists and can be built at `size`.
    /// # Errors
    /// [`SceneError`].
    pub fn check(scene: &str, size: usize) -> Result<(), SceneError> {
        if !SCENES.contains(&scene) {
            return Err(SceneError::Unknown {
                name: scene.to_owned(),
            });
        }
        if !SIZES.contains(&size) {
            return Err(SceneError::Size { size });
        }
        Ok(())
    }

    /// Builds `scene` with `size` voxels along its longest side.
    /// # Errors
    /// [`SceneError`].
    pub fn build(scene: &str, size: usize) -> Result<Self, SceneError> {
        Self::of(scene, size, &Person::default())
    }

    /// Builds `scene` of a person, with `size` voxels along its longest side.
    /// # Errors
    /// [`SceneError`].
    pub fn of(scene: &str, size: usize, person: &Person) -> Result<Self, SceneError> {
        Self::check(scene, size)?;
        if let Some((found, allowed)) = person.trouble() {
            return Err(SceneError::Person { found, allowed });
        }
        let shaped = person.shape.iter().any(|w| *w != 0.0);
        let allowed = match scene {
            "lumbar" if shaped => Some("height_m"),
            "trabecular-core" if !person.is_mean() => Some("none, and no height: it is a few mm"),
            _ => None,
        };
        if let Some(allowed) = allowed {
            return Err(SceneError::Shapeless {
                scene: scene.to_owned(),
                allowed,
            });
        }
        let mean_sized = match scene {
            "lower-leg" => scene::build(&lower_leg::LowerLeg::new(person)?, size)?,
            "lumbar" => scene::build(&lumbar::Lumbar::new()?, size)?,
            "trabecular-core" => core::build(size),
            _ => scene::build(&hip::Hip::new(person)?, size)?,
        };
        Ok(mean_sized.enlarged(person.enlargement()))
    }

    /// The same, `factor` times as large.
    fn enlarged(mut self, factor: f64) -> Self {
        self.spacing *= factor;
        self.origin = self.origin.map(|x| x * factor);
        for site in self.bone.iter_mut().flat_map(|b| &mut b.sites) {
            site.surface /= factor;
        }
        for region in &mut self.regions {
            region.envelope_mm3 *= factor.powi(3);
        }
        for muscle in &mut self.muscles {
            muscle.whole_mm3 *= factor.powi(3);
            muscle.published_mm3 *= factor;
            muscle.fibre_mm *= factor;
            for point in muscle.paths.iter_mut().flatten() {
                *point *= factor;
            }
        }
        for dimension in &mut self.dimensions {
            dimension.value *= match dimension.unit {
                "mm" => factor,
                "mm2" => factor.powi(2),
                _ => 1.0,
            };
        }
        self
    }

    /// Builds a scene from a scan, with cubic voxels, `size` along its longest side: single
    /// trabeculae if it resolves them (bone is what is above 0), otherwise a whole bone from mg
    /// HA/cm3.
    /// # Errors
    /// [`SceneError`].
    pub fn from_scan(scan: &Volume, size: usize) -> Result<Self, SceneError> {
        Self::check("trabecular-core", size)?;
        scan::build(scan, size)
    }

    /// Whether a scan resolves single trabeculae, so that its values are labels and no densities.
    pub fn resolves_struts(scan: &Volume) -> bool {
        scan::resolves(scan)
    }

    /// Voxels in the lattice.
    pub fn len(&self) -> usize {
        self.voxels.iter().product()
    }

    /// Whether the lattice has no voxel.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The group of a voxel's muscle.
    pub fn group_of(&self, plan: &MusclePlan) -> usize {
        self.muscles[plan.muscle].group
    }

    /// Index of a voxel, x fastest.
    pub fn voxel(&self, at: [usize; 3]) -> usize {
        at[0] + self.voxels[0] * (at[1] + self.voxels[1] * at[2])
    }

    /// Volume of a voxel, mm³.
    pub fn voxel_mm3(&self) -> f64 {
        self.spacing.powi(3)
    }
}
