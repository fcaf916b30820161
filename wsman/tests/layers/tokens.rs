//! What stands in macros and attributes: no syntax, only tokens.

use proc_macro2::{Delimiter, Group, Ident, Spacing, TokenStream, TokenTree};
use syn::visit::Visit as _;
use syn::{Attribute, Expr, Lit, Meta};

use super::names::{Names, Written, line, plain};
use super::sources::PACKAGE;
use super::walk::Walk;

/// Attributes whose strings are sentences or formats, not paths.
const SENTENCES: &[&str] = &[
    "allow",
    "cfg",
    "deny",
    "deprecated",
    "derive",
    "doc",
    "error",
    "expect",
    "forbid",
    "ignore",
    "must_use",
    "should_panic",
    "warn",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inside {
    Macro,
    /// Where a string may be a path, as in `#[serde(with = "…")]`.
    Attribute,
}

/// What an attribute names: its own path, paths among its arguments, and
/// strings that are paths.
pub(super) fn attribute(walk: &mut Walk<'_>, attribute: &Attribute) {
    walk.visit_path(attribute.path());
    let is_sentence = SENTENCES.iter().any(|word| attribute.path().is_ident(word));
    match &attribute.meta {
        Meta::Path(_) => {}
        Meta::List(list) => {
            let inside = if is_sentence { Inside::Macro } else { Inside::Attribute };
            walk.tokens(list.tokens.clone(), inside);
        }
        Meta::NameValue(pair) => match &pair.value {
            Expr::Lit(literal) => {
                if let (Lit::Str(text), false) = (&literal.lit, is_sentence || pair.path.is_ident("path")) {
                    walk.spelt(&text.value(), text.span().start().line);
                }
            }
            value => walk.visit_expr(value),
        },
    }
}

/// The text that an argument of `include_str!` comes to, if it is written out.
pub(super) fn text(tokens: TokenStream) -> Option<String> {
    let mut trees: Vec<TokenTree> = tokens.into_iter().collect();
    if trees.last().is_some_and(is_comma) {
        trees.pop();
    }
    match &trees[..] {
        [TokenTree::Literal(literal)] => match syn::parse_str(&literal.to_string()).ok()? {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        [TokenTree::Ident(name), TokenTree::Punct(bang), TokenTree::Group(group)] if bang.as_char() == '!' => {
            match name.to_string().as_str() {
                "env" => (text(group.stream())? == "CARGO_MANIFEST_DIR").then(|| PACKAGE.to_owned()),
                "concat" => {
                    let parts: Vec<TokenTree> = group.stream().into_iter().collect();
                    let parts = parts.split(is_comma).filter(|part| !part.is_empty());
                    parts.map(|part| text(part.iter().cloned().collect())).collect()
                }
                _ => None,
            }
        }
        _ => None,
    }
}

fn is_comma(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ',')
}

fn punct(tree: Option<&TokenTree>) -> Option<char> {
    match tree {
        Some(TokenTree::Punct(punct)) => Some(punct.as_char()),
        _ => None,
    }
}

/// Whether `::` stands there.
fn colons(trees: &[TokenTree], at: usize) -> bool {
    matches!(trees.get(at), Some(TokenTree::Punct(first)) if first.as_char() == ':' && first.spacing() == Spacing::Joint)
        && punct(trees.get(at + 1)) == Some(':')
}

/// A path that starts there, and where it ends.
fn path(trees: &[TokenTree], start: usize) -> Option<(Written, usize, usize)> {
    let leading = colons(trees, start);
    let mut at = if leading { start + 2 } else { start };
    if punct(trees.get(at)) == Some('$') {
        at += 1;
    }
    let Some(TokenTree::Ident(first)) = trees.get(at) else { return None };
    let mut segments = vec![plain(first)];
    at += 1;
    while colons(trees, at) {
        let Some(TokenTree::Ident(next)) = trees.get(at + 2) else { break };
        segments.push(plain(next));
        at += 3;
    }
    Some((Written { leading, segments }, line(first), at))
}

impl Walk<'_> {
    /// Reads tokens as code that may stand anywhere.
    pub(super) fn tokens(&mut self, tokens: TokenStream, inside: Inside) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let statements = statements(&trees);
        let mut names = Names::default();
        for (_, _, statement) in &statements {
            names.item(statement);
        }
        self.blocks.push(names);
        let mut at = 0;
        while at < trees.len() {
            if let Some((_, end, statement)) = statements.iter().find(|(start, ..)| *start == at) {
                self.visit_item(statement);
                at = *end;
                continue;
            }
            at = self.token(&trees, at, inside);
        }
        self.blocks.pop();
    }

    /// Reads what stands at a place, and says where the next thing stands.
    fn token(&mut self, trees: &[TokenTree], at: usize, inside: Inside) -> usize {
        match &trees[at] {
            TokenTree::Group(group) => {
                self.tokens(group.stream(), inside);
                return at + 1;
            }
            TokenTree::Literal(literal) if inside == Inside::Attribute => {
                if let Ok(Lit::Str(text)) = syn::parse_str(&literal.to_string()) {
                    self.spelt(&text.value(), literal.span().start().line);
                }
                return at + 1;
            }
            TokenTree::Literal(_) => return at + 1,
            TokenTree::Punct(punct) => match punct.as_char() {
                '#' => return self.attribute_tokens(trees, at),
                '.' => return self.member(trees, at),
                // A lifetime, and a variable of a macro.
                '\'' => return at + 2,
                '$' if !matches!(trees.get(at + 1), Some(TokenTree::Ident(name)) if name == "crate") => return at + 1,
                '$' => {}
                // After a closing bracket it goes on with a path that was read before.
                ':' if colons(trees, at) && (at == 0 || punct_before(trees, at) != Some('>')) => {}
                ':' if colons(trees, at) => return past_path(trees, at + 2),
                _ => return at + 1,
            },
            TokenTree::Ident(_) if at > 0 && punct_before(trees, at) == Some('$') => return at + 1,
            TokenTree::Ident(_) => {}
        }
        let Some((written, line, end)) = path(trees, at) else { return at + 1 };
        if let (Some('!'), Some(TokenTree::Group(arguments))) = (punct(trees.get(end)), trees.get(end + 1)) {
            self.invoked(&written, line, &arguments.stream());
            return end + 2;
        }
        if colons(trees, end) && punct(trees.get(end + 2)) == Some('$') {
            self.spliced(&written, line);
        }
        self.path(written, line);
        end
    }

    /// After a dot: a method, or a field that names nothing.
    fn member(&mut self, trees: &[TokenTree], at: usize) -> usize {
        let Some(TokenTree::Ident(name)) = trees.get(at + 1) else { return at + 1 };
        // `..name` is a range up to a name, not a member.
        if at > 0 && punct_before(trees, at) == Some('.') {
            return at + 1;
        }
        let called =
            matches!(trees.get(at + 2), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis);
        if called || colons(trees, at + 2) {
            self.method(plain(name), line(name));
        }
        if colons(trees, at + 2) { at + 4 } else { at + 2 }
    }

    fn attribute_tokens(&mut self, trees: &[TokenTree], at: usize) -> usize {
        let at = if punct(trees.get(at + 1)) == Some('!') { at + 1 } else { at };
        let Some(TokenTree::Group(group)) = trees.get(at + 1) else { return at + 1 };
        if group.delimiter() != Delimiter::Bracket {
            return at + 1;
        }
        self.bracketed(group);
        at + 2
    }

    fn bracketed(&mut self, group: &Group) {
        let Ok(meta) = syn::parse2::<Meta>(group.stream()) else {
            return self.tokens(group.stream(), Inside::Attribute);
        };
        let parsed = Attribute {
            pound_token: Default::default(),
            style: syn::AttrStyle::Outer,
            bracket_token: Default::default(),
            meta,
        };
        for path in super::names::given_paths(std::slice::from_ref(&parsed)) {
            self.file_named(&path, group.span_open().start().line);
        }
        attribute(self, &parsed);
    }

    /// A string in an attribute, when the whole of it is a path.
    fn spelt(&mut self, text: &str, line: usize) {
        if let Ok(path) = syn::parse_str::<syn::Path>(text) {
            self.path(Written::of(&path), line);
        }
    }
}

fn punct_before(trees: &[TokenTree], at: usize) -> Option<char> {
    at.checked_sub(1).and_then(|before| punct(trees.get(before)))
}

fn past_path(trees: &[TokenTree], at: usize) -> usize {
    match path(trees, at) {
        Some((_, _, end)) => end,
        None => at,
    }
}

/// The imports among tokens, with where each starts and ends.
fn statements(trees: &[TokenTree]) -> Vec<(usize, usize, syn::Item)> {
    let mut found = Vec::new();
    let is = |at: usize, word: &str| matches!(trees.get(at), Some(TokenTree::Ident(ident)) if is_word(ident, word));
    for start in 0..trees.len() {
        let is_import = is(start, "use") || is(start, "extern") && is(start + 1, "crate");
        if !is_import {
            continue;
        }
        let Some(length) = trees[start..].iter().position(|tree| punct(Some(tree)) == Some(';')) else { continue };
        let end = start + length + 1;
        // In the body of a macro, `$crate` is the crate.
        let is_sign = |at: &usize| punct(trees.get(*at)) == Some('$') && is(at + 1, "crate");
        let tokens: TokenStream = (start..end).filter(|at| !is_sign(at)).map(|at| trees[at].clone()).collect();
        if let Ok(item @ (syn::Item::Use(_) | syn::Item::ExternCrate(_))) = syn::parse2(tokens) {
            found.push((start, end, item));
        }
    }
    found
}

fn is_word(ident: &Ident, word: &str) -> bool {
    ident == word
}
