//! One path for every call, whoever starts it.
//!
//! `path` reads from top to bottom: resolve the target, authorise the
//! caller, validate the arguments, confirm, limit, look into the cache, run
//! on a session of the pool, shape the answer, audit. Each step is a module
//! of that name; `look` goes the same way for what a session says of itself.

mod audit;
mod authorise;
mod bind;
mod cache;
mod confirm;
mod encode;
mod limit;
mod look;
mod pages;
mod path;
mod pause;
mod rename;
mod resolve;
mod run;
mod shape;
mod sign_in;
mod survey;
#[cfg(test)]
mod testing;
mod validate;
mod verdict;

pub use confirm::{Confirm, Confirmation, Nobody, Reply};
pub use encode::{Unfit, encode};
pub use path::{CallPath, Request};
pub use resolve::sight;
pub use shape::Answer;
pub use survey::Surveyed;

pub(crate) use audit::record;
pub(crate) use look::{Azure, Seen};
pub(crate) use pages::Question;
pub(crate) use path::{Ask, Executed, panicked};
pub(crate) use resolve::{unknown_tenant, unknown_workspace};
#[cfg(test)]
pub(crate) use shape::Rows;
pub(crate) use shape::{Fleet, Head, Lines, fleet, host_errors, lines, page_within, refused, room};
pub(crate) use validate::{expected, fields, view};
