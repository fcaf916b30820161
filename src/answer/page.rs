//! Pages of rows, and what is cut where one row is longer than a page.

use serde_json::{Map, Value as Json};

use super::case::Warning;
use super::text::start;
use super::view::View;
use super::written::{Written, length};

/// Bytes of JSON on a page at most.
///
/// Chosen: about 6,000 tokens at four bytes each; clients warn at 10,000.
pub(super) const PAGE_BYTES: usize = 24_000;
/// Names of cut fields in a warning at most.
const NAMES: usize = 10;
/// Characters of one of them.
const NAME_CHARS: usize = 100;
/// Characters that are left of a text that does not fit a page.
const CUT_CHARS: usize = 2_000;

/// A page of rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Page {
    pub(crate) rows: Vec<Json>,
    /// The same to read, one line each: written when they were measured.
    pub(super) copies: Vec<String>,
    /// Rows in all.
    pub(crate) count: usize,
    /// Number of the first row on the page, from 0.
    pub(crate) at: usize,
    /// Where the next page begins.
    pub(crate) next: Option<usize>,
    /// Something was left out of a row, or rows follow.
    pub(crate) truncated: bool,
    pub(crate) warnings: Vec<Warning>,
}

/// The page of `rows` that begins at `at`, within so many bytes of JSON.
pub(crate) fn page_within(rows: &[Json], at: usize, view: &View, room: usize) -> Page {
    let mut page = Page {
        rows: Vec::new(),
        copies: Vec::new(),
        count: rows.len(),
        at,
        next: None,
        truncated: false,
        warnings: Vec::new(),
    };
    let mut bytes = 0;
    let mut cut = None;
    for row in rows.iter().skip(at).take(view.page_size) {
        let mut row = project(row, view.fields.as_deref());
        let mut written = Written::of(&row);
        if page.rows.is_empty() && written.bytes > room {
            cut = Some(shorten(&mut row, room));
            written = Written::of(&row);
        }
        if !page.rows.is_empty() && bytes + written.bytes > room {
            break;
        }
        bytes += written.bytes;
        page.rows.push(row);
        page.copies.push(written.copy);
    }
    let end = at + page.rows.len();
    page.next = (end < rows.len() && !page.rows.is_empty()).then_some(end);
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

fn project(row: &Json, fields: Option<&[String]>) -> Json {
    match (row, fields) {
        (Json::Object(row), Some(fields)) => {
            let found = fields.iter().filter_map(|field| lookup(row, field));
            found.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>().into()
        }
        _ => row.clone(),
    }
}

/// Cuts a row until it fits a page: the longest fields first, and when that is
/// not enough, the last fields altogether. Every field is measured once.
fn shorten(row: &mut Json, page: usize) -> Warning {
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
        let mut room = page - 2;
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
        Json::String(text) => {
            format!("{}… (cut; {} characters in all)", start(text, CUT_CHARS), text.chars().count()).into()
        }
        other => {
            let text = other.to_string();
            format!("{}… (cut; {} bytes of JSON in all)", start(&text, CUT_CHARS), text.len()).into()
        }
    }
}
