//! What a health check made of what it read.

use super::Case;

cases! {
    /// Why a check came out as it did, or what it cost.
    Reason {
        /// The host answered.
        Answered,
        /// A session was there.
        WarmSession,
        /// A session was opened.
        SessionOpened,
        /// An earlier step failed.
        NotReached,
        /// The host cannot be reached.
        HostDead,
        /// There is no session to ask.
        NoSession,
        /// Could not be made, for the reason that a call would give.
        Failed(Case),
        /// The script has every function.
        ScriptWhole,
        /// The script lacks functions.
        FunctionsMissing { missing: usize, all: usize },
        /// The host is signed in to Azure.
        SignedIn,
        /// The host is not signed in to Azure.
        NotSignedIn,
        /// The host has nothing that knows of a sign-in.
        NobodyKnows,
        /// The answer came with errors.
        WithErrors,
        /// The script wrote to the screen instead.
        ScreenOnly,
        /// The answer is no list of objects.
        NoObjects,
        /// No row has the field.
        NoField { field: String },
        /// Some rows lack the field.
        NoFieldInSome { field: String, rows: usize, all: usize },
        /// There is no analytics rule.
        NoRule,
        /// Enabled rules.
        RulesEnabled { enabled: usize, all: usize },
        /// No rule is enabled.
        NoRuleEnabled { all: usize },
        /// Disabled rules.
        RulesDisabled { disabled: usize, all: usize },
        /// Rules that Sentinel has given up.
        AutoDisabled { rules: usize },
        /// Open incidents.
        IncidentsOpen { open: usize },
        /// Incidents of high severity, open for too long.
        HighOpen { incidents: usize },
        /// Other incidents, open for too long.
        OthersOpen { incidents: usize },
        /// The script chose which incidents to show.
        NoFilter,
        /// There may be more incidents.
        OnlyLatest { read: usize },
        /// Every workspace has tables, and this answer has none.
        NoTable,
        /// Tables.
        Tables { read: usize },
        /// Analytics tables that keep long enough.
        Retention { tables: usize, days: i64 },
        /// Analytics tables that do not.
        RetentionShort { short: usize, tables: usize, days: i64 },
        /// Data collection rules.
        CollectionRules { read: usize },
        /// Data collection rules that lead nowhere.
        NoDestination { rules: usize },
        /// Data collection endpoints.
        Endpoints { read: usize },
        /// Things that Azure did not finish making.
        NotSucceeded { things: usize },
        /// A cost: the check could not be made.
        Unread,
        /// A cost: the bound of the score while something is unknown.
        AtMost { score: u32 },
    }
}
