//! Regular expressions: those of RE2, in time linear in the text.

use std::cell::RefCell;
use std::collections::HashMap;

use regex::{Captures, Regex, RegexBuilder};

use super::{LONGEST_TEXT, Value};
use crate::demo::kql::bind::Typed;
use crate::demo::kql::error::Error;

/// Compiled patterns of one place in a query.
pub(in crate::demo::kql) struct Cache(RefCell<HashMap<String, Option<Regex>>>);

/// Chosen: patterns that come from the rows are few; what comes after is
/// compiled anew.
const KEPT: usize = 64;
/// Chosen: a tenth of the crate's own, so that no query holds gigabytes.
const SIZE_AT_MOST: usize = 1 << 20;

impl Cache {
    pub(super) fn new() -> Self {
        Self(RefCell::default())
    }

    /// A literal pattern is checked before any row is read.
    pub(in crate::demo::kql) fn for_pattern(pattern: &Typed) -> Result<Self, Error> {
        if let Some(pattern) = &pattern.constant {
            let pattern = pattern.to_text();
            if compile(&pattern).is_none() {
                return Err(Error::semantic("SEM0420", format!("Regex pattern is ill-formed: '{pattern}'")));
            }
        }
        Ok(Self::new())
    }

    /// Runs `action` with the pattern; `None` when it is none.
    pub(in crate::demo::kql) fn with<T>(&self, pattern: &str, action: impl FnOnce(&Regex) -> T) -> Option<T> {
        let mut kept = self.0.borrow_mut();
        if !kept.contains_key(pattern) {
            if kept.len() >= KEPT {
                kept.clear();
            }
            kept.insert(pattern.to_owned(), compile(pattern));
        }
        kept.get(pattern)?.as_ref().map(action)
    }
}

pub(in crate::demo::kql) fn compile(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(pattern).size_limit(SIZE_AT_MOST).build().ok()
}

/// `replace_regex`: `\1` stands for a group.
pub(in crate::demo::kql) fn replace(regex: &Regex, text: &str, with: &str) -> Value {
    let mut out = String::new();
    let mut last = 0;
    for found in regex.captures_iter(text) {
        let Some(whole) = found.get(0) else { continue };
        out += text.get(last..whole.start()).unwrap_or_default();
        rewrite(&found, with, &mut out);
        last = whole.range().end;
        if out.len() > LONGEST_TEXT {
            break;
        }
    }
    out += text.get(last..).unwrap_or_default();
    super::text(out)
}

fn rewrite(found: &Captures<'_>, with: &str, out: &mut String) {
    let mut letters = with.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, letters.peek().copied()) {
            ('\\', Some(digit)) if digit.is_ascii_digit() => {
                letters.next();
                let group = digit.to_digit(10).unwrap_or_default() as usize;
                out.push_str(found.get(group).map_or("", |group| group.as_str()));
            }
            ('\\', Some('\\')) => {
                letters.next();
                out.push('\\');
            }
            _ => out.push(letter),
        }
    }
}
