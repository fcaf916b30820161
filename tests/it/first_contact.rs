//! What answers where a host should: each wrong thing has its own sentence
//! (cases E1 and E4).

use sentinel_jump::answer::Code;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::hosts::{Hosts, ask, loopback, on};

/// Answers every request on every connection with these bytes.
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
                        if stream.write_all(said.as_bytes()).await.is_err() {
                            return;
                        }
                    }
                }
            });
        }
    });
    url
}

#[tokio::test]
async fn every_wrong_thing_has_its_own_sentence() {
    const NONE: &str = "Content-Length: 0\r\n\r\n";
    let cases = [
        (
            "e4_a_gateway",
            whole("HTTP/1.1 502 Bad Gateway\r\n", "", NONE),
            Code::Unreachable,
            "answered with status 502: something in between, or no WinRM",
        ),
        (
            "e4_a_service_that_is_stopped",
            whole("HTTP/1.1 503 Service Unavailable\r\n", "Server: Microsoft-HTTPAPI/2.0\r\n", NONE),
            Code::Unreachable,
            "answered with status 503 in WinRM's place",
        ),
        (
            "e1_401_to_the_first_step",
            whole("HTTP/1.1 401 Unauthorized\r\n", "WWW-Authenticate: Negotiate\r\n", NONE),
            Code::SignInUnavailable,
            "takes no NTLM under it",
        ),
    ];
    for (row, said, code, sentence) in cases {
        let hosts = Hosts::start().await.with_url("nordhafen", &answering(said).await);
        let answer = ask(&hosts.desk(), "sentinel_rule_list", on(json!({}))).await;
        println!("{row}: {}", answer.text);
        assert_eq!(answer.code, Some(code), "{row}: {}", answer.text);
        assert!(answer.text.contains(sentence) && answer.text.contains("nothing was run"), "{row}: {}", answer.text);
    }
}

/// A whole answer, for as long as the test runs.
fn whole(status: &str, more: &str, end: &str) -> &'static str {
    Box::leak(format!("{status}{more}{end}").into_boxed_str())
}
