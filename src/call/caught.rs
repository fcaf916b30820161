//! A panic costs the call that it happened in, and no other.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::answer::ToolError;
use crate::answer::case::Slip;
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
        Err(ToolError::of(match effect {
            Effect::Read => Slip::Panic,
            Effect::Write => Slip::PanicInWrite,
        }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{Code, Outcome};

    #[tokio::test]
    async fn a_panic_is_an_answer_and_doubt_about_a_write() {
        for (effect, outcome, code) in
            [(Effect::Read, Outcome::Failed, Code::Internal), (Effect::Write, Outcome::Unknown, Code::UnknownOutcome)]
        {
            let error = caught::<()>("c", "t", effect, async { panic!("planted") }.boxed()).await.unwrap_err();
            assert_eq!((error.outcome(), error.code()), (outcome, code));
        }
    }
}
