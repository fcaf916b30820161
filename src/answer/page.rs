//! Pages of answers, and what is cut where one row is longer than a page.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use serde_json::{Map, Value as Json};

use super::case::Warning;
use super::shape::About;
use super::text::start;
use super::tokens::part;
use super::view::View;
use super::written::{Written, length};
use super::{One, Records};

/// Tokens of an answer at most: of its structure and its text together, since
/// clients pay for both.
///
/// *Chosen*: clients warn at 10,000, and a model reads several answers.
pub(super) const PAGE_TOKENS: usize = 6_000;
/// Tokens of an answer around its rows: the envelope and the first line.
pub(super) const AROUND: usize = 300;
/// Tokens of a page that are left for rows, whatever else stands there.
const LEAST: usize = 1_500;
/// Tokens of screen text on a page with rows, in both copies.
const TEXT_TOKENS: usize = 2_000;
/// Tokens of screen text where there are no rows.
const TEXT_ALONE: usize = 4_500;
/// Warnings, or errors of the host, on a page at most.
pub(super) const NOTES: usize = 20;
/// Tokens of each of them together, in both copies.
const NOTES_TOKENS: usize = 1_200;
/// Characters of one warning or error at most.
pub(super) const NOTE_CHARS: usize = 1_000;
/// Names of cut fields in a warning at most.
const NAMES: usize = 10;
/// Characters of one of them.
const NAME_CHARS: usize = 100;
/// Characters that are left of a text that does not fit a page.
const CUT_CHARS: usize = 2_000;
/// Bytes for each token that a row has room for, at first. *Seen*: 3.4 bytes
/// a token in answers, 2.2 in what is hexadecimal.
const BYTES: usize = 3;

/// How much fits an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// What a model reads at once.
    Model,
    /// Rows as many as were asked for, all of each, and all that was said: a
    /// person or a program at a command line pays no tokens.
    Whole,
}

/// Where a page begins, in each part of the answer that may have more than
/// one page holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct At {
    pub(crate) row: usize,
    /// Of the screen.
    pub(crate) line: usize,
    /// Of the host's warnings.
    pub(crate) warning: usize,
    /// Of the host's errors.
    pub(crate) error: usize,
}

impl At {
    fn rows(self) -> Self {
        Self { row: self.row, ..Self::default() }
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { row, line, warning, error } = self;
        match *self == self.rows() {
            true => write!(f, "{row}"),
            false => write!(f, "{row}-{line}-{warning}-{error}"),
        }
    }
}

/// No place in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoPlace;

impl FromStr for At {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let numbers: Result<Vec<usize>, _> = text.split('-').map(str::parse).collect();
        match numbers.as_deref() {
            Ok(&[row]) => Ok(Self { row, ..Self::default() }),
            Ok(&[row, line, warning, error]) => Ok(Self { row, line, warning, error }),
            _ => Err(NoPlace),
        }
    }
}

/// A page of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Page {
    pub(crate) rows: Vec<Json>,
    /// The same to read, one line each: written when they were measured.
    pub(super) copies: Vec<String>,
    /// Rows in all.
    pub(crate) count: usize,
    /// Number of the first row on the page, from 0.
    pub(crate) at: usize,
    /// Lines of the screen on the page, as they fit.
    pub(super) lines: Vec<String>,
    /// Number of the first of them, from 0.
    pub(super) line: usize,
    /// Which of the host's warnings are on the page, and which errors.
    pub(super) host_warnings: Range<usize>,
    pub(super) host_errors: Range<usize>,
    /// Where the next page begins.
    pub(crate) next: Option<At>,
    /// Something was left out of a row, or something follows.
    pub(crate) truncated: bool,
    pub(crate) warnings: Vec<Warning>,
}

/// The page of an answer that begins there.
pub(crate) fn page(rows: &Records, about: &About, at: At, view: &View, room: Room) -> Page {
    match about {
        About::One(one) => of_one(rows, one, at, view, room),
        About::Many(fleet) => {
            let left = match room {
                Room::Model => PAGE_TOKENS.saturating_sub(fleet.tokens() + AROUND).max(LEAST),
                Room::Whole => usize::MAX,
            };
            page_within(rows, at.row, view, &["tenant", "workspace"], left)
        }
    }
}

fn of_one(rows: &Records, one: &One, at: At, view: &View, room: Room) -> Page {
    let whole = room == Room::Whole;
    let follows = at.row < rows.len();
    let most = match follows {
        _ if whole => usize::MAX,
        true => TEXT_TOKENS,
        false => TEXT_ALONE,
    };
    let (lines, line_tokens) = lines_within(one.text.get(at.line..).unwrap_or_default(), most);
    let notes = |all: &mut dyn Iterator<Item = &str>, begin: usize| {
        if whole { (begin..usize::MAX, 0) } else { notes_within(all, begin) }
    };
    let (host_warnings, warning_tokens) = notes(&mut one.warnings.iter().map(String::as_str), at.warning);
    let (host_errors, error_tokens) = notes(&mut one.host_errors.iter().map(|error| &*error.message), at.error);
    let used = AROUND + line_tokens + warning_tokens + error_tokens;
    let left = if whole { usize::MAX } else { PAGE_TOKENS.saturating_sub(used).max(LEAST) };
    let page = page_within(rows, at.row, view, &[], left);
    let next = At {
        row: at.row + page.rows.len(),
        line: at.line + lines.len(),
        warning: host_warnings.end.min(one.warnings.len()),
        error: host_errors.end.min(one.host_errors.len()),
    };
    let moved = next != at && (page.next.is_some() || page.rows.len() + at.row >= rows.len());
    let more = page.next.is_some()
        || next.line < one.text.len()
        || next.warning < one.warnings.len()
        || next.error < one.host_errors.len();
    let cut = lines.iter().zip(one.text.iter().skip(at.line)).any(|(shown, line)| shown.len() != line.len());
    Page {
        next: (moved && more).then_some(next),
        truncated: page.truncated || more || cut,
        lines,
        line: at.line,
        host_warnings: host_warnings.start..next.warning,
        host_errors: host_errors.start..next.error,
        ..page
    }
}

/// Lines from the first on, as many as fit; the first is cut where it must.
fn lines_within(all: &[String], most: usize) -> (Vec<String>, usize) {
    let mut used = 0;
    let mut lines = Vec::new();
    for line in all {
        let cost = if most == usize::MAX { 0 } else { 2 * line_tokens(line) };
        if used + cost > most && !lines.is_empty() {
            break;
        }
        let fits = used + cost <= most;
        lines.push(if fits { line.clone() } else { cut_text(line) });
        used = (used + cost).min(most);
    }
    (lines, used)
}

fn line_tokens(line: &str) -> usize {
    // And quotes, a comma, the end of the line.
    part(line).max(1) + 1
}

/// How many of the host's notes from one on fit a page, and what they cost.
fn notes_within(all: &mut dyn Iterator<Item = &str>, begin: usize) -> (Range<usize>, usize) {
    let mut used = 0;
    let mut end = begin;
    for text in all.skip(begin).take(NOTES) {
        // "Host error (untrusted): ", and its id.
        let cost = 2 * part(start(text, NOTE_CHARS)) + 20;
        if used + cost > NOTES_TOKENS && end > begin {
            break;
        }
        used += cost;
        end += 1;
    }
    (begin..end, used)
}

/// The rows from one on that fit so many tokens. `always` are fields that
/// stand in a row whatever `fields` are asked for.
pub(super) fn page_within(rows: &Records, at: usize, view: &View, always: &[&str], room: usize) -> Page {
    let mut page = Page {
        rows: Vec::new(),
        copies: Vec::new(),
        count: rows.len(),
        at,
        lines: Vec::new(),
        line: 0,
        host_warnings: 0..0,
        host_errors: 0..0,
        next: None,
        truncated: false,
        warnings: Vec::new(),
    };
    let mut used = 0;
    let mut cut = None;
    for row in rows.from(at).take(view.page_size) {
        let mut row = project(row, view.fields.as_deref(), always);
        let mut written = Written::of(&row);
        if page.rows.is_empty() && written.tokens > room {
            cut = Some(shorten(&mut row, room));
            written = Written::of(&row);
        }
        if !page.rows.is_empty() && written.tokens > room - used.min(room) {
            break;
        }
        used += written.tokens;
        page.rows.push(row);
        page.copies.push(written.copy);
    }
    let end = at + page.rows.len();
    page.next = (end < rows.len() && !page.rows.is_empty()).then(|| At { row: end, ..At::default() });
    page.truncated = page.next.is_some() || cut.is_some();
    page.warnings.extend(cut);
    for field in view.fields.iter().flatten() {
        let somewhere = page.rows.iter().filter_map(Json::as_object).any(|row| lookup(row, field).is_some());
        if !somewhere && !page.rows.is_empty() {
            page.warnings.push(Warning::NoSuchField { field: field.clone() });
        }
    }
    page
}

fn lookup<'a>(row: &'a Map<String, Json>, field: &str) -> Option<(&'a String, &'a Json)> {
    row.iter().find(|(name, _)| name.eq_ignore_ascii_case(field))
}

fn project(row: Json, fields: Option<&[String]>, always: &[&str]) -> Json {
    match (row, fields) {
        (Json::Object(row), Some(fields)) => {
            let wanted = always.iter().copied().chain(fields.iter().map(String::as_str));
            let found = wanted.filter_map(|field| lookup(&row, field));
            found.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>().into()
        }
        (row, _) => row,
    }
}

/// Cuts a row until both of its copies fit.
fn shorten(row: &mut Json, room: usize) -> Warning {
    let mut bytes = room / 2 * BYTES;
    let mut warning = shorten_to(row, bytes);
    while Written::of(row).tokens > room && bytes > CUT_CHARS {
        bytes = bytes / 4 * 3;
        warning = warning.and(shorten_to(row, bytes));
    }
    warning
}

/// Cuts a row until it has no more bytes: the longest fields first, and when
/// that is not enough, the last fields altogether. Every field is measured
/// once.
fn shorten_to(row: &mut Json, page: usize) -> Warning {
    let Json::Object(fields) = row else {
        *row = cut(row);
        return Warning::CutWhole;
    };
    let mut sizes: Vec<(String, usize)> =
        fields.iter().map(|(name, value)| (name.clone(), name.len() + length(value) + 4)).collect();
    let mut total: usize = sizes.iter().map(|(_, size)| size).sum();
    sizes.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    let (mut shortened, mut left_out) = (Vec::new(), 0);
    for (name, size) in sizes {
        // What is left of a field is not shorter than this.
        if total <= page || size <= 2 * CUT_CHARS {
            break;
        }
        if let Some(value) = fields.get_mut(&name) {
            *value = cut(value);
            total = total - size + name.len() + length(value) + 4;
            shortened.push(name);
        }
    }
    if total > page {
        let mut room = page.saturating_sub(2);
        let before = fields.len();
        let kept = std::mem::take(fields).into_iter().take_while(|(name, value)| {
            let size = name.len() + length(value) + 4;
            let fits = size <= room;
            room = room.saturating_sub(size);
            fits
        });
        *fields = kept.collect();
        left_out = before - fields.len();
    }
    let named = shortened.iter().take(NAMES).map(|name| start(name, NAME_CHARS).to_owned()).collect();
    Warning::Cut { fields: named, more: shortened.len().saturating_sub(NAMES), left_out }
}

fn cut(value: &Json) -> Json {
    match value {
        Json::String(text) => cut_text(text).into(),
        other => {
            let text = other.to_string();
            format!("{}… (cut; {} bytes of JSON in all)", start(&text, CUT_CHARS), text.len()).into()
        }
    }
}

fn cut_text(text: &str) -> String {
    format!("{}… (cut; {} characters in all)", start(text, CUT_CHARS), text.chars().count())
}
