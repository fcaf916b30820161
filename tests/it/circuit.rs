//! A host that is silent costs what a connection may take, once (case E10).

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sentinel_jump::config::Config;
use sentinel_jump::demo::{SCRIPT_PATH, World, commands_for};
use sentinel_jump::desk::Desk;
use sentinel_jump::tenant::Registry;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::Instant;
use wsman::auth::Credentials;
use wsman::host_end::demo::{Commands, Step};
use wsman::host_end::{EngineKind, HostOptions, Listener};
use wsman::psrp::Command;
use wsman::secret::Secret;

use crate::hosts::{Around, PASSWORD, Turned, VARIABLE, ask, loopback, vault};

const FLEET: &str = "sentinel_list_analytics_rules";
const CALL: &str = "Invoke-SjCall";

/// What a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// A call takes as long as a quick one does.
const TAKES: Duration = Duration::from_millis(200);

pub(crate) async fn host(world: &Arc<World>) -> Listener {
    let make = commands_for(Arc::clone(world), "nordhafen");
    let around: Around = Arc::new(|command: &Command, steps| match command.text == CALL {
        true => std::iter::once(Step::Sleep(TAKES)).chain(steps).collect(),
        false => steps,
    });
    let engine = EngineKind::Demo(Arc::new(move || {
        Box::new(Turned { inner: make(), around: Arc::clone(&around) }) as Box<dyn Commands>
    }));
    let account = Credentials { username: "demo".into(), password: Secret::new(PASSWORD.into()) };
    Listener::bind(loopback(), HostOptions::new(vec![account], engine)).await.expect("a port")
}

/// A customer per host, each with as many names for one workspace.
pub(crate) fn desk(world: &World, hosts: &[SocketAddr], workspaces: usize) -> Desk {
    let place = &world.tenants()[0].workspaces[0];
    let mut toml = String::new();
    for (n, address) in hosts.iter().enumerate() {
        write!(
            toml,
            "[hosts.jump-{n}]\nurl = \"http://{address}/wsman\"\nusername = \"demo\"\npassword = {{ env = \"{VARIABLE}\" }}\n\
             [hosts.jump-{n}.script]\npath = '{SCRIPT_PATH}'\n[tenants.customer-{n}]\nhost = \"jump-{n}\"\n"
        )
        .expect("writing to a string");
        for name in 0..workspaces {
            write!(
                toml,
                "[tenants.customer-{n}.workspaces.w{n}-{name}]\nsubscription = \"{}\"\nresource_group = \"rg\"\nname = \"w{n}-{name}\"\n",
                place.subscription
            )
            .expect("writing to a string");
        }
    }
    let mut config = Config::parse(&toml, Path::new("")).expect("a good configuration");
    // No file may say it, but the demo knows two workspaces and not two hundred.
    let all = config.registry.tenants().cloned().map(|mut tenant| {
        for workspace in tenant.workspaces.values_mut() {
            let workspace = Arc::make_mut(workspace);
            workspace.resource_group.clone_from(&place.resource_group);
            workspace.name.clone_from(&place.name);
        }
        tenant
    });
    config.registry = Registry::new(all.collect::<Vec<_>>());
    config.fleet_deadline = Duration::from_secs(110);
    Desk::new(Arc::new(config)).with_vault(vault(PASSWORD))
}

async fn asked(world: &World, hosts: &[SocketAddr], workspaces: usize) -> (Duration, serde_json::Value) {
    let desk = desk(world, hosts, workspaces);
    let began = Instant::now();
    let answer = ask(&desk, FLEET, json!({"page_size": 1})).await;
    let took = began.elapsed();
    desk.close().await;
    (took, answer.envelope["summary"].clone())
}

/// `workspaces` of each of five hosts.
async fn one_of_five_is_silent(workspaces: usize) {
    let world = Arc::new(World::new("2026-03-02T08:00:00Z".parse().expect("a time")));
    let mut listeners = Vec::new();
    for _ in 0..4 {
        listeners.push(host(&world).await);
    }
    let silent = TcpListener::bind(loopback()).await.expect("a port");
    let mut all: Vec<SocketAddr> = listeners.iter().map(Listener::address).collect();
    let (ideal, summary) = asked(&world, &all, workspaces).await;
    let (four, five) = (4 * workspaces, 5 * workspaces);
    assert_eq!(summary, json!({"asked": four, "done": four}));
    all.push(silent.local_addr().expect("an address"));
    let (took, summary) = asked(&world, &all, workspaces).await;
    println!("{four} workspaces on four hosts: {ideal:?}; {five} on five, one silent: {took:?}");
    assert_eq!(summary, json!({"asked": five, "done": four, "unreachable": workspaces}));
    assert!(took <= ideal.mul_f64(1.3) + CONNECT, "{took:?}, and the others alone {ideal:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e10_one_silent_host_of_five_costs_the_others_nothing() {
    one_of_five_is_silent(of_each_host()).await;
}

/// Five, or forty: 320 sessions are opened then, in two minutes of two cores.
fn of_each_host() -> usize {
    if std::env::var_os("SENTINEL_JUMP_TEST_LONG").is_some() { 40 } else { 5 }
}
