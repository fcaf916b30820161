//! The one mouth: what holds for every question, whatever tool it is for.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sentinel_jump::access::{Caller, Mode, ToolPolicy};
use sentinel_jump::answer::{About, Answer, Code, One, Outcome, ToolError};
use sentinel_jump::call::Nobody;
use sentinel_jump::catalog::{Annotations, Argument, Definition, Form, OutputKind, ToolSet};
use sentinel_jump::desk::{Asking, Desk, Door, FleetTool, Request, Told};
use serde_json::{Value as Json, json};
use tokio_util::sync::CancellationToken;

use crate::mcp::Client;
use crate::world;

static DEFINITION: Definition = Definition {
    name: "sentinel_made_up",
    title: "A tool made up for this test",
    description: "Use to see that one value is all that a tool needs.",
    set: ToolSet::Fleet,
    annotations: Annotations {
        read_only_hint: true,
        destructive_hint: false,
        idempotent_hint: true,
        open_world_hint: false,
    },
    arguments: &[Argument { name: "tenant", form: Form::Tenant }, Argument { name: "panics", form: Form::Flag }],
    aliases: &[("customer", "tenant")],
    function: None,
    fields: &["said"],
};

/// The only thing that a tool is added by.
const MADE_UP: FleetTool = FleetTool { definition: &DEFINITION, handler };

fn handler(asking: Asking<'_>) -> BoxFuture<'_, Result<Told, ToolError>> {
    async move {
        let given = asking.arguments();
        assert_ne!(given.get("panics"), Some(&json!(true)), "planted");
        let rows = Arc::new([json!({"tenant": given["tenant"], "said": "made up"})].into_iter().collect());
        Ok(Told { rows, about: About::One(One::of(OutputKind::List)), places: Vec::new() })
    }
    .boxed()
}

fn desk() -> Arc<Desk> {
    Arc::new(Desk::with_tools(Arc::new(world::config()), [MADE_UP]))
}

async fn ask(caller: &Caller, arguments: Json) -> Answer {
    let request = Request {
        caller,
        door: Door::Cli,
        tool: "sentinel_made_up",
        arguments: arguments.as_object().expect("an object"),
        progress: &|_| {},
        confirm: &Nobody,
        cancel: &CancellationToken::new(),
        language: None,
    };
    desk().answer(request).await
}

#[tokio::test]
async fn one_value_is_a_tool_that_is_listed_and_called() {
    let mut client = Client::legacy_on(desk()).await;
    let listed = client.ask("tools/list", json!({})).await;
    let tools = listed["result"]["tools"].as_array().expect("tools");
    let tool = tools.iter().find(|tool| tool["name"] == "sentinel_made_up").expect("it is listed");
    assert_eq!(tool["inputSchema"]["properties"]["tenant"], json!({"type": "string"}));
    assert_eq!(tool["outputSchema"]["properties"]["data"]["description"], "tenant, workspace, said");
    let call = json!({"name": "sentinel_made_up", "arguments": {"customer": "marlowe"}});
    let answer = client.ask("tools/call", call).await;
    let content = &answer["result"]["structuredContent"];
    assert_eq!(content["data"], json!([{"tenant": "marlowe", "said": "made up"}]));
    assert_eq!(content["function"], "sentinel_made_up");
}

#[tokio::test]
async fn it_is_authorised_as_any_other() {
    let mut caller = Caller::local(ToolPolicy { sets: [ToolSet::Rules].into(), mode: Mode::ReadWrite });
    let answer = ask(&caller, json!({"tenant": "marlowe"})).await;
    assert_eq!((answer.outcome, answer.code), (Outcome::Refused, Some(Code::NotPermitted)));
    caller.policy.sets = [ToolSet::Fleet].into();
    assert_eq!(ask(&caller, json!({"tenant": "marlowe"})).await.outcome, Outcome::Done);
}

#[tokio::test]
async fn its_panic_is_an_answer_under_its_own_number() {
    let answer = ask(&Caller::local(ToolPolicy::default()), json!({"tenant": "marlowe", "panics": true})).await;
    assert_eq!((answer.outcome, answer.code), (Outcome::Failed, Some(Code::Internal)));
    assert_eq!(answer.envelope["correlationId"].as_str().map(str::len), Some(32));
}
