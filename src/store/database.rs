//! The database: opening, version, transactions.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};

use super::folder::{FolderError, private};
use super::process::Process;
use super::shells::Shells;

const FILE: &str = "store.sqlite";

/// Marks the file as ours ("SJmp"), so that no other SQLite file is taken for it.
const APPLICATION: i32 = 0x534A_6D70;

/// How long to wait for another process's transaction.
///
/// Chosen: theirs are one row each; who holds the file longer hangs.
const PATIENCE: Duration = Duration::from_secs(5);

/// What leads from each version to the next; the first starts from nothing.
/// Never changed once released, only added to.
pub(super) const STEPS: &[&str] = &[
    "
    CREATE TABLE shells (
        tenant TEXT NOT NULL,
        url TEXT NOT NULL,
        shell TEXT NOT NULL,
        host TEXT NOT NULL,
        process TEXT NOT NULL,
        PRIMARY KEY (tenant, url, shell)
    ) STRICT, WITHOUT ROWID;
",
    "
    ALTER TABLE shells ADD COLUMN configuration TEXT NOT NULL DEFAULT 'Microsoft.PowerShell';
    ALTER TABLE shells ADD COLUMN made INTEGER NOT NULL DEFAULT 1;
",
];

/// Why the store cannot be used, or did not take something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The folder is not to be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A newer release made it.
    #[error("the store is of version {found}, this release knows {known}")]
    Newer {
        /// Its version.
        found: usize,
        /// Ours.
        known: usize,
    },
    /// The file is something else.
    #[error("{} is not a store of this server", path.display())]
    NotAStore {
        /// The file.
        path: PathBuf,
    },
    /// What is in it contradicts itself.
    #[error("the store is damaged")]
    Damaged,
    /// There is no room for more.
    #[error("the disk is full")]
    Full,
    /// Another process did not let go of it.
    #[error("the store is held by another process")]
    Busy,
    /// Anything else, by SQLite's number.
    #[error("the store cannot be used (SQLite {code})")]
    Unusable {
        /// Extended result code; 0 when it is not the library's.
        code: i32,
    },
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        // Not the error's own text: it may quote a value.
        match error.sqlite_error() {
            None => Self::Unusable { code: 0 },
            Some(error) => match error.code {
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::Damaged,
                ErrorCode::DiskFull => Self::Full,
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
                _ => Self::Unusable { code: error.extended_code },
            },
        }
    }
}

/// What outlives a call.
#[derive(Debug)]
pub struct Store {
    connection: Mutex<Connection>,
    process: Option<Arc<Process>>,
}

impl Store {
    /// Opens the store of the process's folder; brings an older one up to
    /// date.
    ///
    /// # Errors
    ///
    /// [`StoreError`]. A damaged or newer store is left as it is.
    pub fn open(process: &Arc<Process>) -> Result<Self, StoreError> {
        let path = process.folder().path().join(FILE);
        // Two that open it for the first time would see each other's half.
        let _held = process.folder().hold()?;
        // Made here, because SQLite would make it with the rights of the umask.
        private(OpenOptions::new().create(true).append(true)).open(&path).map_err(FolderError::of(&path))?;
        let mut connection = Connection::open(&path)?;
        connection.busy_timeout(PATIENCE)?;
        // Truncated, not WAL: that shares memory between processes, which a home on a network file system does not
        // have. Full, because the next thing after a row is written may be a Command on a host.
        connection.execute_batch("PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = FULL;")?;
        is_sound(&mut connection, &path)?;
        let ours: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
        let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if ours != APPLICATION && (ours, tables) != (0, 0) {
            return Err(StoreError::NotAStore { path });
        }
        migrate(&mut connection, STEPS)?;
        Ok(Self { connection: Mutex::new(connection), process: Some(Arc::clone(process)) })
    }

    /// A store that is gone with the process, for a server without a folder.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when there is no memory for it.
    pub fn in_memory() -> Result<Self, StoreError> {
        let mut connection = Connection::open_in_memory()?;
        migrate(&mut connection, STEPS)?;
        Ok(Self { connection: Mutex::new(connection), process: None })
    }

    /// Shells left to delete.
    #[must_use]
    pub fn shells(&self) -> Shells<'_> {
        Shells::of(self)
    }

    /// Whose the store's new rows are; `None` in memory.
    pub(super) fn process(&self) -> Option<&Process> {
        self.process.as_deref()
    }

    /// Runs `work` in one transaction: all of it is on the disk when this
    /// returns, or nothing.
    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // A newer release may have come since we opened it.
        let found = version(&transaction)?;
        if found != STEPS.len() {
            return Err(StoreError::Newer { found, known: STEPS.len() });
        }
        let value = work(&transaction)?;
        transaction.commit()?;
        Ok(value)
    }

    pub(super) fn connection(&self) -> MutexGuard<'_, Connection> {
        // A panic in between has rolled its transaction back.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the file is what SQLite left there.
fn is_sound(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    // One transaction: nobody writes between the questions.
    let reading = connection.transaction()?;
    let said: String = reading.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    let number = |pragma: &str| reading.query_row(pragma, [], |row| row.get::<_, u32>(0)).map(u64::from);
    let expected = number("PRAGMA page_count")? * number("PRAGMA page_size")?;
    // Seen: SQLite takes a file shorter than a page for a new one and would write over it, and reads what is missing
    // of a last page as zeros.
    let length = std::fs::metadata(path).map_err(FolderError::of(path))?.len();
    if said == "ok" && length == expected { Ok(()) } else { Err(StoreError::Damaged) }
}

pub(super) fn version(connection: &Connection) -> Result<usize, StoreError> {
    let found: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok(found as usize)
}

/// Goes the steps that the file has not gone yet: all of them, or none.
pub(super) fn migrate(connection: &mut Connection, steps: &[&str]) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    let Some(missing) = steps.get(found..) else {
        return Err(StoreError::Newer { found, known: steps.len() });
    };
    for step in missing {
        transaction.execute_batch(step)?;
    }
    if !missing.is_empty() {
        transaction
            .execute_batch(&format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {};", steps.len()))?;
    }
    Ok(transaction.commit()?)
}
