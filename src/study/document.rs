//! What was chosen and done, as a value: the setup, and a log of actions with a cursor.

use std::path::PathBuf;
use std::sync::Arc;

use crate::physiology::Model;
use crate::scenario::{Conditions, Cuts, DoseResponse, Scenario};
use crate::tissue::SCENES;

use super::action::{Action, What, Which};
use super::error::StudyError;
use super::person::person;

/// What a study is of. Equal setups give equal numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Setup {
    /// A scene's name, or a scan's file.
    pub scene: String,
    /// Of a scan, what this scan of the same voxels has above 0.
    pub mask: Option<PathBuf>,
    /// Voxels along the longest side.
    pub size: usize,
    /// Group of people.
    pub group: String,
    /// Other values for parameters, as NAME=VALUE.
    pub set: Vec<String>,
    /// Whether bone grows from a uniform block.
    pub grow: bool,
    /// Days of a step of the model.
    pub step_days: f64,
    /// The scenario's built-in name, or its file.
    pub scenario_name: String,
    /// What happens to the body.
    pub scenario: Scenario,
}

impl Setup {
    /// A scenario with everything else as usual: the hip of 64 voxels, the group `control`, steps
    /// of a day.
    pub fn new(scenario_name: &str, scenario: Scenario) -> Self {
        Self {
            scene: SCENES[0].to_owned(),
            mask: None,
            size: 64,
            group: "control".to_owned(),
            set: Vec::new(),
            grow: false,
            step_days: 1.0,
            scenario_name: scenario_name.to_owned(),
            scenario,
        }
    }

    /// The parameters of its person in a scene, which for a scan is `scan`.
    /// # Errors
    /// A group or parameter that there is not.
    pub fn model(&self, scene: &str) -> Result<Arc<Model>, StudyError> {
        let mass = self.scenario.body_mass_kg;
        Ok(Arc::new(person(scene, &self.group, mass, &self.set)?))
    }
}

/// A setup and what was done to it by hand.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    setup: Setup,
    log: Vec<Action>,
    /// Actions that hold; those beyond were undone.
    cursor: usize,
}

/// Conditions that held for a while.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// Name of the phase, or what was chosen by hand.
    pub name: String,
    /// First day.
    pub from: f64,
    /// Last day so far.
    pub to: f64,
    /// Conditions.
    pub conditions: Conditions,
}

/// What was set by hand in place of the scenario's.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Overrides {
    /// Conditions by hand instead of the scenario's.
    manual: Option<Conditions>,
    cuts: Option<Cuts>,
    dose_response: Option<DoseResponse>,
}

impl Document {
    /// Of a setup to which nothing was done.
    pub fn new(setup: Setup) -> Self {
        Self {
            setup,
            log: Vec::new(),
            cursor: 0,
        }
    }

    /// The same done to another setup.
    #[must_use]
    pub fn with_setup(self, setup: Setup) -> Self {
        Self { setup, ..self }
    }

    /// What it is of.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The actions that hold, in the order of their days; of one day, in that of their doing. Those
    /// of twins before the last one are left out.
    pub fn actions(&self) -> Vec<Action> {
        let log = &self.log[..self.cursor];
        let last = log.iter().rposition(|a| a.what == What::Branch);
        let counts = |k: usize, a: &Action| match (a.on, a.what, last) {
            (_, What::Branch, last) => last == Some(k),
            (Which::First, ..) => true,
            (Which::Twin, _, last) => last.is_some_and(|last| k > last),
        };
        let held = log.iter().enumerate().filter(|(k, a)| counts(*k, a));
        let mut actions: Vec<Action> = held.map(|(_, a)| *a).collect();
        actions.sort_by(|a, b| a.day.total_cmp(&b.day).then(a.on.cmp(&b.on)));
        actions
    }

    /// The study of the first run alone.
    #[must_use]
    pub fn alone(&self) -> Self {
        self.with_log(self.own_actions())
    }

    /// What was done to the first run, in the order of [`Document::actions`].
    fn own_actions(&self) -> Vec<Action> {
        let mut actions = self.actions();
        actions.retain(|a| a.on == Which::First && a.what != What::Branch);
        actions
    }

    /// The study of the twin alone, and the day on which it branches off; none without a twin. It
    /// has what was done to the first run before, and what was done to itself.
    pub fn twin(&self) -> Option<(Self, f64)> {
        let actions = self.actions();
        let branch = actions.iter().position(|a| a.what == What::Branch)?;
        let own = actions.iter().enumerate();
        let own = own.filter(|(k, a)| *k != branch && (*k < branch || a.on == Which::Twin));
        let log = own.map(|(_, a)| Action::new(a.day, a.what)).collect();
        Some((self.with_log(log), actions[branch].day))
    }

    fn with_log(&self, log: Vec<Action>) -> Self {
        Self {
            setup: self.setup.clone(),
            cursor: log.len(),
            log,
        }
    }

    /// Does something. What was undone before is forgotten.
    pub fn apply(&mut self, action: Action) {
        self.log.truncate(self.cursor);
        self.log.push(action);
        self.cursor += 1;
    }

    /// Does something in place of the last action, where that did the same kind of thing to the
    /// same run on the same day: one move of a slider is one action.
    pub fn adjust(&mut self, action: Action) {
        let kind = |a: &Action| (std::mem::discriminant(&a.what), a.on, a.day.to_bits());
        let last = self.cursor.checked_sub(1).map(|last| &self.log[last]);
        if last.is_some_and(|last| kind(last) == kind(&action)) {
            self.cursor -= 1;
        }
        self.apply(action);
    }

    /// Takes the last action back and says which it was. None where nothing is left to undo.
    pub fn undo(&mut self) -> Option<Action> {
        self.cursor = self.cursor.checked_sub(1)?;
        Some(self.log[self.cursor])
    }

    /// Does again what was undone last and says which it was. None where nothing is.
    pub fn redo(&mut self) -> Option<Action> {
        let action = *self.log.get(self.cursor)?;
        self.cursor += 1;
        Some(action)
    }

    /// What acts from `day` on.
    pub fn conditions_at(&self, day: f64) -> Conditions {
        let overrides = self.overrides_at(day);
        self.with(&overrides, day)
    }

    /// Whether conditions are the scenario's on `day`, and not set by hand.
    pub fn follows_scenario_at(&self, day: f64) -> bool {
        self.overrides_at(day).manual.is_none()
    }

    /// The name of what acts from `day` on, for people.
    pub fn name_at(&self, day: f64) -> String {
        let overrides = self.overrides_at(day);
        let mut name = match overrides.manual {
            Some(conditions) => format!("{:.2} g, by hand", conditions.gravity),
            None => self.setup.scenario.phase_at(day).0.name.clone(),
        };
        for link in self.with(&overrides, day).cuts.iter() {
            name += ", without ";
            name += link.title();
        }
        name
    }

    /// What is asked of the ring by hand on `day`: links cut, and the answer to partial gravity.
    pub fn what_if_at(&self, day: f64) -> (Option<Cuts>, Option<DoseResponse>) {
        let overrides = self.overrides_at(day);
        (overrides.cuts, overrides.dose_response)
    }

    /// What held when, up to a day.
    pub fn segments(&self, until: f64) -> Vec<Segment> {
        let mut starts = vec![0.0];
        let mut start = 0.0;
        for phase in &self.setup.scenario.phases {
            start += phase.days;
            starts.push(start);
        }
        starts.extend(self.own_actions().iter().map(|a| a.day));
        starts.retain(|day| *day < until - 1e-9);
        starts.sort_by(f64::total_cmp);
        starts.dedup_by(|a, b| (*a - *b).abs() < 1e-9);
        let mut segments: Vec<Segment> = Vec::new();
        for from in starts {
            let (name, conditions) = (self.name_at(from), self.conditions_at(from));
            match segments.last_mut() {
                Some(last) if last.conditions == conditions && last.name == name => {}
                last => {
                    if let Some(last) = last {
                        last.to = from;
                    }
                    segments.push(Segment {
                        name,
                        from,
                        to: until,
                        conditions,
                    });
                }
            }
        }
        segments
    }

    fn with(&self, overrides: &Overrides, day: f64) -> Conditions {
        let scenario = self.setup.scenario.phase_at(day).0.conditions;
        Conditions {
            cuts: overrides.cuts.unwrap_or(scenario.cuts),
            dose_response: overrides.dose_response.unwrap_or(scenario.dose_response),
            ..overrides.manual.unwrap_or(scenario)
        }
    }

    fn overrides_at(&self, day: f64) -> Overrides {
        let mut overrides = Overrides::default();
        for action in self.own_actions() {
            if action.day > day + 1e-9 {
                break;
            }
            let now = self.with(&overrides, action.day);
            let taken = |conditions| Some(conditions);
            match action.what {
                What::Gravity(gravity) => overrides.manual = taken(Conditions { gravity, ..now }),
                What::Posture(posture) => overrides.manual = taken(Conditions { posture, ..now }),
                What::Exercise(exercise) => {
                    overrides.manual = taken(Conditions { exercise, ..now });
                }
                What::Drug(drug) => overrides.manual = taken(Conditions { drug, ..now }),
                What::SimulatedMicrogravity(simulated_microgravity) => {
                    overrides.manual = taken(Conditions {
                        simulated_microgravity,
                        ..now
                    });
                }
                What::FollowScenario => overrides.manual = None,
                What::DoseResponse(answer) => overrides.dose_response = Some(answer),
                What::Cut(link) => overrides.cuts = Some(now.cuts.with(link, true)),
                What::Join(link) => overrides.cuts = Some(now.cuts.with(link, false)),
                What::Branch => {}
            }
        }
        overrides
    }
}
