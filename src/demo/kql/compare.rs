//! Comparisons: of values, of texts, with lists.

use std::cmp::Ordering;
use std::collections::HashSet;

use serde_json::Value as Json;

use super::bind::{Binder, Typed};
use super::error::Error;
use super::functions::conversion::convert;
use super::functions::pattern;
use super::run;
use super::syntax::{Expr, List, ListTest, Match, Node, Sign, Test};
use super::value::{Kind, Value};

/// Whether values of two types can be held against each other.
fn comparable(left: Kind, right: Kind) -> bool {
    left == right
        || left == Kind::Dynamic
        || right == Kind::Dynamic
        || (left.is_number() && right.is_number())
        || matches!(
            (left, right),
            (Kind::String, Kind::Guid)
                | (Kind::Guid, Kind::String)
                | (Kind::Bool, Kind::Int | Kind::Long)
                | (Kind::Int | Kind::Long, Kind::Bool)
        )
}

/// Whether one can be less than another: texts are only sorted.
fn has_order(kind: Kind) -> bool {
    kind.is_number() || matches!(kind, Kind::DateTime | Kind::Timespan | Kind::Dynamic)
}

fn incomparable(left: Kind, right: Kind) -> Error {
    let message =
        format!("Cannot compare values of types {} and {}. Try adding explicit casts", left.name(), right.name());
    Error::semantic("SEM0064", message)
}

pub(super) fn binary(sign: Sign, left: &Typed, right: &Typed) -> Result<Typed, Error> {
    if matches!(sign, Sign::Alike | Sign::NotAlike) {
        texts(left.kind, right.kind, "=~")?;
    } else {
        let ordered = matches!(sign, Sign::Equal | Sign::NotEqual) || (has_order(left.kind) && has_order(right.kind));
        if !comparable(left.kind, right.kind) || !ordered {
            return Err(incomparable(left.kind, right.kind));
        }
    }
    let (first, second) = (left.clone(), right.clone());
    Typed::of(Kind::Bool, &[left, right], move |cursor| compared(sign, &first.at(cursor), &second.at(cursor)))
}

fn compared(sign: Sign, left: &Value, right: &Value) -> Value {
    // Spec: null is not equal to anything but null, of which it is unknown.
    match (sign, left.is_null(), right.is_null()) {
        (_, true, true) => return Value::Null,
        (Sign::Equal, true, _) | (Sign::Equal, _, true) => return Value::Bool(false),
        (Sign::NotEqual, true, _) | (Sign::NotEqual, _, true) => return Value::Bool(true),
        (Sign::Alike | Sign::NotAlike, ..) | (_, false, false) => {}
        _ => return Value::Null,
    }
    let truth = match sign {
        Sign::Alike | Sign::NotAlike => {
            let same = fold(&left.to_text()) == fold(&right.to_text());
            same == (sign == Sign::Alike)
        }
        Sign::Equal => equal(left, right),
        Sign::NotEqual => !equal(left, right),
        _ => match left.order(right) {
            Some(order) => match sign {
                Sign::Less => order == Ordering::Less,
                Sign::LessOrEqual => order != Ordering::Greater,
                Sign::Greater => order == Ordering::Greater,
                _ => order != Ordering::Less,
            },
            None => false,
        },
    };
    Value::Bool(truth)
}

fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Guid(one), other @ (Value::String(_) | Value::Guid(_)))
        | (other @ Value::String(_), Value::Guid(one)) => one.eq_ignore_ascii_case(other.str()),
        _ => left.order(right) == Some(Ordering::Equal),
    }
}

pub(super) fn between(negated: bool, item: &Typed, low: &Typed, high: &Typed) -> Result<Typed, Error> {
    if !comparable(item.kind, low.kind) || !has_order(item.kind) {
        return Err(incomparable(item.kind, low.kind));
    }
    // `between (start .. 1h)`: the end may be how long after the start.
    let length = high.kind == Kind::Timespan && low.kind == Kind::DateTime;
    if !length && !comparable(item.kind, high.kind) {
        return Err(incomparable(item.kind, high.kind));
    }
    let (first, second, third) = (item.clone(), low.clone(), high.clone());
    Typed::of(Kind::Bool, &[item, low, high], move |cursor| {
        let (item, low, mut high) = (first.at(cursor), second.at(cursor), third.at(cursor));
        if length && let (Value::DateTime(start), Value::Timespan(long)) = (&low, &high) {
            high = Value::DateTime(start.saturating_add(*long));
        }
        match (item.order(&low), item.order(&high)) {
            (Some(low), Some(high)) => Value::Bool((low != Ordering::Less && high != Ordering::Greater) != negated),
            _ => Value::Null,
        }
    })
}

/// Both must be texts, or dynamic.
fn texts(left: Kind, right: Kind, word: &str) -> Result<(), Error> {
    let is_text = |kind| matches!(kind, Kind::String | Kind::Dynamic | Kind::Guid);
    if is_text(left) && is_text(right) {
        return Ok(());
    }
    let message = format!(
        "Operator '{word}' is not defined for the operand types {} and {}: expected string operands",
        left.name(),
        right.name()
    );
    Err(Error::semantic("SEM0064", message))
}

pub(super) fn text(binder: &Binder<'_, '_>, test: Match, left: &Expr, right: &Expr) -> Result<Typed, Error> {
    let right = binder.bind(right)?;
    if matches!(left.node, Node::Star) {
        return any_column(binder, test, &right);
    }
    let left = binder.bind(left)?;
    texts(left.kind, right.kind, test.test.word())?;
    one_text(test, &left, &right)
}

fn one_text(test: Match, left: &Typed, right: &Typed) -> Result<Typed, Error> {
    let (first, second) = (left.clone(), right.clone());
    if test.test == Test::Regex {
        let regexes = pattern::Cache::for_pattern(right)?;
        return Typed::of(Kind::Bool, &[left, right], move |cursor| {
            let found = regexes.with(&second.at(cursor).to_text(), |regex| regex.is_match(&first.at(cursor).to_text()));
            Value::Bool(found.unwrap_or(false))
        });
    }
    // What is sought is mostly a literal: its case is folded once.
    let sought = right.constant.as_ref().map(|value| cased(test, &value.to_text()));
    Typed::of(Kind::Bool, &[left, right], move |cursor| {
        let text = cased(test, &first.at(cursor).to_text());
        let found = match &sought {
            Some(sought) => matches(test.test, &text, sought),
            None => matches(test.test, &text, &cased(test, &second.at(cursor).to_text())),
        };
        Value::Bool(found != test.negated)
    })
}

/// `* has 'x'`: any column that has it.
pub(super) fn any_column(binder: &Binder<'_, '_>, test: Match, right: &Typed) -> Result<Typed, Error> {
    let kinds = [Kind::String, Kind::Dynamic];
    let columns = binder.columns.iter().enumerate().filter(|(_, column)| kinds.contains(&column.kind));
    let plain = Match { negated: false, ..test };
    let tests = columns
        .map(|(at, column)| one_text(plain, &Typed::column(column.kind, at), right))
        .collect::<Result<Vec<_>, _>>()?;
    Typed::by_row(Kind::Bool, &[right], move |cursor| {
        Value::Bool(tests.iter().any(|test| test.at(cursor).truth() == Some(true)) != test.negated)
    })
}

fn cased(test: Match, text: &str) -> String {
    if test.exact_case { text.to_owned() } else { fold(text) }
}

/// Without case.
pub(super) fn fold(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_lowercase() }
}

fn matches(test: Test, text: &str, sought: &str) -> bool {
    match test {
        Test::Contains => text.contains(sought),
        Test::StartsWith => text.starts_with(sought),
        Test::EndsWith => text.ends_with(sought),
        Test::Has => has(text, sought, true, true),
        Test::HasPrefix => has(text, sought, true, false),
        Test::HasSuffix => has(text, sought, false, true),
        Test::Like => like(text.as_bytes(), sought.as_bytes()),
        Test::Regex => false,
    }
}

/// Whether `text` has `term` where terms begin and end.
///
/// Spec: a term is as many letters and digits as stand together.
pub(super) fn has(text: &str, term: &str, at_start: bool, at_end: bool) -> bool {
    if term.is_empty() {
        return true;
    }
    let inside = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    let starts = at_start && inside(term.chars().next());
    let ends = at_end && inside(term.chars().next_back());
    let mut from = 0;
    while let Some(found) = text.get(from..).and_then(|rest| rest.find(term)) {
        let at = from + found;
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + term.len()..).and_then(|after| after.chars().next());
        let cut_off = (starts && inside(before)) || (ends && inside(after));
        if !cut_off {
            return true;
        }
        from = at + term.chars().next().map_or(1, char::len_utf8);
    }
    false
}

/// `*` for anything.
fn like(text: &[u8], sought: &[u8]) -> bool {
    let (mut at, mut want, mut star) = (0, 0, None);
    while at < text.len() {
        if sought.get(want) == Some(&b'*') {
            star = Some((want, at));
            want += 1;
        } else if sought.get(want) == text.get(at) {
            at += 1;
            want += 1;
        } else if let Some((place, from)) = star {
            star = Some((place, from + 1));
            at = from + 1;
            want = place + 1;
        } else {
            return false;
        }
    }
    sought.get(want..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

pub(super) fn list(binder: &Binder<'_, '_>, list: List, item: &Expr, items: &[Expr]) -> Result<Typed, Error> {
    let any = if matches!(item.node, Node::Star) { None } else { Some(binder.bind(item)?) };
    let mut constant = Vec::new();
    let mut varying = Vec::new();
    for expr in items {
        if run::is_table(binder.engine, binder.scope, expr) && !binder.is_column(expr) {
            let table = run::table(binder.engine, binder.scope, expr, binder.operator)?;
            constant.extend(table.rows.iter().filter_map(|row| row.first().cloned()));
            continue;
        }
        let typed = binder.bind(expr)?;
        if let (Some(item), ListTest::In) = (&any, list.test)
            && !comparable(item.kind, typed.kind)
        {
            return Err(incomparable(item.kind, typed.kind));
        }
        match &typed.constant {
            Some(value) => spread(value, &mut constant),
            None => varying.push(typed),
        }
    }
    match (list.test, any) {
        (ListTest::In, Some(item)) => within(list, &item, &constant, varying),
        (_, Some(item)) => {
            texts(item.kind, Kind::String, if list.test == ListTest::HasAny { "has_any" } else { "has_all" })?;
            has_terms(list, vec![item], &constant, varying)
        }
        (_, None) => {
            let columns = binder.columns.iter().enumerate();
            let texts = columns.filter(|(_, column)| matches!(column.kind, Kind::String | Kind::Dynamic));
            has_terms(list, texts.map(|(at, column)| Typed::column(column.kind, at)).collect(), &constant, varying)
        }
    }
}

/// An array is the list of what it holds.
fn spread(value: &Value, into: &mut Vec<Value>) {
    match value.json() {
        Some(Json::Array(items)) => into.extend(items.iter().map(|item| Value::dynamic(item.clone()))),
        _ => into.push(value.clone()),
    }
}

fn within(list: List, item: &Typed, constant: &[Value], varying: Vec<Typed>) -> Result<Typed, Error> {
    let kind = item.kind;
    let key = move |value: &Value| {
        let mut key = Vec::new();
        let value = if kind == Kind::Dynamic { Value::text(value.to_text()) } else { convert(value, kind) };
        match value {
            Value::String(text) if !list.exact_case => Value::text(fold(&text)).key(&mut key),
            other => other.key(&mut key),
        }
        key
    };
    let known: HashSet<Vec<u8>> = constant.iter().map(key).collect();
    let part = item.clone();
    let parts: Vec<&Typed> = std::iter::once(item).chain(&varying).collect();
    let parts: Vec<Typed> = parts.into_iter().cloned().collect();
    let all: Vec<&Typed> = parts.iter().collect();
    Typed::of(Kind::Bool, &all, move |cursor| {
        let sought = part.at(cursor);
        let sought_key = key(&sought);
        let found = known.contains(&sought_key)
            || varying.iter().any(|typed| {
                let mut values = Vec::new();
                spread(&typed.at(cursor), &mut values);
                values.iter().any(|value| key(value) == sought_key)
            });
        Value::Bool((found && !sought.is_null()) != list.negated)
    })
}

fn has_terms(list: List, items: Vec<Typed>, constant: &[Value], varying: Vec<Typed>) -> Result<Typed, Error> {
    let known: Vec<String> = constant.iter().map(|value| fold(&value.to_text())).collect();
    let parts: Vec<Typed> = items.iter().chain(&varying).cloned().collect();
    let all: Vec<&Typed> = parts.iter().collect();
    Typed::by_row(Kind::Bool, &all, move |cursor| {
        let mut terms = known.clone();
        for typed in &varying {
            let mut values = Vec::new();
            spread(&typed.at(cursor), &mut values);
            terms.extend(values.iter().map(|value| fold(&value.to_text())));
        }
        let found = items.iter().any(|item| {
            let text = fold(&item.at(cursor).to_text());
            match list.test {
                ListTest::HasAll => terms.iter().all(|term| has(&text, term, true, true)),
                _ => terms.iter().any(|term| has(&text, term, true, true)),
            }
        });
        Value::Bool(found != list.negated)
    })
}

impl Test {
    fn word(self) -> &'static str {
        match self {
            Self::Contains => "contains",
            Self::StartsWith => "startswith",
            Self::EndsWith => "endswith",
            Self::Has => "has",
            Self::HasPrefix => "hasprefix",
            Self::HasSuffix => "hassuffix",
            Self::Like => "like",
            Self::Regex => "matches regex",
        }
    }
}
