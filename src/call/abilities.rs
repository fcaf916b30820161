//! What is known of the scripts of hosts from sessions that were opened.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::CallPath;
use crate::tenant::HostId;

/// The functions of each host's script, as its last new session had them.
#[derive(Debug, Default)]
pub(super) struct Abilities(Mutex<BTreeMap<HostId, Arc<[String]>>>);

impl Abilities {
    /// A session was opened there.
    pub(super) fn tell(&self, host: &HostId, functions: &[String]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(host.clone(), functions.into());
    }
}

impl CallPath {
    /// The functions of the host's script; `None` while no session has told.
    /// Asks nobody.
    pub(crate) fn functions_of(&self, host: &HostId) -> Option<Arc<[String]>> {
        self.abilities.0.lock().unwrap_or_else(PoisonError::into_inner).get(host).cloned()
    }
}
