//! Configurations: what is refused, where, and in which words.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use sentinel_jump::config::{Auth, Config, Script, SecretError, SecretRef, Vault};

use crate::certificates::Authority;
use crate::snapshot::assert_snapshot;
use crate::world;

/// The test configuration with one line put in place of another.
fn with(line: &str, instead: &str) -> String {
    assert!(world::TOML.contains(line), "{line}");
    world::TOML.replacen(line, instead, 1)
}

fn problems(toml: &str) -> String {
    Config::parse(toml, Path::new("/etc/sentinel-jump")).map_or_else(|error| error.to_string(), |_| "good".to_owned())
}

/// Addresses, sign-ins, and whom to believe.
fn of_access() -> Vec<(&'static str, String)> {
    let url = r#"url = "http://127.0.0.1:1/wsman""#;
    let https = r#"url = "https://jump01.example:5986/wsman""#;
    let pin = "ab".repeat(32);
    let certified = |lines: &str| {
        let people = world::TOML.split_inclusive('\n').filter(|line| !line.contains("svc-sentinel'"));
        let toml: String = people.collect();
        let toml = toml.replacen("password = { env = \"SENTINEL_JUMP_TEST_NOT_SET\" }\n", "", 1);
        toml.replacen(url, &format!("{https}\nauth = \"certificate\"\n{lines}"), 1)
    };
    vec![
        ("a proxy that is none", with(url, &format!("{url}\nproxy = \"proxy.example:3128\""))),
        ("a proxy with a password", with(url, &format!("{url}\nproxy = \"http://me:planted-secret@proxy:3128\""))),
        ("another scheme", with(url, r#"url = "ftp://jump01.example/wsman""#)),
        ("https without a port", with(url, r#"url = "https://jump01.example/wsman""#)),
        ("tls over http", with(url, &format!("{url}\ntls = {{ ca = \"ca.pem\" }}"))),
        ("tls of nobody", with(url, &format!("{https}\ntls = {{}}"))),
        ("tls with a misspelt key", with(url, &format!("{https}\ntls = {{ pins = \"12\" }}"))),
        ("a pin that is too short", with(url, &format!("{https}\ntls = {{ pin = \"12ab\" }}"))),
        ("one bad pin of two", with(url, &format!("{https}\ntls = {{ pin = [\"{pin}\", \"{pin}0\"] }}"))),
        ("no pin in the list", with(url, &format!("{https}\ntls = {{ pin = [] }}"))),
        ("a pin that is a number", with(url, &format!("{https}\ntls = {{ pin = 12 }}"))),
        ("pin and ca", with(url, &format!("{https}\ntls = {{ pin = \"{pin}\", ca = \"ca.pem\" }}"))),
        ("no such ca", with(url, &format!("{https}\ntls = {{ ca = \"no-such-file.pem\" }}"))),
        ("a ca that is none", with(url, &format!("{https}\ntls = {{ ca = \"/dev/null\" }}"))),
        ("certificate over http", with(url, &format!("{url}\nauth = \"certificate\""))),
        ("certificate without its parts", with(url, &format!("{https}\nauth = \"certificate\""))),
        ("a certificate that is none", certified("certificate = \"/dev/null\"\nkey = { file = \"own.key\" }")),
        ("a key in the open", certified("certificate = \"/dev/null\"\nkey = \"planted-secret\"")),
        ("a certificate without need", with(url, &format!("{url}\ncertificate = \"own.pem\""))),
        ("basic over http", with(url, &format!("{url}\nauth = \"basic\""))),
        ("danger without need", with(url, &format!("{https}\nauth = \"basic\"\ndangerous_basic_over_http = true"))),
        ("danger without basic", with(url, &format!("{url}\ndangerous_basic_over_http = true"))),
    ]
}

const AZURE: &str = "azure_tenant = \"000000c4-0d3a-4000-8000-000000000001\"\n";

/// Two tenants on one host whose `az` uses one folder.
fn azure(one: &str, other: &str) -> String {
    let folder = |keys: &str, path: &str| format!("{keys}azure_config_dir = '{path}'\n");
    world::TOML
        .replace("host = \"jump-marlowe\"\n", &format!("host = \"jump-nordhafen\"\n{}", folder(other, "C:/Azure/X/")))
        .replacen(
            "host = \"jump-nordhafen\"\n",
            &format!("host = \"jump-nordhafen\"\n{}", folder(one, r"c:\azure\x")),
            1,
        )
}

#[test]
fn one_sign_in_may_serve_several_customers() {
    assert_eq!(problems(&azure(AZURE, AZURE)), "good");
}

#[test]
fn what_a_session_does_first_is_read() {
    let script = r#"script = { path = 'C:\SOC\SentinelManager_v3.ps1', style = "contract" }"#;
    let instead = r#"script = { module = "SentinelManager", init = ["Connect-ToAzure", { function = "Select-X", parameters = { N = 3, On = true } }] }"#;
    let toml = with(script, instead).replace("host = \"jump-marlowe\"\n", &format!("host = \"jump-marlowe\"\n{AZURE}"));
    let config = Config::parse(&toml, Path::new("")).expect("a good configuration");
    let host = config.hosts.values().find(|host| host.id.as_str() == "jump-marlowe").expect("a host");
    assert_eq!(host.script, Script::Module { name: "SentinelManager".into(), sha256: None });
    let init: Vec<_> = host.rules.init.iter().map(|init| (init.function.as_str(), init.parameters.len())).collect();
    assert_eq!(init, [("Connect-ToAzure", 0), ("Select-X", 2)]);
    let tenant = config.registry.resolve("marlowe", "prod").expect("a target").tenant().clone();
    assert_eq!(tenant.azure_tenant.as_deref(), Some("000000c4-0d3a-4000-8000-000000000001"));
    assert_eq!(tenant.azure_config_dir, "sentinel-jump/tenant-marlowe.azure");
}

#[expect(clippy::too_many_lines, reason = "a flat list of cases")]
#[test]
fn every_refusal_names_its_place() {
    let url = r#"url = "http://127.0.0.1:1/wsman""#;
    let password = r#"password = { env = "SENTINEL_JUMP_TEST_NOT_SET" }"#;
    let script = r#"script = { path = 'C:\SOC\SentinelManager_v3.ps1', style = "contract" }"#;
    let host = r#"host = "jump-marlowe""#;
    let cases = [
        ("misspelt key", with(url, &format!("{url}\nsesions = {{ max = 2 }}"))),
        ("misspelt inner key", with(url, &format!("{url}\nsessions = {{ maxx = 2 }}"))),
        ("unknown key", with(url, &format!("{url}\ncolour = 1"))),
        ("no port", with(url, r#"url = "http://jump01.example/wsman""#)),
        ("password in the address", with(url, r#"url = "http://svc:planted-secret@jump01.example:5985/wsman""#)),
        ("no address", with(url, "")),
        ("inline password", with(password, r#"password = "planted-secret""#)),
        ("two places of a password", with(password, r#"password = { env = "A", file = "b" }"#)),
        ("later place of a password", with(password, r#"password = { keyring = "x" }"#)),
        ("empty command", with(password, "password = { command = [] }")),
        ("kerberos", with(url, &format!("{url}\nauth = \"kerberos\""))),
        ("misspelt auth", with(url, &format!("{url}\nauth = \"negotiat\""))),
        ("too many sessions", with(url, &format!("{url}\nsessions = {{ max = 31 }}"))),
        ("idle without unit", with(url, &format!("{url}\nsessions = {{ idle = \"10\" }}"))),
        ("sessions too old", with(url, &format!("{url}\nsessions = {{ age = \"30s\" }}"))),
        ("sessions that never end", with(url, &format!("{url}\nsessions = {{ calls = 0 }}"))),
        ("wrong type", with(url, "url = 5985")),
        ("plain beside a script", with(script, &format!("{script}\nplain = \"reads\""))),
        ("plain for nothing", with(script, "plain = \"write\"")),
        ("a tenant that no script compares", with(script, "").replace(host, &format!("{host}\n{AZURE}"))),
        ("script from nowhere", with(script, "script = {}")),
        ("push without a hash", with(script, r#"script = { push = "s.ps1" }"#)),
        ("bad hash", with(script, r#"script = { push = "s.ps1", sha256 = "12" }"#)),
        ("path and push", with(script, r#"script = { path = "a", push = "b" }"#)),
        ("path and module", with(script, r#"script = { path = "a", module = "b" }"#)),
        ("a file as module", with(script, r#"script = { module = 'C:\SOC\SentinelManager.psm1' }"#)),
        ("parameters of a module", with(script, r#"script = { module = "b", parameters = { A = 1 } }"#)),
        ("path and bundled", with(script, r#"script = { path = "a", bundled = true }"#)),
        (
            "bundled with what is known of it",
            with(script, r#"script = { bundled = true, style = "contract", parameters = { A = 1 } }"#),
        ),
        (
            "identity of another script",
            with(
                script,
                r#"script = { path = "a" }
identity = { kind = "managed" }"#,
            ),
        ),
        (
            "identity",
            with(
                script,
                r#"script = { bundled = true }
identity = { kind = "manged", cloud = "Azure", login = "http://login.example", client_secret = "planted-secret", scope = "x" }"#,
            ),
        ),
        ("init of no list", with(script, r#"script = { path = "a", init = "Connect-ToAzure" }"#)),
        ("init of numbers", with(script, r#"script = { path = "a", init = [1] }"#)),
        ("init without a function", with(script, r#"script = { path = "a", init = [{ parameters = { A = 1 } }] }"#)),
        ("init with another key", with(script, r#"script = { path = "a", init = [{ function = "F", args = 1 }] }"#)),
        ("bad style", with(script, r#"script = { path = "a", style = "contrat" }"#)),
        (
            "bad question",
            with(script, r#"script = { path = "a", answers = [{ function = "f", pattern = "(", answer = "j" }] }"#),
        ),
        (
            "a pattern as a question",
            with(
                script,
                r#"script = { path = "a", answers = [{ function = "f", question = "Weg.*", answer = "j" }] }"#,
            ),
        ),
        (
            "a question and a pattern",
            with(
                script,
                r#"script = { path = "a", answers = [{ function = "f", question = "a", pattern = "a", answer = "j" }] }"#,
            ),
        ),
        ("allowed without a name", with(script, r#"script = { path = "a", allow = ["*"] }"#)),
        ("chosen by a pattern", with(script, r#"script = { path = "a", select = ["Use-*"] }"#)),
        (
            "answer without a question",
            with(script, r#"script = { path = "a", answers = [{ function = "f", answer = "j" }] }"#),
        ),
        ("unknown host", with(host, r#"host = "jump-marlow""#)),
        ("unknown confirmation", with(host, &format!("{host}\nconfirm = \"nver\""))),
        ("no host", with(host, "")),
        ("azure tenant", with(host, &format!("{host}\nazure_tenant = \"contoso.example\""))),
        ("azure folder", with(host, &format!("{host}\nazure_config_dir = 'C:\\a|b'"))),
        ("one azure folder for two", azure("", "")),
        (
            "one azure folder for two sign-ins",
            azure(AZURE, "azure_tenant = \"000000c5-0d3a-4000-8000-000000000001\"\n"),
        ),
        ("language", with(host, &format!("{host}\nlanguage = \"fr\""))),
        ("bad alias", world::TOML.replace("tenants.marlowe", "tenants.\"mar lowe\"")),
        (
            "aliases that differ in case",
            with("[tenants.marlowe]", "[tenants.NORDHAFEN]").replace("tenants.marlowe.", "tenants.NORDHAFEN."),
        ),
        ("bad subscription", world::TOML.replace("000000c4-0d3a-4000-8000-000000000001", "c4")),
        ("bad workspace name", world::TOML.replace("law-mg-sentinel-prd", "law_mg")),
        (
            "one workspace under two names",
            world::TOML
                .replace("000000c4-", "000000c1-")
                .replace("rg-soc-prd", "RG-sec-prod")
                .replace("law-mg-sentinel-prd", "law-nordhafen-sec-prod"),
        ),
        ("no tenants", "[hosts]".to_owned()),
        ("unknown tool set", format!("{}\n[tools]\nsets = [\"read\", \"incident\"]", world::TOML)),
        ("state in a shell's home", format!("state_dir = \"~/state\"\n{}", world::TOML)),
        ("state nowhere", format!("state_dir = \"\"\n{}", world::TOML)),
        ("fleet without end", format!("{}\n[fleet]\ndeadline = \"2h\"", world::TOML)),
        ("not TOML", "[hosts.a\npassword = \"planted-secret\"".to_owned()),
        ("two problems", with(url, "").replace(host, "host = 5")),
    ];
    let mut text = String::new();
    for (name, toml) in cases.iter().chain(&of_access()) {
        let said = problems(toml);
        assert_ne!(said, "good", "{name}");
        writeln!(text, "# {name}\n{said}\n").expect("writing to a string");
    }
    assert!(!text.contains("planted-secret"), "{text}");
    assert_snapshot("config-errors.txt", &text);
}

#[test]
fn a_good_configuration_means_what_it_says() {
    let config = world::config();
    let host = &config.hosts["jump-nordhafen"];
    assert_eq!(host.sessions.max, 4);
    assert_eq!(host.sessions.idle, Duration::from_secs(600));
    assert_eq!((host.sessions.age, host.sessions.calls), (Duration::from_secs(1_800), 500));
    assert_eq!((config.fleet_deadline, config.state_dir), (Duration::from_secs(120), None));
    let stateful = format!("state_dir = \"state\"\n{}", world::TOML);
    let stateful = Config::parse(&stateful, Path::new("/etc/sentinel-jump")).expect("a good configuration");
    assert_eq!(stateful.state_dir.as_deref(), Some(Path::new("/etc/sentinel-jump/state")));
    let written = "sessions = { max = 2, idle = \"1m\", age = \"20m\", calls = 50 }";
    let url = "url = \"http://127.0.0.1:1/wsman\"";
    let toml = format!("{}\n[fleet]\ndeadline = \"45s\"", with(url, &format!("{url}\n{written}")));
    let config = Config::parse(&toml, Path::new("")).expect("a good configuration");
    let sessions = config.hosts.values().find(|host| host.sessions.max == 2).expect("the host").sessions;
    assert_eq!((sessions.idle, sessions.age), (Duration::from_secs(60), Duration::from_secs(1_200)));
    assert_eq!((sessions.calls, config.fleet_deadline), (50, Duration::from_secs(45)));
    assert_eq!(host.script, Script::Path { path: r"C:\Scripts\SentinelManager_v3.ps1".to_owned(), sha256: None });
    let pins: Vec<(String, String)> =
        config.registry.targets().map(|target| (target.workspace().name.clone(), target.host().to_string())).collect();
    let pin = |workspace: &str, host: &str| (workspace.to_owned(), host.to_owned());
    assert_eq!(
        pins,
        [
            pin("law-mg-sentinel-prd", "jump-marlowe"),
            pin("law-nordhafen-ot", "jump-nordhafen"),
            pin("law-nordhafen-sec-prod", "jump-nordhafen"),
        ]
    );
}

#[test]
fn hosts_are_believed_as_configured() {
    let host = |lines: &str| {
        let toml = with(r#"url = "http://127.0.0.1:1/wsman""#, lines);
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("ca.pem"), Authority::new().pem).expect("write");
        let config = Config::parse(&toml, folder.path()).expect("a good configuration");
        let host = &config.hosts["jump-nordhafen"];
        (host.access.auth, format!("{:?}", host.access.tls))
    };
    let url = r#"url = "https://jump01.example:5986/wsman""#;
    let (one, two) = ("AB:".repeat(31) + "AB", "cd".repeat(32));
    assert_eq!(host(url), (Auth::Negotiate, "System".to_owned()));
    assert_eq!(host(&format!("{url}\ntls = {{ ca = \"ca.pem\" }}")).1, "Authorities(1)");
    assert_eq!(host(&format!("{url}\ntls = {{ pin = \"{one}\" }}")).1, format!("Pins([{}])", "ab".repeat(32)));
    let both = format!("Pins([{}, {two}])", "ab".repeat(32));
    assert_eq!(host(&format!("{url}\ntls = {{ pin = [\"{one}\", \"{two}\"] }}")).1, both);
    assert_eq!(host(&format!("{url}\nauth = \"basic\"")).0, Auth::Basic);
    let clear = "url = \"http://127.0.0.1:1/wsman\"\nauth = \"basic\"\ndangerous_basic_over_http = true";
    assert_eq!(host(clear).0, Auth::DangerousClearTextBasic);
    let proxied = with("url = \"http://127.0.0.1:1/wsman\"", &format!("{url}\nproxy = \"http://proxy.example:3128\""));
    let config = Config::parse(&proxied, Path::new("")).expect("a good configuration");
    let proxy = config.hosts["jump-nordhafen"].access.proxy.as_ref().map(ToString::to_string);
    assert_eq!(proxy.as_deref(), Some("http://proxy.example:3128"));
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("own.pem"), Authority::new().issue_client().pem).expect("write");
    let toml = world::TOML
        .replacen(
            "url = \"http://127.0.0.1:1/wsman\"",
            &format!("{url}\nauth = \"certificate\"\ncertificate = \"own.pem\""),
            1,
        )
        .replacen("username = 'NORDHAFEN\\svc-sentinel'\n", "", 1)
        .replacen("password =", "key =", 1);
    let config = Config::parse(&toml, folder.path()).expect("a good configuration");
    let host = &config.hosts["jump-nordhafen"];
    assert_eq!((host.access.auth, host.access.username.as_str()), (Auth::Certificate, ""));
    assert!(host.access.certificate.is_some());
}

#[test]
fn a_question_is_answered_whole_or_not_at_all() {
    let script = r#"script = { path = 'C:\SOC\SentinelManager_v3.ps1', style = "contract" }"#;
    let answers =
        r#"script = { path = "a", answers = [{ function = "f", pattern = "a|Delete '.*'\\?", answer = "j" }] }"#;
    let config = Config::parse(&with(script, answers), Path::new("")).expect("a good configuration");
    let question = &config.hosts["jump-marlowe"].rules.answers[0].question;
    assert!(question.is_match("Delete 'x'?"));
    assert!(!question.is_match("Delete 'x'? And everything else?"));
    assert!(!question.is_match("a and more"));
}

#[test]
fn a7_a_question_is_what_stands_there() {
    let script = r#"script = { path = 'C:\SOC\SentinelManager_v3.ps1', style = "contract" }"#;
    let asked = |written: &str| {
        let answers =
            format!(r#"script = {{ path = "a", answers = [{{ function = "f", {written}, answer = "j" }}] }}"#);
        Config::parse(&with(script, &answers), Path::new(""))
    };
    let config = asked(r#"question = "Wirklich löschen? (j/n)""#).expect("a good configuration");
    let question = &config.hosts["jump-marlowe"].rules.answers[0].question;
    assert!(question.is_match("Wirklich löschen? (j/n)") && !question.is_match("Wirklich lösche j/n"));
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    for pattern in ["Delete '.*'", "^Sure", r"Sure\\?"] {
        let error = asked(&format!(r#"question = "{pattern}""#)).expect_err(pattern);
        assert!(error.to_string().contains("write it as pattern"), "{error}");
    }
    let config = asked(r#"question = "Delete|Remove""#).expect("a good configuration");
    assert_eq!(config.warnings.len(), 1);
    assert!(config.warnings[0].said.contains("write it as pattern"), "{:?}", config.warnings);
}

#[test]
fn a11_a_host_without_script_is_for_reads_unless_it_says_otherwise() {
    let script = r#"script = { path = 'C:\SOC\SentinelManager_v3.ps1', style = "contract" }"#;
    for (written, writes, warnings) in
        [("", false, 1), ("plain = \"reads\"", false, 0), ("plain = \"writes\"", true, 0)]
    {
        let config = Config::parse(&with(script, written), Path::new("")).expect("a good configuration");
        assert_eq!(config.hosts["jump-marlowe"].script, Script::Plain { writes });
        assert_eq!(config.warnings.len(), warnings, "{:?}", config.warnings);
    }
}

#[test]
fn a_script_s_own_words_are_taken() {
    let script = r#"script = { path = 'C:\SOC\SentinelManager_v3.ps1', style = "contract" }"#;
    let words = r#"script = { path = "a", allow = ["Get-Az*"], select = ["Use-Kunde"], derived = ["BaseUri"] }"#;
    let config = Config::parse(&with(script, words), Path::new("")).expect("a good configuration");
    let rules = &config.hosts["jump-marlowe"].rules;
    assert_eq!((&rules.allow[..], &rules.select[..]), (&["Get-Az*".to_owned()][..], &["Use-Kunde".to_owned()][..]));
    assert_eq!(rules.derived, ["BaseUri"]);
}

#[test]
fn our_own_script_is_told_by_what_it_signs_in() {
    let script = r#"script = { path = 'C:\SOC\SentinelManager_v3.ps1', style = "contract" }"#;
    let bundled = r#"script = { bundled = true }
identity = { kind = "secret", client_id = "c", client_secret = { env = "A" }, cloud = "AzureChinaCloud" }"#;
    let config = Config::parse(&with(script, bundled), Path::new("")).expect("a good configuration");
    let host = &config.hosts["jump-marlowe"];
    assert_eq!(host.script, Script::Bundled);
    let settings = [("Identity", "secret"), ("Cloud", "AzureChinaCloud"), ("ClientId", "c")];
    assert_eq!(host.identity.settings, settings.map(|(name, value)| (name, value.to_owned())));
    assert_eq!(host.identity.client_secret, Some(SecretRef::Env("A".to_owned())));
}

#[tokio::test]
async fn a_vault_answers_for_its_own_variables_only() {
    let vault = Vault::default().with_variable("HERE", "mine".to_owned().into());
    let env = |name: &str| SecretRef::Env(name.to_owned());
    assert_eq!(vault.fetch(&env("HERE")).await, Ok("mine".to_owned().into()));
    let elsewhere = "SENTINEL_JUMP_TEST_NOT_SET";
    assert_eq!(vault.fetch(&env(elsewhere)).await, Err(SecretError::NoVariable(elsewhere.to_owned())));
    assert_eq!(env("HERE").fetch().await, Err(SecretError::NoVariable("HERE".to_owned())), "the process has none");
    assert!(!format!("{vault:?}").contains("mine"));
}

#[cfg(unix)]
mod secrets {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn file(mode: u32, content: &[u8]) -> (tempfile::TempDir, SecretRef) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        std::fs::write(&path, content).expect("write");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("chmod");
        (folder, SecretRef::File(path))
    }

    fn command(argv: &[&str]) -> SecretRef {
        let argv = argv.iter().map(|argument| (*argument).to_owned()).collect();
        SecretRef::Command { argv, environment: Vec::new() }
    }

    async fn fetched(secret: &SecretRef) -> String {
        secret.fetch().await.expect("a secret").expose().clone()
    }

    #[tokio::test]
    async fn a_file_loses_one_line_end_and_no_more() {
        let (_folder, secret) = file(0o600, b" pass\r\n\r\n");
        assert_eq!(fetched(&secret).await, " pass\r\n");
    }

    #[tokio::test]
    async fn a_file_that_others_can_read_is_refused() {
        for mode in [0o640, 0o604, 0o660] {
            let (_folder, secret) = file(mode, b"pass");
            assert!(matches!(secret.fetch().await, Err(SecretError::Exposed { mode: found, .. }) if found == mode));
        }
    }

    #[tokio::test]
    async fn a_secret_has_an_end_and_is_not_empty() {
        let (_folder, secret) = file(0o600, &vec![b'x'; 64 * 1024 + 1]);
        assert_eq!(secret.fetch().await, Err(SecretError::TooLarge));
        let (_folder, secret) = file(0o600, b"\n");
        assert_eq!(secret.fetch().await, Err(SecretError::Empty));
        assert_eq!(command(&["head", "-c", "1000000", "/dev/zero"]).fetch().await, Err(SecretError::TooLarge));
    }

    #[tokio::test]
    async fn d8_a_command_sees_no_variables_but_the_needed_and_the_named_ones() {
        let names = |text: String| -> Vec<String> {
            text.lines().filter_map(|line| Some(line.split_once('=')?.0.to_owned())).collect()
        };
        let seen = names(fetched(&command(&["env"])).await);
        // Cargo sets dozens, which stand for another tenant's password here.
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some() && seen.contains(&"PATH".to_owned()), "{seen:?}");
        let needed = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR"];
        assert!(seen.iter().all(|name| needed.contains(&name.as_str())), "{seen:?}");
        let named =
            SecretRef::Command { argv: vec!["env".to_owned()], environment: vec!["CARGO_MANIFEST_DIR".to_owned()] };
        let seen = names(fetched(&named).await);
        assert!(seen.contains(&"CARGO_MANIFEST_DIR".to_owned()), "{seen:?}");
        let unset =
            SecretRef::Command { argv: vec!["env".to_owned()], environment: vec!["SENTINEL_JUMP_NOT_SET".to_owned()] };
        assert_eq!(unset.look().await, Err(SecretError::NoVariable("SENTINEL_JUMP_NOT_SET".to_owned())));
    }

    #[tokio::test]
    async fn a_command_runs_without_a_shell() {
        assert_eq!(fetched(&command(&["printf", "%s", "$HOME;id"])).await, "$HOME;id");
        let failed = command(&["false"]).fetch().await;
        assert_eq!(failed, Err(SecretError::CommandFailed { program: "false".to_owned(), code: Some(1) }));
        let missing = command(&["/nowhere/at-all"]).fetch().await;
        assert!(matches!(missing, Err(SecretError::NotStarted { .. })));
    }
}
