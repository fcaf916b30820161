//! The command line.
//!
//! Answers and lists go to standard output, everything else to standard
//! error. The exit code says how it ended: 0 done, 1 failed, 2 refused (a
//! wrong configuration, too), 3 unreachable, 4 unknown, 130 cancelled.

mod args;
mod audit;
mod call;
mod catalog;
mod check;
#[cfg(feature = "demo")]
mod demo;
mod exit;
mod guard;
mod print;
mod serve;
mod signal;
mod source;
mod tools;

use clap::Parser as _;

pub use args::Args;
use args::Command;
pub use exit::Exit;

/// Runs the command that the process was started with.
pub async fn run() -> Exit {
    guard::forbid_core_dumps();
    let exit = command().await;
    // Here, for complaints before the log has begun.
    crate::watch::flush();
    exit
}

async fn command() -> Exit {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return print::usage(&error),
    };
    if let Err(error) = crate::watch::init(crate::config::env::log().as_deref()) {
        print::complain(&error.to_string());
        return Exit::Refused;
    }
    let ended = match args.command {
        Command::Serve(serve) => serve::from_file(&serve).await,
        #[cfg(feature = "demo")]
        Command::Demo(demo) => demo::serve(&demo).await,
        Command::Call(call) => call::run(&call).await,
        Command::Tools(tools) => tools::run(&tools).await,
        Command::Catalog(args::Catalog::Probe(probe)) => catalog::probe(&probe).await,
        Command::Check(check) => check::run(&check).await,
        Command::Audit(args::Audit::Verify(verify)) => audit::verify(&verify),
        #[cfg(feature = "demo")]
        Command::Host(host) => demo::host(&host).await,
    };
    ended.unwrap_or_else(|error| {
        print::complain(&error.to_string());
        error.exit()
    })
}
