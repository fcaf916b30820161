//! Reading and writing documents, whatever their type.

use jiff::Timestamp;
use serde_json::Value as Json;

use super::exchange::{Answer, Request};
use super::identity::Caller;
use super::kind::{Etag, Kind, Scope, Verb, Write};
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
}

impl Asked<'_> {
    /// Answers it.
    pub(super) fn answer(&self, documents: &mut Documents) -> Result<Answer, Refusal> {
        place::check(self.target, documents)?;
        match (self.request.method.as_str(), &self.target.name) {
            ("GET", None) if self.kind.can(Verb::List) => self.list(documents),
            ("GET" | "HEAD", Some(_)) if self.kind.can(Verb::Get) => self.get(documents),
            ("PUT", Some(_)) if self.kind.can(Verb::Put) => self.put(documents),
            ("DELETE", Some(name)) if self.kind.can(Verb::Delete) => self.delete(documents, name),
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
        page(self.request, all, self.kind.page.min(self.page)).map(|page| Answer::json(200, page))
    }

    fn get(&self, documents: &Documents) -> Result<Answer, Refusal> {
        let shown = documents.get(&self.target.id).and_then(|found| (self.kind.shown)(found, self.request));
        let name = self.target.name.as_deref().unwrap_or_default();
        shown.map(|json| Answer::json(200, json)).ok_or_else(|| match self.kind.scope {
            Scope::Group => place::no_resource(self.target, self.kind),
            Scope::Resource => (self.kind.missing)(name),
        })
    }

    fn put(&self, documents: &mut Documents) -> Result<Answer, Refusal> {
        let Json::Object(given) = self.request.json()? else {
            return Err(Refusal::new(400, "InvalidRequestContent", "The request content must be a JSON object."));
        };
        let before = documents.get(&self.target.id);
        if let Some(before) = before {
            let told = given.get("etag").and_then(Json::as_str);
            let is_stale = match self.kind.etag {
                Etag::None | Etag::Told => false,
                Etag::Compared => told.is_some_and(|told| before.get("etag") != told),
                Etag::Demanded => told.is_none_or(|told| before.get("etag") != told),
            };
            if is_stale {
                let message = format!("New version of resource '{}' exists. Data was not saved", before.name());
                return Err(Refusal::new(409, "Conflict", message));
            }
        }
        let write = Write {
            kind: self.kind,
            target: self.target,
            request: self.request,
            caller: self.caller,
            given,
            before,
            documents,
            now: self.now,
        };
        let json = (self.kind.draft)(&write)?;
        let written = documents.put(&self.target.id, json);
        (self.kind.settle)(documents, self.target, self.now);
        let shown = documents.get(&self.target.id).and_then(|found| (self.kind.shown)(found, self.request));
        let status = if written == Written::Created { 201 } else { 200 };
        Ok(Answer::json(status, shown.unwrap_or_default()))
    }

    fn delete(&self, documents: &mut Documents, _: &str) -> Result<Answer, Refusal> {
        let is_shown =
            documents.get(&self.target.id).is_some_and(|found| (self.kind.shown)(found, self.request).is_some());
        if !is_shown {
            return Ok(Answer::empty(204));
        }
        documents.remove(&self.target.id);
        (self.kind.settle)(documents, self.target, self.now);
        // *Seen* in a recording of 2022-08-16: two characters, where the specification has none.
        Ok(Answer::json(200, serde_json::json!({})))
    }
}

/// 405, as the resource manager says it.
pub(super) fn not_allowed(method: &str, kind: &Kind) -> Refusal {
    let message = format!("The requested resource of type '{}' does not support http method '{method}'.", kind.name);
    Refusal::new(405, "MethodNotAllowed", message)
}
