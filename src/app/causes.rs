//! From gravity to density: what each step of the ring comes to today, and the links between, each
//! cut by a click.

use eframe::egui::{self, RichText, Ui};

use crate::figure::{bone_curves, plain};
use crate::measure::Quantity;
use crate::scenario::Link;
use crate::study::{What, told_percent};
use crate::view::tick;

use super::controls::Intent;
use super::theme::palette;
use super::{MechanostatApp, Session};

/// What lies between a step and the next one. Every scene has all of them: where no muscle is drawn
/// one of no shape pulls with the load.
const GRAVITY_TO_MUSCLE: &[Link] = &[
    Link::MuscleIdleness,
    Link::MuscleAtrophy,
    Link::NeuralDrive,
    Link::SatelliteCells,
];
const MUSCLE_TO_STRAIN: &[Link] = &[Link::MechanicalCrosstalk];
const STRAIN_TO_CELLS: &[Link] = &[
    Link::StrainField,
    Link::OsteocyteMemory,
    Link::OsteoclastDrive,
    Link::Sclerostin,
    Link::Cytoskeleton,
    Link::BiochemicalCrosstalk,
    Link::Bmp,
    Link::Myostatin,
];
const CELLS_TO_DENSITY: &[Link] = &[
    Link::BoneRemodelling,
    Link::Coupling,
    Link::StemCellShift,
    Link::Perforation,
];

/// A step of the ring: its name, what it comes to, and how much that is of what it is on Earth, 1
/// for as much.
struct Step {
    name: String,
    told: String,
    share: Option<f64>,
}

fn steps(session: &Session) -> Vec<(Step, &'static [Link])> {
    let anatomy = session.simulation().anatomy();
    let (now, _) = session.conditions();
    let day = session.day();
    let on_day = |region: &str, quantity: Quantity| {
        let course = session.run().courses().change(region, quantity);
        let known = course.partition_point(|(d, _)| *d <= day + 1e-6);
        known.checked_sub(1).map(|k| course[k].1)
    };
    let changed = |name: String, region: Option<&str>, quantity: Quantity| {
        let change = region.and_then(|r| on_day(r, quantity));
        Step {
            name,
            told: change.map_or("–".to_owned(), told_percent),
            share: change.map(|c| 1.0 + 0.01 * c),
        }
    };
    let gravity = now.axial_gravity();
    let strain = session.strain_percent();
    let bone = bone_curves(anatomy).into_iter().next();
    let region = bone.as_ref().map(|c| c.region);
    let muscle = anatomy.muscle_regions.iter().find(|r| r.is_whole);
    let muscle = muscle.map(|m| m.name);
    let muscle_name = muscle.map_or("muscle force".to_owned(), |m| {
        format!("force of {}", plain(m))
    });
    vec![
        (
            Step {
                name: "gravity along the legs".to_owned(),
                told: format!("{} g", tick(gravity, 0.01)),
                share: Some(gravity),
            },
            GRAVITY_TO_MUSCLE,
        ),
        (
            changed(muscle_name, muscle, Quantity::MuscleStrength),
            MUSCLE_TO_STRAIN,
        ),
        (
            Step {
                name: "strain of bone".to_owned(),
                told: strain.map_or("–".to_owned(), |p| format!("{p:.0} % of 1 g")),
                share: strain.map(|p| 0.01 * p),
            },
            STRAIN_TO_CELLS,
        ),
        (
            changed("osteoclasts".to_owned(), region, Quantity::Osteoclasts),
            &[],
        ),
        (
            changed("osteoblasts".to_owned(), region, Quantity::Osteoblasts),
            CELLS_TO_DENSITY,
        ),
        (
            changed(
                bone.as_ref().map_or("bone density".to_owned(), |c| {
                    format!("{}, density", c.label)
                }),
                region,
                Quantity::Bmd,
            ),
            &[],
        ),
    ]
}

impl MechanostatApp {
    /// The strip.
    pub(super) fn causes(&mut self, ui: &mut Ui) {
        let Some(session) = &self.session else { return };
        let mut intent = None;
        let (now, _) = session.conditions();
        let settled = session.simulation().is_settled();
        for (step, links) in steps(session) {
            gauge(ui, &step);
            if links.is_empty() {
                continue;
            }
            ui.horizontal_wrapped(|ui| {
                ui.label("↓");
                for link in links {
                    let works = !now.cuts.contains(*link);
                    // Told by a sign as well as by a line through it.
                    let text = if works {
                        RichText::new(link.title())
                    } else {
                        RichText::new(format!("✂ {}", link.title())).strikethrough()
                    };
                    let button = ui
                        .add_enabled(settled, egui::Button::new(text).small().selected(!works))
                        .on_hover_text(if works {
                            "a click cuts this link from today on"
                        } else {
                            "cut; a click joins it again"
                        });
                    let title = link.title();
                    button.widget_info(|| {
                        let told = format!("{title}: {}", if works { "works" } else { "cut" });
                        egui::WidgetInfo::selected(egui::Role::CheckBox, settled, works, told)
                    });
                    if button.clicked() {
                        intent = Some(Intent::Do(if works {
                            What::Cut(*link)
                        } else {
                            What::Join(*link)
                        }));
                    }
                }
            });
        }
        if let Some(intent) = intent {
            self.perform(intent);
        }
    }
}

/// A step with its number, on a bar that is half full at what it is on Earth.
fn gauge(ui: &mut Ui, step: &Step) {
    let height = ui.spacing().interact_size.y;
    let wide = ui.available_width().clamp(80.0, 420.0);
    let (rect, response) = ui.allocate_exact_size(egui::vec2(wide, height), egui::Sense::hover());
    let painter = ui.painter().with_clip_rect(rect);
    painter.rect_filled(rect, 3.0, ui.visuals().extreme_bg_color);
    if let Some(share) = step.share {
        let share = (0.5 * share).clamp(0.0, 1.0) as f32;
        let filled = egui::Rect::from_min_size(rect.min, egui::vec2(share * wide, height));
        painter.rect_filled(filled, 3.0, palette(ui.ctx()).gauge);
        let line = egui::Stroke::new(1.0, ui.visuals().weak_text_color());
        painter.vline(rect.center().x, rect.y_range(), line);
    }
    let font = egui::TextStyle::Body.resolve(ui.style());
    let ink = ui.visuals().strong_text_color();
    let text = format!("{}: {}", step.name, step.told);
    let at = rect.left_center() + egui::vec2(6.0, 0.0);
    painter.text(at, egui::Align2::LEFT_CENTER, &text, font, ink);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &text));
    response.on_hover_text("the line in the middle is what it is on Earth");
}
