//! What a workspace holds besides rules, incidents, tables and their feeds, as
//! the scenario has it, and who works for the provider.

use std::sync::LazyLock;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value as Json;

/// The provider, as watchlists name it. Chosen: who made the scenario's.
pub(in crate::demo) const PROVIDER: &str = "Leuchtturm Cyber Defence";

/// The part of a workspace that only backups read, as the scenario has it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::demo) struct RawContent {
    pub(in crate::demo) watchlists: Vec<RawWatchlist>,
    pub(in crate::demo) automation_rules: Vec<RawAutomationRule>,
    pub(in crate::demo) functions: Vec<RawKqlFunction>,
    pub(in crate::demo) saved_queries: Vec<RawSavedQuery>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::demo) struct RawWatchlist {
    pub(in crate::demo) alias: String,
    pub(in crate::demo) search_key: String,
    pub(in crate::demo) columns: Vec<String>,
    pub(in crate::demo) items: Vec<Vec<String>>,
    /// Offset from the host's start.
    pub(in crate::demo) updated: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::demo) struct RawAutomationRule {
    pub(in crate::demo) id: String,
    pub(in crate::demo) order: i32,
    pub(in crate::demo) display_name: String,
    pub(in crate::demo) enabled: bool,
    pub(in crate::demo) triggers_on: String,
    pub(in crate::demo) triggers_when: String,
    /// Property, operator, values.
    pub(in crate::demo) conditions: Vec<(String, String, Vec<String>)>,
    /// `ModifyProperties:name=value` or `RunPlaybook:name`.
    pub(in crate::demo) actions: Vec<String>,
}

/// A saved search that has an alias.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::demo) struct RawKqlFunction {
    pub(in crate::demo) id: String,
    pub(in crate::demo) alias: String,
    pub(in crate::demo) parameters: String,
    pub(in crate::demo) query: String,
}

/// A saved search that has none.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::demo) struct RawSavedQuery {
    pub(in crate::demo) id: String,
    pub(in crate::demo) display_name: String,
    pub(in crate::demo) category: String,
    pub(in crate::demo) tactics: Vec<String>,
    pub(in crate::demo) query: String,
}

/// The part of a workspace that only backups read.
#[derive(Default)]
pub(in crate::demo) struct Content {
    pub(in crate::demo) watchlists: Vec<Watchlist>,
    pub(in crate::demo) automation_rules: Vec<AutomationRule>,
    pub(in crate::demo) searches: Vec<SavedSearch>,
}

#[derive(Clone)]
pub(in crate::demo) struct Watchlist {
    pub(in crate::demo) alias: String,
    pub(in crate::demo) display_name: String,
    pub(in crate::demo) provider: String,
    pub(in crate::demo) search_key: String,
    pub(in crate::demo) columns: Vec<String>,
    pub(in crate::demo) items: Vec<Vec<String>>,
    pub(in crate::demo) updated: Option<Timestamp>,
    /// What a backup takes along.
    pub(in crate::demo) properties: Json,
}

pub(in crate::demo) struct AutomationRule {
    pub(in crate::demo) id: String,
    pub(in crate::demo) order: i32,
    pub(in crate::demo) display_name: String,
    pub(in crate::demo) enabled: bool,
    pub(in crate::demo) triggers_on: String,
    pub(in crate::demo) triggers_when: String,
    /// Ids of the playbooks that it runs.
    pub(in crate::demo) playbooks: Vec<String>,
    /// What a backup of it holds.
    pub(in crate::demo) properties: Json,
}

/// A saved search: with an alias, a function.
#[derive(Clone)]
pub(in crate::demo) struct SavedSearch {
    pub(in crate::demo) id: String,
    pub(in crate::demo) display_name: String,
    pub(in crate::demo) category: String,
    pub(in crate::demo) query: String,
    pub(in crate::demo) alias: Option<String>,
    pub(in crate::demo) parameters: String,
    pub(in crate::demo) tactics: Vec<String>,
    pub(in crate::demo) techniques: Vec<String>,
    /// What a backup of it holds.
    pub(in crate::demo) properties: Json,
}

impl SavedSearch {
    /// Whether it is a parser of the Advanced Security Information Model, by
    /// the names that the model prescribes.
    pub(in crate::demo) fn is_asim(&self) -> bool {
        self.alias.as_ref().is_some_and(|alias| {
            ["ASim", "vim", "im", "_Im_", "_ASim_"]
                .iter()
                .any(|head| alias.strip_prefix(head).is_some_and(|rest| rest.starts_with(char::is_uppercase)))
        })
    }
}

/// Who works for the provider.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::demo) struct Analyst {
    pub(in crate::demo) upn: String,
    pub(in crate::demo) name: String,
    pub(in crate::demo) object_id: String,
}

/// All analysts, the jump hosts' own identity too.
pub(in crate::demo) fn analysts() -> &'static [Analyst] {
    #[derive(Deserialize)]
    struct Staff {
        analysts: Vec<Analyst>,
    }
    static STAFF: LazyLock<Vec<Analyst>> =
        LazyLock::new(|| match serde_json::from_str::<Staff>(include_str!("dataset.json")) {
            Ok(staff) => staff.analysts,
            Err(error) => unreachable!("dataset.json: {error}"),
        });
    &STAFF
}
