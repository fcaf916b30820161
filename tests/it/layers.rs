//! The architecture, as a test: who may name whom.

use std::fs;
use std::path::{Path, PathBuf};

/// Layer, and what it may name after `crate::`. Leaves are free to all.
///
/// `demo` stands beside the layers: it makes a configuration and the hosts
/// that it names, and only the command line starts it.
const MAY_USE: &[(&str, &[&str])] = &[
    ("cli", &["audit", "call", "catalog", "config", "demo", "fleet", "mcp", "telemetry", "tenant"]),
    ("mcp", &["call", "catalog", "fleet", "host", "tenant"]),
    ("fleet", &["call", "catalog", "tenant"]),
    ("call", &["catalog", "config", "host", "pool", "telemetry", "tenant"]),
    ("pool", &["host", "tenant"]),
    ("config", &["host", "tenant"]),
    // The catalogue for its tests only, which hold its answers against it; of
    // the host the module that it stands in for.
    ("demo", &["catalog", "config", "host"]),
    ("host", &[]),
    ("catalog", &["tenant"]),
    ("tenant", &[]),
    ("audit", &["store"]),
    ("store", &[]),
    // For the name of its variable.
    ("telemetry", &["config"]),
];
const LEAVES: &[&str] = &["near"];

/// A word, and the one place whose code may say it.
const DOORS: &[(&str, &str)] = &[
    ("rmcp::", "mcp"),
    ("std::env", "config/env.rs"),
    ("std::io::stdout()", "cli/print.rs"),
    ("std::io::stderr()", "cli/print.rs"),
    ("backoff::", "call/pause.rs"),
    ("hyper::", "mcp/http.rs"),
    ("clap::", "cli"),
    ("toml::", "config"),
    ("wsman::client", "host"),
    ("wsman::host_end", "demo"),
];

#[test]
fn layers_name_only_what_is_below_them() {
    let source = source();
    let mut wrong = Vec::new();
    for (layer, below) in MAY_USE {
        let mut files = Vec::new();
        collect(&source.join(layer), &mut files);
        assert!(!files.is_empty(), "{layer} has files");
        for file in files {
            for name in named(&fs::read_to_string(&file).expect("a source file")) {
                if name != *layer && !below.contains(&name.as_str()) && !LEAVES.contains(&name.as_str()) {
                    let file = file.strip_prefix(&source).expect("below src").display().to_string();
                    wrong.push(format!("{file}: `{layer}` must not use `{name}`"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_folder_is_a_layer() {
    let entries = fs::read_dir(source()).expect("the sources").map(|entry| entry.expect("an entry").path());
    let folders = entries.filter(|path| path.is_dir());
    let names = folders.map(|path| path.file_name().expect("a name").to_string_lossy().into_owned());
    let unknown: Vec<String> = names.filter(|name| !MAY_USE.iter().any(|(layer, _)| layer == name)).collect();
    assert!(unknown.is_empty(), "no layer says what these may use: {unknown:?}");
}

#[test]
fn foreign_things_have_one_door() {
    let source = source();
    let mut files = Vec::new();
    collect(&source, &mut files);
    for (said, door) in DOORS {
        let says = |file: &&PathBuf| code(&fs::read_to_string(file).expect("a source file")).any(|l| says(l, said));
        let users: Vec<_> =
            files.iter().filter(says).map(|file| file.strip_prefix(&source).expect("below src")).collect();
        assert!(!users.is_empty(), "{said} is used somewhere");
        let strangers: Vec<_> = users.iter().filter(|user| !user.starts_with(door)).collect();
        assert!(strangers.is_empty(), "{said} belongs to {door}, found in {strangers:?}");
    }
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim_start).filter(|line| !line.starts_with("//"))
}

/// Whether the line says the word, and not only as the end of a longer one.
fn says(line: &str, word: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    line.match_indices(word).any(|(at, _)| !line[..at].ends_with(inside))
}

/// First words after `crate::`, also inside `use crate::{a::…, b}`.
fn named(text: &str) -> Vec<String> {
    let text: String = code(text).collect::<Vec<_>>().join("\n");
    let mut names = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            names.extend(word(rest));
            continue;
        };
        let mut depth = 0;
        let mut item = String::new();
        for c in group.chars() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => names.extend(word(&std::mem::take(&mut item))),
                _ if depth == 0 => item.push(c),
                _ => {}
            }
        }
        names.extend(word(&item));
    }
    names
}

fn word(text: &str) -> Option<String> {
    let word: String = text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!word.is_empty()).then_some(word)
}

#[test]
fn grouped_imports_are_seen_through() {
    assert_eq!(named("use crate::{a::{X, Y}, b};\nfn f() { crate::c::d() }\n// crate::e"), ["a", "b", "c"]);
    assert!(says("    println!(\"x\")", "println!") && !says("eprintln!(\"x\")", "println!"));
}
