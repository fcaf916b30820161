//! Tests of the crate on a real PowerShell: see [`outside`] for how to add one.

#![allow(clippy::indexing_slicing, reason = "a test that is wrong may panic")]

#[path = "../it/peer/client.rs"]
mod client;
mod facts;
#[path = "../it/host_end.rs"]
mod host_end;
mod left_out;
#[path = "../outside/mod.rs"]
mod outside;
mod shells;

use std::path::Path;
use std::process::ExitCode;

use outside::powershell::POWERSHELL;
use outside::{Need, run};

const PROC: Need = Need {
    key: "proc",
    name: "/proc",
    from: "Linux has it",
    is_there: || Path::new("/proc/self").exists(),
    is_owed: || cfg!(target_os = "linux"),
};

fn main() -> ExitCode {
    run(
        "engine of wsman",
        &[
            (&[], left_out::TRIALS),
            (&[POWERSHELL], facts::TRIALS),
            (&[POWERSHELL], shells::TRIALS),
            (&[POWERSHELL, PROC], shells::WITH_PROC),
        ],
    )
}
