//! Somebody wants a run to end: it is kept first.

use std::sync::atomic::{AtomicBool, Ordering};

use super::error::CommandError;

/// Set when Ctrl-C was pressed: a handler is the process's own, so its flag is too.
static ASKED: AtomicBool = AtomicBool::new(false);

/// Whether somebody wants the run to end.
pub(super) struct Interrupt {
    asked: &'static AtomicBool,
}

impl Interrupt {
    /// Watches from here on. A second Ctrl-C ends the process at once.
    pub(super) fn watch() -> Result<Self, CommandError> {
        let asked = || {
            if ASKED.swap(true, Ordering::Relaxed) {
                std::process::exit(1);
            }
        };
        match ctrlc::set_handler(asked) {
            // One command a process; a library may run several.
            Ok(()) | Err(ctrlc::Error::MultipleHandlers) => Ok(Self { asked: &ASKED }),
            Err(error) => Err(CommandError {
                message: format!("Ctrl-C cannot be watched: {error}"),
                code: 1,
            }),
        }
    }

    pub(super) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }
}

/// What is told of a run that was ended on a day.
pub(super) fn interrupted(day: f64) -> CommandError {
    CommandError {
        message: format!("interrupted on day {day}"),
        code: 1,
    }
}
