//! From a CREATE_PIPELINE to what is to be done.

use std::collections::VecDeque;

use super::action::Action;
use super::builtin::{self, Surroundings};
use super::errors;
use super::secrets::Secrets;
use crate::clixml::Value;
use crate::host_end::demo::Commands;
use crate::psrp::{self, Command, CreatePipeline, ErrorRecord, Merge};

/// Where output goes.
#[derive(Debug)]
pub(super) enum Sink {
    /// To the client.
    Client,
    /// As text to the client, object by object (`Out-String -Stream`).
    Lines,
    /// As one text at the end (`Out-String`).
    Text(String),
    /// Nowhere (`Out-Null`).
    Nowhere,
}

/// What a pipeline does.
#[derive(Debug)]
pub(super) struct Plan {
    /// The command's name; for the count.
    pub(super) name: String,
    pub(super) actions: VecDeque<Action>,
    pub(super) sink: Sink,
}

/// Reads a CREATE_PIPELINE; refuses what the Demo engine does not run.
pub(super) fn read(payload: &[u8], secrets: &mut Secrets) -> Result<CreatePipeline, Box<ErrorRecord>> {
    let unreadable = |_| Box::new(errors::unreadable("its description cannot be read"));
    let mut create = CreatePipeline::decode(payload).map_err(unreadable)?;
    for argument in create.commands.iter_mut().flat_map(|command| &mut command.arguments) {
        let value = std::mem::replace(&mut argument.value, Value::Nil);
        argument.value =
            secrets.open(value).map_err(|_| Box::new(errors::unreadable("a SecureString cannot be read")))?;
    }
    let value = psrp::decode(payload).map_err(unreadable)?;
    let statements = value.get("PowerShell").and_then(|shell| shell.get("ExtraCmds")).and_then(Value::items);
    if statements.is_some_and(|statements| statements.len() > 1) {
        return Err(Box::new(errors::not_offered("several statements in one pipeline")));
    }
    Ok(create)
}

/// Looks up what the commands do.
pub(super) fn make(
    create: &CreatePipeline,
    commands: &mut dyn Commands,
    unix_now: crate::time::Duration,
) -> Result<Plan, Box<ErrorRecord>> {
    let Some((first, rest)) = create.commands.split_first() else {
        return Err(Box::new(errors::unreadable("it has no command")));
    };
    if create.commands.iter().any(|command| command.merge != Merge::default()) {
        return Err(Box::new(errors::not_offered("merged streams")));
    }
    if create.flags.nested {
        return Err(Box::new(errors::not_offered("nested pipelines")));
    }
    let mut sink = Sink::Client;
    for command in rest {
        sink = then(command, sink)?;
    }
    if first.is_script {
        let known = commands.script(&first.text);
        let steps = known.ok_or_else(|| Box::new(errors::not_offered("scripts other than its own")))?;
        return Ok(Plan { name: "(script)".into(), actions: steps.into_iter().map(Action::Step).collect(), sink });
    }
    let surroundings = Surroundings { unix_now, commands };
    if let Some((name, actions)) = builtin::run(first, &surroundings) {
        return Ok(Plan { name: name.into(), actions: actions?.into(), sink });
    }
    // `Module\Name`: the commands are those of whatever module there is.
    let name = first.text.rsplit('\\').next().unwrap_or_default();
    let named = Command { text: name.to_owned(), ..first.clone() };
    let steps = commands.command(&named).ok_or_else(|| Box::new(errors::command_not_found(&first.text)))?;
    Ok(Plan { name: named.text, actions: steps.into_iter().map(Action::Step).collect(), sink })
}

/// The sink behind one more command.
fn then(command: &Command, sink: Sink) -> Result<Sink, Box<ErrorRecord>> {
    let is = |name: &str| !command.is_script && command.text.eq_ignore_ascii_case(name);
    let only = |allowed: &[&str]| {
        let named = command.arguments.iter().map(|argument| argument.name.as_deref().unwrap_or_default());
        named.into_iter().all(|name| allowed.iter().any(|known| known.eq_ignore_ascii_case(name)))
    };
    match sink {
        // What they would show is shown by the client.
        sink if is("Out-Default") && only(&[]) => Ok(sink),
        _ if is("Out-Null") && only(&[]) => Ok(Sink::Nowhere),
        Sink::Client if is("Out-String") && only(&["Width", "Stream"]) => {
            let stream = command.value_of("Stream").is_some_and(|value| value.as_bool() != Some(false));
            Ok(if stream { Sink::Lines } else { Sink::Text(String::new()) })
        }
        _ => Err(Box::new(errors::not_offered("pipelines of several commands"))),
    }
}
