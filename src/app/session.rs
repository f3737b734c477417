//! The study that the window shows: how much of it is worked on in a frame, and its pictures.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::figure::{bone_curves, plain};
use crate::gpu::{Gpu, GpuError, Readback};
use crate::measure::Quantity;
use crate::scenario::{Conditions, Link, Phase, days_of, first_difference};
use crate::sim::{PendingCheckpoint, SETTLING_ROUNDS, SimError, Simulation};
use crate::study::{
    Action, Document, Driver, Event, Looks, Place, Plan, Run, Setup, StudyError, What, Which,
};

use super::beginning::Then;
use super::store::Store;

/// How long a frame may be busy with the simulation.
const BUDGET: Duration = Duration::from_millis(12);
/// The same on a software adapter, whose frames take long anyway.
const SOFTWARE_BUDGET: Duration = Duration::from_millis(38);
/// And while bone settles: there is nothing to be done to it yet but to look.
const SETTLING_BUDGET: Duration = Duration::from_millis(100);
/// Between two looks at the adapter within a frame.
const PAUSE: Duration = Duration::from_micros(200);
/// Steps in a frame.
const MOST_STEPS: u32 = 8;
/// Bytes of a run's timeline: on the adapter for moments to go back to, on the host for its days.
const MOMENT_BYTES: u64 = 128 << 20;
const DAY_BYTES: u64 = 256 << 20;

/// Days that pass in a second of play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speed {
    /// A day a second.
    Slow,
    /// A week a second.
    Normal,
    /// A month a second.
    Fast,
}

impl Speed {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Slow, Self::Normal, Self::Fast];

    /// Name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Slow => "1 s = 1 day",
            Self::Normal => "1 s = 1 week",
            Self::Fast => "1 s = 1 month",
        }
    }

    fn days_per_second(self) -> f64 {
        match self {
            Self::Slow => 1.0,
            Self::Normal => 7.0,
            Self::Fast => 30.0,
        }
    }
}

/// The study that the window shows.
#[derive(Debug)]
pub struct Session {
    /// What is studied, and how far that has come.
    pub driver: Driver,
    /// Where it takes place.
    pub place: Place,
    /// Whether time passes.
    pub playing: bool,
    /// How fast.
    pub speed: Speed,
    /// Time the adapter needed for the last step, solves included.
    pub step_time: Duration,
    /// The day that is looked at, where that is not today.
    past: Option<f64>,
    /// The day that is to be looked at once the run has come so far.
    wanted_past: Option<f64>,
    /// Whether what is already computed is played again.
    replaying: bool,
    /// The day in the past to which something was done last.
    changed: Option<f64>,
    gauge: Gauge,
    /// Where the settled bone is to be kept, until it is.
    settled: Option<Settled>,
    shows: Which,
    settling: u32,
    owed: f64,
    opened: Instant,
    step_started: Option<Instant>,
    generation: u64,
    single_steps: u32,
    /// The day up to which the run goes by itself: after a change in the past, to where it was.
    goal: f64,
    /// Whether play has stopped once at the end of the scenario.
    ended: bool,
}

/// Strain of the bone, summed over its voxels, read now and then, beside that at 1 g.
#[derive(Debug, Default)]
struct Gauge {
    /// On its way, and of which generation.
    reading: Option<(Readback, u64)>,
    /// The same of day 0 under 1 g.
    reading_earth: Option<Readback>,
    read: u64,
    on_earth: Option<f64>,
    now: Option<f64>,
}

impl Gauge {
    /// Asks for what is new, and takes in what has come.
    fn poll(&mut self, simulation: &Simulation, generation: u64) -> Result<(), SimError> {
        if let Some(readback) = &self.reading_earth
            && let Some(strain) = strain_sum(readback)?
        {
            self.on_earth = Some(strain);
            self.reading_earth = None;
        }
        if let Some((readback, of)) = &self.reading {
            let Some(strain) = strain_sum(readback)? else {
                return Ok(());
            };
            self.now = Some(strain);
            self.read = *of;
            self.reading = None;
        }
        if self.read != generation && simulation.is_settled() {
            self.reading = Some((read_energy(simulation)?, generation));
        }
        Ok(())
    }
}

/// Asks for the strain energy density of the bone.
fn read_energy(simulation: &Simulation) -> Result<Readback, GpuError> {
    let (gpu, state) = (simulation.gpu(), simulation.state());
    let bytes = 4 * state.counts.bone_voxels as u64;
    let mut encoder = gpu.encoder("strain gauge");
    let readback = Readback::record(gpu, &mut encoder, &[(&state.energy, 0, bytes)])?;
    gpu.submit(encoder);
    Ok(readback)
}

/// Sum over the bone of what goes with strain, if it has come: the root of strain energy density.
fn strain_sum(readback: &Readback) -> Result<Option<f64>, GpuError> {
    let parts = readback.poll()?;
    Ok(parts.map(|parts| {
        let energy: Vec<f32> = parts.first().map_or(Vec::new(), |b| crate::gpu::values(b));
        energy.iter().map(|e| f64::from(e.max(0.0)).sqrt()).sum()
    }))
}

/// A settled bone on its way to its file.
#[derive(Debug)]
enum Settled {
    /// It has not settled yet.
    Awaited(PathBuf),
    Coming(PathBuf, Box<PendingCheckpoint>),
    Writing(std::thread::JoinHandle<()>),
}

/// Looks after every step, up to a day.
fn plan(last: f64) -> Plan {
    Plan::of(Looks::EachStep { last })
}

/// Points of a curve, at most: a chart is a few hundred pixels wide, and each point is drawn in
/// every frame.
const MOST_POINTS: usize = 192;

/// A curve of so many points, so that what a chart draws is bounded. Every second, fourth …
/// point and the last: as days are added, those that are shown stay.
fn thinned(curve: &[(f64, f64)]) -> Vec<[f64; 2]> {
    let step = curve.len().div_ceil(MOST_POINTS).next_power_of_two();
    let last = curve.len().saturating_sub(1);
    let shown = curve.iter().enumerate();
    let shown = shown.filter(|(k, _)| k % step == 0 || *k == last);
    shown.map(|(_, (day, change))| [*day, *change]).collect()
}

impl Session {
    /// A session of a document in its place.
    /// # Errors
    /// [`StudyError`].
    pub fn new(
        gpu: &Gpu,
        document: Document,
        place: Place,
        store: &Store,
    ) -> Result<Self, StudyError> {
        let setup = document.setup();
        let anatomy = place.anatomy(setup.size, &setup.scenario.person)?;
        let model = setup.model(anatomy.scene)?;
        // A software adapter shares the machine with the window: small slices keep it fluent.
        let software = gpu.info().device_type == wgpu::DeviceType::Cpu;
        let file = store.settled_file(gpu, &anatomy, &model, setup.grow);
        let kept = file
            .as_deref()
            .and_then(|f| Store::settled(f, gpu, &anatomy, &model));
        let settled = if kept.is_some() {
            None
        } else {
            file.map(Settled::Awaited)
        };
        let run = match kept {
            Some(simulation) => Run::of(simulation, document, plan(0.0)).map_err(SimError::from)?,
            None => Run::new(gpu, anatomy, model, document, plan(0.0))?,
        };
        let run = run
            .with_timeline(MOMENT_BYTES, DAY_BYTES)?
            .with_slice(if software { 2 } else { 8 });
        Ok(Self {
            shows: Which::First,
            driver: Driver::new(run),
            place,
            playing: false,
            speed: Speed::Normal,
            step_time: Duration::ZERO,
            settling: 0,
            owed: 0.0,
            opened: Instant::now(),
            step_started: None,
            past: None,
            wanted_past: None,
            replaying: false,
            changed: None,
            gauge: Gauge::default(),
            settled,
            generation: 0,
            single_steps: 0,
            goal: 0.0,
            ended: false,
        })
    }

    /// The run that is shown, and that actions are done to.
    pub fn run(&self) -> &Run {
        self.driver.of(self.shows)
    }

    /// The body that is shown.
    pub fn simulation(&self) -> &Simulation {
        self.run().simulation()
    }

    /// Shows the run or its twin.
    pub fn show(&mut self, which: Which) {
        self.shows = which;
        self.changed = None;
        self.generation += 1;
        // The other may not have come as far.
        if let Some(day) = self.past {
            self.look_at(day);
        }
    }

    /// Which run is shown.
    pub fn shows(&self) -> Which {
        if self.driver.has_twin() {
            self.shows
        } else {
            Which::First
        }
    }

    /// What was chosen.
    pub fn setup(&self) -> &Setup {
        self.driver.document().setup()
    }

    /// Whether a run of `document` in `place` may begin from the settled bone of this one.
    pub fn can_begin(&self, document: &Document, place: &Place) -> bool {
        let (own, other) = (self.setup(), document.setup());
        let mass = |s: &Setup| s.scenario.body_mass_kg.to_bits();
        self.place.is_same(place)
            && own.group == other.group
            && own.set == other.set
            && own.grow == other.grow
            && own.size == other.size
            && mass(own) == mass(other)
            && own.scenario.person == other.scenario.person
            && self.simulation().is_settled()
    }

    /// Begins `document` from the settled bone, without settling anew. Returns whether there was
    /// any.
    pub fn begin(&mut self, document: Document) -> bool {
        if !self.driver.begin(document, plan(0.0)) {
            return false;
        }
        self.playing = false;
        self.past = None;
        self.changed = None;
        self.replaying = false;
        self.gauge.read = 0;
        self.shows = Which::First;
        self.owed = 0.0;
        self.goal = 0.0;
        self.step_started = None;
        self.single_steps = 0;
        self.ended = false;
        self.generation += 1;
        self.driver.act();
        true
    }

    /// Conditions that hold now, with the name of the phase.
    pub fn conditions(&self) -> (Conditions, String) {
        if !self.simulation().is_settled() {
            return (Conditions::EARTH, "settling".to_owned());
        }
        let (document, day) = (self.run().document(), self.day());
        (document.conditions_at(day), document.name_at(day))
    }

    /// Whether conditions are set by hand instead of by the scenario.
    pub fn is_by_hand(&self) -> bool {
        !self.run().document().follows_scenario_at(self.day())
    }

    /// Does something on the day that is looked at, to the run that is shown. A twin that begins is
    /// shown. What is done in the first run's past leaves that as it is: it is done to a twin.
    /// # Errors
    /// As [`Driver::apply`].
    pub fn act(&mut self, what: What) -> Result<(), SimError> {
        self.act_on(self.day(), what)
    }

    /// Makes the mission of the run that is shown another one, from the first day on which the two
    /// differ. In the first run's past that is done to a twin.
    /// # Errors
    /// As [`Driver::apply`].
    pub fn change_mission(&mut self, phases: Vec<Phase>) -> Result<(), SimError> {
        let Some(day) = first_difference(&self.run().document().phases(), &phases) else {
            return Ok(());
        };
        self.act_on(day, What::Phases(phases))
    }

    /// The same body on Earth, from day 0 on, as the twin.
    /// # Errors
    /// As [`Driver::apply`].
    pub fn branch_to_earth(&mut self) -> Result<(), SimError> {
        let own = self.run().document().phases();
        let earth = Phase {
            name: "Earth".to_owned(),
            days: days_of(&own),
            conditions: Conditions {
                dose_response: own[0].conditions.dose_response,
                ..Conditions::EARTH
            },
        };
        let there = self.last_day();
        self.driver.apply_all(vec![
            Action::new(0.0, What::Branch),
            Action::new(0.0, What::FollowScenario).on_twin(),
            Action::new(0.0, What::Phases(vec![earth])).on_twin(),
        ])?;
        self.shows = Which::First;
        self.answer(None, there)
    }

    fn act_on(&mut self, day: f64, what: What) -> Result<(), SimError> {
        let on = match what {
            What::Branch | What::Keep => Which::First,
            _ if !what.changes_runs() => Which::First,
            _ => self.shows(),
        };
        if !what.changes_runs() {
            return self.driver.apply(Action { day, what, on });
        }
        let there = self.last_day();
        let is_past = day < self.simulation().day() - 1e-6;
        let branches = what == What::Branch;
        let keeps = what == What::Keep;
        let in_first_past = is_past && on == Which::First && !branches && !keeps;
        let step = if in_first_past {
            vec![
                Action::new(day, What::Branch),
                Action::new(day, what).on_twin(),
            ]
        } else {
            vec![Action { day, what, on }]
        };
        self.driver.apply_all(step)?;
        if branches || in_first_past {
            self.shows = Which::Twin;
        } else if keeps {
            self.shows = Which::First;
        }
        self.answer(is_past.then_some(day), there)
    }

    /// After something was done: whoever stands behind goes on to where the other is, and strain
    /// answers.
    fn answer(&mut self, changed: Option<f64>, there: f64) -> Result<(), SimError> {
        self.changed = changed;
        self.past = None;
        if self.is_behind(there) {
            self.goal = self.goal.max(there);
        }
        self.replaying = false;
        self.ended = false;
        // The strain field has changed already; the next picture shows it, and the gauge.
        self.generation += 1;
        self.gauge.reading = None;
        let shown = self.driver.of(self.shows).simulation();
        self.gauge.poll(shown, self.generation + 1)
    }

    /// The same while a control is being dragged: it takes the place of what it just did that day.
    /// # Errors
    /// As [`Driver::apply`].
    pub fn adjust(&mut self, what: What) -> Result<(), SimError> {
        if self.past.is_some() {
            return self.act(what);
        }
        let on = self.shows();
        let day = self.changed.unwrap_or_else(|| self.simulation().day());
        self.driver.adjust(Action { day, what, on })?;
        self.generation += 1;
        Ok(())
    }

    /// Keeps today of the run that is shown for good. Whether there was room and it stood.
    /// # Errors
    /// As [`Driver::snapshot`].
    pub fn snapshot(&mut self) -> Result<bool, SimError> {
        Ok(self.driver.snapshot(self.shows())?)
    }

    /// The last day that any run has come to.
    pub fn last_day(&self) -> f64 {
        let day = |which| self.driver.of(which).simulation().day();
        f64::max(day(Which::First), day(Which::Twin))
    }

    /// What of the ring is asked by hand in another document, asked here too.
    /// # Errors
    /// As [`Session::act`].
    pub fn ask_as(&mut self, other: &Document, day: f64) -> Result<(), SimError> {
        let (cuts, dose_response) = other.what_if_at(day);
        if let Some(cuts) = cuts {
            for link in Link::ALL.iter().copied() {
                let now = self
                    .driver
                    .document()
                    .conditions_at(0.0)
                    .cuts
                    .contains(link);
                match (now, cuts.contains(link)) {
                    (false, true) => self.act(What::Cut(link))?,
                    (true, false) => self.act(What::Join(link))?,
                    _ => {}
                }
            }
        }
        if let Some(dose_response) = dose_response {
            self.act(What::DoseResponse(dose_response))?;
        }
        Ok(())
    }

    /// Takes the last action back, or does it again. The run goes on to where it was.
    /// # Errors
    /// As [`Driver::apply`].
    pub fn take_back(&mut self, redo: bool) -> Result<bool, SimError> {
        let there = self.last_day();
        let done = if redo {
            self.driver.redo()?
        } else {
            self.driver.undo()?
        };
        if self.is_behind(there) {
            self.goal = self.goal.max(there);
        }
        self.past = None;
        self.changed = None;
        self.generation += 1;
        Ok(done)
    }

    /// The day that is looked at.
    pub fn day(&self) -> f64 {
        self.past.unwrap_or_else(|| self.simulation().day())
    }

    /// The day that is looked at, where the run that is shown has gone on since.
    pub fn past(&self) -> Option<f64> {
        self.past
    }

    /// Looks at a day that was computed already; at today, from the last one on.
    pub fn look_at(&mut self, day: f64) {
        let today = self.simulation().day();
        let day = day.max(0.0);
        self.past = (day < today - 1e-6).then_some(day);
        self.replaying = false;
    }

    /// Mean strain of the bone today, % of that under 1 g; none before it is known, and while one
    /// looks at another day.
    pub fn strain_percent(&self) -> Option<f64> {
        if self.past.is_some() {
            return None;
        }
        let (now, on_earth) = (self.gauge.now?, self.gauge.on_earth?);
        (on_earth > 0.0).then(|| 100.0 * now / on_earth)
    }

    /// Plays or pauses. From a day in the past what is computed is played again, then time goes on.
    pub fn toggle_play(&mut self) {
        if self.is_playing() {
            self.playing = false;
            self.replaying = false;
        } else if self.past.is_some() {
            self.replaying = true;
        } else {
            self.playing = true;
        }
    }

    /// Rounds of settling done; none once the bone has settled.
    pub fn settling(&self) -> Option<u32> {
        (!self.simulation().is_settled()).then_some(self.settling)
    }

    /// Goes on as the window asked of a new session.
    pub(super) fn then(&mut self, then: Then) {
        self.goal = then.day;
        self.playing = then.playing;
        self.wanted_past = then.past;
    }

    /// Whether time passes, on the screen or in the run.
    pub fn is_playing(&self) -> bool {
        self.playing || self.replaying
    }

    /// Goes to a day by itself, as fast as the adapter can.
    pub fn go_to(&mut self, day: f64) {
        self.goal = day;
    }

    /// Asks for one day, playing or not.
    pub fn step_once(&mut self) {
        self.single_steps += 1;
    }

    /// A frame's share of work; never waits for the adapter.
    /// # Errors
    /// [`SimError`]: the run has stopped.
    pub fn work(&mut self, frame: Duration) -> Result<(), SimError> {
        let start = Instant::now();
        if let (true, Some(past)) = (self.replaying, self.past) {
            let next = past + frame.as_secs_f64() * self.speed.days_per_second();
            if next >= self.simulation().day() {
                self.past = None;
                self.replaying = false;
                self.playing = true;
            } else {
                self.past = Some(next);
            }
        }
        self.write_settled()?;
        let shown = self.driver.of(self.shows).simulation();
        self.gauge.poll(shown, self.generation + 1)?;
        if self.playing && self.simulation().is_settled() {
            self.owed += frame.as_secs_f64() * self.speed.days_per_second();
            // What a slow adapter cannot follow is dropped rather than owed for ever.
            self.owed = self.owed.min(2.0 + self.speed.days_per_second() * 0.25);
        }
        let software = self.simulation().gpu().info().device_type == wgpu::DeviceType::Cpu;
        let budget = match (software, self.simulation().is_settled()) {
            (false, _) => BUDGET,
            (true, true) => SOFTWARE_BUDGET,
            (true, false) => SETTLING_BUDGET,
        };
        let mut steps = 0;
        while start.elapsed() < budget && steps < MOST_STEPS {
            match self.driver.poll(self.opened.elapsed())? {
                // Most slices are done within the frame; the rest is looked at in the next.
                Event::Waiting => std::thread::sleep(PAUSE),
                Event::Settling(round) => {
                    if round != self.settling {
                        self.settling = round;
                        self.generation += 1;
                    }
                }
                Event::Working => {}
                Event::Looked => {
                    if self.simulation().day() <= 0.0 {
                        self.keep_settled()?;
                    }
                    if let Some(started) = self.step_started.take() {
                        self.step_time = started.elapsed();
                    }
                    self.driver.go_on()?;
                    self.driver.act();
                    self.generation += 1;
                    if let Some(day) = self.wanted_past
                        && self.simulation().day() > day
                    {
                        self.wanted_past = None;
                        self.look_at(day);
                    }
                }
                Event::Arrived => {
                    self.driver.act();
                    if !self.step() {
                        break;
                    }
                    steps += 1;
                }
            }
        }
        Ok(())
    }

    /// What is known of the bone under 1 g before the mission acts: its strain, and all of it for
    /// the next time.
    fn keep_settled(&mut self) -> Result<(), SimError> {
        let simulation = self.driver.of(self.shows).simulation();
        if self.gauge.on_earth.is_none() {
            self.gauge.reading_earth = Some(read_energy(simulation)?);
        }
        if let Some(Settled::Awaited(file)) = &self.settled
            && let Some(coming) = simulation.checkpoint()?
        {
            self.settled = Some(Settled::Coming(file.clone(), Box::new(coming)));
        }
        Ok(())
    }

    fn write_settled(&mut self) -> Result<(), SimError> {
        if let Some(Settled::Coming(file, coming)) = &self.settled
            && let Some(checkpoint) = coming.poll()?
        {
            let file = file.clone();
            // Packing takes longer than a frame has.
            let writing = std::thread::spawn(move || Store::keep_settled(&file, &checkpoint));
            self.settled = Some(Settled::Writing(writing));
        }
        Ok(())
    }

    /// Whether the settled bone is in its file, or need not be.
    pub fn is_kept(&self) -> bool {
        match &self.settled {
            None => true,
            Some(Settled::Writing(writing)) => writing.is_finished(),
            Some(_) => false,
        }
    }

    /// One day, if one is due.
    fn step(&mut self) -> bool {
        // Whoever is behind catches up first.
        let days =
            [Which::First, Which::Twin].map(|which| self.driver.of(which).simulation().day());
        let day = days[0].min(days[1]);
        if day < self.goal - 1e-9 {
            // Back to where it was.
        } else if self.single_steps > 0 {
            self.single_steps -= 1;
        } else if self.playing && self.owed >= 1.0 {
            self.owed -= 1.0;
        } else {
            return false;
        }
        let is_over = day >= self.run().document().days() - 1e-9;
        if self.playing && !self.is_by_hand() && is_over {
            // The mission is over; pressing Play again lets its last phase go on.
            if !self.ended {
                self.ended = true;
                self.playing = false;
                return false;
            }
        }
        self.step_started = Some(Instant::now());
        // A step is never shorter than this.
        self.driver.set_plan(plan(day + 1e-6));
        true
    }

    /// Change of a quantity since day 0, %, over the days: no more points than a chart has room
    /// for.
    pub fn change(&self, region: &str, quantity: Quantity) -> Vec<[f64; 2]> {
        thinned(&self.run().courses().change(region, quantity))
    }

    /// The same of the other run, where there are two.
    pub fn other_change(&self, region: &str, quantity: Quantity) -> Vec<[f64; 2]> {
        if !self.driver.has_twin() {
            return Vec::new();
        }
        let other = match self.shows() {
            Which::First => Which::Twin,
            Which::Twin => Which::First,
        };
        thinned(&self.driver.of(other).courses().change(region, quantity))
    }

    /// Whether any run has not come to a day yet.
    fn is_behind(&self, day: f64) -> bool {
        [Which::First, Which::Twin]
            .into_iter()
            .any(|which| self.driver.of(which).simulation().day() < day - 1e-9)
    }

    /// One plain sentence about how things stand.
    pub fn sentence(&self) -> String {
        self.sentence_of(self.shows())
    }

    /// The same of either run.
    pub fn sentence_of(&self, which: Which) -> String {
        let run = self.driver.of(which);
        if !self.simulation().is_settled() {
            return format!(
                "The bone settles under 1 g: round {} of {SETTLING_ROUNDS}.",
                self.settling
            );
        }
        let day = self.day();
        let on_day = |region: &str, quantity| {
            let curve = run.courses().change(region, quantity);
            let known = curve.partition_point(|(d, _)| *d <= day + 1e-6);
            known.checked_sub(1).map(|k| curve[k].1)
        };
        let tell = |name: &str, change: Option<f64>| {
            let change = change.unwrap_or(0.0);
            let size = format!("{:.1} %", change.abs());
            match change {
                c if c.abs() < 0.05 => format!("{name} as at the start"),
                c if c < 0.0 => format!("{name} −{size}"),
                _ => format!("{name} +{size}"),
            }
        };
        let anatomy = self.simulation().anatomy();
        let mut parts = Vec::new();
        if let Some(curve) = bone_curves(anatomy).first() {
            let change = on_day(curve.region, curve.quantity);
            parts.push(tell(
                &format!("{} bone", curve.label.trim_start_matches("total ")),
                change,
            ));
        }
        if let Some(muscle) = anatomy.muscle_regions.first() {
            parts.push(tell(
                &plain(muscle.name),
                on_day(muscle.name, Quantity::Volume),
            ));
        }
        let phase = run.document().name_at(day);
        format!("Day {day:.0}, {phase}: {}", parts.join(", "))
    }

    /// Whether frames are needed without anybody touching anything.
    pub fn is_busy(&self) -> bool {
        self.is_playing()
            || self.driver.is_busy()
            || self.single_steps > 0
            || matches!(self.settled, Some(Settled::Coming(..)))
            || self.gauge.reading_earth.is_some()
            || self.is_behind(self.goal)
    }

    /// Time since the session was made.
    pub(super) fn elapsed(&self) -> Duration {
        self.opened.elapsed()
    }

    /// Picture generation, for tests: grows whenever the shown field may have changed.
    pub fn generation(&self) -> u64 {
        self.generation
    }
}
