//! Scalars of .NET that the protocol has no element for.
//!
//! The engine sends them as objects: their text, and as properties whatever
//! their class happens to show. *Seen* on PowerShell 7.6: an `IPAddress` with
//! eight properties, a `BigInteger` with `IsEven`, `DBNull` with an empty text.

use super::{Object, Value};

/// Types whose text is their value, whatever the culture.
const TEXTS: [&str; 9] = [
    "System.Management.Automation.SemanticVersion",
    "System.Net.IPAddress",
    "System.Net.IPEndPoint",
    "System.Net.IPNetwork",
    "System.Net.Mail.MailAddress",
    "System.Net.NetworkInformation.PhysicalAddress",
    "System.Numerics.BigInteger",
    "System.Text.RegularExpressions.Regex",
    "System.Type",
];

/// `None`: the object is no such scalar. `Some(None)`: it is `DBNull`.
pub(super) fn text(object: &Object) -> Option<Option<String>> {
    let names = object.type_names.as_ref()?;
    let name = names.first()?;
    let name = name.strip_prefix("Deserialized.").unwrap_or(name);
    let own = || object.to_string.as_ref().map(|text| text.to_string_lossy().into_owned());
    match name {
        "System.DBNull" => Some(None),
        "System.DateTimeOffset" => Some(Some(date_time_offset(object)?)),
        "System.DateOnly" => Some(Some(date(object)?)),
        "System.TimeOnly" => Some(Some(time(object)?)),
        _ if TEXTS.contains(&name) => Some(Some(own()?)),
        _ => None,
    }
}

fn number(object: &Object, name: &str) -> Option<i64> {
    object.property(name)?.as_i64()
}

/// Its text follows the culture of the host, its properties do not.
fn date_time_offset(object: &Object) -> Option<String> {
    let Value::DateTime(local) = object.property("DateTime")? else { return None };
    let Value::TimeSpan(offset) = object.property("Offset")? else { return None };
    let (sign, span) = offset.as_str().strip_prefix('-').map_or(('+', offset.as_str()), |span| ('-', span));
    if span == "PT0S" {
        return Some(format!("{}+00:00", local.as_str()));
    }
    let (hours, minutes) = match span.strip_prefix("PT")?.split_once('H') {
        Some((hours, rest)) => (hours, rest.strip_suffix('M').unwrap_or("0")),
        // No hours: `PT45M`.
        None => ("0", span.strip_prefix("PT")?.strip_suffix('M').unwrap_or("0")),
    };
    let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
    Some(format!("{}{sign}{hours:02}:{minutes:02}", local.as_str()))
}

fn date(object: &Object) -> Option<String> {
    let [year, month, day] = ["Year", "Month", "Day"].map(|name| number(object, name));
    Some(format!("{:04}-{:02}-{:02}", year?, month?, day?))
}

fn time(object: &Object) -> Option<String> {
    let [hour, minute, second] = ["Hour", "Minute", "Second"].map(|name| number(object, name));
    Some(format!("{:02}:{:02}:{:02}", hour?, minute?, second?))
}
