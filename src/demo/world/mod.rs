//! The simulated workspaces while the demo runs.

pub(super) mod content;
pub(super) mod dataset;
pub(super) mod estate;

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use content::Content;
use dataset::{Dataset, Entity, Health, LibraryRule, RawIncident, RawWorkspace, RuleBody, Table, at};
use estate::Estate;

/// The customers and their workspaces.
///
/// Writes change this copy only; a new world is as the scenario says.
pub struct World {
    tenants: Vec<Tenant>,
    workspaces: Mutex<Vec<Workspace>>,
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
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
    pub(super) content: Content,
    pub(super) estate: Estate,
}

pub(super) struct Rule {
    /// Its name in the library, for the scenario's own references.
    pub(super) key: Option<String>,
    pub(super) enabled: bool,
    pub(super) modified: Timestamp,
    pub(super) options: RuleOptions,
    pub(super) body: RuleBody,
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

pub(super) struct Incident {
    pub(super) number: i32,
    pub(super) id: String,
    pub(super) title: String,
    pub(super) severity: String,
    pub(super) status: String,
    /// Library name of the rule; may be of none (made by Defender).
    pub(super) rule: String,
    pub(super) created: Timestamp,
    pub(super) closed: Option<Timestamp>,
    pub(super) owner: Option<String>,
    pub(super) alerts: u32,
    pub(super) entities: Vec<Entity>,
    pub(super) comments: Vec<Comment>,
    pub(super) labels: Vec<String>,
    pub(super) classification: Option<String>,
    pub(super) classification_reason: Option<String>,
    pub(super) classification_comment: Option<String>,
    pub(super) provider: Option<String>,
    /// When somebody changed it here.
    pub(super) changed: Option<Timestamp>,
}

#[derive(Clone)]
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
        let workspaces =
            data.workspaces.into_iter().map(|raw| Workspace::new(start, raw, &data.rule_library)).collect::<Vec<_>>();
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
        Self { tenants: tenants.collect(), workspaces: Mutex::new(workspaces), clock: Box::new(move || start) }
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
        let now = whole_second((self.clock)());
        // A panic elsewhere leaves whole entries behind: nothing is half written.
        let mut workspaces = self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        workspaces.iter_mut().find(|workspace| workspace.place == *place).map(|workspace| action(now, workspace))
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("tenants", &self.tenants.len()).finish_non_exhaustive()
    }
}

impl Workspace {
    fn new(start: Timestamp, raw: RawWorkspace, library: &[LibraryRule]) -> Self {
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
            body: deployed.body(library),
        });
        Self {
            rules: rules.collect(),
            incidents: raw.incidents.into_iter().map(|raw| Incident::new(start, raw)).collect(),
            tables: raw.tables,
            health: raw.rule_health,
            start,
            content: raw.content,
            estate: raw.estate,
            place: Place {
                alias: raw.alias,
                subscription: raw.subscription_id,
                resource_group: raw.resource_group_name,
                name: raw.workspace_name,
            },
        }
    }

    /// The rule that made the incident.
    pub(super) fn rule_of(&self, incident: &Incident) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.key.as_ref() == Some(&incident.rule))
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
    fn new(start: Timestamp, raw: RawIncident) -> Self {
        let comments = raw.comments.into_iter().enumerate().map(|(n, comment)| Comment {
            id: demo_id(&[&raw.id, &n.to_string()]),
            created: at(start, &comment.at),
            modified: at(start, &comment.at),
            author: comment.author,
            message: comment.message,
        });
        Self {
            comments: comments.collect(),
            number: raw.number,
            id: raw.id,
            title: raw.title,
            severity: raw.severity,
            status: raw.status,
            rule: raw.rule,
            created: at(start, &raw.created),
            closed: raw.closed.map(|offset| at(start, &offset)),
            owner: raw.owner,
            alerts: raw.alerts,
            entities: raw.entities,
            labels: raw.labels,
            classification: raw.classification,
            classification_reason: raw.classification_reason,
            classification_comment: raw.classification_comment,
            provider: raw.provider,
            changed: None,
        }
    }

    /// When anything in it last changed.
    pub(super) fn modified(&self) -> Timestamp {
        let comments = self.comments.iter().map(|comment| comment.modified);
        comments.chain(self.closed).chain(self.changed).fold(self.created, Timestamp::max)
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
