//! What a line says.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value as Json};

use super::chain::Mark;
use super::redact::Arguments;

/// Longest text of one member.
///
/// Chosen: names of Azure have at most 260 characters; an unknown tool's name
/// is whatever its caller wrote.
const LONGEST_TEXT: usize = 260;

/// Through what the call came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Door {
    /// MCP on standard input and output.
    Stdio,
    /// MCP over HTTP.
    Http,
    /// The command line.
    Cli,
}

/// Who confirmed what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Confirmed {
    /// Who: the caller's name, or how the person was asked.
    #[serde(serialize_with = "short")]
    pub by: String,
    /// What the person was shown or typed: the object's name.
    #[serde(serialize_with = "short")]
    pub what: String,
}

/// One call on one workspace, or on none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// Ties the lines of one call together, here and in the log.
    #[serde(serialize_with = "short")]
    pub correlation: String,
    /// Who called.
    #[serde(serialize_with = "short")]
    pub who: String,
    /// Through what.
    pub door: Door,
    /// Tool, or what was taken for one.
    #[serde(serialize_with = "short")]
    pub tool: String,
    /// Customer, by alias.
    #[serde(serialize_with = "short_if", skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Workspace, by alias.
    #[serde(serialize_with = "short_if", skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// Jump host, by name.
    #[serde(serialize_with = "short_if", skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// What was asked for; [`Trail::arguments`](super::Trail::arguments) makes it.
    #[serde(flatten)]
    pub arguments: Arguments,
    /// Who confirmed what, when somebody had to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<Confirmed>,
}

/// How a question over several workspaces ended in one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Customer, by alias.
    #[serde(serialize_with = "short")]
    pub tenant: String,
    /// Workspace, by alias.
    #[serde(serialize_with = "short")]
    pub workspace: String,
    /// Jump host, by name.
    #[serde(serialize_with = "short")]
    pub host: String,
    /// `done`, `refused`, `unknown`…
    #[serde(serialize_with = "short")]
    pub outcome: String,
    /// Why it was not done.
    #[serde(serialize_with = "short_if", skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct End {
    /// `done`, `refused`, `unknown`…
    #[serde(serialize_with = "short")]
    pub outcome: String,
    /// Why it was not done.
    #[serde(serialize_with = "short_if", skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// How long it took.
    #[serde(rename = "duration_ms", serialize_with = "milliseconds")]
    pub duration: Duration,
    /// Each workspace of a question over several, and how it ended there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub workspaces: Vec<Place>,
    /// Ids by kind: of the shell, the pipeline, the job.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub ids: BTreeMap<String, String>,
    /// The chain of causes, names and numbers only. For the log; the trail
    /// does not have it.
    #[serde(skip)]
    pub cause: Option<String>,
}

/// A line of a process's file.
#[derive(Serialize)]
pub(super) struct Line<'a> {
    pub(super) time: String,
    /// Lines that could not be written since the one before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unwritten: Option<u64>,
    #[serde(flatten)]
    pub(super) said: Said<'a>,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum Said<'a> {
    Start {
        format: u32,
        key: String,
        process: u32,
        version: &'a str,
        register: Seen,
    },
    Begin(&'a Entry),
    End {
        #[serde(flatten)]
        entry: &'a Entry,
        #[serde(flatten)]
        end: &'a End,
    },
    Close {},
}

/// The register as a process found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub(super) struct Seen {
    pub(super) lines: u64,
    pub(super) head: Mark,
}

/// Members of `arguments`, and whether there are any.
pub(super) fn is_empty(map: &Map<String, Json>) -> bool {
    map.is_empty()
}

fn short<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    match text.char_indices().nth(LONGEST_TEXT) {
        None => serializer.serialize_str(text),
        Some((end, _)) => serializer.collect_str(&format_args!("{}…", &text[..end])),
    }
}

#[expect(clippy::ref_option, reason = "serde hands the member over as it is")]
fn short_if<S: Serializer>(text: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    match text {
        Some(text) => short(text, serializer),
        None => serializer.serialize_none(),
    }
}

fn milliseconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
