//! The architecture, as a test: who may name whom.

use std::path::Path;
use std::sync::LazyLock;

#[path = "../layers/mod.rs"]
mod architecture;

use architecture::{Called, House, Layer, Map, Sources, circles, findings, idle, layer, leaf, plant, sites};

/// From the bottom: a layer, and what it may name. Leaves are free to all.
const LAYERS: &[Layer] = &[
    leaf("secret", &[], &[]),
    leaf("time", &[], &[]),
    leaf("entropy", &[], &[]),
    // It carries the fault of the host.
    leaf("error", &["soap::Fault"], &[]),
    layer("xml", &[], &[]),
    layer("clixml", &["xml"], &[]),
    layer("soap", &["xml"], &[]),
    layer("psrp", &["clixml"], &[]),
    layer("auth", &[], &[]),
    layer("session", &["clixml", "soap", "psrp"], &[]),
    layer("transport", &["auth", "soap"], &[]),
    layer("client", &["auth", "clixml", "psrp", "session", "transport"], &[]),
    layer("recorder", &["client", "clixml", "psrp", "soap", "xml"], &[]),
    layer("host_end", &["auth", "clixml", "psrp", "soap"], &[]),
    layer("manual", &[], &[]),
];

const MAP: Map = Map {
    library: "wsman",
    beside: "",
    layers: LAYERS,
    hands_on: &[("session", &["Fault", "RESOURCES", "ShellDescription"])],
    outside: &[],
    doors: &[
        ("quick_xml", &["xml"]),
        ("ntlmclient", &["auth"]),
        ("reqwest", &["transport"]),
        ("rustls_platform_verifier", &["transport"]),
        ("socket2", &["transport/dial.rs"]),
        ("getrandom", &["entropy.rs"]),
        ("rsa", &["psrp"]),
        ("aes", &["psrp"]),
        ("hyper::server", &["host_end"]),
        ("tokio::process", &["host_end"]),
        ("tokio::time::Instant::now", &["client/driver.rs", "host_end/listener/driver.rs"]),
        ("std::time::SystemTime::now", &["host_end/listener/driver.rs"]),
        ("std::env", &["host_end/engine/process.rs"]),
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

#[test]
fn only_both_ends_of_a_line_ask_the_system_for_chance() {
    let found = sites(&HOUSE, Called::Function("entropy::Entropy::system"));
    assert!(!found.is_empty(), "somebody does");
    let places = ["client/", "host_end/", "entropy.rs"];
    let strangers: Vec<&String> =
        found.keys().filter(|file| !places.iter().any(|place| file.starts_with(place))).collect();
    assert!(strangers.is_empty(), "chance comes in as an argument: {strangers:?}");
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
