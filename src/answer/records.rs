//! Rows as they are kept: written once, read again when they are shown.

use serde_json::Value as Json;

/// Rows of an answer, as JSON text.
///
/// *Chosen*: a tree of values takes several times the bytes of its text, and
/// of a thousand kept rows a page shows 25.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Records {
    // Each in a piece of its own: one text of all would be twice as large while it grows.
    rows: Vec<Box<[u8]>>,
    bytes: usize,
}

impl Records {
    /// Adds a row.
    pub fn push(&mut self, row: &Json) {
        // Neither does a vector fail, nor is a key of JSON anything but a string.
        let row = serde_json::to_vec(row).unwrap_or_default().into_boxed_slice();
        self.bytes += row.len() + size_of::<Box<[u8]>>();
        self.rows.push(row);
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Bytes that they take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The rows from the one of that number on.
    pub fn from(&self, at: usize) -> impl Iterator<Item = Json> {
        // It was written here.
        self.rows.iter().skip(at).map(|row| serde_json::from_slice(row).unwrap_or_default())
    }

    /// All rows.
    pub fn iter(&self) -> impl Iterator<Item = Json> {
        self.from(0)
    }
}

impl FromIterator<Json> for Records {
    fn from_iter<T: IntoIterator<Item = Json>>(rows: T) -> Self {
        let mut records = Self::default();
        for row in rows {
            records.push(&row);
        }
        records
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_come_back_as_they_were() {
        let rows = vec![json!({"b": 1, "a": "ü\n"}), json!(null), json!(1.5), json!([{}])];
        let records: Records = rows.clone().into_iter().collect();
        assert_eq!((records.len(), records.iter().collect::<Vec<_>>()), (4, rows.clone()));
        assert_eq!(records.from(2).collect::<Vec<_>>(), rows[2..]);
        assert_eq!(records.from(9).count(), 0);
    }
}
