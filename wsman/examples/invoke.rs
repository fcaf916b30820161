//! Runs one command on a WinRM host:
//! `cargo run -p wsman --example invoke -- http://host:5985/wsman 'DOMAIN\user' Get-Date Format=o`
//!
//! Arguments are `NAME=TEXT`, `NAME:=JSON`, or `NAME@=FILE` for the text of a
//! file. Objects go to standard output as JSON, one a line, and last how it
//! ended; everything else goes to standard error.
//!
//! `--ntlm` signs in with bare NTLM instead of Negotiate, `--first` stops the
//! command after its first object, `--answer TEXT` answers questions for one
//! string; all others are refused.
//!
//! The password comes from standard input, so that it is in no process list.

use std::error::Error;
use std::io::Read as _;

use wsman::auth::Credentials;
use wsman::client::{HostPolicy, Options, RunOptions, RunspacePool};
use wsman::clixml::{Value, json};
use wsman::psrp::{Command, HostMethod, HostResponse, Refusal};
use wsman::session::{End, PipelineEvent};
use wsman::transport::{Endpoint, SignIn, Target};

const USAGE: &str = "usage: invoke [--ntlm] [--first] [--answer TEXT] URL USER COMMAND [NAME=VALUE]... < password";

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "an example prints")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let ntlm = arguments.first().is_some_and(|flag| flag == "--ntlm");
    arguments.drain(..usize::from(ntlm));
    let first = arguments.first().is_some_and(|flag| flag == "--first");
    arguments.drain(..usize::from(first));
    let mut answer = None;
    if arguments.len() > 1 && arguments[0] == "--answer" {
        answer = arguments.drain(..2).next_back();
    }
    let [url, username, name, parameters @ ..] = arguments.as_slice() else { return Err(USAGE.into()) };
    let mut command = Command::new(name);
    for parameter in parameters {
        let (name, value) = argument(parameter)?;
        command = command.argument(name, value);
    }
    let mut password = String::new();
    std::io::stdin().read_to_string(&mut password)?;
    let password = password.trim_end_matches(['\r', '\n']).to_owned().into();

    let credentials = Credentials { username: username.clone(), password };
    let how = if ntlm { SignIn::Ntlm(credentials) } else { SignIn::Negotiate(credentials) };
    let pool = RunspacePool::open(Options::for_target(Target::new(Endpoint::parse(url)?, how))).await?;
    let options = RunOptions { host: policy(answer), ..RunOptions::default() };
    let mut pipeline = pool.run(vec![command], options).await?;
    let mut end = End::Completed;
    while let Some(event) = pipeline.next().await {
        match event {
            PipelineEvent::Output(object) => {
                println!("{}", json::to_json(&object));
                if first {
                    pipeline.stop();
                }
            }
            PipelineEvent::Ended(last) => end = last,
            other => tell(&other),
        }
    }
    pool.close().await;
    println!("{end:?}");
    Ok(())
}

fn argument(written: &str) -> Result<(&str, Value), Box<dyn Error>> {
    let (name, value) = written.split_once('=').ok_or("arguments are NAME=VALUE")?;
    if let Some(name) = name.strip_suffix(':') {
        return Ok((name, json::from_json(&value.parse()?)));
    }
    if let Some(name) = name.strip_suffix('@') {
        return Ok((name, std::fs::read_to_string(value)?.as_str().into()));
    }
    Ok((name, value.into()))
}

fn policy(answer: Option<String>) -> HostPolicy {
    Box::new(move |call| match (&answer, call.method, call.single_string_field()) {
        (Some(answer), HostMethod::ReadLine, _) => HostResponse::Value(answer.as_str().into()),
        (Some(answer), _, Some(field)) => HostResponse::fields([(field, answer.as_str().into())]),
        _ => HostResponse::Refused(Refusal { id: "Invoke.Refused".into(), message: "nobody answers".into() }),
    })
}

#[expect(clippy::print_stderr, reason = "an example prints")]
fn tell(event: &PipelineEvent) {
    match event {
        PipelineEvent::Error(error) => eprintln!("error: {} ({})", error.message, error.id),
        PipelineEvent::Warning(text) => eprintln!("warning: {text}"),
        PipelineEvent::Verbose(text) => eprintln!("verbose: {text}"),
        PipelineEvent::Debug(text) => eprintln!("debug: {text}"),
        PipelineEvent::Information(record) => eprintln!("information: {}", json::to_json(&record.message)),
        PipelineEvent::Progress(record) => {
            eprintln!("progress: {}: {} {:?}", record.activity, record.status, record.percent);
        }
        PipelineEvent::HostCall(call) => eprintln!("host: {}", call.question()),
        other => eprintln!("{other:?}"),
    }
}
