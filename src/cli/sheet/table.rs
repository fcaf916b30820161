//! A table without lines around its cells: it is read, copied and cut.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Row, Width, presets};
use unicode_width::UnicodeWidthStr as _;

use super::{Line, Tone};

/// Columns between two columns.
pub(super) const GAP: usize = 2;

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Column {
    pub(super) name: String,
    /// As wide as its widest cell, if that is not wider.
    pub(super) width: Option<usize>,
    pub(super) right: bool,
}

/// What becomes of a cell that is wider than its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Fit {
    /// It is cut: a row is a line.
    Cut,
    /// It goes on below, and the whole is so wide at most.
    Wrap(usize),
}

/// Names of columns, and rows.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Table {
    columns: Vec<Column>,
    rows: Vec<(Tone, Vec<String>)>,
    fit: Fit,
}

impl Column {
    pub(in crate::cli) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), width: None, right: false }
    }

    /// The same, as wide as there is room.
    pub(super) fn free(self) -> Self {
        Self { width: None, ..self }
    }
}

impl Table {
    pub(in crate::cli) fn new(columns: Vec<Column>, fit: Fit) -> Self {
        Self { columns, rows: Vec::new(), fit }
    }

    /// A row. Its cells are [visible](super::super::visible) already.
    pub(in crate::cli) fn row(&mut self, cells: Vec<String>) {
        self.toned(Tone::Plain, cells);
    }

    pub(super) fn toned(&mut self, tone: Tone, cells: Vec<String>) {
        self.rows.push((tone, cells));
    }

    /// Its lines, the names of the columns first.
    pub(super) fn lines(&self) -> Vec<Line> {
        let tones = self.rows.iter().map(|(tone, _)| *tone);
        let mut lines = self.drawn().into_iter();
        let mut drawn = Vec::new();
        drawn.extend(lines.next().map(|text| Line { text, tone: Tone::Heading }));
        match self.fit {
            Fit::Cut => drawn.extend(lines.zip(tones).map(|(text, tone)| Line { text, tone })),
            Fit::Wrap(_) => drawn.extend(lines.map(|text| Line { text, tone: Tone::Plain })),
        }
        drawn
    }

    /// Its lines without the names of the columns.
    pub(super) fn body(&self) -> Vec<String> {
        self.drawn().into_iter().skip(1).collect()
    }

    fn drawn(&self) -> Vec<String> {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING).set_truncation_indicator("…");
        let mut heading = Row::from(self.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>());
        heading.max_height(1);
        table.set_header(heading);
        for (_, cells) in &self.rows {
            if self.fit == Fit::Cut {
                let widths = self.columns.iter().map(|column| column.width);
                table.add_row(cells.iter().zip(widths).map(|(cell, width)| cut(cell, width)).collect::<Vec<_>>());
            } else {
                table.add_row(cells.clone());
            }
        }
        if let Fit::Wrap(width) = self.fit {
            table.set_content_arrangement(ContentArrangement::Dynamic);
            table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
        } else {
            // Without it, no constraint is looked at.
            table.set_content_arrangement(ContentArrangement::Dynamic);
            table.set_width(u16::MAX);
        }
        let last = self.columns.len().saturating_sub(1);
        for (index, (column, drawn)) in self.columns.iter().zip(table.column_iter_mut()).enumerate() {
            let gap = if index == last { 0 } else { u16::try_from(GAP).unwrap_or_default() };
            drawn.set_padding((0, gap));
            if column.right {
                drawn.set_cell_alignment(CellAlignment::Right);
            }
            if let Some(width) = column.width {
                let width = u16::try_from(width).unwrap_or(u16::MAX).saturating_add(gap);
                drawn.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
            }
        }
        table.lines().map(|line| line.trim_end().to_owned()).collect()
    }
}

/// What of the cell is not wider than that. The table would cut between words.
fn cut(cell: &str, most: Option<usize>) -> String {
    let Some(most) = most.filter(|most| width(cell) > *most) else { return cell.to_owned() };
    let mut kept = String::new();
    for c in cell.chars() {
        kept.push(c);
        if width(&kept) >= most {
            kept.pop();
            break;
        }
    }
    format!("{}…", kept.trim_end())
}

/// Columns that a terminal needs for it.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(table: &Table) -> String {
        table.lines().iter().map(|line| format!("{}\n", line.text)).collect()
    }

    #[test]
    fn columns_stand_below_each_other_whatever_the_letters_are() {
        let mut columns = vec![Column::new("Name"), Column::new("Count"), Column::new("Owner")];
        columns[1].right = true;
        let mut table = Table::new(columns, Fit::Cut);
        for (name, count, owner) in [("Übergröße", "7", "ö"), ("规则", "1200", "x"), ("cafe\u{301}", "", "y")] {
            table.row(vec![name.to_owned(), count.to_owned(), owner.to_owned()]);
        }
        assert_eq!(
            text(&table),
            "Name       Count  Owner\nÜbergröße      7  ö\n规则        1200  x\ncafe\u{301}              y\n"
        );
    }

    #[test]
    fn a_cell_is_cut_or_goes_on_below() {
        let columns = || vec![Column { name: "Name".to_owned(), width: Some(12), right: false }, Column::new("On")];
        let mut cut = Table::new(columns(), Fit::Cut);
        cut.row(vec!["Sign-in from a country new for the user".to_owned(), "true".to_owned()]);
        assert_eq!(text(&cut), "Name          On\nSign-in fro…  true\n");
        let mut wrapped = Table::new(columns(), Fit::Wrap(40));
        wrapped.row(vec!["Sign-in from a country".to_owned(), "true".to_owned()]);
        assert_eq!(text(&wrapped), "Name          On\nSign-in from  true\na country\n");
    }
}
