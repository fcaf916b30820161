//! One world, two faces: each function of our own script on a real PowerShell
//! against the simulated Azure, and as the Demo engine answers it.
//!
//! Both begin with a world of their own of the same hour, so that what one
//! changed is not what the other sees. Rows are compared value by value, in
//! their order, and so is every error.

mod calls;
mod definitions;
pub(crate) mod faults;
pub(crate) mod identity;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use regex::Regex;
use sentinel_jump::call::encode;
use sentinel_jump::catalog;
use sentinel_jump::demo::{AzureEnd, Place, SCRIPT_PATH, Settings, World, commands_for};
use sentinel_jump::host::{
    AzureWorkspace, Call, Ended, MANAGER, MANAGER_PATH, OpenPlan, Returned, ScriptSource, Session, manager_sha256,
};
use serde_json::{Map, Value as Json, json};
use tokio_util::sync::CancellationToken;
use wsman::clixml::Value;
use wsman::clixml::json::to_json_within;
use wsman::host_end::engine::ProcessOptions;
use wsman::host_end::{EngineKind, HostOptions, Listener};

use crate::engine::credentials;
use crate::outside::powershell::powershell;
use crate::outside::{Need, has_shared, shared, trials};
use calls::{Asked, all};
use definitions::Definitions;

/// What Azure says of itself.
pub(crate) const AZURE: Need = Need {
    key: "azure",
    name: "definitions of Azure",
    from: "../shared/azure",
    is_there: || shared("azure").is_some(),
    is_owed: has_shared,
};

trials! { TRIALS:
    multi_thread {
        both_faces_give_the_same_rows;
    }
}

/// Repeated objects of a row cost so many bytes at most.
const REPEATS: usize = 1 << 20;

/// A host, the world behind it, and what it was told to load.
pub(crate) struct Face {
    host: Listener,
    script: ScriptSource,
    parameters: Vec<(String, Value)>,
    places: Vec<Place>,
    tenant: &'static str,
    /// Where the functions ask, when they ask anybody.
    pub(crate) azure: Option<AzureEnd>,
    _authority: Option<tempfile::NamedTempFile>,
    /// Of the account on a real host.
    _home: Option<tempfile::TempDir>,
}

/// The hour of both worlds: the functions of a real host know no other clock.
#[expect(clippy::disallowed_methods, reason = "our own script has the day's clock")]
pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).expect("a time")
}

impl Face {
    /// The Demo engine.
    pub(crate) async fn demo(tenant: &'static str, start: Timestamp) -> Self {
        let world = Arc::new(World::new(start));
        let places = world.tenant(tenant).expect("a tenant of the demo").workspaces.clone();
        let options = HostOptions::new(vec![credentials()], EngineKind::Demo(commands_for(world, tenant)));
        let host = Listener::bind(([127, 0, 0, 1], 0).into(), options).await.expect("loopback can be listened on");
        let script = ScriptSource::Path { path: SCRIPT_PATH.to_owned(), sha256: None };
        Self { host, script, parameters: Vec::new(), places, tenant, azure: None, _authority: None, _home: None }
    }

    /// Our own script on a real PowerShell, and the simulated Azure.
    pub(crate) async fn real(tenant: &'static str, start: Timestamp, settings: Settings) -> Self {
        Self::real_with(tenant, start, settings, &[]).await
    }

    /// The same with more in the environment of its PowerShell.
    pub(crate) async fn real_with(
        tenant: &'static str,
        start: Timestamp,
        settings: Settings,
        more: &[(&str, &str)],
    ) -> Self {
        let world = Arc::new(World::new(start));
        let places = world.tenant(tenant).expect("a tenant of the demo").workspaces.clone();
        let azure = AzureEnd::start(([127, 0, 0, 1], 0).into(), world, settings).await.expect("an Azure on loopback");
        let authority = tempfile::NamedTempFile::new().expect("a temporary file");
        azure.write_authority(authority.path()).expect("the authority is written");
        let home = tempfile::tempdir().expect("a folder");
        let mut env: Vec<(OsString, OsString)> = vec![
            ("HOME".into(), home.path().into()),
            ("DOTNET_EnableDiagnostics".into(), "0".into()),
            ("SSL_CERT_FILE".into(), authority.path().into()),
        ];
        env.extend(more.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        let engine = EngineKind::Process(ProcessOptions { argv: powershell(), env });
        let options = HostOptions::new(vec![credentials()], engine);
        let host = Listener::bind(([127, 0, 0, 1], 0).into(), options).await.expect("loopback can be listened on");
        let script = ScriptSource::Push {
            bytes: MANAGER.as_bytes().to_vec(),
            virtual_path: MANAGER_PATH.to_owned(),
            sha256: manager_sha256(),
        };
        let settings = [
            ("Identity", "managed".to_owned()),
            ("IdentityEndpoint", azure.metadata_host(Some(tenant))),
            ("ResourceManager", azure.url()),
            ("Ingestion", azure.url()),
        ];
        let parameters = settings.map(|(name, value)| (name.to_owned(), Value::from(value))).into();
        Self {
            host,
            script,
            parameters,
            places,
            tenant,
            azure: Some(azure),
            _authority: Some(authority),
            _home: Some(home),
        }
    }

    fn place(&self, alias: &str) -> &Place {
        self.places.iter().find(|place| place.alias == alias).unwrap_or_else(|| panic!("{} of {}", alias, self.tenant))
    }

    /// A session for a workspace.
    pub(crate) async fn session(&self, workspace: &str) -> Session {
        let place = self.place(workspace);
        let target = AzureWorkspace {
            subscription: place.subscription.clone(),
            resource_group: place.resource_group.clone(),
            workspace: place.name.clone(),
        };
        let mut plan = OpenPlan::new("jump", self.host.url(), credentials(), self.script.clone(), target);
        plan.rules.parameters.clone_from(&self.parameters);
        Session::open(&plan).await.expect("the script loads")
    }

    /// One call as the server makes it.
    pub(crate) async fn call(
        &self,
        session: &mut Session,
        workspace: &str,
        function: &str,
        arguments: &Json,
    ) -> Returned {
        let place = self.place(workspace);
        let probe = session.probe(function).await.expect("the script has the function");
        let mut given = Map::new();
        given.insert("SubscriptionId".into(), place.subscription.as_str().into());
        given.insert("ResourceGroupName".into(), place.resource_group.as_str().into());
        given.insert("WorkspaceName".into(), place.name.as_str().into());
        given.extend(arguments.as_object().expect("an object").clone());
        if probe.should_process && !given.contains_key("WhatIf") {
            given.insert("Confirm".into(), false.into());
        }
        let value = |(name, value): (String, Json)| {
            let known = probe.parameters.iter().find(|known| known.name.eq_ignore_ascii_case(&name));
            let value = match (known, value.as_str()) {
                (Some(known), None) => encode(&value, known).expect("a value of that type"),
                (Some(known), Some(text)) => encode(&value, known).unwrap_or_else(|_| Value::from(text)),
                (None, _) => Value::Bool(value.as_bool().expect("a switch")),
            };
            (name, value)
        };
        let call = Call {
            function: function.to_owned(),
            parameters: given.into_iter().map(value).collect(),
            progress: false,
            write: catalog::all().iter().any(|entry| entry.function == function && !entry.annotations.read_only_hint),
            confirmed: Vec::new(),
            timeout: Duration::from_secs(120),
        };
        session.call(call, &|_| {}, &CancellationToken::new()).await.expect("the call ends")
    }
}

/// What a caller sees of a call: rows, errors, warnings, and how it ended.
///
/// Where rows are sent is the simulated Azure itself.
fn told(returned: &Returned, masked: &[&str]) -> Json {
    let mut rows: Vec<Json> = returned.data.iter().map(|row| to_json_within(row, REPEATS).json).collect();
    for row in &mut rows {
        for name in masked {
            if let Some(value) = row.pointer_mut(name).filter(|value| !value.is_null()) {
                *value = "masked".into();
            }
        }
    }
    let errors: Vec<Json> = returned
        .errors
        .iter()
        .map(|error| json!({ "id": error.id, "message": error.message, "category": error.category }))
        .collect();
    let ended = match &returned.ended {
        Ended::Completed => Json::Null,
        Ended::Failed(record) => json!({ "id": record.id, "message": record.message }),
        other => format!("{other:?}").into(),
    };
    let rows: Json = rows.into();
    let ingestion = Regex::new(r"https://(127\.0\.0\.1:\d+|[a-z0-9.-]+\.ingest\.monitor\.example)").expect("a pattern");
    let rows = ingestion.replace_all(&rows.to_string(), "https://ingestion").into_owned();
    let rows: Json = serde_json::from_str(&rows).expect("still JSON");
    json!({ "rows": rows, "errors": errors, "warnings": returned.warnings, "text": returned.text, "ended": ended })
}

/// Where two answers differ: one line for each place.
fn differences(path: &str, demo: &Json, real: &Json, into: &mut String) {
    match (demo, real) {
        (Json::Object(a), Json::Object(b)) => {
            if !a.keys().eq(b.keys()) {
                let names = |fields: &Map<String, Json>| fields.keys().cloned().collect::<Vec<_>>().join(",");
                let _ = writeln!(into, "  {path} has other names:\n    demo {}\n    real {}", names(a), names(b));
            }
            for (name, value) in a {
                if let Some(other) = b.get(name) {
                    differences(&format!("{path}/{name}"), value, other, into);
                }
            }
        }
        (Json::Array(a), Json::Array(b)) if a.len() == b.len() => {
            for (n, (one, other)) in a.iter().zip(b).enumerate() {
                differences(&format!("{path}/{n}"), one, other, into);
            }
        }
        (a, b) if a == b => {}
        (a, b) => {
            let short = |value: &Json| value.to_string().chars().take(300).collect::<String>();
            let _ = writeln!(into, "  {path}\n    demo {}\n    real {}", short(a), short(b));
        }
    }
}

async fn both_faces_give_the_same_rows() {
    let definitions = Definitions::read(&shared("azure").expect("a test that needs them runs where they are"));
    definitions::planted(&definitions);
    let start = now();
    let (mut report, mut compared, mut rows, mut requests) = (String::new(), 0, 0, 0);
    for (tenant, workspace, asked) in all() {
        let demo = Face::demo(tenant, start).await;
        // Small pages: every list is read over several.
        let real = Face::real(tenant, start, Settings { page: 7, ..Settings::default() }).await;
        let (mut on_demo, mut on_real) = (demo.session(workspace).await, real.session(workspace).await);
        for Asked { function, arguments, masked } in asked {
            let one = told(&demo.call(&mut on_demo, workspace, function, &arguments).await, masked);
            let other = told(&real.call(&mut on_real, workspace, function, &arguments).await, masked);
            compared += 1;
            rows += one["rows"].as_array().map_or(0, Vec::len);
            let mut found = String::new();
            differences("", &one, &other, &mut found);
            if !found.is_empty() {
                let _ = writeln!(report, "{workspace} {function} {arguments}\n{found}");
            }
        }
        on_demo.close().await;
        on_real.close().await;
        for request in real.azure.as_ref().map(AzureEnd::seen).unwrap_or_default() {
            requests += 1;
            for finding in definitions.findings(&request) {
                let _ = writeln!(report, "{finding}");
            }
        }
    }
    assert!(report.is_empty(), "{compared} calls, {rows} rows, {requests} requests; the faces differ:\n{report}");
    // A list that came out empty on both would agree as well.
    assert!(compared > 150 && rows > 500 && requests > 600, "{compared} calls, {rows} rows, {requests} requests");
}
