//! Workbooks.

use serde_json::{Map, Value as Json, json};

use super::{Kept, head, properties, set};
use crate::demo::world::Workspace;
use crate::demo::world::document::{Document, Documents};
use crate::demo::world::estate::Workbook;

const TYPE: &str = "Microsoft.Insights/workbooks";

impl Kept for Workbook {
    fn all(workspace: &Workspace, documents: &Documents) -> Vec<Self> {
        let scope = format!("/subscriptions/{}", workspace.place.subscription);
        let own = workspace.id();
        let found = documents
            .of_kind(&scope, &TYPE.to_lowercase())
            .into_iter()
            .filter(|found| found.properties()["sourceId"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(&own)));
        found.map(|found| read(found, workspace)).collect()
    }

    fn id(&self, workspace: &Workspace) -> String {
        workspace.resource_id(TYPE, &self.id)
    }

    fn write(&self, json: &mut Map<String, Json>, workspace: &Workspace) {
        let id = Kept::id(self, workspace);
        head(json, &[("id", id.into()), ("name", self.id.as_str().into()), ("type", TYPE.into())]);
        head(json, &[("kind", "shared".into()), ("location", workspace.estate.location.as_str().into())]);
        head(json, &[("etag", Json::Null), ("tags", json!({}))]);
        let source = workspace.id().to_lowercase();
        let said = properties(json);
        set(said, "displayName", self.display_name.as_str().into());
        set(said, "serializedData", self.content.as_str().into());
        set(said, "version", "Notebook/1.0".into());
        set(said, "timeModified", json!(self.modified.map(|time| time.to_string())));
        set(said, "category", "sentinel".into());
        set(said, "sourceId", source.into());
        set(said, "revision", self.revision.to_string().into());
        let system = json!({
            "createdBy": self.by,
            "createdByType": "User",
            "lastModifiedBy": self.by,
            "lastModifiedByType": "User",
            "lastModifiedAt": self.modified.map(|time| time.to_string()),
        });
        json.insert("systemData".to_owned(), system);
    }
}

fn read(document: &Document, workspace: &Workspace) -> Workbook {
    let said = document.properties();
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let content = text(&said["serializedData"]);
    Workbook {
        id: document.name().to_owned(),
        display_name: text(&said["displayName"]),
        modified: said["timeModified"].as_str().and_then(|time| time.parse().ok()),
        by: text(&document.get("systemData")["lastModifiedBy"]),
        tables: tables(&content, workspace),
        revision: said["revision"].as_str().and_then(|revision| revision.parse().ok()).unwrap_or(1),
        content,
    }
}

/// Tables that the queries of a workbook read: the first word of each, and
/// every word that is a table of the workspace.
fn tables(content: &str, workspace: &Workspace) -> Vec<String> {
    let parsed: Json = serde_json::from_str(content).unwrap_or_default();
    let mut found: Vec<String> = Vec::new();
    for item in parsed["items"].as_array().into_iter().flatten() {
        let query = item["content"]["query"].as_str().unwrap_or_default();
        let words = query.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
        for (n, word) in words.enumerate() {
            let is_table = n == 0 || workspace.tables.iter().any(|table| table.name == word);
            if is_table && !found.iter().any(|known| known == word) {
                found.push(word.to_owned());
            }
        }
    }
    found
}

/// The gallery's form of a workbook with one query per table.
pub(super) fn content_of(workspace: &Workspace, tables: &[String]) -> String {
    let range = json!({ "type": 9, "content": { "parameters": [{ "name": "TimeRange", "type": 4 }] } });
    let query = |table: &String| {
        json!({
            "type": 3,
            "content": {
                "version": "KqlItem/1.0",
                "query": format!("{table} | summarize count() by bin(TimeGenerated, 1h)"),
                "timeContextFromParameter": "TimeRange",
            },
        })
    };
    let items: Vec<Json> = std::iter::once(range).chain(tables.iter().map(query)).collect();
    json!({
        "version": "Notebook/1.0",
        "items": items,
        "fallbackResourceIds": [workspace.id()],
    })
    .to_string()
}
