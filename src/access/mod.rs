//! Who asks, and what they may use.
//!
//! Both come with every request: nothing that lives as long as the server
//! holds a caller or what one may do.

mod caller;
mod tool_policy;

pub use caller::{Caller, Reach};
pub use tool_policy::{Mode, ToolPolicy};
