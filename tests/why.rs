//! Why a place has changed: the link that is named is the one whose cut changes the place most.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;

use common::{Noise, gpu, read};
use mechanostat::command::wait::arrive;
use mechanostat::gpu::Gpu;
use mechanostat::physiology::Model;
use mechanostat::scenario::{Link, Scenario};
use mechanostat::sim::state::{MuscleState, MuscleVoxel, SiteState};
use mechanostat::study::{
    Action, Document, Driver, Looks, Plan, Run, Setup, Spot, Tests, What, Which, Why,
};
use mechanostat::tissue::{Anatomy, SCENES};

const DAYS: f64 = 14.0;

fn plan() -> Plan {
    Plan {
        looks: Looks::EachStep { last: DAYS },
        tests: Tests::Never,
        orientation: false,
    }
}

fn document(scene: &str) -> Document {
    let setup = Setup {
        scene: scene.to_owned(),
        size: 24,
        ..Setup::new(
            "iss-6-months",
            Scenario::built_in("iss-6-months").unwrap().unwrap(),
        )
    };
    Document::new(setup)
}

/// Changes of all voxels of bone, and of all of muscle, %, by what the body holds.
fn changes(gpu: &Gpu, run: &Run, before: &[SiteState]) -> [Vec<Option<f64>>; 2] {
    let simulation = run.simulation();
    let (state, anatomy) = (simulation.state(), simulation.anatomy());
    let sites: Vec<SiteState> = read(gpu, &state.bone, state.counts.sites);
    let mut first = 0;
    let bone = anatomy.bone.iter().map(|plan| {
        let own = first..first + plan.sites.len();
        first = own.end;
        let sum = |of: &[SiteState]| -> f64 {
            let of = of[own.clone()].iter().zip(&plan.sites);
            of.map(|(s, p)| p.fraction * f64::from(s.bvtv)).sum()
        };
        let volume: f64 = plan.sites.iter().map(|s| s.fraction).sum();
        let (now, before) = (sum(&sites), sum(before));
        (before > 0.02 * volume).then(|| 100.0 * (now / before - 1.0))
    });
    let bone = bone.collect();
    let count = state.counts.muscle_voxels;
    let voxels: Vec<MuscleVoxel> = read(gpu, &state.muscle_voxels, count);
    let muscle: Vec<MuscleState> = read(gpu, &state.muscle, count);
    let size = |v: &MuscleVoxel, m: &MuscleState| {
        let area = v.type1 * m.type1 + (1.0 - v.type1) * m.type2;
        f64::from(100.0 * (area * m.fluid - 1.0))
    };
    let muscle = voxels.iter().zip(&muscle);
    [bone, muscle.map(|(v, m)| Some(size(v, m))).collect()]
}

/// Fifty places drawn at random in four scenes. What each cut does is found here by whole runs,
/// with a cut done by hand on day 0 and every solve in its week.
#[test]
fn the_link_that_is_named_is_the_one_that_matters_most() {
    let gpu = gpu();
    let mut noise = Noise(11);
    let (mut asked, mut right, mut drives_right) = (0, 0, 0);
    let mut wrong = Vec::new();
    for scene in SCENES {
        let anatomy = Arc::new(Anatomy::build(scene, 24).unwrap());
        let model = Model::built_in().unwrap();
        let model = model.person(scene, "control", 75.0, &[]).unwrap();
        let document = document(scene);
        let run = Run::new(&gpu, anatomy, Arc::new(model), document.clone(), plan()).unwrap();
        let mut driver = Driver::new(run.with_timeline(64 << 20, 64 << 20).unwrap());
        // Before the first day.
        driver.set_plan(Plan::of(Looks::On(vec![0.0])));
        arrive(&mut driver, |_| {}).unwrap();
        let state = driver.run().simulation().state();
        let before: Vec<SiteState> = read(&gpu, &state.bone, state.counts.sites);
        driver.set_plan(plan());
        arrive(&mut driver, |_| {}).unwrap();
        let plain = changes(&gpu, driver.run(), &before);
        let mut why = Why::new(&driver, Which::First, DAYS).unwrap();
        while !why.poll().unwrap() {
            gpu.device().poll(wgpu::PollType::Poll).ok();
        }
        let [done, of] = why.progress();
        assert_eq!((done, of), (1 + Link::ALL.len(), 1 + Link::ALL.len()));
        let mut cuts = Vec::new();
        for link in Link::ALL {
            let mut cut = document.clone();
            cut.apply(Action::new(0.0, What::Cut(*link)));
            assert!(driver.begin(cut, plan()));
            arrive(&mut driver, |_| {}).unwrap();
            cuts.push((*link, changes(&gpu, driver.run(), &before)));
        }
        // Bone and muscle in turns, where there are both.
        let counts = [plain[0].len(), plain[1].len()];
        let (mut here, mut seen) = (0, std::collections::BTreeSet::new());
        while here < 13 {
            let kind = if counts[1] > 100 { here % 2 } else { 0 };
            let place = (noise.next() * counts[kind] as f64) as usize;
            if !seen.insert((kind, place)) {
                continue;
            }
            let Some(change) = plain[kind][place] else {
                continue;
            };
            let spot = [Spot::Bone(place), Spot::Muscle(place)][kind];
            let answer = why.answer(spot).unwrap();
            let effect = |link: Link| {
                let (_, of) = cuts.iter().find(|(l, _)| *l == link).unwrap();
                (of[kind][place].unwrap() - change).abs()
            };
            let most = Link::ALL
                .iter()
                .copied()
                .max_by(|a, b| effect(*a).total_cmp(&effect(*b)))
                .unwrap();
            // The same among links that leave bone's turnover and muscle's atrophy themselves as
            // they are.
            let own = [Link::BoneRemodelling, Link::MuscleAtrophy];
            let among = Link::ALL.iter().copied().filter(|l| !own.contains(l));
            let drives = among.max_by(|a, b| effect(*a).total_cmp(&effect(*b)));
            drives_right += usize::from(answer.drives().map(|e| e.link) == drives);
            here += 1;
            asked += 1;
            let named = answer.effects[0].link;
            if named == most {
                right += 1;
            } else {
                wrong.push(format!(
                    "{scene} {spot:?}: {} ({:.3}) for {} ({:.3})",
                    named.name(),
                    effect(named),
                    most.name(),
                    effect(most)
                ));
            }
        }
    }
    assert!(
        asked >= 50 && right * 50 >= 45 * asked,
        "{right} of {asked}; {wrong:#?}"
    );
    assert!(drives_right * 50 >= 45 * asked, "{drives_right} of {asked}");
}
