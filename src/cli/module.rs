//! `module export`: our own script as files, for who wants to read, sign and
//! install it.

use std::fmt::Write as _;
use std::path::Path;

use super::args::Export;
use super::source::CommandError;
use super::{Exit, print};
use crate::catalog;
use crate::config::Bundled;

/// Chosen once: what PowerShell knows the module by.
const ID: &str = "6d0c1f5e-2b7a-4c39-9b3e-0d3a53454e54";

/// A module of PowerShell, and its parts by subject beside it.
pub(super) fn export(args: &Export) -> Result<Exit, CommandError> {
    let folder = args.folder.join("SentinelManager");
    let parts = folder.join("parts");
    let ours = Bundled::of_this_release();
    write(&folder.join("SentinelManager.psm1"), ours.text)?;
    write(&folder.join("SentinelManager.psd1"), &manifest())?;
    for (name, text) in ours.files {
        write(&parts.join(name), text)?;
    }
    print::line(&format!("{}  SentinelManager.psm1", ours.sha256()));
    print::line(&format!("# written to {}", folder.display()));
    Ok(Exit::Done)
}

fn write(file: &Path, text: &str) -> Result<(), CommandError> {
    let folder = file.parent().unwrap_or(file);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(file, text))
        .map_err(|error| CommandError::Unwritable { path: file.to_owned(), kind: error.kind() })
}

/// Only the functions of the catalogue are anybody's: the others may change.
fn manifest() -> String {
    let mut names = String::new();
    for entry in catalog::all() {
        let _ = write!(names, "\n        '{}'", entry.function);
    }
    format!(
        "@{{\n    RootModule           = 'SentinelManager.psm1'\n    ModuleVersion        = '{}'\n    \
         GUID                 = '{ID}'\n    PowerShellVersion    = '5.1'\n    \
         CompatiblePSEditions = @('Desktop', 'Core')\n    \
         Description          = 'Microsoft Sentinel on its own REST interfaces'\n    \
         FunctionsToExport    = @({names}\n    )\n    CmdletsToExport      = @()\n    VariablesToExport    = @()\n    \
         AliasesToExport      = @()\n}}\n",
        env!("CARGO_PKG_VERSION")
    )
}
