//! Values as JSON and back: one mapping, for people and models to read.
//!
//! To JSON it loses (that is its purpose); what it loses is this:
//!
//! | CLIXML | JSON |
//! | --- | --- |
//! | `<Nil/>` | `null` |
//! | `B` | boolean |
//! | `By` `SB` `U16` `I16` `U32` `I32` `U64` `I64` | number; beyond ±(2^53−1), where JavaScript rounds, a string |
//! | `Sg` `Db` | number, with the digits of its own width; `"NaN"`, `"INF"`, `"-INF"` |
//! | `D` | number when the number's JSON says the same in at most 15 digits, else string |
//! | `S` `URI` `XD` `SBK` | string; lone surrogates become U+FFFD |
//! | `C` | string of one character |
//! | `DT` `TS` `Version` | string as on the wire (ISO 8601) |
//! | `G` | string, with hyphens, in lower case |
//! | `BA` | string in base64 |
//! | `SS` | `null`: never shown |
//! | `PR` | string: activity and status |
//! | enum | string: its `ToString` |
//! | other primitive with members | the primitive; its members (`PSPath` of a line of Get-Content) are left out |
//! | `LST` `IE` `STK` `QUE` | array; members of the collection are left out |
//! | `DCT` | object; keys as text, the last of equal keys wins |
//! | object with properties | object: adapted, then extended properties, in order; of one name (without case) the extended one |
//! | member set | object |
//! | `System.DBNull` | `null` |
//! | a scalar that the protocol has no element for (an address, a `BigInteger`, `DateOnly`, …) | string: its text; dates and times as ISO 8601 |
//! | object with a `ToString` only | string |
//! | object with nothing | `{}` |
//! | object around an object | the inner one |
//! | `Ref` (a cycle) | `ToString` of the object it closes on, else `null` |
//!
//! From JSON:
//!
//! | JSON | CLIXML |
//! | --- | --- |
//! | `null` | `<Nil/>` |
//! | boolean | `B` |
//! | number | the first of `I32`, `I64`, `U64`, `Db` that holds it |
//! | string | `S` |
//! | array | `ArrayList` (binds to array parameters) |
//! | object | `Hashtable` (binds to `[hashtable]` parameters, and answers to `$x.name`) |

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Map, Number, Value as Json};

use super::lexical;
use super::number;
use super::scalar;
use super::{Content, Limits, Object, Property, Text, Value};

/// Bytes that repeated objects may cost [`to_json`] in all.
///
/// Chosen: JSON has no references, so a document of 1 MB could otherwise
/// become one of any size. 16 MiB is more than a reader wants.
const REPEATS: usize = 16 << 20;

/// What an item costs besides its text.
const ITEM: usize = 16;

/// A value as JSON, after [`to_json_within`].
#[derive(Clone, Debug, PartialEq)]
pub struct Converted {
    /// The JSON.
    pub json: Json,
    /// Repeated (or too deeply nested) values that were left out: `null` is in
    /// their place, or the rest of the object that held them is missing.
    pub left_out: usize,
}

/// A value as JSON, by the table above.
///
/// Every object is written in full where it stands first. Where it stands
/// again it is written again, until that has cost 16 MiB; see
/// [`to_json_within`].
#[must_use]
pub fn to_json(value: &Value) -> Json {
    to_json_within(value, REPEATS).json
}

/// As [`to_json`], with the bytes that repetitions may cost (more or less),
/// and a count of those that were left out.
#[must_use]
pub fn to_json_within(value: &Value, repeats: usize) -> Converted {
    let mut converter = Converter { seen: HashSet::new(), open: Vec::new(), repeated: 0, left: repeats, left_out: 0 };
    let json = converter.value(value);
    Converted { json, left_out: converter.left_out }
}

/// JSON as a value, by the table above.
#[must_use]
pub fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => from_number(number),
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => Value::list(items.iter().map(from_json).collect()),
        Json::Object(entries) => Value::hashtable(entries.iter().map(|(key, value)| (key.as_str(), from_json(value)))),
    }
}

fn from_number(number: &Number) -> Value {
    match (number.as_i64(), number.as_u64()) {
        (Some(n), _) => i32::try_from(n).map_or(Value::I64(n), Value::I32),
        (None, Some(n)) => Value::U64(n),
        (None, None) => Value::F64(number.as_f64().unwrap_or(f64::NAN)),
    }
}

struct Converter<'v> {
    /// Objects written so far.
    seen: HashSet<*const Object>,
    /// Objects being written.
    open: Vec<&'v Object>,
    /// How many of the open objects are repetitions.
    repeated: usize,
    /// What repetitions may still cost.
    left: usize,
    left_out: usize,
}

impl<'v> Converter<'v> {
    fn value(&mut self, value: &'v Value) -> Json {
        if self.repeated > 0 && !self.spend(ITEM) {
            return self.leave_out();
        }
        match value {
            Value::Object(object) => self.shared(object),
            Value::Ref(id) => {
                let enclosing = self.open.iter().rev().find(|object| object.ref_id == Some(*id));
                match enclosing.and_then(|object| object.to_string.as_ref()) {
                    // A cycle repeats that text, wherever it stands.
                    Some(name) if !self.spend(name.to_string_lossy().len()) => self.leave_out(),
                    Some(name) => Json::String(name.to_string_lossy().into_owned()),
                    None => Json::Null,
                }
            }
            Value::MemberSet(set) => self.properties(&[], set),
            Value::Nil | Value::SecureString(_) => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::U8(number) => (*number).into(),
            Value::I8(number) => (*number).into(),
            Value::U16(number) => (*number).into(),
            Value::I16(number) => (*number).into(),
            Value::U32(number) => (*number).into(),
            Value::I32(number) => (*number).into(),
            Value::U64(number) => whole(i128::from(*number)),
            Value::I64(number) => whole(i128::from(*number)),
            Value::F32(value) => single(*value),
            Value::F64(value) => double(*value),
            Value::Decimal(value) => decimal(value.as_str()),
            _ => self.string(value),
        }
    }

    /// A primitive that is a string in JSON.
    fn string(&mut self, value: &Value) -> Json {
        let string = plain(value);
        if self.affords(string.len()) { Json::String(string) } else { self.leave_out() }
    }

    fn text(&mut self, text: &Text) -> Json {
        let string = text.to_string_lossy();
        if self.affords(string.len()) { Json::String(string.into_owned()) } else { self.leave_out() }
    }

    /// Whether that many bytes may be written: freely where they stand first.
    fn affords(&mut self, cost: usize) -> bool {
        self.repeated == 0 || self.spend(cost)
    }

    /// Takes from what repetitions may cost; what is not enough is gone too.
    fn spend(&mut self, cost: usize) -> bool {
        let enough = self.left >= cost;
        self.left = self.left.saturating_sub(cost);
        enough
    }

    fn leave_out(&mut self) -> Json {
        self.left_out += 1;
        Json::Null
    }

    fn shared(&mut self, object: &'v Arc<Object>) -> Json {
        let again = !self.seen.insert(Arc::as_ptr(object));
        let too_deep = self.open.len() >= Limits::MAX_DEPTH;
        if too_deep || again && !self.spend(ITEM) {
            return self.leave_out();
        }
        self.repeated += usize::from(again);
        self.open.push(object);
        let json = self.object(object);
        self.open.pop();
        self.repeated -= usize::from(again);
        json
    }

    fn object(&mut self, object: &'v Object) -> Json {
        if let Some(scalar) = scalar::text(object) {
            return scalar.map_or(Json::Null, |text| self.text(&text.into()));
        }
        match &object.content {
            Content::Primitive(Value::Object(inner)) => self.shared(inner),
            Content::Primitive(inner) => match &object.to_string {
                Some(name) if object.is_a("System.Enum") => self.text(name),
                _ => self.value(inner),
            },
            Content::List(_, items) => Json::Array(items.iter().map(|item| self.value(item)).collect()),
            Content::Dictionary(entries) => {
                let mut map = Map::new();
                for (key, value) in entries {
                    let name = key_text(key);
                    if !self.affords(name.len()) {
                        self.left_out += 1;
                        break;
                    }
                    map.insert(name, self.value(value));
                }
                Json::Object(map)
            }
            Content::None if object.adapted.is_empty() && object.extended.is_empty() => {
                object.to_string.as_ref().map_or_else(|| Json::Object(Map::new()), |text| self.text(text))
            }
            Content::None => self.properties(&object.adapted, &object.extended),
        }
    }

    fn properties(&mut self, adapted: &'v [Property], extended: &'v [Property]) -> Json {
        let folded = |property: &Property| property.name.to_string_lossy().to_lowercase();
        let hidden: HashSet<String> = extended.iter().map(folded).collect();
        let mut map = Map::new();
        for property in adapted.iter().filter(|property| !hidden.contains(&folded(property))).chain(extended) {
            let name = property.name.to_string_lossy().into_owned();
            if !self.affords(name.len()) {
                self.left_out += 1;
                break;
            }
            map.insert(name, self.value(&property.value));
        }
        Json::Object(map)
    }
}

/// A dictionary's key, which may be any value.
fn key_text(key: &Value) -> String {
    if let Some(name) = key.as_object().and_then(|object| object.to_string.as_ref()) {
        return name.to_string_lossy().into_owned();
    }
    plain(key.base())
}

/// A primitive as text.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) | Value::Uri(text) | Value::Xml(text) | Value::ScriptBlock(text) => {
            text.to_string_lossy().into_owned()
        }
        Value::Char(unit) => Text::from_utf16(&[*unit]).to_string_lossy().into_owned(),
        Value::Bool(value) => value.to_string(),
        Value::DateTime(value) => value.as_str().to_owned(),
        Value::TimeSpan(value) => value.as_str().to_owned(),
        Value::Decimal(value) => value.as_str().to_owned(),
        Value::Version(value) => value.as_str().to_owned(),
        Value::U8(number) => number.to_string(),
        Value::I8(number) => number.to_string(),
        Value::U16(number) => number.to_string(),
        Value::I16(number) => number.to_string(),
        Value::U32(number) => number.to_string(),
        Value::I32(number) => number.to_string(),
        Value::U64(number) => number.to_string(),
        Value::I64(number) => number.to_string(),
        Value::F32(value) => written(|out| number::write_f32(*value, out)),
        Value::F64(value) => written(|out| number::write_f64(*value, out)),
        Value::Bytes(bytes) => written(|out| lexical::write_base64(bytes, out)),
        Value::Guid(id) => id.to_string(),
        Value::Progress(progress) => {
            format!("{}: {}", progress.activity.to_string_lossy(), progress.status.to_string_lossy())
        }
        Value::Nil | Value::SecureString(_) | Value::Object(_) | Value::Ref(_) | Value::MemberSet(_) => String::new(),
    }
}

fn written(write: impl FnOnce(&mut String)) -> String {
    let mut out = String::new();
    write(&mut out);
    out
}

fn double(value: f64) -> Json {
    Number::from_f64(value).map_or_else(|| Json::String(plain(&Value::F64(value))), Json::Number)
}

/// A single keeps its own digits: 0.1, not 0.10000000149011612.
fn single(value: f32) -> Json {
    let digits = value.is_finite().then(|| value.to_string().parse().ok()).flatten();
    digits.and_then(Number::from_f64).map_or_else(|| Json::String(plain(&Value::F32(value))), Json::Number)
}

/// The greatest whole number that every reader of JSON keeps: 2^53 − 1.
const EXACT: u64 = 9_007_199_254_740_991;

/// A whole number as one, where no reader rounds it.
fn whole(number: i128) -> Json {
    match i64::try_from(number) {
        Ok(small) if small.unsigned_abs() <= EXACT => small.into(),
        _ => Json::String(number.to_string()),
    }
}

/// Digits of a decimal that a double keeps, whichever they are.
const DIGITS: usize = 15;

/// A decimal as the number whose JSON has the same digits, if there is one.
fn decimal(text: &str) -> Json {
    if let Ok(number) = text.parse::<i64>() {
        return whole(number.into());
    }
    let (_, before, after) = digits(text);
    let significant = match before {
        "" => after.trim_start_matches('0').len(),
        _ => before.len() + after.len(),
    };
    let same = |number: &f64| significant <= DIGITS && digits(&number.to_string()) == digits(text);
    let number = text.parse().ok().filter(same).and_then(Number::from_f64);
    number.map_or_else(|| Json::String(text.to_owned()), Json::Number)
}

/// The digits of a number without an exponent, no sign of how it was written.
fn digits(text: &str) -> (bool, &str, &str) {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let text = text.strip_prefix('+').unwrap_or(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    (negative, whole.trim_start_matches('0'), fraction.trim_end_matches('0'))
}

#[cfg(test)]
mod tests;
