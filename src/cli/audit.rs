//! `audit verify`: whether the trail is what was written.

use std::path::PathBuf;

use super::args::Verify;
use super::source::{self, CommandError};
use super::{Exit, print};
use crate::audit::{self, FileReport, State};
use crate::config::Config;

pub(super) fn verify(args: &Verify) -> Result<Exit, CommandError> {
    let folder = match &args.state_dir {
        Some(folder) => folder.clone(),
        None => configured(args)?,
    };
    let report = audit::verify(&folder)?;
    print::line(&format!("trail of {}, key {}", folder.display(), report.key));
    let half = "whole, half a line of a killed process at the end";
    line(&report.register, if report.register.state == State::Torn { half } else { "whole" });
    report.files.iter().for_each(process);
    let Some((name, bad)) = report.first_bad() else {
        print::line("good: every line is what was written");
        return Ok(Exit::Done);
    };
    print::line(&match bad.line {
        Some(line) => format!("bad: line {line} of {name} {}", bad.fault),
        None => format!("bad: {name} {}", bad.fault),
    });
    Ok(Exit::Failed)
}

fn configured(args: &Verify) -> Result<PathBuf, CommandError> {
    let config = Config::read(&source::path(args.config.as_deref())?)?;
    config.state_dir.ok_or(CommandError::NoState)
}

fn process(file: &FileReport) {
    let state = match file.state {
        State::Living => "its process lives",
        State::Closed => "closed",
        State::Closing => "closed, not in the register",
        State::Ended => "its process was killed",
        State::Torn => "its process was killed, half a line at the end",
    };
    line(file, state);
}

fn line(file: &FileReport, state: &str) {
    let state = if file.fault.is_some() { "BAD" } else { state };
    print::line(&format!("{:<48} {:>8} lines  {state}", file.name, file.lines));
}
