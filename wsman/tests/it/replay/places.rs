//! Where recordings lie.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Further folders, colon separated, searched recursively.
pub(crate) const VARIABLE: &str = "WSMAN_RECORDINGS";

/// A folder of recordings.
pub(crate) struct Root {
    /// Short name for reports.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// Named by [`VARIABLE`].
    pub(crate) added: bool,
}

/// `fixtures/recordings`, which is always there; `../shared/recordings`, if it
/// lies beside the checkout; what [`VARIABLE`] adds.
///
/// # Panics
///
/// When the variable names a folder that is not there: a report that does not
/// hold what was asked for must not be green.
pub(crate) fn roots() -> Vec<Root> {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let repository = crate_root.parent().unwrap_or(crate_root);
    let mut roots = vec![Root {
        name: "fixtures/recordings".to_owned(),
        path: repository.join("fixtures/recordings"),
        added: false,
    }];
    match shared() {
        Some(path) => roots.push(Root { name: "../shared/recordings".to_owned(), path, added: false }),
        None => println!("left out: no ../shared/recordings beside the checkout"),
    }
    let added = std::env::var_os(VARIABLE).map(|folders| folders.to_string_lossy().into_owned()).unwrap_or_default();
    for folder in added.split(':').map(str::trim).filter(|folder| !folder.is_empty()) {
        // Tests run in the package's folder; people type paths in the repository's.
        let path = [PathBuf::from(folder), repository.join(folder)].into_iter().find(|path| path.exists());
        let path = path.unwrap_or_else(|| panic!("{VARIABLE} names {folder}, which is not there"));
        roots.push(Root { name: folder.to_owned(), path, added: true });
    }
    roots
}

/// `../shared/recordings`, beside this checkout or one above it.
pub(crate) fn shared() -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().skip(1);
    above.map(|folder| folder.join("shared/recordings")).find(|folder| folder.is_dir())
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
