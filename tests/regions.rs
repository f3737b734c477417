//! What is measured on the adapter, against the same sums in f64 on the host.
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking, and exactness is what some of them are about"
)]

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use common::{Noise, gpu, measured, read, write};
use mechanostat::gpu::Gpu;
use mechanostat::measure::{Quantity, RegionSums, Subject, WHOLE_BODY};
use mechanostat::physiology::Model;
use mechanostat::sim::Simulation;
use mechanostat::sim::state::{Lists, MuscleState, SiteState};
use mechanostat::tissue::{Anatomy, SCENES, SiteKind};
use mechanostat::volume::each;

/// A body that has not settled, with random states in all that is measured.
fn random_body(gpu: &Gpu, scene: &str, size: usize, seed: u64) -> Simulation {
    let anatomy = Arc::new(Anatomy::build(scene, size).unwrap());
    let model = Model::built_in().unwrap();
    let model = model.person(scene, "control", 75.0, &[]).unwrap();
    let simulation = Simulation::new(gpu, anatomy, Arc::new(model)).unwrap();
    let mut noise = Noise(seed);
    let state = simulation.state();
    let count = state.counts;
    let mut any = |low: f64, high: f64| noise.between(low, high) as f32;
    let bone: Vec<SiteState> = (0..count.sites)
        .map(|_| SiteState {
            bvtv: any(0.02, 1.0),
            osteocyte: any(0.2, 3.0),
            sclerostin: any(0.5, 2.0),
            rankl_opg: any(0.2, 4.0),
            preosteoclasts: any(0.2, 4.0),
            osteoclasts: any(0.2, 4.0),
            preosteoblasts: any(0.2, 2.0),
            osteoblasts: any(0.2, 2.0),
            marrow_fat: any(0.5, 2.0),
            mapk: any(0.3, 1.5),
            ppar_gamma: any(0.6, 1.6),
            cytoskeleton: any(0.4, 1.0),
            weightlessness: any(0.0, 1.0),
            connectivity: any(0.5, 1.0),
            memory: any(0.2, 1.2),
            habituation: any(-0.5, 1.0),
            matrix: any(0.5, 1.0),
            periosteum: any(0.0, 0.3),
        })
        .collect();
    write(gpu, &state.bone, &bone);
    let surface: Vec<[f32; 2]> = (0..count.sites)
        .map(|_| [any(0.0, 9.0), any(0.0, 9.0)])
        .collect();
    write(gpu, &state.surface, &surface);
    let muscle: Vec<MuscleState> = (0..count.muscle_voxels)
        .map(|_| MuscleState {
            type1: any(0.5, 1.1),
            type2: any(0.5, 1.1),
            neural: any(0.6, 1.0),
            fluid: any(0.9, 1.0),
            memory: any(0.0, 1.0),
            satellite_cells: any(0.2, 2.0),
            myotubes: any(0.2, 2.0),
            smad158: any(0.5, 1.5),
            smad23: any(0.5, 1.5),
        })
        .collect();
    write(gpu, &state.muscle, &muscle);
    let level: Vec<[f32; 4]> = (0..count.lattice)
        .map(|_| {
            [
                any(-0.5, 1.0),
                any(-0.5, 1.0),
                any(-0.5, 1.0),
                any(-0.5, 1.0),
            ]
        })
        .collect();
    write(gpu, &state.level, &level);
    let skeleton = simulation.body().skeleton().state();
    let pieces: Vec<SiteState> = (0..skeleton.counts.sites)
        .map(|_| SiteState {
            osteoclasts: any(0.2, 4.0),
            osteoblasts: any(0.2, 4.0),
            ..SiteState::at_rest(any(0.02, 1.0))
        })
        .collect();
    write(gpu, &skeleton.bone, &pieces);
    let surface: Vec<[f32; 2]> = (0..skeleton.counts.sites)
        .map(|_| [any(0.5, 9.0), any(0.5, 9.0)])
        .collect();
    write(gpu, &skeleton.surface, &surface);
    simulation
}

/// Sums with weights.
#[derive(Default)]
struct Mean {
    sum: f64,
    weight: f64,
}

impl Mean {
    fn add(&mut self, value: f64, weight: f64) {
        self.sum += value * weight;
        self.weight += weight;
    }

    fn value(&self) -> f64 {
        self.sum / self.weight
    }
}

type Wanted = BTreeMap<(String, &'static str), f64>;

/// Every quantity of every region, by plain loops in f64.
fn wanted(gpu: &Gpu, simulation: &Simulation) -> Wanted {
    let (anatomy, model) = (simulation.anatomy(), simulation.model());
    let p = &model.physiology;
    let state = simulation.state();
    let lists = Lists::new(anatomy, model);
    let bone: Vec<SiteState> = read(gpu, &state.bone, lists.sites.len());
    let surface: Vec<[f32; 2]> = read(gpu, &state.surface, lists.sites.len());
    let mm3 = anatomy.spacing.powi(3);
    let mineral = f64::from(p.tissue_mineral);
    let mut all = Wanted::new();
    for region in &anatomy.regions {
        let mut push = |key, value| all.insert((region.name.to_owned(), key), value);
        let (mut trabecular, mut cortical) = (Mean::default(), Mean::default());
        let mut volume = 0.0;
        // Of the cortex: matrix, outline (area), what is left of its volume, what is new outside.
        let (mut matrix, mut outline) = (Mean::default(), 0.0);
        let (mut left, mut outside) = (0.0, 0.0);
        let mut cells: BTreeMap<&str, Mean> = BTreeMap::new();
        for (voxel, share) in &region.members {
            let b = lists.bone_voxels[*voxel];
            for s in b.first as usize..(b.first + b.sites) as usize {
                let (site, now) = (&lists.sites[s], &bone[s]);
                let weight = share * f64::from(site.fraction) * mm3;
                let bvtv = f64::from(now.bvtv);
                volume += weight * bvtv;
                if site.kind == SiteKind::Cortical as u32 {
                    cortical.add(bvtv, weight);
                    let (own, area) = (f64::from(now.matrix), weight * f64::from(site.surface));
                    matrix.add(own, weight);
                    outline += area;
                    left += weight * bvtv / own;
                    outside += area * f64::from(now.periosteum);
                } else {
                    trabecular.add(bvtv, weight);
                }
                let area = weight * surface[s].map(f64::from).iter().sum::<f64>() / 2.0;
                let f = |x: f32| f64::from(x);
                let wnt = 1.0 / (1.0 + f(p.sclerostin_formation) * (f(now.sclerostin) - 1.0));
                for (key, value) in [
                    ("osteoblasts", f(now.osteoblasts)),
                    ("osteoclasts", f(now.osteoclasts)),
                    ("osteocyte_signal", f(now.osteocyte)),
                    ("rankl_opg", f(now.rankl_opg)),
                    ("sclerostin", f(now.sclerostin)),
                    ("marrow_fat", f(now.marrow_fat)),
                    ("mapk", f(now.mapk)),
                    ("ppar_gamma", f(now.ppar_gamma)),
                    ("osteogenic_fate", f(now.mapk) / f(now.ppar_gamma)),
                    ("cytoskeleton", f(now.cytoskeleton)),
                    ("alp", f(now.mapk) * f(now.cytoskeleton)),
                    ("osteocalcin", wnt * f(now.cytoskeleton)),
                    ("connectivity", f(now.connectivity)),
                ] {
                    cells.entry(key).or_default().add(value, area);
                }
            }
        }
        let bvtv = volume / region.envelope_mm3;
        push("bvtv", bvtv);
        push("bmd", mineral * bvtv);
        push("bmc", mineral * volume * 1e-6);
        if trabecular.weight > 0.0 {
            push("trabecular_bmd", mineral * trabecular.value());
        }
        if cortical.weight > 0.0 {
            push(
                "cortical_bmd",
                mineral * cortical.sum / (left + 0.67 * outline),
            );
            let heights = region.members.iter().map(|(i, _)| anatomy.bone[*i].at[2]);
            let (low, high) = (heights.clone().min().unwrap(), heights.max().unwrap());
            let length = (high - low + 1) as f64 * anatomy.spacing;
            push("cortical_thickness", (left + outside) / outline);
            push("cortical_porosity", 1.0 - matrix.value());
            push("cortical_area", (left + outside) / length);
            push("total_area", (region.envelope_mm3 + outside) / length);
        }
        for (key, mean) in cells {
            push(key, mean.value());
        }
        if anatomy.scene == "trabecular-core" {
            let [nx, ny, nz] = anatomy.voxels;
            let euler = euler_characteristic([nx, ny, nz - 2], |at| {
                bone[at[0] + nx * (at[1] + ny * (at[2] + 1))].bvtv >= 0.5
            });
            push(
                "connectivity_density",
                (1 - euler) as f64 / region.envelope_mm3,
            );
        }
    }
    wanted_muscle(gpu, simulation, &lists, &mut all);
    wanted_blood(gpu, simulation, &mut all);
    wanted_scores(gpu, simulation, &lists, &mut all);
    all
}

/// The skeleton's mineral, and what blood tells of the cells on all of its surfaces.
fn wanted_blood(gpu: &Gpu, simulation: &Simulation, all: &mut Wanted) {
    let model = simulation.model();
    let p = &model.physiology;
    let skeleton = simulation.body().skeleton().state();
    let bone: Vec<SiteState> = read(gpu, &skeleton.bone, skeleton.counts.sites);
    let surface: Vec<[f32; 2]> = read(gpu, &skeleton.surface, skeleton.counts.sites);
    let mineral = f64::from(p.tissue_mineral) * 1e-6;
    let (mut resorption, mut formation) = (Mean::default(), Mean::default());
    let (mut grams, mut balance) = (0.0, 0.0);
    for (i, piece) in model.skeleton.iter().enumerate() {
        let mut own = 0.0;
        let kinds = [
            (piece.trabecular, piece.bvtv),
            (1.0 - piece.trabecular, f64::from(p.cortical_bvtv)),
        ];
        for (k, (share, at_start)) in kinds.into_iter().enumerate() {
            let (now, surface) = (&bone[2 * i + k], surface[2 * i + k].map(f64::from));
            let mm3 = piece.bmc * share / mineral / at_start;
            own += mineral * mm3 * f64::from(now.bvtv);
            let (b, c) = (f64::from(now.osteoblasts), f64::from(now.osteoclasts));
            let area = mm3 * 0.5 * (surface[0] + surface[1]);
            resorption.add(c, area);
            formation.add(b, area);
            balance += mm3 * (b - c) * if b > c { surface[0] } else { surface[1] };
        }
        all.insert((piece.name.clone(), "mineral"), own);
        grams += own;
    }
    // 40 % of the mineral is calcium; mm³ to mg.
    let calcium = f64::from(p.surface_turnover) * balance * (mineral * 1e3) * 0.399;
    let pth = (1.0 + f64::from(p.pth_response) * calcium).max(0.0);
    for (key, value) in [
        ("mineral", grams),
        ("calcium_balance", calcium),
        ("pth", pth),
        ("resorption_marker", resorption.value()),
        ("formation_marker", formation.value()),
    ] {
        all.insert((WHOLE_BODY.to_owned(), key), value);
    }
}

/// Osteosarcopenia: the lesser of bone's fragility and muscle's weakness, each 1 at 2.5 standard
/// deviations below young adults.
fn wanted_scores(gpu: &Gpu, simulation: &Simulation, lists: &Lists, all: &mut Wanted) {
    let (anatomy, model) = (simulation.anatomy(), simulation.model());
    let facts = model.scenes.iter().find(|s| s.name == anatomy.scene);
    let bmd = anatomy.regions.iter().find_map(|region| {
        let reference = facts?.reference_bmd.get(region.name)?;
        Some(all[&(region.name.to_owned(), "bmd")] / reference)
    });
    let Some(bmd) = bmd else { return };
    let state = simulation.state();
    let muscle: Vec<MuscleState> = read(gpu, &state.muscle, lists.muscle_voxels.len());
    let mut strength = Mean::default();
    for (place, now) in lists.muscle_voxels.iter().zip(&muscle) {
        let one = f64::from(place.type1);
        let area = one * f64::from(now.type1) + (1.0 - one) * f64::from(now.type2);
        strength.add(area * f64::from(now.neural), f64::from(place.fraction));
    }
    let p = &model.physiology;
    let strength = f64::from(p.muscle_mass) * strength.value();
    let part = |x: f64, spread: f32| ((1.0 - x) / (2.5 * f64::from(spread))).max(0.0);
    let (fragility, weakness) = (part(bmd, p.bmd_spread), part(strength, p.strength_spread));
    for (key, value) in [
        ("bone_fragility", fragility),
        ("muscle_weakness", weakness),
        ("osteosarcopenia", fragility.min(weakness)),
    ] {
        all.insert((WHOLE_BODY.to_owned(), key), value);
    }
}

fn wanted_muscle(gpu: &Gpu, simulation: &Simulation, lists: &Lists, all: &mut Wanted) {
    let anatomy = simulation.anatomy();
    let state = simulation.state();
    let muscle: Vec<MuscleState> = read(gpu, &state.muscle, lists.muscle_voxels.len());
    let level: Vec<[f32; 4]> = read(gpu, &state.level, state.counts.lattice);
    let mass = f64::from(simulation.model().physiology.muscle_mass);
    for region in &anatomy.muscle_regions {
        let own = || {
            let voxels = anatomy.muscle.iter().enumerate();
            voxels.filter(|(_, m)| region.muscles.contains(&m.muscle))
        };
        let low = own().map(|(_, m)| m.at[2]).min().unwrap();
        let high = own().map(|(_, m)| m.at[2] + 1).max().unwrap();
        let length = (high - low) as f64 * anatomy.spacing;
        let (mut volume, mut one_mm3, mut two_mm3) = (0.0, 0.0, 0.0);
        let mut means: BTreeMap<&str, Mean> = BTreeMap::new();
        for (i, m) in own() {
            let (place, now) = (&lists.muscle_voxels[i], &muscle[i]);
            let weight = mass * m.fraction * anatomy.spacing.powi(3);
            let f = |x: f32| f64::from(x);
            let one = f(place.type1) * f(now.type1);
            let two = (1.0 - f(place.type1)) * f(now.type2);
            volume += weight * (one + two) * f(now.fluid);
            one_mm3 += weight * one;
            two_mm3 += weight * two;
            let around = level[place.voxel as usize].map(f64::from);
            for (key, value) in [
                ("strength", (one + two) * f(now.neural)),
                ("neural_drive", f(now.neural)),
                ("satellite_cells", f(now.satellite_cells)),
                ("myotubes", f(now.myotubes)),
                ("bmp2", 1.0 + around[0]),
                ("bmp4", 1.0 + around[1]),
                ("myostatin", 1.0 + around[2]),
                ("noggin_chordin", 1.0 + around[3]),
                ("smad158", f(now.smad158)),
                ("smad23", f(now.smad23)),
                ("muscle_quality", f(now.smad158) / f(now.smad23)),
            ] {
                means.entry(key).or_default().add(value, weight);
            }
        }
        let mut push = |key, value| all.insert((region.name.to_owned(), key), value);
        push("volume", volume * 1e-3);
        push("type1_csa", one_mm3 / length);
        push("type2_csa", two_mm3 / length);
        for (key, mean) in means {
            push(key, mean.value());
        }
    }
}

#[test]
fn sums_over_regions_are_right_to_a_millionth() {
    let gpu = gpu();
    for (scene, size) in [
        ("hip", 48),
        ("lower-leg", 32),
        ("lumbar", 32),
        ("trabecular-core", 24),
    ] {
        let simulation = random_body(&gpu, scene, size, 7);
        let region_sums = RegionSums::new(simulation.body(), simulation.model()).unwrap();
        let got = measured(&simulation, &region_sums);
        let want = wanted(&gpu, &simulation);
        let mut worst: f64 = 0.0;
        for (place, value) in &want {
            let found = got
                .iter()
                .find(|m| m.region == place.0 && m.quantity.key() == place.1)
                .unwrap_or_else(|| panic!("{scene}: no {place:?}"));
            // A score is the difference of two numbers near each other, and may be 0.
            let is_score = place.1.contains("fragility")
                || place.1.contains("weakness")
                || place.1 == "osteosarcopenia";
            let against = if is_score { 1.0 } else { value.abs() };
            let off = (found.value - value).abs() / against;
            assert!(
                off < 1e-6,
                "{scene}: {place:?} is {}, not {value}",
                found.value
            );
            worst = worst.max(off);
        }
        println!("{scene}: {} numbers, worst by {worst:.1e}", want.len());
        assert_eq!(got.len(), want.len(), "{scene}");
        assert!(got.iter().all(|m| m.value.is_finite()), "{scene}");
    }
}

/// At 1 g nothing moves, by not a single bit: what is relative to homeostasis is 1 exactly.
#[test]
fn means_of_ones_are_one() {
    let gpu = gpu();
    let simulation = random_body(&gpu, "hip", 32, 3);
    let state = simulation.state();
    let sites = vec![SiteState::at_rest(0.3); state.counts.sites];
    write(&gpu, &state.bone, &sites);
    write(
        &gpu,
        &state.muscle,
        &vec![MuscleState::at_rest(); state.counts.muscle_voxels],
    );
    write(&gpu, &state.level, &vec![[0f32; 4]; state.counts.lattice]);
    let skeleton = simulation.body().skeleton().state();
    let pieces = vec![SiteState::at_rest(0.3); skeleton.counts.sites];
    write(&gpu, &skeleton.bone, &pieces);
    let region_sums = RegionSums::new(simulation.body(), simulation.model()).unwrap();
    let scores = [
        Quantity::BoneFragility,
        Quantity::MuscleWeakness,
        Quantity::Osteosarcopenia,
    ];
    let mut relative = 0;
    for m in measured(&simulation, &region_sums) {
        let is_fraction = matches!(m.quantity, Quantity::Bvtv | Quantity::CorticalPorosity);
        let told = m.quantity.unit() == "1" && !is_fraction;
        if told && !scores.contains(&m.quantity) {
            relative += 1;
            if m.quantity == Quantity::MuscleStrength {
                // One and two add up to the voxel's whole but for rounding.
                assert!((m.value - 1.0).abs() < 1e-7, "{m:?}");
            } else {
                assert_eq!(m.value, 1.0, "{m:?}");
            }
        }
    }
    assert!(relative > 50, "{relative}");
}

/// A day's measurements are kilobytes, whatever the lattice holds.
#[test]
fn a_day_brings_kilobytes_back() {
    let gpu = gpu();
    let anatomy = Arc::new(Anatomy::build("hip", 64).unwrap());
    let model = Arc::new(Model::built_in().unwrap());
    let simulation = Simulation::new(&gpu, anatomy, model).unwrap();
    let region_sums = RegionSums::new(simulation.body(), simulation.model()).unwrap();
    let before = gpu.bytes_read();
    measured(&simulation, &region_sums);
    let read = gpu.bytes_read() - before;
    println!("{read} bytes for a day of the hip at 64");
    assert!(read > 0 && read <= 64 << 10, "{read} bytes");
}

/// Odgaard and Gundersen 1993 Bone 14:173, of the union of closed voxels (26-connected): vertices −
/// edges + faces − voxels.
fn euler_characteristic(voxels: [usize; 3], is_bone: impl Fn([usize; 3]) -> bool) -> i64 {
    let bone = |at: [isize; 3]| {
        (0..3).all(|k| at[k] >= 0 && (at[k] as usize) < voxels[k])
            && is_bone(at.map(|x| x as usize))
    };
    let mut sum = 0;
    // A cell belongs to the voxel at whose lower corner it begins: it exists if any voxel around it
    // is bone.
    for at in each(voxels.map(|n| n + 1)) {
        let at = at.map(|x| x as isize);
        for along in 0..8usize {
            let axes: [bool; 3] = std::array::from_fn(|k| along >> k & 1 == 1);
            let mut there = false;
            for around in 0..8usize {
                let back: [bool; 3] = std::array::from_fn(|k| around >> k & 1 == 1);
                // Along an axis that the cell spans only one voxel lies; across it, two.
                if (0..3).any(|k| axes[k] && back[k]) {
                    continue;
                }
                there |= bone(std::array::from_fn(|k| at[k] - isize::from(back[k])));
            }
            if there {
                let dimension = axes.iter().filter(|a| **a).count();
                sum += if dimension % 2 == 0 { 1 } else { -1 };
            }
        }
    }
    sum
}

#[test]
fn the_connectivity_of_known_shapes_is_known() {
    let gpu = gpu();
    let simulation = random_body(&gpu, "trabecular-core", 24, 1);
    let region_sums = RegionSums::new(simulation.body(), simulation.model()).unwrap();
    let [nx, ny, nz] = simulation.anatomy().voxels;
    let envelope = simulation.anatomy().regions[0].envelope_mm3;
    let of = |shape: fn([usize; 3]) -> bool| {
        let mut sites = vec![SiteState::at_rest(0.0); nx * ny * nz];
        for at in each([nx, ny, nz - 2]) {
            if shape(at) {
                sites[at[0] + nx * (at[1] + ny * (at[2] + 1))].bvtv = 0.9;
            }
        }
        write(&gpu, &simulation.state().bone, &sites);
        let all = measured(&simulation, &region_sums);
        let density = common::value(&all, "core", "connectivity_density");
        1 - (density * envelope).round() as i64
    };
    assert_eq!(of(|_| true), 1);
    assert_eq!(of(|_| false), 0);
    // Two touching by a corner are one; apart, two.
    assert_eq!(of(|p| p == [5, 5, 5] || p == [6, 6, 6]), 1);
    assert_eq!(of(|p| p == [5, 5, 5] || p == [7, 5, 5]), 2);
    // A ring has one loop; a hollow cube one cavity.
    assert_eq!(
        of(|p| p[2] == 4 && p[0] < 3 && p[1] < 3 && p != [1, 1, 4]),
        0
    );
    assert_eq!(of(|p| p.iter().all(|x| *x < 3) && p != [1, 1, 1]), 2);
    // The edges of a cube: 12 edges, 8 corners, so 5 loops.
    let frame =
        |p: [usize; 3]| p.iter().all(|x| *x < 3) && p.iter().filter(|x| **x == 1).count() <= 1;
    assert_eq!(of(frame), 1 - 5);
}

#[test]
fn the_catalogue_has_what_scenes_test_to_failure() {
    for scene in SCENES {
        for plan in &Anatomy::build(scene, 24).unwrap().strength {
            for key in plan.quantities {
                let quantity = Quantity::of(Subject::Bone, key);
                assert!(quantity.is_some_and(Quantity::is_tested), "{scene}: {key}");
            }
        }
    }
}
