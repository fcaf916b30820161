//! What a reader should know of an answer that is there.

use crate::tenant::HostId;

cases! {
    /// A warning of ours.
    Warning {
        /// Values that a row repeats were left out.
        RepeatsLeftOut { count: usize },
        /// The function could be told a part of its target only.
        PartlyTold { host: HostId, function: &'static str, missing: Vec<&'static str> },
        /// The function reads what a statement sets that was left out.
        Tainted { host: HostId, function: &'static str, variable: String, line: u32 },
        /// The last native program that the function ran failed.
        ProgramFailed { host: HostId, function: &'static str, code: i32 },
        /// The function put out more than is taken, and so many messages were
        /// dropped.
        Dropped { host: HostId, function: &'static str, megabytes: usize, messages: u64 },
        /// Messages of the host are missing, or came twice or of an unknown
        /// type.
        Gaps { host: HostId, function: &'static str, missing: u64, foreign: u64 },
        /// As many rows as the parameter allows.
        AtLimit { name: &'static str, most: u64 },
        /// No row of the page has the field.
        NoSuchField { field: String },
        /// Fields of a row were cut, and so many left out. `more`: cut ones
        /// that are not named.
        Cut { fields: Vec<String>, more: usize, left_out: usize },
        /// A row that is no object was cut.
        CutWhole,
        /// Workspaces without a line of their own, by outcome.
        NoLine { counts: Vec<(&'static str, usize)> },
    }
}

impl Warning {
    /// Of one row that was cut a second time.
    pub(in crate::answer) fn and(self, again: Self) -> Self {
        match (self, again) {
            (Self::Cut { mut fields, more, left_out }, Self::Cut { fields: others, more: m, left_out: l }) => {
                fields.extend(others);
                Self::Cut { fields, more: more + m, left_out: left_out + l }
            }
            (first, _) => first,
        }
    }
}
