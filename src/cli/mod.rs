//! The command line.
//!
//! Answers and lists go to standard output, everything else to standard
//! error. The exit code says how it ended: 0 done, 1 failed, 2 refused (a
//! wrong configuration, too), 3 unreachable, 4 unknown, 130 cancelled.

mod args;
mod audit;
#[cfg(feature = "demo")]
mod azure;
mod call;
mod catalog;
mod check;
mod complete;
#[cfg(feature = "demo")]
mod demo;
mod exit;
mod explain;
mod guard;
mod module;
mod print;
#[cfg(feature = "demo")]
mod sample;
mod serve;
mod sheet;
mod signal;
mod source;
mod terminal;
mod tools;
mod visible;
mod walk;

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
    let filter = crate::config::env::log().or_else(|| filter(&args.command).map(str::to_owned));
    if let Err(error) = crate::watch::init(filter.as_deref()) {
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
        Command::Module(args::Module::Export(export)) => module::export(&export),
        Command::Check(check) => check::run(&check).await,
        Command::Audit(args::Audit::Verify(verify)) => audit::verify(&verify),
        #[cfg(feature = "demo")]
        Command::Host(host) => demo::host(&host).await,
        #[cfg(feature = "demo")]
        Command::Azure(args) => azure::run(&args).await,
        Command::Completions(completions) => Ok(complete::completions(completions.shell)),
        Command::Man(man) => complete::man(&man),
    };
    ended.unwrap_or_else(|error| {
        print::complain(&error.to_string());
        error.exit()
    })
}

/// What is logged where nobody said it; `None`: as everywhere.
///
/// Somebody who looks at an answer on a terminal shall not have to look for it
/// between lines of the log. The trail has them all the same.
fn filter(command: &Command) -> Option<&'static str> {
    match command {
        Command::Call(call) if call.quiet => Some("error,audit=off"),
        Command::Call(_) | Command::Tools(_) | Command::Catalog(_) if print::errors_are_read() => {
            Some("warn,audit=off")
        }
        _ => None,
    }
}
