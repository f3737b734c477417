//! Why a place has changed: the run once more with each link of the ring cut, and what each cut
//! makes of every voxel. Nothing here waits.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::gpu::Readback;
use crate::scenario::Link;
use crate::sim::state::{MuscleState, MuscleVoxel, SiteState};
use crate::sim::{Moment, SimError, Simulation};
use crate::tissue::Anatomy;

use super::action::Which;
use super::document::Document;
use super::driver::Driver;

/// Steps that are submitted before it is looked whether the adapter has done them.
const STEPS: u32 = 8;
/// More than any mission: the displacements stay those of day 0. How load shifts as bone thins is
/// then left out of every run alike, and no day costs a solve.
const NEVER: f32 = 1e9;

/// A place that one may ask about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Spot {
    /// A voxel of bone, in the anatomy's list.
    Bone(usize),
    /// A voxel of muscle, in the anatomy's list.
    Muscle(usize),
    /// A whole muscle, in the anatomy's list.
    Whole(usize),
}

/// What a place would have come to with a link cut.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// The link.
    pub link: Link,
    /// Change of the place since day 0 without it, %.
    pub without: f64,
}

/// What moved a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Its change since day 0, %.
    pub change: f64,
    /// What each cut makes of it, the one that matters most first.
    pub effects: Vec<Effect>,
}

/// The size of every place at the end of a run.
#[derive(Debug)]
struct Sizes {
    /// Bone volume fraction by site.
    bone: Vec<f32>,
    /// Volume by voxel of muscle, 1 at 1 g.
    muscle: Vec<f32>,
}

/// The cuts of a run, on their way.
#[derive(Debug)]
pub struct Why {
    day: f64,
    document: Document,
    anatomy: Arc<Anatomy>,
    /// The first site of each voxel of bone.
    sites: Vec<usize>,
    /// None once all is done: it takes a body's memory.
    body: Option<(Simulation, Moment)>,
    /// Cuts that are still to be run, the next one last.
    left: Vec<Option<Link>>,
    /// What holds the next steps back until the last ones are done.
    fence: Option<Readback>,
    reading: Option<Readback>,
    before: Vec<f32>,
    found: Vec<(Option<Link>, Sizes)>,
}

/// The tissue's own answer: with it cut nothing of its kind changes at all.
const WHOLE: [Link; 2] = [Link::BoneRemodelling, Link::MuscleAtrophy];

/// The links that are cut first.
const FIRST: [Link; 6] = [
    Link::BoneRemodelling,
    Link::MuscleAtrophy,
    Link::MuscleIdleness,
    Link::OsteoclastDrive,
    Link::StrainField,
    Link::Coupling,
];

impl Answer {
    /// The cut that matters most.
    pub fn most(&self) -> Option<Effect> {
        self.effects.first().copied()
    }

    /// The one that matters most of those that leave the tissue's own answer as it is.
    pub fn drives(&self) -> Option<Effect> {
        let mut effects = self.effects.iter();
        effects.find(|e| !WHOLE.contains(&e.link)).copied()
    }

    /// The same of a place that has changed by so much: what each cut does is added to that.
    #[must_use]
    pub fn beside(mut self, change: f64) -> Self {
        let by = change - self.change;
        self.change = change;
        for effect in &mut self.effects {
            effect.without += by;
        }
        self
    }

    /// Both in a sentence, for people.
    pub fn sentence(&self) -> String {
        let told = |e: Effect| {
            let without = super::told_percent(e.without);
            format!("“{}” (cut: {without})", e.link.title())
        };
        let Some(most) = self.most() else {
            return "Nothing was cut.".to_owned();
        };
        if (most.without - self.change).abs() < 0.05 {
            return "No single link has moved it.".to_owned();
        }
        let mut text = format!("It hangs most on {}", told(most));
        if let Some(drives) = self.drives()
            && drives.link != most.link
            && (drives.without - self.change).abs() >= 0.05
        {
            write!(text, "; what drives that most is {}", told(drives)).ok();
        }
        text + "."
    }
}

impl Why {
    /// Of a run of `driver`, from day 0 to `day`.
    /// # Errors
    /// [`SimError::NoPast`] where the beginning was not kept; as [`Simulation::fork`].
    pub fn new(driver: &Driver, which: Which, day: f64) -> Result<Self, SimError> {
        let no_past = SimError::NoPast { day: 0.0 };
        let moment = driver.run().timeline().nearest(0.0).ok_or(no_past)?;
        let mut body = driver.run().simulation().fork(moment)?;
        let mut model = (**body.model()).clone();
        model.physiology.mechanics_interval = NEVER;
        body.set_model(Arc::new(model));
        let start = body.keep(None)?.ok_or(SimError::NoPast { day: 0.0 })?;
        let document = driver.of(which).document().clone();
        let cuts = document.conditions_at(0.0).cuts;
        // What usually matters most comes first: an answer that is not whole yet is of use too.
        let others = Link::ALL.iter().copied().filter(|l| !FIRST.contains(l));
        let links = FIRST.into_iter().chain(others);
        let links = links.filter(|l| !cuts.contains(*l)).map(Some);
        let mut left: Vec<Option<Link>> = std::iter::once(None).chain(links).collect();
        left.reverse();
        let anatomy = Arc::clone(body.anatomy());
        let sites = anatomy.bone.iter().scan(0, |next, plan| {
            let first = *next;
            *next += plan.sites.len();
            Some(first)
        });
        Ok(Self {
            day,
            document,
            sites: sites.collect(),
            anatomy,
            body: Some((body, start)),
            left,
            fence: None,
            reading: None,
            before: Vec::new(),
            found: Vec::new(),
        })
    }

    /// The day that it is about.
    pub fn day(&self) -> f64 {
        self.day
    }

    /// Cuts that are done, of how many; the run without a cut counts.
    pub fn progress(&self) -> [usize; 2] {
        let done = self.found.len();
        [done, done + self.left.len()]
    }

    /// Some more of it; whether all of it is done.
    /// # Errors
    /// As [`crate::gpu::Gpu::scoped`].
    pub fn poll(&mut self) -> Result<bool, SimError> {
        let Some((body, start)) = &mut self.body else {
            return Ok(true);
        };
        let gpu = body.gpu().clone();
        gpu.poll()?;
        if let Some(reading) = &self.reading {
            let Some(parts) = reading.poll()? else {
                return Ok(false);
            };
            self.reading = None;
            let sizes = sizes(body, &parts);
            if self.before.is_empty() && body.day() <= 0.0 {
                self.before = sizes.bone;
            } else if let Some(cut) = self.left.pop() {
                self.found.push((cut, sizes));
                body.go_back(start);
            }
        }
        if self.before.is_empty() {
            self.reading = Some(read(body)?);
            return Ok(false);
        }
        let Some(cut) = self.left.last().copied() else {
            self.body = None;
            return Ok(true);
        };
        if let Some(fence) = &self.fence {
            if fence.poll()?.is_none() {
                return Ok(false);
            }
            self.fence = None;
        }
        for _ in 0..STEPS {
            let day = body.day();
            let left = self.day - day;
            if left <= 1e-9 {
                self.reading = Some(read(body)?);
                return Ok(false);
            }
            let mut conditions = self.document.conditions_at(day);
            if let Some(link) = cut {
                conditions.cuts = conditions.cuts.with(link, true);
            }
            body.set_conditions(conditions);
            let dt = self.document.step_from(day).min(left);
            body.advance(dt);
        }
        let mut encoder = gpu.encoder("why: fence");
        let fence = Readback::record(&gpu, &mut encoder, &[(&body.state().bone, 0, 4)])?;
        gpu.submit(encoder);
        self.fence = Some(fence);
        Ok(false)
    }

    /// The change of a place since day 0 with a cut, %; none before that was run, and where there
    /// is no such place or there was next to no bone.
    pub fn change(&self, spot: Spot, cut: Option<Link>) -> Option<f64> {
        let (_, sizes) = self.found.iter().find(|(c, _)| *c == cut)?;
        let anatomy = &self.anatomy;
        let percent = |share: f64| 100.0 * (share - 1.0);
        match spot {
            Spot::Bone(voxel) => self.bone_change(voxel, &sizes.bone),
            Spot::Muscle(voxel) => sizes.muscle.get(voxel).map(|v| percent(f64::from(*v))),
            Spot::Whole(muscle) => {
                let of = anatomy.muscle.iter().zip(&sizes.muscle);
                let own = of.filter(|(plan, _)| plan.muscle == muscle);
                let (size, all) = own.fold((0.0, 0.0), |(size, all), (plan, v)| {
                    (size + plan.fraction * f64::from(*v), all + plan.fraction)
                });
                (all > 0.0).then(|| percent(size / all))
            }
        }
    }

    /// Change of a voxel's bone since day 0, %, from its sites' bone volume fractions.
    fn bone_change(&self, voxel: usize, now: &[f32]) -> Option<f64> {
        let (plan, first) = (self.anatomy.bone.get(voxel)?, *self.sites.get(voxel)?);
        let own = first..first + plan.sites.len();
        let sum = |of: &[f32]| -> Option<f64> {
            let shares = plan.sites.iter().zip(of.get(own.clone())?);
            Some(shares.map(|(s, b)| s.fraction * f64::from(*b)).sum())
        };
        let volume: f64 = plan.sites.iter().map(|s| s.fraction).sum();
        let (now, before) = (sum(now)?, sum(&self.before)?);
        // Where there was next to no bone a change has no meaning.
        (before > 0.02 * volume).then(|| 100.0 * (now / before - 1.0))
    }

    /// What moved a place, by the cuts that were run so far; none before the run without a cut is.
    pub fn answer(&self, spot: Spot) -> Option<Answer> {
        let change = self.change(spot, None)?;
        let cuts = self.found.iter().filter_map(|(cut, _)| *cut);
        let mut effects: Vec<Effect> = cuts
            .filter_map(|link| {
                let without = self.change(spot, Some(link))?;
                Some(Effect { link, without })
            })
            .collect();
        effects.sort_by(|a, b| {
            let size = |e: &Effect| (e.without - change).abs();
            size(b).total_cmp(&size(a))
        });
        Some(Answer { change, effects })
    }
}

/// Schedules the way back of what [`sizes`] takes.
fn read(body: &Simulation) -> Result<Readback, SimError> {
    let (gpu, state) = (body.gpu(), body.state());
    let mut encoder = gpu.encoder("why: sizes");
    let whole = [&state.bone, &state.muscle, &state.muscle_voxels].map(|b| (b, 0, b.size()));
    let reading = Readback::record(gpu, &mut encoder, &whole)?;
    gpu.submit(encoder);
    Ok(reading)
}

fn sizes(body: &Simulation, parts: &[Vec<u8>]) -> Sizes {
    let counts = &body.state().counts;
    let of = |k: usize| parts.get(k).map_or(&[][..], Vec::as_slice);
    let bone = crate::gpu::values::<SiteState>(of(0)).into_iter();
    let muscle = crate::gpu::values::<MuscleState>(of(1)).into_iter();
    let voxels = crate::gpu::values::<MuscleVoxel>(of(2)).into_iter();
    Sizes {
        bone: bone.take(counts.sites).map(|s| s.bvtv).collect(),
        muscle: muscle
            .zip(voxels)
            .take(counts.muscle_voxels)
            .map(|(m, v)| (v.type1 * m.type1 + (1.0 - v.type1) * m.type2) * m.fluid)
            .collect(),
    }
}
