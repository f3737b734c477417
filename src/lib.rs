//! Mechanostat: bone and muscle answering gravity, on the graphics adapter.
//!
//! # The rooms
//!
//! From the ground up; a room imports only from rooms above it in this list:
//!
//! - [`located`]: where in a file something is wrong; [`person`]: a build that scenes can be made
//!   for; [`volume`]: a grid of values.
//! - [`tissue`]: what the lattice is made of; [`scenario`]: what happens to the body;
//!   [`physiology`]: parameters with their sources; [`gpu`]: the adapter; [`io`]: files.
//! - [`solver`]: elasticity on a grid of voxels, which knows no biology.
//! - [`sim`]: the ring of stages. Begin with [`sim::Simulation::advance`].
//! - [`view`]: pictures of the lattice; [`measure`]: numbers of regions.
//! - [`evidence`]: published claims; [`figure`]: figures for print.
//! - [`study`]: what was chosen and done, as a value, and what carries it out.
//! - [`command`]: what the command line does without a window; [`app`]: the window.
//!
//! # Run a scenario
//!
//! A study is a value: a [`study::Setup`], and a log of what is done to it. A
//! [`study::Driver`] carries it out. It never waits; [`command::wait`] does so for programs that
//! have nothing else to do.
//!
//! ```
//! use mechanostat::command::wait::{arrive, open_gpu};
//! use mechanostat::gpu::Need;
//! use mechanostat::measure::Quantity;
//! use mechanostat::study::{Document, Driver, Looks, Place, Plan, Run, Setup, scenario};
//!
//! let gpu = open_gpu(Need::DEFAULT)?;
//! let setup = Setup {
//!     size: 24, // voxels along the longest side
//!     ..Setup::new("iss-6-months", scenario("iss-6-months")?)
//! };
//! let anatomy = Place::scene(&setup.scene).anatomy(setup.size, &setup.scenario.person)?;
//! let model = setup.model(anatomy.scene)?;
//! // Measured every ten days, up to day 30.
//! let plan = Plan::of(Looks::Every { days: 10.0, last: 30.0 });
//! let run = Run::new(&gpu, anatomy, model, Document::new(setup), plan)?;
//! let mut driver = Driver::new(run);
//! arrive(&mut driver, |_event| {})?;
//!
//! let density = driver.run().courses().change("total_hip", Quantity::Bmd);
//! let days: Vec<f64> = density.iter().map(|(day, _)| *day).collect();
//! assert_eq!(days, [0.0, 10.0, 20.0, 30.0]);
//! assert!(density[3].1 < density[1].1, "bone is lost in flight: {density:?} (day, %)");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Change gravity midway
//!
//! [`study::Driver::apply`] does something to a run on any day, [`study::Driver::undo`] takes it
//! back. In the past the run begins anew from the nearest moment that it has kept.
//!
//! ```
//! # use mechanostat::command::wait::{arrive, open_gpu};
//! # use mechanostat::gpu::Need;
//! # use mechanostat::study::{Document, Driver, Looks, Place, Plan, Run, Setup, scenario};
//! use mechanostat::measure::Quantity;
//! use mechanostat::study::{Action, What};
//! # let gpu = open_gpu(Need::DEFAULT)?;
//! # let setup = Setup { size: 24, ..Setup::new("iss-6-months", scenario("iss-6-months")?) };
//! # let anatomy = Place::scene(&setup.scene).anatomy(setup.size, &setup.scenario.person)?;
//! # let model = setup.model(anatomy.scene)?;
//!
//! let until = |day| Plan::of(Looks::EachStep { last: day });
//! let run = Run::new(&gpu, anatomy, model, Document::new(setup), until(10.0))?;
//! // Room for moments to go back to (on the adapter) and for each day's tissue, bytes.
//! let mut driver = Driver::new(run.with_timeline(64 << 20, 64 << 20)?);
//! arrive(&mut driver, |_event| {})?;
//!
//! driver.apply(Action::new(10.0, What::Gravity(0.378)))?; // Mars, g
//! driver.set_plan(until(20.0));
//! arrive(&mut driver, |_event| {})?;
//! let last = |driver: &Driver| {
//!     driver.run().courses().last_change("quadriceps", Quantity::Volume)
//! };
//! let on_mars = last(&driver);
//!
//! driver.undo()?;
//! arrive(&mut driver, |_event| {})?;
//! assert!(last(&driver) < on_mars, "less muscle is left without Mars");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Read a field
//!
//! ```
//! # use mechanostat::command::wait::{Wait as _, arrive, open_gpu};
//! # use mechanostat::gpu::Need;
//! # use mechanostat::study::{Document, Driver, Looks, Place, Plan, Run, Setup, scenario};
//! use mechanostat::view::{Field, FieldKind};
//! # let gpu = open_gpu(Need::DEFAULT)?;
//! # let setup = Setup { size: 24, ..Setup::new("earth", scenario("earth")?) };
//! # let anatomy = Place::scene(&setup.scene).anatomy(setup.size, &setup.scenario.person)?;
//! # let model = setup.model(anatomy.scene)?;
//! # let plan = Plan::of(Looks::On(vec![0.0]));
//! # let run = Run::new(&gpu, anatomy, model, Document::new(setup), plan)?;
//! # let mut driver = Driver::new(run);
//! # arrive(&mut driver, |_event| {})?;
//!
//! let simulation = driver.run().simulation();
//! let field = Field::new(&gpu, simulation.state(), simulation.anatomy())?;
//! field.show(&gpu, FieldKind::Density);
//! let density = Field::numbers(FieldKind::Density, &gpu.fetch(&field.read(&gpu)?)?);
//! // One value a voxel, x fastest, in mg HA/cm3; not a number where there is no bone.
//! assert_eq!(density.len(), simulation.anatomy().len());
//! let densest = density.iter().copied().fold(0.0, f32::max);
//! assert!((800.0..1400.0).contains(&densest), "{densest} {}", FieldKind::Density.unit());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Save and resume
//!
//! A [`sim::Checkpoint`] is everything that a run needs to go on, to the bit.
//!
//! ```
//! # use mechanostat::command::wait::{Wait as _, arrive, open_gpu};
//! # use mechanostat::gpu::Need;
//! # use mechanostat::study::{Document, Driver, Looks, Place, Plan, Run, Setup, scenario};
//! use mechanostat::sim::{Checkpoint, Simulation};
//! # let gpu = open_gpu(Need::DEFAULT)?;
//! # let setup = Setup { size: 24, ..Setup::new("iss-6-months", scenario("iss-6-months")?) };
//! # let anatomy = Place::scene(&setup.scene).anatomy(setup.size, &setup.scenario.person)?;
//! # let model = setup.model(anatomy.scene)?;
//! # let document = Document::new(setup);
//!
//! let plan = |days| Plan::of(Looks::On(days));
//! let (bone, person) = (anatomy.clone(), model.clone());
//! let run = Run::new(&gpu, anatomy, model, document.clone(), plan(vec![0.0, 8.0]))?;
//! let mut driver = Driver::new(run);
//! arrive(&mut driver, |_event| {})?;
//!
//! let pending = driver.run().simulation().checkpoint()?.ok_or("a solve is under way")?;
//! let bytes = gpu.arrival(|| pending.poll())?.to_bytes()?; // to a file, say
//!
//! let checkpoint = Checkpoint::from_bytes(&bytes)?;
//! let simulation = Simulation::restore(&gpu, bone, person, &checkpoint)?;
//! let run = Run::of(simulation, document, plan(vec![12.0]))?;
//! let mut resumed = Driver::new(run);
//! arrive(&mut resumed, |_event| {})?;
//! assert_eq!(resumed.run().simulation().day(), 12.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod app;
pub mod command;
pub mod evidence;
pub mod figure;
pub mod gpu;
pub mod io;
pub mod located;
pub mod measure;
pub mod person;
pub mod physiology;
pub mod scenario;
pub mod sim;
pub mod solver;
pub mod study;
pub mod tissue;
pub mod view;
pub mod volume;
