//! An answer of several workspaces: what it comes to first, then the rows of
//! each, customer by customer.

use serde_json::{Map, Value as Json};

use super::answer::{Amount, Look, columns, count, left_out, list, many, object, row, shown};
use super::cell::{cell, is_scalar};
use super::columns::{Columns, Row};
use super::table::Table;
use super::{Sheet, Tone};

/// What says whose a row is. It stands above the rows.
const WHOSE: [&str; 2] = ["tenant", "workspace"];

/// The fewest rows of a workspace that say something about it.
const FEWEST: usize = 3;

/// How many rows of how many workspaces are shown, so that every customer is
/// seen and the whole is no longer than a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Share {
    pub(in crate::cli) workspaces: usize,
    pub(in crate::cli) rows: usize,
}

impl Share {
    /// Of `room` rows, between so many workspaces that have rows.
    pub(in crate::cli) fn of(room: Option<usize>, workspaces: usize) -> Self {
        let Some(room) = room else { return Self { workspaces: usize::MAX, rows: usize::MAX } };
        let rows = (room / workspaces.max(1)).max(FEWEST);
        Self { workspaces: (room / rows).max(1), rows }
    }
}

/// The workspaces that have rows, as an answer counts them.
pub(in crate::cli) fn with_rows(envelope: &Map<String, Json>) -> usize {
    let lines = envelope.get("workspaces").and_then(Json::as_array).into_iter().flatten();
    let fine = lines.filter(|line| line.get("count").and_then(Json::as_u64) != Some(0)).count();
    let left_out = envelope.get("workspacesLeftOut").and_then(|counts| counts.get("done")).and_then(Json::as_u64);
    fine + left_out.and_then(|count| usize::try_from(count).ok()).unwrap_or_default()
}

pub(super) fn put(sheet: &mut Sheet, envelope: &Map<String, Json>, look: Look<'_>) {
    let rows = groups(envelope.get("data"));
    let lines: Vec<&Row> = envelope.get("workspaces").and_then(list).unwrap_or_default();
    if look.amount == Amount::All {
        summary(sheet, envelope, &lines, look);
    }
    let share = Share::of(look.room, with_rows(envelope).max(rows.len()));
    let seen: Vec<&Group> = rows.iter().take(share.workspaces).collect();
    let shown_rows: Vec<&Row> = seen.iter().flat_map(|group| group.rows.iter().take(share.rows)).collect();
    let (columns, fit) = columns(&shown_rows, look, &WHOSE);
    let mut objects = false;
    for group in &seen {
        sheet.gap();
        sheet.line(Tone::Title, group.title(share.rows.min(group.rows.len()), &lines));
        match group.rows.as_slice() {
            [one] if one.values().any(|value| list(value).is_some()) => {
                objects = true;
                // What its line in the summary says is not said again.
                let said: Vec<&str> = lines.iter().flat_map(|line| line.keys()).map(String::as_str).collect();
                object(sheet, one, look.width, &said);
            }
            rows => sheet.table(&columns.table(rows.iter().take(share.rows), fit)),
        }
    }
    if look.amount == Amount::All && !shown_rows.is_empty() {
        sheet.gap();
        sheet.line(Tone::Plain, shown(shown_rows.len(), count(envelope)));
        if !objects {
            left_out(sheet, &columns, look.width);
        }
    }
}

/// How the whole ended, a line per workspace, and why some are missing.
fn summary(sheet: &mut Sheet, envelope: &Map<String, Json>, lines: &[&Row], look: Look<'_>) {
    let customers = customers(lines);
    sheet.line(
        Tone::Title,
        format!(
            "{}: {} in {} of {}",
            look.title,
            many(count(envelope), "row"),
            many(asked(envelope).unwrap_or(lines.len()), "workspace"),
            many(customers.len(), "customer")
        ),
    );
    let words = envelope.get("summary").and_then(Json::as_object).into_iter().flatten();
    // How many were asked and answered is in the table.
    let words = words.filter(|(name, value)| is_scalar(value) && value.is_string() && *name != "asked");
    let words: Vec<String> = words.map(|(name, value)| format!("{name} {}", cell(value))).collect();
    if !words.is_empty() {
        sheet.words(Tone::Plain, &words.join(", "), look.width);
    }
    sheet.gap();
    let sorted: Vec<&Row> = customers
        .iter()
        .flat_map(|customer| lines.iter().filter(move |line| line.get("tenant") == *customer))
        .copied()
        .collect();
    let columns = Columns::fitting(&sorted, look.width, &["error"]);
    let mut table: Table = columns.table([], super::Fit::Cut);
    for line in &sorted {
        table.toned(tone(line), columns.cells(line));
    }
    sheet.table(&table);
    let missing = sorted.iter().filter_map(|line| Some((line, line.get("error")?)));
    for (at, (line, error)) in missing.enumerate() {
        if at == 0 {
            sheet.gap();
        }
        let place = WHOSE.map(|name| line.get(name).map(cell).unwrap_or_default()).join("/");
        sheet.words(Tone::Bad, &format!("{place}: {}", cell(error)), look.width);
    }
}

fn asked(envelope: &Map<String, Json>) -> Option<usize> {
    usize::try_from(envelope.get("summary")?.get("asked")?.as_u64()?).ok()
}

/// Each once, in the order in which they come.
fn customers<'a>(lines: &[&'a Row]) -> Vec<Option<&'a Json>> {
    let mut customers: Vec<Option<&Json>> = Vec::new();
    for line in lines {
        let tenant = line.get("tenant");
        if !customers.contains(&tenant) {
            customers.push(tenant);
        }
    }
    customers.sort_by_key(|tenant| tenant.and_then(Json::as_str));
    customers
}

fn tone(line: &Row) -> Tone {
    let is =
        |name: &str, words: &[&str]| line.get(name).and_then(Json::as_str).is_some_and(|word| words.contains(&word));
    if line.contains_key("error") || is("status", &["error"]) {
        Tone::Bad
    } else if is("status", &["warning", "unknown"]) {
        Tone::Warning
    } else {
        Tone::Plain
    }
}

/// The rows of one workspace.
struct Group {
    whose: [String; 2],
    rows: Vec<Row>,
}

impl Group {
    /// Whose they are, and how many of how many.
    fn title(&self, shown: usize, lines: &[&Row]) -> String {
        let place = self.whose.join(" / ");
        let is = |line: &&&Row| {
            WHOSE.iter().zip(&self.whose).all(|(name, whose)| line.get(*name).map(cell).as_ref() == Some(whose))
        };
        let count = lines.iter().find(is).map_or(self.rows.len(), |line| count(line));
        if count > shown { format!("{place}: {shown} of {}", many(count, "row")) } else { place }
    }
}

/// Rows by workspace, workspaces by customer, each in the order in which it
/// comes.
fn groups(data: Option<&Json>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for row in data.and_then(Json::as_array).into_iter().flatten().map(row) {
        let whose = WHOSE.map(|name| row.get(name).map(cell).unwrap_or_default());
        match groups.iter_mut().find(|group| group.whose == whose) {
            Some(group) => group.rows.push(row),
            None => groups.push(Group { whose, rows: vec![row] }),
        }
    }
    groups.sort_by(|a, b| a.whose[0].cmp(&b.whose[0]));
    groups
}
