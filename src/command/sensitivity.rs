//! `mechanostat validate --sensitivity`: how headline figures move with each parameter.

use std::sync::Arc;

use crate::evidence::condition;
use crate::gpu::{Gpu, Request};
use crate::measure::{Quantity, WHOLE_BODY};
use crate::physiology::{Model, Physiology};
use crate::scenario::STANDARD_MASS_KG;
use crate::sim::estimate_need;
use crate::sim::links::SETTLING;
use crate::study::{Looks, Plan, person};
use crate::tissue::{Anatomy, SCENES};

use super::error::{CommandError, say};
use super::flights::Flights;
use super::progress::Progress;
use super::validate_args::ValidateArgs;
use super::wait::open_gpu;

/// By how much each parameter is changed.
const NUDGE: f64 = 0.1;

/// A figure that is looked at.
struct Headline {
    name: &'static str,
    region: &'static str,
    quantity: Quantity,
    day: u32,
}

const fn headline(
    name: &'static str,
    region: &'static str,
    quantity: Quantity,
    day: u32,
) -> Headline {
    Headline {
        name,
        region,
        quantity,
        day,
    }
}

const HEADLINES: &[Headline] = &[
    headline("hip bmd", "total_hip", Quantity::Bmd, 180),
    headline("hip trab", "total_hip", Quantity::TrabecularBmd, 180),
    headline("hip cort", "total_hip", Quantity::CorticalBmd, 180),
    headline("hip home", "total_hip", Quantity::Bmd, 270),
    headline("quads d8", "quadriceps", Quantity::Volume, 8),
    headline("quads", "quadriceps", Quantity::Volume, 180),
    headline("strength", "quadriceps", Quantity::MuscleStrength, 180),
    headline("CTX", WHOLE_BODY, Quantity::ResorptionMarker, 120),
    headline("formation", WHOLE_BODY, Quantity::FormationMarker, 180),
];

/// The runs behind the figures.
struct Missions {
    gpu: Gpu,
    anatomy: Arc<Anatomy>,
    /// With the parameters as they are.
    settled: Flights,
}

impl Missions {
    fn new(args: &ValidateArgs, model: &Model) -> Result<Self, CommandError> {
        let scene = SCENES[0];
        let need = estimate_need(scene, args.size())?;
        let gpu = open_gpu(Request::on(args.adapter.as_deref(), need))?;
        let anatomy = Arc::new(Anatomy::build(scene, args.size())?);
        Ok(Self {
            settled: Flights::new(&gpu, &anatomy, &Arc::new(model.clone()))?,
            gpu,
            anatomy,
        })
    }

    /// The figures with other parameters, settled anew where settling hangs on what is changed.
    fn with(&mut self, model: &Model, settle_anew: bool) -> Result<Vec<f64>, CommandError> {
        let model = Arc::new(model.clone());
        if settle_anew {
            return figures(&mut Flights::new(&self.gpu, &self.anatomy, &model)?);
        }
        // What settles by the parameters as they are must do so before others are set.
        self.settled.settle()?;
        self.settled.set_model(model)?;
        figures(&mut self.settled)
    }
}

/// Each headline's change since day 0, %.
fn figures(flights: &mut Flights) -> Result<Vec<f64>, CommandError> {
    let flight = condition("flight").ok_or_else(|| CommandError::usage("no flight"))??;
    let mut days: Vec<u32> = HEADLINES.iter().map(|h| h.day).chain([0]).collect();
    days.sort_unstable();
    days.dedup();
    let looks = Looks::On(days.into_iter().map(f64::from).collect());
    let courses = flights.fly("flight", flight, Plan::of(looks), &mut |_| {})?;
    let of = |h: &Headline| {
        let course = courses.change(h.region, h.quantity);
        let day = course
            .iter()
            .find(|(day, _)| (day - f64::from(h.day)).abs() < 1e-6);
        day.map_or(f64::NAN, |(_, change)| *change)
    };
    Ok(HEADLINES.iter().map(of).collect())
}

fn line(name: &str, cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|c| format!("{c:>14}")).collect();
    format!("{name:<38}{}", cells.concat())
}

/// Changes each parameter 10 % down and up, and tells how the headlines move.
pub(super) fn sensitivity(args: &ValidateArgs) -> Result<(), CommandError> {
    let model = person(SCENES[0], "control", STANDARD_MASS_KG, &args.set)?;
    let mut flights = Missions::new(args, &model)?;
    let names: Vec<&str> = Physiology::NAMES
        .iter()
        .copied()
        .filter(|n| model.physiology.get(n).is_some_and(|v| v != 0.0))
        .collect();
    let bar = Progress::new(0, 2.0 * names.len() as f64 + 1.0);
    let base = flights.with(&model, false)?;
    let mut all = serde_json::Map::new();
    if !args.json {
        say("Change in percentage points of each figure, for the parameter 10 % down / up.")?;
        say(&line(
            "flight of 180 days, control",
            &HEADLINES
                .iter()
                .map(|h| h.name.to_owned())
                .collect::<Vec<_>>(),
        ))?;
        let cells: Vec<String> = base.iter().map(|b| format!("{b:.2}")).collect();
        say(&line("as it is (%)", &cells))?;
    }
    for name in names {
        let mut moved = Vec::new();
        for factor in [1.0 - NUDGE, 1.0 + NUDGE] {
            let changed = nudged(args, &model, name, factor)?;
            let found = flights.with(&changed, SETTLING.contains(&name))?;
            moved.push(
                found
                    .iter()
                    .zip(&base)
                    .map(|(f, b)| f - b)
                    .collect::<Vec<f64>>(),
            );
            bar.another();
        }
        if args.json {
            let figures: serde_json::Map<String, serde_json::Value> = HEADLINES
                .iter()
                .zip(moved[0].iter().zip(&moved[1]))
                .map(|(h, (down, up))| (h.name.to_owned(), serde_json::json!([down, up])))
                .collect();
            all.insert(name.to_owned(), figures.into());
        } else {
            let cells = moved[0].iter().zip(&moved[1]);
            let cells: Vec<String> = cells
                .map(|(down, up)| format!("{:+.2}/{:+.2}", down + 0.0, up + 0.0))
                .collect();
            say(&line(name, &cells))?;
        }
    }
    bar.finish();
    if args.json {
        let figures: Vec<serde_json::Value> = HEADLINES
            .iter()
            .zip(&base)
            .map(|(h, b)| serde_json::json!({"name": h.name, "region": h.region, "quantity": h.quantity.key(), "day": h.day, "change_pct": b}))
            .collect();
        let whole = serde_json::json!({"size": args.size(), "figures": figures, "points_for_10_percent_down_and_up": all});
        say(&format!("{whole:#}"))?;
    }
    Ok(())
}

/// A person with one parameter changed, no further than it goes: bone cannot fill more than its
/// volume.
fn nudged(
    args: &ValidateArgs,
    model: &Model,
    name: &str,
    factor: f64,
) -> Result<Model, CommandError> {
    let value = f64::from(model.physiology.get(name).unwrap_or_default()) * factor;
    let value = model
        .range(name)
        .map_or(value, |([low, high], _)| value.clamp(low, high));
    // Muscle's mass changes forces too, so the person is made anew.
    let mut set = args.set.clone();
    set.push(format!("{name}={value}"));
    Ok(person(SCENES[0], "control", STANDARD_MASS_KG, &set)?)
}
