//! `call`: one tool, one answer.

use futures_util::future::BoxFuture;
use serde_json::{Map, Value as Json};

use super::args::{Call, Format};
use super::sheet::{self, Amount, Look, Share};
use super::source::{self, CommandError};
use super::terminal::Terminal;
use super::visible::visible;
use super::walk::{Walk, Whole};
use super::{Exit, print};
use crate::access::Caller;
use crate::answer::case::Unasked;
use crate::call::{Confirm, Confirmation, Reply};
use crate::catalog::schema::{PAGE_SIZE, PAGE_SIZE_MAX};
use crate::catalog::{Kind, Tool, reading};

/// Why the arguments cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum BadArguments {
    #[error("--json must hold one JSON object, such as {{\"Enabled\": true}}")]
    NotAnObject,
    #[error("--arg must be NAME=VALUE, found \"{0}\"")]
    NoValue(String),
    #[error("a cursor lives as long as the server that gave it, so here it leads nowhere: --all gives every row")]
    Cursor,
}

pub(super) async fn run(args: &Call) -> Result<Exit, CommandError> {
    let sourced = source::any(&args.source, &args.tools).await?;
    let caller = Caller::local(sourced.config.policy.clone());
    let desk = sourced.desk();
    let tool = desk.tools().find(&args.tool);
    let mut arguments = match arguments(args, tool.as_ref()) {
        Ok(arguments) => arguments,
        Err(error) => {
            print::complain(&error.to_string());
            return Ok(Exit::Refused);
        }
    };
    let terminal = print::terminal();
    let otherwise = if terminal.is_some() { Format::Table } else { Format::Json };
    let format = args.format.unwrap_or(otherwise);
    let asked = page_size(&arguments);
    let reading = Reading {
        tool,
        amount: if args.quiet { Amount::Rows } else { Amount::All },
        has_fields: arguments.get("fields").is_some_and(|fields| !fields.is_null()),
        room: (!args.all).then(|| asked.unwrap_or(PAGE_SIZE)),
    };
    let walks = args.all || (format == Format::Table && matches!(tool, Some(Tool::Fleet(_))));
    if walks && asked.is_some() && (!args.all || !arguments.contains_key("page_size")) {
        arguments.insert("page_size".into(), PAGE_SIZE_MAX.into());
    }
    let confirm = Typed(args.confirm.as_deref());
    let mut walk = Walk::new(&desk, &caller, &args.tool, arguments, &confirm).in_language(args.language);
    let answering = async {
        match format {
            Format::Table => reading.table(&mut walk, terminal.unwrap_or(Terminal::UNKNOWN)).await,
            Format::Json => reading.json(&mut walk).await,
            Format::Jsonl => reading.jsonl(&mut walk).await,
        }
    };
    let exit = tokio::select! {
        never = desk.path().tend() => match never {},
        exit = answering => exit,
    };
    desk.close().await;
    Ok(exit)
}

/// How the person wants to read it.
struct Reading {
    tool: Option<Tool>,
    amount: Amount,
    has_fields: bool,
    /// Rows at most; `None`: all of them.
    room: Option<usize>,
}

impl Reading {
    /// One object, as MCP has it.
    async fn json(&self, walk: &mut Walk<'_>) -> Exit {
        let Some(first) = walk.page().await else { return Exit::Cancelled };
        let mut whole = Whole::of(first);
        if self.room.is_none() {
            while let Some(page) = walk.page().await {
                whole.add(page);
            }
            whole.finish();
        }
        let missing = whole.missing();
        if let (true, Some(Json::Array(warnings))) = (missing > 0, whole.envelope.get_mut("warnings")) {
            warnings.push(format!("{missing} more rows; repeat the command with --all to have them.").into());
        }
        print::json(&Json::Object(whole.envelope));
        whole.exit
    }

    /// A line per row, as soon as its page is there.
    async fn jsonl(&self, walk: &mut Walk<'_>) -> Exit {
        let mut exit = None;
        while let Some(page) = walk.page().await {
            let page = Whole::of(page);
            match page.envelope.get("data") {
                Some(Json::Array(rows)) => rows.iter().for_each(print::json_line),
                None | Some(Json::Null) => {}
                Some(one) => print::json_line(one),
            }
            let is_first = exit.is_none();
            exit = exit.filter(|exit| *exit != Exit::Done).or(Some(page.exit));
            if is_first || page.exit != Exit::Done {
                self.complain(&page.envelope);
            }
            if self.room.is_some() {
                if page.missing() > 0 && self.amount == Amount::All {
                    print::complain(&format!("{} more rows; --all gives them too", page.missing()));
                }
                break;
            }
        }
        exit.unwrap_or(Exit::Cancelled)
    }

    async fn table(&self, walk: &mut Walk<'_>, terminal: Terminal) -> Exit {
        let Some(first) = walk.page().await else { return Exit::Cancelled };
        let mut whole = Whole::of(first);
        while self.wants_more(&whole) {
            let Some(page) = walk.page().await else { break };
            whole.add(page);
        }
        let title = self.tool.map_or("", |tool| tool.title());
        let look =
            Look { title, width: terminal.width, amount: self.amount, has_fields: self.has_fields, room: self.room };
        if whole.envelope.contains_key("data") {
            print::sheet(&sheet::answer(&whole.envelope, look), terminal);
        }
        self.refusal(&whole.envelope);
        whole.exit
    }

    /// Whether the table has room for more rows. Of a fleet answer a few of
    /// every workspace are shown, so as many pages are needed as reach it.
    fn wants_more(&self, whole: &Whole) -> bool {
        if self.room.is_none() {
            return true;
        }
        if !whole.envelope.contains_key("workspaces") {
            return false;
        }
        let share = Share::of(self.room, sheet::with_rows(&whole.envelope));
        let mut places: Vec<_> = whole.rows().iter().map(|row| (row.get("tenant"), row.get("workspace"))).collect();
        places.dedup();
        places.len() <= share.workspaces
    }

    /// Says on standard error what rows alone do not say.
    fn complain(&self, envelope: &Map<String, Json>) {
        self.refusal(envelope);
        if self.amount == Amount::Rows {
            return;
        }
        let lines = envelope.get("workspaces").and_then(Json::as_array).into_iter().flatten();
        for line in lines.filter(|line| line.get("error").is_some()) {
            let [tenant, workspace, error] = ["tenant", "workspace", "error"].map(|name| text(line.get(name)));
            print::complain(&format!("{tenant}/{workspace}: {error}"));
        }
        for (name, what) in [("warnings", ""), ("hostWarnings", "the host warns: ")] {
            let all = envelope.get(name).and_then(Json::as_array).into_iter().flatten();
            all.for_each(|warning| print::complain(&format!("{what}{}", text(Some(warning)))));
        }
    }

    /// Says on standard error why there is no answer.
    fn refusal(&self, envelope: &Map<String, Json>) {
        let Some(error) = envelope.get("error") else { return };
        let [outcome, code] = ["outcome", "code"].map(|name| text(envelope.get(name)));
        print::complain(&format!("{outcome} ({code}): {}", text(Some(error))));
        let said = envelope.get("hostErrors").and_then(Json::as_array).into_iter().flatten();
        said.for_each(|error| print::complain(&format!("the host said: {}", text(error.get("message")))));
    }
}

/// A text, in one line.
fn text(value: Option<&Json>) -> String {
    visible(value.and_then(Json::as_str).unwrap_or_default()).into_owned()
}

/// Rows that were asked for; `None`: what was said is no such number, and is
/// refused where every argument is checked.
fn page_size(arguments: &Map<String, Json>) -> Option<usize> {
    match arguments.get("page_size").filter(|value| !value.is_null() && **value != "") {
        None => Some(PAGE_SIZE),
        Some(value) => reading::read(Kind::Int, value)
            .and_then(|size| size.as_u64())
            .and_then(|size| usize::try_from(size).ok())
            .filter(|size| (1..=PAGE_SIZE_MAX).contains(size)),
    }
}

/// What the person gave with `--confirm`.
struct Typed<'a>(Option<&'a str>);

impl Confirm for Typed<'_> {
    fn ask<'a>(&'a self, question: &'a Confirmation) -> BoxFuture<'a, Reply> {
        let reply = match self.0 {
            Some(name) => Reply::Typed(name.to_owned()),
            None => Reply::Unasked(Unasked::NotTyped { name: quoted(question.name()), argument: question.argument() }),
        };
        Box::pin(std::future::ready(reply))
    }
}

/// As a shell takes it.
fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.chars().all(plain) { name.to_owned() } else { format!("'{}'", name.replace('\'', r"'\''")) }
}

/// `--json`, then `--arg`, then `--tenant` and `--workspace`; the later wins.
fn arguments(args: &Call, tool: Option<&Tool>) -> Result<Map<String, Json>, BadArguments> {
    let mut arguments = match &args.json {
        None => Map::new(),
        Some(text) => serde_json::from_str(text).map_err(|_| BadArguments::NotAnObject)?,
    };
    for argument in &args.arguments {
        let (name, value) = argument.split_once('=').ok_or_else(|| BadArguments::NoValue(argument.clone()))?;
        let value = typed(tool, name, value);
        match (arguments.get_mut(name), value) {
            (Some(Json::Array(all)), Json::Array(more)) => all.extend(more),
            (_, value) => drop(arguments.insert(name.to_owned(), value)),
        }
    }
    if arguments.get("cursor").is_some_and(|cursor| !cursor.is_null() && *cursor != "") {
        return Err(BadArguments::Cursor);
    }
    for (name, value) in [("tenant", &args.tenant), ("workspace", &args.workspace)] {
        if let Some(value) = value {
            arguments.insert(name.to_owned(), value.as_str().into());
        }
    }
    Ok(arguments)
}

/// A typed value. What a text means for its argument is read where every
/// argument is checked; only a list has another spelling here.
fn typed(tool: Option<&Tool>, name: &str, text: &str) -> Json {
    let is_list = match tool {
        Some(Tool::Function(entry)) => {
            entry.arguments().any(|parameter| parameter.answers_to(name) && parameter.kind == Kind::Strings)
        }
        _ => false,
    };
    if is_list || name == "fields" {
        return text.split(',').map(|item| Json::from(item.trim())).collect();
    }
    text.into()
}
