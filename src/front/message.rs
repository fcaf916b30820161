//! What a client says, as rmcp's messages, and answers to what is none.

use rmcp::model::JsonRpcMessage;
use rmcp::service::{RoleServer, RxJsonRpcMessage};
use serde_json::{Map, Value as Json};

use super::json::{self, INVALID_REQUEST, Unread};
use crate::mcp::params;

/// Spec: JSON-RPC 2.0 §5.1.
const INVALID_PARAMS: i32 = -32602;

/// Something that a client said.
#[derive(Debug)]
pub(super) enum Heard {
    /// For the server.
    Message(Box<RxJsonRpcMessage<RoleServer>>),
    /// Ours to answer.
    Unread(Unread),
    /// A notification that nobody understands: there is none to answer to.
    Nothing,
}

/// Whether several messages may come as one list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Batches {
    /// Spec: MCP 2025-03-26 alone has them.
    Taken,
    Refused,
}

/// Reads one line, or the body of one request.
pub(super) fn hear(bytes: &[u8], batches: Batches) -> Vec<Heard> {
    match json::parse(bytes) {
        Err(unread) => vec![Heard::Unread(unread)],
        Ok(Json::Array(messages)) if !messages.is_empty() => {
            messages.into_iter().map(|message| in_batch(message, batches)).collect()
        }
        Ok(message) => vec![one(message)],
    }
}

/// The body of one request as rmcp reads it.
///
/// # Errors
///
/// What is wrong with it, where it is no message at all.
pub(super) fn without_loss(bytes: &[u8]) -> Result<Vec<u8>, Unread> {
    let refused = |code, said, id| Unread { code, said, id, is_answer: false };
    let mut message = match json::parse(bytes)? {
        Json::Object(message) => message,
        Json::Array(_) => {
            let said = "batches are not taken over HTTP; send one message at a time";
            return Err(refused(INVALID_REQUEST, said, None));
        }
        _ => return Err(refused(INVALID_REQUEST, "a message must be an object", None)),
    };
    readable(&mut message);
    let (wrong, id) = (wrong(&message), message.get("id").filter(|id| is_id(id)).cloned());
    let message = Json::Object(message);
    let text = message.to_string().into_bytes();
    // Read once to know whether rmcp will take it: its own refusal is a text that no client reads.
    match serde_json::from_value::<RxJsonRpcMessage<RoleServer>>(message) {
        Ok(_) => Ok(text),
        Err(_) => Err(refused(wrong.0, wrong.1, id)),
    }
}

fn is_id(id: &Json) -> bool {
    id.is_string() || id.is_number()
}

/// Whatever of it means what it should is made that.
fn readable(message: &mut Map<String, Json>) {
    if let Some(whole) = message.get("id").and_then(crate::catalog::reading::whole_number) {
        message.insert("id".into(), whole.into());
    }
    params::read(message);
}

fn in_batch(message: Json, batches: Batches) -> Heard {
    match (batches, &message) {
        (Batches::Taken, _) => one(message),
        (Batches::Refused, Json::Object(entries)) => {
            refused(entries, INVALID_REQUEST, "this revision of MCP has no batches; send one message at a time")
        }
        (Batches::Refused, _) => one(message),
    }
}

fn one(message: Json) -> Heard {
    let Json::Object(mut message) = message else {
        let said = "a message must be an object";
        return Heard::Unread(Unread { code: INVALID_REQUEST, said, id: None, is_answer: false });
    };
    readable(&mut message);
    match serde_json::from_value::<RxJsonRpcMessage<RoleServer>>(Json::Object(message.clone())) {
        Ok(JsonRpcMessage::Request(request)) => match params::unfit_request(&request.request) {
            Some(said) => refused(&message, INVALID_PARAMS, said),
            None => Heard::Message(Box::new(JsonRpcMessage::Request(request))),
        },
        // Spec: null is no id of a request in MCP; read as a notification, the request would never be answered.
        Ok(JsonRpcMessage::Notification(_)) if message.contains_key("id") => {
            refused(&message, INVALID_REQUEST, "id must be a string or a whole number")
        }
        Ok(message) => Heard::Message(Box::new(message)),
        Err(_) => {
            let (code, said) = wrong(&message);
            refused(&message, code, said)
        }
    }
}

/// What keeps an object from being a message.
fn wrong(message: &Map<String, Json>) -> (i32, &'static str) {
    let text = |key: &str| message.get(key).and_then(Json::as_str);
    if text("jsonrpc") != Some("2.0") {
        (INVALID_REQUEST, "jsonrpc must be \"2.0\"")
    } else if text("method").is_none() {
        (INVALID_REQUEST, "method, a string, is missing")
    } else if !message.get("id").is_some_and(|id| id.is_string() || id.is_i64()) {
        (INVALID_REQUEST, "id must be a string or a whole number")
    } else if message.get("params").is_some_and(|params| !params.is_object()) {
        (INVALID_PARAMS, "params must be an object")
    } else {
        (INVALID_PARAMS, "params do not fit the method")
    }
}

/// The refusal of a message; nothing for a notification, nor for an answer.
fn refused(message: &Map<String, Json>, code: i32, said: &'static str) -> Heard {
    let is_answer = message.contains_key("result") || message.contains_key("error");
    match message.get("id") {
        // Spec: JSON-RPC 2.0 §4.1, a notification is never answered, not even a bad one.
        None if message.contains_key("method") => Heard::Nothing,
        _ if is_answer => Heard::Nothing,
        id => {
            let id = id.filter(|id| is_id(id)).cloned();
            Heard::Unread(Unread { code, said, id, is_answer })
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Code and id of what is answered by us; `None`: it is for the server.
    fn refusals(line: &Json, batches: Batches) -> Vec<Option<(i32, Json)>> {
        let heard = hear(line.to_string().as_bytes(), batches);
        heard
            .into_iter()
            .map(|heard| match heard {
                Heard::Message(_) => None,
                Heard::Unread(unread) => Some((unread.code, unread.id.unwrap_or_default())),
                Heard::Nothing => Some((0, Json::Null)),
            })
            .collect()
    }

    #[test]
    fn d4_every_id_is_answered() {
        let ping = |id: Json| json!({"jsonrpc": "2.0", "id": id, "method": "ping"});
        let bad = |id: Json| vec![Some((INVALID_REQUEST, id))];
        for (line, expected) in [
            (ping(json!(1)), vec![None]),
            (ping(json!("a")), vec![None]),
            (ping(json!(1.0)), vec![None]),
            (ping(json!(1.5)), bad(json!(1.5))),
            (ping(json!(1e30)), bad(json!(1e30))),
            (ping(json!(null)), bad(json!(null))),
            (ping(json!({})), bad(json!(null))),
            (json!({"id": 1, "method": "ping"}), bad(json!(1))),
            (json!({"jsonrpc": "1.0", "id": 1, "method": "ping"}), bad(json!(1))),
            (json!({"jsonrpc": "2.0", "id": 1, "method": 5}), bad(json!(1))),
            (json!({"jsonrpc": "2.0", "id": 1}), bad(json!(1))),
            (json!([]), bad(json!(null))),
            (json!(5), bad(json!(null))),
            (json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call"}), vec![Some((INVALID_PARAMS, json!(1)))]),
            (json!({"jsonrpc": "2.0", "id": 1, "method": "a", "params": 5}), vec![Some((INVALID_PARAMS, json!(1)))]),
            (json!({"jsonrpc": "2.0", "id": 1, "method": "no/such"}), vec![None]),
            (json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": 5}), vec![Some((0, json!(null)))]),
            (json!({"method": "notifications/initialized"}), vec![Some((0, json!(null)))]),
            (json!({"id": 1, "error": "bad"}), vec![Some((0, json!(null)))]),
        ] {
            assert_eq!(refusals(&line, Batches::Refused), expected, "{line}");
        }
        let batch = json!([ping(json!(1)), ping(json!(2)), {"jsonrpc": "2.0", "method": "notifications/initialized"}]);
        let refused =
            vec![Some((INVALID_REQUEST, json!(1))), Some((INVALID_REQUEST, json!(2))), Some((0, json!(null)))];
        assert_eq!(refusals(&batch, Batches::Refused), refused);
        assert_eq!(refusals(&batch, Batches::Taken), [None, None, None]);
    }
}
