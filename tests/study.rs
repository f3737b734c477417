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
use mechanostat::scenario::{
    Conditions, DoseResponse, Drug, Exercise, Link, Phase, Posture, Scenario,
};
use mechanostat::sim::state::{MuscleState, MuscleVoxel, SiteState};
use mechanostat::study::{
    Action, DEMONSTRATIONS, Document, Driver, Event, FieldFormat, Looks, Output, Plan, Run, Setup,
    StrengthDays, Tests, What, Which, is_document, published_beside,
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

fn phases(pick: &mut impl FnMut(usize) -> usize) -> Vec<Phase> {
    let mut phase = || Phase {
        name: format!("phase {}", pick(4)),
        days: 20.0 + pick(100) as f64,
        conditions: Conditions {
            gravity: [0.0, 0.378, 1.0][pick(3)],
            exercise: Exercise::ALL[pick(5)],
            ..Conditions::EARTH
        },
    };
    vec![phase(), phase()]
}

fn any(noise: &mut Noise, day: f64) -> Action {
    let mut pick = |n: usize| (noise.next() * n as f64) as usize;
    let what = match pick(14) {
        0 => What::Gravity([0.0, 0.166, 0.378, 1.0][pick(4)]),
        1 => What::Posture(Posture::ALL[pick(2)]),
        2 => What::Exercise(Exercise::ALL[pick(5)]),
        3 => What::Drug(Drug::ALL[pick(2)]),
        4 => What::SimulatedMicrogravity(pick(2) == 1),
        5 => What::FollowScenario,
        6 => What::DoseResponse(DoseResponse::ALL[pick(3)]),
        7 => What::Cut(Link::ALL[pick(Link::ALL.len())]),
        8 => What::Join(Link::ALL[pick(Link::ALL.len())]),
        9 => What::Keep,
        10 => What::Bookmark(format!("\"day\" {day}")),
        11 => What::Unmark,
        12 => What::Phases(phases(&mut pick)),
        _ => What::Branch,
    };
    let is_of_first = matches!(
        what,
        What::Branch | What::Keep | What::Bookmark(_) | What::Unmark
    );
    let action = Action::new(day, what);
    if !is_of_first && pick(3) == 0 {
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
        for _ in 0..80 {
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
                    .step_by(3)
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
    for count in [0, 1, 5, 10, 20, 40, 80, 160] {
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
        assert_eq!(read.phases(), document.phases());
        assert_eq!(read.bookmarks(), document.bookmarks());
        let twins = [&read, &document].map(|d| d.twin().map(|(twin, day)| (twin.actions(), day)));
        assert_eq!(twins[0], twins[1]);
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
fn each_days_tissue_is_kept() {
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
    let close = |found: Option<f64>, want: f32| {
        let want = f64::from(want);
        (found.unwrap() - want).abs() <= want.abs() / 2048.0 + 1e-9
    };
    for (k, site) in sites.iter().enumerate() {
        assert!(close(last.osteoclasts(k), site.osteoclasts));
        assert!(close(last.osteoblasts(k), site.osteoblasts));
    }
    assert!(sites.iter().any(|s| (s.osteoclasts - 1.0).abs() > 0.01));
    assert_eq!(last.osteoclasts(sites.len()), None);
    let energy: Vec<f32> = read(&gpu, &state.energy, state.counts.bone_voxels);
    for (k, energy) in energy.iter().enumerate() {
        assert!(
            close(last.energy(k), *energy),
            "{:?} {energy}",
            last.energy(k)
        );
    }
    assert!(energy.iter().any(|e| *e > 0.0));
    assert_eq!(last.energy(energy.len()), None);
    let voxels: Vec<MuscleVoxel> = read(&gpu, &state.muscle_voxels, state.counts.muscle_voxels);
    let muscle: Vec<MuscleState> = read(&gpu, &state.muscle, voxels.len());
    let mut most = 0.0f64;
    for (k, (voxel, now)) in voxels.iter().zip(&muscle).enumerate() {
        let share = f64::from(voxel.type1);
        let area = share * f64::from(now.type1) + (1.0 - share) * f64::from(now.type2);
        most = most.max((last.fibre_area(k).unwrap() - area).abs());
        assert!(close(last.fluid(k), now.fluid));
    }
    assert!(most <= 1.02 / 65535.0, "{most}");
    assert!(last.fibre_area(0).unwrap() < 0.97);
    assert_eq!(last.fibre_area(voxels.len()), None);
    let [moments, kept] = driver.run().timeline().bytes();
    assert!(moments <= 64 << 20 && kept >= 10 * 2 * (sites.len() + voxels.len()) as u64);
}

/// A twin comes to what a run of its own has to which the same was done, and leaves the first as it
/// was; undone it is gone, and its past can be changed before it branched off.
/// A second body that comes forward to a day is, there, what the run itself was.
#[test]
fn a_visit_to_a_past_day_finds_the_body_of_that_day() {
    let gpu = gpu();
    let mut driver = driver(&gpu, Document::new(setup("iss-6-months")));
    go(&mut driver, 10.0);
    let body = |run: &Run| -> [Vec<f32>; 4] {
        let state = run.simulation().state();
        let of = [&state.bone, &state.muscle, &state.energy, &state.level];
        of.map(|buffer| read(&gpu, buffer, (buffer.size() / 4) as usize))
    };
    let was = body(driver.run());
    go(&mut driver, 21.0);
    assert!(body(driver.run()) != was);
    let mut visit = driver.visit(Which::First, 10.0).unwrap();
    let mut now = std::time::Duration::ZERO;
    while visit.poll(now).unwrap() != Event::Looked {
        now += std::time::Duration::from_millis(1);
        gpu.device().poll(wgpu::PollType::Poll).ok();
    }
    assert!(body(&visit) == was);
    assert_eq!(driver.run().simulation().day(), 21.0);
}

#[test]
fn a_twin_is_a_run_of_its_own() {
    let gpu = gpu();
    let alone = |actions: &[Action]| {
        let mut document = Document::new(setup("iss-6-months"));
        for action in actions {
            document.apply(action.clone());
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

#[test]
fn what_acts_by_hand_says_how_the_body_is_held() {
    let mut document = Document::new(setup("earth"));
    document.apply(Action::new(2.0, What::Gravity(0.5)));
    assert_eq!(document.name_at(2.0), "0.50 g, by hand");
    for (posture, told) in [
        (Posture::BedRest, "0.50 g, bed rest, by hand"),
        (Posture::Paralysed, "0.50 g, paralysed legs, by hand"),
    ] {
        document.apply(Action::new(3.0, What::Posture(posture)));
        assert_eq!(document.name_at(3.0), told);
    }
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

/// A mission that was edited, on a day that is past, comes to what that mission gives from the
/// start; so does one that is read from a file.
#[test]
fn an_edited_mission_gives_what_it_gives_from_the_start() {
    let gpu = gpu();
    let phase = |name: &str, days: f64, gravity: f64| Phase {
        name: name.to_owned(),
        days,
        conditions: Conditions {
            gravity,
            ..Conditions::EARTH
        },
    };
    // The second phase begins half a day off the steps of the first.
    let wanted = vec![phase("up", 9.5, 0.0), phase("down", 30.0, 1.0)];
    let scenario = |phases: Vec<Phase>| Scenario {
        phases,
        ..setup("iss-6-months").scenario
    };
    let of = |phases: Vec<Phase>| Setup {
        scenario: scenario(phases),
        ..setup("iss-6-months")
    };
    let mut from_start = driver(&gpu, Document::new(of(wanted.clone())));
    go(&mut from_start, 20.0);
    let mut edited = driver(&gpu, Document::new(setup("iss-6-months")));
    go(&mut edited, 18.0);
    let before = edited.run().courses().rows();
    edited
        .apply(Action::new(9.5, What::Phases(wanted.clone())))
        .unwrap();
    assert!(edited.run().simulation().day() <= 9.5);
    go(&mut edited, 20.0);
    assert!(edited.run().courses().rows() == from_start.run().courses().rows());
    assert_eq!(edited.document().days(), 39.5);
    let text = edited.document().to_table(&output(20.0)).to_string();
    let (read, _) = Document::parse("edited.toml", &text).unwrap();
    assert_eq!(read.phases(), wanted);
    // Taken back, it is what it was.
    assert!(edited.undo().unwrap());
    go(&mut edited, 18.0);
    assert!(edited.run().courses().rows() == before);

    // What no phase may be is refused with its place.
    let bad = text.replace("days = 9.5", "days = -1.0");
    assert_ne!(bad, text);
    let error = Document::parse("edited.toml", &bad)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("edited.toml, line") && error.contains("days"),
        "{error}"
    );
}

/// A twin that is kept takes the first run's place, past and all; undone both are what they were.
#[test]
fn a_twin_that_is_kept_is_the_first_run() {
    let gpu = gpu();
    let gravity = |day: f64, g: f64| Action::new(day, What::Gravity(g));
    let mut driver = driver(&gpu, Document::new(setup("iss-6-months")));
    go(&mut driver, 16.0);
    // Two things that are undone at once.
    driver
        .apply_all(vec![
            Action::new(10.0, What::Branch),
            gravity(10.0, 1.0).on_twin(),
        ])
        .unwrap();
    go(&mut driver, 20.0);
    let rows = |driver: &Driver, which| driver.of(which).courses().rows();
    let (first, twin) = (rows(&driver, Which::First), rows(&driver, Which::Twin));
    assert!(first != twin);
    driver.apply(Action::new(10.0, What::Keep)).unwrap();
    assert!(!driver.has_twin());
    assert!(rows(&driver, Which::First) == twin);
    assert_eq!(driver.document().actions(), [gravity(10.0, 1.0)]);
    // It can be gone back in to before the two parted, and on.
    driver.apply(gravity(8.0, 0.5)).unwrap();
    assert!(driver.run().simulation().day() <= 8.0);
    assert!(driver.undo().unwrap());
    go(&mut driver, 20.0);
    assert!(rows(&driver, Which::First) == twin);
    // Undone both are there again.
    assert!(driver.undo().unwrap());
    go(&mut driver, 20.0);
    assert!(driver.has_twin());
    assert!(rows(&driver, Which::First) == first);
    assert!(rows(&driver, Which::Twin) == twin);
    assert!(driver.redo().unwrap());
    assert!(rows(&driver, Which::First) == twin);
    // Back to before either was.
    assert!(driver.undo().unwrap() && driver.undo().unwrap());
    go(&mut driver, 20.0);
    assert!(!driver.has_twin() && rows(&driver, Which::First) == first);
    assert!(!driver.undo().unwrap());
    // It begins again from its settled bone, whoever's that was.
    assert!(driver.begin(Document::new(setup("iss-6-months")), plan(0.0)));
}

/// A bookmark changes no run, and a snapshot stays where moments are given up.
#[test]
fn bookmarks_and_snapshots_change_no_run() {
    let gpu = gpu();
    let mut driver = driver(&gpu, Document::new(setup("iss-6-months")));
    go(&mut driver, 5.0);
    let rows = driver.run().courses().rows();
    let mark = |day: f64| Action::new(day, What::Bookmark(format!("day {day}")));
    driver.apply(mark(2.0)).unwrap();
    driver.apply(mark(4.0)).unwrap();
    driver.apply(Action::new(2.0, What::Unmark)).unwrap();
    assert_eq!(driver.run().simulation().day(), 5.0);
    assert!(driver.run().courses().rows() == rows);
    assert_eq!(driver.document().bookmarks(), [(4.0, "day 4".to_owned())]);
    assert!(driver.undo().unwrap());
    assert_eq!(driver.document().bookmarks().len(), 2);
    assert!(driver.snapshot(Which::First).unwrap());
    let moments: Vec<_> = driver.run().timeline().moments().collect();
    assert_eq!(moments, [(0.0, false), (5.0, true)]);
    // A change on day 5 goes back to just there.
    go(&mut driver, 7.0);
    driver.apply(Action::new(5.0, What::Gravity(1.0))).unwrap();
    assert_eq!(driver.run().simulation().day(), 5.0);
}

/// What was published for a flight stands beside a flight up to its day, and beside nothing else.
#[test]
fn published_figures_stand_beside_the_runs_that_they_are_about() {
    let beside = |document: &Document| published_beside(document, "hip").unwrap();
    let mut document = Document::new(Setup {
        set: Vec::new(),
        ..setup("iss-6-months")
    });
    let flight = beside(&document);
    let lang = flight.iter().find(|p| {
        p.region == "total_hip" && p.quantity == "bmd" && p.citation.contains("Lang 2004")
    });
    let lang = lang.unwrap();
    assert_eq!(lang.published.day, 180.0);
    // 1.45 % a month over 5.914 months.
    assert!((lang.published.value.unwrap() + 1.45 * 5.914).abs() < 1e-9);
    assert!(!flight.is_empty() && flight.iter().all(|p| !p.citation.is_empty()));
    // From day 60 on this is no such flight.
    document.apply(Action::new(60.0, What::Exercise(Exercise::Ared)));
    let changed = beside(&document);
    assert!(changed.len() < flight.len());
    assert!(changed.iter().all(|p| p.published.day <= 60.0));
    let earth = Document::new(setup("hypergravity-2-g"));
    assert!(beside(&earth).is_empty());
    let other = Setup {
        group: "op".to_owned(),
        ..setup("iss-6-months")
    };
    assert!(beside(&Document::new(other)).len() < flight.len());
}

/// The demonstrations that come with the program are sessions, each with a sentence at its start.
#[test]
fn each_demonstration_is_a_session_with_bookmarks() {
    for (title, text) in DEMONSTRATIONS {
        let (document, output) = Document::parse(title, text).unwrap();
        let marks = document.bookmarks();
        assert!(marks.len() >= 3 && marks[0].0 == 0.0, "{title}");
        assert!(marks.iter().all(|(day, _)| *day <= output.days));
        assert_eq!(document.twin().is_some(), *title == "Moon or Mars?");
    }
}
