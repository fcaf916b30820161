//! One path for every call, whoever starts it.
//!
//! `path` reads from top to bottom: resolve the target, authorise the
//! caller, validate the arguments, confirm, limit, look into the cache, run
//! on a session of the pool, shape the answer, audit. Each step is a module
//! of that name.

mod audit;
mod authorise;
mod bind;
mod cache;
mod confirm;
mod encode;
mod limit;
mod pages;
mod path;
mod pause;
mod resolve;
mod run;
mod shape;
mod sign_in;
#[cfg(test)]
mod testing;
mod validate;
mod verdict;

pub use confirm::{Confirm, Confirmation, Nobody, Reply};
pub use encode::{Unfit, encode};
pub use path::{CallPath, Request};
pub use resolve::sight;
pub use shape::Answer;

pub(crate) use audit::record;
pub(crate) use pages::Question;
pub(crate) use path::{Ask, Executed, panicked};
pub(crate) use resolve::{unknown_tenant, unknown_workspace};
pub(crate) use shape::{Fleet, Head, fleet, host_errors, page, refused};
pub(crate) use validate::{expected, fields, view};
