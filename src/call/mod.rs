//! One path for every call, whoever starts it.
//!
//! `path` reads from top to bottom: authorise the caller, validate the
//! arguments, confirm, limit; then look into the cache, run on a session of
//! the pool. Each step is a module of that name; `open` is the one way to a
//! session. `inspect` goes the same way for what a session says of itself,
//! `overlay` for what its script has.

mod abilities;
mod authorise;
mod bind;
mod cache;
mod caught;
mod confirm;
mod encode;
mod inspect;
mod limit;
mod open;
mod overlay;
mod path;
mod pause;
mod resolve;
mod run;
#[cfg(test)]
mod testing;
mod validate;
mod verdict;

pub use confirm::{Confirm, Confirmation, Nobody, Reply};
pub use encode::encode;
pub use path::CallPath;
pub use resolve::sight;

pub(crate) use authorise::may_use;
pub(crate) use caught::caught;
pub(crate) use inspect::{Azure, Seen};
pub(crate) use path::{Ask, Executed};
pub(crate) use resolve::{target, unknown_tenant, unknown_workspace};
