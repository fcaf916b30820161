//! The one shape of answers.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value as Json, json};

use super::ToolError;
use super::case::Warning;
use super::page::{At, NOTE_CHARS, NOTES, Page, Room, page};
use super::sentences::{In, Phrase, Summary, Untrusted};
use super::text::start;
use super::view::View;
use super::{Code, Filter, HostText, Outcome, Rows};
use crate::catalog::OutputKind;
use crate::catalog::schema::PAGE_SIZE;
use crate::tenant::Language;

mod fleet;

pub use fleet::Fleet;
pub(crate) use fleet::{Lines, lines};

/// Bytes of errors of the host where an answer has no pages.
const NOTES_BYTES: usize = 4_000;

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

/// How many of these notes of the host fit an answer that has no pages.
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
    errors.iter().take(shown).map(short).collect()
}

fn short(error: &HostText) -> Json {
    json!(HostText { message: note(&error.message), id: start(&error.id, 200).to_owned() })
}

/// What the host said, in the envelope and in the copy: the part of it that
/// is on the page, and how much there is in all when that is not all.
struct Said<'a> {
    name: &'static str,
    count: &'static str,
    of: fn(&str) -> Phrase<'_>,
    shown: Vec<&'a str>,
    json: Vec<Json>,
    before: usize,
    all: usize,
}

impl Said<'_> {
    fn tell(self, head: &Head<'_>, envelope: &mut Map<String, Json>, text: &mut Vec<String>) {
        let after = self.all - self.before - self.shown.len();
        // Its line ends must not look like lines of ours.
        let flat = |text: &str| note(text).replace('\r', "").replace('\n', "\\n");
        text.extend(self.shown.iter().map(|text| head.says(&(self.of)(&flat(text)))));
        if after > 0 {
            text.push(head.says(&Phrase::MoreNotes(after)));
        }
        if !self.shown.is_empty() {
            envelope.insert(self.name.into(), self.json.into());
        }
        if after > 0 || self.before > 0 {
            envelope.insert(self.count.into(), self.all.into());
        }
    }
}

/// Warnings of the host.
fn host_warnings(all: &[String], on_page: Range<usize>) -> Said<'_> {
    let before = on_page.start;
    let shown: Vec<&str> = all.get(on_page).unwrap_or_default().iter().map(String::as_str).collect();
    let json = shown.iter().map(|text| note(text).into()).collect();
    let of: fn(&str) -> Phrase<'_> = |text| Phrase::HostWarning(text);
    Said { name: "hostWarnings", count: "hostWarningCount", of, shown, json, before, all: all.len() }
}

/// Errors of the host.
fn errors_said(all: &[HostText], on_page: Range<usize>) -> Said<'_> {
    let before = on_page.start;
    let shown = all.get(on_page).unwrap_or_default();
    let json = shown.iter().map(short).collect();
    let shown = shown.iter().map(|error| error.message.as_str()).collect();
    let of: fn(&str) -> Phrase<'_> = |text| Phrase::HostError(text);
    Said { name: "hostErrors", count: "hostErrorCount", of, shown, json, before, all: all.len() }
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
    /// Defaults that were sent and left something out.
    pub filters: Vec<Filter>,
    /// The answer was kept from before, for so long.
    pub cached: Option<Duration>,
}

/// Bytes of what a host said.
pub(super) fn said_bytes(text: &[String], warnings: &[String], errors: &[HostText]) -> usize {
    let texts = text.iter().chain(warnings).map(|text| text.len() + size_of::<String>());
    let errors = errors.iter().map(|error| error.message.len() + error.id.len() + size_of::<HostText>());
    texts.chain(errors).sum()
}

impl One {
    /// Of a function that had nothing else to say.
    #[must_use]
    pub fn of(kind: OutputKind) -> Self {
        let (text, warnings, ours, host_errors) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { kind, untrusted: &[], text, warnings, ours, host_errors, filters: Vec::new(), cached: None }
    }
}

impl About {
    /// Bytes of what was said, more or less.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::One(one) => said_bytes(&one.text, &one.warnings, &one.host_errors),
            Self::Many(fleet) => fleet.bytes(),
        }
    }

    /// What a later page says: warnings of ours stand on the first one only, a
    /// fleet answer says on every page how it ended.
    pub(crate) fn later(self: Arc<Self>) -> Arc<Self> {
        match &*self {
            Self::One(one) if !one.ours.is_empty() || one.kind == OutputKind::Object => {
                Arc::new(Self::One(One { kind: OutputKind::List, ours: Vec::new(), ..one.clone() }))
            }
            _ => self,
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
    let untrusted = Untrusted::Fields(around.untrusted);
    let mut text = vec![summary(head, &page, cursor.as_deref(), untrusted, !around.text.is_empty(), &around.filters)];
    text.append(&mut page.copies);
    let mut rows = std::mem::take(&mut page.rows);
    let data = match around.kind {
        OutputKind::Object if page.count == 1 => rows.pop().unwrap_or_default(),
        OutputKind::Object if page.count == 0 => Json::Null,
        _ => Json::Array(rows),
    };
    envelope.insert("data".into(), data);
    screen(head, &page, around.text.len(), &mut envelope, &mut text);
    envelope.insert("count".into(), page.count.into());
    if !around.filters.is_empty() {
        let defaults = around.filters.iter().map(|filter| (filter.name.to_owned(), filter.value.clone()));
        envelope.insert("defaults".into(), defaults.collect::<Map<_, _>>().into());
    }
    envelope.insert("truncated".into(), page.truncated.into());
    envelope.insert("nextCursor".into(), cursor.map_or(Json::Null, Json::from));
    warn(head, &page.warnings, &mut envelope, &mut text);
    host_warnings(&around.warnings, page.host_warnings.clone()).tell(head, &mut envelope, &mut text);
    errors_said(&around.host_errors, page.host_errors.clone()).tell(head, &mut envelope, &mut text);
    finish(&mut envelope, head, kept.or(around.cached));
    Answer { outcome: Outcome::Done, code: None, envelope, text: text.join("\n") }
}

/// Lines of the screen, in the envelope and in the copy.
fn screen(head: &Head<'_>, page: &Page, all: usize, envelope: &mut Map<String, Json>, text: &mut Vec<String>) {
    if page.lines.is_empty() {
        return;
    }
    text.push(head.says(&Phrase::Screen));
    text.extend(page.lines.iter().cloned());
    envelope.insert("text".into(), json!(page.lines));
    if page.lines.len() < all {
        let (shown, at) = (page.lines.len(), page.line);
        text.push(head.says(&Phrase::LinesOf { from: at + 1, to: at + shown, all }));
        envelope.insert("textLineCount".into(), all.into());
    }
}

/// Our warnings, in the envelope and in the copy.
fn warn(head: &Head<'_>, warnings: &[Warning], envelope: &mut Map<String, Json>, text: &mut Vec<String>) {
    let said: Vec<String> = warnings.iter().map(|warning| In(head.language, warning).to_string()).collect();
    text.extend(said.iter().map(|warning| head.says(&Phrase::Warning(warning))));
    envelope.insert("warnings".into(), said.into());
}

/// The first line that a reader sees.
fn summary(
    head: &Head<'_>,
    page: &Page,
    cursor: Option<&str>,
    untrusted: Untrusted<'_>,
    screen: bool,
    filters: &[Filter],
) -> String {
    let (count, at, shown) = (page.count, page.at, page.rows.len());
    let (tool, target) = (head.tool, head.target);
    let filters = &filters.iter().map(Filter::said).collect::<Vec<_>>().join("; ");
    head.says(&Phrase::Summary(Summary { tool, target, count, at, shown, screen, filters, cursor, untrusted }))
}

/// What a function had put out before its call came to nothing: its first
/// page, since there is no asking for another.
fn let_out(head: &Head<'_>, left: &Rows, envelope: &mut Map<String, Json>, text: &mut Vec<String>, room: Room) {
    let view = View { fields: None, page_size: PAGE_SIZE, cursor: None };
    let one = One { text: left.text.clone(), warnings: left.warnings.clone(), ..One::of(OutputKind::List) };
    let (screen_lines, warnings) = (one.text.len(), left.warnings.as_slice());
    let mut page = page(&left.rows, &About::One(one), At::default(), &view, room);
    if page.count > 0 {
        text.append(&mut page.copies);
        envelope.insert("data".into(), Json::Array(std::mem::take(&mut page.rows)));
        envelope.insert("count".into(), page.count.into());
    }
    screen(head, &page, screen_lines, envelope, text);
    if page.count > 0 || screen_lines > 0 {
        envelope.insert("truncated".into(), page.truncated.into());
    }
    page.warnings.extend(left.ours.iter().cloned());
    if !page.warnings.is_empty() {
        warn(head, &page.warnings, envelope, text);
    }
    host_warnings(warnings, page.host_warnings.clone()).tell(head, envelope, text);
}

/// The answer of a call that did not come off.
pub(crate) fn refused(head: &Head<'_>, error: &ToolError, room: Room) -> Answer {
    let (outcome, code, said) = (error.outcome(), error.code(), error.said(head.language));
    let mut envelope = envelope(head, outcome);
    let mut text = vec![format!("{} ({}): {said}", outcome.as_str(), code.as_str())];
    envelope.insert("code".into(), code.as_str().into());
    envelope.insert("error".into(), said.into());
    if let Some(left) = &error.left {
        let_out(head, left, &mut envelope, &mut text, room);
    }
    let candidates = error.case.candidates();
    if !candidates.is_empty() {
        envelope.insert("candidates".into(), json!(candidates));
    }
    let shown = match room {
        Room::Model => fitting(error.host_errors.iter().map(|error| error.message.as_str())),
        Room::Whole => error.host_errors.len(),
    };
    errors_said(&error.host_errors, 0..shown).tell(head, &mut envelope, &mut text);
    finish(&mut envelope, head, None);
    Answer { outcome, code: Some(code), envelope, text: text.join("\n") }
}

#[cfg(test)]
mod tests;
