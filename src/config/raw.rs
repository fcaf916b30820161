//! The configuration as written: keys, types and places, no meaning.

use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::Problems;
use crate::spelling;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Written<T> {
    pub(super) value: T,
    pub(super) place: String,
    pub(super) line: usize,
}

/// The file.
#[derive(Debug, Default)]
pub(super) struct RawConfig {
    pub(super) hosts: Vec<Written<RawHost>>,
    pub(super) tenants: Vec<Written<RawTenant>>,
    pub(super) tool_sets: Option<Vec<Written<String>>>,
    pub(super) read_only: Option<Written<bool>>,
    pub(super) fleet_deadline: Option<Written<Duration>>,
    pub(super) language: Option<Written<String>>,
    pub(super) state_dir: Option<Written<String>>,
}

/// `[hosts.NAME]`
#[derive(Debug, Default)]
pub(super) struct RawHost {
    pub(super) name: String,
    pub(super) url: Option<Written<String>>,
    pub(super) auth: Option<Written<String>>,
    pub(super) username: Option<Written<String>>,
    pub(super) password: Option<Written<RawSecret>>,
    pub(super) certificate: Option<Written<String>>,
    pub(super) proxy: Option<Written<String>>,
    pub(super) configuration_name: Option<Written<String>>,
    pub(super) tls: Option<Written<RawTls>>,
    pub(super) dangerous_basic_over_http: Option<Written<bool>>,
    pub(super) sessions: RawSessions,
    pub(super) identity: Option<Written<RawIdentity>>,
    pub(super) script: Option<Written<RawScript>>,
    pub(super) plain: Option<Written<String>>,
}

/// `[hosts.NAME.sessions]`
#[derive(Debug, Default)]
pub(super) struct RawSessions {
    pub(super) max: Option<Written<i64>>,
    pub(super) idle: Option<Written<Duration>>,
    pub(super) age: Option<Written<Duration>>,
    pub(super) calls: Option<Written<i64>>,
}

/// A secret, by reference.
#[derive(Debug)]
pub(super) enum RawSecret {
    Env(String),
    File(String),
    Command { argv: Vec<String>, environment: Vec<String> },
}

/// `[hosts.NAME.tls]`
#[derive(Debug, Default)]
pub(super) struct RawTls {
    pub(super) ca: Option<Written<String>>,
    pub(super) pin: Vec<Written<String>>,
    /// Nothing was written at all.
    pub(super) is_empty: bool,
}

/// `[hosts.NAME.identity]`
#[derive(Debug, Default)]
pub(super) struct RawIdentity {
    /// Keys and texts, as they are written.
    pub(super) settings: Vec<(&'static str, Written<String>)>,
    pub(super) client_secret: Option<Written<RawSecret>>,
}

/// `[hosts.NAME.script]`
#[derive(Debug, Default)]
pub(super) struct RawScript {
    pub(super) bundled: Option<Written<bool>>,
    pub(super) path: Option<Written<String>>,
    pub(super) push: Option<Written<String>>,
    pub(super) module: Option<Written<String>>,
    pub(super) virtual_path: Option<Written<String>>,
    pub(super) sha256: Option<Written<String>>,
    pub(super) style: Option<Written<String>>,
    pub(super) parameters: Vec<(String, Written<RawParameter>)>,
    pub(super) init: Vec<RawInit>,
    pub(super) answers: Vec<RawAnswer>,
    pub(super) allow: Vec<Written<String>>,
    pub(super) select: Vec<Written<String>>,
    pub(super) derived: Vec<Written<String>>,
}

/// One of `init`: a function's name, or a table with its parameters.
#[derive(Debug)]
pub(super) struct RawInit {
    pub(super) function: Written<String>,
    pub(super) parameters: Vec<(String, Written<RawParameter>)>,
}

/// A value of the script's `param()` block.
#[derive(Debug)]
pub(super) enum RawParameter {
    Text(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    List(Vec<Self>),
}

/// `[[hosts.NAME.script.answers]]`
#[derive(Debug)]
pub(super) struct RawAnswer {
    pub(super) function: Option<Written<String>>,
    pub(super) question: Option<Written<String>>,
    pub(super) pattern: Option<Written<String>>,
    pub(super) answer: Option<Written<String>>,
}

/// `[tenants.NAME]`
#[derive(Debug, Default)]
pub(super) struct RawTenant {
    pub(super) name: String,
    pub(super) host: Option<Written<String>>,
    pub(super) confirm: Option<Written<String>>,
    pub(super) language: Option<Written<String>>,
    pub(super) azure_tenant: Option<Written<String>>,
    pub(super) azure_config_dir: Option<Written<String>>,
    pub(super) workspaces: Vec<Written<RawWorkspace>>,
}

/// `[tenants.NAME.workspaces.NAME]`
#[derive(Debug, Default)]
pub(super) struct RawWorkspace {
    pub(super) name: String,
    pub(super) subscription: Option<Written<String>>,
    pub(super) resource_group: Option<Written<String>>,
    pub(super) workspace_name: Option<Written<String>>,
}

/// Keys that mean something, but not to this release.
const LATER: &str = "is not supported in this release";

/// Reads a file's text. `None` when it is not TOML.
pub(super) fn read(text: &str, problems: &mut Problems) -> Option<RawConfig> {
    let table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => {
            // Not the error's own text: it quotes the line, and a password may stand on it.
            let line = error.span().map(|span| line_of(text, span.start));
            problems.add("", line, format!("not TOML: {}", error.message()));
            return None;
        }
    };
    let mut reader = Reader { text, problems };
    let root = Section { place: String::new(), line: 1, table: table.get_ref() };
    Some(reader.config(&root))
}

/// A span of time as it is written: `10s`, `10m`, `1h`.
///
/// Chosen: one number and one unit, nothing to mistake. In ISO 8601, which
/// CLIXML has, `10M` is months before the `T` and minutes after it.
pub(super) fn span(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(seconds).map(Duration::from_secs)
}

fn line_of(text: &str, offset: usize) -> usize {
    // Counted anew each time: only problems ask, and a file has few.
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

struct Reader<'t> {
    text: &'t str,
    problems: &'t mut Problems,
}

struct Section<'a> {
    place: String,
    line: usize,
    table: &'a DeTable<'a>,
}

impl Section<'_> {
    fn at(&self, key: &str) -> String {
        if self.place.is_empty() { key.to_owned() } else { format!("{}.{key}", self.place) }
    }
}

impl Reader<'_> {
    fn config(&mut self, root: &Section<'_>) -> RawConfig {
        self.keys(root, &["fleet", "hosts", "language", "state_dir", "tenants", "tools"], &[]);
        let (language, state_dir) = (self.string(root, "language"), self.string(root, "state_dir"));
        let mut config = RawConfig { language, state_dir, ..RawConfig::default() };
        for section in self.named(root, "hosts") {
            let value = self.host(&section.value, section.name);
            config.hosts.push(Written { value, place: section.value.place, line: section.value.line });
        }
        for section in self.named(root, "tenants") {
            let value = self.tenant(&section.value, section.name);
            config.tenants.push(Written { value, place: section.value.place, line: section.value.line });
        }
        if let Some(tools) = self.section(root, "tools") {
            self.keys(&tools, &["sets", "read_only"], &[]);
            config.tool_sets = self.strings(&tools, "sets");
            config.read_only = self.boolean(&tools, "read_only");
        }
        if let Some(fleet) = self.section(root, "fleet") {
            self.keys(&fleet, &["deadline"], &[]);
            config.fleet_deadline = self.duration(&fleet, "deadline");
        }
        config
    }

    fn host(&mut self, section: &Section<'_>, name: String) -> RawHost {
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

    fn script(&mut self, section: &Section<'_>) -> RawScript {
        const KNOWN: [&str; 13] = [
            "bundled",
            "path",
            "push",
            "module",
            "virtual_path",
            "sha256",
            "parameters",
            "style",
            "init",
            "answers",
            "allow",
            "select",
            "derived",
        ];
        self.keys(section, &KNOWN, &[]);
        let mut script = RawScript {
            bundled: self.boolean(section, "bundled"),
            path: self.string(section, "path"),
            push: self.string(section, "push"),
            module: self.string(section, "module"),
            virtual_path: self.string(section, "virtual_path"),
            sha256: self.string(section, "sha256"),
            style: self.string(section, "style"),
            allow: self.strings(section, "allow").unwrap_or_default(),
            select: self.strings(section, "select").unwrap_or_default(),
            derived: self.strings(section, "derived").unwrap_or_default(),
            ..RawScript::default()
        };
        script.parameters = self.parameters(section);
        script.init = self.init(section);
        if let Some(value) = section.table.get("answers") {
            let place = section.at("answers");
            let line = self.line(value);
            let Some(items) = value.get_ref().as_array() else {
                self.wrong_type(&place, line, "tables, each under [[…answers]]", value.get_ref());
                return script;
            };
            for (n, item) in items.iter().enumerate() {
                let (place, line) = (format!("{place}[{n}]"), self.line(item));
                let Some(table) = item.get_ref().as_table() else {
                    self.wrong_type(&place, line, "a table", item.get_ref());
                    continue;
                };
                let answer = Section { place, line, table };
                self.keys(&answer, &["function", "question", "pattern", "answer"], &[]);
                let is_pattern = table.contains_key("pattern");
                if is_pattern && table.contains_key("question") {
                    self.problems.add(&answer.at("pattern"), Some(line), "question and pattern exclude each other");
                }
                script.answers.push(RawAnswer {
                    function: self.required(&answer, "function", "missing"),
                    question: match is_pattern {
                        true => None,
                        false => self.required(&answer, "question", "missing; or pattern, a regular expression"),
                    },
                    pattern: self.string(&answer, "pattern"),
                    answer: self.required(&answer, "answer", "missing"),
                });
            }
        }
        script
    }

    fn parameters(&mut self, section: &Section<'_>) -> Vec<(String, Written<RawParameter>)> {
        let mut all = Vec::new();
        if let Some(parameters) = self.section(section, "parameters") {
            for (name, value) in parameters.table {
                let (place, line) = (parameters.at(name.get_ref()), self.line(value));
                if let Some(value) = self.parameter(value.get_ref(), &place, line) {
                    all.push((name.get_ref().to_string(), Written { value, place, line }));
                }
            }
        }
        all
    }

    fn init(&mut self, section: &Section<'_>) -> Vec<RawInit> {
        const ITEM: &str = "\"Name\" or { function = \"Name\", parameters = { … } }";
        let Some(value) = section.table.get("init") else { return Vec::new() };
        let (place, line) = (section.at("init"), self.line(value));
        let Some(items) = value.get_ref().as_array() else {
            self.wrong_type(&place, line, "a list of functions", value.get_ref());
            return Vec::new();
        };
        let mut all = Vec::new();
        for (n, item) in items.iter().enumerate() {
            let (place, line) = (format!("{place}[{n}]"), self.line(item));
            match item.get_ref() {
                DeValue::String(name) if !name.is_empty() => {
                    let function = Written { value: name.to_string(), place, line };
                    all.push(RawInit { function, parameters: Vec::new() });
                }
                DeValue::Table(table) => {
                    let one = Section { place, line, table };
                    self.keys(&one, &["function", "parameters"], &[]);
                    let parameters = self.parameters(&one);
                    let function = self.required(&one, "function", "missing");
                    all.extend(function.map(|function| RawInit { function, parameters }));
                }
                other => self.wrong_type(&place, line, ITEM, other),
            }
        }
        all
    }

    fn parameter(&mut self, value: &DeValue<'_>, place: &str, line: usize) -> Option<RawParameter> {
        match value {
            DeValue::String(text) => Some(RawParameter::Text(text.to_string())),
            DeValue::Boolean(value) => Some(RawParameter::Boolean(*value)),
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Some(RawParameter::Integer(number)),
                Err(_) => {
                    self.problems.add(place, Some(line), "the number is out of range");
                    None
                }
            },
            DeValue::Float(number) => number.as_str().parse().ok().map(RawParameter::Float),
            DeValue::Array(items) => items
                .iter()
                .map(|item| self.parameter(item.get_ref(), place, line))
                .collect::<Option<Vec<_>>>()
                .map(RawParameter::List),
            DeValue::Datetime(_) | DeValue::Table(_) => {
                self.wrong_type(place, line, "a string, a number, true, false or a list of them", value);
                None
            }
        }
    }

    fn tenant(&mut self, section: &Section<'_>, name: String) -> RawTenant {
        let known = ["host", "azure_tenant", "azure_config_dir", "confirm", "language", "workspaces"];
        self.keys(section, &known, &[]);
        let mut tenant = RawTenant {
            name,
            host: self.required(section, "host", "missing; name the jump host that serves this tenant"),
            azure_tenant: self.string(section, "azure_tenant"),
            azure_config_dir: self.string(section, "azure_config_dir"),
            confirm: self.string(section, "confirm"),
            language: self.string(section, "language"),
            workspaces: Vec::new(),
        };
        self.present(section, "workspaces", "missing; add at least one");
        for named in self.named(section, "workspaces") {
            let section = named.value;
            self.keys(&section, &["subscription", "resource_group", "name"], &[]);
            let value = RawWorkspace {
                name: named.name,
                subscription: self.required(&section, "subscription", "missing"),
                resource_group: self.required(&section, "resource_group", "missing"),
                workspace_name: self.required(&section, "name", "missing"),
            };
            tenant.workspaces.push(Written { value, place: section.place, line: section.line });
        }
        tenant
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

    /// Every key of the section must be known here.
    fn keys(&mut self, section: &Section<'_>, known: &[&str], later: &[&str]) {
        for (key, _) in section.table {
            let name: &str = key.get_ref();
            if known.contains(&name) {
                continue;
            }
            let line = line_of(self.text, key.span().start);
            let said = if later.contains(&name) {
                LATER.to_owned()
            } else {
                format!("unknown key{}", spelling::hint(name, known.iter().copied()))
            };
            self.problems.add(&section.at(name), Some(line), said);
        }
    }

    /// The tables of a table of tables: `[hosts.a]`, `[hosts.b]`.
    fn named<'a>(&mut self, section: &Section<'a>, key: &str) -> Vec<Named<'a>> {
        let Some(outer) = self.section(section, key) else { return Vec::new() };
        let mut all = Vec::new();
        for (name, value) in outer.table {
            let (place, line) = (outer.at(name.get_ref()), line_of(self.text, name.span().start));
            match value.get_ref().as_table() {
                Some(table) => {
                    all.push(Named { name: name.get_ref().to_string(), value: Section { place, line, table } });
                }
                None => self.wrong_type(&place, line, "a table", value.get_ref()),
            }
        }
        all
    }

    fn section<'a>(&mut self, section: &Section<'a>, key: &str) -> Option<Section<'a>> {
        let value = section.table.get(key)?;
        let (place, line) = (section.at(key), self.line(value));
        match value.get_ref().as_table() {
            Some(table) => Some(Section { place, line, table }),
            None => {
                self.wrong_type(&place, line, "a table", value.get_ref());
                None
            }
        }
    }

    fn required(&mut self, section: &Section<'_>, key: &str, said: &str) -> Option<Written<String>> {
        self.present(section, key, said);
        self.string(section, key)
    }

    fn present(&mut self, section: &Section<'_>, key: &str, said: &str) {
        if !section.table.contains_key(key) {
            self.problems.add(&section.at(key), Some(section.line), said);
        }
    }

    fn string(&mut self, section: &Section<'_>, key: &str) -> Option<Written<String>> {
        let value = section.table.get(key)?;
        let (place, line) = (section.at(key), self.line(value));
        match value.get_ref().as_str() {
            Some("") => self.problems.add(&place, Some(line), "empty"),
            Some(text) => return Some(Written { value: text.to_owned(), place, line }),
            None => self.wrong_type(&place, line, "a string", value.get_ref()),
        }
        None
    }

    fn strings(&mut self, section: &Section<'_>, key: &str) -> Option<Vec<Written<String>>> {
        let value = section.table.get(key)?;
        let (place, line) = (section.at(key), self.line(value));
        let Some(items) = value.get_ref().as_array() else {
            self.wrong_type(&place, line, "a list of strings", value.get_ref());
            return None;
        };
        let mut all = Vec::new();
        for item in items {
            match item.get_ref().as_str() {
                Some(text) => {
                    all.push(Written { value: text.to_owned(), place: place.clone(), line: self.line(item) });
                }
                None => self.wrong_type(&place, self.line(item), "a list of strings", item.get_ref()),
            }
        }
        Some(all)
    }

    /// A string, or a list of them.
    fn one_or_more(&mut self, section: &Section<'_>, key: &str) -> Vec<Written<String>> {
        match section.table.get(key) {
            Some(value) if value.get_ref().as_array().is_some_and(|list| list.is_empty()) => {
                self.problems.add(&section.at(key), Some(self.line(value)), "empty");
                Vec::new()
            }
            Some(value) if value.get_ref().as_array().is_some() => self.strings(section, key).unwrap_or_default(),
            Some(_) => self.string(section, key).into_iter().collect(),
            None => Vec::new(),
        }
    }

    fn boolean(&mut self, section: &Section<'_>, key: &str) -> Option<Written<bool>> {
        let value = section.table.get(key)?;
        let (place, line) = (section.at(key), self.line(value));
        let found = value.get_ref().as_bool();
        if found.is_none() {
            self.wrong_type(&place, line, "true or false", value.get_ref());
        }
        found.map(|value| Written { value, place, line })
    }

    fn integer(&mut self, section: &Section<'_>, key: &str) -> Option<Written<i64>> {
        let value = section.table.get(key)?;
        let (place, line) = (section.at(key), self.line(value));
        let number = value.get_ref().as_integer().map(|number| i64::from_str_radix(number.as_str(), number.radix()));
        match number {
            Some(Ok(value)) => return Some(Written { value, place, line }),
            Some(Err(_)) => self.problems.add(&place, Some(line), "the number is out of range"),
            None => self.wrong_type(&place, line, "a whole number", value.get_ref()),
        }
        None
    }

    fn duration(&mut self, section: &Section<'_>, key: &str) -> Option<Written<Duration>> {
        let text = self.string(section, key)?;
        let value = span(&text.value);
        if value.is_none() {
            self.problems.add(&text.place, Some(text.line), "expected a number with s, m or h, such as \"10m\"");
        }
        value.map(|value| Written { value, place: text.place, line: text.line })
    }

    fn wrong_type(&mut self, place: &str, line: usize, expected: &str, found: &DeValue<'_>) {
        let article = if found.type_str().starts_with(['a', 'i', 'o']) { "an" } else { "a" };
        self.problems.add(place, Some(line), format!("expected {expected}, found {article} {}", found.type_str()));
    }

    fn line<T>(&self, value: &Spanned<T>) -> usize {
        line_of(self.text, value.span().start)
    }
}

struct Named<'a> {
    name: String,
    value: Section<'a>,
}
