//! Pictures for figures, waited for.

use crate::figure::{Content, PagePanel, Raster};
use crate::gpu::Gpu;
use crate::sim::Simulation;
use crate::study::{frame_of, mission_pixels};
use crate::view::{
    Field, FieldKind, Look, PRINT_SAMPLES, Paint, Picture, RayMarch, contour, round_range,
};

use super::error::CommandError;
use super::wait::Wait as _;

/// Resolution of figures.
pub(super) const DOTS_PER_INCH: f64 = 300.0;
/// Samples of a picture on a software adapter, whose samples take long: a figure that comes with a
/// run is looked at, not printed.
const SOFTWARE_SAMPLES: u32 = 24;

/// Draws the figure's pictures.
pub(super) struct PanelRenderer {
    march: RayMarch,
    size: [u32; 2],
}

impl PanelRenderer {
    pub(super) fn new(simulation: &Simulation) -> Result<Self, CommandError> {
        let march = RayMarch::new(simulation.body())?;
        Ok(Self {
            march,
            size: mission_pixels(),
        })
    }

    /// A look at the body as it is now, under so much gravity.
    pub(super) fn panel(
        &mut self,
        simulation: &Simulation,
        look: Look,
        title: &str,
        gravity: Option<f64>,
    ) -> Result<PagePanel, CommandError> {
        let gpu = simulation.gpu();
        let mut picture = look.picture(simulation.anatomy(), self.size);
        if look == Look::Change {
            let numbers = |kind: FieldKind| -> Result<Vec<f32>, CommandError> {
                self.march.show(gpu, kind);
                let parts = gpu.fetch(&self.march.field().read(gpu)?)?;
                Ok(Field::numbers(kind, &parts))
            };
            let (changes, weights) = (numbers(FieldKind::Change)?, numbers(FieldKind::Density)?);
            let high = round_range(changes.into_iter().zip(weights));
            picture.range = (-high, high);
            picture.contour = contour(high);
            // The figure has a bar of numbers: single struts are coloured by them too.
            picture.paint = Paint::Field;
        }
        let raster = drawn(gpu, &mut self.march, &picture)?;
        let mut frame = frame_of(&picture, gravity);
        frame.raster = raster;
        Ok(PagePanel {
            title: title.to_owned(),
            content: Content::Picture(Box::new(frame)),
        })
    }
}

/// A picture as it is printed: many samples, in tiles that the adapter can draw.
pub(super) fn drawn(
    gpu: &Gpu,
    march: &mut RayMarch,
    picture: &Picture,
) -> Result<Raster, CommandError> {
    picture
        .check()
        .map_err(|e| CommandError::usage(e.to_string()))?;
    let software = gpu.info().device_type == wgpu::DeviceType::Cpu;
    let samples = if software {
        SOFTWARE_SAMPLES
    } else {
        PRINT_SAMPLES
    };
    let [width, height] = picture.size;
    let mut pixels = vec![0; 4 * width as usize * height as usize];
    march.show_tiles(gpu, picture);
    let most = gpu.device().limits().max_texture_dimension_2d.min(2048);
    for tile in picture.tiles(most) {
        march.draw_tile(gpu, picture, tile, samples)?;
        let parts = gpu.fetch(&march.read(gpu)?)?;
        let rows = RayMarch::pixels(tile.size, parts.first().map_or(&[], Vec::as_slice));
        let wide = 4 * tile.size[0] as usize;
        for (k, row) in rows.chunks(wide).enumerate() {
            let y = tile.corner[1] as usize + k;
            let start = 4 * (tile.corner[0] as usize + width as usize * y);
            pixels[start..start + wide].copy_from_slice(row);
        }
    }
    Ok(Raster {
        size: picture.size,
        pixels,
    })
}
