//! Incidents, with what lies below them: comments, alerts and entities.

use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use super::{Kept, head, properties, set};
use crate::demo::world::content::{Analyst, analysts};
use crate::demo::world::dataset::Entity;
use crate::demo::world::document::{Document, Documents, tag};
use crate::demo::world::{Alert, Comment, Incident, Workspace, demo_id, later};

/// As the service writes it, whatever the request said.
const TYPE: &str = "Microsoft.SecurityInsights/Incidents";
const COMMENT_TYPE: &str = "Microsoft.SecurityInsights/Incidents/Comments";
const ENTITY_TYPE: &str = "Microsoft.SecurityInsights/Entities";

/// Who the jump hosts are.
const HOSTS: &str = "svc-sentinel@leuchtturm.example";

/// Chosen: what raised an incident happened ten minutes before it.
const LEAD_SECONDS: i64 = 600;

impl Kept for Incident {
    fn all(workspace: &Workspace, documents: &Documents) -> Vec<Self> {
        let found = documents.list(&workspace.part_id("providers/Microsoft.SecurityInsights/incidents"));
        found.into_iter().filter_map(|found| read(found, workspace, documents)).collect()
    }

    fn id(&self, workspace: &Workspace) -> String {
        workspace.arm_id("Incidents", &self.id)
    }

    fn write(&self, json: &mut Map<String, Json>, workspace: &Workspace) {
        let id = workspace.arm_id("Incidents", &self.id);
        head(json, &[("id", id.into()), ("name", self.id.as_str().into())]);
        head(json, &[("etag", Json::Null), ("type", TYPE.into())]);
        let properties = properties(json);
        let labels = properties.get("labels").and_then(Json::as_array).cloned().unwrap_or_default();
        let label = |name: &String| {
            let known = labels.iter().find(|label| label["labelName"] == name.as_str()).cloned();
            known.unwrap_or_else(|| json!({ "labelName": name, "labelType": "User" }))
        };
        let labels: Vec<Json> = self.labels.iter().map(label).collect();
        let owner = properties.get("owner").filter(|owner| owner_name(owner) == self.owner).cloned();
        let owner = owner.unwrap_or_else(|| owner_of(self.owner.as_deref()));
        let mut put = |key: &str, value: Json| set(properties, key, value);
        put("title", self.title.as_str().into());
        put("description", json!(self.description));
        put("severity", self.severity.as_str().into());
        put("status", self.status.as_str().into());
        put("classification", json!(self.classification));
        put("classificationReason", json!(self.classification_reason));
        put("classificationComment", json!(self.classification_comment));
        put("owner", owner);
        put("labels", labels.into());
        put("firstActivityTimeUtc", self.first_activity.to_string().into());
        put("lastActivityTimeUtc", self.last_activity().to_string().into());
        put("lastModifiedTimeUtc", self.modified().to_string().into());
        put("createdTimeUtc", self.created.to_string().into());
        put("incidentNumber", self.number.into());
        let more = json!({
            "alertsCount": self.alert_count,
            "bookmarksCount": 0,
            "commentsCount": self.comments.len(),
            "alertProductNames": self.products,
            "tactics": self.tactics,
        });
        let mut kept = properties.get("additionalData").and_then(Json::as_object).cloned().unwrap_or_default();
        kept.extend(more.as_object().cloned().unwrap_or_default());
        let mut put = |key: &str, value: Json| set(properties, key, value);
        put("additionalData", kept.into());
        let rules = self.rules.iter().map(|rule| workspace.arm_id("alertRules", rule));
        put("relatedAnalyticRuleIds", rules.collect());
        put("incidentUrl", self.url.as_str().into());
        put("providerName", self.provider.as_str().into());
        let number = self.number.to_string();
        properties.entry("providerIncidentId").or_insert_with(|| number.into());
    }

    fn write_below(&self, before: Option<&Self>, id: &str, workspace: &Workspace, documents: &mut Documents) {
        let known = before.map_or(&[][..], |before| before.comments.as_slice());
        for comment in self.comments.iter().filter(|comment| !known.contains(comment)) {
            let id = format!("{id}/comments/{}", comment.id);
            let mut json = documents.get(&id).map(|found| found.json.clone()).unwrap_or_default();
            comment.write(&mut json, &workspace.arm_id("Incidents", &self.id));
            documents.put(&id, json);
        }
        if before.is_none() {
            self.write_evidence(id, workspace, documents);
        }
        settle_alerts(documents, id);
    }
}

fn read(document: &Document, workspace: &Workspace, documents: &Documents) -> Option<Incident> {
    let said = document.properties();
    let text = |key: &str| said[key].as_str().map(str::to_owned);
    let time = |key: &str| said[key].as_str().and_then(|time| time.parse().ok());
    let texts = |list: &Json| {
        let all = list.as_array().map_or(&[][..], Vec::as_slice);
        all.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let created = time("createdTimeUtc").unwrap_or(workspace.start);
    let below = |part: &str| documents.list(&format!("{}/{part}", document.id()));
    let labels = said["labels"].as_array().map_or(&[][..], Vec::as_slice);
    let more = &said["additionalData"];
    Some(Incident {
        number: said["incidentNumber"].as_i64().and_then(|number| i32::try_from(number).ok())?,
        id: document.name().to_owned(),
        title: text("title").unwrap_or_default(),
        description: text("description"),
        severity: text("severity").unwrap_or_default(),
        status: text("status").unwrap_or_default(),
        rules: texts(&said["relatedAnalyticRuleIds"])
            .iter()
            .map(|id| id.rsplit('/').next().unwrap_or_default().to_owned())
            .collect(),
        created,
        first_activity: time("firstActivityTimeUtc").unwrap_or(created),
        owner: owner_name(&said["owner"]),
        alert_count: more["alertsCount"].as_u64().and_then(|count| u32::try_from(count).ok()).unwrap_or_default(),
        products: texts(&more["alertProductNames"]),
        tactics: texts(&more["tactics"]),
        alerts: below("alerts").into_iter().map(alert).collect(),
        entities: below("entities").into_iter().map(entity).collect(),
        comments: below("comments").into_iter().filter_map(comment).collect(),
        labels: labels.iter().filter_map(|label| label["labelName"].as_str().map(str::to_owned)).collect(),
        classification: text("classification"),
        classification_reason: text("classificationReason"),
        classification_comment: text("classificationComment"),
        provider: text("providerName").unwrap_or_default(),
        changed: time("lastModifiedTimeUtc").unwrap_or(created),
        url: text("incidentUrl").unwrap_or_default(),
        source: document.json.clone(),
    })
}

impl Incident {
    /// The etag of its document, as it is or will be.
    pub(in crate::demo) fn etag(&self, workspace: &Workspace) -> String {
        let mut json = self.source.clone();
        self.write(&mut json, workspace);
        tag(&json)
    }

    /// The newest of its alerts.
    fn last_activity(&self) -> Timestamp {
        self.alerts.iter().map(|alert| alert.time).fold(self.first_activity, Timestamp::max)
    }

    /// Chosen: the alerts of an incident are one minute apart.
    pub(in crate::demo::world) fn raise(&mut self, name: &str, count: u32) {
        let product = self.products.first().cloned().unwrap_or_default();
        let alert = |n: u32| Alert {
            name: name.to_owned(),
            severity: self.severity.clone(),
            product: product.clone(),
            time: later(self.created, i64::from(n) * 60 - LEAD_SECONDS),
            status: if self.status == "Closed" { "Resolved" } else { "New" }.to_owned(),
        };
        self.alerts = (0..count).map(alert).collect();
        self.alert_count = count;
        self.first_activity = later(self.created, -LEAD_SECONDS);
    }

    /// Alerts and entities of an incident that is new. They are kept below it,
    /// and named as the entities of the workspace that they are.
    fn write_evidence(&self, id: &str, workspace: &Workspace, documents: &mut Documents) {
        let number = self.number.to_string();
        for (n, alert) in self.alerts.iter().enumerate() {
            let name = demo_id(&[&workspace.place.name, &number, "alert", &n.to_string()]);
            documents.put(&format!("{id}/alerts/{name}"), alert.document(workspace, &name, self));
        }
        for (n, entity) in self.entities.iter().enumerate() {
            let name = demo_id(&[&workspace.place.name, &number, "entity", &n.to_string()]);
            documents.put(&format!("{id}/entities/{name}"), entity_document(workspace, &name, entity));
        }
    }
}

impl Comment {
    fn write(&self, json: &mut Map<String, Json>, incident: &str) {
        head(json, &[("id", format!("{incident}/Comments/{}", self.id).into()), ("name", self.id.as_str().into())]);
        head(json, &[("etag", Json::Null), ("type", COMMENT_TYPE.into())]);
        let properties = properties(json);
        set(properties, "message", self.message.as_str().into());
        set(properties, "createdTimeUtc", self.created.to_string().into());
        set(properties, "lastModifiedTimeUtc", self.modified.to_string().into());
        set(properties, "author", author(&self.author));
    }
}

impl Alert {
    fn document(&self, workspace: &Workspace, name: &str, incident: &Incident) -> Map<String, Json> {
        let time = self.time.to_string();
        let component = if self.product == "Azure Sentinel" { "Scheduled Alerts" } else { "" };
        let mut json = entity_head(workspace, name, "SecurityAlert");
        let said = json!({
            "systemAlertId": name,
            "tactics": incident.tactics,
            "alertDisplayName": self.name,
            "description": incident.description.as_deref().unwrap_or_default(),
            "confidenceLevel": "Unknown",
            "severity": self.severity,
            "vendorName": "Microsoft",
            "productName": self.product,
            "productComponentName": component,
            "alertType": format!("{}_{name}", workspace.customer_id),
            "processingEndTime": time,
            "status": self.status,
            "endTimeUtc": time,
            "startTimeUtc": time,
            "timeGenerated": time,
            "providerAlertId": name,
            "resourceIdentifiers": [{
                "type": "LogAnalytics",
                "workspaceId": workspace.customer_id,
                "subscriptionId": workspace.place.subscription,
                "resourceGroup": workspace.place.resource_group,
            }],
            "additionalData": {},
            "friendlyName": self.name,
        });
        json.insert("properties".to_owned(), said);
        json
    }
}

/// The alerts of an incident that was closed or opened again follow it.
pub(in crate::demo) fn settle_alerts(documents: &mut Documents, incident: &str) {
    let Some(found) = documents.get(incident) else { return };
    let status = if found.properties()["status"] == "Closed" { "Resolved" } else { "New" };
    let alerts = documents.list(&format!("{incident}/alerts")).into_iter();
    let other = alerts.filter(|alert| alert.properties()["status"] != status);
    let changed: Vec<(String, Map<String, Json>)> =
        other.map(|alert| (format!("{incident}/alerts/{}", alert.name()), alert.json.clone())).collect();
    for (id, mut json) in changed {
        set(properties(&mut json), "status", status.into());
        documents.put(&id, json);
    }
}

fn entity_head(workspace: &Workspace, name: &str, kind: &str) -> Map<String, Json> {
    let mut json = Map::new();
    head(&mut json, &[("id", workspace.arm_id("Entities", name).into()), ("name", name.into())]);
    head(&mut json, &[("type", ENTITY_TYPE.into()), ("kind", kind.into())]);
    json
}

fn entity_document(workspace: &Workspace, name: &str, entity: &Entity) -> Map<String, Json> {
    let (kind, mut said) = as_azure_has_it(entity);
    let mut json = entity_head(workspace, name, kind);
    said["friendlyName"] = entity.name.as_str().into();
    json.insert("properties".to_owned(), said);
    json
}

/// An entity's kind and what Azure tells it by.
pub(in crate::demo) fn as_azure_has_it(entity: &Entity) -> (&str, Json) {
    let text = entity.name.as_str();
    match (entity.kind.as_str(), text.split_once('@')) {
        ("IP", _) => ("Ip", json!({ "address": text })),
        ("Host", _) => ("Host", json!({ "hostName": text })),
        ("Account", Some((user, domain))) => ("Account", json!({ "accountName": user, "upnSuffix": domain })),
        ("Account", None) => ("Account", json!({ "accountName": text })),
        ("Mailbox", _) => ("Mailbox", json!({ "mailboxPrimaryAddress": text })),
        ("CloudApplication", _) => ("CloudApplication", json!({ "appName": text })),
        ("MailMessage", _) => ("MailMessage", json!({ "internetMessageId": text })),
        (other, _) => (other, json!({})),
    }
}

fn alert(document: &Document) -> Alert {
    let said = document.properties();
    let text = |key: &str| said[key].as_str().unwrap_or_default().to_owned();
    Alert {
        name: text("alertDisplayName"),
        severity: text("severity"),
        product: text("productName"),
        time: said["timeGenerated"].as_str().and_then(|time| time.parse().ok()).unwrap_or_default(),
        status: text("status"),
    }
}

fn entity(document: &Document) -> Entity {
    let kind = match document.get("kind").as_str().unwrap_or_default() {
        "Ip" => "IP",
        other => other,
    };
    let name = document.properties()["friendlyName"].as_str().unwrap_or_default();
    Entity { kind: kind.to_owned(), name: name.to_owned() }
}

fn comment(document: &Document) -> Option<Comment> {
    let said = document.properties();
    let created = said["createdTimeUtc"].as_str()?.parse().ok()?;
    let modified = said["lastModifiedTimeUtc"].as_str().and_then(|time| time.parse().ok()).unwrap_or(created);
    let author = owner_name(&said["author"]).unwrap_or_default();
    let message = said["message"].as_str().unwrap_or_default().to_owned();
    Some(Comment { id: document.name().to_owned(), created, modified, author, message })
}

/// Whom an owner or author names: by sign-in name, else by what it has.
fn owner_name(owner: &Json) -> Option<String> {
    ["userPrincipalName", "email", "assignedTo", "name", "objectId"]
        .iter()
        .filter_map(|key| owner[*key].as_str())
        .find(|name| !name.is_empty())
        .map(str::to_owned)
}

fn known(name: &str) -> Option<&'static Analyst> {
    let is =
        |analyst: &&Analyst| analyst.upn.eq_ignore_ascii_case(name) || analyst.object_id.eq_ignore_ascii_case(name);
    analysts().iter().find(is)
}

/// An owner as Azure shows it: an object of nulls for nobody.
fn owner_of(name: Option<&str>) -> Json {
    let Some(name) = name else {
        return json!({
            "objectId": null, "email": null, "assignedTo": null, "userPrincipalName": null, "ownerType": null,
        });
    };
    match known(name) {
        Some(analyst) => json!({
            "objectId": analyst.object_id,
            "email": analyst.upn,
            "assignedTo": analyst.name,
            "userPrincipalName": analyst.upn,
            "ownerType": "User",
        }),
        None => json!({
            "objectId": name, "email": null, "assignedTo": null, "userPrincipalName": null, "ownerType": "Unknown",
        }),
    }
}

/// The owner that somebody known is, as incidents have it.
pub(in crate::demo) fn owner_known(name: &str) -> Option<Json> {
    known(name).map(|analyst| owner_of(Some(&analyst.upn)))
}

/// The author that an identity is: the jump hosts' own, where nothing else is
/// known of it.
pub(in crate::demo) fn author_of(object: &str) -> Json {
    author(known(object).map_or(HOSTS, |analyst| &analyst.upn))
}

/// An incident counts its comments, and changes with each.
pub(in crate::demo) fn settle_comments(documents: &mut Documents, incident: &str, now: Timestamp) {
    let count = documents.list(&format!("{incident}/comments")).len();
    let Some(mut json) = documents.get(incident).map(|found| found.json.clone()) else { return };
    let said = properties(&mut json);
    set(said, "lastModifiedTimeUtc", now.to_string().into());
    if let Some(more) = said.get_mut("additionalData").and_then(Json::as_object_mut) {
        more.insert("commentsCount".to_owned(), count.into());
    }
    documents.put(incident, json);
}

pub(super) fn author(name: &str) -> Json {
    match known(name) {
        Some(analyst) => json!({
            "objectId": analyst.object_id,
            "email": analyst.upn,
            "name": analyst.name,
            "userPrincipalName": analyst.upn,
        }),
        None => json!({ "objectId": null, "email": null, "name": name, "userPrincipalName": null }),
    }
}
