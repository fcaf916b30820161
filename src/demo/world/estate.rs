//! What a workspace has around its rules and incidents: workbooks, data
//! collection rules and endpoints, and the defaults of its tables.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// The part of a workspace that tables, workbooks and feeds read, as the
/// scenario has it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::demo) struct RawEstate {
    /// Days that tables keep rows which say nothing else.
    pub(in crate::demo) retention_in_days: i32,
    /// Azure region.
    pub(in crate::demo) location: String,
    pub(in crate::demo) workbooks: Vec<RawWorkbook>,
    pub(in crate::demo) dcrs: Vec<RawDcr>,
    pub(in crate::demo) dces: Vec<Dce>,
    pub(in crate::demo) connectors: Vec<Connector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::demo) struct RawWorkbook {
    pub(in crate::demo) id: String,
    pub(in crate::demo) display_name: String,
    /// Offset from the host's start.
    pub(in crate::demo) modified: String,
    pub(in crate::demo) by: String,
    /// Tables that its queries read; its content is made of them.
    pub(in crate::demo) tables: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::demo) struct RawDcr {
    pub(in crate::demo) immutable_id: String,
    pub(in crate::demo) name: String,
    pub(in crate::demo) kind: String,
    pub(in crate::demo) sources: Vec<String>,
    pub(in crate::demo) streams: Vec<String>,
    pub(in crate::demo) tables: Vec<String>,
    pub(in crate::demo) associations: i32,
    pub(in crate::demo) dce: Option<String>,
    #[serde(rename = "transformKql")]
    pub(in crate::demo) transform: String,
    pub(in crate::demo) endpoint: Option<String>,
    #[serde(default)]
    pub(in crate::demo) x_path: Vec<String>,
    #[serde(default)]
    pub(in crate::demo) levels: Vec<String>,
}

/// What brings data.
#[derive(Deserialize)]
pub(in crate::demo) struct Connector {
    /// The provider's kind of connector, or what feeds the tables instead.
    pub(in crate::demo) kind: String,
}

/// The part of a workspace that tables, workbooks and feeds read.
#[derive(Default)]
pub(in crate::demo) struct Estate {
    pub(in crate::demo) retention_in_days: i32,
    pub(in crate::demo) location: String,
    pub(in crate::demo) workbooks: Vec<Workbook>,
    pub(in crate::demo) dcrs: Vec<Dcr>,
    pub(in crate::demo) dces: Vec<Dce>,
}

/// A workbook.
#[derive(Clone, PartialEq)]
pub(in crate::demo) struct Workbook {
    pub(in crate::demo) id: String,
    pub(in crate::demo) display_name: String,
    pub(in crate::demo) modified: Option<Timestamp>,
    pub(in crate::demo) by: String,
    /// Tables that its queries read.
    pub(in crate::demo) tables: Vec<String>,
    /// The gallery's form.
    pub(in crate::demo) content: String,
    /// Grows with each change.
    pub(in crate::demo) revision: u32,
}

/// A data collection rule.
#[derive(Clone, PartialEq)]
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
    pub(in crate::demo) transform: String,
    pub(in crate::demo) endpoint: Option<String>,
    /// Where a stream's transformation is not the rule's.
    pub(in crate::demo) transforms: BTreeMap<String, String>,
    /// Names of its sources.
    pub(in crate::demo) source_names: Vec<String>,
    /// What a source has beside name and streams, by its kind; of new ones only.
    pub(in crate::demo) details: BTreeMap<String, Json>,
    /// Its document, as it was read; nothing of a new one.
    pub(in crate::demo) source: Map<String, Json>,
}

/// A data collection endpoint.
#[derive(Clone, Deserialize, PartialEq)]
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
