//! The binary: what goes where, and how it ends.

use std::process::{Command, Output};

use serde_json::Value as Json;

use crate::world;

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sentinel-jump"));
    command.args(arguments).env_remove("SENTINEL_JUMP_CONFIG").env_remove("SENTINEL_JUMP_LOG");
    command.output().expect("the binary runs")
}

fn file(toml: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sentinel-jump.toml");
    std::fs::write(&path, toml).expect("write");
    let path = path.to_str().expect("a plain path").to_owned();
    (folder, path)
}

#[test]
fn an_answer_is_one_json_object_and_nothing_else() {
    let (_folder, config) = file(world::TOML);
    let output = run(&["call", "sentinel_rule_list", "--tenant", "nordhafen", "--config", &config]);
    assert_eq!(output.status.code(), Some(2));
    let answer: Json = serde_json::from_slice(&output.stdout).expect("JSON on standard output");
    assert_eq!(answer["code"], "invalid_argument");
    assert!(String::from_utf8_lossy(&output.stderr).contains("invalid_argument"), "the log is on standard error");
}

/// A pipe of Linux holds 64 KiB; the log then waits for whoever reads it.
#[cfg(target_os = "linux")]
#[test]
fn a_log_that_nobody_reads_holds_no_call_up() {
    use std::io::Write as _;
    let (_folder, config) = file(world::TOML);
    let (_unread, mut full) = std::io::pipe().expect("a pipe");
    full.write_all(&[b'x'; 65_536]).expect("filled to the brim");
    let mut command = Command::new(env!("CARGO_BIN_EXE_sentinel-jump"));
    command.args(["call", "sentinel_rule_list", "--tenant", "nordhafen", "--config", &config]);
    let output = command.env_remove("SENTINEL_JUMP_LOG").stderr(full).output().expect("the binary runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stdout).contains("invalid_argument"));
}

#[test]
fn the_exit_code_says_that_nothing_ran() {
    let (_folder, config) = file(world::TOML);
    let place = ["--tenant", "nordhafen", "--workspace", "prod", "--config", &config];
    let output = run(&[&["call", "Get-AnalyticsRules", "--arg", "Severity=High,Low"], &place[..]].concat());
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stdout));
    let output = run(&[&["call", "Get-AnalyticsRules", "--json", r#"{"Enabled": 1}"#], &place[..]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stdout).contains("must be true or false"));
}

#[test]
fn arguments_are_read_as_the_tool_has_them() {
    let (_folder, config) = file(world::TOML);
    let place = ["--tenant", "nordhafen", "--workspace", "prod", "--config", &config];
    let output = run(&[&["call", "sentinel_incident_list", "--arg", "LastDays=400"], &place[..]].concat());
    assert!(String::from_utf8_lossy(&output.stdout).contains("from 1 to 365, not 400"));
    let output = run(&[&["call", "sentinel_incident_list", "--arg", "LastDays"], &place[..]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
}

#[test]
fn what_may_lose_something_wants_the_object_s_name() {
    let (_folder, config) = file(world::TOML);
    let place = ["--tenant", "nordhafen", "--workspace", "prod", "--tools", "all", "--config", &config];
    let delete = |name: &str, more: &[&str]| {
        let name = format!("RuleName={name}");
        let output = run(&[&["call", "sentinel_rule_delete", "--arg", &name], more, &place[..]].concat());
        let answer: Json = serde_json::from_slice(&output.stdout).expect("JSON on standard output");
        let error = answer["error"].as_str().expect("a sentence").to_owned();
        (output.status.code(), answer["code"].as_str().expect("a code").to_owned(), error)
    };
    let (exit, code, error) = delete("Bob's rule", &[]);
    assert_eq!((exit, &*code), (Some(2), "confirmation_required"));
    assert!(error.ends_with(r"repeat the command with --confirm 'Bob'\''s rule', its RuleName."), "{error}");
    assert!(delete("Rule-1", &[]).2.ends_with("with --confirm Rule-1, its RuleName."));
    for wrong in ["bob's rule", "Bob", "", "yes"] {
        let (exit, code, _) = delete("Bob's rule", &["--confirm", wrong]);
        assert_eq!((exit, &*code), (Some(2), "confirmation_failed"), "{wrong}");
    }
    // Confirmed, it goes on, to a host that is not there.
    assert_eq!(delete("Bob's rule", &["--confirm", "Bob's rule"]).0, Some(3));
}

#[test]
fn http_is_served_on_loopback_only() {
    for address in ["0.0.0.0:0", "192.168.0.1:80", "[::]:0"] {
        let output = run(&["demo", "--http", address]);
        assert_eq!(output.status.code(), Some(2), "{address}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("can be reached from elsewhere") && said.contains("127.0.0.1"), "{said}");
    }
}

#[test]
fn check_says_good_or_what_is_wrong() {
    let (_folder, config) =
        file(&world::TOML.replace("env = \"SENTINEL_JUMP_TEST_NOT_SET\"", "command = [\"/not/run\"]"));
    let output = run(&["check", "--config", &config]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("2 hosts, 2 tenants, 3 workspaces"));
    let (_folder, config) = file(&world::TOML.replace("username", "user_name"));
    let output = run(&["check", "--config", &config]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("did you mean \"username\"?"));
}

#[test]
fn without_a_configuration_there_is_help() {
    let output = run(&["serve"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("SENTINEL_JUMP_CONFIG"));
    let output = run(&["tools", "--json"]);
    let tools: Json = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(tools.as_array().map(Vec::len), Some(24));
}

#[test]
fn serving_ends_with_its_input() {
    let (_folder, config) = file(world::TOML);
    let output = Command::new(env!("CARGO_BIN_EXE_sentinel-jump"))
        .args(["serve", "--config", &config])
        .stdin(std::process::Stdio::null())
        .output()
        .expect("the binary runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout.is_empty());
}

/// Starts `host` with these variables, ends it by `signal` once it listens.
#[cfg(unix)]
fn host(variables: &[(&str, &str)], signal: &str) -> (std::process::ExitStatus, String) {
    use std::io::{BufRead as _, BufReader, Read as _};
    let mut command = Command::new(env!("CARGO_BIN_EXE_sentinel-jump"));
    command.args(["host", "--listen", "127.0.0.1:0"]).env_remove("SENTINEL_JUMP_HOST_PASSWORD");
    let mut child = command
        .envs(variables.iter().copied())
        .env_remove("SENTINEL_JUMP_LOG")
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut text = String::new();
    while !text.contains("user ") {
        assert_ne!(output.read_line(&mut text).expect("text"), 0, "{text}");
    }
    let killed = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill runs");
    assert!(killed.success());
    output.read_to_string(&mut text).expect("text");
    (child.wait().expect("it ends"), text)
}

#[cfg(unix)]
#[test]
fn http_ends_in_order_when_it_is_told_to() {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    for signal in ["-INT", "-TERM"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sentinel-jump"));
        command.args(["demo", "--http", "127.0.0.1:0"]).env_remove("SENTINEL_JUMP_LOG");
        let mut child = command.stdout(std::process::Stdio::piped()).spawn().expect("the binary runs");
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut text = String::new();
        output.read_line(&mut text).expect("text");
        let address = text.trim().strip_prefix("listening on http://").and_then(|url| url.strip_suffix("/mcp"));
        let mut client = std::net::TcpStream::connect(address.expect("an address")).expect("somebody listens");
        client.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("a request");
        let mut answer = [0; 12];
        client.read_exact(&mut answer).expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 404");
        let killed = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill runs");
        assert!(killed.success());
        assert_eq!(child.wait().expect("it ends").code(), Some(0), "{signal}");
        // The connection that stood there was closed, not left.
        client.read_to_end(&mut Vec::new()).expect("an end");
        output.read_to_string(&mut text).expect("text");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}

/// A service manager's reload.
#[cfg(unix)]
#[test]
fn b7_a_hang_up_changes_nothing_for_a_server_over_http() {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    let mut command = Command::new(env!("CARGO_BIN_EXE_sentinel-jump"));
    command.args(["demo", "--http", "127.0.0.1:0"]).env_remove("SENTINEL_JUMP_LOG");
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().expect("the binary runs");
    let mut text = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut text).expect("text");
    let address = text.trim().strip_prefix("listening on http://").and_then(|url| url.strip_suffix("/mcp"));
    let kill = |signal: &str| {
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill runs").success());
    };
    for signal in ["-HUP", "-HUP"] {
        kill(signal);
        let mut client = std::net::TcpStream::connect(address.expect("an address")).expect("somebody listens");
        client.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("a request");
        let mut answer = [0; 12];
        client.read_exact(&mut answer).expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 404");
    }
    kill("-TERM");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[cfg(unix)]
#[test]
fn a_request_to_terminate_ends_as_an_interrupt_does() {
    for signal in ["-INT", "-TERM", "-HUP"] {
        let (status, text) = host(&[], signal);
        assert_eq!(status.code(), Some(0), "{signal}");
        assert!(text.contains("0 requests, 0 commands"), "{signal}: {text}");
    }
}

#[cfg(unix)]
#[test]
fn a_password_that_was_given_is_not_printed() {
    let (_, text) = host(&[("SENTINEL_JUMP_HOST_PASSWORD", "planted-secret")], "-TERM");
    assert!(text.contains("user demo, password: as given\n") && !text.contains("planted-secret"), "{text}");
    let (_, text) = host(&[], "-TERM");
    let line = text.lines().find(|line| line.starts_with("user ")).expect("a line");
    let made = line.strip_prefix("user demo, password ").expect("the form that other clients read");
    assert!(made.len() == 32 && made.chars().all(|c| c.is_ascii_hexdigit()), "{line}");
}

#[test]
fn every_variable_is_in_the_help() {
    let output = run(&["--help"]);
    let help = String::from_utf8_lossy(&output.stdout);
    for variable in sentinel_jump::config::env::VARIABLES {
        assert!(help.contains(variable.name) && help.contains(variable.meaning), "{}", variable.name);
    }
    assert!(help.contains("SENTINEL_JUMP_HOST_PASSWORD"));
}

#[test]
fn every_page_is_walked_by_one_command_and_no_cursor_is_printed() {
    let call = |more: &[&str]| run(&[&["call", "sentinel_list_analytics_rules", "--demo"], more].concat());
    let output = call(&[]);
    let page: Json = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((page["count"].as_u64(), page["data"].as_array().map(Vec::len)), (Some(89), Some(25)));
    assert_eq!((&page["nextCursor"], &page["truncated"]), (&Json::Null, &Json::Bool(true)));
    assert_eq!(page["warnings"][0], "64 more rows; repeat the command with --all to have them.");
    let output = call(&["--all", "--quiet"]);
    let whole: Json = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((whole["data"].as_array().map(Vec::len), &whole["truncated"]), (Some(89), &Json::Bool(false)));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let output = call(&["--all", "--format", "jsonl", "--arg", "page_size=10"]);
    let lines = String::from_utf8(output.stdout).expect("text");
    let rows: Vec<Json> = lines.lines().map(|line| serde_json::from_str(line).expect("a row per line")).collect();
    // Times in them are those of each command's own demo.
    let whose = |row: &Json| (row["tenant"].clone(), row["workspace"].clone(), row["RuleId"].clone());
    let all = whole["data"].as_array().expect("rows");
    assert_eq!(rows.iter().map(whose).collect::<Vec<_>>(), all.iter().map(whose).collect::<Vec<_>>());
    let pages = String::from_utf8_lossy(&output.stderr).matches("INFO audit").count();
    assert!(pages >= 9, "each page is a line of the log where nobody looks at it: {pages}");
    for wrong in ["0", "101", "many"] {
        let output = call(&["--format", "table", "--arg", &format!("page_size={wrong}")]);
        assert_eq!(output.status.code(), Some(2), "{wrong}");
    }
    let output = call(&["--format", "table", "--quiet", "--arg", "page_size=8"]);
    let shown = String::from_utf8_lossy(&output.stdout).matches("Scheduled").count();
    assert!((1..=12).contains(&shown), "a text of digits is the number: {shown}");
    let output = call(&["--arg", "cursor=0.25"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--all gives every row"));
}

#[test]
fn every_format_answers_in_the_language_of_the_command() {
    let (_folder, config) = file(world::TOML);
    for format in ["table", "json", "jsonl"] {
        let wrong = ["--arg", "tenant_filter=nordhafn", "--format", format, "--language", "de", "--config", &config];
        let output = run(&[&["call", "sentinel_list_analytics_rules", "--quiet"], &wrong[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{format}");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains("Es gibt keinen Tenant") && said.contains("nordhafen"), "{format}: {said}");
    }
}

#[test]
fn a_wrong_value_names_the_right_ones() {
    let said = |arguments: &[&str]| {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let sets = said(&["tools", "--tools", "nonsense"]);
    for (name, _) in sentinel_jump::catalog::ToolSet::NAMES {
        assert!(sets.contains(name), "{name}: {sets}");
    }
    for address in ["0.0.0.0:5985", "[::]:0"] {
        for command in ["host", "azure"] {
            let text = said(&[command, "--listen", address]);
            assert!(text.contains("--listen") && text.contains("can be reached from elsewhere"), "{text}");
        }
    }
    #[cfg(feature = "process")]
    assert!(
        said(&["host", "--listen", "127.0.0.1:0", "--process", "nonexistent -s"])
            .contains("no program \"nonexistent\"")
    );
    let text = said(&["catalog", "probe", "--demo", "--tenant", "nordhafn"]);
    assert!(text.contains("Did you mean \"nordhafen\"?"), "{text}");
    assert!(said(&["completions", "nosuchshell"]).contains("zsh"));
}

#[test]
fn shells_and_man_know_every_command() {
    let commands =
        ["serve", "demo", "call", "tools", "catalog", "check", "audit", "host", "azure", "completions", "man"];
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = run(&["completions", shell]);
        let script = String::from_utf8(output.stdout).expect("text");
        assert!(commands.iter().all(|command| script.contains(command)), "{shell}");
        // Not every shell is told values.
        assert_eq!(script.contains("jsonl"), ["bash", "fish", "zsh"].contains(&shell), "{shell}");
    }
    let page = String::from_utf8(run(&["man"]).stdout).expect("text");
    assert!(page.contains(".TH sentinel-jump 1") && page.contains("sentinel\\-jump\\-call(1)"), "{page}");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("man1");
    assert_eq!(run(&["man", "--output", path.to_str().expect("a plain path")]).status.code(), Some(0));
    for command in commands {
        let page = std::fs::read_to_string(path.join(format!("sentinel-jump-{command}.1"))).expect("a page");
        assert!(page.contains(".SH SYNOPSIS"), "{command}");
    }
}
