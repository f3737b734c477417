//! What a finished run tells: its figure, and the changes that are listed.

use crate::figure::{
    Chart, Content, Curve, CurveOf, Export, FigureError, FileKind, Format, Ground, Lettering, Page,
    PagePanel, Shape, Span, bone_curves, export, layout, plain,
};
use crate::measure::{Quantity, WHOLE_BODY};
use crate::scenario::{Phase, Scenario};
use crate::sim::Simulation;
use crate::tissue::Anatomy;

use super::caption::figure_state;
use super::course::Courses;
use super::document::Document;
use super::file::Output;
use super::template::Template;

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
        return ("Bone cells, change", curves.to_vec());
    }
    // Muscles of a group go together: more curves would tell no more.
    let muscles = anatomy.muscle_regions.iter().filter(|r| r.is_whole);
    let curves = muscles.map(|m| CurveOf::new(m.name, Quantity::Volume, plain(m.name)));
    ("Muscle volume, change", curves.collect())
}

/// Its format: two columns of a journal.
fn mission_format() -> Format {
    Format::preset("nature-double").unwrap_or_else(|| Format::free(183.0, None))
}

/// What its panels are, row by row: before and after share a colour bar.
const MISSION_SHAPES: [&[Shape]; 2] = [
    &[
        Shape::Picture { has_bar: false },
        Shape::Picture { has_bar: true },
        Shape::Picture { has_bar: true },
    ],
    &[Shape::Chart, Shape::Chart],
];

/// Pixels of each picture of a run's figure, across and down.
pub fn mission_pixels() -> [u32; 2] {
    let format = mission_format();
    let boxes = layout(&format, &MISSION_SHAPES.map(<[Shape]>::to_vec)).boxes;
    let dots = format.dpi / 25.4;
    let first = boxes.first().copied().unwrap_or_default();
    [first.width, first.height].map(|mm| ((mm * dots).round() as u32).max(8))
}

/// The figure of a run as a PNG: the tissue before and after, its change, and two charts; the run's
/// document is inside.
/// # Errors
/// [`FigureError`].
pub fn mission_figure(
    document: &Document,
    output: &Output,
    simulation: &Simulation,
    courses: &Courses,
    pictures: [PagePanel; 3],
) -> Result<Vec<u8>, FigureError> {
    let anatomy = simulation.anatomy();
    let setup = document.setup();
    let phases = spans_of(&document.phases(), simulation.day());
    let chart = |title: &str, curves: Vec<CurveOf>| PagePanel {
        title: title.to_owned(),
        content: Content::Chart(Chart {
            published: Vec::new(),
            label: "Change (%)".to_owned(),
            curves: curves
                .into_iter()
                .map(|c| Curve {
                    points: courses.change(c.region, c.quantity),
                    label: c.label,
                })
                .collect(),
            phases: phases.clone(),
            days: simulation.day().max(1.0),
        }),
    };
    let (lower, curves) = lower_curves(anatomy);
    let mut pictures = pictures;
    // Before and after share the bar of the second.
    if let [
        PagePanel {
            content: Content::Picture(before),
            ..
        },
        ..,
    ] = &mut pictures
    {
        before.bar = None;
    }
    let charts = vec![
        chart("Bone mineral density, change", bone_curves(anatomy)),
        chart(lower, curves),
    ];
    let page = Page {
        format: mission_format(),
        ground: Ground::White,
        rows: vec![pictures.into(), charts],
    };
    let adapter = simulation.gpu().adapter_name();
    let state = figure_state(document, output, &Template::default(), &adapter);
    let height_mm = layout(&page.format, &page.shapes()).height_mm;
    let of = Export {
        kind: FileKind::Png,
        dpi: page.format.dpi,
        lettering: Lettering::default(),
        transparent: false,
        state: &state,
        title: &setup.scenario.name,
    };
    let size = [page.format.width_mm, height_mm];
    export(&page.svg(&state, false)?, size, &of)
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
