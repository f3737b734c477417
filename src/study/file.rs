//! A document as a file: what `run.toml` is, and what the window saves.

use std::path::PathBuf;

use serde::Deserialize;
use strum::{EnumString, IntoStaticStr, VariantNames};
use toml::{Spanned, Table, Value};

use crate::io::ENDINGS;
use crate::located::{Located, Source};
use crate::scenario::{
    DoseResponse, Drug, Exercise, Link, MOST_NAME, Phase, Posture, Scenario, phase_tables,
};
use crate::tissue::{Anatomy, SCENES};

use super::action::{Action, What, Which};
use super::document::{Document, Setup};

/// Of this layout; files of newer ones are refused.
const FORMAT: i64 = 1;

/// Days of a step of the model. In shorter ones slow sites change by less than f32 tells apart.
pub const STEPS: std::ops::RangeInclusive<f64> = 0.1..=1.0;

/// Days between two rows of a run's table.
pub const EVERY: std::ops::RangeInclusive<f64> = 0.01..=36_525.0;

/// How fields are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "kebab-case")]
pub enum FieldFormat {
    /// VTK image for ParaView.
    Vti,
    /// NumPy array.
    Npy,
    /// Not at all.
    None,
}

/// When bones are tested to failure; each test costs a solve of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "kebab-case")]
pub enum StrengthDays {
    /// On the first and the last day.
    Ends,
    /// At every row of the table.
    Every,
    /// Never.
    None,
}

/// What a run of a document is to leave.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// Its last day.
    pub days: f64,
    /// Days between two rows.
    pub every: f64,
    /// Format of fields.
    pub fields: FieldFormat,
    /// When bones are tested to failure.
    pub strength: StrengthDays,
}

#[derive(Deserialize)]
struct File {
    format: Spanned<i64>,
    scenario: String,
    scenario_text: Spanned<String>,
    scene: Spanned<String>,
    mask: Option<PathBuf>,
    size: Spanned<usize>,
    group: Spanned<String>,
    set: Option<Spanned<Vec<String>>>,
    #[serde(default)]
    grow: bool,
    #[serde(default = "one")]
    step_days: f64,
    days: Spanned<f64>,
    every: Option<Spanned<f64>>,
    fields: Option<Spanned<String>>,
    strength: Option<Spanned<String>>,
    #[serde(default)]
    action: Vec<Spanned<Table>>,
}

fn one() -> f64 {
    1.0
}

/// Whether a text is a document and not a scenario: it says which format it has.
pub fn is_document(text: &str) -> bool {
    toml::from_str::<Table>(text).is_ok_and(|table| table.contains_key("format"))
}

/// The name of the second run.
const TWIN: &str = "twin";

/// The keys of an action beside its day, with what each may be.
const KEYS: &str = "day and one of gravity, posture, exercise, drug, simulated_microgravity, follow_scenario, dose_response, cut, join, branch, phases, bookmark; on = \"twin\" beside them for what is done to the twin";

impl Document {
    /// Reads a document; `file` is its name for errors.
    /// # Errors
    /// File, line, key, what was found and what is allowed.
    pub fn parse(file: &str, text: &str) -> Result<(Self, Output), Located> {
        let source = Source { file, text };
        let read: File = toml::from_str(text).map_err(|e| source.toml_error(&e))?;
        let format = *read.format.get_ref();
        if !(1..=FORMAT).contains(&format) {
            let newer = if format > FORMAT {
                ": a newer program wrote this"
            } else {
                ""
            };
            return Err(source.error(
                read.format.span().start,
                "format",
                format.to_string(),
                format!("1 to {FORMAT}{newer}"),
            ));
        }
        let days = *read.days.get_ref();
        if !(0.0..=36_525.0).contains(&days) {
            return Err(source.error(
                read.days.span().start,
                "days",
                days.to_string(),
                "0 to 36525 days",
            ));
        }
        // A step that does not move would never end.
        if !STEPS.contains(&read.step_days) {
            let allowed = format!("{} to {} days", STEPS.start(), STEPS.end());
            return Err(source.error(0, "step_days", read.step_days.to_string(), allowed));
        }
        let every = read.every.as_ref().map_or(1.0, |every| *every.get_ref());
        if let (Some(written), false) = (&read.every, EVERY.contains(&every)) {
            let allowed = format!("{} to {} days", EVERY.start(), EVERY.end());
            return Err(source.error(written.span().start, "every", every.to_string(), allowed));
        }
        let fields = named(&source, "fields", read.fields.as_ref(), FieldFormat::None)?;
        let strength = named(
            &source,
            "strength",
            read.strength.as_ref(),
            StrengthDays::None,
        )?;
        let set = read.set.as_ref();
        // Places in the text within are counted from its own first line.
        let within = format!("{file}, scenario_text");
        let setup = Setup {
            scene: read.scene.get_ref().clone(),
            mask: read.mask.clone(),
            size: *read.size.get_ref(),
            group: read.group.get_ref().clone(),
            set: set.map_or_else(Vec::new, |set| set.get_ref().clone()),
            grow: read.grow,
            step_days: read.step_days,
            scenario_name: read.scenario.clone(),
            scenario: Scenario::parse(&within, read.scenario_text.get_ref())?,
        };
        refuse_unknown(&source, &read, &setup)?;
        let mut document = Self::new(setup.clone());
        let mut last = 0.0;
        let mut actions = Vec::new();
        for table in &read.action {
            let at = table.span().start;
            let action = action(table.get_ref(), &setup.scenario)
                .map_err(|found| source.error(at, "action", found, KEYS))?;
            if !(last..=days).contains(&action.day) {
                let found = format!("day {} after day {last}", action.day);
                let allowed = format!("days that do not go back, up to {days}");
                return Err(source.error(at, "action", found, allowed));
            }
            last = action.day;
            actions.push(action);
        }
        // The twin's own past may be changed too, before the day on which it branches off.
        actions.sort_by_key(|a| a.on);
        for action in actions {
            document.apply(action);
        }
        let is_of_twin = |t: &Spanned<Table>| t.get_ref().contains_key("on");
        if let (Some(table), None) = (read.action.iter().find(|t| is_of_twin(t)), document.twin()) {
            let (at, found) = (table.span().start, "on = \"twin\", and no branch before it");
            return Err(source.error(at, "action", found, KEYS));
        }
        let output = Output {
            days,
            every,
            fields,
            strength,
        };
        Ok((document, output))
    }

    /// The document as keys of a file.
    pub fn to_table(&self, output: &Output) -> Table {
        let setup = self.setup();
        let mut table = Table::new();
        let mut set = |key: &str, value: Value| table.insert(key.to_owned(), value);
        set("format", FORMAT.into());
        set("scenario", setup.scenario_name.clone().into());
        set("scene", setup.scene.clone().into());
        set("size", (setup.size as i64).into());
        if let Some(mask) = &setup.mask {
            set("mask", mask.display().to_string().into());
        }
        set("group", setup.group.clone().into());
        set("body_mass_kg", setup.scenario.body_mass_kg.into());
        let strings = setup.set.iter().map(|s| s.clone().into());
        set("set", Value::Array(strings.collect()));
        set("grow", setup.grow.into());
        set("days", output.days.into());
        set("every", output.every.into());
        set("step_days", setup.step_days.into());
        set("fields", <&str>::from(output.fields).into());
        set("strength", <&str>::from(output.strength).into());
        set("scenario_text", setup.scenario.text.clone().into());
        let actions = self.actions();
        if !actions.is_empty() {
            let actions = actions.iter().map(|a| Value::Table(table_of(a)));
            set("action", Value::Array(actions.collect()));
        }
        table
    }
}

/// A value by its name, or what is usual where it is not written.
fn named<T: std::str::FromStr + VariantNames>(
    source: &Source<'_>,
    key: &str,
    written: Option<&Spanned<String>>,
    usual: T,
) -> Result<T, Located> {
    let Some(written) = written else {
        return Ok(usual);
    };
    let name = written.get_ref();
    name.parse()
        .map_err(|_unknown| source.error(written.span().start, key, name, T::VARIANTS.join(", ")))
}

/// A scene that is neither the program's nor a scan, a size that no scene has, a group or a
/// parameter that there is not.
fn refuse_unknown(source: &Source<'_>, read: &File, setup: &Setup) -> Result<(), Located> {
    let refuse = |at: usize, key: &str, why: &dyn std::fmt::Display| {
        Err(source.error(at, key, why.to_string(), "what the program knows"))
    };
    let lower = setup.scene.to_lowercase();
    let is_scan = ENDINGS.iter().any(|ending| lower.ends_with(ending));
    if !SCENES.contains(&setup.scene.as_str()) && !is_scan {
        let allowed = format!("{}, or a scan: {}", SCENES.join(", "), ENDINGS.join(", "));
        return Err(source.error(
            read.scene.span().start,
            "scene",
            format!("\"{}\"", setup.scene),
            allowed,
        ));
    }
    // A scan is built at the sizes that scenes are.
    let scene = if is_scan { SCENES[0] } else { &setup.scene };
    if let Err(why) = Anatomy::check(scene, setup.size) {
        return refuse(read.size.span().start, "size", &why);
    }
    let without_set = Setup {
        set: Vec::new(),
        ..setup.clone()
    };
    if let Err(why) = without_set.model(SCENES[0]) {
        return refuse(read.group.span().start, "group", &why);
    }
    match (setup.model(SCENES[0]), &read.set) {
        (Err(why), Some(set)) => refuse(set.span().start, "set", &why),
        _ => Ok(()),
    }
}

fn table_of(action: &Action) -> Table {
    let (key, value): (&str, Value) = match &action.what {
        What::Gravity(gravity) => ("gravity", (*gravity).into()),
        What::Posture(posture) => ("posture", posture.name().into()),
        What::Exercise(exercise) => ("exercise", exercise.name().into()),
        What::Drug(drug) => ("drug", drug.name().into()),
        What::SimulatedMicrogravity(is) => ("simulated_microgravity", (*is).into()),
        What::FollowScenario => ("follow_scenario", true.into()),
        What::DoseResponse(answer) => ("dose_response", answer.name().into()),
        What::Cut(link) => ("cut", link.name().into()),
        What::Join(link) => ("join", link.name().into()),
        What::Branch => ("branch", true.into()),
        What::Phases(phases) => ("phases", phase_tables(phases).into()),
        What::Bookmark(sentence) => ("bookmark", sentence.clone().into()),
        // A document's actions as they hold have neither.
        What::Keep => ("keep", true.into()),
        What::Unmark => ("unmark", true.into()),
    };
    let mut table = Table::new();
    table.insert("day".to_owned(), action.day.into());
    table.insert(key.to_owned(), value);
    if action.on == Which::Twin {
        table.insert("on".to_owned(), TWIN.into());
    }
    table
}

/// A number, whole or not.
fn number(value: &Value) -> Option<f64> {
    value
        .as_float()
        .or_else(|| value.as_integer().map(|n| n as f64))
}

/// Phases as a scenario file has them, with what holds everywhere in the scenario.
fn phases(value: &Value, scenario: &Scenario) -> Result<Vec<Phase>, String> {
    let mut file = Table::new();
    file.insert("name".to_owned(), "phases".into());
    file.insert("phase".to_owned(), value.clone());
    let text = toml::to_string(&file).map_err(|e| e.to_string())?;
    let read = Scenario::parse("phases", &text)
        .map_err(|e| format!("{}: {}; allowed there: {}", e.key, e.found, e.allowed))?;
    let mut phases = read.phases;
    for phase in &mut phases {
        phase.conditions.dose_response = scenario.phases[0].conditions.dose_response;
    }
    Ok(phases)
}

fn action(table: &Table, scenario: &Scenario) -> Result<Action, String> {
    let day = table.get("day").and_then(number);
    let day = day.filter(|d| d.is_finite()).ok_or("no day")?;
    let on = match table.get("on").map(|on| on.as_str()) {
        None => Which::First,
        Some(Some(TWIN)) => Which::Twin,
        Some(_) => return Err(format!("on = {}", table["on"])),
    };
    let mut others = table
        .iter()
        .filter(|(key, _)| *key != "day" && *key != "on");
    let (Some((key, value)), None) = (others.next(), others.next()) else {
        let count = table.len() - 1 - usize::from(on == Which::Twin);
        return Err(format!("{count} keys beside day"));
    };
    let bad = || format!("{key} = {value}");
    let word = value.as_str().unwrap_or_default();
    let what = match key.as_str() {
        "gravity" => number(value)
            .filter(|g| (0.0..=3.0).contains(g))
            .map(What::Gravity),
        "posture" => Posture::from_name(word).map(What::Posture),
        "exercise" => Exercise::from_name(word).map(What::Exercise),
        "drug" => Drug::from_name(word).map(What::Drug),
        "simulated_microgravity" => value.as_bool().map(What::SimulatedMicrogravity),
        "follow_scenario" => (value.as_bool() == Some(true)).then_some(What::FollowScenario),
        "dose_response" => DoseResponse::from_name(word).map(What::DoseResponse),
        "cut" => Link::from_name(word).map(What::Cut),
        "join" => Link::from_name(word).map(What::Join),
        "branch" => (value.as_bool() == Some(true) && on == Which::First).then_some(What::Branch),
        "phases" => Some(What::Phases(phases(value, scenario)?)),
        "bookmark" => value
            .as_str()
            .filter(|s| on == Which::First && s.chars().count() <= MOST_NAME)
            .map(|s| What::Bookmark(s.to_owned())),
        _ => None,
    };
    Ok(Action {
        day,
        what: what.ok_or_else(bad)?,
        on,
    })
}
