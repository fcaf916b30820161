//! What answers where a host should: each wrong thing has its own sentence
//! (cases E1, E3, E4, E12, E13 and E16), in both languages, to review.

use std::fmt::Write as _;
use std::sync::Arc;

use sentinel_jump::access::Caller;
use sentinel_jump::answer::{Answer, Code};
use sentinel_jump::call::Nobody;
use sentinel_jump::desk::{Door, Request};
use sentinel_jump::tenant::Language;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::hosts::{Hosts, loopback, on};
use crate::snapshot::assert_snapshot;

/// What a TLS host says that has nothing in common with its client: one with a
/// key on P-521, for us.
const HANDSHAKE_FAILURE: [u8; 7] = [21, 3, 3, 0, 2, 2, 40];

/// Says that, whatever it is offered.
async fn nothing_in_common() -> String {
    let listener = TcpListener::bind(loopback()).await.expect("a port");
    let url = format!("https://{}/wsman", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(&HANDSHAKE_FAILURE).await;
        }
    });
    url
}

/// Answers every request on every connection with these bytes; nothing: hangs
/// up.
async fn answering(said: &'static str) -> String {
    let listener = TcpListener::bind(loopback()).await.expect("a port");
    let url = format!("http://{}/wsman", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut heard = Vec::new();
                let mut bytes = [0; 4096];
                while let Ok(read @ 1..) = stream.read(&mut bytes).await {
                    heard.extend_from_slice(&bytes[..read]);
                    // Requests of a sign-in have no body: a head is a request.
                    while let Some(end) = heard.windows(4).position(|four| four == b"\r\n\r\n") {
                        heard.drain(..end + 4);
                        if said.is_empty() || stream.write_all(said.as_bytes()).await.is_err() {
                            return;
                        }
                    }
                }
            });
        }
    });
    url
}

async fn asked(hosts: &Hosts, language: Language) -> Answer {
    let desk = hosts.desk();
    let arguments = on(json!({}));
    desk.answer(Request {
        door: Door::Cli,
        caller: &Caller::local(desk.config().policy.clone()),
        tool: "sentinel_rule_list",
        arguments: arguments.as_object().expect("an object"),
        progress: &|_| {},
        confirm: &Nobody,
        cancel: &CancellationToken::new(),
        language: Some(language),
    })
    .await
}

/// A host at `url`, where the password travels in clear text if it is to.
async fn at(url: &str, clear: bool) -> Hosts {
    let lines = if clear { "auth = \"basic\"\ndangerous_basic_over_http = true" } else { "" };
    Hosts::start_as(Arc::new(|_, steps| steps), |_| (), lines).await.with_url("nordhafen", url)
}

const NONE: &str = "Content-Length: 0\r\n\r\n";
const SOAP: &str = "Content-Type: application/soap+xml\r\n";
const FAULT: &str = "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
    xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\"><s:Header/><s:Body><s:Fault><s:Code>\
    <s:Value>s:Sender</s:Value><s:Subcode><s:Value>a:DestinationUnreachable</s:Value></s:Subcode></s:Code>\
    <s:Reason><s:Text>planted host text</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>";

fn fault(status: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{SOAP}Content-Length: {}\r\n\r\n{FAULT}", FAULT.len())
}

#[tokio::test]
async fn e1_e3_e4_e12_e13_e16_every_wrong_thing_has_its_own_sentence() {
    let head = |status: &str, more: &str| format!("HTTP/1.1 {status}\r\n{more}{NONE}");
    let cases = [
        ("e1 401 to the first step", head("401 x", "WWW-Authenticate: Negotiate\r\n"), Code::SignInUnavailable),
        (
            "e1 a filter in front",
            head("401 x", "WWW-Authenticate: Negotiate\r\nServer: squid\r\n"),
            Code::SignInUnavailable,
        ),
        (
            "e1 SPNEGO says no by a token",
            head("401 x", "WWW-Authenticate: Negotiate oQcwBaADCgEC\r\n"),
            Code::SignInUnavailable,
        ),
        ("e3 a key on P-521", String::new(), Code::TlsRefused),
        ("e4 a gateway", head("502 Bad Gateway", ""), Code::Unreachable),
        ("e4 an error of its own", head("500 x", "Server: nginx\r\n"), Code::Unreachable),
        ("e4 a service that is stopped", head("503 x", "Server: Microsoft-HTTPAPI/2.0\r\n"), Code::Unreachable),
        (
            "e4 closed between the steps",
            head("401 x", "WWW-Authenticate: Negotiate TlRM\r\nConnection: close\r\n"),
            Code::Unreachable,
        ),
        ("e12 500 without a word", head("500 x", SOAP), Code::Unreachable),
        ("e13 a fault under 503", fault("503 x"), Code::HostFailed),
        ("e13 a fault under 404", fault("404 x"), Code::HostFailed),
        ("e16 http that is hung up on", String::new(), Code::Unreachable),
    ];
    let mut text = String::new();
    let mut sentences = std::collections::BTreeSet::new();
    for (row, said, code) in cases {
        // Only a request with a body can be refused for being in clear text.
        let url = match code {
            Code::TlsRefused => nothing_in_common().await,
            _ => answering(Box::leak(said.into_boxed_str())).await,
        };
        let hosts = at(&url, row.starts_with("e12")).await;
        writeln!(text, "# {row}: {}", code.as_str()).expect("writing to a string");
        for language in [Language::English, Language::German] {
            let answer = asked(&hosts, language).await;
            assert_eq!(answer.code, Some(code), "{row}: {}", answer.text);
            assert_eq!(answer.outcome.as_str(), "unreachable", "{row}");
            let said = answer.envelope["error"].as_str().expect("a sentence");
            assert!(!said.contains("planted"), "{row}: {said}");
            sentences.insert(said.to_owned());
            writeln!(text, "{said}").expect("writing to a string");
        }
        text.push('\n');
    }
    // 500 and 502 are one, told by their number; so are the two faults and the two ways without NTLM.
    assert!(sentences.len() >= 2 * 10, "{sentences:#?}");
    assert_snapshot("first-contact.txt", &text);
}

/// What was learnt about a host is known to its next session.
#[tokio::test]
async fn e2_a_host_with_small_envelopes_is_found_out_once() {
    const TOO_LARGE: u32 = 2_150_859_025;
    let small = |options: &mut wsman::host_end::HostOptions| options.peer.max_envelope_bytes = 40_000;
    let hosts = Hosts::start_as(Arc::new(|_, steps| steps), small, "").await;
    let desk = hosts.desk();
    let refused = || hosts.count("nordhafen").faults.get(&TOO_LARGE).copied().unwrap_or_default();
    let mut seen = Vec::new();
    for workspace in ["nordhafen-prod", "nordhafen-ot"] {
        let place = json!({"tenant": "nordhafen", "workspace": workspace});
        let answer = crate::hosts::ask(&desk, "sentinel_rule_list", place).await;
        assert_eq!(answer.code, None, "{}", answer.text);
        seen.push(refused());
    }
    println!("refused as too large, after one and after two sessions: {seen:?}");
    assert!(seen[0] > 0, "our module is larger than that");
    assert_eq!(seen[0], seen[1]);
}
