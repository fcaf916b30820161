//! What is named, held against what may be named.

use std::collections::BTreeSet;
use std::fmt;

use super::house::{House, Mention, Stop, Trail};
use super::map::{Layer, Map};
use super::sources::{Sources, top};

/// Something that is named where it must not be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    pub(crate) file: String,
    pub(crate) line: usize,
    pub(crate) what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.what),
            line => write!(f, "{}:{line}: {}", self.file, self.what),
        }
    }
}

/// Everything that breaks the map, in the order of files and lines.
pub(crate) fn findings(map: &Map, sources: &Sources, house: &House) -> Vec<Finding> {
    let mut found = BTreeSet::new();
    for crack in &house.cracks {
        let (file, what) = crack.split_once(": ").expect("a file before its fault");
        found.insert(Finding { file: file.to_owned(), line: 0, what: what.to_owned() });
    }
    for path in sources.paths().filter(|path| *path != "lib.rs") {
        if map.layer(top(path)).is_none() {
            let what = format!("`{}` is a layer that the map does not know", top(path));
            found.insert(Finding { file: path.to_owned(), line: 0, what });
        }
    }
    for module in &house.modules {
        if let Some(layer) = module.layer.as_ref().filter(|layer| map.layer(layer).is_none()) {
            let what = format!("the module `{layer}` is a layer that the map does not know");
            found.insert(Finding { file: module.path.join("::"), line: 0, what });
        }
    }
    for mention in &house.mentions {
        let mut judge = Judge { map, mention, wrong: Vec::new(), used: Vec::new() };
        mention.trails.iter().for_each(|trail| judge.trail(trail));
        let (file, line) = (&mention.file, mention.line);
        found.extend(judge.wrong.into_iter().map(|what| Finding { file: file.clone(), line, what }));
    }
    found.into_iter().collect()
}

/// Permissions and doors that nobody uses: a map says no more than is needed.
pub(crate) fn idle(map: &Map, house: &House) -> Vec<String> {
    let mut used = BTreeSet::new();
    for mention in &house.mentions {
        let mut judge = Judge { map, mention, wrong: Vec::new(), used: Vec::new() };
        mention.trails.iter().for_each(|trail| judge.trail(trail));
        used.extend(judge.used);
    }
    let mut all = Vec::new();
    for layer in map.layers {
        all.extend(layer.may.iter().map(|entry| granted(layer.name, entry)));
        all.extend(layer.beside.iter().map(|entry| granted(layer.name, &format!("{}::{entry}", map.beside))));
    }
    for (layer, names) in map.hands_on {
        all.extend(names.iter().map(|name| handed(layer, name)));
    }
    for (layer, paths) in map.outside {
        all.extend(paths.iter().map(|path| granted(layer, path)));
    }
    for (door, places) in map.doors {
        all.extend(places.iter().map(|place| opened(door, place)));
    }
    all.retain(|entry| !used.contains(entry));
    all
}

/// Layers that reach themselves through the map. Leaves do not count: all
/// name them, and what they may name is written out.
pub(crate) fn circles(map: &Map) -> Vec<String> {
    let below = |name: &str| -> Vec<&str> {
        let layer = map.layer(name).filter(|layer| !layer.leaf);
        layer.into_iter().flat_map(|layer| layer.may.iter().map(|entry| head(entry))).collect()
    };
    let mut circles = Vec::new();
    for layer in map.layers {
        let (mut open, mut seen) = (below(layer.name), BTreeSet::new());
        while let Some(next) = open.pop() {
            if next == layer.name {
                circles.push(format!("`{next}` may name itself through others"));
                break;
            }
            if seen.insert(next) {
                open.extend(below(next));
            }
        }
    }
    circles
}

fn granted(layer: &str, entry: &str) -> String {
    format!("`{layer}` may name `{entry}`, and does not")
}

fn handed(layer: &str, name: &str) -> String {
    format!("`{layer}` hands on `{name}`, and nobody takes it")
}

fn opened(door: &str, place: &str) -> String {
    format!("`{door}` is open in {place}, and not used there")
}

/// The layer of an entry: `soap` of `soap::Fault`, `host` of `host/a.ps1`.
fn head(entry: &str) -> &str {
    entry.split([':', '/']).next().unwrap_or(entry)
}

struct Judge<'a> {
    map: &'a Map,
    mention: &'a Mention,
    wrong: Vec<String>,
    used: Vec<String>,
}

impl Judge<'_> {
    /// Goes along the stops. Where a layer hands a name on as its own, the
    /// rest is that layer's matter.
    fn trail(&mut self, trail: &Trail) {
        let mut at = 0;
        while at < trail.len() {
            match &trail[at] {
                Stop::Own { layer, .. } => {
                    let same = |stop: &&Stop| matches!(stop, Stop::Own { layer: other, .. } if other == layer);
                    let stops: Vec<&Stop> = trail[at..].iter().take_while(same).collect();
                    at += stops.len();
                    let Some(layer) = layer else { continue };
                    if self.layer(layer, &stops, at < trail.len()) {
                        return;
                    }
                }
                Stop::Foreign(path) => {
                    self.beside(path);
                    self.doors(path);
                    at += 1;
                }
                Stop::File { path, code } => {
                    self.file(path, *code);
                    at += 1;
                }
                Stop::Unread => {
                    self.wrong.push(format!("a path is not written out ({})", self.mention.written));
                    at += 1;
                }
            }
        }
    }

    /// Whether the way ends at this layer, as far as this rule goes.
    fn layer(&mut self, named: &str, stops: &[&Stop], goes_on: bool) -> bool {
        let paths = stops.iter().filter_map(|stop| match stop {
            Stop::Own { path, .. } => Some(&path[..]),
            _ => None,
        });
        let paths: Vec<&[String]> = paths.collect();
        if let Some(mine) = self.mine().filter(|mine| mine.name != named) {
            let entry = mine.may.iter().find(|entry| paths.iter().any(|path| grants(entry, path)));
            match entry {
                Some(entry) => self.used.push(granted(mine.name, entry)),
                None if self.map.layer(named).is_some_and(|layer| layer.leaf) => {}
                None => self.wrong(mine.name, named),
            }
        }
        let name = paths.iter().find_map(|path| path.get(1).filter(|name| self.map.hands_on(named, name)));
        if let (Some(name), true) = (name, goes_on) {
            if self.mention.layer.as_deref() != Some(named) {
                self.used.push(handed(named, name));
            }
            return true;
        }
        false
    }

    fn mine(&self) -> Option<&'static Layer> {
        self.mention.layer.as_deref().and_then(|layer| self.map.layer(layer))
    }

    fn wrong(&mut self, mine: &str, named: &str) {
        self.wrong.push(format!("`{mine}` must not name `{named}` ({})", self.mention.written));
    }

    /// The crate beside: each layer has its part of it, the root has none.
    fn beside(&mut self, path: &[String]) {
        let is_beside = path.first().is_some_and(|first| !first.is_empty() && first == self.map.beside);
        if !is_beside {
            return;
        }
        let mine = self.mine().map_or("lib.rs", |mine| mine.name);
        let may = self.mine().map_or(&[][..], |mine| mine.beside);
        let path = &path[1..];
        if path.is_empty() && self.mention.layer.is_some() {
            // The name of the crate alone opens nothing yet.
            return;
        }
        match may.iter().find(|entry| grants(entry, path)) {
            Some(entry) => self.used.push(granted(mine, &format!("{}::{entry}", self.map.beside))),
            None => self.wrong(mine, &format!("{}::{}", self.map.beside, path.first().map_or("*", String::as_str))),
        }
    }

    fn doors(&mut self, path: &[String]) {
        let above = path.split_last().filter(|(last, _)| *last == "*").map(|(_, above)| above);
        for (door, places) in self.map.doors {
            // A glob above the door opens it as well.
            if !grants(door, path) && !above.is_some_and(|above| starts(door.split("::"), above)) {
                continue;
            }
            match places.iter().find(|place| is_in(&self.mention.file, place)) {
                Some(place) => self.used.push(opened(door, place)),
                None => self.wrong.push(format!("`{door}` must not be named here ({})", self.mention.written)),
            }
        }
    }

    fn file(&mut self, path: &str, code: bool) {
        let mine = self.mention.layer.as_deref().unwrap_or("lib.rs");
        if code && self.mention.written.starts_with('"') {
            return self.wrong.push(format!("a text is taken as code, which no layer answers for ({path})"));
        }
        let Some(below) = path.strip_prefix("src/") else {
            let outside = self.map.outside.iter().filter(|(layer, _)| *layer == mine);
            let entry = outside.flat_map(|(_, starts)| starts.iter()).find(|start| path.starts_with(**start));
            match entry {
                Some(entry) if !code => self.used.push(granted(mine, entry)),
                _ => self.wrong(mine, path),
            }
            return;
        };
        let named = top(below);
        if named == mine {
            return;
        }
        let may = self.mine().map_or(&[][..], |mine| mine.may);
        match may.iter().find(|entry| !code && (**entry == named || **entry == below)) {
            Some(entry) => self.used.push(granted(mine, entry)),
            None => self.wrong(mine, path),
        }
    }
}

/// Whether an entry of a map covers the path: its layer, or a start of it.
fn grants(entry: &str, path: &[String]) -> bool {
    !entry.contains('/') && entry.split("::").count() <= path.len() && entry.split("::").zip(path).all(|(a, b)| a == b)
}

/// Whether the path is the start of the words.
fn starts<'a>(words: impl Iterator<Item = &'a str>, path: &[String]) -> bool {
    let words: Vec<&str> = words.collect();
    path.len() < words.len() && path.iter().zip(words).all(|(a, b)| a == b)
}

/// Whether the file is the place, or below it.
fn is_in(file: &str, place: &str) -> bool {
    file == place || file.strip_prefix(place).is_some_and(|rest| rest.starts_with('/') || rest == ".rs")
}
