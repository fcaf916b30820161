//! Reading and writing documents, whatever their type.

use jiff::Timestamp;
use serde_json::Value as Json;

use super::exchange::{Answer, Request};
use super::identity::Caller;
use super::kind::{Deleted, Etag, Kind, Scope, Verb, Write};
use super::operation::{Begin, Operations, mark};
use super::page::page;
use super::path::Target;
use super::refusal::Refusal;
use super::{filter, place};
use crate::demo::world::document::{Documents, Written};

/// One request for a type that there is, in a version that it has.
pub(super) struct Asked<'a> {
    pub(super) kind: &'a Kind,
    pub(super) target: &'a Target,
    pub(super) request: &'a Request,
    pub(super) caller: &'a Caller,
    pub(super) now: Timestamp,
    /// Items of a page at most, whatever the type has.
    pub(super) page: usize,
    /// How often an operation is asked for before it has ended.
    pub(super) polls: u32,
    pub(super) retry_after: Option<u32>,
    /// Why the operation fails that this begins.
    pub(super) failure: Option<(String, String)>,
}

impl Asked<'_> {
    /// Answers it.
    pub(super) fn answer(&self, documents: &mut Documents, operations: &mut Operations) -> Result<Answer, Refusal> {
        place::check(self.target, documents)?;
        match (self.request.method.as_str(), &self.target.name) {
            ("GET", None) if self.kind.can(Verb::List) => self.list(documents),
            ("GET" | "HEAD", Some(_)) if self.kind.can(Verb::Get) => self.get(documents),
            ("PUT", Some(_)) if self.kind.can(Verb::Put) => self.put(documents, operations),
            ("PATCH", Some(_)) if self.kind.can(Verb::Patch) => self.patch(documents),
            ("DELETE", Some(_)) if self.kind.can(Verb::Delete) => self.delete(documents, operations),
            (method, _) => Err(not_allowed(method, self.kind)),
        }
    }

    fn list(&self, documents: &Documents) -> Result<Answer, Refusal> {
        let found = match self.kind.scope {
            Scope::Group => documents.of_kind(&self.target.scope, &self.target.kind),
            Scope::Resource => documents.list(&self.target.id),
        };
        let all: Vec<Json> = found.into_iter().filter_map(|found| (self.kind.shown)(found, self.request)).collect();
        let all = filter::filtered(self.request, all)?;
        page(self.request, all, self.kind.page, self.page).map(|page| Answer::json(200, page))
    }

    fn get(&self, documents: &Documents) -> Result<Answer, Refusal> {
        let shown = documents.get(&self.target.id).and_then(|found| (self.kind.shown)(found, self.request));
        shown.map(|json| Answer::json(200, json)).ok_or_else(|| self.missing())
    }

    fn missing(&self) -> Refusal {
        match self.kind.scope {
            Scope::Group => place::no_resource(self.target, self.kind),
            Scope::Resource => (self.kind.missing)(self.target.name.as_deref().unwrap_or_default()),
        }
    }

    /// What is asked to be written, over what is there.
    fn write<'a>(&'a self, documents: &'a Documents) -> Result<Write<'a>, Refusal> {
        let Json::Object(given) = self.request.json()? else {
            return Err(Refusal::new(400, "InvalidRequestContent", "The request content must be a JSON object."));
        };
        let before = documents.get(&self.target.id);
        if let Some(before) = before {
            let told = given.get("etag").and_then(Json::as_str);
            let is_stale = match self.kind.etag {
                Etag::None | Etag::Told => false,
                // Saved searches take any etag: *Spec* `*`.
                Etag::Compared => told.is_some_and(|told| told != "*" && before.get("etag") != told),
                Etag::Demanded => told.is_none_or(|told| before.get("etag") != told),
            };
            if is_stale {
                let message = format!("New version of resource '{}' exists. Data was not saved", before.name());
                return Err(Refusal::new(409, "Conflict", message));
            }
        }
        Ok(Write {
            kind: self.kind,
            target: self.target,
            request: self.request,
            caller: self.caller,
            given,
            before,
            documents,
            now: self.now,
        })
    }

    fn put(&self, documents: &mut Documents, operations: &mut Operations) -> Result<Answer, Refusal> {
        let write = self.write(documents)?;
        let takes_time = (self.kind.takes_time)(&write);
        let json = (self.kind.draft)(&write)?;
        let written = documents.put(&self.target.id, json);
        (self.kind.settle)(documents, self.target, self.now);
        if takes_time {
            mark(&self.target.id, documents);
            return Ok(self.started(documents, operations));
        }
        Ok(self.shown(documents, if written == Written::Created { self.kind.created } else { 200 }))
    }

    fn patch(&self, documents: &mut Documents) -> Result<Answer, Refusal> {
        let write = self.write(documents)?;
        let json = (self.kind.patch)(&write, write.before.ok_or_else(|| self.missing())?)?;
        documents.put(&self.target.id, json);
        (self.kind.settle)(documents, self.target, self.now);
        Ok(self.shown(documents, 200))
    }

    fn shown(&self, documents: &Documents, status: u16) -> Answer {
        let shown = documents.get(&self.target.id).and_then(|found| (self.kind.shown)(found, self.request));
        Answer::json(status, shown.unwrap_or_default())
    }

    fn delete(&self, documents: &mut Documents, operations: &mut Operations) -> Result<Answer, Refusal> {
        let found = documents.get(&self.target.id);
        let Some(found) = found.filter(|found| (self.kind.shown)(found, self.request).is_some()) else {
            return Ok(Answer::empty(204));
        };
        (self.kind.may_go)(found, self.request, documents)?;
        let version = self.request.parameter("api-version").unwrap_or_default();
        match self.kind.deleted {
            Deleted::Later(from) if version >= from => {
                // An operation that fails leaves what was to go.
                if self.failure.is_none() {
                    documents.remove(&self.target.id);
                    (self.kind.settle)(documents, self.target, self.now);
                }
                Ok(self.started(documents, operations))
            }
            deleted => {
                documents.remove(&self.target.id);
                (self.kind.settle)(documents, self.target, self.now);
                Ok(match deleted {
                    Deleted::Empty => Answer::empty(200),
                    _ => Answer::json(200, serde_json::json!({})),
                })
            }
        }
    }

    fn started(&self, documents: &Documents, operations: &mut Operations) -> Answer {
        let begin = Begin {
            request: self.request,
            resource: &self.target.id,
            now: self.now,
            polls: self.polls,
            retry_after: self.retry_after,
            failure: self.failure.clone(),
        };
        operations.started(begin, documents)
    }
}

/// 405, as the resource manager says it.
pub(super) fn not_allowed(method: &str, kind: &Kind) -> Refusal {
    let message = format!("The requested resource of type '{}' does not support http method '{method}'.", kind.name);
    Refusal::new(405, "MethodNotAllowed", message)
}
