//! A configuration for tests: two customers, three workspaces, hosts that
//! nothing listens on.

use std::path::Path;
use std::sync::Arc;

use sentinel_jump::config::Config;
use sentinel_jump::desk::Desk;

pub(crate) const TOML: &str = r#"
[hosts.jump-nordhafen]
url = "http://127.0.0.1:1/wsman"
username = 'NORDHAFEN\svc-sentinel'
password = { env = "SENTINEL_JUMP_TEST_NOT_SET" }
[hosts.jump-nordhafen.script]
path = 'C:\Scripts\SentinelManager_v3.ps1'

[hosts.jump-marlowe]
url = "http://127.0.0.1:1/wsman"
username = "svc-sentinel@marlowe.example"
password = { env = "SENTINEL_JUMP_TEST_NOT_SET" }
script = { path = 'C:\SOC\SentinelManager_v3.ps1', style = "contract" }

[tenants.nordhafen]
host = "jump-nordhafen"
[tenants.nordhafen.workspaces.prod]
subscription = "000000c1-0d3a-4000-8000-000000000001"
resource_group = "rg-sec-prod"
name = "law-nordhafen-sec-prod"
[tenants.nordhafen.workspaces.ot]
subscription = "000000c2-0d3a-4000-8000-000000000001"
resource_group = "rg-ot-sec"
name = "law-nordhafen-ot"

[tenants.marlowe]
host = "jump-marlowe"
[tenants.marlowe.workspaces.prod]
subscription = "000000c4-0d3a-4000-8000-000000000001"
resource_group = "rg-soc-prd"
name = "law-mg-sentinel-prd"
"#;

pub(crate) fn config() -> Config {
    Config::parse(TOML, Path::new("")).expect("the test configuration is good")
}

pub(crate) fn desk() -> Arc<Desk> {
    Arc::new(Desk::new(Arc::new(config())))
}
