//! Places that are pinned: what each holds, how it came there, and why.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use eframe::egui::{self, RichText, Ui};

use crate::figure::plain;
use crate::gpu::GpuError;
use crate::measure::Quantity;
use crate::study::{Answer, BoneDay, Document, Spot, Which, Why, bone_history, told_percent};
use crate::tissue::Anatomy;
use crate::view::{FieldKind, Probe, Probed, tick};

use super::theme::palette;
use super::{MechanostatApp, Session};

/// Pins at once.
pub(super) const MOST: usize = 4;
/// How long a run stands before it is asked why: nobody asks of a day that is scrubbed over.
const REST: Duration = Duration::from_millis(700);
/// Between two looks at the adapter.
const PAUSE: Duration = Duration::from_micros(300);
/// Between two looks at how far the cuts are.
const LOOK: Duration = Duration::from_millis(300);

/// What is told of a voxel of bone.
const BONE: [FieldKind; 5] = [
    FieldKind::Density,
    FieldKind::Change,
    FieldKind::StrainEnergy,
    FieldKind::Osteoclasts,
    FieldKind::Osteoblasts,
];
/// And of a muscle.
const MUSCLE: [Quantity; 6] = [
    Quantity::Volume,
    Quantity::MuscleStrength,
    Quantity::Type1Csa,
    Quantity::Type2Csa,
    Quantity::NeuralDrive,
    Quantity::SatelliteCells,
];

/// A place that is pinned.
#[derive(Debug, Clone, PartialEq)]
struct Pin {
    spot: Spot,
    /// Its voxel in the lattice.
    at: [usize; 3],
    name: String,
}

/// A place that was asked about, with what there is of it: title, value with unit, course.
pub(super) struct Row {
    title: &'static str,
    told: String,
    course: Vec<[f64; 2]>,
}

/// Pins, and what is known of them.
#[derive(Debug, Default)]
pub(super) struct Pins {
    slots: [Option<Pin>; MOST],
    /// The voxel of bone under the pointer, in the anatomy's list, or the muscle.
    pub(super) hover: Option<Spot>,
    /// Where in the picture the pointer was last, pixels.
    pub(super) pointer: Option<[f32; 2]>,
    /// What was pinned last, and what it took the place of.
    last: Option<(usize, Option<Pin>)>,
    probe: Option<(u32, Probe)>,
    /// What the values are of, and what is on its way is.
    of: Option<(u64, Vec<(FieldKind, usize)>)>,
    asked: Option<(u64, Vec<(FieldKind, usize)>)>,
    values: Vec<Probed>,
    /// Courses of bone that are pinned, and of what.
    histories: Vec<(usize, Vec<BoneDay>)>,
    histories_of: Option<(u64, Which)>,
    why: Option<Asked>,
    /// A run and day that could not be asked, and why not.
    failed: Option<(Document, f64, String)>,
    /// What the cuts say of a place, by how many are done.
    because: Vec<(Spot, usize, Option<Answer>)>,
    /// The run and day that stands, and since when.
    stands: Option<(Document, f64, Instant)>,
}

/// A run that is asked why, on a thread of its own: a frame has other things to do, and on a
/// software adapter each costs as much as ten days.
#[derive(Debug)]
struct Asked {
    document: Document,
    day: f64,
    why: Arc<Mutex<Why>>,
    /// How it went wrong, if it did.
    trouble: Arc<Mutex<Option<String>>>,
    /// What the thread is told to leave off by.
    left: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Asked {
    fn new(document: Document, why: Why) -> Self {
        let day = why.day();
        let why = Arc::new(Mutex::new(why));
        let trouble: Arc<Mutex<Option<String>>> = Arc::default();
        let left = Arc::new(AtomicBool::new(false));
        let own = (Arc::clone(&why), Arc::clone(&trouble), Arc::clone(&left));
        let thread = std::thread::spawn(move || {
            let (why, trouble, left) = own;
            while !left.load(Ordering::Relaxed) {
                let done = match why.lock() {
                    Ok(mut why) => why.poll(),
                    Err(_poisoned) => return,
                };
                match done {
                    Ok(true) => return,
                    Ok(false) => std::thread::sleep(PAUSE),
                    Err(error) => {
                        if let Ok(mut trouble) = trouble.lock() {
                            *trouble = Some(error.to_string());
                        }
                        return;
                    }
                }
            }
        });
        Self {
            document,
            day,
            why,
            trouble,
            left,
            thread: Some(thread),
        }
    }

    fn is_of(&self, document: &Document, day: f64) -> bool {
        self.document == *document && (self.day - day).abs() < 1e-6
    }

    fn is_done(&self) -> bool {
        let done = |why: &Why| why.progress()[0] == why.progress()[1];
        self.why.lock().is_ok_and(|why| done(&why))
            || self.trouble.lock().is_ok_and(|t| t.is_some())
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.left.store(true, Ordering::Relaxed);
        // No longer than it submits: a device must not go while another thread is at work on it.
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// The part of the scene that a voxel of bone lies in: the smallest.
fn region_of(anatomy: &Anatomy, voxel: usize) -> Option<&'static str> {
    let has = |r: &&crate::tissue::BoneRegion| r.members.iter().any(|(v, _)| *v == voxel);
    let regions = anatomy.regions.iter().filter(has);
    let smallest = regions.min_by_key(|r| r.members.len());
    smallest.map(|r| r.name)
}

impl Pins {
    /// Another scene: nothing is pinned.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.iter().all(Option::is_none)
    }

    /// What is pinned, with its number and voxel.
    pub(super) fn places(&self) -> impl Iterator<Item = (usize, [usize; 3])> {
        let pins = self.slots.iter().enumerate();
        pins.filter_map(|(k, pin)| Some((k + 1, pin.as_ref()?.at)))
    }

    /// Spots that are pinned, for tests.
    pub(super) fn spots(&self) -> Vec<Spot> {
        self.slots.iter().flatten().map(|p| p.spot).collect()
    }

    /// Pins a place at a number, or at the first that is free; the last one makes room.
    fn pin(&mut self, slot: Option<usize>, pin: Pin) {
        let free = self.slots.iter().position(Option::is_none);
        let slot = slot.or(free).unwrap_or(MOST - 1);
        if self.slots.iter().flatten().any(|p| p.spot == pin.spot) {
            self.last = None;
            return;
        }
        let before = self.slots[slot].replace(pin);
        self.last = Some((slot, before));
    }

    /// Takes what was pinned last away.
    pub(super) fn take_last(&mut self) {
        if let Some((slot, before)) = self.last.take() {
            self.slots[slot] = before;
        }
    }

    /// The value of a field at a voxel, if it is known of now.
    fn value(&self, kind: FieldKind, voxel: usize) -> Option<f32> {
        let found = self
            .values
            .iter()
            .find(|(k, v, _)| *k == kind && *v == voxel);
        found.map(|(_, _, value)| *value).filter(|v| v.is_finite())
    }

    /// Asks for what is to be told, and takes in what has come.
    fn read(&mut self, session: &Session, field: FieldKind) -> Result<(), GpuError> {
        let simulation = session.simulation();
        let anatomy = simulation.anatomy();
        let lattice = |spot: Spot| match spot {
            Spot::Bone(v) => anatomy.bone.get(v).map(|b| anatomy.voxel(b.at)),
            Spot::Muscle(v) => anatomy.muscle.get(v).map(|m| anatomy.voxel(m.at)),
            Spot::Whole(_) => None,
        };
        let mut wanted: Vec<(FieldKind, usize)> = Vec::new();
        for pin in self.slots.iter().flatten() {
            if let (Spot::Bone(_), Some(voxel)) = (pin.spot, lattice(pin.spot)) {
                wanted.extend(BONE.map(|kind| (kind, voxel)));
            }
        }
        if let Some(spot) = self.hover
            && let Some(voxel) = lattice(spot)
        {
            wanted.push((field, voxel));
            wanted.push((FieldKind::Change, voxel));
        }
        wanted.sort_by_key(|(kind, voxel)| (*kind as usize, *voxel));
        wanted.dedup();
        let of = session.driver.body_of(session.shows());
        if self.probe.as_ref().is_some_and(|(own, _)| *own != of) {
            self.probe = None;
            self.of = None;
            self.asked = None;
            self.values.clear();
        }
        if let Some((_, probe)) = &mut self.probe
            && let Some(values) = probe.poll()?
        {
            self.values = values;
            self.of = self.asked.take();
        }
        let now = (session.generation(), wanted);
        if now.1.is_empty() || self.of.as_ref() == Some(&now) {
            return Ok(());
        }
        if self.probe.is_none() {
            self.probe = Some((of, Probe::new(simulation.body())?));
        }
        let Some((_, probe)) = &mut self.probe else {
            return Ok(());
        };
        if probe.is_free() && self.of.as_ref() != Some(&now) {
            probe.ask(simulation.gpu(), &now.1)?;
            self.asked = Some(now);
        }
        Ok(())
    }

    /// Whether something is on its way.
    pub(super) fn is_busy(&self) -> bool {
        self.asked.is_some()
    }

    /// Goes on with the cuts, once a run has stood for a while.
    fn ask_why(&mut self, session: &Session) {
        if self.is_empty() || !session.simulation().is_settled() || session.is_busy() {
            self.stands = None;
            // What is known stays, to be asked of the same day again; what is not is left off.
            self.why = self.why.take().filter(Asked::is_done);
            return;
        }
        let (document, day) = (session.run().document(), session.day());
        let same = |d: &Document, of: f64| d == document && (of - day).abs() < 1e-6;
        if !self.stands.as_ref().is_some_and(|(d, of, _)| same(d, *of)) {
            self.stands = Some((document.clone(), day, Instant::now()));
        }
        if self.why.as_ref().is_some_and(|w| w.is_of(document, day)) {
            return;
        }
        self.why = None;
        self.because.clear();
        let failed = self.failed.as_ref();
        let has_failed = failed.is_some_and(|(d, of, _)| same(d, *of));
        let since = self.stands.as_ref().map(|(.., since)| since.elapsed());
        if day > 0.0 && !has_failed && since.is_some_and(|s| s > REST) {
            match Why::new(&session.driver, session.shows(), day) {
                Ok(why) => self.why = Some(Asked::new(document.clone(), why)),
                Err(error) => self.failed = Some((document.clone(), day, error.to_string())),
            }
        }
    }

    fn history(&mut self, session: &Session, voxel: usize) -> &[BoneDay] {
        let of = (session.generation(), session.shows());
        if self.histories_of != Some(of) {
            self.histories.clear();
            self.histories_of = Some(of);
        }
        let known = self.histories.iter().position(|(v, _)| *v == voxel);
        let k = known.unwrap_or_else(|| {
            let history = bone_history(session.run(), voxel);
            self.histories.push((voxel, history));
            self.histories.len() - 1
        });
        &self.histories[k].1
    }

    /// What is told of a pin, and the sentence.
    pub(super) fn story(&mut self, session: &Session, number: usize) -> Option<(Vec<Row>, String)> {
        let pin = self.slots.get(number.checked_sub(1)?)?.clone()?;
        match pin.spot {
            Spot::Bone(voxel) => Some(self.bone(session, &pin, voxel)),
            Spot::Muscle(_) => None,
            Spot::Whole(muscle) => Some(self.muscle(session, &pin, muscle)),
        }
    }

    fn bone(&mut self, session: &Session, pin: &Pin, voxel: usize) -> (Vec<Row>, String) {
        let lattice = session.simulation().anatomy().voxel(pin.at);
        let history = self.history(session, voxel).to_vec();
        let day = session.day();
        let known = history.partition_point(|d| d.day <= day + 1e-6);
        let kept = known.checked_sub(1).map(|k| history[k]);
        let is_live = session.past().is_none();
        let of = |kind: FieldKind, d: &BoneDay| match kind {
            FieldKind::Density => d.bmd,
            FieldKind::StrainEnergy => d.energy,
            FieldKind::Osteoclasts => d.osteoclasts,
            FieldKind::Osteoblasts => d.osteoblasts,
            _ => d.change,
        };
        let value = |kind: FieldKind| -> Option<f64> {
            let live = is_live.then(|| self.value(kind, lattice)).flatten();
            live.map(f64::from)
                .or_else(|| kept.as_ref().map(|d| of(kind, d)))
        };
        let rows = BONE.map(|kind| Row {
            title: match kind {
                FieldKind::Change => "change since day 0",
                FieldKind::Density => "density",
                FieldKind::StrainEnergy => "strain energy density",
                FieldKind::Osteoclasts => "osteoclasts",
                _ => "osteoblasts",
            },
            told: value(kind).map_or("–".to_owned(), |v| told(kind, v)),
            course: history.iter().map(|d| [d.day, of(kind, d)]).collect(),
        });
        let mut sentence = String::new();
        if let (Some(change), Some(cells), Some(builders)) = (
            value(FieldKind::Change),
            value(FieldKind::Osteoclasts),
            value(FieldKind::Osteoblasts),
        ) {
            let moved = match change {
                c if c < -0.05 => format!("Lost {:.1} %", -c),
                c if c > 0.05 => format!("Gained {c:.1} %"),
                _ => "As at the start".to_owned(),
            };
            sentence = format!("{moved}: ");
            let start = history.first().map(|d| d.energy).filter(|e| *e > 0.0);
            if let (Some(now), Some(start)) = (value(FieldKind::StrainEnergy), start) {
                let share = 100.0 * now / start;
                write!(sentence, "strain energy is {share:.0} % of that on day 0, ").ok();
            }
            write!(
                sentence,
                "osteoclasts {cells:.2} and osteoblasts {builders:.2} of rest."
            )
            .ok();
        }
        let because = self.because(session, pin.spot, value(FieldKind::Change));
        (rows.into(), sentence + &because)
    }

    fn muscle(&mut self, session: &Session, pin: &Pin, muscle: usize) -> (Vec<Row>, String) {
        let anatomy = session.simulation().anatomy();
        let Some(name) = anatomy.muscles.get(muscle).map(|m| m.name) else {
            return (Vec::new(), String::new());
        };
        // What is only known of a group is told of the group.
        let mut groups = anatomy.muscle_regions.iter();
        let group = groups.find(|r| r.is_whole && r.muscles.contains(&muscle));
        let day = session.day();
        let mut change = None;
        let rows = MUSCLE.into_iter().filter_map(|quantity| {
            // A chart's course leaves days out; a number is of its own day.
            let on_day = |region: &str| {
                let found = session.run().courses().on_day(region, quantity, day);
                found.map(|[_, _, change]| change)
            };
            let region = match on_day(name) {
                Some(_) => name,
                None => group?.name,
            };
            let value = on_day(region);
            let course = session.change(region, quantity);
            if quantity == Quantity::Volume {
                change = value;
            }
            value.map(|v| Row {
                title: quantity.title(),
                told: told_percent(v),
                course,
            })
        });
        let rows: Vec<Row> = rows.collect();
        let moved = match change {
            Some(c) if c < -0.05 => format!("Lost {:.1} % of its volume.", -c),
            Some(c) if c > 0.05 => format!("Gained {c:.1} % of its volume."),
            _ => "As at the start.".to_owned(),
        };
        (rows, moved + &self.because(session, pin.spot, change))
    }

    /// What the cuts say of a place that has changed by so much, or how far they are.
    fn because(&mut self, session: &Session, spot: Spot, change: Option<f64>) -> String {
        let (document, day) = (session.run().document(), session.day());
        if let Some((of, on, error)) = &self.failed
            && of == document
            && (on - day).abs() < 1e-6
        {
            return format!(" Why cannot be found out: {error}");
        }
        let Some(asked) = self.why.as_ref().filter(|w| w.is_of(document, day)) else {
            let waits = if session.is_busy() {
                " Why is found out where time stands."
            } else {
                ""
            };
            return waits.to_owned();
        };
        if let Ok(trouble) = asked.trouble.lock()
            && let Some(trouble) = &*trouble
        {
            return format!(" Why could not be found out: {trouble}");
        }
        let Ok(why) = asked.why.lock() else {
            return String::new();
        };
        let [done, of] = why.progress();
        let known = self.because.iter().position(|(s, ..)| *s == spot);
        let answer = match known {
            Some(k) if self.because[k].1 == done => self.because[k].2.clone(),
            _ => {
                let answer = why.answer(spot);
                self.because.retain(|(s, ..)| *s != spot);
                self.because.push((spot, done, answer.clone()));
                answer
            }
        };
        let answer = answer.filter(|a| a.effects.len() > 1);
        let sentence = answer.map_or_else(String::new, |answer| {
            let answer = match change {
                Some(change) => answer.beside(change),
                None => answer,
            };
            format!(" {}", answer.sentence())
        });
        if done < of {
            let cuts = done.saturating_sub(1);
            return format!("{sentence} ({cuts} of {} links tried so far.)", of - 1);
        }
        sentence
    }
}

/// A field's value with its unit.
pub(super) fn told(kind: FieldKind, value: f64) -> String {
    let unit = match kind.unit() {
        "1 = at rest" => "of rest",
        other => other,
    };
    let number = match kind {
        FieldKind::Density | FieldKind::Mineral => format!("{value:.0}"),
        _ if kind.diverging() => format!("{value:+.1}"),
        FieldKind::MuscleArea | FieldKind::FibreAngle => format!("{value:.1}"),
        _ if value.abs() < 0.1 => format!("{value:.4}"),
        _ => format!("{value:.2}"),
    };
    format!("{} {unit}", number.replace('-', "−"))
}

impl MechanostatApp {
    /// Pins what is under a pixel of the picture.
    pub(super) fn pin_at(&mut self, pixel: [f32; 2], slot: Option<usize>) {
        if let Some(pin) = self.spot_under(pixel) {
            self.pins.pin(slot, pin);
            self.told.clear();
        } else {
            self.pins.last = None;
            "nothing to pin there: neither bone nor muscle of this scene"
                .clone_into(&mut self.told);
        }
    }

    fn spot_under(&self, pixel: [f32; 2]) -> Option<Pin> {
        let (session, finder) = (self.session.as_ref()?, self.finder.as_ref()?);
        let hit = finder.under(&self.picture, pixel)?;
        let anatomy = session.simulation().anatomy();
        if let Some(muscle) = hit.muscle {
            return Some(Pin {
                spot: Spot::Whole(muscle),
                at: hit.at,
                name: plain(anatomy.muscles.get(muscle)?.name),
            });
        }
        let voxel = anatomy.bone.iter().position(|b| b.at == hit.at)?;
        let [x, y, z] = hit
            .at
            .map(|n| tick((n as f64 + 0.5) * anatomy.spacing, 1.0));
        let region = region_of(anatomy, voxel).map_or("bone".to_owned(), plain);
        Some(Pin {
            spot: Spot::Bone(voxel),
            at: hit.at,
            name: format!("{region}, voxel at {x}, {y}, {z} mm"),
        })
    }

    /// What is under the pointer, told beside it: the muscle's name, or the field's value and the
    /// change; of `which` run, or of both where their difference is shown.
    pub(super) fn told_under(&mut self, pixel: [f32; 2], which: Option<Which>) -> Option<String> {
        let (session, finder) = (self.session.as_ref()?, self.finder.as_ref()?);
        let hit = finder.under(&self.picture, pixel)?;
        let anatomy = session.simulation().anatomy();
        let field = self.picture.field;
        let runs = match which {
            Some(which) => vec![which],
            None => vec![Which::First, Which::Twin],
        };
        let two = session.driver.has_twin();
        let of_run = |which: Which, told: String| {
            if two {
                format!("{}: {told}", super::timeline::named(which))
            } else {
                told
            }
        };
        if let Some(muscle) = hit.muscle {
            let muscle = anatomy.muscles.get(muscle)?;
            let name = muscle.name;
            let change = |which: &Which| {
                let courses = session.driver.of(*which).courses();
                let [_, _, c] = courses.on_day(name, Quantity::Volume, session.day())?;
                Some(of_run(*which, format!("volume {}", told_percent(c))))
            };
            let changes: Vec<String> = runs.iter().filter_map(change).collect();
            self.pins.hover = None;
            let role = match muscle.role {
                "" => String::new(),
                role => format!(", {role}"),
            };
            return Some(format!("{}{role}: {}", plain(name), changes.join(", ")));
        }
        let voxel = anatomy.bone.iter().position(|b| b.at == hit.at)?;
        let lattice = anatomy.voxel(hit.at);
        // Of the run that is shown now the adapter is asked; of others what was kept of the day.
        let is_live = session.past().is_none() && which == Some(session.shows());
        self.pins.hover = is_live.then_some(Spot::Bone(voxel));
        if !is_live {
            let told = |which: &Which| {
                let history = bone_history(session.driver.of(*which), voxel);
                let known = history.partition_point(|d| d.day <= session.day() + 1e-6);
                let kept = history[known.checked_sub(1)?];
                let value = match field {
                    FieldKind::StrainEnergy => Some(kept.energy),
                    FieldKind::Osteoclasts => Some(kept.osteoclasts),
                    FieldKind::Osteoblasts => Some(kept.osteoblasts),
                    _ => None,
                };
                let density = told(FieldKind::Density, kept.bmd);
                let value = value.map_or(density, |v| told(field, v));
                let change = told(FieldKind::Change, kept.change);
                Some(of_run(*which, format!("{value}, {change}")))
            };
            let all: Vec<String> = runs.iter().filter_map(told).collect();
            return Some(all.join("; "));
        }
        let change = self.pins.value(FieldKind::Change, lattice);
        let change = change.map(|v| told(FieldKind::Change, f64::from(v)));
        let value = (field != FieldKind::Change)
            .then(|| self.pins.value(field, lattice))
            .flatten()
            .map(|v| told(field, f64::from(v)));
        let parts: Vec<String> = value.into_iter().chain(change).collect();
        Some(if parts.is_empty() {
            "…".to_owned()
        } else {
            of_run(session.shows(), parts.join(", "))
        })
    }

    /// Reads what is pinned and hovered, and goes on with the cuts.
    pub(super) fn advance_pins(&mut self, ctx: &egui::Context) {
        let Some(session) = &self.session else { return };
        let field = self.picture.field;
        let done = self.pins.read(session, field);
        self.pins.ask_why(session);
        if let Err(error) = done {
            self.told = error.to_string();
        }
        if self.pins.is_busy() {
            ctx.request_repaint();
        } else if self.pins.stands.is_some() {
            match &self.pins.why {
                None if self.pins.failed.is_some() => {}
                None => ctx.request_repaint_after(REST),
                Some(asked) if !asked.is_done() => ctx.request_repaint_after(LOOK),
                Some(_) => {}
            }
        }
    }

    /// The pins, one under the other.
    pub(super) fn pinned(&mut self, ui: &mut Ui) {
        if self.pins.is_empty() {
            ui.label("Nothing is pinned. Click bone or a muscle in the picture, or press 1 to 4.");
            return;
        }
        let Some(session) = &self.session else { return };
        for number in 1..=MOST {
            let Some((rows, sentence)) = self.pins.story(session, number) else {
                continue;
            };
            let Some(pin) = &self.pins.slots[number - 1] else {
                continue;
            };
            let mut gone = false;
            ui.horizontal_wrapped(|ui| {
                ui.label(RichText::new(format!("{number}  {}", pin.name)).strong());
                gone = ui
                    .small_button("Unpin")
                    .on_hover_text(format!("or press {number}"))
                    .clicked();
            });
            egui::Grid::new(("pin", number))
                .num_columns(3)
                .spacing([8.0, 2.0])
                .show(ui, |ui| {
                    for row in &rows {
                        ui.label(row.title);
                        ui.label(&row.told);
                        sparkline(ui, &row.course, session.day());
                        ui.end_row();
                    }
                });
            ui.label(sentence.trim());
            ui.separator();
            if gone {
                self.pins.slots[number - 1] = None;
            }
        }
    }

    /// What is told of a pin, for tests: titles with values, and the sentence.
    pub fn pinned_story(&mut self, number: usize) -> Option<(Vec<(&'static str, String)>, String)> {
        let session = self.session.as_ref()?;
        let (rows, sentence) = self.pins.story(session, number)?;
        let rows = rows.into_iter().map(|r| (r.title, r.told));
        Some((rows.collect(), sentence.trim().to_owned()))
    }

    /// What is pinned, for tests.
    pub fn pinned_spots(&self) -> Vec<Spot> {
        self.pins.spots()
    }

    /// Takes a pin away; whether there was one.
    pub(super) fn unpin(&mut self, slot: usize) -> bool {
        let pin = self.pins.slots.get_mut(slot);
        pin.and_then(Option::take).is_some()
    }
}

/// A course without axes, with a dot on the day that is looked at.
fn sparkline(ui: &mut Ui, course: &[[f64; 2]], day: f64) {
    let (rect, response) = ui.allocate_exact_size(egui::vec2(90.0, 16.0), egui::Sense::hover());
    let [low, high] = course
        .iter()
        .fold([f64::INFINITY, f64::NEG_INFINITY], |[l, h], p| {
            [l.min(p[1]), h.max(p[1])]
        });
    let last = course.last().map_or(1.0, |p| p[0]).max(1e-6);
    if !(low.is_finite() && high.is_finite()) {
        return;
    }
    // A course that does not move is a line in the middle.
    let span = (high - low).max(1e-9);
    let to = |p: &[f64; 2]| {
        let y = if high - low < 1e-6 {
            0.5
        } else {
            (p[1] - low) / span
        };
        egui::pos2(
            rect.left() + rect.width() * (p[0] / last) as f32,
            rect.bottom() - 2.0 - (rect.height() - 4.0) * y as f32,
        )
    };
    let ink = palette(ui.ctx()).curves[0];
    let points: Vec<egui::Pos2> = course.iter().map(to).collect();
    ui.painter().line(points, egui::Stroke::new(1.5, ink));
    let known = course.partition_point(|p| p[0] <= day + 1e-6);
    if let Some(k) = known.checked_sub(1) {
        ui.painter().circle_filled(to(&course[k]), 2.5, ink);
    }
    response.on_hover_text(format!("from {low:.2} to {high:.2} over {last:.0} days"));
}
