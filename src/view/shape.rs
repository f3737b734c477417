//! What a ray is marched through: distances to bone and muscle and the field that is shown, as
//! textures. Shader: `shape.wgsl`.

use bytemuck::{Pod, Zeroable};
use half::f16;

use crate::gpu::{Dispatch, Gpu, GpuError, Shader, whole};
use crate::sim::shader::tissue_stage;
use crate::sim::state::TissueState;
use crate::tissue::{Anatomy, MusclePlan, SiteKind, TendonPlan};

use super::MuscleSet;
use super::distance::{signed, smooth, to_nearest};
use super::field::{Field, beside};
use super::picture::Picture;

/// Keep in step with `struct Shape` in `shape.wgsl`; a test compares the layouts.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub struct ShapeUniform {
    /// Voxels of the lattice.
    pub voxels: [u32; 3],
    /// What is shown of what.
    pub flags: u32,
    /// Start of the colour map.
    pub low: f32,
    /// 1 over its range.
    pub inverse: f32,
    /// Of what muscles have lost.
    pub exaggeration: f32,
    /// Of the second field.
    pub second_low: f32,
    /// 1 over its range.
    pub second_inverse: f32,
    /// Up to 16 bytes.
    pub padding_a: u32,
    /// Up to 16 bytes.
    pub padding_b: u32,
    /// Up to 16 bytes.
    pub padding_c: u32,
}

/// The number that tendon has among muscles; keep in step with `ray_march.wgsl`.
const TENDON: u8 = 255;

const OF_MUSCLE: u32 = 1;
const STRUTS: u32 = 2;
const DIFFERENCE: u32 = 4;
const PAST: u32 = 8;

/// Fat of red and of yellow marrow in the look of tissue, 1 at the start. For the eye: adults'
/// marrow is a mixture that can grow redder and yellower.
const MARROW_FAT: (f32, f32) = (0.4, 2.0);

/// One view's lattice.
#[derive(Debug)]
pub(super) struct Shape {
    spread: Dispatch,
    uniform: wgpu::Buffer,
    still: wgpu::Buffer,
    areas: wgpu::Buffer,
    reference: wgpu::Buffer,
    /// Distances, the field, fibres' directions with muscles' numbers.
    pub(super) textures: [wgpu::TextureView; 3],
    fibres: wgpu::Texture,
    is_struts: bool,
    has_reference: bool,
    is_past: bool,
    voxels: [u32; 3],
    shown: MuscleSet,
}

/// The shader's source, with what it shares with the stages of the ring.
pub fn shader() -> String {
    tissue_stage(include_str!("../../shaders/view/shape.wgsl"))
}

impl Shape {
    /// Of a body's `state`; `field` and `second` are the fields that it shows.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub(super) fn new(
        gpu: &Gpu,
        state: &TissueState,
        anatomy: &Anatomy,
        [field, second]: [&Field; 2],
    ) -> Result<Self, GpuError> {
        let module = Shader::new(gpu, "shape", &shader())?;
        let n = anatomy.len();
        let voxels = anatomy.voxels.map(|n| n as u32);
        let texture = |label: &str, format, usage| {
            let texture = gpu.scoped(label, |device| {
                device.create_texture(&wgpu::TextureDescriptor {
                    label: Some(label),
                    size: extent(voxels),
                    mip_level_count: 1,
                    sample_count: 1,
                    dimension: wgpu::TextureDimension::D3,
                    format,
                    usage: wgpu::TextureUsages::TEXTURE_BINDING | usage,
                    view_formats: &[],
                })
            })?;
            let bytes = format.block_copy_size(None).unwrap_or(8);
            gpu.count_bytes(n as u64 * u64::from(bytes));
            Ok::<_, GpuError>(texture)
        };
        let written = wgpu::TextureUsages::STORAGE_BINDING;
        let distances = texture("distances", wgpu::TextureFormat::Rgba16Float, written)?;
        let told = texture("told", wgpu::TextureFormat::Rgba16Float, written)?;
        let copied = wgpu::TextureUsages::COPY_DST;
        let fibres = texture("fibres", wgpu::TextureFormat::Rgba8Unorm, copied)?;
        let textures = [&distances, &told, &fibres]
            .map(|t| t.create_view(&wgpu::TextureViewDescriptor::default()));
        let uniform = gpu.uniform("shape", &ShapeUniform::zeroed())?;
        let still = gpu.storage::<[u32; 4]>("still shape", n)?;
        let areas = gpu.storage::<f32>("remembered muscle", state.counts.muscle_voxels)?;
        let reference = gpu.storage::<f32>("reference field", n)?;
        let spread = Dispatch::new(
            gpu,
            &module.kernel(gpu, "spread")?,
            n as u32,
            &[
                (0, whole(&uniform)),
                (1, whole(&still)),
                (2, whole(&areas)),
                (3, whole(&state.muscle_voxels)),
                (4, whole(&state.muscle)),
                (5, whole(field.values())),
                (6, whole(field.envelope())),
                (7, whole(second.values())),
                (8, whole(&reference)),
                (9, wgpu::BindingResource::TextureView(&textures[0])),
                (10, wgpu::BindingResource::TextureView(&textures[1])),
            ],
        )?;
        let struts =
            |b: &crate::tissue::BonePlan| b.sites.iter().any(|s| s.kind == SiteKind::Strut);
        let shape = Self {
            spread,
            uniform,
            still,
            areas,
            reference,
            textures,
            fibres,
            is_struts: anatomy.bone.iter().any(struts),
            has_reference: false,
            is_past: false,
            voxels,
            shown: MuscleSet::ALL,
        };
        shape.lay_out(gpu, anatomy);
        Ok(shape)
    }

    /// Whether bone is single struts.
    pub(super) fn is_struts(&self) -> bool {
        self.is_struts
    }

    /// Shows these muscles only.
    pub(super) fn choose(&mut self, gpu: &Gpu, anatomy: &Anatomy, shown: MuscleSet) {
        if shown != self.shown {
            self.shown = shown;
            self.lay_out(gpu, anatomy);
        }
    }

    /// Takes another body's field, of the same lattice, off what is shown; or nothing.
    pub(super) fn refer(&mut self, gpu: &Gpu, other: Option<&wgpu::Buffer>) {
        self.has_reference = other.is_some();
        if let Some(other) = other {
            let mut encoder = gpu.encoder("reference field");
            encoder.copy_buffer_to_buffer(other, 0, &self.reference, 0, Some(other.size()));
            gpu.submit(encoder);
        }
    }

    /// Muscle as it is remembered, its fibres' area by voxel, 1 at the start; or as it is now.
    pub(super) fn remember(&mut self, gpu: &Gpu, areas: Option<&[f32]>) {
        self.is_past = areas.is_some();
        if let Some(areas) = areas {
            gpu.write(&self.areas, areas);
        }
    }

    /// What is the same on every day.
    fn lay_out(&self, gpu: &Gpu, anatomy: &Anatomy) {
        let muscles = Muscles::of(anatomy, self.shown);
        let bone = bone(anatomy);
        let mut smoothed = bone.clone();
        smooth(anatomy.voxels, &mut smoothed);
        let still: Vec<[u32; 4]> = bone
            .into_iter()
            .zip(smoothed)
            .zip(muscles.distance.iter().zip(&muscles.depth))
            .zip(&muscles.owner)
            .map(|(((bone, smoothed), (muscle, depth)), owner)| {
                // Tendons do not waste.
                let wastes = matches!(Owner::of(anatomy, *owner), Owner::Muscle(_));
                let wasting = if wastes { *owner } else { 0 };
                [halves(bone, *muscle), halves(*depth, smoothed), wasting, 0]
            })
            .collect();
        gpu.write(&self.still, &still);
        let texels: Vec<[u8; 4]> = (muscles.owner.iter())
            .map(|owner| {
                let (fibre, number) = match Owner::of(anatomy, *owner) {
                    Owner::None => return [0; 4],
                    Owner::Muscle(plan) => (plan.fibre, (plan.muscle + 1) as u8),
                    Owner::Tendon(plan) => (plan.fibre, TENDON),
                };
                let [x, y, z] = fibre.map(|f| (127.5 * f + 127.5).round() as u8);
                [x, y, z, number]
            })
            .collect();
        gpu.queue().write_texture(
            self.fibres.as_image_copy(),
            bytemuck::cast_slice(&texels),
            wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(4 * self.voxels[0]),
                rows_per_image: Some(self.voxels[1]),
            },
            extent(self.voxels),
        );
    }

    /// What the shader is told about `picture`.
    fn uniform_of(&self, picture: &Picture) -> ShapeUniform {
        let mut flags = 0;
        if picture.field.in_muscle() {
            flags |= OF_MUSCLE;
        }
        if self.is_struts {
            flags |= STRUTS;
        }
        if self.has_reference {
            flags |= DIFFERENCE;
        }
        if self.is_past {
            flags |= PAST;
        }
        // Numbers of things keep their place whatever the range.
        let (low, high) = if picture.field.is_named() {
            (0.0, 255.0)
        } else {
            picture.range()
        };
        let scale = picture.field.scale();
        let inverse = |low: f32, high: f32| 1.0 / (high - low);
        let (second_low, second_high) = MARROW_FAT;
        ShapeUniform {
            voxels: self.voxels,
            flags,
            low: low / scale,
            inverse: scale * inverse(low, high),
            exaggeration: picture.exaggeration,
            second_low,
            second_inverse: inverse(second_low, second_high),
            padding_a: 0,
            padding_b: 0,
            padding_c: 0,
        }
    }

    /// Spreads what the fields hold now.
    pub(super) fn show(&self, gpu: &Gpu, picture: &Picture) {
        gpu.write(&self.uniform, &[self.uniform_of(picture)]);
        let mut encoder = gpu.encoder("shape");
        gpu.pass(&mut encoder, "shape", |pass| self.spread.run(pass));
        gpu.submit(encoder);
    }
}

fn extent(voxels: [u32; 3]) -> wgpu::Extent3d {
    wgpu::Extent3d {
        width: voxels[0],
        height: voxels[1],
        depth_or_array_layers: voxels[2],
    }
}

/// Two numbers of 16 bits each; what 16 bits cannot hold is as far as they can.
fn halves(low: f32, high: f32) -> u32 {
    let bits = |x: f32| u32::from(f16::from_f32(x.clamp(-60_000.0, 60_000.0)).to_bits());
    bits(low) | bits(high) << 16
}

/// Distance to bone at the start.
fn bone(anatomy: &Anatomy) -> Vec<f32> {
    let mut share = vec![0.0f32; anatomy.len()];
    for plan in &anatomy.bone {
        let strut = plan.sites.iter().find(|s| s.kind == SiteKind::Strut);
        let solid = strut.and_then(|s| s.bvtv).unwrap_or(plan.envelope);
        share[anatomy.voxel(plan.at)] = solid as f32;
    }
    for (voxel, own) in beside(anatomy) {
        share[voxel] = own as f32;
    }
    signed(anatomy.voxels, &share)
}

/// Of the muscles that are shown.
struct Muscles {
    /// To the surface of all of them together, voxels.
    distance: Vec<f32>,
    /// Half the thickness of the muscle at its nearest voxel, voxels.
    depth: Vec<f32>,
    /// The nearest voxel of [`Anatomy::muscle`], from 1, or after them all of [`Anatomy::tendon`];
    /// 0 where none is near.
    owner: Vec<u32>,
}

/// What a voxel's look comes from.
enum Owner<'a> {
    None,
    Muscle(&'a MusclePlan),
    Tendon(&'a TendonPlan),
}

impl<'a> Owner<'a> {
    fn of(anatomy: &'a Anatomy, owner: u32) -> Self {
        let Some(k) = (owner as usize).checked_sub(1) else {
            return Self::None;
        };
        match k.checked_sub(anatomy.muscle.len()) {
            None => Self::Muscle(&anatomy.muscle[k]),
            Some(k) => Self::Tendon(&anatomy.tendon[k]),
        }
    }
}

impl Muscles {
    fn of(anatomy: &Anatomy, shown: MuscleSet) -> Self {
        let voxels = anatomy.voxels;
        let mut share = vec![0.0f32; anatomy.len()];
        let mut owner = vec![0u32; anatomy.len()];
        for (k, plan) in anatomy.muscle.iter().enumerate() {
            if shown.has(plan.muscle) {
                let voxel = anatomy.voxel(plan.at);
                share[voxel] = plan.fraction as f32;
                owner[voxel] = k as u32 + 1;
            }
        }
        for (k, plan) in anatomy.tendon.iter().enumerate() {
            if shown.has(plan.muscle) {
                let voxel = anatomy.voxel(plan.at);
                let belly = share[voxel];
                share[voxel] = (belly + plan.drawn as f32).min(1.0);
                if plan.drawn as f32 > belly {
                    owner[voxel] = (anatomy.muscle.len() + k + 1) as u32;
                }
            }
        }
        let distance = signed(voxels, &share);
        let muscle = |owner: u32| match Owner::of(anatomy, owner) {
            Owner::Muscle(plan) => Some(plan.muscle),
            Owner::None | Owner::Tendon(_) => None,
        };
        let depth = depths(
            voxels,
            &owner.iter().map(|o| muscle(*o)).collect::<Vec<_>>(),
        );
        let mut muscles = Self {
            distance,
            depth,
            owner,
        };
        muscles.grow(voxels);
        muscles.grow(voxels);
        muscles
    }

    /// Voxels beside a muscle belong to it too: its surface lies between.
    fn grow(&mut self, voxels: [usize; 3]) {
        let before = self.owner.clone();
        let at = |[x, y, z]: [usize; 3]| x + voxels[0] * (y + voxels[1] * z);
        each(voxels, |place| {
            let own = at(place);
            if before[own] > 0 {
                return;
            }
            let nearest = neighbours(voxels, place).map(at).find(|k| before[*k] > 0);
            if let Some(nearest) = nearest {
                self.owner[own] = before[nearest];
                self.depth[own] = self.depth[nearest];
            }
        });
    }
}

/// Half the thickness of the muscle that each voxel belongs to, there: how deep its middle lies, to
/// which one comes by always going to the deepest neighbour.
fn depths(voxels: [usize; 3], muscle: &[Option<usize>]) -> Vec<f32> {
    let at = |[x, y, z]: [usize; 3]| x + voxels[0] * (y + voxels[1] * z);
    let mut border = vec![false; muscle.len()];
    each(voxels, |place| {
        let own = at(place);
        border[own] = faces(voxels, place).any(|other| muscle[at(other)] != muscle[own]);
    });
    let (within, _) = to_nearest(voxels, &border);
    let mut uphill: Vec<u32> = (0..muscle.len() as u32).collect();
    each(voxels, |place| {
        let own = at(place);
        if muscle[own].is_none() {
            return;
        }
        let mut best = own;
        for other in neighbours(voxels, place).map(at) {
            if muscle[other] == muscle[own] && within[other] > within[best] {
                best = other;
            }
        }
        uphill[own] = best as u32;
    });
    (0..muscle.len())
        .map(|own| {
            if muscle[own].is_none() {
                return 0.0;
            }
            let mut top = own;
            while uphill[top] as usize != top {
                top = uphill[top] as usize;
            }
            // A muscle that fills the lattice has no border.
            let deep = within[top] + 0.5;
            if deep.is_finite() { deep } else { 0.0 }
        })
        .collect()
}

fn each(voxels: [usize; 3], mut visit: impl FnMut([usize; 3])) {
    for z in 0..voxels[2] {
        for y in 0..voxels[1] {
            for x in 0..voxels[0] {
                visit([x, y, z]);
            }
        }
    }
}

/// Those that share a face, then those that share an edge or a corner.
fn neighbours(voxels: [usize; 3], place: [usize; 3]) -> impl Iterator<Item = [usize; 3]> {
    let far = (0..27).filter(move |k| *k != 13 && ![4, 10, 12, 14, 16, 22].contains(k));
    [4, 10, 12, 14, 16, 22]
        .into_iter()
        .chain(far)
        .filter_map(move |k| {
            let step = [k % 3, k / 3 % 3, k / 9];
            let mut other = [0; 3];
            for axis in 0..3 {
                other[axis] = (place[axis] + step[axis]).checked_sub(1)?;
                if other[axis] >= voxels[axis] {
                    return None;
                }
            }
            Some(other)
        })
}

fn faces(voxels: [usize; 3], place: [usize; 3]) -> impl Iterator<Item = [usize; 3]> {
    neighbours(voxels, place)
        .filter(move |other| (0..3).map(|a| other[a].abs_diff(place[a])).sum::<usize>() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_muscle_is_as_deep_as_it_is_thick() {
        // Two slabs side by side, 8 and 4 voxels thick, with room around them.
        let voxels = [20, 11, 11];
        let muscle: Vec<Option<usize>> = (0..20 * 11 * 11)
            .map(|k| match k % 20 {
                3..=10 => Some(0),
                11..=14 => Some(1),
                _ => None,
            })
            .collect();
        let depth = depths(voxels, &muscle);
        let middle = 20 * (5 + 11 * 5);
        for (x, want) in [
            (0, 0.0),
            (3, 4.0),
            (6, 4.0),
            (10, 4.0),
            (11, 2.0),
            (14, 2.0),
        ] {
            let found = depth[middle + x];
            assert!((found - want).abs() <= 0.51, "{x}: {found} {want}");
        }
    }
}
