//! One name for what scripts name differently.

use serde_json::{Map, Value as Json};

use crate::catalog::OutputShape;

/// Gives the fields of a row the catalogue's names: `ruleId` and, where the
/// catalogue says that it is the same, `id` become `RuleId`.
///
/// By whole names, without case, and only while the row has no field of the
/// catalogue's name. Everything else stays, in its place.
pub(super) fn rename(row: Json, output: &OutputShape) -> Json {
    let Json::Object(fields) = row else { return row };
    let known = |name: &str| output.properties.iter().any(|field| field.name == name);
    // Most scripts, and all of ours: nothing to do.
    if fields.keys().all(|key| known(key)) {
        return Json::Object(fields);
    }
    let names: Vec<String> = fields.keys().map(|key| name_of(key, &fields, output).to_owned()).collect();
    let mut renamed = Map::new();
    for ((key, value), name) in fields.into_iter().zip(names) {
        // Two fields may have the same meaning; the first has the name.
        let name = if renamed.contains_key(&name) { key } else { name };
        renamed.insert(name, value);
    }
    Json::Object(renamed)
}

/// The name of a field of the row.
fn name_of<'a>(key: &'a str, row: &Map<String, Json>, output: &'a OutputShape) -> &'a str {
    let has = |name: &str| row.keys().any(|key| key.eq_ignore_ascii_case(name));
    let field = output.properties.iter().find(|field| {
        key.eq_ignore_ascii_case(&field.name)
            || field.aliases.iter().any(|alias| key.eq_ignore_ascii_case(alias)) && !has(&field.name)
    });
    field.filter(|field| !row.contains_key(&field.name)).map_or(key, |field| &field.name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog;

    fn output(function: &str) -> &'static OutputShape {
        let Some(entry) = catalog::function(function) else { panic!("{function} is in the catalogue") };
        &entry.output
    }

    #[test]
    fn other_names_become_the_catalogues_in_their_place() {
        for (function, theirs, ours) in [
            (
                "Get-AnalyticsRules",
                json!({ "ruleId": 1, "displayName": "a", "own": { "ruleId": 2 } }),
                json!({ "RuleId": 1, "DisplayName": "a", "own": { "ruleId": 2 } }),
            ),
            (
                "Get-SentinelTables",
                json!({ "name": "t", "retention": 90 }),
                json!({ "TableName": "t", "RetentionInDays": 90 }),
            ),
            // The catalogue's own name wins, and stays as it is.
            ("Get-SentinelTables", json!({ "name": "x", "TableName": "t" }), json!({ "name": "x", "TableName": "t" })),
            ("Get-SentinelTables", json!({ "NAMES": 1 }), json!({ "NAMES": 1 })),
            ("Get-SentinelTables", json!("text"), json!("text")),
        ] {
            assert_eq!(rename(theirs.clone(), output(function)), ours, "{theirs}");
        }
    }

    #[test]
    fn nothing_is_lost_when_two_names_mean_the_same() {
        let row = json!({ "name": "a", "Table": "b" });
        assert_eq!(rename(row, output("Get-SentinelTables")), json!({ "TableName": "a", "Table": "b" }));
    }

    #[test]
    fn no_alias_is_another_fields_name() {
        for entry in catalog::all() {
            for field in &entry.output.properties {
                for alias in &field.aliases {
                    let other = entry.output.properties.iter().find(|other| other.name.eq_ignore_ascii_case(alias));
                    assert!(other.is_none(), "{}: {alias}", entry.function);
                }
            }
        }
    }
}
