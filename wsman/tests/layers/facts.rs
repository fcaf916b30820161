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

#[cfg(test)]
mod tests {
    use super::super::map::{Map, layer};
    use super::super::sources::Sources;
    use super::*;

    const MAP: Map = Map {
        library: "made_up",
        beside: "",
        layers: &[layer("audit", &[], &[]), layer("desk", &["audit"], &[])],
        hands_on: &[],
        outside: &[],
        doors: &[],
    };

    fn house(desk: &str) -> House {
        let mut sources = Sources::default();
        sources.put("lib.rs", "mod audit; mod desk;");
        sources.put("audit.rs", "mod trail; pub use trail::{Trail, begin};");
        sources.put(
            "audit/trail.rs",
            "pub struct Trail; pub fn begin() {} impl Trail { pub fn open() { Self::open(); } }",
        );
        sources.put("desk.rs", desk);
        House::build(&MAP, &sources)
    }

    #[test]
    fn calls_are_counted_under_every_name_and_not_in_tests() {
        let house = house(
            "use crate::audit::{self as a, begin as b};
             fn f() { b(); a::begin(); vec![super::audit::begin()]; let _ = Some(()).map(|()| b); }
             fn begin() {} fn g(x: X) { begin(); x.begin(); x.begin; vec![x.begin()]; }
             #[cfg(test)] mod tests { fn f() { crate::audit::begin(); } }",
        );
        let desk = |count: usize| BTreeMap::from([("desk.rs".to_owned(), count)]);
        assert_eq!(sites(&house, Called::Function("audit::begin")), desk(4));
        assert_eq!(sites(&house, Called::Function("audit::trail::begin")), desk(4));
        assert_eq!(sites(&house, Called::Method("begin")), desk(2));
        let own = BTreeMap::from([("audit/trail.rs".to_owned(), 1)]);
        assert_eq!(sites(&house, Called::Function("audit::trail::Trail::open")), own);
    }

    #[test]
    fn a_type_is_found_behind_fields_aliases_and_brackets() {
        let house = house(
            "use crate::audit as a; type Kept = Option<a::Trail>; struct Inner { one: u8, kept: Vec<Kept> }
             pub struct Desk(std::sync::Arc<Inner>); pub struct Empty { one: Option<u8> }",
        );
        let chain = chain_to(&house, "desk::Desk", "audit::trail::Trail").unwrap_or_default();
        assert_eq!(chain, ["desk::Desk.0", "desk::Inner.kept", "desk::Kept.="]);
        assert_eq!(chain_to(&house, "desk::Inner", "desk::Desk"), None);
    }
}
