//! Curves over the days.

use eframe::egui::{self, Color32, RichText, Ui};
use egui_plot::{
    AxisHints, Legend, Line, LineStyle, Plot, PlotPoint, PlotPoints, Span, Text, VLine,
};

use crate::figure::{CurveOf, bone_curves, plain};
use crate::measure::{Quantity, WHOLE_BODY};

use super::{MechanostatApp, Session};

/// Bone's and muscle's curves on the first screen.
const BONE: Color32 = Color32::from_rgb(235, 228, 205);
const MUSCLE: Color32 = Color32::from_rgb(240, 130, 110);

/// One curve of a chart: region, quantity, name, colour, dash.
type CurveSpec = (CurveOf, Color32, LineStyle);

/// Where the curves of a chart are measured.
#[derive(Clone, Copy)]
enum Where {
    /// The same quantity in every group of muscles.
    Muscles,
    /// In the scene's first group of muscles.
    Muscle,
    /// In the scene's main region of bone.
    Bone,
    /// In the body.
    Body,
}

/// What the lower chart can show.
struct LowerChart {
    title: &'static str,
    place: Where,
    quantities: &'static [Quantity],
}

const LOWER_CHARTS: &[LowerChart] = &[
    LowerChart {
        title: "Muscle volume",
        place: Where::Muscles,
        quantities: &[Quantity::Volume],
    },
    LowerChart {
        title: "Muscle strength",
        place: Where::Muscles,
        quantities: &[Quantity::MuscleStrength],
    },
    LowerChart {
        title: "Markers in blood",
        place: Where::Body,
        quantities: &[Quantity::ResorptionMarker, Quantity::FormationMarker],
    },
    LowerChart {
        title: "Bone cells and their signals",
        place: Where::Bone,
        quantities: &[
            Quantity::Osteoclasts,
            Quantity::Osteoblasts,
            Quantity::OsteocyteSignal,
            Quantity::RanklOpg,
            Quantity::Sclerostin,
        ],
    },
    LowerChart {
        title: "Osteoblasts at work",
        place: Where::Bone,
        quantities: &[Quantity::Alp, Quantity::Osteocalcin, Quantity::Cytoskeleton],
    },
    LowerChart {
        title: "Stem cells and marrow fat",
        place: Where::Bone,
        quantities: &[
            Quantity::Mapk,
            Quantity::PparGamma,
            Quantity::OsteogenicFate,
            Quantity::MarrowFat,
        ],
    },
    LowerChart {
        title: "Satellite cells and fibres",
        place: Where::Muscle,
        quantities: &[
            Quantity::SatelliteCells,
            Quantity::Myotubes,
            Quantity::Type1Csa,
            Quantity::Type2Csa,
            Quantity::NeuralDrive,
        ],
    },
    LowerChart {
        title: "BMP against myostatin",
        place: Where::Muscle,
        quantities: &[
            Quantity::Bmp2,
            Quantity::Bmp4,
            Quantity::NogginChordin,
            Quantity::Myostatin,
            Quantity::MuscleQuality,
        ],
    },
];

impl MechanostatApp {
    /// Bone and muscle in one chart, with their names at their ends.
    pub(super) fn curve(&mut self, ui: &mut Ui) {
        let Some(session) = &mut self.session else {
            return;
        };
        let anatomy = session.simulation().anatomy();
        let mut curves = Vec::new();
        if let Some(bone) = bone_curves(anatomy).into_iter().next() {
            curves.push((bone, BONE, LineStyle::Solid));
        }
        if let Some(muscle) = anatomy.muscle_regions.first() {
            let of = CurveOf::new(muscle.name, Quantity::Volume, plain(muscle.name));
            curves.push((of, MUSCLE, LineStyle::Solid));
        }
        ui.label(RichText::new("Bone density and muscle volume, change (%)").strong());
        let height = (ui.available_height() - 8.0).max(100.0);
        if let Some(day) = chart(ui, session, "first", height, &curves, true) {
            session.look_at(day);
        }
    }

    pub(super) fn curves(&mut self, ui: &mut Ui) {
        let Some(session) = &self.session else { return };
        let height = (0.5 * ui.available_height() - 30.0).max(100.0);
        // Colours and dashes in the order of a scene's curves.
        let styles = [
            (Color32::from_rgb(86, 180, 233), LineStyle::Solid),
            (Color32::from_rgb(230, 159, 0), LineStyle::dashed_loose()),
            (Color32::from_rgb(0, 190, 140), LineStyle::dotted_dense()),
            (Color32::from_rgb(204, 121, 167), LineStyle::dashed_dense()),
            (Color32::from_rgb(240, 228, 66), LineStyle::Solid),
        ];
        let styled = |curves: Vec<CurveOf>| -> Vec<CurveSpec> {
            let styled = curves.into_iter().zip(styles);
            styled
                .map(|(of, (colour, style))| (of, colour, style))
                .collect()
        };
        let anatomy = session.simulation().anatomy();
        let bone = styled(bone_curves(anatomy));
        ui.label(RichText::new("Bone mineral density, change since day 0 (%)").strong());
        chart(ui, session, "bone", height, &bone, false);
        // What a scene has no muscle for is not offered.
        let has_muscle = !anatomy.muscle_regions.is_empty();
        let offered = |chart: &LowerChart| {
            has_muscle || !matches!(chart.place, Where::Muscles | Where::Muscle)
        };
        if !offered(&LOWER_CHARTS[self.lower_chart]) {
            self.lower_chart = LOWER_CHARTS.iter().position(offered).unwrap_or(0);
        }
        let shown = &LOWER_CHARTS[self.lower_chart];
        egui::ComboBox::from_id_salt("lower chart")
            .selected_text(RichText::new(format!("{}, change (%)", shown.title)).strong())
            .width(300.0)
            .show_ui(ui, |ui| {
                for (i, chart) in LOWER_CHARTS.iter().enumerate().filter(|(_, c)| offered(c)) {
                    if ui
                        .selectable_label(i == self.lower_chart, chart.title)
                        .clicked()
                    {
                        self.lower_chart = i;
                    }
                }
            });
        let of_region = |region: &'static str| -> Vec<CurveOf> {
            let quantities = shown.quantities.iter();
            quantities
                .map(|q| CurveOf::new(region, *q, q.title()))
                .collect()
        };
        let main = bone_curves(anatomy).first().map(|c| c.region);
        let muscles = anatomy.muscle_regions.iter().filter(|r| r.is_whole);
        let muscles = muscles.map(|m| m.name);
        let curves: Vec<CurveOf> = match shown.place {
            Where::Muscles => muscles
                .map(|m| CurveOf::new(m, shown.quantities[0], plain(m)))
                .collect(),
            Where::Muscle => muscles.take(1).flat_map(of_region).collect(),
            Where::Bone => main.into_iter().flat_map(of_region).collect(),
            Where::Body => of_region(WHOLE_BODY),
        };
        chart(ui, session, shown.title, height, &styled(curves), false);
    }
}

/// A chart of curves; `named` at their ends instead of in a legend. Returns the day that was
/// clicked.
fn chart(
    ui: &mut Ui,
    session: &Session,
    id: &str,
    height: f32,
    curves: &[CurveSpec],
    named: bool,
) -> Option<f64> {
    let days = session
        .setup()
        .scenario
        .days()
        .max(session.simulation().day());
    let mut plot = Plot::new(id.to_owned());
    if !named {
        plot = plot.legend(Legend::default().position(egui_plot::Corner::RightTop));
    }
    let shown = plot
        .height(height)
        .custom_x_axes(vec![
            AxisHints::new_x()
                .label("mission day")
                .label_spacing(egui::Rangef::new(30.0, 44.0)),
        ])
        .include_x(0.0)
        .include_x(days)
        .include_y(0.5)
        .include_y(-2.0)
        .allow_scroll(false)
        .allow_drag(!named)
        .allow_zoom(!named)
        .allow_boxed_zoom(!named)
        .show(ui, |plot| {
            let day = session.simulation().day();
            for segment in session.run().document().segments(day) {
                let weight = 1.0 - segment.conditions.axial_gravity().clamp(0.0, 1.0);
                let shade = Color32::from_rgba_unmultiplied(140, 150, 220, (70.0 * weight) as u8);
                if segment.to > segment.from && weight > 0.0 {
                    let name =
                        format!("{:.2} g", segment.conditions.axial_gravity()).replace(".00", "");
                    plot.span(
                        Span::new(name, segment.from..=segment.to)
                            .fill(shade)
                            .border_width(0.0),
                    );
                }
            }
            for (of, colour, style) in curves {
                let points = session.change(of.region, of.quantity);
                if let (true, Some([day, change])) = (named, points.last().copied()) {
                    let change_told = format!("{change:+.1}").replace('-', "−");
                    let text = RichText::new(format!("{} {change_told} %", of.label));
                    let text = text.color(*colour).size(13.0);
                    // Beside its end where there is room, else before it.
                    let align = if day < 0.6 * days {
                        egui::Align2::LEFT_BOTTOM
                    } else {
                        egui::Align2::RIGHT_BOTTOM
                    };
                    plot.text(
                        Text::new(of.label.clone(), PlotPoint::new(day, change), text)
                            .anchor(align),
                    );
                }
                let points = PlotPoints::from(points);
                plot.line(
                    Line::new(of.label.clone(), points)
                        .color(*colour)
                        .width(2.0)
                        .style(*style),
                );
                let other = session.other_change(of.region, of.quantity);
                if !other.is_empty() {
                    let faint = colour.gamma_multiply(0.5);
                    let line = Line::new("the other run", PlotPoints::from(other));
                    plot.line(line.color(faint).width(1.0).style(*style));
                }
            }
            // Where one looks.
            let head = VLine::new("", session.day()).color(Color32::from_gray(200));
            plot.vline(head.width(1.0));
            let clicked = plot.response().clicked() || plot.response().dragged();
            let at = plot.pointer_coordinate().filter(|_| named && clicked);
            at.map(|p| p.x.clamp(0.0, session.simulation().day()))
        });
    shown.inner
}
