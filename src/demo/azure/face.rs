//! From request to answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::exchange::{Answer, Request};
use super::identity::{self, Audience};
use super::kind::Kind;
use super::manager;
use super::path::Target;
use super::place;
use super::refusal::Refusal;
use super::resource::Asked;
use crate::demo::world::{World, demo_id};

/// How it behaves, where that is not as the world says.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Items of a page of any list, at most.
    pub page: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { page: usize::MAX }
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
    seen: Mutex<Vec<Seen>>,
    spent: Mutex<BTreeMap<(String, &'static str), u32>>,
}

impl Azure {
    pub(in crate::demo) fn new(world: Arc<World>, settings: Settings) -> Self {
        Self { world, settings, seen: Mutex::default(), spent: Mutex::default() }
    }

    /// Every request so far.
    pub(in crate::demo) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Answers a request.
    pub(in crate::demo) fn answer(&self, request: &Request) -> Answer {
        let now = self.world.now();
        let answer = self.routed(request, now);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let id = demo_id(&["request", &seen.len().to_string()]);
        let headers = request.headers.iter().filter(|(name, _)| name != "authorization").cloned();
        seen.push(Seen {
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            headers: headers.collect(),
            body: request.body.clone(),
            status: answer.status,
        });
        drop(seen);
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

    fn routed(&self, request: &Request, now: Timestamp) -> Answer {
        let segments = request.segments();
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        match parts.as_slice() {
            ["metadata", "identity", "oauth2", "token"] | ["msi", "token"] => {
                return identity::token(&self.world, None, request, now);
            }
            [alias, "metadata", "identity", "oauth2", "token"] | [alias, "msi", "token"] => {
                return identity::token(&self.world, Some(*alias), request, now);
            }
            // Everything else carries a token, which no other way may see.
            _ if !request.is_sealed => return Refusal::new(403, "HttpsRequired", "Use https.").answer(),
            ["metadata", "endpoints"] => return manager::endpoints(&request.base),
            [tenant, "v2.0", ".well-known", "openid-configuration"] => {
                return identity::discovery(&request.base, tenant);
            }
            [tenant, "oauth2", "v2.0", "token"] => return identity::principal(&self.world, tenant, request, now),
            _ => {}
        }
        self.managed(&segments, request, now).unwrap_or_else(Refusal::answer)
    }

    fn managed(&self, segments: &[String], request: &Request, now: Timestamp) -> Result<Answer, Refusal> {
        let caller = identity::caller(request, Audience::ResourceManager, now)?;
        self.world.with_documents(|now, documents| {
            if let Some(answer) = manager::answer(segments, request, &caller, documents) {
                return answer.map(|answer| self.counted(answer, request, segments));
            }
            let target = Target::of(segments).ok_or_else(|| no_route(request))?;
            if let Some(subscription) = &target.subscription {
                place::is_seen(subscription, &caller, documents)?;
            }
            let version = manager::asked_version(request)?;
            let kind = Kind::of(&target.kind).ok_or_else(|| no_type(&target, version))?;
            if !kind.versions.contains(&version) {
                return Err(no_version(kind, version));
            }
            let asked = Asked { kind, target: &target, request, caller: &caller, now, page: self.settings.page };
            asked.answer(documents).map(|answer| self.counted(answer, request, segments))
        })
    }

    /// What is left of the caller's budget, as every answer says.
    ///
    /// *Seen* in recordings of 2026-03-25: reads start at 1099, writes at 799,
    /// whole tenants at 16499 and 11999.
    fn counted(&self, answer: Answer, request: &Request, segments: &[String]) -> Answer {
        let subscription = segments.get(1).map(|id| id.to_lowercase()).unwrap_or_default();
        let (kind, most, over_all) = match request.method.as_str() {
            "GET" | "HEAD" => ("reads", 1_100, 16_500),
            "DELETE" => ("deletes", 800, 12_000),
            _ => ("writes", 800, 12_000),
        };
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let spent = spent.entry((subscription, kind)).or_default();
        *spent += 1;
        let left = |of: u32| of.saturating_sub(*spent).to_string();
        let (own, all) = match kind {
            "reads" => {
                ("x-ms-ratelimit-remaining-subscription-reads", "x-ms-ratelimit-remaining-subscription-global-reads")
            }
            "deletes" => (
                "x-ms-ratelimit-remaining-subscription-deletes",
                "x-ms-ratelimit-remaining-subscription-global-deletes",
            ),
            _ => {
                ("x-ms-ratelimit-remaining-subscription-writes", "x-ms-ratelimit-remaining-subscription-global-writes")
            }
        };
        answer.with(own, left(most)).with(all, left(over_all))
    }
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

fn no_version(kind: &Kind, version: &str) -> Refusal {
    let (namespace, types) = kind.parts();
    let message = format!(
        "No registered resource provider found for location '' and API version '{version}' for type '{types}'. The \
         supported api-versions are '{}'. (Namespace '{namespace}'.)",
        kind.versions.join(", ")
    );
    Refusal::new(400, "NoRegisteredProviderFound", message)
}
