//! The host module on a real PowerShell, over wsman: an interactive script
//! that was not written for us.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use sentinel_jump::host::{
    AllowedAnswer, AzureWorkspace, Call, Ended, HostErrorKind, MODULE, OpenPlan, Returned, ScriptSource, Session, Style,
};
use tokio_util::sync::CancellationToken;
use wsman::auth::Credentials;
use wsman::client::{Options, RunspacePool};
use wsman::clixml::{Text, Value};
use wsman::host_end::engine::ProcessOptions;
use wsman::host_end::{EngineKind, HostOptions, Listener};
use wsman::psrp::Command;
use wsman::session::End;

use crate::outside::powershell::powershell;
use crate::outside::{shared, trials};

trials! { TRIALS:
    current_thread {
        a_menu_script_loads_without_its_menu(real);
        the_three_scripts_load_and_are_told_apart(real);
        a_pushed_script_runs_as_one_that_lies_there(real);
        a_script_that_is_not_there_is_told(real);
        objects_come_typed_and_the_screen_as_text(real);
        an_error_that_ends_and_one_that_does_not_are_told_apart(real);
        a_question_is_refused_and_quoted(real);
        a_question_of_the_allow_list_is_answered_once(real);
        exit_is_told_from_success(real);
        a_write_after_the_script_changed_its_workspace_is_refused_by_the_guard(real);
        without_the_guard_the_same_write_lands_in_the_other_workspace(real);
        a_cancel_reaches_a_sleeping_az;
        nothing_in_an_argument_is_run_and_surrogates_survive(real);
        a_probe_shows_names_aliases_and_types_and_is_kept(real);
        progress_comes_when_it_is_wanted(real);
    }
}

/// A host with a real PowerShell whose scripts find the stand-in `az`.
pub(crate) struct Real {
    pub(crate) host: Listener,
    pub(crate) scripts: PathBuf,
}

pub(crate) fn credentials() -> Credentials {
    Credentials { username: "svc-test".into(), password: "planted-secret-7f3a".to_owned().into() }
}

pub(crate) async fn real() -> Real {
    real_with(&[]).await
}

/// One whose PowerShell has more in its environment.
pub(crate) async fn real_with(env: &[(&str, &str)]) -> Real {
    let scripts = shared("data/scripts").expect("a test that needs the scripts runs where they are");
    let mut path = scripts.join("bin").into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut all = vec![("PATH".into(), path), ("DOTNET_EnableDiagnostics".into(), "0".into())];
    all.extend(env.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))));
    let engine = EngineKind::Process(ProcessOptions { argv: powershell(), env: all });
    let options = HostOptions::new(vec![credentials()], engine);
    let host = Listener::bind(([127, 0, 0, 1], 0).into(), options).await.expect("loopback can be listened on");
    Real { host, scripts }
}

impl Real {
    pub(crate) fn plan(&self, script: &str) -> OpenPlan {
        let script = ScriptSource::Path { path: self.scripts.join(script).display().to_string(), sha256: None };
        let target = AzureWorkspace {
            subscription: "00000000-0000-4000-8000-000000000001".into(),
            resource_group: "rg-nordhafen".into(),
            workspace: "law-nordhafen-sec-prod".into(),
        };
        OpenPlan::new("jump", self.host.url(), credentials(), script, target)
    }

    pub(crate) async fn v3(&self) -> Session {
        Session::open(&self.plan("SentinelManager_v3.ps1")).await.expect("the script loads")
    }
}

pub(crate) fn call(function: &str, parameters: &[(&str, Value)]) -> Call {
    Call {
        function: function.into(),
        parameters: parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        progress: false,
        write: false,
        confirmed: Vec::new(),
        timeout: Duration::from_secs(60),
    }
}

pub(crate) async fn run(session: &mut Session, function: &str, parameters: &[(&str, Value)]) -> Returned {
    let never = CancellationToken::new();
    session.call(call(function, parameters), &|_| {}, &never).await.expect("the call ends")
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or("(none)").to_owned()
}

async fn a_menu_script_loads_without_its_menu(real: Real) {
    let session = real.v3().await;
    let report = session.report();
    assert_eq!(report.functions.len(), 44);
    assert_eq!(report.dropped.iter().map(|dropped| dropped.line).collect::<Vec<_>>(), [666, 667]);
    assert_eq!(report.style, Some(Style::Session));
    session.close().await;
    assert_eq!(real.host.counters().shells_open, 0, "nothing is left behind");
}

async fn the_three_scripts_load_and_are_told_apart(real: Real) {
    for (script, functions, style) in
        [("SentinelManager_session.ps1", 44, Style::Session), ("SentinelManager.psm1", 39, Style::Contract)]
    {
        let session = Session::open(&real.plan(script)).await.unwrap();
        assert_eq!((session.report().functions.len(), session.style()), (functions, Some(style)), "{script}");
    }
}

async fn a_pushed_script_runs_as_one_that_lies_there(real: Real) {
    let bytes = std::fs::read(real.scripts.join("SentinelManager_v3.ps1")).unwrap();
    let by_path = real.v3().await;
    let sha256 = by_path.report().sha256.clone();
    let push = |sha256: &str| ScriptSource::Push {
        bytes: bytes.clone(),
        virtual_path: real.scripts.join("pushed.ps1").display().to_string(),
        sha256: sha256.to_owned(),
    };
    let mut plan = real.plan("");
    plan.script = push(&sha256);
    let mut session = Session::open(&plan).await.unwrap();
    assert_eq!(session.report().functions, by_path.report().functions);
    assert_eq!(run(&mut session, "Get-AnalyticsRules", &[]).await.data.len(), 3);
    plan.script = push(&sha256.replace(|c: char| c.is_ascii_digit(), "0"));
    let error = Session::open(&plan).await.unwrap_err();
    assert!(matches!(error.kind, HostErrorKind::ScriptChanged), "{error:?}");
}

async fn a_script_that_is_not_there_is_told(real: Real) {
    let error = Session::open(&real.plan("none.ps1")).await.unwrap_err();
    assert!(matches!(error.kind, HostErrorKind::ScriptMissing), "{error:?}");
}

async fn objects_come_typed_and_the_screen_as_text(real: Real) {
    let mut session = real.v3().await;
    let rules = run(&mut session, "Get-AnalyticsRules", &[("Enabled", Value::Bool(true))]).await;
    assert_eq!(rules.ended, Ended::Completed);
    assert_eq!(rules.data.len(), 2);
    assert_eq!(rules.data[0].get("enabled"), Some(&Value::Bool(true)));
    assert!(matches!(rules.data[0].get("lastModifiedUtc"), Some(Value::DateTime(at)) if at.as_str().ends_with('Z')));
    assert!(matches!(rules.data[0].get("queryFrequency"), Some(Value::TimeSpan(_))));
    assert!(rules.text.iter().any(|line| line.contains("Analyseregeln in law-nordhafen-sec-prod")), "{:?}", rules.text);
    let details = run(&mut session, "Show-IncidentDetails", &[("IncidentNumber", Value::I32(4712))]).await;
    assert!(details.data.is_empty());
    assert_eq!(details.text.len(), 6, "each line once: {:?}", details.text);
    assert_eq!(details.text[1], "  Titel    : Schattenkopien gelöscht");
    let table = run(&mut session, "Show-TableUsage", &[]).await;
    assert!(table.text.iter().any(|line| line.contains("SecurityEvent")), "Out-Host comes too: {:?}", table.text);
    assert!(session.is_reusable());
}

async fn an_error_that_ends_and_one_that_does_not_are_told_apart(real: Real) {
    let mut session = real.v3().await;
    let missing = run(&mut session, "Get-AnalyticsRuleDetails", &[("RuleId", Value::from("none"))]).await;
    assert_eq!(missing.ended, Ended::Completed);
    assert_eq!(missing.errors[0].id, "RuleNotFound,Get-AnalyticsRuleDetails");
    let wrong = run(&mut session, "Get-AnalyticsRules", &[("Kind", Value::from("Nonsense"))]).await;
    let Ended::Failed(error) = &wrong.ended else { panic!("{:?}", wrong.ended) };
    assert!(error.id.starts_with("ParameterArgumentValidationError"), "{}", error.id);
    assert!(session.is_reusable(), "a failed function leaves the session as it was");
}

async fn a_question_is_refused_and_quoted(real: Real) {
    let mut session = real.v3().await;
    let asked = run(&mut session, "Remove-SentinelTable", &[("TableName", Value::from("X_CL"))]).await;
    assert_eq!(asked.ended, Ended::Asked("Wirklich löschen? (j/n)".into()));
    assert!(!session.is_reusable());
    let mut session = real.v3().await;
    let asked = run(&mut session, "Disable-AnalyticsRule", &[("RuleId", Value::from("r1"))]).await;
    let Ended::Asked(question) = &asked.ended else { panic!("{:?}", asked.ended) };
    assert!(question.contains("Regel 'r1' in 'law-nordhafen-sec-prod' deaktivieren?"), "{question}");
}

async fn a_question_of_the_allow_list_is_answered_once(real: Real) {
    let mut plan = real.plan("SentinelManager_v3.ps1");
    let answer = |function: &str, question: &str, answer: &str| AllowedAnswer {
        function: function.into(),
        question: regex::Regex::new(question).unwrap(),
        answer: answer.into(),
    };
    plan.rules.answers = vec![
        answer("Remove-SentinelTable", r"^Wirklich löschen\? \(j/n\)$", "j"),
        answer(
            "Disable-AnalyticsRule",
            r"^Regel deaktivieren Regel '.*' in 'law-nordhafen-sec-prod' deaktivieren\?$",
            "Ja",
        ),
        answer("Start-SentinelManager", r"^Auswahl$", "7"),
    ];
    let mut session = Session::open(&plan).await.unwrap();
    let removed = run(&mut session, "Remove-SentinelTable", &[("TableName", Value::from("X_CL"))]).await;
    assert_eq!(removed.ended, Ended::Completed, "{removed:?}");
    assert_eq!(text(&removed.data[0], "Method"), "DELETE");
    let disabled = run(&mut session, "Disable-AnalyticsRule", &[("RuleId", Value::from("r1"))]).await;
    assert_eq!(disabled.ended, Ended::Completed, "{disabled:?}");
    assert_eq!(text(&disabled.data[0], "Method"), "PATCH");
    // A menu that does not like the answer asks again, and is refused.
    let menu = run(&mut session, "Start-SentinelManager", &[]).await;
    assert_eq!(menu.ended, Ended::Asked("Auswahl".into()));
}

async fn exit_is_told_from_success(real: Real) {
    let mut session = real.v3().await;
    let gone = run(&mut session, "Remove-DataCollectionRule", &[("Name", Value::from("none"))]).await;
    assert_eq!(gone.ended, Ended::Exited(1));
    assert!(gone.text.iter().any(|line| line.contains("nicht gefunden")));
    assert!(!session.is_reusable());
    let mut session = real.v3().await;
    let removed =
        run(&mut session, "Remove-DataCollectionRule", &[("Name", Value::from("dcr-nordhafen-syslog"))]).await;
    assert_eq!(removed.ended, Ended::Completed);
}

async fn a_write_after_the_script_changed_its_workspace_is_refused_by_the_guard(real: Real) {
    let mut session = real.v3().await;
    let comment = [("IncidentNumber", Value::I32(4711)), ("Message", Value::from("geprüft"))];
    let written = run(&mut session, "Add-IncidentComment", &comment).await;
    assert_eq!(text(&written.data[0], "Workspace"), "law-nordhafen-sec-prod");
    let other = run(&mut session, "Select-Workspace", &[("WorkspaceName", Value::from("law-alpenblick-sec"))]).await;
    let changed = other.target_changed.expect("the change is told");
    assert!(changed.contains("law-alpenblick-sec"), "{changed}");
    assert!(!session.is_reusable());
    // Whoever used it all the same would be stopped on the host.
    let refused = run(&mut session, "Add-IncidentComment", &comment).await;
    assert!(matches!(refused.ended, Ended::TargetMismatch(_)), "{:?}", refused.ended);
    assert!(refused.data.is_empty());
}

/// What the guard is there for: without it, the same write lands in the other
/// workspace.
async fn without_the_guard_the_same_write_lands_in_the_other_workspace(real: Real) {
    let pool = RunspacePool::open(Options::new(&real.host.url(), credentials()).unwrap()).await.unwrap();
    let invoke = async |command: Command| {
        let output = pool.invoke(command).await.unwrap();
        assert!(matches!(output.end, End::Completed), "{:?}", output.end);
        output.objects
    };
    invoke(Command::script(MODULE)).await;
    let path = real.scripts.join("SentinelManager_v3.ps1").display().to_string();
    invoke(Command::new("Import-SjScript").argument("Path", path)).await;
    let table = |entries: &[(&str, Value)]| Value::hashtable(entries.iter().map(|(k, v)| (*k, v.clone())));
    let workspace = table(&[("WorkspaceName", Value::from("law-alpenblick-sec"))]);
    let call = |name: &str, parameters| {
        Command::new("Invoke-SjCall").argument("Name", name).argument("Parameters", parameters)
    };
    invoke(call("Select-Workspace", workspace)).await;
    let comment = table(&[("IncidentNumber", Value::I32(4711)), ("Message", Value::from("x"))]);
    // Behind the begin record.
    let written = invoke(call("Add-IncidentComment", comment)).await;
    assert_eq!(text(&written[1], "Workspace"), "law-alpenblick-sec");
}

async fn a_cancel_reaches_a_sleeping_az() {
    let real = real_with(&[("AZ_DELAY", "600")]).await;
    let mut session = real.v3().await;
    let cancel = CancellationToken::new();
    let mut calling = Box::pin(session.call(call("Get-AnalyticsRules", &[]), &|_| {}, &cancel));
    // The command has begun when its Receive is held.
    let host = &real.host;
    let began = async {
        let receives = || host.counters().requests_of("Receive");
        let before = receives();
        while receives() <= before {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        returned = &mut calling => panic!("az did not sleep: {returned:?}"),
        () = began => cancel.cancel(),
    }
    let returned = calling.as_mut().await.unwrap();
    drop(calling);
    assert_eq!(returned.ended, Ended::Cancelled);
    assert!(!session.is_reusable());
}

async fn nothing_in_an_argument_is_run_and_surrogates_survive(real: Real) {
    let mut session = real.v3().await;
    let mut all: Vec<Value> =
        ["'; Remove-Item x; $(1+1)", "`n`$(x)", "a\nb\r\nc\"'", "_x000A_", "<&>]]>", "$env:PATH", "🚀 Ä"]
            .map(Value::from)
            .into();
    all.push(Value::String(Text::from_utf16(&[0x61, 0xD83D, 0x62])));
    for value in all {
        let comment = [("IncidentNumber", Value::I32(4711)), ("Message", value.clone())];
        let written = run(&mut session, "Add-IncidentComment", &comment).await;
        assert_eq!(written.ended, Ended::Completed);
        assert_eq!(written.data[0].get("Body").and_then(|body| body.get("message")), Some(&value));
    }
}

async fn a_probe_shows_names_aliases_and_types_and_is_kept(real: Real) {
    let mut session = real.v3().await;
    let probe = session.probe("Get-AnalyticsRules").await.unwrap();
    let names: Vec<_> = probe.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    assert_eq!(names, ["Enabled", "Kind", "Severity", "NameFilter", "ModifiedSince", "ShowHeader"]);
    assert_eq!(probe.parameters[0].type_name, "System.Boolean");
    assert_eq!(probe.parameters[1].type_name, "System.String[]");
    assert_eq!(probe.parameters[1].validate_set, ["Scheduled", "NRT", "Fusion"]);
    assert_eq!(probe.parameters[3].aliases, ["Name"]);
    let before = real.host.counters().requests_of("Command");
    session.probe("get-analyticsrules").await.unwrap();
    assert_eq!(real.host.counters().requests_of("Command"), before, "asked once");
    assert!(session.probe("Export-AnalyticsRules").await.unwrap().progress);
    let unknown = session.probe("No-Such").await.unwrap_err();
    assert!(matches!(unknown.kind, HostErrorKind::UnknownFunction { .. }));
}

async fn progress_comes_when_it_is_wanted(real: Real) {
    let mut session = real.v3().await;
    let seen = std::sync::Mutex::new(Vec::new());
    let see = |progress: sentinel_jump::host::HostProgress| seen.lock().unwrap().push(progress.percent);
    let never = CancellationToken::new();
    let quiet = session.call(call("Export-AnalyticsRules", &[]), &see, &never).await.unwrap();
    assert_eq!(quiet.data[0].get("Count"), Some(&Value::I32(3)));
    assert!(seen.lock().unwrap().is_empty());
    let loud = Call { progress: true, ..call("Export-AnalyticsRules", &[]) };
    session.call(loud, &see, &never).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), [Some(33), Some(67), Some(100)]);
}
