//! Our own SentinelManager on a real PowerShell.

use std::collections::BTreeSet;

use sentinel_jump::demo;
use sentinel_jump::host::{
    FunctionProbe, MANAGER, MANAGER_FILES, MANAGER_PATH, MODULE, OpenPlan, ScriptSource, Session, Style, manager_sha256,
};
use sha2::{Digest as _, Sha256};
use wsman::client::{Options, RunspacePool};
use wsman::clixml::Value;
use wsman::psrp::Command;
use wsman::session::End;

use crate::engine::{Real, credentials, real, real_with};
use crate::outside::trials;
use crate::snapshot::assert_snapshot;

/// Finds what 5.1 would not take, and names what is called.
const LOOK: &str = include_str!("manager/look.ps1");

trials! { TRIALS:
    current_thread {
        our_own_script_loads_whole(real);
        it_takes_what_the_catalogue_says(real);
        our_scripts_keep_to_windows_powershell(real);
        what_only_7_takes_is_found(real);
    }
    blocking {
        it_can_be_had_as_files;
    }
    current_thread {
        the_exported_module_is_one_of_powershell;
    }
}

fn pushed(real: &Real, text: &str) -> OpenPlan {
    let sha256 = base16ct::lower::encode_string(&Sha256::digest(text));
    let script = ScriptSource::Push { bytes: text.as_bytes().to_vec(), virtual_path: MANAGER_PATH.into(), sha256 };
    OpenPlan { script, ..real.plan("") }
}

async fn session(real: &Real) -> Session {
    let mut plan = pushed(real, MANAGER);
    plan.rules.parameters = vec![("Identity".into(), Value::from("managed"))];
    Session::open(&plan).await.expect("our own script loads")
}

async fn our_own_script_loads_whole(real: Real) {
    let session = session(&real).await;
    let report = session.report();
    assert!(report.dropped.is_empty() && report.tainted.is_empty(), "{:?} {:?}", report.dropped, report.tainted);
    assert_eq!(report.style, Some(Style::Contract));
    assert_eq!(report.sha256, manager_sha256());
    session.close().await;
}

/// Each function of the catalogue with its parameters: types, defaults, sets,
/// what is demanded and what is allowed, as in the script that is made of it.
async fn it_takes_what_the_catalogue_says(real: Real) {
    let mut ours = session(&real).await;
    let mut made = Session::open(&pushed(&real, demo::SCRIPT)).await.expect("the demo's script loads");
    for entry in sentinel_jump::catalog::all() {
        let own = declared(&ours.probe(&entry.function).await.expect("our own script has it"));
        let wanted = declared(&made.probe(&entry.function).await.expect("the demo's script has it"));
        assert_eq!(own, wanted, "{}", entry.function);
    }
    ours.close().await;
    made.close().await;
}

/// What a caller sees of a function, help apart.
fn declared(probe: &FunctionProbe) -> String {
    let mut parameters = probe.parameters.clone();
    parameters.iter_mut().for_each(|parameter| parameter.help.clear());
    format!("{} {} {:?}", probe.name, probe.should_process, parameters)
}

/// By the syntax tree, since this engine takes what only 7 does. Every .NET name
/// and every command is in a list that was held against .NET Framework 4.7.2 and
/// Windows PowerShell 5.1: a new one is red until it is in there.
async fn our_scripts_keep_to_windows_powershell(real: Real) {
    let pool =
        RunspacePool::open(Options::new(&real.host.url(), credentials()).expect("an address")).await.expect("a pool");
    let (mut found, mut names) = (Vec::new(), BTreeSet::new());
    for (name, text) in MANAGER_FILES.iter().copied().chain([("module", MODULE)]) {
        let command = Command::script(LOOK).argument("Name", name).argument("Text", text);
        let output = pool.invoke(command).await.expect("the command runs");
        assert!(matches!(output.end, End::Completed), "{name}: {:?}", output.end);
        let told = output.objects.first().expect("an answer");
        let texts = |property: &str| -> Vec<String> {
            let items = told.get(property).and_then(Value::items).unwrap_or_default();
            items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        found.extend(texts("found"));
        names.extend(texts("names"));
    }
    pool.close().await;
    assert_eq!(found, [] as [String; 0]);
    let all = |kind: &str| names.iter().filter_map(|name| name.strip_prefix(kind)).collect::<BTreeSet<_>>();
    let (defined, called) = (all("defines "), all("own "));
    assert_eq!(called.difference(&defined).collect::<Vec<_>>(), [] as [&&str; 0], "called and defined nowhere");
    let idle: Vec<_> = defined.iter().filter(|name| name.contains("-Sm") && !called.contains(**name)).collect();
    assert_eq!(idle, [] as [&&str; 0], "defined and called nowhere");
    let outside = names.iter().filter(|name| !name.starts_with("defines ") && !name.starts_with("own "));
    let list = outside.fold(String::new(), |list, name| list + name + "\n");
    assert_snapshot("powershell-names.txt", &list);
}

/// A finding for each thing that it looks for, so that none passes unseen.
async fn what_only_7_takes_is_found(real: Real) {
    let pool =
        RunspacePool::open(Options::new(&real.host.url(), credentials()).expect("an address")).await.expect("a pool");
    for (planted, finding) in [
        ("$a ? 1 : 2", "TernaryExpressionAst"),
        ("$a ?? 1", "??"),
        ("$a ??= 1", "??="),
        ("${a}?.b", "?."),
        ("a && b", "PipelineChainAst"),
        ("a || b", "PipelineChainAst"),
        ("function f { clean { } }", "clean"),
        ("1 | ForEach-Object -Parallel { 1 }", "-Parallel"),
        ("ConvertFrom-Json -AsHashtable '{}'", "-AsHashtable"),
        ("\"`u{41}\"", "an escape of 7 only"),
        ("Get-Item / &", "&"),
        ("function f { param([ValidateSet('a')]$x) $X = 'b' }", "assigns its parameter X"),
        ("if (", "Missing"),
    ] {
        let command = Command::script(LOOK).argument("Name", "planted").argument("Text", planted);
        let output = pool.invoke(command).await.expect("the command runs");
        let told = output.objects.first().expect("an answer");
        let items = told.get("found").and_then(Value::items).unwrap_or_default();
        assert!(
            items.iter().any(|item| item.as_str().is_some_and(|item| item.contains(finding))),
            "{planted}: {items:?}"
        );
    }
    pool.close().await;
}

/// The folder that `module export` wrote to, and what it said.
fn exported() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_sentinel-jump"));
    let output = command.args(["module", "export"]).arg(folder.path()).output().expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (folder, String::from_utf8_lossy(&output.stdout).into_owned())
}

fn it_can_be_had_as_files() {
    let (folder, said) = exported();
    let read = |name: &str| std::fs::read_to_string(folder.path().join("SentinelManager").join(name)).expect(name);
    assert_eq!(read("SentinelManager.psm1"), MANAGER);
    let parts: String = MANAGER_FILES.iter().map(|(name, _)| read(&format!("parts/{name}"))).collect();
    assert_eq!(parts, MANAGER);
    assert!(said.starts_with(&format!("{}  SentinelManager.psm1", manager_sha256())), "{said}");
}

async fn the_exported_module_is_one_of_powershell() {
    let (folder, _) = exported();
    let real = real_with(&[("PSModulePath", &folder.path().display().to_string())]).await;
    let pool =
        RunspacePool::open(Options::new(&real.host.url(), credentials()).expect("an address")).await.expect("a pool");
    let import = "(Import-Module SentinelManager -PassThru -ErrorAction Stop).ExportedFunctions.Keys | Sort-Object";
    let output = pool.invoke(Command::script(import)).await.expect("the command runs");
    assert!(matches!(output.end, End::Completed), "{:?}", output.end);
    let names: Vec<&str> = output.objects.iter().filter_map(Value::as_str).collect();
    let wanted: Vec<&str> = sentinel_jump::catalog::all().iter().map(|entry| entry.function.as_str()).collect();
    assert_eq!(names, wanted);
    pool.close().await;
}
