//! What outlives a call, and the folder that it is in.
//!
//! [`Folder`] is the state folder: private to the account, shared by every
//! process of it. A process that uses it [enters](Folder::enter) and is a
//! [`Process`] there until it ends: it holds a lock that the system takes back
//! however it ends, so nobody has to guess by a number whether it lives.
//! [`Store`] is the database in it; what a living process wrote is its own,
//! and only what dead ones left is handed on, to one taker.
//!
//! The database is SQLite. Of the well-kept embedded stores it is the one that
//! several processes may have open (redb, fjall and sled take the file for one
//! process), its files survive a cut at any byte, and the C compiler that it
//! needs is needed for TLS anyway.
//!
//! Everything here blocks for the disk: keep it off the runtime's threads.

mod database;
mod folder;
mod process;
mod shells;
#[cfg(test)]
mod tests;

pub use database::{Store, StoreError};
pub use folder::{Folder, FolderError, Held, private, sync_folder};
pub use process::{BadName, Process, ProcessName};
pub use shells::{KEPT, Orphans, Shell, Shells};
