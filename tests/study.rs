//! What was chosen and done is a value: done, undone, written, read, and flown again to the same
//! numbers.
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking, and exactness is what some of them are about"
)]

mod common;

use std::sync::Arc;

use common::{Noise, gpu, read};
use mechanostat::command::wait::arrive;
use mechanostat::gpu::Gpu;
use mechanostat::measure::DayTissue;
use mechanostat::physiology::Model;
use mechanostat::scenario::{Conditions, DoseResponse, Drug, Exercise, Link, Posture, Scenario};
use mechanostat::sim::state::{MuscleState, MuscleVoxel, SiteState};
use mechanostat::study::{
    Action, Document, Driver, FieldFormat, Looks, Output, Plan, Run, Setup, StrengthDays, Tests,
    What, Which, is_document,
};
use mechanostat::tissue::Anatomy;

fn setup(scenario: &str) -> Setup {
    Setup {
        size: 24,
        set: vec!["rankl_gain=1.5".to_owned()],
        ..Setup::new(scenario, Scenario::built_in(scenario).unwrap().unwrap())
    }
}

fn output(days: f64) -> Output {
    Output {
        days,
        every: 7.5,
        fields: FieldFormat::None,
        strength: StrengthDays::Ends,
    }
}

fn any(noise: &mut Noise, day: f64) -> Action {
    let mut pick = |n: usize| (noise.next() * n as f64) as usize;
    let what = match pick(10) {
        0 => What::Gravity([0.0, 0.166, 0.378, 1.0][pick(4)]),
        1 => What::Posture(Posture::ALL[pick(2)]),
        2 => What::Exercise(Exercise::ALL[pick(5)]),
        3 => What::Drug(Drug::ALL[pick(2)]),
        4 => What::SimulatedMicrogravity(pick(2) == 1),
        5 => What::FollowScenario,
        6 => What::DoseResponse(DoseResponse::ALL[pick(3)]),
        7 => What::Cut(Link::ALL[pick(Link::ALL.len())]),
        8 => What::Join(Link::ALL[pick(Link::ALL.len())]),
        _ => What::Branch,
    };
    let action = Action::new(day, what);
    if what != What::Branch && pick(3) == 0 {
        action.on_twin()
    } else {
        action
    }
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
            let twin = document.twin().map(|(twin, _)| twin);
            let both = [Some(document), twin.as_ref()].into_iter().flatten();
            let days = |d: &Document| -> Vec<_> {
                (0..210)
                    .map(|day| d.conditions_at(f64::from(day)))
                    .collect()
            };
            both.flat_map(days).collect()
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
    assert!(Document::parse("my.toml", &with("day = 3\nbranch = true")).is_ok());
    let lonely = "day = 3\ngravity = 0.5\non = \"twin\"";
    refused(&with(lonely), &["twin", "no branch"]);
    let odd = "day = 3\ngravity = 0.5\non = \"moon\"";
    refused(&with(odd), &["on = \"moon\""]);
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
    // Two setups, and each key of one.
    refused(&format!("{text}\nsize = 32\n"), &["size", "duplicate"]);
    refused(&format!("{text}{text}"), &["duplicate"]);
    for (from, to, words) in [
        ("size = 24", "size = 5", ["line", "size 5", "24 to 512"]),
        (
            "scene = \"hip\"",
            "scene = \"hipp\"",
            [
                "line",
                "scene: \"hipp\"",
                "lumbar, trabecular-core, or a scan",
            ],
        ),
        ("size = 24", "size = -5", ["line", "size", "a whole number"]),
        (
            "\"control\"",
            "\"martian\"",
            ["line", "martian", "control, op, oa"],
        ),
        (
            "rankl_gain=1.5",
            "rankl=1.5",
            ["line", "rankl", "rankl_gain"],
        ),
        (
            "rankl_gain=1.5",
            "rankl_gain=99",
            ["line", "rankl_gain=99", "0 to 20"],
        ),
        (
            "every = 7.5",
            "every = 0",
            ["line", "every", "0.01 to 36525 days"],
        ),
        (
            "fields = \"none\"",
            "fields = \"png\"",
            ["line", "png", "vti, npy, none"],
        ),
        (
            "\"ends\"",
            "\"often\"",
            ["line", "often", "ends, every, none"],
        ),
        ("format = 1", "format = 0", ["line", "format", "1 to 1"]),
    ] {
        assert!(text.contains(from), "{from} is not in: {text}");
        refused(&text.replace(from, to), &words);
    }
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
    let run = Run::new(gpu, anatomy, Arc::new(model), document, plan(0.0)).unwrap();
    Driver::new(run.with_timeline(64 << 20, 64 << 20).unwrap())
}

/// Goes on until the plan is done, keeping moments on the way as the window does.
fn go(driver: &mut Driver, last: f64) {
    driver.set_plan(plan(last));
    arrive(driver, |_| {}).unwrap();
}

/// A change in the past begins from the nearest moment before it, and comes to what a run has in
/// which it was done then.
#[test]
fn a_change_in_the_past_gives_what_it_would_have_given_then() {
    let gpu = gpu();
    let document = || Document::new(setup("iss-6-months"));
    let action = |day: f64, gravity: f64| Action::new(day, What::Gravity(gravity));
    // Done in order.
    let mut forwards = driver(&gpu, document());
    go(&mut forwards, 12.0);
    forwards.apply(action(12.0, 0.378)).unwrap();
    go(&mut forwards, 20.0);
    forwards.apply(action(20.0, 1.0)).unwrap();
    go(&mut forwards, 30.0);
    let wanted = forwards.run().courses().rows();
    assert!(wanted.len() > 1000);

    // The first of them done last, from day 30.
    let mut backwards = driver(&gpu, document());
    go(&mut backwards, 20.0);
    backwards.apply(action(20.0, 1.0)).unwrap();
    go(&mut backwards, 30.0);
    let without = backwards.run().courses().rows();
    assert_ne!(without, wanted);
    backwards.apply(action(12.0, 0.378)).unwrap();
    let there = backwards.run().simulation().day();
    assert!((7.0..=12.0).contains(&there), "began again on day {there}");
    assert_eq!(backwards.run().courses().last_day(), there);
    go(&mut backwards, 30.0);
    assert!(backwards.run().courses().rows() == wanted);
    // Undone and redone it is the same again.
    assert!(backwards.undo().unwrap());
    go(&mut backwards, 30.0);
    assert!(backwards.run().courses().rows() == without);
    assert!(backwards.redo().unwrap());
    go(&mut backwards, 30.0);
    assert!(backwards.run().courses().rows() == wanted);
}

/// Tissue of each day as it was kept, against the body on that day.
#[test]
fn each_days_density_and_fibre_area_are_kept() {
    let gpu = gpu();
    let mut driver = driver(&gpu, Document::new(setup("iss-6-months")));
    go(&mut driver, 9.0);
    let simulation = driver.run().simulation();
    let days = driver.run().timeline().days();
    let numbers: Vec<f64> = days.iter().map(DayTissue::day).collect();
    assert_eq!(numbers, (0..=9).map(f64::from).collect::<Vec<_>>());
    let state = simulation.state();
    let sites: Vec<SiteState> = read(&gpu, &state.bone, state.counts.sites);
    let last = &days[9];
    let (mut most, mut moved) = (0.0f64, 0.0f64);
    for (k, site) in sites.iter().enumerate() {
        let found = last.bvtv(k).unwrap();
        most = most.max((found - f64::from(site.bvtv)).abs());
        moved = moved.max((found - days[0].bvtv(k).unwrap()).abs());
    }
    // Half a step of 16 bits; and the tissue is not what it was.
    assert!(most <= 0.51 / 65535.0, "{most}");
    assert!(moved > 20.0 / 65535.0, "{moved}");
    assert_eq!(last.bvtv(sites.len()), None);
    let voxels: Vec<MuscleVoxel> = read(&gpu, &state.muscle_voxels, state.counts.muscle_voxels);
    let muscle: Vec<MuscleState> = read(&gpu, &state.muscle, voxels.len());
    let mut most = 0.0f64;
    for (k, (voxel, now)) in voxels.iter().zip(&muscle).enumerate() {
        let share = f64::from(voxel.type1);
        let area = share * f64::from(now.type1) + (1.0 - share) * f64::from(now.type2);
        most = most.max((last.fibre_area(k).unwrap() - area).abs());
    }
    assert!(most <= 1.02 / 65535.0, "{most}");
    assert!(last.fibre_area(0).unwrap() < 0.97);
    assert_eq!(last.fibre_area(voxels.len()), None);
    let [moments, kept] = driver.run().timeline().bytes();
    assert!(moments <= 64 << 20 && kept >= 10 * 2 * (sites.len() + voxels.len()) as u64);
}

/// A twin comes to what a run of its own has to which the same was done, and leaves the first as it
/// was; undone it is gone, and its past can be changed before it branched off.
#[test]
fn a_twin_is_a_run_of_its_own() {
    let gpu = gpu();
    let alone = |actions: &[Action]| {
        let mut document = Document::new(setup("iss-6-months"));
        for action in actions {
            document.apply(*action);
        }
        let mut driver = driver(&gpu, document);
        go(&mut driver, 24.0);
        driver.run().courses().rows()
    };
    let gravity = |day: f64, g: f64| Action::new(day, What::Gravity(g));
    let first = alone(&[gravity(3.0, 0.5)]);
    let second = alone(&[gravity(3.0, 0.5), gravity(16.0, 1.0)]);
    let earlier = alone(&[gravity(3.0, 0.5), gravity(5.0, 0.378), gravity(16.0, 1.0)]);
    assert!(first != second && second != earlier);

    let mut both = driver(&gpu, Document::new(setup("iss-6-months")));
    go(&mut both, 3.0);
    both.apply(gravity(3.0, 0.5)).unwrap();
    go(&mut both, 16.0);
    both.apply(Action::new(16.0, What::Branch)).unwrap();
    assert!(both.has_twin());
    // It stands where the first does, though the last moment that was kept is of day 14.
    assert_eq!(both.of(Which::Twin).simulation().day(), 16.0);
    both.apply(gravity(16.0, 1.0).on_twin()).unwrap();
    go(&mut both, 24.0);
    let rows = |driver: &Driver, which| driver.of(which).courses().rows();
    assert!(rows(&both, Which::First) == first);
    assert!(rows(&both, Which::Twin) == second);

    // Written and read again, it is the same.
    let text = both.document().to_table(&output(24.0)).to_string();
    let (read, _) = Document::parse("twins.toml", &text).unwrap();
    assert_eq!(read.actions(), both.document().actions());
    let mut again = driver(&gpu, read);
    go(&mut again, 24.0);
    assert!(rows(&again, Which::Twin) == second);

    // The twin's past is changed before it branched off; the first stays as it is.
    both.apply(gravity(5.0, 0.378).on_twin()).unwrap();
    go(&mut both, 24.0);
    assert!(rows(&both, Which::First) == first);
    assert!(rows(&both, Which::Twin) == earlier);
    assert!(both.undo().unwrap());
    go(&mut both, 24.0);
    assert!(rows(&both, Which::Twin) == second);
    // Undone twice more it is gone, and the first is what it was.
    assert!(both.undo().unwrap() && both.undo().unwrap());
    assert!(!both.has_twin());
    go(&mut both, 24.0);
    assert!(rows(&both, Which::First) == first);
}

/// Moves of a slider are one action; other things done on the same day are actions of their own.
#[test]
fn a_drag_is_one_action() {
    let mut document = Document::new(setup("earth"));
    document.apply(Action::new(2.0, What::Gravity(0.0)));
    document.apply(Action::new(4.0, What::Gravity(0.9)));
    for g in [0.8, 0.7, 0.5] {
        document.adjust(Action::new(4.0, What::Gravity(g)));
    }
    assert_eq!(document.actions().len(), 2);
    assert_eq!(document.conditions_at(4.0).gravity, 0.5);
    document.adjust(Action::new(5.0, What::Gravity(0.4)));
    document.adjust(Action::new(5.0, What::Posture(Posture::BedRest)));
    assert_eq!(document.actions().len(), 4);
    document.undo();
    document.undo();
    document.undo();
    assert_eq!(document.conditions_at(4.0).gravity, 0.0);
}

/// A run of which nothing was kept cannot be changed in its past: that is said, and neither the
/// study nor the run is another one.
#[test]
fn a_change_that_cannot_be_followed_changes_nothing() {
    let gpu = gpu();
    let anatomy = Arc::new(Anatomy::build("hip", 24).unwrap());
    let model = setup("iss-6-months").model("hip").unwrap();
    let document = Document::new(setup("iss-6-months"));
    let run = Run::new(&gpu, anatomy, model, document, plan(0.0)).unwrap();
    let mut driver = Driver::new(run);
    go(&mut driver, 5.0);
    let error = driver
        .apply(Action::new(2.0, What::Gravity(1.0)))
        .unwrap_err();
    assert!(error.to_string().contains("before day 2"), "{error}");
    assert_eq!(driver.document().actions(), []);
    assert_eq!(driver.run().simulation().day(), 5.0);
    assert!(!driver.undo().unwrap());
    // Today it can be.
    driver.apply(Action::new(5.0, What::Gravity(1.0))).unwrap();
    go(&mut driver, 6.0);
    assert_eq!(driver.run().courses().len(), 7);
}
