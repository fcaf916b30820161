//! The manual promises a test for each fault of others: there must be one.

use std::fs;
use std::path::Path;

#[test]
fn the_tests_that_the_manual_names_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("src/manual/other-clients.md")).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| fault"));
    let mut sources = String::new();
    for folder in ["src", "tests"] {
        collect(&root.join(folder), &mut sources);
    }
    let mut missing = Vec::new();
    let mut faults = 0;
    for row in rows {
        faults += 1;
        let last = row.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
        let names: Vec<&str> = last.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "no test in: {row}");
        missing.extend(names.into_iter().filter(|name| !sources.contains(&format!("fn {name}("))).map(str::to_owned));
    }
    assert!(faults > 20, "{faults} faults read");
    assert!(missing.is_empty(), "named and not there: {missing:?}");
}

fn collect(folder: &Path, all: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, all);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}
