//! What a pipeline of the Demo engine is made of.

use crate::host_end::demo::Step;

/// One thing to do.
#[derive(Debug)]
pub(super) enum Action {
    /// What commands do.
    Step(Step),
    /// Ask the client's host; the answer is output.
    Ask {
        /// The question; the field of the prompt is named after it.
        prompt: String,
        /// The answer is a SecureString.
        secret: bool,
    },
}
