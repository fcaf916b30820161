//! One host with one script, called in two ways.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sentinel_jump::call::encode;
use sentinel_jump::catalog;
use sentinel_jump::config::{Config, Vault};
use sentinel_jump::demo::{Place, SCRIPT_PATH, World, commands_for};
use sentinel_jump::desk::Desk;
use sentinel_jump::host::{AzureWorkspace, Call, HostProgress, OpenPlan, Returned, ScriptSource, Session};
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;
use wsman::clixml::Value;
use wsman::host_end::{EngineKind, HostOptions, Listener};

use super::calls::{Given, PROD};
use crate::engine::{credentials, real};

pub(super) const CONTRACT: &str = "SentinelManager.psm1";

/// One host and the script on it.
pub(super) struct Engine {
    pub(super) name: &'static str,
    pub(super) host: Listener,
    script: String,
    places: Vec<Place>,
    toml: String,
    /// The configuration that the command line reads.
    file: tempfile::NamedTempFile,
}

/// What a session brought back, with its progress.
pub(super) struct Seen {
    pub(super) returned: Returned,
    pub(super) progress: Vec<Option<u8>>,
}

impl Engine {
    fn new(name: &'static str, host: Listener, script: String) -> Self {
        let places = world().tenant("nordhafen").expect("a tenant of the demo").workspaces.clone();
        let mut toml = format!(
            "[tools]\nsets = [\"all\"]\n[hosts.jump]\nurl = \"{}\"\nusername = \"{}\"\npassword = {{ env = \"TEST_PASSWORD\" }}\n\
             [hosts.jump.script]\npath = '{script}'\n[tenants.nordhafen]\nhost = \"jump\"\n",
            host.url(),
            credentials().username,
        );
        for place in &places {
            write!(
                toml,
                "[tenants.nordhafen.workspaces.{}]\nsubscription = \"{}\"\nresource_group = \"{}\"\n\
                 name = \"{}\"\n",
                place.alias, place.subscription, place.resource_group, place.name
            )
            .expect("writing to a string");
        }
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(toml.as_bytes()).expect("the file is written");
        Self { name, host, script, places, toml, file }
    }

    /// A demo host with a world of its own.
    pub(super) async fn demo() -> Self {
        let engine = EngineKind::Demo(commands_for(Arc::new(world()), "nordhafen"));
        let options = HostOptions::new(vec![credentials()], engine);
        let host = Listener::bind(([127, 0, 0, 1], 0).into(), options).await.expect("loopback can be listened on");
        Self::new("demo", host, SCRIPT_PATH.to_owned())
    }

    /// A host with a real PowerShell.
    pub(super) async fn real(script: &str) -> Self {
        let real = real().await;
        let script = real.scripts.join(script).display().to_string();
        Self::new("real", real.host, script)
    }

    fn place(&self, alias: &str) -> &Place {
        self.places.iter().find(|place| place.alias == alias).expect("a workspace of nordhafen")
    }

    pub(super) async fn session(&self) -> Session {
        let place = self.place(PROD);
        let script = ScriptSource::Path { path: self.script.clone(), sha256: None };
        let target = AzureWorkspace {
            subscription: place.subscription.clone(),
            resource_group: place.resource_group.clone(),
            workspace: place.name.clone(),
        };
        let plan = OpenPlan::new("jump", self.host.url(), credentials(), script, target);
        Session::open(&plan).await.expect("the script loads")
    }

    /// The server's own path of a call, whose sessions are shared.
    pub(super) fn desk(&self) -> Arc<Desk> {
        let config = Config::parse(&self.toml, std::path::Path::new("")).expect("a good configuration");
        let vault = Vault::default().with_variable("TEST_PASSWORD", credentials().password);
        Arc::new(Desk::new(Arc::new(config)).with_vault(vault))
    }

    /// `sentinel-jump call` on the workspace, as a user types it.
    /// Where something may be lost, with the object's name.
    pub(super) async fn typed(&self, tool: &str, given: &Given) -> (i32, Json) {
        let json = given.arguments.to_string();
        let call = [tool, "--tenant", "nordhafen", "--workspace", given.workspace, "--json", &json];
        let confirm = given.name.map_or(Vec::new(), |name| vec!["--confirm", name]);
        self.run(&[&call[..], &confirm].concat()).await
    }

    /// `sentinel-jump call` with these arguments: exit code, answer.
    pub(super) async fn run(&self, arguments: &[&str]) -> (i32, Json) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sentinel-jump"));
        command.arg("call").args(arguments).args(["--tools", "all", "--config"]).arg(self.file.path());
        command
            .env("TEST_PASSWORD", credentials().password.expose())
            .env("SENTINEL_JUMP_LOG", "warn")
            .stdin(Stdio::null());
        let output = tokio::task::spawn_blocking(move || command.output()).await.expect("it ran").expect("it started");
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        let answer = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no JSON answer; log: {log}"));
        (output.status.code().unwrap_or(-1), answer)
    }

    /// One call in a session, its arguments as the host's probe wants them and
    /// the target with them.
    pub(super) async fn call(&self, session: &mut Session, given: &Given) -> Seen {
        let (function, place) = (given.function, self.place(given.workspace));
        let probe = session.probe(function).await.expect("the script has the function");
        let mut all = serde_json::Map::new();
        all.insert("SubscriptionId".into(), place.subscription.as_str().into());
        all.insert("ResourceGroupName".into(), place.resource_group.as_str().into());
        all.insert("WorkspaceName".into(), place.name.as_str().into());
        all.extend(given.arguments.as_object().expect("an object").clone());
        let value = |(name, value): (String, Json)| {
            let known = probe.parameters.iter().find(|known| known.name.eq_ignore_ascii_case(&name));
            let value = match (known, value.as_str()) {
                (Some(known), None) => encode(&value, known).expect("a value of that type"),
                (Some(known), Some(text)) => encode(&value, known).unwrap_or_else(|_| Value::from(text)),
                (None, Some(text)) => Value::from(text),
                (None, None) => Value::Bool(value.as_bool().expect("a switch")),
            };
            (name, value)
        };
        let mut parameters: Vec<(String, Value)> = all.into_iter().map(value).collect();
        if probe.should_process {
            // As the server does once a person has confirmed.
            parameters.push(("Confirm".to_owned(), Value::Bool(false)));
        }
        let call = Call {
            function: function.to_owned(),
            parameters,
            progress: true,
            write: catalog::all().iter().any(|entry| entry.function == function && !entry.annotations.read_only_hint),
            confirmed: Vec::new(),
            timeout: Duration::from_secs(60),
        };
        let progress = Mutex::new(Vec::new());
        let note = |record: HostProgress| progress.lock().expect("nobody panicked").push(record.percent);
        let returned = session.call(call, &note, &CancellationToken::new()).await.expect("the call ends");
        Seen { returned, progress: progress.into_inner().expect("nobody panicked") }
    }
}

fn world() -> World {
    World::new("2026-03-02T08:00:00Z".parse().expect("a time"))
}
