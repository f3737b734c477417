//! Mechanostat: bone and muscle answering gravity, on the graphics adapter.
//!
//! A tour, from the ground up; a room imports only from rooms above it in this list:
//!
//! - [`located`]: where in a file something is wrong; [`volume`]: a grid of values.
//! - [`tissue`]: what the lattice is made of; [`scenario`]: what happens to the body;
//!   [`physiology`]: parameters with their sources; [`gpu`]: the adapter; [`io`]: files.
//! - [`solver`]: elasticity on a grid of voxels, which knows no biology.
//! - [`sim`]: the ring of stages. Begin with [`sim::Simulation::advance`].
//! - [`view`]: pictures of the lattice; [`measure`]: numbers of regions.
//! - [`evidence`]: published claims; [`figure`]: figures for print.
//! - [`study`]: what was chosen and done, as a value, and what carries it out.
//! - [`command`]: what the command line does without a window; [`app`]: the window.

pub mod app;
pub mod command;
pub mod evidence;
pub mod figure;
pub mod gpu;
pub mod io;
pub mod located;
pub mod measure;
pub mod physiology;
pub mod scenario;
pub mod sim;
pub mod solver;
pub mod study;
pub mod tissue;
pub mod view;
pub mod volume;
