//! `params` as clients send them, and as rmcp reads them.
//!
//! rmcp takes a request whose `params` do not fit for one of a method that it
//! does not know, and says so. Whatever means exactly one object is that
//! object; for the rest, [`unfit`] says what is wrong.

use rmcp::model::{ClientRequest, CustomRequest, GetMeta as _, ProtocolVersion};
use serde_json::{Map, Value as Json};

use crate::catalog::{Kind, reading};

const CALL: &str = "tools/call";

/// Opens the conversation before 2026-07-28.
const OPEN: &str = "initialize";

/// Methods of this server. A request of theirs that rmcp does not recognise
/// has `params` that do not fit.
const KNOWN: [&str; 4] = [OPEN, "server/discover", CALL, "tools/list"];

/// Reads `params`, and of a call its `arguments`: null and an empty list are
/// none, the JSON text of an object is that object, a member that is null was
/// not given.
///
/// What cannot be read stays as it is.
pub(crate) fn read(message: &mut Map<String, Json>) {
    let is_call = message.get("method").is_some_and(|method| method == CALL);
    let Some(read) = message.get("params").and_then(object) else { return };
    let mut params = read;
    params.retain(|_, value| !value.is_null());
    if is_call && let Some(read) = params.get("arguments").and_then(object) {
        params.insert("arguments".into(), read.into());
    }
    if params.is_empty() {
        message.remove("params");
    } else {
        message.insert("params".into(), params.into());
    }
}

/// What is wrong with the `params` of a request that rmcp does not recognise;
/// `None` when its method is unknown indeed. `version` is the request's own.
pub(crate) fn unfit(request: &CustomRequest, version: Option<&ProtocolVersion>) -> Option<&'static str> {
    // Spec: 2026-07-28 has no handshake; a request with a version of its own is of that revision.
    let is_gone = request.method == OPEN && version.is_some();
    if is_gone || !KNOWN.contains(&request.method.as_str()) {
        return None;
    }
    let params = match request.params.as_ref().map(object) {
        None => Map::new(),
        Some(Some(params)) => params,
        Some(None) => return Some("params must be an object"),
    };
    if request.method != CALL {
        return Some("params do not fit the method");
    }
    match (params.get("name"), params.get("arguments").map(object)) {
        (None | Some(Json::Null), _) => Some("params.name, the name of the tool, is missing"),
        (Some(name), _) if !name.is_string() => Some("params.name, the name of the tool, must be a string"),
        (_, Some(None)) => Some("params.arguments must be an object"),
        _ => Some("params do not fit the method"),
    }
}

/// As [`unfit`], for any request.
pub(crate) fn unfit_request(request: &ClientRequest) -> Option<&'static str> {
    match request {
        ClientRequest::CustomRequest(custom) => unfit(custom, request.get_meta().protocol_version().as_ref()),
        _ => None,
    }
}

/// The object that is meant: none at all is an empty one.
fn object(value: &Json) -> Option<Map<String, Json>> {
    match value {
        Json::Null => Some(Map::new()),
        Json::Array(items) if items.is_empty() => Some(Map::new()),
        Json::String(text) if text.is_empty() => Some(Map::new()),
        value => match reading::read(Kind::Object, value) {
            Some(Json::Object(entries)) => Some(entries),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn d3_what_means_an_object_is_one() {
        for (given, meant) in [
            (json!({"method": CALL, "params": {"name": "a", "arguments": []}}), json!({"name": "a", "arguments": {}})),
            (json!({"method": CALL, "params": {"name": "a", "arguments": null}}), json!({"name": "a"})),
            (json!({"method": CALL, "params": {"name": "a", "arguments": ""}}), json!({"name": "a", "arguments": {}})),
            (
                json!({"method": CALL, "params": {"name": "a", "arguments": "{\"b\": 1}"}}),
                json!({"name": "a", "arguments": {"b": 1}}),
            ),
            (json!({"method": CALL, "params": "{\"name\": \"a\"}"}), json!({"name": "a"})),
            (json!({"method": "tools/list", "params": null}), Json::Null),
            (json!({"method": "tools/list", "params": []}), Json::Null),
            (json!({"method": "tools/list", "params": {"cursor": null}}), Json::Null),
            // Stays, to be refused.
            (
                json!({"method": CALL, "params": {"name": "a", "arguments": [1]}}),
                json!({"name": "a", "arguments": [1]}),
            ),
            (json!({"method": CALL, "params": 5}), json!(5)),
        ] {
            let Json::Object(mut message) = given.clone() else { panic!() };
            read(&mut message);
            assert_eq!(message.get("params").cloned().unwrap_or_default(), meant, "{given}");
        }
    }

    #[test]
    fn d3_what_does_not_fit_is_said() {
        let why =
            |method: &str, params: Json| unfit(&CustomRequest::new(method, Some(params)), None).unwrap_or_default();
        assert_eq!(why(CALL, json!({"name": "a", "arguments": 5})), "params.arguments must be an object");
        assert_eq!(why(CALL, json!({"name": "a", "arguments": ["x"]})), "params.arguments must be an object");
        assert_eq!(why(CALL, json!({"arguments": {}})), "params.name, the name of the tool, is missing");
        assert_eq!(why(CALL, json!({"name": 5})), "params.name, the name of the tool, must be a string");
        assert_eq!(why(CALL, json!("x")), "params must be an object");
        assert_eq!(why(OPEN, json!({})), "params do not fit the method");
        assert_eq!(unfit(&CustomRequest::new(OPEN, None), Some(&ProtocolVersion::V_2026_07_28)), None, "none there");
        // Nothing that this server has, whatever its params.
        assert_eq!(why("prompts/get", json!({})), "");
        assert_eq!(why("no/such", json!({})), "");
        assert!(unfit(&CustomRequest::new(CALL, None), None).is_some_and(|said| said.contains("name of the tool")));
    }
}
