//! Results whose next page somebody may still ask for.
//!
//! A next page comes from the rows that the first page came from: the host is
//! not asked again, and rows cannot move from one page to the other.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value as Json;
use tokio::time::Instant;

use super::shape::Fleet;
use crate::catalog::ToolError;

/// Results kept at once. Chosen: one per analyst and open question.
const RESULTS: usize = 64;

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
    rows: Arc<Vec<Json>>,
    fleet: Option<Arc<Fleet>>,
    since: Instant,
    until: Instant,
}

/// A kept result and where its next page begins.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) rows: Arc<Vec<Json>>,
    /// How it ended, for rows of many workspaces.
    pub(crate) fleet: Option<Arc<Fleet>>,
    pub(crate) id: String,
    pub(crate) at: usize,
    pub(crate) age: Duration,
}

/// The results.
#[derive(Debug, Default)]
pub(super) struct Pages(Mutex<Vec<Kept>>);

impl Pages {
    /// Keeps a result under `id`.
    pub(super) fn keep(
        &self,
        id: String,
        question: Question,
        (rows, fleet): (Arc<Vec<Json>>, Option<Arc<Fleet>>),
        now: Instant,
    ) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|kept| kept.until > now);
        if kept.len() >= RESULTS {
            kept.remove(0);
        }
        kept.push(Kept { id, question, rows, fleet, since: now, until: now + KEPT });
    }

    /// The result that a cursor belongs to.
    pub(super) fn find(&self, cursor: &str, question: &Question, now: Instant) -> Result<Found, ToolError> {
        let parsed = cursor.split_once('.').and_then(|(id, at)| Some((id, at.parse::<usize>().ok()?)));
        let Some((id, at)) = parsed else {
            return Err(ToolError::invalid("The cursor is not one of this server; leave it out to start again."));
        };
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.iter().find(|kept| kept.id == id && kept.until > now) {
            None => Err(ToolError::invalid("The cursor has expired; leave it out to start again.")),
            Some(kept) if kept.question != *question => Err(ToolError::invalid(
                "The cursor belongs to a call with other arguments; repeat those, or leave the cursor out to start again.",
            )),
            Some(kept) => Ok(Found {
                rows: Arc::clone(&kept.rows),
                fleet: kept.fleet.clone(),
                id: kept.id.clone(),
                at,
                age: now - kept.since,
            }),
        }
    }
}
