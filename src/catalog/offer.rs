//! Which tools this release has, and which of them a policy lets through.

use super::{Annotations, Entry, all};
use crate::tenant::{Effect, Policy, ToolSet};

/// The functions that are offered, with what a client reads about them. The
/// first sentence of a description says when to use the tool: clients search
/// by it.
const OFFERED: [(&str, &str, &str); 39] = [
    (
        "Add-DCRDataSource",
        "Add a source to a DCR",
        "Use to add a data source with its flow to an existing data collection rule.",
    ),
    (
        "Add-IncidentComment",
        "Add a comment to an incident",
        "Use to write a comment on an incident. Give IncidentNumber or IncidentId. It cannot be taken back, and the author shown is the jump host's identity.",
    ),
    (
        "Assign-IncidentOwner",
        "Assign an incident",
        "Use to give an incident to an analyst or to take it away. Give IncidentNumber or IncidentId, and OwnerUpn, OwnerObjectId or Unassign.",
    ),
    (
        "Close-SentinelIncident",
        "Close an incident",
        "Use to close an incident with a classification. Give IncidentNumber or IncidentId. ClassificationReason must fit: TruePositive takes SuspiciousActivity, BenignPositive SuspiciousButExpected, FalsePositive IncorrectAlertLogic or InaccurateData, Undetermined none.",
    ),
    (
        "Disable-AnalyticsRule",
        "Switch a rule off",
        "Use to switch an analytics rule off; it then detects nothing. Give RuleId or RuleName.",
    ),
    ("Enable-AnalyticsRule", "Switch a rule on", "Use to switch an analytics rule on. Give RuleId or RuleName."),
    (
        "Export-AnalyticsRules",
        "Export analytics rules",
        "Use to export all or selected analytics rules of one workspace with their content.",
    ),
    (
        "Export-AutomationRules",
        "Export automation rules",
        "Use to export the automation rules of one workspace with conditions and actions.",
    ),
    (
        "Export-Functions",
        "Export KQL functions",
        "Use to export the saved KQL functions of one workspace, parsers among them.",
    ),
    ("Export-SavedQueries", "Export saved queries", "Use to export the saved and hunting queries of one workspace."),
    (
        "Export-SentinelWorkbook",
        "Export a workbook",
        "Use to export one workbook as gallery JSON or ARM template. Give WorkbookId or DisplayName.",
    ),
    (
        "Export-TableData",
        "Export rows of a table",
        "Use to export the rows of a table between two times to a file on the jump host; the answer says what was written. It may take minutes. Raw logs are personal data: name the Columns that are needed.",
    ),
    (
        "Export-Watchlists",
        "Export watchlists",
        "Use to export all or selected watchlists of one workspace with their items.",
    ),
    (
        "Get-AnalyticsRuleDetails",
        "Read one analytics rule",
        "Use to read one analytics rule in full: KQL, schedule, entity mappings, grouping. Give RuleId or RuleName.",
    ),
    (
        "Get-AnalyticsRules",
        "List a workspace's analytics rules",
        "Use to list the analytics rules of one workspace with state, severity, schedule and MITRE mapping. For several workspaces use sentinel_list_analytics_rules.",
    ),
    (
        "Get-DataCollectionEndpoints",
        "List data collection endpoints",
        "Use to list the data collection endpoints (DCE) of one workspace.",
    ),
    (
        "Get-DataCollectionRules",
        "List data collection rules",
        "Use to list the data collection rules (DCR) that feed one workspace.",
    ),
    (
        "Get-IncidentComments",
        "List an incident's comments",
        "Use to read the comments of one incident. Give IncidentNumber or IncidentId.",
    ),
    (
        "Get-SentinelIncidents",
        "List incidents",
        "Use to find incidents of one workspace by status, severity, age, owner, title or rule.",
    ),
    (
        "Get-SentinelTables",
        "List tables",
        "Use to list the tables of one workspace with plan, retention and, on request, schema and volume.",
    ),
    ("Get-SentinelWorkbooks", "List workbooks", "Use to list the saved workbooks of one workspace."),
    (
        "Get-WorkbookDetails",
        "Read one workbook",
        "Use to see the parameters, queries and tables of one workbook. Give WorkbookId or DisplayName.",
    ),
    (
        "Import-SentinelWorkbook",
        "Import a workbook",
        "Use to create a workbook from exported JSON (Content), or with Overwrite to replace one.",
    ),
    (
        "New-AnalyticsRule",
        "Create a rule",
        "Use to create a scheduled, NRT or Microsoft-incident analytics rule. It is off unless Enabled is true. InputObject takes a whole rule as exported.",
    ),
    (
        "New-DCRForTable",
        "Create a DCR for a table",
        "Use to create a data collection rule that takes rows for an existing table over the Logs Ingestion API.",
    ),
    (
        "New-SentinelTable",
        "Create a custom table",
        "Use to create a custom log table of one workspace, from a schema template (Schema) or from Columns. The name ends in _CL.",
    ),
    ("New-StandaloneDCE", "Create a DCE", "Use to create a data collection endpoint."),
    (
        "New-StandaloneDCR",
        "Create a DCR",
        "Use to create a data collection rule for agents, such as Syslog or Windows events.",
    ),
    (
        "Remove-AnalyticsRule",
        "Delete a rule",
        "Use to delete an analytics rule. Give RuleId or RuleName. The answer holds the whole rule, to make it again.",
    ),
    ("Remove-DataCollectionEndpoint", "Delete a DCE", "Use to delete a data collection endpoint."),
    (
        "Remove-DataCollectionRule",
        "Delete a DCR",
        "Use to delete a data collection rule; what it collected stops coming.",
    ),
    (
        "Remove-SentinelTable",
        "Delete a table",
        "Use to delete a custom, search-result or restored table with all its data. It cannot be taken back.",
    ),
    (
        "Remove-SentinelWorkbook",
        "Delete a workbook",
        "Use to delete a saved workbook. Give WorkbookId or DisplayName. Export it first to keep it.",
    ),
    (
        "Show-IncidentDetails",
        "Read one incident",
        "Use to read one incident with its alerts, entities and comments. Give IncidentNumber or IncidentId.",
    ),
    (
        "Test-DCRIngestion",
        "Test ingestion",
        "Use to send marked test rows through a data collection rule and see whether they arrive. The rows stay in the table.",
    ),
    (
        "Update-DCRTransformation",
        "Change a DCR's transformation",
        "Use to replace the KQL by which a data collection rule filters and shapes rows before they are stored. What it drops is lost.",
    ),
    (
        "Update-TablePlan",
        "Change a table's plan",
        "Use to move a table between the plans Analytics, Basic and Auxiliary. Rules cannot query a table that leaves Analytics.",
    ),
    (
        "Update-TableRetention",
        "Change a table's retention",
        "Use to set how long a table is kept, interactive (RetentionInDays) and in total. Less total retention deletes data.",
    ),
    (
        "View-TableRetention",
        "Read retention",
        "Use to see how long each table of one workspace is kept, against the workspace's default.",
    ),
];

/// A question over many workspaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fleet {
    /// `sentinel_list_analytics_rules`
    ListAnalyticsRules,
}

impl Fleet {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::ListAnalyticsRules];

    /// Name of the tool.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ListAnalyticsRules => "sentinel_list_analytics_rules",
        }
    }

    /// The function it asks each workspace for.
    #[must_use]
    pub fn function(self) -> &'static str {
        match self {
            Self::ListAnalyticsRules => "Get-AnalyticsRules",
        }
    }
}

/// One tool.
#[derive(Clone, Copy, Debug)]
pub enum Tool {
    /// A function on one workspace.
    Function(&'static Entry),
    /// A question over many workspaces.
    Fleet(Fleet),
}

impl Tool {
    /// Name that clients call it by.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Function(entry) => &entry.tool,
            Self::Fleet(fleet) => fleet.name(),
        }
    }

    /// The tool set it belongs to.
    #[must_use]
    pub fn set(&self) -> ToolSet {
        match self {
            Self::Function(entry) => entry.category,
            Self::Fleet(_) => ToolSet::Fleet,
        }
    }

    /// Reads or writes.
    #[must_use]
    pub fn effect(&self) -> Effect {
        match self {
            Self::Function(entry) => entry.effect(),
            Self::Fleet(_) => Effect::Read,
        }
    }

    /// Whether clients are shown it.
    #[must_use]
    pub fn is_offered(&self) -> bool {
        match self {
            Self::Function(entry) => offered(entry).is_some(),
            Self::Fleet(_) => true,
        }
    }

    /// A short name for people.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self {
            Self::Function(entry) => offered(entry).map_or(&entry.function, |(_, title, _)| title),
            Self::Fleet(Fleet::ListAnalyticsRules) => "List analytics rules of all customers",
        }
    }

    /// When to use it, and what else a model must know.
    #[must_use]
    pub fn description(&self) -> &'static str {
        match self {
            Self::Function(entry) => offered(entry).map_or(&entry.purpose, |(_, _, description)| description),
            Self::Fleet(Fleet::ListAnalyticsRules) => {
                "Use to list or compare analytics rules across customers: without filters, of every tenant and workspace. Each row says whose it is; a host that cannot be reached costs its own rows and is named."
            }
        }
    }

    /// Hints for clients.
    #[must_use]
    pub fn annotations(&self) -> Annotations {
        match self {
            Self::Function(entry) => Annotations { destructive_hint: entry.may_destroy(), ..entry.annotations },
            Self::Fleet(_) => Annotations {
                read_only_hint: true,
                destructive_hint: false,
                idempotent_hint: true,
                open_world_hint: false,
            },
        }
    }
}

fn offered(entry: &Entry) -> Option<&'static (&'static str, &'static str, &'static str)> {
    OFFERED.iter().find(|(function, _, _)| *function == entry.function)
}

/// Every tool that is known, offered or not, by name.
pub fn tools() -> Vec<Tool> {
    let mut tools: Vec<Tool> = all().iter().map(Tool::Function).chain(Fleet::ALL.map(Tool::Fleet)).collect();
    tools.sort_by_key(Tool::name);
    tools
}

/// The tools that clients are shown under a policy, by name.
pub fn visible(policy: &Policy) -> Vec<Tool> {
    let mut tools = tools();
    tools.retain(|tool| tool.is_offered() && policy.allows(tool.set(), tool.effect()));
    tools
}

/// The tool of that exact name, or of the function of that name (without
/// case, as PowerShell has it).
pub fn find(name: &str) -> Option<Tool> {
    tools().into_iter().find(|tool| {
        tool.name() == name || matches!(tool, Tool::Function(entry) if entry.function.eq_ignore_ascii_case(name))
    })
}
