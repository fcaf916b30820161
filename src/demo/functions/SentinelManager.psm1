# SentinelManager of the demo host: what its functions look like from outside.
# Made from the catalogue by a test; change that, then run the test with UPDATE=1.
#
# The demo's engine has no PowerShell. It knows this file by its bytes and
# answers the functions itself, from the demo's data; the probe and the
# load report of a real engine over this file are what it repeats.
#
# Contract style: a function is told its workspace by parameters.

function New-SentinelTable {
    <#
    .SYNOPSIS
    Create a custom (DCR-based) log table from a schema template or explicit columns.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER TableName
    Must end in _CL, 4-63 characters.
    .PARAMETER Schema
    Schema template.
    .PARAMETER Columns
    [{name,type,description}], type one of string,int,long,real,boolean,dateTime,guid,dynamic; TimeGenerated is added when missing. At most 500.
    .PARAMETER Plan
    Table plan.
    .PARAMETER RetentionInDays
    4-730, or -1 = workspace default. Read-only for Basic/Auxiliary.
    .PARAMETER TotalRetentionInDays
    4-4383, or -1 = same as interactive.
    .PARAMETER Description
    What the table is for.
    .PARAMETER Force
    Suppress the script's own prompt.
    #>
    [CmdletBinding(DefaultParameterSetName = 'ByTemplate', SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true)][Alias('Name')][ValidatePattern('^[A-Za-z][A-Za-z0-9_]{0,59}_CL$')][string]$TableName,
        [Parameter(Mandatory = $true, ParameterSetName = 'ByTemplate')][Alias('SchemaTemplate')][ValidateSet('Syslog', 'CommonSecurityLog', 'SecurityEvent', 'DNSActivityLogs', 'WebActivityLogs', 'AuthenticationLogs', 'ProcessEvents')][string]$Schema,
        [Parameter(Mandatory = $true, ParameterSetName = 'ByColumns')][hashtable[]]$Columns,
        [ValidateSet('Analytics', 'Basic', 'Auxiliary')][string]$Plan = 'Analytics',
        [ValidateRange(-1, 730)][int]$RetentionInDays = -1,
        [ValidateRange(-1, 4383)][int]$TotalRetentionInDays = -1,
        [ValidateLength(0, 256)][string]$Description,
        [switch]$Force
    )
    throw 'answered by the demo host itself'
}

function Get-SentinelTables {
    <#
    .SYNOPSIS
    List the workspace's tables with plan and retention.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER NameFilter
    Wildcard on the name: *Sign* finds it anywhere.
    .PARAMETER TableType
    Only tables of this type.
    .PARAMETER Plan
    Only this plan.
    .PARAMETER IncludeSchema
    Add columns (large).
    .PARAMETER IncludeUsage
    Add billable GB and last record from the Usage table.
    .PARAMETER UsageDays
    Window for IncludeUsage.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Alias('TableNameFilter', 'Filter')][string]$NameFilter = '*',
        [ValidateSet('All', 'Custom', 'Microsoft', 'SearchResults', 'RestoredLogs')][string]$TableType = 'All',
        [ValidateSet('Analytics', 'Basic', 'Auxiliary')][string]$Plan,
        [switch]$IncludeSchema,
        [switch]$IncludeUsage,
        [ValidateRange(1, 90)][int]$UsageDays = 7
    )
    throw 'answered by the demo host itself'
}

function Remove-SentinelTable {
    <#
    .SYNOPSIS
    Delete a custom, search-result or restored table.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER TableName
    Microsoft tables cannot be deleted.
    .PARAMETER SkipDependencyCheck
    Delete even if rules, functions, workbooks or DCR flows name the table.
    .PARAMETER Force
    Suppress the script's own prompt.
    #>
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true)][ValidatePattern('^[A-Za-z][A-Za-z0-9_]*_(CL|SRCH|RST)$')][string]$TableName,
        [switch]$SkipDependencyCheck,
        [switch]$Force
    )
    throw 'answered by the demo host itself'
}

function Update-TablePlan {
    <#
    .SYNOPSIS
    Change a table's plan (Analytics, Basic, Auxiliary).
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER TableName
    Table.
    .PARAMETER Plan
    Target plan.
    .PARAMETER Force
    Suppress the script's own prompt.
    #>
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true)][string]$TableName,
        [Parameter(Mandatory = $true)][ValidateSet('Analytics', 'Basic', 'Auxiliary')][string]$Plan,
        [switch]$Force
    )
    throw 'answered by the demo host itself'
}

function Update-TableRetention {
    <#
    .SYNOPSIS
    Set interactive and total retention of a table.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER TableName
    Table.
    .PARAMETER RetentionInDays
    4-730 or -1 (workspace default); Analytics only.
    .PARAMETER TotalRetentionInDays
    4-4383 or -1.
    .PARAMETER Force
    Suppress the script's own prompt.
    #>
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true)][string]$TableName,
        [ValidateRange(-1, 730)][int]$RetentionInDays,
        [ValidateRange(-1, 4383)][int]$TotalRetentionInDays,
        [switch]$Force
    )
    throw 'answered by the demo host itself'
}

function View-TableRetention {
    <#
    .SYNOPSIS
    Show retention of one or all tables against the workspace default.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER TableName
    Default: all tables.
    .PARAMETER OnlyNonDefault
    Only tables that differ from the workspace default.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [string]$TableName,
        [switch]$OnlyNonDefault
    )
    throw 'answered by the demo host itself'
}

function Get-AnalyticsRules {
    <#
    .SYNOPSIS
    List analytics rules with state, severity, schedule and MITRE mapping.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER Enabled
    Only enabled ($true) or disabled ($false) rules.
    .PARAMETER Kind
    Only these kinds.
    .PARAMETER Severity
    Only these.
    .PARAMETER Tactic
    Only rules mapped to this MITRE tactic.
    .PARAMETER NameFilter
    Wildcard on DisplayName: *spray* finds it anywhere.
    .PARAMETER ModifiedSince
    Only rules changed since.
    .PARAMETER IncludeQuery
    Add the KQL.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [bool]$Enabled,
        [ValidateSet('Scheduled', 'NRT', 'Fusion', 'MicrosoftSecurityIncidentCreation', 'MLBehaviorAnalytics', 'ThreatIntelligence')][string[]]$Kind,
        [ValidateSet('High', 'Medium', 'Low', 'Informational')][string[]]$Severity,
        [string]$Tactic,
        [string]$NameFilter = '*',
        [datetime]$ModifiedSince,
        [switch]$IncludeQuery
    )
    throw 'answered by the demo host itself'
}

function Get-AnalyticsRuleDetails {
    <#
    .SYNOPSIS
    One rule in full: KQL, schedule, entity mappings, grouping, overrides; optional run health.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER RuleId
    ARM name of the rule (normally a GUID).
    .PARAMETER RuleName
    Exact display name; refused when several rules have it.
    .PARAMETER IncludeActions
    Attached playbooks.
    .PARAMETER IncludeHealth
    Runs, failures and alerts of the last 7 days from SentinelHealth/SecurityAlert.
    #>
    [CmdletBinding(DefaultParameterSetName = 'ById')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true, ParameterSetName = 'ById')][Alias('Id', 'AlertRuleId')][ValidatePattern('^[A-Za-z0-9_-]{1,260}$')][string]$RuleId,
        [Parameter(Mandatory = $true, ParameterSetName = 'ByName')][Alias('DisplayName', 'Name')][string]$RuleName,
        [switch]$IncludeActions,
        [switch]$IncludeHealth
    )
    throw 'answered by the demo host itself'
}

function Enable-AnalyticsRule {
    <#
    .SYNOPSIS
    Switch a rule on.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER RuleId
    ARM name of the rule (normally a GUID).
    .PARAMETER RuleName
    Exact display name; refused when several rules have it.
    .PARAMETER Reason
    Why; handed to the script.
    #>
    [CmdletBinding(DefaultParameterSetName = 'ById', SupportsShouldProcess = $true, ConfirmImpact = 'Low')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true, ParameterSetName = 'ById')][Alias('Id', 'AlertRuleId')][ValidatePattern('^[A-Za-z0-9_-]{1,260}$')][string]$RuleId,
        [Parameter(Mandatory = $true, ParameterSetName = 'ByName')][Alias('DisplayName', 'Name')][string]$RuleName,
        [ValidateLength(0, 500)][string]$Reason
    )
    throw 'answered by the demo host itself'
}

function Disable-AnalyticsRule {
    <#
    .SYNOPSIS
    Switch a rule off.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER RuleId
    ARM name of the rule (normally a GUID).
    .PARAMETER RuleName
    Exact display name; refused when several rules have it.
    .PARAMETER Reason
    Why; handed to the script.
    #>
    [CmdletBinding(DefaultParameterSetName = 'ById', SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true, ParameterSetName = 'ById')][Alias('Id', 'AlertRuleId')][ValidatePattern('^[A-Za-z0-9_-]{1,260}$')][string]$RuleId,
        [Parameter(Mandatory = $true, ParameterSetName = 'ByName')][Alias('DisplayName', 'Name')][string]$RuleName,
        [ValidateLength(0, 500)][string]$Reason
    )
    throw 'answered by the demo host itself'
}

function Remove-AnalyticsRule {
    <#
    .SYNOPSIS
    Delete an analytics rule.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER RuleId
    ARM name of the rule (normally a GUID).
    .PARAMETER RuleName
    Exact display name; refused when several rules have it.
    .PARAMETER Force
    Suppress the script's own prompt.
    #>
    [CmdletBinding(DefaultParameterSetName = 'ById', SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true, ParameterSetName = 'ById')][Alias('Id', 'AlertRuleId')][ValidatePattern('^[A-Za-z0-9_-]{1,260}$')][string]$RuleId,
        [Parameter(Mandatory = $true, ParameterSetName = 'ByName')][Alias('DisplayName', 'Name')][string]$RuleName,
        [switch]$Force
    )
    throw 'answered by the demo host itself'
}

function New-AnalyticsRule {
    <#
    .SYNOPSIS
    Create (or replace) a Scheduled, NRT or Microsoft-incident rule.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER DisplayName
    Name shown to analysts.
    .PARAMETER Kind
    Rule kind.
    .PARAMETER Query
    KQL; mandatory for Scheduled and NRT.
    .PARAMETER Severity
    Alert severity.
    .PARAMETER QueryFrequency
    PT5M-P14D; Scheduled only.
    .PARAMETER QueryPeriod
    PT5M-P14D, >= QueryFrequency; Scheduled only.
    .PARAMETER TriggerOperator
    Scheduled only.
    .PARAMETER TriggerThreshold
    Scheduled only.
    .PARAMETER Enabled
    Off unless true.
    .PARAMETER Tactics
    MITRE tactics.
    .PARAMETER Techniques
    MITRE techniques.
    .PARAMETER Description
    Text.
    .PARAMETER EntityMappings
    [{entityType,fieldMappings:[{identifier,columnName}]}]; <=10 mappings, <=3 identifiers each.
    .PARAMETER CustomDetails
    <=20 keys.
    .PARAMETER AlertDetailsOverride
    Dynamic alert name/description/severity.
    .PARAMETER EventGrouping
    Alerts per run.
    .PARAMETER GroupingConfiguration
    Incident grouping.
    .PARAMETER ProductFilter
    MicrosoftSecurityIncidentCreation only.
    .PARAMETER AlertRuleTemplateName
    Link to the template it came from.
    .PARAMETER RuleId
    Default: UUIDv5(workspace id, DisplayName), so that a repeat updates instead of duplicating.
    .PARAMETER InputObject
    Whole rule as ARM/REST JSON (deploy, restore).
    .PARAMETER Force
    Allow replacing an existing RuleId.
    #>
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true)][ValidateLength(1, 256)][string]$DisplayName,
        [ValidateSet('Scheduled', 'NRT', 'MicrosoftSecurityIncidentCreation', 'Fusion')][string]$Kind = 'Scheduled',
        [ValidateLength(1, 10000)][string]$Query,
        [ValidateSet('High', 'Medium', 'Low', 'Informational')][string]$Severity = 'Medium',
        [timespan]$QueryFrequency,
        [timespan]$QueryPeriod,
        [ValidateSet('GreaterThan', 'LessThan', 'Equal', 'NotEqual')][string]$TriggerOperator = 'GreaterThan',
        [ValidateRange(0, 10000)][int]$TriggerThreshold = 0,
        [bool]$Enabled = $false,
        [string[]]$Tactics,
        [ValidatePattern('^T\d{4}(\.\d{3})?$')][string[]]$Techniques,
        [ValidateLength(0, 5000)][string]$Description,
        [hashtable[]]$EntityMappings,
        [hashtable]$CustomDetails,
        [hashtable]$AlertDetailsOverride,
        [ValidateSet('SingleAlert', 'AlertPerResult')][string]$EventGrouping = 'SingleAlert',
        [bool]$SuppressionEnabled = $false,
        [timespan]$SuppressionDuration,
        [bool]$CreateIncident = $true,
        [hashtable]$GroupingConfiguration,
        [ValidateSet('Microsoft Cloud App Security', 'Azure Security Center', 'Azure Advanced Threat Protection', 'Azure Active Directory Identity Protection', 'Azure Security Center for IoT')][string]$ProductFilter,
        [ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$AlertRuleTemplateName,
        [ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$RuleId,
        [string]$InputObject,
        [switch]$Force
    )
    throw 'answered by the demo host itself'
}

function Get-SentinelWorkbooks {
    <#
    .SYNOPSIS
    List the saved workbooks of a workspace.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER NameFilter
    Wildcard.
    .PARAMETER AllInSubscription
    Also workbooks of other workspaces.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [string]$NameFilter = '*',
        [switch]$AllInSubscription
    )
    throw 'answered by the demo host itself'
}

function Get-WorkbookDetails {
    <#
    .SYNOPSIS
    Details of a workbook: parameters, queries, tables it reads.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER WorkbookId
    ARM name (GUID) of the workbook.
    .PARAMETER DisplayName
    Exact display name; refused when several have it.
    .PARAMETER IncludeContent
    Add serializedData (up to MB).
    #>
    [CmdletBinding(DefaultParameterSetName = 'ById')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true, ParameterSetName = 'ById')][Alias('Id')][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$WorkbookId,
        [Parameter(Mandatory = $true, ParameterSetName = 'ByName')][Alias('WorkbookName', 'Name')][string]$DisplayName,
        [switch]$IncludeContent
    )
    throw 'answered by the demo host itself'
}

function Remove-SentinelWorkbook {
    <#
    .SYNOPSIS
    Delete a saved workbook.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER WorkbookId
    ARM name (GUID) of the workbook.
    .PARAMETER DisplayName
    Exact display name; refused when several have it.
    .PARAMETER Force
    Suppress the script's own prompt.
    #>
    [CmdletBinding(DefaultParameterSetName = 'ById', SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true, ParameterSetName = 'ById')][Alias('Id')][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$WorkbookId,
        [Parameter(Mandatory = $true, ParameterSetName = 'ByName')][Alias('WorkbookName', 'Name')][string]$DisplayName,
        [switch]$Force
    )
    throw 'answered by the demo host itself'
}

function Export-SentinelWorkbook {
    <#
    .SYNOPSIS
    Export a workbook as gallery JSON or ARM template.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER WorkbookId
    ARM name (GUID) of the workbook.
    .PARAMETER DisplayName
    Exact display name; refused when several have it.
    .PARAMETER Format
    Content format.
    .PARAMETER PassThru
    Return content.
    #>
    [CmdletBinding(DefaultParameterSetName = 'ById')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true, ParameterSetName = 'ById')][Alias('Id')][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$WorkbookId,
        [Parameter(Mandatory = $true, ParameterSetName = 'ByName')][Alias('WorkbookName', 'Name')][string]$DisplayName,
        [ValidateSet('Gallery', 'ARM', 'Raw')][string]$Format = 'ARM',
        [switch]$PassThru = $true
    )
    throw 'answered by the demo host itself'
}

function Import-SentinelWorkbook {
    <#
    .SYNOPSIS
    Create or replace a workbook from exported JSON.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER Content
    Gallery or ARM JSON.
    .PARAMETER DisplayName
    Name.
    .PARAMETER WorkbookId
    Default UUIDv5(workspace, DisplayName).
    .PARAMETER Location
    Default: the workspace's.
    .PARAMETER Overwrite
    Replace if it exists.
    #>
    [CmdletBinding(DefaultParameterSetName = 'FromContent', SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true, ParameterSetName = 'FromContent')][string]$Content,
        [Parameter(Mandatory = $true)][ValidateLength(1, 256)][string]$DisplayName,
        [ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$WorkbookId,
        [string]$Location,
        [switch]$Overwrite
    )
    throw 'answered by the demo host itself'
}

function Get-SentinelIncidents {
    <#
    .SYNOPSIS
    List incidents with filters.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER Status
    Open = New+Active.
    .PARAMETER LastDays
    By creation time.
    .PARAMETER CreatedAfter
    Instead of LastDays.
    .PARAMETER Owner
    UPN, or 'unassigned'.
    .PARAMETER TitleFilter
    Part of the title, without wildcards.
    .PARAMETER Label
    Tag.
    .PARAMETER RuleId
    Only incidents of this rule.
    .PARAMETER Top
    API maximum 1000.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [ValidateSet('New', 'Active', 'Closed', 'Open')][string[]]$Status = @('New', 'Active'),
        [ValidateSet('High', 'Medium', 'Low', 'Informational')][string[]]$Severity,
        [ValidateRange(1, 365)][int]$LastDays = 7,
        [datetime]$CreatedAfter,
        [datetime]$CreatedBefore,
        [string]$Owner,
        [string]$TitleFilter,
        [string]$Label,
        [string]$RuleId,
        [ValidateRange(1, 1000)][int]$Top = 50,
        [ValidateSet('CreatedDesc', 'CreatedAsc', 'SeverityDesc', 'LastModifiedDesc')][string]$OrderBy = 'CreatedDesc'
    )
    throw 'answered by the demo host itself'
}

function Show-IncidentDetails {
    <#
    .SYNOPSIS
    One incident with alerts, entities, comments, tasks.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER IncidentNumber
    Number shown in the portal (#12345).
    .PARAMETER IncidentId
    ARM name (GUID) of the incident.
    .PARAMETER Include
    What to add.
    #>
    [CmdletBinding(DefaultParameterSetName = 'ByNumber')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true, ParameterSetName = 'ByNumber')][Alias('Number')][ValidateRange(1, 2147483647)][int]$IncidentNumber,
        [Parameter(Mandatory = $true, ParameterSetName = 'ById')][Alias('Id', 'IncidentName')][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$IncidentId,
        [ValidateSet('Alerts', 'Entities', 'Comments', 'Bookmarks', 'Tasks', 'Relations')][string[]]$Include = @('Alerts', 'Entities', 'Comments')
    )
    throw 'answered by the demo host itself'
}

function Close-SentinelIncident {
    <#
    .SYNOPSIS
    Close an incident with classification.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER IncidentNumber
    Number shown in the portal (#12345).
    .PARAMETER IncidentId
    ARM name (GUID) of the incident.
    .PARAMETER ClassificationReason
    TruePositive->SuspiciousActivity, BenignPositive->SuspiciousButExpected, FalsePositive->IncorrectAlertLogic|InaccurateData, Undetermined->none.
    .PARAMETER ClassificationComment
    Why.
    #>
    [CmdletBinding(DefaultParameterSetName = 'ByNumber', SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true, ParameterSetName = 'ByNumber')][Alias('Number')][ValidateRange(1, 2147483647)][int]$IncidentNumber,
        [Parameter(Mandatory = $true, ParameterSetName = 'ById')][Alias('Id', 'IncidentName')][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$IncidentId,
        [Parameter(Mandatory = $true)][ValidateSet('TruePositive', 'BenignPositive', 'FalsePositive', 'Undetermined')][string]$Classification,
        [ValidateSet('SuspiciousActivity', 'SuspiciousButExpected', 'IncorrectAlertLogic', 'InaccurateData')][string]$ClassificationReason,
        [Alias('Comment')][ValidateLength(0, 1000)][string]$ClassificationComment
    )
    throw 'answered by the demo host itself'
}

function Assign-IncidentOwner {
    <#
    .SYNOPSIS
    Assign, change or remove the owner.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER IncidentNumber
    Number shown in the portal (#12345).
    .PARAMETER IncidentId
    ARM name (GUID) of the incident.
    .PARAMETER OwnerUpn
    UPN.
    .PARAMETER OwnerObjectId
    Entra object id; safest for analysts of the managing tenant.
    .PARAMETER Unassign
    Remove the owner.
    .PARAMETER SetActive
    Also move New to Active.
    #>
    [CmdletBinding(DefaultParameterSetName = 'ByNumber', SupportsShouldProcess = $true, ConfirmImpact = 'Low')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true, ParameterSetName = 'ByNumber')][Alias('Number')][ValidateRange(1, 2147483647)][int]$IncidentNumber,
        [Parameter(Mandatory = $true, ParameterSetName = 'ById')][Alias('Id', 'IncidentName')][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$IncidentId,
        [Alias('Owner', 'UserPrincipalName', 'Email')][string]$OwnerUpn,
        [ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$OwnerObjectId,
        [ValidateSet('User', 'Group')][string]$OwnerType = 'User',
        [switch]$Unassign,
        [switch]$SetActive
    )
    throw 'answered by the demo host itself'
}

function Add-IncidentComment {
    <#
    .SYNOPSIS
    Add a comment to an incident.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER IncidentNumber
    Number shown in the portal (#12345).
    .PARAMETER IncidentId
    ARM name (GUID) of the incident.
    .PARAMETER Message
    Up to 30000 characters.
    .PARAMETER CommentId
    Default: a new GUID.
    #>
    [CmdletBinding(DefaultParameterSetName = 'ByNumber', SupportsShouldProcess = $true, ConfirmImpact = 'Low')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true, ParameterSetName = 'ByNumber')][Alias('Number')][ValidateRange(1, 2147483647)][int]$IncidentNumber,
        [Parameter(Mandatory = $true, ParameterSetName = 'ById')][Alias('Id', 'IncidentName')][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$IncidentId,
        [Parameter(Mandatory = $true)][Alias('Comment', 'Text')][ValidateLength(1, 30000)][string]$Message,
        [ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$CommentId
    )
    throw 'answered by the demo host itself'
}

function Get-IncidentComments {
    <#
    .SYNOPSIS
    List an incident's comments.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER IncidentNumber
    Number shown in the portal (#12345).
    .PARAMETER IncidentId
    ARM name (GUID) of the incident.
    #>
    [CmdletBinding(DefaultParameterSetName = 'ByNumber')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true, ParameterSetName = 'ByNumber')][Alias('Number')][ValidateRange(1, 2147483647)][int]$IncidentNumber,
        [Parameter(Mandatory = $true, ParameterSetName = 'ById')][Alias('Id', 'IncidentName')][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$IncidentId,
        [ValidateRange(1, 100)][int]$Top = 100
    )
    throw 'answered by the demo host itself'
}

function Export-AnalyticsRules {
    <#
    .SYNOPSIS
    Export all (or selected) analytics rules.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER Format
    Content format.
    .PARAMETER PassThru
    Return the content as objects.
    .PARAMETER RuleId
    Only these.
    .PARAMETER IncludeActions
    Attached playbooks.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [ValidateSet('JSON', 'ARM', 'YAML')][string]$Format = 'JSON',
        [switch]$PassThru = $true,
        [string[]]$RuleId,
        [bool]$Enabled,
        [switch]$IncludeActions
    )
    Write-Progress -Activity 'Export-AnalyticsRules' -PercentComplete 0
    throw 'answered by the demo host itself'
}

function Export-AutomationRules {
    <#
    .SYNOPSIS
    Export automation rules.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER Format
    Content format.
    .PARAMETER PassThru
    Return the content as objects.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [ValidateSet('JSON', 'ARM')][string]$Format = 'JSON',
        [switch]$PassThru = $true
    )
    Write-Progress -Activity 'Export-AutomationRules' -PercentComplete 0
    throw 'answered by the demo host itself'
}

function Export-Watchlists {
    <#
    .SYNOPSIS
    Export watchlists with their items.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER Format
    Content format.
    .PARAMETER PassThru
    Return the content as objects.
    .PARAMETER WatchlistAlias
    Only these.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [ValidateSet('JSON', 'CSV')][string]$Format = 'JSON',
        [switch]$PassThru = $true,
        [string[]]$WatchlistAlias,
        [bool]$IncludeItems = $true
    )
    Write-Progress -Activity 'Export-Watchlists' -PercentComplete 0
    throw 'answered by the demo host itself'
}

function Export-Functions {
    <#
    .SYNOPSIS
    Export saved KQL functions (parsers, ASIM).
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER Format
    Content format.
    .PARAMETER PassThru
    Return the content as objects.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [ValidateSet('JSON', 'KQL', 'ARM')][string]$Format = 'JSON',
        [switch]$PassThru = $true,
        [string]$NameFilter = '*'
    )
    Write-Progress -Activity 'Export-Functions' -PercentComplete 0
    throw 'answered by the demo host itself'
}

function Export-SavedQueries {
    <#
    .SYNOPSIS
    Export saved and hunting queries.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER Format
    Content format.
    .PARAMETER PassThru
    Return the content as objects.
    .PARAMETER Category
    e.g. 'Hunting Queries'.
    .PARAMETER IncludeQueryPacks
    Also queryPacks/queries.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [ValidateSet('JSON', 'KQL', 'ARM')][string]$Format = 'JSON',
        [switch]$PassThru = $true,
        [string]$Category,
        [switch]$IncludeQueryPacks
    )
    Write-Progress -Activity 'Export-SavedQueries' -PercentComplete 0
    throw 'answered by the demo host itself'
}

function Export-TableData {
    <#
    .SYNOPSIS
    Export rows of a table in time batches with checkpoint and hash.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group of the workspace.
    .PARAMETER WorkspaceName
    Log Analytics workspace name.
    .PARAMETER TableName
    Table.
    .PARAMETER StartTime
    UTC; default 30 days ago.
    .PARAMETER EndTime
    UTC; default now.
    .PARAMETER BatchDays
    Window per call; 1 for high-volume tables.
    .PARAMETER MaxRows
    0 = no limit.
    .PARAMETER Columns
    Projection; use it to leave personal data behind.
    .PARAMETER Where
    Extra KQL predicate.
    .PARAMETER Format
    File format.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true)][string]$TableName,
        [datetime]$StartTime,
        [datetime]$EndTime,
        [ValidateRange(1, 31)][int]$BatchDays = 7,
        [ValidateRange(0, 5000000)][int]$MaxRows = 500000,
        [string[]]$Columns,
        [string]$Where,
        [ValidateSet('CSV', 'JSONL')][string]$Format = 'CSV'
    )
    Write-Progress -Activity 'Export-TableData' -PercentComplete 0
    throw 'answered by the demo host itself'
}

function Get-DataCollectionRules {
    <#
    .SYNOPSIS
    List data collection rules that feed the workspace.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group to search; default: whole subscription (DCR/DCE often live outside the workspace's group).
    .PARAMETER WorkspaceName
    Keep only rules whose destination is this workspace.
    .PARAMETER Name
    One rule.
    .PARAMETER IncludeAssociations
    Count machines.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Alias('ResourceGroup')][string]$ResourceGroupName,
        [Alias('Workspace')][string]$WorkspaceName,
        [Alias('DcrName')][string]$Name,
        [ValidateSet('Linux', 'Windows', 'Direct', 'WorkspaceTransforms', 'AgentDirectToStore', 'AgentSettings', 'None')][string]$Kind,
        [switch]$IncludeAssociations
    )
    throw 'answered by the demo host itself'
}

function Get-DataCollectionEndpoints {
    <#
    .SYNOPSIS
    List data collection endpoints.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group to search; default: whole subscription (DCR/DCE often live outside the workspace's group).
    .PARAMETER WorkspaceName
    Keep only rules whose destination is this workspace.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Alias('ResourceGroup')][string]$ResourceGroupName,
        [Alias('Workspace')][string]$WorkspaceName,
        [Alias('DceName')][string]$Name
    )
    throw 'answered by the demo host itself'
}

function New-DCRForTable {
    <#
    .SYNOPSIS
    Create a Direct DCR (Logs Ingestion API) for an existing table.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group to search; default: whole subscription (DCR/DCE often live outside the workspace's group).
    .PARAMETER WorkspaceName
    Keep only rules whose destination is this workspace.
    .PARAMETER TableName
    Existing DCR-based table (Classic is refused).
    .PARAMETER DcrName
    Default dcr-<table>.
    .PARAMETER DceName
    Only if private links or an existing endpoint must be used; kind Direct has its own endpoint.
    .PARAMETER Location
    Must be the workspace's region.
    .PARAMETER TransformKql
    Ingestion-time transformation; must start from `source` and output the table's columns.
    .PARAMETER GrantTo
    Object id that gets Monitoring Metrics Publisher.
    .PARAMETER Force
    Suppress the script's own prompt.
    #>
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Alias('ResourceGroup')][string]$ResourceGroupName,
        [Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true)][string]$TableName,
        [ValidatePattern('^[A-Za-z0-9][A-Za-z0-9_.-]{1,62}$')][string]$DcrName,
        [string]$DceName,
        [string]$Location,
        [ValidateLength(1, 15360)][string]$TransformKql = 'source',
        [ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$GrantTo,
        [switch]$Force
    )
    throw 'answered by the demo host itself'
}

function New-StandaloneDCR {
    <#
    .SYNOPSIS
    Create a DCR for agents (or workspace transforms) without binding it to one table.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group to search; default: whole subscription (DCR/DCE often live outside the workspace's group).
    .PARAMETER WorkspaceName
    Keep only rules whose destination is this workspace.
    .PARAMETER XPathQueries
    Windows events.
    .PARAMETER Facilities
    Syslog/CEF.
    .PARAMETER LogLevels
    Syslog/CEF.
    .PARAMETER FilePatterns
    Text/JSON logs.
    .PARAMETER CounterSpecifiers
    Performance.
    .PARAMETER SamplingFrequencyInSeconds
    Performance.
    .PARAMETER OutputTable
    Default by source type (Syslog, CommonSecurityLog, SecurityEvent ...).
    .PARAMETER TransformKql
    Ingestion-time transformation; must start from `source` and output the table's columns.
    .PARAMETER DceName
    Needed for text/JSON/IIS logs.
    .PARAMETER Location
    Workspace region.
    .PARAMETER Force
    Suppress the script's own prompt.
    #>
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Alias('ResourceGroup')][string]$ResourceGroupName,
        [Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true)][string]$DcrName,
        [ValidateSet('Linux', 'Windows', 'Direct', 'WorkspaceTransforms')][string]$Kind = 'Windows',
        [Parameter(Mandatory = $true)][ValidateSet('Syslog', 'CEF', 'WindowsSecurityEvents', 'WindowsEventLogs', 'TextLog', 'JsonLog', 'IISLog', 'PerformanceCounters', 'WindowsFirewall')][string]$DataSourceType,
        [string[]]$XPathQueries,
        [string[]]$Facilities,
        [ValidateSet('Debug', 'Info', 'Notice', 'Warning', 'Error', 'Critical', 'Alert', 'Emergency', '*')][string[]]$LogLevels,
        [string[]]$FilePatterns,
        [string[]]$CounterSpecifiers,
        [ValidateRange(10, 1800)][int]$SamplingFrequencyInSeconds = 60,
        [string]$OutputTable,
        [ValidateLength(1, 15360)][string]$TransformKql = 'source',
        [string]$DceName,
        [string]$Location,
        [switch]$Force
    )
    throw 'answered by the demo host itself'
}

function New-StandaloneDCE {
    <#
    .SYNOPSIS
    Create a data collection endpoint.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group to search; default: whole subscription (DCR/DCE often live outside the workspace's group).
    .PARAMETER WorkspaceName
    Keep only rules whose destination is this workspace.
    .PARAMETER Location
    Default: workspace region.
    .PARAMETER Force
    Suppress the script's own prompt.
    #>
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Alias('ResourceGroup')][string]$ResourceGroupName,
        [Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true)][ValidatePattern('^[A-Za-z0-9][A-Za-z0-9-]{1,42}$')][string]$DceName,
        [string]$Location,
        [ValidateSet('Enabled', 'Disabled', 'SecuredByPerimeter')][string]$PublicNetworkAccess = 'Enabled',
        [switch]$Force
    )
    throw 'answered by the demo host itself'
}

function Remove-DataCollectionRule {
    <#
    .SYNOPSIS
    Delete a DCR.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group to search; default: whole subscription (DCR/DCE often live outside the workspace's group).
    .PARAMETER WorkspaceName
    Keep only rules whose destination is this workspace.
    .PARAMETER DeleteAssociations
    Otherwise a rule in use is refused.
    .PARAMETER Force
    Suppress the script's own prompt.
    #>
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Alias('ResourceGroup')][string]$ResourceGroupName,
        [Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true)][Alias('Name')][string]$DcrName,
        [switch]$DeleteAssociations,
        [switch]$Force
    )
    throw 'answered by the demo host itself'
}

function Remove-DataCollectionEndpoint {
    <#
    .SYNOPSIS
    Delete a DCE.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group to search; default: whole subscription (DCR/DCE often live outside the workspace's group).
    .PARAMETER WorkspaceName
    Keep only rules whose destination is this workspace.
    .PARAMETER Force
    Suppress the script's own prompt.
    #>
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Alias('ResourceGroup')][string]$ResourceGroupName,
        [Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true)][Alias('Name')][string]$DceName,
        [switch]$Force
    )
    throw 'answered by the demo host itself'
}

function Update-DCRTransformation {
    <#
    .SYNOPSIS
    Change the ingestion-time KQL of a DCR flow.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group to search; default: whole subscription (DCR/DCE often live outside the workspace's group).
    .PARAMETER WorkspaceName
    Keep only rules whose destination is this workspace.
    .PARAMETER Stream
    Stream or table of the flow; mandatory when the rule has several.
    .PARAMETER TransformKql
    New transformation.
    .PARAMETER TestRows
    JSON rows for a dry run through a KQL datatable before the change.
    .PARAMETER Force
    Suppress the script's own prompt.
    #>
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Alias('ResourceGroup')][string]$ResourceGroupName,
        [Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true)][string]$DcrName,
        [string]$Stream,
        [Parameter(Mandatory = $true)][ValidateLength(1, 15360)][string]$TransformKql,
        [string]$TestRows,
        [switch]$Force
    )
    throw 'answered by the demo host itself'
}

function Add-DCRDataSource {
    <#
    .SYNOPSIS
    Add a data source and flow to an existing DCR.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group to search; default: whole subscription (DCR/DCE often live outside the workspace's group).
    .PARAMETER WorkspaceName
    Keep only rules whose destination is this workspace.
    .PARAMETER SourceName
    Unique in the rule; default <type>-<n>.
    .PARAMETER XPathQueries
    Windows events.
    .PARAMETER Facilities
    Syslog/CEF.
    .PARAMETER LogLevels
    Syslog/CEF.
    .PARAMETER FilePatterns
    Text/JSON logs.
    .PARAMETER CounterSpecifiers
    Performance.
    .PARAMETER SamplingFrequencyInSeconds
    Performance.
    .PARAMETER TransformKql
    Ingestion-time transformation; must start from `source` and output the table's columns.
    #>
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Alias('ResourceGroup')][string]$ResourceGroupName,
        [Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true)][string]$DcrName,
        [ValidatePattern('^[A-Za-z0-9_-]{1,64}$')][string]$SourceName,
        [Parameter(Mandatory = $true)][ValidateSet('Syslog', 'CEF', 'WindowsSecurityEvents', 'WindowsEventLogs', 'TextLog', 'JsonLog', 'IISLog', 'PerformanceCounters', 'WindowsFirewall')][string]$DataSourceType,
        [string[]]$XPathQueries,
        [string[]]$Facilities,
        [ValidateSet('Debug', 'Info', 'Notice', 'Warning', 'Error', 'Critical', 'Alert', 'Emergency', '*')][string[]]$LogLevels,
        [string[]]$FilePatterns,
        [string[]]$CounterSpecifiers,
        [ValidateRange(10, 1800)][int]$SamplingFrequencyInSeconds = 60,
        [string]$OutputTable,
        [ValidateLength(1, 15360)][string]$TransformKql = 'source'
    )
    throw 'answered by the demo host itself'
}

function Test-DCRIngestion {
    <#
    .SYNOPSIS
    Send marked synthetic rows through a DCR and wait for their arrival.
    .PARAMETER SubscriptionId
    Subscription of the workspace.
    .PARAMETER ResourceGroupName
    Resource group to search; default: whole subscription (DCR/DCE often live outside the workspace's group).
    .PARAMETER WorkspaceName
    Keep only rules whose destination is this workspace.
    .PARAMETER StreamName
    Default: the only declared stream.
    .PARAMETER SampleData
    JSON array; default: synthesised from the stream's columns with a run marker.
    .PARAMETER WaitForArrival
    Poll the table.
    .PARAMETER DryRun
    Only check access, schema and transform.
    #>
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Alias('ResourceGroup')][string]$ResourceGroupName,
        [Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true)][Alias('Name')][string]$DcrName,
        [string]$StreamName,
        [string]$SampleData,
        [ValidateRange(1, 100)][int]$RecordCount = 1,
        [switch]$WaitForArrival = $true,
        [ValidateRange(30, 1800)][int]$TimeoutSeconds = 600,
        [switch]$DryRun
    )
    Write-Progress -Activity 'Test-DCRIngestion' -PercentComplete 0
    throw 'answered by the demo host itself'
}
