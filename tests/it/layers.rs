//! The architecture, as a test: who may name whom.

use std::path::Path;
use std::sync::LazyLock;

#[path = "../../wsman/tests/layers/mod.rs"]
mod architecture;

use architecture::{Called, House, Layer, Map, Sources, chain_to, circles, findings, idle, layer, leaf, plant, sites};

/// From the top: a layer, what it may name, and what of `wsman`. Leaves are
/// free to all.
///
/// `demo` stands beside the layers: it makes a configuration and the hosts
/// that it names, and only the command line starts it.
const LAYERS: &[Layer] = &[
    layer("main", &["cli"], &[]),
    layer(
        "cli",
        &["access", "answer", "audit", "call", "catalog", "config", "demo", "desk", "front", "mcp", "tenant", "watch"],
        &[],
    ),
    // The catalogue for its reading of a number: an id is one, however it is written.
    layer("front", &["access", "catalog", "desk", "mcp"], &[]),
    layer("mcp", &["access", "answer", "call", "catalog", "desk", "host", "tenant"], &["entropy"]),
    layer(
        "desk",
        &["access", "answer", "audit", "call", "catalog", "config", "host", "store", "tenant", "watch"],
        &["entropy"],
    ),
    // The store's shells, which it deletes with the passwords that it has.
    layer("call", &["access", "answer", "catalog", "config", "host", "pool", "store", "tenant"], &["clixml", "secret"]),
    // Of the configuration why a password cannot be had, to say it in every language.
    layer("answer", &["catalog", "config", "tenant"], &["clixml"]),
    layer("access", &["catalog", "tenant"], &[]),
    // What stands on a host is remembered before it is asked for.
    layer("pool", &["host", "store", "tenant"], &[]),
    layer("config", &["access", "catalog", "host", "tenant"], &["clixml", "secret", "transport"]),
    // The catalogue for its tests only, which hold its answers against it.
    layer("demo", &["catalog", "config", "host"], &["auth", "clixml", "entropy", "host_end", "psrp", "secret"]),
    layer(
        "host",
        &[],
        &[
            "Error",
            "ErrorKind",
            "Retry",
            "auth",
            "client",
            "clixml",
            "entropy",
            "psrp",
            "secret",
            "session",
            "transport",
        ],
    ),
    layer("catalog", &[], &[]),
    layer("audit", &["store"], &["entropy", "secret"]),
    layer("store", &[], &["entropy"]),
    layer("tenant", &[], &[]),
    // For the name of its variable.
    layer("watch", &["config"], &[]),
    leaf("spelling", &[], &[]),
];

const MAP: Map = Map {
    library: "sentinel_jump",
    beside: "wsman",
    layers: LAYERS,
    hands_on: &[
        ("desk", &["Door"]),
        ("host", &["CertificateProblem", "HostFacts", "Retry", "ShellNews", "ShellWatch", "Unavailable"]),
    ],
    outside: &[("demo", &["fixtures/demo/"])],
    doors: &[
        ("rmcp", &["front", "mcp"]),
        ("hyper", &["demo/azure/listen.rs", "front/http.rs", "front/http/exchange.rs"]),
        ("clap", &["cli"]),
        ("clap_complete", &["cli/args.rs", "cli/complete.rs"]),
        ("clap_mangen", &["cli/complete.rs"]),
        ("comfy_table", &["cli/sheet/table.rs"]),
        ("terminal_size", &["cli/print.rs"]),
        ("unicode_width", &["cli/sheet/table.rs"]),
        ("which", &["cli/demo.rs"]),
        ("toml", &["config"]),
        ("backoff", &["call/pause.rs"]),
        ("rusqlite", &["store"]),
        ("std::env", &["config/env.rs"]),
        ("std::io::stdout", &["cli/print.rs"]),
        ("std::io::stderr", &["cli/print.rs", "watch/mod.rs"]),
        // Clocks and chance. tokio's clock measures and waits, and stops when a test stops it.
        ("jiff::Timestamp::now", &["desk/clock.rs", "demo/serve.rs"]),
        ("tokio::time::Instant::now", &["answer/kept.rs", "call", "desk", "front/http", "mcp", "pool"]),
        ("wsman::entropy::Entropy::system", &["desk/mod.rs", "demo/serve.rs", "host/look.rs", "mcp/confirm.rs"]),
    ],
};

fn sources() -> Sources {
    Sources::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

static HOUSE: LazyLock<House> = LazyLock::new(|| House::build(&MAP, &sources()));

#[test]
fn layers_name_only_what_is_below_them() {
    let wrong: Vec<String> = findings(&MAP, &sources(), &HOUSE).iter().map(ToString::to_string).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_map_says_no_more_than_the_code_needs() {
    assert_eq!(idle(&MAP, &HOUSE), [""; 0]);
    assert_eq!(circles(&MAP), [""; 0]);
}

/// A function, and the files that call it, with how often.
const CALLS: &[(Called, &[(&str, usize)])] = &[
    // The trail is told by the desk's record, and that by the desk: once before a write, once at the end.
    // By names of methods: `host/open` begins a command, `call/open` ends a try or a look, `host/allow` a question.
    (Called::Method("begin"), &[("desk/function.rs", 1), ("desk/record.rs", 1), ("host/open.rs", 1)]),
    (
        Called::Method("end"),
        &[
            ("call/open/clear.rs", 1),
            ("call/open/mod.rs", 2),
            ("desk/mod.rs", 1),
            ("desk/record.rs", 1),
            ("host/allow.rs", 1),
        ],
    ),
    // One opening: the lease's, and nobody but `call/open` asks a lease for it.
    (Called::Function("host::Session::open"), &[("pool/lease.rs", 1)]),
    (Called::Method("lease"), &[("call/open/mod.rs", 1)]),
];

#[test]
fn what_has_one_caller_has_one_caller() {
    for (called, expected) in CALLS {
        let found = sites(&HOUSE, *called);
        let found: Vec<(&str, usize)> = found.iter().map(|(file, count)| (file.as_str(), *count)).collect();
        assert_eq!(found, *expected, "{called:?}");
    }
}

/// Who asks, and what they may do, comes with each request.
#[test]
fn the_server_value_holds_no_caller_and_no_policy_of_one() {
    for owner in ["mcp::server::Server", "desk::Desk"] {
        assert_eq!(chain_to(&HOUSE, owner, "access::caller::Caller"), None, "{owner}");
    }
}

#[test]
fn planted_violations_are_found_and_their_doubles_are_not() {
    let (violations, doubles) = plant(&MAP, &sources());
    for (kind, (planted, found)) in violations.kinds.iter().chain(&doubles.kinds) {
        println!("{kind:55} {planted:5} planted {found:5} found");
    }
    println!("{} of {} violations found", violations.found(), violations.planted());
    println!("{} of {} harmless doubles reported", doubles.found(), doubles.planted());
    assert!(violations.wrong.is_empty(), "{}", violations.wrong.join("\n"));
    assert!(doubles.wrong.is_empty(), "{}", doubles.wrong.join("\n"));
    assert!(violations.kinds.len() >= 80, "{} kinds", violations.kinds.len());
}
