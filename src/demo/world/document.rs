//! The world's objects as ARM shows them: one document per object, the truth
//! that both faces answer from.

use std::collections::BTreeMap;
use std::ops::Bound;

use serde_json::{Map, Value as Json};

use super::etag;

/// A resource.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::demo) struct Document {
    /// What clients see: `id`, `name`, `type`, `properties` and what else its
    /// type has. An `etag` in it is kept up by [`Documents`].
    pub(in crate::demo) json: Map<String, Json>,
    /// Its type in small letters: `microsoft.securityinsights/incidents/comments`.
    kind: String,
    /// Grows with each document that is made: lists are in this order.
    place: u64,
}

/// Every resource, by id without case.
#[derive(Debug, Default)]
pub(in crate::demo) struct Documents {
    by_id: BTreeMap<String, Document>,
    made: u64,
    changes: u64,
}

/// What a write did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::demo) enum Written {
    Created,
    Replaced,
}

impl Document {
    /// Its `properties`; nothing where it has none.
    pub(in crate::demo) fn properties(&self) -> &Json {
        self.get("properties")
    }

    /// A part of it; null where it has none.
    pub(in crate::demo) fn get(&self, key: &str) -> &Json {
        self.json.get(key).unwrap_or(&Json::Null)
    }

    /// The `name` of it.
    pub(in crate::demo) fn name(&self) -> &str {
        self.get("name").as_str().unwrap_or_default()
    }

    /// The `id` of it, as it is written.
    pub(in crate::demo) fn id(&self) -> &str {
        self.get("id").as_str().unwrap_or_default()
    }

    /// Its type, in small letters.
    pub(in crate::demo) fn kind(&self) -> &str {
        &self.kind
    }
}

impl Documents {
    /// The document of that id.
    pub(in crate::demo) fn get(&self, id: &str) -> Option<&Document> {
        self.by_id.get(&key(id))
    }

    /// Puts a document at `id`, whole, with the etag of what it says now.
    pub(in crate::demo) fn put(&mut self, id: &str, mut json: Map<String, Json>) -> Written {
        let id = key(id);
        let before = self.by_id.get(&id).map(|before| before.place);
        self.changes += 1;
        if json.contains_key("etag") {
            json.insert("etag".to_owned(), tag(&json).into());
        }
        let kind = kind_of(&id);
        let place = before.unwrap_or(self.made);
        self.by_id.insert(id, Document { json, kind, place });
        if before.is_some() {
            return Written::Replaced;
        }
        self.made += 1;
        Written::Created
    }

    /// Takes a document away, and everything below it.
    pub(in crate::demo) fn remove(&mut self, id: &str) -> Option<Document> {
        let id = key(id);
        self.changes += 1;
        let below = format!("{id}/");
        let gone: Vec<String> = self.below(&below).map(|(key, _)| key.clone()).collect();
        for key in gone {
            self.by_id.remove(&key);
        }
        self.by_id.remove(&id)
    }

    /// Grows with each write and removal.
    pub(in crate::demo) fn changes(&self) -> u64 {
        self.changes
    }

    /// The documents right below a collection (`…/alertRules`), in the order
    /// in which they were made.
    pub(in crate::demo) fn list(&self, collection: &str) -> Vec<&Document> {
        let prefix = format!("{}/", key(collection));
        let is_right_below = |id: &str| id.get(prefix.len()..).is_some_and(|rest| !rest.contains('/'));
        in_order(self.below(&prefix).filter(|(id, _)| is_right_below(id)).map(|(_, document)| document))
    }

    /// The documents of a type (in small letters) anywhere below a scope.
    pub(in crate::demo) fn of_kind(&self, scope: &str, kind: &str) -> Vec<&Document> {
        let prefix = format!("{}/", key(scope).trim_end_matches('/'));
        in_order(self.below(&prefix).map(|(_, document)| document).filter(|document| document.kind == kind))
    }

    fn below(&self, prefix: &str) -> impl Iterator<Item = (&String, &Document)> {
        let from = (Bound::Included(prefix), Bound::Unbounded);
        let prefix = prefix.to_owned();
        self.by_id.range::<str, _>(from).take_while(move |(id, _)| id.starts_with(&prefix))
    }
}

/// The entity tag of a document: of all that it says but the tag itself, so
/// that both faces give the same one. A write that changes nothing keeps it.
pub(in crate::demo) fn tag(json: &Map<String, Json>) -> String {
    let said = json.iter().filter(|(key, _)| *key != "etag").map(|(key, value)| format!("{key}:{value}"));
    etag(&said.collect::<Vec<_>>().iter().map(String::as_str).collect::<Vec<_>>())
}

fn in_order<'a>(documents: impl Iterator<Item = &'a Document>) -> Vec<&'a Document> {
    let mut documents: Vec<&Document> = documents.collect();
    documents.sort_by_key(|document| document.place);
    documents
}

fn key(id: &str) -> String {
    id.to_lowercase()
}

/// The type that an id in small letters names: what stands behind its last
/// `providers`, without the names.
pub(in crate::demo) fn kind_of(id: &str) -> String {
    let Some((_, behind)) = id.rsplit_once("/providers/") else {
        let levels = id.split('/').skip(1).step_by(2).last().unwrap_or_default();
        return format!("microsoft.resources/{levels}");
    };
    let mut parts = behind.split('/');
    let namespace = parts.next().unwrap_or_default();
    let types: Vec<&str> = parts.step_by(2).collect();
    format!("{namespace}/{}", types.join("/"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(name: &str) -> Map<String, Json> {
        json!({ "name": name, "etag": null }).as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn a_list_is_in_the_order_of_making_and_knows_no_case() {
        let mut documents = Documents::default();
        let rules = "/subscriptions/S/providers/Microsoft.X/Rules";
        for name in ["b", "a", "c"] {
            documents.put(&format!("{rules}/{name}"), document(name));
        }
        documents.put(&format!("{rules}/b/actions/1"), document("1"));
        let names: Vec<&str> = documents.list(&rules.to_lowercase()).iter().map(|found| found.name()).collect();
        assert_eq!(names, ["b", "a", "c"]);
        assert_eq!(documents.of_kind("/subscriptions/s", "microsoft.x/rules/actions").len(), 1);
    }

    #[test]
    fn every_change_gives_a_new_etag() {
        let mut documents = Documents::default();
        let tag = |documents: &Documents| documents.get("/a/b").map(|found| found.get("etag").clone());
        assert_eq!(documents.put("/a/b", document("b")), Written::Created);
        let first = tag(&documents);
        let mut changed = document("b");
        changed.insert("properties".to_owned(), json!({ "nobody": "knows it" }));
        assert_eq!(documents.put("/A/B", changed), Written::Replaced);
        assert_ne!(tag(&documents), first);
        documents.put("/a/b", document("b"));
        assert_eq!(tag(&documents), first, "as it was");
    }

    #[test]
    fn with_a_document_goes_what_is_below_it() {
        let mut documents = Documents::default();
        documents.put("/x/1", document("1"));
        documents.put("/x/1/y/2", document("2"));
        documents.put("/x/11", document("11"));
        documents.remove("/x/1");
        assert!(documents.get("/x/1/y/2").is_none());
        assert!(documents.get("/x/11").is_some());
    }
}
