//! Scenes against the surfaces that they are built from, published dimensions, and whom they are
//! built for.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::program::{refused, run};
use glam::DVec3;
use mechanostat::evidence::{NORMS, norms};
use mechanostat::person::Person;
use mechanostat::scenario::Scenario;
use mechanostat::tissue::{Anatomy, Distance, Parts, Surface, Tissue};
use mechanostat::volume::each;

const FEMUR: &[u8] = include_bytes!("../assets/anatomy/femur.ply");
const TIBIA: &[u8] = include_bytes!("../assets/anatomy/tibia.ply");
const FIBULA: &[u8] = include_bytes!("../assets/anatomy/fibula.ply");

/// How far the faces between bone and what is not bone lie from a surface, mm, sorted; faces on the
/// lattice's border, and those nearer to another bone, are left out.
fn off(anatomy: &Anatomy, own: &Distance, others: &[&Distance]) -> Vec<f64> {
    let is_bone = |at: [usize; 3]| {
        let tissue = anatomy.tissue[anatomy.voxel(at)];
        tissue >= Tissue::Marrow && tissue != Tissue::Beside
    };
    let mut distances = Vec::new();
    for at in each(anatomy.voxels).filter(|at| is_bone(*at)) {
        for (k, up) in (0..3).flat_map(|k| [(k, true), (k, false)]) {
            let mut next = at;
            next[k] = if up { at[k] + 1 } else { at[k].wrapping_sub(1) };
            if next[k] >= anatomy.voxels[k] || is_bone(next) {
                continue;
            }
            let mut place = DVec3::from(at.map(|x| x as f64 + 0.5));
            place[k] += if up { 0.5 } else { -0.5 };
            let p = DVec3::from(anatomy.origin) + anatomy.spacing * place;
            let d = own.at(p).abs();
            if others.iter().all(|o| o.at(p).abs() > d) {
                distances.push(d);
            }
        }
    }
    distances.sort_by(f64::total_cmp);
    distances
}

fn is_near(name: &str, off: &[f64], voxel: f64) {
    let mean = off.iter().sum::<f64>() / off.len() as f64 / voxel;
    let p95 = off[off.len() * 95 / 100] / voxel;
    println!(
        "{name}: {mean:.2} and {p95:.2} of a voxel, {} faces",
        off.len()
    );
    assert!(
        off.len() > 500 && mean <= 0.6 && p95 <= 1.2,
        "{name}: {mean}, {p95}"
    );
}

#[test]
fn bones_lie_where_their_surfaces_do() {
    let read = |name: &str, bytes: &[u8]| Distance::new(&Surface::read(name, bytes).unwrap());
    let femur = read("femur", FEMUR);
    let hip = Anatomy::build("hip", 64).unwrap();
    is_near("femur", &off(&hip, &femur, &[]), hip.spacing);
    let (tibia, fibula) = (read("tibia", TIBIA), read("fibula", FIBULA));
    let leg = Anatomy::build("lower-leg", 96).unwrap();
    // Where bones touch, on a lattice of 5 mm, there is no face between them; talus and calcaneus
    // have theirs below the ankle.
    let above = |bone: &Distance, other: &Distance| {
        let mut cut = leg.clone();
        for at in each(cut.voxels) {
            if cut.origin[2] + cut.spacing * at[2] as f64 <= -765.0 {
                let voxel = cut.voxel(at);
                cut.tissue[voxel] = Tissue::Soft;
            }
        }
        off(&cut, bone, &[other])
    };
    is_near("tibia", &above(&tibia, &fibula)[..], leg.spacing);
    is_near("fibula", &above(&fibula, &tibia)[..], leg.spacing);
}

#[test]
fn every_bone_has_the_volume_of_its_surface() {
    let leg = Anatomy::build("lower-leg", 64).unwrap();
    assert_eq!(leg.bones, ["tibia", "fibula", "talus", "calcaneus"]);
    let files: [(&str, &[u8]); 4] = [
        ("tibia", TIBIA),
        ("fibula", FIBULA),
        ("talus", include_bytes!("../assets/anatomy/talus.ply")),
        (
            "calcaneus",
            include_bytes!("../assets/anatomy/calcaneus.ply"),
        ),
    ];
    for (k, (name, bytes)) in files.into_iter().enumerate() {
        let surface = Surface::read(name, bytes).unwrap();
        let distance = Distance::new(&surface);
        // Marrow of the canal is no bone: what lies in the surface at points of each voxel.
        let own = leg.bone.iter().filter(|b| b.bone == k);
        let filled: f64 = own.map(|b| b.envelope).sum::<f64>() * leg.voxel_mm3();
        let canal = each(leg.voxels)
            .filter(|at| leg.tissue[leg.voxel(*at)] == Tissue::Marrow)
            .filter(|at| !leg.bone.iter().any(|b| b.at == *at))
            .map(|at| DVec3::from(at.map(|x| x as f64 + 0.5)))
            .filter(|p| distance.at(DVec3::from(leg.origin) + leg.spacing * *p) < 0.0)
            .count() as f64
            * leg.voxel_mm3();
        let share = (filled + canal) / surface.volume();
        println!("{name}: {share:.3} of its surface's volume");
        assert!((share - 1.0).abs() < 0.06, "{name}: {share}");
    }
    // Cartilage lies between them, and is a part of the scene.
    let parts = Parts::of(&leg).parts;
    let tie = parts
        .iter()
        .find(|p| p.name == "cartilage_and_ligament")
        .unwrap();
    assert!((5e3..4e4).contains(&tie.volume_mm3), "{}", tie.volume_mm3);
}

#[test]
fn dimensions_lie_within_the_published_ones() {
    let norms = norms("norms.csv", NORMS).unwrap();
    let wanted = [
        ("hip", "head diameter"),
        ("hip", "neck-shaft angle"),
        ("hip", "anteversion"),
        ("hip", "femoral offset"),
        ("hip", "neck height at its isthmus"),
        ("hip", "neck depth at its isthmus"),
        ("hip", "shaft width 130 mm below the head"),
        ("hip", "shaft depth 130 mm below the head"),
        ("lower-leg", "tibial length"),
        ("lower-leg", "plateau width"),
        ("lower-leg", "medial plateau depth"),
        ("lower-leg", "fibular length"),
        ("lower-leg", "talar length"),
        ("lumbar", "body height in front"),
        ("lumbar", "body height behind"),
        ("lumbar", "upper endplate width"),
        ("lumbar", "upper endplate depth"),
        ("lumbar", "lower endplate width"),
        ("lumbar", "lower endplate depth"),
    ];
    let scenes = ["hip", "lower-leg", "lumbar"].map(|s| Anatomy::build(s, 24).unwrap());
    let of_scene = |name: &str| scenes.iter().find(|a| a.scene == name).unwrap();
    for (scene, name) in wanted {
        let anatomy = of_scene(scene);
        let own = anatomy.dimensions.iter().find(|d| d.name == name).unwrap();
        let mut published = norms.iter().filter(|n| n.scene == scene && n.item == name);
        let within = published.any(|n| {
            let [low, high] = n.range(1.0);
            assert_eq!(n.unit, own.unit, "{name}");
            (low..=high).contains(&own.value)
        });
        assert!(within, "{scene}, {name}: {} {}", own.value, own.unit);
    }
    // No norm is of something that no scene has.
    for norm in &norms {
        let anatomy = of_scene(&norm.scene);
        let regions = anatomy.regions.iter().map(|r| r.name);
        let of_region = regions
            .filter_map(|r| norm.item.strip_prefix(r))
            .any(|rest| [" bmd", " trabecular_bmd", " trabecular_bvtv"].contains(&rest));
        let dimension = anatomy.dimensions.iter().any(|d| d.name == norm.item);
        let of_muscle = (anatomy.muscles.iter())
            .filter_map(|m| norm.item.strip_prefix(m.name))
            .any(|rest| [" volume", " section", " fibres", " pennation"].contains(&rest));
        let known = of_region || dimension || of_muscle;
        assert!(known, "{}: {}", norm.scene, norm.item);
    }
}

#[test]
fn norms_that_say_nothing_are_refused() {
    let say = |row: &str| {
        let text = format!("{}\n{row}\n", NORMS.lines().next().unwrap());
        norms("n.csv", &text).unwrap_err().to_string()
    };
    let wide = "hip,head diameter,mm,46,,,,people,a study,no";
    assert!(
        say(wide).contains("a mean with its SD, or a range"),
        "{}",
        say(wide)
    );
    assert!(say("hip,head diameter,mm,46,2,,,people,a study,perhaps").contains("abstract"));
    assert!(say("hip,head diameter,mm,wide,2,,,people,a study,no").contains("n.csv"));
}

fn person(shape: &[f64], height_m: Option<f64>) -> Person {
    let shape = shape.to_vec();
    Person { shape, height_m }
}

/// Volume of a bone within its periosteum where a voxel holds any of it, mm³: the canal's middle is
/// left out.
fn filled(anatomy: &Anatomy, bone: usize) -> f64 {
    let own = anatomy.bone.iter().filter(|b| b.bone == bone);
    own.map(|b| b.envelope).sum::<f64>() * anatomy.voxel_mm3()
}

#[test]
fn a_scene_is_built_for_a_person() {
    let mean = Anatomy::build("hip", 24).unwrap();
    let of = |anatomy: &Anatomy, name: &str| {
        anatomy
            .dimensions
            .iter()
            .find(|d| d.name == name)
            .unwrap()
            .value
    };
    // Taller by a tenth: as many voxels, each larger.
    let tall = Anatomy::of("hip", 24, &person(&[], Some(1.815))).unwrap();
    assert_eq!(tall.bone.len(), mean.bone.len());
    assert!((tall.spacing / mean.spacing - 1.1).abs() < 1e-9);
    assert!((of(&tall, "head diameter") / of(&mean, "head diameter") - 1.1).abs() < 1e-9);
    assert!((of(&tall, "neck-shaft angle") - of(&mean, "neck-shaft angle")).abs() < 1e-9);
    // Smaller by two standard deviations of the first mode, in which size is.
    let small = Anatomy::of("hip", 24, &person(&[2.0], None)).unwrap();
    assert!(of(&small, "head diameter") < of(&mean, "head diameter") - 0.5);
    assert!((small.spacing - mean.spacing).abs() < 1e-9);
    // Whatever the shape, no bone is cut off at the border, and the plateau is guided.
    for mode in 0..5 {
        for weight in [-2.5, 2.5] {
            let mut shape = [0.0; 5];
            shape[mode] = weight;
            let who = person(&shape, Some(1.8));
            let leg = Anatomy::of("lower-leg", 32, &who).unwrap();
            let heel = filled(&leg, 3) / 1.8f64.powi(3) * 1.65f64.powi(3);
            assert!(
                (heel / 59.7e3 - 1.0).abs() < 0.1,
                "{shape:?}: heel {heel} mm3"
            );
            let shin = filled(&leg, 0);
            let surface = Surface::read("tibia", TIBIA)
                .unwrap()
                .shaped(&shape)
                .unwrap();
            let wanted = surface.scaled(1.8 / 1.65).volume();
            assert!(
                shin > 0.7 * wanted && shin < 1.05 * wanted,
                "{shape:?}: {shin}, {wanted}"
            );
            assert!(leg.held.iter().any(|h| h.1 == 0b011), "{shape:?}");
            assert!(leg.held.iter().any(|h| h.1 == 0b111), "{shape:?}");
            let hip = Anatomy::of("hip", 32, &who).unwrap();
            let femur = Surface::read("femur", FEMUR)
                .unwrap()
                .shaped(&shape)
                .unwrap();
            let head = femur.scaled(1.8 / 1.65).bounds()[1].z;
            let top = hip.origin[2] + hip.spacing * hip.voxels[2] as f64;
            assert!(head < top, "{shape:?}: {head} above {top}");
            assert!(hip.loads.iter().all(|l| l.points.len() > 3), "{shape:?}");
        }
    }
    let say = |scene: &str, who: Person| Anatomy::of(scene, 24, &who).unwrap_err().to_string();
    assert!(say("hip", person(&[0.0, 10.0], None)).contains("mode 2 at 10"));
    assert!(say("hip", person(&[], Some(17.0))).contains("1.2 to 2.2 m"));
    assert!(say("hip", person(&[f64::NAN], None)).contains("-3 to 3"));
    assert!(say("hip", person(&[0.0; 6], None)).contains("at most 5"));
    assert!(say("lumbar", person(&[1.0], None)).contains("no shape modes"));
    assert!(Anatomy::of("lumbar", 24, &person(&[], Some(1.8))).is_ok());
    assert!(say("trabecular-core", person(&[], Some(1.8))).contains("few mm"));
}

#[test]
fn a_scenario_may_say_whose_bones() {
    let text = "name = \"x\"\nperson = { shape = [0.5, -1], height_m = 1.75 }\n\n[[phase]]\nname \
                = \"a\"\ndays = 1\ngravity = 0\n";
    let scenario = Scenario::parse("x.toml", text).unwrap();
    assert_eq!(scenario.person, person(&[0.5, -1.0], Some(1.75)));
    let say = |to: &str| {
        let text = text.replace("shape = [0.5, -1], height_m = 1.75", to);
        Scenario::parse("x.toml", &text).unwrap_err().to_string()
    };
    let tall = say("height_m = 17");
    assert!(
        tall.contains("line 2") && tall.contains("17 m") && tall.contains("1.2 to 2.2 m"),
        "{tall}"
    );
    let odd = say("shape = [10]");
    assert!(odd.contains("line 2") && odd.contains("-3 to 3"), "{odd}");
    assert!(say("shoe = 43").contains("shoe"));
    let without = text.replace("person = { shape = [0.5, -1], height_m = 1.75 }\n", "");
    assert!(
        Scenario::parse("x.toml", &without)
            .unwrap()
            .person
            .is_mean()
    );
}

#[test]
fn the_command_tells_of_a_scene_and_refuses_what_is_no_bone() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("anatomy");
    std::fs::create_dir_all(&folder).unwrap();
    let picture = folder.join("lumbar.svg");
    let told = run(&[
        "anatomy",
        "--scene",
        "lumbar",
        "--size",
        "24",
        "--json",
        "--picture",
        picture.to_str().unwrap(),
    ]);
    assert!(
        told.status.success(),
        "{}",
        String::from_utf8_lossy(&told.stderr)
    );
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    let named = |list: &str, name: &str| -> serde_json::Value {
        let all = told[list].as_array().unwrap();
        all.iter().find(|x| x["name"] == name).unwrap().clone()
    };
    let height = named("dimensions", "body height in front");
    assert!(height["value"].as_f64().unwrap() > 20.0 && height["unit"] == "mm");
    assert!(height["published"][0]["source"].is_string() && height["in_range"] == true);
    assert!(
        named("densities", "body_middle trabecular_bvtv")["value"]
            .as_f64()
            .unwrap()
            > 0.01
    );
    // What the bones bear of the disc's force, downwards.
    let pull = named("pulls", "disc");
    assert!(pull["direction"][2].as_f64().unwrap() < -0.99);
    assert!(
        std::fs::read_to_string(&picture)
            .unwrap()
            .contains("seen from the left")
    );

    let good = folder.join("femur.ply");
    std::fs::write(&good, FEMUR).unwrap();
    let told = run(&["anatomy", "--surface", good.to_str().unwrap()]);
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(
        told.contains("closed") && told.contains("4018 triangles"),
        "{told}"
    );
    // The last face is cut off.
    let bad = folder.join("torn.ply");
    std::fs::write(&bad, &FEMUR[..FEMUR.len() - 13]).unwrap();
    let said = run(&["anatomy", "--surface", bad.to_str().unwrap()]);
    refused(&said, 2, &["torn.ply", "cannot be read"]);
    refused(
        &run(&["anatomy", "--shape", "10"]),
        2,
        &["mode 1 at 10", "-3 to 3"],
    );
    refused(
        &run(&["anatomy", "--height-m", "17"]),
        2,
        &["17 m", "1.2 to 2.2"],
    );
    refused(
        &run(&["anatomy", "--scene", "elbow"]),
        2,
        &["elbow", "lower-leg"],
    );
    refused(
        &run(&["anatomy", "--surface", "none.ply"]),
        2,
        &["none.ply"],
    );
    refused(
        &run(&["anatomy", "--picture", "hip.jpeg"]),
        2,
        &[".png or .svg"],
    );
}
