//! One chosen quantity on the lattice, for the eye and for files. Shader: `field.wgsl`.

use crate::gpu::{Gpu, GpuError, Kernel, Shader, dispatch, whole};

use super::shader;
use super::state::TissueState;

/// What can be shown on the lattice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// Bone mineral density.
    Density,
    /// Change of bone mineral density since the start.
    Change,
    /// Strain energy density of the hardest activity.
    StrainEnergy,
    /// Osteoclasts.
    Osteoclasts,
    /// Muscle fibre area.
    MuscleArea,
    /// Change of muscle fibre area since the start.
    MuscleChange,
}

impl FieldKind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Density,
        Self::Change,
        Self::StrainEnergy,
        Self::Osteoclasts,
        Self::MuscleArea,
        Self::MuscleChange,
    ];

    /// Name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Density => "Bone mineral density",
            Self::Change => "Bone change since start",
            Self::StrainEnergy => "Strain energy density",
            Self::Osteoclasts => "Osteoclasts",
            Self::MuscleArea => "Muscle fibre area",
            Self::MuscleChange => "Muscle change since start",
        }
    }

    /// Name in files.
    pub fn key(self) -> &'static str {
        match self {
            Self::Density => "bmd",
            Self::Change => "bmd_change",
            Self::StrainEnergy => "strain_energy_density",
            Self::Osteoclasts => "osteoclasts",
            Self::MuscleArea => "muscle_area",
            Self::MuscleChange => "muscle_change",
        }
    }

    /// Unit.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Density => "mg HA/cm³",
            Self::Change | Self::MuscleChange => "%",
            Self::StrainEnergy => "kPa",
            Self::Osteoclasts => "1 = at rest",
            Self::MuscleArea => "% of start",
        }
    }

    /// What the adapter's values are multiplied by to be in [`FieldKind::unit`].
    pub fn scale(self) -> f32 {
        if self == Self::StrainEnergy {
            1000.0
        } else {
            1.0
        }
    }

    /// The range that a colour bar shows, in [`FieldKind::unit`].
    pub fn range(self) -> (f32, f32) {
        match self {
            Self::Density => (0.0, 600.0),
            Self::Change => (-20.0, 20.0),
            Self::StrainEnergy => (0.0, 4.0),
            Self::Osteoclasts => (0.0, 3.0),
            Self::MuscleArea => (70.0, 100.0),
            Self::MuscleChange => (-25.0, 25.0),
        }
    }

    /// Whether values above the range are common and shown in its last colour.
    pub fn clipped(self) -> bool {
        matches!(self, Self::Density | Self::StrainEnergy | Self::Osteoclasts)
    }

    /// Whether it lives in muscle rather than bone.
    pub fn in_muscle(self) -> bool {
        matches!(self, Self::MuscleArea | Self::MuscleChange)
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
                (6, whole(&state.initial)),
                (7, whole(&state.energy)),
                (8, whole(&state.values)),
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
        let number = FieldKind::ALL
            .iter()
            .position(|k| *k == kind)
            .unwrap_or_default() as u32;
        gpu.queue()
            .write_buffer(&self.choice, 0, bytemuck::cast_slice(&[number, 0, 0, 0]));
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
