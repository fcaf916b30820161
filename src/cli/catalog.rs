//! `catalog probe`: what a host's script has, beside the catalogue.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;

use super::args::{Probe, Tools};
use super::source::{self, CommandError};
use super::{Exit, print, signal};
use crate::call::{CallPath, Surveyed};
use crate::tenant::{Registry, Target};

pub(super) async fn probe(args: &Probe) -> Result<Exit, CommandError> {
    let sourced = source::any(&args.source, &Tools::default()).await?;
    let Some(target) = target(&sourced.config.registry, args) else {
        print::complain(&match (&args.host, &args.tenant) {
            (Some(host), _) => format!("there is no tenant on a host \"{host}\""),
            (None, tenant) => format!("there is no tenant \"{}\"", tenant.as_deref().unwrap_or_default()),
        });
        return Ok(Exit::Refused);
    };
    let known = args.output.as_deref().and_then(known);
    let path = CallPath::new(Arc::new(sourced.config));
    let cancel = CancellationToken::new();
    let surveying = path.survey(&target, known.as_deref(), &cancel);
    tokio::pin!(surveying);
    let surveyed = tokio::select! {
        surveyed = &mut surveying => surveyed,
        () = signal::told_to_end() => {
            cancel.cancel();
            surveying.await
        }
    };
    match (surveyed, &args.output) {
        (Err(error), _) => {
            print::complain(&error.said);
            error.host_errors.iter().for_each(|text| print::complain(&text.message));
            Ok(Exit::of_end(Some(error.code), error.outcome))
        }
        (Ok(Surveyed::Known), _) => {
            print::complain("the script has not changed; the overlay stays as it is");
            Ok(Exit::Done)
        }
        (Ok(Surveyed::Overlay(overlay)), None) => {
            print::json(&overlay);
            Ok(Exit::Done)
        }
        (Ok(Surveyed::Overlay(overlay)), Some(file)) => {
            if let Err(error) = std::fs::write(file, format!("{overlay:#}\n")) {
                print::complain(&format!("{} cannot be written: {error}", file.display()));
                return Ok(Exit::Failed);
            }
            Ok(Exit::Done)
        }
    }
}

/// Any workspace of the tenant, or of the first tenant on the host: the script
/// is the host's.
fn target(registry: &Registry, args: &Probe) -> Option<Target> {
    registry.targets().find(|target| match (&args.host, &args.tenant) {
        (Some(host), _) => target.host().as_str() == host,
        (None, tenant) => Some(target.tenant().id.as_str()) == tenant.as_deref(),
    })
}

/// Hash of the script that an earlier overlay is of.
fn known(file: &Path) -> Option<String> {
    let overlay: Json = serde_json::from_str(&std::fs::read_to_string(file).ok()?).ok()?;
    Some(overlay.get("script")?.get("sha256")?.as_str()?.to_owned())
}
