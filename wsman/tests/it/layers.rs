//! The architecture, as a test: who may name whom.

use std::fs;
use std::path::{Path, PathBuf};

/// Layer, and what it may name after `crate::`. Leaves are free to all.
const MAY_USE: &[(&str, &[&str])] = &[
    ("xml", &[]),
    ("clixml", &["xml"]),
    ("soap", &["xml"]),
    ("psrp", &["clixml"]),
    ("auth", &[]),
    ("session", &["clixml", "soap", "psrp"]),
    ("transport", &["auth", "soap"]),
    ("client", &["auth", "clixml", "psrp", "session", "transport"]),
    ("recorder", &["client", "clixml", "psrp", "soap", "xml"]),
    ("host_end", &["auth", "client", "clixml", "psrp", "session", "soap", "transport", "xml"]),
];
/// `error` names the fault that it carries; everybody else names only error.
const LEAVES: &[&str] = &["error", "secret", "time", "entropy", "Error", "ErrorKind", "Effect", "Retry"];

#[test]
fn layers_name_only_what_is_below_them() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for (layer, below) in MAY_USE {
        let mut files = Vec::new();
        collect(&source.join(layer), &mut files);
        assert!(!files.is_empty(), "{layer} has files");
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            for name in named(&text) {
                if name != *layer && !below.contains(&name.as_str()) && !LEAVES.contains(&name.as_str()) {
                    let file = file.strip_prefix(&source).unwrap().display().to_string();
                    wrong.push(format!("{file}: `{layer}` must not use `{name}`"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn foreign_things_have_one_door() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&source, &mut files);
    for (word, door) in [
        ("quick_xml::", "xml"),
        ("ntlmclient::", "auth"),
        ("reqwest::", "transport"),
        ("rustls_platform_verifier::", "transport"),
        ("getrandom::", "entropy.rs"),
        ("rsa::", "psrp"),
        ("aes::", "psrp"),
        ("hyper::server", "host_end"),
        ("tokio::process", "host_end"),
    ] {
        let users: Vec<_> = files
            .iter()
            .filter(|file| code(&fs::read_to_string(file).unwrap()).any(|line| line.contains(word)))
            .map(|file| file.strip_prefix(&source).unwrap().display().to_string())
            .collect();
        assert!(!users.is_empty(), "{word} is used somewhere");
        let strangers: Vec<_> = users.iter().filter(|user| !user.starts_with(door)).collect();
        assert!(strangers.is_empty(), "{word} belongs to {door}, found in {strangers:?}");
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    if folder.with_extension("rs").is_file() {
        files.push(folder.with_extension("rs"));
    }
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
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
}
