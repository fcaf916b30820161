//! The configuration of a host that was just started, to be pasted.

use std::fmt::Write as _;

use super::args::Host;
use super::demo::HOST_PASSWORD;
use crate::demo::{HostEnd, SCRIPT_PATH};

/// Where a real script would stand: only its owner knows.
const OWN_SCRIPT: &str = "/path/to/SentinelManager.ps1";

/// TOML that `--config` takes as it is, and what must be set before.
///
/// The password is named, not written: no configuration can hold one.
pub(super) fn toml(args: &Host, host: &HostEnd, has_own_script: bool) -> String {
    let Some(tenant) = &host.tenant else { return String::new() };
    let (name, alias) = (&tenant.host, &tenant.alias);
    let mut toml = format!("[hosts.{name}]\nurl = \"{}\"\n", host.listener.url());
    if args.basic {
        // Chosen: who asked the host for Basic wants to try it.
        toml.push_str("auth = \"basic\"\n");
    }
    let _ = writeln!(toml, "username = \"{}\"", host.credentials.username);
    let _ = writeln!(
        toml,
        "password = {{ env = \"{}\" }}   # or {{ file = \"…\" }}, {{ command = [\"…\"] }}",
        HOST_PASSWORD.name
    );
    if let Some(pin) = &host.pin {
        let _ = writeln!(toml, "[hosts.{name}.tls]\npin = \"{pin}\"   # SHA-256 of its certificate");
    }
    if has_own_script {
        let _ = writeln!(toml, "[hosts.{name}.script]\npath = '{OWN_SCRIPT}'   # your script, on this computer");
    } else {
        let _ = writeln!(toml, "[hosts.{name}.script]\npath = '{SCRIPT_PATH}'");
    }
    let _ = writeln!(toml, "\n[tenants.{alias}]\nhost = \"{name}\"");
    for place in &tenant.workspaces {
        let _ = writeln!(
            toml,
            "[tenants.{alias}.workspaces.{}]\nsubscription = \"{}\"\nresource_group = \"{}\"\nname = \"{}\"",
            place.alias, place.subscription, place.resource_group, place.name
        );
    }
    toml
}
