//! Single muscles: volumes, fibres, lines of pull, and the balance of forces at the hip.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use glam::DVec3;
use mechanostat::person::Person;
use mechanostat::physiology::Model;
use mechanostat::sim::state::Lists;
use mechanostat::study::AnatomyReport;
use mechanostat::tissue::{Anatomy, Atlas, Distance, MuscleError, Surface};

const SIZES: &str = include_str!("../assets/anatomy/muscles.csv");
const PATHS: &str = include_str!("../assets/anatomy/muscle-paths.csv");
const BELLIES: &str = include_str!("../assets/anatomy/bellies.csv");
const FORCES: &str = include_str!("../assets/anatomy/muscle-forces.csv");
const FEMUR: &[u8] = include_bytes!("../assets/anatomy/femur.ply");
const PELVIS: &[u8] = include_bytes!("../assets/anatomy/hemipelvis.ply");
const FASCICLES: &str = include_str!("../assets/anatomy/fascicles.csv");

/// Rows of a table, each by its columns' names.
fn table(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().unwrap().clone();
    let row = |r: csv::StringRecord| {
        let fields = names.iter().zip(r.iter());
        fields.map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
    };
    reader.records().map(|r| row(r.unwrap())).collect()
}

fn number(row: &BTreeMap<String, String>, key: &str) -> f64 {
    row[key].parse().unwrap()
}

/// Of each part, the points of its path and what they go with.
fn paths() -> BTreeMap<String, Vec<(String, DVec3)>> {
    let mut paths: BTreeMap<String, Vec<(String, DVec3)>> = BTreeMap::new();
    for row in table(PATHS) {
        let at = DVec3::from(["x_mm", "y_mm", "z_mm"].map(|k| number(&row, k)));
        let path = paths.entry(row["part"].clone()).or_default();
        path.push((row["body"].clone(), at));
    }
    paths
}

#[test]
fn muscles_have_their_volumes_and_leave_little_between_them() {
    for (scene, most_between) in [("hip", 0.15), ("lower-leg", 0.15), ("lumbar", 0.15)] {
        let anatomy = Anatomy::build(scene, 64).unwrap();
        let mut has = vec![0.0; anatomy.muscles.len()];
        for plan in &anatomy.muscle {
            has[plan.muscle] += plan.fraction * anatomy.voxel_mm3();
        }
        let mut told = 0;
        for (muscle, has) in anatomy.muscles.iter().zip(has) {
            let wants = muscle.inside * muscle.whole_mm3;
            // Where the lattice cuts off most of a muscle the share inside, which is that of its
            // middle, says less.
            if muscle.inside > 0.25 {
                let off = has / wants - 1.0;
                assert!(off.abs() < 0.15, "{scene}: {} {off:.2}", muscle.name);
                told += 1;
            }
        }
        assert!(told >= 4, "{scene}: {told}");
        let between = anatomy.between_muscles;
        assert!(
            (0.01..most_between).contains(&between),
            "{scene}: {between}"
        );
        if scene == "lumbar" {
            // The middle of the canal, behind the body.
            let at = (DVec3::new(0.0, -26.0, 24.0) - DVec3::from(anatomy.origin)) / anatomy.spacing;
            let at = at.floor().to_array().map(|x| x as usize);
            assert!(
                anatomy.muscle.iter().all(|m| m.at != at),
                "muscle in the canal"
            );
        }
        // No voxel holds two muscles, or more than it has room for.
        let mut voxels: Vec<[usize; 3]> = anatomy.muscle.iter().map(|m| m.at).collect();
        let all = voxels.len();
        voxels.sort_unstable();
        voxels.dedup();
        assert_eq!(voxels.len(), all);
        let bone: BTreeMap<usize, f64> = (anatomy.bone.iter())
            .map(|b| (anatomy.voxel(b.at), b.envelope + b.tie))
            .collect();
        for plan in &anatomy.muscle {
            let of_bone = bone.get(&anatomy.voxel(plan.at)).copied().unwrap_or(0.0);
            assert!(
                plan.fraction + of_bone < 1.0 + 1e-9,
                "{scene}: {:?}",
                plan.at
            );
        }
    }
}

/// Those whose middles lie farther from their paths (docs/anatomy.md says why), in hip and leg.
const FAR: [&str; 11] = [
    "rectus_femoris",
    "gluteus_minimus",
    "gluteus_medius",
    "adductor_brevis",
    "iliacus",
    "sartorius",
    "piriformis",
    "soleus",
    "extensor_digitorum_longus",
    "flexor_digitorum_longus",
    "peroneus_longus",
];

#[test]
fn middles_of_sections_lie_near_the_paths() {
    let model = Model::built_in().unwrap();
    for (scene, near) in [("hip", 9), ("lower-leg", 7)] {
        let anatomy = Anatomy::build(scene, 64).unwrap();
        let report = AnatomyReport::new(&anatomy, &model, &[], &[]);
        let mut told = 0;
        for muscle in report.muscles.iter().filter(|m| !FAR.contains(&m.name)) {
            let Some([mean, _]) = muscle.off_path_mm else {
                continue;
            };
            assert!(mean < 8.0, "{scene}: {} {mean:.1} mm", muscle.name);
            told += 1;
        }
        assert!(told >= near, "{scene}: {told}");
    }
}

/// A muscle has its own share of type I fibres, told in its table, wherever its voxels lie; muscle
/// that is not told apart has its group's.
#[test]
fn muscles_have_their_own_fibre_types() {
    let model = Model::built_in().unwrap();
    let rows = table(SIZES);
    for scene in ["hip", "lower-leg", "lumbar"] {
        let anatomy = Anatomy::build(scene, 32).unwrap();
        let lists = Lists::new(&anatomy, &model);
        assert!(!lists.muscle_voxels.is_empty(), "{scene}");
        for voxel in &lists.muscle_voxels {
            let name = anatomy.muscles[voxel.muscle as usize].name;
            let row = rows
                .iter()
                .find(|r| r["muscle"] == name && r["scene"] == scene);
            let wants = number(row.unwrap(), "type1");
            assert!((f64::from(voxel.type1) - wants).abs() < 1e-6, "{name}");
        }
    }
}

/// Fibres run along the muscle's path, or at its angle of pennation to it.
#[test]
fn fibres_follow_their_muscle() {
    for scene in ["hip", "lower-leg"] {
        let anatomy = Anatomy::build(scene, 64).unwrap();
        let mut off: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for plan in &anatomy.muscle {
            let muscle = &anatomy.muscles[plan.muscle];
            let place = DVec3::from(plan.at.map(|x| x as f64 + 0.5));
            let p = DVec3::from(anatomy.origin) + anatomy.spacing * place;
            let pieces = muscle.paths.iter().flat_map(|path| path.windows(2));
            let nearest = pieces.min_by(|a, b| {
                let away = |s: &[DVec3]| {
                    let axis = s[1] - s[0];
                    let t = (p - s[0]).dot(axis) / axis.length_squared().max(1e-9);
                    p.distance(s[0] + t.clamp(0.0, 1.0) * axis)
                };
                away(a).total_cmp(&away(b))
            });
            let piece = nearest.unwrap();
            let along = (piece[1] - piece[0]).normalize_or_zero();
            let fibre = DVec3::from(plan.fibre.map(f64::from));
            assert!((fibre.length() - 1.0).abs() < 1e-5);
            let angle = fibre.dot(along).abs().min(1.0).acos().to_degrees();
            off.entry(muscle.name)
                .or_default()
                .push((angle - muscle.pennation).abs());
        }
        let (mut within, mut all) = (0, 0);
        for angles in off.values_mut() {
            angles.sort_by(f64::total_cmp);
            within += angles.iter().filter(|a| **a < 15.0).count();
            all += angles.len();
        }
        let share = within as f64 / all as f64;
        println!(
            "{scene}: {:.0} % of fibres within 15 degrees",
            100.0 * share
        );
        assert!(share > 0.7, "{scene}: {share}");
    }
}

#[test]
fn tendons_go_from_their_muscle_to_bone() {
    // By an atlas: the Achilles tendon ends on the heel, abductors on the greater trochanter,
    // adductor longus begins on the pubis.
    for (scene, muscle, bone) in [
        ("lower-leg", "soleus", Some("calcaneus")),
        ("lower-leg", "gastrocnemius_medial", Some("calcaneus")),
        ("hip", "gluteus_medius", Some("trochanter")),
        ("hip", "gluteus_minimus", Some("trochanter")),
        ("hip", "adductor_longus", None),
    ] {
        let anatomy = Anatomy::build(scene, 64).unwrap();
        let near = |a: [usize; 3], b: [usize; 3]| (0..3).all(|k| a[k].abs_diff(b[k]) <= 1);
        let own = |m: usize| anatomy.muscles[m].name == muscle;
        let tendon: Vec<_> = (anatomy.tendon.iter())
            .filter(|t| own(t.muscle) && t.fraction > 0.0)
            .collect();
        assert!(!tendon.is_empty(), "{scene}: {muscle} has no tendon");
        let belly = anatomy.muscle.iter().filter(|m| own(m.muscle));
        let meets = belly.filter(|m| tendon.iter().any(|t| near(t.at, m.at)));
        assert!(meets.count() > 0, "{scene}: {muscle}");
        let ends_on: Vec<[usize; 3]> = if let Some(name) = bone {
            let region = anatomy.regions.iter().find(|r| r.name == name).unwrap();
            let voxels = region.members.iter().map(|(i, _)| anatomy.bone[*i].at);
            voxels.collect()
        } else {
            // The pelvis is drawn beside the scene's bones.
            let (_, voxels) = anatomy.beside.as_ref().unwrap();
            let [x, y, _] = anatomy.voxels;
            let at = |(v, _): &(usize, f64)| [v % x, v / x % y, v / x / y];
            voxels.iter().map(at).collect()
        };
        let meets = ends_on
            .iter()
            .filter(|b| tendon.iter().any(|t| near(t.at, **b)));
        assert!(meets.count() > 0, "{scene}: {muscle} ends before {bone:?}");
        // Nothing is in one place twice.
        let mut held = vec![0.0; anatomy.len()];
        for bone in &anatomy.bone {
            held[anatomy.voxel(bone.at)] += bone.envelope + bone.tie;
        }
        for (voxel, share) in anatomy.beside.iter().flat_map(|(_, v)| v) {
            held[*voxel] += share;
        }
        for plan in &anatomy.muscle {
            held[anatomy.voxel(plan.at)] += plan.fraction;
        }
        for plan in &anatomy.tendon {
            held[anatomy.voxel(plan.at)] += plan.fraction;
        }
        assert!(held.iter().all(|h| *h < 1.0 + 1e-9), "{scene}");
    }
}

type Row = BTreeMap<String, String>;

/// Shares of parts in their group's force: as in the activity that asks most of them, or by their
/// peak forces where none asks for any.
fn shares(parts: &[&Row], forces: &[Row]) -> Vec<f64> {
    let asked = |activity: &str, part: &str| -> f64 {
        let own = |f: &&Row| f["activity"] == activity && f["part"] == part;
        let row = forces.iter().find(own);
        row.map_or(0.0, |f| number(f, "force_bw"))
    };
    let of = |activity: &str| -> Vec<f64> {
        let each = parts.iter().map(|r| asked(activity, &r["part"]));
        each.collect()
    };
    let sum = |shares: &Vec<f64>| shares.iter().sum::<f64>();
    let most = forces.iter().map(|f| of(&f["activity"]));
    let most = most.max_by(|a, b| sum(a).total_cmp(&sum(b))).unwrap();
    let peak = || parts.iter().map(|r| number(r, "force_N")).collect();
    let shares = if sum(&most) > 0.0 { most } else { peak() };
    let all = sum(&shares);
    shares.into_iter().map(|s| s / all).collect()
}

/// A group's unit load is the sum of its muscles' tensions along the lines by which their paths
/// leave the femur: read here from the tables alone.
#[test]
fn groups_pull_along_their_muscles_lines() {
    let anatomy = Anatomy::build("hip", 64).unwrap();
    let paths = paths();
    let forces = table(FORCES);
    for load in &anatomy.loads[anatomy.joint_loads..] {
        // The vasti's line bends at the knee, below the cut.
        if load.name == "quadriceps" {
            continue;
        }
        let (mut force, mut moment, mut all) = (DVec3::ZERO, DVec3::ZERO, 0.0);
        let mut parts = Vec::new();
        for row in table(SIZES).iter().filter(|r| r["group"] == load.name) {
            let path = &paths[&row["part"]];
            let (last, end) = (
                path.last().unwrap(),
                path.iter().rposition(|p| p.0 != "femur"),
            );
            // Attached to the femur above the cut at -150 mm.
            if last.0 == "femur" && last.1.z > -150.0 {
                let end = end.unwrap();
                parts.push((row.clone(), path[end].1, path[end + 1].1));
            }
        }
        let rows: Vec<_> = parts.iter().map(|p| &p.0).collect();
        for (share, (_, to, from)) in shares(&rows, &forces).into_iter().zip(&parts) {
            let pull = share * (*to - *from).normalize_or_zero();
            force += pull;
            moment += from.cross(pull);
            all += share;
        }
        let (mut got, mut got_moment) = (DVec3::ZERO, DVec3::ZERO);
        for (element, within, f) in &load.points {
            let at =
                std::array::from_fn(|k| (element[k] + anatomy.mechanics_low[k]) as f64 + within[k]);
            let at = DVec3::from(anatomy.origin) + anatomy.spacing * DVec3::from_array(at);
            got += DVec3::from(*f);
            got_moment += at.cross(DVec3::from(*f));
        }
        let (force, moment) = (force / all, moment / all);
        let angle = got.angle_between(force).to_degrees();
        let off = (got_moment - moment).length() / moment.length();
        println!(
            "{}: {angle:.1} degrees, moment arm {:.1} of {:.1} mm, off by {:.0} %",
            load.name,
            got_moment.length(),
            moment.length(),
            100.0 * off
        );
        assert!(angle < 10.0, "{}: {angle}", load.name);
        assert!(off < 0.15, "{}: {off}", load.name);
    }
}

/// The same at the vertebra, on both sides of it: the fascicles that end there, by peak force;
/// moments about the middle of its body.
#[test]
fn muscles_of_the_back_pull_along_their_fascicles() {
    let middle = DVec3::new(0.0, 0.0, 24.0);
    let sizes = table(SIZES);
    for size in [32, 64] {
        let anatomy = Anatomy::build("lumbar", size).unwrap();
        let loads = &anatomy.loads[anatomy.joint_loads..];
        assert_eq!(loads.len(), 3);
        for load in loads {
            let (mut force, mut moment, mut all) = (DVec3::ZERO, DVec3::ZERO, 0.0);
            for row in table(FASCICLES) {
                let mut parts = sizes.iter();
                let is_of = |p: &BTreeMap<String, String>| {
                    p["muscle"] == row["muscle"] && p["group"] == load.name
                };
                if !parts.any(is_of) {
                    continue;
                }
                let of = |keys: [&str; 3]| DVec3::from(keys.map(|k| number(&row, k)));
                let pull = number(&row, "force_N")
                    * of(["to_x_mm", "to_y_mm", "to_z_mm"]).normalize_or_zero();
                force += pull;
                moment += (of(["x_mm", "y_mm", "z_mm"]) - middle).cross(pull);
                all += number(&row, "force_N");
            }
            let (force, moment) = (force / all, moment / all);
            // Both sides together: what pulls them apart cancels, and so do turns of one side.
            let (mut both, mut moments) = (DVec3::ZERO, DVec3::ZERO);
            for (element, within, f) in &load.points {
                let corner: [usize; 3] =
                    std::array::from_fn(|k| element[k] + anatomy.mechanics_low[k]);
                let at = DVec3::from(corner.map(|n| n as f64)) + DVec3::from_array(*within);
                let at = DVec3::from(anatomy.origin) + anatomy.spacing * at;
                both += DVec3::from(*f);
                moments += (at - middle).cross(DVec3::from(*f));
            }
            let name = (load.name, size);
            assert!(
                (both - force.with_x(0.0)).length() < 1e-4,
                "{name:?}: {both}"
            );
            let lever = DVec3::new(moment.x, 0.0, 0.0);
            assert!(
                (moments - lever).length() < 0.05 * moment.length(),
                "{name:?}: {moments} for {lever}"
            );
        }
    }
}

/// Muscles of another shape lie as far from the bones that they go with as on the mean person.
#[test]
fn muscles_go_with_their_bones_shapes() {
    let (sizes, paths) = (table(SIZES), paths());
    let read = |name: &str, bytes: &[u8]| Surface::read(name, bytes).unwrap();
    let bones = [
        ("pelvis", read("pelvis", PELVIS)),
        ("femur", read("femur", FEMUR)),
    ];
    for shape in [[2.0, 0.0], [0.0, 2.0], [0.0, -2.0]] {
        let who = Person {
            shape: shape.to_vec(),
            height_m: None,
        };
        let anatomy = Anatomy::of("hip", 24, &who).unwrap();
        let mut farthest: f64 = 0.0;
        for (bone, surface) in &bones {
            let here = Distance::new(surface);
            let there = Distance::new(&surface.shaped(&shape).unwrap());
            for muscle in &anatomy.muscles {
                let parts = sizes.iter();
                let parts = parts.filter(|r| r["scene"] == "hip" && r["muscle"] == muscle.name);
                for (row, path) in parts.zip(&muscle.paths) {
                    for ((body, p), q) in paths[&row["part"]].iter().zip(path) {
                        // What bends around other muscles lies far from bone.
                        if body == bone && here.at(*p).abs() < 12.0 {
                            let off = there.at(*q) - here.at(*p);
                            let name = (muscle.name, bone, shape);
                            assert!(off.abs() < 2.0, "{name:?}: {off} mm");
                            farthest = farthest.max(p.distance(*q));
                        }
                    }
                }
            }
        }
        assert!(farthest > 5.0, "{shape:?} moves {farthest} mm at most");
    }
}

/// The same in the lower leg: at the heel by the Achilles tendon, on tibia and fibula along the
/// line by which a path leaves the tibia; moments about the middle of the ankle.
#[test]
fn muscles_of_the_leg_pull_along_their_lines() {
    let anatomy = Anatomy::build("lower-leg", 96).unwrap();
    let ankle = DVec3::new(11.0, 10.0, -769.5);
    let paths = paths();
    let forces = table(FORCES);
    for load in &anatomy.loads[anatomy.joint_loads..] {
        let sizes = table(SIZES);
        let parts: Vec<_> = (sizes.iter())
            .filter(|r| r["group"] == load.name && r["scene"] == "lower-leg")
            .collect();
        let shares = shares(&parts, &forces);
        // Force and moment at the heel, and on the bones above.
        let (mut wants, mut got) = ([[DVec3::ZERO; 2]; 2], [[DVec3::ZERO; 2]; 2]);
        for (row, share) in parts.iter().zip(&shares) {
            let path = &paths[&row["part"]];
            let mut pull = |side: usize, at: DVec3, towards: DVec3| {
                let force = *share * (towards - at).normalize_or_zero();
                wants[side][0] += force;
                wants[side][1] += (at - ankle).cross(force);
            };
            let foot = path.iter().position(|p| p.0 == "foot").unwrap();
            if ["soleus", "gastrocnemius"].contains(&load.name) {
                pull(0, path[foot].1, path[foot - 1].1);
            }
            if path[0].0 == "tibia" {
                pull(1, path[foot - 1].1, path[foot].1);
            }
        }
        for (element, within, f) in &load.points {
            let at =
                std::array::from_fn(|k| (element[k] + anatomy.mechanics_low[k]) as f64 + within[k]);
            let at = DVec3::from(anatomy.origin) + anatomy.spacing * DVec3::from_array(at);
            // The heel lies behind and below the ankle.
            let side = usize::from(at.z > ankle.z - 20.0 || at.y > ankle.y - 40.0);
            got[side][0] += DVec3::from(*f);
            got[side][1] += (at - ankle).cross(DVec3::from(*f));
        }
        for (name, wants, got) in [("heel", wants[0], got[0]), ("leg", wants[1], got[1])] {
            if wants[0].length() < 1e-9 {
                assert!(got[0].length() < 1e-6, "{}: {name} {}", load.name, got[0]);
                continue;
            }
            let angle = got[0].angle_between(wants[0]).to_degrees();
            let off = (got[1] - wants[1]).length() / wants[1].length();
            // What passes off the bone presses on it all the same along its line.
            assert!(angle < 10.0, "{} at the {name}: {angle}", load.name);
            assert!(off < 0.15, "{} at the {name}: {off}", load.name);
            println!(
                "{} at the {name}: {angle:.1} degrees, moment arm {:.1} of {:.1} mm, off by {:.0} %",
                load.name,
                got[1].length(),
                wants[1].length(),
                100.0 * off
            );
        }
    }
}

/// Published volumes are linear in height; a scene is enlarged in all three directions.
#[test]
fn a_taller_person_is_told_beside_a_taller_persons_volumes() {
    let tall = mechanostat::person::Person {
        height_m: Some(1.75),
        ..Default::default()
    };
    let tall = Anatomy::of("lower-leg", 24, &tall).unwrap();
    let mean = Anatomy::build("lower-leg", 24).unwrap();
    let by = 1.75 / 1.65;
    for (tall, mean) in tall.muscles.iter().zip(&mean.muscles) {
        assert!((tall.published_mm3 / mean.published_mm3 / by - 1.0).abs() < 1e-9);
        assert!((tall.whole_mm3 / mean.whole_mm3 / by.powi(3) - 1.0).abs() < 1e-9);
    }
}

#[test]
fn joint_muscles_and_ground_balance_at_the_hip() {
    let anatomy = Anatomy::build("hip", 24).unwrap();
    assert_eq!(anatomy.residuals.len(), 3);
    for left in &anatomy.residuals {
        assert!(left.force < 0.01 && left.moment < 0.05, "{left:?}");
        assert!(left.joint_bw > 200.0);
    }
}

#[test]
fn tables_that_are_no_muscles_are_refused() {
    let read = |sizes: &str, paths: &str, bellies: &str| {
        Atlas::read(sizes, paths, bellies, FORCES, FASCICLES).map(|_| ())
    };
    assert_eq!(read(SIZES, PATHS, BELLIES), Ok(()));
    let strange = FASCICLES.replace("psoas,21,", "psaos,21,");
    let said = Atlas::read(SIZES, PATHS, BELLIES, FORCES, &strange).unwrap_err();
    assert!(
        said.to_string()
            .contains("\"psaos\" has a path, belly, fascicle"),
        "{said}"
    );
    let twice = SIZES.replace("\nvasmed,", "\nvaslat,");
    let said = read(&twice, PATHS, BELLIES).unwrap_err();
    assert!(matches!(said, MuscleError::Twice { .. }), "{said}");
    let no_path = PATHS.replace("\npiri,", "\nnobody,");
    let said = read(SIZES, &no_path, BELLIES).unwrap_err();
    assert!(
        said.to_string().contains("\"piri\" has no attachment"),
        "{said}"
    );
    // Nor do points of its course by hand make up for a path.
    let no_path = PATHS.replace("\nvaslat,", "\nnobody,");
    let said = read(SIZES, &no_path, BELLIES).unwrap_err();
    assert!(matches!(said, MuscleError::Unattached { .. }), "{said}");
    let more = format!("{BELLIES}nobody,0,0,0,100,100,0,0,0\n");
    let said = read(SIZES, PATHS, &more).unwrap_err();
    assert!(matches!(said, MuscleError::Stranger { .. }), "{said}");
    let flat = SIZES.replace(",819.3,", ",0,");
    let said = read(&flat, PATHS, BELLIES).unwrap_err();
    assert!(said.to_string().contains("force above 0"), "{said}");
    let many = SIZES.replace(",0.803,", ",1.803,");
    let said = read(&many, PATHS, BELLIES).unwrap_err();
    assert!(
        said.to_string().contains("share of type I of 0 to 1"),
        "{said}"
    );
    let kept = BELLIES.lines().filter(|l| !l.starts_with("piri,"));
    let no_belly = kept.collect::<Vec<_>>().join("\n");
    let said = read(SIZES, PATHS, &no_belly).unwrap_err();
    assert!(matches!(said, MuscleError::Unattached { .. }), "{said}");
    let apart = SIZES.replace(
        "glmin1,gluteus_minimus,gluteals",
        "glmin1,gluteus_minimus,adductors",
    );
    let said = read(&apart, PATHS, BELLIES).unwrap_err();
    assert!(matches!(said, MuscleError::Contradiction { .. }), "{said}");
    let letters = SIZES.replace(
        "\npiri,piriformis,lateral_rotators,hip,1,",
        "\npiri,piriformis,lateral_rotators,hip,one,",
    );
    let said = read(&letters, PATHS, BELLIES).unwrap_err().to_string();
    assert!(said.starts_with("muscles.csv, line "), "{said}");
}
