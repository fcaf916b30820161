//! The one mouth: every question, from whatever door, about one workspace or
//! two hundred, is answered here and written down here.
//!
//! `answer` is one procedure for all of them: give it an id, find the tool,
//! read its arguments, look for a kept page, else ask, cut a page, write down
//! how it ended. `function` asks one workspace, a [`FleetTool`] several.

mod clock;
mod fleet;
mod function;
mod matter;
mod reading;
mod record;
mod request;
mod state;

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use tokio::time::Instant;
use tracing::Instrument as _;
use wsman::entropy::Entropy;

use crate::access::ToolPolicy;
use crate::answer::case::{Misspelt, Slip, Unknown};
use crate::answer::{self, Answer, At, Found, Pages, Question, Room, ToolError};
use crate::call::{self, CallPath};
use crate::catalog::{Definition, Effect, Tool, Tools, schema};
use crate::config::{Config, Vault};
use crate::watch::field;
use clock::Clock;
use matter::Matter;
use record::Record;

pub use fleet::{Asking, FleetTool, Handler, Told};
pub use request::{Door, Request};

/// Name of the tool that the command line asks a host's script with.
pub const PROBE: &str = fleet::PROBE.definition.name;

/// Answers questions. One per server.
#[derive(Debug)]
pub struct Desk {
    path: CallPath,
    tools: Tools,
    fleet: Vec<FleetTool>,
    pages: Pages,
    record: Record,
    entropy: Mutex<Entropy>,
    clock: Clock,
}

/// Every tool that there is, without a configuration.
#[must_use]
pub fn tools() -> Tools {
    Tools::new(fleet::ALL.iter().map(|tool| tool.definition))
}

/// How much fits an answer there.
fn room(door: Door) -> Room {
    match door {
        Door::Stdio | Door::Http => Room::Model,
        Door::Cli => Room::Whole,
    }
}

/// What was asked for: the whole, or the next page of what is kept.
enum Given {
    Whole(Told),
    Kept(Found),
}

impl Desk {
    /// A desk over a configuration's hosts. Nothing is opened yet.
    #[must_use]
    pub fn new(config: Arc<Config>) -> Self {
        Self::with_tools(config, fleet::ALL)
    }

    /// The same with other tools of the server's own.
    pub fn with_tools(config: Arc<Config>, own: impl IntoIterator<Item = FleetTool>) -> Self {
        let fleet: Vec<FleetTool> = own.into_iter().collect();
        let mut entropy = Entropy::system();
        let clock = Clock::system();
        let now = clock.now();
        let process = state::enter(&config, now, &mut entropy);
        let path = match state::store(process.as_ref()) {
            Some(store) => CallPath::new(config).remembering(store),
            None => CallPath::new(config),
        };
        let record = Record::open(process, now, &mut entropy);
        Self {
            path,
            tools: Tools::new(fleet.iter().map(|tool| tool.definition)),
            fleet,
            pages: Pages::default(),
            record,
            entropy: Mutex::new(entropy),
            clock,
        }
    }

    /// The same with another vault, which the hosts' passwords come from.
    #[must_use]
    pub fn with_vault(mut self, vault: Vault) -> Self {
        self.path = self.path.with_vault(vault);
        self
    }

    /// The same with another time of day, which the age of incidents is
    /// counted from.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = Clock::of(clock);
        self
    }

    /// Where calls are made.
    #[must_use]
    pub fn path(&self) -> &CallPath {
        &self.path
    }

    /// Every tool there is.
    #[must_use]
    pub fn tools(&self) -> &Tools {
        &self.tools
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        self.path.config()
    }

    /// Closes every session, and the trail.
    pub async fn close(&self) {
        self.path.close().await;
        self.record.close(self.now());
    }

    /// Answers a question. Never fails: an error is an answer, too, and so is
    /// a mistake of ours.
    pub async fn answer(&self, request: Request<'_>) -> Answer {
        // First of all: what is looked up, allowed, confirmed and written down is the tool that is meant.
        let is_compact = request.caller.policy.is_compact();
        let inner = is_compact.then(|| fleet::invoked(request.tool, request.arguments)).flatten();
        let request = match &inner {
            Some((tool, arguments)) => Request { tool, arguments, ..request },
            None => request,
        };
        let correlation = self.id();
        let mut matter =
            Matter::new(&correlation, request.tool, request.language.unwrap_or_else(|| self.config().language));
        // Found before the steps begin: a panic in them loses what they knew, and whether a write may have run decides the
        // outcome.
        let effect = self.tool(&request).map_or(Effect::Read, |tool| tool.effect());
        // Under the audit's target, so that every filter that lets the audit through keeps the lines of a call together.
        let span = tracing::info_span!(target: field::AUDIT, "call", { field::CORRELATION } = correlation);
        let steps = self.steps(&request, &mut matter).instrument(span).boxed();
        let answered = call::caught(&correlation, crate::spelling::shown(request.tool), effect, steps).await;
        self.record.end(self.now(), &request, &matter, answered.as_ref());
        answered.unwrap_or_else(|error| answer::refused(&matter.head(), &error, room(request.door)))
    }

    async fn steps(&self, request: &Request<'_>, matter: &mut Matter<'_>) -> Result<Answer, ToolError> {
        let tool = self.tool(request).ok_or_else(|| self.unknown(request))?;
        matter.tool = Some(tool);
        // Names of today first: everything below, the trail's description too, knows no others.
        let arguments = reading::of_today(self.config(), request.caller, &tool, request.arguments)?;
        // Before anything that can refuse: from here on a sentence is in the tenant's language, and the trail knows where.
        if let Tool::Function(_) = tool {
            let target = call::target(&self.config().registry, request.caller, &arguments)?;
            matter.language = request.language.or_else(|| target.tenant().language).unwrap_or(matter.language);
            matter.target = Some(target);
        }
        let room = room(request.door);
        let view = answer::view(&arguments)?;
        answer::fields(&view, schema::fields_of(&tool).iter().copied())?;
        // After the target: who may not see a tenant is told that it does not exist, not that the tool is closed.
        call::may_use(request.caller, &tool)?;
        // A cursor answers only the question that made it, asked by the same caller: no page of one tenant for another.
        let question = Question::new(&request.caller.name, tool.name(), &arguments);
        let given = match &view.cursor {
            Some(cursor) => Given::Kept(self.pages.find(cursor, &question, Instant::now())?),
            None => Given::Whole(self.ask(request, matter, &tool, &arguments).await?),
        };
        let (about, page, next, age) = match given {
            Given::Kept(found) => {
                let page = answer::page(&found.rows, &found.about, found.at, &view, room);
                let next = page.next.map(|next| format!("{}.{next}", found.id));
                (found.about.later(), page, next, Some(found.age))
            }
            Given::Whole(Told { rows, about, .. }) => {
                let (rows, about) = (rows, Arc::new(about));
                let page = answer::page(&rows, &about, At::default(), &view, room);
                let next = page.next.map(|next| {
                    let id = self.id();
                    self.pages.keep(id.clone(), question, (rows, Arc::clone(&about)), Instant::now());
                    format!("{id}.{next}")
                });
                (about, page, next, None)
            }
        };
        Ok(answer::done(&matter.head(), &about, page, next, age))
    }

    async fn ask(
        &self,
        request: &Request<'_>,
        matter: &mut Matter<'_>,
        tool: &Tool,
        arguments: &Map<String, Json>,
    ) -> Result<Told, ToolError> {
        match tool {
            Tool::Function(entry) => function::ask(self, request, matter, entry, arguments).await,
            Tool::Fleet(own) => {
                let handler = self.handler(own)?;
                let told = handler(Asking::new(self, request, own, arguments, matter)).await?;
                matter.places.clone_from(&told.places);
                Ok(told)
            }
        }
    }

    fn handler(&self, own: &'static Definition) -> Result<Handler, ToolError> {
        // By address: two tools of one name in a test's desk must not answer for each other.
        let commands = [fleet::PROBE];
        let mut all = self.fleet.iter().chain(&commands);
        let found = all.find(|tool| std::ptr::eq(tool.definition, own));
        found.map(|tool| tool.handler).ok_or_else(|| ToolError::of(Slip::NoHandler))
    }

    /// The tool that is asked for. Clients by its name only: they filter by
    /// names, and a second one would slip past them.
    fn tool(&self, request: &Request<'_>) -> Option<Tool> {
        match request.door {
            Door::Stdio | Door::Http => self.tools.named(request.tool),
            Door::Cli if request.tool == fleet::PROBE.definition.name => Some(Tool::Fleet(fleet::PROBE.definition)),
            Door::Cli => self.tools.find(request.tool),
        }
    }

    /// Only what the caller is shown counts as close.
    fn unknown(&self, request: &Request<'_>) -> ToolError {
        let policy: &ToolPolicy = &request.caller.policy;
        let shown = policy.callable(&self.tools).map(Tool::name);
        let functions = self.tools.iter().filter_map(|tool| match tool {
            Tool::Function(entry) => Some(entry.function.as_str()),
            Tool::Fleet(_) => None,
        });
        let names: Vec<&str> = match request.door {
            Door::Stdio | Door::Http => shown.collect(),
            Door::Cli => self.tools.iter().map(Tool::name).chain(functions).collect(),
        };
        ToolError::of(Unknown::Tool(Misspelt::of(request.tool, names.iter().copied())))
    }

    /// The time of day.
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A fresh id.
    fn id(&self) -> String {
        self.entropy.lock().unwrap_or_else(PoisonError::into_inner).uuid().simple().to_string()
    }
}
