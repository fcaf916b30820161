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

#[test]
fn doubt_about_a_write_is_said_and_about_a_read_is_not() {
    let cases = [
        (Ended::Exited(3), (Outcome::Failed, Code::HostFailed), (Outcome::Failed, Code::HostFailed)),
        (Ended::Failed(record()), (Outcome::Failed, Code::HostFailed), (Outcome::Failed, Code::HostFailed)),
        (
            Ended::TargetMismatch("planted host text".to_owned()),
            (Outcome::Refused, Code::TargetMismatch),
            (Outcome::Refused, Code::TargetMismatch),
        ),
        (
            Ended::AzureTenantMismatch(record()),
            (Outcome::Refused, Code::TargetMismatch),
            (Outcome::Refused, Code::TargetMismatch),
        ),
        (
            Ended::AzureNotSignedIn(record()),
            (Outcome::Failed, Code::AzureNotSignedIn),
            (Outcome::Failed, Code::AzureNotSignedIn),
        ),
        (
            Ended::Asked("planted host text".to_owned()),
            (Outcome::Failed, Code::HostQuestion),
            (Outcome::Failed, Code::HostQuestion),
        ),
        (Ended::Cancelled, (Outcome::Failed, Code::Cancelled), (Outcome::Unknown, Code::UnknownOutcome)),
        (Ended::TimedOut, (Outcome::Failed, Code::TimedOut), (Outcome::Unknown, Code::UnknownOutcome)),
        (Ended::Silent, (Outcome::Failed, Code::HostFailed), (Outcome::Unknown, Code::UnknownOutcome)),
    ];
    for (end, read, write) in cases {
        for (function, expected) in [("Get-AnalyticsRules", read), ("Add-IncidentComment", write)] {
            let error = ended(function, end.clone()).unwrap_err();
            assert_eq!((error.outcome(), error.code()), expected, "{function}: {end:?}");
            let said = error.said(Language::English);
            assert!(!said.contains("planted"), "the host's text is in our sentence: {said}");
        }
    }
    assert!(ended("Add-IncidentComment", Ended::Completed).is_ok());
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
