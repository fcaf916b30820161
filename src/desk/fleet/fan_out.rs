//! One question to many workspaces at once.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::answer::case::{Case, Slip};
use crate::answer::{Code, HostText, In, Outcome, Phrase, ToolError, host_errors};
use crate::call::{Ask, CallPath, Executed};
use crate::catalog::{Definition, Entry, Tool};
use crate::desk::matter::{Matter, Place};
use crate::desk::{Desk, Request};
use crate::tenant::{HostId, Language, Target};

/// Characters of a host's error in a workspace's line. Chosen: fifty of them
/// must fit an answer.
const ERROR_CHARS: usize = 200;

/// A tool of the server's own, at work.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    pub(super) desk: &'a Desk,
    pub(super) request: &'a Request<'a>,
    own: &'static Definition,
    /// Under their names of today.
    pub(super) arguments: &'a Map<String, Json>,
    correlation: &'a str,
    pub(super) language: Language,
    /// Who has not answered by then is missing.
    pub(super) deadline: Instant,
}

/// What came of one workspace.
pub(super) struct Said<T> {
    pub(super) target: Target,
    pub(super) result: Result<T, ToolError>,
    language: Language,
}

impl<'a> Asking<'a> {
    pub(in crate::desk) fn new(
        desk: &'a Desk,
        request: &'a Request<'a>,
        own: &'static Definition,
        arguments: &'a Map<String, Json>,
        matter: &Matter<'a>,
    ) -> Self {
        let deadline = Instant::now() + desk.config().fleet_deadline;
        let (correlation, language) = (matter.correlation, matter.language);
        Self { desk, request, own, arguments, correlation, language, deadline }
    }

    /// What was asked, under the names of today.
    #[must_use]
    pub fn arguments(&self) -> &'a Map<String, Json> {
        self.arguments
    }

    /// Where calls are made.
    pub(super) fn path(&self) -> &'a CallPath {
        &self.desk.path
    }

    /// The time of day.
    pub(super) fn now(&self) -> Timestamp {
        self.desk.now()
    }

    /// Does the same for every target; the results in the order of the
    /// targets. One that fails costs its own rows only, and a host that is
    /// slow or dead keeps no other host waiting: as many workspaces of a host
    /// are under way as it may have sessions.
    pub(super) async fn each<T, F>(&self, targets: Vec<Target>, work: impl Fn(Target) -> F) -> Vec<Said<T>>
    where
        T: Send,
        F: Future<Output = Result<T, ToolError>> + Send,
    {
        let mut turns: BTreeMap<HostId, Semaphore> = BTreeMap::new();
        for target in &targets {
            // A turn is taken before a seat: without it, two hundred futures would queue at the pool of one slow host and
            // each would count the others' waiting as its own.
            let most = self.desk.config().host(target.host()).map_or(1, |host| host.sessions.max);
            turns.entry(target.host().clone()).or_insert_with(|| Semaphore::new(most));
        }
        let (turns, work) = (&turns, &work);
        let one = |target: Target| async move {
            let result = match turns.get(target.host()) {
                Some(turns) => match timeout_at(self.deadline, turns.acquire()).await {
                    Ok(_turn) => work(target.clone()).boxed().await,
                    Err(_) => Err(self.late()),
                },
                // Cannot be: every target has put its host there. An error, since a panic would cost all the other workspaces' rows.
                None => Err(ToolError::of(Slip::NoTurns)),
            };
            Said { target, result, language: self.language }
        };
        // Not `FuturesUnordered`: rows come in the order of the targets, whoever answers first.
        join_all(targets.into_iter().map(one)).await
    }

    /// What is asked of one workspace.
    pub(super) fn ask<'b>(
        &'b self,
        entry: &'static Entry,
        target: &'b Target,
        arguments: &'b Map<String, Json>,
    ) -> Ask<'b> {
        Ask {
            caller: self.request.caller,
            tool: Tool::Fleet(self.own),
            entry,
            target,
            arguments,
            correlation: self.correlation,
            progress: self.request.progress,
            confirm: self.request.confirm,
            cancel: self.request.cancel,
            language: self.language,
        }
    }

    /// Reads one function of one workspace, until the deadline. What runs on
    /// the host then is stopped with its session.
    pub(super) async fn read(
        &self,
        entry: &'static Entry,
        target: &Target,
        arguments: &Map<String, Json>,
    ) -> Result<Executed, ToolError> {
        let ask = self.ask(entry, target, arguments);
        timeout_at(self.deadline, self.path().read(&ask)).await.unwrap_or_else(|_| Err(self.late()))
    }

    /// The deadline came first.
    pub(super) fn late(&self) -> ToolError {
        let seconds = self.desk.config().fleet_deadline.as_secs();
        ToolError::of(Case::Late { seconds })
    }
}

impl<T> Said<T> {
    /// For the trail.
    pub(super) fn ended(&self) -> Place {
        Place::of(&self.target, self.result.as_ref().err())
    }

    fn place(&self) -> (&str, &str) {
        (self.target.tenant().id.as_str(), self.target.workspace().id.as_str())
    }

    pub(super) fn outcome(&self) -> Outcome {
        self.result.as_ref().map_or_else(ToolError::outcome, |_| Outcome::Done)
    }

    /// Its line in the answer, with what the tool says of one that answered.
    pub(super) fn line(&self, of: impl FnOnce(&T) -> Map<String, Json>) -> (Outcome, Json) {
        let (tenant, workspace) = self.place();
        let mut line = Map::new();
        line.insert("tenant".into(), tenant.into());
        line.insert("workspace".into(), workspace.into());
        line.insert("outcome".into(), self.outcome().as_str().into());
        match &self.result {
            Ok(value) => line.extend(of(value)),
            Err(error) => {
                line.insert("code".into(), error.code().as_str().into());
                line.insert("error".into(), error.said(self.language).into());
                line.insert("count".into(), 0.into());
                line.extend(errors(&error.host_errors));
            }
        }
        (self.outcome(), line.into())
    }

    /// What a reader is told when it is missing.
    pub(super) fn missing(&self) -> Option<String> {
        let error = self.result.as_ref().err()?;
        let (tenant, workspace) = self.place();
        let (code, why) = (error.code().as_str(), &error.said(self.language));
        Some(In(self.language, &Phrase::Missing { tenant, workspace, code, why }).to_string())
    }

    /// A row that says whose it is.
    ///
    /// A script's own fields of these names must not say that it is somebody
    /// else's.
    pub(super) fn row(&self, row: &Json) -> Json {
        let (tenant, workspace) = self.place();
        let mut full = Map::new();
        full.insert("tenant".into(), tenant.into());
        full.insert("workspace".into(), workspace.into());
        let taken = |name: &str| ["tenant", "workspace"].iter().any(|ours| ours.eq_ignore_ascii_case(name));
        match row {
            Json::Object(fields) => {
                let theirs = fields.iter().filter(|(name, _)| !taken(name));
                full.extend(theirs.map(|(name, value)| (name.clone(), value.clone())));
            }
            other => drop(full.insert("value".into(), other.clone())),
        }
        full.into()
    }
}

impl Said<Executed> {
    /// What a workspace's line says of the rows that it gave.
    pub(super) fn counted(executed: &Executed) -> Map<String, Json> {
        let rows = &executed.rows;
        let mut line = Map::new();
        line.insert("count".into(), rows.rows.len().into());
        line.extend(errors(&rows.host_errors));
        if !rows.warnings.is_empty() {
            line.insert("hostWarningCount".into(), rows.warnings.len().into());
        }
        line
    }
}

/// The first error of a workspace, and how many there are.
fn errors(all: &[HostText]) -> Map<String, Json> {
    let mut line = Map::new();
    if let Some(first) = all.first() {
        let mut short = first.clone();
        if let Some((end, _)) = short.message.char_indices().nth(ERROR_CHARS) {
            short.message.truncate(end);
            short.message.push('…');
        }
        line.insert("hostErrors".into(), host_errors(&[short]));
        line.insert("hostErrorCount".into(), all.len().into());
    }
    line
}

/// How the whole ended, and the code that all failures share.
pub(super) fn verdict<T>(said: &[Said<T>]) -> (Outcome, Option<Code>) {
    let errors: Vec<&ToolError> = said.iter().filter_map(|said| said.result.as_ref().err()).collect();
    let Some(first) = errors.first() else { return (Outcome::Done, None) };
    if errors.len() < said.len() {
        return (Outcome::Partial, None);
    }
    // Different ends have no common word but `failed`; each workspace's own stands in its line.
    let same = errors.iter().all(|error| error.outcome() == first.outcome());
    let outcome = if same { first.outcome() } else { Outcome::Failed };
    let code = errors.iter().all(|error| error.code() == first.code()).then_some(first.code());
    (outcome, code)
}

/// How many workspaces were asked, and how each kind ended.
pub(super) fn counts<T>(said: &[Said<T>]) -> Map<String, Json> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for said in said {
        *counts.entry(said.outcome().as_str()).or_default() += 1;
    }
    let mut summary = Map::new();
    summary.insert("asked".into(), json!(said.len()));
    summary.extend(counts.into_iter().map(|(how, count)| (how.to_owned(), json!(count))));
    summary
}

/// The age of the oldest answer, when every one was kept from before.
pub(super) fn cached<'a>(all: impl IntoIterator<Item = &'a Executed>) -> Option<Duration> {
    let ages: Option<Vec<Duration>> = all.into_iter().map(|executed| executed.cached).collect();
    ages?.into_iter().max()
}
