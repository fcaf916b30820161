//! Analytics rules.

use serde_json::{Map, Value as Json, json};

use super::{Kept, head, properties, set};
use crate::demo::world::document::{Document, Documents, tag};
use crate::demo::world::{Rule, RuleBody, RuleOptions, Workspace};

const TYPE: &str = "Microsoft.SecurityInsights/alertRules";

impl Kept for Rule {
    fn all(workspace: &Workspace, documents: &Documents) -> Vec<Self> {
        let found = documents.list(&workspace.part_id("providers/Microsoft.SecurityInsights/alertRules"));
        found.into_iter().filter_map(|found| read(found, workspace)).collect()
    }

    fn id(&self, workspace: &Workspace) -> String {
        workspace.arm_id("alertRules", &self.body.rule_id)
    }

    fn write(&self, json: &mut Map<String, Json>, workspace: &Workspace) {
        let body = &self.body;
        let id = workspace.arm_id("alertRules", &body.rule_id);
        head(json, &[("id", id.into()), ("name", body.rule_id.as_str().into()), ("etag", Json::Null)]);
        head(json, &[("type", TYPE.into()), ("kind", Json::Null)]);
        json.insert("kind".to_owned(), body.kind.as_str().into());
        let properties = properties(json);
        let mut put = |key: &str, value: Json| set(properties, key, value);
        put("displayName", body.display_name.as_str().into());
        put("enabled", self.enabled.into());
        put("lastModifiedUtc", self.modified.to_string().into());
        put("description", if body.description.is_empty() { Json::Null } else { body.description.as_str().into() });
        put("alertRuleTemplateName", json!(body.alert_rule_template_name));
        put("templateVersion", json!(self.template_version()));
        put("severity", json!(body.severity));
        put("query", json!(body.query));
        put("queryFrequency", json!(body.query_frequency));
        put("queryPeriod", json!(body.query_period));
        put("triggerOperator", json!(body.trigger_operator));
        put("triggerThreshold", json!(body.trigger_threshold));
        put("customDetails", json!(body.custom_details));
        put("productFilter", json!(body.product_filter));
        put(
            "severitiesFilter",
            if body.severities_filter.is_empty() { Json::Null } else { json!(body.severities_filter) },
        );
        if body.product_filter.is_some() {
            return;
        }
        put("tactics", json!(body.tactics));
        put("techniques", json!(body.techniques));
        if body.query.is_some() {
            self.write_detection(properties);
        }
    }
}

fn read(document: &Document, workspace: &Workspace) -> Option<Rule> {
    // Lists that are not set are null in Azure's answers.
    let mut fields = document.properties().as_object()?.clone();
    fields.retain(|_, value| !value.is_null());
    let text = |key: &str| fields.get(key).and_then(Json::as_str).map(str::to_owned);
    let flag = |key: &str| fields.get(key).and_then(Json::as_bool);
    let usual = RuleOptions::default();
    let incident = fields.get("incidentConfiguration").cloned().unwrap_or_default();
    let maps = fields.get("entityMappings").and_then(Json::as_array).is_some_and(|all| !all.is_empty());
    let options = RuleOptions {
        suppression_enabled: flag("suppressionEnabled").unwrap_or(usual.suppression_enabled),
        suppression_duration: text("suppressionDuration").unwrap_or(usual.suppression_duration),
        create_incident: incident["createIncident"].as_bool().unwrap_or(usual.create_incident),
        grouping: incident.get("groupingConfiguration").filter(|said| !is_usual(said, maps)).cloned(),
        alert_details_override: fields.get("alertDetailsOverride").cloned(),
        event_grouping: document.properties()["eventGroupingSettings"]["aggregationKind"].as_str().map(str::to_owned),
    };
    let enabled = flag("enabled").unwrap_or_default();
    let modified = text("lastModifiedUtc").and_then(|time| time.parse().ok()).unwrap_or(workspace.start);
    let fact = workspace.library.iter().find(|fact| fact.rule_id.eq_ignore_ascii_case(document.name()));
    fields.insert("ruleId".to_owned(), document.name().into());
    fields.insert("kind".to_owned(), document.get("kind").clone());
    for list in ["tactics", "techniques"] {
        fields.entry(list).or_insert_with(|| json!([]));
    }
    let mut body: RuleBody = serde_json::from_value(Json::Object(fields)).ok()?;
    if let Some(fact) = fact {
        body.required_tables.clone_from(&fact.required_tables);
    }
    let key = fact.and_then(|fact| fact.key.clone());
    Some(Rule { key, enabled, modified, options, body, source: document.json.clone() })
}

impl Rule {
    /// What only a rule with a query has.
    fn write_detection(&self, properties: &mut Map<String, Json>) {
        let (body, options) = (&self.body, &self.options);
        let mappings = body.entity_mappings.iter().map(|mapping| {
            let fields = mapping.field_mappings.iter();
            let fields = fields.map(|field| json!({ "identifier": field.identifier, "columnName": field.column_name }));
            json!({ "entityType": mapping.entity_type, "fieldMappings": fields.collect::<Vec<_>>() })
        });
        let mappings: Vec<Json> = mappings.collect();
        let grouping = options.grouping.clone().unwrap_or_else(|| usual(!mappings.is_empty()));
        set(properties, "entityMappings", if mappings.is_empty() { Json::Null } else { mappings.into() });
        set(properties, "suppressionEnabled", options.suppression_enabled.into());
        set(properties, "suppressionDuration", options.suppression_duration.as_str().into());
        let incident = json!({ "createIncident": options.create_incident, "groupingConfiguration": grouping });
        set(properties, "incidentConfiguration", incident);
        set(properties, "alertDetailsOverride", json!(options.alert_details_override));
        let events = options.event_grouping.as_ref().map(|kind| json!({ "aggregationKind": kind }));
        set(properties, "eventGroupingSettings", json!(events));
    }

    /// The version of its template, as its document says it. Chosen: the first
    /// one, where it says none; rules without a query have none.
    pub(in crate::demo) fn template_version(&self) -> Option<&str> {
        let said = self.source.get("properties").and_then(|said| said["templateVersion"].as_str());
        let usual = self.body.alert_rule_template_name.as_ref().map(|_| "1.0.0");
        said.or(usual).filter(|_| self.body.query.is_some())
    }

    /// The etag of its document, as it is or will be.
    pub(in crate::demo) fn etag(&self, workspace: &Workspace) -> String {
        let mut json = self.source.clone();
        self.write(&mut json, workspace);
        tag(&json)
    }
}

/// How alerts are grouped where nothing else is said. Chosen: by their
/// entities, for a rule that maps some.
fn usual(maps: bool) -> Json {
    json!({
        "enabled": maps,
        "reopenClosedIncident": false,
        "lookbackDuration": "PT5H",
        "matchingMethod": "AllEntities",
    })
}

fn is_usual(said: &Json, maps: bool) -> bool {
    let (Some(said), Json::Object(usual)) = (said.as_object(), usual(maps)) else { return false };
    let is_unset = |value: &Json| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    said.iter().all(|(key, value)| is_unset(value) || usual.get(key) == Some(value))
        && usual.keys().all(|key| said.contains_key(key))
}
