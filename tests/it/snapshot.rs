//! Texts that tests write, most of them under `fixtures/snapshots`: with
//! `UPDATE=1` they are written, else compared.

use std::path::Path;

/// Compares `found` with the snapshot of that name.
#[track_caller]
pub(crate) fn assert_snapshot(name: &str, found: &str) {
    assert_file(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/snapshots").join(name), found);
}

/// Compares `found` with a file.
#[track_caller]
pub(crate) fn assert_file(path: &Path, found: &str) {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, found).expect("write the snapshot");
    }
    let expected = std::fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("{}: {error}; run with UPDATE=1 to write it", path.display()));
    if expected == found {
        return;
    }
    // Of a long text the first difference will do: UPDATE=1 shows the others.
    let mut pairs = expected.lines().map(Some).chain([None]).zip(found.lines().map(Some).chain([None]));
    let (was, is) = pairs.find(|(was, is)| was != is).unwrap_or_default();
    panic!(
        "{} differs; run with UPDATE=1 and review the change\n--- expected\n{}\n--- found\n{}",
        path.display(),
        was.unwrap_or("(the end)"),
        is.unwrap_or("(the end)")
    );
}
