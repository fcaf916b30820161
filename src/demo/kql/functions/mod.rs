//! Functions of values.
//!
//! Each is a line of a table: its name, what it takes, what it gives, how.

pub(super) mod conversion;
mod dynamic;
mod math;
mod network;
pub(super) mod pattern;
mod text;
mod times;

use serde_json::Value as Json;

use super::bind::Typed;
use super::error::Error;
use super::value::{Kind, Value, json_size};
use conversion::convert;
pub(super) use math::bin;
pub(super) use pattern::replace;

/// Bytes of a text; the rest is cut, as Kusto cuts it.
const LONGEST_TEXT: usize = 1 << 20;

/// A function.
pub(super) struct Function {
    name: &'static str,
    /// A letter for each argument (see [`wanted`]); what stands behind `;` may
    /// be left out, and `*` repeats the letter before it.
    takes: &'static str,
    gives: Gives,
    run: fn(&[Value]) -> Value,
}

#[derive(Clone, Copy)]
enum Gives {
    Is(Kind),
    /// The type of that argument; of an int a long.
    Of(usize),
    /// The type that holds all its arguments.
    Widest,
}

/// What a letter stands for: the type that an argument is read as.
const fn wanted(letter: char) -> Option<Kind> {
    match letter {
        's' => Some(Kind::String),
        'l' => Some(Kind::Long),
        'r' => Some(Kind::Real),
        'd' => Some(Kind::DateTime),
        't' => Some(Kind::Timespan),
        'y' => Some(Kind::Dynamic),
        'b' => Some(Kind::Bool),
        // Any type; `n` a number.
        _ => None,
    }
}

const fn function(name: &'static str, takes: &'static str, gives: Gives, run: fn(&[Value]) -> Value) -> Function {
    Function { name, takes, gives, run }
}

const TEXT: Gives = Gives::Is(Kind::String);
const LONG: Gives = Gives::Is(Kind::Long);
const INT: Gives = Gives::Is(Kind::Int);
const REAL: Gives = Gives::Is(Kind::Real);
const BOOL: Gives = Gives::Is(Kind::Bool);
const DYNAMIC: Gives = Gives::Is(Kind::Dynamic);
const DATETIME: Gives = Gives::Is(Kind::DateTime);
const TIMESPAN: Gives = Gives::Is(Kind::Timespan);

const CONVERSIONS: &[Function] = &[
    function("tostring", "a", TEXT, |a| convert(at(a, 0), Kind::String)),
    function("toint", "a", INT, |a| convert(at(a, 0), Kind::Int)),
    function("tolong", "a", LONG, |a| convert(at(a, 0), Kind::Long)),
    function("toreal", "a", REAL, |a| convert(at(a, 0), Kind::Real)),
    function("todouble", "a", REAL, |a| convert(at(a, 0), Kind::Real)),
    function("todecimal", "a", Gives::Is(Kind::Decimal), |a| convert(at(a, 0), Kind::Decimal)),
    function("tobool", "a", BOOL, |a| convert(at(a, 0), Kind::Bool)),
    function("toboolean", "a", BOOL, |a| convert(at(a, 0), Kind::Bool)),
    function("todatetime", "a", DATETIME, |a| convert(at(a, 0), Kind::DateTime)),
    function("totimespan", "a", TIMESPAN, |a| convert(at(a, 0), Kind::Timespan)),
    function("toguid", "a", Gives::Is(Kind::Guid), |a| convert(at(a, 0), Kind::Guid)),
    function("isnull", "a", BOOL, |a| Value::Bool(at(a, 0).is_null())),
    function("isnotnull", "a", BOOL, |a| Value::Bool(!at(a, 0).is_null())),
    function("notnull", "a", BOOL, |a| Value::Bool(!at(a, 0).is_null())),
    function("isempty", "a", BOOL, |a| Value::Bool(is_empty(at(a, 0)))),
    function("isnotempty", "a", BOOL, |a| Value::Bool(!is_empty(at(a, 0)))),
    function("notempty", "a", BOOL, |a| Value::Bool(!is_empty(at(a, 0)))),
    function("not", "b", BOOL, |a| at(a, 0).truth().map_or(Value::Null, |truth| Value::Bool(!truth))),
];

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Dynamic(json) => json.as_str().is_some_and(str::is_empty),
        _ => false,
    }
}

/// The function of that name.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    let tables: [&'static [Function]; 6] =
        [CONVERSIONS, text::TABLE, math::TABLE, times::TABLE, dynamic::TABLE, network::TABLE];
    tables.into_iter().flatten().find(|function| function.name == name)
}

impl Function {
    /// The function of these arguments.
    pub(super) fn call(&'static self, arguments: &[Typed]) -> Result<Typed, Error> {
        let wants = self.wants(arguments.len())?;
        for (n, (argument, want)) in arguments.iter().zip(&wants).enumerate() {
            self.check(n, argument.kind, *want)?;
        }
        let kind = match self.gives {
            Gives::Is(kind) => kind,
            Gives::Of(n) => match arguments.get(n).map_or(Kind::Dynamic, |argument| argument.kind) {
                Kind::Dynamic if wants.get(n) == Some(&'n') => Kind::Real,
                Kind::Int => Kind::Long,
                kind => kind,
            },
            Gives::Widest => widest(arguments),
        };
        let parts = arguments.to_vec();
        let run = self.run;
        let all: Vec<&Typed> = arguments.iter().collect();
        Typed::of(kind, &all, move |cursor| {
            let values: Vec<Value> = parts
                .iter()
                .zip(&wants)
                .map(|(part, want)| match (wanted(*want), part.at(cursor)) {
                    (Some(kind), value) => convert(&value, kind),
                    (None, value @ Value::Dynamic(_)) if *want == 'n' => convert(&value, Kind::Real),
                    (None, value) => value,
                })
                .collect();
            let value = run(&values);
            if value.is_null() { kind.nothing() } else { value }
        })
    }

    /// A letter for each of so many arguments.
    fn wants(&self, count: usize) -> Result<Vec<char>, Error> {
        let (needed, optional) = self.takes.split_once(';').unwrap_or((self.takes, ""));
        let least = needed.chars().filter(|letter| *letter != '*').count();
        let mut letters: Vec<char> = Vec::new();
        for letter in needed.chars().chain(optional.chars()) {
            match (letter, letters.last().copied()) {
                ('*', Some(last)) => letters.resize(letters.len().max(count), last),
                _ => letters.push(letter),
            }
        }
        if count < least || count > letters.len() {
            let message = format!("{}(): function expects {least} argument(s), not {count}", self.name);
            return Err(Error::semantic("SEM0219", message));
        }
        letters.truncate(count);
        Ok(letters)
    }

    fn check(&self, n: usize, kind: Kind, want: char) -> Result<(), Error> {
        let fits = match want {
            's' => matches!(kind, Kind::String | Kind::Dynamic | Kind::Guid),
            'l' | 'r' | 'n' => kind.is_number() || kind == Kind::Dynamic,
            'd' => matches!(kind, Kind::DateTime | Kind::Dynamic),
            't' => matches!(kind, Kind::Timespan | Kind::Dynamic),
            'b' => matches!(kind, Kind::Bool | Kind::Dynamic | Kind::Int | Kind::Long),
            _ => true,
        };
        let name = match want {
            'n' => "numeric",
            'l' => "integer",
            other => wanted(other).map_or("scalar", Kind::name),
        };
        let message = format!("{}(): argument #{} expected to be a {name} expression", self.name, n + 1);
        if fits { Ok(()) } else { Err(Error::semantic("SEM0219", message)) }
    }
}

/// The type that holds all of them: the widest number, or the first's.
pub(super) fn widest(arguments: &[Typed]) -> Kind {
    arguments.iter().map(|argument| argument.kind).reduce(common).unwrap_or(Kind::Dynamic)
}

/// The type that holds both; dynamic holds everything.
pub(super) fn common(one: Kind, other: Kind) -> Kind {
    if one == other {
        one
    } else if one.is_number() && other.is_number() {
        one.wider(other)
    } else {
        Kind::Dynamic
    }
}

fn at(values: &[Value], n: usize) -> &Value {
    values.get(n).unwrap_or(&Value::Null)
}

/// A text, cut where texts end.
fn text(mut text: String) -> Value {
    if text.len() > LONGEST_TEXT {
        let mut end = LONGEST_TEXT;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    Value::text(text)
}

/// A dynamic value, or null where it would be larger than one may be.
fn bounded(json: Json) -> Value {
    if json_size(&json) > LONGEST_TEXT { Value::Null } else { Value::dynamic(json) }
}
