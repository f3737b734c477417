//! Light, dark, and for a projector: colours that can be told from what they stand on.

use eframe::egui::{self, Color32, Visuals};
use serde::{Deserialize, Serialize};

/// How the window looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) enum Theme {
    /// Light letters on a dark ground.
    #[default]
    Dark,
    /// Dark letters on a light ground.
    Light,
    /// Black on white, letters half as large again: for the last row of a lecture hall.
    Projector,
}

/// Colours of what egui does not know.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Palette {
    /// What the window is cleared to: panels are not filled one by one.
    pub(super) ground: Color32,
    /// Letters, lines, arrows in pictures.
    pub(super) ink: Color32,
    /// Behind the tissue.
    pub(super) tissue: [f32; 3],
    /// Curves, in the order of a scene's.
    pub(super) curves: [Color32; 5],
    /// Bone's and muscle's curve on the first screen.
    pub(super) bone: Color32,
    pub(super) muscle: Color32,
    /// What is by hand; what is computed, kept, marked.
    pub(super) by_hand: Color32,
    pub(super) done: Color32,
    pub(super) kept: Color32,
    pub(super) marked: Color32,
    /// Where slices cross.
    pub(super) cross: Color32,
    /// What went wrong.
    pub(super) trouble: Color32,
    /// How far a gauge is filled; its number stands on it.
    pub(super) gauge: Color32,
    /// Phases without gravity and at 1 g; their names stand on them.
    pub(super) phases: [[f64; 3]; 2],
    pub(super) on_phases: Color32,
}

const fn rgb(r: u8, g: u8, b: u8) -> Color32 {
    Color32::from_rgb(r, g, b)
}

const DARK: Palette = Palette {
    ground: rgb(27, 27, 27),
    ink: rgb(220, 220, 220),
    tissue: [0.11, 0.12, 0.14],
    curves: [
        rgb(86, 180, 233),
        rgb(230, 159, 0),
        rgb(0, 190, 140),
        rgb(224, 141, 187),
        rgb(240, 228, 66),
    ],
    bone: rgb(235, 228, 205),
    muscle: rgb(240, 130, 110),
    by_hand: rgb(240, 190, 80),
    done: rgb(120, 180, 120),
    kept: rgb(120, 200, 255),
    marked: rgb(235, 130, 170),
    cross: rgb(255, 220, 80),
    trouble: rgb(245, 130, 110),
    gauge: rgb(50, 95, 135),
    phases: [[52.0, 64.0, 120.0], [55.0, 88.0, 76.0]],
    on_phases: Color32::WHITE,
};

const LIGHT: Palette = Palette {
    ground: rgb(246, 246, 246),
    ink: rgb(35, 35, 35),
    tissue: [1.0, 1.0, 1.0],
    curves: [
        rgb(0, 95, 160),
        rgb(150, 80, 0),
        rgb(0, 105, 75),
        rgb(145, 50, 110),
        rgb(90, 85, 0),
    ],
    bone: rgb(95, 85, 50),
    muscle: rgb(170, 45, 30),
    by_hand: rgb(140, 90, 0),
    done: rgb(30, 110, 30),
    kept: rgb(0, 95, 160),
    marked: rgb(170, 40, 95),
    cross: rgb(140, 90, 0),
    trouble: rgb(175, 35, 20),
    gauge: rgb(170, 205, 235),
    phases: [[205.0, 212.0, 240.0], [205.0, 230.0, 210.0]],
    on_phases: Color32::BLACK,
};

const PROJECTOR: Palette = Palette {
    ground: Color32::WHITE,
    ink: Color32::BLACK,
    curves: [
        rgb(0, 70, 130),
        rgb(115, 55, 0),
        rgb(0, 80, 55),
        rgb(115, 30, 85),
        rgb(70, 65, 0),
    ],
    bone: rgb(75, 65, 35),
    muscle: rgb(140, 30, 20),
    by_hand: rgb(105, 65, 0),
    done: rgb(20, 85, 20),
    kept: rgb(0, 70, 130),
    marked: rgb(135, 25, 75),
    cross: rgb(105, 65, 0),
    trouble: rgb(140, 25, 15),
    ..LIGHT
};

impl Theme {
    /// All of them.
    pub(super) const ALL: [Self; 3] = [Self::Dark, Self::Light, Self::Projector];

    /// Name for people.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Dark => "Dark",
            Self::Light => "Light",
            Self::Projector => "Projector",
        }
    }

    pub(super) fn palette(self) -> &'static Palette {
        match self {
            Self::Dark => &DARK,
            Self::Light => &LIGHT,
            Self::Projector => &PROJECTOR,
        }
    }

    fn visuals(self) -> Visuals {
        let mut visuals = match self {
            Self::Dark => Visuals::dark(),
            Self::Light | Self::Projector => Visuals::light(),
        };
        // The window is cleared to the ground: on a software adapter each layer of pixels takes
        // its time.
        visuals.panel_fill = Color32::TRANSPARENT;
        match self {
            Self::Dark => visuals.weak_text_color = Some(Color32::from_gray(155)),
            Self::Light => visuals.weak_text_color = Some(Color32::from_gray(90)),
            Self::Projector => {
                visuals.override_text_color = Some(Color32::BLACK);
                visuals.weak_text_color = Some(Color32::from_gray(60));
                visuals.selection.bg_fill = rgb(190, 225, 255);
                visuals.selection.stroke.color = rgb(0, 40, 80);
                visuals.window_fill = Color32::WHITE;
            }
        }
        // Where one is with the keyboard is seen.
        visuals.widgets.hovered.bg_stroke.width = 1.5;
        visuals.selection.stroke.width = 2.0;
        visuals
    }

    /// Makes the window look so.
    pub(super) fn apply(self, ctx: &egui::Context) {
        ctx.data_mut(|d| d.insert_temp(egui::Id::unique("theme"), self));
        // One of three, whatever the desktop says.
        let theme = match self {
            Self::Dark => egui::Theme::Dark,
            Self::Light | Self::Projector => egui::Theme::Light,
        };
        ctx.set_theme(theme);
        let usual = egui::Style::default();
        let scale = match self {
            Self::Projector => 1.5,
            Self::Dark | Self::Light => 1.0,
        };
        let visuals = self.visuals();
        ctx.all_styles_mut(|style| {
            style.visuals = visuals.clone();
            style.text_styles.clone_from(&usual.text_styles);
            for font in style.text_styles.values_mut() {
                font.size *= scale;
            }
        });
    }

    /// That of a window.
    pub(super) fn of(ctx: &egui::Context) -> Self {
        let theme = ctx.data(|d| d.get_temp(egui::Id::unique("theme")));
        theme.unwrap_or_default()
    }

    /// How much larger than usual letters are.
    pub(super) fn scale(self) -> f32 {
        match self {
            Self::Projector => 1.5,
            Self::Dark | Self::Light => 1.0,
        }
    }
}

/// What words on a picture stand on: so much of the ground that they can be read on any tissue.
pub(super) fn veil(colours: &Palette) -> Color32 {
    let [r, g, b, _] = colours.ground.to_array();
    Color32::from_rgba_unmultiplied(r, g, b, 225)
}

/// The palette of a window.
pub(super) fn palette(ctx: &egui::Context) -> &'static Palette {
    Theme::of(ctx).palette()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance, WCAG 2.2.
    fn luminance(c: [f64; 3]) -> f64 {
        let linear = |v: f64| {
            let v = v / 255.0;
            if v <= 0.04045 {
                v / 12.92
            } else {
                ((v + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2])
    }

    fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
        let [a, b] = [luminance(a), luminance(b)];
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn of(c: Color32) -> [f64; 3] {
        assert_eq!(c.a(), 255, "{c:?} is not opaque");
        [c.r(), c.g(), c.b()].map(f64::from)
    }

    #[test]
    fn letters_and_marks_can_be_told_from_what_they_stand_on() {
        for theme in Theme::ALL {
            let least = if theme == Theme::Projector { 7.0 } else { 4.5 };
            let (p, v) = (theme.palette(), theme.visuals());
            let ground = of(p.ground);
            let lane = of(v.extreme_bg_color);
            let tissue = p.tissue.map(|c| 255.0 * f64::from(c));
            let mut pairs = vec![
                ("letters", of(v.text_color()), ground),
                ("strong letters", of(v.strong_text_color()), ground),
                ("weak letters", of(v.weak_text_color()), ground),
                ("letters in a window", of(v.text_color()), of(v.window_fill)),
                ("letters in a field", of(v.text_color()), lane),
                ("ink", of(p.ink), ground),
                ("ink on tissue's ground", of(p.ink), tissue),
                ("crosshair", of(p.cross), tissue),
                ("gauge", of(v.strong_text_color()), of(p.gauge)),
                ("by hand", of(p.by_hand), lane),
                ("computed", of(p.done), lane),
                ("kept", of(p.kept), lane),
                ("bookmark", of(p.marked), lane),
                ("trouble", of(p.trouble), ground),
                ("bone", of(p.bone), ground),
                ("muscle", of(p.muscle), ground),
                ("phase", of(p.on_phases), p.phases[0]),
                ("phase", of(p.on_phases), p.phases[1]),
                (
                    "chosen",
                    of(v.override_text_color.unwrap_or(v.selection.stroke.color)),
                    of(v.selection.bg_fill),
                ),
            ];
            pairs.extend(p.curves.iter().map(|c| ("curve", of(*c), ground)));
            for w in [&v.widgets.inactive, &v.widgets.hovered, &v.widgets.active] {
                let letters = v.override_text_color.unwrap_or(w.fg_stroke.color);
                pairs.push(("button", of(letters), of(w.weak_bg_fill)));
            }
            for (what, letters, on) in pairs {
                let found = contrast(letters, on);
                assert!(
                    found >= least,
                    "{}: {what}: {found:.2} to 1 ({letters:?} on {on:?})",
                    theme.name()
                );
            }
        }
    }
}
