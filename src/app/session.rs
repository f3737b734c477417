//! One simulation as the window runs it: clock, conditions, history. Knows no widgets.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::command::wait::clock;
use crate::command::{CommandError, Place, person};
use crate::figure::{bone_curves, plain};
use crate::gpu::{Gpu, GpuError};
use crate::measure::{Measurement, PendingMeasurements, Quantity, Ruler, value_of};
use crate::scenario::{Conditions, Cuts, DoseResponse, Scenario};
use crate::sim::{SETTLING_ROUNDS, SimError, Simulation, Status};
use crate::view::{Picture, RayMarch};

/// How long a frame may be busy with the simulation.
const BUDGET: Duration = Duration::from_millis(12);
/// The same on a software adapter, whose frames take long anyway.
const SOFTWARE_BUDGET: Duration = Duration::from_millis(40);
/// Between two looks at the adapter within a frame.
const PAUSE: Duration = Duration::from_micros(200);
/// Steps in a frame.
const MOST_STEPS: u32 = 8;

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

/// Conditions that held for a while.
#[derive(Debug, Clone, PartialEq)]
pub struct Spell {
    /// Name of the phase, or what the user chose.
    pub name: String,
    /// First day.
    pub from: f64,
    /// Last day so far.
    pub to: f64,
    /// Conditions.
    pub conditions: Conditions,
}

/// What the user asks "what if" of, whatever the scenario or hands do with gravity.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct WhatIf {
    /// Links cut, in place of the scenario's.
    pub cuts: Option<Cuts>,
    /// Answer to partial gravity, in place of the scenario's.
    pub dose_response: Option<DoseResponse>,
}

/// A simulation under the window's hands.
#[derive(Debug)]
pub struct Session {
    /// The simulation.
    pub simulation: Simulation,
    /// Where it takes place.
    pub place: Place,
    /// Group of people.
    pub group: String,
    /// The scenario that conditions come from unless the user took over.
    pub scenario: Scenario,
    /// Conditions that the user chose, in place of the scenario's.
    pub manual: Option<Conditions>,
    /// What the user asks of the ring.
    pub what_if: WhatIf,
    /// Whether time passes.
    pub playing: bool,
    /// How fast.
    pub speed: Speed,
    /// Measurements, one vector a day measured.
    pub history: Vec<(f64, Vec<Measurement>)>,
    /// What held when.
    pub spells: Vec<Spell>,
    /// Time the adapter needed for the last step, solves included.
    pub step_time: Duration,
    /// Settling rounds done.
    pub settling: u32,
    /// The picture's pipeline.
    pub march: RayMarch,
    ruler: Ruler,
    pending: Option<PendingMeasurements>,
    owed: f64,
    step_started: Option<Instant>,
    shown: Option<(Picture, u64)>,
    generation: u64,
    single_steps: u32,
    /// Whether play has stopped once at the end of the scenario.
    ended: bool,
}

impl Session {
    /// A session of `scenario` in a scene.
    /// # Errors
    /// [`CommandError`].
    pub fn new(
        gpu: &Gpu,
        scenario: Scenario,
        place: Place,
        group: &str,
        size: usize,
    ) -> Result<Self, CommandError> {
        let anatomy = place.anatomy(size)?;
        let model = Arc::new(person(anatomy.scene, group, scenario.body_mass_kg, &[])?);
        let mut simulation = Simulation::new(gpu, Arc::clone(&anatomy), Arc::clone(&model))?;
        // A software adapter shares the machine with the window: small slices keep it fluent.
        simulation.set_slice(if gpu.info().device_type == wgpu::DeviceType::Cpu {
            2
        } else {
            8
        });
        let march = RayMarch::new(simulation.body())?;
        Ok(Self {
            ruler: Ruler::new(simulation.body(), &model)?,
            simulation,
            place,
            group: group.to_owned(),
            scenario,
            manual: None,
            what_if: WhatIf::default(),
            playing: false,
            speed: Speed::Normal,
            history: Vec::new(),
            spells: Vec::new(),
            step_time: Duration::ZERO,
            settling: 0,
            march,
            pending: None,
            owed: 0.0,
            step_started: None,
            shown: None,
            generation: 0,
            single_steps: 0,
            ended: false,
        })
    }

    /// Whether a run of `scenario` in `place` by `group` may begin from the settled bone of this one.
    pub fn can_begin(&self, scenario: &Scenario, place: &Place, group: &str) -> bool {
        let mass = |s: &Scenario| s.body_mass_kg.to_bits();
        self.place.is_same(place)
            && self.group == group
            && mass(&self.scenario) == mass(scenario)
            && self.simulation.is_settled()
    }

    /// Begins `scenario` from the settled bone, without settling anew. Returns whether there was any.
    pub fn begin(&mut self, scenario: Scenario) -> bool {
        if !self.simulation.begin_again() {
            return false;
        }
        self.scenario = scenario;
        self.manual = None;
        self.playing = false;
        self.history.clear();
        self.spells.clear();
        self.pending = None;
        self.owed = 0.0;
        self.step_started = None;
        self.single_steps = 0;
        self.ended = false;
        self.generation += 1;
        true
    }

    /// Conditions that hold now, with the name of the phase.
    pub fn conditions(&self) -> (Conditions, String) {
        if !self.simulation.is_settled() {
            return (Conditions::EARTH, "settling".to_owned());
        }
        let (phase, _) = self.scenario.phase_at(self.simulation.day());
        let (conditions, mut name) = match self.manual {
            Some(conditions) => (conditions, format!("{:.2} g, by hand", conditions.gravity)),
            None => (phase.conditions, phase.name.clone()),
        };
        let cuts = self.what_if.cuts.unwrap_or(phase.conditions.cuts);
        for link in cuts.iter() {
            name += ", without ";
            name += link.title();
        }
        let dose_response = self.what_if.dose_response;
        let dose_response = dose_response.unwrap_or(phase.conditions.dose_response);
        let conditions = Conditions {
            dose_response,
            cuts,
            ..conditions
        };
        (conditions, name)
    }

    /// Asks another "what if" from now on.
    pub fn ask(&mut self, what_if: WhatIf) {
        self.what_if = what_if;
        self.apply_conditions();
    }

    /// Takes the conditions out of the scenario's hands.
    pub fn take_over(&mut self, conditions: Conditions) {
        self.manual = Some(conditions);
        self.apply_conditions();
    }

    /// Gives them back.
    pub fn follow_scenario(&mut self) {
        self.manual = None;
        self.apply_conditions();
    }

    /// Asks for one day, playing or not.
    pub fn step_once(&mut self) {
        self.single_steps += 1;
    }

    fn apply_conditions(&mut self) {
        if !self.simulation.is_settled() {
            return;
        }
        let (conditions, name) = self.conditions();
        if *self.simulation.conditions() != conditions {
            self.simulation.set_conditions(conditions);
            // The strain field has changed already; the next picture shows it.
            self.generation += 1;
        }
        let day = self.simulation.day();
        match self.spells.last_mut() {
            Some(spell) if spell.conditions == conditions && spell.name == name => spell.to = day,
            _ => {
                if let Some(last) = self.spells.last_mut() {
                    last.to = day;
                }
                self.spells.retain(|s| s.to > s.from);
                self.spells.push(Spell {
                    name,
                    from: day,
                    to: day,
                    conditions,
                });
            }
        }
    }

    /// A frame's share of work; never waits for the adapter.
    /// # Errors
    /// [`SimError`]: the run has stopped.
    pub fn work(&mut self, frame: Duration) -> Result<(), SimError> {
        let start = Instant::now();
        if self.playing && self.simulation.is_settled() {
            self.owed += frame.as_secs_f64() * self.speed.days_per_second();
            // What a slow adapter cannot follow is dropped rather than owed for ever.
            self.owed = self.owed.min(2.0 + self.speed.days_per_second() * 0.25);
        }
        let software = self.simulation.gpu().info().device_type == wgpu::DeviceType::Cpu;
        let budget = if software { SOFTWARE_BUDGET } else { BUDGET };
        let mut steps = 0;
        while start.elapsed() < budget && steps < MOST_STEPS {
            match self.simulation.poll(clock())? {
                // Most slices are done within the frame; the rest is looked at in the next.
                Status::Waiting => std::thread::sleep(PAUSE),
                Status::Settling(round) => {
                    if round != self.settling {
                        self.settling = round;
                        self.generation += 1;
                    }
                }
                Status::Solving => {}
                Status::Ready => {
                    if let Some(started) = self.step_started.take() {
                        self.step_time = started.elapsed();
                    }
                    self.apply_conditions();
                    self.receive()?;
                    if self.history.is_empty() || self.pending.is_some() {
                        if self.pending.is_none() {
                            // Every new beginning starts from here.
                            self.simulation.keep_start()?;
                            self.pending = Some(self.ruler.measure(&self.simulation)?);
                        }
                        std::thread::sleep(PAUSE);
                        continue;
                    }
                    if !self.step()? {
                        break;
                    }
                    steps += 1;
                }
            }
        }
        self.receive()?;
        Ok(())
    }

    /// One day, if one is due.
    fn step(&mut self) -> Result<bool, SimError> {
        if self.single_steps > 0 {
            self.single_steps -= 1;
        } else if self.playing && self.owed >= 1.0 {
            self.owed -= 1.0;
        } else {
            return Ok(false);
        }
        let day = self.simulation.day();
        if self.playing && self.manual.is_none() && day >= self.scenario.days() - 1e-9 {
            // The mission is over; pressing Play again lets its last phase go on.
            if !self.ended {
                self.ended = true;
                self.playing = false;
                return Ok(false);
            }
        }
        let dt = self.scenario.step_from(day, 1.0);
        self.step_started = Some(Instant::now());
        if self.simulation.advance(dt) {
            self.generation += 1;
            if let Some(spell) = self.spells.last_mut() {
                spell.to = self.simulation.day();
            }
            self.pending = Some(self.ruler.measure(&self.simulation)?);
        }
        Ok(true)
    }

    fn receive(&mut self) -> Result<(), GpuError> {
        let Some(pending) = &self.pending else {
            return Ok(());
        };
        if let Some(measured) = self.ruler.poll(pending)? {
            self.history.push((pending.day(), measured));
            self.pending = None;
        }
        Ok(())
    }

    /// Draws `picture` if anything in it has changed. Returns whether it did.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn draw(&mut self, picture: &Picture) -> Result<bool, GpuError> {
        let wanted = (*picture, self.generation);
        if self.shown == Some(wanted) {
            return Ok(false);
        }
        self.march.draw(&self.simulation.gpu().clone(), picture)?;
        self.shown = Some(wanted);
        Ok(true)
    }

    /// Change of a quantity since day 0, %, over the days.
    pub fn change(&self, region: &str, quantity: Quantity) -> Vec<[f64; 2]> {
        let value = |row: &[Measurement]| value_of(row, region, quantity);
        let Some(first) = self.history.first().and_then(|(_, row)| value(row)) else {
            return Vec::new();
        };
        self.history
            .iter()
            .filter_map(|(day, row)| value(row).map(|v| [*day, 100.0 * (v / first - 1.0)]))
            .collect()
    }

    /// One plain sentence about how things stand.
    pub fn sentence(&self) -> String {
        if !self.simulation.is_settled() {
            return format!(
                "The bone settles under 1 g: round {} of {SETTLING_ROUNDS}.",
                self.settling
            );
        }
        let last = |region: &str, quantity: Quantity| {
            self.change(region, quantity).last().map_or(0.0, |p| p[1])
        };
        let tell = |x: f64| {
            if x.abs() < 0.05 {
                "as at the start".to_owned()
            } else {
                format!(
                    "{:.1} % {} the start",
                    x.abs(),
                    if x < 0.0 { "below" } else { "above" }
                )
            }
        };
        let anatomy = self.simulation.anatomy();
        let mut text = format!("Day {:.0}, {}", self.simulation.day(), self.conditions().1);
        let bone = bone_curves(anatomy);
        if let Some(curve) = bone.first() {
            let density = tell(last(curve.region, curve.quantity));
            text = format!("{text}: {} density {density}", curve.label);
        }
        if let Some(muscle) = anatomy.muscle_regions.first() {
            let volume = tell(last(muscle.name, Quantity::Volume));
            text = format!("{text}, {} volume {volume}", plain(muscle.name));
        }
        text + "."
    }

    /// Whether frames are needed without anybody touching anything.
    pub fn is_busy(&self) -> bool {
        self.playing
            || !self.simulation.is_settled()
            || self.pending.is_some()
            || self.single_steps > 0
            || self.step_started.is_some()
            || self.history.is_empty()
    }

    /// Picture generation, for tests: grows whenever the shown field may have changed.
    pub fn generation(&self) -> u64 {
        self.generation
    }
}
