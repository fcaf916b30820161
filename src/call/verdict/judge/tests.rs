//! The table in the documentation of [`judge`], row by row, and what holds of
//! every combination.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value as Json;

use super::*;
use crate::answer::{Outcome, Rows, ToolError};
use crate::call::verdict;
use crate::catalog;
use crate::host::{Gaps, HostError, HostErrorRecord};
use crate::tenant::Language;

const READ: &str = "Get-AnalyticsRules";
const WRITE: &str = "Add-IncidentComment";

/// What is known of a call, owned.
#[derive(Clone, Debug)]
enum Known {
    Back(Box<Returned>),
    Lost(Kind),
    /// Lost when the begin record had come.
    Begun(Kind),
    Stuck,
}

/// [`HostErrorKind`] does not clone.
#[derive(Clone, Debug)]
enum Kind {
    Wire(WireCase, bool),
    UnknownFunction,
    Cancelled,
    ProcessEnded,
    Unexpected,
}

impl Kind {
    fn error(&self) -> HostErrorKind {
        match self {
            Self::Wire(case, may_have_run) => HostErrorKind::Wire(WireError::planted(case.clone(), *may_have_run)),
            Self::UnknownFunction => HostErrorKind::UnknownFunction { function: "planted".to_owned(), left_out: 3 },
            Self::Cancelled => HostErrorKind::Cancelled,
            Self::ProcessEnded => HostErrorKind::ProcessEnded { function: "Get-It".to_owned() },
            Self::Unexpected => HostErrorKind::Unexpected("planted"),
        }
    }
}

fn case_of(function: &str, known: &Known) -> Option<Case> {
    let Some(entry) = catalog::function(function) else { panic!("{function}") };
    let host = HostId::parse("jump").unwrap();
    match known {
        Known::Back(returned) => judge(entry, &host, Fate::Back(returned)),
        Known::Begun(kind) => judge(entry, &host, Fate::Lost(&kind.error(), Some(&back(Ended::Silent)))),
        Known::Lost(kind) => judge(entry, &host, Fate::Lost(&kind.error(), None)),
        Known::Stuck => judge(entry, &host, Fate::Stuck),
    }
}

/// `done`, or the outcome and the exact case.
fn told(case: Option<Case>) -> String {
    let Some(case) = case else { return "done".to_owned() };
    let outcome = case.outcome().as_str();
    let name = match &case {
        Case::WrongTarget { why, .. } => why.name(),
        Case::Azure { why, .. } => why.name(),
        Case::NoScript { why, .. } => why.name(),
        Case::Ended { why, .. } => why.name(),
        Case::Lost { why, .. } => why.name(),
        Case::Doubt { why, .. } => why.name(),
        other => other.name(),
    };
    let said = ToolError::of(case).said(Language::English);
    assert!(!said.contains("planted"), "the host's text is in our sentence: {said}");
    format!("{outcome} {name}")
}

/// A row of the table as it stands in the documentation: its number, and what
/// it says of a read and of a write.
fn documented() -> BTreeMap<u8, [String; 2]> {
    let source = include_str!("../judge.rs");
    let rows = source.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("/// |")?.strip_suffix('|')?.split('|').map(str::trim).collect();
        let [number, _, _, _, _, read, write] = cells[..] else { return None };
        let said = |cell: &str| match cell.split_once(" [`") {
            Some((outcome, link)) => {
                let name = link.trim_end_matches("`]").rsplit("::").next().unwrap_or_default();
                format!("{outcome} {name}")
            }
            None => cell.split(',').next().unwrap_or_default().to_owned(),
        };
        let read = said(read);
        let write = if write == "the same" { read.clone() } else { said(write) };
        Some((number.parse().ok()?, [read, write]))
    });
    rows.collect()
}

fn record(id: &str) -> HostErrorRecord {
    HostErrorRecord { message: "planted host text".to_owned(), id: id.to_owned(), category: None }
}

fn back(ended: Ended) -> Returned {
    Returned::new(ended)
}

fn before(ended: Ended) -> Returned {
    Returned { began: false, ..back(ended) }
}

fn rule() -> Rows {
    Rows { rows: Arc::new([Json::from("row")].into_iter().collect()), ..Rows::default() }
}

fn question() -> Option<String> {
    Some("planted question".to_owned())
}

fn taints() -> Vec<Taint> {
    let (function, reason, variable) = ("Set-It".to_owned(), "planted reason".to_owned(), "x".to_owned());
    vec![Taint { function, variable, line: 7, reason, read_at: 9, via: None }]
}

/// What the guard and the pipeline may say when it fails.
fn words() -> [Ended; 5] {
    [
        Ended::Failed(record("E")),
        Ended::TargetMismatch("planted".to_owned()),
        Ended::AzureTenantMismatch(record("E")),
        Ended::AzureNotSignedIn(record("E")),
        Ended::Tainted(record("E")),
    ]
}

/// Calls that came back, by the number of their row.
fn came_back() -> Vec<(u8, Returned)> {
    let done = || back(Ended::Completed);
    let unread = || vec![record(UNREADABLE)];
    let refused = || vec![record("SentinelJump.Refused")];
    let gaps = Gaps { missing: 1, ..Gaps::default() };
    let [failed, target, tenant, signed_out, tainted] = words();
    let mut all = vec![
        (1, Returned { target_changed: Some("x".into()), ..done() }),
        (2, Returned { asked: question(), errors: refused(), ..done() }),
        (3, Returned { asked: question(), errors: refused(), objects: 1, ..done() }),
        (4, Returned { errors: unread(), ..done() }),
        (5, Returned { errors: unread(), objects: 1, ..done() }),
        (6, Returned { errors: vec![record("E")], ..done() }),
        (7, Returned { exit_code: Some(2), ..done() }),
        (7, Returned { exit_code: Some(2), errors: vec![record("NativeCommandError,az")], objects: 1, ..done() }),
        (8, Returned { gaps, objects: 1, ..done() }),
        (8, Returned { gaps: Gaps { foreign: 2, ..Gaps::default() }, ..done() }),
        (8, Returned { gaps: Gaps { dropped: 3, ..Gaps::default() }, objects: 1, ..done() }),
        (9, done()),
        (9, Returned { exit_code: Some(0), errors: vec![record("NativeCommandError,az")], ..done() }),
        (9, Returned { errors: vec![record("E")], objects: 1, ..done() }),
        (10, back(Ended::Exited(3))),
        (10, before(Ended::Exited(0))),
        (11, before(target)),
        (12, before(tenant)),
        (13, before(signed_out)),
        (14, Returned { tainted: taints(), ..before(tainted.clone()) }),
        (15, before(failed.clone())),
        (15, before(tainted)),
        (16, Returned { gaps, ..before(failed.clone()) }),
        (16, Returned { errors: unread(), ..before(failed) }),
        (17, Returned { asked: question(), ..back(Ended::Asked("planted".to_owned())) }),
        (17, before(Ended::Asked("planted".to_owned()))),
    ];
    all.extend(words().map(|word| (16, back(word))));
    for begun in [back, before] {
        all.extend([
            (18, begun(Ended::Cancelled)),
            (19, begun(Ended::TimedOut)),
            (20, begun(Ended::Silent)),
            (34, begun(Ended::TooMuch)),
        ]);
    }
    all
}

/// Every case of the wire, with the row of its loss.
fn losses() -> Vec<(u8, WireCase)> {
    use crate::host::{CertificateProblem, Unavailable};
    let certificate = WireCase::Certificate { problem: CertificateProblem::Expired, sha256: "00".to_owned() };
    vec![
        (25, WireCase::TimedOut),
        (27, WireCase::HostFailed { status: 502 }),
        (26, WireCase::DoorRefused { status: 503 }),
        (27, WireCase::Wordless { status: 500 }),
        (28, WireCase::SignInRefused),
        (28, WireCase::Denied),
        (28, WireCase::NotOffered { scheme: "Negotiate" }),
        (28, WireCase::OwnCertificateNotAsked),
        (28, WireCase::OwnCertificateRefused),
        (28, WireCase::SignInUnavailable { why: Unavailable::NoNtlm }),
        (29, WireCase::Refused { fault: Some(995) }),
        (30, WireCase::NotWinrm),
        (31, certificate),
        (31, WireCase::TlsHungUp),
        (32, WireCase::NameNotResolved),
        (32, WireCase::ProxyUnreachable),
        (32, WireCase::ProxyRefused { status: Some(502) }),
        (32, WireCase::NoAnswer),
        (32, WireCase::NotKept),
        (32, WireCase::Unreachable),
    ]
}

/// Calls of every row of the table.
fn table() -> Vec<(u8, Known)> {
    let mut all: Vec<_> = came_back().into_iter().map(|(row, known)| (row, Known::Back(Box::new(known)))).collect();
    all.extend(losses().into_iter().map(|(row, case)| (row, Known::Lost(Kind::Wire(case, true)))));
    all.extend([
        (21, Known::Lost(Kind::Wire(WireCase::Unreachable, false))),
        (21, Known::Lost(Kind::Wire(WireCase::DoorRefused { status: 503 }, false))),
        (21, Known::Lost(Kind::Wire(WireCase::NoAnswer, false))),
        (27, Known::Begun(Kind::Wire(WireCase::DoorRefused { status: 503 }, true))),
        (32, Known::Begun(Kind::Wire(WireCase::Unreachable, true))),
        (22, Known::Lost(Kind::UnknownFunction)),
        (23, Known::Lost(Kind::Cancelled)),
        (24, Known::Lost(Kind::ProcessEnded)),
        (33, Known::Lost(Kind::Unexpected)),
        (35, Known::Stuck),
    ]);
    all
}

#[test]
fn b1_every_row_of_the_table_counts_as_it_says() {
    let (documented, mut tried) = (documented(), BTreeSet::new());
    assert_eq!(documented.keys().copied().collect::<Vec<_>>(), (1..=35).collect::<Vec<_>>());
    for (row, known) in table() {
        let Some([read, write]) = documented.get(&row) else { panic!("the table has no row {row}") };
        tried.insert(row);
        assert_eq!(told(case_of(READ, &known)), *read, "row {row}, a read: {known:?}");
        assert_eq!(told(case_of(WRITE, &known)), *write, "row {row}, a write: {known:?}");
    }
    let untried: Vec<_> = documented.keys().filter(|row| !tried.contains(row)).collect();
    assert!(untried.is_empty(), "rows without a call that tries them: {untried:?}");
}

/// Every combination of what can be known of a call that came back.
fn combinations() -> Vec<Returned> {
    let ends = words().into_iter().chain([
        Ended::Completed,
        Ended::Exited(0),
        Ended::Exited(1),
        Ended::Asked("planted".to_owned()),
        Ended::Cancelled,
        Ended::TimedOut,
        Ended::Silent,
    ]);
    let mut all = Vec::new();
    for ended in ends {
        for bits in 0..256_u32 {
            let is = |bit: u32| bits & 1 << bit != 0;
            let mut errors = Vec::new();
            errors.extend(is(4).then(|| record("E")));
            errors.extend(is(5).then(|| record(UNREADABLE)));
            all.push(Returned {
                began: is(0),
                asked: is(1).then(question).flatten(),
                objects: usize::from(is(2)),
                target_changed: is(3).then(|| "x".to_owned()),
                errors,
                exit_code: is(6).then_some(2),
                gaps: Gaps { missing: u64::from(is(7)), ..Gaps::default() },
                tainted: if is(2) { taints() } else { Vec::new() },
                ..back(ended.clone())
            });
        }
    }
    all
}

#[test]
fn b1_of_every_combination_a_write_is_told_as_over_only_when_nothing_of_it_ran() {
    let (mut done, mut over, mut unknown) = (0, 0, 0);
    for known in combinations() {
        let proven = !known.began && known.errors.iter().all(|error| error.id != UNREADABLE) && !known.gaps.is_any();
        let by_its_word =
            words().iter().any(|word| std::mem::discriminant(word) == std::mem::discriminant(&known.ended));
        match case_of(WRITE, &Known::Back(Box::new(known.clone()))).map(|case| case.outcome()) {
            None => {
                done += 1;
                assert!(known.ended == Ended::Completed && known.asked.is_none(), "{known:?}");
                assert!(known.target_changed.is_none() && known.exit_code.is_none(), "{known:?}");
            }
            Some(Outcome::Failed | Outcome::Refused) => {
                over += 1;
                assert!(proven && by_its_word, "{known:?}");
            }
            Some(Outcome::Unknown) => unknown += 1,
            Some(other) => panic!("{other:?}: {known:?}"),
        }
        // A read is never in doubt, and never called unreachable once it was sent.
        let read = case_of(READ, &Known::Back(Box::new(known.clone()))).map(|case| case.outcome());
        assert!(!matches!(read, Some(Outcome::Unknown | Outcome::Unreachable)), "{known:?}");
    }
    assert!(done > 0 && over > 0 && unknown > over, "{done} {over} {unknown}");
}

#[test]
fn b4_a_read_that_was_sent_is_not_told_as_one_that_was_not() {
    for (_, case) in losses() {
        let known = Known::Lost(Kind::Wire(case.clone(), true));
        let Some(case) = case_of(READ, &known) else { panic!("{known:?}") };
        let (outcome, code) = (case.outcome(), case.code());
        let said = ToolError::of(case).said(Language::English);
        assert_eq!(outcome, Outcome::Failed, "{known:?}: {said}");
        assert!(!said.contains("nothing was run") && !said.contains("cannot be reached"), "{said}");
        assert_ne!(code, crate::answer::Code::SignInRefused, "{said}");
    }
}

#[test]
fn b1_what_was_put_out_is_kept_however_it_ended() {
    for (row, known) in table() {
        let heard = match &known {
            Known::Back(returned) => (**returned).clone(),
            _ => back(Ended::Silent),
        };
        let heard = Returned {
            objects: 1,
            text: vec!["line".to_owned()],
            warnings: vec!["careful".to_owned()],
            errors: vec![record("E")],
            ..heard
        };
        // It may be another customer's; what is stuck, nobody has.
        let kept = heard.target_changed.is_none() && !matches!(known, Known::Stuck);
        for function in [READ, WRITE] {
            let (Some(entry), host) = (catalog::function(function), HostId::parse("jump").unwrap()) else { panic!() };
            let told = match &known {
                Known::Back(_) => verdict::returned(entry, &host, heard.clone(), rule()),
                Known::Lost(kind) | Known::Begun(kind) => {
                    let error = HostError { host: "jump".to_owned(), kind: kind.error() };
                    Err(verdict::lost(entry, &host, error, Some(Box::new(heard.clone())), rule()))
                }
                Known::Stuck => Err(verdict::stuck(entry, &host)),
            };
            let (left, errors) = match told {
                Ok(rows) => (Some(Box::new(rows.clone())), rows.host_errors.len()),
                Err(error) => (error.left, error.host_errors.len()),
            };
            let words = left.map(|left| (left.rows.len(), left.text.len(), left.warnings.len()));
            assert_eq!(words, kept.then_some((1, 1, 1)), "row {row}, {function}");
            assert_eq!(errors > 0, !matches!(known, Known::Stuck), "row {row}, {function}: its errors are kept");
        }
    }
}
