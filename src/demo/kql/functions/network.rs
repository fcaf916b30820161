//! Functions of addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::{Value as Json, json};

use super::{BOOL, DYNAMIC, Function, LONG, TEXT, Value, at, function, text};

pub(super) const TABLE: &[Function] = &[
    function("ipv4_is_private", "s", BOOL, |a| {
        range(at(a, 0).str()).map_or(Value::Null, |(address, bits)| Value::Bool(is_private(address, bits)))
    }),
    function("ipv4_is_in_range", "ss", BOOL, |a| {
        within(at(a, 0).str(), at(a, 1).str()).map_or(Value::Null, Value::Bool)
    }),
    function("ipv4_is_in_any_range", "sa*", BOOL, |a| {
        let mut ranges = Vec::new();
        for value in a.get(1..).unwrap_or_default() {
            match value.json() {
                Some(Json::Array(items)) => ranges.extend(items.iter().filter_map(Json::as_str).map(str::to_owned)),
                _ => ranges.push(value.to_text()),
            }
        }
        if range(at(a, 0).str()).is_none() {
            return Value::Null;
        }
        Value::Bool(ranges.iter().any(|range| within(at(a, 0).str(), range) == Some(true)))
    }),
    function("ipv4_is_match", "ss;l", BOOL, |a| compare(a).map_or(Value::Null, |order| Value::Bool(order == 0))),
    function("ipv4_compare", "ss;l", LONG, |a| compare(a).map_or(Value::Null, Value::Long)),
    function("ipv4_netmask_suffix", "s", LONG, |a| {
        range(at(a, 0).str()).map_or(Value::Null, |(_, bits)| Value::Long(bits.into()))
    }),
    function("parse_ipv4", "s", LONG, |a| {
        range(at(a, 0).str()).map_or(Value::Null, |(address, bits)| Value::Long(masked(address, bits).into()))
    }),
    function("parse_ipv4_mask", "sl", LONG, |a| {
        let bits = at(a, 1).long().and_then(|bits| u8::try_from(bits).ok()).filter(|bits| *bits <= 32);
        match (range(at(a, 0).str()), bits) {
            (Some((address, _)), Some(bits)) => Value::Long(masked(address, bits).into()),
            _ => Value::Null,
        }
    }),
    function("format_ipv4", "a;l", TEXT, |a| {
        let bits = a.get(1).map_or(Some(32), |bits| bits.long().and_then(|bits| u8::try_from(bits).ok()));
        let address = match at(a, 0) {
            Value::String(text) => range(text).map(|(address, _)| address),
            number => number.long().and_then(|number| u32::try_from(number).ok()),
        };
        match (address, bits.filter(|bits| *bits <= 32)) {
            (Some(address), Some(bits)) => text(Ipv4Addr::from(masked(address, bits)).to_string()),
            _ => Value::Null,
        }
    }),
    function("parse_ipv6", "s", TEXT, |a| {
        let address = match at(a, 0).str().parse::<IpAddr>() {
            Ok(IpAddr::V4(address)) => address.to_ipv6_mapped(),
            Ok(IpAddr::V6(address)) => address,
            Err(_) => return Value::Null,
        };
        text(long_form(address))
    }),
    function("ipv6_is_match", "ss", BOOL, |a| {
        match (at(a, 0).str().parse::<IpAddr>(), at(a, 1).str().parse::<IpAddr>()) {
            (Ok(one), Ok(other)) => Value::Bool(one.to_canonical() == other.to_canonical()),
            _ => Value::Null,
        }
    }),
    function("has_ipv4", "ss", BOOL, |a| Value::Bool(words(at(a, 0).str()).any(|word| word == at(a, 1).str()))),
    function("has_any_ipv4", "sa*", BOOL, |a| {
        let sought = listed(a.get(1..).unwrap_or_default());
        Value::Bool(words(at(a, 0).str()).any(|word| sought.iter().any(|sought| sought == word)))
    }),
    function("has_ipv4_prefix", "ss", BOOL, |a| {
        Value::Bool(words(at(a, 0).str()).any(|word| word.starts_with(at(a, 1).str())))
    }),
    function("has_any_ipv4_prefix", "sa*", BOOL, |a| {
        let sought = listed(a.get(1..).unwrap_or_default());
        Value::Bool(words(at(a, 0).str()).any(|word| sought.iter().any(|sought| word.starts_with(sought.as_str()))))
    }),
    function("geo_info_from_ip_address", "s", DYNAMIC, |a| geo(at(a, 0).str())),
];

/// An address and how many of its bits count.
fn range(text: &str) -> Option<(u32, u8)> {
    let (address, bits) = match text.trim().split_once('/') {
        Some((address, bits)) => (address, bits.parse::<u8>().ok().filter(|bits| *bits <= 32)?),
        None => (text.trim(), 32),
    };
    Some((address.parse::<Ipv4Addr>().ok()?.into(), bits))
}

fn masked(address: u32, bits: u8) -> u32 {
    address & u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0)
}

fn is_private(address: u32, bits: u8) -> bool {
    let ranges =
        [(Ipv4Addr::new(10, 0, 0, 0), 8), (Ipv4Addr::new(172, 16, 0, 0), 12), (Ipv4Addr::new(192, 168, 0, 0), 16)];
    ranges.iter().any(|(start, length)| bits >= *length && masked(address, *length) == u32::from(*start))
}

fn within(address: &str, ranges: &str) -> Option<bool> {
    let ((address, own), (start, bits)) = (range(address)?, range(ranges)?);
    let bits = bits.min(own);
    Some(masked(address, bits) == masked(start, bits))
}

fn compare(a: &[Value]) -> Option<i64> {
    let ((one, first), (other, second)) = (range(at(a, 0).str())?, range(at(a, 1).str())?);
    let given = a.get(2).map_or(Some(32), |bits| u8::try_from(bits.long()?).ok().filter(|bits| *bits <= 32))?;
    let bits = first.min(second).min(given);
    Some(masked(one, bits).cmp(&masked(other, bits)) as i64)
}

fn long_form(address: Ipv6Addr) -> String {
    address.segments().map(|segment| format!("{segment:04x}")).join(":")
}

/// What may be an address in a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.')
        .map(|word| word.trim_matches('.'))
        .filter(|word| word.parse::<Ipv4Addr>().is_ok())
}

fn listed(values: &[Value]) -> Vec<String> {
    let mut all = Vec::new();
    for value in values {
        match value.json() {
            Some(Json::Array(items)) => all.extend(items.iter().filter_map(Json::as_str).map(str::to_owned)),
            _ => all.push(value.to_text()),
        }
    }
    all
}

/// Where the scenario's addresses are.
///
/// Chosen: the blocks for documentation are nowhere; the scenario says where
/// its attacker sits (203.0.113.77 in the Netherlands) and which sign-ins come
/// from countries of its watchlists.
fn geo(address: &str) -> Value {
    let Some((address, _)) = range(address) else { return Value::Null };
    let [first, _, third, last] = address.to_be_bytes();
    let (country, city) = match (first, third, last) {
        (203, 113, 9..=19) => ("Russia", "Moscow"),
        (203, 113, _) => ("Netherlands", "Amsterdam"),
        (198, 100, _) => ("Germany", "Frankfurt am Main"),
        (192, 2, _) => ("Austria", "Vienna"),
        _ => return Value::dynamic(json!({})),
    };
    Value::dynamic(json!({ "country": country, "state": "", "city": city }))
}
