//! `[hosts.NAME.script]` as written.

use toml::de::DeValue;

use super::{Reader, Section, Written};

/// `[hosts.NAME.script]`
#[derive(Debug, Default)]
pub(in crate::config) struct RawScript {
    pub(in crate::config) bundled: Option<Written<bool>>,
    pub(in crate::config) path: Option<Written<String>>,
    pub(in crate::config) push: Option<Written<String>>,
    pub(in crate::config) module: Option<Written<String>>,
    pub(in crate::config) virtual_path: Option<Written<String>>,
    pub(in crate::config) sha256: Option<Written<String>>,
    pub(in crate::config) style: Option<Written<String>>,
    pub(in crate::config) parameters: Vec<(String, Written<RawParameter>)>,
    pub(in crate::config) init: Vec<RawInit>,
    pub(in crate::config) answers: Vec<RawAnswer>,
    pub(in crate::config) allow: Vec<Written<String>>,
    pub(in crate::config) select: Vec<Written<String>>,
    pub(in crate::config) derived: Vec<Written<String>>,
}

/// One of `init`: a function's name, or a table with its parameters.
#[derive(Debug)]
pub(in crate::config) struct RawInit {
    pub(in crate::config) function: Written<String>,
    pub(in crate::config) parameters: Vec<(String, Written<RawParameter>)>,
}

/// A value of the script's `param()` block.
#[derive(Debug)]
pub(in crate::config) enum RawParameter {
    Text(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    List(Vec<Self>),
}

/// `[[hosts.NAME.script.answers]]`
#[derive(Debug)]
pub(in crate::config) struct RawAnswer {
    pub(in crate::config) function: Option<Written<String>>,
    pub(in crate::config) question: Option<Written<String>>,
    pub(in crate::config) pattern: Option<Written<String>>,
    pub(in crate::config) answer: Option<Written<String>>,
}

impl Reader<'_> {
    pub(super) fn script(&mut self, section: &Section<'_>) -> RawScript {
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
}
