//! Tests of the server on a real PowerShell: see [`outside`] for how to add
//! one.

mod azure;
mod both;
mod demo;
mod engine;
mod faces;
mod manager;
mod opening;
#[path = "../../wsman/tests/outside/mod.rs"]
mod outside;
mod real;
mod script;
#[path = "../it/snapshot.rs"]
mod snapshot;
mod types;
mod values;
mod written;

use std::process::ExitCode;

use outside::powershell::POWERSHELL;
use outside::{Need, has_shared, run, shared};

/// Interactive scripts that were not written for us, and a stand-in for `az`.
const SCRIPTS: Need = Need {
    key: "scripts",
    name: "scripts",
    from: "../shared/data/scripts",
    is_there: || shared("data/scripts").is_some(),
    is_owed: has_shared,
};

fn main() -> ExitCode {
    let needs = &[POWERSHELL, SCRIPTS];
    run(
        "engine of sentinel-jump",
        &[
            (needs, azure::TRIALS),
            (&[], both::DEMO),
            (&[POWERSHELL], demo::TRIALS),
            (needs, both::TRIALS),
            (needs, both::styles::TRIALS),
            (needs, engine::TRIALS),
            (&[POWERSHELL, faces::AZURE], faces::TRIALS),
            (&[POWERSHELL], faces::faults::TRIALS),
            (&[POWERSHELL], faces::identity::TRIALS),
            (needs, manager::TRIALS),
            (needs, opening::TRIALS),
            (needs, real::TRIALS),
            (needs, script::TRIALS),
            (needs, script::calls::TRIALS),
            (needs, script::confirmed::TRIALS),
            (needs, script::plain::TRIALS),
            (needs, types::TRIALS),
            (needs, values::TRIALS),
            (needs, written::TRIALS),
        ],
    )
}
