//! What long work of `mechanostat validate` leaves while it is not done, and goes on from.

use std::fmt::Write as _;
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

use crate::evidence::Claim;

use super::error::CommandError;
use super::results::Results;
use super::validate_args::ValidateArgs;

/// A table of what is done, every row of which starts with what it was made of.
#[derive(Debug)]
pub(super) struct Unfinished {
    path: PathBuf,
    file: &'static str,
    made_of: String,
}

impl Unfinished {
    /// The table `file` among `results`, of work on `claims`; `more` is what else it is made of,
    /// beside flags and the parameters that come with the program.
    pub(super) fn new<'a>(
        results: &Results,
        file: &'static str,
        args: &ValidateArgs,
        claims: &[Claim],
        more: impl IntoIterator<Item = &'a [u8]>,
    ) -> Self {
        let mut hash = Sha256::new();
        hash.update(env!("CARGO_PKG_VERSION"));
        hash.update(crate::physiology::BUILT_IN);
        hash.update(args.size().to_le_bytes());
        for text in args.set.iter().chain(claims.iter().map(|c| &c.row.model)) {
            hash.update(text);
            hash.update([0]);
        }
        for bytes in more {
            hash.update(bytes);
            hash.update([0]);
        }
        let mut made_of = String::new();
        for byte in hash.finalize().iter().take(8) {
            // Writing to memory cannot fail.
            write!(made_of, "{byte:02x}").ok();
        }
        Self {
            path: results.path(file),
            file,
            made_of,
        }
    }

    /// A sentence on why it cannot be gone on from.
    pub(super) fn odd(&self, why: &str) -> CommandError {
        CommandError::usage(format!(
            "--resume: {} {why}; without --resume it is begun anew",
            self.path.display()
        ))
    }

    /// The rows to go on from, without what they were made of; none where nobody asked to, and then
    /// the table is taken away.
    /// # Errors
    /// There is no table, or one that was made of something else.
    pub(super) fn begun(&self, asked: bool) -> Result<Vec<csv::StringRecord>, CommandError> {
        let folder = self.path.parent().unwrap_or(&self.path).display();
        if !crate::io::is_file(&self.path) {
            if asked {
                return Err(CommandError::usage(format!(
                    "--resume: {folder} holds nothing to go on from"
                )));
            }
            return Ok(Vec::new());
        }
        if !asked {
            eprintln!(
                "{folder} holds what was broken off; begun anew, --resume would have gone on"
            );
            crate::io::remove(&self.path)?;
            return Ok(Vec::new());
        }
        let text = crate::io::read_text(&self.path)?;
        let mut rows = Vec::new();
        for record in csv::Reader::from_reader(text.as_bytes()).records() {
            let record = record.ok().ok_or_else(|| self.odd("cannot be read"))?;
            if record.get(0) != Some(&self.made_of) {
                return Err(self.odd("was made with other claims, parameters or flags"));
            }
            rows.push(record.iter().skip(1).collect());
        }
        Ok(rows)
    }

    /// Leaves `rows` under `header`.
    /// # Errors
    /// As [`Results::write_aside`].
    pub(super) fn keep<const N: usize>(
        &self,
        results: &Results,
        header: [&str; N],
        rows: impl IntoIterator<Item = [String; N]>,
    ) -> Result<(), CommandError> {
        let row = |first: &str, cells: [String; N]| {
            let first = std::iter::once(first.to_owned());
            first.chain(cells).collect::<Vec<_>>()
        };
        let mut all = vec![row("made_of", header.map(str::to_owned))];
        all.extend(rows.into_iter().map(|cells| row(&self.made_of, cells)));
        results.write_aside(self.file, &crate::io::records(all))
    }

    /// Takes the table away: the work is done.
    /// # Errors
    /// The file cannot be removed.
    pub(super) fn done(&self) -> Result<(), CommandError> {
        Ok(crate::io::remove(&self.path)?)
    }
}
