//! How many calls a host serves, and how many may wait for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use crate::catalog::{Code, ToolError};
use crate::config::Host;
use crate::tenant::HostId;

/// Calls that may wait for a turn on one host.
///
/// Chosen: a fleet question over a few dozen workspaces of one host still
/// fits; an agent that loops does not fill the memory.
const WAITING: usize = 64;

/// One host's turns.
#[derive(Debug)]
struct Turns {
    room: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

/// All hosts' turns.
#[derive(Debug)]
pub(super) struct Limits(BTreeMap<HostId, Turns>);

/// A place in a host's queue; given back on drop.
#[derive(Debug)]
pub(super) struct Place {
    turns: Arc<Semaphore>,
    _room: OwnedSemaphorePermit,
}

impl Limits {
    pub(super) fn new<'a>(hosts: impl IntoIterator<Item = &'a Host>) -> Self {
        let turns = |host: &Host| Turns {
            room: Arc::new(Semaphore::new(host.sessions.max + WAITING)),
            turns: Arc::new(Semaphore::new(host.sessions.max)),
        };
        Self(hosts.into_iter().map(|host| (host.id.clone(), turns(host))).collect())
    }

    /// Takes a place in the host's queue, at once or not at all.
    pub(super) fn join(&self, host: &HostId) -> Result<Place, ToolError> {
        let turns = self
            .0
            .get(host)
            .ok_or_else(|| ToolError::refused(Code::Internal, "The target's host is not configured."))?;
        match Arc::clone(&turns.room).try_acquire_owned() {
            Ok(room) => Ok(Place { turns: Arc::clone(&turns.turns), _room: room }),
            Err(_) => Err(busy(host)),
        }
    }
}

impl Place {
    /// Waits for the turn; it lasts until what comes back is dropped.
    pub(super) async fn turn(&self) -> Result<OwnedSemaphorePermit, AcquireError> {
        Arc::clone(&self.turns).acquire_owned().await
    }
}

/// Too many are waiting, or it took too long.
pub(super) fn busy(host: &HostId) -> ToolError {
    ToolError::refused(Code::Busy, format!("Too many calls wait for the host \"{host}\"; try again in a minute."))
}
