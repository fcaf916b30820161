//! The configuration as written: keys, types and places, no meaning.

mod host;
mod script;
mod tenant;

use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::Problems;
use crate::spelling;

pub(super) use host::{RawHost, RawIdentity, RawSecret, RawSessions, RawTls};
pub(super) use script::{RawAnswer, RawInit, RawParameter, RawScript};
pub(super) use tenant::{RawTenant, RawWorkspace};

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
