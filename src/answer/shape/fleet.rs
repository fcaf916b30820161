//! Answers over many workspaces.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value as Json};

use super::{Answer, Head, envelope, finish, summary, warn};
use crate::answer::case::Warning;
use crate::answer::page::Page;
use crate::answer::sentences::{Phrase, Untrusted};
use crate::answer::text::start;
use crate::answer::tokens::part;
use crate::answer::{Code, Outcome};

/// Tokens of the lines of single workspaces in an answer at most.
///
/// Chosen: a third of an answer; forty customers that are fine and ten that
/// are not fit.
const LINES_TOKENS: usize = 2_000;
/// Tokens of them in the text copy at most.
const MISSING_TOKENS: usize = 900;
/// Characters of one of them there.
const MISSING_CHARS: usize = 400;

/// The workspaces' own lines, as many as fit.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Lines {
    pub(crate) shown: Vec<Json>,
    /// Tokens of them.
    tokens: usize,
    /// How many of the others ended how.
    pub(crate) left_out: BTreeMap<&'static str, usize>,
}

/// Cuts the lines down to what fits: those that did not end well first, each
/// kind in its own order.
pub(crate) fn lines(all: impl IntoIterator<Item = (Outcome, Json)>) -> Lines {
    let mut all: Vec<(Outcome, Json)> = all.into_iter().collect();
    all.sort_by_key(|(outcome, _)| *outcome == Outcome::Done);
    let mut left = LINES_TOKENS;
    let mut lines = Lines::default();
    for (outcome, line) in all {
        let size = part(&line.to_string()) + 1;
        if size <= left && lines.left_out.is_empty() {
            left -= size;
            lines.tokens += size;
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

impl Fleet {
    /// Bytes of it, more or less.
    pub(in crate::answer) fn bytes(&self) -> usize {
        // Of a token in an answer: 3.4.
        4 * self.lines.tokens + self.missing.iter().map(String::len).sum::<usize>()
    }

    /// Tokens of what stands beside the rows.
    pub(in crate::answer) fn tokens(&self) -> usize {
        let more: usize = self.more.iter().map(|(name, value)| part(name) + part(&value.to_string()) + 1).sum();
        let missing: usize = shown(&self.missing).iter().map(|line| part(line) + 1).sum();
        self.lines.tokens + more + missing
    }
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
    let mut text = vec![summary(head, &page, cursor.as_deref(), Untrusted::Rows, false, &[])];
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
    let missing = shown(&fleet.missing);
    let more = fleet.missing.len() - missing.len();
    text.extend(missing);
    if more > 0 {
        text.push(head.says(&Phrase::MoreMissing(more)));
    }
    text.append(&mut page.copies);
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

/// Lines of missing workspaces, as many as fit.
fn shown(all: &[String]) -> Vec<String> {
    let mut left = MISSING_TOKENS;
    let short = |line: &String| match start(line, MISSING_CHARS) {
        head if head.len() == line.len() => line.clone(),
        head => format!("{head}…"),
    };
    let fits = all.iter().map(short).take_while(|line| {
        let cost = part(line) + 1;
        let fits = cost <= left;
        left = left.saturating_sub(cost);
        fits
    });
    fits.collect()
}
