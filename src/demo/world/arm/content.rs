//! Watchlists, automation rules and saved searches: what the scenario makes of
//! them, and what the functions read.

use serde_json::{Map, Value as Json, json};

use super::incident::author;
use crate::demo::world::content::{
    AutomationRule, PROVIDER, RawAutomationRule, RawKqlFunction, RawSavedQuery, RawWatchlist, SavedSearch, Watchlist,
};
use crate::demo::world::dataset::shifted;
use crate::demo::world::document::{Document, Documents};
use crate::demo::world::{Place, Workspace, demo_id};

/// Chosen: where the scenario's functions are filed.
const FUNCTION_CATEGORY: &str = "Functions";

/// Who made what the scenario does not say of.
const ENGINEER: &str = "t.vogel@leuchtturm.example";

/// What an automation rule has that no backup takes along.
const ITS_TIMES: [&str; 4] = ["lastModifiedTimeUtc", "createdTimeUtc", "lastModifiedBy", "createdBy"];

impl AutomationRule {
    pub(in crate::demo::world) fn all(workspace: &Workspace, documents: &Documents) -> Vec<Self> {
        let found = documents.list(&workspace.part_id("providers/Microsoft.SecurityInsights/automationRules"));
        found.into_iter().map(Self::read).collect()
    }

    fn read(document: &Document) -> Self {
        let said = document.properties();
        let logic = &said["triggeringLogic"];
        let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
        let actions = said["actions"].as_array().into_iter().flatten();
        let books = actions.filter_map(|action| action["actionConfiguration"]["logicAppResourceId"].as_str());
        let mut properties = said.as_object().cloned().unwrap_or_default();
        properties.retain(|key, _| !ITS_TIMES.contains(&key.as_str()));
        Self {
            id: document.name().to_owned(),
            order: said["order"].as_i64().and_then(|order| i32::try_from(order).ok()).unwrap_or_default(),
            display_name: text(&said["displayName"]),
            enabled: logic["isEnabled"].as_bool().unwrap_or_default(),
            triggers_on: text(&logic["triggersOn"]),
            triggers_when: text(&logic["triggersWhen"]),
            playbooks: books.map(str::to_owned).collect(),
            properties: properties.into(),
        }
    }
}

impl Watchlist {
    pub(in crate::demo::world) fn all(workspace: &Workspace, documents: &Documents) -> Vec<Self> {
        Self::below(&workspace.id(), documents)
    }

    /// Those of the workspace that has this id.
    pub(in crate::demo) fn below(workspace: &str, documents: &Documents) -> Vec<Self> {
        let found = documents.list(&format!("{workspace}/providers/Microsoft.SecurityInsights/watchlists"));
        found.into_iter().map(|found| Self::read(found, documents)).collect()
    }

    fn read(document: &Document, documents: &Documents) -> Self {
        let said = document.properties();
        let text = |key: &str| said[key].as_str().unwrap_or_default().to_owned();
        let items = documents.list(&format!("{}/watchlistItems", document.id()));
        let mut columns: Vec<String> = Vec::new();
        let values = |item: &&Document| item.properties()["itemsKeyValue"].as_object().cloned();
        let values: Vec<Map<String, Json>> = items.iter().filter_map(values).collect();
        for key in values.iter().flat_map(Map::keys) {
            if !columns.contains(key) {
                columns.push(key.clone());
            }
        }
        let cell = |row: &Map<String, Json>, column: &String| match row.get(column) {
            None | Some(Json::Null) => String::new(),
            Some(Json::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        let items = values.iter().map(|row| columns.iter().map(|column| cell(row, column)).collect());
        Self {
            display_name: text("displayName"),
            provider: text("provider"),
            search_key: text("itemsSearchKey"),
            items: items.collect(),
            columns,
            updated: said["updated"].as_str().and_then(|time| time.parse().ok()),
            properties: backed_up(said),
            alias: document.name().to_owned(),
        }
    }
}

/// What a backup of a watchlist takes along: not what Azure writes itself.
fn backed_up(said: &Json) -> Json {
    const ITS_OWN: [&str; 10] = [
        "watchlistId",
        "created",
        "updated",
        "createdBy",
        "updatedBy",
        "isDeleted",
        "tenantId",
        "uploadStatus",
        "numberOfLinesToSkip",
        "provisioningState",
    ];
    let mut properties = said.as_object().cloned().unwrap_or_default();
    properties.retain(|key, value| !value.is_null() && !ITS_OWN.contains(&key.as_str()));
    properties.into()
}

impl SavedSearch {
    pub(in crate::demo::world) fn all(workspace: &Workspace, documents: &Documents) -> Vec<Self> {
        Self::below(&workspace.id(), documents)
    }

    /// Those of the workspace that has this id.
    pub(in crate::demo) fn below(workspace: &str, documents: &Documents) -> Vec<Self> {
        documents.list(&format!("{workspace}/savedSearches")).into_iter().map(Self::read).collect()
    }

    fn read(document: &Document) -> Self {
        let said = document.properties();
        let text = |key: &str| said[key].as_str().map(str::to_owned);
        let tag = |name: &str| {
            let mut tags = said["tags"].as_array().into_iter().flatten();
            let value = tags.find(|tag| tag["name"] == name).and_then(|tag| tag["value"].as_str()).unwrap_or_default();
            value.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        Self {
            id: document.name().to_owned(),
            display_name: text("displayName").unwrap_or_default(),
            category: text("category").unwrap_or_default(),
            query: text("query").unwrap_or_default(),
            alias: text("functionAlias").filter(|alias| !alias.is_empty()),
            parameters: text("functionParameters").unwrap_or_default(),
            tactics: tag("tactics"),
            techniques: tag("techniques"),
            properties: said.clone(),
        }
    }
}

pub(super) fn watchlist(documents: &mut Documents, workspace: &Workspace, tenant: &str, raw: &RawWatchlist) {
    let id = workspace.arm_id("watchlists", &raw.alias);
    let updated = shifted(workspace.start, &raw.updated).map(|time| time.to_string());
    let json = json!({
        "id": workspace.arm_id("Watchlists", &raw.alias),
        "name": raw.alias,
        "etag": null,
        "type": "Microsoft.SecurityInsights/Watchlists",
        "properties": {
            "watchlistId": demo_id(&[&workspace.place.name, "watchlist", &raw.alias]),
            "displayName": raw.alias,
            "provider": PROVIDER,
            "source": "Local file",
            "itemsSearchKey": raw.search_key,
            "created": updated,
            "updated": updated,
            "createdBy": author(ENGINEER),
            "updatedBy": author(ENGINEER),
            "watchlistType": "watchlist",
            "watchlistAlias": raw.alias,
            "isDeleted": false,
            "labels": [],
            "tenantId": tenant,
            "numberOfLinesToSkip": 0,
            "uploadStatus": "Complete",
        },
    });
    put(documents, &id, json);
    let list = workspace.arm_id("Watchlists", &raw.alias);
    let sign = Sign { tenant: tenant.into(), who: author(ENGINEER), time: updated.as_deref().into() };
    for (n, row) in raw.items.iter().enumerate() {
        let name = demo_id(&[&workspace.place.name, "watchlist", &raw.alias, &n.to_string()]);
        // The scenario's offsets are times.
        let value =
            |text: &String| shifted(workspace.start, text).map_or_else(|| text.clone(), |time| time.to_string());
        let pairs = raw.columns.iter().zip(row).map(|(column, text)| (column.clone(), value(text).into()));
        let pairs: Map<String, Json> = pairs.collect();
        put(documents, &format!("{id}/watchlistItems/{name}"), watchlist_item(&list, &name, &sign, &pairs));
    }
}

/// Who made something, for whom and when.
pub(in crate::demo) struct Sign {
    pub(in crate::demo) tenant: Json,
    pub(in crate::demo) who: Json,
    pub(in crate::demo) time: Json,
}

/// One item of the watchlist of that id.
pub(in crate::demo) fn watchlist_item(list: &str, name: &str, sign: &Sign, values: &Map<String, Json>) -> Json {
    let Sign { tenant, who, time } = sign;
    json!({
        "id": format!("{list}/WatchlistItems/{name}"),
        "name": name,
        "etag": null,
        "type": "Microsoft.SecurityInsights/Watchlists/WatchlistItems",
        "properties": {
            "watchlistItemType": "watchlist-item",
            "watchlistItemId": name,
            "tenantId": tenant,
            "isDeleted": false,
            "created": time,
            "updated": time,
            "createdBy": who,
            "updatedBy": who,
            "itemsKeyValue": values,
            "entityMapping": {},
        },
    })
}

pub(super) fn automation_rule(documents: &mut Documents, workspace: &Workspace, raw: &RawAutomationRule) {
    let condition = |(property, operator, values): &(String, String, Vec<String>)| {
        let of = json!({ "propertyName": property, "operator": operator, "propertyValues": values });
        json!({ "conditionType": "Property", "conditionProperties": of })
    };
    let actions = raw.actions.iter().zip(1..).map(|(action, order)| {
        let (kind, what) = action.split_once(':').unwrap_or((action, ""));
        let configuration = match kind {
            "RunPlaybook" => json!({ "logicAppResourceId": playbook_id(&workspace.place, what) }),
            _ => modification(what),
        };
        json!({ "order": order, "actionType": kind, "actionConfiguration": configuration })
    });
    let id = workspace.arm_id("automationRules", &raw.id);
    // Chosen: as old as most rules of the scenario.
    let time = crate::demo::world::later(workspace.start, -120 * 86_400).to_string();
    let json = json!({
        "id": id,
        "name": raw.id,
        "etag": null,
        "type": "Microsoft.SecurityInsights/automationRules",
        "properties": {
            "displayName": raw.display_name,
            "order": raw.order,
            "triggeringLogic": {
                "isEnabled": raw.enabled,
                "triggersOn": raw.triggers_on,
                "triggersWhen": raw.triggers_when,
                "conditions": raw.conditions.iter().map(condition).collect::<Vec<_>>(),
            },
            "actions": actions.collect::<Vec<_>>(),
            "lastModifiedTimeUtc": time,
            "createdTimeUtc": time,
            "lastModifiedBy": author(ENGINEER),
            "createdBy": author(ENGINEER),
        },
    });
    put(documents, &id, json);
    for name in raw.actions.iter().filter_map(|action| action.strip_prefix("RunPlaybook:")) {
        playbook(documents, workspace, name);
    }
}

/// `status=Closed,BenignPositive/SuspiciousButExpected` or `label=VIP`.
fn modification(what: &str) -> Json {
    let (change, classification) = what.split_once(',').map_or((what, None), |(change, rest)| (change, Some(rest)));
    let mut fields = Map::new();
    match change.split_once('=') {
        Some(("label", label)) => {
            fields.insert("labels".to_owned(), json!([{ "labelName": label }]));
        }
        Some((name, value)) => {
            fields.insert(name.to_owned(), value.into());
        }
        None => {}
    }
    if let Some((classification, reason)) = classification.and_then(|text| text.split_once('/')) {
        fields.insert("classification".to_owned(), classification.into());
        fields.insert("classificationReason".to_owned(), reason.into());
    }
    Json::Object(fields)
}

/// Chosen: playbooks lie in the workspace's own resource group.
fn playbook_id(place: &Place, name: &str) -> String {
    let Place { subscription, resource_group, .. } = place;
    format!("/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/Microsoft.Logic/workflows/{name}")
}

fn playbook(documents: &mut Documents, workspace: &Workspace, name: &str) {
    let id = playbook_id(&workspace.place, name);
    if documents.get(&id).is_some() {
        return;
    }
    let time = crate::demo::world::later(workspace.start, -120 * 86_400).to_string();
    let json = json!({
        "id": id,
        "name": name,
        "type": "Microsoft.Logic/workflows",
        "location": workspace.estate.location,
        "tags": {},
        "properties": {
            "provisioningState": "Succeeded",
            "createdTime": time,
            "changedTime": time,
            "state": "Enabled",
            "version": "08584000000000000000",
            "accessEndpoint": format!("https://logic.example/workflows/{name}"),
            "definition": {
                "$schema": "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#",
                "contentVersion": "1.0.0.0",
                "parameters": {},
                "triggers": { "Microsoft_Sentinel_incident": { "type": "ApiConnectionWebhook", "inputs": {} } },
                "actions": {},
                "outputs": {},
            },
            "parameters": {},
        },
    });
    put(documents, &id, json);
}

pub(super) fn function(documents: &mut Documents, workspace: &Workspace, raw: &RawKqlFunction) {
    let said = json!({
        "category": FUNCTION_CATEGORY,
        "displayName": raw.alias,
        "functionAlias": raw.alias,
        "functionParameters": raw.parameters,
        "query": raw.query,
        "version": 2,
    });
    search(documents, workspace, &raw.id, &said);
}

pub(super) fn saved_query(documents: &mut Documents, workspace: &Workspace, raw: &RawSavedQuery) {
    let said = json!({
        "category": raw.category,
        "displayName": raw.display_name,
        "query": raw.query,
        "tags": [{ "name": "tactics", "value": raw.tactics.join(",") }],
        "version": 2,
    });
    search(documents, workspace, &raw.id, &said);
}

fn search(documents: &mut Documents, workspace: &Workspace, name: &str, said: &Json) {
    let id = workspace.part_id(&format!("savedSearches/{name}"));
    let json = json!({
        "id": id,
        "name": name,
        "etag": null,
        "type": "Microsoft.OperationalInsights/workspaces/savedSearches",
        "properties": said,
    });
    put(documents, &id, json);
}

/// Puts a document; `json` is an object.
pub(super) fn put(documents: &mut Documents, id: &str, json: Json) {
    if let Json::Object(json) = json {
        documents.put(id, json);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_taken_apart() {
        let want = json!({
            "status": "Closed",
            "classification": "BenignPositive",
            "classificationReason": "SuspiciousButExpected",
        });
        assert_eq!(modification("status=Closed,BenignPositive/SuspiciousButExpected"), want);
        assert_eq!(modification("label=VIP"), json!({ "labels": [{ "labelName": "VIP" }] }));
    }
}
