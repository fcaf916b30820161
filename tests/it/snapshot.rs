//! Texts under `fixtures/snapshots`; `UPDATE=1` writes them.

use std::path::Path;

/// Compares `found` with the snapshot of that name.
#[track_caller]
pub(crate) fn assert_snapshot(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/snapshots").join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, found).expect("write the snapshot");
    }
    let expected = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; run with UPDATE=1 to write it", path.display()));
    assert!(
        expected == found,
        "{} differs; run with UPDATE=1 and review the change\n--- expected\n{expected}\n--- found\n{found}",
        path.display()
    );
}
