use serde_json::{Map, json};

use super::*;
use crate::answer::{Code, In, Outcome};
use crate::call::{testing::target, validate};
use crate::catalog;
use crate::tenant::Language;

fn probe(parameters: &[(&str, &str, &[&str])], should_process: bool) -> FunctionProbe {
    let parameter = |(name, type_name, aliases): &(&str, &str, &[&str])| ParameterProbe {
        name: (*name).to_owned(),
        type_name: (*type_name).to_owned(),
        aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
        ..ParameterProbe::default()
    };
    FunctionProbe {
        name: "f".to_owned(),
        parameters: parameters.iter().map(parameter).collect(),
        should_process,
        ..FunctionProbe::default()
    }
}

fn bound(
    function: &str,
    arguments: &serde_json::Value,
    probe: &FunctionProbe,
    style: Option<Style>,
) -> Result<String, ToolError> {
    bound_with(false, function, arguments, probe, style)
}

fn bound_with(
    consent: bool,
    function: &str,
    arguments: &serde_json::Value,
    probe: &FunctionProbe,
    style: Option<Style>,
) -> Result<String, ToolError> {
    let Some(entry) = catalog::function(function) else { panic!("{function}") };
    let arguments: Map<_, _> = arguments.as_object().unwrap().clone();
    let arguments = validate::arguments(entry, &arguments).unwrap();
    bind(entry, &arguments, Consent::of(consent), probe, style, &target("w")).map(|bound| {
        bound.parameters.iter().map(|(name, value)| format!("-{name} {value:?}")).collect::<Vec<_>>().join(" ")
    })
}

const STRING: &str = "System.String";
const TARGET: [(&str, &str, &[&str]); 3] =
    [("SubscriptionId", STRING, &[]), ("ResourceGroupName", STRING, &[]), ("WorkspaceName", STRING, &[])];

#[test]
fn the_probe_s_names_and_types_are_sent() {
    let probe = probe(
        &[("Workspace", STRING, &[]), ("LastDays", "System.Int64", &[]), ("status", "System.String[]", &[])],
        false,
    );
    let sent = bound("Get-SentinelIncidents", &json!({"LastDays": 5, "Status": ["new"]}), &probe, None).unwrap();
    assert!(sent.contains("-LastDays I64(5)"), "{sent}");
    assert!(sent.starts_with("-status "), "{sent}");
    assert!(sent.ends_with(r#"-Workspace String("law-t")"#), "{sent}");
}

#[test]
fn either_side_s_aliases_bind_and_parts_of_names_do_not() {
    let both = [("Workspace", STRING, &[][..]), ("Id", STRING, &[]), ("RuleIdentity", STRING, &[])];
    assert!(
        bound("Get-AnalyticsRuleDetails", &json!({"RuleId": "r"}), &probe(&both, false), None)
            .unwrap()
            .contains("-Id ")
    );
    let theirs = [("Workspace", STRING, &[][..]), ("Rule", STRING, &["ruleid"])];
    assert!(
        bound("Get-AnalyticsRuleDetails", &json!({"RuleId": "r"}), &probe(&theirs, false), None)
            .unwrap()
            .contains("-Rule ")
    );
    let part = [("Workspace", STRING, &[][..]), ("RuleIdentity", STRING, &[])];
    assert!(bound("Get-AnalyticsRuleDetails", &json!({"RuleId": "r"}), &probe(&part, false), None).is_err());
}

#[test]
fn an_argument_that_the_host_lacks_is_refused_with_what_it_has() {
    let mut parameters = TARGET.to_vec();
    parameters.push(("Severity", "System.String[]", &[]));
    let error = bound("Get-AnalyticsRules", &json!({"Enabled": true}), &probe(&parameters, false), None).unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    assert_eq!(
        error.said(Language::English),
        "\"Get-AnalyticsRules\" on the host \"jump\" has no parameter \"Enabled\"; it has \"Severity\"."
    );
}

#[test]
fn a_function_that_cannot_be_told_its_workspace_does_not_run() {
    let blind = probe(&[("SubscriptionId", STRING, &[])], false);
    let error = bound("Get-AnalyticsRules", &json!({}), &blind, Some(Style::Contract)).unwrap_err();
    assert_eq!((error.code(), error.outcome()), (Code::TargetMismatch, Outcome::Refused));
    // The session style keeps the target itself, and the host compares it.
    assert_eq!(bound("Get-AnalyticsRules", &json!({}), &blind, Some(Style::Session)).unwrap(), "");
}

#[test]
fn a_write_is_told_all_of_its_target_and_a_read_may_be_told_less() {
    let comment = json!({"IncidentNumber": 5, "Message": "x"});
    let own = [("IncidentNumber", "System.Int32", &[][..]), ("Message", STRING, &[])];
    let with = |target: &[(&'static str, &'static str, &'static [&'static str])]| {
        bound("Add-IncidentComment", &comment, &probe(&[&own[..], target].concat(), false), Some(Style::Contract))
    };
    for lacking in 0..TARGET.len() {
        let mut target = TARGET.to_vec();
        let (name, ..) = target.remove(lacking);
        let error = with(&target).unwrap_err();
        assert_eq!((error.code(), error.outcome()), (Code::TargetMismatch, Outcome::Refused), "{name}");
        let said = error.said(Language::English);
        assert!(said.contains(&format!("takes no \"{name}\",")), "{said}");
    }
    for other in [
        [("Subscription", STRING, &[][..]), ("ResourceGroup", STRING, &[]), ("Workspace", STRING, &[])],
        [("Sub", STRING, &["subscriptionid"][..]), ("Group", STRING, &["ResourceGroupName"]), TARGET[2]],
    ] {
        let sent = with(&other).unwrap();
        assert!(other.iter().all(|(name, ..)| sent.contains(&format!("-{name} "))), "{sent}");
    }
    let Some(entry) = catalog::function("Get-AnalyticsRules") else { panic!() };
    let workspace = probe(&TARGET[2..], false);
    let read = |probe: &FunctionProbe| {
        bind(
            entry,
            &validate::arguments(entry, &Map::new()).unwrap(),
            Consent::of(false),
            probe,
            Some(Style::Contract),
            &target("w"),
        )
        .unwrap()
        .warning
    };
    let warning = In(Language::English, &read(&workspace).unwrap()).to_string();
    assert!(warning.contains("\"SubscriptionId\", \"ResourceGroupName\""), "{warning}");
    assert_eq!(read(&probe(&TARGET, false)), None);
}

#[test]
fn what_the_server_decides_is_sent_only_where_it_is_known() {
    let mut parameters = TARGET.to_vec();
    parameters.push(("ShowHeader", "System.Boolean", &[]));
    let sent = bound("Get-AnalyticsRules", &json!({}), &probe(&parameters, false), Some(Style::Contract)).unwrap();
    assert!(sent.ends_with("-ShowHeader Bool(false)"), "{sent}");
    let without = bound("Get-AnalyticsRules", &json!({}), &probe(&TARGET, false), Some(Style::Contract)).unwrap();
    assert!(!without.contains("ShowHeader") && !without.contains("Confirm"), "{without}");
    parameters.extend([("IncidentNumber", "System.Int32", &[][..]), ("Message", STRING, &[])]);
    let comment = json!({"IncidentNumber": 5, "Message": "x"});
    let sent = bound("Add-IncidentComment", &comment, &probe(&parameters, true), Some(Style::Contract)).unwrap();
    assert!(sent.ends_with("-Confirm Bool(false)"), "{sent}");
}

#[test]
fn a_value_that_the_host_s_type_cannot_hold_is_refused() {
    let mut parameters = TARGET.to_vec();
    parameters.push(("Severity", STRING, &[]));
    let two = json!({"Severity": ["High", "Low"]});
    let error = bound("Get-AnalyticsRules", &two, &probe(&parameters, false), None).unwrap_err();
    assert_eq!(
        error.said(Language::English),
        "The argument \"Severity\" does not fit: the host \"jump\" takes a string there."
    );
}

#[test]
fn d2_a_value_is_sent_as_the_host_declares_it_when_nothing_is_lost() {
    let declares = |function: &str, name: &'static str, kind: &'static str, arguments: &serde_json::Value| {
        let parameters = [&TARGET[..], &[(name, kind, &[][..])]].concat();
        let sent = bound(function, arguments, &probe(&parameters, false), Some(Style::Contract)).unwrap();
        sent.split(" -").find(|part| part.trim_start_matches('-').starts_with(name)).unwrap_or(&sent).to_owned()
    };
    let number = json!({"IncidentNumber": 12_350});
    let sent = declares("Show-IncidentDetails", "IncidentNumber", STRING, &number);
    assert!(sent.ends_with("IncidentNumber String(\"12350\")"), "{sent}");
    let sent = declares("Show-IncidentDetails", "IncidentNumber", "System.Int64", &number);
    assert!(sent.ends_with("IncidentNumber I64(12350)"), "{sent}");
    let on = json!({"Enabled": true});
    let sent = declares("Get-AnalyticsRules", "Enabled", STRING, &on);
    assert!(sent.ends_with("Enabled String(\"True\")"), "{sent}");
    let one = json!({"Severity": ["High"]});
    let sent = declares("Get-AnalyticsRules", "Severity", STRING, &one);
    assert!(sent.ends_with("Severity String(\"High\")"), "{sent}");
    let id = json!({"IncidentId": "00000000-0000-0000-0000-00000000000a"});
    let sent = declares("Show-IncidentDetails", "IncidentId", "System.Guid", &id);
    assert!(sent.contains("00000000-0000-0000-0000-00000000000a"), "{sent}");
}

#[test]
fn a9_force_is_sent_where_it_leads_past_a_question() {
    const SWITCH: &str = "System.Management.Automation.SwitchParameter";
    let mut parameters = TARGET.to_vec();
    parameters.extend([("RuleId", STRING, &[][..]), ("Force", SWITCH, &[])]);
    let mut probe = probe(&parameters, false);
    let sent = |consent: bool, probe: &FunctionProbe| {
        bound_with(consent, "Disable-AnalyticsRule", &json!({"RuleId": "r"}), probe, Some(Style::Contract)).unwrap()
    };
    assert!(!sent(true, &probe).contains("Force"), "it may mean anything");
    probe.places = vec![AskingPlace {
        function: "f".to_owned(),
        kind: "Read-Host".to_owned(),
        line: 1,
        secure: false,
        caption: Vec::new(),
        parts: Vec::new(),
        unless: vec!["Force".to_owned()],
        sure: true,
    }];
    assert!(sent(true, &probe).ends_with("-Force Bool(true)") && !sent(false, &probe).contains("Force"));
}

#[test]
fn a9_a_function_without_parameters_is_told_as_one() {
    let error =
        bound("Get-SentinelIncidents", &json!({"Top": 3}), &probe(&[], false), Some(Style::Session)).unwrap_err();
    let said = error.said(Language::English);
    assert!(said.contains("\"Top\"") && said.ends_with("leave it out."), "{said}");
}

#[test]
fn a_consent_is_passed_on_only_where_it_was_given_and_is_known() {
    const SWITCH: &str = "System.Management.Automation.SwitchParameter";
    let mut parameters = TARGET.to_vec();
    parameters.extend([("RuleId", STRING, &[][..]), ("force", SWITCH, &[]), ("SkipConfirm", SWITCH, &[])]);
    let rule = json!({"RuleId": "r"});
    let sent = |consent: bool, function: &str, parameters: &[(&str, &str, &[&str])]| {
        bound_with(consent, function, &rule, &probe(parameters, true), Some(Style::Contract)).unwrap()
    };
    let with = sent(true, "Remove-AnalyticsRule", &parameters);
    assert!(with.ends_with("-force Bool(true) -SkipConfirm Bool(true) -Confirm Bool(false)"), "{with}");
    let without = sent(false, "Remove-AnalyticsRule", &parameters);
    assert!(!without.contains("orce") && !without.contains("Skip"), "{without}");
    // The catalogue knows no `Force` of this one: it may mean anything.
    let unknown = sent(true, "Disable-AnalyticsRule", &parameters);
    assert!(!unknown.contains("orce") && unknown.contains("-SkipConfirm Bool(true)"), "{unknown}");
    let bare = sent(true, "Remove-AnalyticsRule", &parameters[..4]);
    assert!(!bare.contains("orce") && !bare.contains("Skip"), "{bare}");
    parameters[4].1 = STRING;
    assert!(!sent(true, "Remove-AnalyticsRule", &parameters).contains("orce"), "not a switch");
}
