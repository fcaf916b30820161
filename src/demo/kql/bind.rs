//! Expressions with their names resolved and their types known.

use std::rc::Rc;

use serde_json::Value as Json;

use super::aggregate::Aggregates;
use super::arithmetic;
use super::compare;
use super::engine::{Binding, Engine, Scope};
use super::error::Error;
use super::fuel;
use super::functions::conversion::convert;
use super::run;
use super::syntax::{Expr, Node, Sign};
use super::table::{Column, Row};
use super::value::{Kind, Value};

/// A row among its table's rows.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'r> {
    pub(super) rows: &'r [Row],
    pub(super) at: usize,
}

type Run = Rc<dyn for<'r> Fn(&Cursor<'r>) -> Value>;

/// An expression that can be asked for its value at a row.
#[derive(Clone)]
pub(super) struct Typed {
    pub(super) kind: Kind,
    pub(super) constant: Option<Value>,
    run: Run,
    depth: usize,
}

/// Where an expression stands.
pub(super) struct Binder<'e, 'a> {
    pub(super) engine: &'e Engine<'a>,
    pub(super) scope: &'e Scope,
    pub(super) columns: &'e [Column],
    /// As errors name it.
    pub(super) operator: &'static str,
    /// Where aggregates may stand: what collects them.
    pub(super) aggregates: Option<&'e Aggregates<'e>>,
}

/// Expressions in each other once functions are in their places.
const DEPTH_AT_MOST: usize = 1_000;

impl Cursor<'_> {
    pub(super) fn row(&self) -> &[Value] {
        self.rows.get(self.at).map_or(&[], |row| row)
    }

    /// The row so many further on.
    pub(super) fn shifted(&self, by: i64) -> Option<Self> {
        let at = usize::try_from(i64::try_from(self.at).ok()?.checked_add(by)?).ok()?;
        (at < self.rows.len()).then_some(Self { rows: self.rows, at })
    }
}

impl Typed {
    pub(super) fn constant(kind: Kind, value: Value) -> Self {
        let value = if value.is_null() { kind.nothing() } else { value };
        let same = value.clone();
        Self { kind, constant: Some(value), run: Rc::new(move |_| same.clone()), depth: 1 }
    }

    pub(super) fn column(kind: Kind, at: usize) -> Self {
        let run = move |cursor: &Cursor<'_>| cursor.row().get(at).cloned().unwrap_or(Value::Null);
        Self { kind, constant: None, run: Rc::new(run), depth: 1 }
    }

    /// Of other expressions; folded when they are all constant.
    pub(super) fn of(
        kind: Kind,
        parts: &[&Self],
        run: impl for<'r> Fn(&Cursor<'r>) -> Value + 'static,
    ) -> Result<Self, Error> {
        let typed = Self::by_row(kind, parts, run)?;
        if parts.iter().all(|part| part.constant.is_some()) {
            let value = (typed.run)(&Cursor { rows: &[], at: 0 });
            return Ok(Self::constant(kind, value));
        }
        Ok(typed)
    }

    /// The same for what depends on the row whatever its parts.
    pub(super) fn by_row(
        kind: Kind,
        parts: &[&Self],
        run: impl for<'r> Fn(&Cursor<'r>) -> Value + 'static,
    ) -> Result<Self, Error> {
        let depth = parts.iter().map(|part| part.depth).max().unwrap_or_default() + 1;
        if depth > DEPTH_AT_MOST {
            return Err(Error::semantic("SEM0001", "Query exceeds the maximum depth of nested expressions"));
        }
        Ok(Self { kind, constant: None, run: Rc::new(run), depth })
    }

    pub(super) fn at(&self, cursor: &Cursor<'_>) -> Value {
        if fuel::burn() { (self.run)(cursor) } else { Value::Null }
    }
}

impl Binder<'_, '_> {
    pub(super) fn unresolved(&self, name: &str) -> Error {
        let what = if self.operator == "where" { "column or scalar expression" } else { "scalar expression" };
        Error::unresolved(self.operator, what, name)
    }

    /// The expression, typed.
    pub(super) fn bind(&self, expr: &Expr) -> Result<Typed, Error> {
        self.engine.deeper(|| self.bind_node(expr))
    }

    fn bind_node(&self, expr: &Expr) -> Result<Typed, Error> {
        match &expr.node {
            Node::Literal(value, kind) => Ok(Typed::constant(*kind, value.clone())),
            Node::Name(name) => self.name(name),
            Node::Star => {
                Err(Error::semantic("SEM0001", format!("'{}' operator: '*' cannot stand here", self.operator)))
            }
            Node::Member(base, name) => {
                let base = self.bind(base)?;
                self.member(&base, &Typed::constant(Kind::String, Value::text(name)))
            }
            Node::Element(base, index) => self.member(&self.bind(base)?, &self.bind(index)?),
            Node::Call(name, arguments) => self.call(name, arguments),
            Node::Negate(inner) => arithmetic::negate(&self.bind(inner)?),
            Node::Binary(sign, left, right) => self.binary(*sign, left, right),
            Node::And(parts) => self.logic(parts, false),
            Node::Or(parts) => self.logic(parts, true),
            Node::Match(test, left, right) => compare::text(self, *test, left, right),
            Node::List(list, item, items) => compare::list(self, *list, item, items),
            Node::Between { negated, item, low, high } => {
                compare::between(*negated, &self.bind(item)?, &self.bind(low)?, &self.bind(high)?)
            }
            Node::Table(_) => self.scalar_of(expr),
        }
    }

    fn name(&self, name: &str) -> Result<Typed, Error> {
        if let Some(at) = self.columns.iter().position(|column| &*column.name == name) {
            return Ok(Typed::column(self.columns.get(at).map_or(Kind::Dynamic, |column| column.kind), at));
        }
        match self.scope.find(name) {
            Some(Binding::Scalar(value, kind)) => Ok(Typed::constant(*kind, value.clone())),
            Some(Binding::Inline(typed)) => Ok(typed.clone()),
            Some(Binding::Table(_) | Binding::Function(..)) | None => Err(self.unresolved(name)),
        }
    }

    /// `bag.name`, `bag['name']`, `array[0]`.
    fn member(&self, base: &Typed, index: &Typed) -> Result<Typed, Error> {
        if base.kind != Kind::Dynamic {
            let message = format!(
                "'{}' operator: Path expression source must be of type dynamic, not {}",
                self.operator,
                base.kind.name()
            );
            return Err(Error::semantic("SEM0100", message));
        }
        let (base, index) = (base.clone(), index.clone());
        Typed::of(Kind::Dynamic, &[&base.clone(), &index.clone()], move |cursor| {
            element(&base.at(cursor), &index.at(cursor))
        })
    }

    fn binary(&self, sign: Sign, left: &Expr, right: &Expr) -> Result<Typed, Error> {
        let (left, right) = (self.bind(left)?, self.bind(right)?);
        match sign {
            Sign::Add | Sign::Subtract | Sign::Multiply | Sign::Divide | Sign::Remainder => {
                arithmetic::binary(sign, &left, &right)
            }
            _ => compare::binary(sign, &left, &right),
        }
    }

    /// `and`, and with `or` its mirror; a null decides nothing.
    fn logic(&self, parts: &[Expr], decides: bool) -> Result<Typed, Error> {
        let parts = parts.iter().map(|part| self.truth(part)).collect::<Result<Vec<_>, _>>()?;
        let all: Vec<&Typed> = parts.iter().collect();
        let parts = parts.clone();
        Typed::of(Kind::Bool, &all, move |cursor| {
            let mut unknown = false;
            for part in &parts {
                match part.at(cursor).truth() {
                    Some(truth) if truth == decides => return Value::Bool(decides),
                    Some(_) => {}
                    None => unknown = true,
                }
            }
            if unknown { Value::Null } else { Value::Bool(!decides) }
        })
    }

    /// What must be true or false; a dynamic value is read as it.
    pub(super) fn truth(&self, expr: &Expr) -> Result<Typed, Error> {
        let typed = self.bind(expr)?;
        match typed.kind {
            Kind::Bool => Ok(typed),
            Kind::Dynamic => {
                let inner = typed.clone();
                Typed::of(Kind::Bool, &[&typed], move |cursor| convert(&inner.at(cursor), Kind::Bool))
            }
            other => Err(Error::semantic(
                "SEM0101",
                format!("'{}' operator: expression must be of type bool, not {}", self.operator, other.name()),
            )),
        }
    }

    /// The one cell of a table in an expression: the first of its first row.
    pub(super) fn scalar_of(&self, expr: &Expr) -> Result<Typed, Error> {
        let table = run::table(self.engine, self.scope, expr, self.operator)?;
        let kind = table.columns.first().map_or(Kind::Dynamic, |column| column.kind);
        let cell = table.rows.first().and_then(|row| row.first()).cloned();
        Ok(Typed::constant(kind, cell.unwrap_or(Value::Null)))
    }
}

/// A part of a dynamic value; null where there is none.
pub(super) fn element(base: &Value, index: &Value) -> Value {
    let Some(json) = base.json() else { return Value::Null };
    let found = match (json, index) {
        (Json::Object(fields), Value::String(name)) => fields.get(&**name),
        (Json::Object(fields), Value::Dynamic(name)) => name.as_str().and_then(|name| fields.get(name)),
        (Json::Array(items), index) => index.long().and_then(|at| {
            let at = if at < 0 { at.checked_add(i64::try_from(items.len()).ok()?)? } else { at };
            items.get(usize::try_from(at).ok()?)
        }),
        _ => None,
    };
    found.map_or(Value::Null, |found| Value::dynamic(found.clone()))
}
