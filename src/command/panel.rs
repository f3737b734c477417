//! Pictures for the figure that a run leaves, waited for.

use crate::figure::{MissionFigure, Panel, Raster};
use crate::sim::Simulation;
use crate::view::{FieldKind, Picture, RayMarch};

use super::error::CommandError;
use super::wait::Wait as _;

/// Resolution of figures.
pub(super) const DOTS_PER_INCH: f64 = 300.0;

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
            size: MissionFigure::panel_pixels(DOTS_PER_INCH),
        })
    }

    pub(super) fn panel(
        &mut self,
        simulation: &Simulation,
        field: FieldKind,
        title: &str,
    ) -> Result<Panel, CommandError> {
        let gpu = simulation.gpu();
        let picture = Picture::of(simulation.anatomy(), field, self.size);
        self.march.draw(gpu, &picture)?;
        let parts = gpu.fetch(&self.march.read(gpu)?)?;
        let pixels = RayMarch::pixels(self.size, parts.first().map_or(&[], Vec::as_slice));
        Ok(Panel {
            title: title.to_owned(),
            raster: Raster {
                size: self.size,
                pixels,
            },
            height_mm: f64::from(picture.camera.height),
        })
    }
}
