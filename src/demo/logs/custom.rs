//! Rows of the customers' own tables, by what their columns are called.

use jiff::Timestamp;

use super::people::Names;
use super::sheet::{Dice, Sheet, text};
use super::{Logs, times};
use crate::demo::kql::{Kind, Value};
use crate::demo::world::{dataset, digest};

/// Chosen: as Microsoft's tables have them.
const ROWS: u64 = 600;
const DAYS: i64 = 30;

pub(super) fn rows(logs: &Logs, table: &dataset::Table, sheet: &mut Sheet, dice: &mut Dice) {
    // A table that nothing comes into is empty.
    if table.gb_per_day <= 0.0 {
        return;
    }
    let names = Names::of(&logs.place.alias);
    for time in times(logs.newest(table), DAYS, ROWS) {
        let cells: Vec<(&str, Value)> = table
            .columns
            .iter()
            .filter_map(|column| column.split_once(':'))
            .filter(|(name, _)| *name != "TimeGenerated")
            .map(|(name, kind)| (name, cell(names, name, kind, time, dice)))
            .collect();
        sheet.put(time, cells);
    }
}

/// Names that the scenario's tables use say what is in them.
fn cell(names: &Names, name: &str, kind: &str, time: Timestamp, dice: &mut Dice) -> Value {
    let number = |below: u64, dice: &mut Dice| i64::try_from(dice.roll(below)).unwrap_or_default();
    let kind = Kind::named(kind).unwrap_or(Kind::String);
    let inside = |dice: &mut Dice| text(format!("{}.{}", names.inside, 20 + dice.roll(60)));
    match (name, kind) {
        ("Query" | "DnsQuery", _) => {
            let host = dice.pick(&["www", "mail", "update", "cdn", "login", "api"]);
            text(format!("{host}.{}", dice.pick(&["vendor.example", "contoso.example", names.domain])))
        }
        ("QueryType", _) => text(dice.pick(&["A", "A", "AAAA", "MX", "TXT"])),
        ("ResponseCode", _) => text(dice.pick(&["NOERROR", "NOERROR", "NOERROR", "NXDOMAIN"])),
        ("RCode", _) => Value::Int(dice.pick(&[0, 0, 0, 3])),
        ("DstIpAddr" | "DstIp", _) => text(format!("198.51.100.{}", 1 + dice.roll(200))),
        ("Line", _) => text(dice.pick(&["crane-1", "crane-2", "crane-3", "crane-4"])),
        ("Controller", _) => text(dice.pick(&["PLC-KRAN-1", "PLC-KRAN-2", "PLC-KRAN-3"])),
        // Reads; what writes is the story's.
        ("FunctionCode", _) => Value::Int(dice.pick(&[3, 3, 4, 1])),
        ("Register", _) => Value::Int(i32::try_from(40_001 + dice.roll(60)).unwrap_or_default()),
        ("Quality", _) => Value::Int(if dice.roll(25) == 0 { 64 } else { 192 }),
        ("Tag", _) => text(dice.pick(&["FEED1.MW", "FEED2.MW", "BUS3.KV", "TR7.TEMP"])),
        ("Gate", _) => text(dice.pick(&["Gate-1", "Gate-2", "Gate-7"])),
        ("BadgeId", _) => text(format!("B{:05}", dice.roll(900))),
        ("Result" | "Action", _) => text(dice.pick(&["granted", "granted", "read", "denied"])),
        ("User", _) => text(names.upn(dice.pick(names.users))),
        ("PatientIdHash", _) => {
            text(digest(&["patient", &dice.roll(500).to_string()]).chars().take(16).collect::<String>())
        }
        ("Station", _) => text(dice.pick(&["Notaufnahme", "Station 2", "Radiologie"])),
        (_, Kind::Int) => Value::Int(i32::try_from(number(1_000, dice)).unwrap_or_default()),
        (_, Kind::Long) => Value::Long(number(100_000, dice)),
        #[expect(clippy::cast_precision_loss, reason = "below a thousand")]
        (_, Kind::Real) => Value::Real(number(10_000, dice) as f64 / 10.0),
        (_, Kind::Bool) => Value::Bool(dice.roll(2) == 0),
        (_, Kind::DateTime) => super::date(time),
        (_, Kind::Guid) => Value::Guid(dice.id().to_text().into()),
        (_, Kind::Dynamic) => Value::dynamic(serde_json::json!({ "n": number(100, dice) })),
        (name, _) if name.to_lowercase().contains("ip") => inside(dice),
        (name, _) => text(format!("{}-{}", name.to_lowercase(), number(97, dice))),
    }
}
