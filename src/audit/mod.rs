//! The trail: who did what, where, and how it ended.
//!
//! JSON lines in files of the state folder. Each process of an account has a
//! file of its own, `trail/PROCESS.jsonl`, and says in `trail/register.jsonl`
//! that it has: a register and a file are each a chain ([`Mark`]), every line
//! sealed with the folder's key over the line before it and its own bytes.
//!
//! What holds what:
//! - a line holds every line before it in its file, by the chain;
//! - the register holds each file, by how long it was and its last line's
//!   mark, when the process opened it, closed it, or was found dead;
//! - each file's first line holds the register as it was then.
//!
//! So [`verify`] finds every change, loss, swap, repetition and cut, except
//! what no folder can know by itself: that it was put back, as a whole or a
//! process's file and register lines together, to what it was before any
//! other process started. Lines of a killed process are held once the next
//! one starts. Who has the key can write any trail; it protects copies,
//! backups and shares, not from the account itself. [`Trail::head`] is what
//! to note down elsewhere, for who needs more.
//!
//! A process that is killed leaves a file without closing line, perhaps with
//! half a last line: told as that, not as tampering.

mod chain;
mod entry;
mod error;
mod key;
mod lines;
mod redact;
mod register;
#[cfg(test)]
mod tests;
mod trail;
mod verify;

pub use chain::{Fault, Mark};
pub use entry::{Confirmed, Door, End, Entry, Place};
pub use error::TrailError;
pub use redact::{Arguments, Described, Form};
pub use trail::Trail;
pub use verify::{FileReport, Placed, Report, State, VerifyError, verify};
