//! Endpoints without scripts: their own functions called as plain commands.

use std::path::Path;
use std::sync::Arc;

use sentinel_jump::answer::{Code, Outcome};
use sentinel_jump::config::{Config, Vault};
use sentinel_jump::desk::Desk;
use serde_json::json;
use wsman::client::{Options, RunspacePool};
use wsman::psrp::{Command, GetCommandMetadata};
use wsman::session::End;

use super::confirmed::ask;
use crate::engine::{Real, credentials, real_with};
use crate::outside::trials;

trials! { TRIALS:
    multi_thread {
        a11_an_endpoint_without_a_language_answers_reads_as_plain_commands;
        a11_what_reaches_such_an_endpoint_is_never_a_script;
    }
}

/// A module that the engine finds by itself. Its first call leaves the runspace
/// without a language.
const ENDPOINT: &str = "
function Get-AnalyticsRules { [CmdletBinding()] param([string]$SubscriptionId, [string]$ResourceGroupName, [string]$WorkspaceName, [Alias('Name')][string]$NameFilter, [Nullable[bool]]$Enabled, [string[]]$Kind)
    [pscustomobject]@{ RuleId = 'r1'; DisplayName = \"$WorkspaceName $NameFilter $Kind\"; Enabled = $true }
    $ExecutionContext.SessionState.LanguageMode = 'NoLanguage' }
function Get-SentinelWorkbooks { exit 3 }
function Get-SentinelTables { param([string]$SubscriptionId, [string]$ResourceGroupName, [string]$WorkspaceName) throw 'no tables here' }
function Add-IncidentComment { [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')] param([string]$SubscriptionId, [string]$ResourceGroupName, [string]$WorkspaceName, [int]$IncidentNumber, [string]$Message)
    if ($PSCmdlet.ShouldProcess($IncidentNumber)) { if ($Message -eq 'bad') { throw 'not taken' } [pscustomobject]@{ Message = \"$WorkspaceName $Message\" } } }
";

/// A host with the endpoint, and the folder that holds it.
async fn endpoint() -> (Real, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("Plain")).unwrap();
    std::fs::write(folder.path().join("Plain/Plain.psm1"), ENDPOINT).unwrap();
    let real = real_with(&[("PSModulePath", &folder.path().display().to_string())]).await;
    (real, folder)
}

fn desk(real: &Real, lines: &str) -> Arc<Desk> {
    let toml = format!(
        "[tools]\nsets = [\"all\"]\n[hosts.jump]\nurl = \"{}\"\nusername = \"{}\"\npassword = {{ env = \"PLANTED\" }}\n{lines}\n\
         [tenants.nordhafen]\nhost = \"jump\"\n\
         [tenants.nordhafen.workspaces.prod]\nsubscription = \"00000000-0000-4000-8000-000000000001\"\n\
         resource_group = \"rg-nordhafen\"\nname = \"law-nordhafen-sec-prod\"\n",
        real.host.url(),
        credentials().username,
    );
    let config = Config::parse(&toml, Path::new("")).expect("a good configuration");
    let vault = Vault::default().with_variable("PLANTED", credentials().password);
    Arc::new(Desk::new(Arc::new(config)).with_vault(vault))
}

async fn a11_an_endpoint_without_a_language_answers_reads_as_plain_commands() {
    let (real, _folder) = endpoint().await;
    let reads = desk(&real, "");
    let rules = ask(&reads, "sentinel_rule_list", &json!({"NameFilter": "x", "Kind": ["NRT"], "Enabled": true})).await;
    assert_eq!(rules.outcome, Outcome::Done, "{}", rules.text);
    assert_eq!(rules.envelope["data"][0]["DisplayName"], "law-nordhafen-sec-prod x NRT", "{}", rules.text);
    // What it lacks, and a parameter that its function lacks.
    let lacks = ask(&reads, "sentinel_incident_list", &json!({})).await;
    assert_eq!((lacks.outcome, lacks.code), (Outcome::Refused, Some(Code::UnknownFunction)), "{}", lacks.text);
    let odd = ask(&reads, "sentinel_rule_list", &json!({"Severity": ["High"]})).await;
    assert_eq!(odd.code, Some(Code::InvalidArgument), "{}", odd.text);
    assert!(odd.text.contains("NameFilter") && !odd.text.contains("Verbose"), "{}", odd.text);
    let thrown = ask(&reads, "sentinel_table_list", &json!({})).await;
    assert_eq!((thrown.outcome, thrown.code), (Outcome::Failed, Some(Code::HostFailed)), "{}", thrown.text);
    // It cannot be told where, so it is not asked.
    let blind = ask(&reads, "sentinel_workbook_list", &json!({})).await;
    assert_eq!((blind.outcome, blind.code), (Outcome::Refused, Some(Code::TargetMismatch)), "{}", blind.text);
    // A write is refused before a session is there, unless the operator says otherwise.
    let comment = json!({"IncidentNumber": 7, "Message": "seen"});
    let before = real.host.counters().commands_started;
    let refused = ask(&reads, "sentinel_incident_comment_add", &comment).await;
    assert_eq!((refused.outcome, refused.code), (Outcome::Refused, Some(Code::NotPermitted)), "{}", refused.text);
    assert!(refused.text.contains("plain = \"writes\""), "{}", refused.text);
    assert_eq!(real.host.counters().commands_started, before);
    let writes = desk(&real, "plain = \"writes\"");
    let written = ask(&writes, "sentinel_incident_comment_add", &comment).await;
    assert_eq!(written.outcome, Outcome::Done, "{}", written.text);
    assert_eq!(written.envelope["data"]["Message"], "law-nordhafen-sec-prod seen", "{}", written.text);
    // No begin record is there to say that nothing of it ran.
    let doubt = ask(&writes, "sentinel_incident_comment_add", &json!({"IncidentNumber": 7, "Message": "bad"})).await;
    assert_eq!(doubt.outcome, Outcome::Unknown, "{}", doubt.text);
}

async fn a11_what_reaches_such_an_endpoint_is_never_a_script() {
    let (real, _folder) = endpoint().await;
    let pool = RunspacePool::open(Options::new(&real.host.url(), credentials()).unwrap()).await.unwrap();
    let found = pool.command_metadata(GetCommandMetadata::new(["Get-AnalyticsRules"])).await.unwrap();
    assert_eq!(found.len(), 1);
    let call = || Command::new("Get-AnalyticsRules").argument("WorkspaceName", "law");
    assert!(matches!(pool.invoke(call()).await.unwrap().end, End::Completed));
    let End::Failed(error) = pool.invoke(Command::script("1")).await.unwrap().end else { panic!("it has a language") };
    assert!(error.id.starts_with("ScriptsNotAllowed"), "{}", error.id);
    let again = pool.invoke(call()).await.unwrap();
    assert!(matches!(again.end, End::Completed) && again.objects.len() == 1);
}
