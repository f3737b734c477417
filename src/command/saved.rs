//! A run in the middle, kept in its folder while it goes on: what `--resume` goes on from.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::gpu::Gpu;
use crate::io;
use crate::physiology::Model;
use crate::sim::{Checkpoint, Simulation};
use crate::study::{Courses, Document, Output, StudyError};
use crate::tissue::Anatomy;

use super::error::CommandError;
use super::results::{CHECKPOINT, Results};
use super::wait::{Wait as _, clock};

/// The settled body, for the figure, and the body as it was last kept.
const START: &str = "checkpoint/start";
const NOW: &str = "checkpoint/now";

/// What is kept beside the body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Progressed {
    /// What the run was asked for.
    asked: Asked,
    /// Rows of days measured so far.
    pub(super) courses: Courses,
    /// Files written so far.
    pub(super) written: Vec<String>,
}

/// A run read back.
pub(super) struct Saved {
    pub(super) start: Checkpoint,
    pub(super) now: Checkpoint,
    pub(super) progressed: Progressed,
}

/// What of the flags and the scenario decides the numbers, and which of them are written: name and
/// value.
pub(super) type Asked = Vec<(String, String)>;

/// What is asked for.
pub(super) fn asked(document: &Document, output: &Output) -> Asked {
    let table = document.to_table(output);
    table
        .into_iter()
        .map(|(name, value)| (name, value.to_string()))
        .collect()
}

/// In what two runs differ first, in words.
fn difference(found: &Asked, wanted: &Asked) -> Option<String> {
    let all = |asked: &Asked, name: &str| -> String {
        let found = asked.iter().find(|(n, _)| n == name);
        found.map_or("none".to_owned(), |(_, value)| value.clone())
    };
    let names = wanted.iter().chain(found).map(|(name, _)| name);
    let mut differing = names.filter(|name| all(found, name) != all(wanted, name));
    let name = differing.next()?;
    Some(match name.as_str() {
        "scenario" | "scenario_text" => "the scenario is another one".to_owned(),
        "action" => "other things were done by hand".to_owned(),
        _ => format!(
            "{name} was {}, and {} is asked for",
            all(found, name),
            all(wanted, name)
        ),
    })
}

fn refused(path: &std::path::Path, error: &impl std::fmt::Display) -> CommandError {
    CommandError::usage(format!("{}: {error}", path.display()))
}

/// Whether a folder holds a run that could go on.
pub(super) fn is_there(folder: &std::path::Path) -> bool {
    io::is_file(&folder.join(NOW))
}

/// Reads what a folder holds of a run that was asked the same.
/// # Errors
/// Nothing there, a damaged file, one of another run: exit code 2.
pub(super) fn read(folder: &std::path::Path, asked: &Asked) -> Result<Saved, CommandError> {
    if !is_there(folder) {
        return Err(CommandError::usage(format!(
            "--resume: {} holds no run to go on with",
            folder.display()
        )));
    }
    let load = |name: &str| -> Result<Checkpoint, CommandError> {
        let path = folder.join(name);
        let bytes = io::read(&path)?;
        Checkpoint::from_bytes(&bytes).map_err(|e| refused(&path, &e))
    };
    let now = load(NOW)?;
    let path = folder.join(NOW);
    let progressed: Progressed = toml::from_str(now.note()).map_err(|e| {
        refused(
            &path,
            &format!("this checkpoint's rows cannot be read: {}", e.message()),
        )
    })?;
    if let Some(difference) = difference(&progressed.asked, asked) {
        let why = format!("this checkpoint is of another run: {difference}");
        return Err(refused(&path, &why));
    }
    if !progressed.courses.is_whole() {
        return Err(refused(&path, &"this checkpoint's rows have no columns"));
    }
    Ok(Saved {
        start: load(START)?,
        now,
        progressed,
    })
}

/// A body as a checkpoint has it. What another adapter may change is told.
pub(super) fn restored(
    gpu: &Gpu,
    anatomy: &Arc<Anatomy>,
    model: &Arc<Model>,
    checkpoint: &Checkpoint,
    folder: &std::path::Path,
) -> Result<Simulation, CommandError> {
    Simulation::restore(gpu, Arc::clone(anatomy), Arc::clone(model), checkpoint)
        .map_err(|e| StudyError::checkpoint(&folder.join(NOW), e).into())
}

/// A simulation's checkpoint, waited for. None while it solves.
fn checkpoint(simulation: &Simulation) -> Result<Option<Checkpoint>, CommandError> {
    let Some(pending) = simulation.checkpoint()? else {
        return Ok(None);
    };
    Ok(Some(simulation.gpu().arrival(|| pending.poll())?))
}

/// Keeps a run now and then.
pub(super) struct Keeper {
    asked: Asked,
    every: Duration,
    /// Until it is written, with the first one that follows.
    start: Option<Checkpoint>,
    last: Duration,
    /// The day on which the run was kept last.
    day: Option<f64>,
    /// What keeping took the last time: it shall be a small part of a run.
    took: Duration,
}

/// A run goes on for this many times what keeping it takes before it is kept again.
const SPARING: u32 = 20;

impl Keeper {
    pub(super) fn new(asked: Asked, every: Duration) -> Self {
        Self {
            asked,
            every,
            start: None,
            last: Duration::ZERO,
            day: None,
            took: Duration::ZERO,
        }
    }

    /// The same for a run that goes on from a day on which it was kept.
    pub(super) fn going_on_from(mut self, day: f64) -> Self {
        self.day = Some(day);
        self
    }

    /// Remembers the settled body of a run that begins.
    pub(super) fn start(&mut self, simulation: &Simulation) -> Result<(), CommandError> {
        self.start = checkpoint(simulation)?;
        Ok(())
    }

    /// Whether the run should be kept again.
    pub(super) fn is_due(&self) -> bool {
        let spared = if self.every.is_zero() {
            Duration::ZERO
        } else {
            SPARING * self.took
        };
        clock() >= self.last + self.every.max(spared)
    }

    /// An error in the middle of a run, with the way on from there.
    pub(super) fn told_of(&self, error: CommandError, folder: &std::path::Path) -> CommandError {
        let Some(day) = self.day else {
            return error;
        };
        CommandError {
            message: format!(
                "{}; what was measured is in {}, and --resume goes on from day {day}",
                error.message,
                folder.display()
            ),
            ..error
        }
    }

    /// Keeps the run. It must stand at a whole step.
    pub(super) fn keep(
        &mut self,
        simulation: &Simulation,
        courses: &Courses,
        results: &Results,
    ) -> Result<(), CommandError> {
        let began = clock();
        let Some(now) = checkpoint(simulation)? else {
            return Ok(());
        };
        let progressed = Progressed {
            asked: self.asked.clone(),
            courses: courses.clone(),
            written: results.written().to_vec(),
        };
        let note = toml::to_string(&progressed).map_err(|e| CommandError {
            message: format!("the run's rows cannot be kept: {e}"),
            code: 1,
        })?;
        let bytes = |checkpoint: &Checkpoint| {
            checkpoint.to_bytes().map_err(|e| CommandError {
                message: e.to_string(),
                code: 1,
            })
        };
        if let Some(start) = self.start.take() {
            // Of another run nothing stays beside it.
            forget(results)?;
            results.write_aside(START, &bytes(&start)?)?;
        }
        results.write_aside(NOW, &bytes(&now.with_note(note))?)?;
        self.day = Some(simulation.day());
        self.last = clock();
        self.took = self.last.saturating_sub(began);
        Ok(())
    }
}

/// Removes what was kept, once a run is over or begins anew.
pub(super) fn forget(results: &Results) -> Result<(), CommandError> {
    let paths: [PathBuf; 2] = [results.path(START), results.path(NOW)];
    for path in paths {
        io::remove(&path)?;
    }
    io::remove_empty(&results.path(CHECKPOINT));
    Ok(())
}
