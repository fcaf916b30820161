//! What each check makes of what was read. Every bound is chosen, and said.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value as Json};

use super::check::{Check, Status};
use super::table::{Read, Table, flag, how_many, number, some, tally, text, time};
use crate::answer::case::Reason;
use crate::answer::{Code, Outcome, ToolError};
use crate::call::{Azure, Seen};
use crate::catalog::all;

/// Disabled rules that are no reason to look, in percent. Chosen: single rules
/// are switched off on purpose.
const DISABLED_PERCENT: usize = 10;
/// How long an incident of high severity may stay open. Chosen: a day.
const HIGH_OPEN: SignedDuration = SignedDuration::from_hours(24);
/// How long any other may. Chosen: a month.
const OTHER_OPEN: SignedDuration = SignedDuration::from_hours(24 * 30);
/// Days that Sentinel keeps an Analytics table at no charge; less gives
/// something away. Source: Microsoft Sentinel pricing.
const RETENTION_DAYS: i64 = 90;
/// What Sentinel puts before the name of a rule that failed too often.
/// Source: "Troubleshooting analytics rules in Microsoft Sentinel".
const AUTO_DISABLED: &str = "AUTO DISABLED";

/// `reachable`, `session`, `script` and `azure`, of a workspace that has a
/// session.
pub(super) fn seen(seen: &Seen) -> Vec<Check> {
    let how = if seen.warm { Reason::WarmSession } else { Reason::SessionOpened };
    vec![
        Check::ok("reachable", Reason::Answered),
        Check::ok("session", how).fact("warm", seen.warm),
        script(seen),
        azure(&seen.azure),
    ]
}

/// The same of one that has none; `true`: nothing else can be read.
pub(super) fn unseen(error: &ToolError) -> Vec<Check> {
    let answered =
        matches!(error.code(), Code::ScriptMissing | Code::ScriptChanged | Code::HostFailed | Code::TargetMismatch);
    let dead = error.outcome() == Outcome::Unreachable
        && matches!(error.code(), Code::Unreachable | Code::TimedOut | Code::NotWinrm | Code::TlsRefused);
    let reachable = if answered {
        Check::ok("reachable", Reason::Answered)
    } else if dead {
        Check { status: Status::Error, ..Check::failed("reachable", error) }
    } else {
        Check::unknown("reachable", Reason::NotReached)
    };
    let loading = answered && error.outcome() != Outcome::Unreachable;
    let session = match (dead, loading) {
        (_, true) => Check::ok("session", Reason::SessionOpened),
        (true, _) => Check::unknown("session", Reason::HostDead),
        _ if error.outcome() == Outcome::Unreachable => {
            Check { status: Status::Error, ..Check::failed("session", error) }
        }
        _ => Check::failed("session", error),
    };
    let script = if loading {
        Check { status: Status::Error, ..Check::failed("script", error) }
    } else {
        Check::unknown("script", Reason::NoSession)
    };
    vec![reachable, session, script, Check::unknown("azure", Reason::NoSession)]
}

fn script(seen: &Seen) -> Check {
    let has = |function: &str| seen.functions.iter().any(|known| known.eq_ignore_ascii_case(function));
    let wanted: Vec<&str> = all().iter().map(|entry| entry.function.as_str()).collect();
    let missing: Vec<&str> = wanted.iter().copied().filter(|function| !has(function)).collect();
    let check = Check::ok("script", Reason::ScriptWhole)
        .fact("sha256", seen.sha256.as_str())
        .fact("style", seen.style)
        .fact("functions", seen.functions.len())
        .fact("missing", missing.len());
    if missing.is_empty() {
        return check;
    }
    // Chosen: an old script is a nuisance, not a danger: a tenth of the score at most.
    let points = u32::try_from(missing.len()).unwrap_or(u32::MAX).min(10);
    let said = Reason::FunctionsMissing { missing: missing.len(), all: wanted.len() };
    check.fact("functionsMissing", some(missing)).fault(Status::Warning, points, said)
}

fn azure(told: &Result<Azure, ToolError>) -> Check {
    let told = match told {
        Ok(told) => told,
        Err(error) => return Check::failed("azure", error),
    };
    let check = match told.signed_in {
        Some(true) => Check::ok("azure", Reason::SignedIn),
        // Chosen: the same as a workspace without rules. Both see nothing that happens.
        Some(false) => Check::ok("azure", None).fault(Status::Error, 40, Reason::NotSignedIn),
        None => Check::unknown("azure", Reason::NobodyKnows),
    };
    let check = told.tenant.iter().fold(check, |check, tenant| check.fact("azureTenant", tenant.as_str()));
    told.via.iter().fold(check, |check, via| check.fact("via", *via)).host_said(told.problem.as_slice())
}

/// Reads an answer, or says why it cannot be read. What came with errors is
/// not all.
fn read(name: &'static str, answer: &Read, judge: impl FnOnce(&Table) -> Result<Check, Reason>) -> Check {
    let executed = match answer {
        Ok(executed) => executed,
        Err(error) => return Check::failed(name, error),
    };
    let judged = Table::of(executed).and_then(|table| Ok((judge(&table)?, table.partial)));
    match judged {
        Ok((check, false)) => check,
        Ok((check, true)) => check.incomplete(Reason::WithErrors).host_said(&executed.rows.host_errors),
        Err(reason) => Check::unknown(name, reason).host_said(&executed.rows.host_errors),
    }
}

pub(super) fn rules(answer: &Read) -> Check {
    read("rules", answer, |table| {
        if table.len() == 0 {
            return Ok(Check::ok("rules", None).fault(Status::Error, 40, Reason::NoRule));
        }
        let enabled = table.column(&["Enabled", "IsEnabled"], flag)?;
        let on = enabled.iter().filter(|enabled| **enabled).count();
        let (all, off) = (table.len(), table.len() - on);
        let names = table.optional(&["DisplayName", "RuleName", "Name"], text);
        let failed: Vec<&str> = names
            .into_iter()
            .flatten()
            .filter(|name| {
                name.trim_start().get(..AUTO_DISABLED.len()).is_some_and(|s| s.eq_ignore_ascii_case(AUTO_DISABLED))
            })
            .collect();
        let mut check = Check::ok("rules", Reason::RulesEnabled { enabled: on, all })
            .fact("enabled", on)
            .fact("disabled", off)
            .fact("total", all);
        if on == 0 {
            check = check.fault(Status::Error, 40, Reason::NoRuleEnabled { all });
        } else if off * 100 > all * DISABLED_PERCENT {
            // Chosen: all but one switched off costs a fifth; none switched on is a fault of its own.
            let points = u32::try_from(off * 20 / all).unwrap_or(20).max(1);
            check = check.fault(Status::Warning, points, Reason::RulesDisabled { disabled: off, all });
        }
        if !failed.is_empty() {
            // Chosen: Sentinel itself gave up on the rule, and nobody decided that.
            let points = each(failed.len(), 10, 20);
            let said = Reason::AutoDisabled { rules: failed.len() };
            check = check.fact("autoDisabled", some(failed)).fault(Status::Error, points, said);
        }
        Ok(check)
    })
}

/// Open incidents by severity. `limit`: how many were asked for at most.
pub(super) fn incidents(answer: &Read, limit: Option<usize>, now: Timestamp) -> Check {
    read("incidents", answer, |table| {
        let status = table.column(&["Status"], text)?;
        let severity = table.column(&["Severity"], text)?;
        let created = table.column(&["CreatedTimeUtc", "CreatedTime", "Created"], time)?;
        let mut open: Vec<(&str, SignedDuration)> = Vec::new();
        for ((status, severity), created) in status.into_iter().zip(severity).zip(created) {
            if !status.eq_ignore_ascii_case("Closed") {
                open.push((severity, now.duration_since(created)));
            }
        }
        let count = open.len();
        let mut check = Check::ok("incidents", Reason::IncidentsOpen { open: count })
            .fact("open", count)
            .fact("bySeverity", tally(open.iter().map(|(severity, _)| *severity)));
        if let Some(oldest) = open.iter().map(|(_, age)| *age).max() {
            check = check.fact("oldestOpenHours", oldest.as_hours());
        }
        let old = |high: bool, bound: SignedDuration| {
            open.iter().filter(|(severity, age)| severity.eq_ignore_ascii_case("High") == high && *age > bound).count()
        };
        let (high, other) = (old(true, HIGH_OPEN), old(false, OTHER_OPEN));
        if high > 0 {
            // Chosen: people being late costs as much as rules being broken, and no more.
            check = check.fault(Status::Warning, each(high, 5, 20), Reason::HighOpen { incidents: high });
        }
        if other > 0 {
            check = check.fault(Status::Warning, each(other, 1, 10), Reason::OthersOpen { incidents: other });
        }
        match limit {
            None => Ok(check.incomplete(Reason::NoFilter)),
            // As many as were asked for: there may be more, and the older ones are those that are missing.
            Some(limit) if table.len() >= limit => Ok(check.incomplete(Reason::OnlyLatest { read: limit })),
            Some(_) => Ok(check),
        }
    })
}

pub(super) fn tables(answer: &Read) -> Check {
    read("tables", answer, |table| {
        if table.len() == 0 {
            return Err(Reason::NoTable);
        }
        let plans = table.column(&["Plan"], text)?;
        let check = Check::ok("tables", Reason::Tables { read: table.len() })
            .fact("total", table.len())
            .fact("byPlan", tally(plans));
        Ok(provisioned(check, table, &["TableName", "Name"]))
    })
}

pub(super) fn retention(answer: &Read) -> Check {
    read("retention", answer, |table| {
        if table.len() == 0 {
            return Err(Reason::NoTable);
        }
        let names = table.column(&["TableName", "Name"], text)?;
        let plans = table.column(&["Plan"], text)?;
        let days = table.column(&["RetentionInDays"], number)?;
        let analytics: Vec<(&str, i64)> = names
            .into_iter()
            .zip(plans)
            .zip(days)
            .filter(|((_, plan), _)| plan.eq_ignore_ascii_case("Analytics"))
            .map(|((name, _), days)| (name, days))
            .collect();
        let short: Vec<&str> =
            analytics.iter().filter(|(_, days)| *days < RETENTION_DAYS).map(|(name, _)| *name).collect();
        let said = Reason::Retention { tables: analytics.len(), days: RETENTION_DAYS };
        let check = Check::ok("retention", said)
            .fact("analyticsTables", analytics.len())
            .fact("shortestDays", analytics.iter().map(|(_, days)| *days).min())
            .fact("short", short.len());
        if short.is_empty() {
            return Ok(check);
        }
        let said = Reason::RetentionShort { short: short.len(), tables: analytics.len(), days: RETENTION_DAYS };
        // Chosen: a tenth at most; many keep less on purpose, for its price.
        let points = each(short.len(), 1, 10);
        Ok(check.fact("shortTables", some(short)).fault(Status::Warning, points, said))
    })
}

pub(super) fn collection_rules(answer: &Read) -> Check {
    const DESTINATIONS: &[&str] = &["DestinationWorkspaces", "Destinations"];
    read("dataCollectionRules", answer, |table| {
        let check =
            Check::ok("dataCollectionRules", Reason::CollectionRules { read: table.len() }).fact("total", table.len());
        if table.len() == 0 {
            return Ok(check);
        }
        let names = table.column(&["Name"], text)?;
        let destinations = table.column(DESTINATIONS, how_many)?;
        let lost: Vec<&str> =
            names.into_iter().zip(destinations).filter(|(_, count)| *count == 0).map(|(name, _)| name).collect();
        let check = provisioned(check, table, &["Name"]);
        if lost.is_empty() {
            return Ok(check);
        }
        let said = Reason::NoDestination { rules: lost.len() };
        let points = each(lost.len(), 5, 15);
        Ok(check.fact("withoutDestination", some(lost)).fault(Status::Warning, points, said))
    })
}

pub(super) fn endpoints(answer: &Read) -> Check {
    read("dataCollectionEndpoints", answer, |table| {
        let check =
            Check::ok("dataCollectionEndpoints", Reason::Endpoints { read: table.len() }).fact("total", table.len());
        if table.len() == 0 {
            return Ok(check);
        }
        table.column(&["Name"], text)?;
        Ok(provisioned(check, table, &["Name"]))
    })
}

/// Things that Azure did not finish making. A script that does not tell is
/// not held against anybody.
fn provisioned(check: Check, table: &Table, names: &[&str]) -> Check {
    const STATE: &[&str] = &["ProvisioningState"];
    if !table.has(STATE) {
        return check;
    }
    let states = table.optional(STATE, text);
    let names = table.optional(names, text);
    let unfinished: Vec<&str> = names
        .into_iter()
        .zip(states)
        .filter(|(_, state)| state.is_some_and(|state| !state.eq_ignore_ascii_case("Succeeded")))
        .map(|(name, _)| name.unwrap_or("(without a name)"))
        .collect();
    if unfinished.is_empty() {
        return check;
    }
    let said = Reason::NotSucceeded { things: unfinished.len() };
    let points = each(unfinished.len(), 5, 10);
    check.fact("notSucceeded", some(unfinished)).fault(Status::Warning, points, said)
}

/// So many points for each, up to a bound.
fn each(count: usize, points: u32, most: u32) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX).saturating_mul(points).min(most)
}

/// The arguments for every open incident that the API gives at once.
pub(super) fn all_open(limit: usize) -> Map<String, Json> {
    let mut arguments = Map::new();
    arguments.insert("Status".into(), ["New", "Active"].map(Json::from).to_vec().into());
    // Chosen: older ones would be late by any bound; the filter keeps the host from reading all of them.
    arguments.insert("LastDays".into(), 365.into());
    arguments.insert("Top".into(), limit.into());
    arguments
}

#[cfg(test)]
mod tests;
