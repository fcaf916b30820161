//! The shells that a user has on a host, also those of other processes.

use std::time::Duration;

use uuid::Uuid;

use super::Options;
use super::lanes::Dial;
use crate::Error;
use crate::entropy::Entropy;
use crate::session::{Fault, Found, Lane, ShellDescription, ShellList, Step};

/// How long a host may take for one of these questions.
const HOLD: Duration = Duration::from_secs(35);

/// A user's shells on one host. Each question signs in on a connection of its
/// own.
#[derive(Debug)]
pub struct Shells {
    to: String,
    dial: Dial,
}

impl Shells {
    /// For the host and the user of `options`.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self { to: options.session.to, dial: Dial::new(options.target, options.connect_timeout) }
    }

    /// All of them, of every process and program.
    ///
    /// # Errors
    ///
    /// As [`RunspacePool::open`](super::RunspacePool::open).
    pub async fn list(&self) -> Result<Vec<ShellDescription>, Error> {
        Ok(self.ask(ShellList::shells(&self.to, Entropy::system())).await?.shells)
    }

    /// The commands of one, with the host's word for their state.
    ///
    /// # Errors
    ///
    /// As [`Shells::list`].
    pub async fn commands(&self, shell_id: &str) -> Result<Vec<(Uuid, String)>, Error> {
        Ok(self.ask(ShellList::commands(&self.to, Entropy::system(), shell_id)).await?.commands)
    }

    /// Closes one, whatever runs in it.
    ///
    /// # Errors
    ///
    /// As [`Shells::list`].
    pub async fn remove(&self, shell: &ShellDescription) -> Result<(), Error> {
        self.ask(ShellList::remove(&self.to, Entropy::system(), shell)).await.map(drop)
    }

    /// Closes one by its id, of the session configuration that it was opened
    /// with (`Microsoft.PowerShell` mostly); one that is gone counts, too.
    ///
    /// A Create that got lost may act late: a shell that was only asked for
    /// ([`ShellNews::Asked`](crate::session::ShellNews)) is known to be gone when
    /// the host does not find it a minute after.
    ///
    /// # Errors
    ///
    /// As [`Shells::list`].
    pub async fn remove_id(&self, shell_id: &str, configuration_name: &str) -> Result<(), Error> {
        let resource_uri = Some(format!("{}/{configuration_name}", crate::session::RESOURCES));
        let shell = ShellDescription { shell_id: shell_id.to_owned(), resource_uri, ..ShellDescription::default() };
        match self.remove(&shell).await {
            Err(error) if error.fault().is_some_and(Fault::is_not_found) => Ok(()),
            other => other,
        }
    }

    /// Closes what a process of that name left behind: every shell with
    /// exactly this [`Config::shell_name`](crate::session::Config::shell_name).
    /// Give each process a name of its own, and ask before the first pool is
    /// opened: a shell that is in use looks no different. How many were closed;
    /// one that is gone meanwhile counts, too.
    ///
    /// # Errors
    ///
    /// As [`Shells::list`]; what was closed before stays closed.
    pub async fn remove_named(&self, name: &str) -> Result<usize, Error> {
        let mut removed = 0;
        for shell in self.list().await?.iter().filter(|shell| shell.name.as_deref() == Some(name)) {
            match self.remove(shell).await {
                Err(error) if !error.fault().is_some_and(Fault::is_not_found) => return Err(error),
                _ => removed += 1,
            }
        }
        Ok(removed)
    }

    async fn ask(&self, (mut list, mut body): (ShellList, Vec<u8>)) -> Result<Found, Error> {
        let mut connection = None;
        loop {
            let (reply, kept) = self.dial.exchange(Lane::Command, connection, body, HOLD).await;
            connection = kept;
            match list.answer(&reply.map_err(|lost| lost.error)?.body)? {
                Step::Ask(next) => body = next,
                Step::Done(found) => return Ok(found),
            }
        }
    }
}
