//! What a session does between the runspace and its first call, on a real
//! PowerShell: the source of the script, `init`, the Azure identity.

use std::fs;
use std::path::{Path, PathBuf};

use sentinel_jump::host::{
    AllowedAnswer, Call, Ended, HostError, HostErrorKind, Init, OpenPlan, Returned, ScriptSource, Session, Style,
};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;
use wsman::clixml::Value;

use crate::azure::{az, az_module, only};
use crate::engine::{Real, call, real, real_with, run};
use crate::outside::trials;

trials! { TRIALS:
    current_thread {
        init_runs_once_after_loading_and_before_the_target_is_set(real);
        an_interactive_sign_in_runs_on_the_allow_list(real);
        a_failing_init_opens_no_session_and_keeps_the_hosts_words;
        a_warning_of_a_native_program_is_no_failed_init(real);
        a_module_is_loaded_by_name_and_guarded_like_a_file;
        a_module_of_several_files_has_the_hash_of_their_list;
        every_tenant_has_a_folder_of_its_own_for_az;
        a_write_is_refused_once_the_azure_tenant_has_changed;
        both_sign_ins_must_be_of_the_tenant;
        where_nobody_can_tell_the_tenant_the_session_is_refused;
    }
}

const SCRIPT: &str = include_str!("../../fixtures/host/signs-in.ps1");

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/host/signs-in.ps1")
}

fn plan(real: &Real) -> OpenPlan {
    let mut plan = real.plan("");
    plan.script = ScriptSource::Path { path: fixture().display().to_string(), sha256: None };
    plan
}

fn init(function: &str, parameters: &[(&str, &str)]) -> Init {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
    Init { function: function.into(), parameters: parameters.collect() }
}

fn texts(returned: &Returned) -> Vec<&str> {
    returned.data.iter().filter_map(Value::as_str).collect()
}

async fn refused(plan: &OpenPlan) -> HostErrorKind {
    Session::open(plan).await.expect_err("it must not open").kind
}

async fn init_runs_once_after_loading_and_before_the_target_is_set(real: Real) {
    let mut plan = plan(&real);
    plan.rules.init = vec![init("Connect-ToAzure", &[("AuthMethod", "Az")]), init("Select-Thing", &[("Name", "x")])];
    let mut session = Session::open(&plan).await.unwrap();
    assert!(session.is_reusable());
    for _ in 0..2 {
        let place = run(&mut session, "Get-Place", &[]).await;
        assert_eq!(texts(&place), ["law-nordhafen-sec-prod"], "what init chose does not stay");
    }
    assert_eq!(texts(&run(&mut session, "Get-Log", &[]).await), ["connect Az on ''", "select x"]);
}

async fn an_interactive_sign_in_runs_on_the_allow_list(real: Real) {
    let mut plan = real.plan("SentinelManager_v3.ps1");
    plan.rules.init = vec![init("Connect-ToAzure", &[])];
    let asked = refused(&plan).await;
    let HostErrorKind::InitFailed { function, ended: Ended::Asked(question), .. } = asked else { panic!("{asked:?}") };
    assert_eq!((&*function, &*question), ("Connect-ToAzure", "Wähle eine Authentifizierungsmethode"));
    for (question, answer) in [("Wähle eine .*", "1"), ("Abonnement", "1"), ("Workspace", "1")] {
        let question = regex::Regex::new(&format!("^{question}$")).unwrap();
        plan.rules.answers.push(AllowedAnswer { function: "Connect-ToAzure".into(), question, answer: answer.into() });
    }
    let mut session = Session::open(&plan).await.unwrap();
    assert_eq!(run(&mut session, "Get-AnalyticsRules", &[]).await.data.len(), 3);
    // The same answers do not serve a call of another function.
    let asked = run(&mut session, "Select-Workspace", &[]).await;
    assert_eq!(asked.ended, Ended::Asked("Workspace".into()));
    assert_eq!(real.host.counters().shells_open, 1, "the refused session is gone");
}

async fn a_failing_init_opens_no_session_and_keeps_the_hosts_words() {
    let real = real_with(&[("AZ_FAIL", "1")]).await;
    let failing = async |one: Init| {
        let mut plan = plan(&real);
        plan.rules.init = vec![one];
        match refused(&plan).await {
            HostErrorKind::InitFailed { ended, errors, signed_in, .. } => (ended, errors, signed_in),
            other => panic!("{other:?}"),
        }
    };
    let (ended, _, signed_in) = failing(init("Connect-Failing", &[])).await;
    assert!(matches!(ended, Ended::Failed(record) if record.message == "kein Token zu bekommen"));
    assert_eq!(signed_in, Some(false));
    let (ended, errors, _) = failing(init("Connect-Writing", &[])).await;
    assert_eq!((ended, &*errors[0].id), (Ended::Completed, "NoToken,Connect-Writing"));
    let (ended, ..) = failing(init("Connect-Exiting", &[])).await;
    assert_eq!(ended, Ended::Exited(3));
    for (one, id) in [
        (init("Connect-Nothing", &[]), "SentinelJump.UnknownFunction"),
        (init("Select-Thing", &[("Nam", "x")]), "SentinelJump.UnknownParameter"),
    ] {
        let (ended, ..) = failing(one).await;
        assert!(matches!(&ended, Ended::Failed(record) if record.id == id), "{ended:?}");
    }
    assert_eq!(real.host.counters().shells_open, 0);
}

async fn a_warning_of_a_native_program_is_no_failed_init(real: Real) {
    let mut plan = plan(&real);
    plan.rules.init = vec![init("Connect-Warning", &[])];
    Session::open(&plan).await.unwrap();
}

/// A module of the test's own where PowerShell looks for modules.
fn module(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        let file = folder.path().join("SjTest").join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("it is made");
        fs::write(file, text).expect("the file is written");
    }
    folder
}

fn sha256(bytes: impl AsRef<[u8]>) -> String {
    base16ct::lower::encode_string(&Sha256::digest(bytes.as_ref()))
}

async fn a_module_is_loaded_by_name_and_guarded_like_a_file() {
    let folder = module(&[("SjTest.psm1", SCRIPT)]);
    let real = real_with(&[("PSModulePath", &folder.path().display().to_string())]).await;
    let mut plan = real.plan("");
    let of = |name: &str, sha256: Option<String>| ScriptSource::Module { name: name.into(), sha256 };
    plan.script = of("SjTest", Some(sha256(SCRIPT)));
    plan.rules.init = vec![init("Connect-ToAzure", &[])];
    let mut session = Session::open(&plan).await.unwrap();
    let report = session.report();
    assert_eq!((&*report.sha256, report.style), (&*sha256(SCRIPT), Some(Style::Session)));
    let names: Vec<_> = report.functions.iter().filter(|name| name.starts_with("Connect-")).collect();
    assert_eq!(
        names,
        [
            "Connect-Asking",
            "Connect-Exiting",
            "Connect-Failing",
            "Connect-ToAzure",
            "Connect-Warning",
            "Connect-Writing"
        ]
    );
    assert!(!report.functions.iter().any(|name| name == "Clear-Host"), "ours, not the module's");
    assert_eq!(texts(&run(&mut session, "Get-Place", &[]).await), ["law-nordhafen-sec-prod"]);
    let probe = session.probe("Set-Place").await.unwrap();
    assert_eq!(probe.parameters[0].name, "To");
    plan.script = of("SjTest", Some(sha256("another")));
    assert!(matches!(refused(&plan).await, HostErrorKind::ScriptChanged));
    for name in ["SjNone", "./SjTest.psm1"] {
        plan.script = of(name, None);
        assert!(matches!(refused(&plan).await, HostErrorKind::ScriptMissing), "{name}");
    }
    plan.script = of("SjTest", None);
    plan.rules.parameters = vec![("X".into(), Value::from("y"))];
    assert!(matches!(refused(&plan).await, HostErrorKind::LoadFailed(_)));
}

async fn a_module_of_several_files_has_the_hash_of_their_list() {
    let manifest = "@{ RootModule = 'SjTest.psm1'; ModuleVersion = '1.0'; FunctionsToExport = '*' }";
    let root = ". $PSScriptRoot/lib/one.ps1\nfunction Get-Two { Clear-Host; 2 }\n";
    let one = "function Get-One { 1 }\n";
    let folder = module(&[("SjTest.psd1", manifest), ("SjTest.psm1", root), ("lib/one.ps1", one)]);
    let real = real_with(&[("PSModulePath", &folder.path().display().to_string())]).await;
    let list =
        format!("{}  SjTest.psd1\n{}  SjTest.psm1\n{}  lib/one.ps1\n", sha256(manifest), sha256(root), sha256(one));
    let mut plan = real.plan("");
    plan.script = ScriptSource::Module { name: "sjtest".into(), sha256: Some(sha256(list)) };
    let mut session = Session::open(&plan).await.unwrap();
    assert_eq!(session.report().functions, ["Get-One", "Get-Two"]);
    assert_eq!(run(&mut session, "Get-Two", &[]).await.data, [Value::I32(2)]);
}

async fn every_tenant_has_a_folder_of_its_own_for_az() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let root = data.path().display().to_string();
    let real = real_with(&[("SJ_TEST_ROOT", &root)]).await;
    for (given, expected) in [
        (Some("sentinel-jump/test-a.azure"), "/sentinel-jump/test-a.azure"),
        (Some("%SJ_TEST_ROOT%/b"), "/b"),
        (None, ""),
    ] {
        let mut plan = plan(&real);
        plan.azure_config_dir = given.map(str::to_owned);
        let mut session = Session::open(&plan).await.unwrap();
        let told = run(&mut session, "Get-ConfigDir", &[]).await;
        let told = texts(&told).concat();
        assert!(told.ends_with(expected) && told.is_empty() == expected.is_empty(), "{told}");
        assert!(told.is_empty() || (Path::new(&told).is_absolute() && Path::new(&told).is_dir()), "{told}");
        assert!(!told.contains('%'), "{told}");
    }
    assert!(data.path().join("b").is_dir());
}

/// What the session's `az` says changes while the session is open.
async fn a_write_is_refused_once_the_azure_tenant_has_changed() {
    let state = tempfile::NamedTempFile::new().expect("a temporary file");
    fs::write(state.path(), r#"{"tenantId":"T-1"}"#).expect("it is written");
    let folder = az(&format!(
        "cat {0}; test -s {0} || {{ echo \"Please run 'az login'\" >&2; exit 1; }}",
        state.path().display()
    ));
    let real = real_with(&[("PATH", &only(folder.path()))]).await;
    let mut plan = plan(&real);
    plan.azure_tenant = Some("t-1".into());
    let mut session = Session::open(&plan).await.unwrap();
    let write = Call { write: true, ..call("Set-Place", &[("To", Value::from("x"))]) };
    let never = CancellationToken::new();
    let written = session.call(write.clone(), &|_| {}, &never).await.unwrap();
    assert_eq!(written.ended, Ended::Completed);

    fs::write(state.path(), r#"{"tenantId":"t-2"}"#).expect("it is written");
    let refused_write = session.call(write.clone(), &|_| {}, &never).await.unwrap();
    let Ended::AzureTenantMismatch(record) = refused_write.ended else { panic!("{refused_write:?}") };
    assert_eq!(record.message, "az is signed in to tenant 't-2', expected 't-1'");
    assert!(!session.is_reusable());
    assert_eq!(texts(&run(&mut session, "Get-Log", &[]).await), ["wrote x"], "nothing ran");

    fs::write(state.path(), "").expect("it is written");
    let signed_out = session.call(write, &|_| {}, &never).await.unwrap();
    assert!(matches!(signed_out.ended, Ended::AzureNotSignedIn(_)), "{:?}", signed_out.ended);
    assert!(matches!(refused(&plan).await, HostErrorKind::AzureNotSignedIn(_)));
    fs::write(state.path(), r#"{"tenantId":"t-2"}"#).expect("it is written");
    assert!(matches!(refused(&plan).await, HostErrorKind::AzureTenantMismatch(_)));
}

async fn both_sign_ins_must_be_of_the_tenant() {
    let folder = az("echo '{\"tenantId\":\"t-1\"}'");
    let modules = az_module("[pscustomobject]@{ Tenant = [pscustomobject]@{ Id = 't-2' } }");
    let env = [("PATH", &*only(folder.path())), ("PSModulePath", &*modules.path().display().to_string())];
    let real = real_with(&env).await;
    let loads = module(&[("loads.ps1", &format!("Import-Module Az.Accounts\n{SCRIPT}"))]);
    let mut plan = plan(&real);
    plan.azure_tenant = Some("t-1".into());
    Session::open(&plan).await.expect("what is not loaded has no context");
    plan.script =
        ScriptSource::Path { path: loads.path().join("SjTest/loads.ps1").display().to_string(), sha256: None };
    let HostErrorKind::AzureTenantMismatch(record) = refused(&plan).await else { panic!("the script has both") };
    assert!(record.message.starts_with("Az is signed in to tenant 't-2'"), "{}", record.message);
}

async fn where_nobody_can_tell_the_tenant_the_session_is_refused() {
    let empty = tempfile::tempdir().expect("a temporary folder");
    let real = real_with(&[("PATH", &only(empty.path()))]).await;
    let mut plan = plan(&real);
    plan.azure_tenant = Some("t-1".into());
    let error: HostError = Session::open(&plan).await.unwrap_err();
    assert!(matches!(error.kind, HostErrorKind::AzureNotSignedIn(_)), "{error:?}");
    assert_eq!(real.host.counters().shells_open, 0);
}
