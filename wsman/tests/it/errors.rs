//! Every word that an error of this crate says, and every fault: a snapshot,
//! so that wording is reviewed. `UPDATE=1` writes it anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use wsman::soap::Fault;

#[test]
fn every_error_text_and_every_fault_is_in_the_snapshot() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut texts = BTreeSet::new();
    let mut files = Vec::new();
    collect(&source, &mut files);
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let layer = file.strip_prefix(&source).unwrap().iter().next().unwrap().to_string_lossy().into_owned();
        let layer = layer.trim_end_matches(".rs").to_owned();
        for (mark, kind) in [("#[error(", "exact case"), ("Error::new(ErrorKind::", ""), ("what = \"", "Misuse")] {
            for (at, _) in code.match_indices(mark) {
                let rest = &code[at + mark.len() - usize::from(mark.ends_with('"'))..];
                let kind = if kind.is_empty() { rest.split(',').next().unwrap_or_default() } else { kind };
                let end = if mark.starts_with("Error") { rest.find(')').unwrap_or(rest.len()) } else { rest.len() };
                let start = rest.find('"').filter(|start| *start < end.max(120) && *start < 400);
                let Some(literal) = start.and_then(|start| literal(&rest[start..])) else { continue };
                texts.insert(format!("{layer}: [{kind}] {literal}"));
            }
        }
    }
    let mut said = String::from("# Texts\n");
    for text in texts {
        writeln!(said, "{text}").unwrap();
    }
    said.push_str("\n# Faults: code, name, what to do, who must act, what would help\n");
    let mut faults: Vec<_> = Fault::catalogue().collect();
    faults.sort_by_key(|(code, ..)| *code);
    for (code, name, class) in faults {
        let fault = Fault { code: Some(code), subcode: None, text: String::new() };
        assert_eq!(fault.name(), Some(name));
        writeln!(said, "{code} {code:08X} {name}: {class:?}, {:?}, {:?}", fault.error_kind(), fault.retry()).unwrap();
    }
    let snapshot = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/errors.txt");
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(snapshot.parent().unwrap()).unwrap();
        fs::write(&snapshot, &said).unwrap();
    }
    assert_eq!(fs::read_to_string(&snapshot).unwrap_or_default(), said, "review, then UPDATE=1");
}

/// What the field notes list; each has a name, a class and somebody to act.
#[test]
fn every_fault_of_the_field_notes_is_known() {
    for code in [
        2_150_858_793,
        2_150_858_843,
        2_150_859_173,
        2_150_859_174,
        2_147_943_418,
        995,
        1115,
        5,
        1326,
        1311,
        1312,
        87,
        2_147_942_402,
        14,
        2_150_858_767,
        2_150_858_770,
        2_150_859_046,
        2_150_859_026,
        2_150_859_027,
        2_150_859_120,
        1722,
        2_150_859_216,
        2_150_859_206,
        2_150_859_213,
        2_150_859_161,
        2_150_858_811,
        2_150_858_754,
        2_150_858_757,
        2_150_858_978,
        2_150_858_980,
        2_150_858_981,
        2_150_859_020,
        2_150_859_022,
        2_150_859_023,
        2_150_859_025,
        2_150_858_817,
        2_150_859_180,
        2_150_859_235,
        2_150_859_193,
        2_150_859_195,
        2_150_859_231,
        2_148_074_243,
        2_152_992_672,
        2_152_991_684,
        2_152_991_677,
    ] {
        assert!(Fault::catalogue().any(|(known, ..)| known == code), "{code}");
    }
}

/// A string literal at the start, with the continuations of lines taken out.
fn literal(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut chars = text.chars().skip(1);
    while let Some(c) = chars.next() {
        match c {
            '"' => return Some(out.split_whitespace().collect::<Vec<_>>().join(" ")),
            '\\' => {
                if let Some(escaped) = chars.next().filter(|c| *c != '\n') {
                    out.push(escaped);
                }
            }
            c => out.push(c),
        }
    }
    None
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("tests") {
                collect(&path, files);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            files.push(path);
        }
    }
}
