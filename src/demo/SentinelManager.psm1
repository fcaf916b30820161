# SentinelManager of the demo host: what its functions look like from outside.
#
# The demo's engine has no PowerShell. It knows this file by its bytes and
# answers the functions itself, from the demo's data; the probe and the
# load report of a real engine over this file are what it repeats.
#
# Contract style: a function is told its workspace by parameters.

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
    Wildcard on DisplayName.
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
    Exact display name. Names are not unique: if several match, fail with the candidates, never pick one.
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
    Exact display name. Names are not unique: if several match, fail with the candidates, never pick one.
    .PARAMETER Reason
    Written to the audit log.
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
    Exact display name. Names are not unique: if several match, fail with the candidates, never pick one.
    .PARAMETER Reason
    Written to the audit log (mandatory in the MCP tool).
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
    Exact display name. Names are not unique: if several match, fail with the candidates, never pick one.
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
    Create disabled by default; enable after review.
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
        [bool]$Enabled,
        [string[]]$Tactics,
        [ValidatePattern('^T\d{4}(\.\d{3})?$')][string[]]$Techniques,
        [ValidateLength(0, 5000)][string]$Description,
        [hashtable[]]$EntityMappings,
        [hashtable]$CustomDetails,
        [hashtable]$AlertDetailsOverride,
        [ValidateSet('SingleAlert', 'AlertPerResult')][string]$EventGrouping = 'SingleAlert',
        [bool]$SuppressionEnabled,
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
    Substring.
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
    TruePositive->SuspiciousActivity, BenignPositive->SuspiciousButExpected, FalsePositive->IncorrectAlertLogic|InaccurateData, Undetermined->none; validate before the call.
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
        [ValidateLength(0, 1000)][string]$ClassificationComment
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
    GUID of the comment; the same one again replaces it, so a retry cannot duplicate it.
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
    Return the content as objects; the default, since the demo host has no files.
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
    CSV is UTF-8 with BOM and 'sep=,' in the author's tool.
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
