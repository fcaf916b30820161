//! Plants violations, and their harmless doubles, into a copy of the sources
//! in memory, and counts what is found.

use std::collections::BTreeMap;

use super::forms::{BENDING, HARMLESS, NAMING, OPENING};
use super::house::House;
use super::map::{Layer, Map};
use super::rules::{Finding, findings};
use super::sources::Sources;

/// How many of a kind were planted, and how many were found.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) kinds: BTreeMap<String, (usize, usize)>,
    /// Violations that were not found, and harmless things that were.
    pub(crate) wrong: Vec<String>,
}

impl Tally {
    pub(crate) fn planted(&self) -> usize {
        self.kinds.values().map(|(planted, _)| planted).sum()
    }

    pub(crate) fn found(&self) -> usize {
        self.kinds.values().map(|(_, found)| found).sum()
    }

    fn count(&mut self, kind: &str, found: bool) {
        let (planted, seen) = self.kinds.entry(kind.to_owned()).or_default();
        *planted += 1;
        *seen += usize::from(found);
    }
}

/// A file that was planted.
struct Plant {
    kind: String,
    file: String,
    text: String,
    /// What a finding has to say of it; nothing when none may be made.
    named: Option<String>,
}

/// Plants every kind in every layer and reads the package once. First what
/// had to be found, then what must not be; both are true only together.
pub(crate) fn plant(map: &Map, sources: &Sources) -> (Tally, Tally) {
    let mut garden = Garden { map, sources: sources.clone(), plants: Vec::new() };
    garden.prepare();
    for layer in garden.layers() {
        garden.naming(layer);
        garden.opening(layer);
        garden.harmless(layer);
    }
    let house = House::build(map, &garden.sources);
    let (mut violations, doubles) = garden.tally(&findings(map, &garden.sources, &house));
    for layer in garden.layers() {
        bending(map, layer, &mut violations);
    }
    (violations, doubles)
}

/// Bends the tree of a package that has only the layers of the map.
fn bending(map: &Map, layer: &Layer, tally: &mut Tally) {
    let bare = bare(map);
    assert!(findings(map, &bare, &House::build(map, &bare)).is_empty(), "the bare layers are sound");
    let closed = map.doors.iter().find(|(_, places)| !places.contains(&layer.name));
    let door = closed.map_or("std::env", |(door, _)| *door);
    let (first, tail) = door.split_once("::").unwrap_or((door, ""));
    let fill = |text: &str| {
        let text = text.replace("TOP", layer.name).replace("LIBRARY", map.library).replace("BESIDE", map.beside);
        text.replace("DOOR", door).replace("CRATE", first).replace("TAIL", tail).replace("::::", "::")
    };
    let binary = map.layer("main");
    for (kind, edits, said) in BENDING {
        let of_binary = edits.iter().any(|(file, _)| *file == "main.rs");
        let is_free = layer.leaf || binary.is_none_or(|binary| binary.may.contains(&layer.name));
        if of_binary && is_free || map.beside.is_empty() && said.contains("BESIDE") {
            continue;
        }
        let mut sources = bare.clone();
        for (file, text) in *edits {
            let file = fill(file);
            match sources.get(&file) {
                Some(_) => sources.append(&file, &fill(text)),
                None => sources.put(file, fill(text)),
            }
        }
        let found = findings(map, &sources, &House::build(map, &sources));
        let caught = found.iter().any(|finding| finding.to_string().contains(&fill(said)));
        tally.count(&format!("tree · {kind}"), caught);
        if !caught {
            tally.wrong.push(format!("{}: {kind}, found: {found:?}", layer.name));
        }
    }
}

fn bare(map: &Map) -> Sources {
    let mut sources = Sources::default();
    let mut root = String::new();
    for layer in map.layers.iter().filter(|layer| layer.name != "main") {
        root.push_str(&format!("pub mod {};\n", layer.name));
        sources.put(format!("{}/mod.rs", layer.name), "pub fn go() {} pub struct Thing;");
    }
    sources.put("lib.rs", root);
    if map.layer("main").is_some() {
        sources.put("main.rs", "fn main() {}");
    }
    sources
}

struct Garden<'a> {
    map: &'a Map,
    sources: Sources,
    plants: Vec<Plant>,
}

impl Garden<'_> {
    /// The library's layers. A binary has files of no layer, and forms of its own.
    fn layers(&self) -> Vec<&'static Layer> {
        let in_library = |layer: &&Layer| !matches!(layer.name, "main" | "bin");
        self.map.layers.iter().filter(in_library).collect()
    }

    /// Gives every layer something to be named, and hands it through the root
    /// and through the layers that may name it.
    fn prepare(&mut self) {
        for layer in self.layers() {
            let name = layer.name;
            let mut text = format!(
                "pub struct Thing; pub struct Unit {{ pub x: u8 }} pub trait Doing {{}} pub fn go() {{}} pub const C: u8 = 0;\n\
                 #[macro_export] macro_rules! made_in_{name} {{ () => {{}}; }}\n"
            );
            for below in self.whole(layer) {
                text.push_str(&format!("pub use crate::{below}::planted::Thing as ThingOf{below};\n"));
            }
            self.sources.put(format!("{name}/planted.rs"), text);
            self.sources.put(format!("{name}/planted.json"), "");
            self.sources.put(format!("{name}/stolen.rs"), "pub struct Stolen;");
            let head = self.sources.head(name);
            self.sources.append(&head, "pub mod planted; pub mod stolen;");
            let root = format!("pub use {name} as other_{name}; pub use {name}::planted::Thing as ThingOf{name};");
            self.sources.append("lib.rs", &root);
        }
    }

    /// Layers that the layer may name as a whole, without leaves.
    fn whole(&self, layer: &Layer) -> Vec<&'static str> {
        let layers = layer.may.iter().filter(|entry| self.map.layer(entry).is_some());
        layers.copied().collect()
    }

    fn forbidden(&self, layer: &Layer) -> Vec<&'static str> {
        let may = |other: &&str| *other == layer.name || layer.may.contains(other);
        let others = self.layers().into_iter().filter(|other| !other.leaf).map(|other| other.name);
        others.filter(|other| !may(other)).collect()
    }

    fn put(&mut self, layer: &Layer, kind: String, text: String, named: Option<String>) {
        let name = format!("planted_{}", self.plants.len());
        let file = format!("{}/{name}.rs", layer.name);
        self.sources.put(file.clone(), text.clone());
        let head = self.sources.head(layer.name);
        self.sources.append(&head, &format!("mod {name};"));
        self.plants.push(Plant { kind, file, text, named });
    }

    fn naming(&mut self, layer: &'static Layer) {
        let targets = self.forbidden(layer);
        for (at, (kind, form)) in NAMING.iter().enumerate() {
            // Taken in turn, so that every pair of layers has its forms.
            let mut pairs = targets.iter().map(|target| (*target, self.middle(layer, target)));
            let found = if form.contains("MIDDLE") {
                pairs.find(|(_, middle)| middle.is_some())
            } else {
                pairs.nth(at % targets.len().max(1))
            };
            let Some((target, middle)) = found else { continue };
            let text = form.replace("TARGET", target).replace("MIDDLE", middle.unwrap_or_default());
            self.put(layer, format!("layer · {kind}"), self.filled(&text, layer), Some(target.to_owned()));
        }
    }

    /// A layer that the first may name and that may name the second.
    fn middle(&self, layer: &Layer, target: &str) -> Option<&'static str> {
        let may = |middle: &&&str| self.map.layer(middle).is_some_and(|middle| middle.may.contains(&target));
        self.whole(layer).iter().find(may).copied()
    }

    fn filled(&self, text: &str, layer: &Layer) -> String {
        text.replace("LIBRARY", self.map.library).replace("ME", layer.name)
    }

    /// Doors that are closed to the layer, and its share of the crate beside.
    fn opening(&mut self, layer: &'static Layer) {
        let is_closed = |places: &[&str]| !places.contains(&layer.name);
        let doors = self.map.doors.iter().filter(|(_, places)| is_closed(places));
        let doors = doors.map(|(door, _)| ("door", (*door).to_owned()));
        let mut beside: Vec<&str> = self.map.layers.iter().flat_map(|other| other.beside.iter().copied()).collect();
        beside.sort_unstable();
        beside.dedup();
        beside.retain(|entry| !layer.beside.contains(entry));
        let beside = beside.into_iter().map(|entry| ("beside", format!("{}::{entry}", self.map.beside)));
        for (what, path) in doors.chain(beside).collect::<Vec<_>>() {
            let (first, tail) = path.split_once("::").unwrap_or((&path, ""));
            for (kind, form) in OPENING {
                // A glob of the crate beside names no part of it.
                let named = if what == "beside" && *kind == "use of everything above" { "*" } else { tail };
                let named = if what == "door" { path.clone() } else { format!("{first}::{named}") };
                let text = form.replace("TAIL", tail).replace("::::", "::").replace("CRATE", first);
                let text = text.replace("{::{", "{{").replace("{{self}}", "{self}").replace(":: as", " as");
                self.put(layer, format!("{what} · {kind}"), text, Some(named));
            }
        }
    }

    fn harmless(&mut self, layer: &'static Layer) {
        let targets = self.forbidden(layer);
        let below = self.whole(layer);
        let closed = self.map.doors.iter().find(|(_, places)| !places.contains(&layer.name));
        let foreign = closed.map_or("std", |(door, _)| door.split("::").next().unwrap_or(door));
        for (at, (kind, form)) in HARMLESS.iter().enumerate() {
            let mut text = form.replace("CRATE", foreign);
            if form.contains("TARGET") {
                let Some(target) = targets.get(at % targets.len().max(1)) else { continue };
                text = text.replace("TARGET", target);
            }
            if form.contains("BELOW") {
                let Some(below) = below.get(at % below.len().max(1)) else { continue };
                text = text.replace("BELOW", below);
            }
            self.put(layer, (*kind).to_owned(), self.filled(&text, layer), None);
        }
    }

    fn tally(&self, findings: &[Finding]) -> (Tally, Tally) {
        let mut by_file: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
        for finding in findings {
            by_file.entry(&finding.file).or_default().push(finding);
        }
        let (mut violations, mut doubles) = (Tally::default(), Tally::default());
        for plant in &self.plants {
            let found = by_file.remove(plant.file.as_str()).unwrap_or_default();
            let Some(named) = &plant.named else {
                doubles.count(&plant.kind, !found.is_empty());
                doubles
                    .wrong
                    .extend(found.iter().map(|finding| format!("{}: {finding}\n  {}", plant.kind, plant.text)));
                continue;
            };
            // As the layer itself, as a folder of a path, or as what a path is made of.
            let says = [format!("`{named}`"), format!("/{named}/"), format!("\"{named}\""), "::$…".to_owned()];
            let caught = found.iter().any(|finding| says.iter().any(|said| finding.what.contains(said)));
            violations.count(&plant.kind, caught);
            if !caught {
                let said: Vec<String> = found.iter().map(ToString::to_string).collect();
                violations.wrong.push(format!(
                    "{} must not name {named}: {}\n  {}\n  found: {said:?}",
                    plant.file, plant.kind, plant.text
                ));
            }
        }
        // What was there before is as clean as it was.
        doubles.wrong.extend(by_file.values().flatten().map(|finding| format!("not planted: {finding}")));
        (violations, doubles)
    }
}
