//! `demo` and `host`: jump hosts of our own.

use super::args::{Demo, Host};
use super::source::{self, CommandError};
use super::{Exit, print, sample, serve, signal};
use crate::config::env::Variable;
use crate::demo;
use crate::front::Loopback;

/// Password of the embedded jump host.
pub(super) const HOST_PASSWORD: Variable = Variable {
    name: "SENTINEL_JUMP_HOST_PASSWORD",
    meaning: "password that `host` takes, instead of a new one that it prints",
};

pub(super) async fn serve(args: &Demo) -> Result<Exit, CommandError> {
    let sourced = source::demo(&args.tools).await?;
    serve::over(&sourced.in_language(args.language), &args.over).await
}

pub(super) async fn host(args: &Host) -> Result<Exit, CommandError> {
    Loopback::try_from(args.listen).map_err(CommandError::Listen)?;
    #[cfg(feature = "process")]
    let process = args.process.as_deref();
    #[cfg(feature = "process")]
    process.map_or(Ok(()), is_there)?;
    #[cfg(not(feature = "process"))]
    let process = None;
    let tls = args.tls_certificate.as_deref().zip(args.tls_key.as_deref()).map(|(certificate, key)| demo::HostFiles {
        certificate,
        key,
        require_channel_binding: args.require_channel_binding,
        basic: args.basic,
    });
    let given = HOST_PASSWORD.secret();
    let is_given = given.is_some();
    let host = demo::host(args.listen, given, process, tls).await?;
    let told_to_end = signal::told_to_end(signal::HangUp::Ends);
    print::line(&format!("listening on {}", host.listener.url()));
    let username = &host.credentials.username;
    if is_given {
        print::line(&format!("user {username}, password: as given"));
    } else {
        // Typed into another client by a person, or read by its test.
        let password = host.credentials.password.expose();
        print::line(&format!("user {username}, password {password}"));
        print::line("\nBefore its configuration is used, in that shell:");
        print::line(&format!("export {}={password}", HOST_PASSWORD.name));
    }
    print::line("\n# Its configuration, for --config; Ctrl-C ends the host.");
    print::line(&sample::toml(args, &host, process.is_some()));
    told_to_end.await;
    let ran = host.listener.counters();
    print::line(&format!("{} requests, {} commands", ran.requests.values().sum::<u64>(), ran.commands_started));
    host.listener.shutdown().await;
    Ok(Exit::Done)
}

/// Refuses a command whose program is not there: the host would take sign-ins,
/// and every shell would die.
#[cfg(feature = "process")]
fn is_there(command: &str) -> Result<(), CommandError> {
    match command.split_whitespace().next() {
        Some(program) if which::which(program).is_err() => Err(CommandError::NoProgram(program.to_owned())),
        _ => Ok(()),
    }
}
