//! How far long work has come, on a terminal.

use std::io::IsTerminal as _;

/// A bar on a terminal, nothing elsewhere.
pub(super) struct Progress {
    bar: indicatif::ProgressBar,
    rounds: u32,
}

impl Progress {
    pub(super) fn new(rounds: u32, days: f64) -> Self {
        let bar = if std::io::stderr().is_terminal() {
            indicatif::ProgressBar::new(u64::from(rounds) + days.ceil() as u64)
        } else {
            indicatif::ProgressBar::hidden()
        };
        if let Ok(style) =
            indicatif::ProgressStyle::with_template("{msg:28} {wide_bar} {percent:>3} % {eta}")
        {
            bar.set_style(style);
        }
        Self { bar, rounds }
    }

    /// One that shows nothing.
    pub(super) fn quiet() -> Self {
        Self {
            bar: indicatif::ProgressBar::hidden(),
            rounds: 0,
        }
    }

    pub(super) fn round(&self, round: u32) {
        self.bar.set_position(u64::from(round));
        self.bar.set_message("settling under 1 g");
    }

    pub(super) fn day(&self, day: f64) {
        self.bar.set_position(u64::from(self.rounds) + day as u64);
        self.bar.set_message(format!("mission day {day:.0}"));
    }

    /// One more day, or round of settling, of several runs.
    pub(super) fn another(&self) {
        self.bar.inc(1);
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
