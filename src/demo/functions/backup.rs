//! Automation rules, watchlists, functions and saved queries as backup
//! content.
//!
//! Without etag and times, so that two backups differ only where the things
//! do.

use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};
use wsman::clixml::Value;
use wsman::host_end::demo::Step;

use super::Call;
use super::export::{deployment, file_name, sorted};
use super::rules::wildcard;
use super::signature::OBJECT_NOT_FOUND;
use crate::demo::clixml::{count, custom, date, from_json, strings};
use crate::demo::world::content::{AutomationRule, SavedSearch, Watchlist};
use crate::demo::world::{Workspace, hex};

/// One exported thing.
pub(super) struct Exported<'a> {
    /// Its name in ARM.
    pub(super) name: &'a str,
    /// What its file is called after.
    pub(super) title: &'a str,
    pub(super) id: String,
    pub(super) format: &'a str,
    /// What the file holds: JSON, or text of another format.
    pub(super) content: Content,
}

pub(super) enum Content {
    Json(Json),
    Text(String, &'static str),
}

impl Call<'_> {
    /// Export-AutomationRules.
    pub(super) fn export_automations(&self, workspace: &Workspace) -> Vec<Step> {
        let mut rules: Vec<&AutomationRule> = workspace.content.automation_rules.iter().collect();
        rules.sort_by_key(|rule| rule.order);
        self.exports(rules, |rule| {
            let plain = json!({ "name": rule.id, "properties": rule.properties });
            let exported = Exported {
                name: &rule.id,
                title: &rule.display_name,
                id: workspace.arm_id("automationRules", &rule.id),
                format: self.format(),
                content: Content::Json(self.or_template(
                    plain,
                    ("Microsoft.OperationalInsights/workspaces/providers/automationRules", "2025-09-01"),
                    &format!("Microsoft.SecurityInsights/{}", rule.id),
                )),
            };
            let more = [
                ("DisplayName", Value::from(rule.display_name.as_str())),
                ("Order", Value::I32(rule.order)),
                ("Enabled", Value::Bool(rule.enabled)),
                ("TriggersOn", Value::from(rule.triggers_on.as_str())),
                ("TriggersWhen", Value::from(rule.triggers_when.as_str())),
                ("PlaybookIds", strings(rule.playbooks.iter().map(String::as_str))),
            ];
            self.one(exported, more)
        })
    }

    /// Export-Watchlists.
    pub(super) fn export_watchlists(&self, workspace: &Workspace) -> Vec<Step> {
        let wanted = self.bound.texts("WatchlistAlias");
        let is = |list: &Watchlist, alias: &String| list.alias.eq_ignore_ascii_case(alias);
        let all = &workspace.content.watchlists;
        let mut steps = Vec::new();
        for alias in wanted.unwrap_or_default() {
            if !all.iter().any(|list| is(list, alias)) {
                let message = format!("No watchlist with alias '{alias}'.");
                steps.push(self.error(message, "WatchlistNotFound", OBJECT_NOT_FOUND));
            }
        }
        let lists = all.iter().filter(|list| wanted.is_none_or(|all| all.iter().any(|alias| is(list, alias))));
        steps.extend(self.exports(lists.collect(), |list| {
            let format = self.format();
            let items = self.bound.flag("IncludeItems").unwrap_or(true).then(|| list.items.clone());
            let exported = Exported {
                name: &list.alias,
                title: &list.alias,
                id: workspace.arm_id("watchlists", &list.alias),
                format,
                content: if format == "CSV" {
                    Content::Text(csv(&list.columns, &items.unwrap_or_default()), "csv")
                } else {
                    Content::Json(watchlist(list, items))
                },
            };
            let more = [
                ("Alias", Value::from(list.alias.as_str())),
                ("DisplayName", Value::from(list.display_name.as_str())),
                ("ItemsSearchKey", Value::from(list.search_key.as_str())),
                ("ItemCount", count(list.items.len())),
                ("Provider", Value::from(list.provider.as_str())),
                ("LastUpdated", list.updated.map_or(Value::Nil, date)),
            ];
            self.one(exported, more)
        }));
        steps
    }

    /// Export-Functions.
    pub(super) fn export_functions(&self, workspace: &Workspace) -> Vec<Step> {
        let name = self.bound.text("NameFilter").map(wildcard);
        let named = |search: &&SavedSearch| {
            search.alias.as_ref().is_some_and(|alias| name.as_ref().is_none_or(|name| name.is_match(alias)))
        };
        self.exports(workspace.content.searches.iter().filter(named).collect(), |search: &SavedSearch| {
            let alias = search.alias.as_deref().unwrap_or_default();
            let more = [
                ("FunctionAlias", Value::from(alias)),
                ("FunctionParameters", Value::from(search.parameters.as_str())),
                ("Category", Value::from(search.category.as_str())),
                ("DisplayName", Value::from(search.display_name.as_str())),
                ("IsAsim", Value::Bool(search.is_asim())),
            ];
            self.one(self.search(workspace, search, alias), more)
        })
    }

    /// Export-SavedQueries. The scenario has no query packs.
    pub(super) fn export_queries(&self, workspace: &Workspace) -> Vec<Step> {
        let category = self.bound.text("Category");
        let is_wanted = |search: &&SavedSearch| {
            search.alias.is_none() && category.is_none_or(|wanted| wanted.eq_ignore_ascii_case(&search.category))
        };
        self.exports(workspace.content.searches.iter().filter(is_wanted).collect(), |search: &SavedSearch| {
            let more = [
                ("DisplayName", Value::from(search.display_name.as_str())),
                ("Category", Value::from(search.category.as_str())),
                ("Tactics", strings(search.tactics.iter().map(String::as_str))),
                ("Techniques", strings(search.techniques.iter().map(String::as_str))),
            ];
            self.one(self.search(workspace, search, &search.display_name), more)
        })
    }

    /// A saved search in the format that is asked for.
    fn search<'a>(&'a self, workspace: &Workspace, search: &'a SavedSearch, title: &'a str) -> Exported<'a> {
        let (id, format) = (search.id.as_str(), self.format());
        let plain = json!({ "name": id, "properties": search.properties });
        Exported {
            name: id,
            title,
            id: workspace.part_id(&format!("savedSearches/{id}")),
            format,
            content: if format == "KQL" {
                Content::Text(search.query.clone(), "kql")
            } else {
                Content::Json(self.or_template(
                    plain,
                    ("Microsoft.OperationalInsights/workspaces/savedSearches", "2025-07-01"),
                    id,
                ))
            },
        }
    }

    /// One output per thing, with progress between.
    fn exports<T>(&self, things: Vec<T>, make: impl Fn(T) -> Value) -> Vec<Step> {
        let of = things.len();
        let mut steps = Vec::new();
        for (n, thing) in things.into_iter().enumerate() {
            steps.extend(self.progress(n, of, &format!("{} of {of}", n + 1)));
            steps.push(Step::Output(make(thing)));
        }
        steps.extend(self.progress(of, of, "Completed"));
        steps
    }

    pub(super) fn format(&self) -> &str {
        self.bound.text("Format").unwrap_or("JSON")
    }

    fn or_template(&self, plain: Json, (resource, version): (&str, &str), name: &str) -> Json {
        if self.format() != "ARM" {
            return plain;
        }
        let resource = json!({
            "type": resource,
            "apiVersion": version,
            "name": format!("[concat(parameters('workspace'), '/{name}')]"),
            "properties": plain["properties"],
        });
        deployment("workspace", &resource)
    }

    pub(super) fn one<const N: usize>(&self, exported: Exported<'_>, more: [(&'static str, Value); N]) -> Value {
        let (text, value, extension) = match exported.content {
            Content::Json(json) => {
                let json = sorted(json);
                (json.to_string(), from_json(&json), "json")
            }
            Content::Text(text, extension) => {
                let value = Value::from(text.as_str());
                (text, value, extension)
            }
        };
        // The default of the switch is true: the demo host has no files.
        let pass = self.bound.flag("PassThru").unwrap_or(true);
        let common = [
            ("Name", Value::from(exported.name)),
            ("Id", Value::from(exported.id)),
            ("FileName", Value::from(format!("{}.{extension}", file_name(exported.title)))),
            ("Format", Value::from(exported.format)),
            ("Bytes", count(text.len())),
            ("Sha256", Value::from(hex(&Sha256::digest(&text)))),
            ("Content", if pass { value } else { Value::Nil }),
        ];
        custom(common.into_iter().chain(more))
    }
}

fn watchlist(list: &Watchlist, items: Option<Vec<Vec<String>>>) -> Json {
    let mut watchlist = json!({ "name": list.alias, "properties": list.properties });
    if let (Some(items), Some(fields)) = (items, watchlist.as_object_mut()) {
        let row = |row: &Vec<String>| -> Json {
            list.columns
                .iter()
                .zip(row)
                .map(|(column, value)| (column.clone(), value.as_str().into()))
                .collect::<Map<_, _>>()
                .into()
        };
        fields.insert("items".to_owned(), items.iter().map(row).collect());
    }
    watchlist
}

/// Source: RFC 4180.
fn csv(columns: &[String], rows: &[Vec<String>]) -> String {
    let cell = |text: &String| {
        if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.clone() }
    };
    let line = |row: &[String]| row.iter().map(cell).collect::<Vec<_>>().join(",") + "\r\n";
    std::iter::once(columns).chain(rows.iter().map(Vec::as_slice)).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_quotes_what_would_break_it() {
        let columns = ["a".to_owned(), "b".to_owned()];
        let rows = [vec!["x,y".to_owned(), "say \"z\"".to_owned()]];
        assert_eq!(csv(&columns, &rows), "a,b\r\n\"x,y\",\"say \"\"z\"\"\"\r\n");
    }
}
