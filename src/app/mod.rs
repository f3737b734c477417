//! The window.
use crate::command::CommandError;
use crate::scenario::Scenario;
/// Opens.
/// # Errors
/// x
pub fn open(_s: Scenario, _size: usize) -> Result<(), CommandError> { Ok(()) }
