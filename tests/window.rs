//! The window without a screen: started, played, gravity toggled, paused.
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking, and exactness is what some of them are about"
)]

mod common;

use common::read;
use eframe::egui;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use mechanostat::app::{MechanostatApp, Session, Store, wgpu_setup};
use mechanostat::gpu::Need;
use mechanostat::io::Row;
use mechanostat::measure::{DayTissue, Quantity};
use mechanostat::scenario::{Conditions, Exercise, Link, Scenario};
use mechanostat::sim::state::SiteState;
use mechanostat::study::{
    Document, FieldFormat, Output, Place, PublishedPoint, Segment, Setup, Spot, StrengthDays,
    Which, published_beside,
};
use mechanostat::view::FieldKind;

fn harness() -> Harness<'static, MechanostatApp> {
    harness_of("iss-6-months-and-a-year-home")
}

fn harness_of(name: &'static str) -> Harness<'static, MechanostatApp> {
    harness_with(name, Store::default())
}

/// One whose window keeps things in `store`.
fn harness_with(name: &'static str, store: Store) -> Harness<'static, MechanostatApp> {
    let scenario = Scenario::built_in(name).unwrap().unwrap();
    built(move |cc| {
        let setup = Setup {
            size: 24,
            ..Setup::new(name, scenario)
        };
        MechanostatApp::with_store(cc, Document::new(setup), Place::scene("hip"), store).unwrap()
    })
}

fn built(
    make: impl FnOnce(&mut eframe::CreationContext<'_>) -> MechanostatApp,
) -> Harness<'static, MechanostatApp> {
    Harness::builder()
        .with_size(egui::vec2(1100.0, 720.0))
        .wgpu_setup(wgpu_setup(Need::DEFAULT, None))
        .build_eframe(make)
}

/// Frames until day 0 was looked at.
fn settled(harness: &mut Harness<'static, MechanostatApp>) {
    until(harness, 5000, |app| {
        !app.session().unwrap().run().courses().is_empty()
    });
}

/// Days by the button, one by one.
fn step(harness: &mut Harness<'static, MechanostatApp>, days: usize) {
    for _ in 0..days {
        harness.get_by_label("Step 1 day").click();
        harness.run_steps(3);
        until(harness, 800, |app| !app.session().unwrap().is_busy());
    }
}

/// Opens a menu or list, and clicks what is in it.
fn choose(harness: &mut Harness<'static, MechanostatApp>, list: &str, name: &str) {
    // A list that is open already is closed by the first click.
    for _ in 0..2 {
        if harness.query_by_label(name).is_none() {
            let opener = harness.get_all_by_label(list).next().unwrap();
            opener.click_accesskit();
            harness.run_steps(4);
        }
    }
    harness.get_by_label(name).click_accesskit();
    harness.run_steps(4);
}

/// All that the first screen leaves out.
fn explore(harness: &mut Harness<'static, MechanostatApp>) {
    // It may have been left open.
    if harness.query_by_label("What acts").is_none() {
        harness.get_by_label("Explore").click();
        harness.run_steps(3);
    }
}

/// Frames until `done`, at most `most`.
fn until(
    harness: &mut Harness<'static, MechanostatApp>,
    most: usize,
    done: impl Fn(&MechanostatApp) -> bool,
) -> usize {
    for frame in 0..most {
        assert_eq!(harness.state().trouble(), None);
        if done(harness.state()) {
            return frame;
        }
        harness.run_steps(1);
    }
    panic!("not done after {most} frames");
}

/// All that was measured, a line each.
fn rows(app: &MechanostatApp) -> Vec<Row> {
    app.session().unwrap().run().courses().rows()
}

fn segments(session: &Session) -> Vec<Segment> {
    let day = session.simulation().day();
    session.run().document().segments(day)
}

fn day(app: &MechanostatApp) -> f64 {
    app.session().unwrap().simulation().day()
}

#[test]
fn the_window_plays_toggles_gravity_and_pauses() {
    let mut harness = harness();
    until(&mut harness, 5000, |app| {
        !app.session().unwrap().run().courses().is_empty()
    });
    assert_eq!(day(harness.state()), 0.0);

    explore(&mut harness);
    harness.get_by_label("Step 1 day").click();
    until(&mut harness, 200, |app| day(app) == 1.0);

    harness.get_by_label("1 s = 1 month").click();
    harness.get_by_label("Play").click();
    until(&mut harness, 5000, |app| day(app) >= 10.0);
    let energy = |h: &Harness<'static, MechanostatApp>| -> f64 {
        let simulation = h.state().session().unwrap().simulation();
        let count = simulation.state().counts.bone_voxels;
        read::<f32>(simulation.gpu(), &simulation.state().energy, count)
            .iter()
            .map(|e| f64::from(*e))
            .sum()
    };
    let in_flight = energy(&harness);
    let generation = harness.state().session().unwrap().generation();

    // Gravity by hand: the strain field answers within two frames, before any tissue can.
    harness.get_by_label("1 g").click();
    harness.run_steps(2);
    let on_earth = energy(&harness);
    assert!(
        on_earth > 10.0 * in_flight,
        "strain energy went from {in_flight:e} to {on_earth:e}"
    );
    assert!(
        harness.state().session().unwrap().generation() > generation,
        "no new picture was asked for"
    );
    assert_eq!(
        harness.state().session().unwrap().conditions().0.gravity,
        1.0
    );

    // A segment is one once a day of it has passed.
    let changed = day(harness.state());
    until(&mut harness, 500, |app| day(app) > changed);
    harness.get_by_label("Pause").click();
    harness.run_steps(30);
    until(&mut harness, 500, |app| !app.session().unwrap().is_busy());
    let paused = day(harness.state());
    harness.run_steps(20);
    assert_eq!(day(harness.state()), paused, "time passes while paused");
    let session = harness.state().session().unwrap();
    assert!(session.change("quadriceps", Quantity::Volume).len() >= 10);
    assert!(
        session.sentence().contains("by hand"),
        "{}",
        session.sentence()
    );
    assert!(segments(session).len() >= 2, "{:?}", segments(session));

    let image = harness.render().unwrap();
    let colours: std::collections::BTreeSet<[u8; 4]> = image.pixels().map(|p| p.0).collect();
    assert!(
        colours.len() > 500,
        "the picture has only {} colours",
        colours.len()
    );
}

#[test]
fn links_are_cut_and_scenes_and_groups_changed_in_the_window() {
    let mut harness = harness();
    let ready = |app: &MechanostatApp| !app.session().unwrap().run().courses().is_empty();
    until(&mut harness, 5000, ready);
    explore(&mut harness);
    harness.get_by_label("Causes").click_accesskit();
    harness.run_steps(3);
    harness
        .get_by_label("muscle atrophy: works")
        .click_accesskit();
    harness.run_steps(2);
    assert!(harness.query_by_label("muscle atrophy: cut").is_some());
    let session = harness.state().session().unwrap();
    let cuts = session.conditions().0.cuts;
    assert_eq!(cuts.iter().collect::<Vec<_>>(), [Link::MuscleAtrophy]);
    assert!(!session.is_by_hand(), "the scenario was taken over");
    for _ in 0..3 {
        harness.get_by_label("Step 1 day").click();
        harness.run_steps(5);
        until(&mut harness, 500, |app| !app.session().unwrap().is_busy());
    }
    let session = harness.state().session().unwrap();
    let kept = session.change("quadriceps", Quantity::MuscleStrength);
    assert_eq!(kept.len(), 4);
    assert!(kept.iter().all(|p| p[1] == 0.0), "{kept:?}");
    assert!(
        session
            .change("total_hip", Quantity::Osteoclasts)
            .last()
            .unwrap()[1]
            > 1.0
    );

    harness.get_by_label("Scene").click();
    harness.run_steps(5);
    harness.get_by_label("lumbar").click();
    harness.run_steps(2);
    // Nothing waits: what was shown stays until the new scene is there.
    assert!(harness.query_by_label_contains("Preparing").is_some());
    assert!(harness.state().session().is_some());
    until(&mut harness, 9000, |app| {
        app.session().unwrap().simulation().anatomy().scene == "lumbar" && ready(app)
    });
    let scene = |h: &Harness<'static, MechanostatApp>| {
        h.state().session().unwrap().simulation().anatomy().scene
    };
    assert_eq!(scene(&harness), "lumbar");
    let cuts = harness.state().session().unwrap().conditions().0.cuts;
    assert!(cuts.contains(Link::MuscleAtrophy), "the cut was forgotten");

    harness.get_by_label("Group").click();
    harness.run_steps(5);
    harness.get_by_label("osteoporotic").click();
    harness.run_steps(3);
    until(&mut harness, 9000, |app| {
        app.session().unwrap().setup().group == "op" && ready(app)
    });
    let session = harness.state().session().unwrap();
    assert_eq!(session.setup().group, "op");
    assert_eq!(scene(&harness), "lumbar", "the scene was forgotten");
    assert!(
        session.sentence().contains("lumbar spine"),
        "{}",
        session.sentence()
    );
}

#[test]
fn reset_goes_back_to_day_0_without_settling_again() {
    let mut harness = harness();
    let ready = |app: &MechanostatApp| !app.session().unwrap().run().courses().is_empty();
    until(&mut harness, 5000, ready);
    let first = rows(harness.state());
    explore(&mut harness);
    let fly = |harness: &mut Harness<'static, MechanostatApp>| {
        for _ in 0..9 {
            harness.get_by_label("Step 1 day").click();
            harness.run_steps(5);
            until(harness, 500, |app| !app.session().unwrap().is_busy());
        }
        (day(harness.state()), rows(harness.state()))
    };
    let there = fly(&mut harness);
    assert_eq!(there.0, 9.0);
    harness.get_by_label("1 g").click();
    harness.run_steps(3);
    let gpu = harness
        .state()
        .session()
        .unwrap()
        .simulation()
        .gpu()
        .clone();
    let (pipelines, bytes) = (gpu.pipelines(), gpu.allocated_bytes());
    harness.get_by_label("Reset").click();
    harness.run_steps(1);
    let session = harness.state().session().unwrap();
    assert!(session.simulation().is_settled(), "it settles again");
    assert_eq!(
        (session.simulation().day(), session.is_by_hand()),
        (0.0, false)
    );
    until(&mut harness, 500, ready);
    assert_eq!(gpu.pipelines(), pipelines, "pipelines were compiled again");
    assert_eq!(gpu.allocated_bytes(), bytes, "buffers were made again");
    assert_eq!(rows(harness.state()), first);
    // What follows is what followed before, to the bit.
    assert_eq!(fly(&mut harness), there);
}

/// A scenario's own gravity, whatever its decimals, is not taken for a move of the slider.
#[test]
fn the_gravity_slider_takes_over_only_when_it_is_moved() {
    let mut harness = harness_of("moon-6-months");
    until(&mut harness, 5000, |app| {
        !app.session().unwrap().run().courses().is_empty()
    });
    harness.run_steps(20);
    let session = harness.state().session().unwrap();
    assert!(!session.is_by_hand());
    assert_eq!(session.conditions().0.gravity, 0.166);
}

/// A session saved after gravity was changed by hand, run without a window: the same numbers.
#[test]
fn what_was_done_in_the_window_runs_without_one_to_the_same_numbers() {
    let mut harness = harness();
    until(&mut harness, 5000, |app| {
        !app.session().unwrap().run().courses().is_empty()
    });
    explore(&mut harness);
    let step = |harness: &mut Harness<'static, MechanostatApp>| {
        harness.get_by_label("Step 1 day").click();
        harness.run_steps(5);
        until(harness, 500, |app| !app.session().unwrap().is_busy());
    };
    for gravity in ["Moon", "Mars", "1 g"] {
        step(&mut harness);
        step(&mut harness);
        harness.get_by_label(gravity).click();
        harness.run_steps(3);
    }
    step(&mut harness);
    // Taken back and done again it is the same.
    let wanted = rows(harness.state());
    for key in [egui::Key::Z, egui::Key::Y] {
        harness.key_press_modifiers(egui::Modifiers::COMMAND, key);
        harness.run_steps(5);
        until(&mut harness, 500, |app| !app.session().unwrap().is_busy());
    }
    assert_eq!(day(harness.state()), 7.0);
    assert!(rows(harness.state()) == wanted);

    let session = harness.state().session().unwrap();
    assert_eq!(segments(session).len(), 4, "{:?}", segments(session));
    let output = Output {
        days: day(harness.state()),
        every: 1.0,
        fields: FieldFormat::None,
        strength: StrengthDays::None,
    };
    let text = session.driver.document().to_table(&output).to_string();
    let folder = common::scratch("session");
    let file = folder.join("session.toml");
    std::fs::write(&file, text).unwrap();
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_mechanostat"))
        .args(["run".as_ref(), file.as_os_str()])
        .args(["--out".as_ref(), folder.join("out").as_os_str()])
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let table = std::fs::read(folder.join("out/timeseries.csv")).unwrap();
    assert!(table == mechanostat::io::csv(&wanted), "other numbers");
}

/// A twin begun in the menu goes on beside the first run, which stays as it is; undone it is gone.
#[test]
fn a_twin_goes_on_beside_the_first_run() {
    let mut harness = harness();
    until(&mut harness, 5000, |app| {
        !app.session().unwrap().run().courses().is_empty()
    });
    explore(&mut harness);
    harness.get_by_label("Step 1 day").click();
    until(&mut harness, 200, |app| day(app) == 1.0);
    harness.get_by_label("Session").click();
    harness.run_steps(2);
    harness.get_by_label("Begin a twin today").click();
    harness.run_steps(2);
    harness.get_by_label("1 g").click();
    harness.run_steps(2);
    harness.get_by_label("1 s = 1 month").click();
    harness.get_by_label("Play").click();
    until(&mut harness, 5000, |app| day(app) >= 8.0);
    harness.get_by_label("Pause").click();
    until(&mut harness, 500, |app| !app.session().unwrap().is_busy());
    let volume = |h: &Harness<'static, MechanostatApp>| {
        let session = h.state().session().unwrap();
        let curve = session.change("quadriceps", Quantity::Volume);
        curve.last().unwrap()[1]
    };
    let twin = volume(&harness);
    let gravity =
        |h: &Harness<'static, MechanostatApp>| h.state().session().unwrap().conditions().0.gravity;
    assert_eq!(gravity(&harness), 1.0);
    harness.get_by_label("first run").click();
    harness.run_steps(2);
    assert_eq!(gravity(&harness), 0.0);
    let first = volume(&harness);
    assert!(first < twin - 2.0, "{first} % in flight, {twin} % at home");
    // The menu has undo too; the second one takes the branch back.
    for _ in 0..2 {
        harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
        harness.run_steps(2);
    }
    let session = harness.state().session().unwrap();
    assert!(!session.driver.has_twin());
    assert_eq!(volume(&harness), first);
}

/// Muscles are told apart by name, and one can be looked at alone.
#[test]
fn a_muscle_is_chosen_by_name() {
    let mut harness = harness();
    until(&mut harness, 5000, |app| {
        app.session().unwrap().simulation().is_settled()
    });
    explore(&mut harness);
    harness.get_by_label("Field").click_accesskit();
    harness.run_steps(5);
    harness.get_by_label("Muscles by name").click_accesskit();
    harness.run_steps(5);
    // The key beside the picture.
    assert!(harness.query_by_label("gluteus maximus").is_some());
    harness
        .get_by_role_and_label(egui::Role::ComboBox, "Muscle")
        .click_accesskit();
    harness.run_steps(5);
    // In the list, in the key, and among those to hide.
    for named in harness.query_all_by_label("psoas") {
        named.click_accesskit();
    }
    harness.run_steps(5);
    let muscles = &harness
        .state()
        .session()
        .unwrap()
        .simulation()
        .anatomy()
        .muscles;
    let psoas = muscles.iter().position(|m| m.name == "psoas");
    let count = muscles.len();
    assert_eq!(harness.state().picture().shown.single(count), psoas);
    // Bone has no muscle to choose.
    harness.get_by_label("Field").click_accesskit();
    harness.run_steps(5);
    harness
        .get_by_label("Bone mineral density")
        .click_accesskit();
    harness.run_steps(5);
    assert_eq!(harness.state().picture().shown.single(count), None);
    assert!(harness.query_by_label("gluteus maximus").is_none());
    assert_eq!(harness.state().trouble(), None);
}

/// Each look, each way of drawing, slices and the radiograph, by clicks; nothing goes wrong, and
/// the pictures differ.
#[test]
fn looks_styles_slices_and_the_radiograph_are_a_click_each() {
    let mut harness = harness();
    until(&mut harness, 5000, |app| {
        !app.session().unwrap().run().courses().is_empty()
    });
    let picture = |h: &mut Harness<'static, MechanostatApp>| -> Vec<u8> {
        h.run_steps(4);
        assert_eq!(h.state().trouble(), None);
        h.render().unwrap().into_raw()
    };
    // The first screen has the looks in a list.
    let mut seen = vec![picture(&mut harness)];
    harness
        .get_by_role_and_label(egui::Role::ComboBox, "View")
        .click_accesskit();
    harness.run_steps(4);
    harness.get_by_label("Density").click_accesskit();
    seen.push(picture(&mut harness));
    assert_eq!(harness.state().picture().field, FieldKind::Density);
    assert!(
        harness.query_by_label("Field").is_none(),
        "the first screen has more"
    );
    explore(&mut harness);
    harness.get_by_label("Slices").click_accesskit();
    harness.run_steps(3);
    for look in ["Strain", "Cells", "Muscle", "Anatomy", "Change"] {
        let button = harness.get_all_by_label(look).next().unwrap();
        button.click_accesskit();
        seen.push(picture(&mut harness));
    }
    for (list, choices) in [
        ("Cut", ["axial", "oblique", "whole", "coronal"].as_slice()),
        (
            "Drawn as",
            ["the cut alone", "isosurface", "cloud", "surfaces"].as_slice(),
        ),
        (
            "Seen",
            ["as a deuteranope sees it", "as a grey printer prints it"].as_slice(),
        ),
    ] {
        for choice in choices {
            // A list that is open already is closed by the first click.
            let button = |h: &mut Harness<'static, MechanostatApp>| {
                let button = h.query_by_role_and_label(egui::Role::Button, choice);
                button.map(|b| b.click_accesskit()).is_some()
            };
            for _ in 0..3 {
                if button(&mut harness) {
                    break;
                }
                let combo = harness.get_by_role_and_label(egui::Role::ComboBox, list);
                combo.click_accesskit();
                harness.run_steps(4);
            }
            seen.push(picture(&mut harness));
        }
    }
    for (k, one) in seen.iter().enumerate() {
        for other in &seen[k + 1..] {
            assert!(one != other, "two pictures are the same");
        }
    }
    for name in ["sagittal slice", "coronal slice", "axial slice"] {
        assert!(harness.query_by_label(name).is_some(), "no {name}");
    }
    harness.get_by_label("Radiograph").click_accesskit();
    harness.run_steps(8);
    let told = harness.query_by_label_contains("areal density where there is bone");
    assert!(told.is_some());
    assert_eq!(harness.state().trouble(), None);
}

/// Days that were computed are looked at again, and a change in the past begins a twin there.
#[test]
fn the_past_is_looked_at_and_changed() {
    let mut harness = harness();
    until(&mut harness, 5000, |app| {
        !app.session().unwrap().run().courses().is_empty()
    });
    explore(&mut harness);
    for _ in 0..6 {
        harness.get_by_label("Step 1 day").click();
        harness.run_steps(3);
        until(&mut harness, 500, |app| !app.session().unwrap().is_busy());
    }
    let told = |h: &Harness<'static, MechanostatApp>| h.state().session().unwrap().sentence();
    let today = told(&harness);
    let first = rows(harness.state());
    assert!(today.starts_with("Day 6,"), "{today}");
    for _ in 0..4 {
        harness.get_by_label("−1 day").click();
        harness.run_steps(3);
    }
    let session = harness.state().session().unwrap();
    assert_eq!(
        (session.past(), session.simulation().day()),
        (Some(2.0), 6.0)
    );
    let then = told(&harness);
    assert!(then.starts_with("Day 2,") && then != today, "{then}");
    // What is computed stays, a twin goes its own way from that day.
    harness.get_by_label("1 g").click();
    harness.run_steps(3);
    until(&mut harness, 2000, |app| !app.session().unwrap().is_busy());
    let session = harness.state().session().unwrap();
    assert!(session.driver.has_twin() && session.past().is_none());
    assert_eq!(session.driver.run().courses().rows(), first);
    let (document, branch) = session.driver.document().twin().unwrap();
    assert_eq!((branch, document.conditions_at(3.0).gravity), (2.0, 1.0));
    assert_eq!(session.last_day(), 6.0);
    assert_eq!(session.simulation().day(), 6.0, "the twin has come forward");
    // The twin has the days that it shares, and its own; the last is read back a frame later.
    until(&mut harness, 2000, |app| {
        app.session().unwrap().run().timeline().days().len() >= 7
    });
    let session = harness.state().session().unwrap();
    let days: Vec<f64> = session
        .run()
        .timeline()
        .days()
        .iter()
        .map(DayTissue::day)
        .collect();
    assert_eq!(days, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    // The two beside each other, in every way.
    for compare in ["side by side", "wipe", "difference", "blink", "one alone"] {
        harness.get_by_label(compare).click_accesskit();
        harness.run_steps(4);
        harness.render().unwrap();
        assert_eq!(harness.state().trouble(), None, "{compare}");
    }
    // Slices and radiograph are the twin's while it is shown, and go with it.
    for (shown, tile) in [("first run", "Radiograph"), ("twin", "Slices")] {
        harness.get_by_label(tile).click_accesskit();
        harness.run_steps(4);
        harness.get_by_label(shown).click_accesskit();
        harness.run_steps(4);
        harness.get_by_label("−1 day").click();
        harness.run_steps(4);
        harness.get_by_label("today").click();
        harness.run_steps(4);
        assert_eq!(harness.state().trouble(), None, "{shown}");
    }
    // Taken back, change and branch at once, there is one run again.
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    harness.run_steps(3);
    let session = harness.state().session().unwrap();
    assert!(!session.driver.has_twin());
    assert_eq!(session.driver.run().courses().rows(), first);
}

/// A file that was dropped on the window.
#[derive(Debug)]
struct Dropped(std::path::PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &std::path::Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|e| e.to_string())
    }
}

/// A screenshot is a file of the asked size; what is dropped and is no session is told, and the run
/// stays.
#[test]
fn a_screenshot_is_taken_and_garbage_refused() {
    let folder = common::scratch("screenshot");
    let mut harness = harness();
    until(&mut harness, 5000, |app| {
        !app.session().unwrap().run().courses().is_empty()
    });
    let here = std::env::current_dir().unwrap();
    harness.get_by_label("Screenshot").click();
    harness.run_steps(2);
    assert!(harness.query_by_label("Cancel").is_some());
    until(&mut harness, 500, |app| app.told().starts_with("saved"));
    let name = harness
        .state()
        .told()
        .trim_start_matches("saved ")
        .to_owned();
    let bytes = std::fs::read(here.join(&name)).unwrap();
    let reader = png::Decoder::new(std::io::Cursor::new(bytes))
        .read_info()
        .unwrap();
    // 148 mm at 300 dots an inch.
    assert_eq!(reader.info().width, 1748);
    assert_eq!(reader.info().pixel_dims.unwrap().xppu, 11811);

    // On a dark ground, beside the first one.
    choose(&mut harness, "How screenshots are taken", "dark ground");
    harness.get_by_label("Screenshot").click();
    harness.run_steps(2);
    until(&mut harness, 500, |app| {
        app.told().starts_with("saved") && !app.told().ends_with(&name)
    });
    let dark = harness
        .state()
        .told()
        .trim_start_matches("saved ")
        .to_owned();
    let bytes = std::fs::read(here.join(&dark)).unwrap();
    for file in [&name, &dark] {
        std::fs::remove_file(here.join(file)).unwrap();
    }
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    assert_eq!(pixels[..3], [0x1c, 0x1f, 0x24]);

    // A scan that is none: the run stays, and the reason is told.
    let scan = folder.join("scan.nii");
    std::fs::write(&scan, "no scan").unwrap();
    harness
        .input_mut()
        .dropped_files
        .push(std::sync::Arc::new(Dropped(scan)));
    harness.run_steps(2);
    until(&mut harness, 500, |app| app.told().contains("scan.nii"));
    assert!(harness.state().session().is_some());

    let garbage = folder.join("garbage.toml");
    std::fs::write(&garbage, "this is = no session").unwrap();
    let dropped = std::sync::Arc::new(Dropped(garbage));
    harness.input_mut().dropped_files.push(dropped);
    harness.run_steps(2);
    let told = harness.state().told();
    assert!(told.contains("garbage.toml"), "{told}");
    assert!(harness.state().session().is_some() && harness.state().trouble().is_none());
}

/// The figure of what is shown: previewed, exported with what goes beside it, and dropped on the
/// window it is the session again.
#[test]
fn a_figure_is_exported_and_is_the_session() {
    let folder = common::scratch("figure");
    let mut harness = harness();
    settled(&mut harness);
    explore(&mut harness);
    step(&mut harness, 2);
    harness.get_by_label("Moon").click();
    harness.run_steps(3);
    step(&mut harness, 1);
    let wanted = rows(harness.state());
    harness.get_by_label("Figure").click_accesskit();
    harness.run_steps(3);
    let field = harness.get_by_role_and_label(egui::Role::TextInput, "Name");
    field.focus();
    harness.run_steps(2);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    harness.run_steps(1);
    let name = folder.join("mine").display().to_string();
    harness
        .get_by_role_and_label(egui::Role::TextInput, "Name")
        .type_text(&name);
    harness.run_steps(3);
    harness.get_by_label("Format").click_accesskit();
    harness.run_steps(3);
    harness.get_by_label("web").click_accesskit();
    harness.run_steps(3);
    for more in ["radiograph", "cause strip"] {
        harness.get_by_label(more).click_accesskit();
        harness.run_steps(2);
    }
    harness.get_by_label("Export").click_accesskit();
    harness.run_steps(2);
    until(&mut harness, 4000, |app| app.told().contains("mine.png"));
    for beside in [
        "mine.png",
        "mine.md",
        "mine.bib",
        "mine-d.csv",
        "mine-f.csv",
    ] {
        assert!(folder.join(beside).is_file(), "no {beside}");
    }
    let bytes = std::fs::read(folder.join("mine.png")).unwrap();
    let mut second = harness_of("iss-6-months-and-a-year-home");
    settled(&mut second);
    let dropped = std::sync::Arc::new(Dropped(folder.join("mine.png")));
    second.input_mut().dropped_files.push(dropped);
    second.run_steps(2);
    until(&mut second, 4000, |app| {
        day(app) == 3.0 && !app.session().unwrap().is_busy()
    });
    assert!(rows(second.state()) == wanted);
    // A picture that this program did not make has no study.
    let foreign = folder.join("foreign.png");
    let mut plain = bytes;
    let at = plain.windows(4).position(|w| w == b"iTXt").unwrap();
    plain[at + 4] ^= 0x20;
    std::fs::write(&foreign, plain).unwrap();
    second
        .input_mut()
        .dropped_files
        .push(std::sync::Arc::new(Dropped(foreign)));
    second.run_steps(2);
    let told = second.state().told();
    assert!(told.contains("foreign.png"), "{told}");
    assert_eq!(day(second.state()), 3.0);
}

/// A click at a share of the picture's width and height.
fn click_in_view(harness: &mut Harness<'static, MechanostatApp>, x: f32, y: f32) {
    let view = harness.get_by_label_contains("Tissue in 3-D").rect();
    let at = view.min + egui::vec2(x * view.width(), y * view.height());
    harness
        .input_mut()
        .events
        .push(egui::Event::PointerMoved(at));
    harness.run_steps(1);
    for pressed in [true, false] {
        harness.input_mut().events.push(egui::Event::PointerButton {
            pos: at,
            button: egui::PointerButton::Primary,
            pressed,
            modifiers: egui::Modifiers::NONE,
        });
        harness.run_steps(1);
    }
    // The next click is no second half of a double click.
    std::thread::sleep(std::time::Duration::from_millis(400));
    harness.run_steps(4);
}

/// What is told of pinned bone.
const TITLES: [&str; 5] = [
    "density",
    "change since day 0",
    "strain energy density",
    "osteoclasts",
    "osteoblasts",
];

/// What is pinned is told with the digits of tables and fields, on its day, and with the link that
/// matters most.
#[test]
fn pins_tell_what_tables_and_fields_have_and_why() {
    let mut harness = harness();
    settled(&mut harness);
    explore(&mut harness);
    step(&mut harness, 14);
    harness.get_by_label("Explore").click();
    harness.run_steps(3);
    // Bone in the middle of the neck; a muscle; nothing in a corner.
    click_in_view(&mut harness, 0.5, 0.3);
    click_in_view(&mut harness, 0.3, 0.85);
    click_in_view(&mut harness, 0.01, 0.99);
    let told = harness.state().told();
    assert!(told.contains("nothing to pin"), "{told}");
    let spots = harness.state().pinned_spots();
    let (Spot::Bone(voxel), Spot::Whole(muscle)) = (spots[0], spots[1]) else {
        panic!("{spots:?}");
    };
    harness.run_steps(6);
    let value = |h: &mut Harness<'static, MechanostatApp>, pin: usize, title: &str| -> String {
        let (rows, _) = h.state_mut().pinned_story(pin).unwrap();
        let row = rows.into_iter().find(|(t, _)| *t == title);
        row.unwrap_or_else(|| panic!("no {title}")).1
    };
    // The fields, by what the body holds.
    let of_bone = |h: &Harness<'static, MechanostatApp>| -> [f64; 5] {
        let session = h.state().session().unwrap();
        let simulation = session.simulation();
        let (gpu, state) = (simulation.gpu(), simulation.state());
        let anatomy = simulation.anatomy();
        let plan = &anatomy.bone[voxel];
        let first: usize = anatomy.bone[..voxel].iter().map(|b| b.sites.len()).sum();
        let sites: Vec<SiteState> = read(gpu, &state.bone, state.counts.sites);
        let start: Vec<[f32; 3]> = read(gpu, &state.homeostasis, state.counts.sites);
        let energy: Vec<f32> = read(gpu, &state.energy, state.counts.bone_voxels);
        let volume: f64 = plan.sites.iter().map(|s| s.fraction).sum();
        let sum = |of: &dyn Fn(usize) -> f32| -> f64 {
            let sites = plan.sites.iter().enumerate();
            sites
                .map(|(k, s)| s.fraction * f64::from(of(first + k)))
                .sum()
        };
        let (now, before) = (sum(&|k| sites[k].bvtv), sum(&|k| start[k][1]));
        let mineral = f64::from(simulation.model().physiology.tissue_mineral);
        [
            mineral * now / volume,
            100.0 * (now / before - 1.0),
            1e3 * f64::from(energy[voxel]) / volume,
            sum(&|k| sites[k].osteoclasts) / volume,
            sum(&|k| sites[k].osteoblasts) / volume,
        ]
    };
    let printed = |[bmd, change, energy, clasts, blasts]: [f64; 5]| {
        let small = |v: f64| {
            if v.abs() < 0.1 {
                format!("{v:.4}")
            } else {
                format!("{v:.2}")
            }
        };
        [
            format!("{bmd:.0} mg HA/cm³"),
            format!("{change:+.1} %").replace('-', "−"),
            format!("{} kPa", small(energy)),
            format!("{} of rest", small(clasts)),
            format!("{} of rest", small(blasts)),
        ]
    };
    let on_the_day = printed(of_bone(&harness));
    for (title, wanted) in TITLES.iter().zip(&on_the_day) {
        assert_eq!(value(&mut harness, 1, title), *wanted, "{title}");
    }
    assert_ne!(on_the_day[3], "1.00 of rest");
    let of_table = |h: &Harness<'static, MechanostatApp>, quantity: &str, day: f64| -> String {
        let session = h.state().session().unwrap();
        let name = session.simulation().anatomy().muscles[muscle].name;
        let rows = session.run().courses().rows();
        let mut rows = rows.into_iter();
        let row = rows.find(|r| r.region == name && r.quantity == quantity && r.day == day);
        format!("{:+.1} %", row.unwrap().change_pct).replace('-', "−")
    };
    let volume = of_table(&harness, "volume", 14.0);
    assert_eq!(value(&mut harness, 2, "volume"), volume);
    // Gravity is felt at once.
    let strain = value(&mut harness, 1, "strain energy density");
    harness.key_press(egui::Key::E);
    harness.run_steps(8);
    let now = printed(of_bone(&harness));
    assert_eq!(value(&mut harness, 1, "strain energy density"), now[2]);
    assert_ne!(now[2], strain);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    harness.run_steps(8);
    // Why, once the run has stood.
    for _ in 0..4000 {
        let (_, sentence) = harness.state_mut().pinned_story(1).unwrap();
        if sentence.contains("hangs most on") && !sentence.contains("so far") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
        harness.run_steps(1);
    }
    let (_, sentence) = harness.state_mut().pinned_story(1).unwrap();
    assert!(sentence.contains("It hangs most on"), "{sentence}");
    assert!(sentence.contains("(cut: "), "{sentence}");
    let (_, sentence) = harness.state_mut().pinned_story(2).unwrap();
    assert!(sentence.contains("It hangs most on “muscle"), "{sentence}");
    // A day that is past.
    harness.key_press_modifiers(egui::Modifiers::ALT, egui::Key::ArrowLeft);
    harness.run_steps(6);
    let day = harness.state().session().unwrap().day();
    assert_eq!(day, 13.0);
    let volume = of_table(&harness, "volume", 13.0);
    assert_eq!(value(&mut harness, 2, "volume"), volume);
    assert_ne!(value(&mut harness, 1, "osteoclasts"), on_the_day[3]);
    // Taken away by the number that pinned it.
    harness.key_press(egui::Key::Num2);
    harness.run_steps(2);
    assert_eq!(harness.state().pinned_spots(), [Spot::Bone(voxel)]);
    assert_eq!(harness.state().trouble(), None);
}

/// Each published figure beside the curves has its citation, and none is of another list; numbers
/// leave the window as files.
#[test]
fn evidence_is_cited_and_numbers_are_exported() {
    let mut harness = harness_of("iss-6-months");
    settled(&mut harness);
    let session = harness.state().session().unwrap();
    let document = session.run().document().clone();
    let published = published_beside(&document, "hip").unwrap();
    let shown = |p: &&PublishedPoint| {
        let first = [("total_hip", "bmd"), ("quadriceps", "volume")];
        first.contains(&(p.region.as_str(), p.quantity.as_str()))
            && p.published.day <= document.days()
    };
    let shown: Vec<&PublishedPoint> = published.iter().filter(shown).collect();
    assert!(shown.len() >= 5, "{}", shown.len());
    for point in &shown {
        let menu = format!("Evidence ({})", shown.len());
        harness.get_by_label(&menu).click_accesskit();
        harness.run_steps(4);
        // Several may be of one study and day: the first will do.
        let words = format!("day {:.0}, ", point.published.day);
        {
            let mut lines = harness.query_all_by_label_contains(&words);
            let line = lines.find(|n| {
                let label = n.accesskit_node().label().unwrap_or_default();
                label.contains(&point.study)
            });
            line.unwrap_or_else(|| panic!("{words}{} is not offered", point.study))
                .click_accesskit();
        }
        harness.run_steps(4);
        let told = shown
            .iter()
            .filter(|p| p.study == point.study && p.published.day == point.published.day);
        let mut told = told.map(|p| harness.query_by_label(&p.citation).is_some());
        assert!(told.any(|is| is), "no citation of {}", point.study);
    }
    harness.get_by_label("Chart as CSV").click_accesskit();
    harness.run_steps(3);
    let told = harness.state().told().to_owned();
    let file = told
        .strip_prefix("saved ")
        .unwrap_or_else(|| panic!("{told}"));
    let text = std::fs::read_to_string(file).unwrap();
    std::fs::remove_file(file).unwrap();
    let kept = text.lines().filter(|l| l.contains(",published,"));
    assert_eq!(kept.count(), shown.len());
    explore(&mut harness);
    step(&mut harness, 2);
    harness.key_press(egui::Key::B);
    harness.run_steps(4);
    harness.key_press(egui::Key::E);
    harness.run_steps(2);
    step(&mut harness, 1);
    for (button, head) in [
        (
            "Table as CSV",
            "day,run,region,quantity,unit,value,change_pct",
        ),
        (
            "Chart as CSV",
            "region,quantity,kind,day,change_pct,low_pct,high_pct,source",
        ),
    ] {
        harness.get_by_label(button).click_accesskit();
        harness.run_steps(3);
        let told = harness.state().told().to_owned();
        let file = told
            .strip_prefix("saved ")
            .unwrap_or_else(|| panic!("{told}"));
        let text = std::fs::read_to_string(file).unwrap();
        std::fs::remove_file(file).unwrap();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some(head));
        assert!(lines.clone().count() > 20, "{text}");
        if button == "Table as CSV" {
            // The table's digits, and of both runs.
            for (run, which) in [("first", Which::First), ("twin", Which::Twin)] {
                let courses = harness
                    .state()
                    .session()
                    .unwrap()
                    .driver
                    .of(which)
                    .courses();
                let rows = courses.rows();
                let last = rows.iter().filter(|r| r.day == 3.0);
                for row in last {
                    let wanted = format!(
                        "3,{run},{},{},{},{},{}",
                        row.region, row.quantity, row.unit, row.value, row.change_pct
                    );
                    assert!(text.lines().any(|l| l == wanted), "{wanted}");
                }
            }
        } else {
            // Under other conditions nobody has published anything.
            assert!(text.contains(",other run,") && !text.contains(",published,"));
        }
    }
}

/// Everything without a pointer: open, choose a mission, play, toggle gravity, scrub, pin, compare,
/// take a screenshot, save.
#[test]
fn the_keyboard_is_enough() {
    let folder = common::scratch("keys");
    let mut harness = harness();
    settled(&mut harness);
    let ask = |h: &mut Harness<'static, MechanostatApp>, what: &str| {
        h.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::K);
        h.run_steps(3);
        let field = h.get_by_role_and_label(egui::Role::TextInput, "Search commands");
        assert!(field.is_focused(), "one has to click to write");
        h.input_mut()
            .events
            .push(egui::Event::Text(what.to_owned()));
        h.run_steps(3);
        h.key_press(egui::Key::Enter);
        h.run_steps(4);
        assert!(
            h.query_by_role_and_label(egui::Role::TextInput, "Search commands")
                .is_none()
        );
    };
    // Letters that are written are no commands.
    ask(&mut harness, "mission 17 weeks");
    let scenario = |h: &Harness<'static, MechanostatApp>| {
        h.state().session().unwrap().setup().scenario_name.clone()
    };
    assert!(
        scenario(&harness).contains("bed-rest"),
        "{}",
        scenario(&harness)
    );
    ask(&mut harness, "mission ISS no exercise");
    assert_eq!(scenario(&harness), "iss-6-months");
    until(&mut harness, 4000, |app| day(app) >= 3.0);
    harness.key_press(egui::Key::Space);
    harness.run_steps(3);
    until(&mut harness, 1000, |app| !app.session().unwrap().is_busy());
    let paused = day(harness.state());
    harness.key_press(egui::Key::M);
    harness.run_steps(3);
    let gravity =
        |h: &Harness<'static, MechanostatApp>| h.state().session().unwrap().conditions().0.gravity;
    assert_eq!(gravity(&harness), 0.166);
    harness.key_press(egui::Key::Home);
    harness.run_steps(3);
    assert_eq!(harness.state().session().unwrap().day(), 0.0);
    for _ in 0..2 {
        harness.key_press(egui::Key::ArrowRight);
        harness.run_steps(2);
    }
    assert_eq!(harness.state().session().unwrap().day(), 2.0);
    harness.key_press(egui::Key::End);
    harness.run_steps(2);
    assert_eq!(harness.state().session().unwrap().day(), paused);
    harness.key_press(egui::Key::Num1);
    harness.run_steps(3);
    assert_eq!(harness.state().pinned_spots().len(), 1);
    let cut = harness.state().picture().cut;
    harness.key_press(egui::Key::CloseBracket);
    harness.run_steps(2);
    assert_ne!(harness.state().picture().cut, cut);
    harness.key_press(egui::Key::V);
    harness.run_steps(2);
    assert_eq!(harness.state().picture().field, FieldKind::Density);
    harness.key_press(egui::Key::B);
    harness.run_steps(3);
    assert!(harness.state().session().unwrap().driver.has_twin());
    harness.key_press(egui::Key::E);
    harness.run_steps(3);
    harness.key_press(egui::Key::W);
    harness.run_steps(4);
    assert!(harness.query_by_label("wipe").is_some());
    // The picture is reached by Tab, and turned.
    let view = |h: &Harness<'static, MechanostatApp>| {
        h.get_by_label_contains("Tissue in 3-D").is_focused()
    };
    let mut tabs = 0;
    while !view(&harness) {
        harness.key_press(egui::Key::Tab);
        harness.run_steps(2);
        tabs += 1;
        assert!(tabs < 120, "Tab never comes to the picture");
    }
    let azimuth = harness.state().picture().camera.azimuth;
    harness.key_press(egui::Key::ArrowRight);
    harness.run_steps(2);
    assert_ne!(harness.state().picture().camera.azimuth, azimuth);
    assert_eq!(harness.state().session().unwrap().day(), paused);
    harness.key_press_modifiers(egui::Modifiers::ALT, egui::Key::ArrowLeft);
    harness.run_steps(2);
    assert!(harness.state().session().unwrap().day() < paused);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::P);
    until(&mut harness, 4000, |app| app.told().contains("mechanostat"));
    let told = harness.state().told().to_owned();
    let picture = told.split_whitespace().find(|w| w.contains(".png"));
    std::fs::remove_file(picture.unwrap_or_else(|| panic!("{told}"))).unwrap();
    let file = folder.join("by keys.toml");
    ask(&mut harness, &format!("save {}", file.display()));
    assert!(file.is_file(), "{}", harness.state().told());
    harness.key_press_modifiers(egui::Modifiers::ALT, egui::Key::R);
    harness.run_steps(3);
    assert_eq!(day(harness.state()), 0.0);
    ask(&mut harness, &format!("open {}", file.display()));
    until(&mut harness, 4000, |app| day(app) == paused);
    assert!(harness.state().session().unwrap().driver.has_twin());
    harness.key_press(egui::Key::F1);
    harness.run_steps(3);
    assert!(harness.query_by_label("Search commands").is_some());
    harness.key_press(egui::Key::Escape);
    harness.run_steps(3);
    assert!(harness.query_by_label("Search commands").is_none());
    assert_eq!(harness.state().trouble(), None);
}

/// A screen reader is given what the headline says, and not too often.
#[test]
fn what_is_announced_is_the_headline_at_most_once_a_second() {
    let mut harness = harness();
    settled(&mut harness);
    explore(&mut harness);
    let began = std::time::Instant::now();
    let first = harness.state().announced().1;
    for key in [
        egui::Key::M,
        egui::Key::R,
        egui::Key::E,
        egui::Key::Num0,
        egui::Key::K,
        egui::Key::V,
        egui::Key::C,
        egui::Key::Period,
    ] {
        harness.key_press(key);
        harness.run_steps(3);
    }
    step(&mut harness, 2);
    let said = harness.state().announced().1 - first;
    let most = began.elapsed().as_secs() as u32 + 1;
    assert!(said <= most, "{said} announcements in {most} s");
    // What is said in the end is how things stand.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    harness.run_steps(2);
    let sentence = harness.state().session().unwrap().sentence();
    let (text, _) = harness.state().announced();
    assert!(text.starts_with(&sentence), "{text} / {sentence}");
    let text = text.to_owned();
    let node = harness.get_by_role_and_label(egui::Role::Status, &text);
    assert_eq!(node.accesskit_node().live(), egui::accesskit::Live::Polite);
    assert!(
        sentence.contains("Day 2") && sentence.contains('%'),
        "{sentence}"
    );
    // The picture and the charts say the same.
    let picture = harness.get_by_label_contains("Tissue in 3-D");
    assert!(
        picture
            .accesskit_node()
            .label()
            .unwrap()
            .contains(&sentence)
    );
    assert!(
        harness
            .query_all_by_label_contains("Chart on day 2")
            .count()
            >= 2
    );
}

/// From nothing to more than a screen has, and as large as a desktop may make everything.
#[test]
fn a_window_of_any_size_is_drawn() {
    let mut harness = harness();
    settled(&mut harness);
    for explores in [false, true] {
        for [w, h] in [
            [1.0, 1.0],
            [800.0, 500.0],
            [60.0, 2000.0],
            [3000.0, 90.0],
            [8192.0, 600.0],
        ] {
            harness.set_size(egui::vec2(w, h));
            harness.run_steps(3);
            assert_eq!(harness.state().trouble(), None, "{w} × {h}");
        }
        if !explores {
            harness.set_size(egui::vec2(1100.0, 720.0));
            explore(&mut harness);
        }
    }
}

/// 1366 × 768 pixels at 150 %: the seven controls are there, and within the window.
#[test]
fn a_small_screen_at_a_large_scale_has_all_seven_controls() {
    let size = egui::vec2(911.0, 512.0);
    let scenario = Scenario::built_in("iss-6-months").unwrap().unwrap();
    let mut harness = Harness::builder()
        .with_size(size)
        .with_pixels_per_point(1.5)
        .wgpu_setup(wgpu_setup(Need::DEFAULT, None))
        .build_eframe(|cc| {
            let setup = Setup {
                size: 24,
                ..Setup::new("iss-6-months", scenario)
            };
            MechanostatApp::new(cc, Document::new(setup), Place::scene("hip")).unwrap()
        });
    settled(&mut harness);
    harness.run_steps(3);
    for name in ["1 g", "Exercise", "View", "Mission", "Play", "Reset"] {
        let rect = harness.get_all_by_label(name).next().unwrap().rect();
        let inside = egui::Rect::from_min_size(egui::Pos2::ZERO, size);
        assert!(inside.contains_rect(rect), "{name}: {rect}");
    }
    let image = harness.render().unwrap();
    assert_eq!((image.width(), image.height()), (1367, 768));
}

/// The gauge answers gravity within two frames: a tenth or so of the strain in flight, all of it at
/// 1 g.
#[test]
fn the_strain_gauge_answers_gravity() {
    let mut harness = harness();
    until(&mut harness, 5000, |app| {
        let session = app.session().unwrap();
        !session.run().courses().is_empty() && session.strain_percent().is_some()
    });
    harness.run_steps(3);
    let strain = |h: &Harness<'static, MechanostatApp>| {
        h.state().session().unwrap().strain_percent().unwrap()
    };
    let in_flight = strain(&harness);
    assert!(in_flight < 40.0, "{in_flight} %");
    harness.get_by_label("1 g").click();
    harness.run_steps(3);
    let at_home = strain(&harness);
    assert!((at_home - 100.0).abs() < 3.0, "{at_home} %");
}

/// The mission's blocks: split, added, removed, edited, dragged; each is one step to undo.
#[test]
fn phases_are_edited_on_the_timeline() {
    let mut harness = harness();
    settled(&mut harness);
    explore(&mut harness);
    step(&mut harness, 5);
    let mission = |h: &Harness<'static, MechanostatApp>| -> Vec<(String, f64)> {
        let phases = h.state().session().unwrap().run().document().phases();
        phases.into_iter().map(|p| (p.name, p.days)).collect()
    };
    let named = |of: &[(&str, f64)]| -> Vec<(String, f64)> {
        of.iter().map(|(n, d)| ((*n).to_owned(), *d)).collect()
    };
    let whole = named(&[("ISS", 180.0), ("Home", 365.0)]);
    assert_eq!(mission(&harness), whole);
    // In the future: no twin begins. Day 5 is looked at, so that the split is there.
    choose(&mut harness, "Phase ISS from day 0 to 180", "Split here");
    let split = named(&[("ISS", 5.0), ("ISS", 175.0), ("Home", 365.0)]);
    assert_eq!(mission(&harness), split);
    assert!(!harness.state().session().unwrap().driver.has_twin());
    choose(&mut harness, "Phase ISS from day 5 to 180", "Add after");
    assert_eq!(mission(&harness)[2], ("new phase".to_owned(), 30.0));
    choose(&mut harness, "Phase new phase from day 180 to 210", "Later");
    assert_eq!(mission(&harness)[2].0, "Home");
    choose(
        &mut harness,
        "Phase new phase from day 545 to 575",
        "Remove",
    );
    assert_eq!(mission(&harness), split);
    // Exercise from day 5 on.
    harness
        .get_by_label("Phase ISS from day 5 to 180")
        .click_accesskit();
    harness.run_steps(4);
    harness.get_by_label("Exercise: ared").click_accesskit();
    harness.run_steps(4);
    harness.get_by_label("Apply").click_accesskit();
    harness.run_steps(4);
    let session = harness.state().session().unwrap();
    assert_eq!(session.conditions().0.exercise, Exercise::Ared);
    assert!(!session.is_by_hand() && !session.driver.has_twin());
    // The end of the last block is dragged to the left.
    let rect = harness
        .get_by_label("Phase Home from day 180 to 545")
        .rect();
    let from = egui::pos2(rect.right() - 1.0, rect.center().y);
    harness.drag_at(from);
    harness.run_steps(2);
    for k in 1..=5 {
        harness.hover_at(from - egui::vec2(10.0 * k as f32, 0.0));
        harness.run_steps(1);
    }
    harness.drop_at(from - egui::vec2(50.0, 0.0));
    harness.run_steps(3);
    let shorter = mission(&harness)[2].1;
    assert!((1.0..350.0).contains(&shorter), "{shorter}");
    // A block that is dragged into the past is a change of the past: a twin has it.
    harness.get_by_label("Phase ISS from day 5 to 180").rect();
    step(&mut harness, 2);
    choose(&mut harness, "Phase ISS from day 5 to 180", "Remove");
    let session = harness.state().session().unwrap();
    assert!(session.driver.has_twin());
    assert_eq!(session.driver.document().twin().unwrap().1, 5.0);
    assert_eq!(session.driver.run().document().phases().len(), 3);
    // Step by step back to where it began.
    for _ in 0..7 {
        harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
        harness.run_steps(3);
    }
    assert_eq!(mission(&harness), whole);
    // Past the beginning there is nothing more.
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    harness.run_steps(3);
    assert_eq!(harness.state().trouble(), None);
}

/// Bookmarks, snapshots, the twin on Earth, a twin that is kept; the log tells of it.
#[test]
fn days_are_marked_and_twins_begun_and_kept_by_menu() {
    let mut harness = harness();
    settled(&mut harness);
    explore(&mut harness);
    step(&mut harness, 3);
    harness.key_press(egui::Key::K);
    harness.run_steps(3);
    let marks = harness
        .state()
        .session()
        .unwrap()
        .driver
        .document()
        .bookmarks();
    assert_eq!(marks.len(), 1);
    assert!(marks[0].0 == 3.0 && marks[0].1.starts_with("Day 3"));
    choose(&mut harness, "Session", "Keep a snapshot of today");
    assert_eq!(harness.state().told(), "day 3 is kept");
    choose(&mut harness, "Session", "The same body on Earth");
    until(&mut harness, 2000, |app| !app.session().unwrap().is_busy());
    let session = harness.state().session().unwrap();
    let twin = session.driver.of(Which::Twin);
    assert_eq!(twin.simulation().day(), 3.0);
    assert_eq!(twin.document().conditions_at(1.0), Conditions::EARTH);
    let volume = twin.courses().last_change("quadriceps", Quantity::Volume);
    assert!(volume.unwrap().abs() < 1e-3, "{volume:?}");
    assert!(
        harness
            .query_by_label_contains("the other run: Day 3, Earth")
            .is_some()
    );
    let of_twin = twin_rows(&harness);
    choose(&mut harness, "Session", "Keep the twin");
    let session = harness.state().session().unwrap();
    assert!(!session.driver.has_twin());
    assert!(rows(harness.state()) == of_twin);
    choose(&mut harness, "Session", "Undo (Ctrl+Z)");
    until(&mut harness, 2000, |app| !app.session().unwrap().is_busy());
    assert!(harness.state().session().unwrap().driver.has_twin());
    harness.get_by_label("What was done").click_accesskit();
    harness.run_steps(3);
    for told in [
        "bookmark: Day 3",
        "a twin begins",
        "the mission is now Earth",
    ] {
        assert!(harness.query_by_label_contains(told).is_some(), "{told}");
    }
    assert_eq!(harness.state().trouble(), None);
}

fn twin_rows(harness: &Harness<'static, MechanostatApp>) -> Vec<Row> {
    let session = harness.state().session().unwrap();
    session.driver.of(Which::Twin).courses().rows()
}

/// A demonstration is a click in the list of missions; another mission goes on from the same bone.
#[test]
fn a_demonstration_is_chosen_among_missions() {
    let mut harness = harness();
    settled(&mut harness);
    choose(&mut harness, "Mission", "▶ Moon or Mars?");
    until(&mut harness, 2000, |app| {
        let session = app.session().unwrap();
        session.driver.has_twin() && day(app) >= 2.0
    });
    let session = harness.state().session().unwrap();
    assert_eq!(session.setup().size, 24, "as fine as what was shown");
    let gravity = |which| {
        let run = session.driver.of(which);
        run.document().conditions_at(1.0).gravity
    };
    assert_eq!(
        [gravity(Which::First), gravity(Which::Twin)],
        [0.166, 0.378]
    );
    assert!(session.is_playing());
    assert!(
        harness
            .query_by_label_contains("How much weight is enough?")
            .is_some()
    );
}

/// Another scene can be left again, while it is made and while its bone settles.
#[test]
fn a_change_of_scene_is_cancelled() {
    let mut harness = harness();
    settled(&mut harness);
    explore(&mut harness);
    step(&mut harness, 2);
    let before = rows(harness.state());
    choose(&mut harness, "Scene", "lumbar");
    harness.get_by_label("Cancel").click_accesskit();
    harness.run_steps(4);
    assert!(rows(harness.state()) == before);
    choose(&mut harness, "Scene", "lumbar");
    until(&mut harness, 5000, |app| {
        let session = app.session().unwrap();
        session.simulation().anatomy().scene == "lumbar" && session.settling() >= Some(1)
    });
    harness.get_by_label("Cancel").click_accesskit();
    harness.run_steps(4);
    let session = harness.state().session().unwrap();
    assert_eq!(session.simulation().anatomy().scene, "hip");
    assert!(rows(harness.state()) == before);
    step(&mut harness, 1);
    assert_eq!(day(harness.state()), 3.0);
    // The scene that is shown already begins nothing anew.
    let before = rows(harness.state());
    choose(&mut harness, "Scene", "hip");
    assert!(harness.query_by_label_contains("Preparing").is_none());
    assert!(rows(harness.state()) == before);
    step(&mut harness, 1);
    assert_eq!(day(harness.state()), 4.0);
}

/// A bone that settled once is found again, to the same numbers; a damaged file is no trouble.
#[test]
fn a_settled_bone_is_found_again() {
    let folder = common::scratch("settled");
    let store = || Store::at(&folder);
    let mut first = harness_with("iss-6-months", store());
    settled(&mut first);
    until(&mut first, 3000, |app| app.session().unwrap().is_kept());
    explore(&mut first);
    step(&mut first, 3);
    let wanted = rows(first.state());
    let mut second = harness_with("iss-6-months", store());
    assert!(second.state().session().unwrap().simulation().is_settled());
    settled(&mut second);
    explore(&mut second);
    step(&mut second, 3);
    assert!(rows(second.state()) == wanted);
    // The gauge knows the bone under 1 g, though that did not settle here.
    let strain = second.state().session().unwrap().strain_percent();
    assert!(strain.is_some_and(|s| s > 1.0 && s < 40.0), "{strain:?}");
    let files = mechanostat::io::names_in(&folder.join("settled"));
    assert_eq!(files.len(), 1);
    std::fs::write(folder.join("settled").join(&files[0]), "garbage").unwrap();
    let third = harness_with("iss-6-months", store());
    assert!(!third.state().session().unwrap().simulation().is_settled());
}

/// Files: saved, never over another's; the layout and recent files outlive the window; what a
/// window that ended unexpectedly left is offered.
#[test]
fn files_and_layout_outlive_the_window() {
    let folder = common::scratch("store");
    let store = || Store::at(&folder);
    let mut first = harness_with("iss-6-months", store());
    settled(&mut first);
    until(&mut first, 3000, |app| app.session().unwrap().is_kept());
    explore(&mut first);
    step(&mut first, 2);
    let file = folder.join("mine.toml");
    let name = file.display().to_string();
    std::fs::write(&file, "another's").unwrap();
    let path = |h: &mut Harness<'static, MechanostatApp>, name: &str| {
        h.get_by_label("Session").click_accesskit();
        h.run_steps(4);
        let field = h.get_by_role_and_label(egui::Role::TextInput, "File");
        field.focus();
        h.run_steps(2);
        h.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
        h.run_steps(1);
        h.get_by_role_and_label(egui::Role::TextInput, "File")
            .type_text(name);
        h.run_steps(3);
    };
    path(&mut first, &name);
    first.get_by_label("Save").click_accesskit();
    first.run_steps(3);
    let other = folder.join("mine-2.toml");
    assert!(
        first.state().told().contains("mine-2.toml"),
        "{}",
        first.state().told()
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "another's");
    let text = std::fs::read_to_string(&other).unwrap();
    let (document, output) = Document::parse("mine-2.toml", &text).unwrap();
    assert_eq!((output.days, document.setup().size), (2.0, 24));
    // A session of a newer program, and a scenario with an error: its line is told, the run stays.
    for (bad, told) in [
        (text.replace("format = 1", "format = 99"), "newer program"),
        (
            "name = \"x\"\n[[phase]]\nname = \"a\"\ndays = 3\ngravity = 9\n".to_owned(),
            "line 5",
        ),
    ] {
        let bad_file = folder.join("bad.toml");
        std::fs::write(&bad_file, bad).unwrap();
        let dropped = std::sync::Arc::new(Dropped(bad_file));
        first.input_mut().dropped_files.push(dropped);
        first.run_steps(2);
        let found = first.state().told().to_owned();
        assert!(found.contains(told), "{found}");
        assert_eq!(day(first.state()), 2.0);
    }
    // The window closes in order: its layout is kept.
    eframe::App::on_exit(first.state_mut());
    drop(first);
    let mut second = harness_with("iss-6-months", store());
    second.run_steps(3);
    assert!(
        second.query_by_label("Field").is_some(),
        "explore was left open"
    );
    choose(&mut second, "Session", "Recent");
    second
        .get_by_label(&other.display().to_string())
        .click_accesskit();
    second.run_steps(3);
    until(&mut second, 3000, |app| day(app) == 2.0);
    drop(second);

    // What no window has locked is offered.
    let left = folder.join("sessions");
    std::fs::create_dir_all(&left).unwrap();
    std::fs::write(left.join("1-0.toml"), &text).unwrap();
    let mut third = harness_with("iss-6-months-and-a-year-home", store());
    settled(&mut third);
    third.get_by_label("Open that session").click_accesskit();
    third.run_steps(3);
    until(&mut third, 3000, |app| day(app) == 2.0);
    let setup = third.state().session().unwrap().setup().clone();
    assert_eq!(setup.scenario_name, "iss-6-months");
    assert!(third.query_by_label("Open that session").is_none());
    assert!(!left.join("1-0.toml").exists());
}

/// A device that is lost takes nothing with it: the run goes on to the same numbers on another one,
/// and everything is looked at as before.
#[test]
fn a_lost_device_is_outlived() {
    let folder = common::scratch("lost");
    let store = || Store::at(&folder);
    let mut first = harness_with("iss-6-months", store());
    settled(&mut first);
    until(&mut first, 3000, |app| app.session().unwrap().is_kept());
    explore(&mut first);
    step(&mut first, 4);
    first.get_by_label("Moon").click();
    first.run_steps(3);
    step(&mut first, 2);
    first
        .get_all_by_label("Strain")
        .next()
        .unwrap()
        .click_accesskit();
    first.run_steps(3);
    let wanted = rows(first.state());
    let picture = *first.state().picture();
    first.state().lose_device();
    first.run_steps(5);
    let carried = first.state().carried().unwrap();
    drop(first);
    let again = store();
    let mut second = built(move |cc| MechanostatApp::again(cc, carried, again).unwrap());
    until(&mut second, 3000, |app| {
        day(app) >= 6.0 && !app.session().unwrap().is_busy()
    });
    assert!(rows(second.state()) == wanted);
    assert_eq!(second.state().picture().field, picture.field);
    assert_eq!(second.state().picture().camera, picture.camera);
    let session = second.state().session().unwrap();
    assert_eq!(session.conditions().0.gravity, 0.166);
    second.run_steps(2);
    assert!(second.query_by_label("Field").is_some());
    step(&mut second, 1);
}

/// Ten years at a month a second: then no frame takes longer than in a window that has just been
/// opened. Frames of the two are taken in turns, so that what else the machine does falls on both.
/// Some minutes: `cargo test --release --test window -- --ignored --nocapture`.
#[test]
#[ignore = "takes some minutes"]
fn after_ten_years_frames_are_as_fast_as_at_the_start() {
    let playing = || {
        let mut harness = harness();
        until(&mut harness, 5000, |app| {
            !app.session().unwrap().run().courses().is_empty()
        });
        explore(&mut harness);
        harness.get_by_label("1 s = 1 month").click();
        // By hand, so that the run does not stop where the scenario ends.
        harness.get_by_label("Moon").click();
        harness.get_by_label("Play").click();
        harness
    };
    let frame = |harness: &mut Harness<'_, MechanostatApp>| {
        let began = std::time::Instant::now();
        harness.run_steps(1);
        harness.render().unwrap();
        assert_eq!(harness.state().trouble(), None);
        began.elapsed().as_secs_f64() * 1e3
    };
    let mut old = playing();
    while day(old.state()) < 3650.0 {
        frame(&mut old);
    }
    let mut young = playing();
    while day(young.state()) < 30.0 {
        frame(&mut young);
    }
    let (mut young_ms, mut old_ms) = (Vec::new(), Vec::new());
    let began = [day(young.state()), day(old.state())];
    for _ in 0..200 {
        young_ms.push(frame(&mut young));
        old_ms.push(frame(&mut old));
    }
    // Where a solve needs fewer iterations a frame holds more days, and takes longer for them.
    let days = [day(young.state()) - began[0], day(old.state()) - began[1]];
    let a_day = [&young_ms, &old_ms].map(|ms: &Vec<f64>| ms.iter().sum::<f64>());
    let a_day = [a_day[0] / days[0], a_day[1] / days[1]];
    let told = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        [times[times.len() / 2], times[times.len() * 95 / 100]]
    };
    let (young_ms, old_ms) = (told(&mut young_ms), told(&mut old_ms));
    let timeline = old.state().session().unwrap().run().timeline();
    println!(
        "frames, median and 95th percentile, ms: {young_ms:.1?} at day {:.0}, {old_ms:.1?} at day \
         {:.0}; {a_day:.1?} ms a simulated day; {} days and {} moments in {:?} bytes",
        day(young.state()),
        day(old.state()),
        timeline.days().len(),
        timeline.moments().count(),
        timeline.bytes()
    );
    // Two windows that do the same differ by some percent from one run to the next.
    assert!(
        old_ms[0] < 1.1 * young_ms[0] && old_ms[1] < 1.1 * young_ms[1],
        "{young_ms:?} {old_ms:?}"
    );
    assert!(a_day[1] < 1.03 * a_day[0], "{a_day:?}");
}

/// The pictures of docs/guide.md: `cargo test --release --test window -- --ignored guide`.
#[test]
#[ignore = "writes into docs/"]
fn pictures_of_the_guide() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide");
    std::fs::create_dir_all(&folder).unwrap();
    let scenario = Scenario::built_in("iss-6-months").unwrap().unwrap();
    let mut harness = Harness::builder()
        .with_size(egui::vec2(1280.0, 800.0))
        .wgpu_setup(wgpu_setup(Need::DEFAULT, None))
        .build_eframe(move |cc| {
            let setup = Setup {
                size: 48,
                ..Setup::new("iss-6-months", scenario)
            };
            MechanostatApp::new(cc, Document::new(setup), Place::scene("hip")).unwrap()
        });
    settled(&mut harness);
    let keep = |h: &mut Harness<'static, MechanostatApp>, name: &str| {
        // Until the picture is as fine as it gets.
        h.run_steps(90);
        assert_eq!(h.state().trouble(), None);
        // A window is cleared to its ground; without one there is nothing behind.
        let ground = if name == "projector" { 255.0 } else { 27.0 };
        let mut image = h.render().unwrap();
        for pixel in image.pixels_mut() {
            let behind = ground * (1.0 - f32::from(pixel.0[3]) / 255.0);
            let [r, g, b, _] = pixel.0.map(|c| (f32::from(c) + behind).round() as u8);
            pixel.0 = [r, g, b, 255];
        }
        image.save(folder.join(format!("{name}.png"))).unwrap();
    };
    let until_it_stands = |h: &mut Harness<'static, MechanostatApp>, to: f64| {
        h.key_press(egui::Key::Space);
        until(h, 900_000, |app| day(app) >= to);
        h.key_press(egui::Key::Space);
        h.run_steps(3);
        until(h, 4000, |app| !app.session().unwrap().is_busy());
    };
    until_it_stands(&mut harness, 120.0);
    keep(&mut harness, "first");
    click_in_view(&mut harness, 0.46, 0.33);
    click_in_view(&mut harness, 0.3, 0.85);
    for _ in 0..60_000 {
        let (_, sentence) = harness.state_mut().pinned_story(1).unwrap();
        if sentence.contains("hangs most on") && !sentence.contains("so far") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
        harness.run_steps(1);
    }
    keep(&mut harness, "why");
    for pin in [egui::Key::Num1, egui::Key::Num2] {
        harness.key_press(pin);
        harness.run_steps(2);
    }
    choose(&mut harness, "Session", "The same body on Earth");
    until(&mut harness, 900_000, |app| {
        !app.session().unwrap().is_busy()
    });
    harness.key_press(egui::Key::S);
    keep(&mut harness, "twin");
    explore(&mut harness);
    harness.key_press(egui::Key::D);
    keep(&mut harness, "regions");
    harness.get_by_label("Causes").click_accesskit();
    harness.run_steps(3);
    harness
        .get_by_label("osteoclast drive (RANKL): works")
        .click_accesskit();
    harness.run_steps(3);
    until(&mut harness, 900_000, |app| {
        !app.session().unwrap().is_busy()
    });
    keep(&mut harness, "causes");
    explore_no_more(&mut harness);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::K);
    harness.run_steps(3);
    harness
        .input_mut()
        .events
        .push(egui::Event::Text("theme".to_owned()));
    keep(&mut harness, "commands");
    harness.key_press(egui::Key::Escape);
    harness.run_steps(3);
    harness.key_press(egui::Key::D);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::K);
    harness.run_steps(3);
    let projector = egui::Event::Text("theme projector".to_owned());
    harness.input_mut().events.push(projector);
    harness.run_steps(3);
    harness.key_press(egui::Key::Enter);
    keep(&mut harness, "projector");
}

/// The first screen.
fn explore_no_more(harness: &mut Harness<'static, MechanostatApp>) {
    if harness.query_by_label("What acts").is_some() {
        harness.get_by_label("Explore").click();
        harness.run_steps(3);
    }
}
