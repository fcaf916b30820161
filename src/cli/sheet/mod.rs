//! What a person reads: lines, tables and answers made of them.
//!
//! Everything here is a value. What is asked of a sheet is how wide it may be;
//! `print` puts it on the terminal.

mod answer;
mod cell;
mod columns;
mod fleet;
mod table;

pub(super) use answer::{Amount, Look, answer};
pub(super) use fleet::{Share, with_rows};
pub(super) use table::{Column, Fit, Table};

/// Lines to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sheet(Vec<Line>);

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) tone: Tone,
}

/// What a line is, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    /// Names what follows.
    Title,
    /// The names of columns.
    Heading,
    /// Beside the matter.
    Faint,
    Warning,
    Bad,
}

impl Sheet {
    pub(super) fn lines(&self) -> &[Line] {
        &self.0
    }

    /// One line. A line end in it is shown, it ends no line of ours.
    pub(super) fn line(&mut self, tone: Tone, text: impl Into<String>) {
        self.0.push(Line { text: text.into(), tone });
    }

    /// An empty line, unless there is nothing to stand apart from.
    pub(super) fn gap(&mut self) {
        if self.0.last().is_some_and(|line| !line.text.is_empty()) {
            self.line(Tone::Plain, "");
        }
    }

    pub(super) fn table(&mut self, table: &Table) {
        self.0.extend(table.lines());
    }

    /// Words, broken where the width ends.
    pub(super) fn words(&mut self, tone: Tone, text: &str, width: usize) {
        let mut table = Table::new(vec![Column::new("")], Fit::Wrap(width));
        table.row(vec![text.to_owned()]);
        let lines = table.body();
        self.0.extend(lines.into_iter().map(|text| Line { text, tone }));
    }

    #[cfg(test)]
    fn text(&self) -> String {
        self.0.iter().map(|line| format!("{}\n", line.text)).collect()
    }
}
