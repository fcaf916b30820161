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
    layer("cli", &["call", "catalog", "config", "demo", "fleet", "mcp", "telemetry", "tenant"], &[]),
    layer("mcp", &["call", "catalog", "fleet", "host", "tenant"], &["entropy"]),
    layer("fleet", &["call", "catalog", "tenant"], &[]),
    layer(
        "call",
        &["catalog", "config", "host", "pool", "telemetry", "tenant"],
        &["Error", "ErrorKind", "auth", "clixml", "entropy", "secret", "transport"],
    ),
    layer("pool", &["host", "tenant"], &[]),
    layer("config", &["host", "tenant"], &["clixml", "secret", "transport"]),
    // The catalogue for its tests only, which hold its answers against it.
    layer("demo", &["catalog", "config", "host"], &["auth", "clixml", "entropy", "host_end", "psrp", "secret"]),
    layer("host", &[], &["Error", "auth", "client", "clixml", "psrp", "session", "transport"]),
    layer("catalog", &["tenant"], &[]),
    layer("tenant", &[], &[]),
    // For the name of its variable.
    layer("telemetry", &["config"], &[]),
    leaf("near", &[], &[]),
];

const MAP: Map = Map {
    library: "sentinel_jump",
    beside: "wsman",
    layers: LAYERS,
    hands_on: &[],
    outside: &[("demo", &["fixtures/demo/"])],
    doors: &[
        ("rmcp", &["mcp"]),
        ("hyper", &["mcp/http.rs"]),
        ("clap", &["cli"]),
        ("toml", &["config"]),
        ("backoff", &["call/pause.rs"]),
        ("std::env", &["config/env.rs"]),
        ("std::io::stdout", &["cli/print.rs"]),
        ("std::io::stderr", &["cli/print.rs", "telemetry/mod.rs"]),
        // Clocks and chance. tokio's clock measures and waits, and stops when a test stops it.
        ("jiff::Timestamp::now", &["call/path.rs", "demo/serve.rs"]),
        ("tokio::time::Instant::now", &["call", "fleet", "mcp", "pool"]),
        ("wsman::entropy::Entropy::system", &["call/path.rs", "demo/serve.rs", "mcp/confirm.rs"]),
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
    (
        Called::Function("call::audit::record"),
        &[("call/path.rs", 2), ("fleet/answer.rs", 2), ("fleet/fan_out.rs", 1), ("fleet/rule.rs", 1)],
    ),
    (Called::Function("host::Session::open"), &[("call/survey.rs", 1), ("pool/lease.rs", 1)]),
];

#[test]
fn what_has_one_caller_has_one_caller() {
    for (called, expected) in CALLS {
        let found = sites(&HOUSE, *called);
        let found: Vec<(&str, usize)> = found.iter().map(|(file, count)| (file.as_str(), *count)).collect();
        assert_eq!(found, *expected, "{called:?}");
    }
}

#[test]
fn the_server_value_holds_its_caller() {
    let chain = chain_to(&HOUSE, "mcp::server::Server", "tenant::policy::Caller");
    assert_eq!(chain.unwrap_or_default(), ["mcp::server::Server.0", "mcp::server::Inner.caller"]);
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
