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

use crate::engine::{Real, call, credentials, run};

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
        Ended::Failed(record) => &record.message,
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

pub(crate) async fn a1_a_preference_of_the_script_stays(real: &Real) {
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

pub(crate) async fn a2_an_initialisation_by_call_is_kept(real: &Real) {
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

pub(crate) async fn a2_what_feeds_on_what_was_left_out_is_left_out_and_refused(real: &Real) {
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

pub(crate) async fn a2_commands_that_only_read_may_be_allowed(real: &Real) {
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

pub(crate) async fn a2_a_load_error_names_line_and_cause(real: &Real) {
    let folder = Folder::new("function Get-One { 1 }\n\nif (-not $Nothing) { throw 'only on Sundays' }\n");
    assert_eq!(words(&folder.refused(real).await), ("SentinelJump.LoadFailed", "line 3: only on Sundays"));
    let folder = Folder::new("function Get-One { 1 }\nSet-StrictMode -Version Latest\n$x = $Missing.Id\n");
    let kind = folder.refused(real).await;
    assert!(words(&kind).1.starts_with("line 3: ") && words(&kind).1.contains("$Missing"), "{kind:?}");
}

pub(crate) async fn a3_loops_over_a_folder_of_functions_load(real: &Real) {
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

/// An installed module and the environment that finds it.
fn module(files: &[(&str, &str)]) -> Folder {
    let folder = Folder(tempfile::tempdir().unwrap());
    for (name, text) in files {
        folder.write(&format!("SjMod/{name}"), text);
    }
    folder
}

async fn import(folder: &Folder) -> Option<(Real, Result<Session, HostErrorKind>)> {
    let path = folder.0.path().display().to_string();
    let real = crate::engine::real_with(&[("PSModulePath", &path)]).await?;
    let script = ScriptSource::Module { name: "SjMod".into(), sha256: None };
    let plan = OpenPlan { script, ..real.plan("") };
    let opened = Session::open(&plan).await.map_err(|error| error.kind);
    Some((real, opened))
}

pub(crate) async fn a4_a_module_that_cannot_be_imported_is_told_in_the_engines_words(_: &Real) {
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
        let Some((_host, imported)) = import(&module(files)).await else { return };
        let kind = imported.expect_err(says);
        let (id, said) = words(&kind);
        assert!(id == "SentinelJump.ImportFailed" && said.contains(says) && !said.contains("after '&'"), "{said}");
    }
    let asks = module(&[("SjMod.psm1", "$x = Read-Host 'Mandant?'\nfunction Get-One { 1 }")]);
    let Some((_host, Err(kind))) = import(&asks).await else { panic!("a question is no module") };
    assert!(matches!(&kind, HostErrorKind::LoadAsked(question) if question == "Mandant?"), "{kind:?}");
}

pub(crate) async fn a4_what_a_manifest_may_do_works(_: &Real) {
    let manifest = "@{ModuleVersion='1.0';RootModule='SjMod.psm1';ScriptsToProcess='first.ps1';NestedModules='in.psm1';DefaultCommandPrefix='Soc';FunctionsToExport='*'}";
    let folder = module(&[
        ("SjMod.psd1", manifest),
        ("SjMod.psm1", "function Get-One { Get-First; Get-Inner }"),
        ("first.ps1", "function Get-First { 'first' }"),
        ("in.psm1", "function Get-Inner { 'inner' }"),
    ]);
    let Some((_host, session)) = import(&folder).await else { return };
    let mut session = session.unwrap();
    for name in ["Get-SocOne", "Get-One"] {
        assert_eq!(texts(&run(&mut session, name, &[]).await), ["first", "inner"], "{name}");
    }
}

const TARGET: &str = "$script:Session = @{ SubscriptionId = ''; ResourceGroup = ''; WorkspaceName = ''; WorkspaceId = ''; BaseUri = 'https://mgmt.example' }
function Select-Workspace { param([string]$Name) $script:Session.WorkspaceName = $Name; $script:Session.WorkspaceId = \"id-$Name\"; $script:Session.BaseUri = \"https://mgmt.example/$Name\" }
function Disable-AnalyticsRule { param([string]$RuleId) \"PUT $($script:Session.BaseUri) $($script:Session.WorkspaceId)\" }
function Get-AnalyticsRules { \"GET $($script:Session.BaseUri)\" }
";

fn elsewhere(function: &str) -> Vec<Init> {
    vec![Init { function: function.into(), parameters: vec![("Name".into(), Value::from("law-other"))] }]
}

pub(crate) async fn a5_the_target_is_chosen_by_the_scripts_own_functions(real: &Real) {
    let folder = Folder::new(TARGET);
    for init in [Vec::new(), elsewhere("Select-Workspace")] {
        let plan = OpenPlan { init, ..folder.plan(real) };
        let mut session = Session::open(&plan).await.unwrap();
        let written = write(&mut session, "Disable-AnalyticsRule", &rule()).await;
        let ours = "PUT https://mgmt.example/law-nordhafen-sec-prod id-law-nordhafen-sec-prod";
        assert_eq!(texts(&written), [ours], "{written:?}");
    }
    // Named by the operator.
    let folder = Folder::new(TARGET.replace("Select-Workspace", "Use-Kunde"));
    let mut plan = OpenPlan { init: elsewhere("Use-Kunde"), ..folder.plan(real) };
    // Without it the keys of the other target are seen.
    let kind = Session::open(&plan).await.unwrap_err().kind;
    let HostErrorKind::TargetNotTaken { derived, .. } = &kind else { panic!("{kind:?}") };
    assert_eq!(derived, &["BaseUri", "WorkspaceId"]);
    plan.rules.select = vec!["Use-Kunde".into()];
    let mut session = Session::open(&plan).await.expect("it names no Workspace, but takes one");
    assert_eq!(
        texts(&run(&mut session, "Get-AnalyticsRules", &[]).await),
        ["GET https://mgmt.example/law-nordhafen-sec-prod"]
    );
}

pub(crate) async fn a5_keys_that_the_operator_names_are_looked_at(real: &Real) {
    let script = "$script:Session = @{ SubscriptionId = ''; ResourceGroup = ''; WorkspaceName = ''; Kunde = '' }
        function Use-Kunde { param([string]$Name) $script:Session.WorkspaceName = $Name; $script:Session.Kunde = 'K-7' }
        function Get-It { $script:Session.Kunde }";
    let folder = Folder::new(script);
    let mut plan = OpenPlan { init: elsewhere("Use-Kunde"), ..folder.plan(real) };
    plan.rules.derived = vec!["Kunde".into()];
    let kind = Session::open(&plan).await.unwrap_err().kind;
    assert!(matches!(&kind, HostErrorKind::TargetNotTaken { derived, .. } if derived == &["Kunde"]), "{kind:?}");
}

pub(crate) async fn a6_nothing_of_the_script_stands_in_for_our_commands(real: &Real) {
    let script = format!(
        "{TARGET}
        function global:Invoke-SjCall {{ 'theirs' }}
        function global:Get-SjProbe {{ 'theirs' }}
        Set-Alias -Scope Global -Name Set-SjTarget -Value Get-Date
        function Move-Elsewhere {{ Select-Workspace law-other; Set-Alias -Scope Global -Name Invoke-SjCall -Value Get-Date; Get-Module SentinelJump | Remove-Module -Force -ErrorAction SilentlyContinue }}"
    );
    let mut session = Folder::new(script).open(real).await;
    assert!(!session.probe("Get-AnalyticsRules").await.unwrap().name.is_empty());
    let moved = run(&mut session, "Move-Elsewhere", &[]).await;
    assert!(moved.target_changed.is_some(), "{moved:?}");
    let refused = write(&mut session, "Disable-AnalyticsRule", &rule()).await;
    assert!(matches!(refused.ended, Ended::TargetMismatch(_)), "{refused:?}");
    assert!(!refused.began && refused.data.is_empty());
}

pub(crate) async fn a7_every_asking_place_is_told_in_its_parts(real: &Real) {
    let mut session = real.v3().await;
    let mut places = async |function: &str| session.probe(function).await.unwrap().places.clone();
    let literal = |text: &str| Part::Literal(text.into());
    let variable = |text: &str| Part::Variable(text.into());
    let removed = places("Remove-SentinelTable").await;
    assert_eq!(removed.len(), 1);
    assert_eq!((removed[0].kind.as_str(), &removed[0].parts), ("Read-Host", &vec![literal("Wirklich löschen? (j/n)")]));
    let disabled = places("Disable-AnalyticsRule").await;
    assert_eq!(disabled.len(), 1);
    assert_eq!((disabled[0].function.as_str(), disabled[0].kind.as_str()), ("Get-YesNoChoice", "PromptForChoice"));
    assert_eq!(disabled[0].caption, [literal("Regel deaktivieren")]);
    let question = [
        literal("Regel '"),
        variable("RuleId"),
        literal("' in '"),
        variable("script:Session.WorkspaceName"),
        literal("' deaktivieren?"),
    ];
    assert_eq!(disabled[0].parts, question);
    assert!(places("Assign-IncidentOwner").await[0].secure);
    assert_eq!(places("Get-AnalyticsRules").await, []);
    assert!(places("Start-SentinelManager").await.len() > 1);
}

pub(crate) async fn a8_the_exit_code_of_the_last_native_program_is_told(real: &Real) {
    let script = format!("function Set-It {{ param({PB},[int]$Code) sh -c \"echo warn >&2; exit $Code\"; 'after' }}");
    let mut session = Folder::new(script).open(real).await;
    let code = |code| [("Code", Value::I32(code))];
    let fine = write(&mut session, "Set-It", &code(0)).await;
    assert_eq!((fine.exit_code, fine.errors.len(), fine.warnings.len()), (Some(0), 0, 1), "{fine:?}");
    let bad = write(&mut session, "Set-It", &code(2)).await;
    assert_eq!((bad.ended.clone(), bad.exit_code), (Ended::Completed, Some(2)));
    assert!(bad.errors[0].id.starts_with("NativeCommandError") && texts(&bad) == ["after"], "{bad:?}");
}

pub(crate) async fn a9_an_alias_of_the_catalogues_name_works(real: &Real) {
    let script = "function Get-SentinelRules { param([int]$Top) \"rules $Top\" }\nSet-Alias Get-AnalyticsRules Get-SentinelRules\nNew-Alias -Name gsr -Value Get-AnalyticsRules";
    let mut session = Folder::new(script).open(real).await;
    assert!(session.report().has("get-analyticsrules") && session.report().has("gsr"));
    assert_eq!(session.report().functions, ["Get-SentinelRules"]);
    for name in ["Get-AnalyticsRules", "gsr"] {
        let probe = session.probe(name).await.unwrap();
        assert_eq!((probe.name.as_str(), probe.parameters.len()), ("Get-SentinelRules", 1));
        assert_eq!(texts(&run(&mut session, name, &[("Top", Value::I32(3))]).await), ["rules 3"]);
    }
}

pub(crate) async fn a9_missing_parameters_of_the_script_are_named_in_a_sentence(real: &Real) {
    let folder = Folder::new("param([Parameter(Mandatory)][string]$Kunde)\nfunction Get-One { $Kunde }");
    let kind = folder.refused(real).await;
    let (id, said) = words(&kind);
    assert_eq!(id, "SentinelJump.ScriptParameterMissing");
    assert!(said.ends_with("does not give: Kunde"), "{said}");
}

pub(crate) async fn a9_files_in_utf_32_are_read_and_others_of_nothing_refused(real: &Real) {
    let text = "function Get-Ä { 'ü' }";
    let wide = |mark: &[u8], unit: fn(u32) -> [u8; 4]| {
        let units = text.chars().flat_map(|c| unit(u32::from(c)));
        mark.iter().copied().chain(units).collect::<Vec<u8>>()
    };
    for bytes in [wide(&[0xFF, 0xFE, 0, 0], u32::to_le_bytes), wide(&[0, 0, 0xFE, 0xFF], u32::to_be_bytes)] {
        let mut session = Folder::new(bytes).open(real).await;
        assert_eq!(texts(&run(&mut session, "Get-Ä", &[]).await), ["ü"]);
    }
    let unmarked = Folder::new(wide(&[], u32::to_le_bytes)).refused(real).await;
    assert_eq!(words(&unmarked).0, "SentinelJump.ScriptNotText");
    let nothing = Folder::new("Connect-AzAccount\n$x = 1\n").refused(real).await;
    assert_eq!(
        words(&nothing),
        ("SentinelJump.NoFunctions", "the script defines no functions; 1 of its statements were left out")
    );
}

pub(crate) async fn a9_an_empty_file_is_told_as_one(real: &Real) {
    assert_eq!(words(&Folder::new("").refused(real).await).0, "SentinelJump.ScriptEmpty");
    let sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".to_owned();
    let script = ScriptSource::Push { bytes: Vec::new(), virtual_path: "/x/y.ps1".into(), sha256 };
    let kind = Session::open(&OpenPlan { script, ..real.plan("") }).await.unwrap_err().kind;
    assert_eq!(words(&kind).0, "SentinelJump.ScriptEmpty");
}

pub(crate) async fn a9_a_function_that_ends_the_process_is_told_as_one(real: &Real) {
    let mut session = Folder::new("function Get-One { [Environment]::Exit(3) }").open(real).await;
    assert!(session.probe("Get-One").await.unwrap().ends_process);
    let error = session.call(call("Get-One", &[]), &|_| {}, &CancellationToken::new()).await.unwrap_err();
    assert!(matches!(&error.kind, HostErrorKind::ProcessEnded { function } if function == "Get-One"), "{error:?}");
}

pub(crate) async fn a10_a_main_program_never_runs(real: &Real) {
    let folder = Folder::new("");
    let ran = folder.path("ran.txt").display().to_string();
    let script = MAIN.replace("RAN", &ran);
    folder.write("script.ps1", &script);
    folder.write("functions/one.ps1", "function Get-One { 'one' }");
    let mut session = folder.open(real).await;
    println!("left out: {:#?}\ntainted: {:#?}", session.report().dropped, session.report().tainted);
    assert!(!folder.path("ran.txt").exists(), "something of the main program ran");
    let kept_out = script.lines().enumerate().filter(|(_, line)| line.ends_with("# out")).map(|(n, _)| n as u32 + 1);
    assert_eq!(lines(&session), kept_out.collect::<Vec<_>>());
    let refused = write(&mut session, "Remove-Stale", &[]).await;
    assert!(failed(&refused).contains("$State"), "{refused:?}");
    assert_eq!(texts(&run(&mut session, "Get-One", &[]).await), ["one"]);
}

/// A program that asks nothing: every line that ends in `# out` changes
/// something or leads to what does.
const MAIN: &str = r"function Sync-All { $script:State = @{ ok = $true }; Set-Content 'RAN' 'sync' }
Sync-All # out
function Write-Log { param($Text) Write-Verbose $Text }
Write-Log 'begin'
foreach ($f in Get-ChildItem (Join-Path $PSScriptRoot functions) -Filter *.ps1) { . $f.FullName }
function Invoke-Step { Write-Log 'step'; Invoke-Inner }
function Invoke-Inner { Add-Content 'RAN' 'inner' }
Invoke-Step # out
if ($true) { Invoke-Step } # out
try { Invoke-Step } catch { Write-Error $_ } # out
1..3 | ForEach-Object { Invoke-Step } # out
& { Invoke-Step } # out
& 'Invoke-Step' # out
$step = { Invoke-Step }
& $step # out
$step.Invoke() # out
. Invoke-Step # out
Set-Alias go Invoke-Step
go # out
[IO.File]::WriteAllText('RAN', 'x') # out
'x' > 'RAN' # out
class Store { [string]$Name; Store() { $this.Name = 'x' } [void] Keep() { Set-Content 'RAN' 'kept' } static [void] All() { Set-Content 'RAN' 'all' } }
$store = [Store]::new()
$store.Keep() # out
[Store]::All() # out
Get-ChildItem $PSScriptRoot -Filter none | ForEach-Object Delete # out
$made = New-Item -ItemType File 'RAN' # out
$also = $made.Name # out
touch 'RAN' # out
function Remove-Stale { if ($script:State.ok) { 'gone' } }
function Get-Hidden { try { Get-Content /nix -ErrorAction Stop } catch { return } }
";

pub(crate) async fn a11_where_no_language_is_allowed_the_engine_says_so(real: &Real) {
    let pool = RunspacePool::open(Options::new(&real.host.url(), credentials()).unwrap()).await.unwrap();
    let restrict = Command::script("$ExecutionContext.SessionState.LanguageMode = 'NoLanguage'");
    assert!(matches!(pool.invoke(restrict).await.unwrap().end, End::Completed));
    let End::Failed(error) = pool.invoke(Command::script(MODULE)).await.unwrap().end else { panic!("it ran") };
    assert!(error.id.starts_with("ScriptsNotAllowed"), "{}", error.id);
    // A plain command with named parameters needs no language.
    let plain = pool.invoke(Command::new("Get-Date").argument("Year", 2026)).await.unwrap();
    assert!(matches!(plain.end, End::Completed) && plain.objects.len() == 1);
}

pub(crate) async fn b1_the_begin_record_tells_what_ran(real: &Real) {
    let script = format!(
        "enum Level {{ Low; High }}
        function Set-It {{ [CmdletBinding(SupportsShouldProcess)] param({PB},[Parameter(Mandatory)][ValidateSet('a','b')][string]$Kind,[Level]$Level = 'Low',[ValidateRange(1,5)][int]$Top = (Set-Content 'RAN' x))
            'entered'; if ($Kind -eq 'b') {{ throw 'later' }} }}
        function Set-Plain($A, [int]$B) {{ \"plain $A $B\" }}
        function Set-Gone {{ param({PB}) 'before'; exit 3 }}"
    );
    let folder = Folder::new("");
    let ran = folder.path("ran.txt").display().to_string();
    folder.write("script.ps1", script.replace("RAN", &ran));
    let mut session = folder.open(real).await;
    let kind = |kind: &str| ("Kind", Value::from(kind));
    for wrong in [
        vec![kind("c")],
        vec![kind("a"), ("Nonsense", Value::from("x"))],
        vec![kind("a"), ("Level", Value::from("Middle"))],
        vec![kind("a"), ("Top", Value::I32(9))],
    ] {
        let refused = write(&mut session, "Set-It", &wrong).await;
        assert!(matches!(refused.ended, Ended::Failed(_)) && !refused.began, "{wrong:?}: {refused:?}");
        assert!(refused.data.is_empty() && session.is_reusable());
    }
    let refused = write(&mut session, "Set-Plain", &[("B", Value::from("x"))]).await;
    assert!(matches!(refused.ended, Ended::Failed(_)) && !refused.began, "{refused:?}");
    assert!(!folder.path("ran.txt").exists(), "no default value ran for a check");
    let confirmed = [kind("a"), ("Confirm", Value::Bool(false)), ("Top", Value::I32(2))];
    let entered = write(&mut session, "Set-It", &confirmed).await;
    assert_eq!((entered.ended.clone(), entered.began, texts(&entered)), (Ended::Completed, true, vec!["entered"]));
    let later = write(&mut session, "Set-It", &[kind("b"), ("Top", Value::I32(2))]).await;
    assert_eq!((failed(&later), later.began, texts(&later)), ("later", true, vec!["entered"]));
    let gone = write(&mut session, "Set-Gone", &[]).await;
    assert_eq!((gone.ended.clone(), gone.began, texts(&gone)), (Ended::Exited(3), true, vec!["before"]));
}

/// Programs of three habits, each of which would write `$env:SJ_RAN`: what is
/// left out of them, and which functions lack something for it.
pub(crate) async fn a10_three_programs_load_and_do_not_run(_: &Real) {
    let folder = tempfile::tempdir().unwrap();
    let ran = folder.path().join("ran.txt");
    let Some(real) = crate::engine::real_with(&[("SJ_RAN", &ran.display().to_string())]).await else { return };
    let programs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/host/programs");
    let cases: [(&str, &[u32], &[&str]); 3] = [
        ("deploy.ps1", &[3, 18], &["Remove-Tenant reads $TenantId of line 3"]),
        ("export.ps1", &[8, 10, 13, 14, 15], &["Remove-Remote reads $request of line 10"]),
        ("rotate.ps1", &[16, 17, 18], &["Remove-Rotated reads $Rotated of line 16"]),
    ];
    for (name, left_out, tainted) in cases {
        let path = programs.join(name).display().to_string();
        let mut session =
            Session::open(&OpenPlan { script: ScriptSource::Path { path, sha256: None }, ..real.plan("") })
                .await
                .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let report = session.report().clone();
        for dropped in &report.dropped {
            println!("{name}: {} left out: {} [{}]", dropped.line, dropped.reason, dropped.variables.join(", "));
        }
        let said = |taint: &Taint| format!("{} reads ${} of line {}", taint.function, taint.variable, taint.line);
        let told: Vec<String> = report.tainted.iter().map(said).collect();
        println!("{name}: tainted {told:?}");
        assert_eq!(
            (lines(&session).as_slice(), told),
            (left_out, tainted.iter().map(|t| (*t).to_owned()).collect()),
            "{name}"
        );
        assert!(report.has("Get-RuleName"), "{name}: the loader loop ran");
        for taint in &report.tainted {
            let refused = write(&mut session, &taint.function, &[]).await;
            assert!(failed(&refused).contains(&format!("${}", taint.variable)), "{refused:?}");
        }
        // Hiding errors stays the function's own business; Stop is the script's.
        let quiet = ["Test-Quiet", "Get-Silent", "Hide-Errors"].into_iter().find(|name| report.has(name)).unwrap();
        assert_eq!(run(&mut session, quiet, &[]).await.ended, Ended::Completed);
        let own = if name == "deploy.ps1" {
            ("Remove-Rule", None)
        } else if name == "export.ps1" {
            ("Get-Size", Some("3"))
        } else {
            ("Get-Step", Some("1 2"))
        };
        let answered = write(&mut session, own.0, &if own.1.is_none() { rule().to_vec() } else { Vec::new() }).await;
        match own.1 {
            None => assert_eq!(failed(&answered), "protected"),
            Some("3") => assert_eq!(answered.data, [Value::I32(3)]),
            Some(text) => assert_eq!(texts(&answered), [text]),
        }
        assert!(!ran.exists(), "{name}: something of the main program ran");
    }
}

/// What is left out of the scripts that lie beside the checkout.
pub(crate) async fn the_shared_scripts_load_as_they_did(real: &Real) {
    for (script, functions, left_out) in [
        ("SentinelManager_v3.ps1", 44, &[666, 667][..]),
        ("SentinelManager_session.ps1", 44, &[659]),
        ("SentinelManager.psm1", 39, &[621]),
    ] {
        let session = Session::open(&real.plan(script)).await.unwrap();
        let report = session.report();
        for dropped in &report.dropped {
            println!("{script}: {} left out: {} [{}]", dropped.line, dropped.reason, dropped.variables.join(", "));
        }
        println!("{script}: tainted {:?}", report.tainted);
        assert_eq!((report.functions.len(), lines(&session).as_slice()), (functions, left_out), "{script}");
        assert_eq!(report.tainted, [], "{script}");
    }
}

macro_rules! tests {
    ($($name:ident),* $(,)?) => { mod on_the_engine { $(
        #[tokio::test]
        async fn $name() {
            let real = crate::engine::real!();
            super::$name(&real).await;
        }
    )* } };
}

tests!(
    a1_a_preference_of_the_script_stays,
    a2_an_initialisation_by_call_is_kept,
    a2_what_feeds_on_what_was_left_out_is_left_out_and_refused,
    a2_commands_that_only_read_may_be_allowed,
    a2_a_load_error_names_line_and_cause,
    a3_loops_over_a_folder_of_functions_load,
    a4_a_module_that_cannot_be_imported_is_told_in_the_engines_words,
    a4_what_a_manifest_may_do_works,
    a5_the_target_is_chosen_by_the_scripts_own_functions,
    a5_keys_that_the_operator_names_are_looked_at,
    a6_nothing_of_the_script_stands_in_for_our_commands,
    a7_every_asking_place_is_told_in_its_parts,
    a8_the_exit_code_of_the_last_native_program_is_told,
    a9_an_alias_of_the_catalogues_name_works,
    a9_missing_parameters_of_the_script_are_named_in_a_sentence,
    a9_files_in_utf_32_are_read_and_others_of_nothing_refused,
    a9_an_empty_file_is_told_as_one,
    a9_a_function_that_ends_the_process_is_told_as_one,
    a10_a_main_program_never_runs,
    a10_three_programs_load_and_do_not_run,
    a11_where_no_language_is_allowed_the_engine_says_so,
    b1_the_begin_record_tells_what_ran,
    the_shared_scripts_load_as_they_did,
);
