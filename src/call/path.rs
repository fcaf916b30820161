//! The path, from top to bottom.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use wsman::entropy::Entropy;

use super::cache::{Cache, Key};
use super::confirm::Confirm;
use super::limit::{Limits, Place};
use super::pages::{Pages, Question};
use super::shape::{self, Answer, Around, Fleet, Head, Rows};
use super::sign_in::SignIns;
use super::validate::{self, View};
use super::{audit, authorise, confirm, resolve, run};
use crate::catalog::{Code, Entry, Outcome, Tool, ToolError};
use crate::config::{Config, Host};
use crate::host::Progress;
use crate::near;
use crate::pool::Pool;
use crate::telemetry::field;
use crate::tenant::{Caller, Effect, Target};

/// Runs calls. One per server.
#[derive(Debug)]
pub struct CallPath {
    config: Arc<Config>,
    pool: Pool,
    limits: Limits,
    cache: Cache,
    pages: Pages,
    sign_ins: SignIns,
    entropy: Mutex<Entropy>,
    clock: Clock,
}

/// Tells the time of day.
struct Clock(Box<dyn Fn() -> Timestamp + Send + Sync>);

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

/// One question, as it came in.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Who asks.
    pub caller: &'a Caller,
    /// Name of the tool.
    pub tool: &'a str,
    /// `tenant`, `workspace`, the function's arguments and the view's.
    pub arguments: &'a Map<String, Json>,
    /// Told of the host's progress records.
    pub progress: &'a (dyn Fn(Progress) + Send + Sync),
    /// Asks the person before something may be lost.
    pub confirm: &'a dyn Confirm,
    /// Stops the call, on the host too.
    pub cancel: &'a CancellationToken,
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
    pub(crate) progress: &'a (dyn Fn(Progress) + Send + Sync),
    pub(crate) confirm: &'a dyn Confirm,
    pub(crate) cancel: &'a CancellationToken,
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
            pool: Pool::default(),
            limits,
            cache: Cache::default(),
            pages: Pages::default(),
            sign_ins: SignIns::default(),
            entropy: Mutex::new(Entropy::system()),
            #[expect(clippy::disallowed_methods, reason = "the time of day of all calls, and the only place")]
            clock: Clock(Box::new(Timestamp::now)),
        }
    }

    /// The same with another time of day, which the age of incidents is
    /// counted from.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = Clock(Box::new(clock));
        self
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

    /// The host that serves the target.
    pub(super) fn host_of(&self, target: &Target) -> Result<&Host, ToolError> {
        let host = self.config.host(target.host());
        host.ok_or_else(|| ToolError::refused(Code::Internal, "The target's host is not configured."))
    }

    /// What the hosts think of their passwords.
    pub(super) fn sign_ins(&self) -> &SignIns {
        &self.sign_ins
    }

    /// Closes every session.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Answers a question about one workspace. Never fails: an error is an
    /// answer, too.
    pub async fn answer(&self, request: Request<'_>) -> Answer {
        let correlation = self.id();
        let began = Instant::now();
        let name = near::shown(request.tool);
        let mut target = None;
        let effect = crate::catalog::find(request.tool).map_or(Effect::Read, |tool| tool.effect());
        let steps = self.steps(&request, &correlation, began, &mut target).boxed();
        let answer = caught(&correlation, name, effect, steps).await;
        let named = target.as_ref().map(names);
        let error = answer.as_ref().err();
        audit::record(request.caller, &correlation, name, named, error, began.elapsed());
        answer.unwrap_or_else(|error| {
            let tool = crate::catalog::find(request.tool);
            let function = match &tool {
                Some(Tool::Function(entry)) => entry.function.as_str(),
                _ => name,
            };
            let head =
                Head { tool: name, function, target: named, correlation: &correlation, duration: began.elapsed() };
            shape::refused(&head, &error)
        })
    }

    async fn steps(
        &self,
        request: &Request<'_>,
        correlation: &str,
        began: Instant,
        resolved: &mut Option<Target>,
    ) -> Result<Answer, ToolError> {
        let tool = resolve::tool(request.tool)?;
        let Tool::Function(entry) = tool else {
            return Err(ToolError::refused(Code::Internal, "A fleet tool was sent down the path of one workspace."));
        };
        let target: &Target =
            resolved.insert(resolve::target(&self.config.registry, request.caller, request.arguments)?);
        let view = validate::view(request.arguments)?;
        validate::fields(&view, entry.output.properties.iter().map(|field| field.name.as_str()))?;
        let ask = Ask {
            caller: request.caller,
            tool,
            entry,
            target,
            arguments: request.arguments,
            correlation,
            progress: request.progress,
            confirm: request.confirm,
            cancel: request.cancel,
        };
        let question = Question::new(&request.caller.name, tool.name(), request.arguments);
        let head = |duration| Head {
            tool: tool.name(),
            function: &entry.function,
            target: Some(names(target)),
            correlation,
            duration,
        };
        if let Some(cursor) = &view.cursor {
            authorise::check(&self.config.policy, ask.caller, &tool, target)?;
            let found = self.pages.find(cursor, &question, Instant::now())?;
            let page = shape::page(&found.rows, found.at, &view);
            let next = page.next.map(|next| format!("{}.{next}", found.id));
            let around = Around {
                kind: crate::catalog::OutputKind::List,
                untrusted: &entry.untrusted_output,
                text: &[],
                warnings: &[],
                host_errors: &[],
                cached: Some(found.age),
            };
            return Ok(shape::done(&head(began.elapsed()), page, next, &around));
        }
        let executed = self.perform(&ask).await?;
        let rows = &executed.rows;
        let mut page = shape::page(&rows.rows, 0, &view);
        page.warnings.extend(rows.ours.iter().cloned());
        let cursor = self.keep(page.next, question, Arc::clone(&rows.rows), None);
        let around = Around {
            kind: entry.output.kind,
            untrusted: &entry.untrusted_output,
            text: &rows.text,
            warnings: &rows.warnings,
            host_errors: &rows.host_errors,
            cached: executed.cached,
        };
        Ok(shape::done(&head(began.elapsed()), page, cursor, &around))
    }

    /// From a resolved target to what came back. A fleet question comes here
    /// once per workspace; the caller audits.
    pub(crate) async fn perform(&self, ask: &Ask<'_>) -> Result<Executed, ToolError> {
        // Under the audit's target, so that every filter that lets the audit through keeps the lines of a call together.
        let span = tracing::info_span!(target: field::AUDIT, "call", { field::CORRELATION } = ask.correlation);
        self.performed(ask).instrument(span).await
    }

    async fn performed(&self, ask: &Ask<'_>) -> Result<Executed, ToolError> {
        let entry = ask.entry;
        self.authorise(ask)?;
        let arguments = validate::arguments(entry, ask.arguments)?;
        let consent = confirm::check(ask, &arguments).await?;
        let _place = self.join(ask.target)?;
        let key = Key::new(ask.target, &entry.function, &arguments);
        if let Some((rows, age)) = entry.keep_for().and_then(|_| self.cache.find(&key, Instant::now())) {
            return Ok(Executed { rows, cached: Some(age) });
        }
        let epoch = self.cache.epoch(&key);
        let running = run::run(self, ask, &arguments, consent).boxed();
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

    /// Whether the caller may do this.
    pub(super) fn authorise(&self, ask: &Ask<'_>) -> Result<(), ToolError> {
        authorise::check(&self.config.policy, ask.caller, &ask.tool, ask.target)?;
        if ask.tool.effect() == Effect::Read && ask.entry.effect() == Effect::Write {
            return Err(ToolError::refused(Code::Internal, "A reading tool asked for a function that writes."));
        }
        Ok(())
    }

    /// The time of day.
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock.0)()
    }

    /// A place in the queue of the target's host.
    pub(super) fn join(&self, target: &Target) -> Result<Place, ToolError> {
        self.limits.join(target)
    }

    /// A fresh correlation id.
    pub(crate) fn id(&self) -> String {
        self.entropy.lock().unwrap_or_else(PoisonError::into_inner).uuid().simple().to_string()
    }

    /// Keeps rows whose first page was not all; the cursor of the next one.
    /// A fleet answer says on every page how it ended.
    pub(crate) fn keep(
        &self,
        next: Option<usize>,
        question: Question,
        rows: Arc<Vec<Json>>,
        fleet: Option<Arc<Fleet>>,
    ) -> Option<String> {
        next.map(|next| {
            let id = self.id();
            self.pages.keep(id.clone(), question, (rows, fleet), Instant::now());
            format!("{id}.{next}")
        })
    }

    /// The kept rows of a cursor.
    pub(crate) fn kept(&self, view: &View, question: &Question) -> Option<Result<super::pages::Found, ToolError>> {
        view.cursor.as_ref().map(|cursor| self.pages.find(cursor, question, Instant::now()))
    }
}

fn names(target: &Target) -> (&str, &str) {
    (target.tenant().id.as_str(), target.workspace().id.as_str())
}

/// Runs `work`; a panic in it becomes the answer of this call, under its own
/// correlation id. Boxed: the compiler gives up on futures this deep.
pub(super) async fn caught<T>(
    correlation: &str,
    tool: &str,
    effect: Effect,
    work: BoxFuture<'_, Result<T, ToolError>>,
) -> Result<T, ToolError> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(correlation, tool, "a call panicked");
        Err(mistake(effect))
    })
}

fn mistake(effect: Effect) -> ToolError {
    match effect {
        Effect::Read => {
            ToolError::new(Outcome::Failed, Code::Internal, "The server made a mistake; report the correlation id.")
        }
        Effect::Write => ToolError::new(
            Outcome::Unknown,
            Code::UnknownOutcome,
            "The server made a mistake during a change; it may have been made. Look before you try again.",
        ),
    }
}

/// The answer to a question that panicked outside of its call, and its audit
/// line.
#[must_use]
pub(crate) fn panicked(caller: &Caller, tool: &Tool, correlation: &str) -> Answer {
    let error = mistake(tool.effect());
    let name = tool.name();
    audit::record(caller, correlation, name, None, Some(&error), Duration::ZERO);
    let head = Head { tool: name, function: name, target: None, correlation, duration: Duration::ZERO };
    shape::refused(&head, &error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_answer_and_doubt_about_a_write() {
        for (effect, outcome, code) in
            [(Effect::Read, Outcome::Failed, Code::Internal), (Effect::Write, Outcome::Unknown, Code::UnknownOutcome)]
        {
            let error = caught::<()>("c", "t", effect, async { panic!("planted") }.boxed()).await.unwrap_err();
            assert_eq!((error.outcome, error.code), (outcome, code));
        }
    }
}
