//! What a session says of its host: the script, and the sign-in to Azure.

use futures_util::FutureExt as _;

use super::caught::caught;
use super::open::Visit;
use super::verdict;
use super::{Ask, CallPath};
use crate::answer::{HostText, ToolError};
use crate::catalog::Effect;
use crate::host::{AzureSignIn, Style, Via};
use crate::pool::PoolKey;

/// What was seen in a session of a workspace.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// The session had been open before.
    pub(crate) warm: bool,
    /// SHA-256 of the script, hex.
    pub(crate) sha256: String,
    /// Functions of the script.
    pub(crate) functions: Vec<String>,
    /// `contract` or `session`, when the script shows it.
    pub(crate) style: Option<&'static str>,
    /// The sign-in to Azure, or why nothing is known of it.
    pub(crate) azure: Result<Azure, ToolError>,
}

/// The host's sign-in to Azure.
#[derive(Clone, Debug)]
pub(crate) struct Azure {
    /// `None`: nothing is known.
    pub(crate) signed_in: Option<bool>,
    /// Azure tenant id of the sign-in. The host's word.
    pub(crate) tenant: Option<String>,
    pub(crate) via: Option<&'static str>,
    pub(crate) problem: Option<HostText>,
}

impl CallPath {
    /// Opens a session as a call would, and asks it about itself. Nothing of
    /// the script is run.
    ///
    /// # Errors
    ///
    /// As for any call that does not get a session.
    pub(crate) async fn inspect(&self, ask: &Ask<'_>) -> Result<Seen, ToolError> {
        self.authorise(ask)?;
        let _place = self.join(ask.target)?;
        caught(ask.correlation, ask.tool.name(), ask.tool.effect(), seen(self, ask).boxed()).await
    }
}

async fn seen(path: &CallPath, ask: &Ask<'_>) -> Result<Seen, ToolError> {
    match once(path, ask).await? {
        Some(seen) => Ok(seen),
        None => {
            path.pool().distrust(&PoolKey::of(ask.target));
            once(path, ask).await?.ok_or_else(|| verdict::silent(ask.target.host()))
        }
    }
}

/// `None`: a warm session turned out to be dead.
async fn once(path: &CallPath, ask: &Ask<'_>) -> Result<Option<Seen>, ToolError> {
    let visit = Visit { target: ask.target, entry: None, effect: Effect::Read, by: None, cancel: ask.cancel };
    let mut opened = path.door().open(&visit).await?;
    let warm = opened.was_warm;
    let session = opened.session()?;
    let asked = tokio::select! {
        biased;
        () = ask.cancel.cancelled() => return Err(verdict::cancelled_before()),
        asked = session.azure() => asked,
    };
    if warm && asked.as_ref().is_err_and(verdict::is_lost) {
        return Ok(None);
    }
    let report = session.report();
    let host = ask.target.host();
    let seen = Seen {
        warm,
        sha256: report.sha256.clone(),
        functions: report.functions.iter().chain(report.aliases.iter().map(|alias| &alias.name)).cloned().collect(),
        style: session.style().map(Style::as_str),
        azure: asked.map(azure).map_err(|error| verdict::not_ready(None, host, error)),
    };
    // One that failed to answer is not kept; the lease knows.
    opened.lease.give_back();
    Ok(Some(seen))
}

fn azure(told: AzureSignIn) -> Azure {
    Azure {
        signed_in: told.signed_in,
        tenant: told.tenant,
        via: told.via.map(|via| match via {
            Via::Cli => "az",
            Via::Module => "Az module",
        }),
        problem: told.problem.as_ref().map(verdict::text),
    }
}
