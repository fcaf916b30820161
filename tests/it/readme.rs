//! The README says what is so.

use std::collections::BTreeMap;
use std::path::Path;

use sentinel_jump::catalog::{Effect, ToolSet};
use sentinel_jump::desk::tools;

const BEGIN: &str = "<!-- tools -->\n";
const END: &str = "<!-- /tools -->";

/// The table of tools, and how many there are.
fn table() -> String {
    let all = tools();
    let mut sets: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for tool in all.iter() {
        let name = tool.name().strip_prefix("sentinel_").unwrap_or(tool.name());
        let mark = if tool.effect() == Effect::Write { "\\*" } else { "" };
        sets.entry(tool.set().to_string()).or_default().push(format!("`{name}`{mark}"));
    }
    let mut text =
        String::from("| set | tools, each with `sentinel_` before it; those with \\* change something |\n|--|--|\n");
    for (set, names) in &sets {
        text.push_str(&format!("| {set} | {} |\n", names.join(", ")));
    }
    let writes = all.iter().filter(|tool| tool.effect() == Effect::Write).count();
    let shown = sentinel_jump::access::ToolPolicy::default().visible(&all).count();
    text.push_str(&format!(
        "\n{} tools in {} sets, {writes} of them change something; {shown} are shown by default.\n",
        all.iter().count(),
        sets.len()
    ));
    assert!(ToolSet::NAMES.len() > sets.len(), "`read` and `all` cut across");
    text
}

/// `UPDATE=1` writes it.
#[test]
fn the_table_of_tools_is_generated() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).expect("a README");
    let (before, rest) = readme.split_once(BEGIN).expect("the table's begin");
    let (found, after) = rest.split_once(END).expect("the table's end");
    let table = table();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).expect("write the README");
    } else {
        assert!(found == table, "the README's tools differ; run with UPDATE=1\n{table}");
    }
}

#[test]
fn it_is_short_enough_to_be_read() {
    let readme = include_str!("../../README.md");
    assert!(readme.lines().count() <= 250, "{} lines", readme.lines().count());
}
