//! Our own script: what goes with it, and by what it signs in to Azure.

use wsman::clixml::Value;

use super::Resolver;
use crate::config::raw::{RawIdentity, RawScript, Written};
use crate::config::{Identity, Script};
use crate::spelling;

/// Keys of `[hosts.NAME.identity]`, the parameters of our script that they are,
/// and what they may be where that is a closed list.
const SETTINGS: [(&str, &str, &[&str]); 12] = [
    ("kind", "Identity", &["auto", "managed", "arc", "certificate", "secret", "Az", "az"]),
    ("cloud", "Cloud", &["AzureCloud", "AzureUSGovernment", "AzureChinaCloud"]),
    ("client_id", "ClientId", &[]),
    ("certificate", "Thumbprint", &[]),
    ("certificate_store", "CertificateStore", &["LocalMachine", "CurrentUser"]),
    ("resource_manager", "ResourceManager", &[]),
    ("audience", "ManagementAudience", &[]),
    ("login", "Login", &[]),
    ("ingestion", "Ingestion", &[]),
    ("ingestion_audience", "IngestionAudience", &[]),
    ("endpoint", "IdentityEndpoint", &[]),
    ("proxy", "Proxy", &[]),
];

/// Addresses to which a token or a secret goes.
const SECRET_PLACES: [&str; 3] = ["resource_manager", "login", "ingestion"];

impl Resolver<'_> {
    /// Nothing that is said of another script goes with ours.
    pub(super) fn bundled(&mut self, raw: &Written<RawScript>, bundled: &Written<bool>) -> Option<Script> {
        let script = &raw.value;
        if [&script.path, &script.module, &script.push].into_iter().any(Option::is_some) {
            self.bad(bundled, "path, module, push and bundled exclude each other");
            return None;
        }
        let texts = [&script.sha256, &script.virtual_path, &script.style];
        for text in texts.into_iter().flatten() {
            self.bad(text, "does not go with bundled = true; our own script is known");
        }
        if let Some((_, value)) = script.parameters.first() {
            self.bad(value, "does not go with bundled = true; say it in [hosts.NAME.identity]");
        }
        Some(Script::Bundled)
    }

    /// What our script is told; nothing for any other.
    pub(super) fn identity(&mut self, raw: Option<Written<RawIdentity>>, script: Option<&Script>) -> Identity {
        let Some(raw) = raw else { return Identity::default() };
        if script.is_some_and(|script| *script != Script::Bundled) {
            self.bad(&raw, "only goes with script = { bundled = true }");
        }
        let mut settings = Vec::new();
        for (key, value) in raw.value.settings {
            let Some((_, parameter, known)) = SETTINGS.iter().find(|(name, ..)| *name == key) else { continue };
            if !known.is_empty() && !known.contains(&value.value.as_str()) {
                self.bad(&value, format!("unknown{}", spelling::hint(&value.value, known.iter().copied())));
            }
            if SECRET_PLACES.contains(&key) && !value.value.starts_with("https://") {
                self.bad(&value, "expected an https:// address; tokens are sent there");
            }
            settings.push((*parameter, value.value));
        }
        let client_secret = raw.value.client_secret.map(|secret| self.secret(secret));
        Identity { settings, client_secret }
    }
}

impl Identity {
    /// As parameters of the script.
    pub(crate) fn parameters(&self) -> Vec<(String, Value)> {
        self.settings.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str()))).collect()
    }
}
