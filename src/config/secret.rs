//! Where a secret is, and how it is fetched.
//!
//! A secret is fetched when a session opens and wiped when the credentials
//! are dropped. No error here shows a value or what a command printed.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use wsman::secret::Secret;

use super::env;

/// The largest secret that is read.
///
/// Chosen: far above any password, below anything that hurts.
const MAX_BYTES: u64 = 64 * 1024;

/// How long a command may take to print the secret.
///
/// Chosen: a vault's command line tool signs in within a few seconds.
const COMMAND_TIME: Duration = Duration::from_secs(20);

/// Where a secret is.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// In an environment variable.
    Env(String),
    /// In a file that only its owner can read.
    File(PathBuf),
    /// On the standard output of a command, started without a shell and in an
    /// environment of its own.
    Command {
        /// Program and arguments.
        argv: Vec<String>,
        /// Variables that it needs beside what every program does.
        environment: Vec<String>,
    },
}

/// Answers references to secrets: by what it was given, else from the
/// computer's environment, files and commands.
///
/// For who starts hosts in this process and chooses their passwords itself: a
/// configuration names the variable as always, and no process can set one of
/// its own without danger to its other threads.
#[derive(Clone, Debug, Default)]
pub struct Vault {
    variables: BTreeMap<String, Secret<String>>,
}

impl fmt::Debug for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env {name}"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Command { argv, .. } => write!(f, "command {}", argv.first().map_or("", String::as_str)),
        }
    }
}

/// Why a secret could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The variable is not set.
    #[error("the environment variable {0} is not set")]
    NoVariable(String),
    /// The file cannot be opened or read.
    #[error("the secret file {} cannot be read ({kind})", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        kind: std::io::ErrorKind,
    },
    /// The file is open to others.
    #[error("the secret file {} can be read by others (mode {mode:o}); make it chmod 600", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is another user's.
    #[error("the secret file {} belongs to another user ({owner}), who could change it; make it your own", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The owner's number.
        owner: u32,
    },
    /// More than 64 KiB.
    #[error("the secret is larger than 64 KiB")]
    TooLarge,
    /// Nothing, or only a line end.
    #[error("the secret is empty")]
    Empty,
    /// Not UTF-8.
    #[error("the secret is not UTF-8 text")]
    NotText,
    /// The command cannot be started.
    #[error("the secret command {program} cannot be started ({kind})")]
    NotStarted {
        /// The program.
        program: String,
        /// What the system said.
        kind: std::io::ErrorKind,
    },
    /// The command failed.
    #[error("the secret command {program} ended with {code:?}")]
    CommandFailed {
        /// The program.
        program: String,
        /// Its exit code, unless a signal ended it.
        code: Option<i32>,
    },
    /// The command ran too long and was killed.
    #[error("the secret command {0} took longer than 20 seconds")]
    CommandTooSlow(String),
}

impl Vault {
    /// The same with an environment variable of that name, whatever the
    /// process's own says.
    #[must_use]
    pub fn with_variable(mut self, name: &str, secret: Secret<String>) -> Self {
        self.variables.insert(name.to_owned(), secret);
        self
    }

    /// Fetches the secret that `place` names.
    ///
    /// # Errors
    ///
    /// [`SecretError`]; it never holds the secret.
    pub async fn fetch(&self, place: &SecretRef) -> Result<Secret<String>, SecretError> {
        let given = if let SecretRef::Env(name) = place { self.variables.get(name) } else { None };
        match given {
            Some(secret) => Ok(secret.clone()),
            None => place.fetch().await,
        }
    }
}

impl SecretRef {
    /// Fetches the secret from this computer.
    ///
    /// # Errors
    ///
    /// [`SecretError`]; it never holds the secret.
    pub async fn fetch(&self) -> Result<Secret<String>, SecretError> {
        match self {
            Self::Env(name) => {
                let value = env::secret(name).ok_or_else(|| SecretError::NoVariable(name.clone()))?;
                let value = Secret::new(value.into_string().map_err(|_| SecretError::NotText)?);
                if value.expose().is_empty() { Err(SecretError::Empty) } else { Ok(value) }
            }
            Self::File(path) => from_file(path).await,
            Self::Command { argv, environment } => from_command(argv, environment).await,
        }
    }
}

impl SecretRef {
    /// Whether the secret is there, as far as can be seen without running a
    /// command.
    ///
    /// # Errors
    ///
    /// As [`fetch`](Self::fetch).
    pub async fn look(&self) -> Result<Option<Secret<String>>, SecretError> {
        match self {
            Self::Command { environment, .. } => match environment.iter().find(|name| !env::is_set(name)) {
                Some(unset) => Err(SecretError::NoVariable(unset.clone())),
                None => Ok(None),
            },
            _ => self.fetch().await.map(Some),
        }
    }
}

async fn from_file(path: &PathBuf) -> Result<Secret<String>, SecretError> {
    let unreadable = |error: std::io::Error| SecretError::Unreadable { path: path.clone(), kind: error.kind() };
    let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    // Asked of the open file: the path may point elsewhere a moment later.
    let about = file.metadata().await.map_err(unreadable)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        let owner = about.uid();
        if is_foreign(owner, rustix::process::geteuid().as_raw()) {
            return Err(SecretError::Foreign { path: path.clone(), owner });
        }
        let mode = about.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(SecretError::Exposed { path: path.clone(), mode });
        }
    }
    if about.len() > MAX_BYTES {
        return Err(SecretError::TooLarge);
    }
    let mut bytes = Secret::new(Vec::new());
    read_bounded(file, &mut bytes).await.map_err(unreadable)?;
    text(&bytes)
}

/// Whether a file of `owner` is no place for a secret of `user`. The superuser
/// can read and change everything anyhow, and is who mounts credentials.
#[cfg(unix)]
fn is_foreign(owner: u32, user: u32) -> bool {
    owner != 0 && owner != user
}

async fn from_command(argv: &[String], environment: &[String]) -> Result<Secret<String>, SecretError> {
    let Some((program, arguments)) = argv.split_first() else { return Err(SecretError::Empty) };
    let not_started = |error: std::io::Error| SecretError::NotStarted { program: program.clone(), kind: error.kind() };
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(env::for_child(environment))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(not_started)?;
    let output = child.stdout.take();
    let run = async {
        let mut bytes = Secret::new(Vec::new());
        if let Some(output) = output {
            read_bounded(output, &mut bytes).await.map_err(not_started)?;
        }
        if bytes.expose().len() as u64 > MAX_BYTES {
            return Err(SecretError::TooLarge);
        }
        let status = child.wait().await.map_err(not_started)?;
        if !status.success() {
            return Err(SecretError::CommandFailed { program: program.clone(), code: status.code() });
        }
        text(&bytes)
    };
    tokio::time::timeout(COMMAND_TIME, run).await.unwrap_or_else(|_| Err(SecretError::CommandTooSlow(program.clone())))
}

async fn read_bounded(from: impl tokio::io::AsyncRead + Unpin, into: &mut Secret<Vec<u8>>) -> std::io::Result<()> {
    let mut bytes = Vec::with_capacity(1024);
    from.take(MAX_BYTES + 1).read_to_end(&mut bytes).await?;
    *into = Secret::new(bytes);
    Ok(())
}

/// One line end is the editor's, not the secret's.
fn text(bytes: &Secret<Vec<u8>>) -> Result<Secret<String>, SecretError> {
    if bytes.expose().len() as u64 > MAX_BYTES {
        return Err(SecretError::TooLarge);
    }
    let text = std::str::from_utf8(bytes.expose()).map_err(|_| SecretError::NotText)?;
    let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    if text.is_empty() { Err(SecretError::Empty) } else { Ok(Secret::new(text.to_owned())) }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn d8_a_secret_file_is_the_user_s_own_or_the_superuser_s() {
        assert!(!is_foreign(1000, 1000) && !is_foreign(0, 1000) && !is_foreign(0, 0));
        assert!(is_foreign(1001, 1000) && is_foreign(1000, 0));
    }
}
