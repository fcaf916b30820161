//! A panic costs the call that it happened in, and no other.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::answer::{Code, Outcome, ToolError};
use crate::catalog::Effect;

/// Runs `work`; a panic in it becomes the answer of this call, under its own
/// correlation id. Boxed: the compiler gives up on futures this deep.
pub(crate) async fn caught<T>(
    correlation: &str,
    tool: &str,
    effect: Effect,
    work: BoxFuture<'_, Result<T, ToolError>>,
) -> Result<T, ToolError> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(correlation, tool, "a call panicked");
        Err(mistake(effect))
    })
}

fn mistake(effect: Effect) -> ToolError {
    match effect {
        Effect::Read => {
            ToolError::new(Outcome::Failed, Code::Internal, "The server made a mistake; report the correlation id.")
        }
        Effect::Write => ToolError::new(
            Outcome::Unknown,
            Code::UnknownOutcome,
            "The server made a mistake during a change; it may have been made. Look before you try again.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_answer_and_doubt_about_a_write() {
        for (effect, outcome, code) in
            [(Effect::Read, Outcome::Failed, Code::Internal), (Effect::Write, Outcome::Unknown, Code::UnknownOutcome)]
        {
            let error = caught::<()>("c", "t", effect, async { panic!("planted") }.boxed()).await.unwrap_err();
            assert_eq!((error.outcome, error.code), (outcome, code));
        }
    }
}
