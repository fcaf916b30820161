//! What a health check made of what it read.

use std::fmt::{Formatter, Result};

use crate::answer::case::Reason;

pub(in crate::answer::sentences) fn reason(reason: &Reason, f: &mut Formatter<'_>) -> Result {
    match reason {
        Reason::Answered => f.write_str("The host answered."),
        Reason::WarmSession => f.write_str("A warm session was there."),
        Reason::SessionOpened => f.write_str("A session was opened."),
        Reason::NotReached => f.write_str("It did not come to that."),
        Reason::HostDead => f.write_str("The host cannot be reached."),
        Reason::NoSession => f.write_str("There is no session to ask."),
        Reason::Failed(case) => super::case(case, f),
        Reason::ScriptWhole => f.write_str("It has every function of the catalogue."),
        Reason::FunctionsMissing { missing, all } => {
            write!(f, "{missing} of {all} functions of the catalogue are missing.")
        }
        Reason::SignedIn => f.write_str("Signed in; a token can be had."),
        Reason::NotSignedIn => f.write_str("The host is not signed in to Azure."),
        Reason::NobodyKnows => f.write_str("The host has neither the Azure CLI nor the Az modules to ask."),
        Reason::WithErrors => f.write_str("The host wrote errors beside its answer, which may not be all."),
        Reason::ScreenOnly => f.write_str("The script only wrote to the screen; nothing can be read."),
        Reason::NoObjects => f.write_str("The script's answer is no list of objects."),
        Reason::NoField { field } => write!(f, "The script's answer has no field {field} that can be read."),
        Reason::NoFieldInSome { field, rows, all } => {
            write!(f, "The script's answer has no field {field} that can be read in {rows} of {all} rows.")
        }
        Reason::NoRule => f.write_str("There is no analytics rule."),
        Reason::RulesEnabled { enabled, all } => write!(f, "{enabled} of {all} rules are enabled."),
        Reason::NoRuleEnabled { all } => write!(f, "None of {all} rules is enabled."),
        Reason::RulesDisabled { disabled, all } => write!(f, "{disabled} of {all} rules are disabled."),
        Reason::AutoDisabled { rules } => {
            write!(f, "Sentinel itself has disabled {rules} rules because they failed.")
        }
        Reason::IncidentsOpen { open: 0 } => f.write_str("No incident is open."),
        Reason::IncidentsOpen { open } => write!(f, "{open} incidents are open."),
        Reason::HighOpen { incidents } => {
            write!(f, "{incidents} incidents of high severity have been open for more than a day.")
        }
        Reason::OthersOpen { incidents } => {
            write!(f, "{incidents} other incidents have been open for more than 30 days.")
        }
        Reason::NoFilter => f.write_str("The script takes no filter here, so older ones may be missing."),
        Reason::OnlyLatest { read } => write!(f, "Only the {read} latest were read."),
        Reason::NoTable => f.write_str("The script's answer has no table, and a workspace always has some."),
        Reason::Tables { read } => write!(f, "{read} tables were read."),
        Reason::Retention { tables, days } => write!(f, "{tables} Analytics tables keep at least {days} days."),
        Reason::RetentionShort { short, tables, days } => {
            write!(f, "{short} of {tables} Analytics tables keep less than {days} days.")
        }
        Reason::CollectionRules { read: 0 } => f.write_str("There are no data collection rules."),
        Reason::CollectionRules { read } => write!(f, "{read} data collection rules were read."),
        Reason::NoDestination { rules } => write!(f, "{rules} data collection rules have no destination."),
        Reason::Endpoints { read: 0 } => f.write_str("There are no data collection endpoints."),
        Reason::Endpoints { read } => write!(f, "{read} data collection endpoints were read."),
        Reason::NotSucceeded { things } => write!(f, "{things} of them are not in the state Succeeded."),
        Reason::Unread => f.write_str("Could not be read."),
        Reason::AtMost { score } => write!(f, "At most {score} while something is unknown."),
    }
}
