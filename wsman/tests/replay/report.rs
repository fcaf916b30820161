//! What a replay found.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};

use crate::outside::note;

/// Counts, what was left out and why, what is wrong.
#[derive(Default)]
pub(crate) struct Report {
    counts: BTreeMap<String, usize>,
    left_out: Vec<(String, String)>,
    wrong: Vec<String>,
}

impl Report {
    pub(crate) fn count(&mut self, what: impl Into<String>) {
        self.add(what, 1);
    }

    pub(crate) fn add(&mut self, what: impl Into<String>, number: usize) {
        *self.counts.entry(what.into()).or_default() += number;
    }

    pub(crate) fn counted(&self, what: &str) -> usize {
        self.counts.get(what).copied().unwrap_or_default()
    }

    /// A file, or a part of one, that was not replayed.
    pub(crate) fn leave_out(&mut self, what: impl Display, why: impl Into<String>) {
        self.left_out.push((what.to_string(), why.into()));
    }

    pub(crate) fn left_out(&self) -> &[(String, String)] {
        &self.left_out
    }

    /// A defect: of ours, or of the recording.
    pub(crate) fn wrong(&mut self, what: impl Into<String>) {
        self.wrong.push(what.into());
    }

    pub(crate) fn take(&mut self, other: Self) {
        for (what, number) in other.counts {
            self.add(what, number);
        }
        self.left_out.extend(other.left_out);
        self.wrong.extend(other.wrong);
    }

    /// Notes all of it.
    pub(crate) fn print(&self, title: &str) {
        let mut text = format!("\n== {title}\n");
        for (what, number) in &self.counts {
            let _ = writeln!(text, "{number:>8}  {what}");
        }
        let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (what, why) in &self.left_out {
            reasons.entry(why).or_default().push(what);
        }
        for (why, what) in reasons {
            let _ = writeln!(text, "    left out ({}): {why}\n        {}", what.len(), what.join("\n        "));
        }
        note(text);
    }

    /// # Panics
    ///
    /// When anything is wrong.
    pub(crate) fn check(&self) {
        let shown: Vec<_> = self.wrong.iter().take(60).map(String::as_str).collect();
        assert!(self.wrong.is_empty(), "{} things are wrong:\n{}", self.wrong.len(), shown.join("\n"));
    }
}
