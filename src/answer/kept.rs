//! Results whose next page somebody may still ask for.
//!
//! A next page comes from the rows that the first page came from: the host is
//! not asked again, and rows cannot move from one page to the other.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value as Json;
use tokio::time::Instant;

use super::case::BadArgument;
use super::page::At;
use super::{About, Records, ToolError};

/// Results kept at once. Chosen: one per analyst and open question.
const RESULTS: usize = 64;

/// Bytes of all of them. The newest is kept whatever it takes: its second page
/// may be asked for next.
///
/// *Chosen*: with the cache's as many again, and one call under way, a server
/// of the default configuration stays below 200 MB (`tests/it/memory.rs`).
const BYTES: usize = 32 << 20;

/// How long a result is kept.
///
/// Chosen: a model reads a page within seconds, a person within minutes.
const KEPT: Duration = Duration::from_secs(600);

/// What belongs together: caller, tool and arguments, but not the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question(String);

impl Question {
    pub(crate) fn new(caller: &str, tool: &str, arguments: &serde_json::Map<String, Json>) -> Self {
        // Sorted by name, whatever order the client sent; how a page looks is no part of the question.
        let mut named: Vec<(&String, &Json)> = arguments
            .iter()
            .filter(|(name, value)| !crate::catalog::schema::VIEW.contains(&name.as_str()) && !value.is_null())
            .collect();
        named.sort_by_key(|(name, _)| *name);
        Self(format!("{caller}\n{tool}\n{named:?}"))
    }
}

#[derive(Debug)]
struct Kept {
    id: String,
    question: Question,
    rows: Arc<Records>,
    about: Arc<About>,
    bytes: usize,
    since: Instant,
    until: Instant,
}

/// A kept result and where its next page begins.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) rows: Arc<Records>,
    /// What the answer says besides.
    pub(crate) about: Arc<About>,
    pub(crate) id: String,
    pub(crate) at: At,
    pub(crate) age: Duration,
}

/// The results.
#[derive(Debug, Default)]
pub(crate) struct Pages(Mutex<Vec<Kept>>);

impl Pages {
    /// Keeps a result under `id`.
    pub(crate) fn keep(&self, id: String, question: Question, (rows, about): (Arc<Records>, Arc<About>), now: Instant) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|kept| kept.until > now);
        let bytes = rows.bytes() + about.bytes();
        let mut all = bytes + kept.iter().map(|kept| kept.bytes).sum::<usize>();
        let over = kept.iter().take_while(|kept| {
            let is_over = all > BYTES;
            all -= kept.bytes;
            is_over
        });
        let over = over.count().max((kept.len() + 1).saturating_sub(RESULTS));
        kept.drain(..over);
        kept.push(Kept { id, question, rows, about, bytes, since: now, until: now + KEPT });
    }

    /// The result that a cursor belongs to.
    pub(crate) fn find(&self, cursor: &str, question: &Question, now: Instant) -> Result<Found, ToolError> {
        let parsed = cursor.split_once('.').and_then(|(id, at)| Some((id, at.parse::<At>().ok()?)));
        let Some((id, at)) = parsed else {
            return Err(ToolError::of(BadArgument::CursorForeign));
        };
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.iter().find(|kept| kept.id == id && kept.until > now) {
            None => Err(ToolError::of(BadArgument::CursorExpired)),
            Some(kept) if kept.question != *question => Err(ToolError::of(BadArgument::CursorOfAnother)),
            Some(kept) => Ok(Found {
                rows: Arc::clone(&kept.rows),
                about: Arc::clone(&kept.about),
                id: kept.id.clone(),
                at,
                age: now - kept.since,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::answer::One;
    use crate::catalog::OutputKind;

    #[tokio::test(start_paused = true)]
    async fn a_cursor_belongs_to_its_question_and_its_caller() {
        let is = |found: Result<Found, ToolError>, why: &BadArgument| *found.unwrap_err().case == why.clone().into();
        let about = Arc::new(About::One(One::of(OutputKind::List)));
        let (pages, start) = (Pages::default(), Instant::now());
        let question = |caller: &str, arguments: serde_json::Value| {
            Question::new(caller, "sentinel_rule_list", arguments.as_object().unwrap())
        };
        let asked = question("local", json!({"tenant": "t", "Enabled": true}));
        pages.keep("id".to_owned(), asked, (Arc::new([json!(1)].into_iter().collect()), about), start);
        // Order, nulls and the view are no part of the question.
        let again = question("local", json!({"Enabled": true, "tenant": "t", "cursor": "id.25", "Kind": null}));
        let found = pages.find("id.25", &again, start).unwrap();
        assert_eq!((found.at, found.id.as_str()), (At { row: 25, ..At::default() }, "id"));
        let other = question("local", json!({"tenant": "u", "Enabled": true}));
        assert!(is(pages.find("id.25", &other, start), &BadArgument::CursorOfAnother));
        let foreign = question("mallory", json!({"tenant": "t", "Enabled": true}));
        assert!(is(pages.find("id.25", &foreign, start), &BadArgument::CursorOfAnother));
        let late = pages.find("id.25", &again, start + Duration::from_secs(600));
        assert!(is(late, &BadArgument::CursorExpired));
        assert!(is(pages.find("25", &again, start), &BadArgument::CursorForeign));
    }

    #[tokio::test(start_paused = true)]
    async fn c9_results_are_kept_by_their_bytes_and_the_newest_always() {
        let (pages, now) = (Pages::default(), Instant::now());
        let question = Question::new("local", "t", &serde_json::Map::new());
        let about = || Arc::new(About::One(One::of(OutputKind::List)));
        let keep = |id: &str, megabytes: usize| {
            let rows: Records = [json!("x".repeat(megabytes << 20))].into_iter().collect();
            pages.keep(id.to_owned(), question.clone(), (Arc::new(rows), about()), now);
        };
        let kept = |id: &str| pages.find(&format!("{id}.0"), &question, now).is_ok();
        for id in ["a", "b", "c"] {
            keep(id, 10);
        }
        assert!(kept("a") && kept("b") && kept("c"));
        keep("d", 10);
        assert!(!kept("a") && kept("b") && kept("d"), "the oldest goes first");
        keep("e", 60);
        assert!(kept("e") && !kept("d"), "the newest stays, however large");
        keep("f", 1);
        assert!(kept("f") && !kept("e"));
    }
}
