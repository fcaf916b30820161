//! One check, and what all checks of a workspace come to.

use serde_json::{Map, Value as Json, json};

use crate::answer::case::Reason;
use crate::answer::{HostText, In, ToolError, host_errors};
use crate::tenant::Language;

/// How a check came out; the worse the greater.
///
/// Unknown is worse than a warning: a fault that cannot be seen may be any
/// fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Status {
    Ok,
    Warning,
    Unknown,
    Error,
}

impl Status {
    pub(super) const ALL: [Self; 4] = [Self::Ok, Self::Warning, Self::Unknown, Self::Error];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
            Self::Error => "error",
        }
    }
}

/// What a check that could not be made costs.
///
/// Chosen: more than most faults, less than being signed out.
const UNKNOWN_COSTS: u32 = 10;

/// The best score of a workspace of which something is unknown.
///
/// Chosen: below what anybody would show in green.
const UNKNOWN_CAP: u32 = 60;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) status: Status,
    /// One or several; names of the host's stand in `facts`.
    pub(super) reasons: Vec<Reason>,
    /// Numbers and names beside it.
    pub(super) facts: Map<String, Json>,
    /// Points, and for what.
    pub(super) costs: Vec<(u32, Reason)>,
}

impl Check {
    pub(super) fn new(name: &'static str, status: Status, reason: impl Into<Option<Reason>>) -> Self {
        let reasons = reason.into().into_iter().collect();
        Self { name, status, reasons, facts: Map::new(), costs: Vec::new() }
    }

    /// Without a reason when a fault will be one.
    pub(super) fn ok(name: &'static str, reason: impl Into<Option<Reason>>) -> Self {
        Self::new(name, Status::Ok, reason)
    }

    pub(super) fn unknown(name: &'static str, reason: Reason) -> Self {
        Self::new(name, Status::Unknown, reason)
    }

    /// Could not be made, for the reason that a call would give.
    pub(super) fn failed(name: &'static str, error: &ToolError) -> Self {
        let check = Self::unknown(name, Reason::Failed((*error.case).clone()));
        check.fact("code", error.code().as_str()).host_said(&error.host_errors)
    }

    pub(super) fn fact(mut self, name: &str, value: impl Into<Json>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }

    /// The first of what the host said; it is not ours, and stands apart.
    pub(super) fn host_said(self, errors: &[HostText]) -> Self {
        match errors.first() {
            Some(first) => self.fact("hostErrors", host_errors(std::slice::from_ref(first))),
            None => self,
        }
    }

    /// Makes it worse, if it was better, and says why in place of what it
    /// said when it was good.
    pub(super) fn fault(mut self, status: Status, points: u32, reason: Reason) -> Self {
        if self.status == Status::Ok {
            self.reasons.clear();
        }
        self.reasons.push(reason.clone());
        self.status = self.status.max(status);
        self.costs.push((points, reason));
        self
    }

    /// What was read is not all: it can be no better than unknown.
    pub(super) fn incomplete(mut self, reason: Reason) -> Self {
        self.reasons.push(reason);
        self.status = self.status.max(Status::Unknown);
        self
    }

    /// Its reasons, in sentences.
    pub(super) fn reason(&self, language: Language) -> String {
        let said: Vec<String> = self.reasons.iter().map(|reason| In(language, reason).to_string()).collect();
        said.join(" ")
    }

    fn json(&self, language: Language) -> Json {
        let mut json = Map::new();
        json.insert("check".into(), self.name.into());
        json.insert("status".into(), self.status.as_str().into());
        json.insert("reason".into(), self.reason(language).into());
        json.extend(self.facts.clone());
        json.into()
    }
}

/// What the score lost, and for what.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cost {
    check: String,
    points: u32,
    reason: Reason,
}

impl Cost {
    pub(super) fn json(&self, language: Language) -> Json {
        let reason = In(language, &self.reason).to_string();
        json!({"check": self.check, "points": -i64::from(self.points), "reason": reason})
    }
}

/// What all checks of a workspace come to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Health {
    pub(super) checks: Vec<Check>,
    /// Nothing of the workspace could be read.
    pub(super) blind: bool,
}

impl Health {
    /// The worst of the checks. Of a workspace that nothing could be read of,
    /// nothing is known, whatever is wrong with its host.
    pub(super) fn status(&self) -> Status {
        if self.blind {
            return Status::Unknown;
        }
        self.checks.iter().map(|check| check.status).max().unwrap_or(Status::Unknown)
    }

    /// 0 to 100, with the reasons for what is missing. `None`: nothing could
    /// be read.
    pub(super) fn score(&self) -> Option<(u32, Vec<Cost>)> {
        if self.blind || self.checks.is_empty() {
            return None;
        }
        let mut reasons = Vec::new();
        let mut lost: u32 = 0;
        let mut unread = Vec::new();
        for check in &self.checks {
            for (points, reason) in &check.costs {
                lost = lost.saturating_add(*points);
                reasons.push(Cost { check: check.name.to_owned(), points: *points, reason: reason.clone() });
            }
            let name = check.name;
            if check.status == Status::Unknown {
                lost = lost.saturating_add(UNKNOWN_COSTS);
                let check = check.name.to_owned();
                reasons.push(Cost { check, points: UNKNOWN_COSTS, reason: Reason::Unread });
                unread.push(name);
            }
        }
        let mut score = 100_u32.saturating_sub(lost);
        if !unread.is_empty() && score > UNKNOWN_CAP {
            let reason = Reason::AtMost { score: UNKNOWN_CAP };
            reasons.push(Cost { check: unread.join(", "), points: score - UNKNOWN_CAP, reason });
            score = UNKNOWN_CAP;
        }
        Some((score, reasons))
    }

    pub(super) fn json(&self, language: Language) -> Vec<Json> {
        self.checks.iter().map(|check| check.json(language)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(checks: Vec<Check>) -> Health {
        Health { checks, blind: false }
    }

    #[test]
    fn a_part_that_is_unknown_keeps_the_whole_from_being_green() {
        let whole = health(vec![Check::ok("rules", Reason::Answered), Check::unknown("tables", Reason::NoTable)]);
        assert_eq!(whole.status(), Status::Unknown);
        let (score, reasons) = whole.score().unwrap();
        assert_eq!((score, reasons.len()), (UNKNOWN_CAP, 2));
        assert_eq!(reasons.iter().map(|cost| cost.points).sum::<u32>(), 40);
        let warned = health(vec![
            Check::ok("a", None).fault(Status::Warning, 3, Reason::NoRule),
            Check::unknown("b", Reason::NoTable),
        ]);
        assert_eq!(warned.status(), Status::Unknown);
        let fine = health(vec![Check::ok("rules", Reason::Answered)]);
        assert_eq!((fine.status(), fine.score().unwrap().0), (Status::Ok, 100));
    }

    #[test]
    fn nothing_read_is_unknown_without_a_score() {
        let blind = Health { checks: vec![Check::new("reachable", Status::Error, Reason::HostDead)], blind: true };
        assert_eq!((blind.status(), blind.score()), (Status::Unknown, None));
        assert_eq!(health(Vec::new()).status(), Status::Unknown);
    }

    #[test]
    fn a_score_ends_at_nought_and_a_check_says_all_its_faults() {
        let check = Check::ok("rules", Reason::Answered).fault(Status::Warning, 80, Reason::NoRule).fault(
            Status::Error,
            80,
            Reason::NotSignedIn,
        );
        assert_eq!((check.status, &check.reasons[..]), (Status::Error, &[Reason::NoRule, Reason::NotSignedIn][..]));
        assert_eq!(check.reason(Language::English), "There is no analytics rule. The host is not signed in to Azure.");
        let (score, reasons) = health(vec![check]).score().unwrap();
        assert_eq!((score, reasons.len()), (0, 2));
        let partial = Check::ok("rules", Reason::Answered).incomplete(Reason::NoFilter);
        assert_eq!(
            (partial.status, &partial.reasons[..]),
            (Status::Unknown, &[Reason::Answered, Reason::NoFilter][..])
        );
    }
}
