//! The second face of the world: a simulated Azure.
//!
//! The resource manager, managed identities, and what its documents are asked
//! by: paths, bodies, api-versions, paging, etags and errors as Azure has them.
//! It keeps ARM documents ([`crate::demo::world`]) and knows nothing of
//! functions.
//!
//! [`Azure`] is a function from request to answer, without sockets or clock;
//! [`AzureEnd`] puts it behind https on loopback.

mod action;
mod budget;
mod certificate;
mod content;
mod exchange;
mod face;
mod fault;
mod feed;
mod filter;
mod identity;
mod incident;
mod ingest;
mod kind;
mod kinds;
mod listen;
mod manager;
mod metric;
mod operation;
mod page;
mod path;
mod place;
mod query;
mod refusal;
mod resource;
mod rule;
mod table;
mod workbook;

pub use budget::Budget;
pub use face::{Control, Pace, Seen, Settings};
pub use fault::{Fault, Mishap};
pub use listen::AzureEnd;

#[cfg(test)]
mod tests;
