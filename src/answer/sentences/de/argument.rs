//! Arguments that cannot stand.

use std::fmt::{Formatter, Result};

use super::{misspelt, quoted};
use crate::answer::case::{BadArgument, Unfit, Wanted};

pub(super) fn bad(why: &BadArgument, f: &mut Formatter<'_>) -> Result {
    match why {
        BadArgument::Unknown(name) => {
            misspelt(&format!("Es gibt kein Argument \"{}\"", name.name), name, f)?;
            f.write_str(if name.candidates().is_empty() { " Das Argument weglassen." } else { " Sonst weglassen." })
        }
        BadArgument::MustBe { name, wanted } => {
            write!(f, "Das Argument \"{name}\" muss ")?;
            self::wanted(wanted, f)
        }
        BadArgument::Twice { name } => write!(f, "Das Argument \"{name}\" steht zweimal da."),
        BadArgument::Missing { name } => write!(f, "Das Argument \"{name}\" fehlt."),
        BadArgument::NoTarget { name, known } => {
            write!(f, "Das Argument \"{name}\" fehlt; zur Wahl stehen {}.", quoted(known, ", "))
        }
        BadArgument::NoneOf { names } => write!(f, "{} fehlt.", quoted(names, " oder ")),
        BadArgument::MoreThanOneOf { names } => {
            write!(f, "Nur eines von {} darf dastehen.", quoted(names, " und "))
        }
        BadArgument::Ours { name } => write!(f, "Das Argument \"{name}\" setzt der Server; es ist wegzulassen."),
        BadArgument::OldAndNewDiffer { old, new } => {
            write!(f, "\"{old}\" ist ein anderer Name von \"{new}\"; hier unterscheiden sie sich.")
        }
        BadArgument::OldAndNew { old, new } => {
            write!(f, "\"{old}\" ist ein anderer Name von \"{new}\"; nur einer von beiden darf dastehen.")
        }
        BadArgument::Ambiguous { workspace, tenants } => write!(
            f,
            "Mehrere Tenants haben einen Workspace \"{workspace}\"; als tenant kommen {} in Frage.",
            quoted(tenants, ", ")
        ),
        BadArgument::Field(name) => misspelt(&format!("Antworten haben kein Feld \"{}\"", name.name), name, f),
        BadArgument::CursorForeign => {
            f.write_str("Der Cursor ist keiner dieses Servers; ohne ihn beginnt die Antwort von vorn.")
        }
        BadArgument::CursorExpired => {
            f.write_str("Der Cursor ist abgelaufen; ohne ihn beginnt die Antwort von vorn.")
        }
        BadArgument::CursorOfAnother => f.write_str(
            "Der Cursor gehört zu einem Aufruf mit anderen Argumenten; diese wiederholen, oder ohne Cursor von vorn beginnen.",
        ),
        BadArgument::HostAsks { host, function, name } => write!(
            f,
            "\"{function}\" auf dem Host \"{host}\" fragt einen Menschen nach \"{name}\", wenn es fehlt, und das darf niemand beantworten; die Frage steht in hostErrors. Es wurde nichts ausgeführt. \"{name}\" angeben, oder sein Betreiber trägt Frage und Antwort in script.answers ein."
        ),
        BadArgument::HostLacks { host, function, name, known } if known.is_empty() => write!(
            f,
            "\"{function}\" auf dem Host \"{host}\" hat keinen Parameter \"{name}\" und nimmt auch keinen anderen; weglassen."
        ),
        BadArgument::HostLacks { host, function, name, known } => write!(
            f,
            "\"{function}\" auf dem Host \"{host}\" hat keinen Parameter \"{name}\", nur {}.",
            quoted(known, ", ")
        ),
        BadArgument::Unfit { host, name, why } => {
            write!(f, "Das Argument \"{name}\" passt nicht: ")?;
            match unfit(*why) {
                (Takes::Value, what) => write!(f, "der Host \"{host}\" nimmt dort {what}."),
                (Takes::Nothing, what) => write!(f, "{what}."),
            }
        }
    }
}

/// What must be, from behind "muss" to the end.
fn wanted(wanted: &Wanted, f: &mut Formatter<'_>) -> Result {
    let what = match wanted {
        Wanted::Text => "eine Zeichenkette",
        Wanted::Texts => "eine Liste von Zeichenketten",
        Wanted::Long { least, greatest, found } => {
            return write!(f, "{least} bis {greatest} Zeichen lang sein, nicht {found}.");
        }
        Wanted::OneOf(known) => return write!(f, "eines von {} sein.", quoted(known, ", ")),
        Wanted::Either(known) => return write!(f, "{} sein.", quoted(known, " oder ")),
        Wanted::Guid => "eine Id wie 00000000-0000-0000-0000-000000000000",
        Wanted::Pattern(pattern) => return write!(f, "die Form {pattern} haben."),
        Wanted::Whole => "eine ganze Zahl",
        Wanted::WholeWithin { least, greatest } => {
            return write!(f, "eine ganze Zahl von {least} bis {greatest} sein.");
        }
        Wanted::Within { least, greatest, found } => {
            return write!(f, "zwischen {least} und {greatest} liegen, nicht bei {found}.");
        }
        Wanted::Number => "eine Zahl",
        Wanted::Flag => "true oder false",
        Wanted::Time => "eine Zeit mit Zeitzone wie 2026-02-03T04:05:06Z",
        Wanted::Span => "eine Zeitspanne wie PT1H30M oder 01:30:00",
        Wanted::Object => "ein Objekt",
        Wanted::Objects => "eine Liste von Objekten",
        Wanted::NoDeeper { most } => {
            return write!(f, "mit höchstens {most} Listen und Objekten ineinander auskommen.");
        }
    };
    write!(f, "{what} sein.")
}

/// Whether the text names what the host takes, or why it takes nothing.
enum Takes {
    Value,
    Nothing,
}

fn unfit(why: Unfit) -> (Takes, &'static str) {
    match why {
        Unfit::Text => (Takes::Value, "eine Zeichenkette"),
        Unfit::Guid => (Takes::Value, "eine Id"),
        Unfit::Number => (Takes::Value, "eine Zahl"),
        Unfit::NumberInRange => (Takes::Value, "eine Zahl, die in den Typ passt"),
        Unfit::WholeInRange => (Takes::Value, "eine ganze Zahl, die in den Typ passt"),
        Unfit::Flag => (Takes::Value, "true oder false"),
        Unfit::Time => (Takes::Value, "eine Zeit mit Zeitzone"),
        Unfit::Span => (Takes::Value, "eine Zeitspanne"),
        Unfit::Object => (Takes::Value, "ein Objekt"),
        Unfit::Word => (Takes::Value, "einen Namen"),
        Unfit::TwinKeys => (Takes::Nothing, "zwei Schlüssel unterscheiden sich nur in der Groß- und Kleinschreibung"),
        Unfit::InnerNull => (Takes::Nothing, "null innerhalb eines Werts"),
        Unfit::Name => (Takes::Nothing, "so einen Namen gibt es nicht; die Funktion des Hosts hat eine feste Liste"),
        Unfit::Type => (Takes::Nothing, "die Funktion des Hosts nimmt einen Typ, der nicht unterstützt wird"),
    }
}
