//! The study: what was chosen and done, as a value, and what carries it out.

mod action;
mod course;
mod document;
mod driver;
mod error;
mod file;
mod person;
mod place;
mod plan;
mod timeline;

pub use action::{Action, What};
pub use course::Courses;
pub use document::{Document, Segment, Setup};
pub use driver::{Driver, Event};
pub use error::StudyError;
pub use file::{Output, STEPS, is_document};
pub use person::{person, scenario};
pub use place::{NO_BONE_BMD, Place, too_dense};
pub use plan::{Looks, Plan, Tests};
