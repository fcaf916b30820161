use super::*;
use crate::answer::{Code, Outcome};
use crate::catalog;
use crate::host::Taint;
use crate::tenant::Language;

fn judged(function: &str, back: Returned) -> Result<Rows, ToolError> {
    let Some(entry) = catalog::function(function) else { panic!("{function}") };
    returned(entry, &HostId::parse("jump").unwrap(), back, Rows::default())
}

fn ended(function: &str, ended: Ended) -> Result<Rows, ToolError> {
    judged(function, Returned::new(ended))
}

fn record() -> HostErrorRecord {
    HostErrorRecord { message: "planted host text".to_owned(), id: "E".to_owned(), category: None }
}

fn taint(variable: &str) -> Taint {
    let (function, reason) = ("Set-It".to_owned(), "planted reason".to_owned());
    Taint { function, variable: variable.to_owned(), line: 7, reason, read_at: 9, via: None }
}

#[test]
fn a8_a_read_whose_program_failed_is_warned_of() {
    let rows = judged("Get-AnalyticsRules", Returned { exit_code: Some(2), ..Returned::new(Ended::Completed) });
    assert!(matches!(&rows.unwrap().ours[..], [Warning::ProgramFailed { code: 2, .. }]));
}

#[test]
fn b6_messages_that_are_missing_are_warned_of() {
    let gaps = Gaps { missing: 2, foreign: 1, dropped: 0 };
    for function in ["Get-AnalyticsRules", "Add-IncidentComment"] {
        let rows = judged(function, Returned { gaps, ..Returned::new(Ended::Completed) });
        assert!(matches!(&rows.unwrap().ours[..], [Warning::Gaps { missing: 2, foreign: 1, .. }]));
    }
}

#[test]
fn e9_what_lies_beyond_the_bound_is_warned_of() {
    let gaps = Gaps { dropped: 3, ..Gaps::default() };
    let rows = judged("Get-AnalyticsRules", Returned { gaps, ..Returned::new(Ended::Completed) });
    assert!(matches!(&rows.unwrap().ours[..], [Warning::Dropped { messages: 3, .. }]));
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
        let told = not_ready(Some(entry), &host, HostError { host: "jump".into(), kind });
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
        (
            HostErrorKind::UnknownFunction { function: "planted".to_owned(), left_out: 0 },
            Outcome::Refused,
            Code::UnknownFunction,
        ),
        (HostErrorKind::Cancelled, Outcome::Refused, Code::Cancelled),
        (HostErrorKind::Unexpected("x"), Outcome::Failed, Code::Internal),
    ];
    for (kind, outcome, code) in kinds {
        let error = not_ready(Some(write), &host, HostError { host: "jump".to_owned(), kind });
        assert_eq!((error.outcome(), error.code()), (outcome, code), "{error:?}");
        assert!(!error.said(Language::English).contains("planted"), "{error:?}");
    }
}
