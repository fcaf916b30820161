//! From the catalogue's parameters to the host's.

use serde_json::Value as Json;
use wsman::clixml::Value;

use super::confirm::Consent;
use super::encode::encode;
use super::validate::Arguments;
use crate::answer::case::{BadArgument, Case, Warning, WrongTarget};
use crate::answer::{Filter, HostText, ToolError};
use crate::catalog::Effect;
use crate::catalog::{Entry, Parameter};
use crate::host::{AskingPlace, FunctionProbe, ParameterProbe, Style};
use crate::tenant::{HostId, Target};

/// Another name of `SubscriptionId`.
const SUBSCRIPTION: &str = "Subscription";

/// Tells a script of the author's that nobody need be asked.
const SKIP_CONFIRM: &str = "SkipConfirm";

/// The same, and many other things.
const FORCE: &str = "Force";

/// What is sent: the host's own names, values for the host's own types.
///
/// * An argument that the host's function does not know is refused: hosts
///   swallow it silently.
/// * The target goes along where the script keeps none itself: all of it for
///   a write, the rest would be whatever the host is on.
/// * What would make the script ask (`-Confirm`) is switched off where the
///   function has it; what tells it that nobody need be asked (`-Force`,
///   `-SkipConfirm`) is sent only when the call has been confirmed to us, and
///   only where the host has it; `-SkipConfirm` with a read that the catalogue
///   knows it of, too.
pub(super) fn bind(
    entry: &'static Entry,
    arguments: &Arguments,
    consent: Consent,
    probe: &FunctionProbe,
    style: Option<Style>,
    target: &Target,
) -> Result<Bound, ToolError> {
    let mut warning = None;
    let mut bound = Vec::new();
    let mut filters = Vec::new();
    let mut limit = None;
    for parameter in &entry.parameters {
        let Some(value) = arguments.0.get(parameter.name.as_str()) else {
            if let Some((filter, name, value)) = filter(parameter, arguments, probe, target) {
                limit = limit.or_else(|| limit_of(parameter, &filter.value));
                filters.push(filter);
                bound.push((name, value));
            }
            continue;
        };
        limit = limit.or_else(|| limit_of(parameter, value));
        let Some(found) = found(parameter, probe) else {
            let callers = probe.parameters.iter().filter(|known| is_callers(entry, known));
            return Err(ToolError::of(BadArgument::HostLacks {
                host: target.host().clone(),
                function: &entry.function,
                name: &parameter.name,
                known: callers.map(|known| known.name.clone()).collect(),
            }));
        };
        bound.push((found.name.clone(), fit(parameter, found, value, target)?));
    }
    if style != Some(Style::Session) {
        warning = inject(entry, probe, style, target, &mut bound)?;
    }
    for parameter in entry.parameters.iter().filter(|parameter| parameter.legacy_only && !is_consent(parameter)) {
        if let (Some(default), Some(found)) = (&parameter.default, found(parameter, probe)) {
            bound.push((found.name.clone(), fit(parameter, found, default, target)?));
        }
    }
    if consent.is_given() {
        bound.extend(consents(entry, probe));
    } else if entry.effect() == Effect::Read && entry.parameters.iter().any(is_consent) {
        // Nothing can be lost by it.
        bound.extend(consents(entry, probe).into_iter().filter(|(name, _)| name.eq_ignore_ascii_case(SKIP_CONFIRM)));
    }
    if probe.should_process {
        bound.push(("Confirm".to_owned(), Value::Bool(false)));
    }
    Ok(Bound { parameters: bound, warning, filters, limit })
}

/// That the function asks nobody for an argument which was not given: a write
/// that is stopped at a question is in doubt for nothing.
///
/// A question that a yes may answer is let go; so is whatever the source does
/// not show to be asked.
pub(super) fn check_asks_nothing(
    entry: &'static Entry,
    probe: &FunctionProbe,
    bound: &Bound,
    host: &HostId,
) -> Result<(), ToolError> {
    let is_asked = |place: &&AskingPlace| place.sure && place.wants_a_value() && place.is_met_by(&bound.parameters);
    for place in probe.places.iter().filter(is_asked) {
        let leads_past = |parameter: &&Parameter| {
            found(parameter, probe)
                .is_some_and(|known| place.unless.iter().any(|name| name.eq_ignore_ascii_case(&known.name)))
        };
        if let Some(parameter) = entry.arguments().find(leads_past) {
            let (function, name) = (&*entry.function, &*parameter.name);
            let question = HostText { message: place.question(), id: "question".to_owned() };
            let asks = BadArgument::HostAsks { host: host.clone(), function, name };
            return Err(ToolError::of(asks).with_host_errors([question]));
        }
    }
    Ok(())
}

/// What is sent, and what the caller should know of it.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) parameters: Vec<(String, Value)>,
    /// The function could be told a part of its target only.
    pub(super) warning: Option<Warning>,
    /// Defaults that were sent, since they leave something out.
    pub(super) filters: Vec<Filter>,
    /// How many rows may come.
    pub(super) limit: Option<(&'static str, u64)>,
}

/// The default of a parameter that was not given and leaves something out: so
/// what the answer says is what was asked, whatever the script's own default.
fn filter(
    parameter: &'static Parameter,
    arguments: &Arguments,
    probe: &FunctionProbe,
    target: &Target,
) -> Option<(Filter, String, Value)> {
    let unless = &parameter.filters.as_ref()?.unless;
    let default = parameter.default.as_ref()?;
    if unless.iter().any(|other| arguments.0.contains_key(other.as_str())) {
        return None;
    }
    let found = found(parameter, probe)?;
    // A host that takes something else there has its own default.
    let value = fit(parameter, found, default, target).ok()?;
    Some((Filter { name: &parameter.name, value: default.clone() }, found.name.clone(), value))
}

fn limit_of(parameter: &'static Parameter, value: &Json) -> Option<(&'static str, u64)> {
    let limits = parameter.filters.as_ref().is_some_and(|filters| filters.limits);
    limits.then(|| value.as_u64()).flatten().map(|most| (parameter.name.as_str(), most))
}

fn inject(
    entry: &'static Entry,
    probe: &FunctionProbe,
    style: Option<Style>,
    target: &Target,
    bound: &mut Vec<(String, Value)>,
) -> Result<Option<Warning>, ToolError> {
    let workspace = target.workspace();
    let values = [
        ("SubscriptionId", &workspace.subscription),
        ("ResourceGroupName", &workspace.resource_group),
        ("WorkspaceName", &workspace.name),
    ];
    let mut missing = Vec::new();
    for (name, value) in values {
        let parameter = entry.parameters.iter().find(|parameter| parameter.injected && parameter.name == name);
        match parameter.and_then(|parameter| Some((parameter, found_target(parameter, probe)?))) {
            Some((parameter, found)) => {
                bound.push((found.name.clone(), fit(parameter, found, &Json::from(value.as_str()), target)?));
            }
            None => missing.push(name),
        }
    }
    if missing.is_empty() {
        return Ok(None);
    }
    // What a function is not told is whatever the host is on. A write may then hit another customer's workspace of
    // the same name.
    let blind = entry.effect() == Effect::Write || (missing.contains(&"WorkspaceName") && style.is_some());
    let (host, function) = (target.host().clone(), entry.function.as_str());
    if blind {
        let why = WrongTarget::NotTold { function, missing };
        return Err(ToolError::of(Case::WrongTarget { host, why }));
    }
    Ok(Some(Warning::PartlyTold { host, function, missing }))
}

/// As [`found`], with a name that scripts use and the catalogue does not have.
fn found_target<'a>(parameter: &Parameter, probe: &'a FunctionProbe) -> Option<&'a ParameterProbe> {
    found(parameter, probe).or_else(|| {
        let known = |known: &&ParameterProbe| known.name.eq_ignore_ascii_case(SUBSCRIPTION);
        probe.parameters.iter().find(known).filter(|_| parameter.name == "SubscriptionId")
    })
}

/// The host's parameter for the catalogue's: by name, then by either side's
/// aliases, without case. Never by a part of a name.
fn found<'a>(parameter: &Parameter, probe: &'a FunctionProbe) -> Option<&'a ParameterProbe> {
    let named = |name: &str| probe.parameters.iter().find(|known| known.name.eq_ignore_ascii_case(name));
    let aliased = |name: &str| {
        probe.parameters.iter().find(|known| known.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name)))
    };
    named(&parameter.name)
        .or_else(|| aliased(&parameter.name))
        .or_else(|| parameter.aliases.iter().find_map(|alias| named(alias)))
}

fn fit(
    parameter: &'static Parameter,
    found: &ParameterProbe,
    value: &Json,
    target: &Target,
) -> Result<Value, ToolError> {
    encode(value, found)
        .map_err(|why| ToolError::of(BadArgument::Unfit { host: target.host().clone(), name: &parameter.name, why }))
}

/// A consent that only a confirmation of ours could give.
fn is_consent(parameter: &Parameter) -> bool {
    parameter.name.eq_ignore_ascii_case(SKIP_CONFIRM)
}

/// What tells the host's function that nobody need be asked. `-Force` only
/// where the catalogue has it, too, or where the source shows that it leads past
/// a question: elsewhere it may mean anything.
fn consents(entry: &Entry, probe: &FunctionProbe) -> Vec<(String, Value)> {
    let means_it = |name: &str| {
        let leads_past =
            || probe.places.iter().flat_map(|place| &place.unless).any(|known| known.eq_ignore_ascii_case(FORCE));
        let is_known = || entry.parameters.iter().any(|known| known.name == FORCE) || leads_past();
        name.eq_ignore_ascii_case(FORCE) && is_known() || name.eq_ignore_ascii_case(SKIP_CONFIRM)
    };
    let named = probe.parameters.iter().filter(|known| means_it(&known.name));
    named
        .filter_map(|known| {
            let value = encode(&Json::Bool(true), known).ok()?;
            matches!(value, Value::Bool(_)).then(|| (known.name.clone(), value))
        })
        .collect()
}

/// Not one that the server fills itself.
fn is_callers(entry: &Entry, known: &ParameterProbe) -> bool {
    if known.name.eq_ignore_ascii_case(SUBSCRIPTION) {
        return false;
    }
    let ours = entry.parameters.iter().any(|parameter| {
        !parameter.is_argument()
            && (parameter.answers_to(&known.name) || known.aliases.iter().any(|alias| parameter.answers_to(alias)))
    });
    !ours
}

#[cfg(test)]
mod tests;
