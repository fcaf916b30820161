use wsman::clixml::Value;

use super::*;
use crate::answer::{Code, Outcome};
use crate::catalog;
use crate::tenant::Language;

fn ended(function: &str, ended: Ended) -> Result<Rows, ToolError> {
    let Some(entry) = catalog::function(function) else { panic!("{function}") };
    returned(entry, &HostId::parse("jump").unwrap(), Returned::new(ended))
}

fn record() -> HostErrorRecord {
    HostErrorRecord { message: "planted host text".to_owned(), id: "E".to_owned(), category: None }
}

fn error(id: &str) -> HostErrorRecord {
    HostErrorRecord { message: "planted host text".to_owned(), id: id.to_owned(), category: None }
}

fn taint(variable: &str) -> Taint {
    let (function, reason) = ("Set-It".to_owned(), "planted reason".to_owned());
    Taint { function, variable: variable.to_owned(), line: 7, reason, read_at: 9, via: None }
}

/// One call of each row of the table at [`judge`], by its number, with how a
/// read and a write of it count.
fn table() -> Vec<(u8, Returned, &'static str, &'static str)> {
    let back = Returned::new;
    let unread = || vec![error("SentinelJump.Unreadable")];
    let data = || vec![Value::from("row")];
    let before = |ended| Returned { began: false, ..back(ended) };
    let (failed, asked) = (|| Ended::Failed(record()), || Ended::Asked("planted host text".to_owned()));
    let other = || Ended::TargetMismatch("planted host text".to_owned());
    vec![
        (1, Returned { target_changed: Some("x".into()), ..back(Ended::Completed) }, "Turned failed", "Turned unknown"),
        (
            2,
            Returned { errors: vec![error("SentinelJump.Refused")], data: data(), ..back(Ended::Completed) },
            "done",
            "done",
        ),
        (3, Returned { errors: unread(), ..back(Ended::Completed) }, "NotUnderstood failed", "NotUnderstood unknown"),
        (4, Returned { errors: unread(), data: data(), ..back(Ended::Completed) }, "done", "NotUnderstood unknown"),
        (5, Returned { errors: vec![record()], ..back(Ended::Completed) }, "EmptyHanded failed", "Error unknown"),
        (6, Returned { exit_code: Some(2), ..back(Ended::Completed) }, "done", "ProgramFailed unknown"),
        (6, Returned { exit_code: Some(2), data: data(), ..back(Ended::Completed) }, "done", "ProgramFailed unknown"),
        (7, back(Ended::Completed), "done", "done"),
        (7, Returned { exit_code: Some(0), ..back(Ended::Completed) }, "done", "done"),
        (8, back(Ended::Exited(3)), "Exited failed", "Exited unknown"),
        (8, before(Ended::Exited(0)), "Exited failed", "Exited unknown"),
        (9, before(other()), "Elsewhere refused", "Elsewhere refused"),
        (10, before(Ended::AzureTenantMismatch(record())), "OtherTenant refused", "OtherTenant refused"),
        (10, before(Ended::AzureNotSignedIn(record())), "NotSignedIn failed", "NotSignedIn failed"),
        (
            11,
            Returned { tainted: vec![taint("x")], ..before(Ended::Tainted(record())) },
            "Tainted refused",
            "Tainted refused",
        ),
        (11, before(Ended::Tainted(record())), "NotBegun failed", "NotBegun failed"),
        (12, before(failed()), "NotBegun failed", "NotBegun failed"),
        (13, back(failed()), "Error failed", "Error unknown"),
        (13, back(other()), "Error failed", "Error unknown"),
        (13, back(Ended::AzureTenantMismatch(record())), "Error failed", "Error unknown"),
        (13, back(Ended::AzureNotSignedIn(record())), "Error failed", "Error unknown"),
        (14, back(asked()), "Asked failed", "Asked unknown"),
        (14, before(asked()), "Asked failed", "Asked unknown"),
        (15, back(Ended::Cancelled), "Cancelled failed", "Cancelled unknown"),
        (15, before(Ended::Cancelled), "Cancelled failed", "Cancelled unknown"),
        (16, back(Ended::TimedOut), "TooSlow failed", "TooSlow unknown"),
        (16, before(Ended::TimedOut), "TooSlow failed", "TooSlow unknown"),
        (17, back(Ended::Silent), "Silent failed", "Silent unknown"),
        (17, before(Ended::Silent), "Silent failed", "Silent unknown"),
        (18, Returned { dropped: 3, data: data(), ..back(Ended::TooMuch) }, "TooMuch failed", "TooMuch unknown"),
    ]
}

fn judged(function: &str, back: Returned) -> Result<Rows, ToolError> {
    let Some(entry) = catalog::function(function) else { panic!("{function}") };
    returned(entry, &HostId::parse("jump").unwrap(), back)
}

fn told(result: &Result<Rows, ToolError>) -> String {
    let Err(error) = result else { return "done".to_owned() };
    let why = match &*error.case {
        Case::WrongTarget { why, .. } => why.name(),
        Case::Azure { why, .. } => why.name(),
        Case::NoScript { why, .. } => why.name(),
        Case::Ended { why, .. } => why.name(),
        Case::Lost { why, .. } => why.name(),
        Case::Doubt { why, .. } => why.name(),
        other => panic!("{other:?}"),
    };
    format!("{why} {}", error.outcome().as_str())
}

#[test]
fn b1_every_row_of_the_table_counts_as_it_says() {
    let mut rows = [false; 19];
    for (row, back, read, write) in table() {
        rows[usize::from(row)] = true;
        for (function, expected) in [("Get-AnalyticsRules", read), ("Add-IncidentComment", write)] {
            let result = judged(function, back.clone());
            assert_eq!(told(&result), expected, "row {row}, {function}: {back:?}");
            let said = result.err().map(|error| error.said(Language::English)).unwrap_or_default();
            assert!(!said.contains("planted"), "the host's text is in our sentence: {said}");
        }
    }
    assert_eq!(rows.iter().filter(|seen| **seen).count(), 18);
}

#[test]
fn b6_e9_what_is_missing_from_an_answer_is_told_in_it() {
    let warned = |back: Returned| {
        let rows = judged("Get-AnalyticsRules", back).unwrap();
        rows.ours.iter().map(Warning::name).collect::<Vec<_>>()
    };
    let whole = Returned { data: vec![Value::from("row")], ..Returned::new(Ended::Completed) };
    assert_eq!(warned(whole.clone()), [""; 0]);
    assert_eq!(warned(Returned { irregular: true, ..whole.clone() }), ["Irregular"]);
    assert_eq!(warned(Returned { dropped: 3, ..whole }), ["Dropped"]);
}

#[test]
fn b1_a_write_is_failed_or_refused_only_before_it_began() {
    for (row, back, ..) in table() {
        let Err(error) = judged("Add-IncidentComment", back.clone()) else { continue };
        assert_eq!(error.outcome() == Outcome::Unknown, back.began || row >= 14 || row == 8, "row {row}: {back:?}");
    }
}

#[test]
fn b1_what_was_put_out_is_kept_however_it_ended() {
    for (row, back, ..) in table() {
        let said = Returned {
            data: vec![Value::from("row")],
            text: vec!["line".to_owned()],
            warnings: vec!["careful".to_owned()],
            ..back
        };
        let changed = said.target_changed.is_some();
        for function in ["Get-AnalyticsRules", "Add-IncidentComment"] {
            let left = match judged(function, said.clone()) {
                Ok(rows) => Some(Box::new(rows)),
                Err(error) => error.left,
            };
            let words = left.map(|left| (left.rows.len(), left.text.len(), left.warnings.len()));
            assert_eq!(words, (!changed).then_some((1, 1, 1)), "row {row}, {function}");
        }
    }
}

#[test]
fn a8_a_read_whose_program_failed_is_warned_of() {
    let rows = judged("Get-AnalyticsRules", Returned { exit_code: Some(2), ..Returned::new(Ended::Completed) });
    assert!(matches!(&rows.unwrap().ours[..], [Warning::ProgramFailed { code: 2, .. }]));
}

#[test]
fn a2_a_variable_is_told_by_what_a_name_can_be() {
    let odd = format!("script:Konfig.Geschützt-1 \"; delete $it {}", "x".repeat(90));
    let read = Returned { tainted: vec![taint(&odd)], ..Returned::new(Ended::Completed) };
    let rows = judged("Get-AnalyticsRules", read.clone()).unwrap();
    let [Warning::Tainted { variable, line: 7, .. }] = &rows.ours[..] else { panic!("{rows:?}") };
    assert!(variable.starts_with("script:Konfig.Geschützt-1deleteit") && variable.chars().count() == 64, "{variable}");
    let refused = Returned { began: false, ended: Ended::Tainted(record()), ..read };
    let said = judged("Add-IncidentComment", refused).unwrap_err().said(Language::English);
    assert!(said.contains(&format!("\"{variable}\"")) && said.contains("line 7"), "{said}");
}

#[test]
fn a_function_that_ended_its_process_leaves_a_write_in_doubt() {
    for (function, outcome) in [("Get-AnalyticsRules", Outcome::Failed), ("Add-IncidentComment", Outcome::Unknown)] {
        let entry = catalog::function(function);
        let kind = HostErrorKind::ProcessEnded { function: function.to_owned() };
        let told =
            failed(entry, &HostId::parse("jump").unwrap(), Stage::During, HostError { host: "jump".into(), kind });
        assert_eq!(told.outcome(), outcome);
    }
}

#[test]
fn a_failed_init_is_told_by_whether_azure_is_signed_in() {
    let Some(entry) = catalog::function("Add-IncidentComment") else { panic!() };
    let host = HostId::parse("jump").unwrap();
    let cases = [
        (Ended::Failed(record()), Some(false), Code::AzureNotSignedIn, 2),
        (Ended::Failed(record()), Some(true), Code::HostFailed, 2),
        (Ended::Completed, Some(false), Code::AzureNotSignedIn, 1),
        (Ended::Exited(3), None, Code::HostFailed, 1),
        (Ended::TimedOut, None, Code::HostFailed, 1),
        (Ended::Asked("planted question?".to_owned()), None, Code::HostQuestion, 2),
    ];
    for (end, signed_in, code, words) in cases {
        let (function, errors) = ("Connect-ToAzure".to_owned(), vec![record()]);
        let kind = HostErrorKind::InitFailed { function, ended: end.clone(), errors, signed_in };
        let told = failed(Some(entry), &host, Stage::Before, HostError { host: "jump".into(), kind });
        assert_eq!((told.outcome(), told.code(), told.host_errors.len()), (Outcome::Failed, code, words), "{end:?}");
        let said = told.said(Language::German);
        assert!(said.contains("Connect-ToAzure") && !said.contains("planted"), "{said}");
    }
}

#[test]
fn the_host_s_words_stand_apart() {
    let failed = ended("Get-AnalyticsRules", Ended::Failed(record())).unwrap_err();
    assert_eq!(failed.host_errors, [HostText { message: "planted host text".to_owned(), id: "E".to_owned() }]);
    let asked = ended("Get-AnalyticsRules", Ended::Asked("planted question?".to_owned())).unwrap_err();
    assert_eq!(asked.host_errors[0].message, "planted question?");
}

#[test]
fn before_the_call_nothing_ran_not_even_for_a_write() {
    let Some(write) = catalog::function("Add-IncidentComment") else { panic!() };
    let host = HostId::parse("jump").unwrap();
    let kinds = [
        (HostErrorKind::ScriptMissing, Outcome::Failed, Code::ScriptMissing),
        (HostErrorKind::ScriptChanged, Outcome::Refused, Code::ScriptChanged),
        (HostErrorKind::LoadFailed(record()), Outcome::Failed, Code::HostFailed),
        (HostErrorKind::UnknownFunction("planted".to_owned()), Outcome::Refused, Code::UnknownFunction),
        (HostErrorKind::Cancelled, Outcome::Refused, Code::Cancelled),
        (HostErrorKind::Unexpected("x"), Outcome::Failed, Code::Internal),
    ];
    for (kind, outcome, code) in kinds {
        let error = failed(Some(write), &host, Stage::Before, HostError { host: "jump".to_owned(), kind });
        assert_eq!((error.outcome(), error.code()), (outcome, code), "{error:?}");
        assert!(!error.said(Language::English).contains("planted"), "{error:?}");
    }
    let odd = HostError { host: "jump".to_owned(), kind: HostErrorKind::Unexpected("x") };
    assert_eq!(failed(Some(write), &host, Stage::During, odd).outcome(), Outcome::Unknown);
}
