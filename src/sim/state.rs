//! The tissue's records on the adapter: what lives where, and how it is now.

use bytemuck::{Pod, Zeroable};

use crate::gpu::{Gpu, GpuError};
use crate::physiology::Model;
use crate::tissue::{Anatomy, MusclePlan, SiteKind};

use crate::solver::Mechanics;

/// Most activities in a day, load cases and muscle groups, as `tissue.wgsl` has room for.
pub const MOST: usize = 12;

macro_rules! record {
    ($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $kind:ty),+ $(,)? }) => {
        $(#[$doc])*
        #[repr(C)]
        #[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
        pub struct $name { $($(#[$fdoc])* pub $field: $kind),+ }

        impl $name {
            /// Name and offset of each member, for comparison with the shaders' declaration.
            pub const LAYOUT: &'static [(&'static str, usize)] =
                &[$((stringify!($field), std::mem::offset_of!($name, $field))),+];
        }
    };
}

record! {
    /// The day's conditions. Keep in step with `tissue.wgsl`, as all records here.
    Environment {
        /// Voxels of the lattice along x, y, z.
        voxels: [u32; 3],
        /// Days in this step.
        dt: f32,
        /// Daily use of each muscle group, 1 at 1 g.
        muscle_use: [f32; MOST],
        /// Water that each muscle group settles at, 1 at 1 g upright.
        muscle_fluid: [f32; MOST],
        /// How strongly each group's type I fibres answer disuse.
        muscle_type1: [f32; MOST],
        /// And its type II fibres.
        muscle_type2: [f32; MOST],
        /// Of each joint's force, what muscles pull.
        muscle_share: [f32; MOST],
        /// Of the scene's peak muscle force, what each group has.
        group_share: [f32; MOST],
        /// Force of each activity's load cases, `[activity][case]`, 1 at 1 g.
        scale: [f32; MOST * MOST],
        /// Gravity that cells feel, g.
        gravity: f32,
        /// Share of osteoclast activity that a drug takes away.
        osteoclast_inhibition: f32,
        /// Voxels with bone.
        bone_voxels: u32,
        /// Voxels with muscle.
        muscle_voxels: u32,
        /// Unit load cases.
        cases: u32,
        /// Those of the joint.
        joint_cases: u32,
        /// Activities.
        activities: u32,
        /// f32 values between two cases of the displacement.
        case_stride: u32,
        /// Muscle groups.
        groups: u32,
        /// 1; 0 in a culture, which has none.
        osteocytes: f32,
        /// What lost nerves add to the answer to disuse.
        denervation: f32,
        /// Unused.
        padding: u32,
    }
}

record! {
    /// A voxel that holds bone, or what ties bones.
    BoneVoxel {
        /// In the lattice.
        voxel: u32,
        /// In the mechanics' padded grid.
        element: u32,
        /// Its first site.
        first: u32,
        /// Number of sites.
        sites: u32,
        /// Of the voxel's volume, cartilage and ligament.
        tie: f32,
    }
}

record! {
    /// Bone of one kind in a voxel.
    Site {
        /// Of the voxel's volume.
        fraction: f32,
        /// Endocortical surface a volume, 1/mm.
        surface: f32,
        /// [`crate::tissue::SiteKind`].
        kind: u32,
        /// Which of the scene's separate bones.
        bone: u32,
        /// Stimulus that it settles at, over `settling_stimulus`.
        settling: f32,
        /// 1 where a paralysis takes the nerves away, else 0.
        below_lesion: f32,
    }
}

record! {
    /// What a site was like at homeostasis, and at the start.
    Homeostasis {
        /// Stimulus, MPa/day.
        set_point: f32,
        /// Bone volume fraction.
        bvtv: f32,
        /// Of its bone, where the strain field is cut, MPa/day.
        mean_set_point: f32,
    }
}

record! {
    /// How a site is. All but `bvtv`, and what says so, are relative to 1 at homeostasis.
    SiteState {
        /// Bone volume fraction.
        bvtv: f32,
        /// Osteocyte signal.
        osteocyte: f32,
        /// Sclerostin.
        sclerostin: f32,
        /// RANKL over OPG.
        rankl_opg: f32,
        /// Precursors that new osteoclasts come from.
        preosteoclasts: f32,
        /// Osteoclasts.
        osteoclasts: f32,
        /// Osteoblast precursors.
        preosteoblasts: f32,
        /// Osteoblasts.
        osteoblasts: f32,
        /// Marrow fat.
        marrow_fat: f32,
        /// MAPK activity of stem cells.
        mapk: f32,
        /// PPAR-γ of stem cells.
        ppar_gamma: f32,
        /// Order of the osteoblasts' actin.
        cytoskeleton: f32,
        /// Weightlessness that cells are used to; 0 at homeostasis.
        weightlessness: f32,
        /// Share of the struts that were never lost.
        connectivity: f32,
        /// Strain that osteocytes are adapted to, over the set-point.
        memory: f32,
        /// Disuse that living cells are used to; 0 at homeostasis.
        habituation: f32,
        /// Of a cortex: bone volume fraction within what is left of its thickness.
        matrix: f32,
        /// What a cortex has gained outside, mm; 0 at the start.
        periosteum: f32,
    }
}

record! {
    /// A voxel that holds muscle.
    MuscleVoxel {
        /// In the lattice.
        voxel: u32,
        /// Which group.
        group: u32,
        /// Of the voxel's volume.
        fraction: f32,
        /// Share of type I fibre area.
        type1: f32,
        /// Force a volume, over the group's: what it counts in its strength.
        force: f32,
        /// Which of the scene's muscles.
        muscle: u32,
        /// Angle of its fibres to z, degrees.
        fibre: f32,
    }
}

record! {
    /// How the muscle in a voxel is, relative to 1 at homeostasis.
    MuscleState {
        /// Area of type I fibres.
        type1: f32,
        /// Area of type II fibres.
        type2: f32,
        /// Neural drive.
        neural: f32,
        /// Water and blood.
        fluid: f32,
        /// Disuse as satellite cells remember it; 0 at homeostasis.
        memory: f32,
        /// Satellite cells.
        satellite_cells: f32,
        /// Myotubes.
        myotubes: f32,
        /// BMP's signal in the cell (Smad 1/5/8).
        smad158: f32,
        /// Myostatin's signal in the cell (Smad 2/3).
        smad23: f32,
    }
}

record! {
    /// The lattice as `signal.wgsl` sees it.
    SignalGrid {
        /// Voxels along x, y, z.
        voxels: [u32; 3],
        /// Which half of the chequerboard a sweep updates.
        parity: u32,
        /// Edges of a voxel, mm.
        spacing: [f32; 3],
        /// Of successive over-relaxation.
        relaxation: f32,
    }
}

impl SiteState {
    /// A site at homeostasis.
    pub fn at_rest(bvtv: f32) -> Self {
        Self {
            bvtv,
            osteocyte: 1.0,
            sclerostin: 1.0,
            rankl_opg: 1.0,
            preosteoclasts: 1.0,
            osteoclasts: 1.0,
            preosteoblasts: 1.0,
            osteoblasts: 1.0,
            marrow_fat: 1.0,
            mapk: 1.0,
            ppar_gamma: 1.0,
            cytoskeleton: 1.0,
            weightlessness: 0.0,
            connectivity: 1.0,
            memory: 1.0,
            habituation: 0.0,
            matrix: bvtv,
            periosteum: 0.0,
        }
    }
}

impl MuscleState {
    /// Muscle at homeostasis.
    pub fn at_rest() -> Self {
        Self {
            type1: 1.0,
            type2: 1.0,
            neural: 1.0,
            fluid: 1.0,
            memory: 0.0,
            satellite_cells: 1.0,
            myotubes: 1.0,
            smad158: 1.0,
            smad23: 1.0,
        }
    }
}

/// Every buffer of the tissue. Names are the bindings' in the shaders.
#[derive(Debug)]
pub struct TissueState {
    /// [`crate::physiology::Physiology`].
    pub physiology: wgpu::Buffer,
    /// [`Environment`].
    pub environment: wgpu::Buffer,
    /// [`BoneVoxel`] by bone voxel.
    pub bone_voxels: wgpu::Buffer,
    /// [`Site`] by site.
    pub sites: wgpu::Buffer,
    /// [`SiteState`] by site.
    pub bone: wgpu::Buffer,
    /// Daily stimulus by site, MPa/day.
    pub stimulus: wgpu::Buffer,
    /// [`Homeostasis`] by site.
    pub homeostasis: wgpu::Buffer,
    /// Surface a volume by site, 1/mm: for growth and for resorption.
    pub surface: wgpu::Buffer,
    /// Modulus that the last solve knew, by bone voxel, MPa.
    pub solved: wgpu::Buffer,
    /// Strain energy density by bone voxel, MPa.
    pub energy: wgpu::Buffer,
    /// Mean of stimulus over set-point, less 1, by separate bone.
    pub mean_change: wgpu::Buffer,
    /// Mean set-point by separate bone, MPa/day.
    pub mean_set_point: wgpu::Buffer,
    /// [`MuscleVoxel`] by muscle voxel.
    pub muscle_voxels: wgpu::Buffer,
    /// [`MuscleState`] by muscle voxel.
    pub muscle: wgpu::Buffer,
    /// BMP-2, BMP-4, myostatin and BMP's inhibitors secreted, by lattice voxel.
    pub source: wgpu::Buffer,
    /// BMP-2 that bone secretes on top of that, by lattice voxel.
    pub secretion: wgpu::Buffer,
    /// Their levels, by lattice voxel, relative change.
    pub level: wgpu::Buffer,
    /// Strength by muscle group.
    pub strength: wgpu::Buffer,
    /// Forces at 1 g, `[activity][case]`, N.
    pub reference: wgpu::Buffer,
    /// Forces today `[activity][case]`, N, then counts.
    pub day: wgpu::Buffer,
    /// Numbers of things, as in [`Environment`].
    pub counts: Counts,
}

/// Numbers of things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Voxels with bone.
    pub bone_voxels: usize,
    /// Sites.
    pub sites: usize,
    /// Separate bones.
    pub bones: usize,
    /// Voxels with muscle.
    pub muscle_voxels: usize,
    /// Lattice voxels.
    pub lattice: usize,
    /// Muscle groups.
    pub groups: usize,
    /// Activities.
    pub activities: usize,
}

/// What the lists hold at the start, on the host.
#[derive(Debug, Clone, PartialEq)]
pub struct Lists {
    /// Bone voxels.
    pub bone_voxels: Vec<BoneVoxel>,
    /// Sites.
    pub sites: Vec<Site>,
    /// Sites' states before settling.
    pub bone: Vec<SiteState>,
    /// Muscle voxels.
    pub muscle_voxels: Vec<MuscleVoxel>,
    /// Forces at 1 g, `[activity][case]`, N at 75 kg.
    pub reference: Vec<f32>,
    /// Counts a day by activity.
    pub counts: Vec<f32>,
}

impl Lists {
    /// How many of each there are; nothing of a lattice, or of what acts on it.
    pub(super) fn counted(&self) -> Counts {
        let bones = self.sites.iter().map(|s| s.bone as usize + 1);
        Counts {
            bone_voxels: self.bone_voxels.len(),
            sites: self.sites.len(),
            bones: bones.max().unwrap_or(0),
            muscle_voxels: self.muscle_voxels.len(),
            lattice: 0,
            groups: 0,
            activities: 0,
        }
    }

    /// The records of `anatomy` with `model`'s parameters.
    pub fn new(anatomy: &Anatomy, model: &Model) -> Self {
        let grid = crate::solver::Grid {
            elements: anatomy.elements,
        };
        let p = &model.physiology;
        let (mut bone_voxels, mut sites, mut bone) = (Vec::new(), Vec::new(), Vec::new());
        let facts = model.scenes.iter().find(|s| s.name == anatomy.scene);
        let settling = |bone: usize| {
            let own = facts.and_then(|f| f.settling_of.get(anatomy.bones[bone]));
            own.map_or(1.0, |factor| *factor as f32)
        };
        let below_lesion = model.is_below_lesion(anatomy.scene);
        for plan in &anatomy.bone {
            let voxel = anatomy.voxel(plan.at);
            bone_voxels.push(BoneVoxel {
                voxel: voxel as u32,
                element: grid.index(std::array::from_fn(|k| {
                    plan.at[k] - anatomy.mechanics_low[k]
                })) as u32,
                first: sites.len() as u32,
                sites: plan.sites.len() as u32,
                tie: plan.tie as f32,
            });
            for site in &plan.sites {
                sites.push(Site {
                    fraction: site.fraction as f32,
                    surface: site.surface as f32,
                    kind: site.kind as u32,
                    bone: plan.bone as u32,
                    settling: settling(plan.bone),
                    below_lesion: f32::from(u8::from(below_lesion)),
                });
                bone.push(SiteState::at_rest(match (site.bvtv, site.kind) {
                    (Some(bvtv), _) => bvtv as f32,
                    (None, SiteKind::Cortical) => p.cortical_bvtv,
                    (None, _) => p.trabecular_start,
                }));
            }
        }
        let muscles: Vec<_> = model
            .muscles
            .iter()
            .filter(|m| m.scene == anatomy.scene)
            .collect();
        let type1 = |m: &MusclePlan| {
            let own = anatomy.muscles.get(m.muscle).and_then(|m| m.type1);
            let name = anatomy.groups[anatomy.group_of(m)];
            let of_group = || muscles.iter().find(|m| m.name == name)?.type1;
            own.or_else(of_group).unwrap_or(0.5) as f32
        };
        let muscle_voxels = anatomy
            .muscle
            .iter()
            .map(|m| MuscleVoxel {
                voxel: anatomy.voxel(m.at) as u32,
                group: anatomy.group_of(m) as u32,
                fraction: m.fraction as f32,
                type1: type1(m),
                force: force_a_volume(anatomy, m.muscle) as f32,
                muscle: m.muscle as u32,
                fibre: m.fibre[2].abs().min(1.0).acos().to_degrees(),
            })
            .collect();
        let mut reference = vec![0.0; MOST * MOST];
        let mut counts = vec![0.0; MOST];
        for (a, activity) in model
            .activities
            .iter()
            .filter(|a| a.scene == anatomy.scene)
            .enumerate()
        {
            counts[a] = activity.count as f32;
            for (c, load) in anatomy.loads.iter().enumerate() {
                reference[MOST * a + c] =
                    activity.forces.get(load.name).copied().unwrap_or(0.0) as f32;
            }
        }
        Self {
            bone_voxels,
            sites,
            bone,
            muscle_voxels,
            reference,
            counts,
        }
    }
}

/// A muscle's peak force by its volume, over that of its whole group.
fn force_a_volume(anatomy: &Anatomy, muscle: usize) -> f64 {
    let own = &anatomy.muscles[muscle];
    let group = || (anatomy.muscles.iter()).filter(|m| m.group == own.group);
    let volume: f64 = group().map(|m| m.whole_mm3).sum();
    let force: f64 = group().map(|m| m.force).sum();
    if volume > 0.0 {
        own.force / own.whole_mm3 * volume / force
    } else {
        1.0
    }
}

/// Bytes of the largest buffer of [`TissueState`] for a scene.
pub(crate) fn largest_bytes(anatomy: &Anatomy) -> u64 {
    let sites: usize = anatomy.bone.iter().map(|b| b.sites.len()).sum();
    let largest = [
        sites * size_of::<SiteState>(),
        anatomy.muscle.len() * size_of::<MuscleState>(),
        anatomy.bone.len() * size_of::<BoneVoxel>(),
        anatomy.len() * size_of::<[f32; 4]>(),
    ];
    largest.into_iter().max().unwrap_or(0) as u64
}

impl TissueState {
    /// Buffers for `lists`, at homeostasis, not yet settled.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn new(
        gpu: &Gpu,
        anatomy: &Anatomy,
        model: &Model,
        lists: &Lists,
    ) -> Result<Self, GpuError> {
        let activities = model.activities.iter();
        let counts = Counts {
            lattice: anatomy.len(),
            groups: anatomy.groups.len(),
            activities: activities.filter(|a| a.scene == anatomy.scene).count(),
            ..lists.counted()
        };
        Self::with_counts(gpu, "", model, lists, counts)
    }

    /// The same for records that belong to no lattice; `of` begins the buffers' names.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub(super) fn with_counts(
        gpu: &Gpu,
        of: &str,
        model: &Model,
        lists: &Lists,
        counts: Counts,
    ) -> Result<Self, GpuError> {
        let day: Vec<f32> = std::iter::repeat_n(0.0, MOST * MOST)
            .chain(lists.counts.iter().copied())
            .collect();
        let muscle = vec![MuscleState::at_rest(); counts.muscle_voxels];
        let name = |what: &str| format!("{of}{what}");
        Ok(Self {
            physiology: gpu.uniform(&name("physiology"), &model.physiology)?,
            environment: gpu.uniform(&name("environment"), &Environment::zeroed())?,
            bone_voxels: gpu.storage_from(&name("bone voxels"), &lists.bone_voxels)?,
            sites: gpu.storage_from(&name("bone sites"), &lists.sites)?,
            bone: gpu.storage_from(&name("bone state"), &lists.bone)?,
            stimulus: gpu.storage::<f32>(&name("stimulus"), counts.sites)?,
            homeostasis: gpu.storage::<Homeostasis>(&name("homeostasis"), counts.sites)?,
            surface: gpu.storage::<[f32; 2]>(&name("bone surface"), counts.sites)?,
            solved: gpu.storage::<f32>(&name("solved modulus"), counts.bone_voxels)?,
            energy: gpu.storage::<f32>(&name("strain energy density"), counts.bone_voxels)?,
            mean_change: gpu.storage::<f32>(&name("mean change of stimulus"), counts.bones)?,
            mean_set_point: gpu.storage::<f32>(&name("mean set-point"), counts.bones)?,
            muscle_voxels: gpu.storage_from(&name("muscle voxels"), &lists.muscle_voxels)?,
            muscle: gpu.storage_from(&name("muscle state"), &muscle)?,
            source: gpu.storage::<[f32; 4]>(&name("signal source"), counts.lattice)?,
            secretion: gpu.storage::<f32>(&name("bone's secretion"), counts.lattice)?,
            level: gpu.storage::<[f32; 4]>(&name("signal level"), counts.lattice)?,
            strength: gpu.storage_from(&name("muscle strength"), &[1.0f32; MOST])?,
            reference: gpu.storage_from(&name("reference forces"), &lists.reference)?,
            day: gpu.storage_from(&name("daily forces"), &day)?,
            counts,
        })
    }

    /// The environment's numbers, the conditions still to be filled in.
    pub(crate) fn blank_environment(
        &self,
        anatomy: &Anatomy,
        mechanics: &Mechanics,
    ) -> Environment {
        Environment {
            voxels: anatomy.voxels.map(|n| n as u32),
            bone_voxels: self.counts.bone_voxels as u32,
            muscle_voxels: self.counts.muscle_voxels as u32,
            cases: mechanics.cases() as u32,
            joint_cases: anatomy.joint_loads as u32,
            activities: self.counts.activities as u32,
            case_stride: (mechanics.case_bytes() / 4) as u32,
            groups: self.counts.groups as u32,
            ..Environment::zeroed()
        }
    }
}
