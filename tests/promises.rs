//! What the model must show, measured as a user would: whole scenarios on the software adapter.
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking, and exactness is what some of them are about"
)]

mod common;

use std::sync::Arc;

use common::{gpu, measured, settle, sites};
use mechanostat::measure::{Measurement, RegionSums};
use mechanostat::physiology::Model;
use mechanostat::scenario::{Conditions, Scenario};
use mechanostat::sim::Simulation;
use mechanostat::tissue::{Anatomy, SiteKind};

/// Change since day 0 (%), day by day from day 0, of every quantity.
struct Course {
    days: Vec<Vec<Measurement>>,
}

impl Course {
    fn change(&self, region: &str, quantity: &str, day: usize) -> f64 {
        let value = |d: usize| {
            let found = self.days[d]
                .iter()
                .find(|m| m.region == region && m.quantity.key() == quantity);
            found
                .unwrap_or_else(|| panic!("no {quantity} in {region}"))
                .value
        };
        100.0 * (value(day) / value(0) - 1.0)
    }

    fn curve(&self, region: &str, quantity: &str) -> Vec<f64> {
        (0..self.days.len())
            .map(|d| self.change(region, quantity, d))
            .collect()
    }

    /// Day (from `from` on) when a loss has come back to half of its deepest.
    fn half_recovered(&self, region: &str, quantity: &str, from: usize) -> Option<usize> {
        let curve = self.curve(region, quantity);
        let deepest = curve.iter().copied().fold(0.0, f64::min);
        let at = curve.iter().position(|c| *c == deepest)?;
        (at.max(from)..curve.len())
            .find(|d| curve[*d] >= 0.5 * deepest)
            .map(|d| d - from)
    }

    /// First day of half the loss of day 180.
    fn half_lost(&self, region: &str, quantity: &str) -> usize {
        let curve = self.curve(region, quantity);
        curve.iter().position(|c| *c <= 0.5 * curve[180]).unwrap()
    }
}

fn fly(size: usize, scenario: &Scenario) -> Course {
    let gpu = gpu();
    let anatomy = Arc::new(Anatomy::build("hip", size).unwrap());
    let model = Arc::new(Model::built_in().unwrap());
    let mut simulation = Simulation::new(&gpu, anatomy, Arc::clone(&model)).unwrap();
    let region_sums = RegionSums::new(simulation.body(), &model).unwrap();
    settle(&mut simulation);
    let mut days = Vec::new();
    loop {
        days.push(measured(&simulation, &region_sums));
        if simulation.day() >= scenario.days() - 1e-9 {
            return Course { days };
        }
        simulation.set_conditions(scenario.phase_at(simulation.day()).0.conditions);
        assert!(simulation.advance(1.0));
        settle(&mut simulation);
    }
}

fn built_in(name: &str) -> Scenario {
    Scenario::built_in(name).unwrap().unwrap()
}

fn at_gravity(gravity: f64) -> Scenario {
    let mut scenario = built_in("earth");
    scenario.phases[0].conditions = Conditions {
        gravity,
        ..Conditions::EARTH
    };
    scenario
}

fn promises(size: usize) {
    // Control: nothing moves.
    let earth = fly(size, &at_gravity(1.0));
    for m in &earth.days[0] {
        let moved = earth
            .curve(m.region, m.quantity.key())
            .into_iter()
            .fold(0.0f64, |a, c| a.max(c.abs()));
        assert!(
            moved <= 0.1,
            "1 g: {} of {} moved by {moved} %",
            m.quantity.key(),
            m.region
        );
    }

    // Flight, and the year after it.
    let flight = fly(size, &built_in("iss-6-months-and-a-year-home"));
    let hip = flight.change("total_hip", "bmd", 180);
    let per_month = hip / (180.0 / 30.4);
    assert!(
        (-1.5..=-0.5).contains(&per_month),
        "total hip {per_month} % a month"
    );
    let trabecular = flight.change("total_hip", "trabecular_bmd", 180);
    let cortical = flight.change("total_hip", "cortical_bmd", 180);
    assert!(
        cortical < 0.0 && trabecular / cortical >= 3.0,
        "trabecular {trabecular} %, cortical {cortical} %"
    );
    let quadriceps = flight.change("quadriceps", "volume", 8);
    assert!(
        (-8.0..=-4.0).contains(&quadriceps),
        "quadriceps {quadriceps} % at day 8"
    );
    let (muscle, bone) = (
        flight.half_lost("quadriceps", "volume"),
        flight.half_lost("total_hip", "bmd"),
    );
    assert!(
        muscle < bone,
        "half the loss: muscle day {muscle}, bone day {bone}"
    );

    let muscle = flight
        .half_recovered("quadriceps", "volume", 180)
        .expect("muscle comes back");
    let bone = flight.half_recovered("total_hip", "bmd", 180);
    assert!(
        bone.is_none_or(|b| b >= 4 * muscle.max(1)),
        "half back: muscle {muscle} days, bone {bone:?}"
    );
    let left = flight.change("total_hip", "bmd", 545);
    assert!(left < -0.5, "after a year at home bone is at {left} %");

    // Resorption first, formation later.
    let resorption = flight.change("whole_body", "resorption_marker", 14);
    assert!(resorption > 20.0, "resorption {resorption} % at day 14");
    let formation = flight.curve("whole_body", "formation_marker");
    assert!(
        formation[..=30].iter().all(|f| *f < 0.25 * resorption),
        "formation did not lag"
    );

    // Dose.
    let loss = |gravity: f64| fly(size, &at_gravity(gravity)).change("total_hip", "bmd", 180);
    let (moon, mars, earth) = (
        loss(0.166),
        loss(0.378),
        earth.change("total_hip", "bmd", 180),
    );
    println!(
        "size {size}: total hip, 180 days: 0 g {hip:.2} %, Moon {moon:.2} %, Mars {mars:.2} %, 1 g {earth:.3} %"
    );
    assert!(
        hip < moon - 0.1 && moon < mars - 0.1 && mars < earth - 0.1,
        "{hip} {moon} {mars} {earth}"
    );
}

#[test]
fn promises_hold_at_size_32() {
    promises(32);
}

#[test]
fn promises_hold_at_size_48() {
    promises(48);
}

/// Wolff's law: the principal compressive group is denser than Ward's triangle beside it.
#[test]
fn settling_grows_the_compressive_group_and_wards_triangle() {
    let gpu = gpu();
    let anatomy = Arc::new(Anatomy::build("hip", 48).unwrap());
    let model = Arc::new(Model::built_in().unwrap());
    let start = f64::from(model.physiology.trabecular_start);
    let mut simulation = Simulation::new(&gpu, Arc::clone(&anatomy), model).unwrap();
    settle(&mut simulation);
    let sites = sites(&gpu, &simulation);
    let mean = |inside: &dyn Fn([f64; 3]) -> bool| -> f64 {
        let (mut sum, mut weight, mut site) = (0.0, 0.0, 0);
        for plan in &anatomy.bone {
            let p: [f64; 3] = std::array::from_fn(|k| {
                anatomy.origin[k] + anatomy.spacing * (plan.at[k] as f64 + 0.5)
            });
            for s in &plan.sites {
                if s.kind == SiteKind::Trabecular && inside(p) {
                    sum += s.fraction * f64::from(sites[site].bvtv);
                    weight += s.fraction;
                }
                site += 1;
            }
        }
        assert!(weight > 3.0, "only {weight} voxels there");
        sum / weight
    };
    let near = |p: [f64; 3], c: [f64; 3], r: f64| {
        (0..3).map(|k| (p[k] - c[k]).powi(2)).sum::<f64>() <= r * r
    };
    // Around the middle of the head; the head's lower, inner quarter; the neck's base.
    let compressive = mean(&|p| near(p, [0.0, 0.0, 2.0], 9.0));
    let inferior_head = mean(&|p| near(p, [-12.0, 1.0, -10.0], 7.0));
    let ward = mean(&|p| near(p, [27.5, -4.5, -24.5], 7.0));
    println!(
        "BV/TV: compressive group {compressive:.3}, Ward's triangle {ward:.3}, lower inner head {inferior_head:.3}"
    );
    assert!(
        ward < 0.5 * compressive,
        "compressive {compressive}, Ward {ward}"
    );
    assert!(
        compressive > 1.2 * inferior_head,
        "compressive {compressive}, lower inner head {inferior_head}"
    );
    assert!(
        (compressive - start).abs() > 0.02 && (ward - start).abs() > 0.02,
        "nothing has settled"
    );
}

/// The settled bone is the loads' doing: it does not depend on the density that settling started
/// from.
#[test]
fn settling_forgets_where_it_started() {
    let gpu = gpu();
    let anatomy = Arc::new(Anatomy::build("hip", 24).unwrap());
    let settled = |start: f32| -> Vec<f64> {
        let mut model = Model::built_in().unwrap();
        model.physiology.trabecular_start = start;
        let mut simulation = Simulation::new(&gpu, Arc::clone(&anatomy), Arc::new(model)).unwrap();
        settle(&mut simulation);
        sites(&gpu, &simulation)
            .iter()
            .map(|s| f64::from(s.bvtv))
            .collect()
    };
    let (low, high) = (settled(0.1), settled(0.5));
    let worst = low
        .iter()
        .zip(&high)
        .map(|(a, b)| (a / b - 1.0).abs())
        .fold(0.0, f64::max);
    let mean = low
        .iter()
        .zip(&high)
        .map(|(a, b)| (a / b - 1.0).abs())
        .sum::<f64>()
        / low.len() as f64;
    println!("settled from 0.1 and from 0.5: largest difference {worst:.4}, mean {mean:.5}");
    assert!(worst < 0.05 && mean < 0.005, "largest {worst}, mean {mean}");
}
