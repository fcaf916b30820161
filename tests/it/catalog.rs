//! Tools as clients see them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use sentinel_jump::access::{Mode, ToolPolicy};
use sentinel_jump::catalog::{self, Tool, schema};
use sentinel_jump::catalog::{Effect, ToolSet};
use sentinel_jump::desk::tools;
use serde_json::{Value as Json, json};

use crate::snapshot::assert_snapshot;

fn described() -> Vec<(Tool, Json)> {
    ToolPolicy::default().visible(&tools()).map(|tool| (*tool, schema::listed(tool).into())).collect()
}

#[test]
fn the_catalogue_is_whole() {
    assert_eq!(catalog::all().len(), 39);
    assert_eq!(catalog::all().iter().map(|entry| entry.parameters.len()).sum::<usize>(), 376);
    let names: BTreeSet<&str> = tools().iter().map(Tool::name).collect();
    assert_eq!(names.len(), 44, "two tools share a name");
}

#[test]
fn no_write_may_be_repeated_and_no_write_is_kept() {
    for entry in catalog::all() {
        if entry.effect() == Effect::Write {
            assert!(!entry.retry_safe, "{}", entry.function);
            assert_eq!(entry.keep_for(), None, "{}", entry.function);
        }
    }
}

/// Whoever does not know whether a write was made is told where it shows.
#[test]
fn b1_every_write_names_the_read_that_would_tell() {
    for entry in catalog::all() {
        let read = entry.shown_by.as_ref().map(|tool| {
            let shows = catalog::all().iter().find(|other| other.tool == *tool);
            shows.unwrap_or_else(|| panic!("{}: there is no {tool}", entry.tool))
        });
        // Its rows go through an endpoint that no function reads back.
        let nowhere = entry.function == "Test-DCRIngestion";
        assert_eq!(read.is_some(), entry.effect() == Effect::Write && !nowhere, "{}", entry.tool);
        if let Some(read) = read {
            assert_eq!((read.effect(), read.category), (Effect::Read, entry.category), "{}", entry.tool);
        }
    }
}

#[test]
fn schemas_are_as_reviewed() {
    let mut text = String::new();
    for (_, tool) in described() {
        writeln!(text, "{tool:#}").expect("writing to a string");
    }
    assert_snapshot("tools.json", &text);
}

#[test]
fn names_are_short_and_tools_are_small() {
    let tools = described();
    for (tool, _) in &tools {
        assert!(tool.name().len() <= 30, "{}", tool.name());
        assert!(tool.name().starts_with("sentinel_"), "{}", tool.name());
    }
    // About four bytes a token; the largest has eleven filters.
    let bytes: usize = tools.iter().map(|(_, json)| json.to_string().len()).sum();
    assert!(bytes / tools.len() < 800, "{} bytes a tool", bytes / tools.len());
}

#[test]
fn what_the_server_decides_is_in_no_schema() {
    let never = [
        "SubscriptionId",
        "ResourceGroupName",
        "WorkspaceName",
        "Confirm",
        "WhatIf",
        "Force",
        "ShowHeader",
        "BackupPath",
        "SkipConfirm",
        "OutputPath",
        "Path",
        "ResumeCheckpointPath",
    ];
    for tool in tools().iter() {
        let schema = schema::input(tool);
        for name in never {
            assert!(schema["properties"].get(name).is_none(), "{}: {name}", tool.name());
        }
    }
}

#[test]
fn policies_decide_what_is_visible() {
    let all = tools();
    let names = |policy: &ToolPolicy| policy.visible(&all).map(Tool::name).collect::<Vec<_>>();
    let comment = "sentinel_incident_comment_add";
    assert!(names(&ToolPolicy::default()).contains(&comment));
    assert!(!names(&ToolPolicy { mode: Mode::ReadOnly, ..ToolPolicy::default() }).contains(&comment));
    assert!(!names(&ToolPolicy { sets: [ToolSet::Read].into(), mode: Mode::ReadWrite }).contains(&comment));
    let fleet = ToolPolicy { sets: [ToolSet::Fleet].into(), mode: Mode::ReadWrite };
    assert_eq!(names(&fleet), ["sentinel_health_check", "sentinel_list_analytics_rules", "sentinel_tenants_list"]);
}

#[test]
fn c10_no_note_to_authors_reaches_a_client() {
    let notes = [
        "README",
        "author's",
        "explicit",
        "TODO",
        "MCP",
        "audit log",
        "validate before",
        "before any call",
        "fail with",
        "never pick",
        "Configuration.ps1",
        "sep=",
        "preflight",
        "observed",
        "history",
    ];
    let mut seen = 0;
    for tool in tools().iter() {
        let listed = json!([tool.title(), tool.description(), schema::input(tool)]).to_string();
        seen += 1;
        for note in notes {
            assert!(!listed.contains(note), "{}: \"{note}\" in {listed}", tool.name());
        }
    }
    assert!(seen > 39, "{seen} tools");
}
