//! Everything that a file names, found in its syntax.

use proc_macro2::TokenStream;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, Item, Stmt};

use super::house::{House, Mention, Sort, Stop, Trail};
use super::lookup::Stand;
use super::names::{Binding, ModuleId, Names, Written, is_test, known_as, leaves, line, plain};
use super::tokens;

/// Notes what the file names, as a part of the module.
pub(super) fn file(house: &mut House, file: &str, module: ModuleId, syntax: &syn::File) {
    let test = house.modules[module].test;
    let mut walk = Walk { house, file, module, blocks: Vec::new(), own: Vec::new(), field: None, test };
    if walk.house.modules[module].parent.is_none() && walk.house.modules[module].layer.is_none() {
        walk.root(&syntax.items);
    }
    walk.visit_file(syntax);
}

pub(super) struct Walk<'a> {
    pub(super) house: &'a mut House,
    pub(super) file: &'a str,
    module: ModuleId,
    pub(super) blocks: Vec<Names>,
    /// What `Self` is, innermost last.
    own: Vec<Option<Written>>,
    /// The type and the field of it that is being read.
    field: Option<(String, String)>,
    test: bool,
}

impl Walk<'_> {
    /// The library's root declares and re-exports. Code there has no layer.
    fn root(&mut self, items: &[Item]) {
        for item in items {
            let is_plain = match item {
                Item::Mod(inner) => inner.content.is_none(),
                Item::Use(_) | Item::ExternCrate(_) => true,
                _ => false,
            };
            if !is_plain {
                self.house.cracks.push(format!("{}: the root only declares modules and re-exports", self.file));
            }
        }
    }

    pub(super) fn resolve(&self, written: &Written, import: bool) -> Vec<Trail> {
        self.house.resolve(Stand { module: self.module, blocks: &self.blocks }, written, import)
    }

    fn mention(&mut self, sort: Sort, line: usize, written: String, trails: Vec<Trail>) {
        if let Some((owner, field)) = &self.field {
            self.house.fields.entry(owner.clone()).or_default().push((field.clone(), trails.clone()));
        }
        let layer = self.house.modules[self.module].layer.clone();
        self.house.mentions.push(Mention {
            file: self.file.to_owned(),
            line,
            layer,
            test: self.test,
            sort,
            written,
            trails,
        });
    }

    /// A path in code.
    pub(super) fn path(&mut self, mut written: Written, line: usize) {
        if let ("Self", Some(Some(own))) = (written.segments[0].as_str(), self.own.last())
            && !written.leading
        {
            let rest = written.segments.split_off(1);
            written = own.clone();
            written.segments.extend(rest);
        }
        let mut trails = self.resolve(&written, false);
        if written.segments.len() == 1 {
            // A value or a type of one word is no module, whatever else has the name.
            trails.retain(|trail| !matches!(trail.last(), Some(Stop::Own { module: Some(_), .. })));
        }
        if !trails.is_empty() {
            self.mention(Sort::Path, line, written.shown(), trails);
        }
    }

    /// A macro's call.
    pub(super) fn invoked(&mut self, written: &Written, line: usize, arguments: &TokenStream) {
        let mut trails = self.resolve(written, false);
        if let ([name], true) = (&written.segments[..], trails.is_empty()) {
            trails = self.house.macro_named(self.module, name);
        }
        for trail in &mut trails {
            // `env!` is not `std::env`.
            if let Some(Stop::Foreign(path)) = trail.last_mut()
                && let Some(name) = path.last_mut()
            {
                name.push('!');
            }
        }
        let reads = trails.iter().find_map(|trail| match trail.last() {
            Some(Stop::Foreign(path)) if path.len() == 2 && path[0] == "std" => match path[1].as_str() {
                "include!" => Some(true),
                "include_str!" | "include_bytes!" => Some(false),
                _ => None,
            },
            _ => None,
        });
        self.mention(Sort::Macro, line, format!("{}!", written.shown()), trails);
        if let Some(code) = reads {
            let stop = match tokens::text(arguments.clone()) {
                Some(path) => self.located(&path, code),
                None => Stop::Unread,
            };
            self.mention(Sort::File, line, arguments.to_string(), vec![vec![stop]]);
        }
        self.tokens(arguments.clone(), tokens::Inside::Macro);
    }

    /// A file that is named from here.
    pub(super) fn located(&self, path: &str, code: bool) -> Stop {
        Stop::File { path: super::sources::locate(super::sources::folder(self.file), path), code }
    }

    pub(super) fn file_named(&mut self, path: &str, line: usize) {
        let stop = self.located(path, true);
        self.mention(Sort::File, line, path.to_owned(), vec![vec![stop]]);
    }

    /// A path that a macro completes. From the root that may be any layer.
    pub(super) fn spliced(&mut self, written: &Written, line: usize) {
        let trails = self.resolve(written, false);
        let ends = trails.iter().filter_map(|trail| trail.last());
        let mut roots = ends.filter(|stop| matches!(stop, Stop::Own { layer: None, module: Some(_), .. }));
        if roots.next().is_some() {
            self.mention(Sort::Path, line, format!("{}::$…", written.shown()), vec![vec![Stop::Unread]]);
        }
    }

    pub(super) fn method(&mut self, name: String, line: usize) {
        self.mention(Sort::Method, line, name, Vec::new());
    }

    pub(super) fn import(&mut self, item: &syn::ItemUse) {
        for leaf in leaves(item) {
            let mut trails = self.resolve(&leaf.written, true);
            let mut written = leaf.written.shown();
            if leaf.glob {
                for trail in &mut trails {
                    if let Some(Stop::Foreign(path)) = trail.last_mut() {
                        path.push("*".to_owned());
                    }
                }
                let stand = Stand { module: self.module, blocks: &self.blocks };
                trails.extend(self.house.brought(stand, &leaf.written));
                written.push_str("::*");
            }
            self.mention(Sort::Use, leaf.line, written, trails);
        }
    }

    pub(super) fn import_crate(&mut self, item: &syn::ItemExternCrate) {
        let trails = self.resolve(&super::names::crate_of(item), true);
        self.mention(Sort::Use, line(&item.ident), known_as(item), trails);
    }

    fn within(&mut self, attributes: &[Attribute], visit: impl FnOnce(&mut Self)) {
        let outer = self.test;
        self.test |= is_test(attributes);
        visit(self);
        self.test = outer;
    }

    fn in_field(&mut self, owner: &syn::Ident, field: String, visit: impl FnOnce(&mut Self)) {
        let mut path = self.house.modules[self.module].path.clone();
        path.push(plain(owner));
        let outer = self.field.replace((path.join("::"), field));
        visit(self);
        self.field = outer;
    }

    fn fields(&mut self, owner: &syn::Ident, fields: &syn::Fields) {
        for (at, field) in fields.iter().enumerate() {
            let name = field.ident.as_ref().map_or_else(|| at.to_string(), plain);
            self.in_field(owner, name, |walk| walk.visit_type(&field.ty));
        }
    }

    fn items(&mut self, module: ModuleId, items: &[Item]) {
        let outer = (std::mem::replace(&mut self.module, module), std::mem::take(&mut self.blocks));
        for item in items {
            self.visit_item(item);
        }
        (self.module, self.blocks) = outer;
    }

    /// The names that a block's own items bind; its modules are read at once.
    fn scope(&mut self, block: &Block) -> Names {
        let mut names = Names::default();
        for statement in &block.stmts {
            match statement {
                Stmt::Item(Item::Mod(inner)) => {
                    let id = self.house.hidden(self.module, &plain(&inner.ident), is_test(&inner.attrs));
                    names.bind(plain(&inner.ident), Binding::Module(id));
                    if let Some((_, items)) = &inner.content {
                        self.house.take(id, items);
                    }
                }
                Stmt::Item(item) => names.item(item),
                _ => {}
            }
        }
        names
    }
}

impl<'ast> Visit<'ast> for Walk<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes: &[Attribute] = match item {
            Item::Const(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Static(item) => &item.attrs,
            Item::Struct(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => &[],
        };
        self.within(attributes, |walk| visit::visit_item(walk, item));
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        item.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        self.visit_visibility(&item.vis);
        self.import(item);
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        self.import_crate(item);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        item.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        self.visit_visibility(&item.vis);
        let Some((_, items)) = &item.content else { return };
        let name = plain(&item.ident);
        let block = self.blocks.last().and_then(|names| names.named.get(&name));
        let known = block.or_else(|| self.house.modules[self.module].names.named.get(&name));
        let module = known.into_iter().flatten().find_map(|binding| match binding {
            Binding::Module(id) => Some(*id),
            _ => None,
        });
        if let Some(module) = module {
            self.items(module, items);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let own = match &*item.self_ty {
            syn::Type::Path(path) if path.qself.is_none() => Some(Written::of(&path.path)),
            _ => None,
        };
        self.own.push(own);
        visit::visit_item_impl(self, item);
        self.own.pop();
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        visit::visit_item_struct(self, item);
        self.fields(&item.ident, &item.fields);
    }

    fn visit_item_union(&mut self, item: &'ast syn::ItemUnion) {
        visit::visit_item_union(self, item);
        for field in &item.fields.named {
            let name = field.ident.as_ref().map(plain).unwrap_or_default();
            self.in_field(&item.ident, name, |walk| walk.visit_type(&field.ty));
        }
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        visit::visit_item_enum(self, item);
        for variant in &item.variants {
            self.fields(&item.ident, &variant.fields);
        }
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        visit::visit_item_type(self, item);
        self.in_field(&item.ident, "=".to_owned(), |walk| walk.visit_type(&item.ty));
    }

    /// A pointer to a function holds nothing of what the function takes.
    fn visit_type_fn_ptr(&mut self, function: &'ast syn::TypeFnPtr) {
        let field = self.field.take();
        visit::visit_type_fn_ptr(self, function);
        self.field = field;
    }

    fn visit_block(&mut self, block: &'ast Block) {
        let names = self.scope(block);
        self.blocks.push(names);
        visit::visit_block(self, block);
        self.blocks.pop();
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.within(&item.attrs, |walk| visit::visit_impl_item_fn(walk, item));
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.method(plain(&call.method), line(&call.method));
        visit::visit_expr_method_call(self, call);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if let Some(first) = path.segments.first() {
            self.path(Written::of(path), line(&first.ident));
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let at = call.path.segments.first().map_or(0, |first| line(&first.ident));
        self.invoked(&Written::of(&call.path), at, &call.tokens);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        tokens::attribute(self, attribute);
    }

    fn visit_token_stream(&mut self, tokens: &'ast TokenStream) {
        self.tokens(tokens.clone(), tokens::Inside::Macro);
    }
}
