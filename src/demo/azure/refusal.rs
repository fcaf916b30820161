//! What Azure says instead of an answer.

use serde_json::{Value as Json, json};

use super::exchange::Answer;

/// An error of the resource manager or of a provider, in their own words.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) message: String,
    pub(super) headers: Vec<(&'static str, String)>,
}

impl Refusal {
    pub(super) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into(), headers: Vec::new() }
    }

    /// 400 with the code that most providers use.
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// `{"error":{"code":…,"message":…}}`.
    pub(super) fn answer(self) -> Answer {
        let mut answer = Answer::json(self.status, self.body());
        answer.headers.extend(self.headers);
        answer
    }

    pub(super) fn body(&self) -> Json {
        json!({ "error": { "code": self.code, "message": self.message } })
    }
}
