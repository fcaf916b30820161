//! Answers over many workspaces.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value as Json};

use super::{Answer, COPY_BYTES, Head, envelope, finish, readable_rows, summary, warn};
use crate::answer::case::Warning;
use crate::answer::page::{PAGE_BYTES, Page};
use crate::answer::sentences::{Phrase, Untrusted};
use crate::answer::text::start;
use crate::answer::written::length;
use crate::answer::{Code, Outcome};

/// Bytes of the lines of single workspaces in an answer at most.
///
/// Chosen: a quarter of an answer; forty customers that are fine and ten that
/// are not fit.
const LINES_BYTES: usize = 6_000;
/// Bytes of them in the text copy at most.
const MISSING_BYTES: usize = 3_000;
/// Characters of one of them there.
const MISSING_CHARS: usize = 400;
/// Bytes of an envelope that are neither rows nor lines.
const AROUND: usize = 1_000;

/// The workspaces' own lines, as many as fit.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Lines {
    pub(crate) shown: Vec<Json>,
    /// Bytes of them.
    bytes: usize,
    /// How many of the others ended how.
    pub(crate) left_out: BTreeMap<&'static str, usize>,
}

/// Cuts the lines down to what fits: those that did not end well first, each
/// kind in its own order.
pub(crate) fn lines(all: impl IntoIterator<Item = (Outcome, Json)>) -> Lines {
    let mut all: Vec<(Outcome, Json)> = all.into_iter().collect();
    all.sort_by_key(|(outcome, _)| *outcome == Outcome::Done);
    let mut left = LINES_BYTES;
    let mut lines = Lines::default();
    for (outcome, line) in all {
        let size = length(&line) + 1;
        if size <= left && lines.left_out.is_empty() {
            left -= size;
            lines.bytes += size;
            lines.shown.push(line);
        } else {
            *lines.left_out.entry(outcome.as_str()).or_default() += 1;
        }
    }
    lines
}

/// What a question over many workspaces gave, besides its rows. Stands on
/// every page.
#[derive(Clone, Debug)]
pub struct Fleet {
    pub(crate) outcome: Outcome,
    pub(crate) code: Option<Code>,
    pub(crate) lines: Lines,
    /// One line per workspace that is missing, to read.
    pub(crate) missing: Vec<String>,
    /// Keys of this tool, beside the ones that all have.
    pub(crate) more: Map<String, Json>,
    /// Every row was kept from before: the age of the oldest.
    pub(crate) cached: Option<Duration>,
}

/// Bytes that are left for the rows of a page.
pub(super) fn room(fleet: &Fleet) -> usize {
    let more: usize = fleet.more.iter().map(|(name, value)| name.len() + length(value) + 4).sum();
    PAGE_BYTES.saturating_sub(fleet.lines.bytes + more + AROUND).max(AROUND)
}

/// A page of the answer; `kept` is how long ago its first page was given.
pub(super) fn answer(
    head: &Head<'_>,
    fleet: &Fleet,
    kept: Option<Duration>,
    mut page: Page,
    cursor: Option<String>,
) -> Answer {
    let mut envelope = envelope(head, fleet.outcome);
    let mut text = vec![summary(head, &page, cursor.as_deref(), Untrusted::Rows)];
    let code = match fleet.outcome {
        Outcome::Done | Outcome::Partial => fleet.code,
        _ => Some(fleet.code.unwrap_or(Code::HostFailed)),
    };
    if let Some(code) = code {
        let said = head.says(&Phrase::AllMissing);
        text.insert(0, format!("{} ({}): {said}", fleet.outcome.as_str(), code.as_str()));
        envelope.insert("code".into(), code.as_str().into());
        envelope.insert("error".into(), said.into());
    }
    let missing = missing(head, &fleet.missing);
    let used: usize = missing.iter().map(|line| line.len() + 1).sum();
    text.extend(missing);
    text.extend(readable_rows(head, std::mem::take(&mut page.copies), COPY_BYTES.saturating_sub(used)));
    if !fleet.lines.left_out.is_empty() {
        let counts = fleet.lines.left_out.iter().map(|(how, count)| (*how, *count)).collect();
        page.warnings.push(Warning::NoLine { counts });
        let counts = fleet.lines.left_out.iter().map(|(how, count)| ((*how).to_owned(), (*count).into()));
        envelope.insert("workspacesLeftOut".into(), counts.collect::<Map<_, _>>().into());
    }
    envelope.extend(fleet.more.clone());
    envelope.insert("data".into(), page.rows.into());
    envelope.insert("workspaces".into(), fleet.lines.shown.clone().into());
    envelope.insert("count".into(), page.count.into());
    envelope.insert("truncated".into(), page.truncated.into());
    envelope.insert("nextCursor".into(), cursor.map_or(Json::Null, Json::from));
    warn(head, &page.warnings, &mut envelope, &mut text);
    let age = match (kept, fleet.cached) {
        (None, cached) => cached,
        (Some(kept), cached) => Some(kept + cached.unwrap_or_default()),
    };
    finish(&mut envelope, head, age);
    Answer { outcome: fleet.outcome, code, envelope, text: text.join("\n") }
}

fn missing(head: &Head<'_>, all: &[String]) -> Vec<String> {
    let mut left = MISSING_BYTES;
    let short = |line: &String| match start(line, MISSING_CHARS) {
        head if head.len() == line.len() => line.clone(),
        head => format!("{head}…"),
    };
    let mut shown: Vec<String> = all
        .iter()
        .map(short)
        .take_while(|line| {
            let fits = line.len() < left;
            left = left.saturating_sub(line.len() + 1);
            fits
        })
        .collect();
    let more = all.len() - shown.len();
    if more > 0 {
        shown.push(head.says(&Phrase::MoreMissing(more)));
    }
    shown
}
