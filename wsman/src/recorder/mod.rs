//! Records what a client and its host say, as a folder that replays.
//!
//! The recorder sits at the client's door ([`Options::watch`]): it sees every
//! envelope unsealed, and never a password, since signing in happens below.
//! Nothing is written before [`Recorder::finish`], which takes out of
//! envelopes and of the messages in them
//!
//! - what [`Recorder::redact`] was told: secrets, names, addresses;
//! - what names people and machines in the dialogue itself: the address that
//!   was asked, the shell's owner and the client's address as the host says
//!   them, user and computer in information records, SIDs;
//! - key material: public keys, session keys, the contents of SecureStrings.
//!
//! Each becomes a placeholder of fixed form. What a script put out stays, so
//! name what must not: the recorder cannot know that a subject of a mail is
//! confidential. Read a recording before you give it away.
//!
//! ```no_run
//! use wsman::client::{Options, RunspacePool};
//! use wsman::psrp::Command;
//! use wsman::recorder::{About, Recorder};
//!
//! # async fn example(options: Options) -> Result<(), Box<dyn std::error::Error>> {
//! let recorder = Recorder::new(About { name: "get-date".into(), ..About::default() });
//! recorder.redact("jump01.customer.example", "HOST01");
//! let pool = RunspacePool::open(options.seeded(7).watch(recorder.watch())).await?;
//! pool.invoke(Command::new("Get-Date")).await?;
//! pool.close().await;
//! let summary = recorder.finish("fixtures/recordings/get-date".as_ref())?;
//! println!("{} exchanges, redacted: {:?}", summary.exchanges, summary.redacted);
//! # Ok(())
//! # }
//! ```
//!
//! [`Options::watch`]: crate::client::Options::watch

mod names;
mod redact;
mod write;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::client::{Seen, Watch};
use crate::time::Duration;

/// What a recording says of itself.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// Short name, as the folder's.
    pub name: String,
    /// What it is an example of.
    pub theme: String,
    /// One sentence.
    pub what: String,
    /// The host: system and PowerShell, no names.
    pub host: String,
    /// How it was signed in and sealed.
    pub auth: String,
    /// The day, `2026-02-11`. It is handed in: nothing here reads a clock.
    pub recorded: String,
    /// Seed that the client's ids were made from, see
    /// [`Options::seeded`](crate::client::Options::seeded).
    pub entropy: Option<u64>,
}

/// Why a recording was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// More than is kept before it is written.
    #[error("more than {limit} bytes to record")]
    TooLarge {
        /// In bytes.
        limit: usize,
    },
    /// The folder holds something already.
    #[error("the folder is not empty")]
    NotEmpty,
    /// Something that must not be in it is still there. Nothing was written.
    #[error("a redacted text is still in exchange {exchange}")]
    NotRedacted {
        /// Counted from 1.
        exchange: usize,
    },
    /// An envelope was not understood, and so could not be redacted. Nothing
    /// was written.
    #[error("exchange {exchange} is not readable")]
    Unreadable {
        /// Counted from 1.
        exchange: usize,
    },
    /// The disk.
    #[error("the recording cannot be written")]
    Io(#[from] std::io::Error),
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Requests with their answers.
    pub exchanges: usize,
    /// What was replaced, as `kind -> placeholder`, without what it was.
    pub redacted: Vec<String>,
}

/// One request and what came back.
struct Exchange {
    request: Vec<u8>,
    status: Option<u16>,
    response: Vec<u8>,
    connection: u64,
    at: Duration,
    took: Duration,
}

/// Keeps a dialogue until it is written. Cheap to clone: all clones are one.
///
/// Holds at most 64 MiB; a longer dialogue is not written at all.
#[derive(Clone)]
pub struct Recorder(Arc<Mutex<Tape>>);

struct Tape {
    about: About,
    told: Vec<(String, String)>,
    exchanges: Vec<Exchange>,
    bytes: usize,
}

/// Chosen: twenty times the largest recording there is.
const LIMIT: usize = 64 << 20;

impl std::fmt::Debug for Recorder {
    /// Without what was said.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let exchanges = self.with(|tape| tape.exchanges.len());
        f.debug_struct("Recorder").field("exchanges", &exchanges).finish_non_exhaustive()
    }
}

impl Recorder {
    /// An empty tape.
    #[must_use]
    pub fn new(about: About) -> Self {
        Self(Arc::new(Mutex::new(Tape { about, told: Vec::new(), exchanges: Vec::new(), bytes: 0 })))
    }

    /// Replaces `text` wherever it stands, also inside of words and in any
    /// case. Call it before [`Recorder::finish`]; for a secret the placeholder
    /// `SECRET1` says nothing.
    pub fn redact(&self, text: impl Into<String>, placeholder: impl Into<String>) {
        let (text, placeholder) = (text.into(), placeholder.into());
        if !text.is_empty() {
            self.with(|tape| tape.told.push((text, placeholder)));
        }
    }

    /// For [`Options::watch`](crate::client::Options::watch).
    #[must_use]
    pub fn watch(&self) -> Watch {
        let recorder = self.clone();
        Watch::new(move |seen| recorder.take(seen))
    }

    fn take(&self, seen: &Seen<'_>) {
        self.with(|tape| {
            let (status, response) =
                seen.reply.map_or((None, Vec::new()), |(status, body)| (Some(status), body.to_vec()));
            tape.bytes = tape.bytes.saturating_add(seen.request.len() + response.len());
            if tape.bytes <= LIMIT {
                tape.exchanges.push(Exchange {
                    request: seen.request.to_vec(),
                    status,
                    response,
                    connection: seen.connection,
                    at: seen.at,
                    took: seen.took,
                });
            }
        });
    }

    /// Redacts and writes the folder, which must be empty or not there.
    ///
    /// # Errors
    ///
    /// [`RecordError`]; unless it is [`RecordError::Io`], nothing was written.
    pub fn finish(&self, folder: &Path) -> Result<Summary, RecordError> {
        let (about, told, exchanges, bytes) = self.with(|tape| {
            let exchanges = std::mem::take(&mut tape.exchanges);
            (tape.about.clone(), tape.told.clone(), exchanges, std::mem::take(&mut tape.bytes))
        });
        if bytes > LIMIT {
            return Err(RecordError::TooLarge { limit: LIMIT });
        }
        let clean = redact::all(&told, exchanges)?;
        write::folder(folder, &about, &clean)?;
        Ok(Summary { exchanges: clean.exchanges.len(), redacted: clean.redacted })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Tape) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
