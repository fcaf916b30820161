//! Between the documents and what the functions read.
//!
//! A function gets a workspace that was read from the documents a moment ago;
//! what it changed there is written back onto them afterwards. What a type
//! here does not know stays in the document as it was.

mod around;
mod content;
mod feed;
mod incident;
mod places;
mod rule;
mod table;
mod workbook;

use serde_json::{Map, Value as Json};

use super::content::{AutomationRule, Content, RawContent, SavedSearch, Watchlist};
use super::dataset::{Table, shifted};
use super::document::Documents;
use super::estate::{Dce, Dcr, RawEstate, Workbook};
use super::{Incident, Rule, Workspace};

pub(in crate::demo) use content::{Sign, watchlist_item};
pub(in crate::demo) use feed::{endpoint_properties, table_of};
pub(in crate::demo) use incident::{as_azure_has_it, author_of, owner_known, settle_alerts, settle_comments};
pub(in crate::demo) use places::PROVIDER_TENANT;
pub(super) use places::{found, subscription};
pub(in crate::demo) use table::schema;

/// Something of a workspace that is kept as a document, and that functions
/// change.
trait Kept: Clone + PartialEq + Sized {
    /// All that the documents have for that workspace, in their order.
    fn all(workspace: &Workspace, documents: &Documents) -> Vec<Self>;

    /// The id of its document.
    fn id(&self, workspace: &Workspace) -> String;

    /// Writes what it says onto the document, which is empty for a new one.
    fn write(&self, json: &mut Map<String, Json>, workspace: &Workspace);

    /// What lies below it, as documents of their own.
    fn write_below(&self, _before: Option<&Self>, _id: &str, _workspace: &Workspace, _documents: &mut Documents) {}
}

/// What a workspace held when it was read.
#[derive(Default)]
pub(super) struct Reading {
    /// When that was, by the documents' own count.
    at: Option<u64>,
    tables: Vec<Table>,
    rules: Vec<Rule>,
    incidents: Vec<Incident>,
    workbooks: Vec<Workbook>,
    dcrs: Vec<Dcr>,
    dces: Vec<Dce>,
}

/// What the logs of a workspace tell of it, as its documents are now.
pub(in crate::demo) struct Held {
    pub(in crate::demo) tables: Vec<Table>,
    pub(in crate::demo) rules: Vec<Rule>,
    pub(in crate::demo) incidents: Vec<Incident>,
    pub(in crate::demo) watchlists: Vec<Watchlist>,
    pub(in crate::demo) searches: Vec<SavedSearch>,
}

impl Workspace {
    /// What it was read to hold.
    pub(in crate::demo) fn as_read(&self) -> Held {
        Held {
            tables: self.tables.clone(),
            rules: self.rules.clone(),
            incidents: self.incidents.clone(),
            watchlists: self.content.watchlists.clone(),
            searches: self.content.searches.clone(),
        }
    }

    /// What the documents say, for those who only look.
    pub(in crate::demo) fn held(&self, documents: &Documents) -> Held {
        Held {
            tables: Table::all(self, documents),
            rules: Rule::all(self, documents),
            incidents: Incident::all(self, documents),
            watchlists: Watchlist::all(self, documents),
            searches: SavedSearch::all(self, documents),
        }
    }

    /// Reads what the documents say, unless nothing has changed since.
    pub(super) fn read(&mut self, documents: &Documents) {
        if self.reading.at == Some(documents.changes()) {
            return;
        }
        if let Some(own) = documents.get(&self.id()) {
            let days = own.properties()["retentionInDays"].as_i64().and_then(|days| i32::try_from(days).ok());
            self.estate.retention_in_days = days.unwrap_or(self.estate.retention_in_days);
        }
        // Tables first: others are read by them.
        self.tables = Table::all(self, documents);
        self.rules = Rule::all(self, documents);
        self.incidents = Incident::all(self, documents);
        self.content = Content {
            watchlists: Watchlist::all(self, documents),
            automation_rules: AutomationRule::all(self, documents),
            searches: SavedSearch::all(self, documents),
        };
        self.estate.workbooks = Workbook::all(self, documents);
        self.estate.dcrs = Dcr::all(self, documents);
        self.estate.dces = Dce::all(self, documents);
        self.reading = Reading {
            at: Some(documents.changes()),
            tables: self.tables.clone(),
            rules: self.rules.clone(),
            incidents: self.incidents.clone(),
            workbooks: self.estate.workbooks.clone(),
            dcrs: self.estate.dcrs.clone(),
            dces: self.estate.dces.clone(),
        };
    }

    /// Writes back what is not as it was read.
    pub(super) fn write(&self, documents: &mut Documents) {
        let before = &self.reading;
        differences(&before.tables, &self.tables, self, documents);
        differences(&before.rules, &self.rules, self, documents);
        differences(&before.incidents, &self.incidents, self, documents);
        differences(&before.workbooks, &self.estate.workbooks, self, documents);
        differences(&before.dces, &self.estate.dces, self, documents);
        differences(&before.dcrs, &self.estate.dcrs, self, documents);
    }
}

/// The scenario's own objects of a workspace, from their short form.
pub(super) fn furnish(
    workspace: &mut Workspace,
    tenant: &str,
    content: &RawContent,
    estate: RawEstate,
    documents: &mut Documents,
) {
    let start = workspace.start;
    for raw in &content.watchlists {
        content::watchlist(documents, workspace, tenant, raw);
    }
    for raw in &content.automation_rules {
        content::automation_rule(documents, workspace, raw);
    }
    for raw in &content.functions {
        content::function(documents, workspace, raw);
    }
    for raw in &content.saved_queries {
        content::saved_query(documents, workspace, raw);
    }
    for raw in &estate.connectors {
        around::connector(documents, workspace, tenant, raw);
    }
    for raw in &estate.dcrs {
        around::associations(documents, workspace, raw);
    }
    for rule in &workspace.rules {
        around::template(documents, workspace, rule);
    }
    around::rights(documents, workspace, tenant);
    let books = estate.workbooks.into_iter().map(|raw| Workbook {
        content: workbook::content_of(workspace, &raw.tables),
        id: raw.id,
        display_name: raw.display_name,
        modified: shifted(start, &raw.modified),
        by: raw.by,
        tables: raw.tables,
        revision: 1,
    });
    let books = books.collect();
    workspace.estate.workbooks = books;
    workspace.estate.dcrs = estate.dcrs.into_iter().map(feed::from_scenario).collect();
    workspace.estate.dces = estate.dces;
    workspace.write(documents);
}

fn differences<T: Kept>(before: &[T], after: &[T], workspace: &Workspace, documents: &mut Documents) {
    // Most calls only read.
    if before == after {
        return;
    }
    let ids: Vec<String> = after.iter().map(|thing| thing.id(workspace).to_lowercase()).collect();
    let known: Vec<String> = before.iter().map(|thing| thing.id(workspace).to_lowercase()).collect();
    for gone in known.iter().filter(|id| !ids.contains(id)) {
        documents.remove(gone);
    }
    for (thing, id) in after.iter().zip(&ids) {
        let was = known.iter().position(|known| known == id).and_then(|place| before.get(place));
        if was == Some(thing) {
            continue;
        }
        let mut json = documents.get(id).map(|found| found.json.clone()).unwrap_or_default();
        thing.write(&mut json, workspace);
        documents.put(id, json);
        thing.write_below(was, id, workspace, documents);
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
