//! What a finished run tells: its figure, and the changes that are listed.

use crate::figure::{
    Chart, ColourBar, Curve, CurveOf, MissionFigure, Panel, Span, bone_curves, plain,
};
use crate::measure::{Quantity, WHOLE_BODY};
use crate::scenario::{Phase, Scenario};
use crate::sim::Simulation;
use crate::tissue::Anatomy;
use crate::view::{Colormap, FieldKind, Picture};

use super::course::Courses;
use super::document::Setup;

/// How gravity went along, for the background of charts.
pub(super) fn spans(scenario: &Scenario, last_day: f64) -> Vec<Span> {
    spans_of(&scenario.phases, last_day)
}

/// The same of phases.
pub(super) fn spans_of(phases: &[Phase], last_day: f64) -> Vec<Span> {
    let mut start = 0.0;
    let mut spans: Vec<Span> = phases
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
    // Muscles of a group go together: more curves would tell no more.
    let muscles = anatomy.muscle_regions.iter().filter(|r| r.is_whole);
    let curves = muscles.map(|m| CurveOf::new(m.name, Quantity::Volume, plain(m.name)));
    ("Muscle volume, change (%)", curves.collect())
}

/// The figure of a run: the tissue before and after, its change, and two charts.
pub fn mission_figure(
    setup: &Setup,
    simulation: &Simulation,
    courses: &Courses,
    before_after: [Panel; 2],
    (change, change_range): (Panel, (f32, f32)),
) -> MissionFigure {
    let anatomy = simulation.anatomy();
    let phases = spans(&setup.scenario, simulation.day());
    let chart = |label: &str, curves: Vec<CurveOf>| Chart {
        published: Vec::new(),
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
    let bar = |kind: FieldKind, (low, high): (f32, f32), colormap, label: &str| ColourBar {
        colormap,
        range: (f64::from(low), f64::from(high)),
        above: kind.above(),
        label: label.to_owned(),
    };
    let (lower, curves) = lower_curves(anatomy);
    MissionFigure {
        title: setup.scenario.name.clone(),
        before_after,
        density_bar: bar(
            FieldKind::Density,
            Picture::of(anatomy, FieldKind::Density, [1, 1]).range,
            Colormap::Batlow,
            "Bone mineral density (mg HA/cm³)",
        ),
        change,
        change_bar: bar(
            FieldKind::Change,
            change_range,
            Colormap::Vik,
            "Change since day 0 (%)",
        ),
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

/// What is listed at the end of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// Region.
    pub region: &'static str,
    /// Quantity.
    pub quantity: Quantity,
    /// Since the first day, %.
    pub percent: f64,
}

/// The last changes since the first day that are worth listing, bone first.
pub fn shown_changes(courses: &Courses, anatomy: &Anatomy) -> Vec<Change> {
    const BONE: [Quantity; 5] = [
        Quantity::Bmd,
        Quantity::TrabecularBmd,
        Quantity::CorticalBmd,
        Quantity::Strength,
        Quantity::StanceStrength,
    ];
    const MUSCLE: [Quantity; 2] = [Quantity::Volume, Quantity::MuscleStrength];
    const BODY: [Quantity; 2] = [Quantity::ResorptionMarker, Quantity::FormationMarker];
    let of = |region, quantities: &[Quantity]| -> Vec<Change> {
        let change = |quantity: &Quantity| {
            let percent = courses.last_change(region, *quantity)?;
            Some(Change {
                region,
                quantity: *quantity,
                percent,
            })
        };
        quantities.iter().filter_map(change).collect()
    };
    let bone = anatomy.regions.iter().flat_map(|r| of(r.name, &BONE));
    let muscle = anatomy
        .muscle_regions
        .iter()
        .filter(|r| r.is_whole)
        .flat_map(|r| of(r.name, &MUSCLE));
    bone.chain(muscle).chain(of(WHOLE_BODY, &BODY)).collect()
}
