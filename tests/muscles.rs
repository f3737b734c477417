//! Single muscles: volumes, fibres, lines of pull, and the balance of forces at the hip.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use glam::DVec3;
use mechanostat::tissue::{Anatomy, Atlas, MuscleError};

const SIZES: &str = include_str!("../assets/anatomy/muscles.csv");
const PATHS: &str = include_str!("../assets/anatomy/muscle-paths.csv");
const BELLIES: &str = include_str!("../assets/anatomy/bellies.csv");
const FORCES: &str = include_str!("../assets/anatomy/muscle-forces.csv");

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
            // Where the lattice cuts through the belly of a thick muscle the share inside is that
            // of its course, and says less.
            if muscle.inside > 0.6 {
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

/// A group's unit load is the sum of its muscles' tensions along the lines by which their paths
/// leave the femur: read here from the tables alone.
#[test]
fn groups_pull_along_their_muscles_lines() {
    let anatomy = Anatomy::build("hip", 64).unwrap();
    let mut paths: BTreeMap<String, Vec<(String, DVec3)>> = BTreeMap::new();
    for row in table(PATHS) {
        let at = DVec3::from(["x_mm", "y_mm", "z_mm"].map(|k| number(&row, k)));
        let path = paths.entry(row["part"].clone()).or_default();
        path.push((row["body"].clone(), at));
    }
    let forces = table(FORCES);
    for load in &anatomy.loads[anatomy.joint_loads..] {
        // The vasti's line bends at the knee, below the cut.
        if load.name == "quadriceps" {
            continue;
        }
        let (mut force, mut moment, mut all) = (DVec3::ZERO, DVec3::ZERO, 0.0);
        let mut shares = Vec::new();
        for row in table(SIZES).iter().filter(|r| r["group"] == load.name) {
            let path = &paths[&row["part"]];
            let (last, end) = (
                path.last().unwrap(),
                path.iter().rposition(|p| p.0 != "femur"),
            );
            // Attached to the femur above the cut at -150 mm.
            if last.0 == "femur" && last.1.z > -150.0 {
                let walking = forces
                    .iter()
                    .find(|f| f["activity"] == "walking" && f["part"] == row["part"]);
                let walking = walking.map_or(0.0, |f| number(f, "force_bw"));
                let end = end.unwrap();
                shares.push((
                    walking,
                    number(row, "force_N"),
                    path[end].1,
                    path[end + 1].1,
                ));
            }
        }
        let asked: f64 = shares.iter().map(|s| s.0).sum();
        for (walking, peak, to, from) in shares {
            let share = if asked > 0.0 { walking } else { peak };
            let pull = share * (to - from).normalize_or_zero();
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
        // The hip flexors' tendon is guided by points off the bone: what presses there is spread
        // over the bone nearby, and their lever is 34 mm for 24 (docs/anatomy.md).
        assert!(
            off < 0.15 || load.name == "hip_flexors",
            "{}: {off}",
            load.name
        );
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
        Atlas::read(sizes, paths, bellies, FORCES).map(|_| ())
    };
    assert_eq!(read(SIZES, PATHS, BELLIES), Ok(()));
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
    let more = format!("{BELLIES}nobody,0,0,0,100,100\n");
    let said = read(SIZES, PATHS, &more).unwrap_err();
    assert!(matches!(said, MuscleError::Stranger { .. }), "{said}");
    let flat = SIZES.replace(",819.3,", ",0,");
    let said = read(&flat, PATHS, BELLIES).unwrap_err();
    assert!(said.to_string().contains("force above 0"), "{said}");
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
