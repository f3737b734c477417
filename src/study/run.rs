//! One body on its way through a document, from look to look. Never waits, and has no clock.

use std::sync::Arc;
use std::time::Duration;

use crate::gpu::{Gpu, GpuError};
use crate::measure::{
    DayPacker, DayTissue, Measurement, Orientation, PendingDay, PendingMeasurements,
    PendingOrientation, Quantity, RegionSums, StrengthTest, Subject,
};
use crate::physiology::Model;
use crate::sim::{Moment, SimError, Simulation, Status};
use crate::tissue::Anatomy;

use super::course::Courses;
use super::document::Document;
use super::plan::{Looks, Plan};
use super::timeline::Timeline;

/// What a poll came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The adapter is still at work on what was submitted last.
    Waiting,
    /// The body settles: rounds done.
    Settling(u32),
    /// Something was submitted.
    Working,
    /// A day was measured. The body stands there until the next poll.
    Looked,
    /// Nothing is left to do.
    Arrived,
}

#[derive(Debug)]
enum Doing {
    /// On the way to the next look.
    Moving,
    Measuring(PendingMeasurements, Option<PendingDay>),
    /// Bones are being tested: what was found so far, and the test of which plan is under way.
    Testing(Vec<Measurement>, usize, Box<StrengthTest>),
    Orienting(Vec<Measurement>, PendingOrientation),
    /// The look was told of.
    Looked,
}

/// A body on its way through a document.
///
/// Steps are counted from the beginning of each phase, and where a run is looked at has no part in
/// them: a day between two whole steps is reached by a shorter step, which is then undone. The
/// steps of a run are the same however often, and by whichever program, it is looked at.
#[derive(Debug)]
pub struct Run {
    document: Document,
    plan: Plan,
    simulation: Simulation,
    region_sums: RegionSums,
    courses: Courses,
    /// Looks done.
    looks: usize,
    doing: Doing,
    /// The last whole step, while the body stands beyond it.
    whole: Option<Moment>,
    /// Memory for it.
    spare: Option<Moment>,
    timeline: Timeline,
    /// Where days are kept.
    packer: Option<DayPacker>,
}

impl Run {
    /// Of a body at its first moment, which settles.
    /// # Errors
    /// As [`Simulation::new`].
    pub fn new(
        gpu: &Gpu,
        anatomy: Arc<Anatomy>,
        model: Arc<Model>,
        document: Document,
        plan: Plan,
    ) -> Result<Self, SimError> {
        let begin = if document.setup().grow {
            Simulation::growing
        } else {
            Simulation::new
        };
        Ok(Self::of(begin(gpu, anatomy, model)?, document, plan)?)
    }

    /// Of a body wherever it stands.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn of(simulation: Simulation, document: Document, plan: Plan) -> Result<Self, GpuError> {
        Ok(Self {
            region_sums: RegionSums::new(simulation.body(), simulation.model())?,
            document,
            plan,
            simulation,
            courses: Courses::default(),
            looks: 0,
            doing: Doing::Moving,
            whole: None,
            spare: None,
            timeline: Timeline::default(),
            packer: None,
        })
    }

    /// The same, after looks that were taken before the body was kept.
    #[must_use]
    pub fn after(self, courses: Courses) -> Self {
        Self {
            looks: courses.len(),
            courses,
            ..self
        }
    }

    /// The same, keeping moments to go back to within `moments` bytes on the adapter, and each
    /// day's tissue within `days` bytes on the host.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn with_timeline(self, moments: u64, days: u64) -> Result<Self, GpuError> {
        Ok(Self {
            packer: Some(DayPacker::new(self.simulation.body())?),
            timeline: Timeline::within(moments, days),
            ..self
        })
    }

    /// Begins a document from the settled body, without settling anew. Returns whether there was
    /// any.
    pub fn begin(&mut self, document: Document, plan: Plan) -> bool {
        if !self.simulation.begin_again() {
            return false;
        }
        self.document = document;
        self.plan = plan;
        self.courses = Courses::default();
        self.timeline.forget_after(-1.0);
        self.stand_at(0);
        true
    }

    /// Other parameters from here on, of a body that has settled by the same.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn set_model(&mut self, model: Arc<Model>) -> Result<(), GpuError> {
        self.region_sums = RegionSums::new(self.simulation.body(), &model)?;
        self.simulation.set_model(model);
        Ok(())
    }

    /// Another plan from here on: a day further away, say.
    pub fn set_plan(&mut self, plan: Plan) {
        self.plan = plan;
    }

    /// The same study, written otherwise.
    pub(super) fn set_document(&mut self, document: Document) {
        self.document = document;
    }

    fn stand_at(&mut self, looks: usize) {
        self.looks = looks;
        self.doing = Doing::Moving;
        self.whole = None;
    }

    /// Goes on by another document, that differs from `day` on. Today's strain answers at once; in
    /// the past the run begins anew from the nearest moment before, or from `before` where it kept
    /// none, and goes on from there.
    /// # Errors
    /// [`SimError::NoPast`] where nothing was kept to go back to; nothing has changed then.
    pub(super) fn follow(
        &mut self,
        document: Document,
        day: f64,
        before: Option<&Moment>,
    ) -> Result<(), SimError> {
        if day > self.simulation.day() - 1e-9 {
            self.document = document;
            self.act();
            return Ok(());
        }
        if let Some(moment) = self.timeline.nearest(day).or(before) {
            self.simulation.go_back(moment);
        } else if !self.simulation.begin_again() {
            return Err(SimError::NoPast { day });
        }
        self.document = document;
        let now = self.simulation.day();
        self.timeline.forget_after(now);
        self.courses.forget_after(now);
        self.stand_at(self.courses.len());
        self.act();
        Ok(())
    }

    /// Another run that has the same past up to `day`, and goes on by another document. None where
    /// nothing was kept from before that day, and this one does not stand there or solves.
    /// # Errors
    /// As [`Simulation::fork`].
    pub(super) fn fork(&self, document: Document, day: f64) -> Result<Option<Self>, SimError> {
        let is_there = self.whole.is_none() && (self.simulation.day() - day).abs() < 1e-9;
        // Where it stands; else it comes forward again from what was kept.
        let now = if is_there {
            self.simulation.keep(None)?
        } else {
            None
        };
        let Some(moment) = now.as_ref().or_else(|| self.timeline.nearest(day)) else {
            return Ok(None);
        };
        let simulation = self.simulation.fork(moment)?;
        let mut courses = self.courses.clone();
        courses.forget_after(simulation.day());
        let mut run = Self::of(simulation, document, self.plan.clone())?.after(courses);
        run.timeline = self.timeline.like(run.simulation.day());
        if self.packer.is_some() {
            run.packer = Some(DayPacker::new(run.simulation.body())?);
        }
        run.timeline.keep(&run.simulation)?;
        run.act();
        Ok(Some(run))
    }

    /// Another body on its way to a day that this run has passed, from the nearest moment that was
    /// kept before it; it has looked once it is there. None where nothing was kept.
    /// # Errors
    /// As [`Simulation::fork`].
    pub(super) fn visit(&self, day: f64) -> Result<Option<Self>, SimError> {
        let Some(moment) = self.timeline.nearest(day) else {
            return Ok(None);
        };
        let simulation = self.simulation.fork(moment)?;
        let plan = Plan::of(Looks::On(vec![day]));
        let run = Self::of(simulation, self.document.clone(), plan)?;
        Ok(Some(run))
    }

    /// Takes over what another run keeps of the past that both have up to `day`: its settled body
    /// and its moments.
    pub(super) fn take_past(&mut self, other: &mut Self, day: f64) {
        self.simulation.take_start(&mut other.simulation);
        self.timeline.take_moments(&mut other.timeline, day);
    }

    /// Lets what acts from today on act, before the next step: the strain field shows it.
    pub fn act(&mut self) {
        if self.whole.is_none() {
            let conditions = self.document.conditions_at(self.simulation.day());
            self.simulation.set_conditions(conditions);
        }
    }

    /// Goes on, or looks whether what was submitted is done. `now` is the time since any fixed
    /// moment.
    /// # Errors
    /// [`SimError`].
    pub fn poll(&mut self, now: Duration) -> Result<Event, SimError> {
        match std::mem::replace(&mut self.doing, Doing::Moving) {
            Doing::Looked => {
                self.go_on()?;
                self.poll(now)
            }
            Doing::Moving => match self.simulation.poll(now)? {
                Status::Waiting => Ok(Event::Waiting),
                Status::Settling(round) => Ok(Event::Settling(round)),
                Status::Solving => Ok(Event::Working),
                Status::Ready => self.move_on(),
            },
            Doing::Measuring(pending, day) => {
                self.simulation.gpu().poll()?;
                let found = self.region_sums.poll(&pending)?;
                let packed = self.packed(day.as_ref())?;
                if let (Some(found), true) = (found, day.is_none() || packed.is_some()) {
                    self.timeline.add(packed);
                    return self.after_measuring(found);
                }
                self.doing = Doing::Measuring(pending, day);
                Ok(Event::Waiting)
            }
            Doing::Testing(mut found, number, mut test) => {
                let Some(strength) = test.poll(now)? else {
                    self.doing = Doing::Testing(found, number, test);
                    return Ok(Event::Waiting);
                };
                let plan = &self.simulation.anatomy().strength[number];
                let answers = [strength.strength, strength.stiffness];
                for (key, value) in plan.quantities.into_iter().zip(answers) {
                    // A test holds that the catalogue has every plan's quantities.
                    if let Some(quantity) = Quantity::of(Subject::Bone, key) {
                        found.push(Measurement {
                            region: plan.region,
                            quantity,
                            value,
                        });
                    }
                }
                self.test_from(number + 1, found)
            }
            Doing::Orienting(mut found, pending) => {
                self.simulation.gpu().poll()?;
                let Some(orientation) = pending.poll(&self.simulation)? else {
                    self.doing = Doing::Orienting(found, pending);
                    return Ok(Event::Waiting);
                };
                found.extend(orientation.iter().flat_map(Orientation::measurements));
                self.record(&found);
                Ok(Event::Looked)
            }
        }
    }

    /// One step towards the next look, or the look.
    fn move_on(&mut self) -> Result<Event, SimError> {
        let day = self.simulation.day();
        let dt = self.document.step_from(day);
        let due = match self.plan.looks {
            Looks::EachStep { last } => self.next_step(day, dt, last),
            _ => self.plan.looks.day(self.looks),
        };
        let Some(due) = due else {
            return Ok(Event::Arrived);
        };
        let left = due - day;
        if dt <= left + 1e-9 {
            self.act();
            self.simulation.advance(dt);
            return Ok(Event::Working);
        }
        if left > 1e-9 {
            self.act();
            self.whole = self.simulation.keep(self.spare.take())?;
            self.simulation.advance(left);
            return Ok(Event::Working);
        }
        let day = self.packer.as_ref().map(|p| p.pack(&self.simulation));
        let sums = self.region_sums.measure(&self.simulation)?;
        self.doing = Doing::Measuring(sums, day.transpose()?);
        Ok(Event::Working)
    }

    fn packed(&self, pending: Option<&PendingDay>) -> Result<Option<DayTissue>, GpuError> {
        match (&self.packer, pending) {
            (Some(packer), Some(pending)) => packer.poll(pending),
            _ => Ok(None),
        }
    }

    /// The end of the next step, or today where it was not looked at yet; none from the last day
    /// on.
    fn next_step(&self, day: f64, dt: f64, last: f64) -> Option<f64> {
        if self.looks == 0 || self.courses.last_day() < day - 1e-5 {
            return Some(day);
        }
        (day < last - 1e-9).then_some(day + dt)
    }

    fn after_measuring(&mut self, found: Vec<Measurement>) -> Result<Event, SimError> {
        if self.plan.is_tested(self.looks) {
            self.test_from(0, found)
        } else {
            self.orient(found)
        }
    }

    fn test_from(&mut self, number: usize, found: Vec<Measurement>) -> Result<Event, SimError> {
        let anatomy = Arc::clone(self.simulation.anatomy());
        let Some(plan) = anatomy.strength.get(number) else {
            return self.orient(found);
        };
        let test = Box::new(StrengthTest::new(&self.simulation, plan)?);
        self.doing = Doing::Testing(found, number, test);
        Ok(Event::Working)
    }

    fn orient(&mut self, found: Vec<Measurement>) -> Result<Event, SimError> {
        if self.plan.orientation {
            let pending = PendingOrientation::new(&self.simulation)?;
            self.doing = Doing::Orienting(found, pending);
            return Ok(Event::Working);
        }
        self.record(&found);
        Ok(Event::Looked)
    }

    fn record(&mut self, found: &[Measurement]) {
        let day = self.simulation.day();
        // A row tells what led up to the day, not what follows; day 0 counts to the first phase.
        let gravity = self.document.conditions_at((day - 1e-6).max(0.0)).gravity;
        self.courses.record(day, gravity, found);
        self.looks += 1;
        self.doing = Doing::Looked;
    }

    /// Back to the last whole step, from where a run goes on; a look between two steps is over.
    /// Where there is a timeline, the body is kept there now and then, and its start.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn go_on(&mut self) -> Result<(), GpuError> {
        self.step_back();
        if self.packer.is_none() {
            return Ok(());
        }
        self.keep_start()?;
        self.timeline.keep(&self.simulation)
    }

    fn step_back(&mut self) {
        if let Some(whole) = self.whole.take() {
            self.simulation.go_back(&whole);
            self.spare = Some(whole);
        }
        self.doing = Doing::Moving;
    }

    /// Whether the run can be left where it stands: before it has settled, or at a whole step to
    /// which this goes back. A look that is under way is finished first.
    pub fn stop(&mut self) -> bool {
        if !self.simulation.is_settled() {
            return true;
        }
        let may = matches!(self.doing, Doing::Moving | Doing::Looked) && self.simulation.is_ready();
        if may {
            self.step_back();
        }
        may
    }

    /// Keeps today for good, to go back to. Whether there is room and the run stands at a step.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn snapshot(&mut self) -> Result<bool, GpuError> {
        if self.whole.is_some() {
            return Ok(false);
        }
        self.timeline.snapshot(&self.simulation)
    }

    /// Keeps the settled body, for [`Run::begin`].
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn keep_start(&mut self) -> Result<(), GpuError> {
        self.simulation.keep_start()
    }

    /// What was chosen and done.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Moments and days that are kept.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// What was measured so far.
    pub fn courses(&self) -> &Courses {
        &self.courses
    }

    /// The body.
    pub fn simulation(&self) -> &Simulation {
        &self.simulation
    }

    /// The same, with submissions of so many iterations at most, as [`Simulation::set_slice`].
    #[must_use]
    pub fn with_slice(mut self, iterations: u32) -> Self {
        self.simulation.set_slice(iterations);
        self
    }

    /// Whether a poll has anything to do.
    pub fn is_busy(&self) -> bool {
        !matches!(self.doing, Doing::Looked | Doing::Moving)
            || !self.simulation.is_ready()
            || match self.plan.looks {
                Looks::EachStep { last } => self.looks == 0 || self.simulation.day() < last - 1e-9,
                _ => self.plan.looks.day(self.looks).is_some(),
            }
    }
}
