//! Tables, as the provider takes them.

use serde_json::{Map, Value as Json, json};

use super::exchange::Request;
use super::kind::Write;
use super::refusal::Refusal;
use crate::demo::world::arm;
use crate::demo::world::document::{Document, Documents};

const PLANS: [&str; 3] = ["Analytics", "Basic", "Auxiliary"];
const COLUMN_TYPES: [&str; 8] = ["string", "int", "long", "real", "boolean", "dateTime", "guid", "dynamic"];
/// Names that the platform fills itself.
const RESERVED: [&str; 6] = ["TenantId", "Type", "Title", "UniqueId", "SourceSystem", "MG"];
const COLUMNS: usize = 500;
/// Days that Basic and Auxiliary tables can be queried.
const FIXED_RETENTION: i64 = 30;
/// Microsoft's own tables that can be Basic. Chosen: those of the scenario
/// that Microsoft's list names.
const MAY_BE_BASIC: [&str; 3] = ["AzureDiagnostics", "CommonSecurityLog", "Syslog"];
/// A plan changes once a week.
const BETWEEN_PLANS_SECONDS: i64 = 7 * 86_400;

/// *Seen* in a recording.
pub(super) fn missing(name: &str) -> Refusal {
    Refusal::new(404, "NotFound", format!("The specified table: '{name}' does not exist."))
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "InvalidParameter", message)
}

/// Columns are made in the background; the rest of a table changes at once.
pub(super) fn takes_time(write: &Write<'_>) -> bool {
    write.given.get("properties").is_some_and(|given| given["schema"]["columns"].is_array())
}

/// The table that a PUT leaves.
pub(super) fn draft(write: &Write<'_>) -> Result<Map<String, Json>, Refusal> {
    let name = write.name();
    let is_custom = ["_CL", "_SRCH", "_RST"].iter().any(|end| name.ends_with(end));
    if write.before.is_none() && !is_custom {
        return Err(invalid(format!("The table name '{name}' is not valid: names of custom tables end with '_CL'.")));
    }
    let given = write.properties()?;
    let before = write.before.map(|before| before.properties());
    let mut schema = before.map(|before| before["schema"].clone()).filter(Json::is_object);
    if let Some(columns) = given.get("schema").and_then(|schema| schema["columns"].as_array()) {
        if !is_custom {
            return Err(invalid(format!("The columns of '{name}' are not custom columns.")));
        }
        let columns = self::columns(columns)?;
        let mut made = arm::schema(name, &[]);
        made["columns"] = columns.into();
        for key in ["description", "displayName"] {
            if let Some(text) = given["schema"].get(key).filter(|text| text.is_string()) {
                made[key] = text.clone();
            }
        }
        schema = Some(made);
    }
    let Some(schema) = schema else {
        return Err(invalid(format!("The table '{name}' needs a schema.")));
    };
    let properties = kept(write, given, before, &schema)?;
    let mut json = write.before.map(|before| before.json.clone()).unwrap_or_default();
    json.insert("properties".to_owned(), properties.into());
    if write.before.is_none() {
        let id = write.kind.id(write.target, write.documents);
        // *Seen* in a recording: no type, and resourcegroups in small letters.
        json.insert("id".to_owned(), id.replacen("resourceGroups", "resourcegroups", 1).into());
        json.insert("name".to_owned(), name.into());
    }
    Ok(json)
}

/// The table that a PATCH leaves.
pub(super) fn patch(write: &Write<'_>, before: &Document) -> Result<Map<String, Json>, Refusal> {
    let properties = kept(write, write.properties()?, Some(before.properties()), &before.properties()["schema"])?;
    let mut json = before.json.clone();
    json.insert("properties".to_owned(), properties.into());
    Ok(json)
}

/// What a table's properties become: plan and retention as given, else as
/// before, else as the workspace has them.
fn kept(
    write: &Write<'_>,
    given: &Map<String, Json>,
    before: Option<&Json>,
    schema: &Json,
) -> Result<Map<String, Json>, Refusal> {
    let name = write.name();
    let was = |key: &str| before.map(|before| before[key].clone()).unwrap_or_default();
    let plan = match given.get("plan").and_then(Json::as_str) {
        Some(plan) => plan.to_owned(),
        None => was("plan").as_str().unwrap_or("Analytics").to_owned(),
    };
    if !PLANS.contains(&plan.as_str()) {
        return Err(invalid(format!("The plan '{plan}' is not valid.")));
    }
    let changed = before.is_some_and(|before| before["plan"] != plan.as_str());
    if changed {
        may_move(write, name, was("plan").as_str().unwrap_or_default(), &plan, &was("lastPlanModifiedDate"))?;
    }
    let workspace = write.documents.get(&write.target.parent);
    let default = workspace.and_then(|found| found.properties()["retentionInDays"].as_i64()).unwrap_or(30);
    let asked = |key: &str| given.get(key).filter(|days| !days.is_null());
    let is_analytics = plan == "Analytics";
    let usual = if is_analytics { default } else { FIXED_RETENTION };
    let before_days = was("retentionInDays").as_i64().filter(|_| !changed);
    let days = match asked("retentionInDays").map(|days| days.as_i64()) {
        None => before_days.unwrap_or(usual),
        Some(Some(-1)) => usual,
        Some(Some(days @ 4..=730)) if is_analytics => days,
        // A whole table that was read is written back as it was.
        Some(Some(days)) if Some(days) == before_days || days == usual => days,
        Some(_) if !is_analytics => {
            return Err(invalid(format!("'retentionInDays' of a table with plan '{plan}' is read-only.")));
        }
        Some(_) => return Err(invalid("'retentionInDays' must be between 4 and 730, or -1.")),
    };
    let total = match asked("totalRetentionInDays").map(|days| days.as_i64()) {
        None => was("totalRetentionInDays").as_i64().unwrap_or(days).max(days),
        Some(Some(-1)) => days,
        Some(Some(total @ 4..=4383)) => total,
        Some(_) => return Err(invalid("'totalRetentionInDays' must be between 4 and 4383, or -1.")),
    };
    if total < days {
        return Err(invalid("'totalRetentionInDays' must not be less than 'retentionInDays'."));
    }
    let mut properties = before.and_then(Json::as_object).cloned().unwrap_or_default();
    let mut put = |key: &str, value: Json| properties.insert(key.to_owned(), value);
    put("totalRetentionInDays", total.into());
    put("archiveRetentionInDays", (total - days).into());
    put("plan", plan.into());
    put("retentionInDaysAsDefault", (days == usual).into());
    put("totalRetentionInDaysAsDefault", (total == days).into());
    if changed {
        put("lastPlanModifiedDate", write.now.to_string().into());
    }
    put("schema", schema.clone());
    put("provisioningState", "Succeeded".into());
    put("retentionInDays", days.into());
    Ok(properties)
}

fn may_move(write: &Write<'_>, name: &str, from: &str, to: &str, last: &Json) -> Result<(), Refusal> {
    let refused = |message: String| Err(Refusal::new(400, "InvalidTablePlan", message));
    let last = last.as_str().and_then(|time| time.parse::<jiff::Timestamp>().ok());
    if last.is_some_and(|last| write.now.duration_since(last).as_secs() < BETWEEN_PLANS_SECONDS) {
        return refused(format!("The plan of table '{name}' was changed less than a week ago."));
    }
    if from == "Auxiliary" || to == "Auxiliary" {
        return refused(format!("The plan of table '{name}' cannot be changed from '{from}' to '{to}'."));
    }
    if to == "Basic" && !name.ends_with("_CL") && !MAY_BE_BASIC.contains(&name) {
        return refused(format!("The table '{name}' does not support the plan 'Basic'."));
    }
    Ok(())
}

fn columns(given: &[Json]) -> Result<Vec<Json>, Refusal> {
    let mut columns = Vec::new();
    for column in given {
        let (Some(name), Some(kind)) = (column["name"].as_str(), column["type"].as_str()) else {
            return Err(invalid("A column needs a name and a type."));
        };
        let Some(kind) = COLUMN_TYPES.iter().find(|known| known.eq_ignore_ascii_case(kind)) else {
            return Err(invalid(format!("The type '{kind}' of column '{name}' is not valid.")));
        };
        if name.starts_with('_') || RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name)) {
            return Err(invalid(format!("The column name '{name}' is reserved.")));
        }
        let mut made = json!({ "name": name, "type": kind, "isDefaultDisplay": false, "isHidden": false });
        for key in ["description", "displayName"] {
            if let Some(text) = column.get(key).filter(|text| text.is_string()) {
                made[key] = text.clone();
            }
        }
        columns.push(made);
    }
    if !columns.iter().any(|column| column["name"] == "TimeGenerated") {
        return Err(invalid("A custom table needs the column 'TimeGenerated'."));
    }
    if columns.len() > COLUMNS {
        return Err(invalid(format!("A table has {COLUMNS} columns at most.")));
    }
    Ok(columns)
}

/// Microsoft's own tables stay.
pub(super) fn may_go(document: &Document, _: &Request, _: &Documents) -> Result<(), Refusal> {
    if document.properties()["schema"]["tableType"] == "Microsoft" {
        let message = format!("The table '{}' is a Microsoft table and cannot be deleted.", document.name());
        return Err(Refusal::new(400, "InvalidOperation", message));
    }
    Ok(())
}
