//! The tree of a package's modules, with everything that they name.

use std::collections::{BTreeMap, BTreeSet};

use syn::Item;

use super::map::Map;
use super::names::{Binding, ModuleId, Names, Written, given_paths, is_test, known_as, plain};
use super::sources::{Sources, folder, is_rust, join, locate, top};
use super::walk;

/// One stop on the way from a written path to what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// In this package: the module's layer (none: the root), and the path
    /// from the root to what is named.
    Own {
        layer: Option<String>,
        path: Vec<String>,
        module: Option<ModuleId>,
    },
    Foreign(Vec<String>),
    /// A file, from the package's folder, and whether it is taken as code.
    File {
        path: String,
        code: bool,
    },
    /// A path, of a file or in code, that is not written out.
    Unread,
}

/// Every stop on the way; the last one is the definition.
pub(crate) type Trail = Vec<Stop>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Use,
    Path,
    Macro,
    /// A method's call: a name, and nothing that says whose.
    Method,
    File,
}

/// Something that the code names.
#[derive(Debug, Clone)]
pub(crate) struct Mention {
    pub(crate) file: String,
    pub(crate) line: usize,
    pub(crate) layer: Option<String>,
    /// Whether it is only there in tests.
    pub(crate) test: bool,
    pub(crate) sort: Sort,
    pub(crate) written: String,
    pub(crate) trails: Vec<Trail>,
}

#[derive(Debug)]
pub(super) struct Module {
    pub(super) path: Vec<String>,
    pub(super) layer: Option<String>,
    pub(super) parent: Option<ModuleId>,
    pub(super) root: ModuleId,
    pub(super) test: bool,
    pub(super) names: Names,
}

/// A package, read.
#[derive(Debug)]
pub(crate) struct House {
    pub(super) modules: Vec<Module>,
    pub(super) library: String,
    /// Where a `macro_rules!` stands, by its name.
    pub(super) macros: BTreeMap<String, Vec<ModuleId>>,
    /// Names that an `extern crate` in a root gives to all modules.
    pub(super) prelude: BTreeMap<String, Written>,
    pub(crate) mentions: Vec<Mention>,
    /// What the fields of a type name, by the type's path.
    pub(crate) fields: BTreeMap<String, Vec<(String, Vec<Trail>)>>,
    /// What is wrong with the tree itself.
    pub(crate) cracks: Vec<String>,
}

/// A file in the tree, waiting to be walked.
struct Unit {
    file: String,
    module: ModuleId,
    syntax: syn::File,
}

/// Where modules that are declared here have their files.
#[derive(Clone)]
struct Site {
    file: String,
    /// For `mod name;`.
    children: String,
    /// For `#[path]`.
    base: String,
    /// The files above, this one last.
    above: Vec<String>,
}

impl House {
    /// Reads the tree from its roots, then what every file names.
    pub(crate) fn build(map: &Map, sources: &Sources) -> Self {
        let house = Self {
            modules: Vec::new(),
            library: map.library.to_owned(),
            macros: BTreeMap::new(),
            prelude: BTreeMap::new(),
            mentions: Vec::new(),
            fields: BTreeMap::new(),
            cracks: Vec::new(),
        };
        let mut reader = Reader { house, sources, units: Vec::new(), reached: BTreeSet::new() };
        for path in sources.paths().filter(|path| is_root(path)) {
            let layer = (path != "lib.rs").then(|| top(path).to_owned());
            reader.root(path, layer);
        }
        // Roots come in the order of their names; everything else asks for the library first.
        for path in sources.paths().filter(|path| is_rust(path) && !reader.reached.contains(*path)) {
            reader.house.cracks.push(format!("{path}: no module declares this file"));
        }
        let Reader { mut house, units, .. } = reader;
        for unit in &units {
            walk::file(&mut house, &unit.file, unit.module, &unit.syntax);
        }
        house
    }

    /// The root of the library.
    pub(super) fn library(&self) -> Option<ModuleId> {
        self.modules.iter().position(|module| module.parent.is_none() && module.layer.is_none())
    }

    pub(super) fn is_within(&self, inner: ModuleId, outer: ModuleId) -> bool {
        let mut at = Some(inner);
        while let Some(id) = at {
            if id == outer {
                return true;
            }
            at = self.modules[id].parent;
        }
        false
    }

    /// A module in another one; the same one when `cfg` declares it twice.
    pub(super) fn child(&mut self, parent: ModuleId, name: &str, test: bool) -> ModuleId {
        let bindings = self.modules[parent].names.named.get(name);
        let known = bindings.into_iter().flatten().find_map(|binding| match binding {
            Binding::Module(id) => Some(*id),
            _ => None,
        });
        if let Some(known) = known {
            return known;
        }
        let above = &self.modules[parent];
        let mut path = above.path.clone();
        path.push(name.to_owned());
        let is_library = above.parent.is_none() && above.layer.is_none();
        let layer = if is_library { Some(name.to_owned()) } else { above.layer.clone() };
        let (root, test) = (above.root, above.test || test);
        let id = self.modules.len();
        self.modules.push(Module { path, layer, parent: Some(parent), root, test, names: Names::default() });
        self.modules[parent].names.bind(name.to_owned(), Binding::Module(id));
        id
    }

    /// A module inside of a function, which no path from outside reaches.
    pub(super) fn hidden(&mut self, parent: ModuleId, name: &str, test: bool) -> ModuleId {
        let above = &self.modules[parent];
        let mut path = above.path.clone();
        path.push(name.to_owned());
        let (layer, root, test) = (above.layer.clone(), above.root, above.test || test);
        self.modules.push(Module { path, layer, parent: Some(parent), root, test, names: Names::default() });
        self.modules.len() - 1
    }

    /// Takes the names of items into a module, inline modules with theirs.
    pub(super) fn take(&mut self, module: ModuleId, items: &[Item]) {
        for item in items {
            match item {
                Item::Mod(inner) => {
                    let child = self.child(module, &plain(&inner.ident), is_test(&inner.attrs));
                    if let Some((_, items)) = &inner.content {
                        self.take(child, items);
                    }
                }
                Item::ForeignMod(foreign) => {
                    for item in &foreign.items {
                        if let syn::ForeignItem::Fn(function) = item {
                            self.modules[module].names.bind(plain(&function.sig.ident), Binding::Item);
                        }
                    }
                }
                Item::Macro(rules) => self.take_macro(module, rules),
                Item::ExternCrate(known) if self.modules[module].parent.is_none() => {
                    self.prelude.insert(known_as(known), super::names::crate_of(known));
                    self.modules[module].names.import_crate(known);
                }
                item => self.modules[module].names.item(item),
            }
        }
    }

    fn take_macro(&mut self, module: ModuleId, rules: &syn::ItemMacro) {
        let Some(name) = rules.ident.as_ref().map(plain) else { return };
        self.macros.entry(name.clone()).or_default().push(module);
        self.modules[module].names.bind(name.clone(), Binding::Item);
        let root = self.modules[module].root;
        if root != module && rules.attrs.iter().any(|attribute| attribute.path().is_ident("macro_export")) {
            let mut segments = vec!["crate".to_owned()];
            segments.extend(self.modules[module].path.iter().cloned());
            segments.push(name.clone());
            self.modules[root]
                .names
                .bind(name, Binding::Import { written: Written { leading: false, segments }, open: true });
        }
    }
}

fn is_root(path: &str) -> bool {
    matches!(path, "lib.rs" | "main.rs")
        || path.strip_prefix("bin/").is_some_and(|rest| !rest.contains('/') || rest.ends_with("/main.rs"))
}

struct Reader<'a> {
    house: House,
    sources: &'a Sources,
    units: Vec<Unit>,
    reached: BTreeSet<String>,
}

impl Reader<'_> {
    fn root(&mut self, path: &str, layer: Option<String>) {
        let id = self.house.modules.len();
        let (path_of, names) = (layer.iter().cloned().collect(), Names::default());
        self.house.modules.push(Module { path: path_of, layer, parent: None, root: id, test: false, names });
        self.file(path, id, &[], true);
    }

    /// Reads a file as (a part of) the module. One that is a folder's own has
    /// its modules beside it, as has every one that `#[path]` names.
    fn file(&mut self, path: &str, module: ModuleId, above: &[String], owns: bool) {
        self.reached.insert(path.to_owned());
        let text = self.sources.get(path).unwrap_or_default();
        let syntax = match syn::parse_file(text) {
            Ok(syntax) => syntax,
            Err(error) => return self.house.cracks.push(format!("{path}: cannot be read: {error}")),
        };
        let beside = folder(path);
        let children = if owns || path.ends_with("/mod.rs") { beside } else { path.trim_end_matches(".rs") };
        let above = above.iter().cloned().chain([path.to_owned()]).collect();
        let site = Site { file: path.to_owned(), children: children.to_owned(), base: beside.to_owned(), above };
        self.house.take(module, &syntax.items);
        self.modules(module, &syntax.items, &site);
        self.units.push(Unit { file: path.to_owned(), module, syntax });
    }

    fn modules(&mut self, module: ModuleId, items: &[Item], site: &Site) {
        for item in items {
            let Item::Mod(declared) = item else { continue };
            let name = plain(&declared.ident);
            let child = self.house.child(module, &name, is_test(&declared.attrs));
            let given = given_paths(&declared.attrs);
            if let Some((_, items)) = &declared.content {
                let inner = match given.first() {
                    Some(path) => join(&site.base, path),
                    None => join(&site.children, &name),
                };
                let site = Site { children: inner.clone(), base: inner, ..site.clone() };
                self.modules(child, items, &site);
                continue;
            }
            self.declared(child, &name, &given, site, super::names::line(&declared.ident));
        }
    }

    fn declared(&mut self, child: ModuleId, name: &str, given: &[String], site: &Site, line: usize) {
        let usual = [format!("{name}.rs"), format!("{name}/mod.rs")].map(|file| join(&site.children, &file));
        let usual = usual.into_iter().find(|path| self.sources.get(path).is_some());
        if given.is_empty() && usual.is_none() {
            return self.house.cracks.push(format!("{}:{line}: `{name}` has no file", site.file));
        }
        let given = given.iter().map(|path| (locate(&site.base, path), true));
        let usual = usual.map(|path| (format!("src/{path}"), false));
        for (path, owns) in given.chain(usual).collect::<Vec<_>>() {
            self.mention_file(&path, child, site, line);
            let Some(path) = path.strip_prefix("src/").filter(|path| self.sources.get(path).is_some()) else {
                continue;
            };
            if site.above.iter().any(|file| file == path) {
                self.house.cracks.push(format!("{}:{line}: `{name}` is a module in itself", site.file));
                continue;
            }
            self.file(path, child, &site.above, owns);
        }
    }

    fn mention_file(&mut self, path: &str, child: ModuleId, site: &Site, line: usize) {
        let module = &self.house.modules[child];
        let stop = Stop::File { path: path.to_owned(), code: true };
        self.house.mentions.push(Mention {
            file: site.file.clone(),
            line,
            layer: module.layer.clone(),
            test: module.test,
            sort: Sort::File,
            written: path.to_owned(),
            trails: vec![vec![stop]],
        });
    }
}
