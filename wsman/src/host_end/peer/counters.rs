//! What a host counted.

use std::collections::BTreeMap;

/// A host's own count of what was asked and what ran.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Requests by operation (`Create`, `Receive`, …); what was no readable
    /// request counts as `Invalid`.
    pub requests: BTreeMap<&'static str, u64>,
    /// Faults by code; 0 stands for those without.
    pub faults: BTreeMap<u32, u64>,
    /// Receives that were answered once more with the bytes of the first
    /// time.
    pub repeated: u64,
    /// Requests whose connection went away before they were answered.
    pub lost: u64,
    /// Shells ever opened.
    pub shells_opened: u64,
    /// Shells open now.
    pub shells_open: u64,
    /// Shells that were open at once, at most.
    pub shells_most: u64,
    /// Commands ever started.
    pub commands_started: u64,
    /// Commands closed by a signal other than the stop.
    pub commands_terminated: u64,
    /// How often each command ran, by its name; script text is `(script)`.
    /// Only the Demo engine knows.
    pub runs: BTreeMap<String, u64>,
}

impl Counters {
    /// Requests of an operation.
    #[must_use]
    pub fn requests_of(&self, operation: &str) -> u64 {
        self.requests.get(operation).copied().unwrap_or(0)
    }

    /// Runs of a command.
    #[must_use]
    pub fn runs_of(&self, command: &str) -> u64 {
        self.runs.get(command).copied().unwrap_or(0)
    }

    pub(super) fn requested(&mut self, operation: &'static str) {
        *self.requests.entry(operation).or_default() += 1;
    }

    pub(super) fn refused(&mut self, code: Option<u32>) {
        *self.faults.entry(code.unwrap_or(0)).or_default() += 1;
    }

    pub(super) fn ran(&mut self, command: String) {
        *self.runs.entry(command).or_default() += 1;
    }
}
