//! `sentinel_health_check`: which customers' workspaces are in order.
//!
//! One row per workspace, the worst first. Every check says `ok`, `warning`,
//! `error` or `unknown`, and why; what could not be read is unknown, and so is
//! then the whole. The functions are read down the ordinary path, one after
//! the other on one session.

mod check;
mod judge;
mod table;

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::fan_out::{self, Asking, Said};
use super::rules::entry;
use super::targets::{TENANT, WORKSPACE, known, targets, text};
use super::{FleetTool, QUESTION, Told};
use crate::answer::case::{Reason, Wanted};
use crate::answer::{self, Code, Outcome, ToolError, expected};
use crate::catalog::{Argument, Definition, Form, ToolSet};
use crate::tenant::{ALL_TENANTS, Language, Target};
use check::{Check, Health, Status};
use table::Read;

const DEPTH: &str = "depth";

/// Names of arguments in the tool of this name that came before.
const OLD: [(&str, &str); 3] = [("tenant_scope", TENANT), ("workspace_filter", WORKSPACE), ("check_depth", DEPTH)];

/// How much a health check looks at.
const DEPTHS: [&str; 2] = ["quick", "detailed"];

/// The tool.
pub(super) const TOOL: FleetTool = FleetTool { definition: &DEFINITION, handler };

static DEFINITION: Definition = Definition {
    name: "sentinel_health_check",
    title: "Check the health of all customers",
    description: "See which customers' workspaces are in order, one row each, the worst first. quick: host, script, sign-in to Azure, rules, open incidents; detailed: also tables, retention, data collection, a score. unknown: could not be read, never fine.",
    set: ToolSet::Fleet,
    annotations: QUESTION,
    arguments: &[
        Argument { name: TENANT, form: Form::TenantOrAll },
        Argument { name: WORKSPACE, form: Form::Workspace },
        Argument { name: DEPTH, form: Form::Choice(&DEPTHS) },
    ],
    aliases: &OLD,
    function: None,
    fields: &["outcome", "status", "score", "checks", "scoreReasons"],
};

/// Incidents that are asked for. Spec: the API gives a thousand at once.
const INCIDENTS: usize = 1_000;

/// How much is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    Quick,
    Detailed,
}

fn handler(asking: Asking<'_>) -> BoxFuture<'_, Result<Told, ToolError>> {
    async move { ask(&asking).await }.boxed()
}

async fn ask(asking: &Asking<'_>) -> Result<Told, ToolError> {
    known(asking, &DEFINITION)?;
    let given = asking.arguments;
    let scope = text(given, TENANT)?.unwrap_or(ALL_TENANTS);
    let depth = match text(given, DEPTH)?.unwrap_or(DEPTHS[0]) {
        "quick" => Depth::Quick,
        "detailed" => Depth::Detailed,
        _ => return Err(expected(DEPTH, Wanted::Either(DEPTHS))),
    };
    let targets = targets(asking, Some(scope), text(given, WORKSPACE)?)?;
    let said = asking.each(targets, |target| async move { checked(asking, &target, depth).await }).await;
    Ok(told(asking, scope, depth, &said))
}

/// One workspace. An error is for what is no health of it: cancelled, late.
async fn checked(asking: &Asking<'_>, target: &Target, depth: Depth) -> Result<Health, ToolError> {
    let rules = entry("Get-AnalyticsRules")?;
    let none = Map::new();
    // The look comes first, alone: its error tells why nothing else can be read.
    let look = asking.ask(rules, target, &none);
    let seen = tokio::time::timeout_at(asking.deadline, asking.path().inspect(&look)).await;
    let seen = seen.unwrap_or_else(|_| Err(asking.late()))?;
    let mut checks = judge::seen(&seen);
    checks.push(judge::rules(&asking.read(rules, target, &none).await));
    checks.push(incidents(asking, target).await?);
    if depth == Depth::Detailed {
        let read = async |function: &str| Ok::<Read, ToolError>(asking.read(entry(function)?, target, &none).await);
        let tables = read("Get-SentinelTables").await?;
        checks.push(judge::tables(&tables));
        let mut retention = judge::retention(&tables);
        if retention.status == Status::Unknown {
            // Another function knows of retention alone.
            let other = judge::retention(&read("View-TableRetention").await?);
            retention = if other.status == Status::Unknown { retention } else { other };
        }
        checks.push(retention);
        checks.push(judge::collection_rules(&read("Get-DataCollectionRules").await?));
        checks.push(judge::endpoints(&read("Get-DataCollectionEndpoints").await?));
    }
    Ok(Health { checks, blind: false })
}

/// Open incidents, with the filters that the script has or without.
async fn incidents(asking: &Asking<'_>, target: &Target) -> Result<Check, ToolError> {
    let entry = entry("Get-SentinelIncidents")?;
    let now = asking.now();
    let filtered = asking.read(entry, target, &judge::all_open(INCIDENTS)).await;
    match filtered {
        // Older scripts have no filters. Refused before anything was sent, so asking again costs nothing.
        Err(error) if error.code() == Code::InvalidArgument => {
            Ok(judge::incidents(&asking.read(entry, target, &Map::new()).await, None, now))
        }
        answer => Ok(judge::incidents(&answer, Some(INCIDENTS), now)),
    }
}

/// The answer, of what every workspace came to.
fn told(asking: &Asking<'_>, scope: &str, depth: Depth, said: &[Said<Health>]) -> Told {
    let mut checked: Vec<(&Said<Health>, Health)> = said.iter().map(|said| (said, health(said, depth))).collect();
    // Stable: workspaces of one status stay in the order of the configuration, from one call to the next.
    checked.sort_by_key(|(_, health)| std::cmp::Reverse(health.status()));
    let rows =
        checked.iter().map(|(said, health)| said.row(&row(said.outcome(), health, depth, asking.language))).collect();
    let lines = answer::lines(checked.iter().map(|(said, health)| said.line(|_| marks(health, depth))));
    let more = [
        ("timestamp", json!(asking.now().to_string())),
        ("tenant_scope", json!(scope)),
        ("check_depth", json!(depth.as_str())),
        ("summary", summary(said, &checked, depth).into()),
    ];
    let more = more.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
    Told::many(said, rows, lines, more)
}

/// Keys that users know, and how many workspaces ended how.
fn summary(said: &[Said<Health>], checked: &[(&Said<Health>, Health)], depth: Depth) -> Map<String, Json> {
    let mut summary = fan_out::counts(said);
    let worst = checked.iter().map(|(_, health)| health.status()).max().unwrap_or(Status::Unknown);
    summary.insert("overall_status".into(), worst.as_str().into());
    if depth == Depth::Detailed {
        // The lowest: a mean hides the one that needs somebody. None while one has none.
        let scores: Option<Vec<u32>> =
            checked.iter().map(|(_, health)| health.score().map(|(score, _)| score)).collect();
        summary.insert("score".into(), json!(scores.and_then(|scores| scores.into_iter().min())));
    }
    let tenants: std::collections::BTreeSet<&str> = said.iter().map(|said| said.target.tenant().id.as_str()).collect();
    summary.insert("tenants_checked".into(), tenants.len().into());
    summary.insert("workspaces_checked".into(), said.len().into());
    let mut breakdown: BTreeMap<&str, usize> = Status::ALL.iter().map(|status| (status.as_str(), 0)).collect();
    for (_, health) in checked {
        *breakdown.entry(health.status().as_str()).or_default() += 1;
    }
    summary.insert("status_breakdown".into(), json!(breakdown));
    summary
}

impl Depth {
    fn as_str(self) -> &'static str {
        match self {
            Self::Quick => DEPTHS[0],
            Self::Detailed => DEPTHS[1],
        }
    }

    /// Names of the checks that need a session.
    fn rest(self) -> &'static [&'static str] {
        match self {
            Self::Quick => &["rules", "incidents"],
            Self::Detailed => {
                &["rules", "incidents", "tables", "retention", "dataCollectionRules", "dataCollectionEndpoints"]
            }
        }
    }
}

/// What is known of a workspace, also of one that gave no session.
fn health(said: &Said<Health>, depth: Depth) -> Health {
    match &said.result {
        Ok(health) => health.clone(),
        Err(error) => {
            let rest = depth.rest().iter().map(|name| Check::unknown(name, Reason::NoSession));
            Health { checks: judge::unseen(error).into_iter().chain(rest).collect(), blind: true }
        }
    }
}

fn row(outcome: Outcome, health: &Health, depth: Depth, language: Language) -> Json {
    let mut row = Map::new();
    row.insert("outcome".into(), outcome.as_str().into());
    row.extend(marks(health, depth));
    row.insert("checks".into(), health.json(language).into());
    if let (Depth::Detailed, Some((_, costs))) = (depth, health.score()) {
        let reasons: Vec<Json> = costs.iter().map(|cost| cost.json(language)).collect();
        row.insert("scoreReasons".into(), reasons.into());
    }
    row.into()
}

/// What the workspace's line says, too.
fn marks(health: &Health, depth: Depth) -> Map<String, Json> {
    let mut marks = Map::new();
    marks.insert("status".into(), health.status().as_str().into());
    if depth == Depth::Detailed {
        marks.insert("score".into(), json!(health.score().map(|(score, _)| score)));
    }
    marks
}
