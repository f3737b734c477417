//! What was chosen and done is a value: done, undone, written, read, and flown again to the same
//! numbers.
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking, and exactness is what some of them are about"
)]

mod common;

use std::sync::Arc;

use common::{Noise, gpu};
use mechanostat::command::wait::{Wait as _, clock};
use mechanostat::gpu::Gpu;
use mechanostat::physiology::Model;
use mechanostat::scenario::{Conditions, DoseResponse, Drug, Exercise, Link, Posture, Scenario};
use mechanostat::study::{
    Action, Document, Driver, Event, Looks, Output, Plan, Setup, Tests, What, is_document,
};
use mechanostat::tissue::Anatomy;

fn setup(scenario: &str) -> Setup {
    Setup {
        scene: "hip".to_owned(),
        mask: None,
        size: 24,
        group: "control".to_owned(),
        set: vec!["rankl_gain=1.5".to_owned()],
        grow: false,
        step_days: 1.0,
        scenario_name: scenario.to_owned(),
        scenario: Scenario::built_in(scenario).unwrap().unwrap(),
    }
}

fn output(days: f64) -> Output {
    Output {
        days,
        every: 7.5,
        fields: "none".to_owned(),
        strength: "ends".to_owned(),
    }
}

fn any(noise: &mut Noise, day: f64) -> Action {
    let mut pick = |n: usize| (noise.next() * n as f64) as usize;
    let what = match pick(9) {
        0 => What::Gravity([0.0, 0.166, 0.378, 1.0][pick(4)]),
        1 => What::Posture(Posture::ALL[pick(2)]),
        2 => What::Exercise(Exercise::ALL[pick(5)]),
        3 => What::Drug(Drug::ALL[pick(2)]),
        4 => What::SimulatedMicrogravity(pick(2) == 1),
        5 => What::FollowScenario,
        6 => What::DoseResponse(DoseResponse::ALL[pick(3)]),
        7 => What::Cut(Link::ALL[pick(Link::ALL.len())]),
        _ => What::Join(Link::ALL[pick(Link::ALL.len())]),
    };
    Action { day, what }
}

#[test]
fn any_actions_undone_give_the_document_before_and_redone_the_one_after() {
    for seed in 0..20 {
        let mut noise = Noise(seed);
        let mut document = Document::new(setup("iss-6-months"));
        let mut before = vec![document.clone()];
        for _ in 0..200 {
            // In any order of days: some are done in the past.
            let day = (200.0 * noise.next()).floor();
            document.apply(any(&mut noise, day));
            before.push(document.clone());
        }
        let conditions = |document: &Document| -> Vec<Conditions> {
            (0..210)
                .map(|d| document.conditions_at(f64::from(d)))
                .collect()
        };
        let held: Vec<_> = before.iter().map(conditions).collect();
        for wanted in held.iter().rev().skip(1) {
            assert!(document.undo().is_some());
            assert!(conditions(&document) == *wanted);
        }
        assert_eq!(document.undo(), None);
        for wanted in &held[1..] {
            assert!(document.redo().is_some());
            assert!(conditions(&document) == *wanted);
        }
        assert_eq!(document.redo(), None);
        assert_eq!(Some(&document), before.last());
        // What is done after an undo forgets what was undone.
        document.undo();
        document.apply(any(&mut noise, 3.0));
        assert_eq!(document.redo(), None);
    }
}

#[test]
fn a_document_is_read_as_it_was_written() {
    let mut noise = Noise(4);
    for count in [0, 1, 40] {
        let mut document = Document::new(setup("mars-3-years"));
        for _ in 0..count {
            let day = (300.0 * noise.next()).floor();
            document.apply(any(&mut noise, day));
        }
        let text = document.to_table(&output(300.0)).to_string();
        assert!(is_document(&text));
        let (read, out) = Document::parse("session.toml", &text).unwrap();
        assert_eq!(out, output(300.0));
        assert_eq!(read.setup(), document.setup());
        assert_eq!(read.actions(), document.actions());
        assert_eq!(read.to_table(&out).to_string(), text);
    }
    let scenario = &setup("earth").scenario.text.clone();
    assert!(!is_document(scenario));
}

#[test]
fn what_cannot_be_in_a_document_is_refused_with_its_place() {
    let document = Document::new(setup("iss-6-months"));
    let text = document.to_table(&output(100.0)).to_string();
    let refused = |text: &str, words: &[&str]| {
        let error = Document::parse("my.toml", text).unwrap_err().to_string();
        assert!(
            error.starts_with("my.toml") && !error.contains('\n'),
            "{error}"
        );
        for word in words {
            assert!(error.contains(word), "no {word:?} in: {error}");
        }
    };
    let with = |action: &str| format!("{text}\n[[action]]\n{action}");
    assert!(Document::parse("my.toml", &with("day = 3\ngravity = 1")).is_ok());
    refused(
        &with("day = 3\nsing = true"),
        &["sing = true", "gravity", "cut"],
    );
    refused(&with("day = 3\ngravity = 9.81"), &["gravity = 9.81"]);
    refused(
        &with("day = 3\nposture = \"upside-down\""),
        &["upside-down"],
    );
    refused(&with("gravity = 0.5"), &["no day"]);
    refused(&with("day = 3"), &["0 keys beside day"]);
    refused(
        &with("day = 3\ngravity = 0.0\ndrug = \"none\""),
        &["2 keys"],
    );
    refused(&with("day = 101\ngravity = 0.0"), &["day 101", "up to 100"]);
    let back = "day = 30\ngravity = 0.0\n[[action]]\nday = 29\ngravity = 1.0";
    refused(&with(back), &["day 29 after day 30", "do not go back"]);
    refused(
        &text.replace("format = 1", "format = 2"),
        &["format", "2", "newer"],
    );
    refused(&text.replace("days = 100", "days = -1"), &["days", "-1"]);
    let still = text.replace("step_days = 1.0", "step_days = 0.0");
    refused(&still, &["step_days", "0.1 to 1"]);
    refused(&format!("{text}\nsize = 32\n"), &["size"]);
    refused(&text.replace("scene = ", "scenery = "), &["scene"]);
    refused(
        &text.replace("gravity = 0", "gravity = 7"),
        &["scenario_text", "0 to 3 g"],
    );
}

fn plan(last: f64) -> Plan {
    Plan {
        looks: Looks::EachStep { last },
        tests: Tests::Never,
        orientation: false,
    }
}

fn driver(gpu: &Gpu, document: Document) -> Driver {
    let anatomy = Arc::new(Anatomy::build("hip", 24).unwrap());
    let model = Model::built_in().unwrap();
    let model = model.person("hip", "control", 75.0, &[]).unwrap();
    Driver::new(gpu, anatomy, Arc::new(model), document, plan(0.0))
        .unwrap()
        .with_timeline(64 << 20)
}

/// Goes on until the plan is done, keeping moments on the way as the window does.
fn go(driver: &mut Driver, last: f64) {
    driver.set_plan(plan(last));
    loop {
        match driver.poll(clock()).unwrap() {
            Event::Waiting => driver.simulation().gpu().wait().unwrap(),
            Event::Looked => {
                driver.go_on();
                driver.keep().unwrap();
            }
            Event::Arrived => return,
            _ => {}
        }
    }
}

/// A change in the past begins from the nearest moment before it, and comes to what a run has in
/// which it was done then.
#[test]
fn a_change_in_the_past_gives_what_it_would_have_given_then() {
    let gpu = gpu();
    let document = || Document::new(setup("iss-6-months"));
    let action = |day: f64, gravity: f64| Action {
        day,
        what: What::Gravity(gravity),
    };
    // Done in order.
    let mut forwards = driver(&gpu, document());
    go(&mut forwards, 12.0);
    forwards.apply(action(12.0, 0.378));
    go(&mut forwards, 20.0);
    forwards.apply(action(20.0, 1.0));
    go(&mut forwards, 30.0);
    let wanted = forwards.courses().rows();
    assert!(wanted.len() > 1000);

    // The first of them done last, from day 30.
    let mut backwards = driver(&gpu, document());
    go(&mut backwards, 20.0);
    backwards.apply(action(20.0, 1.0));
    go(&mut backwards, 30.0);
    let without = backwards.courses().rows();
    assert_ne!(without, wanted);
    backwards.apply(action(12.0, 0.378));
    let there = backwards.simulation().day();
    assert!((7.0..=12.0).contains(&there), "began again on day {there}");
    assert_eq!(backwards.courses().last_day(), there);
    go(&mut backwards, 30.0);
    assert!(backwards.courses().rows() == wanted);
    // Undone and redone it is the same again.
    assert!(backwards.undo());
    go(&mut backwards, 30.0);
    assert!(backwards.courses().rows() == without);
    assert!(backwards.redo());
    go(&mut backwards, 30.0);
    assert!(backwards.courses().rows() == wanted);
}
