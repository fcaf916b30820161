//! What a workspace holds besides rules, incidents, tables and their feeds, as
//! the scenario has it, and who works for the provider.

use std::sync::LazyLock;

use serde::Deserialize;

/// The part of a workspace that only backups read.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Content {
    pub(super) watchlists: Vec<Watchlist>,
    pub(super) automation_rules: Vec<AutomationRule>,
    pub(super) functions: Vec<KqlFunction>,
    pub(super) saved_queries: Vec<SavedQuery>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Watchlist {
    pub(super) alias: String,
    pub(super) search_key: String,
    pub(super) columns: Vec<String>,
    pub(super) items: Vec<Vec<String>>,
    /// Offset from the host's start.
    pub(super) updated: String,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AutomationRule {
    pub(super) id: String,
    pub(super) order: i32,
    pub(super) display_name: String,
    pub(super) enabled: bool,
    pub(super) triggers_on: String,
    pub(super) triggers_when: String,
    /// Property, operator, values.
    pub(super) conditions: Vec<(String, String, Vec<String>)>,
    /// `ModifyProperties:name=value` or `RunPlaybook:name`.
    pub(super) actions: Vec<String>,
}

/// A saved search that has an alias.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KqlFunction {
    pub(super) id: String,
    pub(super) alias: String,
    pub(super) parameters: String,
    pub(super) query: String,
    pub(super) asim_schema: Option<String>,
}

/// A saved search that has none.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SavedQuery {
    pub(super) id: String,
    pub(super) display_name: String,
    pub(super) category: String,
    pub(super) tactics: Vec<String>,
    pub(super) query: String,
}

/// Who works for the provider.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Analyst {
    pub(super) upn: String,
    pub(super) object_id: String,
}

/// All analysts, the jump hosts' own identity too.
pub(super) fn analysts() -> &'static [Analyst] {
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
