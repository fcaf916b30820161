//! How many requests a caller may make.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::exchange::{Answer, Request};
use super::refusal::Refusal;

/// What a subscription takes in one window.
#[derive(Clone, Debug)]
pub struct Budget {
    /// GET and HEAD.
    pub reads: u32,
    /// PUT, PATCH and POST; and as many DELETE.
    pub writes: u32,
    /// How long a window is.
    pub window_seconds: u32,
}

impl Default for Budget {
    /// *Seen* in recordings of 2026-03-25: reads start at 1099, writes at 799.
    /// Chosen: five minutes, as the documentation of Sentinel counts.
    fn default() -> Self {
        Self { reads: 1_100, writes: 800, window_seconds: 300 }
    }
}

/// What is left of it.
#[derive(Debug, Default)]
pub(super) struct Spent {
    /// By subscription and kind: the window's start, and how many so far.
    by: BTreeMap<(String, &'static str), (i64, u32)>,
}

/// What an answer says is left.
pub(super) struct Left {
    kind: &'static str,
    own: u32,
    all: u32,
}

impl Spent {
    /// Counts a request.
    ///
    /// # Errors
    ///
    /// 429 with `Retry-After` when there is nothing left.
    pub(super) fn count(
        &mut self,
        budget: &Budget,
        request: &Request,
        subscription: &str,
        now: Timestamp,
    ) -> Result<Left, Refusal> {
        let (kind, most, of_all) = match request.method.as_str() {
            "GET" | "HEAD" => ("reads", budget.reads, 15),
            "DELETE" => ("deletes", budget.writes, 15),
            _ => ("writes", budget.writes, 15),
        };
        let window = i64::from(budget.window_seconds.max(1));
        let (start, spent) = self.by.entry((subscription.to_lowercase(), kind)).or_insert((now.as_second(), 0));
        if now.as_second() >= *start + window {
            (*start, *spent) = (now.as_second(), 0);
        }
        if *spent >= most {
            let wait = (*start + window - now.as_second()).max(1);
            let message = format!(
                "Number of '{kind}' requests for subscription '{subscription}' exceeded the limit. Please try again \
                 after '{wait}' seconds. Refer to https://aka.ms/arm-throttling for additional information."
            );
            let refusal = Refusal::new(429, "SubscriptionRequestsThrottled", message);
            return Err(refusal.with("retry-after", wait.to_string()));
        }
        *spent += 1;
        Ok(Left { kind, own: most - *spent, all: (most * of_all).saturating_sub(*spent) })
    }
}

impl Left {
    /// The answer with what is left.
    pub(super) fn told(&self, answer: Answer) -> Answer {
        let (own, all) = match self.kind {
            "reads" => {
                ("x-ms-ratelimit-remaining-subscription-reads", "x-ms-ratelimit-remaining-subscription-global-reads")
            }
            "deletes" => (
                "x-ms-ratelimit-remaining-subscription-deletes",
                "x-ms-ratelimit-remaining-subscription-global-deletes",
            ),
            _ => {
                ("x-ms-ratelimit-remaining-subscription-writes", "x-ms-ratelimit-remaining-subscription-global-writes")
            }
        };
        answer.with(own, self.own.to_string()).with(all, self.all.to_string())
    }
}
