//! The scenario as a server meets it: our module first, then calls.

use std::sync::Arc;

use jiff::Timestamp;
use wsman::clixml::{Content, Limits, Object, Property, Value, decode, encode};
use wsman::host_end::demo::{Commands, Step};
use wsman::psrp::{Command, ErrorRecord};

use super::{Place, SCRIPT, SCRIPT_PATH, World, commands_for};
use crate::catalog::{self, Kind, OutputField};
use crate::host::MODULE;

mod changes;
mod estate;

/// One call: a function and what is left of its arguments.
type Given<'a> = &'a [(&'a str, Value)];

/// A loaded session with the host of one tenant, for one of its workspaces.
struct Session {
    commands: Box<dyn Commands>,
    place: Place,
}

impl Session {
    fn open(world: &Arc<World>, workspace: &str) -> Self {
        let tenant = world.tenants().iter().find(|t| t.workspaces.iter().any(|p| p.alias == workspace)).unwrap();
        let place = tenant.workspaces.iter().find(|place| place.alias == workspace).unwrap().clone();
        let mut commands = commands_for(Arc::clone(world), &tenant.alias)();
        commands.script(MODULE).unwrap();
        let load = Command::new("Import-SjScript").argument("Path", SCRIPT_PATH);
        assert!(matches!(commands.command(&load).unwrap().as_slice(), [Step::Output(_)]));
        Self { commands, place }
    }

    fn raw(&mut self, function: &str, given: Given, extra: Given) -> Vec<Step> {
        let place = &self.place;
        let target = [
            ("SubscriptionId", &place.subscription),
            ("ResourceGroupName", &place.resource_group),
            ("WorkspaceName", &place.name),
        ];
        let target = target.map(|(name, value)| (name, Value::from(value.as_str())));
        // What the test gives comes in place of ours.
        let target = target.into_iter().filter(|(name, _)| given.iter().all(|(other, _)| other != name));
        let parameters = Value::hashtable(target.chain(given.iter().cloned()));
        let mut command = Command::new("Invoke-SjCall").argument("Name", function).argument("Parameters", parameters);
        for (name, value) in extra {
            command = command.argument(*name, value.clone());
        }
        self.commands.command(&command).unwrap()
    }

    /// Output without the end record, which must be there.
    fn call(&mut self, function: &str, given: Given) -> Vec<Value> {
        let steps = self.raw(function, given, &[]);
        let mut output = outputs(&steps);
        assert!(output.pop().is_some_and(|end| end.as_object().unwrap().is_a("SentinelJump.End")), "{steps:?}");
        output
    }

    fn failure(&mut self, function: &str, given: Given) -> ErrorRecord {
        failed(&self.raw(function, given, &[]))
    }
}

fn world() -> Arc<World> {
    Arc::new(World::new("2026-03-10T12:00:00Z".parse().unwrap()))
}

/// Without the begin record.
fn outputs(steps: &[Step]) -> Vec<Value> {
    let begins = |value: &Value| value.as_object().is_some_and(|object| object.is_a("SentinelJump.Begin"));
    let output = |step: &Step| match step {
        Step::Output(value) if !begins(value) => Some(value.clone()),
        _ => None,
    };
    steps.iter().filter_map(output).collect()
}

fn failed(steps: &[Step]) -> ErrorRecord {
    match steps.last() {
        Some(Step::Fail(record)) => record.clone(),
        other => panic!("expected a terminating error, found {other:?}"),
    }
}

fn reported(steps: &[Step]) -> ErrorRecord {
    let found = steps.iter().find_map(|step| if let Step::Error(record) = step { Some(record.clone()) } else { None });
    found.unwrap_or_else(|| panic!("expected an error record, found {steps:?}"))
}

fn numbers(incidents: &[Value]) -> Vec<i64> {
    incidents.iter().map(|incident| incident.get("IncidentNumber").unwrap().as_i64().unwrap()).collect()
}

fn list(items: &[&str]) -> Value {
    Value::list(items.iter().copied().map(Value::from).collect())
}

fn named<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).unwrap().as_str().unwrap()
}

#[test]
fn the_scenario_has_what_the_design_says() {
    let world = world();
    assert_eq!(world.tenants().len(), 3);
    let (mut rules, mut incidents) = (Vec::new(), Vec::new());
    for place in world.tenants().iter().flat_map(|tenant| &tenant.workspaces) {
        let mut session = Session::open(&world, &place.alias);
        rules.push(session.call("Get-AnalyticsRules", &[]).len());
        let all = [("Status", list(&["Open", "Closed"])), ("LastDays", Value::I32(365))];
        incidents.push(session.call("Get-SentinelIncidents", &all).len());
    }
    assert_eq!((rules.len(), rules.iter().sum::<usize>()), (4, 89));
    assert_eq!(incidents.iter().sum::<usize>(), 25);
}

#[test]
fn every_property_of_the_catalogue_is_there_and_of_its_type() {
    let mut session = Session::open(&world(), "nordhafen-prod");
    let rule = [("RuleName", Value::from("password SPRAY against Entra ID")), ("IncludeHealth", Value::Bool(true))];
    let number = ("IncidentNumber", Value::I32(12345));
    let calls: [(&str, &[(&str, Value)]); 6] = [
        ("Get-AnalyticsRules", &[("IncludeQuery", Value::Bool(true))]),
        ("Get-AnalyticsRuleDetails", &rule),
        ("Get-SentinelIncidents", &[]),
        ("Show-IncidentDetails", std::slice::from_ref(&number)),
        ("Add-IncidentComment", &[number.clone(), ("Message", Value::from("x"))]),
        ("Export-AnalyticsRules", &[]),
    ];
    for (function, given) in calls {
        let properties = &catalog::function(function).unwrap().output.properties;
        assert!(!properties.is_empty(), "{function}");
        for output in session.call(function, given) {
            let names = output.as_object().unwrap().type_names.as_ref().unwrap().join(",");
            assert_eq!(names, "System.Management.Automation.PSCustomObject,System.Object");
            for OutputField { name, kind, .. } in properties {
                let value = output.get(name).unwrap_or_else(|| panic!("{function} lacks {name}"));
                assert!(is_of(value, *kind), "{function}: {name} is no {kind:?}: {value:?}");
            }
            encode(&output, &Limits::ENCODE).unwrap();
        }
    }
}

fn is_of(value: &Value, wanted: Kind) -> bool {
    match (value, wanted) {
        (Value::Nil, _) => true,
        (Value::String(_), Kind::String)
        | (Value::I32(_), Kind::Int)
        | (Value::Bool(_), Kind::Bool)
        | (Value::TimeSpan(_), Kind::Timespan) => true,
        (Value::DateTime(date), Kind::Datetime) => date.as_str().ends_with('Z'),
        (Value::Object(object), Kind::Strings | Kind::Objects) => matches!(object.content, Content::List(..)),
        (Value::Object(object), Kind::Object) => object.content == Content::None,
        _ => false,
    }
}

#[test]
fn rules_are_filtered() {
    let mut session = Session::open(&world(), "alpenmed-prod");
    let all = session.call("Get-AnalyticsRules", &[]);
    let off = session.call("Get-AnalyticsRules", &[("Enabled", Value::Bool(false))]);
    let on = session.call("Get-AnalyticsRules", &[("Enabled", Value::Bool(true))]);
    assert!(!off.is_empty() && !on.is_empty());
    assert_eq!(off.len() + on.len(), all.len());
    for (name, value, property, wanted) in [
        ("Kind", list(&["nrt"]), "Kind", "NRT"),
        ("Severity", list(&["High"]), "Severity", "High"),
        ("NameFilter", Value::from("zz test*"), "DisplayName", "ZZ Test KH"),
    ] {
        let found = session.call("Get-AnalyticsRules", &[(name, value)]);
        assert!(!found.is_empty() && found.len() < all.len(), "{name}");
        assert!(found.iter().all(|rule| named(rule, property) == wanted), "{name}");
        assert!(found.iter().all(|rule| *rule.get("Query").unwrap() == Value::Nil), "only with IncludeQuery");
    }
    let tactic = session.call("Get-AnalyticsRules", &[("Tactic", Value::from("Exfiltration"))]);
    assert!(tactic.iter().any(|rule| named(rule, "DisplayName") == "Mass download from SharePoint"));
    let since = Value::from("2026-03-01T00:00:00Z");
    let changed = session.call("Get-AnalyticsRules", &[("ModifiedSince", since)]);
    assert_eq!(changed.len(), 1, "S08, five days ago");
}

#[test]
fn a_rule_deviates_where_the_scenario_says() {
    let world = world();
    let spray = [("RuleId", Value::from("000000b0-0d3a-4000-8000-000000000001"))];
    let mut severities = ["nordhafen-prod", "alpenmed-prod"].map(|workspace| {
        let rule = Session::open(&world, workspace).call("Get-AnalyticsRuleDetails", &spray).remove(0);
        named(&rule, "Severity").to_owned()
    });
    severities.sort();
    assert_eq!(severities, ["High", "Medium"]);
    let inbox = [("RuleName", Value::from("Inbox rule sends mail outside"))];
    let rule = Session::open(&world, "alpenmed-prod").call("Get-AnalyticsRuleDetails", &inbox).remove(0);
    assert!(named(&rule, "Query").contains("in ('New-InboxRule')"));
    assert_eq!(rule.get("Tables").unwrap().items().unwrap(), [Value::from("OfficeActivity")]);
    let mapping = &rule.get("EntityMappings").unwrap().items().unwrap()[0];
    assert_eq!(named(&mapping.get("FieldMappings").unwrap().items().unwrap()[0], "Identifier"), "FullName");
}

#[test]
fn a_name_that_several_rules_have_picks_none() {
    let world = world();
    let place = world.tenant("marlowe").unwrap().workspaces[0].clone();
    let target = (place.subscription.as_str(), place.resource_group.as_str(), place.name.as_str());
    world.on("marlowe", target, |_, workspace| {
        workspace.rules[1].body.display_name = workspace.rules[0].body.display_name.clone();
    });
    let mut session = Session::open(&world, "marlowe-prod");
    let name = [("RuleName", Value::from("Password spray against Entra ID"))];
    let steps = session.raw("Get-AnalyticsRuleDetails", &name, &[]);
    let record = reported(&steps);
    assert_eq!((record.id.as_str(), record.category), ("RuleNameAmbiguous,Get-AnalyticsRuleDetails", 5));
    assert!(record.message.contains("000000000001, 000000b0"), "{}", record.message);
    assert_eq!(outputs(&steps).len(), 1, "the end record only");
}

#[test]
fn incidents_are_filtered_and_ordered() {
    let mut session = Session::open(&world(), "nordhafen-prod");
    let mut of = |given: Given| numbers(&session.call("Get-SentinelIncidents", given));
    assert_eq!(of(&[]), [12350, 12349, 12347, 12345, 12341], "New and Active of seven days, newest first");
    let text = |text: &str| Value::from(text);
    assert_eq!(of(&[("Status", list(&["Closed"])), ("LastDays", Value::I32(30))]), [12338, 12330]);
    assert_eq!(of(&[("Status", list(&["Open"]))]), of(&[]));
    assert_eq!(of(&[("Status", text("New")), ("Owner", text("unassigned"))]), [12350, 12349, 12347]);
    assert_eq!(of(&[("Owner", text("J.Okafor@leuchtturm.example"))]), [12345]);
    assert_eq!(of(&[("TitleFilter", text("A.PETERSEN"))]), [12349, 12347]);
    assert_eq!(of(&[("Label", text("chain-petersen"))]), [12349, 12347, 12345]);
    assert_eq!(of(&[("Severity", list(&["Medium"]))]), [12349, 12341]);
    assert_eq!(of(&[("RuleId", text("000000b0-0d3a-4000-8000-000000000016"))]), [12350]);
    assert_eq!(of(&[("Top", Value::I32(2)), ("OrderBy", text("CreatedAsc"))]), [12341, 12345]);
    assert_eq!(of(&[("OrderBy", text("severitydesc"))]), [12350, 12347, 12345, 12349, 12341]);
    assert_eq!(of(&[("LastDays", Value::I32(1))]), [12350, 12349]);
    assert_eq!(of(&[("CreatedAfter", text("2026-03-09T11:00:00+01:00"))]), [12350, 12349, 12347]);
    let closed = ("Status", list(&["New", "Active", "Closed"]));
    assert_eq!(of(&[closed, ("CreatedBefore", text("2026-03-06T00:00:00"))]), [12338, 12330]);
}

#[test]
fn time_goes_on_by_the_clock_that_is_given() {
    let start: Timestamp = "2026-03-10T12:00:00Z".parse().unwrap();
    let later: Timestamp = "2026-03-11T12:00:00Z".parse().unwrap();
    let world = Arc::new(World::new(start).with_clock(move || later));
    let mut session = Session::open(&world, "nordhafen-prod");
    assert_eq!(session.call("Get-SentinelIncidents", &[("LastDays", Value::I32(1))]), []);
}

#[test]
fn a_comment_is_in_its_workspace_only() {
    let world = world();
    let mut session = Session::open(&world, "nordhafen-prod");
    let number = ("IncidentNumber", Value::I32(12350));
    let given =
        [number.clone(), ("Message", Value::from("Anruf beim Kunden: Übung.")), ("Confirm", Value::Bool(false))];
    let answer = session.call("Add-IncidentComment", &given).remove(0);
    assert_eq!(named(&answer, "Author"), "svc-sentinel@leuchtturm.example");

    // Another session of the same host.
    let shown =
        Session::open(&world, "nordhafen-prod").call("Show-IncidentDetails", std::slice::from_ref(&number)).remove(0);
    let comments = shown.get("Comments").unwrap().items().unwrap();
    assert_eq!(comments.len(), 1);
    for property in ["Message", "CommentId", "Author"] {
        assert_eq!(comments[0].get(property), answer.get(property));
    }
    assert_eq!(shown.get("CommentsCount").unwrap().as_i64(), Some(1));
    assert_eq!(*shown.get("Alerts").unwrap().items().unwrap()[0].get("Status").unwrap(), Value::from("New"));

    let elsewhere = Session::open(&world, "nordhafen-ot").raw("Show-IncidentDetails", &[number], &[]);
    assert_eq!(reported(&elsewhere).id, "IncidentNotFound,Show-IncidentDetails");
}

#[test]
fn the_same_comment_id_again_adds_nothing() {
    let mut session = Session::open(&world(), "marlowe-prod");
    let id = ("IncidentId", Value::from("000000e0-0d3a-4000-8000-000000000fb3"));
    let comment = ("CommentId", Value::from("11111111-0d3a-4000-8000-000000000001"));
    for message in ["first", "again"] {
        session.call("Add-IncidentComment", &[id.clone(), comment.clone(), ("Message", Value::from(message))]);
    }
    let shown = session.call("Show-IncidentDetails", &[id]).remove(0);
    let comments = shown.get("Comments").unwrap().items().unwrap();
    assert_eq!((comments.len(), named(&comments[0], "Message")), (1, "again"));
}

#[test]
fn what_if_changes_nothing() {
    let mut session = Session::open(&world(), "nordhafen-prod");
    let number = ("IncidentNumber", Value::I32(12350));
    let before = session.call("Show-IncidentDetails", std::slice::from_ref(&number));
    let given = [number.clone(), ("Message", Value::from("x")), ("WhatIf", Value::Bool(true))];
    let steps = session.raw("Add-IncidentComment", &given, &[]);
    let [_, Step::Host(said), Step::Output(_)] = steps.as_slice() else { panic!("{steps:?}") };
    assert!(said.starts_with("What if:") && said.contains("#12350"), "{said}");
    let asks = [number.clone(), ("Message", Value::from("x")), ("Confirm", Value::Bool(true))];
    assert_eq!(session.failure("Add-IncidentComment", &asks).id, "HostFunctionNotImplemented,Add-IncidentComment");
    assert_eq!(session.call("Show-IncidentDetails", &[number]), before);
}

#[test]
fn a_host_knows_its_own_tenant_only() {
    let world = world();
    let mut session = Session::open(&world, "nordhafen-prod");
    let wrong = [("WorkspaceName", Value::from("law-nordhafen-ot"))];
    let record = reported(&session.raw("Get-AnalyticsRules", &wrong, &[]));
    assert_eq!((record.id.as_str(), record.category), ("WorkspaceNotFound,Get-AnalyticsRules", 13));
    // A workspace that is there, of another customer.
    session.place = world.tenant("marlowe").unwrap().workspaces[0].clone();
    let record = reported(&session.raw("Get-SentinelIncidents", &[], &[]));
    assert_eq!(record.id, "WorkspaceNotFound,Get-SentinelIncidents");
    session.place = world.tenant("nordhafen").unwrap().workspaces[1].clone();
    session.place.name = session.place.name.to_uppercase();
    assert!(!session.call("Get-SentinelIncidents", &[]).is_empty());
}

#[test]
fn arguments_are_refused_as_powershell_does() {
    let mut session = Session::open(&world(), "nordhafen-prod");
    let text = |text: &str| Value::from(text);
    let id = text("000000e0-0d3a-4000-8000-000000003039");
    let cases: [(&str, Given, &str, i32, &str); 12] = [
        (
            "Get-AnalyticsRules",
            &[("Severity", list(&["Hihg"]))],
            "ParameterArgumentValidationError",
            6,
            "\"High,Medium,Low,Informational\"",
        ),
        (
            "Get-SentinelIncidents",
            &[("OrderBy", text("x"))],
            "ParameterArgumentValidationError",
            6,
            "CreatedDesc,CreatedAsc",
        ),
        (
            "Get-SentinelIncidents",
            &[("Top", Value::I32(1001))],
            "ParameterArgumentValidationError",
            6,
            "1001 argument is greater than the maximum allowed range of 1000",
        ),
        (
            "Show-IncidentDetails",
            &[("IncidentNumber", Value::I32(0))],
            "ParameterArgumentValidationError",
            6,
            "less than the minimum",
        ),
        ("Show-IncidentDetails", &[("IncidentId", text("x"))], "ParameterArgumentValidationError", 6, "does not match"),
        ("Get-SentinelIncidents", &[("Top", text("x"))], "ParameterArgumentTransformationError", 6, "System.Int32"),
        (
            "Get-AnalyticsRules",
            &[("Enabled", text("true"))],
            "ParameterArgumentTransformationError",
            6,
            "System.Boolean",
        ),
        ("Get-AnalyticsRules", &[("Foo", text("x"))], "NamedParameterNotFound", 5, "'Foo'"),
        ("Get-AnalyticsRules", &[("WhatIf", Value::Bool(true))], "NamedParameterNotFound", 5, "'WhatIf'"),
        ("Show-IncidentDetails", &[], "MissingMandatoryParameter", 5, "IncidentNumber."),
        ("Add-IncidentComment", &[("Id", id.clone())], "MissingMandatoryParameter", 5, "Message."),
        ("Show-IncidentDetails", &[("Id", id), ("Number", Value::I32(1))], "AmbiguousParameterSet", 5, "Parameter set"),
    ];
    for (function, given, kind, category, says) in cases {
        let record = session.failure(function, given);
        assert_eq!((record.id, record.category), (kind.to_owned(), category));
        assert!(record.message.contains(says), "{}", record.message);
    }
    let plain = Command::new("Show-IncidentDetails").argument("IncidentNumber", 1);
    let steps = session.commands.command(&plain).unwrap();
    assert_eq!(failed(&steps).id, "MissingMandatoryParameter,Show-IncidentDetails");
}

#[test]
fn an_error_does_not_end_the_call_unless_told() {
    let mut session = Session::open(&world(), "nordhafen-prod");
    let unknown = [("IncidentNumber", Value::I32(1))];
    let steps = session.raw("Show-IncidentDetails", &unknown, &[]);
    let [_, Step::Error(record), Step::Output(_)] = steps.as_slice() else { panic!("{steps:?}") };
    assert_eq!((record.id.as_str(), record.category), ("IncidentNotFound,Show-IncidentDetails", 13));
    let stop = [("Preference", Value::hashtable([("ErrorActionPreference", Value::from("Stop"))]))];
    assert_eq!(failed(&session.raw("Show-IncidentDetails", &unknown, &stop)).id, record.id);
}

#[test]
fn progress_comes_only_when_asked_for() {
    let mut session = Session::open(&world(), "nordhafen-ot");
    let progress = |steps: &[Step]| steps.iter().filter(|step| matches!(step, Step::Progress(_))).count();
    assert_eq!(progress(&session.raw("Export-AnalyticsRules", &[], &[])), 0);
    let loud = [("Preference", Value::hashtable([("Progress", Value::from("Continue"))]))];
    let steps = session.raw("Export-AnalyticsRules", &[], &loud);
    let rules = outputs(&steps).len() - 1;
    assert_eq!(progress(&steps), rules + 1, "one per rule, one for the end");
}

#[test]
fn rules_are_exported_in_each_format() {
    let mut session = Session::open(&world(), "nordhafen-prod");
    let rule = ("RuleId", list(&["000000b0-0d3a-4000-8000-000000000001"]));
    let mut of = |format: &str| {
        let given = [rule.clone(), ("Format", Value::from(format)), ("IncludeActions", Value::Bool(true))];
        session.call("Export-AnalyticsRules", &given).remove(0)
    };
    let json = of("JSON");
    assert_eq!(named(&json, "FileName"), "password-spray-against-entra-id.json");
    let properties = json.get("Content").unwrap().get("properties").unwrap();
    assert_eq!(named(properties, "queryFrequency"), "PT1H");
    assert!(properties.get("etag").is_none());
    assert_eq!(of("ARM").get("Content").unwrap().get("resources").unwrap().items().unwrap().len(), 1);
    let yaml = of("yaml");
    let text = named(&yaml, "Content");
    assert!(text.contains("  query: |-\n    SigninLogs\n    | where"), "{text}");
    assert_eq!(yaml.get("Bytes").unwrap().as_i64(), i64::try_from(text.len()).ok());
    let bare = session.call("Export-AnalyticsRules", &[rule, ("PassThru", Value::Bool(false))]);
    assert_eq!(bare[0].get("Content"), Some(&Value::Nil));
    let unknown = session.raw("Export-AnalyticsRules", &[("RuleId", list(&["none"]))], &[]);
    assert_eq!(reported(&unknown).id, "RuleNotFound,Export-AnalyticsRules");
}

#[test]
fn a_script_with_one_byte_changed_is_refused() {
    let mut commands = commands_for(world(), "nordhafen")();
    let load = Command::new("Import-SjScript").argument("Path", SCRIPT_PATH);
    assert!(commands.command(&load).is_none(), "its commands come with the module");
    for other in ["", "1", &MODULE[1..], &MODULE.replacen("'Stop'", "'stop'", 1), &format!("{MODULE} ")] {
        assert!(commands.script(other).is_none());
    }
    assert!(commands.command(&load).is_none());
    assert!(commands.command(&Command::new("Get-Process")).is_none());
    assert_eq!(commands.names().len(), 39);
    commands.script(MODULE).unwrap();
    assert_eq!(commands.names().len(), 45);
    assert!(commands.command(&load).is_some());
}

#[test]
fn plain_commands_need_no_module() {
    let world = world();
    let mut commands = commands_for(Arc::clone(&world), "marlowe")();
    let place = &world.tenant("marlowe").unwrap().workspaces[0];
    let command = Command::new("get-sentinelincidents")
        .argument("SubscriptionId", place.subscription.as_str())
        .argument("ResourceGroup", place.resource_group.as_str())
        .argument("WorkspaceName", place.name.as_str());
    assert_eq!(numbers(&outputs(&commands.command(&command).unwrap())), [4021, 4019, 4007]);
}

#[test]
fn the_module_refuses_as_the_real_one() {
    let import = || Command::new("Import-SjScript");
    let call = || Command::new("Invoke-SjCall").argument("Name", "Get-AnalyticsRules");
    let table = |key: &str| Value::hashtable([(key, Value::from("x"))]);
    let mut ready = commands_for(world(), "alpenmed")();
    ready.script(MODULE).unwrap();
    let mut early = |command: Command| failed(&ready.command(&command).unwrap()).id;
    assert_eq!(early(call()), "SentinelJump.NotLoaded");
    assert_eq!(early(Command::new("Get-SjProbe")), "SentinelJump.NotLoaded");
    assert_eq!(early(import()), "SentinelJump.ScriptMissing");
    assert_eq!(early(import().argument("Path", r"C:\SOC\Other.psm1")), "SentinelJump.ScriptMissing");
    assert_eq!(early(import().argument("Bytes", Value::Bytes(b"1".to_vec()))), "SentinelJump.ScriptMissing");
    let pinned = import().argument("Path", SCRIPT_PATH).argument("Sha256", "00");
    assert_eq!(early(pinned), "SentinelJump.HashMismatch");
    let with = import().argument("Path", SCRIPT_PATH).argument("Parameters", table("AuthMethod"));
    assert_eq!(early(with), "SentinelJump.ScriptParameterUnknown");

    let mut loaded = Session::open(&world(), "alpenmed-prod");
    let mut id = |command: Command| failed(&loaded.commands.command(&command).unwrap()).id;
    assert_eq!(id(import().argument("Path", SCRIPT_PATH)), "SentinelJump.AlreadyLoaded");
    assert_eq!(id(Command::new("Invoke-SjCall")), "SentinelJump.UnknownFunction");
    assert_eq!(id(Command::new("Get-SjProbe").argument("Name", list(&["Nope"]))), "SentinelJump.UnknownFunction");
    assert_eq!(id(call().argument("Preference", table("X"))), "SentinelJump.UnknownPreference");
    assert_eq!(id(call().argument("Expect", table("WorkspaceName"))), "SentinelJump.TargetMismatch");
    assert_eq!(id(call().argument("Values", "x")), "ParameterArgumentValidationError,Invoke-SjCall");
    assert_eq!(id(call().argument("Foo", "x")), "NamedParameterNotFound,Invoke-SjCall");
}

/// The files are what a real engine (pwsh 7.6) said after our module and
/// `SentinelManager.psm1`; `tests/engine/demo.rs` writes and compares them.
#[test]
fn the_module_answers_as_the_real_one() {
    let mut commands = commands_for(world(), "alpenmed")();
    let one = |steps: Vec<Step>| outputs(&steps).remove(0);
    let ready = one(commands.script(MODULE).unwrap());
    let names = |value: &Value| value.as_object().unwrap().extended.iter().map(|p| p.name.clone()).collect::<Vec<_>>();
    let real = captured(include_str!("../../fixtures/demo/ready.clixml"));
    assert_eq!(names(&ready), names(&real), "versions differ, as hosts do");
    assert_eq!(ready.as_object().unwrap().type_names, real.as_object().unwrap().type_names);

    let push = Command::new("Import-SjScript")
        .argument("Bytes", Value::Bytes(SCRIPT.as_bytes().to_vec()))
        .argument("VirtualPath", SCRIPT_PATH);
    let load = one(commands.command(&push).unwrap());
    assert_eq!(load, captured(include_str!("../../fixtures/demo/load.clixml")), "the script changed: probe it anew");

    let azure = one(commands.command(&Command::new("Get-SjAzure").argument("Token", true)).unwrap());
    assert_eq!(azure, captured(include_str!("../../fixtures/demo/azure.clixml")));

    let target =
        Command::new("Set-SjTarget").argument("Target", Value::hashtable([("WorkspaceName", Value::from("x"))]));
    let target = one(commands.command(&target).unwrap());
    assert_eq!(target, captured(include_str!("../../fixtures/demo/target.clixml")));

    let probe = Command::new("Get-SjProbe").argument("Name", list(&["export-analyticsrules"]));
    let probe = one(commands.command(&probe).unwrap());
    assert_eq!(named(&probe, "name"), "Export-AnalyticsRules");
    assert_eq!(probe.get("progress").unwrap().as_bool(), Some(true));
    encode(&probe, &Limits::ENCODE).unwrap();
    assert_eq!(outputs(&commands.command(&Command::new("Get-SjProbe")).unwrap()).len(), 39);
}

/// A captured value, without the document's numbers.
fn captured(document: &str) -> Value {
    bare(&decode(document, &Limits::DECODE).unwrap())
}

fn bare(value: &Value) -> Value {
    let Value::Object(object) = value else { return value.clone() };
    let property = |property: &Property| Property { name: property.name.clone(), value: bare(&property.value) };
    Value::Object(Arc::new(Object {
        ref_id: None,
        type_names: object.type_names.clone(),
        to_string: object.to_string.clone(),
        content: match &object.content {
            Content::List(kind, items) => Content::List(*kind, items.iter().map(bare).collect()),
            other => other.clone(),
        },
        adapted: object.adapted.iter().map(property).collect(),
        extended: object.extended.iter().map(property).collect(),
    }))
}
