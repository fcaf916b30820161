//! `catalog probe`: what a host's script has, beside the catalogue.

use std::path::Path;

use serde_json::{Map, Value as Json};
use tokio_util::sync::CancellationToken;

use super::args::{Probe, Tools};
use super::source::{self, CommandError};
use super::visible::visible;
use super::{Exit, print, signal};
use crate::access::Caller;
use crate::call::Nobody;
use crate::desk::{Door, PROBE, Request};

pub(super) async fn probe(args: &Probe) -> Result<Exit, CommandError> {
    let sourced = source::any(&args.source, &Tools::default()).await?;
    let caller = Caller::local(sourced.config.policy.clone());
    let desk = sourced.desk();
    let cancel = CancellationToken::new();
    let arguments = arguments(args);
    let request = Request {
        caller: &caller,
        door: Door::Cli,
        tool: PROBE,
        arguments: &arguments,
        confirm: &Nobody,
        progress: &|_| {},
        cancel: &cancel,
        language: None,
    };
    let answering = desk.answer(request);
    tokio::pin!(answering);
    let mut answer = tokio::select! {
        never = desk.path().tend() => match never {},
        answer = &mut answering => answer,
        () = signal::told_to_end(signal::HangUp::Ends) => {
            cancel.cancel();
            answering.await
        }
    };
    desk.close().await;
    let exit = Exit::of(&answer);
    let overlay = answer.envelope.remove("data").filter(|data| !data.is_null());
    match (overlay, &args.output) {
        _ if exit != Exit::Done => complain(&answer.envelope),
        (None, _) => print::complain("the script has not changed; the overlay stays as it is"),
        (Some(overlay), None) => print::json(&overlay),
        (Some(overlay), Some(file)) => {
            if let Err(error) = std::fs::write(file, format!("{overlay:#}\n")) {
                print::complain(&format!("{} cannot be written: {error}", file.display()));
                return Ok(Exit::Failed);
            }
        }
    }
    Ok(exit)
}

fn arguments(args: &Probe) -> Map<String, Json> {
    let known = args.output.as_deref().and_then(known);
    let given = [("tenant", args.tenant.clone()), ("host", args.host.clone()), ("known", known)];
    given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))).collect()
}

fn complain(answer: &Map<String, Json>) {
    print::complain(answer.get("error").and_then(Json::as_str).unwrap_or_default());
    let said = answer.get("hostErrors").and_then(Json::as_array);
    for error in said.into_iter().flatten() {
        let message = error.get("message").and_then(Json::as_str).unwrap_or_default();
        print::complain(&format!("the host said: {}", visible(message)));
    }
}

/// Hash of the script that an earlier overlay is of.
fn known(file: &Path) -> Option<String> {
    let overlay: Json = serde_json::from_str(&std::fs::read_to_string(file).ok()?).ok()?;
    Some(overlay.get("script")?.get("sha256")?.as_str()?.to_owned())
}
