//! The figure that a run leaves.

use crate::figure::{
    Chart, ColourBar, Curve, CurveOf, MissionFigure, Panel, Raster, Span, bone_curves, plain,
};
use crate::measure::{Quantity, WHOLE_BODY};
use crate::scenario::Scenario;
use crate::sim::Simulation;
use crate::study::{Courses, Setup};
use crate::tissue::Anatomy;
use crate::view::{Colormap, FieldKind, Picture, RayMarch};

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

/// How gravity went along, for the background of charts.
fn spans(scenario: &Scenario, last_day: f64) -> Vec<Span> {
    let mut start = 0.0;
    let mut spans: Vec<Span> = scenario
        .phases
        .iter()
        .map(|p| {
            let from = start;
            start += p.days;
            Span {
                name: p.name.clone(),
                from,
                to: start,
                gravity: p.conditions.axial_gravity(),
            }
        })
        .collect();
    if let Some(last) = spans.last_mut() {
        last.to = last.to.max(last_day);
    }
    spans
}

/// What the lower chart shows: muscles, or where there are none the cells in the bone.
fn lower_curves(anatomy: &Anatomy) -> (&'static str, Vec<CurveOf>) {
    if anatomy.muscle_regions.is_empty() {
        let cells = [
            (Quantity::ResorptionMarker, "osteoclasts"),
            (Quantity::FormationMarker, "osteoblasts"),
        ];
        let curves = cells.map(|(quantity, name)| CurveOf::new(WHOLE_BODY, quantity, name));
        return ("Bone cells, change (%)", curves.to_vec());
    }
    let muscles = anatomy.muscle_regions.iter();
    let curves = muscles.map(|m| CurveOf::new(m.name, Quantity::Volume, plain(m.name)));
    ("Muscle volume, change (%)", curves.collect())
}

/// The figure of a run: before, after, change, and two charts.
pub(super) fn figure(
    setup: &Setup,
    simulation: &Simulation,
    courses: &Courses,
    before_after: [Panel; 2],
    change: Panel,
) -> MissionFigure {
    let anatomy = simulation.anatomy();
    let phases = spans(&setup.scenario, simulation.day());
    let chart = |label: &str, curves: Vec<CurveOf>| Chart {
        label: label.to_owned(),
        curves: curves
            .into_iter()
            .map(|c| Curve {
                points: courses.change(c.region, c.quantity),
                label: c.label,
            })
            .collect(),
        phases: phases.clone(),
        days: simulation.day(),
    };
    let bar = |kind: FieldKind, colormap, label: &str| {
        let (low, high) = Picture::of(anatomy, kind, [1, 1]).range;
        ColourBar {
            colormap,
            range: (f64::from(low), f64::from(high)),
            clipped: kind.clipped(),
            label: label.to_owned(),
        }
    };
    let (lower, curves) = lower_curves(anatomy);
    MissionFigure {
        title: setup.scenario.name.clone(),
        before_after,
        density_bar: bar(
            FieldKind::Density,
            Colormap::Batlow,
            "Bone mineral density (mg HA/cm³)",
        ),
        change,
        change_bar: bar(FieldKind::Change, Colormap::Vik, "Change since day 0 (%)"),
        charts: [
            chart("Bone mineral density, change (%)", bone_curves(anatomy)),
            chart(lower, curves),
        ],
        notes: notes(setup, simulation),
    }
}

fn notes(setup: &Setup, simulation: &Simulation) -> Vec<String> {
    let shown = Picture::of(simulation.anatomy(), FieldKind::Density, [1, 1]);
    vec![
        format!(
            "Simulated: Mechanostat {}, scene {}, size {} ({:.2} mm voxels), group {}; {}, {}.",
            env!("CARGO_PKG_VERSION"),
            // A scan's name, not where it lies.
            std::path::Path::new(&setup.scene)
                .file_name()
                .unwrap_or_default()
                .to_string_lossy(),
            setup.size,
            simulation.anatomy().spacing,
            setup.group,
            shown.camera.place(),
            shown.cut
        ),
        format!(
            "Adapter {}; colour maps batlow and vik (Crameri). Grey: gravity along the legs, darker is less. Parameters: run.toml.",
            simulation.gpu().adapter_name()
        ),
    ]
}
