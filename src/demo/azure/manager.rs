//! What the resource manager itself knows: endpoints, subscriptions, resource
//! groups and their resources.

use serde_json::{Value as Json, json};

use super::exchange::{Answer, Request};
use super::filter;
use super::identity::Caller;
use super::kind::{Kind, Scope};
use super::kinds::KINDS;
use super::page::page;
use super::place;
use super::refusal::Refusal;
use crate::demo::world::document::{Document, Documents};

/// Versions of subscriptions, resource groups and tenants.
const VERSIONS: [&str; 12] = [
    "2015-11-01",
    "2016-06-01",
    "2018-05-01",
    "2019-06-01",
    "2019-11-01",
    "2020-01-01",
    "2020-06-01",
    "2021-01-01",
    "2021-04-01",
    "2022-09-01",
    "2022-12-01",
    "2024-11-01",
];

/// Items of a page.
const PAGE: usize = 1_000;

/// `GET /metadata/endpoints`: where everything is, for clients that are told
/// of this server only. Older versions answer with a list of clouds.
pub(super) fn endpoints(request: &Request) -> Answer {
    let base = request.base.as_str();
    let cloud = json!({
        "portal": base,
        "authentication": {
            "loginEndpoint": base,
            "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "media": base,
        "graphAudience": "https://graph.windows.net/",
        "graph": "https://graph.windows.net/",
        "name": "sentinel-jump",
        "suffixes": {
            "azureDataLakeStoreFileSystem": "azuredatalakestore.example",
            "acrLoginServer": "azurecr.example",
            "sqlServerHostname": "database.example",
            "keyVaultDns": "vault.example",
            "storage": "core.example",
        },
        "batch": "https://batch.core.windows.net/",
        "resourceManager": base,
        "vmImageAliasDoc": format!("{base}/aliases.json"),
        "activeDirectoryDataLake": "https://datalake.azure.net/",
        "sqlManagement": "https://management.core.windows.net:8443/",
        "microsoftGraphResourceId": "https://graph.microsoft.com/",
        "appInsightsResourceId": "https://api.applicationinsights.io",
        "appInsightsTelemetryChannelResourceId": "https://dc.applicationinsights.azure.com/v2/track",
        "attestationResourceId": "https://attest.azure.net",
        "logAnalyticsResourceId": "https://api.loganalytics.io",
        "ossrDbmsResourceId": "https://ossrdbms-aad.database.windows.net",
        "gallery": base,
    });
    let is_list = request.parameter("api-version").is_some_and(|version| version < "2022");
    Answer::json(200, if is_list { json!([cloud]) } else { cloud })
}

/// A path above the providers, in its parts.
///
/// # Errors
///
/// As the resource manager refuses. `None` where it has no such path.
pub(super) fn answer(
    segments: &[String],
    request: &Request,
    caller: &Caller,
    documents: &Documents,
) -> Option<Result<Answer, Refusal>> {
    let parts: Vec<String> = segments.iter().map(|part| part.to_lowercase()).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let reads = request.method == "GET" || request.method == "HEAD";
    let answered: Result<Answer, Refusal> = match parts.as_slice() {
        ["tenants"] => tenants(request, caller, documents),
        ["subscriptions"] => listed(request, seen(caller, documents)),
        ["subscriptions", subscription, rest @ ..] => {
            if let Err(refusal) = place::is_seen(subscription, caller, documents) {
                return Some(Err(refusal));
            }
            let scope = format!("/subscriptions/{subscription}");
            match rest {
                [] => one(documents.get(&scope)),
                ["resourcegroups"] => listed(request, shown(documents.of_kind(&scope, GROUPS))),
                ["resourcegroups", group] => match documents.get(&format!("{scope}/resourceGroups/{group}")) {
                    // 204, not 200: *Spec* ResourceGroups_CheckExistence.
                    Some(_) if request.method == "HEAD" => Ok(Answer::empty(204)),
                    Some(found) => one(Some(found)),
                    None if request.method == "HEAD" => Ok(Answer::empty(404)),
                    None => {
                        let name = segments.last().map(String::as_str).unwrap_or_default();
                        let message = format!("Resource group '{name}' could not be found.");
                        Err(Refusal::new(404, "ResourceGroupNotFound", message))
                    }
                },
                ["resources"] => listed(request, resources(&scope, documents)),
                ["resourcegroups", group, "resources"] => {
                    listed(request, resources(&format!("{scope}/resourceGroups/{group}"), documents))
                }
                ["locations"] => listed(request, locations(&scope, documents)),
                ["providers"] => listed(request, namespaces().map(|name| provider(&scope, name)).collect()),
                ["providers", name] => match namespaces().find(|known| known.eq_ignore_ascii_case(name)) {
                    Some(name) => Ok(Answer::json(200, provider(&scope, name))),
                    None => Err(no_namespace(name)),
                },
                _ => return None,
            }
        }
        _ => return None,
    };
    if let Err(refusal) = version(request) {
        return Some(Err(refusal));
    }
    if !reads {
        let message = format!("The requested resource does not support http method '{}'.", request.method);
        return Some(Err(Refusal::new(405, "HttpMethodNotAllowed", message)));
    }
    Some(answered)
}

const GROUPS: &str = "microsoft.resources/resourcegroups";

fn version(request: &Request) -> Result<(), Refusal> {
    let version = asked_version(request)?;
    if VERSIONS.contains(&version) {
        return Ok(());
    }
    let message =
        format!("The api-version '{version}' is invalid. The supported versions are '{}'.", VERSIONS.join(","));
    Err(Refusal::new(400, "InvalidApiVersionParameter", message))
}

/// The api-version of a request.
///
/// # Errors
///
/// 400 where there is none.
pub(super) fn asked_version(request: &Request) -> Result<&str, Refusal> {
    request.parameter("api-version").filter(|version| !version.is_empty()).ok_or_else(|| {
        let message = "The api-version query parameter (?api-version=) is required for all requests.";
        Refusal::new(400, "MissingApiVersionParameter", message)
    })
}

/// 404 for a provider that there is none of.
pub(super) fn no_namespace(name: &str) -> Refusal {
    Refusal::new(404, "InvalidResourceNamespace", format!("The resource namespace '{name}' is invalid."))
}

fn one(found: Option<&Document>) -> Result<Answer, Refusal> {
    Ok(Answer::json(200, found.map(|found| Json::from(found.json.clone())).unwrap_or_default()))
}

fn shown(found: Vec<&Document>) -> Vec<Json> {
    found.into_iter().map(|found| found.json.clone().into()).collect()
}

fn listed(request: &Request, all: Vec<Json>) -> Result<Answer, Refusal> {
    page(request, filter::filtered(request, all)?, PAGE, PAGE).map(|page| Answer::json(200, page))
}

/// The caller's subscriptions, its own and those that were delegated to it.
fn seen(caller: &Caller, documents: &Documents) -> Vec<Json> {
    let all = documents.list("/subscriptions").into_iter();
    shown(all.filter(|one| place::sees(one.get("tenantId"), one.get("managedByTenants"), caller)).collect())
}

fn tenants(request: &Request, caller: &Caller, documents: &Documents) -> Result<Answer, Refusal> {
    let mut ids = vec![caller.tenant.clone()];
    for one in seen(caller, documents) {
        let id = one["tenantId"].as_str().unwrap_or_default();
        if !ids.iter().any(|known| known.eq_ignore_ascii_case(id)) {
            ids.push(id.to_owned());
        }
    }
    let tenant = |id: &String| {
        let category = if *id == caller.tenant { "Home" } else { "ProjectedBy" };
        json!({ "id": format!("/tenants/{id}"), "tenantId": id, "tenantCategory": category })
    };
    listed(request, ids.iter().map(tenant).collect())
}

/// Resources of resource groups; what extends them is in no such list.
fn resources(scope: &str, documents: &Documents) -> Vec<Json> {
    let kinds = KINDS.iter().filter(|kind| kind.scope == Scope::Group && !kind.parts().1.contains('/'));
    let found = kinds.flat_map(|kind| documents.of_kind(scope, &kind.name.to_lowercase()));
    let head = |document: &Document| {
        let parts = ["id", "name", "type", "kind", "location", "tags"];
        let parts = parts.iter().filter_map(|key| Some(((*key).to_owned(), document.json.get(*key)?.clone())));
        parts.collect::<serde_json::Map<_, _>>().into()
    };
    found.map(head).collect()
}

fn locations(scope: &str, documents: &Documents) -> Vec<Json> {
    let mut names: Vec<&str> = Vec::new();
    for group in documents.of_kind(scope, GROUPS) {
        let name = group.get("location").as_str().unwrap_or_default();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let location = |name: &&str| {
        json!({
            "id": format!("{scope}/locations/{name}"),
            "name": name,
            "type": "Region",
            "displayName": name,
            "regionalDisplayName": name,
            "metadata": { "regionType": "Physical" },
        })
    };
    names.iter().map(location).collect()
}

fn namespaces() -> impl Iterator<Item = &'static str> {
    let mut names: Vec<&str> = KINDS.iter().map(|kind| kind.parts().0).collect();
    names.dedup();
    names.into_iter()
}

fn provider(scope: &str, name: &str) -> Json {
    let kind = |kind: &Kind| {
        let versions: Vec<&str> = kind.versions.iter().rev().copied().collect();
        json!({
            "resourceType": kind.parts().1,
            "locations": [],
            "apiVersions": versions,
            "capabilities": "None",
        })
    };
    let kinds = KINDS.iter().filter(|kind| kind.parts().0 == name);
    json!({
        "id": format!("{scope}/providers/{name}"),
        "namespace": name,
        "registrationPolicy": "RegistrationRequired",
        "registrationState": "Registered",
        "resourceTypes": kinds.map(kind).collect::<Vec<_>>(),
    })
}
