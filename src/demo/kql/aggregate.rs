//! What `summarize` makes of the rows of a group.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::HashSet;

use serde_json::Value as Json;

use super::bind::{Binder, Cursor, Typed};
use super::engine::{Engine, Scope};
use super::error::Error;
use super::functions::conversion::convert;
use super::names::auto_name;
use super::syntax::{Argument, Node};
use super::table::{Column, Row};
use super::value::{Kind, Value};

/// Rows of a group, as places in the table.
pub(super) struct Group<'r> {
    pub(super) rows: &'r [Row],
    pub(super) places: &'r [usize],
}

type Fold = Box<dyn Fn(&Group<'_>) -> Vec<Value>>;

/// An aggregate: its columns, and what fills them for a group.
pub(super) struct Aggregate {
    pub(super) columns: Vec<Column>,
    pub(super) run: Fold,
}

/// Where the aggregates of a `summarize` are collected while its expressions
/// are bound.
pub(super) struct Aggregates<'e> {
    /// The columns of the rows that are grouped.
    pub(super) input: &'e [Column],
    /// How many columns stand before the aggregates' own.
    pub(super) before: usize,
    pub(super) found: RefCell<Vec<Aggregate>>,
    pub(super) by: &'e [Column],
}

/// Items of a set or a list, as Kusto limits them.
const ITEMS_AT_MOST: usize = 1 << 20;
/// Chosen: what is more would fill the memory before its row is counted.
const BYTES_AT_MOST: usize = 16 << 20;

impl Group<'_> {
    fn values<'g>(&'g self, typed: &'g Typed) -> impl Iterator<Item = Value> + 'g {
        self.cursors().map(|cursor| typed.at(&cursor)).filter(|value| !value.is_null())
    }

    fn cursors(&self) -> impl Iterator<Item = Cursor<'_>> {
        self.places.iter().map(|at| Cursor { rows: self.rows, at: *at })
    }
}

/// The bare name of an aggregate, and whether it has a condition.
fn conditional(name: &str) -> (&str, bool) {
    match name {
        "countif" => ("count", true),
        "dcountif" => ("dcount", true),
        "sumif" => ("sum", true),
        "avgif" => ("avg", true),
        "minif" => ("min", true),
        "maxif" => ("max", true),
        "stdevif" => ("stdev", true),
        "varianceif" => ("variance", true),
        "take_anyif" | "anyif" => ("take_any", true),
        "make_set_if" => ("make_set", true),
        "make_list_if" => ("make_list", true),
        "make_bag_if" => ("make_bag", true),
        "count_distinctif" => ("count_distinct", true),
        other => (other, false),
    }
}

impl Binder<'_, '_> {
    /// The aggregate of that name, when it is one and may stand here.
    pub(super) fn aggregate(&self, name: &str, arguments: &[Argument]) -> Option<Result<Typed, Error>> {
        let (bare, has_condition) = conditional(name);
        if !KNOWN.contains(&bare) {
            return None;
        }
        let Some(aggregates) = self.aggregates else {
            let message = format!("'{}' operator: Aggregate function '{name}' cannot be used here", self.operator);
            return Some(Err(Error::semantic("SEM0096", message)));
        };
        let inner = Binder {
            engine: self.engine,
            scope: self.scope,
            columns: aggregates.input,
            operator: self.operator,
            aggregates: None,
        };
        Some(made(&inner, aggregates, name, bare, has_condition, arguments).map(|aggregate| {
            let mut found = aggregates.found.borrow_mut();
            let at = aggregates.before + found.iter().map(|made| made.columns.len()).sum::<usize>();
            let kind = aggregate.columns.first().map_or(Kind::Dynamic, |column| column.kind);
            found.push(aggregate);
            Typed::column(kind, at)
        }))
    }
}

const KNOWN: [&str; 27] = [
    "count",
    "dcount",
    "count_distinct",
    "sum",
    "avg",
    "min",
    "max",
    "stdev",
    "stdevp",
    "variance",
    "variancep",
    "make_set",
    "makeset",
    "make_list",
    "makelist",
    "make_list_with_nulls",
    "make_bag",
    "arg_max",
    "argmax",
    "arg_min",
    "argmin",
    "percentile",
    "percentiles",
    "percentiles_array",
    "take_any",
    "any",
    "anyif",
];

fn made(
    binder: &Binder<'_, '_>,
    aggregates: &Aggregates<'_>,
    name: &str,
    bare: &str,
    has_condition: bool,
    arguments: &[Argument],
) -> Result<Aggregate, Error> {
    let wrong = |wanted: &str| {
        Error::semantic("SEM0219", format!("{name}(): function expects {wanted} argument(s), not {}", arguments.len()))
    };
    let predicate = arguments.first().and_then(|argument| auto_name(&argument.value)).unwrap_or_default();
    let (arguments, condition) = match arguments.split_last() {
        Some((last, rest)) if has_condition => {
            // A set's largest size may stand behind its condition.
            match (bare, rest) {
                ("make_set" | "make_list", [value, condition]) => {
                    (vec![value.clone(), last.clone()], Some(binder.truth(&condition.value)?))
                }
                _ => (rest.to_vec(), Some(binder.truth(&last.value)?)),
            }
        }
        None if has_condition => return Err(wrong("1 or more")),
        _ => (arguments.to_vec(), None),
    };
    let source = arguments.first().and_then(|argument| auto_name(&argument.value)).unwrap_or_default();
    let label = |prefix: &str, kind: Kind| vec![Column::new(format!("{prefix}_{source}"), kind)];
    let aggregate = match bare {
        "count" if arguments.is_empty() => Aggregate {
            columns: vec![Column::new(
                if has_condition { format!("countif_{predicate}") } else { "count_".to_owned() },
                Kind::Long,
            )],
            run: Box::new(|group| vec![Value::count(group.places.len())]),
        },
        "count" => return Err(wrong("0")),
        "arg_max" | "argmax" => extreme(binder, aggregates, Ordering::Greater, &arguments)?,
        "arg_min" | "argmin" => extreme(binder, aggregates, Ordering::Less, &arguments)?,
        "take_any" | "any" => any(binder, aggregates, if bare == "any" { "any_" } else { "" }, &arguments)?,
        "percentile" | "percentiles" | "percentiles_array" => percentiles(binder, bare, &source, &arguments)?,
        _ => {
            let Some(first) = arguments.first() else { return Err(wrong("1 or more")) };
            let value = binder.bind(&first.value)?;
            let size = match arguments.get(1) {
                Some(size) => binder.bind(&size.value)?.constant.and_then(|size| size.long()),
                None => None,
            };
            let size = size.and_then(|size| usize::try_from(size).ok()).unwrap_or(ITEMS_AT_MOST);
            let (prefix, kind, run) = plain(bare, &value, size.min(ITEMS_AT_MOST), name)?;
            let prefix = if has_condition && !prefix.ends_with("set") && !prefix.ends_with("list") && prefix != "bag" {
                name
            } else {
                prefix
            };
            Aggregate { columns: label(prefix, kind), run }
        }
    };
    Ok(match condition {
        Some(condition) => {
            let run = aggregate.run;
            let run = move |group: &Group<'_>| {
                let met = |at: &&usize| condition.at(&Cursor { rows: group.rows, at: **at }).truth() == Some(true);
                let places: Vec<usize> = group.places.iter().filter(met).copied().collect();
                run(&Group { rows: group.rows, places: &places })
            };
            Aggregate { columns: aggregate.columns, run: Box::new(run) }
        }
        None => aggregate,
    })
}

/// Aggregates of one value: what their column is called, its type, the fold.
fn plain(bare: &str, value: &Typed, size: usize, name: &str) -> Result<(&'static str, Kind, Fold), Error> {
    let typed = value.clone();
    let own = value.kind;
    let counts = own.is_number() || matches!(own, Kind::Timespan | Kind::Dynamic);
    let wrong = || Error::semantic("SEM0219", format!("{name}(): argument #1 expected to be a numeric expression"));
    let summed = match own {
        Kind::Int => Kind::Long,
        Kind::Dynamic => Kind::Real,
        kind => kind,
    };
    Ok(match bare {
        "dcount" => ("dcount", Kind::Long, Box::new(move |group| vec![Value::count(distinct(group, &typed))])),
        "count_distinct" => {
            ("count_distinct", Kind::Long, Box::new(move |group| vec![Value::count(distinct(group, &typed))]))
        }
        "sum" if counts => ("sum", summed, Box::new(move |group| vec![sum(group, &typed, summed)])),
        "avg" if counts || own == Kind::DateTime => {
            let kind = if matches!(own, Kind::Timespan | Kind::DateTime) { own } else { Kind::Real };
            ("avg", kind, Box::new(move |group| vec![average(group, &typed, kind)]))
        }
        "stdev" | "stdevp" | "variance" | "variancep" if counts => {
            let (root, whole) = (bare.starts_with("stdev"), bare.ends_with('p'));
            let prefix = match bare {
                "stdev" => "stdev",
                "stdevp" => "stdevp",
                "variance" => "variance",
                _ => "variancep",
            };
            (prefix, Kind::Real, Box::new(move |group| vec![variance(group, &typed, root, whole)]))
        }
        "min" => ("min", own, Box::new(move |group| vec![best(group, &typed, Ordering::Less)])),
        "max" => ("max", own, Box::new(move |group| vec![best(group, &typed, Ordering::Greater)])),
        "make_set" | "makeset" => ("set", Kind::Dynamic, Box::new(move |group| vec![set(group, &typed, size)])),
        "make_list" | "makelist" => (
            "list",
            Kind::Dynamic,
            Box::new(move |group| vec![Value::dynamic(listed(group.values(&typed).take(size)))]),
        ),
        "make_list_with_nulls" => (
            "list",
            Kind::Dynamic,
            Box::new(move |group| vec![Value::dynamic(listed(group.cursors().map(|cursor| typed.at(&cursor))))]),
        ),
        "make_bag" => (
            "bag",
            Kind::Dynamic,
            Box::new(move |group| {
                let mut all = serde_json::Map::new();
                let mut bytes = 0;
                for value in group.values(&typed) {
                    bytes += value.size();
                    let Some(Json::Object(fields)) = value.json().filter(|_| bytes <= BYTES_AT_MOST) else { continue };
                    for (name, field) in fields {
                        all.entry(name.clone()).or_insert_with(|| field.clone());
                    }
                }
                vec![Value::dynamic(Json::Object(all))]
            }),
        ),
        _ => return Err(wrong()),
    })
}

fn distinct(group: &Group<'_>, typed: &Typed) -> usize {
    let keys: HashSet<Vec<u8>> = group
        .values(typed)
        .map(|value| {
            let mut key = Vec::new();
            value.key(&mut key);
            key
        })
        .collect();
    keys.len()
}

fn sum(group: &Group<'_>, typed: &Typed, kind: Kind) -> Value {
    match kind {
        Kind::Real => Value::Real(group.values(typed).filter_map(|value| convert(&value, Kind::Real).real()).sum()),
        Kind::Decimal => group
            .values(typed)
            .filter_map(|value| match value {
                Value::Decimal(number) => Some(number),
                _ => None,
            })
            .try_fold(super::decimal::Decimal::whole(0), super::decimal::Decimal::add)
            .map_or(Value::Null, Value::Decimal),
        _ => {
            let sum = group.values(typed).filter_map(|value| value.long()).try_fold(0_i64, i64::checked_add);
            match (sum, kind) {
                (None, _) => Value::Null,
                (Some(ticks), Kind::Timespan) => Value::Timespan(ticks),
                (Some(number), _) => Value::Long(number),
            }
        }
    }
}

fn average(group: &Group<'_>, typed: &Typed, kind: Kind) -> Value {
    if kind == Kind::Real {
        let values = numbers(group, typed);
        #[expect(clippy::cast_precision_loss, reason = "counts of rows")]
        let average = values.iter().sum::<f64>() / values.len() as f64;
        // Spec: of nothing it is not a number.
        return Value::Real(average);
    }
    let (mut sum, mut count) = (0_i128, 0_i128);
    for ticks in group.values(typed).filter_map(|value| value.long()) {
        sum += i128::from(ticks);
        count += 1;
    }
    let average = sum.checked_div(count).and_then(|ticks| i64::try_from(ticks).ok());
    match (average, kind) {
        (None, _) => Value::Null,
        (Some(ticks), Kind::DateTime) => Value::DateTime(ticks),
        (Some(ticks), _) => Value::Timespan(ticks),
    }
}

fn numbers(group: &Group<'_>, typed: &Typed) -> Vec<f64> {
    group.values(typed).filter_map(|value| convert(&value, Kind::Real).real().or_else(|| value.real())).collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows")]
fn variance(group: &Group<'_>, typed: &Typed, root: bool, whole: bool) -> Value {
    let values = numbers(group, typed);
    let count = values.len() as f64;
    if values.is_empty() {
        return Value::Real(f64::NAN);
    }
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    // Of a sample; of one value it is zero.
    let freedom = if whole { count } else { (count - 1.0).max(1.0) };
    let variance = squares / freedom;
    Value::Real(if root { variance.sqrt() } else { variance })
}

fn best(group: &Group<'_>, typed: &Typed, side: Ordering) -> Value {
    let best = group.values(typed).reduce(|best, value| if value.order(&best) == Some(side) { value } else { best });
    best.unwrap_or_else(|| typed.kind.nothing())
}

/// As many values as a list may hold.
fn listed(values: impl Iterator<Item = Value>) -> Json {
    let mut size = 0;
    let fits = |value: &Value| {
        size += value.size() + 1;
        size <= BYTES_AT_MOST
    };
    values.take_while(fits).map(|value| value.to_dynamic()).collect()
}

/// What it holds comes in the order it is met. Arrays are taken apart.
fn set(group: &Group<'_>, typed: &Typed, size: usize) -> Value {
    let mut seen = HashSet::new();
    let mut items = Vec::new();
    let mut bytes = 0;
    for value in group.values(typed) {
        bytes += value.size();
        if bytes > BYTES_AT_MOST {
            break;
        }
        let mut add = |json: Json| {
            if items.len() < size && !json.is_null() && seen.insert(json.to_string()) {
                items.push(json);
            }
        };
        match value.json() {
            Some(Json::Array(inner)) => inner.iter().cloned().for_each(&mut add),
            _ => add(value.to_dynamic()),
        }
    }
    Value::dynamic(Json::Array(items))
}

/// `arg_max(a, *)`: the row where `a` is largest.
fn extreme(
    binder: &Binder<'_, '_>,
    aggregates: &Aggregates<'_>,
    side: Ordering,
    arguments: &[Argument],
) -> Result<Aggregate, Error> {
    let Some((first, rest)) = arguments.split_first() else {
        return Err(Error::semantic("SEM0219", "arg_max(): function expects 2 or more argument(s), not 0"));
    };
    let value = binder.bind(&first.value)?;
    let name = auto_name(&first.value).unwrap_or_else(|| if side == Ordering::Less { "min_" } else { "max_" }.into());
    let mut columns = vec![Column::new(&name, value.kind)];
    let mut parts = vec![value.clone()];
    outputs(binder, aggregates, rest, Some(&name), &mut columns, &mut parts)?;
    let run = move |group: &Group<'_>| {
        let mut best: Option<(Value, Cursor<'_>)> = None;
        for cursor in group.cursors() {
            let found = value.at(&cursor);
            let better = match &best {
                None => true,
                Some((best, _)) => (best.is_null() && !found.is_null()) || found.order(best) == Some(side),
            };
            if better {
                best = Some((found, cursor));
            }
        }
        match best {
            Some((_, cursor)) => parts.iter().map(|part| part.at(&cursor)).collect(),
            None => parts.iter().map(|part| part.kind.nothing()).collect(),
        }
    };
    Ok(Aggregate { columns, run: Box::new(run) })
}

/// What else is taken of the row: expressions, or with `*` every column that
/// rows are not grouped by.
fn outputs(
    binder: &Binder<'_, '_>,
    aggregates: &Aggregates<'_>,
    arguments: &[Argument],
    but: Option<&str>,
    columns: &mut Vec<Column>,
    parts: &mut Vec<Typed>,
) -> Result<(), Error> {
    for argument in arguments {
        if matches!(argument.value.node, Node::Star) {
            for (at, column) in binder.columns.iter().enumerate() {
                let grouped = aggregates.by.iter().any(|by| by.name == column.name);
                if !grouped && but != Some(&*column.name) {
                    columns.push(column.clone());
                    parts.push(Typed::column(column.kind, at));
                }
            }
            continue;
        }
        let typed = binder.bind(&argument.value)?;
        let name = argument.name.clone().or_else(|| auto_name(&argument.value));
        columns.push(Column::new(name.unwrap_or_else(|| format!("Column{}", columns.len())), typed.kind));
        parts.push(typed);
    }
    Ok(())
}

fn any(
    binder: &Binder<'_, '_>,
    aggregates: &Aggregates<'_>,
    prefix: &str,
    arguments: &[Argument],
) -> Result<Aggregate, Error> {
    let (mut columns, mut parts) = (Vec::new(), Vec::new());
    outputs(binder, aggregates, arguments, None, &mut columns, &mut parts)?;
    for column in &mut columns {
        column.name = format!("{prefix}{}", column.name).into();
    }
    let run = move |group: &Group<'_>| {
        // The first row that has something; for several columns the first row.
        let one = parts.len() == 1;
        let has = |cursor: &Cursor<'_>| !one || parts.iter().all(|part| !is_nothing(&part.at(cursor)));
        let cursor = group.cursors().find(has).or_else(|| group.cursors().next());
        match cursor {
            Some(cursor) => parts.iter().map(|part| part.at(&cursor)).collect(),
            None => parts.iter().map(|part| part.kind.nothing()).collect(),
        }
    };
    Ok(Aggregate { columns, run: Box::new(run) })
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || matches!(value, Value::String(text) if text.is_empty())
}

fn percentiles(binder: &Binder<'_, '_>, bare: &str, source: &str, arguments: &[Argument]) -> Result<Aggregate, Error> {
    let Some((first, shares)) = arguments.split_first().filter(|(_, shares)| !shares.is_empty()) else {
        return Err(Error::semantic("SEM0219", format!("{bare}(): function expects 2 or more argument(s)")));
    };
    let value = binder.bind(&first.value)?;
    let kind = if value.kind == Kind::Int { Kind::Long } else { value.kind };
    let mut ranks = Vec::new();
    let mut columns = Vec::new();
    for share in shares {
        let constant = binder.bind(&share.value)?.constant.unwrap_or(Value::Null);
        let listed = constant.json().and_then(Json::as_array).cloned();
        let listed = listed.unwrap_or_else(|| vec![constant.to_dynamic()]);
        for share in listed.iter().filter_map(Json::as_f64) {
            if !(0.0..=100.0).contains(&share) {
                let message = format!("{bare}(): percentile must be between 0 and 100, not {share}");
                return Err(Error::semantic("SEM0219", message));
            }
            ranks.push(share);
            columns.push(Column::new(format!("percentile_{source}_{share}").replace('.', "_"), kind));
        }
    }
    let as_array = bare == "percentiles_array";
    if as_array {
        columns = vec![Column::new(format!("percentiles_{source}"), Kind::Dynamic)];
    }
    let run = move |group: &Group<'_>| {
        let mut values: Vec<Value> = group.values(&value).collect();
        values.sort_by(|left, right| left.order(right).unwrap_or(Ordering::Equal));
        let picked: Vec<Value> = ranks.iter().map(|share| convert(&nearest(&values, *share), kind)).collect();
        if as_array {
            return vec![Value::dynamic(picked.iter().map(Value::to_dynamic).collect())];
        }
        picked
    };
    Ok(Aggregate { columns, run: Box::new(run) })
}

/// The nearest rank: the smallest value that so many percent are not above.
fn nearest(values: &[Value], share: f64) -> Value {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank lies among the rows"
    )]
    let rank = (share / 100.0 * values.len() as f64).ceil() as usize;
    values.get(rank.saturating_sub(1)).cloned().unwrap_or(Value::Null)
}

/// The binder for the expressions around the aggregates.
pub(super) fn around<'e, 'a>(
    engine: &'e Engine<'a>,
    scope: &'e Scope,
    aggregates: &'e Aggregates<'e>,
) -> Binder<'e, 'a> {
    Binder { engine, scope, columns: aggregates.by, operator: "summarize", aggregates: Some(aggregates) }
}
