//! What an MCP client sees of a tool.

use serde_json::{Map, Value as Json, json};

use super::{Definition, Entry, Form, Kind, OutputKind, Parameter, Tool, function};

/// Rows on a page, when nothing else is asked for.
pub const PAGE_SIZE: usize = 25;
/// Rows on a page at most.
pub const PAGE_SIZE_MAX: usize = 100;

/// Arguments that shape the answer instead of going to the host.
pub const VIEW: [&str; 3] = ["cursor", "fields", "page_size"];

/// The tenants and workspaces that a caller may see, by alias.
#[derive(Clone, Debug, Default)]
pub struct Sight {
    /// Tenant aliases, sorted.
    pub tenants: Vec<String>,
    /// Workspace aliases of all these tenants, sorted, each once.
    pub workspaces: Vec<String>,
}

/// The input schema.
///
/// No `anyOf` for parameter sets: some clients refuse a schema that has one
/// at the top. The description names the alternatives, the call checks them.
pub fn input(tool: &Tool, sight: &Sight) -> Map<String, Json> {
    let mut properties = Map::new();
    let mut required = Vec::new();
    match tool {
        Tool::Function(entry) => {
            properties.insert("tenant".into(), choice(&sight.tenants));
            properties.insert("workspace".into(), choice(&sight.workspaces));
            // A client that checks would refuse the old names otherwise.
            properties.extend(entry.argument_aliases.iter().map(|(old, new)| (old.clone(), same_as(new))));
            // Who uses an old name need not give the new one.
            if entry.argument_aliases.is_empty() {
                required.extend(["tenant".to_owned(), "workspace".to_owned()]);
            }
            for parameter in entry.arguments() {
                if parameter.mandatory && parameter.parameter_set.is_none() {
                    required.push(parameter.name.clone());
                }
                properties.insert(parameter.name.clone(), argument(parameter));
            }
        }
        Tool::Fleet(own) => {
            for argument in own.arguments {
                properties.insert(argument.name.into(), form(argument.form, sight));
            }
            properties.extend(own.aliases.iter().map(|(old, new)| ((*old).into(), same_as(new))));
        }
    }
    properties.insert("fields".into(), json!({"type": "array", "items": {"type": "string"}}));
    // Without a minimum: 0 is refused by us with a sentence, and each word of a schema is paid for by every reader.
    properties.insert("page_size".into(), json!({"type": "integer", "maximum": PAGE_SIZE_MAX}));
    properties.insert("cursor".into(), json!({"type": "string", "description": "nextCursor of the last answer"}));
    let mut schema = Map::new();
    schema.insert("type".into(), "object".into());
    schema.insert("properties".into(), properties.into());
    if !required.is_empty() {
        schema.insert("required".into(), required.into());
    }
    // A model that invents an argument is told so by its own client, and need not ask us.
    schema.insert("additionalProperties".into(), false.into());
    schema
}

/// An old name of an argument.
fn same_as(name: &str) -> Json {
    json!({"type": "string", "description": format!("Same as {name}")})
}

fn form(form: Form, sight: &Sight) -> Json {
    match form {
        Form::Tenant => choice(&sight.tenants),
        Form::TenantOrAll if sight.tenants.is_empty() => choice(&[]),
        Form::TenantOrAll => {
            let all = std::iter::once(crate::tenant::ALL_TENANTS).chain(sight.tenants.iter().map(String::as_str));
            json!({"type": "string", "enum": all.collect::<Vec<_>>()})
        }
        Form::Workspace => choice(&sight.workspaces),
        Form::Choice(words) => json!({"type": "string", "enum": words}),
        Form::Flag => json!({"type": "boolean"}),
    }
}

/// A name from a list; free when the list is not known.
fn choice(names: &[String]) -> Json {
    if names.is_empty() { json!({"type": "string"}) } else { json!({"type": "string", "enum": names}) }
}

fn argument(parameter: &Parameter) -> Json {
    let mut schema = Map::new();
    let one = |schema: &mut Map<String, Json>| {
        schema.insert("type".into(), "string".into());
        if !parameter.validate_set.is_empty() {
            schema.insert("enum".into(), parameter.validate_set.clone().into());
        }
    };
    match parameter.kind {
        Kind::String => one(&mut schema),
        Kind::Strings => {
            let mut items = Map::new();
            one(&mut items);
            schema.insert("type".into(), "array".into());
            schema.insert("items".into(), items.into());
        }
        Kind::Int | Kind::Long => {
            schema.insert("type".into(), "integer".into());
            if let Some((least, greatest)) = parameter.validate_range {
                schema.insert("minimum".into(), least.into());
                schema.insert("maximum".into(), greatest.into());
            }
        }
        Kind::Double => drop(schema.insert("type".into(), "number".into())),
        Kind::Bool | Kind::Switch => drop(schema.insert("type".into(), "boolean".into())),
        Kind::Datetime => {
            schema.insert("type".into(), "string".into());
            schema.insert("format".into(), "date-time".into());
        }
        Kind::Timespan => {
            schema.insert("type".into(), "string".into());
            schema.insert("format".into(), "duration".into());
        }
        Kind::Hashtable | Kind::Object => drop(schema.insert("type".into(), "object".into())),
        Kind::Hashtables | Kind::Objects => {
            schema.insert("type".into(), "array".into());
            schema.insert("items".into(), json!({"type": "object"}));
        }
    }
    if let (Some(_), Some(default)) = (&parameter.filters, &parameter.default) {
        schema.insert("default".into(), default.clone());
    }
    if !parameter.description.is_empty() {
        // Chosen: three hundred full stops are three hundred tokens of every list.
        schema.insert("description".into(), parameter.description.trim_end_matches('.').into());
    }
    schema.into()
}

/// What else answers have, besides `outcome` and `data`. `error` and what
/// stands with it only when something went wrong.
const ENVELOPE: [&str; 8] =
    ["count", "truncated", "nextCursor", "cacheAgeSeconds", "hostWarnings", "code", "error", "candidates"];

/// The output schema: every field optional, nullable and open.
///
/// Fields have names, for `fields`, but no types. Scripts differ from host to
/// host, some clients drop an answer that does not fit the schema, and a
/// number that came as text is no reason to lose it.
pub fn output(tool: &Tool) -> Map<String, Json> {
    let (named, shape) = match tool {
        Tool::Function(entry) => (names(entry), entry.output.kind),
        Tool::Fleet(own) => (fields(own), OutputKind::List),
    };
    let named: Map<String, Json> = named.into_iter().map(|name| (name.to_owned(), json!({}))).collect();
    let data = match shape {
        // No `type`: a script may answer with text or a number, and a client that
        // checks would throw a good answer away.
        OutputKind::List => json!({"items": {"properties": named}}),
        OutputKind::Object => json!({"properties": named}),
    };
    let mut properties = Map::new();
    properties.insert("outcome".into(), json!({"type": "string"}));
    properties.insert("data".into(), data);
    for field in ENVELOPE {
        properties.insert(field.into(), json!({}));
    }
    // Those of a fleet tool stand in the line of their workspace.
    let more: &[&str] = match tool {
        Tool::Fleet(_) => &["summary", "workspaces"],
        Tool::Function(_) => &["hostErrors"],
    };
    properties.extend(more.iter().map(|field| ((*field).to_owned(), json!({}))));
    let mut schema = Map::new();
    schema.insert("type".into(), "object".into());
    schema.insert("properties".into(), properties.into());
    schema
}

/// Fields of the rows of a tool of the server's own.
pub fn fields(own: &Definition) -> Vec<&'static str> {
    let theirs = own.function.and_then(function).map(names).unwrap_or_default();
    ["tenant", "workspace"].into_iter().chain(theirs).chain(own.fields.iter().copied()).collect()
}

/// Known fields of a tool's rows.
pub fn fields_of(tool: &Tool) -> Vec<&'static str> {
    match tool {
        Tool::Function(entry) => names(entry),
        Tool::Fleet(own) => fields(own),
    }
}

fn names(entry: &Entry) -> Vec<&str> {
    entry.output.properties.iter().map(|field| field.name.as_str()).collect()
}
