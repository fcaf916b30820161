//! Requests held against Azure's own definitions: the path, the api-version,
//! and every property of a body.
//!
//! Only what our requests need of JSON Schema is understood; a keyword that is
//! not read cannot make a wrong body right, since unknown names are findings.

use std::path::Path;

use regex::Regex;
use sentinel_jump::demo::Seen;
use serde_json::Value as Json;

/// Paths that Azure's definitions do not have: a virtual machine's own.
const LOCAL: &str = "/metadata/identity/oauth2/token";

/// An address that Azure itself gives, with a version that only it knows.
const STATUSES: &str = "/operationStatuses/";

/// What Azure has, as it is written down.
pub(super) struct Definitions {
    operations: Vec<Operation>,
    schemas: Vec<Json>,
}

struct Operation {
    id: String,
    method: String,
    path: Regex,
    version: String,
}

impl Definitions {
    /// From a folder of Azure's evidence.
    pub(super) fn read(folder: &Path) -> Self {
        let read = |path: &Path| -> Json {
            let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        let all = read(&folder.join("operations.json"));
        let operations = all["operations"].as_array().expect("operations").iter().map(Operation::read).collect();
        let schemas = std::fs::read_dir(folder.join("schemas")).expect("schemas");
        let schemas = schemas.map(|entry| read(&entry.expect("an entry").path())).collect();
        Self { operations, schemas }
    }

    /// What is wrong with a request; nothing for one that Azure has.
    pub(super) fn findings(&self, request: &Seen) -> Vec<String> {
        if request.path.ends_with(LOCAL) || request.path.contains(STATUSES) {
            return Vec::new();
        }
        let path = request.path.replace("%20", " ");
        let fits = |operation: &&Operation| operation.method == request.method && operation.path.is_match(&path);
        let version = request.query.iter().find(|(name, _)| name == "api-version").map_or("", |(_, value)| value);
        let known: Vec<&Operation> = self.operations.iter().filter(fits).collect();
        let at = format!("{} {}", request.method, request.path);
        let Some(operation) = known.iter().find(|operation| operation.version == version) else {
            let versions: Vec<&str> = known.iter().map(|operation| operation.version.as_str()).collect();
            return vec![format!("{at}: api-version '{version}', known {versions:?}")];
        };
        if !matches!(request.method.as_str(), "PUT" | "PATCH") {
            return Vec::new();
        }
        let body: Json = match serde_json::from_slice(&request.body) {
            Ok(body) => body,
            Err(error) => return vec![format!("{at}: no JSON: {error}")],
        };
        let kind = resource_type(&request.path);
        let Some((root, schema)) = self.schema(&kind) else { return Vec::new() };
        let mut found = Vec::new();
        // A PATCH may leave out what a resource needs.
        Walk { root, whole: request.method == "PUT" }.look(&body, schema, "", &mut found);
        found.into_iter().map(|finding| format!("{} ({at}): {finding}", operation.id)).collect()
    }

    fn schema(&self, kind: &str) -> Option<(&Json, &Json)> {
        // The newest: rules are those of the preview.
        let mut all: Vec<&Json> = self.schemas.iter().collect();
        all.sort_by_key(|schema| std::cmp::Reverse(schema["title"].as_str().unwrap_or_default().contains("preview")));
        all.into_iter().find_map(|root| {
            let resources = root["resources"].as_object()?;
            let (_, schema) = resources.iter().find(|(name, _)| name.eq_ignore_ascii_case(kind))?;
            Some((root, schema))
        })
    }
}

impl Operation {
    fn read(json: &Json) -> Self {
        let text = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
        let path = text("path");
        let path = path.split('?').next().unwrap_or_default().trim_start_matches('/').to_owned();
        let wide = Regex::new(r"\\\{(scope|resourceUri|resourceId)\\\}").expect("a pattern");
        let name = Regex::new(r"\\\{[^}]+\\\}").expect("a pattern");
        let pattern = regex::escape(&path);
        let pattern = wide.replace_all(&pattern, ".+");
        let pattern = name.replace_all(&pattern, "[^/]+");
        let path = Regex::new(&format!("(?i)^/{pattern}$")).expect("a pattern");
        Self { id: text("operationId"), method: text("method"), path, version: text("apiVersion") }
    }
}

/// What stands behind the last `providers`, without the names.
fn resource_type(path: &str) -> String {
    let behind = path.rsplit_once("/providers/").map_or("", |(_, behind)| behind);
    let mut parts = behind.split('/');
    let namespace = parts.next().unwrap_or_default();
    let types: Vec<&str> = parts.step_by(2).collect();
    format!("{namespace}/{}", types.join("/"))
}

struct Walk<'s> {
    root: &'s Json,
    whole: bool,
}

impl Walk<'_> {
    fn look(&self, value: &Json, schema: &Json, path: &str, found: &mut Vec<String>) {
        let schema = self.resolved(schema);
        if let Some(arms) = schema["oneOf"].as_array() {
            let by = schema["discriminator"].as_str().unwrap_or_default();
            let arm = arms.iter().map(|arm| self.resolved(arm)).find(|arm| arm["properties"][by]["const"] == value[by]);
            match arm {
                Some(arm) => self.look(value, arm, path, found),
                None => found.push(format!("{path}: no kind '{}'", value[by])),
            }
            return;
        }
        if let Some(allowed) = schema["enum"].as_array().filter(|allowed| !allowed.contains(value)) {
            found.push(format!("{path}: {value} is none of {allowed:?}"));
        }
        let is = |kind: &str| schema["type"] == kind;
        let fits = match value {
            Json::Null => true,
            Json::String(_) => is("string"),
            Json::Bool(_) => is("boolean"),
            Json::Number(number) => is("number") || (is("integer") && !number.is_f64()),
            Json::Array(_) => is("array"),
            Json::Object(_) => is("object"),
        };
        if !schema["type"].is_null() && !fits {
            found.push(format!("{path}: {value} is no {}", schema["type"]));
        }
        match value {
            Json::Object(fields) => {
                for (name, inner) in fields {
                    let at = format!("{path}/{name}");
                    match schema["properties"].get(name) {
                        Some(known) if known["readOnly"] == true => found.push(format!("{at}: only Azure writes it")),
                        Some(known) => self.look(inner, known, &at, found),
                        None if schema["additionalProperties"].is_object() => {
                            self.look(inner, &schema["additionalProperties"], &at, found);
                        }
                        None if schema["properties"].is_object() => found.push(format!("{at}: nobody knows it")),
                        None => {}
                    }
                }
                let needed = schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str);
                for name in needed.filter(|name| self.whole && !fields.contains_key(*name)) {
                    found.push(format!("{path}/{name}: missing"));
                }
            }
            Json::Array(items) => {
                for (n, item) in items.iter().enumerate() {
                    self.look(item, &schema["items"], &format!("{path}/{n}"), found);
                }
            }
            _ => {}
        }
    }

    fn resolved<'j>(&'j self, schema: &'j Json) -> &'j Json {
        match schema["$ref"].as_str().and_then(|to| to.strip_prefix('#')) {
            Some(pointer) => self.root.pointer(pointer).unwrap_or_else(|| panic!("no {pointer}")),
            None => schema,
        }
    }
}

/// A request of each wrong sort is found.
pub(super) fn planted(definitions: &Definitions) {
    const RULE: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w/providers/Microsoft.SecurityInsights/alertRules/r";
    let request = |method: &str, path: &str, version: Option<&str>, body: &str| Seen {
        method: method.to_owned(),
        path: path.to_owned(),
        query: version.map(|version| ("api-version".to_owned(), version.to_owned())).into_iter().collect(),
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
        status: 200,
    };
    let good = Some("2025-10-01-preview");
    assert!(definitions.findings(&request("GET", RULE, good, "")).is_empty());
    let fusion = |more: &str| {
        format!(r#"{{"kind":"Fusion","properties":{{"enabled":true,"alertRuleTemplateName":"x"{more}}}}}"#)
    };
    assert_eq!(definitions.findings(&request("PUT", RULE, good, &fusion(""))), [] as [String; 0]);
    for (what, request) in [
        ("an unknown path", request("GET", "/subscriptions/s/nothing", good, "")),
        ("no api-version", request("GET", RULE, None, "")),
        ("another api-version", request("GET", RULE, Some("2019-01-01-preview"), "")),
        ("an unknown method", request("PATCH", RULE, good, "{}")),
        ("no JSON", request("PUT", RULE, good, "{")),
        ("an unknown kind", request("PUT", RULE, good, r#"{"kind":"X","properties":{}}"#)),
        ("an unknown property", request("PUT", RULE, good, &fusion(r#","x":1"#))),
        ("what only Azure writes", request("PUT", RULE, good, &fusion(r#","lastModifiedUtc":"x""#))),
        ("a missing property", request("PUT", RULE, good, r#"{"kind":"Fusion","properties":{"enabled":true}}"#)),
        ("a wrong type", request("PUT", RULE, good, &fusion(r#","sourceSettings":"x""#))),
    ] {
        assert!(!definitions.findings(&request).is_empty(), "{what} passes");
    }
}
