//! What can be counted: who calls a function, and what a value holds.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::house::{House, Mention, Sort, Stop, Trail};

/// A function, by a path of it that leads there, such as `host::Session::open`,
/// or a method by its name alone, whoever has it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Called {
    Function(&'static str),
    Method(&'static str),
}

/// How often each file names the function outside of tests and imports. A
/// function that is handed over as a value counts like a call of it.
pub(crate) fn sites(house: &House, called: Called) -> BTreeMap<String, usize> {
    let mut sites = BTreeMap::new();
    for mention in house.mentions.iter().filter(|mention| !mention.test && is(mention, called)) {
        *sites.entry(mention.file.clone()).or_default() += 1;
    }
    sites
}

fn is(mention: &Mention, called: Called) -> bool {
    match called {
        Called::Method(name) => mention.sort == Sort::Method && mention.written == name,
        Called::Function(path) => {
            mention.sort == Sort::Path && mention.trails.iter().flatten().any(|stop| leads_to(stop, path))
        }
    }
}

fn leads_to(stop: &Stop, wanted: &str) -> bool {
    match stop {
        Stop::Own { path, .. } | Stop::Foreign(path) => wanted.split("::").eq(path.iter().map(String::as_str)),
        _ => false,
    }
}

/// The way from a type through fields of our own types to one that names
/// `held`, as `server::Server.0`, `server::Inner.caller`. Paths are those of
/// the definitions. What a field hides behind a trait object is not seen.
pub(crate) fn chain_to(house: &House, owner: &str, held: &str) -> Option<Vec<String>> {
    assert!(house.fields.contains_key(owner), "{owner} has fields");
    let (mut open, mut seen) = (VecDeque::from([(owner.to_owned(), Vec::new())]), BTreeSet::new());
    while let Some((owner, way)) = open.pop_front() {
        for (field, trails) in house.fields.get(&owner).into_iter().flatten() {
            let mut way: Vec<String> = way.clone();
            way.push(format!("{owner}.{field}"));
            for path in trails.iter().filter_map(end) {
                if path == held {
                    return Some(way);
                }
                if seen.insert(path.clone()) {
                    open.push_back((path, way.clone()));
                }
            }
        }
    }
    None
}

fn end(trail: &Trail) -> Option<String> {
    match trail.last() {
        Some(Stop::Own { path, .. } | Stop::Foreign(path)) => Some(path.join("::")),
        _ => None,
    }
}
