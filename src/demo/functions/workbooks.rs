//! Workbooks: list, details, export, import, away with them.
//!
//! The scenario says which tables a workbook reads; its content is made of
//! that: one query per table.

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use wsman::clixml::Value;
use wsman::host_end::demo::Step;

use super::export::{deployment, file_name, sorted};
use super::rules::wildcard;
use super::signature::{INVALID_ARGUMENT, OBJECT_NOT_FOUND, RESOURCE_EXISTS};
use super::{AUTHOR, Call};
use crate::demo::clixml::{bag, count, custom, date, from_json, optional, strings};
use crate::demo::world::estate::Workbook;
use crate::demo::world::{Workspace, demo_id, hex};

impl Call<'_> {
    /// Get-SentinelWorkbooks. A subscription of the scenario has no workbooks
    /// but those of its workspaces.
    pub(super) fn workbooks(&self, workspace: &Workspace) -> Vec<Step> {
        let name = self.bound.text("NameFilter").map(wildcard);
        let books = workspace.estate.workbooks.iter();
        let books = books.filter(|book| name.as_ref().is_none_or(|name| name.is_match(&book.display_name)));
        books.map(|book| Step::Output(custom(summary(workspace, book)))).collect()
    }

    /// Get-WorkbookDetails.
    pub(super) fn workbook(&self, workspace: &Workspace) -> Vec<Step> {
        let book = match self.book_at(workspace) {
            Ok(place) => workspace.estate.workbooks.get(place),
            Err(step) => return vec![step],
        };
        let Some(book) = book else { return Vec::new() };
        let content = book.content.clone();
        let parsed: Json = serde_json::from_str(&content).unwrap_or_default();
        let items = parsed["items"].as_array().map_or(&[][..], Vec::as_slice);
        let parameters = items.iter().filter(|item| item["type"] == 9);
        let parameters = parameters.flat_map(|item| item["content"]["parameters"].as_array().into_iter().flatten());
        let parameters: Vec<&str> = parameters.filter_map(|parameter| parameter["name"].as_str()).collect();
        let mut properties = summary(workspace, book);
        properties.extend([
            ("Description", optional(None::<&str>)),
            ("Revision", Value::from(book.revision.to_string())),
            ("ItemCount", count(items.len())),
            ("QueryCount", count(items.iter().filter(|item| item["type"] == 3).count())),
            ("TablesReferenced", strings(book.tables.iter().map(String::as_str))),
            ("Parameters", strings(parameters)),
            ("SerializedData", if self.bound.has("IncludeContent") { Value::from(content) } else { Value::Nil }),
        ]);
        vec![Step::Output(custom(properties))]
    }

    /// Export-SentinelWorkbook.
    pub(super) fn export_workbook(&self, workspace: &Workspace) -> Vec<Step> {
        let book = match self.book_at(workspace) {
            Ok(place) => workspace.estate.workbooks.get(place),
            Err(step) => return vec![step],
        };
        let Some(book) = book else { return Vec::new() };
        let plain = book.content.clone();
        let format = self.bound.text("Format").unwrap_or("ARM");
        let text = match format {
            "ARM" => sorted(template(book, &plain)).to_string(),
            _ => plain,
        };
        // The default of the switch is true: the demo host has no files.
        let pass = self.bound.flag("PassThru").unwrap_or(true);
        vec![Step::Output(custom([
            ("WorkbookId", Value::from(book.id.as_str())),
            ("DisplayName", Value::from(book.display_name.as_str())),
            ("Format", Value::from(format)),
            ("FileName", Value::from(format!("{}.json", file_name(&book.display_name)))),
            ("Bytes", count(text.len())),
            ("Sha256", Value::from(hex(&Sha256::digest(&text)))),
            ("Content", if pass { Value::from(text) } else { Value::Nil }),
        ]))]
    }

    /// Remove-SentinelWorkbook.
    pub(super) fn remove_workbook(&self, workspace: &mut Workspace) -> Vec<Step> {
        let place = match self.book_at(workspace) {
            Ok(place) => place,
            Err(step) => return vec![step],
        };
        let Some(book) = workspace.estate.workbooks.get(place) else { return Vec::new() };
        if let Some(step) = self.instead_of("Delete workbook", &book.display_name) {
            return vec![step];
        }
        let backup = sorted(template(book, &book.content));
        let book = workspace.estate.workbooks.remove(place);
        vec![Step::Output(custom([
            ("WorkbookId", Value::from(book.id.as_str())),
            ("DisplayName", Value::from(book.display_name.as_str())),
            ("Deleted", Value::Bool(true)),
            ("Backup", from_json(&backup)),
        ]))]
    }

    /// Import-SentinelWorkbook.
    pub(super) fn import_workbook(&self, workspace: &mut Workspace) -> Vec<Step> {
        let name = self.bound.text("DisplayName").unwrap_or_default();
        let text = self.bound.text("Content").unwrap_or_default();
        let Some(found) = gallery(text) else {
            let said = "The content is neither a workbook of the gallery nor an ARM template of one.".to_owned();
            return vec![self.error(said, "InvalidWorkbook", INVALID_ARGUMENT)];
        };
        // The ids of the workspace that it came from would show another customer's name and no data.
        let (found, replaced) = at_home(&found, &workspace.id());
        let id = match self.bound.text("WorkbookId") {
            Some(id) => id.to_owned(),
            None => demo_id(&[&workspace.place.name, name]),
        };
        let known = workspace.estate.workbooks.iter().position(|book| book.id.eq_ignore_ascii_case(&id));
        if known.is_some() && !self.bound.has("Overwrite") {
            let said = format!("A workbook with id '{id}' exists; -Overwrite replaces it.");
            return vec![self.error(said, "Conflict", RESOURCE_EXISTS)];
        }
        let action = if known.is_some() { "Replace workbook" } else { "Import workbook" };
        if let Some(step) = self.instead_of(action, name) {
            return vec![step];
        }
        let tables = workspace.tables.iter().map(|table| &table.name).filter(|name| found.contains(name.as_str()));
        let revision =
            known.and_then(|place| workspace.estate.workbooks.get(place)).map_or(1, |book| book.revision + 1);
        let book = Workbook {
            id,
            display_name: name.to_owned(),
            modified: Some(self.now),
            by: AUTHOR.to_owned(),
            tables: tables.cloned().collect(),
            content: found,
            revision,
        };
        let mut properties = summary(workspace, &book);
        properties.push(("Created", Value::Bool(known.is_none())));
        properties.push(("ReplacedResourceIds", count(replaced)));
        match known.and_then(|place| workspace.estate.workbooks.get_mut(place)) {
            Some(place) => *place = book,
            None => workspace.estate.workbooks.push(book),
        }
        vec![Step::Output(custom(properties))]
    }

    /// Where the workbook that the call names is: by id, or by its exact name
    /// when only one has it.
    fn book_at(&self, workspace: &Workspace) -> Result<usize, Step> {
        let (id, name) = (self.bound.text("WorkbookId"), self.bound.text("DisplayName").unwrap_or_default());
        let is_meant = |book: &Workbook| match id {
            Some(id) => book.id.eq_ignore_ascii_case(id),
            None => book.display_name.eq_ignore_ascii_case(name),
        };
        let books = workspace.estate.workbooks.iter().enumerate();
        let found: Vec<usize> = books.filter(|(_, book)| is_meant(book)).map(|(place, _)| place).collect();
        match found.as_slice() {
            [place] => Ok(*place),
            [] => {
                let said = format!("No workbook '{}' in workspace '{}'.", id.unwrap_or(name), workspace.place.name);
                Err(self.error(said, "WorkbookNotFound", OBJECT_NOT_FOUND))
            }
            several => {
                let said = format!("{} workbooks are called '{name}'; give WorkbookId.", several.len());
                Err(self.error(said, "AmbiguousName", INVALID_ARGUMENT))
            }
        }
    }
}

fn summary(workspace: &Workspace, book: &Workbook) -> Vec<(&'static str, Value)> {
    let place = &workspace.place;
    let id = workspace.resource_id("Microsoft.Insights/workbooks", &book.id);
    vec![
        ("WorkbookId", Value::from(book.id.as_str())),
        ("DisplayName", Value::from(book.display_name.as_str())),
        ("Category", Value::from("sentinel")),
        ("SourceId", Value::from(workspace.id().to_lowercase())),
        ("Version", Value::from("Notebook/1.0")),
        ("TimeModified", book.modified.map_or(Value::Nil, date)),
        ("ModifiedBy", Value::from(book.by.as_str())),
        ("ResourceGroupName", Value::from(place.resource_group.as_str())),
        ("Location", Value::from(workspace.estate.location.as_str())),
        ("Tags", bag(&[], [])),
        ("ResourceId", Value::from(id)),
    ]
}

fn template(book: &Workbook, content: &str) -> Json {
    let resource = json!({
        "type": "Microsoft.Insights/workbooks",
        "apiVersion": "2023-06-01",
        "name": book.id,
        "kind": "shared",
        "properties": {
            "displayName": book.display_name,
            "category": "sentinel",
            "serializedData": content,
            "sourceId": "[parameters('workspaceId')]",
        },
    });
    deployment("workspaceId", &resource)
}

/// The gallery's form, from either.
fn gallery(text: &str) -> Option<String> {
    let json: Json = serde_json::from_str(text).ok()?;
    if json["items"].is_array() {
        return Some(text.to_owned());
    }
    let inner = json["resources"][0]["properties"]["serializedData"].as_str()?;
    let parsed: Json = serde_json::from_str(inner).ok()?;
    parsed["items"].is_array().then(|| inner.to_owned())
}

/// The content with this workspace's id for every other, and how many there
/// were.
fn at_home(content: &str, own: &str) -> (String, usize) {
    let mut json: Json = serde_json::from_str(content).unwrap_or_default();
    let mut replaced = 0;
    for list in ["fallbackResourceIds", "crossComponentResources"] {
        for id in json.get_mut(list).and_then(Json::as_array_mut).into_iter().flatten() {
            if id.as_str().is_some_and(|id| id.starts_with('/') && !id.eq_ignore_ascii_case(own)) {
                *id = own.into();
                replaced += 1;
            }
        }
    }
    if replaced == 0 { (content.to_owned(), 0) } else { (json.to_string(), replaced) }
}
