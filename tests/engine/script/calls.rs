//! What such a script does once it is called: its target, its questions, its
//! exit codes, what of it ran.

#![expect(clippy::print_stdout, reason = "what is left out of a script is for people to read")]

use super::*;
use crate::snapshot::assert_snapshot;

trials! { TRIALS:
    current_thread {
        a5_the_target_is_chosen_by_the_scripts_own_functions(real);
        a5_keys_that_the_operator_names_are_looked_at(real);
        a5_what_a_script_makes_of_the_choice_is_read_back(real);
        a6_nothing_of_the_script_stands_in_for_our_commands(real);
        a7_every_asking_place_is_told_in_its_parts(real);
        a8_the_exit_code_of_the_last_native_program_is_told(real);
        a9_an_alias_of_the_catalogues_name_works(real);
        a9_missing_parameters_of_the_script_are_named_in_a_sentence(real);
        a9_files_in_utf_32_are_read_and_others_of_nothing_refused(real);
        a9_an_empty_file_is_told_as_one(real);
        a9_a_function_that_ends_the_process_is_told_as_one(real);
        a10_a_main_program_never_runs(real);
        a10_three_programs_load_and_do_not_run;
        a10_what_is_left_out_is_printed;
        a11_where_no_language_is_allowed_the_engine_says_so(real);
        b1_the_begin_record_tells_what_ran(real);
        the_shared_scripts_load_as_they_did(real);
        a7_a_confirmed_question_is_answered_and_no_other(real);
        b1_a_refused_question_stops_a_write(real);
        d8_a_real_engine_sees_nothing_of_our_environment(real);
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

async fn a5_the_target_is_chosen_by_the_scripts_own_functions(real: Real) {
    let real = &real;
    let folder = Folder::new(TARGET);
    for init in [Vec::new(), elsewhere("Select-Workspace")] {
        let mut plan = folder.plan(real);
        plan.rules.init = init;
        let mut session = Session::open(&plan).await.unwrap();
        let written = write(&mut session, "Disable-AnalyticsRule", &rule()).await;
        let ours = "PUT https://mgmt.example/law-nordhafen-sec-prod id-law-nordhafen-sec-prod";
        assert_eq!(texts(&written), [ours], "{written:?}");
    }
    // Named by the operator.
    let folder = Folder::new(TARGET.replace("Select-Workspace", "Use-Kunde"));
    let mut plan = folder.plan(real);
    plan.rules.init = elsewhere("Use-Kunde");
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

async fn a5_keys_that_the_operator_names_are_looked_at(real: Real) {
    let real = &real;
    let script = "$script:Session = @{ SubscriptionId = ''; ResourceGroup = ''; WorkspaceName = ''; Kunde = '' }
        function Use-Kunde { param([string]$Name) $script:Session.WorkspaceName = $Name; $script:Session.Kunde = 'K-7' }
        function Get-It { $script:Session.Kunde }";
    let folder = Folder::new(script);
    let mut plan = folder.plan(real);
    plan.rules.init = elsewhere("Use-Kunde");
    plan.rules.derived = vec!["Kunde".into()];
    let kind = Session::open(&plan).await.unwrap_err().kind;
    assert!(matches!(&kind, HostErrorKind::TargetNotTaken { derived, .. } if derived == &["Kunde"]), "{kind:?}");
}

/// It takes the call for our target, and chooses another.
async fn a5_what_a_script_makes_of_the_choice_is_read_back(real: Real) {
    let real = &real;
    for chooses in ["$script:Session.WorkspaceName = 'law-other'", "throw 'not offered'", ""] {
        let script = TARGET.replace("$script:Session.WorkspaceName = $Name;", &format!("{chooses};"));
        let folder = Folder::new(script.replace("WorkspaceName = ''", "WorkspaceName = 'law-first'"));
        match Session::open(&folder.plan(real)).await {
            Err(error) => assert!(matches!(error.kind, HostErrorKind::TargetNotTaken { .. }), "{chooses}: {error:?}"),
            Ok(mut session) => {
                let written = write(&mut session, "Disable-AnalyticsRule", &rule()).await;
                assert!(!written.began && written.data.is_empty(), "{chooses}: {written:?}");
            }
        }
    }
}

async fn a6_nothing_of_the_script_stands_in_for_our_commands(real: Real) {
    let real = &real;
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

async fn a7_every_asking_place_is_told_in_its_parts(real: Real) {
    let real = &real;
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

async fn a8_the_exit_code_of_the_last_native_program_is_told(real: Real) {
    let real = &real;
    let script = format!("function Set-It {{ param({PB},[int]$Code) sh -c \"echo warn >&2; exit $Code\"; 'after' }}");
    let mut session = Folder::new(script).open(real).await;
    let code = |code| [("Code", Value::I32(code))];
    let fine = write(&mut session, "Set-It", &code(0)).await;
    assert_eq!((fine.exit_code, fine.errors.len(), fine.warnings.len()), (Some(0), 0, 1), "{fine:?}");
    let bad = write(&mut session, "Set-It", &code(2)).await;
    assert_eq!((bad.ended.clone(), bad.exit_code), (Ended::Completed, Some(2)));
    assert!(bad.errors[0].id.starts_with("NativeCommandError") && texts(&bad) == ["after"], "{bad:?}");
}

async fn a9_an_alias_of_the_catalogues_name_works(real: Real) {
    let real = &real;
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

async fn a9_missing_parameters_of_the_script_are_named_in_a_sentence(real: Real) {
    let real = &real;
    let folder = Folder::new("param([Parameter(Mandatory)][string]$Kunde)\nfunction Get-One { $Kunde }");
    let kind = folder.refused(real).await;
    let (id, said) = words(&kind);
    assert_eq!(id, "SentinelJump.ScriptParameterMissing");
    assert!(said.ends_with("does not give: Kunde"), "{said}");
}

async fn a9_files_in_utf_32_are_read_and_others_of_nothing_refused(real: Real) {
    let real = &real;
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

async fn a9_an_empty_file_is_told_as_one(real: Real) {
    let real = &real;
    assert_eq!(words(&Folder::new("").refused(real).await).0, "SentinelJump.ScriptEmpty");
    let sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".to_owned();
    let script = ScriptSource::Push { bytes: Vec::new(), virtual_path: "/x/y.ps1".into(), sha256 };
    let kind = Session::open(&OpenPlan { script, ..real.plan("") }).await.unwrap_err().kind;
    assert_eq!(words(&kind).0, "SentinelJump.ScriptEmpty");
}

async fn a9_a_function_that_ends_the_process_is_told_as_one(real: Real) {
    let real = &real;
    let mut session = Folder::new("function Get-One { [Environment]::Exit(3) }").open(real).await;
    assert!(session.probe("Get-One").await.unwrap().ends_process);
    let error = session.call(call("Get-One", &[]), &|_| {}, &CancellationToken::new()).await.unwrap_err();
    assert!(matches!(&error.kind, HostErrorKind::ProcessEnded { function } if function == "Get-One"), "{error:?}");
}

async fn a10_a_main_program_never_runs(real: Real) {
    let real = &real;
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
$here = Get-ChildItem $PSScriptRoot -Filter *.ps1
$here.CopyTo('RAN') # out
$here.ForEach('Delete') # out
$texts = @(1, 2).ForEach([string]).ForEach('ToUpper').Where({ $_ -ne '3' })
1..3 | ForEach-Object $step # out
1..3 | ForEach-Object -Begin $step -Process { 1 } # out
1..3 | Where-Object -FilterScript $step # out
@(1).ForEach($step) # out
@(1).Where($step) # out
$also = $made.Name # out
touch 'RAN' # out
function Remove-Stale { if ($script:State.ok) { 'gone' } }
function Get-Hidden { try { Get-Content /nix -ErrorAction Stop } catch { return } }
";

async fn a11_where_no_language_is_allowed_the_engine_says_so(real: Real) {
    let real = &real;
    let pool = RunspacePool::open(Options::new(&real.host.url(), credentials()).unwrap()).await.unwrap();
    let restrict = Command::script("$ExecutionContext.SessionState.LanguageMode = 'NoLanguage'");
    assert!(matches!(pool.invoke(restrict).await.unwrap().end, End::Completed));
    let End::Failed(error) = pool.invoke(Command::script(MODULE)).await.unwrap().end else { panic!("it ran") };
    assert!(error.id.starts_with("ScriptsNotAllowed"), "{}", error.id);
    // A plain command with named parameters needs no language.
    let plain = pool.invoke(Command::new("Get-Date").argument("Year", 2026)).await.unwrap();
    assert!(matches!(plain.end, End::Completed) && plain.objects.len() == 1);
}

async fn b1_the_begin_record_tells_what_ran(real: Real) {
    let real = &real;
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
async fn a10_three_programs_load_and_do_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let ran = folder.path().join("ran.txt");
    let real = real_with(&[("SJ_RAN", &ran.display().to_string())]).await;
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

/// What is left out and tainted, for people to read: of three programs, each with
/// a main program without a question, an initialisation by call, a loader loop and
/// a function that hides errors, and of the scripts beside the checkout.
async fn a10_what_is_left_out_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let ran = folder.path().join("ran.txt");
    let real = real_with(&[("SJ_RAN", &ran.display().to_string())]).await;
    let programs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/host/programs");
    let scripts = ["deploy.ps1", "export.ps1", "rotate.ps1"].map(|name| programs.join(name));
    let shared = ["SentinelManager_v3.ps1", "SentinelManager_session.ps1", "SentinelManager.psm1"];
    let shared = shared.map(|name| real.scripts.join(name));
    let mut text = String::new();
    for script in scripts.iter().chain(&shared) {
        let path = script.display().to_string();
        let plan = OpenPlan { script: ScriptSource::Path { path, sha256: None }, ..real.plan("") };
        let session = Session::open(&plan).await.expect("it loads");
        let report = session.report();
        let name = script.file_name().expect("a file").display();
        text.push_str(&format!("# {name}: {} functions, {} kept\n", report.functions.len(), report.kept.len()));
        for one in &report.dropped {
            let sets = one.variables.iter().map(|name| format!("${name}")).collect::<Vec<_>>().join(", ");
            let sets = if sets.is_empty() { sets } else { format!(" [{sets}]") };
            text.push_str(&format!("{:>4} left out: {}{sets}: {}\n", one.line, one.reason, one.text));
        }
        for taint in &report.tainted {
            let via = taint.via.as_ref().map(|via| format!(" through {via}")).unwrap_or_default();
            text.push_str(&format!(
                "{:>4} tainted: {} reads ${} of line {}{via}\n",
                taint.read_at, taint.function, taint.variable, taint.line
            ));
        }
        session.close().await;
    }
    print!("{text}");
    assert!(!ran.exists(), "something of a main program ran");
    assert_snapshot("load-reports.txt", &text);
}

/// What is left out of the scripts that lie beside the checkout.
async fn the_shared_scripts_load_as_they_did(real: Real) {
    let real = &real;
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

async fn a7_a_confirmed_question_is_answered_and_no_other(real: Real) {
    let script = format!(
        "function Remove-Rule {{ param({PB},[string]$RuleId)
            if ((Read-Host \"Regel '$RuleId' wirklich löschen? (j/n)\") -ne 'j') {{ return }} \"gone $RuleId\" }}
        function Remove-Fixed {{ param({PB},[string]$RuleId) if ((Read-Host 'Wirklich löschen? (J/N)') -ne 'J') {{ return }} 'gone' }}
        function Remove-Chosen {{ param({PB},[string]$RuleId)
            $c = [System.Management.Automation.Host.ChoiceDescription[]]@('&Nein', '&Ja')
            if ($Host.UI.PromptForChoice('', 'Weg damit?', $c, 0) -eq 1) {{ 'gone' }} }}
        function Remove-Other {{ param({PB},[string]$RuleId) if ((Read-Host \"Regel 'r2' löschen? (j/n)\") -ne 'j') {{ return }} 'gone' }}
        function Remove-Turned {{ param({PB},[string]$RuleId) if ((Read-Host 'Abbrechen? (j/n)') -eq 'j') {{ 'gone' }} 'gone' }}
        function Remove-Twice {{ param({PB},[string]$RuleId) $null = Read-Host 'Sicher? (j/n)'; $null = Read-Host 'Ganz sicher? (j/n)'; 'gone' }}"
    );
    let folder = Folder::new(script);
    for (function, gone) in [
        ("Remove-Rule", Some("gone r1")),
        ("Remove-Fixed", Some("gone")),
        ("Remove-Chosen", Some("gone")),
        ("Remove-Other", None),
        ("Remove-Turned", None),
        ("Remove-Twice", None),
    ] {
        let mut session = folder.open(&real).await;
        session.probe(function).await.expect("it is probed");
        let call = Call { write: true, confirmed: vec!["r1".into()], ..call(function, &rule()) };
        let returned = session.call(call, &|_| {}, &CancellationToken::new()).await.expect("the call ends");
        assert_eq!(texts(&returned), Vec::from_iter(gone), "{function}: {returned:?}");
        assert_eq!(matches!(returned.ended, Ended::Asked(_)), gone.is_none(), "{function}: {returned:?}");
        session.close().await;
    }
    let mut session = folder.open(&real).await;
    session.probe("Remove-Rule").await.expect("it is probed");
    let unconfirmed = write(&mut session, "Remove-Rule", &rule()).await;
    assert!(matches!(unconfirmed.ended, Ended::Asked(_)), "{unconfirmed:?}");
}

/// Cargo sets it for tests, as a service manager sets what a server needs.
async fn d8_a_real_engine_sees_nothing_of_our_environment(real: Real) {
    let ours = "CARGO_MANIFEST_DIR";
    assert!(std::env::var_os(ours).is_some());
    let script = format!("function Get-Ours {{ \"[$env:{ours}]\"; [string]($env:PATH.Length -gt 0) }}");
    let mut session = Folder::new(script).open(&real).await;
    assert_eq!(texts(&run(&mut session, "Get-Ours", &[]).await), ["[]", "True"]);
}

/// At the question: what is behind it does not run, however the script takes a
/// refusal.
async fn b1_a_refused_question_stops_a_write(real: Real) {
    let script = format!(
        "function Remove-Rule {{ param({PB},[string]$RuleId) 'before'
            try {{ $null = Read-Host 'Wirklich?' }} catch {{ }}
            Set-Content 'RAN' x; 'after' }}"
    );
    let folder = Folder::new("");
    let ran = folder.path("ran.txt");
    folder.write("script.ps1", script.replace("RAN", &ran.display().to_string()));
    let mut session = folder.open(&real).await;
    let stopped = write(&mut session, "Remove-Rule", &rule()).await;
    assert_eq!(stopped.ended, Ended::Asked("Wirklich?".to_owned()));
    assert_eq!(texts(&stopped), ["before"], "what it put out is kept");
    assert!(!ran.exists() && !session.is_reusable());
}
