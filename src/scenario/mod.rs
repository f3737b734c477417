//! What happens to the body: gravity, posture, exercise and drugs, phase by phase.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use toml::Spanned;

use crate::located::{Located, Source};
use crate::person::Person;

/// The scenarios that come with the program: name and TOML text.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("earth", include_str!("../../assets/scenarios/earth.toml")),
    (
        "iss-6-months",
        include_str!("../../assets/scenarios/iss-6-months.toml"),
    ),
    (
        "iss-6-months-ared",
        include_str!("../../assets/scenarios/iss-6-months-ared.toml"),
    ),
    (
        "bed-rest-17-weeks",
        include_str!("../../assets/scenarios/bed-rest-17-weeks.toml"),
    ),
    (
        "moon-6-months",
        include_str!("../../assets/scenarios/moon-6-months.toml"),
    ),
    (
        "mars-3-years",
        include_str!("../../assets/scenarios/mars-3-years.toml"),
    ),
    (
        "simulated-microgravity-110-hours",
        include_str!("../../assets/scenarios/simulated-microgravity-110-hours.toml"),
    ),
    (
        "hypergravity-2-g",
        include_str!("../../assets/scenarios/hypergravity-2-g.toml"),
    ),
    (
        "iss-6-months-muscle-kept",
        include_str!("../../assets/scenarios/iss-6-months-muscle-kept.toml"),
    ),
    (
        "iss-6-months-and-a-year-home",
        include_str!("../../assets/scenarios/iss-6-months-and-a-year-home.toml"),
    ),
];

/// Enums whose values are written in files by their names in kebab case.
macro_rules! named {
    ($($(#[$doc:meta])* $kind:ident { $($values:tt)+ })+) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumString,
            IntoStaticStr, VariantArray,
        )]
        #[serde(rename_all = "kebab-case")]
        #[strum(serialize_all = "kebab-case")]
        pub enum $kind { $($values)+ }

        impl $kind {
            /// All of them.
            pub const ALL: &'static [Self] = <Self as VariantArray>::VARIANTS;

            /// As written in scenario files.
            pub fn name(self) -> &'static str {
                self.into()
            }

            /// The one written so.
            pub fn from_name(name: &str) -> Option<Self> {
                name.parse().ok()
            }
        }
    )+};
}

named! {
    /// How the body is held.
    Posture {
        /// Standing, walking and sitting.
        Upright,
        /// Lying: gravity acts, but not along the legs.
        BedRest,
        /// In a wheelchair, without nerves to the legs: gravity acts on the trunk alone.
        Paralysed,
    }

    /// What the crew trains on.
    Exercise {
        /// Nothing.
        None,
        /// Running in a harness.
        Treadmill,
        /// Interim resistive exercise device, up to 1337 N.
        Ired,
        /// Advanced resistive exercise device, up to 2669 N.
        Ared,
        /// Flywheel.
        Flywheel,
    }

    /// What the crew takes.
    Drug {
        /// Nothing.
        None,
        /// A bisphosphonate such as alendronate.
        Bisphosphonate,
    }

    /// How disuse grows as gravity falls: published shapes that contradict each other.
    DoseResponse {
        /// Between the two, as fitted.
        Fitted,
        /// Mice on the centrifuge in flight: a little gravity protects much.
        Centrifuge,
        /// Rodents bearing part of their weight: in proportion.
        WeightBearing,
    }

    /// A link of the ring that can be cut, to ask what it carries.
    Link {
        /// Muscle's force on bone follows muscle's strength.
        MechanicalCrosstalk,
        /// BMP and myostatin pass between muscle and bone.
        BiochemicalCrosstalk,
        /// Muscles fall idle as gravity falls. Cut: they go on pulling as on Earth.
        MuscleIdleness,
        /// Muscle fibres, nerve and water answer disuse. Cut: muscle is kept.
        MuscleAtrophy,
        /// Nerves drive a disused muscle less.
        NeuralDrive,
        /// Satellite cells and myotubes wake and fade, and fibres miss them.
        SatelliteCells,
        /// BMP-2 and BMP-4 act on muscle and bone.
        Bmp,
        /// Myostatin acts on muscle and bone.
        Myostatin,
        /// Bone cells turn bone over. Cut: bone is kept.
        BoneRemodelling,
        /// Osteocytes call osteoclasts through RANKL.
        OsteoclastDrive,
        /// Osteocytes hold osteoblasts back through sclerostin.
        Sclerostin,
        /// Formation follows resorption.
        Coupling,
        /// Stem cells turn to fat instead of bone.
        StemCellShift,
        /// Cells sense gravity through their own skeleton.
        Cytoskeleton,
        /// Lost struts do not come back.
        Perforation,
        /// Every voxel feels its own strain. Cut: each feels the mean of its bone.
        StrainField,
        /// New osteocytes are adapted to what they are born into. Cut: bone strives for what it
        /// felt at the start for ever.
        OsteocyteMemory,
    }
}

impl Link {
    /// What the link is, for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::MechanicalCrosstalk => "muscle force on bone",
            Self::BiochemicalCrosstalk => "BMP and myostatin between tissues",
            Self::MuscleIdleness => "muscles fall idle",
            Self::MuscleAtrophy => "muscle atrophy",
            Self::NeuralDrive => "loss of neural drive",
            Self::SatelliteCells => "satellite cells",
            Self::Bmp => "BMP-2 and BMP-4",
            Self::Myostatin => "myostatin",
            Self::BoneRemodelling => "bone remodelling",
            Self::OsteoclastDrive => "osteoclast drive (RANKL)",
            Self::Sclerostin => "sclerostin",
            Self::Coupling => "coupling of formation",
            Self::StemCellShift => "stem cells to fat",
            Self::Cytoskeleton => "cells' own sense of gravity",
            Self::Perforation => "lost connections",
            Self::StrainField => "strain from place to place",
            Self::OsteocyteMemory => "osteocytes' memory",
        }
    }
}

/// Links that are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "Vec<Link>", from = "Vec<Link>")]
pub struct Cuts(u32);

impl From<Cuts> for Vec<Link> {
    fn from(cuts: Cuts) -> Self {
        cuts.iter().collect()
    }
}

impl From<Vec<Link>> for Cuts {
    fn from(links: Vec<Link>) -> Self {
        let cut = |cuts: Self, link: &Link| cuts.with(*link, true);
        links.iter().fold(Self::NONE, cut)
    }
}

impl Cuts {
    /// None.
    pub const NONE: Self = Self(0);

    /// Whether `link` is cut.
    pub fn contains(self, link: Link) -> bool {
        self.0 >> link as u32 & 1 == 1
    }

    /// The same with `link` cut, or joined again.
    #[must_use]
    pub fn with(self, link: Link, cut: bool) -> Self {
        let bit = 1 << link as u32;
        Self(if cut { self.0 | bit } else { self.0 & !bit })
    }

    /// Those that are cut.
    pub fn iter(self) -> impl Iterator<Item = Link> {
        Link::ALL.iter().copied().filter(move |l| self.contains(*l))
    }
}

/// What acts on the body at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Conditions {
    /// Gravity, multiples of 9.80665 m/s², 0 to 3.
    pub gravity: f64,
    /// Posture.
    pub posture: Posture,
    /// Exercise.
    pub exercise: Exercise,
    /// Drug.
    pub drug: Drug,
    /// Tissue as in culture on a random positioning machine: no loads of the body, and the
    /// direction of gravity averaged away for the cells.
    pub simulated_microgravity: bool,
    /// Shape of the answer to partial gravity.
    pub dose_response: DoseResponse,
    /// Links of the ring that are cut.
    pub cuts: Cuts,
}

impl Conditions {
    /// A day on Earth.
    pub const EARTH: Self = Self {
        gravity: 1.0,
        posture: Posture::Upright,
        exercise: Exercise::None,
        drug: Drug::None,
        simulated_microgravity: false,
        dose_response: DoseResponse::Fitted,
        cuts: Cuts::NONE,
    };

    /// Gravity along the legs, g.
    pub fn axial_gravity(&self) -> f64 {
        match self.posture {
            _ if self.simulated_microgravity => 0.0,
            Posture::Upright => self.gravity,
            Posture::BedRest | Posture::Paralysed => 0.0,
        }
    }

    /// Gravity that a cell feels on its own skeleton, g: lying down changes nothing for it.
    pub fn cell_gravity(&self) -> f64 {
        if self.simulated_microgravity {
            0.0
        } else {
            self.gravity
        }
    }
}

/// A body's mass unless a scenario says otherwise, kg.
pub const STANDARD_MASS_KG: f64 = 75.0;

/// A stretch of days under the same conditions.
#[derive(Debug, Clone, PartialEq)]
pub struct Phase {
    /// Name.
    pub name: String,
    /// Length, days.
    pub days: f64,
    /// What acts.
    pub conditions: Conditions,
}

/// A mission or study.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Name.
    pub name: String,
    /// Where it comes from, if said.
    pub source: Option<String>,
    /// Body mass, kg.
    pub body_mass_kg: f64,
    /// The person's build.
    pub person: Person,
    /// Phases in order; at least one.
    pub phases: Vec<Phase>,
    /// The TOML text it was read from.
    pub text: String,
}

impl Scenario {
    /// The same with a link cut in every phase.
    #[must_use]
    pub fn with_cut(mut self, link: Link) -> Self {
        for phase in &mut self.phases {
            phase.conditions.cuts = phase.conditions.cuts.with(link, true);
        }
        self
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Spanned<String>,
    source: Option<String>,
    body_mass_kg: Option<Spanned<f64>>,
    person: Option<Spanned<FilePerson>>,
    dose_response: Option<Spanned<String>>,
    #[serde(default)]
    cut: Vec<Spanned<String>>,
    #[serde(default)]
    phase: Vec<Spanned<FilePhase>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilePerson {
    #[serde(default)]
    shape: Vec<f64>,
    height_m: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilePhase {
    name: String,
    days: Spanned<f64>,
    gravity: Spanned<f64>,
    posture: Option<Spanned<String>>,
    exercise: Option<Spanned<String>>,
    drug: Option<Spanned<String>>,
    #[serde(default)]
    simulated_microgravity: bool,
    /// Links cut in this phase, in place of the scenario's.
    cut: Option<Vec<Spanned<String>>>,
}

/// The shortest phase: a quarter of an hour.
const LEAST_DAYS: f64 = 0.01;
/// The longest phase, and scenario, that makes sense: a hundred years.
const MOST_DAYS: f64 = 36_525.0;
/// The longest name, letters.
pub const MOST_NAME: usize = 200;
/// The most phases.
const MOST_PHASES: usize = 1000;

impl File {
    /// Phases, as many and with names as long as allowed.
    fn check_phases(&self, source: Source<'_>) -> Result<(), Located> {
        if self.phase.is_empty() {
            return Err(source.error(
                self.name.span().start,
                "phase",
                "no phase",
                "at least one [[phase]]",
            ));
        }
        if let Some(beyond) = self.phase.get(MOST_PHASES) {
            return Err(source.error(
                beyond.span().start,
                "phase",
                format!("{} phases", self.phase.len()),
                format!("at most {MOST_PHASES}"),
            ));
        }
        let long = |name: &str| name.chars().count() > MOST_NAME;
        let names = self
            .phase
            .iter()
            .map(|p| (p.span(), p.get_ref().name.as_str()));
        let own = (self.name.span(), self.name.get_ref().as_str());
        if let Some((span, _)) = names.chain([own]).find(|(_, name)| long(name)) {
            let allowed = format!("at most {MOST_NAME} letters");
            return Err(source.error(span.start, "name", "a longer one", allowed));
        }
        Ok(())
    }
}

impl FilePhase {
    /// The phase, the `number_of`-th, with what holds everywhere.
    fn read(
        &self,
        source: Source<'_>,
        number_of: usize,
        dose_response: DoseResponse,
        everywhere: Cuts,
    ) -> Result<Phase, Located> {
        let key = |k: &str| format!("phase {} ({}), {k}", number_of, self.name);
        let days = number(
            source,
            &key("days"),
            &self.days,
            LEAST_DAYS,
            MOST_DAYS,
            "0.01 to 36525 days",
        )?;
        let gravity = number(source, &key("gravity"), &self.gravity, 0.0, 3.0, "0 to 3 g")?;
        Ok(Phase {
            name: self.name.clone(),
            days,
            conditions: Conditions {
                gravity,
                posture: choice(
                    source,
                    &key("posture"),
                    self.posture.as_ref(),
                    Posture::Upright,
                    Posture::from_name,
                    Posture::ALL,
                    Posture::name,
                )?,
                exercise: choice(
                    source,
                    &key("exercise"),
                    self.exercise.as_ref(),
                    Exercise::None,
                    Exercise::from_name,
                    Exercise::ALL,
                    Exercise::name,
                )?,
                drug: choice(
                    source,
                    &key("drug"),
                    self.drug.as_ref(),
                    Drug::None,
                    Drug::from_name,
                    Drug::ALL,
                    Drug::name,
                )?,
                simulated_microgravity: self.simulated_microgravity,
                dose_response,
                cuts: match &self.cut {
                    None => everywhere,
                    Some(names) => cuts(source, &key("cut"), names)?,
                },
            },
        })
    }
}

impl Scenario {
    /// The built-in scenario of that name.
    pub fn built_in(name: &str) -> Option<Result<Self, Located>> {
        BUILT_IN
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(n, text)| Self::parse(&format!("{n}.toml"), text))
    }

    /// Reads a scenario. `file` is its name for errors.
    /// # Errors
    /// File, line, key, what was found and what is allowed.
    pub fn parse(file: &str, text: &str) -> Result<Self, Located> {
        let source = Source { file, text };
        let read: File = toml::from_str(text).map_err(|e| source.toml_error(&e))?;
        read.check_phases(source)?;
        let body_mass_kg = match &read.body_mass_kg {
            None => STANDARD_MASS_KG,
            Some(mass) => number(source, "body_mass_kg", mass, 20.0, 300.0, "20 to 300 kg")?,
        };
        let mut person = Person::default();
        if let Some(read) = &read.person {
            let FilePerson { shape, height_m } = read.get_ref();
            person.shape.clone_from(shape);
            person.height_m = *height_m;
            if let Some((found, allowed)) = person.trouble() {
                return Err(source.error(read.span().start, "person", found, allowed));
            }
        }
        let dose_response = choice(
            source,
            "dose_response",
            read.dose_response.as_ref(),
            DoseResponse::Fitted,
            DoseResponse::from_name,
            DoseResponse::ALL,
            DoseResponse::name,
        )?;
        let everywhere = cuts(source, "cut", &read.cut)?;
        let phases = read
            .phase
            .iter()
            .enumerate()
            .map(|(i, phase)| {
                phase
                    .get_ref()
                    .read(source, i + 1, dose_response, everywhere)
            })
            .collect::<Result<Vec<Phase>, Located>>()?;
        let days: f64 = phases.iter().map(|p: &Phase| p.days).sum();
        if days > MOST_DAYS {
            return Err(source.error(
                read.name.span().start,
                "phase",
                format!("{days} days in all"),
                format!("at most {MOST_DAYS} days"),
            ));
        }
        Ok(Self {
            name: read.name.into_inner(),
            source: read.source,
            body_mass_kg,
            person,
            phases,
            text: text.to_owned(),
        })
    }

    /// Length, days.
    pub fn days(&self) -> f64 {
        days_of(&self.phases)
    }

    /// The phase that `day` falls in, with its first day; the last one goes on for ever.
    pub fn phase_at(&self, day: f64) -> (&Phase, f64) {
        phase_at(&self.phases, day)
    }
}

/// Length of phases one after the other, days.
pub fn days_of(phases: &[Phase]) -> f64 {
    phases.iter().map(|p| p.days).sum()
}

/// The phase of at least one that `day` falls in, with its first day; the last one goes on for
/// ever.
pub fn phase_at(phases: &[Phase], day: f64) -> (&Phase, f64) {
    let mut start = 0.0;
    for phase in &phases[..phases.len() - 1] {
        if day < start + phase.days - 1e-9 {
            return (phase, start);
        }
        start += phase.days;
    }
    (&phases[phases.len() - 1], start)
}

/// Days from `day` to the next whole step of `step` days: steps are counted from the beginning of a
/// phase, and its end cuts the last one short. Where results are written has no part in it.
pub fn step_from(phases: &[Phase], day: f64, step: f64) -> f64 {
    let (phase, start) = phase_at(phases, day);
    let end = start + phase.days;
    // The last phase goes on for ever.
    let (start, end) = if day < end - 1e-9 {
        (start, end)
    } else {
        (end, f64::INFINITY)
    };
    let done = ((day - start) / step + 1e-6).floor();
    (start + (done + 1.0) * step).min(end) - day
}

/// The first day on which two missions differ; none where they are the same.
pub fn first_difference(one: &[Phase], other: &[Phase]) -> Option<f64> {
    let mut day = 0.0;
    for (a, b) in one.iter().zip(other) {
        if a.conditions != b.conditions || a.name != b.name {
            return Some(day);
        }
        if a.days.to_bits() != b.days.to_bits() {
            return Some(day + a.days.min(b.days));
        }
        day += a.days;
    }
    (one.len() != other.len()).then_some(day)
}

/// Phases as tables of a file: what [`Scenario::parse`] reads under `phase`.
pub fn phase_tables(phases: &[Phase]) -> Vec<toml::Table> {
    let table = |phase: &Phase| {
        let Conditions {
            gravity,
            posture,
            exercise,
            drug,
            simulated_microgravity,
            // A scenario's own.
            dose_response: _,
            cuts,
        } = phase.conditions;
        let mut table = toml::Table::new();
        let mut set = |key: &str, value: toml::Value| table.insert(key.to_owned(), value);
        set("name", phase.name.clone().into());
        set("days", phase.days.into());
        set("gravity", gravity.into());
        set("posture", posture.name().into());
        set("exercise", exercise.name().into());
        set("drug", drug.name().into());
        set("simulated_microgravity", simulated_microgravity.into());
        let cut: Vec<toml::Value> = cuts.iter().map(|link| link.name().into()).collect();
        set("cut", cut.into());
        table
    };
    phases.iter().map(table).collect()
}

fn number(
    source: Source<'_>,
    key: &str,
    value: &Spanned<f64>,
    least: f64,
    most: f64,
    allowed: &str,
) -> Result<f64, Located> {
    let v = *value.get_ref();
    if (least..=most).contains(&v) {
        Ok(v)
    } else {
        Err(source.error(value.span().start, key, format!("{v}"), allowed))
    }
}

fn cuts(source: Source<'_>, key: &str, names: &[Spanned<String>]) -> Result<Cuts, Located> {
    let mut all = Cuts::NONE;
    for name in names {
        let link = choice(
            source,
            key,
            Some(name),
            Link::MechanicalCrosstalk,
            Link::from_name,
            Link::ALL,
            Link::name,
        )?;
        all = all.with(link, true);
    }
    Ok(all)
}

fn choice<T: Copy>(
    source: Source<'_>,
    key: &str,
    value: Option<&Spanned<String>>,
    default: T,
    from_name: impl Fn(&str) -> Option<T>,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<T, Located> {
    let Some(value) = value else {
        return Ok(default);
    };
    from_name(value.get_ref()).ok_or_else(|| {
        let allowed: Vec<String> = all.iter().map(|t| format!("\"{}\"", name(*t))).collect();
        source.error(
            value.span().start,
            key,
            format!("\"{}\"", value.get_ref()),
            allowed.join(", "),
        )
    })
}
