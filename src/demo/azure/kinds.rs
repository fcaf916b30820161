//! Every type of resource, with its versions.

use super::kind::{Deleted, Etag, Kind, PLAIN, Scope, Verb};
use super::page::UNPAGED;
use super::{content, feed, incident, rule, table, workbook};

const SENTINEL: &[&str] = &[
    "2021-09-01-preview",
    "2021-10-01",
    "2022-11-01",
    "2023-02-01",
    "2023-11-01",
    "2024-01-01-preview",
    "2024-03-01",
    "2024-09-01",
    "2025-03-01",
    "2025-06-01",
    "2025-09-01",
    "2025-10-01-preview",
    "2025-12-01",
];
const SENTINEL_PREVIEW: &[&str] = &["2021-09-01-preview", "2024-01-01-preview", "2025-10-01-preview"];
const WORKSPACES: &[&str] =
    &["2020-08-01", "2021-06-01", "2021-12-01-preview", "2022-10-01", "2023-09-01", "2025-02-01", "2025-07-01"];
const TABLES: &[&str] = &["2021-12-01-preview", "2022-10-01", "2023-09-01", "2025-02-01", "2025-07-01"];
const FEEDS: &[&str] = &["2021-04-01", "2021-09-01-preview", "2022-06-01", "2023-03-11", "2024-03-11"];
const WORKBOOKS: &[&str] = &["2021-08-01", "2022-04-01", "2023-06-01"];
const ROLES: &[&str] = &["2015-07-01", "2018-01-01-preview", "2022-04-01"];
const DELEGATION: &[&str] = &["2019-06-01", "2020-02-01-preview", "2022-10-01"];
const READ: &[Verb] = &[Verb::Get, Verb::List];
const ALL_AND_PATCH: &[Verb] = &[Verb::Get, Verb::List, Verb::Put, Verb::Patch, Verb::Delete];

/// A type of Sentinel's whose stale etags are refused.
const SECURITY: Kind =
    Kind { versions: SENTINEL, etag: Etag::Compared, deleted: Deleted::Braces, draft: content::security, ..PLAIN };

/// Every type.
pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "Microsoft.OperationalInsights/workspaces",
        scope: Scope::Group,
        versions: WORKSPACES,
        verbs: READ,
        etag: Etag::Told,
        ..PLAIN
    },
    Kind {
        name: "Microsoft.OperationalInsights/workspaces/tables",
        versions: TABLES,
        verbs: ALL_AND_PATCH,
        // *Spec* its list is not paged.
        page: UNPAGED,
        draft: table::draft,
        patch: table::patch,
        missing: table::missing,
        deleted: Deleted::Later(""),
        may_go: table::may_go,
        takes_time: table::takes_time,
        ..PLAIN
    },
    Kind {
        name: "Microsoft.OperationalInsights/workspaces/savedSearches",
        versions: WORKSPACES,
        page: UNPAGED,
        etag: Etag::Compared,
        draft: content::saved_search,
        created: 200,
        ..PLAIN
    },
    Kind {
        name: "Microsoft.OperationalInsights/workspaces/dataExports",
        versions: WORKSPACES,
        etag: Etag::Told,
        ..PLAIN
    },
    Kind {
        name: "Microsoft.OperationalInsights/workspaces/dataSources",
        versions: WORKSPACES,
        etag: Etag::Told,
        ..PLAIN
    },
    Kind { name: "Microsoft.OperationalInsights/workspaces/linkedServices", versions: WORKSPACES, ..PLAIN },
    Kind {
        name: "Microsoft.OperationalInsights/queryPacks",
        created: 200,
        scope: Scope::Group,
        versions: &["2019-09-01", "2023-09-01", "2025-07-01"],
        verbs: ALL_AND_PATCH,
        ..PLAIN
    },
    Kind {
        name: "Microsoft.OperationalInsights/queryPacks/queries",
        created: 200,
        versions: &["2019-09-01", "2023-09-01", "2025-07-01"],
        verbs: ALL_AND_PATCH,
        ..PLAIN
    },
    Kind { name: "Microsoft.SecurityInsights/onboardingStates", ..SECURITY },
    Kind { name: "Microsoft.SecurityInsights/alertRules", draft: rule::draft, shown: rule::shown, ..SECURITY },
    Kind { name: "Microsoft.SecurityInsights/alertRules/actions", draft: content::action, ..SECURITY },
    Kind { name: "Microsoft.SecurityInsights/alertRuleTemplates", verbs: READ, shown: rule::shown, ..SECURITY },
    Kind { name: "Microsoft.SecurityInsights/automationRules", draft: content::automation_rule, ..SECURITY },
    Kind { name: "Microsoft.SecurityInsights/bookmarks", draft: content::bookmark, ..SECURITY },
    Kind { name: "Microsoft.SecurityInsights/bookmarks/relations", draft: content::relation, ..SECURITY },
    Kind { name: "Microsoft.SecurityInsights/contentPackages", ..SECURITY },
    Kind { name: "Microsoft.SecurityInsights/contentProductPackages", verbs: READ, ..SECURITY },
    Kind { name: "Microsoft.SecurityInsights/contentProductTemplates", verbs: READ, ..SECURITY },
    Kind { name: "Microsoft.SecurityInsights/contentTemplates", ..SECURITY },
    Kind {
        name: "Microsoft.SecurityInsights/dataConnectors",
        draft: content::connector,
        shown: content::connector_shown,
        ..SECURITY
    },
    Kind { name: "Microsoft.SecurityInsights/dataConnectorDefinitions", ..SECURITY },
    Kind { name: "Microsoft.SecurityInsights/hunts", versions: SENTINEL_PREVIEW, ..SECURITY },
    Kind { name: "Microsoft.SecurityInsights/hunts/comments", versions: SENTINEL_PREVIEW, ..SECURITY },
    Kind {
        name: "Microsoft.SecurityInsights/hunts/relations",
        versions: SENTINEL_PREVIEW,
        draft: content::relation,
        ..SECURITY
    },
    Kind {
        name: "Microsoft.SecurityInsights/Incidents",
        // *Spec* `$top` is 1000 at most, 50 unless it says otherwise.
        page: 50,
        etag: Etag::Demanded,
        draft: incident::draft,
        settle: incident::settle,
        ..SECURITY
    },
    Kind {
        name: "Microsoft.SecurityInsights/Incidents/Comments",
        draft: incident::comment,
        settle: incident::settle_comments,
        ..SECURITY
    },
    Kind { name: "Microsoft.SecurityInsights/Incidents/relations", draft: content::relation, ..SECURITY },
    Kind { name: "Microsoft.SecurityInsights/Incidents/tasks", draft: content::task, ..SECURITY },
    Kind { name: "Microsoft.SecurityInsights/metadata", verbs: ALL_AND_PATCH, ..SECURITY },
    Kind { name: "Microsoft.SecurityInsights/securityMLAnalyticsSettings", ..SECURITY },
    Kind { name: "Microsoft.SecurityInsights/settings", created: 200, versions: SENTINEL_PREVIEW, ..SECURITY },
    Kind { name: "Microsoft.SecurityInsights/sourcecontrols", verbs: READ, ..SECURITY },
    Kind {
        name: "Microsoft.SecurityInsights/Watchlists",
        draft: content::watchlist,
        settle: content::settle_items,
        deleted: Deleted::Later("2025"),
        ..SECURITY
    },
    Kind {
        name: "Microsoft.SecurityInsights/Watchlists/WatchlistItems",
        draft: content::watchlist_item,
        settle: content::settle_watchlist,
        ..SECURITY
    },
    Kind {
        name: "Microsoft.Insights/dataCollectionRules",
        scope: Scope::Group,
        versions: FEEDS,
        verbs: ALL_AND_PATCH,
        etag: Etag::Told,
        draft: feed::rule,
        patch: feed::patch,
        shown: feed::shown,
        may_go: feed::may_go,
        settle: feed::settle,
        ..PLAIN
    },
    Kind {
        name: "Microsoft.Insights/dataCollectionEndpoints",
        scope: Scope::Group,
        versions: FEEDS,
        verbs: ALL_AND_PATCH,
        etag: Etag::Told,
        draft: feed::endpoint,
        patch: feed::patch,
        shown: feed::shown,
        ..PLAIN
    },
    Kind {
        name: "Microsoft.Insights/dataCollectionRuleAssociations",
        versions: FEEDS,
        etag: Etag::Told,
        draft: feed::association,
        ..PLAIN
    },
    Kind {
        name: "Microsoft.Insights/diagnosticSettings",
        versions: &["2017-05-01-preview", "2021-05-01-preview"],
        created: 200,
        ..PLAIN
    },
    Kind {
        name: "Microsoft.Insights/workbooks",
        scope: Scope::Group,
        versions: WORKBOOKS,
        verbs: ALL_AND_PATCH,
        etag: Etag::Told,
        draft: workbook::draft,
        patch: workbook::patch,
        shown: workbook::shown,
        ..PLAIN
    },
    Kind {
        name: "Microsoft.Logic/workflows",
        scope: Scope::Group,
        versions: &["2016-06-01", "2019-05-01"],
        verbs: READ,
        ..PLAIN
    },
    Kind { name: "Microsoft.Logic/workflows/runs", versions: &["2016-06-01", "2019-05-01"], verbs: READ, ..PLAIN },
    Kind { name: "Microsoft.Authorization/roleAssignments", versions: ROLES, draft: content::role_assignment, ..PLAIN },
    Kind { name: "Microsoft.Authorization/roleDefinitions", versions: ROLES, verbs: READ, ..PLAIN },
    Kind { name: "Microsoft.ManagedServices/registrationDefinitions", versions: DELEGATION, verbs: READ, ..PLAIN },
    Kind { name: "Microsoft.ManagedServices/registrationAssignments", versions: DELEGATION, verbs: READ, ..PLAIN },
];
