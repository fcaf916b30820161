//! Between the documents and what the functions read.
//!
//! A function gets a workspace that was read from the documents a moment ago;
//! what it changed there is written back onto them afterwards. What a type
//! here does not know stays in the document as it was.

mod incident;
mod places;
mod rule;

use serde_json::{Map, Value as Json};

use super::document::{Document, Documents};
use super::{Incident, Rule, Workspace};

pub(in crate::demo) use incident::{author_of, owner_known, settle_alerts, settle_comments};
pub(in crate::demo) use places::PROVIDER_TENANT;
pub(super) use places::{found, subscription};

/// Something of a workspace that is kept as a document.
trait Kept: Clone + PartialEq + Sized {
    /// Its type below the workspace, as ids have it.
    const COLLECTION: &str;

    /// What a document says; `None` where it is none of these.
    fn read(document: &Document, workspace: &Workspace, documents: &Documents) -> Option<Self>;

    /// Its name in ARM.
    fn name(&self) -> &str;

    /// Writes what it says onto the document, which is empty for a new one.
    fn write(&self, json: &mut Map<String, Json>, workspace: &Workspace);

    /// What lies below it, as documents of their own.
    fn write_below(&self, _before: Option<&Self>, _id: &str, _workspace: &Workspace, _documents: &mut Documents) {}
}

/// What a workspace held before somebody changed it.
pub(super) struct Reading {
    rules: Vec<Rule>,
    incidents: Vec<Incident>,
}

impl Workspace {
    /// Reads what the documents say.
    pub(super) fn read(&mut self, documents: &Documents) -> Reading {
        self.rules = all(self, documents);
        self.incidents = all(self, documents);
        Reading { rules: self.rules.clone(), incidents: self.incidents.clone() }
    }

    /// Writes back what is not as it was read.
    pub(super) fn write(&self, before: &Reading, documents: &mut Documents) {
        differences(&before.rules, &self.rules, self, documents);
        differences(&before.incidents, &self.incidents, self, documents);
    }
}

impl Reading {
    /// Of a workspace without any document yet.
    pub(super) fn nothing() -> Self {
        Self { rules: Vec::new(), incidents: Vec::new() }
    }
}

fn all<T: Kept>(workspace: &Workspace, documents: &Documents) -> Vec<T> {
    let collection = workspace.part_id(T::COLLECTION);
    documents.list(&collection).into_iter().filter_map(|found| T::read(found, workspace, documents)).collect()
}

fn differences<T: Kept>(before: &[T], after: &[T], workspace: &Workspace, documents: &mut Documents) {
    let collection = workspace.part_id(T::COLLECTION);
    let id = |thing: &T| format!("{collection}/{}", thing.name());
    let same = |a: &T, b: &T| a.name().eq_ignore_ascii_case(b.name());
    for gone in before.iter().filter(|thing| !after.iter().any(|other| same(thing, other))) {
        documents.remove(&id(gone));
    }
    for thing in after {
        let was = before.iter().find(|other| same(thing, other));
        if was == Some(thing) {
            continue;
        }
        let id = id(thing);
        let mut json = documents.get(&id).map(|found| found.json.clone()).unwrap_or_default();
        thing.write(&mut json, workspace);
        documents.put(&id, json);
        thing.write_below(was, &id, workspace, documents);
    }
}

/// The properties of a document, made where it has none.
fn properties(json: &mut Map<String, Json>) -> &mut Map<String, Json> {
    let place = json.entry("properties").or_insert_with(|| Json::Object(Map::new()));
    if !place.is_object() {
        *place = Json::Object(Map::new());
    }
    match place {
        Json::Object(properties) => properties,
        _ => unreachable!("made an object above"),
    }
}

/// The head of a document, before its properties: only what it lacks.
fn head(json: &mut Map<String, Json>, parts: &[(&str, Json)]) {
    for (key, value) in parts {
        json.entry(*key).or_insert_with(|| value.clone());
    }
}

/// Sets a property where it has a value; where it has none, one that is there
/// becomes null.
fn set(properties: &mut Map<String, Json>, key: &str, value: Json) {
    if value.is_null() && !properties.contains_key(key) {
        return;
    }
    properties.insert(key.to_owned(), value);
}
