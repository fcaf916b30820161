//! `sentinel-jump call`, as a user types it, on a real PowerShell with an
//! interactive script.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Instant;

use serde_json::{Value as Json, json};

use crate::engine::{Real, credentials, real, real_with};
use crate::outside::{note, trials};

trials! { TRIALS:
    multi_thread {
        the_six_functions_and_the_fleet_answer(real);
        what_is_written_comes_back_as_it_was_and_nothing_runs(real);
        an_argument_that_the_script_does_not_have_is_refused_with_those_it_has(real);
        a_cancel_while_az_sleeps_stops_the_host;
        a_function_that_only_writes_to_the_screen_is_done_with_its_text(real);
        a_sign_in_that_fails_is_told_before_any_call;
        a_catalogue_overlay_says_what_the_hosts_script_has(real);
    }
}

/// The binary's environment and configuration, for one host.
pub(crate) struct Cli {
    config: tempfile::NamedTempFile,
    /// Where the host's `az` would keep its sign-in.
    _azure: tempfile::TempDir,
}

impl Cli {
    fn new(real: &Real) -> Self {
        Self::with(real, "")
    }

    /// With more lines in the script's section.
    fn with(real: &Real, lines: &str) -> Self {
        Self::of(real, &real.scripts.join("SentinelManager_v3.ps1"), lines)
    }

    /// With another script.
    pub(crate) fn of(real: &Real, script: &Path, lines: &str) -> Self {
        let mut config = tempfile::NamedTempFile::new().expect("a temporary file");
        let azure = tempfile::tempdir().expect("a temporary folder");
        let toml = format!(
            "[hosts.jump]\nurl = \"{}\"\nusername = \"{}\"\npassword = {{ env = \"TEST_PASSWORD\" }}\n\
             [hosts.jump.script]\npath = '{}'\n{lines}\n[tenants.nordhafen]\nhost = \"jump\"\nazure_config_dir = '{}'\n\
             [tenants.nordhafen.workspaces.prod]\nsubscription = \"00000000-0000-4000-8000-000000000001\"\n\
             resource_group = \"rg-nordhafen\"\nname = \"law-nordhafen-sec-prod\"\n",
            real.host.url(),
            credentials().username,
            script.display(),
            azure.path().display(),
        );
        config.write_all(toml.as_bytes()).expect("the file is written");
        Self { config, _azure: azure }
    }

    fn command(&self, tool: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sentinel-jump"));
        command
            .args(["call", tool, "--config"])
            .arg(self.config.path())
            .args(arguments)
            .env("TEST_PASSWORD", credentials().password.expose())
            .env("SENTINEL_JUMP_LOG", "info")
            .stdin(Stdio::null());
        command
    }

    /// One call on the workspace: exit code, answer.
    pub(crate) async fn call(&self, tool: &str, arguments: &Json) -> (i32, Json) {
        let json = arguments.to_string();
        let command = self.command(tool, &["--tenant", "nordhafen", "--workspace", "prod", "--json", &json]);
        answer(&wait(command).await)
    }
}

/// Waits outside of the runtime that the host runs on.
async fn wait(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output()).await.expect("it ran").expect("it started")
}

fn answer(output: &Output) -> (i32, Json) {
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!log.contains("planted-secret"), "{log}");
    let answer = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no JSON answer; log: {log}"));
    (output.status.code().unwrap_or(-1), answer)
}

async fn the_six_functions_and_the_fleet_answer(real: Real) {
    let cli = Cli::new(&real);
    let (exit, rules) = cli.call("sentinel_rule_list", &json!({ "Enabled": true })).await;
    assert_eq!((exit, rules["outcome"].as_str(), rules["count"].as_u64()), (0, Some("done"), Some(2)), "{rules}");
    assert_eq!(rules["data"][0]["entityMappings"][0]["fieldMappings"][0]["columnName"], "IPAddress", "depth is kept");

    let id = "000000b0-0000-4000-8000-0000000000ab";
    let (exit, rule) = cli.call("sentinel_get_analytics_rule", &json!({ "RuleId": id })).await;
    assert_eq!((exit, rule["data"]["RuleId"].as_str()), (0, Some(id)), "{rule}");

    let (exit, incidents) = cli.call("sentinel_incident_list", &json!({ "Status": ["Active"] })).await;
    assert_eq!((exit, incidents["data"][0]["IncidentNumber"].as_u64()), (0, Some(4712)), "{incidents}");

    let (exit, incident) = cli.call("sentinel_incident_get", &json!({ "IncidentNumber": 4711 })).await;
    assert_eq!((exit, incident["outcome"].as_str()), (0, Some("done")), "{incident}");
    assert_eq!(incident["data"], Json::Null, "it only writes to the screen");
    assert_eq!(incident["text"][1], "  Titel    : Kerberoasting: viele RC4-Tickets");

    let (exit, backup) = cli.call("sentinel_backup_rules", &json!({})).await;
    assert_eq!((exit, backup["data"][0]["Count"].as_u64()), (0, Some(3)), "{backup}");

    let (exit, fleet) = answer(&wait(cli.command("sentinel_list_analytics_rules", &[])).await);
    assert_eq!((exit, fleet["count"].as_u64()), (0, Some(3)), "{fleet}");
    assert_eq!(fleet["data"][0]["tenant"], "nordhafen");
    assert_eq!(real.host.counters().shells_open, 0, "every call closed its session");
}

async fn what_is_written_comes_back_as_it_was_and_nothing_runs(real: Real) {
    let cli = Cli::new(&real);
    for message in [
        "'; $(1+1); Remove-Item x",
        "`n`$(Get-Date)",
        "line\nline\r\n\"quotes\" 'too'",
        "_x000A_ & <b> ]]>",
        "{0} %PATH% 🚀",
    ] {
        let (exit, written) =
            cli.call("sentinel_incident_comment_add", &json!({ "IncidentNumber": 4711, "Message": message })).await;
        assert_eq!((exit, written["outcome"].as_str()), (0, Some("done")), "{written}");
        assert_eq!(written["data"]["Body"]["message"], message);
        assert_eq!(written["data"]["Workspace"], "law-nordhafen-sec-prod");
    }
}

async fn an_argument_that_the_script_does_not_have_is_refused_with_those_it_has(real: Real) {
    let cli = Cli::new(&real);
    let (exit, refused) = cli.call("sentinel_rule_list", &json!({ "Tactic": "Impact" })).await;
    assert_eq!((exit, refused["code"].as_str()), (2, Some("invalid_argument")), "{refused}");
    let said = refused["error"].as_str().expect("a sentence");
    assert!(said.contains("Tactic") && said.contains("NameFilter"), "{said}");
    // By the name that this host has.
    let (exit, named) = cli.call("sentinel_rule_list", &json!({ "NameFilter": "Müller" })).await;
    assert_eq!((exit, named["count"].as_u64()), (0, Some(1)), "{named}");
}

async fn a_cancel_while_az_sleeps_stops_the_host() {
    let real = real_with(&[("AZ_DELAY", "600")]).await;
    let cli = Cli::new(&real);
    let mut command = cli.command("sentinel_rule_list", &["--tenant", "nordhafen", "--workspace", "prod"]);
    let mut child: Child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    // Module, script, target, probe, call: the call is the fifth command, and
    // has begun on the host when its Receive is held.
    let host = &real.host;
    while host.counters().commands_started < 5 || host.counters().requests_of("Receive") < 2 + 5 {
        tokio::task::yield_now().await;
    }
    #[expect(clippy::disallowed_methods, reason = "printed, not judged")]
    let began = Instant::now();
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status().expect("kill runs");
    assert!(sent.success());
    let mut stdout = child.stdout.take().expect("piped");
    let (exit, text) = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).expect("an answer");
        (child.wait().expect("it ends").code(), text)
    })
    .await
    .expect("it ran");
    note(format_args!("cancelled call ended {} ms after the signal", began.elapsed().as_millis()));
    let answer: Json = serde_json::from_str(&text).expect("JSON");
    assert_eq!((exit, answer["code"].as_str()), (Some(130), Some("cancelled")), "{answer}");
    assert_eq!(host.counters().shells_open, 0);
}

async fn a_function_that_only_writes_to_the_screen_is_done_with_its_text(real: Real) {
    let cli = Cli::new(&real);
    let (exit, none) = cli.call("sentinel_incident_get", &json!({ "IncidentNumber": 1 })).await;
    assert_eq!((exit, &none["outcome"], &none["data"], &none["count"]), (0, &json!("done"), &Json::Null, &json!(0)));
    let text = none["text"].as_array().expect("lines");
    assert!(text.iter().any(|line| line.as_str().is_some_and(|line| line.contains("nicht gefunden"))), "{none}");
}

async fn a_sign_in_that_fails_is_told_before_any_call() {
    let answers = "init = [\"Connect-ToAzure\"]\n[[hosts.jump.script.answers]]\nfunction = \"Connect-ToAzure\"\n\
                   question = \"Wähle eine Authentifizierungsmethode\"\nanswer = \"1\"";
    let real = real_with(&[("AZ_FAIL", "1")]).await;
    let (exit, failed) = Cli::with(&real, answers).call("sentinel_rule_list", &json!({})).await;
    assert_eq!(
        (exit, &failed["code"], &failed["outcome"]),
        (1, &json!("azure_not_signed_in"), &json!("failed")),
        "{failed}"
    );
    let said = "az account get-access-token ist fehlgeschlagen (Code 1).";
    assert_eq!(failed["hostErrors"][0]["message"], said);
    assert!(!failed["error"].as_str().expect("a sentence").contains("fehlgeschlagen"), "{failed}");
    // Signed in, it asks for a subscription next: nobody may answer that.
    let real = crate::engine::real().await;
    let (exit, asked) = Cli::with(&real, answers).call("sentinel_rule_list", &json!({})).await;
    assert_eq!((exit, &asked["code"]), (1, &json!("host_question")), "{asked}");
    assert_eq!(asked["hostErrors"][0]["message"], "Abonnement");
    assert_eq!(real.host.counters().shells_open, 0);
}

async fn a_catalogue_overlay_says_what_the_hosts_script_has(real: Real) {
    let cli = Cli::new(&real);
    let file = cli.config.path().with_extension("overlay.json");
    let probe = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sentinel-jump"));
        command.args(["catalog", "probe", "--tenant", "nordhafen", "--config"]).arg(cli.config.path());
        command.arg("--output").arg(&file).env("TEST_PASSWORD", credentials().password.expose()).stdin(Stdio::null());
        command
    };
    let written = wait(probe()).await;
    assert_eq!(written.status.code(), Some(0), "{}", String::from_utf8_lossy(&written.stderr));
    let overlay: Json = serde_json::from_slice(&std::fs::read(&file).expect("it is written")).expect("JSON");
    assert_eq!(
        (overlay["functions"].as_object().map(|all| all.len()), &overlay["script"]["style"]),
        (Some(44), &json!("session"))
    );
    let names =
        |key: &str| overlay[key].as_array().expect("a list").iter().filter_map(Json::as_str).collect::<Vec<_>>();
    assert_eq!((names("lacks").len(), names("lacks")[0]), (16, "Add-DCRDataSource"));
    assert!(names("asks").contains(&"Connect-ToAzure") && !names("asks").contains(&"Get-AnalyticsRules"));
    assert_eq!(names("exits").first(), Some(&"Remove-DataCollectionRule"));
    assert!(names("screenOnly").contains(&"Show-IncidentDetails"), "{:?}", names("screenOnly"));
    let rules = &overlay["functions"]["Get-AnalyticsRules"];
    assert_eq!(rules["unknownParameters"], json!([]));
    let export = &overlay["functions"]["Export-AnalyticsRules"];
    assert!(export["unknownParameters"].to_string().contains("\"DelayMs\""), "{export}");
    assert!(rules["lacksParameters"].to_string().contains("Tactic"), "{rules}");
    let kind = json!({ "type": "System.String[]", "validateSet": ["Scheduled", "NRT", "Fusion"] });
    assert_eq!(rules["parameters"]["Kind"], kind);
    assert_eq!(
        overlay["functions"]["Update-TableRetention"]["parameters"]["RetentionInDays"]["validateRange"],
        json!([4, 730])
    );
    assert_eq!(overlay["functions"]["Export-AnalyticsRules"]["progress"], true);
    // Once per script hash.
    let before = real.host.counters().commands_started;
    let again = wait(probe()).await;
    assert!(String::from_utf8_lossy(&again.stderr).contains("has not changed"));
    assert_eq!(real.host.counters().commands_started - before, 3, "module, script, target; no probe");
    assert_eq!(real.host.counters().shells_open, 0);
    std::fs::remove_file(&file).expect("it was there");
}
