//! Arguments that cannot stand.

use std::fmt::{Formatter, Result};

use super::{misspelt, quoted};
use crate::answer::case::{BadArgument, Unfit, Wanted};

pub(super) fn bad(why: &BadArgument, f: &mut Formatter<'_>) -> Result {
    match why {
        BadArgument::Unknown(name) => {
            misspelt(&format!("There is no argument \"{}\"", name.name), name, f)?;
            f.write_str(if name.candidates().is_empty() { " Leave it out." } else { " Otherwise leave it out." })
        }
        BadArgument::MustBe { name, wanted } => {
            write!(f, "The argument \"{name}\" must be ")?;
            self::wanted(wanted, f)?;
            f.write_str(".")
        }
        BadArgument::Twice { name } => write!(f, "The argument \"{name}\" is given twice."),
        BadArgument::Missing { name } => write!(f, "The argument \"{name}\" is missing."),
        BadArgument::NoTarget { name, known } => {
            write!(f, "The argument \"{name}\" is missing; name one of {}.", quoted(known, ", "))
        }
        BadArgument::NoneOf { names } => write!(f, "One of {} is missing.", quoted(names, " or ")),
        BadArgument::MoreThanOneOf { names } => write!(f, "Give only one of {}.", quoted(names, " and ")),
        BadArgument::Ours { name } => write!(f, "The argument \"{name}\" is set by the server; leave it out."),
        BadArgument::OldAndNewDiffer { old, new } => {
            write!(f, "\"{old}\" is another name of \"{new}\"; they are not the same here.")
        }
        BadArgument::OldAndNew { old, new } => {
            write!(f, "\"{old}\" is another name of \"{new}\"; give only one of them.")
        }
        BadArgument::Ambiguous { workspace, tenants } => write!(
            f,
            "Several tenants have a workspace \"{workspace}\"; name one of {} as tenant.",
            quoted(tenants, ", ")
        ),
        BadArgument::Field(name) => misspelt(&format!("Answers have no field \"{}\"", name.name), name, f),
        BadArgument::CursorForeign => f.write_str("The cursor is not one of this server; leave it out to start again."),
        BadArgument::CursorExpired => f.write_str("The cursor has expired; leave it out to start again."),
        BadArgument::CursorOfAnother => f.write_str(
            "The cursor belongs to a call with other arguments; repeat those, or leave the cursor out to start again.",
        ),
        BadArgument::HostAsks { host, function, name } => write!(
            f,
            "\"{function}\" on the host \"{host}\" asks a person for \"{name}\" when it is not given, which nobody may answer; hostErrors has the question. Nothing was run. Give \"{name}\", or have its operator put question and answer in script.answers."
        ),
        BadArgument::HostLacks { host, function, name, known } if known.is_empty() => write!(
            f,
            "\"{function}\" on the host \"{host}\" has no parameter \"{name}\" and takes no other; leave it out."
        ),
        BadArgument::HostLacks { host, function, name, known } => write!(
            f,
            "\"{function}\" on the host \"{host}\" has no parameter \"{name}\"; it has {}.",
            quoted(known, ", ")
        ),
        BadArgument::Unfit { host, name, why } => {
            write!(f, "The argument \"{name}\" does not fit: ")?;
            match unfit(*why) {
                (Takes::Value, what) => write!(f, "the host \"{host}\" takes {what} there."),
                (Takes::Nothing, what) => write!(f, "{what}."),
            }
        }
    }
}

/// What must be, after "must be".
fn wanted(wanted: &Wanted, f: &mut Formatter<'_>) -> Result {
    f.write_str(match wanted {
        Wanted::Text => "a string",
        Wanted::Texts => "a list of strings",
        Wanted::Long { least, greatest, found } => {
            return write!(f, "{least} to {greatest} characters long, not {found}");
        }
        Wanted::OneOf(known) => return write!(f, "one of {}", quoted(known, ", ")),
        Wanted::Either(known) => return f.write_str(&quoted(known, " or ")),
        Wanted::Guid => "an id such as 00000000-0000-0000-0000-000000000000",
        Wanted::Pattern(pattern) => return write!(f, "of the form {pattern}"),
        Wanted::Whole => "a whole number",
        Wanted::WholeWithin { least, greatest } => {
            return write!(f, "a whole number from {least} to {greatest}");
        }
        Wanted::Within { least, greatest, found } => {
            return write!(f, "from {least} to {greatest}, not {found}");
        }
        Wanted::Number => "a number",
        Wanted::Flag => "true or false",
        Wanted::Time => "a time with its zone, such as 2026-02-03T04:05:06Z",
        Wanted::Span => "a span of time, such as PT1H30M or 01:30:00",
        Wanted::Object => "an object",
        Wanted::Objects => "a list of objects",
        Wanted::NoDeeper { most } => {
            return write!(f, "no more than {most} lists and objects inside each other");
        }
    })
}

/// Whether the text names what the host takes, or why it takes nothing.
enum Takes {
    Value,
    Nothing,
}

fn unfit(why: Unfit) -> (Takes, &'static str) {
    match why {
        Unfit::Text => (Takes::Value, "a string"),
        Unfit::Guid => (Takes::Value, "an id"),
        Unfit::Number => (Takes::Value, "a number"),
        Unfit::NumberInRange => (Takes::Value, "a number in range"),
        Unfit::WholeInRange => (Takes::Value, "a whole number in range"),
        Unfit::Flag => (Takes::Value, "true or false"),
        Unfit::Time => (Takes::Value, "a time with its zone"),
        Unfit::Span => (Takes::Value, "a span of time"),
        Unfit::Object => (Takes::Value, "an object"),
        Unfit::Word => (Takes::Value, "a name"),
        Unfit::TwinKeys => (Takes::Nothing, "two keys differ only in case"),
        Unfit::InnerNull => (Takes::Nothing, "null inside a value"),
        Unfit::Name => (Takes::Nothing, "no such name; the host's function has a fixed list"),
        Unfit::Type => (Takes::Nothing, "the host's function takes a type that is not supported"),
    }
}
