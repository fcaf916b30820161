//! The manual: what a type's own page cannot say.
//!
//! File copy, WinRS `cmd` shells, enumeration of WMI objects and the
//! compression of streams are left out of this crate: the first three are not
//! PowerShell remoting, the last could not be checked against a host.

#[doc = include_str!("manual/sign-in.md")]
pub mod sign_in {}

#[doc = include_str!("manual/timeouts.md")]
pub mod timeouts {}

#[doc = include_str!("manual/limits.md")]
pub mod limits {}

#[doc = include_str!("manual/other-clients.md")]
pub mod other_clients {}
