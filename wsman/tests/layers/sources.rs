//! The files of a package's `src`, from the disk or made up.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Paths below `src`, with `/`. Only Rust has a text here.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sources(BTreeMap<String, String>);

impl Sources {
    /// Everything below the folder.
    pub(crate) fn read(folder: &Path) -> Self {
        let mut sources = Self::default();
        sources.collect(folder, "");
        assert!(sources.0.contains_key("lib.rs"), "{} has a lib.rs", folder.display());
        sources
    }

    fn collect(&mut self, folder: &Path, below: &str) {
        for entry in fs::read_dir(folder).expect("a folder of sources") {
            let entry = entry.expect("an entry");
            let path = join(below, &entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                self.collect(&entry.path(), &path);
                continue;
            }
            let text =
                if is_rust(&path) { fs::read_to_string(entry.path()).expect("a source file") } else { String::new() };
            self.0.insert(path, text);
        }
    }

    pub(crate) fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    pub(crate) fn put(&mut self, path: impl Into<String>, text: impl Into<String>) {
        let former = self.0.insert(path.into(), text.into());
        assert!(former.is_none(), "a made-up file stands beside the real ones");
    }

    /// Adds to the end of a file that is there.
    pub(crate) fn append(&mut self, path: &str, text: &str) {
        let file = self.0.get_mut(path).unwrap_or_else(|| panic!("{path} is there"));
        file.push('\n');
        file.push_str(text);
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The file in which a layer's own modules are declared.
    pub(crate) fn head(&self, layer: &str) -> String {
        let folder = format!("{layer}/mod.rs");
        if self.0.contains_key(&folder) { folder } else { format!("{layer}.rs") }
    }
}

pub(crate) fn is_rust(path: &str) -> bool {
    path.ends_with(".rs")
}

/// The layer of a file: the folder or file beside `lib.rs`.
pub(crate) fn top(path: &str) -> &str {
    match path.split_once('/') {
        Some((folder, _)) => folder,
        None => path.rsplit_once('.').map_or(path, |(stem, _)| stem),
    }
}

/// The folder of a file, empty for `src` itself.
pub(crate) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

pub(crate) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// Where a path that is written in a file of `folder` leads, from the
/// package's folder; `..` at its start when it leaves the package.
pub(crate) fn locate(folder: &str, written: &str) -> String {
    let from = match written.strip_prefix(PACKAGE) {
        Some(rest) => rest.to_owned(),
        None if written.starts_with('/') => return format!("..{written}"),
        None => join(&join("src", folder), written),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in from.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Stands for `env!("CARGO_MANIFEST_DIR")` in a written path.
pub(crate) const PACKAGE: &str = "\0package";

#[test]
fn paths_lead_where_the_compiler_takes_them() {
    assert_eq!(locate("call", "../host/a.ps1"), "src/host/a.ps1");
    assert_eq!(locate("demo/tests", "../../../fixtures/x"), "fixtures/x");
    assert_eq!(locate("call", "../../../wsman/x"), "../wsman/x");
    assert_eq!(locate("call", &format!("{PACKAGE}/src/./host/x")), "src/host/x");
    assert_eq!(locate("", "/etc/passwd"), "../etc/passwd");
    assert_eq!((top("near.rs"), top("call/bind/tests.rs"), top("data.tar")), ("near", "call", "data"));
}
