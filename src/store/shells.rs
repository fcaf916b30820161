//! Shells that stand on a host until somebody deletes them.

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

    /// Takes over the shells of processes that are gone. They are this
    /// process's from now on, and nobody else gets them while it lives.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: nothing was taken.
    pub fn orphans(&self) -> Result<Vec<Shell>, StoreError> {
        let Some(process) = self.store.process() else { return Ok(Vec::new()) };
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
            let mut take = transaction.prepare(
                "UPDATE shells SET process = :process WHERE process = :owner
                 RETURNING tenant, host, url, shell, configuration, made",
            )?;
            let mut taken = Vec::new();
            for owner in owners.iter().filter(|owner| is_gone(owner)) {
                let shells = take.query_map(named_params! { ":process": self.own(), ":owner": owner }, shell)?;
                taken.extend(shells.collect::<Result<Vec<_>, _>>()?);
            }
            Ok(taken)
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
