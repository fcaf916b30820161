//! What a workspace holds besides rules, incidents, tables and their feeds, as
//! the scenario has it, and who works for the provider.

use std::sync::LazyLock;

use serde::Deserialize;

/// The part of a workspace that only backups read.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::demo) struct Content {
    pub(in crate::demo) watchlists: Vec<Watchlist>,
    pub(in crate::demo) automation_rules: Vec<AutomationRule>,
    pub(in crate::demo) functions: Vec<KqlFunction>,
    pub(in crate::demo) saved_queries: Vec<SavedQuery>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::demo) struct Watchlist {
    pub(in crate::demo) alias: String,
    pub(in crate::demo) search_key: String,
    pub(in crate::demo) columns: Vec<String>,
    pub(in crate::demo) items: Vec<Vec<String>>,
    /// Offset from the host's start.
    pub(in crate::demo) updated: String,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::demo) struct AutomationRule {
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
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::demo) struct KqlFunction {
    pub(in crate::demo) id: String,
    pub(in crate::demo) alias: String,
    pub(in crate::demo) parameters: String,
    pub(in crate::demo) query: String,
    pub(in crate::demo) asim_schema: Option<String>,
}

/// A saved search that has none.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::demo) struct SavedQuery {
    pub(in crate::demo) id: String,
    pub(in crate::demo) display_name: String,
    pub(in crate::demo) category: String,
    pub(in crate::demo) tactics: Vec<String>,
    pub(in crate::demo) query: String,
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
