//! A request and its answer, without sockets.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use serde_json::Value as Json;

use super::refusal::Refusal;

/// What a client asks.
#[derive(Clone, Debug)]
pub(in crate::demo) struct Request {
    /// In capitals.
    pub(in crate::demo) method: String,
    /// As it came, percent signs and all.
    pub(in crate::demo) path: String,
    /// Decoded, in the order in which it came.
    pub(in crate::demo) query: Vec<(String, String)>,
    /// Names in small letters.
    pub(in crate::demo) headers: Vec<(String, String)>,
    pub(in crate::demo) body: Vec<u8>,
    /// `https://127.0.0.1:PORT`, as the client wrote it.
    pub(in crate::demo) base: String,
    /// Whether it came over TLS.
    pub(in crate::demo) is_sealed: bool,
}

/// What it gets.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::demo) struct Answer {
    pub(in crate::demo) status: u16,
    pub(in crate::demo) headers: Vec<(&'static str, String)>,
    pub(in crate::demo) body: Vec<u8>,
    /// How long it takes.
    pub(in crate::demo) wait: Duration,
    /// Only so many bytes of the body are sent before the connection ends.
    pub(in crate::demo) cut: Option<usize>,
}

impl Request {
    /// The value of a query parameter; names are compared without case.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The value of a header whose name is in small letters.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The path in its parts, each decoded.
    pub(super) fn segments(&self) -> Vec<String> {
        let parts = self.path.split('/').filter(|part| !part.is_empty());
        parts.map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned()).collect()
    }

    /// The body as JSON.
    pub(super) fn json(&self) -> Result<Json, Refusal> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let message = format!(
                "The request content was invalid and could not be deserialized: 'line {}, position {}'.",
                error.line(),
                error.column()
            );
            Refusal::new(400, "InvalidRequestContent", message)
        })
    }
}

impl Answer {
    pub(super) fn json(status: u16, body: impl Into<Json>) -> Self {
        let headers = vec![("content-type", "application/json; charset=utf-8".to_owned())];
        Self { headers, body: body.into().to_string().into_bytes(), ..Self::empty(status) }
    }

    pub(super) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), wait: Duration::ZERO, cut: None }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
