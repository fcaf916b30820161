//! An answer, to be read.

use serde_json::{Map, Value as Json};

use super::cell::{cell, is_empty};
use super::columns::{Columns, Row};
use super::fleet;
use super::table::{Column, Fit, Table, width};
use super::{Sheet, Tone};

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Amount {
    /// Rows, what they come to, and what else there is.
    All,
    /// Rows, and whose they are.
    Rows,
}

/// How an answer is shown.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Look<'a> {
    /// What was asked, in words.
    pub(in crate::cli) title: &'a str,
    /// Columns of the terminal.
    pub(in crate::cli) width: usize,
    pub(in crate::cli) amount: Amount,
    /// The fields were named: all of them are shown.
    pub(in crate::cli) has_fields: bool,
    /// Rows of a fleet answer at most, over all workspaces; `None`: all of
    /// them.
    pub(in crate::cli) room: Option<usize>,
}

/// The narrowest terminal that is taken for one. Chosen: below, nothing can
/// be read; it wraps there.
const NARROWEST: usize = 40;

/// The sheet of an answer that is no refusal.
pub(in crate::cli) fn answer(envelope: &Map<String, Json>, look: Look<'_>) -> Sheet {
    let look = Look { width: look.width.max(NARROWEST), ..look };
    let mut sheet = Sheet::default();
    if envelope.contains_key("workspaces") {
        fleet::put(&mut sheet, envelope, look);
    } else {
        put(&mut sheet, envelope, look);
    }
    if look.amount == Amount::All {
        notes(&mut sheet, envelope, look.width);
    }
    sheet
}

/// An answer of one workspace.
fn put(sheet: &mut Sheet, envelope: &Map<String, Json>, look: Look<'_>) {
    let says = look.amount == Amount::All;
    if says {
        let names = ["tenant", "workspace"].map(|name| envelope.get(name).map(cell).unwrap_or_default());
        sheet.line(Tone::Title, format!("{} on {}", look.title, names.join("/")));
        sheet.gap();
    }
    match envelope.get("data") {
        None | Some(Json::Null) if says => sheet.line(Tone::Plain, "nothing found"),
        None | Some(Json::Null) => {}
        Some(Json::Array(rows)) if rows.is_empty() && says => sheet.line(Tone::Plain, "nothing found"),
        Some(Json::Array(rows)) => {
            let rows: Vec<Row> = rows.iter().map(row).collect();
            let rows: Vec<&Row> = rows.iter().collect();
            let (columns, fit) = columns(&rows, look, &[]);
            sheet.table(&columns.table(rows.iter().copied(), fit));
            if says {
                sheet.gap();
                let count = count(envelope);
                sheet.line(Tone::Plain, shown(rows.len(), count));
                left_out(sheet, &columns, look.width);
            }
        }
        Some(Json::Object(fields)) => object(sheet, fields, look.width, &[]),
        Some(other) => sheet.words(Tone::Plain, &cell(other), look.width),
    }
}

/// How many rows there are in all.
pub(super) fn count(envelope: &Map<String, Json>) -> usize {
    envelope.get("count").and_then(Json::as_u64).and_then(|count| usize::try_from(count).ok()).unwrap_or_default()
}

/// What the rows that are shown are of all.
pub(super) fn shown(shown: usize, count: usize) -> String {
    match count.saturating_sub(shown) {
        0 => format!("{} in all.", many(count, "row")),
        _ => format!("{shown} of {}; --all shows every one.", many(count, "row")),
    }
}

pub(super) fn many(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A row; what is no object has one field.
pub(super) fn row(value: &Json) -> Row {
    match value {
        Json::Object(fields) => fields.clone(),
        other => std::iter::once(("value".to_owned(), other.clone())).collect(),
    }
}

/// The columns that are shown, and what happens to long cells in them.
pub(super) fn columns(rows: &[&Row], look: Look<'_>, but: &[&str]) -> (Columns, Fit) {
    if look.has_fields {
        (Columns::all(rows, look.width, but), Fit::Wrap(look.width))
    } else {
        (Columns::fitting(rows, look.width, but), Fit::Cut)
    }
}

/// Which fields have no column.
pub(super) fn left_out(sheet: &mut Sheet, columns: &Columns, room: usize) {
    if columns.left_out.is_empty() {
        return;
    }
    let mut line = String::from("Not shown: ");
    let end = "; --arg fields=NAME,NAME chooses.";
    for (at, name) in columns.left_out.iter().enumerate() {
        let more = columns.left_out.len() - at;
        if at > 0 && width(&line) + name.len() + end.len() + 16 > room {
            line.push_str(&format!(" and {more} more"));
            break;
        }
        line.push_str(if at > 0 { ", " } else { "" });
        line.push_str(&cell(&Json::from(name.as_str())));
    }
    line.push_str(end);
    sheet.words(Tone::Faint, &line, room);
}

/// One object: a line per field, and a table for every list of objects in it.
pub(super) fn object(sheet: &mut Sheet, fields: &Row, room: usize, but: &[&str]) {
    let filled = || fields.iter().filter(|(name, value)| !is_empty(value) && !but.contains(&name.as_str()));
    let mut pairs = Table::new(vec![Column::new(""), Column::new("")], Fit::Wrap(room));
    for (name, value) in filled().filter(|(_, value)| list(value).is_none()) {
        pairs.row(vec![cell(&Json::from(name.as_str())), cell(value)]);
    }
    for line in pairs.body() {
        sheet.line(Tone::Plain, line);
    }
    let is_alone = filled().count() == 1;
    for (name, rows) in filled().filter_map(|(name, value)| Some((name, list(value)?))) {
        if !is_alone {
            sheet.gap();
            sheet.line(Tone::Title, cell(&Json::from(name.as_str())));
        }
        let columns = Columns::fitting(&rows, room, &[]);
        // Few rows, and what they say is what was asked for: nothing is cut.
        let columns = Columns { columns: columns.columns.into_iter().map(Column::free).collect(), ..columns };
        sheet.table(&columns.table(rows.iter().copied(), Fit::Wrap(room)));
    }
}

/// The objects of a list that holds nothing else.
pub(super) fn list(value: &Json) -> Option<Vec<&Row>> {
    let items = value.as_array().filter(|items| !items.is_empty())?;
    items.iter().map(Json::as_object).collect()
}

/// What else was said, by us and by the host.
fn notes(sheet: &mut Sheet, envelope: &Map<String, Json>, room: usize) {
    let texts = |name: &str| envelope.get(name).and_then(Json::as_array).into_iter().flatten();
    let screen: Vec<&Json> = texts("text").collect();
    if !screen.is_empty() {
        sheet.gap();
        sheet.line(Tone::Title, "Written to the screen of the host");
        screen.iter().for_each(|line| sheet.words(Tone::Plain, &cell(line), room));
    }
    let of_host = texts("hostErrors").filter_map(|error| error.get("message"));
    let said = texts("warnings").map(|warning| (Tone::Warning, "Warning", warning));
    let said = said.chain(texts("hostWarnings").map(|warning| (Tone::Warning, "The host warns", warning)));
    let said = said.chain(of_host.map(|error| (Tone::Bad, "The host's error", error)));
    for (at, (tone, what, text)) in said.enumerate() {
        if at == 0 {
            sheet.gap();
        }
        sheet.words(tone, &format!("{what}: {}", cell(text)), room);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const LOOK: Look<'static> =
        Look { title: "List incidents", width: 72, amount: Amount::All, has_fields: false, room: None };

    fn text(envelope: &Json, look: Look<'_>) -> String {
        answer(envelope.as_object().unwrap(), look).text()
    }

    #[test]
    fn a_page_says_what_is_left_out_of_it() {
        let rows: Vec<Json> = (1..=2).map(|n| json!({"IncidentNumber": n, "Title": "Break\u{9b}-glass"})).collect();
        let envelope = json!({"tenant": "nordhafen", "workspace": "prod", "data": rows, "count": 89,
            "warnings": ["one"], "hostWarnings": ["two\nlines"], "hostErrors": [{"message": "three\u{1b}[1m"}]});
        assert_eq!(
            text(&envelope, LOOK),
            "List incidents on nordhafen/prod\n\nIncidentNumber  Title\n             1  Break\\u009b-glass\n             \
             2  Break\\u009b-glass\n\n2 of 89 rows; --all shows every one.\n\nWarning: one\nThe host warns: \
             two\\nlines\nThe host's error: three\\u001b[1m\n"
        );
        let rows = text(&envelope, Look { amount: Amount::Rows, ..LOOK });
        assert_eq!(rows.lines().count(), 3, "{rows}");
    }

    #[test]
    fn an_object_is_a_line_per_field_and_its_lists_are_tables() {
        let envelope = json!({"tenant": "t", "workspace": "w", "count": 1, "data": {
            "Title": "Mass download", "Owner": null, "Tactics": ["Exfiltration"],
            "Comments": [{"Author": "a.petersen", "Message": "Seen before, and it was a backup that somebody ran by hand at night."}]}});
        assert_eq!(
            text(&envelope, LOOK),
            "List incidents on t/w\n\nTitle    Mass download\nTactics  Exfiltration\n\nComments\nAuthor      \
             Message\na.petersen  Seen before, and it was a backup that somebody ran by hand\n            at night.\n"
        );
    }

    #[test]
    fn nothing_is_said_to_be_nothing() {
        for data in [json!(null), json!([])] {
            let envelope = json!({"tenant": "t", "workspace": "w", "data": data, "count": 0});
            assert_eq!(text(&envelope, LOOK), "List incidents on t/w\n\nnothing found\n");
        }
    }
}
