//! The environment: the only place that reads it, and every variable of ours.

use std::ffi::OsString;
use std::path::PathBuf;

use wsman::secret::Secret;

/// A variable and what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Name.
    pub name: &'static str,
    /// One line for people.
    pub meaning: &'static str,
}

/// Path of the configuration, when `--config` is not given.
pub const CONFIG: Variable =
    Variable { name: "SENTINEL_JUMP_CONFIG", meaning: "path of the configuration, when --config is not given" };
/// What is logged.
pub const LOG: Variable =
    Variable { name: "SENTINEL_JUMP_LOG", meaning: "what is logged on stderr, such as info or sentinel_jump=debug" };

/// No colours. Source: <https://no-color.org>.
pub const NO_COLOR: Variable = Variable { name: "NO_COLOR", meaning: "set to anything: no colours on a terminal" };

/// Every variable of the server.
pub const VARIABLES: [Variable; 3] = [CONFIG, LOG, NO_COLOR];

/// The configuration's path.
#[must_use]
pub fn config() -> Option<PathBuf> {
    read(CONFIG.name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The log filter.
#[must_use]
pub fn log() -> Option<String> {
    read(LOG.name).and_then(|value| value.into_string().ok()).filter(|value| !value.is_empty())
}

/// Whether a terminal may be coloured: nobody said no, and it can.
#[must_use]
pub fn wants_colours() -> bool {
    let refused = read(NO_COLOR.name).is_some_and(|value| !value.is_empty());
    // Source: terminfo; `dumb` is what editors and CI say that show escape sequences as text.
    !refused && read("TERM").is_none_or(|terminal| terminal != "dumb")
}

impl Variable {
    /// What it holds, if that is a secret.
    #[must_use]
    pub fn secret(&self) -> Option<Secret<String>> {
        let value = read(self.name).and_then(|value| value.into_string().ok());
        value.filter(|value| !value.is_empty()).map(Secret::new)
    }
}

/// A variable that the configuration names as the place of a secret.
pub(super) fn secret(name: &str) -> Option<OsString> {
    read(name)
}

/// What a child process sees of the environment: what programs need to run at
/// all, and what the configuration names. The rest may hold the secrets of
/// other tenants.
///
/// What a variable holds cannot be wiped, since safe code cannot reach it: a
/// secret that must not outlive its use belongs in a file or a command.
pub(super) fn for_child(named: &[String]) -> Vec<(OsString, OsString)> {
    let names = FOR_CHILDREN.into_iter().chain(named.iter().map(String::as_str));
    names.filter_map(|name| Some((name.into(), read(name)?))).collect()
}

/// Variables without which programs do not start or do not find their own
/// files. No proxy, no agent's socket: those are named where they are needed.
const FOR_CHILDREN: [&str; 20] = [
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    // Windows.
    "SystemRoot",
    "SystemDrive",
    "windir",
    "ComSpec",
    "PATHEXT",
    "TEMP",
    "TMP",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "ProgramData",
    "ProgramFiles",
    "USERNAME",
];

/// Whether a variable is set.
pub(super) fn is_set(name: &str) -> bool {
    read(name).is_some()
}

fn read(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
