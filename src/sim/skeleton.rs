//! The rest of the skeleton: a voxel a piece, with a trabecular and a cortical site, under the laws
//! of `bone.wgsl`. Whatever scene is looked at, blood comes from all of it. Shader:
//! `skeleton.wgsl`.

use bytemuck::Zeroable as _;

use crate::gpu::{Gpu, GpuError, Kernel, Shader, dispatch, whole};
use crate::physiology::{Model, Physiology, Skeleton as Piece};
use crate::scenario::Conditions;
use crate::tissue::SiteKind;

use super::bone::Bone;
use super::loads::{self, skeleton_loads};
use super::shader;
use super::state::{
    BoneVoxel, Counts, Environment, Homeostasis, Lists, MOST, Site, SiteState, TissueState,
};

/// Stimulus at homeostasis of trabecular and cortical bone, MPa/day: what the hip's bone settles
/// at, and the mean of its cortex.
const SET_POINTS: [f32; 2] = [250.0, 900.0];

/// The stage.
#[derive(Debug)]
pub struct Skeleton {
    state: TissueState,
    bone: Bone,
    stimulus: (Kernel, wgpu::BindGroup),
}

/// Volume of a site of a piece, mm³: trabecular, then cortical.
fn volumes(piece: &Piece, p: &Physiology) -> [f64; 2] {
    let mineral = f64::from(p.tissue_mineral) * 1e-6;
    let of = |share: f64, bvtv: f64| piece.bmc * share / mineral / bvtv;
    [
        of(piece.trabecular, piece.bvtv),
        of(1.0 - piece.trabecular, f64::from(p.cortical_bvtv)),
    ]
}

/// Inner surface of a piece's cortex over its volume, 1/mm, in parts of `endosteal_roughness`: a
/// shaft's is smooth.
fn inner_surface(piece: &Piece, p: &Physiology) -> f64 {
    let smooth = piece.shaft / f64::from(p.endosteal_roughness);
    (1.0 - piece.shaft + smooth) / piece.cortex
}

fn lists(model: &Model) -> Lists {
    let (mut bone_voxels, mut sites, mut bone) = (Vec::new(), Vec::new(), Vec::new());
    for (i, piece) in model.skeleton.iter().enumerate() {
        bone_voxels.push(BoneVoxel {
            voxel: i as u32,
            element: 0,
            first: 2 * i as u32,
            sites: 2,
            tie: 0.0,
        });
        let scene = piece.bears_as.as_deref();
        let site = |kind: SiteKind, surface: f64| Site {
            // Nothing is secreted into a lattice.
            fraction: 0.0,
            surface: surface as f32,
            kind: kind as u32,
            bone: i as u32,
            settling: 1.0,
            below_lesion: f32::from(u8::from(scene.is_some_and(|s| model.is_below_lesion(s)))),
        };
        sites.extend([
            site(SiteKind::Trabecular, 0.0),
            site(SiteKind::Cortical, inner_surface(piece, &model.physiology)),
        ]);
        bone.extend([piece.bvtv as f32, model.physiology.cortical_bvtv].map(SiteState::at_rest));
    }
    Lists {
        bone_voxels,
        sites,
        bone,
        muscle_voxels: Vec::new(),
        reference: vec![0.0; MOST * MOST],
        counts: vec![0.0; MOST],
    }
}

impl Skeleton {
    /// The skeleton of `model`'s person, at homeostasis.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn new(gpu: &Gpu, model: &Model) -> Result<Self, GpuError> {
        let lists = lists(model);
        let counts = Counts {
            lattice: lists.bone_voxels.len(),
            ..lists.counted()
        };
        let state = TissueState::with_counts(gpu, "skeleton's ", model, &lists, counts)?;
        let starts: Vec<Homeostasis> = lists
            .bone
            .iter()
            .zip(SET_POINTS.into_iter().cycle())
            .map(|(site, set_point)| Homeostasis {
                set_point,
                bvtv: site.bvtv,
                mean_set_point: set_point,
            })
            .collect();
        gpu.write(&state.homeostasis, &starts);
        let module = Shader::new(gpu, "skeleton", &shader::skeleton())?;
        let stimulus = module.kernel(gpu, "piece_stimulus")?;
        let group = stimulus.bind(
            gpu,
            &[
                (1, whole(&state.environment)),
                (3, whole(&state.sites)),
                (4, whole(&state.bone)),
                (5, whole(&state.stimulus)),
                (6, whole(&state.homeostasis)),
            ],
        )?;
        let skeleton = Self {
            bone: Bone::new(gpu, &state)?,
            stimulus: (stimulus, group),
            state,
        };
        // What is measured before the first day is weighed by surface.
        skeleton.write_conditions(gpu, model, &Conditions::EARTH, &model.physiology, 0.0);
        let mut encoder = gpu.encoder("skeleton's surfaces");
        gpu.pass(&mut encoder, "skeleton", |pass| {
            skeleton.bone.record_surfaces(pass);
        });
        gpu.submit(encoder);
        Ok(skeleton)
    }

    /// Its buffers.
    pub fn state(&self) -> &TissueState {
        &self.state
    }

    /// Volumes of a piece's sites, mm³, for sums: of every site, in their order.
    pub fn volumes(model: &Model) -> Vec<f64> {
        let pieces = model.skeleton.iter();
        pieces.flat_map(|s| volumes(s, &model.physiology)).collect()
    }

    /// What its cells see from the next submission on.
    pub(super) fn write_conditions(
        &self,
        gpu: &Gpu,
        model: &Model,
        conditions: &Conditions,
        physiology: &Physiology,
        dt: f64,
    ) {
        let mut environment = Environment {
            bone_voxels: self.state.counts.bone_voxels as u32,
            ..loads::cells(Environment::zeroed(), model, conditions, dt)
        };
        let loads = skeleton_loads(model, conditions);
        for (slot, load) in environment.scale.iter_mut().zip(loads) {
            *slot = load as f32;
        }
        gpu.write(&self.state.environment, &[environment]);
        gpu.write(&self.state.physiology, &[*physiology]);
    }

    /// One step of all pieces: what they feel, then their cells and density.
    pub fn record(&self, pass: &mut wgpu::ComputePass<'_>) {
        let threads = self.state.counts.sites as u32;
        dispatch(pass, &self.stimulus.0, &self.stimulus.1, threads);
        self.bone.record_surfaces(pass);
        self.bone.record(pass);
    }
}
