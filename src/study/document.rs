//! What was chosen and done, as a value: the setup, and a log of actions with a cursor.

use std::path::PathBuf;
use std::sync::Arc;

use crate::physiology::Model;
use crate::scenario::{
    Conditions, Cuts, DoseResponse, Phase, Posture, Scenario, days_of, first_difference, phase_at,
    step_from,
};
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

/// A setup and what was done to it by hand, step by step: a step is what is undone at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    setup: Setup,
    log: Vec<Vec<Action>>,
    /// Steps that hold; those beyond were undone.
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

impl Overrides {
    /// What was set by hand up to a day, in phases.
    fn at(day: f64, own: &[Action], phases: &[Phase]) -> Self {
        let mut overrides = Self::default();
        for action in own {
            if action.day > day + 1e-9 {
                break;
            }
            let now = overrides.over(phases, action.day);
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
                // Phases are what hands override; the others are of no single run.
                What::Phases(_) | What::Branch | What::Keep | What::Bookmark(_) | What::Unmark => {}
            }
        }
        overrides
    }

    /// What acts on a day of these phases.
    fn over(&self, phases: &[Phase], day: f64) -> Conditions {
        let mission = phase_at(phases, day).0.conditions;
        Conditions {
            cuts: self.cuts.unwrap_or(mission.cuts),
            dose_response: self.dose_response.unwrap_or(mission.dose_response),
            ..self.manual.unwrap_or(mission)
        }
    }
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
    /// of twins before the last one are left out; of a run's phases there are the last ones alone,
    /// from the first day on which they are others than before.
    pub fn actions(&self) -> Vec<Action> {
        let log = self.held();
        let last = log.iter().rposition(|a| a.what == What::Branch);
        let branch = last.map(|last| log[last].day);
        let counts = |k: usize, a: &Action| match (a.on, &a.what, last) {
            (_, What::Phases(_) | What::Keep | What::Unmark, _) => false,
            (_, What::Branch, last) => last == Some(k),
            (Which::First, ..) => true,
            (Which::Twin, _, last) => last.is_some_and(|last| k > last),
        };
        let held = log.iter().enumerate().filter(|(k, a)| counts(*k, a));
        let mut actions: Vec<Action> = held.map(|(_, a)| a.clone()).collect();
        // Phases: of the first run, and of a twin where it has others.
        let phases = |upto: usize, from: usize, on: Which| {
            let done = log[from..upto].iter().filter(|a| a.on == on);
            let mut done = done.filter_map(|a| match &a.what {
                What::Phases(phases) => Some(phases.as_slice()),
                _ => None,
            });
            done.next_back()
        };
        let scenario = self.setup.scenario.phases.as_slice();
        let first = phases(log.len(), 0, Which::First).unwrap_or(scenario);
        let of_first = first_difference(scenario, first);
        if let Some(day) = of_first {
            actions.push(Action::new(day, What::Phases(first.to_vec())));
        }
        if let (Some(last), Some(branch)) = (last, branch) {
            let past = phases(last, 0, Which::First).unwrap_or(scenario);
            let own = phases(log.len(), last, Which::Twin).unwrap_or(past);
            let inherited = match of_first {
                Some(day) if day < branch => first,
                _ => scenario,
            };
            if let Some(day) = first_difference(inherited, own) {
                let what = What::Phases(own.to_vec());
                actions.push(Action::new(day, what).on_twin());
            }
        }
        actions.sort_by(|a, b| a.day.total_cmp(&b.day).then(a.on.cmp(&b.on)));
        actions
    }

    /// What holds of the log, in the order of its doing. A twin that was kept is the first run.
    fn held(&self) -> Vec<Action> {
        let mut held: Vec<Action> = Vec::new();
        for action in self.log[..self.cursor].iter().flatten() {
            match action.what {
                What::Keep => {
                    let marks: Vec<Action> = held
                        .iter()
                        .filter(|a| !a.what.changes_runs())
                        .cloned()
                        .collect();
                    if let Some((twin, _)) = self.with_log(held.clone()).twin() {
                        held = twin.held();
                        held.extend(marks);
                    }
                }
                What::Unmark => {
                    let is_this = |a: &Action| {
                        matches!(a.what, What::Bookmark(_)) && (a.day - action.day).abs() < 1e-6
                    };
                    held.retain(|a| !is_this(a));
                }
                _ => held.push(action.clone()),
            }
        }
        held
    }

    /// The study of the first run alone.
    #[must_use]
    pub fn alone(&self) -> Self {
        self.with_log(self.own_actions())
    }

    /// What was done to the first run, in the order of [`Document::actions`].
    fn own_actions(&self) -> Vec<Action> {
        let mut actions = self.actions();
        actions.retain(|a| a.on == Which::First && a.what != What::Branch && a.what.changes_runs());
        actions
    }

    /// The study of the twin alone, and the day on which it branches off; none without a twin. It
    /// has what was done to the first run before, and what was done to itself.
    pub fn twin(&self) -> Option<(Self, f64)> {
        let mut actions = self.actions();
        actions.retain(|a| a.what.changes_runs());
        let branch = actions.iter().position(|a| a.what == What::Branch)?;
        let own = actions.iter().enumerate();
        let own = own.filter(|(k, a)| *k != branch && (*k < branch || a.on == Which::Twin));
        let log = own
            .map(|(_, a)| Action::new(a.day, a.what.clone()))
            .collect();
        Some((self.with_log(log), actions[branch].day))
    }

    /// Days to come back to, with their sentences, in order.
    pub fn bookmarks(&self) -> Vec<(f64, String)> {
        let marks = self.actions().into_iter();
        let marks = marks.filter_map(|a| match a.what {
            What::Bookmark(sentence) => Some((a.day, sentence)),
            _ => None,
        });
        marks.collect()
    }

    fn with_log(&self, log: Vec<Action>) -> Self {
        Self {
            setup: self.setup.clone(),
            cursor: log.len(),
            log: log.into_iter().map(|action| vec![action]).collect(),
        }
    }

    /// Does something. What was undone before is forgotten.
    pub fn apply(&mut self, action: Action) {
        self.apply_all(vec![action]);
    }

    /// Does several things that are undone at once.
    pub fn apply_all(&mut self, step: Vec<Action>) {
        self.log.truncate(self.cursor);
        self.log.push(step);
        self.cursor += 1;
    }

    /// Does something in place of the last action, where that did the same kind of thing to the
    /// same run on the same day: one move of a slider is one action.
    pub fn adjust(&mut self, action: Action) {
        let kind = |a: &Action| (std::mem::discriminant(&a.what), a.on, a.day.to_bits());
        let last = self.cursor.checked_sub(1).map(|last| &mut self.log[last]);
        if let Some(step) = last
            && step.last().is_some_and(|last| kind(last) == kind(&action))
        {
            // What else was done in the same step stays.
            step.pop();
            step.push(action);
            self.log.truncate(self.cursor);
        } else {
            self.apply(action);
        }
    }

    /// Takes the last step back and says what it was. None where nothing is left to undo.
    pub fn undo(&mut self) -> Option<Vec<Action>> {
        self.cursor = self.cursor.checked_sub(1)?;
        Some(self.log[self.cursor].clone())
    }

    /// Does again what was undone last and says what it was. None where nothing is.
    pub fn redo(&mut self) -> Option<Vec<Action>> {
        let step = self.log.get(self.cursor)?.clone();
        self.cursor += 1;
        Some(step)
    }

    /// Whether there is anything to undo, and anything to do again.
    pub fn can_undo(&self) -> [bool; 2] {
        [self.cursor > 0, self.cursor < self.log.len()]
    }

    /// The mission's phases: the scenario's, or those that a user made of them.
    pub fn phases(&self) -> Vec<Phase> {
        self.acting().1
    }

    /// What was done to the first run, and the phases that it was done in.
    fn acting(&self) -> (Vec<Action>, Vec<Phase>) {
        let own = self.own_actions();
        let edited = own.iter().rev().find_map(|a| match &a.what {
            What::Phases(phases) => Some(phases.clone()),
            _ => None,
        });
        let phases = edited.unwrap_or_else(|| self.setup.scenario.phases.clone());
        (own, phases)
    }

    /// Length of the mission, days.
    pub fn days(&self) -> f64 {
        days_of(&self.phases())
    }

    /// Days from `day` to the next whole step.
    pub fn step_from(&self, day: f64) -> f64 {
        step_from(&self.phases(), day, self.setup.step_days)
    }

    /// What acts from `day` on.
    pub fn conditions_at(&self, day: f64) -> Conditions {
        let (own, phases) = self.acting();
        Overrides::at(day, &own, &phases).over(&phases, day)
    }

    /// Whether conditions are the mission's on `day`, and not set by hand.
    pub fn follows_scenario_at(&self, day: f64) -> bool {
        let (own, phases) = self.acting();
        Overrides::at(day, &own, &phases).manual.is_none()
    }

    /// The name of what acts from `day` on, for people.
    pub fn name_at(&self, day: f64) -> String {
        let (own, phases) = self.acting();
        let overrides = Overrides::at(day, &own, &phases);
        let mut name = match overrides.manual {
            Some(conditions) => {
                let posture = match conditions.posture {
                    Posture::Upright => "",
                    Posture::BedRest => ", bed rest",
                    Posture::Paralysed => ", paralysed legs",
                };
                format!("{:.2} g{posture}, by hand", conditions.gravity)
            }
            None => phase_at(&phases, day).0.name.clone(),
        };
        for link in overrides.over(&phases, day).cuts.iter() {
            name += ", without ";
            name += link.title();
        }
        name
    }

    /// What is asked of the ring by hand on `day`: links cut, and the answer to partial gravity.
    pub fn what_if_at(&self, day: f64) -> (Option<Cuts>, Option<DoseResponse>) {
        let (own, phases) = self.acting();
        let overrides = Overrides::at(day, &own, &phases);
        (overrides.cuts, overrides.dose_response)
    }

    /// What held when, up to a day.
    pub fn segments(&self, until: f64) -> Vec<Segment> {
        let mut starts = vec![0.0];
        let mut start = 0.0;
        for phase in &self.phases() {
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
}
