//! The pages of one answer, asked for one after the other.
//!
//! A cursor lives as long as the desk that gave it, and the desk as long as
//! this process: so pages are walked here or not at all, and no cursor is ever
//! printed.

use std::pin::Pin;

use serde_json::{Map, Value as Json};
use tokio_util::sync::CancellationToken;

use super::{Exit, signal};
use crate::access::Caller;
use crate::answer::Answer;
use crate::call::Confirm;
use crate::desk::{Desk, Door, Request};
use crate::tenant::Language;

/// One question, and where its answer has been read to.
pub(super) struct Walk<'a> {
    desk: &'a Desk,
    caller: &'a Caller,
    tool: &'a str,
    arguments: Map<String, Json>,
    confirm: &'a dyn Confirm,
    language: Option<Language>,
    cancel: CancellationToken,
    told_to_end: Pin<Box<dyn Future<Output = ()> + 'a>>,
    /// Nothing follows.
    ended: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        desk: &'a Desk,
        caller: &'a Caller,
        tool: &'a str,
        arguments: Map<String, Json>,
        confirm: &'a dyn Confirm,
    ) -> Self {
        let told_to_end = Box::pin(signal::told_to_end(signal::HangUp::Ends));
        let cancel = CancellationToken::new();
        Self { desk, caller, tool, arguments, confirm, language: None, cancel, told_to_end, ended: false }
    }

    /// The same, asked in a language.
    pub(super) fn in_language(self, language: Option<Language>) -> Self {
        Self { language, ..self }
    }

    /// The next page, without its cursor; `None` after the last.
    pub(super) async fn page(&mut self) -> Option<Answer> {
        if self.ended || self.cancel.is_cancelled() {
            return None;
        }
        let request = Request {
            caller: self.caller,
            door: Door::Cli,
            tool: self.tool,
            arguments: &self.arguments,
            confirm: self.confirm,
            progress: &|record| tracing::info!(percent = record.percent, "progress"),
            cancel: &self.cancel,
            language: self.language,
        };
        let mut answering = Box::pin(self.desk.answer(request));
        let mut answer = tokio::select! {
            answer = &mut answering => answer,
            () = &mut self.told_to_end => {
                // The call still ends by itself: it stops the host first.
                self.cancel.cancel();
                (&mut answering).await
            }
        };
        drop(answering);
        match answer.envelope.get_mut("nextCursor").map(Json::take) {
            Some(Json::String(cursor)) => drop(self.arguments.insert("cursor".into(), cursor.into())),
            _ => self.ended = true,
        }
        Some(answer)
    }
}

/// The pages of an answer, put together.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) envelope: Map<String, Json>,
    pub(super) exit: Exit,
}

impl Whole {
    pub(super) fn of(first: Answer) -> Self {
        Self { exit: Exit::of(&first), envelope: first.envelope }
    }

    /// Rows that are there.
    pub(super) fn rows(&self) -> &[Json] {
        self.envelope.get("data").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    /// Rows that are not.
    pub(super) fn missing(&self) -> u64 {
        let count = self.envelope.get("count").and_then(Json::as_u64).unwrap_or_default();
        match self.envelope.get("data") {
            Some(Json::Array(rows)) => count.saturating_sub(u64::try_from(rows.len()).unwrap_or(u64::MAX)),
            _ => 0,
        }
    }

    /// Adds the next page. One that failed says how the whole ended.
    pub(super) fn add(&mut self, page: Answer) {
        let exit = Exit::of(&page);
        let mut page = page.envelope;
        if self.exit == Exit::Done && exit != Exit::Done {
            self.exit = exit;
            for name in ["outcome", "code", "error"] {
                self.envelope.extend(page.remove(name).map(|value| (name.to_owned(), value)));
            }
        }
        for name in ["data", "warnings"] {
            let Some(Json::Array(more)) = page.remove(name) else { continue };
            let Some(Json::Array(all)) = self.envelope.get_mut(name) else { continue };
            for item in more {
                // Rows may be equal; a warning is the same on page after page.
                if name == "data" || !all.contains(&item) {
                    all.push(item);
                }
            }
        }
    }

    /// Says whether something is missing, after the last page.
    pub(super) fn finish(&mut self) {
        let warned = self.envelope.get("warnings").and_then(Json::as_array).is_some_and(|all| !all.is_empty());
        // A page that is followed by another is truncated anyhow, so that a row of it was cut is known by its warning only.
        let truncated = self.missing() > 0 || warned;
        if let Some(said) = self.envelope.get_mut("truncated") {
            *said = truncated.into();
        }
    }
}
