//! The one shape of answers.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value as Json, json};

use super::ToolError;
use super::case::Warning;
use super::page::{PAGE_BYTES, Page, page_within};
use super::sentences::{In, Phrase, Summary, Untrusted};
use super::text::start;
use super::view::View;
use super::{Code, HostText, Outcome, Rows};
use crate::catalog::OutputKind;
use crate::catalog::schema::PAGE_SIZE;
use crate::tenant::Language;

mod fleet;

pub use fleet::Fleet;
pub(crate) use fleet::{Lines, lines};

/// Bytes of screen text in an answer at most.
const TEXT_BYTES: usize = 8_000;
/// Bytes of rows in the text copy at most: clients pay for both.
pub(super) const COPY_BYTES: usize = 8_000;
/// Warnings, or errors of the host, in an answer at most.
const NOTES: usize = 20;
/// Bytes of them together at most.
const NOTES_BYTES: usize = 4_000;
/// Characters of one warning or error at most.
const NOTE_CHARS: usize = 1_000;

/// What stands in every answer.
#[derive(Clone, Debug)]
pub(crate) struct Head<'a> {
    pub(crate) tool: &'a str,
    pub(crate) function: &'a str,
    pub(crate) target: Option<(&'a str, &'a str)>,
    pub(crate) correlation: &'a str,
    pub(crate) duration: Duration,
    /// What its sentences are written in.
    pub(crate) language: Language,
}

impl Head<'_> {
    /// A fixed text, in the answer's language.
    fn says(&self, phrase: &Phrase<'_>) -> String {
        In(self.language, phrase).to_string()
    }
}

/// An answer, whoever asked.
#[derive(Clone, Debug)]
pub struct Answer {
    /// How it ended.
    pub outcome: Outcome,
    /// What went wrong, if anything did.
    pub code: Option<Code>,
    /// The answer itself.
    pub envelope: Map<String, Json>,
    /// The same, to read.
    pub text: String,
}

fn note(text: &str) -> String {
    let head = start(text, NOTE_CHARS);
    if head.len() == text.len() { text.to_owned() } else { format!("{head}…") }
}

/// How many of these notes of the host fit an answer.
fn fitting<'a>(notes: impl Iterator<Item = &'a str>) -> usize {
    let mut left = NOTES_BYTES;
    let fits = notes.take(NOTES).take_while(|text| {
        let size = note(text).len();
        let fits = size <= left;
        left = left.saturating_sub(size);
        fits
    });
    fits.count()
}

/// Errors of the host as they stand in an answer, within the budget.
pub(crate) fn host_errors(errors: &[HostText]) -> Json {
    let shown = fitting(errors.iter().map(|error| error.message.as_str()));
    let short = |error: &HostText| HostText { message: note(&error.message), id: start(&error.id, 200).to_owned() };
    errors.iter().take(shown).map(|error| json!(short(error))).collect()
}

/// Lines of the text copy for what the host said. Its line ends must not look
/// like lines of ours.
fn host_lines<'a>(
    head: &Head<'_>,
    of: impl Fn(&str) -> Phrase<'_>,
    notes: impl Iterator<Item = &'a str> + Clone,
) -> Vec<String> {
    let shown = fitting(notes.clone());
    let left_out = notes.clone().count() - shown;
    let flat = |text: &str| note(text).replace('\r', "").replace('\n', "\\n");
    let mut lines: Vec<String> = notes.take(shown).map(|text| head.says(&of(&flat(text)))).collect();
    if left_out > 0 {
        lines.push(head.says(&Phrase::MoreNotes(left_out)));
    }
    lines
}

/// Rows for the text copy, as many as are short enough together.
pub(super) fn readable_rows(head: &Head<'_>, mut copies: Vec<String>, room: usize) -> Vec<String> {
    let mut left = room;
    let fits = copies.iter().take_while(|line| {
        let fits = line.len() < left;
        left = left.saturating_sub(line.len() + 1);
        fits
    });
    let shown = fits.count();
    let left_out = copies.len() - shown;
    copies.truncate(shown);
    if left_out > 0 {
        copies.push(head.says(&Phrase::MoreRows(left_out)));
    }
    copies
}

pub(super) fn envelope(head: &Head<'_>, outcome: Outcome) -> Map<String, Json> {
    let mut envelope = Map::new();
    if let Some((tenant, workspace)) = head.target {
        envelope.insert("tenant".into(), tenant.into());
        envelope.insert("workspace".into(), workspace.into());
    }
    envelope.insert("function".into(), head.function.into());
    envelope.insert("outcome".into(), outcome.as_str().into());
    envelope
}

pub(super) fn finish(envelope: &mut Map<String, Json>, head: &Head<'_>, cached: Option<Duration>) {
    envelope.insert("durationMs".into(), u64::try_from(head.duration.as_millis()).unwrap_or(u64::MAX).into());
    envelope.insert("fromCache".into(), cached.is_some().into());
    if let Some(age) = cached {
        envelope.insert("cacheAgeSeconds".into(), age.as_secs().into());
    }
    envelope.insert("correlationId".into(), head.correlation.into());
}

/// What an answer says besides its rows.
#[derive(Clone, Debug)]
pub enum About {
    /// Of one workspace.
    One(One),
    /// Of several.
    Many(Fleet),
}

/// What a function's answer says besides its rows.
#[derive(Clone, Debug)]
pub struct One {
    /// One thing or many.
    pub kind: OutputKind,
    /// Fields that outsiders may have written.
    pub untrusted: &'static [String],
    /// Written to the screen.
    pub text: Vec<String>,
    /// Warnings of the host.
    pub warnings: Vec<String>,
    /// Warnings of ours.
    pub ours: Vec<Warning>,
    /// Errors of the host.
    pub host_errors: Vec<HostText>,
    /// Bytes of JSON on a page at most.
    pub room: usize,
    /// The answer was kept from before, for so long.
    pub cached: Option<Duration>,
}

impl One {
    /// Of a function that had nothing else to say.
    #[must_use]
    pub fn of(kind: OutputKind) -> Self {
        let (text, warnings, ours, host_errors) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { kind, untrusted: &[], text, warnings, ours, host_errors, room: PAGE_BYTES, cached: None }
    }
}

impl About {
    /// Bytes that are left for the rows of a page.
    pub(crate) fn room(&self) -> usize {
        match self {
            Self::One(one) => one.room,
            Self::Many(fleet) => fleet::room(fleet),
        }
    }

    /// What a later page says: a function's words stand on the first one
    /// only, a fleet answer says on every page how it ended.
    pub(crate) fn later(self: Arc<Self>) -> Arc<Self> {
        match &*self {
            Self::Many(_) => self,
            Self::One(one) => Arc::new(Self::One(One {
                kind: OutputKind::List,
                text: Vec::new(),
                warnings: Vec::new(),
                ours: Vec::new(),
                host_errors: Vec::new(),
                ..*one
            })),
        }
    }
}

/// A page of an answer; `kept` is how long ago its first page was given.
pub(crate) fn done(
    head: &Head<'_>,
    about: &About,
    page: Page,
    cursor: Option<String>,
    kept: Option<Duration>,
) -> Answer {
    match about {
        About::One(one) => returned(head, one, page, cursor, kept),
        About::Many(fleet) => fleet::answer(head, fleet, kept, page, cursor),
    }
}

/// The answer of a function that returned.
fn returned(head: &Head<'_>, around: &One, mut page: Page, cursor: Option<String>, kept: Option<Duration>) -> Answer {
    page.warnings.extend(around.ours.iter().cloned());
    let mut envelope = envelope(head, Outcome::Done);
    let mut truncated = page.truncated;
    let mut text = vec![summary(head, &page, cursor.as_deref(), Untrusted::Fields(around.untrusted))];
    text.extend(readable_rows(head, std::mem::take(&mut page.copies), COPY_BYTES));
    let mut rows = page.rows;
    let data = match around.kind {
        OutputKind::Object if page.count == 1 => rows.pop().unwrap_or_default(),
        OutputKind::Object if page.count == 0 => Json::Null,
        _ => Json::Array(rows),
    };
    envelope.insert("data".into(), data);
    truncated |= screen(head, &around.text, &mut envelope, &mut text);
    envelope.insert("count".into(), page.count.into());
    envelope.insert("truncated".into(), truncated.into());
    envelope.insert("nextCursor".into(), cursor.map_or(Json::Null, Json::from));
    warn(head, &page.warnings, &mut envelope, &mut text);
    host_warnings(head, &around.warnings, &mut envelope, &mut text);
    if !around.host_errors.is_empty() {
        let errors = around.host_errors.iter().map(|error| error.message.as_str());
        text.extend(host_lines(head, |text| Phrase::HostError(text), errors));
        envelope.insert("hostErrors".into(), host_errors(&around.host_errors));
    }
    finish(&mut envelope, head, kept.or(around.cached));
    Answer { outcome: Outcome::Done, code: None, envelope, text: text.join("\n") }
}

/// Lines of the screen, in the envelope and in the copy; whether some were
/// left out.
fn screen(head: &Head<'_>, lines: &[String], envelope: &mut Map<String, Json>, text: &mut Vec<String>) -> bool {
    if lines.is_empty() {
        return false;
    }
    let mut left = TEXT_BYTES;
    let fits = lines.iter().take_while(|line| {
        let fits = line.len() < left;
        left = left.saturating_sub(line.len() + 1);
        fits
    });
    let shown: Vec<&String> = fits.collect();
    text.push(head.says(&Phrase::Screen));
    text.extend(shown.iter().map(|line| (*line).clone()));
    envelope.insert("text".into(), json!(shown));
    shown.len() < lines.len()
}

/// Warnings of the host, in the envelope and in the copy.
fn host_warnings(head: &Head<'_>, all: &[String], envelope: &mut Map<String, Json>, text: &mut Vec<String>) {
    if all.is_empty() {
        return;
    }
    let warnings = || all.iter().map(String::as_str);
    text.extend(host_lines(head, |text| Phrase::HostWarning(text), warnings()));
    let shown: Vec<String> = warnings().take(fitting(warnings())).map(note).collect();
    envelope.insert("hostWarnings".into(), shown.into());
}

/// Our warnings, in the envelope and in the copy.
fn warn(head: &Head<'_>, warnings: &[Warning], envelope: &mut Map<String, Json>, text: &mut Vec<String>) {
    let said: Vec<String> = warnings.iter().map(|warning| In(head.language, warning).to_string()).collect();
    text.extend(said.iter().map(|warning| head.says(&Phrase::Warning(warning))));
    envelope.insert("warnings".into(), said.into());
}

/// The first line that a reader sees.
fn summary(head: &Head<'_>, page: &Page, cursor: Option<&str>, untrusted: Untrusted<'_>) -> String {
    let (count, at, shown) = (page.count, page.at, page.rows.len());
    head.says(&Phrase::Summary(Summary { tool: head.tool, target: head.target, count, at, shown, cursor, untrusted }))
}

/// What a function had put out before its call came to nothing: its first
/// page, since there is no asking for another.
fn let_out(head: &Head<'_>, left: &Rows, envelope: &mut Map<String, Json>, text: &mut Vec<String>) {
    let view = View { fields: None, page_size: PAGE_SIZE, cursor: None };
    let mut page = page_within(&left.rows, 0, &view, PAGE_BYTES);
    let mut truncated = page.truncated;
    if page.count > 0 {
        text.extend(readable_rows(head, std::mem::take(&mut page.copies), COPY_BYTES));
        envelope.insert("data".into(), Json::Array(page.rows));
        envelope.insert("count".into(), page.count.into());
    }
    truncated |= screen(head, &left.text, envelope, text);
    if page.count > 0 || !left.text.is_empty() {
        envelope.insert("truncated".into(), truncated.into());
    }
    page.warnings.extend(left.ours.iter().cloned());
    if !page.warnings.is_empty() {
        warn(head, &page.warnings, envelope, text);
    }
    host_warnings(head, &left.warnings, envelope, text);
}

/// The answer of a call that did not come off.
pub(crate) fn refused(head: &Head<'_>, error: &ToolError) -> Answer {
    let (outcome, code, said) = (error.outcome(), error.code(), error.said(head.language));
    let mut envelope = envelope(head, outcome);
    let mut text = vec![format!("{} ({}): {said}", outcome.as_str(), code.as_str())];
    envelope.insert("code".into(), code.as_str().into());
    envelope.insert("error".into(), said.into());
    if let Some(left) = &error.left {
        let_out(head, left, &mut envelope, &mut text);
    }
    let candidates = error.case.candidates();
    if !candidates.is_empty() {
        envelope.insert("candidates".into(), json!(candidates));
    }
    if !error.host_errors.is_empty() {
        envelope.insert("hostErrors".into(), host_errors(&error.host_errors));
        let errors = error.host_errors.iter().map(|error| error.message.as_str());
        text.extend(host_lines(head, |text| Phrase::HostError(text), errors));
    }
    finish(&mut envelope, head, None);
    Answer { outcome, code: Some(code), envelope, text: text.join("\n") }
}

#[cfg(test)]
mod tests;
