//! The study: what was chosen and done, as a value, and what carries it out.

mod ablation;
mod action;
mod anatomy;
mod claims;
mod course;
mod document;
mod driver;
mod error;
mod evidence_pages;
mod file;
mod manifest;
mod person;
mod place;
mod plan;
mod report;
mod run;
mod timeline;

pub use ablation::Ablation;
pub use action::{Action, What, Which};
pub use anatomy::{AnatomyReport, Balance, Beside, Pull};
pub use claims::{ClaimedCourses, ClaimedRun, ClaimedRuns, Judged, Scores, Tally, scores_by};
pub use course::Courses;
pub use document::{Document, Segment, Setup};
pub use driver::Driver;
pub use error::StudyError;
pub use evidence_pages::evidence_pages;
pub use file::{EVERY, FieldFormat, Output, STEPS, StrengthDays, is_document};
pub use manifest::{fault_table, manifest};
pub use person::{person, scenario};
pub use place::{NO_BONE_BMD, Place, too_dense};
pub use plan::{Looks, Plan, Tests};
pub use report::{Change, mission_figure, shown_changes};
pub use run::{Event, Run};
pub use timeline::Timeline;
