//! What a person sees: the binary on a pseudo-terminal.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::snapshot::assert_snapshot;
use crate::world;

/// What came of a command.
struct Seen {
    exit: Option<i32>,
    text: String,
}

/// Runs it on a terminal of so many columns; standard output and standard
/// error are the same, as a person has them.
fn on_terminal(columns: u16, arguments: &[&str], variables: &[(&str, &str)]) -> Seen {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
    grantpt(&controller).expect("granted");
    unlockpt(&controller).expect("unlocked");
    let name = ptsname(&controller, Vec::new()).expect("a name");
    let user = open(name.as_c_str(), OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("the user's end");
    tcsetwinsize(&user, Winsize { ws_row: 40, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).expect("a size");
    let mut command = Command::new(env!("CARGO_BIN_EXE_sentinel-jump"));
    command.args(arguments).env_remove("SENTINEL_JUMP_CONFIG").env_remove("SENTINEL_JUMP_LOG");
    command.env_remove("NO_COLOR").env("TERM", "xterm-256color").envs(variables.iter().copied());
    command.stdin(Stdio::null()).stdout(user.try_clone().expect("a copy")).stderr(user);
    let mut child = command.spawn().expect("the binary runs");
    drop(command);
    let mut bytes = Vec::new();
    // A pseudo-terminal that nobody has open any more ends with an error.
    let _ = File::from(controller).read_to_end(&mut bytes);
    let text = String::from_utf8(bytes).expect("text").replace("\r\n", "\n");
    Seen { exit: child.wait().expect("it ends").code(), text }
}

const PLAIN: [(&str, &str); 1] = [("NO_COLOR", "1")];

/// The README's demo command, without `cargo run --`.
fn first_command() -> Vec<&'static str> {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once("<!-- demo -->\n```sh\ncargo run -- ").expect("the demo's command");
    rest.lines().next().expect("a line").split(' ').collect()
}

#[test]
fn the_first_command_of_the_readme_shows_every_customer() {
    let seen = on_terminal(100, &first_command(), &PLAIN);
    assert_eq!(seen.exit, Some(0));
    assert_snapshot("terminal-rules.txt", &seen.text);
    for customer in ["alpenmed", "marlowe", "nordhafen"] {
        assert!(seen.text.contains(&format!("\n{customer} / ")), "{}", seen.text);
    }
    assert!(!seen.text.contains("audit") && !seen.text.contains('\u{1b}'), "{}", seen.text);
}

#[test]
fn colours_are_for_terminals_that_nobody_took_them_from() {
    let tools = |variables: &[(&str, &str)]| on_terminal(100, &["tools"], variables).text;
    assert!(tools(&[]).contains("\u{1b}[4m"));
    for variables in [[("NO_COLOR", "1")], [("TERM", "dumb")]] {
        assert!(!tools(&variables).contains('\u{1b}'), "{variables:?}");
    }
}

#[test]
fn a_log_is_on_the_terminal_when_it_is_asked_for() {
    let command = ["call", "sentinel_list_analytics_rules", "--demo", "--arg", "tenant_filter=nordhafn"];
    let seen = on_terminal(100, &command, &PLAIN);
    assert_eq!(seen.exit, Some(2));
    assert_eq!(
        seen.text,
        "sentinel-jump: refused (unknown_tenant): There is no tenant \"nordhafn\". Did you mean \"nordhafen\"?\n"
    );
    let seen = on_terminal(100, &command, &[("SENTINEL_JUMP_LOG", "info")]);
    assert!(seen.text.contains("audit"), "{}", seen.text);
}

#[test]
fn every_table_fits_its_terminal() {
    let commands: [&[&str]; 4] = [
        &["call", "sentinel_list_analytics_rules", "--demo", "--all"],
        &["call", "sentinel_incident_list", "--demo", "--tenant", "nordhafen", "--workspace", "nordhafen-prod"],
        &["call", "sentinel_health_check", "--demo"],
        &["tools", "incident_list"],
    ];
    for (columns, command) in [60, 80, 200].iter().flat_map(|columns| commands.map(|command| (*columns, command))) {
        let seen = on_terminal(columns, command, &PLAIN);
        assert_eq!(seen.exit, Some(0), "{}", seen.text);
        let wide = seen.text.lines().filter(|line| line.chars().count() > usize::from(columns));
        // A heading is a sentence and may wrap; a command is copied.
        let wide: Vec<_> = wide.filter(|line| !line.contains(": ") && !line.starts_with("  sentinel-jump")).collect();
        assert!(wide.is_empty(), "{columns}: {wide:?}");
    }
}

#[test]
fn a_tool_is_explained() {
    for (name, tool) in [("incidents", "sentinel_incident_list"), ("delete", "rule_delete"), ("fleet", "health_check")]
    {
        let seen = on_terminal(100, &["tools", tool], &PLAIN);
        assert_eq!(seen.exit, Some(0), "{}", seen.text);
        assert_snapshot(&format!("terminal-tool-{name}.txt"), &seen.text);
    }
    let seen = on_terminal(100, &["tools", "sentinel_rule_lst"], &PLAIN);
    assert_eq!(seen.exit, Some(2));
    assert!(seen.text.contains("Did you mean \"sentinel_rule_list\""), "{}", seen.text);
}

/// A host that runs until this is dropped, and the configuration that it
/// printed, in a file.
struct Host {
    child: std::process::Child,
    folder: tempfile::TempDir,
}

const PASSWORD: &str = "a password of this test";

impl Host {
    fn start(more: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sentinel-jump"));
        command.args(["host", "--listen", "127.0.0.1:0"]).args(more).env("SENTINEL_JUMP_HOST_PASSWORD", PASSWORD);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the binary runs");
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
        let (mut toml, mut line) = (String::new(), String::new());
        while !toml.contains(".workspaces.") || !line.trim().is_empty() {
            line.clear();
            assert_ne!(output.read_line(&mut line).expect("text"), 0, "{toml}");
            if !toml.is_empty() || line.starts_with('#') {
                toml.push_str(&line);
            }
        }
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("sentinel-jump.toml"), toml).expect("a file");
        Self { child, folder }
    }

    fn config(&self) -> String {
        self.folder.path().join("sentinel-jump.toml").to_str().expect("a plain path").to_owned()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const VARIABLES: [(&str, &str); 2] = [("NO_COLOR", "1"), ("SENTINEL_JUMP_HOST_PASSWORD", PASSWORD)];

#[test]
fn what_a_host_prints_is_a_configuration_that_works() {
    let folder = tempfile::tempdir().expect("a folder");
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let (certificate, key) = (folder.path().join("host.pem"), folder.path().join("host.key"));
    std::fs::write(&certificate, pair.cert.pem()).expect("a file");
    std::fs::write(&key, pair.signing_key.serialize_pem()).expect("a file");
    let [certificate, key] = [&certificate, &key].map(|path| path.to_str().expect("a plain path"));
    let tls = ["--tls-certificate", certificate, "--tls-key", key];
    for more in [&[][..], &tls, &[&tls[..], &["--basic"]].concat()] {
        let host = Host::start(more);
        let config = host.config();
        assert_eq!(on_terminal(100, &["check", "--config", &config], &VARIABLES).exit, Some(0));
        let seen = on_terminal(100, &["call", "sentinel_list_analytics_rules", "--config", &config], &VARIABLES);
        assert_eq!(seen.exit, Some(0), "{}", seen.text);
        assert!(seen.text.contains("37 rows in 2 workspaces of 1 customer"), "{}", seen.text);
    }
}

#[test]
fn control_characters_of_a_host_never_reach_a_terminal() {
    let host = Host::start(&[]);
    let config = host.config();
    let place = ["--tenant", "nordhafen", "--workspace", "nordhafen-prod", "--config", &config];
    let incidents =
        on_terminal(200, &[&["call", "sentinel_incident_list", "--format", "json"], &place[..]].concat(), &VARIABLES);
    let incidents: serde_json::Value = serde_json::from_str(&incidents.text).expect("JSON");
    let number = format!("IncidentNumber={}", incidents["data"][0]["IncidentNumber"]);
    let evil = "\u{1b}]52;c;ZXZpbA==\u{7} \u{9b}2J \u{202e}exe.fdp";
    // What the host says of a rule that is not there has its name.
    let rule = serde_json::json!({"RuleName": evil}).to_string();
    let get = [&["call", "sentinel_get_analytics_rule", "--json", &rule], &place[..]].concat();
    let seen = on_terminal(200, &get, &VARIABLES);
    assert_eq!(seen.exit, Some(1), "{}", seen.text);
    // What a terminal would act on is taken out, what only deceives is shown.
    assert!(seen.text.contains(r"\u202eexe.fdp") && !seen.text.contains("ZXZpbA"), "{}", seen.text);
    assert!(!seen.text.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}'), "{}", seen.text);
    let comment = serde_json::json!({"Message": evil}).to_string();
    let add = ["call", "sentinel_incident_comment_add", "--arg", &number, "--json", &comment];
    let seen = on_terminal(200, &[&add[..], &place[..]].concat(), &VARIABLES);
    assert_eq!(seen.exit, Some(0), "{}", seen.text);
    for format in ["table", "json", "jsonl"] {
        let list = ["call", "sentinel_incident_comment_list", "--arg", &number, "--format", format];
        let seen = on_terminal(200, &[&list[..], &place[..]].concat(), &VARIABLES);
        assert!(seen.text.contains(r"\u001b]52;c;ZXZpbA==\u0007 \u009b2J \u202eexe.fdp"), "{format}: {}", seen.text);
        assert!(!seen.text.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}'), "{format}");
    }
}

#[test]
fn an_unreachable_customer_is_named_and_the_others_are_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sentinel-jump.toml");
    std::fs::write(&path, world::TOML).expect("write");
    let config = path.to_str().expect("a plain path");
    let seen = on_terminal(100, &["call", "sentinel_list_analytics_rules", "--config", config], &PLAIN);
    assert_eq!(seen.exit, Some(3), "{}", seen.text);
    assert!(seen.text.contains("unreachable") && seen.text.contains("nordhafen/prod: "), "{}", seen.text);
}
