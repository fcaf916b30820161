//! The path, from top to bottom, in two halves: [`CallPath::prepare`] sends
//! nothing, [`CallPath::run`] does. Between them the desk writes down what is
//! about to happen.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use serde_json::{Map, Value as Json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::abilities::Abilities;
use super::cache::{Cache, Key};
use super::caught::caught;
use super::confirm::{Confirm, Consent};
use super::limit::{Limits, Place};
use super::open::{Circuits, Door, SignIns};
use super::validate::{self, Arguments};
use super::{authorise, confirm, run};
use crate::access::Caller;
use crate::answer::case::{Case, NoScript, Slip};
use crate::answer::{Rows, ToolError};
use crate::catalog::{Effect, Entry, Tool};
use crate::config::{Config, Script, Vault};
use crate::host::HostProgress;
use crate::pool::Pool;
use crate::store::Store;
use crate::tenant::{Language, Target};

/// Runs calls. One per server.
#[derive(Debug)]
pub struct CallPath {
    config: Arc<Config>,
    vault: Vault,
    pool: Pool,
    limits: Limits,
    cache: Cache,
    sign_ins: SignIns,
    circuits: Circuits,
    pub(super) abilities: Abilities,
}

/// One function on one target.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) caller: &'a Caller,
    /// The tool that was called, and is to be authorised: the function's own,
    /// or a fleet tool that asks several.
    pub(crate) tool: Tool,
    pub(crate) entry: &'static Entry,
    pub(crate) target: &'a Target,
    pub(crate) arguments: &'a Map<String, Json>,
    pub(crate) correlation: &'a str,
    pub(crate) progress: &'a (dyn Fn(HostProgress) + Send + Sync),
    pub(crate) confirm: &'a dyn Confirm,
    pub(crate) cancel: &'a CancellationToken,
    /// What a person is asked in.
    pub(crate) language: Language,
}

/// A call that may be made: allowed, checked, confirmed, and with a place in
/// the queue of its host.
pub(crate) struct Prepared {
    arguments: Arguments,
    consent: Consent,
    _place: Place,
}

impl Prepared {
    /// Whether a person, or the operator, said yes to it.
    pub(crate) fn is_confirmed(&self) -> bool {
        self.consent.is_given()
    }
}

/// What a function gave back, and how old it is if it was kept.
#[derive(Clone, Debug)]
pub(crate) struct Executed {
    pub(crate) rows: Arc<Rows>,
    pub(crate) cached: Option<Duration>,
}

impl CallPath {
    /// A path over a configuration's hosts. Nothing is opened yet.
    #[must_use]
    pub fn new(config: Arc<Config>) -> Self {
        let limits = Limits::new(&config);
        Self {
            config,
            vault: Vault::default(),
            pool: Pool::default(),
            limits,
            cache: Cache::default(),
            sign_ins: SignIns::default(),
            circuits: Circuits::default(),
            abilities: Abilities::default(),
        }
    }

    /// The same with another vault.
    #[must_use]
    pub fn with_vault(self, vault: Vault) -> Self {
        Self { vault, ..self }
    }

    /// The same with a store that remembers shells beyond the process.
    #[must_use]
    pub fn remembering(self, store: Arc<Store>) -> Self {
        Self { pool: Pool::remembering(store), ..self }
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The warm sessions.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Closes sessions when their time has come and deletes shells that are
    /// left on hosts, for ever. Run it beside whatever asks.
    pub async fn tend(&self) -> std::convert::Infallible {
        let door = self.door();
        tokio::select! {
            never = self.pool.tend() => never,
            never = door.clear() => never,
        }
    }

    /// Closes every session.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// The one way to a session.
    pub(super) fn door(&self) -> Door<'_> {
        Door {
            config: &self.config,
            vault: &self.vault,
            pool: &self.pool,
            sign_ins: &self.sign_ins,
            circuits: &self.circuits,
            abilities: &self.abilities,
        }
    }

    /// Everything that needs no host: authorise, validate, confirm, limit.
    pub(crate) async fn prepare(&self, ask: &Ask<'_>) -> Result<Prepared, ToolError> {
        self.authorise(ask)?;
        self.is_guarded(ask)?;
        let arguments = validate::arguments(ask.entry, ask.arguments)?;
        let consent = confirm::check(ask, &arguments).await?;
        Ok(Prepared { arguments, consent, _place: self.join(ask.target)? })
    }

    /// From a prepared call to what came back: the cache, then the host.
    pub(crate) async fn run(&self, ask: &Ask<'_>, prepared: Prepared) -> Result<Executed, ToolError> {
        let entry = ask.entry;
        let key = Key::new(ask.target, &entry.function, &prepared.arguments);
        if let Some((rows, age)) = entry.keep_for().and_then(|_| self.cache.find(&key, Instant::now())) {
            return Ok(Executed { rows, cached: Some(age) });
        }
        let epoch = self.cache.epoch(&key);
        let running = run::run(self, ask, &prepared.arguments, prepared.consent).boxed();
        // Here, too: of a fleet's workspaces it costs one, and after a write the kept answers go in any case.
        let rows = caught(ask.correlation, &entry.function, entry.effect(), running).await;
        if entry.effect() == Effect::Write {
            self.cache.written(ask.target);
        }
        let rows = Arc::new(rows?);
        // An answer with errors is a partial one; the next question may have more luck.
        if let Some(keep_for) = entry.keep_for().filter(|_| rows.host_errors.is_empty()) {
            self.cache.keep(key, Arc::clone(&rows), epoch, keep_for, Instant::now());
        }
        Ok(Executed { rows, cached: None })
    }

    /// Both halves, for what only reads.
    pub(crate) async fn read(&self, ask: &Ask<'_>) -> Result<Executed, ToolError> {
        if ask.entry.effect() == Effect::Write {
            return Err(ToolError::of(Slip::WriteInRead));
        }
        let prepared = self.prepare(ask).await?;
        self.run(ask, prepared).await
    }

    /// Whether the caller may do this.
    pub(super) fn authorise(&self, ask: &Ask<'_>) -> Result<(), ToolError> {
        authorise::check(ask.caller, &ask.tool, ask.target)
    }

    /// Whether something on the host compares the target before a write, or
    /// its operator does without.
    fn is_guarded(&self, ask: &Ask<'_>) -> Result<(), ToolError> {
        let host = self.door().host(ask.target)?;
        if ask.entry.effect() == Effect::Read || host.script != (Script::Plain { writes: false }) {
            return Ok(());
        }
        let why = NoScript::NoGuard { function: &ask.entry.function };
        Err(ToolError::of(Case::NoScript { host: host.id.clone(), why }))
    }

    /// A place in the queue of the target's host.
    pub(super) fn join(&self, target: &Target) -> Result<Place, ToolError> {
        self.limits.join(target)
    }
}
