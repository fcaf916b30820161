//! `call`: one tool, one JSON answer.

use futures_util::future::BoxFuture;
use serde_json::{Map, Value as Json};
use tokio_util::sync::CancellationToken;

use super::args::Call;
use super::source::{self, CommandError};
use super::{Exit, print, signal};
use crate::access::Caller;
use crate::answer::case::Unasked;
use crate::call::{Confirm, Confirmation, Reply};
use crate::catalog::{Kind, Tool};
use crate::desk::{Door, Request};

/// Why the arguments cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum BadArguments {
    #[error("--json must hold one JSON object, such as {{\"Enabled\": true}}")]
    NotAnObject,
    #[error("--arg must be NAME=VALUE, found \"{0}\"")]
    NoValue(String),
}

pub(super) async fn run(args: &Call) -> Result<Exit, CommandError> {
    let sourced = source::any(&args.source, &args.tools).await?;
    let caller = Caller::local(sourced.config.policy.clone());
    let desk = sourced.desk();
    let arguments = match arguments(args, desk.tools().find(&args.tool).as_ref()) {
        Ok(arguments) => arguments,
        Err(error) => {
            print::complain(&error.to_string());
            return Ok(Exit::Refused);
        }
    };
    let cancel = CancellationToken::new();
    let request = Request {
        caller: &caller,
        door: Door::Cli,
        tool: &args.tool,
        arguments: &arguments,
        confirm: &Typed(args.confirm.as_deref()),
        progress: &|record| tracing::info!(percent = record.percent, "progress"),
        cancel: &cancel,
        language: args.language,
    };
    let answering = desk.answer(request);
    tokio::pin!(answering);
    let answer = tokio::select! {
        answer = &mut answering => answer,
        () = signal::told_to_end() => {
            // The call still ends by itself: it stops the host first.
            cancel.cancel();
            answering.await
        }
    };
    desk.close().await;
    let exit = Exit::of(&answer);
    print::json(&Json::Object(answer.envelope));
    Ok(exit)
}

/// What the person gave with `--confirm`.
struct Typed<'a>(Option<&'a str>);

impl Confirm for Typed<'_> {
    fn ask<'a>(&'a self, question: &'a Confirmation) -> BoxFuture<'a, Reply> {
        let reply = match self.0 {
            Some(name) => Reply::Typed(name.to_owned()),
            None => Reply::Unasked(Unasked::NotTyped { name: quoted(question.name()), argument: question.argument() }),
        };
        Box::pin(std::future::ready(reply))
    }
}

/// As a shell takes it.
fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.chars().all(plain) { name.to_owned() } else { format!("'{}'", name.replace('\'', r"'\''")) }
}

/// `--json`, then `--arg`, then `--tenant` and `--workspace`; the later wins.
fn arguments(args: &Call, tool: Option<&Tool>) -> Result<Map<String, Json>, BadArguments> {
    let mut arguments = match &args.json {
        None => Map::new(),
        Some(text) => serde_json::from_str(text).map_err(|_| BadArguments::NotAnObject)?,
    };
    for argument in &args.arguments {
        let (name, value) = argument.split_once('=').ok_or_else(|| BadArguments::NoValue(argument.clone()))?;
        let value = typed(tool, name, value);
        match (arguments.get_mut(name), value) {
            (Some(Json::Array(all)), Json::Array(more)) => all.extend(more),
            (_, value) => drop(arguments.insert(name.to_owned(), value)),
        }
    }
    for (name, value) in [("tenant", &args.tenant), ("workspace", &args.workspace)] {
        if let Some(value) = value {
            arguments.insert(name.to_owned(), value.as_str().into());
        }
    }
    Ok(arguments)
}

/// A typed value. What a text means for its argument is read where every
/// argument is checked; only a list has another spelling here.
fn typed(tool: Option<&Tool>, name: &str, text: &str) -> Json {
    let is_list = match tool {
        Some(Tool::Function(entry)) => {
            entry.arguments().any(|parameter| parameter.answers_to(name) && parameter.kind == Kind::Strings)
        }
        _ => false,
    };
    if is_list || name == "fields" {
        return text.split(',').map(|item| Json::from(item.trim())).collect();
    }
    text.into()
}
