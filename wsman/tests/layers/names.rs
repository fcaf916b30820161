//! What a scope binds: items, modules and imports by their name.

use std::collections::BTreeMap;

use syn::ext::IdentExt as _;
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::{Attribute, Ident, Item, ItemExternCrate, ItemUse, Meta, Token, UseTree, Visibility};

pub(super) type ModuleId = usize;

/// A path as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    /// Whether it starts with `::`.
    pub(super) leading: bool,
    pub(super) segments: Vec<String>,
}

impl Written {
    pub(super) fn of(path: &syn::Path) -> Self {
        let segments = path.segments.iter().map(|segment| plain(&segment.ident)).collect();
        Self { leading: path.leading_colon.is_some(), segments }
    }

    pub(super) fn shown(&self) -> String {
        format!("{}{}", if self.leading { "::" } else { "" }, self.segments.join("::"))
    }
}

/// A name without `r#`.
pub(super) fn plain(ident: &Ident) -> String {
    ident.unraw().to_string()
}

#[derive(Debug, Clone)]
pub(super) enum Binding {
    Module(ModuleId),
    Item,
    /// `open` when others can see it, too.
    Import {
        written: Written,
        open: bool,
    },
}

/// The names of one module or block.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    pub(super) named: BTreeMap<String, Vec<Binding>>,
    pub(super) globs: Vec<Written>,
}

impl Names {
    pub(super) fn bind(&mut self, name: String, binding: Binding) {
        self.named.entry(name).or_default().push(binding);
    }

    pub(super) fn import(&mut self, item: &ItemUse) {
        let open = !matches!(item.vis, Visibility::Inherited);
        for leaf in leaves(item) {
            match leaf.name {
                Some(name) => self.bind(name, Binding::Import { written: leaf.written, open }),
                None if leaf.glob => self.globs.push(leaf.written),
                None => {}
            }
        }
    }

    pub(super) fn import_crate(&mut self, item: &ItemExternCrate) {
        let open = !matches!(item.vis, Visibility::Inherited);
        self.bind(known_as(item), Binding::Import { written: crate_of(item), open });
    }

    /// Binds an item that is no module.
    pub(super) fn item(&mut self, item: &Item) {
        let ident = match item {
            Item::Use(item) => return self.import(item),
            Item::ExternCrate(item) => return self.import_crate(item),
            Item::Const(item) => &item.ident,
            Item::Enum(item) => &item.ident,
            Item::Fn(item) => &item.sig.ident,
            Item::Static(item) => &item.ident,
            Item::Struct(item) => &item.ident,
            Item::Trait(item) => &item.ident,
            Item::TraitAlias(item) => &item.ident,
            Item::Type(item) => &item.ident,
            Item::Union(item) => &item.ident,
            Item::Macro(item) => match &item.ident {
                Some(ident) => ident,
                None => return,
            },
            _ => return,
        };
        self.bind(plain(ident), Binding::Item);
    }
}

/// The crate that an `extern crate` means.
pub(super) fn crate_of(item: &ItemExternCrate) -> Written {
    match plain(&item.ident).as_str() {
        "self" => Written { leading: false, segments: vec!["crate".to_owned()] },
        name => Written { leading: true, segments: vec![name.to_owned()] },
    }
}

pub(super) fn known_as(item: &ItemExternCrate) -> String {
    plain(item.rename.as_ref().map_or(&item.ident, |(_, name)| name))
}

/// One path of a `use` tree.
pub(super) struct Leaf {
    pub(super) written: Written,
    /// What it is called from here on: nothing for `_` and `*`.
    pub(super) name: Option<String>,
    pub(super) glob: bool,
    pub(super) line: usize,
}

pub(super) fn leaves(item: &ItemUse) -> Vec<Leaf> {
    let mut found = Vec::new();
    let leading = item.leading_colon.is_some();
    branch(&item.tree, &Written { leading, segments: Vec::new() }, &mut found);
    found
}

fn branch(tree: &UseTree, before: &Written, found: &mut Vec<Leaf>) {
    let with = |ident: &Ident| {
        let mut written = before.clone();
        // `a::{self}` is `a`; only at a start does the word mean a module.
        if ident != "self" || written.segments.is_empty() {
            written.segments.push(plain(ident));
        }
        written
    };
    let mut leaf = |written: Written, name: Option<String>, glob: bool, ident_line: usize| {
        found.push(Leaf { written, name, glob, line: ident_line });
    };
    match tree {
        UseTree::Path(path) => branch(&path.tree, &with(&path.ident), found),
        UseTree::Name(name) => {
            let written = with(&name.ident);
            let known = written.segments.last().cloned();
            leaf(written, known, false, line(&name.ident));
        }
        UseTree::Rename(rename) => {
            let known = (rename.rename != "_").then(|| plain(&rename.rename));
            leaf(with(&rename.ident), known, false, line(&rename.ident));
        }
        UseTree::Glob(glob) => leaf(before.clone(), None, true, glob.star_token.span.start().line),
        UseTree::Group(group) => group.items.iter().for_each(|tree| branch(tree, before, found)),
    }
}

pub(super) fn line(ident: &Ident) -> usize {
    ident.span().start().line
}

/// The files that `#[path]` gives a module, also behind `cfg_attr`.
pub(super) fn given_paths(attributes: &[Attribute]) -> Vec<String> {
    attributes.iter().flat_map(|attribute| paths_in(&attribute.meta)).collect()
}

fn paths_in(meta: &Meta) -> Vec<String> {
    match meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => vec![text.value()],
            _ => Vec::new(),
        },
        Meta::List(list) if list.path.is_ident("cfg_attr") => {
            let parser = Punctuated::<Meta, Token![,]>::parse_terminated;
            let metas = parser.parse2(list.tokens.clone()).unwrap_or_default();
            metas.iter().skip(1).flat_map(paths_in).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether what follows is only there in tests.
pub(super) fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::Path(path) => path.segments.last().is_some_and(|last| last.ident == "test"),
        Meta::List(list) if list.path.is_ident("cfg") => {
            let words = list.tokens.to_string();
            words.split(|c: char| !c.is_alphanumeric()).any(|word| word == "test") && !words.contains("not")
        }
        Meta::List(list) => list.path.segments.last().is_some_and(|last| last.ident == "test"),
        Meta::NameValue(_) => false,
    })
}
