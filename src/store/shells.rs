//! Shells that stand on a host until somebody deletes them.

use jiff::SignedDuration;
use rusqlite::{Row, named_params};

use super::database::{Store, StoreError};
use super::process::ProcessName;

/// A shell on a host, and what it takes to delete it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shell {
    /// Configured tenant in whose name it was opened.
    pub tenant: String,
    /// The host's configured name.
    pub host: String,
    /// The endpoint that gave it.
    pub url: String,
    /// Its id there.
    pub id: String,
    /// Session configuration that it is of.
    pub configuration: String,
    /// The host said that it is there. Otherwise it was asked for, and the host
    /// may make it late.
    pub made: bool,
}

/// How long after the start of its process a shell is remembered that nobody
/// can delete.
///
/// Spec: the longest idle time that WinRM knows is 2,147,483,647 ms, 24.9
/// days; a host has dropped by itself what is left alone for longer.
pub const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What processes that are gone have left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Orphans {
    /// Taken over, to be deleted.
    pub taken: Vec<Shell>,
    /// Remembered for a process that can delete them.
    pub kept: Vec<Shell>,
    /// For longer than [`KEPT`], and not remembered any more.
    pub forgotten: Vec<Shell>,
}

/// The shells of a [`Store`].
#[derive(Debug)]
pub struct Shells<'s> {
    store: &'s Store,
}

impl<'s> Shells<'s> {
    pub(super) fn of(store: &'s Store) -> Self {
        Self { store }
    }

    /// Remembers a shell as this process's, or what is news of it. On the disk
    /// when it returns.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: it is not remembered.
    pub fn remember(&self, shell: &Shell) -> Result<(), StoreError> {
        self.store.write(|transaction| {
            transaction
                .prepare(
                    "INSERT INTO shells (tenant, url, shell, host, configuration, made, process)
                 VALUES (:tenant, :url, :shell, :host, :configuration, :made, :process)
                 ON CONFLICT DO UPDATE SET host = excluded.host, configuration = excluded.configuration,
                     made = excluded.made, process = excluded.process",
                )?
                .execute(named_params! {
                    ":tenant": shell.tenant, ":url": shell.url, ":shell": shell.id, ":host": shell.host,
                    ":configuration": shell.configuration, ":made": shell.made, ":process": self.own(),
                })?;
            Ok(())
        })
    }

    /// Forgets a shell of this process: it is deleted. One that is not
    /// remembered, or is another's, stays as it is.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: it is still remembered, and a later process deletes it
    /// once more, which harms nobody.
    pub fn forget(&self, shell: &Shell) -> Result<(), StoreError> {
        self.store.write(|transaction| {
            transaction.prepare(
                "DELETE FROM shells WHERE tenant = :tenant AND url = :url AND shell = :shell AND process = :process",
            )?.execute(named_params! {
                ":tenant": shell.tenant, ":url": shell.url, ":shell": shell.id, ":process": self.own(),
            })?;
            Ok(())
        })
    }

    /// Takes over the shells of processes that are gone, those that this one
    /// can delete. They are its own from now on, and nobody else gets them
    /// while it lives. The others stay for who can, for [`KEPT`].
    ///
    /// # Errors
    ///
    /// [`StoreError`]: nothing was taken.
    pub fn orphans(&self, can_delete: impl Fn(&Shell) -> bool) -> Result<Orphans, StoreError> {
        let Some(process) = self.store.process() else { return Ok(Orphans::default()) };
        let held = process.folder().hold()?;
        self.store.write(|transaction| {
            let mut owners = transaction.prepare("SELECT DISTINCT process FROM shells WHERE process <> :process")?;
            let owners: Vec<String> = owners
                .query_map(named_params! { ":process": self.own() }, |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            // What is no name was written by nobody who could still hold a lock.
            let is_gone = |owner: &String| {
                owner.parse::<ProcessName>().map_or(true, |name| !process.folder().is_alive(&name, &held))
            };
            // By the start of this one: a clock that is put back costs nobody a shell.
            let now = process.name().started();
            let is_old = |owner: &String| match (owner.parse().ok().and_then(|name: ProcessName| name.started()), now) {
                (Some(started), Some(now)) => now.duration_since(started) > KEPT,
                (started, _) => started.is_none(),
            };
            let mut of = transaction
                .prepare("SELECT tenant, host, url, shell, configuration, made FROM shells WHERE process = :owner")?;
            let (one, mut found) = ("tenant = :tenant AND url = :url AND shell = :shell", Orphans::default());
            let mut take = transaction.prepare(&format!("UPDATE shells SET process = :process WHERE {one}"))?;
            let mut forget = transaction.prepare(&format!("DELETE FROM shells WHERE {one}"))?;
            for owner in owners.iter().filter(|owner| is_gone(owner)) {
                let shells = of.query_map(named_params! { ":owner": owner }, shell)?.collect::<Result<Vec<_>, _>>()?;
                for shell in shells {
                    if can_delete(&shell) {
                        take.execute(named_params! {
                            ":tenant": shell.tenant, ":url": shell.url, ":shell": shell.id, ":process": self.own(),
                        })?;
                        found.taken.push(shell);
                    } else if is_old(owner) {
                        forget.execute(named_params! {
                            ":tenant": shell.tenant, ":url": shell.url, ":shell": shell.id,
                        })?;
                        found.forgotten.push(shell);
                    } else {
                        found.kept.push(shell);
                    }
                }
            }
            Ok(found)
        })
    }

    /// Every shell that this process has to answer for.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn own_shells(&self) -> Result<Vec<Shell>, StoreError> {
        let connection = self.store.connection();
        let mut select = connection.prepare(
            "SELECT tenant, host, url, shell, configuration, made FROM shells WHERE process = :process
             ORDER BY tenant, url, shell",
        )?;
        let shells = select.query_map(named_params! { ":process": self.own() }, shell)?;
        Ok(shells.collect::<Result<_, _>>()?)
    }

    fn own(&self) -> &str {
        self.store.process().map_or("", |process| process.name().as_str())
    }
}

fn shell(row: &Row<'_>) -> rusqlite::Result<Shell> {
    Ok(Shell {
        tenant: row.get(0)?,
        host: row.get(1)?,
        url: row.get(2)?,
        id: row.get(3)?,
        configuration: row.get(4)?,
        made: row.get(5)?,
    })
}
