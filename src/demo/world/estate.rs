//! What a workspace has around its rules and incidents: workbooks, data
//! collection rules and endpoints, and the defaults of its tables.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The part of a workspace that tables, workbooks and feeds read.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::demo) struct Estate {
    /// Days that tables keep rows which say nothing else.
    pub(in crate::demo) retention_in_days: i32,
    /// Azure region.
    pub(in crate::demo) location: String,
    pub(in crate::demo) workbooks: Vec<Workbook>,
    pub(in crate::demo) dcrs: Vec<Dcr>,
    pub(in crate::demo) dces: Vec<Dce>,
}

/// A workbook.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::demo) struct Workbook {
    pub(in crate::demo) id: String,
    pub(in crate::demo) display_name: String,
    /// Offset from the host's start, or a time.
    pub(in crate::demo) modified: String,
    pub(in crate::demo) by: String,
    /// Tables that its queries read.
    pub(in crate::demo) tables: Vec<String>,
    /// What it holds, when somebody imported it; else it is made of `tables`.
    #[serde(skip)]
    pub(in crate::demo) content: Option<String>,
    /// Grows with each change.
    #[serde(skip)]
    pub(in crate::demo) revision: u32,
}

/// A data collection rule.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::demo) struct Dcr {
    pub(in crate::demo) immutable_id: String,
    pub(in crate::demo) name: String,
    pub(in crate::demo) kind: String,
    /// Kinds of sources, such as `Syslog`.
    pub(in crate::demo) sources: Vec<String>,
    pub(in crate::demo) streams: Vec<String>,
    pub(in crate::demo) tables: Vec<String>,
    /// Machines that send by it.
    pub(in crate::demo) associations: i32,
    pub(in crate::demo) dce: Option<String>,
    #[serde(rename = "transformKql")]
    pub(in crate::demo) transform: String,
    pub(in crate::demo) endpoint: Option<String>,
    /// Where a stream's transformation is not the rule's.
    #[serde(skip)]
    pub(in crate::demo) transforms: BTreeMap<String, String>,
    /// Names of sources that were added by name.
    #[serde(skip)]
    pub(in crate::demo) source_names: Vec<String>,
}

/// A data collection endpoint.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::demo) struct Dce {
    pub(in crate::demo) name: String,
    pub(in crate::demo) public_network_access: String,
}

impl Dcr {
    /// The transformation of one of its streams.
    pub(in crate::demo) fn transform_of(&self, stream: &str) -> &str {
        self.transforms.get(stream).unwrap_or(&self.transform)
    }
}
