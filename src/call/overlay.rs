//! What a host's script has, as an overlay of the catalogue.
//!
//! A question about the host, on a session like any other: nothing of the
//! script runs but `init`.

use serde_json::{Map, Value as Json, json};
use tokio::time::timeout;
use wsman::clixml::json::to_json;

use super::open::{GRACE, Visit};
use super::verdict;
use super::{Ask, CallPath};
use crate::answer::ToolError;
use crate::catalog::{Effect, Entry, all};
use crate::host::{FunctionProbe, LoadReport, ParameterProbe, Style, Taint};
use crate::tenant::HostId;

/// How long asking for every function may take.
///
/// Chosen: a script of a hundred functions takes a few seconds; three times
/// the longest that was seen, and a loaded host.
const SURVEY_TIME: std::time::Duration = std::time::Duration::from_secs(60);

impl CallPath {
    /// Asks the target's host for every function of its script; `None`: the
    /// script has the hash `known` and was not asked again.
    ///
    /// # Errors
    ///
    /// [`ToolError`] as a call on that host would give it.
    pub(crate) async fn overlay(&self, ask: &Ask<'_>, known: Option<&str>) -> Result<Option<Json>, ToolError> {
        self.authorise(ask)?;
        let _place = self.join(ask.target)?;
        let visit = Visit { target: ask.target, entry: None, effect: Effect::Read, by: None, cancel: ask.cancel };
        let host = ask.target.host();
        let mut opened = self.door().open(&visit).await?;
        let session = opened.session()?;
        let report = session.report().clone();
        if known == Some(report.sha256.as_str()) {
            opened.lease.give_back();
            return Ok(None);
        }
        let style = session.style();
        let probes = tokio::select! {
            biased;
            () = ask.cancel.cancelled() => return Err(verdict::cancelled_before()),
            probes = timeout(SURVEY_TIME + GRACE, session.probe_all()) => probes,
        };
        let probes = probes.map_err(|_| verdict::silent(host))?;
        let probes = probes.map_err(|error| verdict::not_ready(None, host, error))?;
        opened.lease.give_back();
        Ok(Some(overlay(host, &report, style, &probes)))
    }
}

fn overlay(host: &HostId, report: &LoadReport, style: Option<Style>, probes: &[FunctionProbe]) -> Json {
    let has = |entry: &&Entry| report.has(&entry.function);
    let lacks: Vec<&str> = all().iter().filter(|entry| !has(entry)).map(|entry| entry.function.as_str()).collect();
    let named = |which: fn(&FunctionProbe) -> bool| -> Vec<&str> {
        probes.iter().filter(|probe| which(probe)).map(|probe| probe.name.as_str()).collect()
    };
    let functions: Map<String, Json> = probes.iter().map(|probe| (probe.name.clone(), function(probe))).collect();
    let dropped = report
        .dropped
        .iter()
        .map(|one| json!({ "line": one.line, "reason": one.reason, "text": one.text, "variables": one.variables }));
    let kept = report.kept.iter().map(|one| json!({ "line": one.line, "text": one.text, "variables": one.variables }));
    let aliases = report.aliases.iter().map(|alias| json!({ "name": alias.name, "function": alias.function }));
    json!({
        "host": host.as_str(),
        "script": {
            "sha256": report.sha256,
            "style": style.map(Style::as_str),
            "kept": kept.collect::<Vec<_>>(),
            "dropped": dropped.collect::<Vec<_>>(),
            "tainted": report.tainted.iter().map(taint).collect::<Vec<_>>(),
            "aliases": aliases.collect::<Vec<_>>(),
        },
        "lacks": lacks,
        "asks": named(FunctionProbe::may_ask),
        "exits": named(FunctionProbe::may_exit),
        "screenOnly": named(FunctionProbe::seems_screen_only),
        "functions": functions,
    })
}

/// What a function reads that a statement sets which was left out.
fn taint(taint: &Taint) -> Json {
    json!({
        "function": taint.function,
        "variable": taint.variable,
        "line": taint.line,
        "reason": taint.reason,
        "readAt": taint.read_at,
        "via": taint.via,
    })
}

fn function(probe: &FunctionProbe) -> Json {
    let entry = all().iter().find(|entry| entry.function.eq_ignore_ascii_case(&probe.name));
    let parameters: Map<String, Json> = probe.parameters.iter().map(|one| (one.name.clone(), parameter(one))).collect();
    let asks = probe.asks.iter().map(|ask| json!({ "kind": ask.kind, "text": ask.text, "line": ask.line }));
    let mut told = json!({
        "line": probe.line,
        "advanced": probe.advanced,
        "shouldProcess": probe.should_process,
        "outputTypes": probe.output_types,
        "synopsis": probe.synopsis,
        "parameters": parameters,
        "asks": asks.collect::<Vec<_>>(),
        "asksVia": probe.asks_via,
        "exits": probe.exits,
        "exitsVia": probe.exits_via,
        "screenOnly": probe.seems_screen_only(),
        "console": probe.console,
        "session": probe.session,
        "progress": probe.progress,
        "inCatalogue": entry.is_some(),
    });
    if let (Some(entry), Some(told)) = (entry, told.as_object_mut()) {
        let answers = |one: &ParameterProbe| {
            let names = || std::iter::once(&one.name).chain(&one.aliases);
            entry.parameters.iter().any(|known| names().any(|name| known.answers_to(name)))
        };
        let unknown = probe.parameters.iter().filter(|one| !answers(one)).map(|one| one.name.as_str());
        let lacks = entry.arguments().filter(|known| {
            let same = |name: &String| known.answers_to(name);
            !probe.parameters.iter().any(|one| same(&one.name) || one.aliases.iter().any(same))
        });
        told.insert("unknownParameters".to_owned(), unknown.collect());
        told.insert("lacksParameters".to_owned(), lacks.map(|known| known.name.as_str()).collect());
    }
    told
}

/// What is empty or false is left out.
fn parameter(probe: &ParameterProbe) -> Json {
    let mut told = Map::new();
    told.insert("type".to_owned(), probe.type_name.as_str().into());
    let flags = [
        ("mandatory", probe.mandatory),
        ("nullable", probe.nullable),
        ("enumeration", probe.enumeration),
        ("switch", probe.is_switch),
        ("dynamic", probe.dynamic),
    ];
    told.extend(flags.into_iter().filter(|(_, set)| *set).map(|(name, set)| (name.to_owned(), set.into())));
    let texts = [("default", &probe.default), ("validatePattern", &probe.validate_pattern), ("help", &probe.help)];
    let full = texts.into_iter().filter(|(_, text)| !text.is_empty());
    told.extend(full.map(|(name, text)| (name.to_owned(), text.as_str().into())));
    let lists = [("aliases", &probe.aliases), ("validateSet", &probe.validate_set)];
    let full = lists.into_iter().filter(|(_, items)| !items.is_empty());
    told.extend(full.map(|(name, items)| (name.to_owned(), items.as_slice().into())));
    if let Some((least, most)) = &probe.validate_range {
        told.insert("validateRange".to_owned(), json!([to_json(least), to_json(most)]));
    }
    if let Some((least, most)) = probe.validate_length {
        told.insert("validateLength".to_owned(), json!([least, most]));
    }
    let sets = probe
        .sets
        .iter()
        .filter(|set| set.name != "__AllParameterSets")
        .map(|set| json!({ "name": set.name, "mandatory": set.mandatory }));
    let sets: Vec<Json> = sets.collect();
    if !sets.is_empty() {
        told.insert("sets".to_owned(), sets.into());
    }
    Json::Object(told)
}
