//! Tenants, their workspaces and the one jump host each is pinned to.
//!
//! A [`Target`] is the only thing the rest of the server can run a function
//! against, and only [`Registry`] makes one: from two exact aliases, never
//! from a part of a name, never from nothing.

/// What a question to many tenants says for every one that the caller may
/// see. No tenant has this alias.
pub const ALL_TENANTS: &str = "all";

mod id;
mod language;
mod registry;

pub use id::{BadAlias, HostId, TenantId, WorkspaceId};
pub use language::{Language, UnknownLanguage};
pub use registry::{Confirming, NoTarget, Registry, Target, Tenant, Workspace};
