//! The types of resources that there are, and what can be done with each.

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use super::exchange::Request;
use super::identity::Caller;
use super::kinds::KINDS;
use super::path::Target;
use super::refusal::Refusal;
use crate::demo::world::document::{Document, Documents};

/// A type of resource.
pub(super) struct Kind {
    /// As ids and answers write it.
    pub(super) name: &'static str,
    /// Where it may lie.
    pub(super) scope: Scope,
    /// Those that it is answered for, oldest first.
    pub(super) versions: &'static [&'static str],
    pub(super) verbs: &'static [Verb],
    /// Items of a page of its list.
    pub(super) page: usize,
    /// Whether its documents have an etag, and what a write does with it.
    pub(super) etag: Etag,
    /// The document that a write leaves.
    pub(super) draft: fn(&Write<'_>) -> Result<Map<String, Json>, Refusal>,
    /// What a read shows of a document; `None` hides it.
    pub(super) shown: fn(&Document, &Request) -> Option<Json>,
    /// What else a write or a removal changes.
    pub(super) settle: fn(&mut Documents, &Target, Timestamp),
    /// How the service names one that is not there.
    pub(super) missing: fn(&str) -> Refusal,
    /// What a PATCH leaves of a document.
    pub(super) patch: Patch,
    /// Status of a PUT that makes one.
    pub(super) created: u16,
    pub(super) deleted: Deleted,
    /// Whether one may be removed now.
    pub(super) may_go: fn(&Document, &Request, &Documents) -> Result<(), Refusal>,
    /// Whether a PUT is an operation that takes its time.
    pub(super) takes_time: fn(&Write<'_>) -> bool,
}

/// From what is asked and what there is to what will be.
type Patch = fn(&Write<'_>, &Document) -> Result<Map<String, Json>, Refusal>;

/// Where a type's resources lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// In a resource group, and listed for a subscription, too.
    Group,
    /// In or on another resource.
    Resource,
}

/// What can be done with a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    List,
    Put,
    Patch,
    Delete,
}

/// What a write does with the etag in its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Etag {
    /// It has none.
    None,
    /// The last writer wins.
    Told,
    /// A stale one is refused.
    Compared,
    /// One that is there must be named by its own.
    Demanded,
}

/// A write, before it is done.
pub(super) struct Write<'a> {
    pub(super) kind: &'a Kind,
    pub(super) target: &'a Target,
    pub(super) request: &'a Request,
    pub(super) caller: &'a Caller,
    pub(super) given: Map<String, Json>,
    pub(super) before: Option<&'a Document>,
    pub(super) documents: &'a Documents,
    pub(super) now: Timestamp,
}

/// How a removal is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deleted {
    /// 200 with `{}`.
    ///
    /// *Seen* in a recording of 2022-08-16, where the specification has no body.
    Braces,
    /// 200 without a body.
    Empty,
    /// 202 and an operation to ask after, in versions from this one on; before, 200.
    Later(&'static str),
}

/// What most types are like.
pub(super) const PLAIN: Kind = Kind {
    name: "",
    scope: Scope::Resource,
    versions: &[],
    verbs: &[Verb::Get, Verb::List, Verb::Put, Verb::Delete],
    page: 100,
    etag: Etag::None,
    draft: whole,
    patch: merged,
    shown: as_it_is,
    settle: nothing,
    missing: not_found,
    created: 201,
    deleted: Deleted::Empty,
    may_go: anything_may_go,
    takes_time: never,
};

impl Kind {
    /// The type that a path in small letters names.
    pub(super) fn of(kind: &str) -> Option<&'static Self> {
        KINDS.iter().find(|known| known.name.eq_ignore_ascii_case(kind))
    }

    /// Its last type.
    pub(super) fn last(&self) -> &'static str {
        self.name.rsplit('/').next().unwrap_or_default()
    }

    /// Whether anything of a namespace is known.
    pub(super) fn has_namespace(namespace: &str) -> bool {
        KINDS
            .iter()
            .any(|known| known.name.split('/').next().is_some_and(|known| known.eq_ignore_ascii_case(namespace)))
    }

    pub(super) fn can(&self, verb: Verb) -> bool {
        self.verbs.contains(&verb)
    }

    /// Its namespace and its types.
    pub(super) fn parts(&self) -> (&'static str, &'static str) {
        self.name.split_once('/').unwrap_or((self.name, ""))
    }

    /// The id of one of its resources, as answers write it: with the type's
    /// own capitals, whatever the request had.
    pub(super) fn id(&self, target: &Target, documents: &Documents) -> String {
        let name = target.id.rsplit('/').next().unwrap_or_default();
        let last = self.last();
        // The ids above are written as their own documents write them.
        let above = documents.get(&target.parent).map_or(target.parent.as_str(), Document::id);
        if self.parts().1.contains('/') {
            format!("{above}/{last}/{name}")
        } else {
            format!("{above}/providers/{}/{last}/{name}", self.parts().0)
        }
    }
}

impl Write<'_> {
    /// The name that the path gives it.
    pub(super) fn name(&self) -> &str {
        self.target.name.as_deref().unwrap_or_default()
    }

    /// The properties that were given.
    ///
    /// # Errors
    ///
    /// 400 where there are none.
    pub(super) fn properties(&self) -> Result<&Map<String, Json>, Refusal> {
        self.given.get("properties").and_then(Json::as_object).ok_or_else(|| {
            Refusal::new(
                400,
                "InvalidRequestContent",
                "The request content is missing the required property 'properties'.",
            )
        })
    }

    /// A document with its head, and `properties`.
    pub(super) fn document(&self, properties: Json) -> Map<String, Json> {
        let mut json = Map::new();
        let mut put = |key: &str, value: Json| json.insert(key.to_owned(), value);
        let written =
            self.before.map(Document::id).map_or_else(|| self.kind.id(self.target, self.documents), str::to_owned);
        put("id", written.into());
        let name = self.before.map_or_else(|| self.name(), Document::name);
        put("name", name.into());
        if self.kind.etag != Etag::None {
            put("etag", Json::Null);
        }
        put("type", self.kind.name.into());
        for key in ["kind", "location", "tags", "identity"] {
            if let Some(value) = self.given.get(key) {
                put(key, value.clone());
            }
        }
        put("properties", properties);
        json
    }
}

/// What was given, with a head.
fn whole(write: &Write<'_>) -> Result<Map<String, Json>, Refusal> {
    Ok(write.document(write.properties()?.clone().into()))
}

/// What was there, with what was given laid over it.
fn merged(write: &Write<'_>, before: &Document) -> Result<Map<String, Json>, Refusal> {
    let mut json = before.json.clone();
    for key in ["tags", "identity"] {
        if let Some(value) = write.given.get(key) {
            json.insert(key.to_owned(), value.clone());
        }
    }
    if let Some(given) = write.given.get("properties").and_then(Json::as_object) {
        let properties = json.entry("properties").or_insert_with(|| Json::Object(Map::new()));
        for (key, value) in given {
            properties[key] = value.clone();
        }
    }
    Ok(json)
}

fn as_it_is(document: &Document, _: &Request) -> Option<Json> {
    Some(document.json.clone().into())
}

fn nothing(_: &mut Documents, _: &Target, _: Timestamp) {}

fn not_found(name: &str) -> Refusal {
    Refusal::new(404, "NotFound", format!("Resource '{name}' was not found."))
}

fn anything_may_go(_: &Document, _: &Request, _: &Documents) -> Result<(), Refusal> {
    Ok(())
}

fn never(_: &Write<'_>) -> bool {
    false
}
