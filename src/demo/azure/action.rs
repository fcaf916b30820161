//! What is asked of a resource beyond reading and writing it, and lists that
//! no collection of documents is.

use serde_json::{Value as Json, json};

use super::exchange::{Answer, Request};
use super::filter;
use super::identity::Caller;
use super::kind::Kind;
use super::metric;
use super::page::page;
use super::path::Target;
use super::place;
use super::query;
use super::refusal::Refusal;
use super::{feed, manager};
use crate::demo::world::State;
use crate::demo::world::document::{Document, Documents};

/// One request, of a path that a provider has.
pub(super) struct Action<'a> {
    pub(super) state: &'a State,
    pub(super) documents: &'a Documents,
    /// What was written so far.
    pub(super) events: &'a [Json],
    pub(super) target: &'a Target,
    pub(super) request: &'a Request,
    pub(super) caller: &'a Caller,
    pub(super) now: jiff::Timestamp,
    pub(super) correlation: &'a str,
    pub(super) page: usize,
}

/// Items of a page.
const PAGE: usize = 1_000;

const INCIDENTS: &str = "Microsoft.SecurityInsights/Incidents";
const RULES: &str = "Microsoft.Insights/dataCollectionRules";
const WORKSPACES: &str = "Microsoft.OperationalInsights/workspaces";

/// The api-versions of the query by way of the resource manager.
const QUERY_VERSIONS: [&str; 4] = ["2017-01-01-preview", "2017-10-01", "2020-08-01", "2022-10-27"];

impl Action<'_> {
    /// Answers it; `None` when it is a matter of documents alone.
    pub(super) fn answer(&self) -> Option<Result<Answer, Refusal>> {
        let (target, method) = (self.target, self.request.method.as_str());
        let named = target.name.as_deref();
        // A name may end where an action does: `…/metrics` lies on any resource.
        let answered = match (method, target.kind.as_str(), named) {
            ("POST", "microsoft.securityinsights/incidents/alerts", None) => {
                self.of_incident(|all| json!({ "value": all }), "alerts")
            }
            ("POST", "microsoft.securityinsights/incidents/entities", None) => self.of_incident(entities, "entities"),
            ("POST", "microsoft.securityinsights/incidents/bookmarks", None) => self.bookmarks(),
            ("POST", "microsoft.securityinsights/incidents/runplaybook", None) => self.run_playbook(INCIDENTS),
            ("POST", "microsoft.securityinsights/entities/runplaybook", None) => self.run_playbook(INCIDENTS),
            (
                "POST",
                "microsoft.operationalinsights/workspaces/tables/migrate"
                | "microsoft.operationalinsights/workspaces/tables/cancelsearch",
                None,
            ) => self
                .versioned("Microsoft.OperationalInsights/workspaces/tables")
                .and_then(|()| self.parent())
                .map(|_| Answer::empty(200)),
            (
                "GET" | "POST",
                "microsoft.operationalinsights/workspaces/query" | "microsoft.operationalinsights/workspaces/metadata",
                None,
            ) => self.query(),
            ("GET", "microsoft.operationalinsights/workspaces/usages", None) => self.usages(),
            ("POST", "microsoft.operationalinsights/workspaces/schema", None) => self.schema(),
            ("GET", "microsoft.insights/datacollectionrules/associations", None) => {
                self.associations("dataCollectionRuleId")
            }
            ("GET", "microsoft.insights/datacollectionendpoints/associations", None) => {
                self.associations("dataCollectionEndpointId")
            }
            ("GET", "microsoft.insights/metrics", None) => metric::metrics(self),
            ("GET", "microsoft.insights/metricdefinitions", None) => metric::definitions(self),
            ("GET", "microsoft.insights/diagnosticsettingscategories", _) => self.categories(named),
            ("GET", "microsoft.authorization/roleassignments", None) => self.roles("roleAssignments"),
            ("GET", "microsoft.authorization/roledefinitions", None) => self.roles("roleDefinitions"),
            ("GET", "microsoft.authorization/roledefinitions", Some(name)) => self.role(name),
            ("GET", "microsoft.authorization/permissions", None) => {
                self.versioned("Microsoft.Authorization/roleDefinitions").map(|()| {
                    let all = json!({ "actions": ["*"], "notActions": [], "dataActions": ["*"], "notDataActions": [] });
                    Answer::json(200, json!({ "value": [all] }))
                })
            }
            ("GET", "microsoft.managedservices/registrationassignments", _) => self.delegations(named)?,
            ("GET", "microsoft.logic/workflows/triggers", None) => self.triggers(),
            ("POST", "microsoft.logic/workflows/triggers/listcallbackurl", None) => self.callback(),
            ("GET", "microsoft.insights/eventtypes/values", None) => self.activity(),
            ("POST", "microsoft.resourcegraph/resources", None) => Err(query::graph(self.request, self.now)),
            _ => return None,
        };
        Some(answered)
    }

    /// Refuses a version that the type does not have.
    fn versioned(&self, kind: &str) -> Result<(), Refusal> {
        let version = manager::asked_version(self.request)?;
        match Kind::of(kind) {
            Some(kind) if !kind.versions.contains(&version) => Err(super::face::no_version(kind, version)),
            _ => Ok(()),
        }
    }

    /// The resource that is asked.
    fn parent(&self) -> Result<&Document, Refusal> {
        place::check(self.target, self.documents)?;
        self.documents.get(&self.target.parent).ok_or_else(|| {
            let name = self.target.parent.rsplit('/').next().unwrap_or_default();
            Refusal::new(404, "NotFound", format!("Resource '{name}' was not found."))
        })
    }

    fn listed(&self, all: Vec<Json>) -> Result<Answer, Refusal> {
        let all = filter::filtered(self.request, all)?;
        page(self.request, all, PAGE, self.page).map(|page| Answer::json(200, page))
    }

    fn of_incident(&self, form: fn(&[Json]) -> Json, part: &str) -> Result<Answer, Refusal> {
        self.versioned(INCIDENTS)?;
        self.parent()?;
        let all = self.documents.list(&format!("{}/{part}", self.target.parent));
        let all: Vec<Json> = all.into_iter().map(|one| one.json.clone().into()).collect();
        Ok(Answer::json(200, form(&all)))
    }

    /// Bookmarks that the incident is related to.
    fn bookmarks(&self) -> Result<Answer, Refusal> {
        self.versioned(INCIDENTS)?;
        self.parent()?;
        let relations = self.documents.list(&format!("{}/relations", self.target.parent)).into_iter();
        let related = relations.filter_map(|one| self.documents.get(one.properties()["relatedResourceId"].as_str()?));
        let marks = related.filter(|one| one.kind() == "microsoft.securityinsights/bookmarks");
        Ok(Answer::json(200, json!({ "value": marks.map(|one| one.json.clone().into()).collect::<Vec<Json>>() })))
    }

    fn run_playbook(&self, kind: &str) -> Result<Answer, Refusal> {
        self.versioned(kind)?;
        let given = self.request.json()?;
        let id = given["logicAppsResourceId"].as_str().unwrap_or_default();
        if self.documents.get(id).is_none() {
            return Err(Refusal::bad(format!("Playbook '{id}' was not found.")));
        }
        Ok(Answer::empty(204))
    }

    fn query(&self) -> Result<Answer, Refusal> {
        let version = manager::asked_version(self.request)?;
        if !QUERY_VERSIONS.contains(&version) {
            let message = format!(
                "The resource type could not be found in the namespace 'Microsoft.OperationalInsights' for api version \
                 '{version}'."
            );
            return Err(Refusal::new(404, "InvalidResourceType", message));
        }
        let home = self.parent()?;
        let asked =
            query::Asked { state: self.state, caller: self.caller, now: self.now, correlation: self.correlation };
        Ok(if self.target.kind.ends_with("/metadata") {
            asked.metadata(Some(home))
        } else {
            asked.answer(self.request, Some(home))
        })
    }

    fn usages(&self) -> Result<Answer, Refusal> {
        self.versioned(WORKSPACES)?;
        let quota = &self.parent()?.properties()["workspaceCapping"];
        let limit = quota["dailyQuotaGb"].as_f64().filter(|limit| *limit > 0.0).map(|limit| limit * 1_073_741_824.0);
        let one = json!({
            "name": { "value": "DataAnalyzed", "localizedValue": "Data Analyzed" },
            "unit": "Bytes",
            "currentValue": 0.0,
            "limit": limit.unwrap_or(-1.0),
            "nextResetTime": quota["quotaNextResetTime"],
            "quotaPeriod": "P1D",
        });
        self.listed(vec![one])
    }

    fn schema(&self) -> Result<Answer, Refusal> {
        self.versioned(WORKSPACES)?;
        self.parent()?;
        let mut columns: Vec<Json> = Vec::new();
        for table in self.documents.list(&format!("{}/tables", self.target.parent)) {
            for column in table.properties()["schema"]["columns"].as_array().into_iter().flatten() {
                match columns.iter_mut().find(|known| known["name"] == column["name"]) {
                    Some(known) => {
                        if let Some(owners) = known["ownerType"].as_array_mut() {
                            owners.push(table.name().into());
                        }
                    }
                    None => columns.push(json!({
                        "name": column["name"],
                        "displayName": column["name"],
                        "type": column["type"],
                        "indexed": true,
                        "stored": true,
                        "facet": false,
                        "ownerType": [table.name()],
                    })),
                }
            }
        }
        let head = json!({ "schema": { "name": "CloudOps", "version": 2 }, "resultType": "schema", "requestTime": 1 });
        Ok(Answer::json(200, json!({ "metadata": head, "value": columns })))
    }

    fn associations(&self, key: &str) -> Result<Answer, Refusal> {
        self.versioned(RULES)?;
        let id = self.parent()?.id();
        let all = feed::associations(self.documents, id, key);
        self.listed(all.into_iter().map(|one| one.json.clone().into()).collect())
    }

    fn categories(&self, named: Option<&str>) -> Result<Answer, Refusal> {
        self.versioned("Microsoft.Insights/diagnosticSettings")?;
        let names = ["Audit", "Jobs", "SummaryLogs"];
        let one = |name: &&str| {
            json!({
                "id": format!("{}/providers/microsoft.insights/diagnosticSettingsCategories/{name}", self.target.scope),
                "name": name,
                "type": "microsoft.insights/diagnosticSettingsCategories",
                "properties": { "categoryType": "Logs" },
            })
        };
        match named {
            None => self.listed(names.iter().map(one).collect()),
            Some(wanted) => {
                let found = names.iter().find(|name| name.eq_ignore_ascii_case(wanted)).map(one);
                let missing = || Refusal::new(404, "NotFound", format!("The category '{wanted}' is not supported."));
                found.map(|json| Answer::json(200, json)).ok_or_else(missing)
            }
        }
    }

    /// What was written in a subscription, the newest first. It must be asked
    /// for by time.
    fn activity(&self) -> Result<Answer, Refusal> {
        let version = manager::asked_version(self.request)?;
        if version != "2015-04-01" {
            let message = format!("The api-version '{version}' is invalid. The supported versions are '2015-04-01'.");
            return Err(Refusal::new(400, "InvalidApiVersionParameter", message));
        }
        if !self.request.parameter("$filter").is_some_and(|filter| filter.contains("eventTimestamp")) {
            return Err(Refusal::bad("The $filter query parameter must name an eventTimestamp."));
        }
        let subscription = self.target.subscription.as_deref().unwrap_or_default();
        let all = self.events.iter().rev().filter(|event| event["subscriptionId"] == subscription);
        let mut found = filter::filtered(self.request, all.cloned().collect())?;
        if let Some(wanted) = self.request.parameter("$select") {
            for event in found.iter_mut().filter_map(Json::as_object_mut) {
                event.retain(|key, _| wanted.split(',').any(|wanted| wanted.trim() == key));
            }
        }
        page(self.request, found, 200, self.page).map(|page| Answer::json(200, page))
    }

    /// Roles that hold for a scope: those given on it, above and below.
    fn roles(&self, collection: &str) -> Result<Answer, Refusal> {
        self.versioned(&format!("Microsoft.Authorization/{collection}"))?;
        let scope = self.target.scope.to_lowercase();
        let subscription = self.target.subscription.as_deref().unwrap_or_default();
        let kind = format!("microsoft.authorization/{}", collection.to_lowercase());
        let all = self.documents.of_kind(&format!("/subscriptions/{subscription}"), &kind).into_iter();
        let holds = |one: &&Document| {
            let at = one.properties()["scope"].as_str().map(str::to_lowercase);
            at.is_none_or(|at| at.starts_with(&scope) || scope.starts_with(&at))
        };
        let all: Vec<Json> = all.filter(holds).map(|one| one.json.clone().into()).collect();
        // Functions that only this provider knows.
        let wanted = self.request.parameter("$filter").unwrap_or_default();
        let assigned = wanted.strip_prefix("assignedTo('").and_then(|rest| rest.split_once('\''));
        if let Some((principal, _)) = assigned {
            let is_its = |one: &Json| {
                one["properties"]["principalId"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(principal))
            };
            let all: Vec<Json> = all.into_iter().filter(is_its).collect();
            return page(self.request, all, PAGE, self.page).map(|page| Answer::json(200, page));
        }
        if wanted.starts_with("atScope()") {
            return page(self.request, all, PAGE, self.page).map(|page| Answer::json(200, page));
        }
        self.listed(all)
    }

    /// A role is the same one in every scope.
    fn role(&self, name: &str) -> Result<Answer, Refusal> {
        self.versioned("Microsoft.Authorization/roleDefinitions")?;
        let all = self.documents.of_kind("/subscriptions", "microsoft.authorization/roledefinitions");
        let found = all.into_iter().find(|one| one.name().eq_ignore_ascii_case(name));
        let missing = || {
            let message = format!("The specified role definition with ID '{name}' does not exist.");
            Refusal::new(404, "RoleDefinitionDoesNotExist", message)
        };
        found.map(|one| Answer::json(200, Json::from(one.json.clone()))).ok_or_else(missing)
    }

    /// Delegations, with their definitions where that is asked for.
    fn delegations(&self, named: Option<&str>) -> Option<Result<Answer, Refusal>> {
        let wants = self.request.parameter("$expandRegistrationDefinition");
        if !wants.is_some_and(|wants| wants.eq_ignore_ascii_case("true")) {
            return None;
        }
        let kind = "Microsoft.ManagedServices/registrationAssignments";
        if let Err(refusal) = self.versioned(kind) {
            return Some(Err(refusal));
        }
        let whole = |one: &Document| {
            let mut json = Json::from(one.json.clone());
            let id = one.properties()["registrationDefinitionId"].as_str().unwrap_or_default();
            let definition = self.documents.get(id).map(|found| Json::from(found.json.clone()));
            json["properties"]["registrationDefinition"] = definition.unwrap_or_default();
            json
        };
        Some(match named {
            None => self.listed(self.documents.list(&self.target.id).into_iter().map(whole).collect()),
            Some(_) => match self.documents.get(&self.target.id) {
                Some(found) => Ok(Answer::json(200, whole(found))),
                None => Err(Refusal::new(
                    404,
                    "RegistrationAssignmentNotFound",
                    "The registration assignment was not found.",
                )),
            },
        })
    }

    fn triggers(&self) -> Result<Answer, Refusal> {
        self.versioned("Microsoft.Logic/workflows")?;
        let book = self.parent()?;
        let names = book.properties()["definition"]["triggers"].as_object().into_iter().flatten();
        let one = |(name, _): (&String, &Json)| {
            json!({
                "id": format!("{}/triggers/{name}", book.id()),
                "name": name,
                "type": "Microsoft.Logic/workflows/triggers",
                "properties": {
                    "provisioningState": "Succeeded",
                    "state": "Enabled",
                    "createdTime": book.properties()["createdTime"],
                    "changedTime": book.properties()["changedTime"],
                },
            })
        };
        self.listed(names.map(one).collect())
    }

    fn callback(&self) -> Result<Answer, Refusal> {
        self.versioned("Microsoft.Logic/workflows")?;
        let mut above = self.target.parent.rsplitn(3, '/');
        let trigger = above.next().unwrap_or_default();
        let book = above.nth(1).and_then(|id| self.documents.get(id));
        let book = book.ok_or_else(|| Refusal::new(404, "WorkflowNotFound", "The workflow could not be found."))?;
        let path = format!(
            "{}/triggers/{trigger}/paths/invoke",
            book.properties()["accessEndpoint"].as_str().unwrap_or_default()
        );
        let body = json!({
            "value": format!("{path}?api-version=2016-10-01&sp=%2Ftriggers%2F{trigger}%2Frun&sv=1.0&sig=demo"),
            "method": "POST",
            "basePath": path,
            "queries": { "api-version": "2016-10-01", "sp": format!("/triggers/{trigger}/run"), "sv": "1.0", "sig": "demo" },
        });
        Ok(Answer::json(200, body))
    }
}

/// Entities with how many there are of each kind.
fn entities(all: &[Json]) -> Json {
    let mut kinds: Vec<(String, usize)> = Vec::new();
    for one in all {
        let kind = one["kind"].as_str().unwrap_or_default();
        match kinds.iter_mut().find(|(known, _)| known == kind) {
            Some((_, count)) => *count += 1,
            None => kinds.push((kind.to_owned(), 1)),
        }
    }
    let counts = kinds.into_iter().map(|(kind, count)| json!({ "entityKind": kind, "count": count }));
    json!({ "entities": all, "metaData": counts.collect::<Vec<_>>() })
}
