//! One chosen quantity on the lattice, for the eye and for files. Shader: `field.wgsl`.

use std::mem::offset_of;

use crate::gpu::{Gpu, GpuError, Kernel, Shader, dispatch, whole};

use super::shader;
use super::state::{MuscleState, SiteState, TissueState};

macro_rules! fields {
    ($($(#[$doc:meta])* $kind:ident: $title:literal, $key:literal, $unit:expr, $range:expr, $code:expr;)+) => {
        /// What can be shown on the lattice.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum FieldKind { $($(#[$doc])* $kind,)+ }

        impl FieldKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// Name for people.
            pub fn title(self) -> &'static str {
                match self { $(Self::$kind => $title,)+ }
            }

            /// Name in files.
            pub fn key(self) -> &'static str {
                match self { $(Self::$kind => $key,)+ }
            }

            /// Unit.
            pub fn unit(self) -> &'static str {
                match self { $(Self::$kind => $unit,)+ }
            }

            /// The range that a colour bar shows, in [`FieldKind::unit`].
            pub fn range(self) -> (f32, f32) {
                match self { $(Self::$kind => $range,)+ }
            }

            fn code(self) -> Code {
                match self { $(Self::$kind => $code,)+ }
            }
        }
    };
}

/// How `field.wgsl` is asked for a field.
#[derive(Clone, Copy)]
enum Code {
    Density,
    Change,
    Energy,
    /// A member of the sites' state, by its byte offset.
    Bone(usize),
    Area,
    AreaChange,
    /// A member of the muscle's state, by its byte offset.
    Muscle(usize),
    /// A signal's level.
    Level(u32),
}

impl Code {
    fn words(self) -> [u32; 4] {
        let (what, which) = match self {
            Self::Density => (0, 0),
            Self::Change | Self::AreaChange => (1, 0),
            Self::Energy => (2, 0),
            Self::Bone(offset) | Self::Muscle(offset) => (3, (offset / 4) as u32),
            Self::Area => (4, 0),
            Self::Level(which) => (5, which),
        };
        [what, which, 0, 0]
    }
}

const AT_REST: &str = "1 = at rest";

fields! {
    /// Bone mineral density.
    Density: "Bone mineral density", "bmd", "mg HA/cm³", (0.0, 600.0), Code::Density;
    /// Change of bone mineral density since the start.
    Change: "Bone change since start", "bmd_change", "%", (-20.0, 20.0), Code::Change;
    /// Strain energy density of the hardest activity.
    StrainEnergy: "Strain energy density", "strain_energy_density", "kPa", (0.0, 4.0), Code::Energy;
    /// Osteocyte signal.
    Osteocytes: "Osteocyte signal", "osteocyte_signal", AT_REST, (0.0, 2.0), Code::Bone(offset_of!(SiteState, osteocyte));
    /// Sclerostin.
    Sclerostin: "Sclerostin", "sclerostin", AT_REST, (0.5, 1.5), Code::Bone(offset_of!(SiteState, sclerostin));
    /// RANKL over OPG.
    RanklOpg: "RANKL/OPG", "rankl_opg", AT_REST, (0.0, 3.0), Code::Bone(offset_of!(SiteState, rankl_opg));
    /// Osteoclasts.
    Osteoclasts: "Osteoclasts", "osteoclasts", AT_REST, (0.0, 3.0), Code::Bone(offset_of!(SiteState, osteoclasts));
    /// Osteoblasts.
    Osteoblasts: "Osteoblasts", "osteoblasts", AT_REST, (0.5, 1.5), Code::Bone(offset_of!(SiteState, osteoblasts));
    /// Marrow fat.
    MarrowFat: "Marrow fat", "marrow_fat", AT_REST, (0.8, 1.2), Code::Bone(offset_of!(SiteState, marrow_fat));
    /// MAPK activity of stem cells.
    Mapk: "MAPK of stem cells", "mapk", AT_REST, (0.5, 1.5), Code::Bone(offset_of!(SiteState, mapk));
    /// PPAR-γ of stem cells.
    PparGamma: "PPAR-γ of stem cells", "ppar_gamma", AT_REST, (0.5, 1.5), Code::Bone(offset_of!(SiteState, ppar_gamma));
    /// Order of the osteoblasts' actin.
    Cytoskeleton: "Cytoskeleton of osteoblasts", "cytoskeleton", AT_REST, (0.5, 1.5), Code::Bone(offset_of!(SiteState, cytoskeleton));
    /// Struts that were never lost.
    Connectivity: "Connected struts", "connectivity", AT_REST, (0.8, 1.0), Code::Bone(offset_of!(SiteState, connectivity));
    /// Muscle fibre area.
    MuscleArea: "Muscle fibre area", "muscle_area", "% of start", (70.0, 100.0), Code::Area;
    /// Change of muscle fibre area since the start.
    MuscleChange: "Muscle change since start", "muscle_change", "%", (-25.0, 25.0), Code::AreaChange;
    /// Area of type I fibres.
    Type1: "Type I fibres", "type1", AT_REST, (0.7, 1.0), Code::Muscle(offset_of!(MuscleState, type1));
    /// Area of type II fibres.
    Type2: "Type II fibres", "type2", AT_REST, (0.7, 1.0), Code::Muscle(offset_of!(MuscleState, type2));
    /// Neural drive.
    NeuralDrive: "Neural drive", "neural_drive", AT_REST, (0.8, 1.0), Code::Muscle(offset_of!(MuscleState, neural));
    /// Satellite cells.
    SatelliteCells: "Satellite cells", "satellite_cells", AT_REST, (0.5, 1.5), Code::Muscle(offset_of!(MuscleState, satellite_cells));
    /// Myotubes.
    Myotubes: "Myotubes", "myotubes", AT_REST, (0.5, 1.5), Code::Muscle(offset_of!(MuscleState, myotubes));
    /// BMP's signal in muscle.
    Smad158: "Smad 1/5/8 (BMP)", "smad158", AT_REST, (0.7, 1.3), Code::Muscle(offset_of!(MuscleState, smad158));
    /// Myostatin's signal in muscle.
    Smad23: "Smad 2/3 (myostatin)", "smad23", AT_REST, (0.7, 1.3), Code::Muscle(offset_of!(MuscleState, smad23));
    /// BMP-2 in muscle.
    Bmp2: "BMP-2 in muscle", "bmp2", AT_REST, (0.5, 1.5), Code::Level(0);
    /// BMP-4 in muscle.
    Bmp4: "BMP-4 in muscle", "bmp4", AT_REST, (0.5, 1.5), Code::Level(1);
    /// Myostatin in muscle.
    Myostatin: "Myostatin in muscle", "myostatin", AT_REST, (0.5, 1.5), Code::Level(2);
    /// Noggin and Chordin in muscle.
    NogginChordin: "Noggin and Chordin in muscle", "noggin_chordin", AT_REST, (0.5, 1.5), Code::Level(3);
}

impl FieldKind {
    /// What the adapter's values are multiplied by to be in [`FieldKind::unit`].
    pub fn scale(self) -> f32 {
        if self == Self::StrainEnergy {
            1000.0
        } else {
            1.0
        }
    }

    /// Whether values above the range are common and shown in its last colour.
    pub fn clipped(self) -> bool {
        !matches!(self, Self::MuscleArea) && !self.diverging()
    }

    /// Whether it lives in muscle rather than bone.
    pub fn in_muscle(self) -> bool {
        matches!(
            self.code(),
            Code::Area | Code::AreaChange | Code::Muscle(_) | Code::Level(_)
        )
    }

    /// Whether it is a change, to be shown around zero.
    pub fn diverging(self) -> bool {
        matches!(self, Self::Change | Self::MuscleChange)
    }
}

/// The stage.
#[derive(Debug)]
pub struct Field {
    bone: (Kernel, wgpu::BindGroup, u32),
    muscle: (Kernel, wgpu::BindGroup, u32),
    choice: wgpu::Buffer,
}

impl Field {
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn new(gpu: &Gpu, state: &TissueState) -> Result<Self, GpuError> {
        let module = Shader::new(gpu, "field", &shader::field())?;
        let choice = gpu.uniform("field choice", &[0u32; 4])?;
        let bone = module.kernel(gpu, "bone_field")?;
        let bone_group = bone.bind(
            gpu,
            &[
                (0, whole(&state.physiology)),
                (1, whole(&state.environment)),
                (2, whole(&choice)),
                (3, whole(&state.bone_voxels)),
                (4, whole(&state.sites)),
                (5, whole(&state.bone)),
                (6, whole(&state.homeostasis)),
                (7, whole(&state.energy)),
                (8, whole(&state.values)),
                (12, whole(&state.envelope)),
            ],
        )?;
        let muscle = module.kernel(gpu, "muscle_field")?;
        let muscle_group = muscle.bind(
            gpu,
            &[
                (1, whole(&state.environment)),
                (2, whole(&choice)),
                (8, whole(&state.values)),
                (9, whole(&state.muscle_voxels)),
                (10, whole(&state.muscle)),
                (11, whole(&state.level)),
            ],
        )?;
        Ok(Self {
            bone: (bone, bone_group, state.counts.bone_voxels as u32),
            muscle: (muscle, muscle_group, state.counts.muscle_voxels as u32),
            choice,
        })
    }

    /// Spreads `kind` to the lattice. The choice travels through the queue: submit before choosing again.
    pub fn record(&self, gpu: &Gpu, encoder: &mut wgpu::CommandEncoder, kind: FieldKind) {
        gpu.queue()
            .write_buffer(&self.choice, 0, bytemuck::bytes_of(&kind.code().words()));
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
            label: Some("field"),
            timestamp_writes: None,
        });
        let (kernel, group, threads) = if kind.in_muscle() {
            &self.muscle
        } else {
            &self.bone
        };
        dispatch(&mut pass, kernel, group, *threads);
    }
}
