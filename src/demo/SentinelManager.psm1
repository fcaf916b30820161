# SentinelManager of the demo host: what its functions look like from outside.
#
# The demo's engine has no PowerShell. It knows this file by its bytes and
# answers the six functions itself, from the demo's data; the probe and the
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
