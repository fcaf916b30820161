//! What a real engine says of our module and the demo's script: the demo binds
//! parameters by it and answers with it.
//!
//! With `UPDATE=1` the files are written; see `tests/it/demo.rs`.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use sentinel_jump::demo::{SCRIPT_PATH, World};
use sentinel_jump::host::MODULE;
use wsman::client::{Options, RunspacePool};
use wsman::clixml::{Content, Limits, Object, Property, Value, encode};
use wsman::host_end::engine::ProcessOptions;
use wsman::host_end::{EngineKind, HostOptions, Listener};
use wsman::psrp::Command;
use wsman::session::End;

use crate::engine::credentials;
use crate::outside::powershell::powershell;
use crate::outside::trials;
use crate::snapshot::assert_file;

trials! { TRIALS:
    current_thread {
        the_demo_says_of_its_script_what_a_real_engine_says;
    }
}

/// A folder with an `az` that is signed in as the demo's alpenmed is.
fn az() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::new("2026-03-10T12:00:00Z".parse().expect("a time"));
    let tenant = &world.tenant("alpenmed").expect("a tenant").tenant_id;
    let program = folder.path().join("az");
    std::fs::write(&program, format!("#!/bin/sh\necho '{{\"tenantId\":\"{tenant}\"}}'\n")).expect("it is written");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("it is a program");
    folder
}

async fn the_demo_says_of_its_script_what_a_real_engine_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let az = az();
    let mut path: OsString = az.path().into();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let env = vec![("PATH".into(), path), ("DOTNET_EnableDiagnostics".into(), "0".into())];
    let engine = EngineKind::Process(ProcessOptions { argv: powershell(), env });
    let options = HostOptions::new(vec![credentials()], engine);
    let host = Listener::bind(([127, 0, 0, 1], 0).into(), options).await.expect("loopback can be listened on");
    let pool = RunspacePool::open(Options::new(&host.url(), credentials()).expect("an address")).await.expect("a pool");
    let invoke = async |command: Command| {
        let output = pool.invoke(command).await.expect("the command runs");
        assert!(matches!(output.end, End::Completed), "{:?}", output.end);
        output.objects
    };
    let assert_said = |file: &str, values: &[Value]| {
        let value = match values {
            [one] => bare(one),
            many => bare(&Value::list(many.to_vec())),
        };
        // A line for each object: a change is to be read.
        let text = encode(&value, &Limits::ENCODE).expect("what was decoded can be encoded");
        assert_file(&root.join(file), &(text.replace("><Obj", ">\n<Obj") + "\n"));
    };

    let ready = invoke(Command::script(MODULE)).await;
    let ready: Vec<Value> = ready.iter().map(|value| with(value, "psVersion", "as the host's")).collect();
    assert_said("fixtures/demo/ready.clixml", &ready);
    // As it is now: the one in this program may be a build older.
    let script = std::fs::read(root.join("src/demo/functions/SentinelManager.psm1")).expect("the script");
    let load =
        Command::new("Import-SjScript").argument("VirtualPath", SCRIPT_PATH).argument("Bytes", Value::Bytes(script));
    assert_said("fixtures/demo/load.clixml", &invoke(load).await);
    assert_said("fixtures/demo/azure.clixml", &invoke(Command::new("Get-SjAzure").argument("Token", true)).await);
    let target = Value::hashtable([("WorkspaceName", Value::from("x"))]);
    assert_said("fixtures/demo/target.clixml", &invoke(Command::new("Set-SjTarget").argument("Target", target)).await);
    assert_said("src/demo/functions/probe.clixml", &invoke(Command::new("Get-SjProbe")).await);
    pool.close().await;
}

/// The same with another text in a property.
fn with(value: &Value, name: &str, text: &str) -> Value {
    let Value::Object(object) = value else { panic!("an object") };
    let mut object = Object::clone(object);
    let property =
        object.extended.iter_mut().find(|property| property.name.as_str() == Some(name)).expect("the property");
    property.value = Value::from(text);
    Value::Object(Arc::new(object))
}

/// Without the numbers that its document gave it.
fn bare(value: &Value) -> Value {
    let Value::Object(object) = value else { return value.clone() };
    let property = |property: &Property| Property { name: property.name.clone(), value: bare(&property.value) };
    Value::Object(Arc::new(Object {
        ref_id: None,
        type_names: object.type_names.clone(),
        to_string: object.to_string.clone(),
        content: match &object.content {
            Content::List(kind, items) => Content::List(*kind, items.iter().map(bare).collect()),
            other => other.clone(),
        },
        adapted: object.adapted.iter().map(property).collect(),
        extended: object.extended.iter().map(property).collect(),
    }))
}
