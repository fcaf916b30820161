//! The demo's jump hosts, one listener per customer, and a path to them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use sentinel_jump::access::Caller;
use sentinel_jump::answer::Answer;
use sentinel_jump::call::Nobody;
use sentinel_jump::config::{Config, Vault};
use sentinel_jump::demo::{SCRIPT_PATH, World, commands_for};
use sentinel_jump::desk::Door;
use sentinel_jump::desk::{Desk, Request};
use sentinel_jump::tenant::{Confirming, Registry};
use serde_json::{Value as Json, json};
use tokio_util::sync::CancellationToken;
use wsman::auth::Credentials;
use wsman::host_end::demo::{Commands, Step};
use wsman::host_end::peer::Counters;
use wsman::host_end::{BasicSignIn, EngineKind, Hit, HostOptions, HostTls, Listener, Mishap, Rule};
use wsman::psrp::Command;
use wsman::secret::Secret;

pub(crate) const PASSWORD: &str = "planted-Passw0rd-6f1d2c";

/// The variable that a test's configuration says the password is in.
pub(crate) const VARIABLE: &str = "SENTINEL_JUMP_TEST_PASSWORD";

/// Where that variable holds `password`.
pub(crate) fn vault(password: &str) -> Vault {
    Vault::default().with_variable(VARIABLE, Secret::new(password.into()))
}

/// What happens before the demo's own steps of a call.
pub(crate) type Before = Arc<dyn Fn(&Command) -> Vec<Step> + Send + Sync>;

/// What becomes of the demo's own steps of a call.
pub(crate) type Around = Arc<dyn Fn(&Command, Vec<Step>) -> Vec<Step> + Send + Sync>;

/// One listener per customer.
pub(crate) struct Hosts {
    pub(crate) listeners: BTreeMap<String, Listener>,
    pub(crate) config: Config,
    /// The configuration as it is written.
    pub(crate) toml: String,
    vault: Vault,
}

impl Hosts {
    pub(crate) async fn start() -> Self {
        Self::start_with(Arc::new(|_| Vec::new())).await
    }

    pub(crate) async fn start_with(before: Before) -> Self {
        Self::start_around(Arc::new(move |command, steps| before(command).into_iter().chain(steps).collect())).await
    }

    pub(crate) async fn start_around(around: Around) -> Self {
        Self::start_as(around, |_| (), "").await
    }

    /// Hosts with https and what it takes to sign in to them: lines of each
    /// host's table.
    pub(crate) async fn start_https(tls: &HostTls, basic: BasicSignIn, lines: &str) -> Self {
        let change = |options: &mut HostOptions| {
            options.tls = Some(tls.clone());
            options.basic = basic;
        };
        Self::start_as(Arc::new(|_, steps| steps), change, lines).await
    }

    pub(crate) async fn start_as(around: Around, change: impl Fn(&mut HostOptions), lines: &str) -> Self {
        let world = Arc::new(World::new("2026-03-02T08:00:00Z".parse().expect("a time")));
        let mut listeners = BTreeMap::new();
        let mut toml = String::new();
        for tenant in world.tenants() {
            let alias = &tenant.alias;
            let make = commands_for(Arc::clone(&world), alias);
            let around = Arc::clone(&around);
            let engine = EngineKind::Demo(Arc::new(move || {
                Box::new(Turned { inner: make(), around: Arc::clone(&around) }) as Box<dyn Commands>
            }));
            let account = Credentials { username: "demo".into(), password: Secret::new(PASSWORD.into()) };
            let mut options = HostOptions::new(vec![account], engine);
            change(&mut options);
            let listener = Listener::bind(loopback(), options).await.expect("a port");
            let host = &tenant.host;
            write!(
                toml,
                "[hosts.{host}]\nurl = \"{}\"\nusername = \"demo\"\npassword = {{ env = \"{VARIABLE}\" }}\n{lines}\n\
                 [hosts.{host}.script]\npath = '{SCRIPT_PATH}'\n[tenants.{alias}]\nhost = \"{host}\"\n",
                listener.url()
            )
            .expect("writing to a string");
            for place in &tenant.workspaces {
                write!(
                    toml,
                    "[tenants.{alias}.workspaces.{}]\nsubscription = \"{}\"\nresource_group = \"{}\"\nname = \"{}\"\n",
                    place.alias, place.subscription, place.resource_group, place.name
                )
                .expect("writing to a string");
            }
            listeners.insert(alias.clone(), listener);
        }
        let config = Config::parse(&toml, Path::new("")).expect("a good configuration");
        Self { listeners, config, toml, vault: vault(PASSWORD) }
    }

    /// Ends one tenant's host and starts it anew at the same address.
    pub(crate) async fn restart(&mut self, tenant: &str) {
        let old = self.listeners.remove(tenant).expect("a tenant");
        let address = old.address();
        old.shutdown().await;
        let world = Arc::new(World::new("2026-03-02T08:00:00Z".parse().expect("a time")));
        let account = Credentials { username: "demo".into(), password: Secret::new(PASSWORD.into()) };
        let options = HostOptions::new(vec![account], EngineKind::Demo(commands_for(world, tenant)));
        let new = Listener::bind(address, options).await.expect("the same port");
        self.listeners.insert(tenant.to_owned(), new);
    }

    /// The same hosts, with every tenant's sign-in data changed.
    pub(crate) fn with_password(mut self, password: &str) -> Self {
        self.vault = vault(password);
        self
    }

    /// The same hosts, with one tenant's host elsewhere.
    pub(crate) fn with_url(mut self, tenant: &str, url: &str) -> Self {
        let id =
            self.config.registry.tenants().find(|known| known.id.as_str() == tenant).map(|known| known.host.clone());
        let host = self.config.hosts.get_mut(&id.expect("a tenant")).expect("its host");
        url.clone_into(&mut host.access.url);
        self
    }

    /// The same hosts, with one tenant whose changes nobody confirms.
    pub(crate) fn without_confirmation(mut self, tenant: &str) -> Self {
        let registry = &self.config.registry;
        let all = registry.tenants().cloned().map(|mut known| {
            if known.id.as_str() == tenant {
                known.confirm = Confirming::Never;
            }
            known
        });
        self.config.registry = Registry::new(all.collect::<Vec<_>>());
        self
    }

    pub(crate) fn fault(&self, tenant: &str, operation: &'static str, hit: Hit, mishap: Mishap) {
        self.listeners[tenant].add_fault(Rule { operation: Some(operation), hit, mishap });
    }

    fn opened(&self) -> Desk {
        Desk::new(Arc::new(self.config.clone())).with_vault(self.vault.clone())
    }

    pub(crate) fn desk(&self) -> Arc<Desk> {
        Arc::new(self.opened())
    }

    /// A path whose time of day is the demo's.
    pub(crate) fn desk_at(&self, now: &str) -> Arc<Desk> {
        let now: jiff::Timestamp = now.parse().expect("a time");
        Arc::new(self.opened().with_clock(move || now))
    }

    pub(crate) fn count(&self, tenant: &str) -> Counters {
        self.listeners[tenant].counters()
    }
}

pub(crate) fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// The demo's commands, with something of the test's own.
pub(crate) struct Turned {
    pub(crate) inner: Box<dyn Commands>,
    pub(crate) around: Around,
}

impl Commands for Turned {
    fn script(&mut self, text: &str) -> Option<Vec<Step>> {
        self.inner.script(text)
    }

    fn command(&mut self, command: &Command) -> Option<Vec<Step>> {
        let steps = self.inner.command(command)?;
        Some((self.around)(command, steps))
    }

    fn names(&self) -> Vec<String> {
        self.inner.names()
    }
}

pub(crate) const PLACE: [&str; 2] = ["nordhafen", "nordhafen-prod"];

/// Arguments on nordhafen's first workspace.
#[expect(clippy::needless_pass_by_value, reason = "json!() makes a value")]
pub(crate) fn on(more: Json) -> Json {
    let mut all = json!({"tenant": PLACE[0], "workspace": PLACE[1]});
    all.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    all
}

/// As a person at the command line asks: the answer is whole.
pub(crate) async fn ask(desk: &Desk, tool: &str, arguments: Json) -> Answer {
    ask_until(desk, tool, arguments, &CancellationToken::new()).await
}

/// As a model asks: its answers come in pages.
pub(crate) async fn ask_in_pages(desk: &Desk, tool: &str, arguments: Json) -> Answer {
    ask_by(Door::Stdio, desk, tool, arguments, &CancellationToken::new()).await
}

pub(crate) async fn ask_until(desk: &Desk, tool: &str, arguments: Json, cancel: &CancellationToken) -> Answer {
    ask_by(Door::Cli, desk, tool, arguments, cancel).await
}

async fn ask_by(door: Door, desk: &Desk, tool: &str, arguments: Json, cancel: &CancellationToken) -> Answer {
    let Json::Object(arguments) = arguments else { panic!("arguments are an object") };
    let caller = Caller::local(desk.config().policy.clone());
    desk.answer(Request {
        door,
        caller: &caller,
        tool,
        arguments: &arguments,
        progress: &|_| {},
        confirm: &Nobody,
        cancel,
        language: None,
    })
    .await
}
