//! What the command line does without a window.

mod ablate;
mod anatomy;
mod asked;
mod bench;
mod bench_copy;
mod bench_mechanics;
mod bench_window;
mod claimed;
mod doctor;
mod error;
mod fields;
mod flights;
mod interrupt;
mod panel;
mod progress;
mod results;
mod run;
mod run_args;
mod saved;
mod sensitivity;
mod solve;
mod validate;
mod validate_args;
pub mod wait;

pub use anatomy::{AnatomyArgs, anatomy};
pub use asked::{Flags, asked, known_adapter, window_size};
pub use bench::{BenchArgs, BenchSubject, bench};
pub use bench_mechanics::{Cube, CubeField, bench_mechanics};
pub use bench_window::{PictureTimes, tell_window, time_pictures};
pub use doctor::{DoctorArgs, doctor};
pub use error::CommandError;
pub use run::run;
pub use run_args::RunArgs;
pub use solve::{Axis, Ends, SolveArgs, solve};
pub use validate::validate;
pub use validate_args::ValidateArgs;
