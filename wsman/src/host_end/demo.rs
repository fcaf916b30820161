//! What the Demo engine runs: commands written in Rust.

use std::time::Duration;

use crate::clixml::Value;
use crate::psrp::{Command, ErrorRecord, ProgressRecord};

/// The commands of one runspace of the Demo engine.
///
/// One value per shell, so that state does not leak between sessions. The
/// engine itself answers `Write-Output`, `Get-Date`, `Start-Sleep`,
/// `Read-Host` and `Get-Command`; everything else comes here.
pub trait Commands: Send {
    /// Runs script text. `None`: this text is not known, and the pipeline
    /// fails: the Demo engine has no PowerShell.
    fn script(&mut self, text: &str) -> Option<Vec<Step>>;

    /// Runs a command by name with its arguments. `None`: no such command
    /// (`CommandNotFoundException`).
    fn command(&mut self, command: &Command) -> Option<Vec<Step>>;

    /// Names for `Get-Command`.
    fn names(&self) -> Vec<String>;
}

/// One thing that a command does, in order.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Step {
    /// Emits an object.
    Output(Value),
    /// A message that has its number and never comes.
    Lost,
    /// Writes a non-terminating error.
    Error(ErrorRecord),
    /// Writes a warning.
    Warning(String),
    /// Writes a line to the screen (Write-Host).
    Host(String),
    /// Writes progress.
    Progress(ProgressRecord),
    /// Takes so long; a stop ends it at once.
    Sleep(Duration),
    /// Ends the pipeline with a terminating error.
    Fail(ErrorRecord),
    /// `exit n`: SetShouldExit, then Completed without what follows.
    Exit(i32),
}
