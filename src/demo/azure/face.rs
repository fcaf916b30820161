//! From request to answer.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::action::Action;
use super::budget::{Budget, Spent};
use super::exchange::{Answer, Request};
use super::fault::{self, Fault, Faults, Mishap};
use super::identity::{self, Audience, Caller};
use super::kind::Kind;
use super::operation::Operations;
use super::path::Target;
use super::refusal::Refusal;
use super::resource::Asked;
use super::{ingest, manager, place, query};
use crate::demo::world::{State, World, demo_id};

/// How it behaves, where that is not as the world says.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Items of a page of any list, at most.
    pub page: usize,
    /// How often an operation is asked for before it has ended.
    pub polls: u32,
    /// Seconds in `Retry-After` of an operation that was begun; the real
    /// service says none.
    pub retry_after: Option<u32>,
    /// What a subscription takes.
    pub budget: Budget,
    /// Whether `/simulation` may be asked for faults.
    pub control: Control,
    /// Whether it is as slow as the scenario says, and fails as often.
    pub pace: Pace,
}

/// How fast it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// At once, and without faults.
    AtOnce,
    /// With the scenario's latencies and faults.
    AsInScenario,
}

/// Whether requests may change how it behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// They may not.
    Off,
    /// By `PUT /simulation/faults` and `PUT /simulation/documents`.
    On,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            page: usize::MAX,
            polls: 1,
            retry_after: None,
            budget: Budget::default(),
            control: Control::Off,
            pace: Pace::AtOnce,
        }
    }
}

/// A request that was answered, for a test that holds a client to what Azure
/// takes.
#[derive(Clone, Debug)]
pub struct Seen {
    /// In capitals.
    pub method: String,
    /// As it came.
    pub path: String,
    /// Decoded, in the order in which it came.
    pub query: Vec<(String, String)>,
    /// Names in small letters; without the token.
    pub headers: Vec<(String, String)>,
    /// As it came.
    pub body: Vec<u8>,
    /// What it was answered.
    pub status: u16,
}

/// The simulated Azure.
pub(in crate::demo) struct Azure {
    world: Arc<World>,
    settings: Settings,
    memory: Mutex<Memory>,
}

/// What it knows beside the world.
#[derive(Default)]
struct Memory {
    seen: Vec<Seen>,
    spent: Spent,
    faults: Faults,
    operations: Operations,
    /// The activity log: what was written.
    events: Vec<Json>,
}

impl Azure {
    pub(in crate::demo) fn new(world: Arc<World>, settings: Settings) -> Self {
        let mut memory = Memory::default();
        if settings.pace == Pace::AsInScenario {
            memory.faults.set(fault::of_scenario());
        }
        Self { world, settings, memory: Mutex::new(memory) }
    }

    /// Every request so far.
    pub(in crate::demo) fn seen(&self) -> Vec<Seen> {
        self.with_memory(|memory| memory.seen.clone())
    }

    /// Puts these faults in the place of all others.
    pub(in crate::demo) fn set_faults(&self, faults: Vec<Fault>) {
        self.with_memory(|memory| memory.faults.set(faults));
    }

    fn with_memory<T>(&self, action: impl FnOnce(&mut Memory) -> T) -> T {
        action(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Answers a request.
    pub(in crate::demo) fn answer(&self, request: &Request) -> Answer {
        let now = self.world.now();
        let id = self.with_memory(|memory| demo_id(&["request", &memory.seen.len().to_string()]));
        let mut answer = self.routed(request, &id, now);
        if self.settings.pace == Pace::AsInScenario {
            let nth = self.with_memory(|memory| memory.seen.len());
            answer.wait += fault::latency_of_scenario(nth, &request.method, &request.path);
        }
        let headers = request.headers.iter().filter(|(name, _)| name != "authorization").cloned();
        let seen = Seen {
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            headers: headers.collect(),
            body: request.body.clone(),
            status: answer.status,
        };
        self.with_memory(|memory| memory.seen.push(seen));
        let correlation = request.header("x-ms-correlation-request-id").unwrap_or(&id).to_owned();
        answer
            .with("cache-control", "no-cache")
            .with("pragma", "no-cache")
            .with("expires", "-1")
            .with("x-ms-request-id", id.clone())
            .with("x-ms-correlation-request-id", correlation)
            .with("x-ms-routing-request-id", format!("DEMO:{}:{id}", now.strftime("%Y%m%dT%H%M%SZ")))
            .with("strict-transport-security", "max-age=31536000; includeSubDomains")
            .with("x-content-type-options", "nosniff")
    }

    fn routed(&self, request: &Request, id: &str, now: Timestamp) -> Answer {
        let segments = request.segments();
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        if let ["simulation", what] = parts.as_slice()
            && request.is_sealed
            && self.settings.control == Control::On
        {
            return self.controlled(request, what);
        }
        let signs_in =
            matches!(parts.as_slice(), [.., "oauth2", "token"] | [.., "msi", "token"] | [_, "oauth2", "v2.0", "token"]);
        let mishap = self.with_memory(|memory| memory.faults.meet(&request.method, &whole_target(request)));
        let mut answer = match &mishap {
            Some(Mishap::Refuse { status, code, message, retry_after }) => {
                let answer = if signs_in {
                    identity::no_token(*status, code, message)
                } else {
                    Refusal::new(*status, code, message.clone()).answer()
                };
                match retry_after {
                    Some(seconds) => answer.with("retry-after", seconds.to_string()),
                    None => answer,
                }
            }
            Some(Mishap::ExpiredToken) => identity::expired(now, now).answer(),
            met => {
                let failure = match met {
                    Some(Mishap::FailLater { code, message }) => Some((code.clone(), message.clone())),
                    _ => None,
                };
                match self.signed_in(&parts, request, now) {
                    Some(answer) => answer,
                    None => self.served(&segments, request, id, failure).unwrap_or_else(Refusal::answer),
                }
            }
        };
        if let Some(mishap) = mishap {
            answer.wait = mishap.delay();
            if let Mishap::Cut(bytes) = mishap {
                answer.cut = Some(bytes);
            }
        }
        answer
    }

    /// What is answered without a token: where tokens are had, and where
    /// everything is.
    fn signed_in(&self, parts: &[&str], request: &Request, now: Timestamp) -> Option<Answer> {
        Some(match parts {
            ["metadata", "identity", "oauth2", "token"] | ["msi", "token"] => {
                identity::token(&self.world, None, request, now)
            }
            [alias, "metadata", "identity", "oauth2", "token"] | [alias, "msi", "token"] => {
                identity::token(&self.world, Some(*alias), request, now)
            }
            // Everything else carries a token or a secret, which no other way may see.
            _ if !request.is_sealed => Refusal::new(403, "HttpsRequired", "Use https.").answer(),
            ["metadata", "endpoints"] => manager::endpoints(request),
            [tenant, "v2.0", ".well-known", "openid-configuration"] => identity::discovery(&request.base, tenant),
            [tenant, "oauth2", "v2.0", "token"] => identity::principal(&self.world, tenant, request, now),
            _ => return None,
        })
    }

    /// Of which service it is, and its answer.
    fn served(
        &self,
        segments: &[String],
        request: &Request,
        id: &str,
        failure: Option<(String, String)>,
    ) -> Result<Answer, Refusal> {
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        match parts.as_slice() {
            ["v1", rest @ ..] => self.queried(rest, request, id),
            ["dataCollectionRules", rule, "streams", stream] => self.world.with_state(|now, state| {
                let caller = identity::caller(request, Audience::Monitor, now)?;
                ingest::taken(state, request, &caller, (rule, stream), now)
            }),
            _ => self.managed(segments, request, id, failure),
        }
    }

    /// `/v1/workspaces/{id}/query`, `/v1/workspaces/{id}/metadata`,
    /// `/v1{resource}/query`, `/v1/$batch`.
    fn queried(&self, rest: &[&str], request: &Request, id: &str) -> Result<Answer, Refusal> {
        self.world.with_state(|now, state| {
            let caller = identity::caller(request, Audience::LogAnalytics, now)?;
            let asked = query::Asked { state, caller: &caller, now, correlation: id };
            Ok(match rest {
                ["$batch"] => asked.batch(request),
                ["workspaces", customer, "query"] => {
                    asked.answer(request, query::workspace(&state.documents, customer))
                }
                ["workspaces", customer, "metadata"] => asked.metadata(query::workspace(&state.documents, customer)),
                [resource @ .., "query"] => {
                    asked.answer(request, state.documents.get(&format!("/{}", resource.join("/"))))
                }
                _ => asked.answer(request, None),
            })
        })
    }

    fn managed(
        &self,
        segments: &[String],
        request: &Request,
        id: &str,
        failure: Option<(String, String)>,
    ) -> Result<Answer, Refusal> {
        self.world.with_state(|now, state| {
            let caller = identity::caller(request, Audience::ResourceManager, now)?;
            let subscription = segments.get(1).map(String::as_str).unwrap_or_default();
            self.with_memory(|memory| {
                let left = memory.spent.count(&self.settings.budget, request, subscription, now)?;
                let asked = Managed { settings: &self.settings, segments, request, caller: &caller, id, now, failure };
                asked.answer(state, memory).map(|answer| left.told(answer))
            })
        })
    }

    /// `PUT /simulation/faults`: a list of [`Fault`]s in the place of those
    /// that there were. `PUT /simulation/documents`: documents with their ids,
    /// in the place of what is there.
    fn controlled(&self, request: &Request, what: &str) -> Answer {
        #[derive(Deserialize)]
        struct Placed {
            id: String,
            #[serde(flatten)]
            rest: serde_json::Map<String, Json>,
        }
        let done = match (request.method.as_str(), what) {
            ("PUT", "faults") => serde_json::from_slice(&request.body).map(|faults| self.set_faults(faults)),
            ("PUT", "documents") => serde_json::from_slice::<Vec<Placed>>(&request.body).map(|all| {
                for mut one in all {
                    one.rest.insert("id".to_owned(), one.id.as_str().into());
                    self.world.put_document(&one.id, one.rest.into());
                }
            }),
            _ => {
                return Refusal::new(404, "NotFound", "There are /simulation/faults and /simulation/documents.")
                    .answer();
            }
        };
        match done {
            Ok(()) => Answer::empty(204),
            Err(error) => Refusal::bad(error.to_string()).answer(),
        }
    }
}

/// A request of the resource manager by somebody who may ask.
struct Managed<'a> {
    settings: &'a Settings,
    segments: &'a [String],
    request: &'a Request,
    caller: &'a Caller,
    id: &'a str,
    now: Timestamp,
    failure: Option<(String, String)>,
}

impl Managed<'_> {
    fn answer(self, state: &mut State, memory: &mut Memory) -> Result<Answer, Refusal> {
        let Self { settings, request, caller, now, .. } = self;
        if let Some(answer) = manager::answer(self.segments, request, caller, &state.documents) {
            return answer;
        }
        let target = Target::of(self.segments).ok_or_else(|| no_route(request))?;
        if let Some(subscription) = &target.subscription {
            place::is_seen(subscription, caller, &state.documents)?;
        }
        if let Some(name) = &target.name {
            if target.kind.ends_with("/operationstatuses") {
                return memory.operations.status(name, request, now, &mut state.documents);
            }
            if target.kind.ends_with("/operationresults") {
                return memory.operations.result(name, now, &mut state.documents);
            }
        }
        let action = Action {
            state,
            documents: &state.documents,
            events: &memory.events,
            target: &target,
            request,
            caller,
            now,
            correlation: self.id,
            page: settings.page,
        };
        if let Some(answer) = action.answer() {
            return answer;
        }
        let version = manager::asked_version(request)?;
        let kind = Kind::of(&target.kind).ok_or_else(|| no_type(&target, version))?;
        if !kind.versions.contains(&version) {
            return Err(no_version(kind, version));
        }
        let asked = Asked {
            kind,
            target: &target,
            request,
            caller,
            now,
            page: settings.page,
            polls: settings.polls,
            retry_after: settings.retry_after,
            failure: self.failure,
        };
        let answer = asked.answer(&mut state.documents, &mut memory.operations)?;
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            memory.events.push(event(&target, kind, request, caller, self.id, now));
        }
        Ok(answer)
    }
}

/// A write, as the activity log has it.
fn event(target: &Target, kind: &Kind, request: &Request, caller: &Caller, id: &str, now: Timestamp) -> Json {
    let action = if request.method == "DELETE" { "delete" } else { "write" };
    let operation = format!("{}/{action}", kind.name);
    let subscription = target.subscription.as_deref().unwrap_or_default();
    let text = |value: &str| json!({ "value": value, "localizedValue": value });
    json!({
        "authorization": { "action": operation, "scope": target.id },
        "caller": caller.object,
        "channels": "Operation",
        "correlationId": id,
        "eventDataId": demo_id(&["event", id]),
        "eventName": text("EndRequest"),
        "category": text("Administrative"),
        "id": format!("{}/events/{}/ticks/{}", target.id, demo_id(&["event", id]), now.as_nanosecond() / 100),
        "level": "Informational",
        "resourceGroupName": target.group,
        "resourceProviderName": text(kind.parts().0),
        "resourceId": target.id,
        "resourceType": text(kind.name),
        "operationId": id,
        "operationName": text(&operation),
        "status": text("Succeeded"),
        "subStatus": text(""),
        "eventTimestamp": now.to_string(),
        "submissionTimestamp": now.to_string(),
        "subscriptionId": subscription,
        "tenantId": caller.tenant,
    })
}

/// Path and query, for faults that name a part of them.
fn whole_target(request: &Request) -> String {
    let query = request.query.iter().map(|(key, value)| format!("{key}={value}"));
    format!("{}?{}", request.path, query.collect::<Vec<_>>().join("&"))
}

fn no_route(request: &Request) -> Refusal {
    let message = format!("No route matches the path '{}'.", request.path);
    Refusal::new(404, "NotFound", message)
}

fn no_type(target: &Target, version: &str) -> Refusal {
    if !Kind::has_namespace(target.namespace()) {
        return manager::no_namespace(target.namespace());
    }
    let types = target.kind.split_once('/').map_or("", |(_, types)| types);
    let message = format!(
        "The resource type '{types}' could not be found in the namespace '{}' for api version '{version}'.",
        target.namespace()
    );
    Refusal::new(404, "InvalidResourceType", message)
}

pub(super) fn no_version(kind: &Kind, version: &str) -> Refusal {
    let (namespace, types) = kind.parts();
    let message = format!(
        "No registered resource provider found for location '' and API version '{version}' for type '{types}'. The \
         supported api-versions are '{}'. (Namespace '{namespace}'.)",
        kind.versions.join(", ")
    );
    Refusal::new(400, "NoRegisteredProviderFound", message)
}
