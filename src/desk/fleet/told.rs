//! What came of a question, before it is cut into pages.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::fan_out::{self, Said};
use crate::answer::{About, Fleet, Lines, Records};
use crate::desk::matter::Place;

/// What came of a question.
#[derive(Debug)]
pub struct Told {
    /// The rows, all of them.
    pub rows: Arc<Records>,
    /// What the answer says besides.
    pub about: About,
    /// Each workspace of several, and how it ended there.
    pub places: Vec<Place>,
}

impl Told {
    /// A question over several workspaces, with `more` keys of its own.
    pub(super) fn many<T>(said: &[Said<T>], rows: Records, lines: Lines, more: Map<String, Json>) -> Self {
        let (outcome, code) = fan_out::verdict(said);
        let missing = said.iter().filter_map(Said::missing).collect();
        let about = About::Many(Fleet { outcome, code, lines, missing, more, cached: None });
        Self { rows: Arc::new(rows), about, places: said.iter().map(Said::ended).collect() }
    }

    /// The same when every row was kept from before: the age of the oldest.
    pub(super) fn cached(mut self, age: Option<std::time::Duration>) -> Self {
        if let About::Many(fleet) = &mut self.about {
            fleet.cached = age;
        }
        self
    }
}
