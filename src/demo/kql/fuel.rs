//! How many expressions a query may still evaluate.
//!
//! A function that uses its argument twice, called in its own argument forty
//! times, is a short query and would not end. Expressions know nothing of the
//! query around them; what they share is the thread, which each query has for
//! itself.

use std::cell::Cell;

thread_local! {
    static LEFT: Cell<u64> = const { Cell::new(0) };
}

/// For a query that begins on this thread.
pub(super) fn fill(evaluations: u64) {
    LEFT.set(evaluations);
}

/// Takes one. Without any left nothing is evaluated any more, and the query
/// ends with its next row.
pub(super) fn burn() -> bool {
    let left = LEFT.get();
    LEFT.set(left.saturating_sub(1));
    left > 0
}

pub(super) fn is_out() -> bool {
    LEFT.get() == 0
}
