//! Curves over the days.

use eframe::egui::{self, Align2, Color32, RichText, Ui};
use egui_plot::{
    AxisHints, Line, LineStyle, MarkerShape, Plot, PlotPoint, PlotPoints, Points, Span, VLine,
};

use crate::figure::{CurveOf, Mark, Published, apart, bone_curves, plain};
use crate::measure::{Quantity, WHOLE_BODY};
use crate::study::{Document, PublishedPoint, Which, published_beside, told_percent};

use super::theme::{Theme, palette};
use super::{MechanostatApp, Session};

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

/// What was published for the conditions of the run that is shown.
#[derive(Debug, Default)]
pub(super) struct Beside {
    /// Of which run, in which scene.
    of: Option<(Document, &'static str)>,
    points: Vec<PublishedPoint>,
}

impl Beside {
    /// Looks it up, where the run is another than before.
    fn follow(&mut self, session: &Session) {
        let document = session.run().document();
        let scene = session.simulation().anatomy().scene;
        if self
            .of
            .as_ref()
            .is_some_and(|(d, s)| d == document && *s == scene)
        {
            return;
        }
        self.points = published_beside(document, scene).unwrap_or_else(|error| {
            log::error!("{error}");
            Vec::new()
        });
        self.of = Some((document.clone(), scene));
    }
}

impl MechanostatApp {
    /// Bone and muscle in one chart, with their names at their ends.
    pub(super) fn curve(&mut self, ui: &mut Ui) {
        let Some(session) = &mut self.session else {
            return;
        };
        let colours = palette(ui.ctx());
        let anatomy = session.simulation().anatomy();
        let mut curves = Vec::new();
        if let Some(bone) = bone_curves(anatomy).into_iter().next() {
            curves.push((bone, colours.bone, LineStyle::Solid));
        }
        if let Some(muscle) = anatomy.muscle_regions.first() {
            let of = CurveOf::new(muscle.name, Quantity::Volume, plain(muscle.name));
            curves.push((of, colours.muscle, LineStyle::Solid));
        }
        ui.label(RichText::new("Bone density and muscle volume, change (%)").strong());
        let height = (ui.available_height() - 48.0).max(100.0);
        self.beside.follow(session);
        let of = Chart {
            id: "first",
            height,
            chooses: true,
        };
        match chart(ui, session, of, &curves, &self.beside.points) {
            Some(Asked::Day(day)) => session.look_at(day),
            Some(Asked::Citation(citation)) => self.cited = Some(citation),
            None => {}
        }
        self.below_chart(ui, &curves, NOTE);
    }

    /// Citation, evidence in words, numbers as a file: below a chart.
    fn below_chart(&mut self, ui: &mut Ui, curves: &[CurveSpec], note: &str) {
        let Some(session) = &self.session else { return };
        let days = session.run().document().days().max(session.last_day());
        let of_curve = |p: &&PublishedPoint| {
            p.published.day <= days
                && curves
                    .iter()
                    .any(|(c, ..)| c.region == p.region && c.quantity.key() == p.quantity)
        };
        let beside: Vec<&PublishedPoint> = self.beside.points.iter().filter(of_curve).collect();
        let mut exports = false;
        let mut cited = None;
        ui.horizontal_wrapped(|ui| {
            ui.menu_button(format!("Evidence ({})", beside.len()), |ui| {
                if beside.is_empty() {
                    ui.label("Nobody has published a figure for these curves and conditions.");
                }
                egui::ScrollArea::vertical()
                    .max_height(360.0)
                    .show(ui, |ui| {
                        for point in &beside {
                            let told = evidence_told(point);
                            if ui.button(&told).clicked() {
                                cited = Some(point.citation.clone());
                                ui.close();
                            }
                        }
                    });
            });
            exports = ui
                .button("Chart as CSV")
                .on_hover_text("its curves of both runs and what was published beside them")
                .clicked();
            match &self.cited {
                Some(citation) => ui.label(RichText::new(citation).small()),
                None => ui.label(RichText::new(note).small().weak()),
            };
        });
        if exports {
            let text = chart_text(session, curves, &beside);
            self.export("chart.csv", &text);
        }
        if cited.is_some() {
            self.cited = cited;
        }
    }

    pub(super) fn curves(&mut self, ui: &mut Ui) {
        let Some(session) = &self.session else { return };
        self.beside.follow(session);
        let chart = |ui: &mut Ui, id: &str, height: f32, curves: &[CurveSpec]| -> Option<String> {
            let of = Chart {
                id,
                height,
                chooses: false,
            };
            match chart(ui, session, of, curves, &self.beside.points) {
                Some(Asked::Citation(citation)) => Some(citation),
                _ => None,
            }
        };
        let height = (0.5 * ui.available_height() - 48.0).max(140.0);
        // Colours and dashes in the order of a scene's curves.
        let [a, b, c, d, e] = palette(ui.ctx()).curves;
        let styles = [
            (a, LineStyle::Solid),
            (b, LineStyle::dashed_loose()),
            (c, LineStyle::dotted_dense()),
            (d, LineStyle::dashed_dense()),
            (e, LineStyle::Solid),
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
        let mut cited = chart(ui, "bone", height, &bone);
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
            .width(ui.available_width().clamp(60.0, 300.0))
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
        let curves = styled(curves);
        let below = chart(ui, shown.title, height, &curves);
        cited = cited.or(below);
        if cited.is_some() {
            self.cited = cited;
        }
        self.below_chart(ui, &[bone, curves].concat(), NOTE);
    }
}

/// Where a published figure's mark stands: at its value, or at its one bound.
fn marked_at(p: &Published) -> Option<f64> {
    let [low, high] = p.range;
    let bound = if low.is_some() && high.is_some() {
        None
    } else {
        low.or(high)
    };
    p.value.or(bound)
}

/// What marks mean.
const NOTE: &str = "● fitted  ○ predicted  □ stated by the review; bars: 95 % intervals";

/// What somebody asked of a chart.
enum Asked {
    Day(f64),
    Citation(String),
}

/// A published figure in words.
fn evidence_told(point: &PublishedPoint) -> String {
    let p = &point.published;
    let number = |x: f64| format!("{x:+.1}").replace('-', "−");
    let value = p
        .value
        .map_or(String::new(), |v| format!("{} %", number(v)));
    let interval = match p.range {
        [Some(low), Some(high)] => format!(" ({} to {})", number(low), number(high)),
        [Some(low), None] => format!(" (at least {})", number(low)),
        [None, Some(high)] => format!(" (at most {})", number(high)),
        [None, None] => String::new(),
    };
    let mark = match p.mark {
        Mark::Fitted => "fitted",
        Mark::Predicted => "predicted",
        Mark::Stated => "stated",
    };
    format!(
        "day {:.0}, {}: {value}{interval}, {mark}; {}",
        p.day,
        plain(&point.region),
        point.study
    )
}

/// A chart's numbers: every day of its curves, of both runs, and what was published.
fn chart_text(session: &Session, curves: &[CurveSpec], beside: &[&PublishedPoint]) -> String {
    use std::fmt::Write as _;
    let mut out = "region,quantity,kind,day,change_pct,low_pct,high_pct,source\n".to_owned();
    let mut runs = vec![(session.shows(), "model")];
    if session.driver.has_twin() {
        let other = match session.shows() {
            Which::First => Which::Twin,
            Which::Twin => Which::First,
        };
        runs.push((other, "other run"));
    }
    for (of, ..) in curves {
        for (which, kind) in &runs {
            let course = session.driver.of(*which).courses();
            for (day, change) in course.change(of.region, of.quantity) {
                let (region, key) = (of.region, of.quantity.key());
                writeln!(out, "{region},{key},{kind},{day},{change},,,").ok();
            }
        }
    }
    for p in beside {
        let number = |x: Option<f64>| x.map_or(String::new(), |x| x.to_string());
        let [low, high] = p.published.range.map(number);
        writeln!(
            out,
            "{},{},published,{},{},{low},{high},\"{}\"",
            p.region,
            p.quantity,
            p.published.day,
            number(p.published.value),
            p.citation.replace('"', "\"\"")
        )
        .ok();
    }
    out
}

/// How a chart is used.
#[derive(Clone, Copy, PartialEq)]
struct Chart<'a> {
    id: &'a str,
    height: f32,
    /// Clicks choose a day, where the picture is beside it; else it can be dragged and zoomed.
    chooses: bool,
}

/// How near to a published figure a click is meant for it, points.
const NEAR: f32 = 9.0;

/// Size of the letters of a curve's name.
const NAME: f32 = 12.0;

/// A chart of curves with their names at their ends, and what was published beside them. Returns
/// what was clicked: a published figure, or a day.
fn chart(
    ui: &mut Ui,
    session: &Session,
    of: Chart<'_>,
    curves: &[CurveSpec],
    published: &[PublishedPoint],
) -> Option<Asked> {
    let days = session.run().document().days().max(session.last_day());
    let today = session.simulation().day();
    let lines: Vec<Vec<[f64; 2]>> = curves
        .iter()
        .map(|(of, ..)| session.change(of.region, of.quantity))
        .collect();
    let beside: Vec<(&PublishedPoint, Color32)> = published
        .iter()
        .filter(|p| p.published.day <= days)
        .filter_map(|p| {
            let mut of = curves.iter();
            let of = of.find(|(c, ..)| c.region == p.region && c.quantity.key() == p.quantity);
            of.map(|(_, colour, _)| (p, *colour))
        })
        .collect();
    // What there is to see, for the room that names need.
    let mut seen = [-2.0, 0.5];
    let intervals = beside.iter().flat_map(|(p, _)| p.published.range).flatten();
    let heights = lines.iter().flatten().map(|p| p[1]).chain(intervals);
    for y in heights {
        seen = [f64::min(seen[0], y), f64::max(seen[1], y)];
    }
    let scale = Theme::of(ui.ctx()).scale();
    // What the axis takes.
    let wide = ui.available_width() - 44.0 * scale;
    let room = (f64::from(of.height) - 50.0 * f64::from(scale)).max(40.0);
    let gap = (seen[1] - seen[0]) * f64::from(NAME * scale + 2.0) / room;
    let ends: Vec<f64> = lines
        .iter()
        .map(|l| l.last().map_or(0.0, |p| p[1]))
        .collect();
    let at = apart(&ends, gap);
    for y in at.iter().flat_map(|y| [y - 0.6 * gap, y + 0.6 * gap]) {
        seen = [f64::min(seen[0], y), f64::max(seen[1], y)];
    }
    let ink = palette(ui.ctx()).ink;
    let plot = Plot::new(of.id.to_owned())
        .height(of.height)
        .custom_x_axes(vec![
            AxisHints::new_x()
                .label("mission day")
                .label_spacing(egui::Rangef::new(30.0, 44.0)),
        ])
        .include_x(0.0)
        .include_x(days)
        .include_y(seen[1])
        .include_y(seen[0])
        .allow_scroll(false)
        .show_background(false)
        .allow_drag(!of.chooses)
        .allow_zoom(!of.chooses)
        .allow_boxed_zoom(!of.chooses);
    let mut names: Vec<(PlotPoint, Align2, String, Color32)> = Vec::new();
    let shown = plot.show(ui, |plot| {
        for segment in session.run().document().segments(today) {
            let weight = 1.0 - segment.conditions.axial_gravity().clamp(0.0, 1.0);
            let shade = Color32::from_rgba_unmultiplied(140, 150, 220, (70.0 * weight) as u8);
            if segment.to > segment.from && weight > 0.0 {
                let g = format!("{:.2} g", segment.conditions.axial_gravity()).replace(".00", "");
                let span = Span::new(g, segment.from..=segment.to).fill(shade);
                plot.span(span.border_width(0.0));
            }
        }
        // Beyond the last figure that anybody published.
        let last = beside.iter().map(|(p, _)| p.published.day);
        let last = last.fold(0.0, f64::max);
        // On Earth nothing changes, and nobody publishes that.
        let mut segments = session.run().document().segments(days).into_iter();
        let leaves_earth = segments.any(|s| s.conditions.axial_gravity() < 1.0);
        let shades = (of.chooses && leaves_earth) || !beside.is_empty();
        if shades && last < days - 1.0 && !lines.iter().all(Vec::is_empty) {
            let shade = Color32::from_rgba_unmultiplied(160, 160, 160, 14);
            let span = Span::new("extrapolated", last..=days).fill(shade);
            plot.span(span.border_width(0.0));
        }
        for (k, (of, colour, style)) in curves.iter().enumerate() {
            if let Some([day, change]) = lines[k].last().copied() {
                let told = format!("{change:+.1}").replace('-', "−");
                let text = format!("{} {told} %", of.label);
                // Beside its end where there is room, else before it.
                let share = day / days.max(1.0);
                let letters = text.chars().count() as f32;
                let needs = 0.55 * NAME * scale * letters + 8.0;
                let has_room = (1.0 - share) as f32 * wide > needs;
                let (align, day) = if has_room {
                    (Align2::LEFT_CENTER, day + 0.008 * days)
                } else {
                    (Align2::RIGHT_BOTTOM, day - 0.008 * days)
                };
                let place = PlotPoint::new(day, at[k]);
                names.push((place, align, text, *colour));
            }
            let line = Line::new(of.label.clone(), PlotPoints::from(lines[k].clone()));
            plot.line(line.color(*colour).width(2.0).style(*style));
            let other = session.other_change(of.region, of.quantity);
            if !other.is_empty() {
                let faint = colour.gamma_multiply(0.5);
                let line = Line::new("the other run", PlotPoints::from(other));
                plot.line(line.color(faint).width(1.0).style(*style));
            }
        }
        for (point, colour) in &beside {
            let p = &point.published;
            // An open end goes to the edge of what is seen.
            if p.range.iter().any(Option::is_some) {
                let [low, high] = p.range;
                let ends = [low.unwrap_or(seen[0]), high.unwrap_or(seen[1])];
                let interval = PlotPoints::from(ends.map(|y| [p.day, y]).to_vec());
                let interval = Line::new(point.citation.clone(), interval);
                plot.line(interval.color(*colour).width(1.5));
            }
            let Some(value) = marked_at(p) else { continue };
            let mark = Points::new(point.citation.clone(), vec![[p.day, value]]);
            let (shape, filled) = match p.mark {
                Mark::Fitted => (MarkerShape::Circle, true),
                Mark::Predicted => (MarkerShape::Circle, false),
                Mark::Stated => (MarkerShape::Square, false),
            };
            plot.points(mark.color(*colour).radius(4.0).shape(shape).filled(filled));
        }
        // Where one looks.
        let head = VLine::new("", session.day()).color(ink);
        plot.vline(head.width(1.0));
        let response = plot.response();
        if response.clicked()
            && let Some(at) = response.interact_pointer_pos()
        {
            let distance = |p: &PublishedPoint| {
                let y = marked_at(&p.published).unwrap_or(0.0);
                let on_screen = plot.screen_from_plot(PlotPoint::new(p.published.day, y));
                on_screen.distance(at)
            };
            let nearest = beside.iter().map(|(p, _)| (distance(p), *p));
            let nearest = nearest.min_by(|a, b| a.0.total_cmp(&b.0));
            if let Some((_, point)) = nearest.filter(|(d, _)| *d < NEAR) {
                return Some(Asked::Citation(point.citation.clone()));
            }
        }
        let clicked = response.clicked() || response.dragged();
        let at = plot.pointer_coordinate().filter(|_| of.chooses && clicked);
        at.map(|p| Asked::Day(p.x.clamp(0.0, today)))
    });
    // Names stand on a ground of their own: curves and marks may lie below.
    let painter = ui.painter().with_clip_rect(shown.response.rect);
    let font = egui::FontId::proportional(NAME * scale);
    let placed: Vec<_> = names
        .into_iter()
        .map(|(place, align, text, colour)| {
            let galley = painter.layout_no_wrap(text, font.clone(), colour);
            let on_screen = shown.transform.position_from_point(&place);
            (align.anchor_size(on_screen, galley.size()), galley, colour)
        })
        .collect();
    for (at, ..) in &placed {
        painter.rect_filled(*at, 2.0, super::theme::veil(palette(ui.ctx())));
    }
    for (at, galley, colour) in placed {
        painter.galley(at.min, galley, colour);
    }
    let told: Vec<String> = curves
        .iter()
        .map(|(of, ..)| {
            let courses = session.run().courses();
            let found = courses.on_day(of.region, of.quantity, session.day());
            let change = found.map_or(0.0, |[_, _, change]| change);
            format!("{} {}", of.label, told_percent(change))
        })
        .collect();
    shown.response.widget_info(|| {
        let text = format!("Chart on day {:.0}: {}", session.day(), told.join(", "));
        egui::WidgetInfo::labeled(egui::Role::Image, true, text)
    });
    shown.inner
}
