//! All that can be done, by key or by name.

use eframe::egui::{self, Key, Modifiers, RichText};

use crate::scenario::Exercise;
use crate::study::{DEMONSTRATIONS, What, Which};
use crate::tissue::SCENES;
use crate::view::{Cut, Look};

use super::controls::Intent;
use super::mission::TITLES;
use super::pins;
use super::theme::Theme;
use super::views::Compare;
use super::{MechanostatApp, Speed};

/// Something that can be done.
#[derive(Debug, Clone, PartialEq)]
enum Command {
    Play,
    /// So many days on.
    Days(f64),
    /// To the phase before, or after.
    Phase(bool),
    First,
    Last,
    Slower,
    Faster,
    Gravity(f64),
    Exercise(Exercise),
    Pin(usize),
    NextLook,
    Look(Look),
    NextCut,
    MoveCut(f32),
    Twin,
    Earth,
    Keep,
    Other,
    Compare(Compare),
    Bookmark,
    Snapshot,
    Figure,
    Screenshot,
    Explore,
    Undo,
    Redo,
    Open,
    Save,
    Reset,
    Palette,
    Keys,
    Theme(Theme),
    Zoom(f32),
    Mission(&'static str),
    Demonstration(&'static str),
    Scene(&'static str),
    /// A file, to be opened or written.
    OpenFile(String),
    SaveAs(String),
}

const NONE: Modifiers = Modifiers::NONE;
const SHIFT: Modifiers = Modifiers::SHIFT;
const ALT: Modifiers = Modifiers::ALT;
const CTRL: Modifiers = Modifiers::COMMAND;

/// Keys of a command.
type Keys = &'static [(Modifiers, Key)];

/// What can be done, by which keys, and its name.
const COMMANDS: &[(Command, Keys, &str)] = &[
    (
        Command::Play,
        &[(NONE, Key::Space), (ALT, Key::K)],
        "Play or pause",
    ),
    (
        Command::Days(-1.0),
        &[(NONE, Key::ArrowLeft), (ALT, Key::ArrowLeft)],
        "A day back",
    ),
    (
        Command::Days(1.0),
        &[(NONE, Key::ArrowRight), (ALT, Key::ArrowRight)],
        "A day on",
    ),
    (
        Command::Days(-7.0),
        &[(SHIFT, Key::ArrowLeft)],
        "A week back",
    ),
    (Command::Days(7.0), &[(SHIFT, Key::ArrowRight)], "A week on"),
    (
        Command::Phase(false),
        &[(NONE, Key::PageUp)],
        "To the beginning of the phase, or the one before",
    ),
    (
        Command::Phase(true),
        &[(NONE, Key::PageDown)],
        "To the next phase",
    ),
    (Command::First, &[(NONE, Key::Home)], "To day 0"),
    (
        Command::Last,
        &[(NONE, Key::End)],
        "To the last day computed",
    ),
    (Command::Slower, &[(NONE, Key::Comma)], "Slower"),
    (Command::Faster, &[(NONE, Key::Period)], "Faster"),
    (Command::Gravity(0.0), &[(NONE, Key::Num0)], "Gravity: none"),
    (
        Command::Gravity(0.166),
        &[(NONE, Key::M)],
        "Gravity: the Moon's",
    ),
    (Command::Gravity(0.378), &[(NONE, Key::R)], "Gravity: Mars'"),
    (Command::Gravity(1.0), &[(NONE, Key::E)], "Gravity: Earth's"),
    (Command::Exercise(Exercise::None), &[], "Exercise: none"),
    (Command::Exercise(Exercise::Ared), &[], "Exercise: ARED"),
    (
        Command::Pin(0),
        &[(NONE, Key::Num1)],
        "Pin 1: what is under the pointer, or in the middle; again: unpin",
    ),
    (Command::Pin(1), &[(NONE, Key::Num2)], "Pin 2"),
    (Command::Pin(2), &[(NONE, Key::Num3)], "Pin 3"),
    (Command::Pin(3), &[(NONE, Key::Num4)], "Pin 4"),
    (Command::NextLook, &[(NONE, Key::V)], "The next view"),
    (Command::Look(Look::Change), &[], "View: change"),
    (Command::Look(Look::Density), &[], "View: density"),
    (Command::Look(Look::Strain), &[], "View: strain"),
    (Command::Look(Look::Cells), &[], "View: cells"),
    (Command::Look(Look::Muscle), &[], "View: muscle"),
    (Command::Look(Look::Anatomy), &[], "View: anatomy"),
    (
        Command::NextCut,
        &[(NONE, Key::C)],
        "The next cut: none, coronal, sagittal, axial",
    ),
    (
        Command::MoveCut(-0.02),
        &[(NONE, Key::OpenBracket)],
        "Move the cut back",
    ),
    (
        Command::MoveCut(0.02),
        &[(NONE, Key::CloseBracket)],
        "Move the cut on",
    ),
    (
        Command::Twin,
        &[(NONE, Key::B)],
        "Branch a twin off on this day; again: show the other run",
    ),
    (Command::Earth, &[], "The same body on Earth, as the twin"),
    (Command::Keep, &[], "Keep the twin as the first run"),
    (Command::Other, &[], "Show the other run"),
    (
        Command::Compare(Compare::Side),
        &[(NONE, Key::S)],
        "Compare: side by side",
    ),
    (
        Command::Compare(Compare::Wipe),
        &[(NONE, Key::W)],
        "Compare: wipe",
    ),
    (
        Command::Compare(Compare::Difference),
        &[(NONE, Key::D)],
        "Compare: difference",
    ),
    (
        Command::Compare(Compare::Blink),
        &[],
        "Compare: blink (X, while it is held)",
    ),
    (Command::Bookmark, &[(NONE, Key::K)], "Bookmark this day"),
    (Command::Snapshot, &[], "Keep this day for good"),
    (Command::Figure, &[(NONE, Key::F)], "Figure"),
    (Command::Screenshot, &[(CTRL, Key::P)], "Screenshot"),
    (
        Command::Explore,
        &[(NONE, Key::T)],
        "Explore: all tiles; again: the first screen",
    ),
    (Command::Undo, &[(CTRL, Key::Z)], "Undo"),
    (Command::Redo, &[(CTRL, Key::Y)], "Redo"),
    (Command::Open, &[(CTRL, Key::O)], "Open a session"),
    (Command::Save, &[(CTRL, Key::S)], "Save the session"),
    (Command::Reset, &[(ALT, Key::R)], "Reset"),
    (Command::Theme(Theme::Dark), &[], "Theme: dark"),
    (Command::Theme(Theme::Light), &[], "Theme: light"),
    (Command::Theme(Theme::Projector), &[], "Theme: projector"),
    (
        Command::Zoom(2.0),
        &[],
        "Everything twice as large (Ctrl + and − for steps between)",
    ),
    (Command::Zoom(1.0), &[], "Everything at its own size"),
    (Command::Palette, &[(CTRL, Key::K)], "Search commands"),
    (Command::Keys, &[(NONE, Key::F1)], "Keys"),
];

/// The windows of commands and of keys.
#[derive(Debug, Default)]
pub(super) struct Commands {
    /// Whether the search is open.
    searches: bool,
    /// Frames that it has been open for: in the first one it takes the focus.
    age: u32,
    query: String,
    chosen: usize,
    /// Whether the list of keys is open.
    pub(super) lists: bool,
    /// Whether the two runs are shown in turns while a key is held.
    pub(super) blinks: bool,
}

impl Commands {
    pub(super) fn open(&mut self) {
        *self = Self {
            searches: true,
            ..Self::default()
        };
    }
}

/// Keys as people write them.
fn named(keys: Keys) -> String {
    let one = |(modifiers, key): &(Modifiers, Key)| {
        let name = match key {
            Key::ArrowLeft => "←",
            Key::ArrowRight => "→",
            Key::OpenBracket => "[",
            Key::CloseBracket => "]",
            Key::Comma => ",",
            Key::Period => ".",
            other => other.name(),
        };
        let before = if modifiers.command {
            "Ctrl+"
        } else if modifiers.alt {
            "Alt+"
        } else if modifiers.shift {
            "Shift+"
        } else {
            ""
        };
        format!("{before}{name}")
    };
    keys.iter().map(one).collect::<Vec<_>>().join(" or ")
}

/// What is offered for what is looked for: commands whose name has every word of it, and a file
/// where one is named.
fn found(query: &str, recent: &[String]) -> Vec<(Command, String)> {
    let mut offered: Vec<(Command, String)> = Vec::new();
    let query = query.trim();
    for (word, what) in [("open ", "Open"), ("save ", "Save as")] {
        if let Some(file) = query.strip_prefix(word).map(str::trim)
            && std::path::Path::new(file).extension().is_some()
        {
            let command = if what == "Open" {
                Command::OpenFile(file.to_owned())
            } else {
                Command::SaveAs(file.to_owned())
            };
            return vec![(command, format!("{what} {file}"))];
        }
    }
    for (command, keys, name) in COMMANDS {
        let text = match named(keys) {
            keys if keys.is_empty() => (*name).to_owned(),
            keys => format!("{name}  ({keys})"),
        };
        offered.push((command.clone(), text));
    }
    for (title, _) in DEMONSTRATIONS {
        offered.push((
            Command::Demonstration(title),
            format!("Demonstration: {title}"),
        ));
    }
    for (name, title) in &*TITLES {
        offered.push((Command::Mission(name), format!("Mission: {title}")));
    }
    for scene in SCENES {
        offered.push((Command::Scene(scene), format!("Scene: {scene}")));
    }
    for file in recent {
        offered.push((
            Command::OpenFile(file.clone()),
            format!("Open again: {file}"),
        ));
    }
    let query = query.to_lowercase();
    let words: Vec<&str> = query.split_whitespace().collect();
    offered.retain(|(_, text)| {
        let text = text.to_lowercase();
        words.iter().all(|w| text.contains(w))
    });
    offered
}

/// How often a key was pressed with these modifiers and no others: R is Mars, Alt+R a new
/// beginning. By the event's own modifiers: within a frame that takes long they have been let go.
fn pressed(ctx: &egui::Context, wanted: Modifiers, key: Key) -> usize {
    let with_shift = matches!(key, Key::ArrowLeft | Key::ArrowRight);
    ctx.input_mut(|input| {
        let before = input.events.len();
        input.events.retain(|event| {
            let egui::Event::Key {
                key: own,
                pressed: true,
                modifiers: held,
                ..
            } = event
            else {
                return true;
            };
            let fits = (held.command, held.alt) == (wanted.command, wanted.alt)
                && (!with_shift || held.shift == wanted.shift);
            *own != key || !fits
        });
        before - input.events.len()
    })
}

impl MechanostatApp {
    /// What keys ask for. Letters are off where one writes.
    pub(super) fn keys(&mut self, ctx: &egui::Context) {
        let writes = ctx.text_edit_focused();
        let focus = ctx.memory(egui::Memory::focused);
        // The picture turns by arrows while it has the focus.
        let turns = focus.is_some() && focus == self.view_id;
        if turns {
            self.turn_by_keys(ctx);
        }
        let held = ctx.input(|i| i.key_down(Key::X) && i.modifiers.is_none());
        self.commands.blinks = held && !writes;
        // All that was pressed: a frame may take longer than two presses.
        let asked: Vec<(usize, Command)> = COMMANDS
            .iter()
            .map(|(command, keys, _)| {
                let presses = keys.iter().map(|(modifiers, key)| {
                    let plain = !modifiers.command && !modifiers.alt;
                    let arrow = matches!(key, Key::ArrowLeft | Key::ArrowRight);
                    // A slider that has the focus moves by arrows, a button is pressed by Space.
                    let is_its = (arrow || *key == Key::Space) && focus.is_some() && !turns;
                    if plain && (is_its || writes && *key != Key::F1) {
                        0
                    } else {
                        pressed(ctx, *modifiers, *key)
                    }
                });
                (presses.sum(), command.clone())
            })
            .collect();
        for (presses, command) in asked {
            for _ in 0..presses {
                self.command(ctx, command.clone());
            }
        }
    }

    fn turn_by_keys(&mut self, ctx: &egui::Context) {
        let pressed = |key| pressed(ctx, NONE, key) as f32;
        let camera = &mut self.picture.camera;
        let across = pressed(Key::ArrowRight) - pressed(Key::ArrowLeft);
        let up = pressed(Key::ArrowDown) - pressed(Key::ArrowUp);
        camera.orbit(6.0 * across, 6.0 * up);
        let nearer = pressed(Key::Plus) + pressed(Key::Equals) - pressed(Key::Minus);
        camera.zoom((0.1 * nearer).exp());
    }

    fn command(&mut self, ctx: &egui::Context, command: Command) {
        match command {
            Command::Palette => self.commands.open(),
            Command::Keys => self.commands.lists = !self.commands.lists,
            Command::Theme(theme) => self.choose_theme(ctx, theme),
            Command::Zoom(factor) => ctx.set_zoom_factor(factor),
            Command::Figure => self.figure.open = !self.figure.open,
            Command::Explore => self.explore = !self.explore,
            Command::Open => self.choose(false, ctx),
            Command::Save => self.save(),
            Command::Screenshot => self.take_screenshot(),
            Command::NextLook => {
                let at = Look::ALL.iter().position(|l| *l == self.look).unwrap_or(0);
                self.choose_look(Look::ALL[(at + 1) % Look::ALL.len()]);
            }
            Command::Look(look) => self.choose_look(look),
            Command::NextCut => {
                self.picture.cut = match self.picture.cut {
                    Cut::None => Cut::Coronal(0.5),
                    Cut::Coronal(_) => Cut::Sagittal(0.5),
                    Cut::Sagittal(_) => Cut::Axial(0.5),
                    Cut::Axial(_) | Cut::Oblique(..) => Cut::None,
                };
            }
            Command::MoveCut(by) => {
                if let Some(share) = self.picture.cut.share() {
                    self.picture.cut = self.picture.cut.at((share + by).clamp(0.02, 0.98));
                }
            }
            Command::Pin(slot) => {
                if !self.unpin(slot) {
                    let size = self.picture.size.map(|n| 0.5 * n as f32);
                    let pixel = self.pins.pointer.unwrap_or(size);
                    self.pin_at(pixel, Some(slot));
                }
            }
            Command::Compare(compare) => {
                let has_twin = self.session.as_ref().is_some_and(|s| s.driver.has_twin());
                if has_twin {
                    let again = self.views.compare == compare;
                    self.views.compare = if again { Compare::Single } else { compare };
                } else {
                    "there is one run: press B for a twin".clone_into(&mut self.told);
                }
            }
            Command::Reset => self.perform(Intent::Restart(None)),
            Command::Mission(name) => self.perform(Intent::Restart(Some(name))),
            Command::Demonstration(title) => self.perform(Intent::Demonstration(title)),
            Command::Scene(name) => self.perform(Intent::Scene(name)),
            Command::OpenFile(file) => {
                self.file = file;
                self.load();
            }
            Command::SaveAs(file) => {
                self.file = file;
                self.save();
            }
            other => self.command_time(&other),
        }
    }

    /// What is done to the run.
    fn command_time(&mut self, command: &Command) {
        let Some(session) = &mut self.session else {
            return;
        };
        let settled = session.simulation().is_settled();
        let speed = Speed::ALL.iter().position(|s| *s == session.speed);
        let speed = speed.unwrap_or(0);
        match *command {
            Command::Play => session.toggle_play(),
            Command::Days(by) => session.look_at(session.day() + by),
            Command::First => session.look_at(0.0),
            Command::Last => session.look_at(f64::INFINITY),
            Command::Phase(next) => {
                let phases = session.run().document().phases();
                let mut starts = vec![0.0];
                for phase in &phases {
                    starts.push(starts[starts.len() - 1] + phase.days);
                }
                let day = session.day();
                let to = if next {
                    starts.into_iter().find(|s| *s > day + 1e-6)
                } else {
                    starts.into_iter().rev().find(|s| *s < day - 1e-6)
                };
                if let Some(to) = to {
                    session.look_at(to);
                }
            }
            Command::Slower => session.speed = Speed::ALL[speed.saturating_sub(1)],
            Command::Faster => session.speed = Speed::ALL[(speed + 1).min(Speed::ALL.len() - 1)],
            Command::Gravity(gravity) if settled => {
                self.perform(Intent::Do(What::Gravity(gravity)));
            }
            Command::Exercise(exercise) if settled => {
                self.perform(Intent::Do(What::Exercise(exercise)));
            }
            Command::Twin if settled && !session.driver.has_twin() => {
                self.perform(Intent::Do(What::Branch));
            }
            Command::Twin | Command::Other => {
                let other = match session.shows() {
                    Which::First => Which::Twin,
                    Which::Twin => Which::First,
                };
                session.show(other);
            }
            Command::Earth if settled => self.perform(Intent::Earth),
            Command::Keep if session.driver.has_twin() => self.perform(Intent::Do(What::Keep)),
            Command::Bookmark => self.perform(Intent::Bookmark),
            Command::Snapshot => self.perform(Intent::Snapshot),
            Command::Undo => self.perform(Intent::TakeBack(false)),
            Command::Redo => self.perform(Intent::TakeBack(true)),
            _ => "not now: the bone settles, or there is one run".clone_into(&mut self.told),
        }
    }

    /// Makes the window look otherwise.
    pub(super) fn choose_theme(&mut self, ctx: &egui::Context, theme: Theme) {
        self.settings.theme = theme;
        theme.apply(ctx);
        self.picture.background = theme.palette().tissue;
    }

    /// The search and the list of keys, where they are open.
    pub(super) fn command_windows(&mut self, ctx: &egui::Context) {
        if self.commands.lists {
            let mut open = !ctx.input_mut(|i| i.consume_key(NONE, Key::Escape));
            egui::Window::new("Keys")
                .open(&mut open)
                .default_size([560.0, 520.0])
                .vscroll(true)
                .show(ctx, key_list);
            self.commands.lists = open;
        }
        if !self.commands.searches {
            return;
        }
        let pressed = |key| ctx.input_mut(|i| i.consume_key(NONE, key));
        if pressed(Key::Escape) {
            self.commands.searches = false;
            return;
        }
        let (down, up, enter) = (
            pressed(Key::ArrowDown),
            pressed(Key::ArrowUp),
            pressed(Key::Enter),
        );
        let commands = &mut self.commands;
        let shown = found(&commands.query, &self.settings.recent);
        commands.chosen = match (down, up) {
            (true, _) => commands.chosen + 1,
            (_, true) => commands.chosen.saturating_sub(1),
            _ => commands.chosen,
        }
        .min(shown.len().saturating_sub(1));
        let mut asked = if enter {
            shown.get(commands.chosen).map(|(c, _)| c.clone())
        } else {
            None
        };
        let mut open = true;
        egui::Window::new("Commands")
            .open(&mut open)
            .anchor(egui::Align2::CENTER_TOP, [0.0, 60.0])
            .collapsible(false)
            .resizable(false)
            .default_width(460.0)
            .show(ctx, |ui| {
                let edit = egui::TextEdit::singleline(&mut commands.query)
                    .hint_text("what is to be done")
                    .desired_width(440.0);
                let edit = ui.add(edit);
                edit.widget_info(|| {
                    egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Search commands")
                });
                if commands.age == 0 {
                    edit.request_focus();
                }
                commands.age += 1;
                if edit.changed() {
                    commands.chosen = 0;
                }
                let area = egui::ScrollArea::vertical().max_height(320.0);
                area.show(ui, |ui| {
                    if shown.is_empty() {
                        ui.label("nothing of this name");
                    }
                    for (place, (command, text)) in shown.iter().enumerate() {
                        let chosen = place == commands.chosen;
                        let line = ui.selectable_label(chosen, text);
                        if chosen && (down || up) {
                            line.scroll_to_me(None);
                        }
                        if line.clicked() {
                            asked = Some(command.clone());
                        }
                    }
                });
            });
        commands.searches = open && asked.is_none();
        if let Some(command) = asked {
            self.command(ctx, command);
        }
    }
}

fn key_list(ui: &mut egui::Ui) {
    egui::Grid::new("keys").striped(true).show(ui, |ui| {
        for (_, keys, name) in COMMANDS.iter().filter(|(_, keys, _)| !keys.is_empty()) {
            ui.label(RichText::new(named(keys)).strong());
            ui.label(*name);
            ui.end_row();
        }
        for (keys, name) in [
            (
                "arrows, + −",
                "turn and zoom the picture, while it has the focus",
            ),
            ("X, while it is held", "show the two runs in turns"),
            ("Tab, Shift+Tab", "to the next control, or the one before"),
            ("Space, Enter", "press the control that has the focus"),
            ("Ctrl + − 0", "everything larger, smaller, at its own size"),
            ("Esc", "close what is open"),
        ] {
            ui.label(RichText::new(keys).strong());
            ui.label(name);
            ui.end_row();
        }
    });
    ui.label(format!(
        "Letters are off where one writes. {} pins at most.",
        pins::MOST
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_does_two_things_and_lessons_have_theirs_free() {
        let mut all: Vec<(bool, bool, bool, Key)> = Vec::new();
        for (_, keys, name) in COMMANDS {
            for (m, key) in *keys {
                let own = (m.command, m.alt, m.shift, *key);
                assert!(!all.contains(&own), "{name} {own:?}");
                all.push(own);
                let plain = !m.command && !m.alt && !m.shift;
                assert!(!(plain && matches!(key, Key::P | Key::L)), "{name}");
            }
        }
    }

    #[test]
    fn commands_are_found_by_words_in_any_order() {
        let recent = ["a/b.toml".to_owned()];
        let found = |query: &str| found(query, &recent);
        let names = |query: &str| -> Vec<String> {
            found(query).into_iter().map(|(_, text)| text).collect()
        };
        assert_eq!(names("mars' gravity"), ["Gravity: Mars'  (R)"]);
        assert_eq!(names("beside SIDE"), Vec::<String>::new());
        assert_eq!(names("side compare"), ["Compare: side by side  (S)"]);
        assert!(names("").len() > COMMANDS.len());
        assert!(names("ctrl+z")[0].starts_with("Undo"));
        assert_eq!(names("scene lumbar"), ["Scene: lumbar"]);
        assert_eq!(
            found("open again")[0].0,
            Command::OpenFile("a/b.toml".to_owned())
        );
        assert_eq!(
            found("save my day.toml")[0].0,
            Command::SaveAs("my day.toml".to_owned())
        );
    }
}
