//! MCP over streamable HTTP, as a client without manners sees it.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Method, Response, StatusCode};
use sentinel_jump::access::Caller;
use sentinel_jump::desk::Desk;
use sentinel_jump::front::{HttpListener, Loopback, serve_http};
use sentinel_jump::mcp::Server;
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::hosts::{Hosts, loopback, on};
use crate::pool::endless;
use crate::world;

const SOON: Duration = Duration::from_secs(20);

/// A server and a client of it.
struct Web {
    url: String,
    client: Client,
    end: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Web {
    async fn on(desk: Arc<Desk>) -> Self {
        let address = Loopback::try_from(loopback()).expect("loopback");
        let listener = HttpListener::bind(address).await.expect("a port");
        let url = listener.url();
        let caller = Caller::local(desk.config().policy.clone());
        let server = Server::new(desk);
        let (end, told) = oneshot::channel();
        let serving = tokio::spawn(serve_http(server, caller, listener, async { drop(told.await) }));
        Self { url, client: client(), end, serving }
    }

    async fn send(&self, method: Method, headers: &[(&str, &str)], body: String) -> Response {
        let mut request = self
            .client
            .request(method, &self.url)
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        timeout(SOON, request.body(body).send()).await.expect("in time").expect("an answer")
    }

    async fn post(&self, headers: &[(&str, &str)], body: &Json) -> Response {
        self.send(Method::POST, headers, body.to_string()).await
    }

    /// One request of 2026-07-28.
    async fn modern(&self, method: &str, name: Option<&str>, params: Json) -> Response {
        let mut headers = vec![("mcp-protocol-version", "2026-07-28"), ("mcp-method", method)];
        headers.extend(name.map(|name| ("mcp-name", name)));
        self.post(&headers, &modern(method, params)).await
    }

    /// Shakes hands as clients before 2026-07-28 do; the session.
    async fn session(&self) -> String {
        let client = json!({"name": "t", "version": "1"});
        let hello = json!({"protocolVersion": "2025-11-25", "capabilities": {"elicitation": {}}, "clientInfo": client});
        let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello});
        let answer = self.post(&[], &hello).await;
        let session = answer.headers()["mcp-session-id"].to_str().expect("ASCII").to_owned();
        let mut answer = Events::of(answer);
        assert_eq!(answer.next().await["result"]["protocolVersion"], "2025-11-25");
        let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        assert_eq!(self.post(&legacy(&session), &ready).await.status(), StatusCode::ACCEPTED);
        session
    }

    async fn end(self) {
        self.end.send(()).expect("it serves");
        timeout(SOON, self.serving).await.expect("in time").expect("no panic");
        assert!(self.client.get(&self.url).send().await.is_err(), "nobody listens any more");
    }
}

/// With a provider of cryptography of its own, although nothing here is https:
/// the product must not find one that a test installed.
fn client() -> Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has them")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Client::builder().tls_backend_preconfigured(tls).build().expect("a client")
}

fn modern(method: &str, mut params: Json) -> Json {
    params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2026-07-28");
    params["_meta"]["io.modelcontextprotocol/clientInfo"] = json!({"name": "t", "version": "1"});
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({"elicitation": {"form": {}}});
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
}

fn legacy(session: &str) -> [(&str, &str); 2] {
    [("mcp-session-id", session), ("mcp-protocol-version", "2025-11-25")]
}

fn call(tool: &str, arguments: &Json) -> Json {
    json!({"name": tool, "arguments": arguments})
}

/// The messages of one answer, JSON or a stream of events.
struct Events {
    response: Response,
    text: String,
}

impl Events {
    fn of(response: Response) -> Self {
        Self { response, text: String::new() }
    }

    async fn next(&mut self) -> Json {
        let next = async {
            loop {
                if let Some((event, rest)) = self.text.split_once("\n\n") {
                    let data = event.lines().find_map(|line| line.strip_prefix("data:")).unwrap_or_default().to_owned();
                    self.text = rest.to_owned();
                    if let Ok(message) = serde_json::from_str(&data) {
                        return message;
                    }
                } else if let Ok(message) = serde_json::from_str(&self.text) {
                    return message;
                }
                let chunk = self.response.chunk().await.expect("a chunk").expect("a message before the end");
                self.text.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
            }
        };
        timeout(SOON, next).await.expect("in time")
    }
}

#[tokio::test]
async fn strangers_are_kept_out() {
    let web = Web::on(world::desk()).await;
    let list = modern("tools/list", json!({}));
    let head = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/list")];
    let own = web.url.trim_end_matches("/mcp").to_owned();
    for (name, value, expected) in [
        ("origin", "https://evil.example", 403),
        ("origin", "http://127.0.0.1:1", 403),
        ("origin", "http://127.0.0.1.evil.example", 403),
        ("origin", "null", 403),
        ("origin", own.as_str(), 200),
        ("host", "evil.example", 403),
        ("host", "127.0.0.1.evil.example:80", 403),
        ("host", "localhost:1", 200),
    ] {
        let answer = web.post(&[&head[..], &[(name, value)]].concat(), &list).await;
        assert_eq!(answer.status().as_u16(), expected, "{name}: {value}");
        assert!(!answer.headers().contains_key("access-control-allow-origin"), "{name}: {value}");
    }
    let long = "x".repeat(5 << 20);
    let answer = web.send(Method::POST, &head, long).await;
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    for method in [Method::PUT, Method::OPTIONS, Method::PATCH] {
        let answer = web.send(method.clone(), &[], String::new()).await;
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
    let elsewhere = web.client.get(format!("{own}/")).send().await.expect("an answer");
    assert_eq!(elsewhere.status(), StatusCode::NOT_FOUND);
    // What is said in the head and in the body must be the same.
    let other = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call")];
    assert_eq!(web.post(&other, &list).await.status(), StatusCode::BAD_REQUEST);
    web.end().await;
}

#[tokio::test]
async fn both_eras_are_served_at_one_address() {
    let hosts = Hosts::start().await;
    let web = Web::on(hosts.desk()).await;
    let answer = Events::of(web.modern("server/discover", None, json!({})).await).next().await;
    assert!(answer["result"]["supportedVersions"].as_array().is_some_and(|all| all.len() >= 4), "{answer}");
    let modern = Events::of(web.modern("tools/list", None, json!({})).await).next().await;
    assert_eq!(modern["result"]["cacheScope"], "private");

    let session = web.session().await;
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let legacy_list = Events::of(web.post(&legacy(&session), &list).await).next().await;
    assert_eq!(legacy_list["result"]["tools"], modern["result"]["tools"]);

    let rules = call("sentinel_rule_list", &on(json!({"page_size": 1})));
    let modern = Events::of(web.modern("tools/call", Some("sentinel_rule_list"), rules.clone()).await).next().await;
    assert_eq!(modern["result"]["structuredContent"]["outcome"], "done", "{modern}");
    let asked = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": rules});
    let legacy_rules = Events::of(web.post(&legacy(&session), &asked).await).next().await;
    let data = |answer: &Json| answer["result"]["structuredContent"]["data"].clone();
    assert_eq!(data(&legacy_rules), data(&modern));

    // Nobody's session, and one that was given back.
    assert_eq!(web.post(&legacy("nobody"), &list).await.status(), StatusCode::NOT_FOUND);
    let gone = web.send(Method::DELETE, &legacy(&session), String::new()).await;
    assert_eq!(gone.status(), StatusCode::NO_CONTENT, "what common clients expect");
    assert_eq!(web.post(&legacy(&session), &list).await.status(), StatusCode::NOT_FOUND);
    web.end().await;
}

#[tokio::test]
async fn a_person_confirms_over_http_in_both_eras() {
    const CLOSE: &str = "sentinel_incident_close";
    let hosts = Hosts::start().await;
    let web = Web::on(hosts.desk()).await;
    let arguments = on(json!({"IncidentNumber": 12_345, "Classification": "Undetermined"}));
    let wrong = json!({"action": "accept", "content": {"name": "12346"}});

    let answer = Events::of(web.modern("tools/call", Some(CLOSE), call(CLOSE, &arguments)).await).next().await;
    assert_eq!(answer["result"]["resultType"], "input_required", "{answer}");
    let mut again = call(CLOSE, &arguments);
    again["requestState"] = answer["result"]["requestState"].clone();
    again["inputResponses"] = json!({"confirm": wrong});
    let answer = Events::of(web.modern("tools/call", Some(CLOSE), again).await).next().await;
    assert_eq!(answer["result"]["structuredContent"]["code"], "confirmation_failed", "{answer}");

    let session = web.session().await;
    let asked = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call(CLOSE, &arguments)});
    let mut events = Events::of(web.post(&legacy(&session), &asked).await);
    let mut question = events.next().await;
    assert_eq!(question["method"], "elicitation/create", "{question}");
    let reply = json!({"jsonrpc": "2.0", "id": question["id"].take(), "result": wrong});
    assert_eq!(web.post(&legacy(&session), &reply).await.status(), StatusCode::ACCEPTED);
    let answer = events.next().await;
    assert_eq!(answer["result"]["structuredContent"]["code"], "confirmation_failed", "{answer}");
    assert!(hosts.count("nordhafen").requests.is_empty());
    web.end().await;
}

/// How a client gives a call up.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// 2026-07-28: the response is closed before anything came.
    CloseEarly,
    /// 2026-07-28: the response is closed in the middle of progress.
    CloseLate,
    /// Before: with a message.
    Message,
    /// Before: with the whole session.
    Delete,
    /// The server is told to end.
    ServerEnds,
}

#[tokio::test]
async fn a_call_that_is_given_up_ends_on_the_host() {
    const LIST: &str = "sentinel_rule_list";
    for way in [Way::CloseEarly, Way::CloseLate, Way::Message, Way::Delete, Way::ServerEnds] {
        let began = Arc::new(Notify::new());
        let hosts = Hosts::start_with(endless(Arc::clone(&began))).await;
        let desk = hosts.desk();
        let web = Web::on(Arc::clone(&desk)).await;
        let mut params = call(LIST, &on(json!({})));
        if !matches!(way, Way::CloseEarly) {
            params["_meta"]["progressToken"] = json!("p");
        }
        match way {
            Way::CloseEarly => {
                tokio::select! {
                    _ = web.modern("tools/call", Some(LIST), params) => panic!("the call has no end"),
                    () = began.notified() => {}
                }
            }
            Way::CloseLate | Way::ServerEnds => {
                let mut events = Events::of(web.modern("tools/call", Some(LIST), params).await);
                assert!(is_progress(&events.next().await));
                if matches!(way, Way::ServerEnds) {
                    web.end.send(()).expect("it serves");
                    let answer = loop {
                        let message = events.next().await;
                        if !is_progress(&message) {
                            break message;
                        }
                    };
                    assert_eq!(answer["result"]["structuredContent"]["code"], "cancelled", "{answer}");
                    timeout(SOON, web.serving).await.expect("in time").expect("no panic");
                    is_stopped(&hosts, &desk, way).await;
                    continue;
                }
            }
            Way::Message | Way::Delete => {
                let session = web.session().await;
                let asked = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params});
                let mut events = Events::of(web.post(&legacy(&session), &asked).await);
                assert!(is_progress(&events.next().await));
                let given_up = match way {
                    Way::Message => {
                        let id = json!({"requestId": 7});
                        let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": id});
                        web.post(&legacy(&session), &cancel).await
                    }
                    _ => web.send(Method::DELETE, &legacy(&session), String::new()).await,
                };
                assert!(given_up.status().is_success(), "{way:?}: {}", given_up.status());
            }
        }
        is_stopped(&hosts, &desk, way).await;
        web.end().await;
    }
}

fn is_progress(message: &Json) -> bool {
    message["method"] == "notifications/progress"
}

/// Waits until the host's session is gone; without the cancel the call would
/// go on for hours.
async fn is_stopped(hosts: &Hosts, desk: &Desk, way: Way) {
    let stopped = async {
        while desk.path().pool().counts().closed == 0 || hosts.count("nordhafen").shells_open > 0 {
            tokio::task::yield_now().await;
        }
    };
    assert!(timeout(SOON, stopped).await.is_ok(), "{way:?}: {:?}", desk.path().pool().counts());
    let count = hosts.count("nordhafen");
    assert_eq!((count.runs_of("Invoke-SjCall"), count.shells_open), (1, 0), "{way:?}");
}

/// What the server says to some bytes of a connection, until it closes it.
async fn raw(url: &str, bytes: &[u8]) -> String {
    let address = url.trim_start_matches("http://").trim_end_matches("/mcp");
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.write_all(bytes).await.expect("it reads");
    let mut said = Vec::new();
    timeout(SOON, stream.read_to_end(&mut said)).await.expect("in time").expect("a clean end");
    String::from_utf8(said).expect("UTF-8")
}

#[tokio::test]
async fn d3_bodies_are_read_without_loss_and_errors_have_their_id() {
    let web = Web::on(world::desk()).await;
    let session = web.session().await;
    let ask = async |body: &str| {
        let answer = web.send(Method::POST, &legacy(&session), body.to_owned()).await;
        (answer.status().as_u16(), Events::of(answer).next().await)
    };
    let call = |params: &str| format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{params}}}"#);
    for arguments in ["[]", "null", "\"{}\""] {
        let params = format!(r#"{{"name":"sentinel_rule_list","arguments":{arguments}}}"#);
        let (status, answer) = ask(&call(&params)).await;
        assert_eq!(
            (status, &answer["result"]["structuredContent"]["code"]),
            (200, &json!("invalid_argument")),
            "{answer}"
        );
    }
    for (body, status, code) in [
        (call(r#"{"name":"sentinel_rule_list","arguments":[1]}"#), 200, -32602),
        (call("null"), 200, -32602),
        (call("5"), 400, -32602),
        (call("{").replace('}', ""), 400, -32700),
        (call(&format!("{}{}", "[".repeat(130), "]".repeat(130))), 400, -32600),
        (r#"{"id":7,"method":"ping"}"#.to_owned(), 400, -32600),
    ] {
        let (found, answer) = ask(&body).await;
        assert_eq!((found, &answer["error"]["code"], &answer["id"]), (status, &json!(code), &json!(7)), "{body}");
    }
    let (_, answer) =
        ask(&call(r#"{"name":"sentinel_rule_list","arguments":{"tenant":"a\ud83d","workspace":"b"}}"#)).await;
    assert_eq!(answer["result"]["structuredContent"]["code"], "unknown_tenant", "{answer}");
    web.end().await;
}

#[tokio::test]
async fn d7_half_sent_requests_shut_nobody_out() {
    let web = Web::on(world::desk()).await;
    let address = web.url.trim_start_matches("http://").trim_end_matches("/mcp").to_owned();
    let half_head = b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n".as_slice();
    let half_body = b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{".as_slice();
    let mut halves = Vec::new();
    for number in 0..600 {
        let mut stream = TcpStream::connect(&address).await.expect("it listens");
        stream.write_all(if number % 2 == 0 { half_head } else { half_body }).await.expect("it reads");
        halves.push(stream);
    }
    let session = web.session().await;
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    assert_eq!(web.post(&legacy(&session), &list).await.status(), StatusCode::OK);
    // The oldest had to go.
    let mut end = Vec::new();
    timeout(SOON, halves[0].read_to_end(&mut end)).await.expect("in time").ok();
    assert!(end.is_empty());
    drop(halves);
    let long = format!("POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n\r\n", 5 << 20);
    assert!(raw(&web.url, long.as_bytes()).await.starts_with("HTTP/1.1 413"));
    web.end().await;
}

#[tokio::test]
async fn d7_sessions_are_bounded_and_the_longest_silent_goes_first() {
    const SESSIONS: usize = 256;
    let web = Web::on(world::desk()).await;
    let first = web.session().await;
    let second = web.session().await;
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    for _ in 2..SESSIONS {
        web.session().await;
    }
    // Its answer is read to its end, so that it is silent again.
    let used = web.post(&legacy(&first), &list).await;
    assert_eq!(used.status(), StatusCode::OK);
    drop(used.bytes().await);
    web.session().await;
    assert_eq!(web.post(&legacy(&second), &list).await.status(), StatusCode::NOT_FOUND, "silent longest");
    assert_eq!(web.post(&legacy(&first), &list).await.status(), StatusCode::OK, "used since");
    web.end().await;
}
