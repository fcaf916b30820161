//! The simulated workspaces while the demo runs.

pub(super) mod arm;
pub(super) mod check;
pub(super) mod content;
pub(super) mod dataset;
pub(super) mod document;
pub(super) mod estate;

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use arm::Reading;
use content::{Content, RawContent};
use dataset::{Dataset, Entity, Health, LibraryRule, RawIncident, RawWorkspace, RuleBody, Table, at};
use document::Documents;
use estate::{Estate, RawEstate};

/// The customers and their workspaces.
///
/// Writes change this copy only; a new world is as the scenario says.
pub struct World {
    tenants: Vec<Tenant>,
    state: Mutex<State>,
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
}

/// What writes change: the documents are the truth, a workspace is read from
/// them for each call. What has no document (how much a table takes a day) is
/// kept in the workspace alone.
pub(super) struct State {
    pub(super) documents: Documents,
    pub(super) workspaces: Vec<Workspace>,
    /// Rows that were sent to data collection rules.
    pub(super) sent: Vec<Sent>,
}

/// Rows that a data collection rule took.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sent {
    /// Id of the workspace, in small letters.
    pub(super) workspace: String,
    pub(super) table: String,
    /// KQL that makes rows of the table of them.
    pub(super) transform: String,
    /// When they came.
    pub(super) time: Timestamp,
    pub(super) rows: Vec<Map<String, Json>>,
}

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Short name, as calls use it.
    pub alias: String,
    /// Name for people.
    pub display_name: String,
    /// Azure tenant id.
    pub tenant_id: String,
    /// `de` or `en`.
    pub language: String,
    /// Name of its jump host.
    pub host: String,
    /// PowerShell that the host says it has, `5.1` or `7.4`.
    pub ps_version: String,
    /// Its workspaces.
    pub workspaces: Vec<Place>,
}

/// Which workspace, as calls and as Azure name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Short name, as calls use it.
    pub alias: String,
    /// Subscription id.
    pub subscription: String,
    /// Resource group.
    pub resource_group: String,
    /// Log Analytics workspace name.
    pub name: String,
}

/// A workspace and what is in it.
pub(super) struct Workspace {
    pub(super) place: Place,
    pub(super) rules: Vec<Rule>,
    pub(super) incidents: Vec<Incident>,
    pub(super) tables: Vec<Table>,
    pub(super) health: Vec<Health>,
    /// The host's start, which the scenario's offsets count from.
    pub(super) start: Timestamp,
    /// The id by which queries name it.
    pub(super) customer_id: String,
    /// What the scenario knows of the rules that it brought, beyond their
    /// documents.
    pub(super) library: Vec<Managed>,
    /// How much its tables take.
    pub(super) volumes: Vec<Volume>,
    /// What was read last.
    reading: Reading,
    pub(super) content: Content,
    pub(super) estate: Estate,
}

/// How much a table takes, as the rows of `Usage` say it.
pub(super) struct Volume {
    pub(super) table: String,
    pub(super) gb_per_day: f64,
    /// Offset of its newest row from the host's start.
    pub(super) last: String,
}

/// A rule of the scenario.
pub(super) struct Managed {
    pub(super) rule_id: String,
    /// Its name in the library.
    pub(super) key: Option<String>,
    /// Tables that its query reads.
    pub(super) required_tables: Vec<String>,
}

#[derive(Clone, PartialEq)]
pub(super) struct Rule {
    /// Its name in the library, for the scenario's own references.
    pub(super) key: Option<String>,
    pub(super) enabled: bool,
    pub(super) modified: Timestamp,
    pub(super) options: RuleOptions,
    pub(super) body: RuleBody,
    /// The document that it was read from; empty for a new one.
    pub(super) source: Map<String, Json>,
}

/// What a rule does with its alerts. The scenario says nothing of it; the
/// defaults are Sentinel's own.
#[derive(Clone, PartialEq)]
pub(super) struct RuleOptions {
    pub(super) suppression_enabled: bool,
    /// ISO 8601.
    pub(super) suppression_duration: String,
    pub(super) create_incident: bool,
    /// As given. Chosen where it is not: alerts of rules that map entities are
    /// grouped by them.
    pub(super) grouping: Option<Json>,
    pub(super) alert_details_override: Option<Json>,
    pub(super) event_grouping: Option<String>,
}

#[derive(Clone, PartialEq)]
pub(super) struct Incident {
    pub(super) number: i32,
    pub(super) id: String,
    pub(super) title: String,
    pub(super) description: Option<String>,
    pub(super) severity: String,
    pub(super) status: String,
    /// Names of the rules that made it; none, when Defender did.
    pub(super) rules: Vec<String>,
    pub(super) created: Timestamp,
    pub(super) first_activity: Timestamp,
    pub(super) owner: Option<String>,
    pub(super) alert_count: u32,
    /// Whose alerts they are.
    pub(super) products: Vec<String>,
    pub(super) tactics: Vec<String>,
    pub(super) alerts: Vec<Alert>,
    pub(super) entities: Vec<Entity>,
    pub(super) comments: Vec<Comment>,
    pub(super) labels: Vec<String>,
    pub(super) classification: Option<String>,
    pub(super) classification_reason: Option<String>,
    pub(super) classification_comment: Option<String>,
    pub(super) provider: String,
    /// When somebody changed it last, its comments apart.
    pub(super) changed: Timestamp,
    pub(super) url: String,
    /// The document that it was read from; empty for a new one.
    pub(super) source: Map<String, Json>,
}

/// What raised an incident.
#[derive(Clone, PartialEq)]
pub(super) struct Alert {
    pub(super) name: String,
    pub(super) severity: String,
    pub(super) product: String,
    pub(super) time: Timestamp,
    pub(super) status: String,
}

#[derive(Clone, PartialEq)]
pub(super) struct Comment {
    pub(super) id: String,
    pub(super) created: Timestamp,
    pub(super) modified: Timestamp,
    pub(super) author: String,
    pub(super) message: String,
}

impl World {
    /// The scenario as seen at `start`. Its clock stands still: what is
    /// written gets the time `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        // Whole seconds, as in the scenario.
        let start = whole_second(start);
        let data = Dataset::embedded();
        let mut documents = Documents::default();
        let mut workspaces = Vec::new();
        for raw in data.workspaces {
            let tenant = data.tenants.iter().find(|tenant| tenant.workspaces.contains(&raw.alias));
            let tenant = tenant.map(|tenant| tenant.tenant_id.clone()).unwrap_or_default();
            arm::subscription(&mut documents, &tenant, &raw);
            arm::found(&mut documents, start, &raw);
            let (mut workspace, content, estate) = Workspace::new(start, raw, &data.rule_library);
            arm::furnish(&mut workspace, &tenant, &content, estate, &mut documents);
            workspaces.push(workspace);
        }
        let tenants = data.tenants.into_iter().map(|raw| Tenant {
            alias: raw.alias,
            display_name: raw.display_name,
            tenant_id: raw.tenant_id,
            language: raw.language,
            host: raw.jump_host.name,
            ps_version: raw.jump_host.ps_version,
            workspaces: workspaces
                .iter()
                .map(|workspace| &workspace.place)
                .filter(|place| raw.workspaces.contains(&place.alias))
                .cloned()
                .collect(),
        });
        let tenants = tenants.collect();
        Self {
            tenants,
            state: Mutex::new(State { documents, workspaces, sent: Vec::new() }),
            clock: Box::new(move || start),
        }
    }

    /// The same with a clock that tells the time of filters and writes.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// The customers, in the scenario's order.
    #[must_use]
    pub fn tenants(&self) -> &[Tenant] {
        &self.tenants
    }

    /// The customer of that alias.
    #[must_use]
    pub fn tenant(&self, alias: &str) -> Option<&Tenant> {
        self.tenants.iter().find(|tenant| tenant.alias == alias)
    }

    /// Runs `action` on a workspace of that tenant. `None` when the tenant has
    /// none of that subscription, resource group and name, compared without
    /// case as Azure does.
    pub(super) fn on<T>(
        &self,
        tenant: &str,
        (subscription, resource_group, name): (&str, &str, &str),
        action: impl FnOnce(Timestamp, &mut Workspace) -> T,
    ) -> Option<T> {
        let is_meant = |place: &Place| {
            place.subscription.eq_ignore_ascii_case(subscription)
                && place.resource_group.eq_ignore_ascii_case(resource_group)
                && place.name.eq_ignore_ascii_case(name)
        };
        let place = self.tenant(tenant)?.workspaces.iter().find(|place| is_meant(place))?;
        let now = self.now();
        // A panic elsewhere leaves whole documents behind: nothing is half written.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { documents, workspaces, .. } = &mut *state;
        let workspace = workspaces.iter_mut().find(|workspace| workspace.place == *place)?;
        workspace.read(documents);
        let done = action(now, workspace);
        workspace.write(documents);
        Some(done)
    }

    /// Runs `action` on all that writes change.
    pub(super) fn with_state<T>(&self, action: impl FnOnce(Timestamp, &mut State) -> T) -> T {
        let now = self.now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        action(now, &mut state)
    }

    /// The document of that id, as Azure shows it.
    #[must_use]
    pub fn document(&self, id: &str) -> Option<Json> {
        self.with_state(|_, state| state.documents.get(id).map(|found| found.json.clone().into()))
    }

    /// Puts a document in the place of that id, whatever it says: both faces
    /// answer from it. What is no object is none.
    pub fn put_document(&self, id: &str, document: Json) {
        if let Json::Object(document) = document {
            self.with_state(|_, state| {
                state.documents.put(id, document);
            });
        }
    }

    /// The time by its clock, in whole seconds.
    pub(super) fn now(&self) -> Timestamp {
        whole_second((self.clock)())
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("tenants", &self.tenants.len()).finish_non_exhaustive()
    }
}

impl Workspace {
    fn new(start: Timestamp, raw: RawWorkspace, library: &[LibraryRule]) -> (Self, RawContent, RawEstate) {
        let rules = raw.rules.iter().enumerate().map(|(n, deployed)| Rule {
            key: deployed.key.clone(),
            enabled: deployed.enabled,
            // The scenario says it for rules that somebody changed. Chosen: the
            // others were deployed one after the other, four months ago.
            modified: match &deployed.modified {
                Some(offset) => at(start, offset),
                None => later(at(start, "-120d"), i64::try_from(n).unwrap_or_default() * 60),
            },
            options: RuleOptions::default(),
            source: Map::new(),
            body: deployed.body(library),
        });
        let rules: Vec<Rule> = rules.collect();
        let managed = |rule: &Rule| Managed {
            rule_id: rule.body.rule_id.clone(),
            key: rule.key.clone(),
            required_tables: rule.body.required_tables.clone(),
        };
        let volume = |table: &Table| Volume {
            table: table.name.clone(),
            gb_per_day: table.gb_per_day,
            last: table.last.clone(),
        };
        let mut workspace = Self {
            reading: Reading::default(),
            volumes: raw.tables.iter().map(volume).collect(),
            library: rules.iter().map(managed).collect(),
            rules,
            incidents: Vec::new(),
            tables: raw.tables,
            health: raw.rule_health,
            start,
            customer_id: raw.workspace_id,
            content: Content::default(),
            estate: Estate {
                retention_in_days: raw.estate.retention_in_days,
                location: raw.estate.location.clone(),
                ..Estate::default()
            },
            place: Place {
                alias: raw.alias,
                subscription: raw.subscription_id,
                resource_group: raw.resource_group_name,
                name: raw.workspace_name,
            },
        };
        let incidents = raw.incidents.into_iter().map(|raw| Incident::new(&workspace, raw));
        workspace.incidents = incidents.collect();
        (workspace, raw.content, raw.estate)
    }

    pub(super) fn has_table(&self, name: &str) -> bool {
        self.tables.iter().any(|table| table.name == name)
    }

    /// ARM id of something of Sentinel's in this workspace.
    pub(super) fn arm_id(&self, kind: &str, name: &str) -> String {
        self.part_id(&format!("providers/Microsoft.SecurityInsights/{kind}/{name}"))
    }

    /// ARM id of a part of this workspace.
    pub(super) fn part_id(&self, part: &str) -> String {
        format!("{}/{part}", self.id())
    }

    /// ARM id of this workspace.
    pub(super) fn id(&self) -> String {
        self.resource_id("Microsoft.OperationalInsights/workspaces", &self.place.name)
    }

    /// ARM id of something in the workspace's resource group.
    pub(super) fn resource_id(&self, kind: &str, name: &str) -> String {
        let Place { subscription, resource_group, .. } = &self.place;
        format!("/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/{kind}/{name}")
    }

    /// The table of that name, without case.
    pub(super) fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name.eq_ignore_ascii_case(name))
    }
}

impl Default for RuleOptions {
    fn default() -> Self {
        Self {
            suppression_enabled: false,
            suppression_duration: "PT5H".to_owned(),
            create_incident: true,
            grouping: None,
            alert_details_override: None,
            event_grouping: None,
        }
    }
}

impl Incident {
    fn new(workspace: &Workspace, raw: RawIncident) -> Self {
        let start = workspace.start;
        let comments = raw.comments.into_iter().enumerate().map(|(n, comment)| Comment {
            id: demo_id(&[&raw.id, &n.to_string()]),
            created: at(start, &comment.at),
            modified: at(start, &comment.at),
            author: comment.author,
            message: comment.message,
        });
        let rule = workspace.rules.iter().find(|rule| rule.key.as_ref() == Some(&raw.rule));
        // Without a rule it is of the product that made it.
        let provider = raw.provider.unwrap_or_else(|| "Azure Sentinel".to_owned());
        let product = match rule {
            Some(rule) => rule.body.product_filter.clone().unwrap_or_else(|| "Azure Sentinel".to_owned()),
            None => provider.clone(),
        };
        let created = at(start, &raw.created);
        let mut incident = Self {
            comments: comments.collect(),
            number: raw.number,
            url: format!("https://portal.leuchtturm.example{}", workspace.arm_id("incidents", &raw.id)),
            id: raw.id,
            description: rule.map(|rule| rule.body.description.clone()).filter(|text| !text.is_empty()),
            severity: raw.severity,
            status: raw.status,
            rules: rule.map(|rule| rule.body.rule_id.clone()).into_iter().collect(),
            created,
            first_activity: created,
            owner: raw.owner,
            alert_count: 0,
            products: vec![product],
            tactics: rule.map(|rule| rule.body.tactics.clone()).unwrap_or_default(),
            alerts: Vec::new(),
            entities: raw.entities,
            labels: raw.labels,
            classification: raw.classification,
            classification_reason: raw.classification_reason,
            classification_comment: raw.classification_comment,
            provider,
            changed: raw.closed.map_or(created, |offset| at(start, &offset)),
            title: raw.title,
            source: Map::new(),
        };
        let name = rule.map_or(&incident.title, |rule| &rule.body.display_name).clone();
        incident.raise(&name, raw.alerts);
        incident
    }

    /// When anything in it last changed.
    pub(super) fn modified(&self) -> Timestamp {
        self.comments.iter().map(|comment| comment.modified).fold(self.changed, Timestamp::max)
    }
}

/// `time` and so many seconds.
pub(super) fn later(time: Timestamp, seconds: i64) -> Timestamp {
    time.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(time)
}

/// A GUID in the scenario's form, always the same for the same seed.
pub(super) fn demo_id(seed: &[&str]) -> String {
    let digits = digest(seed);
    let (head, rest) = digits.split_at(8);
    format!("{head}-0d3a-4000-8000-{}", rest.get(..12).unwrap_or_default())
}

/// An entity tag of something whose content is `parts`.
pub(super) fn etag(parts: &[&str]) -> String {
    format!("\"{}\"", demo_id(parts))
}

/// SHA-256 in lower-case hex of texts one after the other, each with its end.
pub(super) fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
        hash.update([0]);
    }
    hex(&hash.finalize())
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

fn whole_second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}
