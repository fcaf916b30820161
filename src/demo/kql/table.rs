//! Tables, as queries read and answer them.

use std::sync::Arc;

use super::value::{Kind, Value};

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::demo) struct Column {
    pub(in crate::demo) name: Arc<str>,
    pub(in crate::demo) kind: Kind,
}

/// A row; shared by all tables that it passes through unchanged.
pub(in crate::demo) type Row = Arc<[Value]>;

/// Columns and rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::demo) struct Table {
    /// Its name; `PrimaryResult` for an answer.
    pub(in crate::demo) name: String,
    pub(in crate::demo) columns: Vec<Column>,
    pub(in crate::demo) rows: Vec<Row>,
    /// Whether the order of its rows means something.
    pub(in crate::demo) ordered: bool,
}

impl Column {
    pub(in crate::demo) fn new(name: impl AsRef<str>, kind: Kind) -> Self {
        Self { name: Arc::from(name.as_ref()), kind }
    }
}

impl Table {
    /// A table without rows; `columns` is `name:type` with blanks between.
    pub(in crate::demo) fn empty(name: &str, columns: &str) -> Self {
        let columns = columns.split_whitespace().filter_map(|column| {
            let (name, kind) = column.split_once(':')?;
            Some(Column::new(name, Kind::named(kind)?))
        });
        Self { name: name.to_owned(), columns: columns.collect(), ..Self::default() }
    }

    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| &*column.name == name)
    }

    /// The same columns with other rows.
    pub(super) fn with_rows(&self, rows: Vec<Row>) -> Self {
        Self { rows, columns: self.columns.clone(), name: self.name.clone(), ordered: self.ordered }
    }
}
