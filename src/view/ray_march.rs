//! The ray march into an off-screen image. Shader: `ray_march.wgsl`.

use bytemuck::{Pod, Zeroable};
use glam::Vec3;

use crate::gpu::{Gpu, GpuError, Readback, Shader, whole};
use crate::sim::Body;
use crate::tissue::Anatomy;

use super::field::Field;
use super::picture::{Cut, Picture};

/// The shader's source.
pub const SHADER: &str = include_str!("../../shaders/view/ray_march.wgsl");

/// Gamma-encoded RGB with alpha, written as they are shown.
const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

/// Keep in step with `struct View` in `ray_march.wgsl`; a test compares the layouts.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub struct ViewUniform {
    /// Start of the central ray, voxels.
    pub origin: [f32; 3],
    /// 0 bone, 1 muscle; 2 more where values are numbers of things.
    pub solid: u32,
    /// Along a ray.
    pub forward: [f32; 3],
    /// Opacity of the other tissue a voxel.
    pub ghost: f32,
    /// Half the width, voxels.
    pub right: [f32; 3],
    /// Start of the colour map.
    pub low: f32,
    /// Half the height, voxels.
    pub up: [f32; 3],
    /// End of the colour map.
    pub high: f32,
    /// Plane of the cut.
    pub cut: [f32; 4],
    /// Colour where nothing is.
    pub background: [f32; 4],
    /// Voxels of the lattice.
    pub voxels: [u32; 3],
    /// Stored value to shown unit.
    pub scale: f32,
}

/// Draws one body's lattice: a view, with a field of its own.
#[derive(Debug)]
pub struct RayMarch {
    field: Field,
    pipeline: wgpu::RenderPipeline,
    group: wgpu::BindGroup,
    uniform: wgpu::Buffer,
    colours: wgpu::Buffer,
    anatomy: std::sync::Arc<Anatomy>,
    voxels: [usize; 3],
    spacing: f32,
    target: Option<([u32; 2], wgpu::Texture)>,
}

impl RayMarch {
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn new(body: &Body) -> Result<Self, GpuError> {
        let (gpu, anatomy) = (body.gpu(), body.anatomy());
        let field = Field::new(gpu, body.state(), anatomy)?;
        let module = Shader::new(gpu, "ray_march", SHADER)?;
        let pipeline = module.picture(gpu, "corner", "march", FORMAT)?;
        let uniform = gpu.uniform("view", &ViewUniform::zeroed())?;
        let colours = gpu.uniform("colour map", &[[0f32; 4]; 256])?;
        let layout = pipeline.get_bind_group_layout(0);
        let resources = [
            whole(&uniform),
            whole(field.values()),
            whole(field.envelope()),
            whole(&colours),
        ];
        let group = gpu.scoped("ray_march", |device| {
            let entries: Vec<_> = resources
                .iter()
                .enumerate()
                .map(|(binding, resource)| wgpu::BindGroupEntry {
                    binding: binding as u32,
                    resource: resource.clone(),
                })
                .chain(module.check_entry(gpu, "march"))
                .collect();
            device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some("ray_march"),
                layout: &layout,
                entries: &entries,
            })
        })?;
        Ok(Self {
            field,
            pipeline,
            group,
            uniform,
            colours,
            anatomy: std::sync::Arc::clone(body.anatomy()),
            voxels: anatomy.voxels,
            spacing: anatomy.spacing as f32,
            target: None,
        })
    }

    /// What the shader is told about `picture`.
    pub fn uniform_of(&self, picture: &Picture) -> ViewUniform {
        let [forward, right, up] = picture.camera.axes();
        let n = Vec3::from(self.voxels.map(|n| n as f32));
        let half = 0.5 * picture.camera.height / self.spacing;
        let aspect = picture.size[0] as f32 / picture.size[1].max(1) as f32;
        let centre = Vec3::from(picture.camera.centre) / self.spacing;
        let cut = match picture.cut {
            Cut::None => [0.0, 0.0, 0.0, 0.0],
            Cut::Coronal(at) => [0.0, 1.0, 0.0, at * n.y],
            Cut::Sagittal(at) => [-1.0, 0.0, 0.0, -at * n.x],
            Cut::Axial(at) => [0.0, 0.0, 1.0, at * n.z],
        };
        let [r, g, b] = picture.background;
        ViewUniform {
            origin: (centre - forward * 2.0 * n.length()).to_array(),
            solid: u32::from(picture.field.in_muscle()) + 2 * u32::from(picture.field.is_named()),
            forward: forward.to_array(),
            ghost: if picture.ghost && !picture.field.in_muscle() {
                0.02
            } else {
                0.0
            },
            right: (right * half * aspect).to_array(),
            low: picture.range.0,
            up: (up * half).to_array(),
            high: picture.range.1,
            cut,
            background: [r, g, b, 1.0],
            voxels: self.voxels.map(|n| n as u32),
            scale: picture.field.scale(),
        }
    }

    /// Draws `picture` of the body as it is now, and returns the image (its size the picture's).
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn draw(&mut self, gpu: &Gpu, picture: &Picture) -> Result<&wgpu::Texture, GpuError> {
        self.field.choose(gpu, &self.anatomy, picture.muscle);
        self.field.show(gpu, picture.field);
        let size = picture.size.map(|n| n.max(1));
        if self.target.as_ref().is_none_or(|(s, _)| *s != size) {
            let texture = gpu.scoped("picture", |device| {
                device.create_texture(&wgpu::TextureDescriptor {
                    label: Some("picture"),
                    size: wgpu::Extent3d {
                        width: size[0],
                        height: size[1],
                        depth_or_array_layers: 1,
                    },
                    mip_level_count: 1,
                    sample_count: 1,
                    dimension: wgpu::TextureDimension::D2,
                    format: FORMAT,
                    usage: wgpu::TextureUsages::RENDER_ATTACHMENT
                        | wgpu::TextureUsages::TEXTURE_BINDING
                        | wgpu::TextureUsages::COPY_SRC,
                    view_formats: &[],
                })
            })?;
            self.target = Some((size, texture));
        }
        gpu.queue().write_buffer(
            &self.uniform,
            0,
            bytemuck::bytes_of(&self.uniform_of(picture)),
        );
        let colours: Vec<[f32; 4]> = picture
            .colormap
            .table()
            .iter()
            .map(|c| {
                [
                    f32::from(c[0]) / 255.0,
                    f32::from(c[1]) / 255.0,
                    f32::from(c[2]) / 255.0,
                    1.0,
                ]
            })
            .collect();
        gpu.queue()
            .write_buffer(&self.colours, 0, bytemuck::cast_slice(&colours));
        let Some((_, texture)) = &self.target else {
            return Err(GpuError::Validation {
                label: "picture".to_owned(),
                detail: "no image".to_owned(),
            });
        };
        let target = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let mut encoder = gpu.encoder("picture");
        gpu.render_pass(&mut encoder, "ray march", &target, |pass| {
            pass.set_pipeline(&self.pipeline);
            pass.set_bind_group(0, &self.group, &[]);
            pass.draw(0..3, 0..1);
        });
        gpu.submit(encoder);
        Ok(texture)
    }

    /// The last picture drawn.
    pub fn image(&self) -> Option<&wgpu::Texture> {
        self.target.as_ref().map(|(_, texture)| texture)
    }

    /// Schedules the last picture's way back; [`RayMarch::pixels`] unpacks it.
    /// # Errors
    /// As [`Gpu::scoped`], or when nothing was drawn.
    pub fn read(&self, gpu: &Gpu) -> Result<Readback, GpuError> {
        let Some((size, texture)) = &self.target else {
            return Err(GpuError::Readback {
                detail: "nothing was drawn".to_owned(),
            });
        };
        let row = (4 * size[0]).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let bytes = u64::from(row) * u64::from(size[1]);
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
            texture.as_image_copy(),
            wgpu::TexelCopyBufferInfo {
                buffer: &buffer,
                layout: wgpu::TexelCopyBufferLayout {
                    offset: 0,
                    bytes_per_row: Some(row),
                    rows_per_image: None,
                },
            },
            texture.size(),
        );
        let readback = Readback::record(gpu, &mut encoder, &[(&buffer, 0, bytes)])?;
        gpu.submit(encoder);
        Ok(readback)
    }

    /// RGBA rows without padding from what [`RayMarch::read`] brought.
    pub fn pixels(size: [u32; 2], bytes: &[u8]) -> Vec<u8> {
        let row = (4 * size[0]).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT) as usize;
        bytes
            .chunks(row)
            .flat_map(|r| &r[..4 * size[0] as usize])
            .copied()
            .collect()
    }
}
