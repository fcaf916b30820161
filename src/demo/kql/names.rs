//! Names of columns that a query does not name.

use std::collections::HashSet;

use super::error::Error;
use super::syntax::{Expr, Node};
use super::value::Value;

/// Functions whose result is called as their argument.
const TRANSPARENT: [&str; 35] = [
    "tostring",
    "toint",
    "tolong",
    "toreal",
    "todouble",
    "todecimal",
    "todatetime",
    "totimespan",
    "tobool",
    "toboolean",
    "toguid",
    "bin",
    "floor",
    "bin_at",
    "abs",
    "round",
    "ceiling",
    "sqrt",
    "pow",
    "log",
    "log2",
    "log10",
    "exp",
    "exp2",
    "format_datetime",
    "format_timespan",
    "tohex",
    "startofday",
    "startofweek",
    "startofmonth",
    "startofyear",
    "parse_json",
    "todynamic",
    "split",
    "bitset_count_ones",
];

/// What a column of this expression is called, when the expression says it.
pub(super) fn auto_name(expr: &Expr) -> Option<String> {
    match &expr.node {
        Node::Name(name) => Some(name.clone()),
        Node::Member(base, name) => Some(auto_name(base).map_or_else(|| name.clone(), |base| format!("{base}_{name}"))),
        Node::Element(base, index) => {
            let index = match &index.node {
                Node::Literal(value @ (Value::Long(_) | Value::String(_)), _) => value.to_text(),
                Node::Negate(_) | Node::Name(_) => return auto_name(base),
                _ => return None,
            };
            auto_name(base).map(|base| format!("{base}_{index}"))
        }
        Node::Call(name, _) if name == "count" => Some("count_".to_owned()),
        Node::Call(name, arguments) => {
            let first = arguments.first().and_then(|argument| auto_name(&argument.value))?;
            match name.as_str() {
                name if TRANSPARENT.contains(&name) => Some(first),
                "strlen" => Some(format!("strlen_{first}")),
                "gettype" => Some(format!("type_{first}")),
                "make_set" | "make_set_if" | "makeset" => Some(format!("set_{first}")),
                "make_list" | "make_list_if" | "makelist" => Some(format!("list_{first}")),
                "sum" | "avg" | "min" | "max" | "dcount" | "stdev" | "variance" => Some(format!("{name}_{first}")),
                "take_any" => Some(first),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Gives names that are not taken.
#[derive(Default)]
pub(super) struct Names {
    taken: HashSet<String>,
    unnamed: usize,
}

impl Names {
    pub(super) fn take(&mut self, name: &str) {
        self.taken.insert(name.to_owned());
    }

    /// A name that the query gives; none is given twice.
    pub(super) fn declare(&mut self, operator: &str, name: &str) -> Result<(), Error> {
        if self.taken.insert(name.to_owned()) {
            return Ok(());
        }
        let message = format!("'{operator}' operator: a column with the name '{name}' is already declared");
        Err(Error::semantic("SEM0001", message))
    }

    /// `name`, or `name1`, `name2` where it is taken.
    pub(super) fn unique(&mut self, name: &str) -> String {
        let mut unique = name.to_owned();
        let mut n = 0;
        while !self.taken.insert(unique.clone()) {
            n += 1;
            unique = format!("{name}{n}");
        }
        unique
    }

    /// `Column1`, `Column2`.
    pub(super) fn unnamed(&mut self) -> String {
        loop {
            self.unnamed += 1;
            let name = format!("Column{}", self.unnamed);
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }

    /// The expression's own name or the next of those without.
    pub(super) fn of(&mut self, expr: &Expr) -> String {
        match auto_name(expr) {
            Some(name) => self.unique(&name),
            None => self.unnamed(),
        }
    }
}
