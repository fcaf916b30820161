//! Arguments that cannot stand.

use super::names::Misspelt;
use crate::tenant::HostId;

cases! {
    /// The form that a value must have.
    #[derive(Copy)]
    Wanted {
        /// A string.
        Text,
        /// A list of strings.
        Texts,
        /// A string of so many characters.
        Long { least: usize, greatest: usize, found: usize },
        /// One of these.
        OneOf(&'static [String]),
        /// One of two.
        Either([&'static str; 2]),
        /// A GUID.
        Guid,
        /// A text of the form of a regular expression.
        Pattern(&'static str),
        /// A whole number.
        Whole,
        /// A whole number from here to there.
        WholeWithin { least: usize, greatest: usize },
        /// A number from here to there.
        Within { least: i64, greatest: i64, found: i64 },
        /// A number.
        Number,
        /// True or false.
        Flag,
        /// A time with its zone.
        Time,
        /// A span of time.
        Span,
        /// An object.
        Object,
        /// A list of objects.
        Objects,
        /// Something with fewer levels of lists and objects.
        NoDeeper { most: usize },
    }
}

cases! {
    /// Why a value does not bind to the type of the host's parameter.
    #[derive(Copy, thiserror::Error)]
    Unfit {
        /// A string is needed.
        #[error("expected a string")]
        Text,
        /// A GUID is needed.
        #[error("expected an id")]
        Guid,
        /// A number is needed.
        #[error("expected a number")]
        Number,
        /// A number that the type can hold is needed.
        #[error("expected a number in range")]
        NumberInRange,
        /// A whole number that the type can hold is needed.
        #[error("expected a whole number in range")]
        WholeInRange,
        /// True or false is needed.
        #[error("expected true or false")]
        Flag,
        /// A time with its zone is needed.
        #[error("expected a time with its zone")]
        Time,
        /// A span of time is needed.
        #[error("expected a span of time")]
        Span,
        /// An object is needed.
        #[error("expected an object")]
        Object,
        /// One of an enum's names is needed.
        #[error("expected a name")]
        Word,
        /// Two keys of a table that PowerShell takes for one.
        #[error("two keys differ only in case")]
        TwinKeys,
        /// `null` inside a value would arrive as something else.
        #[error("null inside a value")]
        InnerNull,
        /// Not one of an enum's names.
        #[error("no such name; the host's function has a fixed list")]
        Name,
        /// A type that no JSON value is sent for.
        #[error("the host's function takes a type that is not supported")]
        Type,
    }
}

cases! {
    /// An argument that cannot stand.
    BadArgument {
        /// There is none of that name. Some clients add one to every call,
        /// and need to be told that it can go.
        Unknown(Misspelt),
        /// Another form is needed.
        MustBe { name: String, wanted: Wanted },
        /// Under two spellings of its name.
        Twice { name: &'static str },
        /// A mandatory one.
        Missing { name: &'static str },
        /// Tenant or workspace, and which there are.
        NoTarget { name: &'static str, known: Vec<String> },
        /// All of those that exclude each other.
        NoneOf { names: Vec<&'static str> },
        /// Several of those that exclude each other.
        MoreThanOneOf { names: Vec<&'static str> },
        /// One that the server sets.
        Ours { name: String },
        /// Under its old name and its new one, with two values.
        OldAndNewDiffer { old: &'static str, new: &'static str },
        /// Under its old name and its new one.
        OldAndNew { old: &'static str, new: &'static str },
        /// Several tenants have a workspace of that alias.
        Ambiguous { workspace: String, tenants: Vec<String> },
        /// Answers have no such field.
        Field(Misspelt),
        /// The cursor was not made here.
        CursorForeign,
        /// The cursor's result is gone.
        CursorExpired,
        /// The cursor is for another question.
        CursorOfAnother,
        /// The host's function has no such parameter, but these.
        HostLacks { host: HostId, function: &'static str, name: &'static str, known: Vec<String> },
        /// The host's function asks a person for it when it is not given.
        HostAsks { host: HostId, function: &'static str, name: &'static str },
        /// The host's type cannot hold it.
        Unfit { host: HostId, name: &'static str, why: Unfit },
    }
}

impl BadArgument {
    pub(super) fn candidates(&self) -> &[String] {
        match self {
            Self::Unknown(name) | Self::Field(name) => name.candidates(),
            Self::NoTarget { known, .. } => known,
            Self::Ambiguous { tenants, .. } => tenants,
            _ => &[],
        }
    }
}
