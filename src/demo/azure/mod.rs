//! The second face of the world: a simulated Azure.
//!
//! The resource manager, managed identities, and what its documents are asked
//! by: paths, bodies, api-versions, paging, etags and errors as Azure has them.
//! It keeps ARM documents ([`crate::demo::world`]) and knows nothing of
//! functions.
//!
//! [`Azure`] is a function from request to answer, without sockets or clock;
//! [`AzureEnd`] puts it behind https on loopback.

mod certificate;
mod exchange;
mod face;
mod filter;
mod identity;
mod incident;
mod kind;
mod listen;
mod manager;
mod page;
mod path;
mod place;
mod refusal;
mod resource;
mod rule;

pub use face::{Seen, Settings};
pub use listen::AzureEnd;

#[cfg(test)]
mod tests;
