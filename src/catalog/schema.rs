//! What an MCP client sees of a tool.

use serde_json::{Map, Value as Json, json};

use super::{Annotations, Definition, Entry, Form, Kind, OutputKind, Parameter, Tool, ToolSet, function};

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

/// The tool as `tools/list` has it, the same for whoever asks.
///
/// A list is read with every conversation, whatever it is about: a key stands
/// here only when a model calls the tool better for it. Titles say what names
/// say, and people have them on the command line.
pub fn listed(tool: &Tool) -> Map<String, Json> {
    let mut listed = Map::new();
    listed.insert("name".into(), tool.name().into());
    listed.insert("description".into(), tool.description().into());
    listed.insert("inputSchema".into(), input(tool).into());
    listed.insert("outputSchema".into(), output(tool).into());
    listed.insert("annotations".into(), hints(tool.annotations()).into());
    listed
}

/// What a client would get wrong without being told.
///
/// *Spec*: not given, a tool writes, may destroy, is not idempotent and open
/// to the world; the second and third mean nothing where it only reads.
/// *Chosen*: a write always says whether it may destroy, since clients decide
/// by it whether to ask a person.
pub fn hints(all: Annotations) -> Map<String, Json> {
    let mut hints = Map::new();
    if all.read_only_hint {
        hints.insert("readOnlyHint".into(), true.into());
    } else {
        hints.insert("destructiveHint".into(), all.destructive_hint.into());
        if all.idempotent_hint {
            hints.insert("idempotentHint".into(), true.into());
        }
    }
    if !all.open_world_hint {
        hints.insert("openWorldHint".into(), false.into());
    }
    hints
}

/// The input schema.
///
/// No `anyOf` for parameter sets: some clients refuse a schema that has one
/// at the top. The description names the alternatives, the call checks them.
/// Open: a client that checks must not refuse old names, aliases and what
/// shapes an answer; what nobody knows is refused here, with what is near.
pub fn input(tool: &Tool) -> Map<String, Json> {
    let mut properties = Map::new();
    let mut required = Vec::new();
    match tool {
        Tool::Function(entry) => {
            properties.insert("tenant".into(), plain("string"));
            properties.insert("workspace".into(), plain("string"));
            // Who uses an old name need not give the new one.
            if entry.argument_aliases.is_empty() {
                required.extend(["tenant".to_owned(), "workspace".to_owned()]);
            }
            for parameter in entry.arguments() {
                if parameter.mandatory && parameter.parameter_set.is_none() {
                    required.push(parameter.name.clone());
                }
                if !parameter.unlisted {
                    properties.insert(parameter.name.clone(), argument(parameter));
                }
            }
        }
        Tool::Fleet(own) => {
            for argument in own.arguments {
                properties.insert(argument.name.into(), form(argument.form));
            }
        }
    }
    // The rest of what shapes an answer is said once, in the server's instructions.
    if has_rows(tool) {
        properties.insert("fields".into(), json!({"type": "array", "items": {"type": "string"}}));
        properties.insert("cursor".into(), plain("string"));
    }
    let mut schema = Map::new();
    schema.insert("type".into(), "object".into());
    schema.insert("properties".into(), properties.into());
    if !required.is_empty() {
        schema.insert("required".into(), required.into());
    }
    schema
}

fn form(form: Form) -> Json {
    match form {
        Form::Tenant | Form::TenantOrAll | Form::Workspace | Form::Text => plain("string"),
        Form::Choice(words) => json!({"type": "string", "enum": words}),
        Form::Flag => plain("boolean"),
        Form::Object => plain("object"),
    }
}

fn plain(kind: &str) -> Json {
    json!({ "type": kind })
}

/// Whether an answer has rows, which may be many and have columns to choose
/// from.
fn has_rows(tool: &Tool) -> bool {
    match tool {
        Tool::Function(entry) => entry.output.kind == OutputKind::List,
        Tool::Fleet(own) => own.set != ToolSet::Compact,
    }
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
        // Without its range: what is outside is refused with a sentence that says it.
        Kind::Int | Kind::Long => drop(schema.insert("type".into(), "integer".into())),
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
    let said = parameter.hint.as_deref().unwrap_or(&parameter.description);
    if !said.is_empty() {
        // Chosen: three hundred full stops are three hundred tokens of every list.
        schema.insert("description".into(), said.trim_end_matches('.').into());
    }
    schema.into()
}

/// Fields that an output schema names when the catalogue does not choose them.
/// Chosen: the first ones say what it is; a wrong one in `fields` is answered
/// with all of them.
const NAMED: usize = 8;

/// The output schema: open, and without types.
///
/// Scripts differ from host to host, some clients drop an answer that does not
/// fit the schema, and a number that came as text is no reason to lose it.
/// What stands beside `data` is the same for all and said once, in the
/// server's instructions.
pub fn output(tool: &Tool) -> Map<String, Json> {
    let chosen = match tool {
        Tool::Function(entry) => entry.output.telling.iter().map(String::as_str).collect(),
        Tool::Fleet(_) => Vec::new(),
    };
    let named = if chosen.is_empty() { fields_of(tool).into_iter().take(NAMED).collect() } else { chosen };
    let mut properties = Map::new();
    // Of a tool that calls others nobody knows what comes.
    let data = if named.is_empty() { json!({}) } else { json!({"description": named.join(", ")}) };
    properties.insert("data".into(), data);
    let mut schema = Map::new();
    schema.insert("type".into(), "object".into());
    schema.insert("properties".into(), properties.into());
    schema
}

/// Fields of the rows of a tool of the server's own.
pub fn fields(own: &Definition) -> Vec<&'static str> {
    let theirs = own.function.and_then(function).map(names).unwrap_or_default();
    let place: &[&str] = if own.set == ToolSet::Compact { &[] } else { &["tenant", "workspace"] };
    place.iter().copied().chain(theirs).chain(own.fields.iter().copied()).collect()
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
