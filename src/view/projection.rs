//! Areal density: mineral summed along a beam, as dual-energy X-ray absorptiometry sees it. Shader:
//! `projection.wgsl`.

use bytemuck::{Pod, Zeroable};

use crate::gpu::{Dispatch, Gpu, GpuError, Readback, Shader, values, whole};
use crate::sim::Body;
use crate::tissue::Anatomy;

use super::{Colormap, Field, FieldKind};

/// Keep in step with `struct Beam` in `projection.wgsl`; a test compares the layouts.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub struct BeamUniform {
    /// Voxels of the lattice.
    pub voxels: [u32; 3],
    /// The axis that it runs along.
    pub along: u32,
    /// g/cm² a voxel of 1 mg/cm³.
    pub scale: f32,
    /// Up to 16 bytes.
    pub padding_a: u32,
    /// Up to 16 bytes.
    pub padding_b: u32,
    /// Up to 16 bytes.
    pub padding_c: u32,
}

/// The shader's source.
pub const PROJECTION: &str = include_str!("../../shaders/view/projection.wgsl");

/// A beam through a body.
#[derive(Debug)]
pub struct Projection {
    field: Field,
    project: Dispatch,
    areal: wgpu::Buffer,
    size: [usize; 2],
    spacing: f64,
    is_mirrored: bool,
}

impl Projection {
    /// Along an axis of the lattice: 0 from the side, 1 from the front, 2 from above.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn new(body: &Body, along: usize) -> Result<Self, GpuError> {
        let (gpu, anatomy) = (body.gpu(), body.anatomy());
        let field = Field::new(gpu, body.state(), anatomy)?;
        let [u, v] = [[1, 2], [0, 2], [0, 1]][along.min(2)];
        let size = [anatomy.voxels[u], anatomy.voxels[v]];
        let uniform = BeamUniform {
            voxels: anatomy.voxels.map(|n| n as u32),
            along: along.min(2) as u32,
            // 1 mg/cm³ over 1 mm is 0.1 mg/cm².
            scale: 1e-4 * anatomy.spacing as f32,
            padding_a: 0,
            padding_b: 0,
            padding_c: 0,
        };
        let uniform = gpu.uniform("beam", &uniform)?;
        let areal = gpu.storage::<f32>("areal density", size[0] * size[1])?;
        let module = Shader::new(gpu, "projection", PROJECTION)?;
        let project = Dispatch::new(
            gpu,
            &module.kernel(gpu, "project")?,
            (size[0] * size[1]) as u32,
            &[
                (0, whole(&uniform)),
                (1, whole(field.values())),
                (2, whole(&areal)),
            ],
        )?;
        Ok(Self {
            field,
            project,
            areal,
            size,
            spacing: anatomy.spacing,
            // Who stands in front of a body has its +x on the left.
            is_mirrored: along == 1,
        })
    }

    /// Projects the body as it is now and schedules the way back; [`Projection::areal`] unpacks it.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn read(&self, gpu: &Gpu) -> Result<Readback, GpuError> {
        self.field.show(gpu, FieldKind::Mineral);
        let mut encoder = gpu.encoder("projection");
        gpu.pass(&mut encoder, "projection", |pass| self.project.run(pass));
        let bytes = 4 * (self.size[0] * self.size[1]) as u64;
        let readback = Readback::record(gpu, &mut encoder, &[(&self.areal, 0, bytes)])?;
        gpu.submit(encoder);
        Ok(readback)
    }

    /// What [`Projection::read`] brought.
    pub fn areal(&self, parts: &[Vec<u8>]) -> Areal {
        Areal {
            size: self.size,
            spacing: self.spacing,
            is_mirrored: self.is_mirrored,
            density: parts.first().map_or(Vec::new(), |bytes| values(bytes)),
        }
    }
}

/// Areal density, as a picture of numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Areal {
    /// Across and up.
    pub size: [usize; 2],
    /// Edge of a pixel, mm.
    pub spacing: f64,
    /// Whether the first value of a row is seen at its right.
    pub is_mirrored: bool,
    /// g/cm², the lowest row first.
    pub density: Vec<f32>,
}

/// Less than this is no bone, g/cm²: what stands at its edge.
const EDGE: f32 = 0.05;

impl Areal {
    /// Of a day that was kept, from its bone volume fractions by site, along an axis as
    /// [`Projection::new`].
    pub fn of(anatomy: &Anatomy, bvtv: &[f32], tissue_mineral: f32, along: usize) -> Self {
        let along = along.min(2);
        let [u, v] = [[1, 2], [0, 2], [0, 1]][along];
        let size = [anatomy.voxels[u], anatomy.voxels[v]];
        let mut density = vec![0.0; size[0] * size[1]];
        // 1 mg/cm³ over 1 mm is 0.1 mg/cm².
        let scale = 1e-4 * anatomy.spacing as f32 * tissue_mineral;
        let mut site = 0;
        for plan in &anatomy.bone {
            let own = plan.sites.iter().zip(bvtv.iter().skip(site));
            let bone: f32 = own.map(|(s, b)| s.fraction as f32 * b).sum();
            density[plan.at[u] + size[0] * plan.at[v]] += scale * bone;
            site += plan.sites.len();
        }
        Self {
            size,
            spacing: anatomy.spacing,
            is_mirrored: along == 1,
            density,
        }
    }

    /// Mean areal density where there is bone, g/cm²; none without any.
    pub fn mean(&self) -> Option<f64> {
        let bone = self.density.iter().filter(|d| **d > EDGE);
        let (count, sum) = bone.fold((0u32, 0.0), |(n, s), d| (n + 1, s + f64::from(*d)));
        (count > 0).then(|| sum / f64::from(count))
    }

    /// The smallest round number that all of it lies below, g/cm².
    pub fn round_top(&self) -> f32 {
        const ROUND: [f32; 9] = [0.1, 0.2, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0];
        let most = self.density.iter().copied().fold(0.0, f32::max);
        ROUND.into_iter().find(|r| most <= *r).unwrap_or(most)
    }

    /// As RGBA, `pixels` a number each way, from 0 to `top` on a colour map; clear where there is
    /// no bone. A number is one colour: it is a measurement, not a surface.
    pub fn picture(&self, pixels: usize, top: f32, colormap: Colormap) -> ([u32; 2], Vec<u8>) {
        let table = colormap.table();
        let [nu, nv] = self.size;
        let mut rgba = Vec::with_capacity(4 * nu * nv * pixels * pixels);
        for row in (0..nv).rev().flat_map(|v| std::iter::repeat_n(v, pixels)) {
            for u in (0..nu).flat_map(|u| std::iter::repeat_n(u, pixels)) {
                let u = if self.is_mirrored { nu - 1 - u } else { u };
                let density = self.density.get(u + nu * row).copied().unwrap_or(0.0);
                let place = (255.0 * density / top).clamp(0.0, 255.0).round() as usize;
                let [r, g, b] = table[place];
                rgba.extend([r, g, b, if density > 0.0 { 255 } else { 0 }]);
            }
        }
        ([nu * pixels, nv * pixels].map(|n| n as u32), rgba)
    }
}
