//! The picture of a lattice: a ray a sample, marched to the tissue. Shader: `ray_march.wgsl`.

use std::mem::{Discriminant, discriminant};

use bytemuck::{Pod, Zeroable};
use glam::Vec3;

use crate::gpu::{Gpu, GpuError, Readback, Shader, whole};
use crate::sim::Body;
use crate::tissue::Anatomy;

use super::exposure::{Exposure, SUMS, pixels};
use super::field::{Above, Field, FieldKind, Past};
use super::picture::{Muscles, Opacity, Paint, Picture, Style, Tile};
use super::shape::Shape;

/// Keep in step with `struct View` in `ray_march.wgsl`; a test compares the layouts.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub struct ViewUniform {
    /// Start of the central ray, voxels.
    pub origin: [f32; 3],
    /// What is drawn, and how.
    pub flags: u32,
    /// Along a ray.
    pub forward: [f32; 3],
    /// Edge of a pixel, voxels.
    pub pixel: f32,
    /// Half the width, voxels.
    pub right: [f32; 3],
    /// Which sample.
    pub sample: u32,
    /// Half the height, voxels.
    pub up: [f32; 3],
    /// Opacity of a muscle's shell.
    pub shell: f32,
    /// Towards the key light.
    pub key: [f32; 3],
    /// Place of an isosurface on the colour map.
    pub iso: f32,
    /// Plane of the cut.
    pub cut: [f32; 4],
    /// Voxels of the lattice.
    pub voxels: [u32; 3],
    /// Voxels a grain of the fibres' lines.
    pub grain: f32,
    /// The whole image, pixels.
    pub size: [u32; 2],
    /// The tile's place in it.
    pub corner: [u32; 2],
    /// Contour steps at the start of the colour map, and along it.
    pub contour: [f32; 2],
    /// Up to 16 bytes.
    pub padding: [f32; 2],
    /// Muscle's own colour.
    pub flesh: [f32; 4],
}

const OF_MUSCLE: u32 = 1;
const NAMED: u32 = 2;
const BEYOND: u32 = 4;
const COLOURED: u32 = 8;
const TISSUE: u32 = 16;
const OUTLINE: u32 = 32;
const EVEN: u32 = 64;

/// What a pipeline is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Made {
    muscles: Muscles,
    struts: bool,
    style: Discriminant<Style>,
}

impl Made {
    fn of(picture: &Picture, is_struts: bool) -> Self {
        Self {
            muscles: picture.muscles,
            struts: picture.paint == Paint::Struts && is_struts,
            style: discriminant(&picture.style),
        }
    }

    /// The shader's source.
    fn source(self) -> String {
        let is = |style: Style| self.style == discriminant(&style);
        let constants = [
            ("SHELL", self.muscles == Muscles::Shell),
            ("SOLID", self.muscles == Muscles::Solid),
            ("SLICE", is(Style::Slice)),
            ("STRUTS", self.struts),
            ("ISO", is(Style::Isosurface(0.0))),
            ("CLOUD", is(Style::Cloud(Opacity::RISING))),
        ];
        let lines = constants.map(|(name, holds)| format!("const {name}: bool = {holds};\n"));
        lines.concat() + include_str!("../../shaders/view/ray_march.wgsl")
    }
}

/// The shader's source, as it is for a scene with muscles.
pub fn shader() -> String {
    let made = Made {
        muscles: Muscles::Shell,
        struts: false,
        style: discriminant(&Style::Surface),
    };
    made.source()
}

/// Bone where it stands for no number, sRGB. Keep in step with `ray_march.wgsl`.
pub const IVORY: [u8; 3] = [231, 223, 203];
/// Of a muscle's shell, seen face on.
const SHELL_OPACITY: f32 = 0.56;
/// Muscle before something dark and before something bright, sRGB 0 to 1: a shell stands out from
/// both by 3 to 1.
const FLESH: [[f32; 4]; 2] = [[0.97, 0.60, 0.53, 1.0], [0.56, 0.16, 0.15, 1.0]];
/// The same where nothing is seen through it.
const SOLID_FLESH: [[f32; 4]; 2] = [[0.87, 0.44, 0.38, 1.0], [0.66, 0.26, 0.23, 1.0]];
/// Of the lines along fibres, mm.
const GRAIN: f32 = 1.1;
/// Edge of the noise that they are made of, grains.
const GRAINS: u32 = 32;
/// Samples after which a still picture is done: in a window, and for print.
pub const STILL_SAMPLES: u32 = 64;
/// As [`STILL_SAMPLES`], for print.
pub const PRINT_SAMPLES: u32 = 256;

/// Draws one body's lattice: a view, with a field of its own.
#[derive(Debug)]
pub struct RayMarch {
    field: Field,
    /// What tissue's own look needs beside it.
    second: Field,
    shape: Shape,
    uniform: wgpu::Buffer,
    colours: wgpu::Buffer,
    grains: wgpu::TextureView,
    near: wgpu::Sampler,
    endless: wgpu::Sampler,
    anatomy: std::sync::Arc<Anatomy>,
    /// The one that is drawn to last; another of before, so that a picture which is drawn small
    /// while it moves and large when it stands has both.
    targets: Vec<Target>,
    /// What is drawn, and how many samples of it are gathered.
    drawn: Option<(Picture, Tile, u32)>,
}

/// Where samples go.
#[derive(Debug)]
struct Target {
    exposure: Exposure,
    made: Made,
    pipeline: wgpu::RenderPipeline,
    /// The `k`th reads the sum that the `k`th is not.
    groups: [wgpu::BindGroup; 2],
}

impl RayMarch {
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn new(body: &Body) -> Result<Self, GpuError> {
        let (gpu, anatomy) = (body.gpu(), body.anatomy());
        let field = Field::new(gpu, body.state(), anatomy)?;
        let second = Field::new(gpu, body.state(), anatomy)?;
        let shape = Shape::new(gpu, body.state(), anatomy, [&field, &second])?;
        let sampler = |label, address| {
            gpu.device().create_sampler(&wgpu::SamplerDescriptor {
                label: Some(label),
                address_mode_u: address,
                address_mode_v: address,
                address_mode_w: address,
                mag_filter: wgpu::FilterMode::Linear,
                min_filter: wgpu::FilterMode::Linear,
                ..Default::default()
            })
        };
        Ok(Self {
            field,
            second,
            shape,
            uniform: gpu.uniform("view", &ViewUniform::zeroed())?,
            colours: gpu.uniform("colour map", &[[0f32; 4]; 256])?,
            grains: grains(gpu)?,
            near: sampler("near", wgpu::AddressMode::ClampToEdge),
            endless: sampler("endless", wgpu::AddressMode::Repeat),
            anatomy: std::sync::Arc::clone(anatomy),
            targets: Vec::new(),
            drawn: None,
        })
    }

    /// What the shader is told about `picture`.
    pub fn uniform_of(&self, picture: &Picture, tile: Tile, sample: u32) -> ViewUniform {
        let [forward, right, up] = picture.camera.axes();
        let spacing = self.anatomy.spacing as f32;
        let voxels = self.anatomy.voxels;
        let n = Vec3::from(voxels.map(|n| n as f32));
        let height = picture.camera.height / spacing;
        let rows = picture.size[1].max(1) as f32;
        let aspect = picture.size[0] as f32 / rows;
        let centre = Vec3::from(picture.camera.centre) / spacing;
        let (low, high) = picture.range();
        let contour = if picture.contour > 0.0 && picture.paint == Paint::Field {
            [low / picture.contour, (high - low) / picture.contour]
        } else {
            [0.0; 2]
        };
        let iso = match picture.style {
            Style::Isosurface(value) => (value - low) / (high - low),
            _ => 0.0,
        };
        ViewUniform {
            origin: (centre - forward * 2.0 * n.length()).to_array(),
            flags: self.flags(picture),
            forward: forward.to_array(),
            pixel: height / rows,
            right: (right * 0.5 * height * aspect).to_array(),
            sample,
            up: (up * 0.5 * height).to_array(),
            shell: SHELL_OPACITY,
            key: (0.55 * up - 0.45 * right - 0.7 * forward)
                .normalize_or_zero()
                .to_array(),
            iso,
            cut: picture.cut.plane(voxels),
            voxels: voxels.map(|n| n as u32),
            grain: GRAIN / spacing,
            size: picture.size,
            corner: tile.corner,
            contour,
            padding: [0.0; 2],
            flesh: flesh(picture),
        }
    }

    fn flags(&self, picture: &Picture) -> u32 {
        let field = picture.field;
        [
            (field.in_muscle(), OF_MUSCLE),
            (field.is_named(), NAMED),
            (field.above() == Above::Bone, BEYOND),
            (picture.coloured && picture.paint != Paint::Tissue, COLOURED),
            (picture.paint == Paint::Tissue, TISSUE),
            (picture.outline, OUTLINE),
            (!self.shape.is_struts(), EVEN),
        ]
        .into_iter()
        .filter(|(holds, _)| *holds)
        .fold(0, |flags, (_, flag)| flags | flag)
    }

    /// Takes the field of another view of the same scene off what is shown, or shows it as it is.
    pub fn refer(&mut self, gpu: &Gpu, other: Option<&Self>) {
        self.shape.refer(gpu, other.map(|o| o.field.values()));
        self.drawn = None;
    }

    /// Shows `kind` of the body as it is now without drawing it, to be referred to by another view.
    pub fn show(&self, gpu: &Gpu, kind: FieldKind) {
        self.field.show(gpu, kind);
    }

    /// Draws the fast sample of `picture` of the body as it is now, and returns the image (its size
    /// the picture's).
    /// # Errors
    /// As [`Gpu::scoped`]; [`GpuError::Limit`] where the adapter draws no such size in one piece.
    pub fn draw(&mut self, gpu: &Gpu, picture: &Picture) -> Result<&wgpu::Texture, GpuError> {
        self.refresh(gpu, picture);
        self.turn(gpu, picture)
    }

    /// Shows `kind` as it was on a day that is remembered, to be referred to by another view.
    pub fn show_past(&self, gpu: &Gpu, kind: FieldKind, past: &Past<'_>) {
        self.field.show_past(gpu, &self.anatomy, kind, past);
    }

    /// Draws the fast sample of `picture` as its body was on a day that is remembered. Returns
    /// whether the field was kept of that day; where not, bone and muscle are drawn without it.
    /// # Errors
    /// As [`RayMarch::draw`].
    pub fn draw_past(
        &mut self,
        gpu: &Gpu,
        picture: &Picture,
        past: &Past<'_>,
    ) -> Result<bool, GpuError> {
        let known = self.refresh_past(gpu, picture, past);
        self.drawn = None;
        self.redraw(gpu, picture)?;
        Ok(known)
    }

    /// Spreads the fields as they were on a day that is remembered; whether all of them were kept.
    fn refresh_past(&mut self, gpu: &Gpu, picture: &Picture, past: &Past<'_>) -> bool {
        self.choose(gpu, picture);
        let mut known = (self.field).show_past(gpu, &self.anatomy, picture.field, past);
        if picture.paint == Paint::Tissue {
            // Marrow's fat is not remembered: it is drawn as it is today.
            self.second.show(gpu, FieldKind::MarrowFat);
            known = false;
        }
        self.shape.remember(gpu, Some(past.area));
        self.shape.show(gpu, picture);
        known
    }

    /// The same of a body that has not changed since it was last drawn: cheap when only camera, cut
    /// or size have.
    /// # Errors
    /// As [`RayMarch::draw`].
    pub fn turn(&mut self, gpu: &Gpu, picture: &Picture) -> Result<&wgpu::Texture, GpuError> {
        let content = |p: &Picture| (p.field, p.shown, p.range(), p.exaggeration, p.paint);
        if (self.drawn.as_ref()).is_none_or(|(p, ..)| content(p) != content(picture)) {
            self.refresh(gpu, picture);
        }
        self.redraw(gpu, picture)?;
        self.image().ok_or_else(nothing_drawn)
    }

    /// What is spread already, from another side, say.
    fn redraw(&mut self, gpu: &Gpu, picture: &Picture) -> Result<(), GpuError> {
        let whole = Tile {
            corner: [0, 0],
            size: picture.size.map(|n| n.max(1)),
        };
        self.aim(gpu, picture, whole)?;
        self.sample(gpu, 0)
    }

    /// Adds a sample to the picture drawn last, and tells how many there are: the fast one does not
    /// count.
    /// # Errors
    /// As [`RayMarch::draw`].
    pub fn gather(&mut self, gpu: &Gpu) -> Result<u32, GpuError> {
        let next = self.drawn.as_ref().map_or(0, |(.., samples)| samples + 1);
        self.sample(gpu, next)?;
        Ok(next)
    }

    /// Draws one tile of `picture` by `samples` samples; [`RayMarch::show_tiles`] comes first. The
    /// same pixels however a picture is tiled.
    /// # Errors
    /// As [`RayMarch::draw`].
    pub fn draw_tile(
        &mut self,
        gpu: &Gpu,
        picture: &Picture,
        tile: Tile,
        samples: u32,
    ) -> Result<(), GpuError> {
        self.aim(gpu, picture, tile)?;
        for sample in 1..=samples.max(1) {
            self.sample(gpu, sample)?;
        }
        Ok(())
    }

    /// Readies `picture` of the body as it is now for its tiles.
    pub fn show_tiles(&mut self, gpu: &Gpu, picture: &Picture) {
        self.refresh(gpu, picture);
    }

    /// The same of a body as it was on a day that is remembered.
    pub fn show_tiles_past(&mut self, gpu: &Gpu, picture: &Picture, past: &Past<'_>) {
        self.refresh_past(gpu, picture, past);
    }

    /// Spreads the fields as they are now.
    fn refresh(&mut self, gpu: &Gpu, picture: &Picture) {
        self.choose(gpu, picture);
        self.shape.remember(gpu, None);
        self.field.show(gpu, picture.field);
        if picture.paint == Paint::Tissue {
            self.second.show(gpu, FieldKind::MarrowFat);
        }
        self.shape.show(gpu, picture);
    }

    fn choose(&mut self, gpu: &Gpu, picture: &Picture) {
        self.field.choose(gpu, &self.anatomy, picture.shown);
        self.shape.choose(gpu, &self.anatomy, picture.shown);
    }

    /// What the next samples are of.
    fn aim(&mut self, gpu: &Gpu, picture: &Picture, tile: Tile) -> Result<(), GpuError> {
        let made = Made::of(picture, self.shape.is_struts());
        let fits = |t: &Target| t.exposure.size == tile.size && t.made == made;
        if let Some(found) = self.targets.iter().position(fits) {
            self.targets.swap(0, found);
        } else {
            // The old one's memory is given back first.
            self.targets.truncate(1);
            let target = self.target_of(gpu, tile.size, made)?;
            self.targets.insert(0, target);
        }
        let opacity = match picture.style {
            Style::Cloud(opacity) => Some(opacity),
            _ => None,
        };
        let spacing = self.anatomy.spacing as f32;
        let table = picture.colormap.table();
        let colours: Vec<[f32; 4]> = (0u16..256)
            .map(|i| {
                let [r, g, b] = table[usize::from(i)].map(|c| f32::from(c) / 255.0);
                let a_mm = opacity.map_or(0.0, |o| o.at(f32::from(i) / 255.0));
                [r, g, b, 1.0 - (1.0 - a_mm).powf(spacing)]
            })
            .collect();
        gpu.write(&self.colours, &colours);
        self.drawn = Some((*picture, tile, 0));
        Ok(())
    }

    fn sample(&mut self, gpu: &Gpu, sample: u32) -> Result<(), GpuError> {
        let (Some((picture, tile, _)), Some(target)) = (self.drawn, self.targets.first()) else {
            return Err(nothing_drawn());
        };
        gpu.write(&self.uniform, &[self.uniform_of(&picture, tile, sample)]);
        let which = sample as usize % 2;
        let mut encoder = gpu.encoder("picture");
        gpu.render_pass(
            &mut encoder,
            "ray march",
            &target.exposure.sums[which],
            |pass| {
                pass.set_pipeline(&target.pipeline);
                pass.set_bind_group(0, &target.groups[which], &[]);
                pass.draw(0..3, 0..1);
            },
        );
        (target.exposure).expose(gpu, &mut encoder, &picture, (which, sample.max(1)));
        gpu.submit(encoder);
        self.drawn = Some((picture, tile, sample));
        Ok(())
    }

    fn target_of(&self, gpu: &Gpu, size: [u32; 2], made: Made) -> Result<Target, GpuError> {
        let exposure = Exposure::new(gpu, size)?;
        let module = Shader::new(gpu, "ray_march", &made.source())?;
        let pipeline = module.picture(gpu, "corner", "march", SUMS)?;
        let layout = pipeline.get_bind_group_layout(0);
        let group = |before: &wgpu::TextureView| {
            let [distances, told, fibres] = &self.shape.textures;
            let view = wgpu::BindingResource::TextureView;
            let resources = [
                whole(&self.uniform),
                whole(&self.colours),
                view(distances),
                view(told),
                view(fibres),
                view(&self.grains),
                wgpu::BindingResource::Sampler(&self.near),
                wgpu::BindingResource::Sampler(&self.endless),
                view(before),
            ];
            let entries: Vec<_> = (0u32..)
                .zip(resources)
                .map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource })
                .chain(module.check_entry(gpu, "march"))
                .collect();
            gpu.scoped("ray_march", |device| {
                device.create_bind_group(&wgpu::BindGroupDescriptor {
                    label: Some("ray_march"),
                    layout: &layout,
                    entries: &entries,
                })
            })
        };
        let groups = [group(&exposure.sums[1])?, group(&exposure.sums[0])?];
        Ok(Target {
            exposure,
            made,
            pipeline,
            groups,
        })
    }

    /// The last picture drawn.
    pub fn image(&self) -> Option<&wgpu::Texture> {
        self.targets.first().map(|t| t.exposure.image())
    }

    /// A copy of the last picture drawn, to keep.
    /// # Errors
    /// As [`Gpu::scoped`], or when nothing was drawn.
    pub fn copy(&self, gpu: &Gpu) -> Result<wgpu::Texture, GpuError> {
        let target = self.targets.first().ok_or_else(nothing_drawn)?;
        target.exposure.copy(gpu)
    }

    /// Schedules the last picture's way back; [`RayMarch::pixels`] unpacks it.
    /// # Errors
    /// As [`Gpu::scoped`], or when nothing was drawn.
    pub fn read(&self, gpu: &Gpu) -> Result<Readback, GpuError> {
        let target = self.targets.first().ok_or_else(nothing_drawn)?;
        target.exposure.read(gpu)
    }

    /// The field that is shown.
    pub fn field(&self) -> &Field {
        &self.field
    }

    /// RGBA rows without padding from what [`RayMarch::read`] brought.
    pub fn pixels(size: [u32; 2], bytes: &[u8]) -> Vec<u8> {
        pixels(size, bytes)
    }
}

/// Muscle's own colour before a ground.
fn flesh(picture: &Picture) -> [f32; 4] {
    let bright = picture.background.iter().sum::<f32>() > 1.5;
    let of = match picture.muscles {
        Muscles::Solid => SOLID_FLESH,
        Muscles::Shell | Muscles::Hidden => FLESH,
    };
    of[usize::from(bright)]
}

fn nothing_drawn() -> GpuError {
    GpuError::Validation {
        label: "picture".to_owned(),
        detail: "nothing was drawn".to_owned(),
    }
}

/// Noise that goes on without a seam: a grain a texel, each as bright as it happens to be.
fn grains(gpu: &Gpu) -> Result<wgpu::TextureView, GpuError> {
    let size = wgpu::Extent3d {
        width: GRAINS,
        height: GRAINS,
        depth_or_array_layers: GRAINS,
    };
    let texture = gpu.scoped("grains", |device| {
        device.create_texture(&wgpu::TextureDescriptor {
            label: Some("grains"),
            size,
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D3,
            format: wgpu::TextureFormat::R8Unorm,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        })
    })?;
    // A linear congruential generator (Knuth); its upper bits are as good as any.
    let mut state = 1u64;
    let texels: Vec<u8> = (0..GRAINS.pow(3))
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        })
        .collect();
    gpu.queue().write_texture(
        texture.as_image_copy(),
        &texels,
        wgpu::TexelCopyBufferLayout {
            offset: 0,
            bytes_per_row: Some(GRAINS),
            rows_per_image: Some(GRAINS),
        },
        size,
    );
    Ok(texture.create_view(&wgpu::TextureViewDescriptor::default()))
}
