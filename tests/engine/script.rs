//! What a script means, it means on the host: scripts of many habits, loaded and
//! called on a real PowerShell. Named by the rows of the field's cases.

use std::path::PathBuf;

use sentinel_jump::host::{
    Call, Ended, HostErrorKind, Init, MODULE, OpenPlan, Part, Returned, ScriptSource, Session, Taint,
};
use tokio_util::sync::CancellationToken;
use wsman::client::{Options, RunspacePool};
use wsman::clixml::Value;
use wsman::psrp::Command;
use wsman::session::End;

use crate::engine::{Real, call, credentials, real, real_with, run};
use crate::outside::trials;

pub(crate) mod calls;
pub(crate) mod confirmed;
pub(crate) mod plain;

trials! { TRIALS:
    current_thread {
        a1_a_preference_of_the_script_stays(real);
        a1_a_preference_of_a_module_stays;
        a2_an_initialisation_by_call_is_kept(real);
        a2_what_feeds_on_what_was_left_out_is_left_out_and_refused(real);
        a2_commands_that_only_read_may_be_allowed(real);
        a2_a_load_error_names_line_and_cause(real);
        a3_loops_over_a_folder_of_functions_load(real);
        a3_a_function_that_is_not_there_is_told_with_what_was_left_out(real);
        a4_a_module_that_cannot_be_imported_is_told_in_the_engines_words;
        a4_what_a_manifest_may_do_works;
        a11_using_module_is_for_scripts_that_lie_on_the_host(real);
    }
}

/// Parameters of a function in contract style.
const PB: &str = "[string]$SubscriptionId,[string]$ResourceGroupName,[string]$WorkspaceName";

/// A folder with one script and what lies beside it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(script: impl AsRef<[u8]>) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("script.ps1", script);
        folder
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let file = self.path(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn plan(&self, real: &Real) -> OpenPlan {
        let path = self.path("script.ps1").display().to_string();
        OpenPlan { script: ScriptSource::Path { path, sha256: None }, ..real.plan("") }
    }

    async fn open(&self, real: &Real) -> Session {
        Session::open(&self.plan(real)).await.expect("the script loads")
    }

    async fn refused(&self, real: &Real) -> HostErrorKind {
        Session::open(&self.plan(real)).await.expect_err("the session is refused").kind
    }
}

fn rule() -> [(&'static str, Value); 1] {
    [("RuleId", Value::from("r1"))]
}

async fn write(session: &mut Session, function: &str, parameters: &[(&str, Value)]) -> Returned {
    let call = Call { write: true, ..call(function, parameters) };
    session.call(call, &|_| {}, &CancellationToken::new()).await.expect("the call ends")
}

fn failed(returned: &Returned) -> &str {
    match &returned.ended {
        Ended::Failed(record) | Ended::Tainted(record) => &record.message,
        other => panic!("{other:?}"),
    }
}

fn lines(session: &Session) -> Vec<u32> {
    session.report().dropped.iter().map(|dropped| dropped.line).collect()
}

fn texts(returned: &Returned) -> Vec<&str> {
    returned.data.iter().filter_map(Value::as_str).collect()
}

/// What the host refused or ended with, in its own words.
fn words(kind: &HostErrorKind) -> (&str, &str) {
    match kind {
        HostErrorKind::LoadFailed(record) => (&record.id, &record.message),
        other => panic!("{other:?}"),
    }
}

async fn a1_a_preference_of_the_script_stays(real: Real) {
    let real = &real;
    let body = format!(
        "function Read-Schutzliste {{ Get-Content '/nix/konfig.json' | ConvertFrom-Json }}
        function Disable-AnalyticsRule {{ param({PB},[string]$RuleId) $k = Read-Schutzliste
            foreach ($r in @($k.schuetzen)) {{ if ($r -eq $RuleId) {{ throw 'geschuetzt' }} }}
            [pscustomobject]@{{ RuleId = $RuleId; Enabled = $false }} }}
        function Get-Early {{ try {{ Get-Content /nix }} catch {{ return }} 'ran through' }}
        function Get-All {{ $ErrorActionPreference, $WarningPreference, $VerbosePreference, $DebugPreference, $InformationPreference, $ProgressPreference, $ConfirmPreference | ForEach-Object {{ \"$_\" }} }}"
    );
    let mut session = Folder::new(format!("$ErrorActionPreference = 'Stop'\n{body}")).open(real).await;
    let disabled = write(&mut session, "Disable-AnalyticsRule", &rule()).await;
    assert!(failed(&disabled).contains("/nix/konfig.json"), "{disabled:?}");
    assert!(disabled.began && disabled.data.is_empty(), "{disabled:?}");
    assert!(run(&mut session, "Get-Early", &[]).await.data.is_empty());
    // What it left alone gets our default.
    let ours = ["SilentlyContinue", "SilentlyContinue", "SilentlyContinue", "SilentlyContinue", "High"];
    assert_eq!(texts(&run(&mut session, "Get-All", &[]).await), [&["Stop", "Continue"][..], &ours].concat());
    // In a function that the script runs, and in the global scope.
    let set = "function Set-Mine { foreach ($n in 'ErrorAction','Warning','Verbose','Debug','Information') { Set-Variable -Scope Script -Name ($n + 'Preference') -Value 'Ignore' } }
        Set-Mine\n$global:ProgressPreference = 'Continue'\n$ConfirmPreference = 'Low'\n";
    let mut session = Folder::new(format!("{set}{body}")).open(real).await;
    let theirs = ["Ignore", "Ignore", "Ignore", "Ignore", "Ignore", "Continue", "Low"];
    assert_eq!(texts(&run(&mut session, "Get-All", &[]).await), theirs);
    let mut session = Folder::new(format!("$ConfirmPreference = 'None'\n{body}")).open(real).await;
    assert_eq!(texts(&run(&mut session, "Get-All", &[]).await).last(), Some(&"High"), "never yes to everything");
}

async fn a1_a_preference_of_a_module_stays() {
    let body = format!(
        "$ErrorActionPreference = 'Stop'
        function Disable-AnalyticsRule {{ param({PB},[string]$RuleId) $k = Get-Content '/nix/konfig.json'
            [pscustomobject]@{{ RuleId = $RuleId; Enabled = $false }} }}
        function Get-Both {{ \"$ErrorActionPreference $WarningPreference\" }}"
    );
    let folder = module(&[("SjMod.psm1", &body)]);
    let (_host, session) = import(&folder).await;
    let mut session = session.unwrap();
    assert_eq!(texts(&run(&mut session, "Get-Both", &[]).await), ["Stop Continue"]);
    let disabled = write(&mut session, "Disable-AnalyticsRule", &rule()).await;
    assert!(failed(&disabled).contains("/nix/konfig.json") && disabled.data.is_empty(), "{disabled:?}");
}

async fn a2_an_initialisation_by_call_is_kept(real: Real) {
    let real = &real;
    let script = format!(
        "Set-StrictMode -Version Latest
        function Get-Config {{ @{{ Geschuetzt = @('r1') }} }}
        $script:Config = Get-Config
        function Disable-AnalyticsRule {{ param({PB},[string]$RuleId)
            if ($script:Config.Geschuetzt -contains $RuleId) {{ throw 'geschuetzt' }}
            [pscustomobject]@{{ RuleId = $RuleId; Enabled = $false }} }}"
    );
    let mut session = Folder::new(script).open(real).await;
    assert!(session.report().dropped.is_empty(), "{:?}", session.report());
    assert_eq!(session.report().kept.iter().map(|kept| kept.line).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(failed(&write(&mut session, "Disable-AnalyticsRule", &rule()).await), "geschuetzt");
}

const LEFT_OUT: &str = "Set-StrictMode -Version Latest
$context = Get-AzContext
$subId = $context.Subscription.Id
$url = \"https://x/$subId\"
$fixed = 'kept'
function Get-Plain { $fixed }
function Get-Url { \"$script:url\" }
function Remove-ByUrl { Get-Url }
function Remove-It { param([string]$RuleId) \"$context\" }
function Remove-Own { param($context) $context = 5; \"$context\" }
function Remove-Lazy { if (-not (Test-Path variable:script:subId)) { $script:subId = 'made' }; $script:subId = 'x'; $script:subId }
function Connect-Here { $script:context = 'signed in' }
";

async fn a2_what_feeds_on_what_was_left_out_is_left_out_and_refused(real: Real) {
    let real = &real;
    let mut session = Folder::new(LEFT_OUT).open(real).await;
    assert_eq!(lines(&session), [2, 3, 4]);
    let report = session.report().clone();
    assert_eq!(report.dropped[0].reason, "runs Get-AzContext");
    assert_eq!(report.dropped[2].variables, ["url"]);
    let tainted: Vec<_> = report.tainted.iter().map(|t| (t.function.as_str(), t.variable.as_str(), t.line)).collect();
    assert_eq!(tainted, [("Get-Url", "url", 4), ("Remove-ByUrl", "url", 4), ("Remove-It", "context", 2)]);
    assert_eq!(report.tainted[1].via.as_deref(), Some("Get-Url"));
    // A write is refused by variable and line, before it is entered.
    let refused = write(&mut session, "Remove-It", &rule()).await;
    let said = failed(&refused);
    assert!(said.contains("$context") && said.contains("line 2"), "{said}");
    assert!(!refused.began && session.is_reusable());
    let refused = write(&mut session, "Remove-ByUrl", &[]).await;
    assert!(failed(&refused).contains("in Get-Url") && !refused.began, "{refused:?}");
    // A read tells; what the function has of its own is no matter.
    let read = run(&mut session, "Get-Plain", &[]).await;
    assert_eq!((texts(&read), read.tainted.len()), (vec!["kept"], 0));
    let read = Call { write: false, ..call("Get-Url", &[]) };
    let read = session.call(read, &|_| {}, &CancellationToken::new()).await.unwrap();
    assert_eq!(read.tainted.iter().map(|taint| taint.line).collect::<Vec<_>>(), [4]);
    for own in ["Remove-Own", "Remove-Lazy"] {
        assert_eq!(write(&mut session, own, &[]).await.ended, Ended::Completed, "{own}");
    }
    // What signs in may set it since.
    run(&mut session, "Connect-Here", &[]).await;
    assert_eq!(texts(&write(&mut session, "Remove-It", &rule()).await), ["signed in"]);
    let probe = session.probe("Remove-ByUrl").await.unwrap();
    assert_eq!(probe.tainted.len(), 1);
}

async fn a2_commands_that_only_read_may_be_allowed(real: Real) {
    let real = &real;
    let script =
        "$found = Get-Process -Id $PID\nfunction Get-Found { [string]$found.Id }\nfunction Get-Pid { [string]$PID }";
    let folder = Folder::new(script);
    assert_eq!(lines(&folder.open(real).await), [1]);
    let mut plan = folder.plan(real);
    plan.rules.allow = vec!["Get-Pro*".into()];
    let mut session = Session::open(&plan).await.unwrap();
    assert!(session.report().dropped.is_empty() && session.report().tainted.is_empty());
    let expected = run(&mut session, "Get-Pid", &[]).await;
    assert_eq!(texts(&run(&mut session, "Get-Found", &[]).await), texts(&expected));
}

async fn a2_a_load_error_names_line_and_cause(real: Real) {
    let real = &real;
    let folder = Folder::new("function Get-One { 1 }\n\nif (-not $Nothing) { throw 'only on Sundays' }\n");
    assert_eq!(words(&folder.refused(real).await), ("SentinelJump.LoadFailed", "line 3: only on Sundays"));
    let folder = Folder::new("function Get-One { 1 }\nSet-StrictMode -Version Latest\n$x = $Missing.Id\n");
    let kind = folder.refused(real).await;
    assert!(words(&kind).1.starts_with("line 3: ") && words(&kind).1.contains("$Missing"), "{kind:?}");
}

async fn a3_loops_over_a_folder_of_functions_load(real: Real) {
    let real = &real;
    let list = "Get-ChildItem (Join-Path $PSScriptRoot functions) -Filter *.ps1";
    for catch in ["Write-Error \"could not load $_\"", "Write-Warning 'no'", "throw"] {
        let folder = Folder::new(format!("foreach ($f in {list}) {{ try {{ . $f.FullName }} catch {{ {catch} }} }}"));
        folder.write("functions/one.ps1", "function Get-One { 'one' }");
        folder.write("functions/two.ps1", "function Get-Two { 'two' }");
        let mut session = folder.open(real).await;
        assert_eq!(session.report().functions, ["Get-One", "Get-Two"], "{catch}");
        assert_eq!(texts(&run(&mut session, "Get-Two", &[]).await), ["two"]);
    }
    let condition = "if (Test-Path $PSScriptRoot) { function Get-One { 1 } } else { throw 'elsewhere' }";
    assert_eq!(Folder::new(condition).open(real).await.report().functions, ["Get-One"]);
}

async fn a3_a_function_that_is_not_there_is_told_with_what_was_left_out(real: Real) {
    let real = &real;
    let script = "function Get-One { 1 }\nif (Get-AzContext) { function Get-Two { 2 } }\nConnect-AzAccount";
    let mut session = Folder::new(script).open(real).await;
    let missing = session.call(call("Get-Two", &[]), &|_| {}, &CancellationToken::new()).await.unwrap_err();
    let HostErrorKind::UnknownFunction { function, left_out } = &missing.kind else { panic!("{missing:?}") };
    assert_eq!((function.as_str(), *left_out), ("Get-Two", 2));
}

/// An installed module and the environment that finds it.
fn module(files: &[(&str, &str)]) -> Folder {
    let folder = Folder(tempfile::tempdir().unwrap());
    for (name, text) in files {
        folder.write(&format!("SjMod/{name}"), text);
    }
    folder
}

async fn import(folder: &Folder) -> (Real, Result<Session, HostErrorKind>) {
    let path = folder.0.path().display().to_string();
    let real = real_with(&[("PSModulePath", &path)]).await;
    let script = ScriptSource::Module { name: "SjMod".into(), sha256: None };
    let plan = OpenPlan { script, ..real.plan("") };
    let opened = Session::open(&plan).await.map_err(|error| error.kind);
    (real, opened)
}

async fn a4_a_module_that_cannot_be_imported_is_told_in_the_engines_words() {
    let one = "function Get-One { 1 }";
    let cases: [(&[(&str, &str)], &str); 4] = [
        (
            &[
                ("SjMod.psd1", "@{ModuleVersion='1.0';RootModule='SjMod.psm1';RequiredModules=@('Az.Nix')}"),
                ("SjMod.psm1", one),
            ],
            "Az.Nix",
        ),
        (
            &[
                ("SjMod.psd1", "@{ModuleVersion='1.0';RootModule='SjMod.psm1';PowerShellVersion='9.0'}"),
                ("SjMod.psm1", one),
            ],
            "9.0",
        ),
        (&[("SjMod.psm1", "function Get-One { ")], "Missing closing"),
        (&[("SjMod.psd1", "@{ModuleVersion='1.0';RootModule='Weg.psm1'}")], "Weg.psm1"),
    ];
    for (files, says) in cases {
        let (_host, imported) = import(&module(files)).await;
        let kind = imported.expect_err(says);
        let (id, said) = words(&kind);
        assert!(id == "SentinelJump.ImportFailed" && said.contains(says) && !said.contains("after '&'"), "{said}");
    }
    let asks = module(&[("SjMod.psm1", "$x = Read-Host 'Mandant?'\nfunction Get-One { 1 }")]);
    let (_host, Err(kind)) = import(&asks).await else { panic!("a question is no module") };
    assert!(matches!(&kind, HostErrorKind::LoadAsked(question) if question == "Mandant?"), "{kind:?}");
}

async fn a4_what_a_manifest_may_do_works() {
    let manifest = "@{ModuleVersion='1.0';RootModule='SjMod.psm1';ScriptsToProcess='first.ps1';NestedModules='in.psm1';DefaultCommandPrefix='Soc';FunctionsToExport='*'}";
    let folder = module(&[
        ("SjMod.psd1", manifest),
        ("SjMod.psm1", "function Get-One { Get-First; Get-Inner }"),
        ("first.ps1", "function Get-First { 'first' }"),
        ("in.psm1", "function Get-Inner { 'inner' }"),
    ]);
    let (_host, session) = import(&folder).await;
    let mut session = session.unwrap();
    for name in ["Get-SocOne", "Get-One"] {
        assert_eq!(texts(&run(&mut session, name, &[]).await), ["first", "inner"], "{name}");
    }
}

async fn a11_using_module_is_for_scripts_that_lie_on_the_host(real: Real) {
    let real = &real;
    let text = "using module ./Kunde.psm1\nfunction Get-One { [Kunde]::new().Name }";
    let folder = Folder::new(text);
    folder.write("Kunde.psm1", "class Kunde { [string]$Name = 'nordhafen' }");
    let mut session = folder.open(real).await;
    assert_eq!(texts(&run(&mut session, "Get-One", &[]).await), ["nordhafen"]);
    let sha256 = session.report().sha256.clone();
    let script = ScriptSource::Push { bytes: text.into(), virtual_path: "/x/y.ps1".into(), sha256 };
    let kind = Session::open(&OpenPlan { script, ..real.plan("") }).await.unwrap_err().kind;
    let (id, said) = words(&kind);
    assert_eq!(id, "SentinelJump.UsingModule");
    assert!(said.starts_with("line 1: ") && said.ends_with("name it by path"), "{said}");
}
