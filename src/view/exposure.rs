//! Samples gathered to a picture. Shader: `exposure.wgsl`.

use bytemuck::{Pod, Zeroable};

use crate::gpu::{Gpu, GpuError, Readback, Shader, whole};

use super::picture::Picture;

/// The shader's source.
pub const EXPOSURE: &str = include_str!("../../shaders/view/exposure.wgsl");

/// Gamma-encoded RGB with straight alpha, written as they are shown.
const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;
/// Sums of up to some hundreds of samples, exact to a fraction of a step of 8 bits.
pub(super) const SUMS: wgpu::TextureFormat = wgpu::TextureFormat::Rgba32Float;

/// Keep in step with `struct Exposure` in `exposure.wgsl`; a test compares the layouts.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub struct ExposureUniform {
    /// Behind; its last 0 leaves it open.
    pub ground: [f32; 4],
    /// Rows on linear light.
    pub vision: [[f32; 4]; 3],
    /// How many were gathered.
    pub samples: f32,
    /// Whether the matrix is used.
    pub seen: u32,
    /// Up to 16 bytes.
    pub padding_a: u32,
    /// Up to 16 bytes.
    pub padding_b: u32,
}

/// A picture, and the two sums that it is made of in turns.
#[derive(Debug)]
pub(super) struct Exposure {
    pub(super) size: [u32; 2],
    /// Where samples are added up: each reads the other.
    pub(super) sums: [wgpu::TextureView; 2],
    image: wgpu::Texture,
    view: wgpu::TextureView,
    uniform: wgpu::Buffer,
    pipeline: wgpu::RenderPipeline,
    groups: [wgpu::BindGroup; 2],
}

impl Exposure {
    /// # Errors
    /// As [`Gpu::scoped`].
    pub(super) fn new(gpu: &Gpu, size: [u32; 2]) -> Result<Self, GpuError> {
        let most = gpu.device().limits().max_texture_dimension_2d;
        if let Some(pixels) = size.into_iter().find(|n| *n > most) {
            return Err(GpuError::Limit {
                what: "pixels of a picture in one piece",
                required: u64::from(pixels),
                actual: u64::from(most),
            });
        }
        let texture = |label: &str, format, usage| {
            let texture = gpu.scoped(label, |device| {
                device.create_texture(&wgpu::TextureDescriptor {
                    label: Some(label),
                    size: wgpu::Extent3d {
                        width: size[0],
                        height: size[1],
                        depth_or_array_layers: 1,
                    },
                    mip_level_count: 1,
                    sample_count: 1,
                    dimension: wgpu::TextureDimension::D2,
                    format,
                    usage: wgpu::TextureUsages::RENDER_ATTACHMENT
                        | wgpu::TextureUsages::TEXTURE_BINDING
                        | usage,
                    view_formats: &[],
                })
            })?;
            Ok::<_, GpuError>(texture)
        };
        let image = texture("picture", FORMAT, wgpu::TextureUsages::COPY_SRC)?;
        let sum = || texture("sum of samples", SUMS, wgpu::TextureUsages::empty());
        let view = |t: &wgpu::Texture| t.create_view(&wgpu::TextureViewDescriptor::default());
        let sums = [view(&sum()?), view(&sum()?)];
        let module = Shader::new(gpu, "exposure", EXPOSURE)?;
        let pipeline = module.picture(gpu, "corner", "expose", FORMAT)?;
        let uniform = gpu.uniform("exposure", &ExposureUniform::zeroed())?;
        let layout = pipeline.get_bind_group_layout(0);
        let group = |sum: &wgpu::TextureView| {
            gpu.scoped("exposure", |device| {
                let entries: Vec<_> = [
                    wgpu::BindGroupEntry {
                        binding: 0,
                        resource: whole(&uniform),
                    },
                    wgpu::BindGroupEntry {
                        binding: 1,
                        resource: wgpu::BindingResource::TextureView(sum),
                    },
                ]
                .into_iter()
                .chain(module.check_entry(gpu, "expose"))
                .collect();
                device.create_bind_group(&wgpu::BindGroupDescriptor {
                    label: Some("exposure"),
                    layout: &layout,
                    entries: &entries,
                })
            })
        };
        let groups = [group(&sums[0])?, group(&sums[1])?];
        Ok(Self {
            size,
            view: view(&image),
            sums,
            image,
            uniform,
            pipeline,
            groups,
        })
    }

    /// Makes the picture of `samples` that are added up in the `which`th sum.
    pub(super) fn expose(
        &self,
        gpu: &Gpu,
        encoder: &mut wgpu::CommandEncoder,
        picture: &Picture,
        (which, samples): (usize, u32),
    ) {
        let [r, g, b] = picture.background;
        let rows = picture.vision.matrix();
        let uniform = ExposureUniform {
            ground: [r, g, b, if picture.transparent { 0.0 } else { 1.0 }],
            vision: rows.map(|[x, y, z]| [x, y, z, 0.0]),
            samples: samples as f32,
            seen: u32::from(picture.vision != super::Vision::Full),
            padding_a: 0,
            padding_b: 0,
        };
        gpu.write(&self.uniform, &[uniform]);
        gpu.render_pass(encoder, "exposure", &self.view, |pass| {
            pass.set_pipeline(&self.pipeline);
            pass.set_bind_group(0, &self.groups[which], &[]);
            pass.draw(0..3, 0..1);
        });
    }

    pub(super) fn image(&self) -> &wgpu::Texture {
        &self.image
    }

    /// A copy of the picture.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub(super) fn copy(&self, gpu: &Gpu) -> Result<wgpu::Texture, GpuError> {
        let copy = gpu.scoped("copy of a picture", |device| {
            device.create_texture(&wgpu::TextureDescriptor {
                label: Some("copy of a picture"),
                size: self.image.size(),
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format: FORMAT,
                usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
                view_formats: &[],
            })
        })?;
        let mut encoder = gpu.encoder("copy of a picture");
        encoder.copy_texture_to_texture(
            self.image.as_image_copy(),
            copy.as_image_copy(),
            self.image.size(),
        );
        gpu.submit(encoder);
        Ok(copy)
    }

    /// Schedules the picture's way back; [`pixels`] unpacks it.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub(super) fn read(&self, gpu: &Gpu) -> Result<Readback, GpuError> {
        let row = (4 * self.size[0]).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let bytes = u64::from(row) * u64::from(self.size[1]);
        let buffer = gpu.scoped("picture copy", |device| {
            device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("picture copy"),
                size: bytes,
                usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC,
                mapped_at_creation: false,
            })
        })?;
        let mut encoder = gpu.encoder("picture copy");
        encoder.copy_texture_to_buffer(
            self.image.as_image_copy(),
            wgpu::TexelCopyBufferInfo {
                buffer: &buffer,
                layout: wgpu::TexelCopyBufferLayout {
                    offset: 0,
                    bytes_per_row: Some(row),
                    rows_per_image: None,
                },
            },
            self.image.size(),
        );
        let readback = Readback::record(gpu, &mut encoder, &[(&buffer, 0, bytes)])?;
        gpu.submit(encoder);
        Ok(readback)
    }
}

/// RGBA rows without padding from what a picture's readback brought.
pub(super) fn pixels(size: [u32; 2], bytes: &[u8]) -> Vec<u8> {
    let row = (4 * size[0]).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT) as usize;
    bytes
        .chunks(row)
        .flat_map(|r| &r[..4 * size[0] as usize])
        .copied()
        .collect()
}
