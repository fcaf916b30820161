//! Functions of dynamic values.

use std::cmp::Ordering;
use std::collections::HashSet;

use serde_json::{Map, Value as Json};

use super::{BOOL, DYNAMIC, Function, LONG, TEXT, Value, at, bounded, function, text};

pub(super) const TABLE: &[Function] = &[
    function("parse_json", "a", DYNAMIC, parse_json),
    function("todynamic", "a", DYNAMIC, parse_json),
    function("toobject", "a", DYNAMIC, parse_json),
    function("extractjson", "ss;s", TEXT, |a| extract_json(at(a, 0).str(), at(a, 1).str())),
    function("extract_json", "ss;s", TEXT, |a| extract_json(at(a, 0).str(), at(a, 1).str())),
    function("pack", "a*", DYNAMIC, bag),
    function("bag_pack", "a*", DYNAMIC, bag),
    function("pack_dictionary", "a*", DYNAMIC, bag),
    function("pack_array", "a*", DYNAMIC, pack_array),
    function("dynamic_to_json", "y", TEXT, |a| at(a, 0).json().map_or(Value::Null, |json| text(json.to_string()))),
    function("array_length", "y", LONG, |a| list(at(a, 0)).map_or(Value::Null, |items| Value::count(items.len()))),
    function("arraylength", "y", LONG, |a| list(at(a, 0)).map_or(Value::Null, |items| Value::count(items.len()))),
    function("array_concat", "y*", DYNAMIC, |a| bounded(a.iter().filter_map(list).flatten().cloned().collect())),
    function("array_reverse", "y", DYNAMIC, |a| array(at(a, 0), |items| items.reverse())),
    function("array_sort_asc", "y", DYNAMIC, |a| array(at(a, 0), |items| items.sort_by(order))),
    function("array_sort_desc", "y", DYNAMIC, |a| array(at(a, 0), |items| items.sort_by(|a, b| order(b, a)))),
    function("array_slice", "yll", DYNAMIC, slice),
    function("array_index_of", "ya;l", LONG, |a| {
        let sought = at(a, 1).to_dynamic();
        let found = list(at(a, 0)).and_then(|items| items.iter().position(|item| *item == sought));
        found.map_or(Value::Long(-1), Value::count)
    }),
    function("array_sum", "y", super::REAL, |a| {
        list(at(a, 0)).map_or(Value::Null, |items| Value::Real(items.iter().filter_map(Json::as_f64).sum()))
    }),
    function("strcat_array", "ys", TEXT, |a| {
        let items = list(at(a, 0)).map_or(&[] as &[Json], |items| items);
        let parts: Vec<String> = items.iter().map(|item| Value::dynamic(item.clone()).to_text()).collect();
        text(parts.join(at(a, 1).str()))
    }),
    function("bag_keys", "y", DYNAMIC, |a| match at(a, 0).json() {
        Some(Json::Object(fields)) => bounded(fields.keys().cloned().map(Json::from).collect()),
        _ => Value::Null,
    }),
    function("bag_has_key", "ys", BOOL, |a| match at(a, 0).json() {
        Some(Json::Object(fields)) => Value::Bool(fields.contains_key(at(a, 1).str())),
        _ => Value::Bool(false),
    }),
    function("bag_merge", "y*", DYNAMIC, |a| {
        let mut all = Map::new();
        for fields in a.iter().filter_map(|bag| bag.json().and_then(Json::as_object)) {
            for (name, value) in fields {
                // Spec: the first one that has a name wins.
                if !all.contains_key(name) {
                    all.insert(name.clone(), value.clone());
                }
            }
        }
        bounded(Json::Object(all))
    }),
    function("bag_remove_keys", "yy", DYNAMIC, |a| match (at(a, 0).json(), list(at(a, 1))) {
        (Some(Json::Object(fields)), Some(names)) => {
            let kept = fields.iter().filter(|(name, _)| !names.iter().any(|gone| gone.as_str() == Some(name)));
            bounded(Json::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect()))
        }
        _ => at(a, 0).clone(),
    }),
    function("set_has_element", "ya", BOOL, |a| {
        let sought = at(a, 1).to_dynamic();
        list(at(a, 0)).map_or(Value::Null, |items| Value::Bool(items.contains(&sought)))
    }),
    function("set_union", "y*", DYNAMIC, |a| distinct(a.iter().filter_map(list).flatten(), |_| true)),
    function("set_intersect", "yy;y*", DYNAMIC, |a| {
        let others = keys(a.get(1..).unwrap_or_default());
        distinct(list(at(a, 0)).into_iter().flatten(), |key| others.iter().all(|other| other.contains(key)))
    }),
    function("set_difference", "yy;y*", DYNAMIC, |a| {
        let others = keys(a.get(1..).unwrap_or_default());
        distinct(list(at(a, 0)).into_iter().flatten(), |key| !others.iter().any(|other| other.contains(key)))
    }),
    function("range", "aa;a", DYNAMIC, range),
    function("repeat", "al", DYNAMIC, |a| {
        let times = usize::try_from(at(a, 1).long().unwrap_or_default()).unwrap_or_default().min(ITEMS_AT_MOST);
        let item = at(a, 0).to_dynamic();
        let size = crate::demo::kql::value::json_size(&item) + 1;
        let fits = size.saturating_mul(times) <= super::LONGEST_TEXT;
        if fits { Value::dynamic(Json::Array(vec![item; times])) } else { Value::Null }
    }),
    function("zip", "y*", DYNAMIC, |a| {
        let lists: Vec<&[Json]> = a.iter().filter_map(list).collect();
        let length = lists.iter().map(|list| list.len()).max().unwrap_or_default();
        let row = |n: usize| lists.iter().map(|list| list.get(n).cloned().unwrap_or(Json::Null)).collect::<Json>();
        bounded((0..length).map(row).collect())
    }),
    function("treepath", "y", DYNAMIC, |a| {
        let mut paths = Vec::new();
        at(a, 0).json().into_iter().for_each(|json| walk(json, "", &mut paths));
        bounded(Json::Array(paths))
    }),
    function("gettype", "a", TEXT, |a| {
        text(
            match at(a, 0) {
                Value::Null => "null",
                Value::Bool(_) => "bool",
                Value::Int(_) => "int",
                Value::Long(_) => "long",
                Value::Real(_) => "real",
                Value::Decimal(_) => "decimal",
                Value::String(_) => "string",
                Value::DateTime(_) => "datetime",
                Value::Timespan(_) => "timespan",
                Value::Guid(_) => "guid",
                Value::Dynamic(json) => match &**json {
                    Json::Array(_) => "array",
                    Json::Object(_) => "dictionary",
                    Json::String(_) => "string",
                    Json::Bool(_) => "bool",
                    Json::Number(number) if number.is_f64() => "double",
                    _ => "long",
                },
            }
            .to_owned(),
        )
    }),
];

/// Chosen: what an array of small numbers holds in a dynamic value's megabyte.
const ITEMS_AT_MOST: usize = 1 << 18;

fn list(value: &Value) -> Option<&[Json]> {
    value.json().and_then(Json::as_array).map(Vec::as_slice)
}

fn array(value: &Value, change: fn(&mut Vec<Json>)) -> Value {
    let Some(items) = list(value) else { return Value::Null };
    let mut items = items.to_vec();
    change(&mut items);
    Value::dynamic(Json::Array(items))
}

/// Nulls last.
fn order(left: &Json, right: &Json) -> Ordering {
    match (left.is_null(), right.is_null()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        _ => Value::dynamic(left.clone()).order(&Value::dynamic(right.clone())).unwrap_or(Ordering::Equal),
    }
}

/// A text is read as JSON, and is a dynamic text where it is none.
fn parse_json(a: &[Value]) -> Value {
    match at(a, 0) {
        Value::String(text) if text.is_empty() => Value::Null,
        Value::String(text) => match serde_json::from_str(text) {
            Ok(json) => Value::dynamic(json),
            Err(_) => Value::dynamic(Json::String(text.to_string())),
        },
        other => Value::dynamic(other.to_dynamic()),
    }
}

/// `$.a.b[0]`
fn extract_json(path: &str, source: &str) -> Value {
    let Ok(json) = serde_json::from_str::<Json>(source) else { return Value::Null };
    let mut found = &json;
    for part in path.trim_start_matches('$').split(['.', '[']).filter(|part| !part.is_empty()) {
        let part = part.trim_end_matches(']').trim_matches(['\'', '"']);
        let next = match found {
            Json::Array(items) => part.parse::<usize>().ok().and_then(|n| items.get(n)),
            Json::Object(fields) => fields.get(part),
            _ => None,
        };
        let Some(next) = next else { return Value::Null };
        found = next;
    }
    text(Value::dynamic(found.clone()).to_text())
}

/// Sizes are added up before anything is copied.
fn fits(a: &[Value]) -> bool {
    a.iter().map(Value::size).sum::<usize>() <= super::LONGEST_TEXT
}

fn bag(a: &[Value]) -> Value {
    if !fits(a) {
        return Value::Null;
    }
    let fields = a.chunks(2).filter_map(|pair| match pair {
        [name, value] => Some((name.to_text(), value.to_dynamic())),
        _ => None,
    });
    Value::dynamic(Json::Object(fields.collect()))
}

fn pack_array(a: &[Value]) -> Value {
    if fits(a) { Value::dynamic(a.iter().map(Value::to_dynamic).collect()) } else { Value::Null }
}

/// From a place to a place; the end belongs to it, negative ones count back.
fn slice(a: &[Value]) -> Value {
    let (Some(items), Some(from), Some(to)) = (list(at(a, 0)), at(a, 1).long(), at(a, 2).long()) else {
        return Value::Null;
    };
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let place = |n: i64| if n < 0 { n.saturating_add(length) } else { n };
    let from = usize::try_from(place(from).max(0)).unwrap_or(usize::MAX);
    let to = usize::try_from(place(to).saturating_add(1).max(0)).unwrap_or_default().min(items.len());
    Value::dynamic(Json::Array(items.get(from..to).unwrap_or_default().to_vec()))
}

fn keys(lists: &[Value]) -> Vec<HashSet<String>> {
    lists.iter().map(|value| list(value).into_iter().flatten().map(Json::to_string).collect()).collect()
}

fn distinct<'j>(items: impl Iterator<Item = &'j Json>, wanted: impl Fn(&String) -> bool) -> Value {
    let mut seen = HashSet::new();
    let kept = items.filter(|item| {
        let key = item.to_string();
        wanted(&key) && seen.insert(key)
    });
    bounded(kept.cloned().collect())
}

fn range(a: &[Value]) -> Value {
    let (from, to) = (at(a, 0), at(a, 1));
    let mut items = Vec::new();
    if let (Some(from), Some(to), Some(step)) = (from.long(), to.long(), a.get(2).map_or(Some(1), Value::long)) {
        let mut next = Some(from);
        while let Some(number) = next.filter(|number| step != 0 && if step > 0 { *number <= to } else { *number >= to })
        {
            let value = match at(a, 0) {
                Value::DateTime(_) => Value::DateTime(number),
                Value::Timespan(_) => Value::Timespan(number),
                _ => Value::Long(number),
            };
            items.push(value.to_dynamic());
            next = number.checked_add(step).filter(|_| items.len() < ITEMS_AT_MOST);
        }
        return bounded(Json::Array(items));
    }
    let (Some(from), Some(to)) = (from.real(), to.real()) else { return Value::Null };
    let step = a.get(2).and_then(Value::real).unwrap_or(1.0);
    let mut number = from;
    while step != 0.0 && (if step > 0.0 { number <= to } else { number >= to }) && items.len() < ITEMS_AT_MOST {
        items.push(Json::from(number));
        number += step;
    }
    bounded(Json::Array(items))
}

fn walk(json: &Json, path: &str, paths: &mut Vec<Json>) {
    if let Json::Object(fields) = json {
        for (name, value) in fields {
            let path = format!("{path}['{name}']");
            paths.push(Json::String(path.clone()));
            walk(value, &path, paths);
        }
    } else if let Json::Array(items) = json {
        let path = format!("{path}[0]");
        if !items.is_empty() {
            paths.push(Json::String(path.clone()));
        }
        items.iter().for_each(|item| walk(item, &path, paths));
    }
}
