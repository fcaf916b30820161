//! `[hosts.NAME]` as written.

use std::time::Duration;

use super::{RawScript, Reader, Section, Written};

/// `[hosts.NAME]`
#[derive(Debug, Default)]
pub(in crate::config) struct RawHost {
    pub(in crate::config) name: String,
    pub(in crate::config) url: Option<Written<String>>,
    pub(in crate::config) auth: Option<Written<String>>,
    pub(in crate::config) username: Option<Written<String>>,
    pub(in crate::config) password: Option<Written<RawSecret>>,
    pub(in crate::config) certificate: Option<Written<String>>,
    pub(in crate::config) proxy: Option<Written<String>>,
    pub(in crate::config) configuration_name: Option<Written<String>>,
    pub(in crate::config) tls: Option<Written<RawTls>>,
    pub(in crate::config) dangerous_basic_over_http: Option<Written<bool>>,
    pub(in crate::config) sessions: RawSessions,
    pub(in crate::config) identity: Option<Written<RawIdentity>>,
    pub(in crate::config) script: Option<Written<RawScript>>,
    pub(in crate::config) plain: Option<Written<String>>,
}

/// `[hosts.NAME.sessions]`
#[derive(Debug, Default)]
pub(in crate::config) struct RawSessions {
    pub(in crate::config) max: Option<Written<i64>>,
    pub(in crate::config) idle: Option<Written<Duration>>,
    pub(in crate::config) age: Option<Written<Duration>>,
    pub(in crate::config) calls: Option<Written<i64>>,
}

/// A secret, by reference.
#[derive(Debug)]
pub(in crate::config) enum RawSecret {
    Env(String),
    File(String),
    Command { argv: Vec<String>, environment: Vec<String> },
}

/// `[hosts.NAME.tls]`
#[derive(Debug, Default)]
pub(in crate::config) struct RawTls {
    pub(in crate::config) ca: Option<Written<String>>,
    pub(in crate::config) pin: Vec<Written<String>>,
    /// Nothing was written at all.
    pub(in crate::config) is_empty: bool,
}

/// `[hosts.NAME.identity]`
#[derive(Debug, Default)]
pub(in crate::config) struct RawIdentity {
    /// Keys and texts, as they are written.
    pub(in crate::config) settings: Vec<(&'static str, Written<String>)>,
    pub(in crate::config) client_secret: Option<Written<RawSecret>>,
}

impl Reader<'_> {
    pub(super) fn host(&mut self, section: &Section<'_>, name: String) -> RawHost {
        const KNOWN: [&str; 14] = [
            "url",
            "auth",
            "identity",
            "username",
            "password",
            "certificate",
            "key",
            "configuration_name",
            "sessions",
            "script",
            "plain",
            "tls",
            "proxy",
            "dangerous_basic_over_http",
        ];
        self.keys(section, &KNOWN, &[]);
        // Looked at before the keys: which keys belong here depends on it.
        let certified = section.table.get("auth").is_some_and(|auth| auth.get_ref().as_str() == Some("certificate"));
        self.sign_in_keys(section, certified);
        let mut host = RawHost {
            name,
            url: self.required(
                section,
                "url",
                "missing; the host's WinRM address, such as http://jump01.example:5985/wsman",
            ),
            auth: self.string(section, "auth"),
            username: self.string(section, "username"),
            certificate: self.string(section, "certificate"),
            proxy: self.string(section, "proxy"),
            password: self.secret(section, if certified { "key" } else { "password" }),
            configuration_name: self.string(section, "configuration_name"),
            dangerous_basic_over_http: self.boolean(section, "dangerous_basic_over_http"),
            ..RawHost::default()
        };
        if let Some(tls) = self.section(section, "tls") {
            self.keys(&tls, &["ca", "pin"], &[]);
            let value = RawTls {
                ca: self.string(&tls, "ca"),
                pin: self.one_or_more(&tls, "pin"),
                is_empty: tls.table.is_empty(),
            };
            host.tls = Some(Written { value, place: tls.place, line: tls.line });
        }
        if let Some(sessions) = self.section(section, "sessions") {
            self.keys(&sessions, &["max", "idle", "age", "calls"], &[]);
            host.sessions = RawSessions {
                max: self.integer(&sessions, "max"),
                idle: self.duration(&sessions, "idle"),
                age: self.duration(&sessions, "age"),
                calls: self.integer(&sessions, "calls"),
            };
        }
        host.plain = self.string(section, "plain");
        if let Some(identity) = self.section(section, "identity") {
            let value = self.identity(&identity);
            host.identity = Some(Written { value, place: identity.place, line: identity.line });
        }
        if let Some(script) = self.section(section, "script") {
            let value = self.script(&script);
            host.script = Some(Written { value, place: script.place, line: script.line });
        }
        host
    }

    /// Each way to sign in has keys of its own.
    fn sign_in_keys(&mut self, section: &Section<'_>, certified: bool) {
        let others: [&str; 2] = if certified { ["username", "password"] } else { ["certificate", "key"] };
        for key in others {
            if let Some(value) = section.table.get(key) {
                let said = if certified { "does not go with" } else { "only goes with" };
                let (place, line) = (section.at(key), self.line(value));
                self.problems.add(&place, Some(line), format!("{said} auth = \"certificate\""));
            }
        }
        if certified {
            self.present(section, "certificate", "missing; the file with our certificate, in PEM");
        } else {
            self.present(section, "username", "missing; who signs in, such as 'DOMAIN\\user'");
        }
    }

    fn identity(&mut self, section: &Section<'_>) -> RawIdentity {
        const TEXTS: [&str; 12] = [
            "kind",
            "cloud",
            "client_id",
            "certificate",
            "certificate_store",
            "resource_manager",
            "audience",
            "login",
            "ingestion",
            "ingestion_audience",
            "endpoint",
            "proxy",
        ];
        let mut known = TEXTS.to_vec();
        known.push("client_secret");
        self.keys(section, &known, &[]);
        RawIdentity {
            settings: TEXTS.into_iter().filter_map(|key| Some((key, self.string(section, key)?))).collect(),
            client_secret: match section.table.contains_key("client_secret") {
                true => self.secret(section, "client_secret"),
                false => None,
            },
        }
    }

    fn secret(&mut self, section: &Section<'_>, key: &str) -> Option<Written<RawSecret>> {
        const FORMS: &str =
            "write { env = \"NAME\" }, { file = \"/path\" } or { command = [\"program\", \"argument\"] }";
        self.present(section, key, &format!("missing; {FORMS}"));
        let value = section.table.get(key)?;
        let (place, line) = (section.at(key), self.line(value));
        let Some(table) = value.get_ref().as_table() else {
            self.problems.add(&place, Some(line), format!("a secret must not stand in the configuration; {FORMS}"));
            return None;
        };
        let inner = Section { place: place.clone(), line, table };
        self.keys(&inner, &["env", "file", "command", "environment"], &["keyring", "key_vault"]);
        let places = ["env", "file", "command"].iter().filter(|key| table.contains_key(**key)).count();
        if table.contains_key("environment") && !table.contains_key("command") {
            self.problems.add(&inner.at("environment"), Some(line), "only goes with command");
            return None;
        }
        // Two places would have an order, and the one that is not looked at would be the one somebody changes.
        if places != 1 {
            self.problems.add(&place, Some(line), format!("expected exactly one place; {FORMS}"));
            return None;
        }
        let secret = if let Some(env) = self.string(&inner, "env") {
            RawSecret::Env(env.value)
        } else if let Some(file) = self.string(&inner, "file") {
            RawSecret::File(file.value)
        } else {
            let argv = self.strings(&inner, "command")?;
            if argv.is_empty() {
                self.problems.add(&inner.at("command"), Some(line), "expected the program first");
                return None;
            }
            let environment = self.strings(&inner, "environment").unwrap_or_default();
            let values = |all: Vec<Written<String>>| all.into_iter().map(|written| written.value).collect();
            RawSecret::Command { argv: values(argv), environment: values(environment) }
        };
        Some(Written { value: secret, place, line })
    }
}
