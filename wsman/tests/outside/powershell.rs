//! The PowerShell of the tests.

use std::ffi::OsString;
use std::path::PathBuf;

use super::{Need, shared};

/// The project's engine, where its folder is there: then no other will do.
/// Else `pwsh`.
pub(crate) const POWERSHELL: Need = Need {
    key: "powershell",
    name: "PowerShell",
    from: "pwsh on the PATH, or ../shared/powershell/pwsh-engine",
    is_there: || program().is_some(),
    is_owed: || shared("powershell").is_some(),
};

fn program() -> Option<PathBuf> {
    let found = shared("powershell").map(|folder| folder.join("pwsh-engine")).or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|folder| folder.join("pwsh")).find(|program| program.is_file())
    });
    found.filter(|program| program.is_file())
}

/// The command line of a PowerShell that speaks the out-of-process protocol.
/// For tests that need [`POWERSHELL`].
pub(crate) fn powershell() -> Vec<OsString> {
    let program = program().expect("a test that needs PowerShell runs where there is one");
    vec![program.into(), "-s".into(), "-NoLogo".into(), "-NoProfile".into()]
}
