//! What a workspace has around its rules and incidents: workbooks, data
//! collection rules and endpoints, and the defaults of its tables.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The part of a workspace that tables, workbooks and feeds read.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Estate {
    /// Days that tables keep rows which say nothing else.
    pub(super) retention_in_days: i32,
    /// Azure region.
    pub(super) location: String,
    pub(super) workbooks: Vec<Workbook>,
    pub(super) dcrs: Vec<Dcr>,
    pub(super) dces: Vec<Dce>,
}

/// A workbook.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Workbook {
    pub(super) id: String,
    pub(super) display_name: String,
    /// Offset from the host's start, or a time.
    pub(super) modified: String,
    pub(super) by: String,
    /// Tables that its queries read.
    pub(super) tables: Vec<String>,
    /// What it holds, when somebody imported it; else it is made of `tables`.
    #[serde(skip)]
    pub(super) content: Option<String>,
    /// Grows with each change.
    #[serde(skip)]
    pub(super) revision: u32,
}

/// A data collection rule.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Dcr {
    pub(super) immutable_id: String,
    pub(super) name: String,
    pub(super) kind: String,
    /// Kinds of sources, such as `Syslog`.
    pub(super) sources: Vec<String>,
    pub(super) streams: Vec<String>,
    pub(super) tables: Vec<String>,
    /// Machines that send by it.
    pub(super) associations: i32,
    pub(super) dce: Option<String>,
    #[serde(rename = "transformKql")]
    pub(super) transform: String,
    pub(super) endpoint: Option<String>,
    /// Where a stream's transformation is not the rule's.
    #[serde(skip)]
    pub(super) transforms: BTreeMap<String, String>,
    /// Names of sources that were added by name.
    #[serde(skip)]
    pub(super) source_names: Vec<String>,
}

/// A data collection endpoint.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Dce {
    pub(super) name: String,
    pub(super) public_network_access: String,
}

impl Dcr {
    /// The transformation of one of its streams.
    pub(super) fn transform_of(&self, stream: &str) -> &str {
        self.transforms.get(stream).unwrap_or(&self.transform)
    }
}
