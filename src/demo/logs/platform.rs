//! What the platform logs of itself: how much came in, incidents and alerts,
//! how rules and feeds fare, which machines are alive.

use jiff::Timestamp;
use serde_json::{Value as Json, json as object};

use super::Logs;
use super::facts::Scenario;
use super::people::Names;
use super::sheet::{Dice, Sheet, date, int, json, text};
use crate::demo::kql::Value;
use crate::demo::world::dataset::{self, at};
use crate::demo::world::{Incident, demo_id, later};

const HOUR: i64 = 3_600;
/// Hours of `Usage`: the longest that our own tools look back.
const USAGE_HOURS: i64 = 31 * 24;
/// When a table that takes more than it did began to. Source: the scenario
/// says it of one; chosen for the other.
const JUMP: &str = "-9d";

/// Megabytes of each table for each full hour.
pub(super) fn usage(logs: &Logs, scenario: Option<&Scenario>, sheet: &mut Sheet) {
    let last_hour = hour_of(logs.start);
    for table in &logs.tables {
        let newest = logs.newest(table);
        let before = scenario.and_then(|scenario| scenario.before(&table.name));
        let jump = at(logs.start, JUMP);
        for n in 0..USAGE_HOURS {
            let begin = later(last_hour, -(n + 1) * HOUR);
            let end = later(begin, HOUR);
            if begin > newest {
                continue;
            }
            let a_day = match before {
                // It fell silent, or it grew.
                Some(before) if table.gb_per_day == 0.0 || begin < jump => before,
                _ => table.gb_per_day,
            };
            let quantity = a_day * 1_000.0 / 24.0 * share(begin);
            if quantity > 0.0 {
                sheet.put(
                    end,
                    [
                        ("StartTime", date(begin)),
                        ("EndTime", date(end)),
                        ("DataType", text(&table.name)),
                        (
                            "Solution",
                            text(if table.name.starts_with("Security") { "Security" } else { "LogManagement" }),
                        ),
                        (
                            "IsBillable",
                            Value::Bool(!scenario.is_some_and(|scenario| scenario.free.contains(&table.name))),
                        ),
                        ("Quantity", Value::Real(quantity)),
                        ("QuantityUnit", text("MBytes")),
                        ("ResourceUri", text(&logs.workspace_id)),
                    ],
                );
            }
        }
    }
}

fn hour_of(time: Timestamp) -> Timestamp {
    later(time, -time.as_second().rem_euclid(HOUR))
}

/// More by day than by night; a day's hours add up to a day.
fn share(time: Timestamp) -> f64 {
    let hour = time.as_second().div_euclid(HOUR).rem_euclid(24);
    #[expect(clippy::cast_precision_loss, reason = "below 24")]
    let turn = (hour as f64 - 8.0) / 24.0 * std::f64::consts::TAU;
    1.0 + 0.5 * turn.sin()
}

/// A row for each time that an incident changed.
pub(super) fn incidents(logs: &Logs, sheet: &mut Sheet) {
    for incident in &logs.incidents {
        let modified = incident.modified();
        if modified > incident.created {
            incident_row(logs, sheet, incident, incident.created, true);
        }
        incident_row(logs, sheet, incident, modified, false);
    }
}

fn incident_row(logs: &Logs, sheet: &mut Sheet, incident: &Incident, time: Timestamp, fresh: bool) {
    let closed = !fresh && incident.status == "Closed";
    let said = |of: &Option<String>| text(of.as_deref().filter(|_| closed).unwrap_or_default());
    let rules: Vec<String> = incident.rules.iter().map(|rule| logs.arm_id("alertRules", rule)).collect();
    let alerts: Vec<String> = alert_ids(incident);
    let comments: Vec<Json> = incident
        .comments
        .iter()
        .filter(|_| !fresh)
        .map(|comment| {
            object!({
                "message": comment.message,
                "createdTimeUtc": comment.created.to_string(),
                "author": { "email": comment.author, "userPrincipalName": comment.author },
            })
        })
        .collect();
    let owner = incident.owner.as_ref().filter(|_| !fresh);
    let owner = object!({
        "objectId": owner.map(|owner| demo_id(&["owner", owner])),
        "email": owner, "assignedTo": owner, "userPrincipalName": owner,
    });
    let labels: Vec<Json> =
        incident.labels.iter().map(|label| object!({ "labelName": label, "labelType": "User" })).collect();
    sheet.put(
        time,
        [
            ("IncidentName", text(&incident.id)),
            ("IncidentNumber", int(incident.number)),
            ("Title", text(&incident.title)),
            ("Description", text(incident.description.as_deref().unwrap_or_default())),
            ("Severity", text(&incident.severity)),
            ("Status", text(if fresh { "New" } else { &incident.status })),
            ("Classification", said(&incident.classification)),
            ("ClassificationComment", said(&incident.classification_comment)),
            ("ClassificationReason", said(&incident.classification_reason)),
            ("Owner", json(owner)),
            ("ProviderName", text(&incident.provider)),
            ("ProviderIncidentId", text(incident.number.to_string())),
            ("FirstActivityTime", date(incident.first_activity)),
            ("LastActivityTime", date(incident.created)),
            ("FirstModifiedTime", date(incident.created)),
            ("LastModifiedTime", date(time)),
            ("CreatedTime", date(incident.created)),
            ("ClosedTime", if closed { date(time) } else { Value::Null }),
            ("RelatedAnalyticRuleIds", json(rules.into())),
            ("AlertIds", json(alerts.into())),
            ("BookmarkIds", json(object!([]))),
            ("Comments", json(comments.into())),
            ("Tasks", json(object!([]))),
            ("Labels", json(labels.into())),
            ("IncidentUrl", text(&incident.url)),
            (
                "AdditionalData",
                json(object!({
                    "alertsCount": incident.alert_count,
                    "bookmarksCount": 0,
                    "commentsCount": if fresh { 0 } else { incident.comments.len() },
                    "alertProductNames": incident.products,
                    "tactics": incident.tactics,
                    "techniques": [],
                })),
            ),
            ("ModifiedBy", text(if fresh { "Incident created from alert" } else { "Incident updated" })),
        ],
    );
}

fn alert_ids(incident: &Incident) -> Vec<String> {
    (0..incident.alert_count).map(|n| demo_id(&["alert", &incident.id, &n.to_string()])).collect()
}

pub(super) fn alerts(logs: &Logs, sheet: &mut Sheet) {
    for incident in &logs.incidents {
        let entities: Vec<Json> =
            incident.entities.iter().map(|entity| object!({ "Type": entity.kind, "Name": entity.name })).collect();
        let product = incident.products.first().map_or("Azure Sentinel", String::as_str);
        let rule = incident.rules.first().map(String::as_str);
        let rule = rule.and_then(|id| logs.rules.iter().find(|(known, ..)| known == id));
        let name = rule.map_or(incident.title.as_str(), |(_, name, _)| name);
        for (n, id) in (0..).zip(alert_ids(incident)) {
            let time = later(incident.created, -60 * n - 30);
            sheet.put(
                time,
                [
                    ("DisplayName", text(name)),
                    ("AlertName", text(name)),
                    ("AlertSeverity", text(&incident.severity)),
                    ("Description", text(incident.description.as_deref().unwrap_or_default())),
                    ("ProviderName", text(if product == "Azure Sentinel" { "ASI Scheduled Alerts" } else { product })),
                    ("VendorName", text("Microsoft")),
                    ("ProductName", text(product)),
                    ("SystemAlertId", text(&id)),
                    ("VendorOriginalId", text(&id)),
                    // Source: the rule that raised it, behind the workspace's id.
                    ("AlertType", text(rule.map_or_else(String::new, |(id, ..)| format!("{}_{id}", logs.customer_id)))),
                    ("IsIncident", Value::Bool(false)),
                    ("StartTime", date(later(time, -600))),
                    ("EndTime", date(time)),
                    ("ProcessingEndTime", date(time)),
                    ("Status", text("New")),
                    ("CompromisedEntity", text(incident.entities.first().map_or("", |entity| entity.name.as_str()))),
                    ("Tactics", text(incident.tactics.join(", "))),
                    ("Entities", text(Json::from(entities.clone()).to_string())),
                    ("WorkspaceSubscriptionId", text(&logs.place.subscription)),
                    ("WorkspaceResourceGroup", text(&logs.place.resource_group)),
                ],
            );
        }
    }
}

/// Runs of rules over seven days, and what feeds said each day.
pub(super) fn health(logs: &Logs, scenario: Option<&Scenario>, sheet: &mut Sheet, dice: &mut Dice) {
    for health in &logs.health {
        let rule = logs.rules.iter().find(|(.., key)| key.as_ref() == Some(&health.rule));
        let (id, name) = rule.map_or((health.rule.as_str(), health.rule.as_str()), |(id, name, _)| (id, name));
        let every = 7 * 86_400 / i64::from(health.runs.max(1));
        for n in 0..health.runs {
            let failed = n < health.failures;
            let alerts = i32::from(n >= health.failures && n - health.failures < health.alerts);
            sheet.put(
                later(logs.start, -60 - i64::from(n) * every),
                [
                    ("OperationName", text("Scheduled analytics rule run")),
                    ("SentinelResourceId", text(logs.arm_id("alertRules", id))),
                    ("SentinelResourceName", text(name)),
                    ("SentinelResourceType", text("Analytics Rule")),
                    ("SentinelResourceKind", text("Scheduled")),
                    ("Status", text(if failed { "Failure" } else { "Success" })),
                    (
                        "Description",
                        text(if failed {
                            health.reason.as_deref().unwrap_or("")
                        } else {
                            "Rule executed successfully."
                        }),
                    ),
                    ("Reason", text(if failed { health.reason.as_deref().unwrap_or("") } else { "" })),
                    ("WorkspaceId", text(&logs.customer_id)),
                    ("RecordId", dice.id()),
                    ("ExtendedProperties", json(object!({ "RuleId": id, "AlertsGeneratedAmount": alerts }))),
                ],
            );
        }
    }
    for connector in scenario.into_iter().flat_map(|scenario| &scenario.connectors) {
        let last = at(logs.start, &connector.last_data);
        for day in 0..7 {
            let time = later(logs.start, -300 - day * 86_400);
            // Healthy as long as its last data was not older than a day.
            let healthy = connector.status == "Connected" || later(time, -86_400) < last;
            sheet.put(
                time,
                [
                    ("OperationName", text("Data fetch status change")),
                    (
                        "SentinelResourceId",
                        text(logs.arm_id("dataConnectors", &demo_id(&["connector", &connector.name]))),
                    ),
                    ("SentinelResourceName", text(&connector.name)),
                    ("SentinelResourceType", text("Data connector")),
                    ("SentinelResourceKind", text(&connector.kind)),
                    ("Status", text(if healthy { "Success" } else { "Failure" })),
                    ("Description", text(connector.hint.as_deref().filter(|_| !healthy).unwrap_or_default())),
                    ("Reason", text(connector.hint.as_deref().filter(|_| !healthy).unwrap_or_default())),
                    ("WorkspaceId", text(&logs.customer_id)),
                    ("RecordId", dice.id()),
                    ("ExtendedProperties", json(object!({ "DestinationTable": "" }))),
                ],
            );
        }
    }
}

/// Each machine, each hour of three days.
pub(super) fn heartbeat(logs: &Logs, table: &dataset::Table, sheet: &mut Sheet) {
    let names = Names::of(&logs.place.alias);
    let newest = logs.newest(table);
    let windows = names.servers.iter().map(|name| (*name, "Windows", "Windows Server 2022 Datacenter"));
    let linux = names.linux.iter().map(|name| (*name, "Linux", "Ubuntu"));
    for (n, (computer, os, os_name)) in (0..).zip(windows.chain(linux)) {
        for hour in 0..72 {
            sheet.put(
                later(newest, -hour * HOUR - n * 7),
                [
                    ("Computer", text(computer)),
                    ("SourceComputerId", text(demo_id(&["machine", computer]))),
                    ("ComputerIP", text(format!("{}.{}", names.inside, 10 + n))),
                    ("Category", text("Azure Monitor Agent")),
                    ("OSType", text(os)),
                    ("OSName", text(os_name)),
                    ("Version", text("1.31.0.0")),
                    ("ComputerEnvironment", text("Azure")),
                    ("SubscriptionId", text(&logs.place.subscription)),
                    ("ResourceGroup", text("rg-app")),
                    (
                        "_ResourceId",
                        text(format!(
                            "/subscriptions/{}/resourcegroups/rg-app/providers/microsoft.compute/virtualmachines/{}",
                            logs.place.subscription,
                            computer.to_lowercase()
                        )),
                    ),
                ],
            );
        }
    }
}
