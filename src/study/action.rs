//! What was done to a run by hand, and on which day.

use crate::scenario::{Conditions, DoseResponse, Drug, Exercise, Link, Phase, Posture};

/// What was done.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// Gravity by hand instead of the scenario's, g.
    Gravity(f64),
    /// Posture likewise.
    Posture(Posture),
    /// Exercise likewise.
    Exercise(Exercise),
    /// The drug likewise.
    Drug(Drug),
    /// Whether this is tissue in culture, likewise.
    SimulatedMicrogravity(bool),
    /// Conditions are the scenario's again.
    FollowScenario,
    /// Another answer to partial gravity, whatever the scenario says.
    DoseResponse(DoseResponse),
    /// A link of the ring is cut, whatever the scenario says.
    Cut(Link),
    /// A link is joined again.
    Join(Link),
    /// A twin begins here: it has the run's past, and its own actions from here on. Only the last
    /// one counts.
    Branch,
    /// The mission's phases, all of them: those before the action's day are as they were.
    Phases(Vec<Phase>),
    /// The twin takes the first run's place, which ends.
    Keep,
    /// A day to come back to, with a sentence. It changes no run.
    Bookmark(String),
    /// The day's bookmark is taken away.
    Unmark,
}

/// Which of two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Which {
    /// The run that the study is of.
    #[default]
    First,
    /// Its twin.
    Twin,
}

/// One thing done.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// On which day of the run.
    pub day: f64,
    /// What.
    pub what: What,
    /// To which run.
    pub on: Which,
}

impl Action {
    /// Something done to the run that the study is of.
    pub fn new(day: f64, what: What) -> Self {
        let on = Which::First;
        Self { day, what, on }
    }

    /// The same done to its twin.
    #[must_use]
    pub fn on_twin(self) -> Self {
        let on = Which::Twin;
        Self { on, ..self }
    }
}

impl What {
    /// What it is, for people.
    pub fn told(&self) -> String {
        let is = |yes: bool| if yes { "on" } else { "off" };
        match self {
            Self::Gravity(g) => format!("gravity {g:.2} g"),
            Self::Posture(posture) => format!("posture {}", posture.name()),
            Self::Exercise(exercise) => format!("exercise {}", exercise.name()),
            Self::Drug(drug) => format!("drug {}", drug.name()),
            Self::SimulatedMicrogravity(on) => format!("simulated microgravity {}", is(*on)),
            Self::FollowScenario => "the mission's conditions again".to_owned(),
            Self::DoseResponse(shape) => format!("answer to partial gravity: {}", shape.name()),
            Self::Cut(link) => format!("cut the link {}", link.title()),
            Self::Join(link) => format!("joined the link {}", link.title()),
            Self::Branch => "a twin begins".to_owned(),
            Self::Phases(phases) => {
                let days = |p: &Phase| format!("{} {} d", p.name, p.days);
                let phases: Vec<String> = phases.iter().map(days).collect();
                format!("the mission is now {}", phases.join(", "))
            }
            Self::Keep => "the twin takes the first run's place".to_owned(),
            Self::Bookmark(sentence) => format!("bookmark: {sentence}"),
            Self::Unmark => "bookmark taken away".to_owned(),
        }
    }

    /// Whether any run is another by it.
    pub fn changes_runs(&self) -> bool {
        !matches!(self, Self::Bookmark(_) | Self::Unmark)
    }

    /// The action that makes `wanted` of what holds now; none where nothing differs, and only the
    /// first where several do.
    pub fn between(now: &Conditions, wanted: &Conditions) -> Option<Self> {
        if now.gravity.to_bits() != wanted.gravity.to_bits() {
            return Some(Self::Gravity(wanted.gravity));
        }
        if now.posture != wanted.posture {
            return Some(Self::Posture(wanted.posture));
        }
        if now.exercise != wanted.exercise {
            return Some(Self::Exercise(wanted.exercise));
        }
        if now.drug != wanted.drug {
            return Some(Self::Drug(wanted.drug));
        }
        (now.simulated_microgravity != wanted.simulated_microgravity)
            .then_some(Self::SimulatedMicrogravity(wanted.simulated_microgravity))
    }
}
