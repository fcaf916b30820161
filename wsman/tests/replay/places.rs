//! Where recordings lie.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::outside;

/// Further folders, colon separated, searched recursively.
pub(crate) const VARIABLE: &str = "WSMAN_RECORDINGS";

/// A folder of recordings.
pub(crate) struct Root {
    /// Short name for reports.
    name: String,
    pub(crate) path: PathBuf,
    /// Named by [`VARIABLE`].
    added: bool,
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let added = if self.added { ", added by WSMAN_RECORDINGS" } else { "" };
        write!(f, "{} ({}){added}", self.name, self.path.display())
    }
}

fn repository() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

pub(crate) fn fixtures() -> PathBuf {
    repository().join("fixtures/recordings")
}

/// `fixtures/recordings`, which is always there, and what [`VARIABLE`] adds.
///
/// # Panics
///
/// When the variable names a folder that is not there: a report that does not
/// hold what was asked for must not be green.
pub(crate) fn ours_and_added() -> Vec<Root> {
    let mut roots = vec![Root { name: "fixtures/recordings".to_owned(), path: fixtures(), added: false }];
    let added = std::env::var_os(VARIABLE).map(|folders| folders.to_string_lossy().into_owned()).unwrap_or_default();
    for folder in added.split(':').map(str::trim).filter(|folder| !folder.is_empty()) {
        // Tests run in the package's folder; people type paths in the repository's.
        let path = [PathBuf::from(folder), repository().join(folder)].into_iter().find(|path| path.exists());
        let path = path.unwrap_or_else(|| panic!("{VARIABLE} names {folder}, which is not there"));
        roots.push(Root { name: folder.to_owned(), path, added: true });
    }
    roots
}

/// `../shared/recordings`, for tests that need it.
pub(crate) fn shared() -> Root {
    Root { name: "../shared/recordings".to_owned(), path: shared_part(""), added: false }
}

/// A folder of `../shared/recordings`, for tests that need it.
///
/// # Panics
///
/// When there are recordings and not these.
pub(crate) fn shared_part(part: &str) -> PathBuf {
    let recordings = outside::shared("recordings").expect("a test that needs recordings runs where there are some");
    let folder = recordings.join(part);
    assert!(folder.is_dir(), "no {part} in ../shared/recordings");
    folder
}

/// Every file below, in order; each once, also when links or a second root
/// lead to it again. What cannot be read is said in `wrong`.
pub(crate) fn walk(root: &Path, seen: &mut BTreeSet<PathBuf>, wrong: &mut Vec<String>) -> Vec<PathBuf> {
    let (mut files, mut open) = (Vec::new(), vec![root.to_owned()]);
    while let Some(path) = open.pop() {
        let real = match path.canonicalize() {
            Ok(real) => real,
            Err(error) => {
                wrong.push(format!("{}: {error}", path.display()));
                continue;
            }
        };
        if !seen.insert(real.clone()) {
            continue;
        }
        if !real.is_dir() {
            files.push(path);
            continue;
        }
        match std::fs::read_dir(&path) {
            Ok(entries) => open.extend(entries.filter_map(Result::ok).map(|entry| entry.path())),
            Err(error) => wrong.push(format!("{}: {error}", path.display())),
        }
    }
    files.sort();
    files
}
