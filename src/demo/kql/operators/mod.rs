//! Operators, from rows to rows.

mod expand;
mod join;
mod order;
mod parse;
mod shape;
mod source;
mod summarize;
mod union;

use std::rc::Rc;

use super::bind::{Binder, Cursor, Typed};
use super::engine::{Engine, Scope};
use super::error::Error;
use super::run;
use super::syntax::{Expr, Node, Operator};
use super::table::{Column, Row, Table};
use super::value::{Kind, Value};

pub(super) use source::source;

/// Where an operator stands.
pub(super) struct At<'e, 'a> {
    pub(super) engine: &'e Engine<'a>,
    pub(super) scope: &'e Scope,
    pub(super) name: &'static str,
}

impl<'e, 'a> At<'e, 'a> {
    fn binder(&self, columns: &'e [Column]) -> Binder<'e, 'a> {
        Binder { engine: self.engine, scope: self.scope, columns, operator: self.name, aggregates: None }
    }

    fn wrong(&self, what: impl AsRef<str>) -> Error {
        Error::semantic("SEM0001", format!("'{}' operator: {}", self.name, what.as_ref()))
    }

    fn unresolved(&self, name: &str) -> Error {
        Error::unresolved(self.name, "column or scalar expression", name)
    }

    /// Where the column of that name stands.
    fn place(&self, table: &Table, name: &str) -> Result<usize, Error> {
        table.column(name).ok_or_else(|| self.unresolved(name))
    }

    /// A whole number that is the same for all rows.
    fn number(&self, expr: &Expr) -> Result<usize, Error> {
        let typed = self.binder(&[]).bind(expr)?;
        let number = typed.constant.as_ref().and_then(Value::long);
        number
            .and_then(|number| usize::try_from(number).ok())
            .ok_or_else(|| self.wrong("a number that is constant and not negative is expected"))
    }

    /// Runs `values` at each row and takes what it gives as a row.
    fn rows(
        &self,
        table: &Table,
        values: impl Fn(&Cursor<'_>, &mut Vec<Value>),
        fresh: usize,
    ) -> Result<Vec<Row>, Error> {
        let mut rows = Vec::with_capacity(table.rows.len());
        for at in 0..table.rows.len() {
            let mut row = Vec::new();
            values(&Cursor { rows: &table.rows, at }, &mut row);
            self.engine.made(row.get(row.len().saturating_sub(fresh)..).unwrap_or_default(), row.len())?;
            rows.push(Row::from(row));
        }
        Ok(rows)
    }
}

/// Runs one operator.
pub(super) fn operator(at: &At<'_, '_>, operator: &Operator, table: Rc<Table>) -> Result<Rc<Table>, Error> {
    Ok(Rc::new(match operator {
        Operator::Where(predicate) => shape::filter(at, predicate, &table)?,
        Operator::Extend(columns) => shape::extend(at, columns, &table)?,
        Operator::Serialize(columns) => Table { ordered: true, ..shape::extend(at, columns, &table)? },
        Operator::Project(columns) => shape::project(at, columns, &table)?,
        Operator::ProjectAway(patterns) => shape::project_away(at, patterns, &table)?,
        Operator::ProjectKeep(patterns) => shape::project_keep(at, patterns, &table)?,
        Operator::ProjectRename(names) => shape::rename(at, names, &table)?,
        Operator::ProjectReorder(patterns) => shape::reorder(at, patterns, &table)?,
        Operator::Summarize { aggregates, by } => summarize::summarize(at, aggregates, by, &table)?,
        Operator::Distinct(columns) => summarize::distinct(at, columns.as_deref(), &table)?,
        Operator::Count => {
            let count = Row::from(vec![Value::count(table.rows.len())]);
            Table { columns: vec![Column::new("Count", Kind::Long)], rows: vec![count], ..Table::default() }
        }
        Operator::Take(count) => {
            let count = at.number(count)?;
            table.with_rows(table.rows.iter().take(count).cloned().collect())
        }
        Operator::Sort(keys) => order::sort(at, keys, &table, None)?,
        Operator::Top(count, key) => {
            let count = at.number(count)?;
            order::sort(at, std::slice::from_ref(key), &table, Some(count))?
        }
        Operator::Join(join) => join::join(at, join, &table)?,
        Operator::Union(union) => union::union(at, union, Some(table))?,
        Operator::Parse(parse) => parse::parse(at, parse, &table)?,
        Operator::Expand(expand) => expand::expand(at, expand, &table)?,
        Operator::Apply(apply) => expand::apply(at, &apply.expand, &apply.body, &table)?,
        Operator::Schema => shape::schema(&table),
        Operator::Invoke(call) => return invoke(at, call, table),
        Operator::Search(search) => {
            let found = source::search_rows(at, &search.predicate, &table)?;
            union::combined(at, &[(table.name.clone(), Rc::new(found))], false, Some("$table"))?
        }
        Operator::Evaluate(call) => expand::evaluate(at, call, &table)?,
        Operator::As(_) | Operator::Nothing => return Ok(table),
    }))
}

/// `invoke f(…)`: the rows are its first argument.
fn invoke(at: &At<'_, '_>, call: &Expr, table: Rc<Table>) -> Result<Rc<Table>, Error> {
    let Node::Call(name, arguments) = &call.node else { return Err(at.wrong("a call of a function is expected")) };
    if let Some(super::engine::Binding::Function(lambda, scope)) = at.scope.find(name) {
        return run::call_table(at.engine, at.scope, name, (lambda, scope), arguments, Some(table));
    }
    match at.engine.database.function(name) {
        Some(function) => {
            let lambda = run::saved(&function)?;
            run::call_table(at.engine, at.scope, name, (&lambda, &Scope::default()), arguments, Some(table))
        }
        None => Err(Error::semantic("SEM0260", format!("'invoke' operator: Unknown function: '{name}'"))),
    }
}

/// Whether a name fits a pattern with `*` in it.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    if !pattern.contains('*') {
        return rest.is_empty();
    }
    let parts: Vec<&str> = parts.collect();
    let (last, middle) = parts.split_last().map_or(("", &[] as &[&str]), |(last, middle)| (*last, middle));
    for part in middle {
        let Some(found) = rest.find(part) else { return false };
        rest = rest.get(found + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

fn column_of(name: &str, typed: &Typed) -> Column {
    Column::new(name, typed.kind)
}
