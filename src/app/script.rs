//! A hundred things that a person does to the window, done by itself and timed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use eframe::egui::{self, Event, Modifiers, PointerButton, Pos2, Rect};
use serde::Serialize;

use super::MechanostatApp;

/// Things that are done: half of them paused, half playing.
const ACTIONS: usize = 100;
/// How long playing is timed, and how long nothing is done, seconds.
const PLAYING: f64 = 8.0;
const IDLE: f64 = 5.0;
/// Until the last frames' work is over, seconds.
const SETTLED: f64 = 1.0;
/// Days of history before anything is timed.
const DAYS_BEFORE: f64 = 60.0;
/// No answer is waited for longer, seconds.
const PATIENCE: f64 = 5.0;
/// Beside the numbers of pictures that are drawn without a window, what a window is measured by.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Timed {
    /// From the start of the program to the first picture, and to a settled, playing mission.
    pub first_picture_s: f64,
    /// As above.
    pub playing_s: f64,
    /// The same of a window that finds no settled bone.
    pub unsettled: Start,
    /// From an event to the end of the adapter's work on the frame that answers it.
    pub input_to_picture_ms: Spread,
    /// Events that no picture answered within some seconds.
    pub unanswered: u32,
    /// Frames from a change of gravity until strain has answered, that of the change counted; the
    /// most there were.
    pub gravity_frames: u32,
    /// From a click on a day to its picture.
    pub scrub_ms: Spread,
    /// Simulated days a second, playing at a week a second.
    pub days_per_s: f64,
    /// Frames a second, the same.
    pub frames_per_s: f64,
    /// Of one core, idle and paused; none where the system does not tell.
    pub idle_core_share: Option<f64>,
}

/// How long a start took, seconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Start {
    /// To the first picture.
    pub first_picture_s: f64,
    /// To a settled, playing mission.
    pub playing_s: f64,
}

/// How times are spread.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Spread {
    /// Half are below.
    pub median: f64,
    /// 95 of 100 are below.
    pub p95: f64,
    /// None is above.
    pub max: f64,
}

impl Spread {
    fn of(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let k = (share * times.len() as f64).ceil() as usize;
            times.get(k.saturating_sub(1)).copied().unwrap_or_default()
        };
        Self {
            median: at(0.5),
            p95: at(0.95),
            max: at(1.0),
        }
    }
}

/// What the script is at.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    FirstPicture,
    Playing,
    /// Until the settled bone is in its file.
    Keeping,
    History,
    Acting {
        paused: bool,
        left: usize,
    },
    Speed {
        since: Instant,
        day: f64,
        frames: u32,
    },
    Stilling,
    Idle {
        since: Instant,
    },
    Done,
}

/// What is waited for.
#[derive(Debug)]
struct Waiting {
    since: Instant,
    drawn: u64,
    is_scrub: bool,
    /// Set once the frame that answered is submitted: when the adapter had done it.
    done: Option<Arc<Mutex<Option<Instant>>>>,
}

/// What the script has to tell: nothing yet, what it measured, or why it could not.
pub(super) type Told = Option<Result<Timed, String>>;

/// Plays a person.
#[derive(Debug)]
pub(super) struct Script {
    began: Instant,
    only_start: bool,
    stage: Stage,
    waiting: Option<Waiting>,
    gravity: Option<(u64, f64)>,
    /// Events frame by frame, and whether the answer is counted from them.
    pending: VecDeque<(Vec<Event>, bool)>,
    frame: u64,
    times: Vec<f64>,
    scrubs: Vec<f64>,
    timed: Timed,
    told: Arc<Mutex<Told>>,
    /// Share of a core while nothing was done.
    idle: Arc<Mutex<Option<f64>>>,
}

/// Remembers where something is, for the script.
pub(super) fn note(ctx: &egui::Context, name: &'static str, rect: Rect) {
    ctx.data_mut(|d| d.insert_temp(egui::Id::unique(("place", name)), rect));
}

fn place(ctx: &egui::Context, name: &'static str) -> Option<Rect> {
    ctx.data(|d| d.get_temp(egui::Id::unique(("place", name))))
}

impl Script {
    /// That times the start alone, of a program that began then.
    pub(super) fn of_start(began: Instant) -> Self {
        Self {
            only_start: true,
            ..Self::new(began)
        }
    }

    /// Where what it finds is told.
    pub(super) fn told(&self) -> Arc<Mutex<Told>> {
        Arc::clone(&self.told)
    }

    /// Of a window that is opened then.
    pub(super) fn new(began: Instant) -> Self {
        Self {
            began,
            only_start: false,
            stage: Stage::FirstPicture,
            waiting: None,
            gravity: None,
            pending: VecDeque::new(),
            frame: 0,
            times: Vec::new(),
            scrubs: Vec::new(),
            timed: Timed::default(),
            told: Arc::default(),
            idle: Arc::default(),
        }
    }

    /// Events that a person would have made since the last frame.
    pub(super) fn events(&mut self, input: &mut egui::RawInput, drawn: u64) {
        let Some((mut events, counts)) = self.pending.pop_front() else {
            return;
        };
        if counts {
            // From here on it is the window's turn.
            if let Some(waiting) = &mut self.waiting {
                waiting.since = Instant::now();
                waiting.drawn = drawn;
            }
            if let Some((frame, _)) = &mut self.gravity {
                *frame = (*frame).max(self.frame);
            }
        }
        input.events.append(&mut events);
    }

    fn click(&mut self, at: Pos2) {
        let button = |pressed| Event::PointerButton {
            pos: at,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        };
        let events = vec![Event::PointerMoved(at), button(true), button(false)];
        self.pending = VecDeque::from([(events, true)]);
    }
}

/// Seconds of a core that this process has used; none where the system does not tell.
fn core_seconds() -> Option<f64> {
    let text = crate::io::read_text(std::path::Path::new("/proc/self/stat")).ok()?;
    // After the name in brackets: user and system time are the 12th and 13th, in ticks of 10 ms.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    let user: f64 = fields.nth(11)?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some(0.01 * (user + system))
}

impl MechanostatApp {
    /// A frame of the script; before anything of the frame is drawn.
    pub(super) fn act_script(&mut self, ctx: &egui::Context) {
        let Some(mut script) = self.script.take() else {
            return;
        };
        script.frame += 1;
        let before = script.stage;
        let lost = self.gpu.poll().err().map(|e| e.to_string());
        let trouble = lost.or_else(|| self.trouble.clone());
        if trouble.is_some() {
            script.stage = Stage::Done;
        }
        self.advance(&mut script, ctx);
        if script.stage == Stage::Done && before != Stage::Done {
            script.timed.input_to_picture_ms = Spread::of(std::mem::take(&mut script.times));
            script.timed.scrub_ms = Spread::of(std::mem::take(&mut script.scrubs));
            if let Ok(mut told) = script.told.lock() {
                *told = Some(match trouble {
                    Some(why) => Err(why),
                    None => Ok(script.timed.clone()),
                });
            }
            ctx.send_viewport_cmd(egui::ViewportCommand::Close);
        }
        if let Stage::Idle { since } = script.stage {
            let left = SETTLED + IDLE + 0.5 - since.elapsed().as_secs_f64();
            ctx.request_repaint_after(Duration::from_secs_f64(left.max(0.05)));
        } else {
            ctx.request_repaint();
        }
        self.script = Some(script);
    }

    fn advance(&mut self, script: &mut Script, ctx: &egui::Context) {
        let Some(session) = &mut self.session else {
            return;
        };
        let now = Instant::now();
        let drawn = self.views.drawn();
        if let Some((frame, strain)) = script.gravity {
            let answered = (session.strain_percent()).is_some_and(|p| (p - strain).abs() > 0.5);
            if answered {
                // It was shown in the frame before this one.
                let frames = (script.frame - 1 - frame) as u32;
                script.timed.gravity_frames = script.timed.gravity_frames.max(frames);
                script.gravity = None;
            }
        }
        if let Some(waiting) = &mut script.waiting {
            let seconds = (now - waiting.since).as_secs_f64();
            if let Some(done) = &waiting.done {
                let at = done.lock().ok().and_then(|d| *d);
                if let Some(at) = at {
                    let ms = 1e3 * (at - waiting.since).as_secs_f64();
                    if waiting.is_scrub {
                        script.scrubs.push(ms);
                    }
                    script.times.push(ms);
                    script.waiting = None;
                }
            } else if script.pending.iter().any(|(_, counts)| *counts) {
                // Not done yet.
            } else if drawn > waiting.drawn {
                // The frame that answered was submitted after the last one was drawn.
                let done = Arc::new(Mutex::new(None));
                let tell = Arc::clone(&done);
                self.gpu.queue().on_submitted_work_done(move || {
                    if let Ok(mut slot) = tell.lock() {
                        *slot = Some(Instant::now());
                    }
                });
                waiting.done = Some(done);
            } else if seconds > PATIENCE {
                script.timed.unanswered += 1;
                script.waiting = None;
            }
            if script.waiting.is_some() {
                return;
            }
        }
        match script.stage {
            Stage::FirstPicture if drawn > 0 => {
                script.timed.first_picture_s = script.began.elapsed().as_secs_f64();
                script.stage = Stage::Playing;
            }
            Stage::Playing if session.simulation().is_settled() && session.last_day() > 0.0 => {
                script.timed.playing_s = script.began.elapsed().as_secs_f64();
                session.speed = super::Speed::Fast;
                script.stage = if script.only_start {
                    Stage::Keeping
                } else {
                    Stage::History
                };
            }
            Stage::Keeping if session.is_kept() => script.stage = Stage::Done,
            Stage::History if session.last_day() >= DAYS_BEFORE => {
                session.speed = super::Speed::Normal;
                session.playing = false;
                script.stage = Stage::Acting {
                    paused: true,
                    left: ACTIONS / 2,
                };
            }
            Stage::Acting { paused, left: 0 } => {
                session.look_at(f64::INFINITY);
                session.playing = true;
                script.stage = if paused {
                    Stage::Acting {
                        paused: false,
                        left: ACTIONS / 2,
                    }
                } else {
                    Stage::Speed {
                        since: now,
                        day: session.last_day(),
                        frames: 0,
                    }
                };
            }
            Stage::Acting { paused, left } => {
                // Conditions of today, not of the day that was looked at.
                if left % 5 == 0 {
                    session.look_at(f64::INFINITY);
                }
                let is_scrub = script.act(left, ctx);
                if left % 5 == 0 {
                    let strain = session.strain_percent().unwrap_or(-1.0);
                    script.gravity = Some((script.frame, strain));
                }
                script.waiting = Some(Waiting {
                    since: now,
                    drawn,
                    is_scrub,
                    done: None,
                });
                script.stage = Stage::Acting {
                    paused,
                    left: left - 1,
                };
            }
            Stage::Speed { since, day, frames } => {
                let seconds = (now - since).as_secs_f64();
                if seconds >= PLAYING {
                    script.timed.days_per_s = (session.last_day() - day) / seconds;
                    script.timed.frames_per_s = f64::from(frames) / seconds;
                    session.playing = false;
                    script.stage = Stage::Stilling;
                } else {
                    script.stage = Stage::Speed {
                        since,
                        day,
                        frames: frames + 1,
                    };
                }
            }
            Stage::Stilling if !session.is_busy() && !self.views.is_gathering(session) => {
                script.stage = Stage::Idle { since: now };
                let told = Arc::clone(&script.idle);
                // A frame in which to look would be work of its own.
                std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_secs_f64(SETTLED));
                    let before = core_seconds();
                    std::thread::sleep(Duration::from_secs_f64(IDLE));
                    let spent = core_seconds()
                        .zip(before)
                        .map(|(after, before)| after - before);
                    if let Ok(mut slot) = told.lock() {
                        *slot = spent.map(|s| s / IDLE);
                    }
                });
            }
            Stage::Idle { since } if (now - since).as_secs_f64() > SETTLED + IDLE + 0.2 => {
                script.timed.idle_core_share = script.idle.lock().ok().and_then(|s| *s);
                script.stage = Stage::Done;
            }
            _ => {}
        }
    }
}

impl Script {
    /// Does one of five kinds of things; whether it looks at another day.
    fn act(&mut self, left: usize, ctx: &egui::Context) -> bool {
        let Some(view) = place(ctx, "view") else {
            return false;
        };
        let centre = view.center();
        match left % 5 {
            0 => {
                let stops = ["0 g", "Moon", "Mars", "1 g"];
                let stop = stops[left / 5 % 4];
                if let Some(rect) = place(ctx, stop) {
                    self.click(rect.center());
                }
                false
            }
            1 | 2 => {
                let button = |pos, pressed| Event::PointerButton {
                    pos,
                    button: PointerButton::Primary,
                    pressed,
                    modifiers: Modifiers::NONE,
                };
                let to = centre + egui::vec2(12.0, 3.0);
                self.pending = VecDeque::from([
                    (
                        vec![Event::PointerMoved(centre), button(centre, true)],
                        false,
                    ),
                    (vec![Event::PointerMoved(to)], true),
                    (vec![button(to, false)], false),
                ]);
                false
            }
            3 => {
                let by = if left.is_multiple_of(2) { 20.0 } else { -20.0 };
                let events = vec![
                    Event::PointerMoved(centre),
                    Event::MouseWheel {
                        unit: egui::MouseWheelUnit::Point,
                        delta: egui::vec2(0.0, by),
                        phase: egui::TouchPhase::Move,
                        source: egui::MouseWheelSource::Wheel,
                        modifiers: Modifiers::NONE,
                    },
                ];
                self.pending = VecDeque::from([(events, true)]);
                false
            }
            _ => {
                if let Some(rect) = place(ctx, "days") {
                    // Among the days before anything was timed.
                    let share = 0.005 + 0.0018 * (left % 37) as f32;
                    let x = rect.left() + share * rect.width();
                    self.click(egui::pos2(x, rect.center().y));
                }
                true
            }
        }
    }
}
