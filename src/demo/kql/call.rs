//! Calls: functions of the table, those that need more than values, and those
//! that the query or the workspace defines.

use std::cell::Cell;

use super::bind::{Binder, Typed};
use super::compare;
use super::engine::Binding;
use super::error::Error;
use super::functions::conversion::convert;
use super::functions::{self, pattern};
use super::run;
use super::syntax::{Argument, Expr, Node};
use super::value::{Kind, Value};

impl Binder<'_, '_> {
    pub(super) fn call(&self, name: &str, arguments: &[Argument]) -> Result<Typed, Error> {
        if let Some(Binding::Function(lambda, scope)) = self.scope.find(name) {
            return run::call_scalar(self, name, lambda, scope, arguments);
        }
        if let Some(aggregate) = self.aggregate(name, arguments) {
            return aggregate;
        }
        if let Some(special) = self.special(name, arguments) {
            return special;
        }
        if let Some(function) = functions::find(name) {
            return function.call(&self.all(arguments)?);
        }
        if let Some(function) = self.engine.database.function(name) {
            let lambda = run::saved(&function)?;
            return run::call_scalar(self, name, &lambda, &super::engine::Scope::default(), arguments);
        }
        Err(Error::semantic("SEM0260", format!("'{}' operator: Unknown function: '{name}'", self.operator)))
    }

    pub(super) fn all(&self, arguments: &[Argument]) -> Result<Vec<Typed>, Error> {
        arguments.iter().map(|argument| self.bind(&argument.value)).collect()
    }

    /// Whether an expression is the name of a column here.
    pub(super) fn is_column(&self, expr: &Expr) -> bool {
        matches!(&expr.node, Node::Name(name) if self.columns.iter().any(|column| &*column.name == name))
    }

    fn special(&self, name: &str, arguments: &[Argument]) -> Option<Result<Typed, Error>> {
        Some(match name {
            "now" => self.now(arguments),
            "ago" => self.ago(arguments),
            "ingestion_time" => self.ingestion_time(),
            "iff" | "iif" => self.case(name, arguments),
            "case" => self.case(name, arguments),
            "coalesce" => self.coalesce(arguments),
            "bin" | "floor" | "bin_at" => self.bin(name, arguments),
            "prev" | "next" => self.neighbour(name, arguments),
            "row_number" => self.row_number(arguments),
            "row_cumsum" => self.row_sum(arguments),
            "toscalar" | "materialize" => self.one(name, arguments).and_then(|expr| {
                if run::is_table(self.engine, self.scope, expr) { self.scalar_of(expr) } else { self.bind(expr) }
            }),
            "column_ifexists" | "columnifexists" => self.column_if(arguments),
            "pack_all" => self.pack_all(),
            "extract" => self.extract(arguments),
            "extract_all" => self.extract_all(arguments),
            "replace" | "replace_regex" => self.replace(arguments),
            "rand" => Typed::by_row(Kind::Real, &[], |cursor| Value::Real(chance(cursor.at))),
            _ => return None,
        })
    }

    fn one<'x>(&self, name: &str, arguments: &'x [Argument]) -> Result<&'x Expr, Error> {
        match arguments {
            [argument] => Ok(&argument.value),
            _ => Err(self.arity(name, "1", arguments.len())),
        }
    }

    fn arity(&self, name: &str, wanted: &str, found: usize) -> Error {
        Error::semantic("SEM0219", format!("{name}(): function expects {wanted} argument(s), not {found}"))
    }

    fn now(&self, arguments: &[Argument]) -> Result<Typed, Error> {
        let offsets = self.all(arguments)?;
        let now = self.engine.now;
        let parts: Vec<&Typed> = offsets.iter().collect();
        let by = offsets.first().cloned();
        Typed::of(Kind::DateTime, &parts, move |cursor| match &by {
            Some(by) => moved(now, &by.at(cursor), 1),
            None => Value::DateTime(now),
        })
    }

    fn ago(&self, arguments: &[Argument]) -> Result<Typed, Error> {
        let by = self.bind(self.one("ago", arguments)?)?;
        if !matches!(by.kind, Kind::Timespan | Kind::Dynamic) {
            return Err(Error::semantic("SEM0219", "ago(): argument #1 expected to be a timespan expression"));
        }
        let (now, part) = (self.engine.now, by.clone());
        Typed::of(Kind::DateTime, &[&by], move |cursor| moved(now, &part.at(cursor), -1))
    }

    /// Chosen: rows come in three seconds after they are made.
    fn ingestion_time(&self) -> Result<Typed, Error> {
        let Some(at) = self.columns.iter().position(|column| &*column.name == "TimeGenerated") else {
            return Ok(Typed::constant(Kind::DateTime, Value::Null));
        };
        let time = Typed::column(Kind::DateTime, at);
        Typed::by_row(Kind::DateTime, &[&time.clone()], move |cursor| match time.at(cursor) {
            Value::DateTime(ticks) => Value::DateTime(ticks + 3 * super::time::SECOND),
            _ => Value::Null,
        })
    }

    /// Conditions and what they give, and what else.
    fn case(&self, name: &str, arguments: &[Argument]) -> Result<Typed, Error> {
        if arguments.len() < 3 || arguments.len().is_multiple_of(2) || (name != "case" && arguments.len() != 3) {
            return Err(self.arity(
                name,
                if name == "case" { "3 or more, an odd number of" } else { "3" },
                arguments.len(),
            ));
        }
        let mut conditions = Vec::new();
        let mut results = Vec::new();
        for (n, argument) in arguments.iter().enumerate() {
            if n % 2 == 0 && n + 1 < arguments.len() {
                conditions.push(self.truth(&argument.value)?);
            } else {
                results.push(self.bind(&argument.value)?);
            }
        }
        let kind = functions::widest(&results);
        let parts: Vec<Typed> = conditions.iter().chain(&results).cloned().collect();
        let all: Vec<&Typed> = parts.iter().collect();
        Typed::of(kind, &all, move |cursor| {
            let met = conditions.iter().position(|condition| condition.at(cursor).truth() == Some(true));
            let result = results.get(met.unwrap_or(results.len() - 1));
            result.map_or(Value::Null, |result| convert(&result.at(cursor), kind))
        })
    }

    /// The first that is not null, nor an empty text.
    fn coalesce(&self, arguments: &[Argument]) -> Result<Typed, Error> {
        let parts = self.all(arguments)?;
        if parts.is_empty() {
            return Err(self.arity("coalesce", "2 or more", 0));
        }
        let kind = functions::widest(&parts);
        let all: Vec<&Typed> = parts.iter().collect();
        let parts = parts.clone();
        Typed::of(kind, &all, move |cursor| {
            let has = |value: &Value| match value {
                Value::Null => false,
                Value::String(text) => !text.is_empty(),
                _ => true,
            };
            parts.iter().map(|part| convert(&part.at(cursor), kind)).find(has).unwrap_or_else(|| kind.nothing())
        })
    }

    fn bin(&self, name: &str, arguments: &[Argument]) -> Result<Typed, Error> {
        let parts = self.all(arguments)?;
        let (value, size, from) = match (name, parts.as_slice()) {
            ("bin_at", [value, size, from]) => (value, size, Some(from.clone())),
            ("bin" | "floor", [value, size]) => (value, size, None),
            _ => return Err(self.arity(name, if name == "bin_at" { "3" } else { "2" }, parts.len())),
        };
        let kind = match (value.kind, size.kind) {
            (Kind::DateTime, Kind::Timespan) => Kind::DateTime,
            (Kind::Timespan, Kind::Timespan) => Kind::Timespan,
            (Kind::Dynamic, Kind::Timespan) => Kind::DateTime,
            (Kind::Dynamic, size) if size.is_number() => size,
            (value, size) if value.is_number() && size.is_number() => match value.wider(size) {
                Kind::Decimal => Kind::Real,
                kind => kind,
            },
            (value, size) => {
                let message = format!("{name}(): cannot bin a {} by a {}", value.name(), size.name());
                return Err(Error::semantic("SEM0219", message));
            }
        };
        let (first, second) = (value.clone(), size.clone());
        let all: Vec<&Typed> = parts.iter().collect();
        Typed::of(kind, &all, move |cursor| {
            let from = from.as_ref().map_or(Value::Null, |from| from.at(cursor));
            functions::bin(&convert(&first.at(cursor), kind), &second.at(cursor), &from, kind)
        })
    }

    fn neighbour(&self, name: &str, arguments: &[Argument]) -> Result<Typed, Error> {
        let parts = self.all(arguments)?;
        let Some(value) = parts.first().cloned().filter(|_| parts.len() <= 3) else {
            return Err(self.arity(name, "1 to 3", parts.len()));
        };
        let sign = if name == "prev" { -1 } else { 1 };
        let (by, other) = (parts.get(1).cloned(), parts.get(2).cloned());
        let kind = value.kind;
        let all: Vec<&Typed> = parts.iter().collect();
        Typed::by_row(kind, &all, move |cursor| {
            let by = by.as_ref().map_or(Some(1), |by| by.at(cursor).long()).unwrap_or(1);
            match by.checked_mul(sign).and_then(|by| cursor.shifted(by)) {
                Some(there) => value.at(&there),
                None => other.as_ref().map_or_else(|| kind.nothing(), |other| convert(&other.at(cursor), kind)),
            }
        })
    }

    /// Counts from where it last began anew. Rows are asked in their order, so
    /// the last count is all it needs to keep.
    fn row_number(&self, arguments: &[Argument]) -> Result<Typed, Error> {
        let parts = self.all(arguments)?;
        let start = parts.first().and_then(|start| start.constant.as_ref()?.long()).unwrap_or(1);
        let anew = parts.get(1).cloned();
        let last = Cell::new(0_i64);
        let all: Vec<&Typed> = parts.iter().collect();
        Typed::by_row(Kind::Long, &all, move |cursor| {
            let begins = cursor.at == 0 || anew.as_ref().is_some_and(|anew| anew.at(cursor).truth() == Some(true));
            last.set(if begins { start } else { last.get() + 1 });
            Value::Long(last.get())
        })
    }

    fn row_sum(&self, arguments: &[Argument]) -> Result<Typed, Error> {
        let parts = self.all(arguments)?;
        let Some(value) = parts.first().cloned() else { return Err(self.arity("row_cumsum", "1 or 2", 0)) };
        let anew = parts.get(1).cloned();
        let kind = match value.kind {
            Kind::Int => Kind::Long,
            kind => kind,
        };
        let (whole, real) = (Cell::new(0_i64), Cell::new(0_f64));
        let all: Vec<&Typed> = parts.iter().collect();
        Typed::by_row(kind, &all, move |cursor| {
            if cursor.at == 0 || anew.as_ref().is_some_and(|anew| anew.at(cursor).truth() == Some(true)) {
                whole.set(0);
                real.set(0.0);
            }
            let value = value.at(cursor);
            real.set(real.get() + value.real().unwrap_or_default());
            whole.set(whole.get().saturating_add(value.long().unwrap_or_default()));
            match kind {
                Kind::Long => Value::Long(whole.get()),
                Kind::Timespan => Value::Timespan(whole.get()),
                _ => Value::Real(real.get()),
            }
        })
    }

    fn column_if(&self, arguments: &[Argument]) -> Result<Typed, Error> {
        let parts = self.all(arguments)?;
        let [name, other] = parts.as_slice() else { return Err(self.arity("column_ifexists", "2", parts.len())) };
        let name = name.constant.as_ref().map(Value::to_text).unwrap_or_default();
        match self.columns.iter().position(|column| *column.name == *name) {
            Some(at) => Ok(Typed::column(self.columns.get(at).map_or(Kind::Dynamic, |column| column.kind), at)),
            None => Ok(other.clone()),
        }
    }

    fn pack_all(&self) -> Result<Typed, Error> {
        let names: Vec<String> = self.columns.iter().map(|column| column.name.to_string()).collect();
        Typed::by_row(Kind::Dynamic, &[], move |cursor| {
            let fields = names.iter().zip(cursor.row());
            let fields = fields.map(|(name, value)| (name.clone(), value.to_dynamic()));
            Value::dynamic(serde_json::Value::Object(fields.collect()))
        })
    }

    fn extract(&self, arguments: &[Argument]) -> Result<Typed, Error> {
        let parts = self.all(arguments)?;
        let (sought, group, whole) = match parts.as_slice() {
            [sought, group, whole] | [sought, group, whole, _] => (sought.clone(), group.clone(), whole.clone()),
            _ => return Err(self.arity("extract", "3 or 4", parts.len())),
        };
        let wanted = parts.get(3).and_then(|kind| kind.constant.as_ref()).and_then(|kind| Kind::named(kind.str()));
        let kind = wanted.unwrap_or(Kind::String);
        let regexes = pattern::Cache::for_pattern(&sought)?;
        let all: Vec<&Typed> = parts.iter().collect();
        Typed::of(kind, &all, move |cursor| {
            let whole = whole.at(cursor).to_text();
            let group = usize::try_from(group.at(cursor).long().unwrap_or_default()).unwrap_or(usize::MAX);
            let found = regexes.with(&sought.at(cursor).to_text(), |regex| {
                regex.captures(&whole).and_then(|found| found.get(group)).map(|found| found.as_str().to_owned())
            });
            found.flatten().map_or_else(|| kind.nothing(), |found| convert(&Value::text(found), kind))
        })
    }

    /// An array of what each match has in its groups.
    fn extract_all(&self, arguments: &[Argument]) -> Result<Typed, Error> {
        let parts = self.all(arguments)?;
        let (sought, whole) = match parts.as_slice() {
            [sought, whole] | [sought, _, whole] => (sought.clone(), whole.clone()),
            _ => return Err(self.arity("extract_all", "2 or 3", parts.len())),
        };
        let groups = if parts.len() == 3 { parts.get(1).cloned() } else { None };
        let regexes = pattern::Cache::for_pattern(&sought)?;
        let all: Vec<&Typed> = parts.iter().collect();
        Typed::of(Kind::Dynamic, &all, move |cursor| {
            let whole = whole.at(cursor).to_text();
            let wanted = groups.as_ref().map(|groups| groups.at(cursor));
            let found = regexes.with(&sought.at(cursor).to_text(), |regex| every(regex, &whole, wanted.as_ref()));
            found.flatten().unwrap_or(Value::Null)
        })
    }

    fn replace(&self, arguments: &[Argument]) -> Result<Typed, Error> {
        let parts = self.all(arguments)?;
        // The old `replace` has the pattern first, `replace_regex` the text.
        let [first, second, third] = parts.as_slice() else {
            return Err(self.arity("replace_regex", "3", parts.len()));
        };
        let (whole, sought, with) = (first.clone(), second.clone(), third.clone());
        let regexes = pattern::Cache::for_pattern(&sought)?;
        Typed::of(Kind::String, &[first, second, third], move |cursor| {
            let (whole, with) = (whole.at(cursor).to_text(), with.at(cursor).to_text());
            let replaced = regexes.with(&sought.at(cursor).to_text(), |regex| functions::replace(regex, &whole, &with));
            replaced.unwrap_or_else(|| Value::text(whole))
        })
    }

    /// `search 'x'`: a text that any column has, or any other predicate.
    pub(super) fn search(&self, expr: &Expr) -> Result<Typed, Error> {
        use super::syntax::{Match, Test};
        match &expr.node {
            Node::Literal(value @ Value::String(text), Kind::String) => {
                let test = if text.contains('*') { Test::Like } else { Test::Has };
                let test = Match { test, exact_case: false, negated: false };
                compare::any_column(self, test, &Typed::constant(Kind::String, value.clone()))
            }
            Node::And(parts) | Node::Or(parts) => {
                let decides = matches!(expr.node, Node::Or(_));
                let parts = parts.iter().map(|part| self.search(part)).collect::<Result<Vec<_>, _>>()?;
                let all: Vec<&Typed> = parts.iter().collect();
                let parts = parts.clone();
                Typed::by_row(Kind::Bool, &all, move |cursor| {
                    let found = parts.iter().any(|part| (part.at(cursor).truth() == Some(true)) == decides);
                    Value::Bool(found == decides)
                })
            }
            _ => self.truth(expr),
        }
    }
}

fn moved(now: i64, by: &Value, sign: i64) -> Value {
    let by = convert(by, Kind::Timespan).long().and_then(|ticks| ticks.checked_mul(sign));
    by.and_then(|by| super::time::in_range(now.checked_add(by)?)).map_or(Value::Null, Value::DateTime)
}

fn every(regex: &regex::Regex, whole: &str, wanted: Option<&Value>) -> Option<Value> {
    use serde_json::Value as Json;
    let groups: Vec<usize> = match wanted.and_then(Value::json).and_then(Json::as_array) {
        Some(groups) => groups.iter().filter_map(|n| usize::try_from(n.as_u64()?).ok()).collect(),
        None if regex.captures_len() > 1 => (1..regex.captures_len()).collect(),
        None => vec![0],
    };
    let matches: Vec<Json> = regex
        .captures_iter(whole)
        .map(|found| {
            let mut parts = groups.iter().map(|n| Json::from(found.get(*n).map_or("", |part| part.as_str())));
            if groups.len() == 1 { parts.next().unwrap_or(Json::Null) } else { parts.collect() }
        })
        .collect();
    (!matches.is_empty()).then(|| Value::dynamic(Json::Array(matches)))
}

/// Chosen: the same chance in the same row, so that the same query answers
/// the same.
fn chance(row: usize) -> f64 {
    let mixed = (row as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    #[expect(clippy::cast_precision_loss, reason = "53 bits are a real's own")]
    let part = (mixed >> 11) as f64 / (1_u64 << 53) as f64;
    part
}
