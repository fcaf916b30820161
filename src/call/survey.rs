//! What a host's script has, as an overlay of the catalogue.
//!
//! A question about the host, not a call: it has a session of its own outside
//! of the pool, and nothing of the script runs but `init`.

use serde_json::{Map, Value as Json, json};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use wsman::clixml::json::to_json;

use super::run::{GRACE, plan};
use super::sign_in::Tried;
use super::{CallPath, verdict};
use crate::catalog::{Entry, ToolError, all};
use crate::config::Host;
use crate::host::{FunctionProbe, LoadReport, ParameterProbe, Probes, Session, Style};
use crate::tenant::Target;

/// What a survey found.
#[derive(Clone, Debug, PartialEq)]
pub enum Surveyed {
    /// The script is the one that is known already; it was not asked again.
    Known,
    /// The overlay.
    Overlay(Json),
}

impl CallPath {
    /// Asks the target's host for every function of its script, unless the
    /// script has the hash `known`.
    ///
    /// # Errors
    ///
    /// [`ToolError`] as a call on that host would give it.
    pub async fn survey(
        &self,
        target: &Target,
        known: Option<&str>,
        cancel: &CancellationToken,
    ) -> Result<Surveyed, ToolError> {
        let host = self.host_of(target)?;
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(verdict::cancelled_before()),
            surveyed = self.surveyed(host, target, known) => surveyed,
        }
    }

    async fn surveyed(&self, host: &Host, target: &Target, known: Option<&str>) -> Result<Surveyed, ToolError> {
        let unopened = |error| verdict::unopened(&host.id, error);
        let deadline = Instant::now() + plan::open_time(host, target) + GRACE;
        let plan = timeout_at(deadline, plan::plan(host, target, Probes::default())).await;
        let plan = plan.map_err(|_| plan::too_slow(&host.id))??;
        let trying = timeout_at(deadline, self.sign_ins().may_try(&host.id, &plan.credentials.password)).await;
        let attempt = trying.map_err(|_| verdict::silent(&host.id))??;
        let opened = timeout_at(deadline, Session::open(&plan)).await;
        let tried = opened.as_ref().map_or(Tried::NotHad, verdict::tried);
        attempt.end(plan.credentials.password, tried).await;
        let mut session = opened.map_err(|_| verdict::silent(&host.id))?.map_err(unopened)?;
        let report = session.report().clone();
        if known == Some(report.sha256.as_str()) {
            session.close().await;
            return Ok(Surveyed::Known);
        }
        let style = session.style();
        let probes = session.probe_all().await;
        session.close().await;
        Ok(Surveyed::Overlay(overlay(host, &report, style, &probes.map_err(unopened)?)))
    }
}

fn overlay(host: &Host, report: &LoadReport, style: Option<Style>, probes: &[FunctionProbe]) -> Json {
    let has = |entry: &&Entry| probes.iter().any(|probe| probe.name.eq_ignore_ascii_case(&entry.function));
    let lacks: Vec<&str> = all().iter().filter(|entry| !has(entry)).map(|entry| entry.function.as_str()).collect();
    let named = |which: fn(&FunctionProbe) -> bool| -> Vec<&str> {
        probes.iter().filter(|probe| which(probe)).map(|probe| probe.name.as_str()).collect()
    };
    let functions: Map<String, Json> = probes.iter().map(|probe| (probe.name.clone(), function(probe))).collect();
    let dropped = report.dropped.iter().map(|one| json!({ "line": one.line, "reason": one.reason, "text": one.text }));
    json!({
        "host": host.id.as_str(),
        "script": {
            "sha256": report.sha256,
            "style": style.map(Style::as_str),
            "dropped": dropped.collect::<Vec<_>>(),
        },
        "lacks": lacks,
        "asks": named(FunctionProbe::may_ask),
        "exits": named(FunctionProbe::may_exit),
        "screenOnly": named(FunctionProbe::seems_screen_only),
        "functions": functions,
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
