//! A target for unit tests.

use std::path::Path;

use crate::config::Config;
use crate::tenant::Target;

/// The workspace of that alias, `w` or `v`, of the tenant `t` on the host
/// `jump`.
pub(super) fn target(workspace: &str) -> Target {
    let toml = r#"
        [hosts.jump]
        url = "http://127.0.0.1:1/wsman"
        username = "u"
        password = { env = "NOT_SET" }
        script = { path = "s.ps1" }
        [tenants.t]
        host = "jump"
        [tenants.t.workspaces.w]
        subscription = "000000c1-0d3a-4000-8000-000000000001"
        resource_group = "rg"
        name = "law-t"
        [tenants.t.workspaces.v]
        subscription = "000000c1-0d3a-4000-8000-000000000001"
        resource_group = "rg"
        name = "law-v"
    "#;
    let config = Config::parse(toml, Path::new("")).unwrap();
    config.registry.resolve("t", workspace).unwrap()
}
