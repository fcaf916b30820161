# ---- analytics rules ---------------------------------------------------------

# What list, details and a new rule have in common.
function New-SmRuleRow {
    param($Rule)
    $properties = $Rule['properties']
    $incident = $properties['incidentConfiguration']
    $create = Get-SmPath $incident 'createIncident'
    $grouping = Get-SmPath $incident 'groupingConfiguration', 'enabled'
    $row = New-Object System.Collections.Specialized.OrderedDictionary
    $row['RuleId'] = [string]$Rule['name']
    $row['DisplayName'] = [string]$properties['displayName']
    $row['Kind'] = [string]$Rule['kind']
    $row['Enabled'] = [bool]$properties['enabled']
    $row['Severity'] = $properties['severity']
    $row['Tactics'] = Get-SmTexts $properties['tactics']
    $row['Techniques'] = Get-SmTexts $properties['techniques']
    $row['QueryFrequency'] = ConvertTo-SmSpan $properties['queryFrequency']
    $row['QueryPeriod'] = ConvertTo-SmSpan $properties['queryPeriod']
    $row['TriggerOperator'] = $properties['triggerOperator']
    $row['TriggerThreshold'] = Get-SmInt $properties['triggerThreshold']
    $row['SuppressionEnabled'] = [bool]$properties['suppressionEnabled']
    $row['CreateIncident'] = ($null -eq $create -or [bool]$create)
    $row['GroupingEnabled'] = [bool]$grouping
    $row['EntityMappingCount'] = @($properties['entityMappings'] | Where-Object { $null -ne $_ }).Count
    $row['TemplateName'] = $properties['alertRuleTemplateName']
    $row['TemplateVersion'] = $properties['templateVersion']
    $row['LastModifiedUtc'] = ConvertTo-SmTime $properties['lastModifiedUtc']
    $row['Etag'] = $Rule['etag']
    $row
}

# The rule that a call names; names are not unique, so several are told and none
# is taken.
function Get-SmRule {
    param($Call)
    $id = $Call.Given['RuleId']
    if ($id) {
        $rule = Find-SmThing $Call 'AlertRules_Get' @($id)
        if (-not $rule) { throw (New-SmError 'RuleNotFound' "No rule with id '$id'." 'ObjectNotFound') }
        return $rule
    }
    $name = [string]$Call.Given['RuleName']
    $found = @(Get-SmThings $Call 'AlertRules_List' | Where-Object { [string]::Equals([string]$_['properties']['displayName'], $name, [System.StringComparison]::OrdinalIgnoreCase) })
    if (-not $found) { throw (New-SmError 'RuleNotFound' "No rule with name '$name'." 'ObjectNotFound') }
    if ($found.Count -gt 1) {
        $ids = ($found | ForEach-Object { $_['name'] }) -join ', '
        throw (New-SmError 'RuleNameAmbiguous' "$($found.Count) rules are named '$name'; give the id of one: $ids." 'InvalidArgument')
    }
    $found[0]
}

# Tables that a query reads: what stands where KQL takes one. By the text alone,
# because a list of all tables is megabytes.
function Get-SmTablesOf {
    param([string]$Query)
    $all = New-Object System.Collections.ArrayList
    if (-not $Query) { return , [string[]]@() }
    $bare = [regex]::Replace($Query, '//[^\r\n]*', '')
    $bare = [regex]::Replace($bare, '@?"(?:[^"\\]|\\.)*"|@?''(?:[^''\\]|\\.)*''', "''")
    $own = @{}
    foreach ($let in [regex]::Matches($bare, '(?i)\blet\s+([A-Za-z_][A-Za-z0-9_]*)\s*=')) { $own[$let.Groups[1].Value] = $true }
    $words = '^(let|union|search|print|datatable|range|find|where|materialize|view|toscalar|externaldata|evaluate|invoke|true|false|dynamic|datetime|timespan|int|long|real|bool|string|not|iff|set|declare|restrict|alias)$'
    # The start of a statement, behind `=` of a let, within parentheses before a
    # pipe, and the items of union, join and lookup.
    $places = '(?i)(?:^|;|\blet\s+[A-Za-z_][A-Za-z0-9_]*\s*=|\bunion\b(?:\s+(?:isfuzzy|kind|withsource)\s*=\s*[A-Za-z_0-9]+)*|\b(?:join|lookup)\b(?:\s+(?:kind|hint\.[a-z]+)\s*=\s*[A-Za-z_0-9]+)*)\s*\(?\s*((?:[A-Za-z_][A-Za-z0-9_]*)(?:\s*,\s*[A-Za-z_][A-Za-z0-9_]*)*)(?=\s*(?:\||$|\)|;|\r|\n))|\(\s*([A-Za-z_][A-Za-z0-9_]*)(?=\s*\|)'
    foreach ($match in [regex]::Matches($bare, $places)) {
        foreach ($name in ($match.Groups[1].Value + $match.Groups[2].Value).Split(',')) {
            $name = $name.Trim()
            if ($name -match $words -or $own.ContainsKey($name) -or $name.StartsWith('_') -or $all.Contains($name)) { continue }
            $null = $all.Add($name)
        }
    }
    , [string[]]$all.ToArray([string])
}

function Get-AnalyticsRules {
    # List analytics rules with state, severity, schedule and MITRE mapping.
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
    $call = New-SmCall $PSCmdlet $PSBoundParameters 60
    try {
        foreach ($rule in (Get-SmThings $call 'AlertRules_List')) {
            $row = New-SmRuleRow $rule
            if ($call.Given.ContainsKey('Enabled') -and $row['Enabled'] -ne $Enabled) { continue }
            if ($Kind -and $Kind -notcontains $row['Kind']) { continue }
            if ($Severity -and $Severity -notcontains $row['Severity']) { continue }
            if ($Tactic -and $row['Tactics'] -notcontains $Tactic) { continue }
            if (-not (Test-SmLike $row['DisplayName'] $NameFilter)) { continue }
            if ($call.Given.ContainsKey('ModifiedSince') -and ($null -eq $row['LastModifiedUtc'] -or $row['LastModifiedUtc'] -lt $ModifiedSince.ToUniversalTime())) { continue }
            $row['Query'] = $null
            if ($IncludeQuery) { $row['Query'] = $rule['properties']['query'] }
            [pscustomobject]$row
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

# The last seven days of a rule, from SentinelHealth and the alerts it made.
function Get-SmRuleHealth {
    param($Call, $Rule)
    $id = ConvertTo-SmKql ([string]$Rule['name'])
    $query = "SentinelHealth | where TimeGenerated > ago(7d) | where SentinelResourceType == 'Analytics Rule' | where SentinelResourceId endswith strcat('/', $id) " +
    "| summarize runs = count(), failures = countif(Status != 'Success'), arg_max(iff(Status != 'Success', TimeGenerated, datetime(null)), Description)"
    $health = @(Get-SmRows $Call $query)
    $alerts = @(Get-SmRows $Call "SecurityAlert | where TimeGenerated > ago(7d) | where AlertType endswith strcat('_', $id) | summarize alerts = count()")
    $runs = 0
    $failures = 0
    $reason = $null
    if ($health) {
        $runs = [int]$health[0]['runs']
        $failures = [int]$health[0]['failures']
        if ($failures) { $reason = $health[0]['Description'] }
    }
    $count = 0
    if ($alerts) { $count = [int]$alerts[0]['alerts'] }
    [pscustomobject]@{ runs = $runs; failures = $failures; alerts = $count; lastFailureReason = $reason }
}

function Get-AnalyticsRuleDetails {
    # One rule in full: KQL, schedule, entity mappings, grouping, overrides; optional run health.
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
    $call = New-SmCall $PSCmdlet $PSBoundParameters 30
    try {
        $rule = Get-SmRule $call
        $properties = $rule['properties']
        $row = New-SmRuleRow $rule
        $isQuery = $null -ne $properties['query']
        $row['Description'] = [string]$properties['description']
        $row['Query'] = $properties['query']
        $mappings = New-Object System.Collections.ArrayList
        foreach ($mapping in @($properties['entityMappings'])) {
            if ($null -eq $mapping) { continue }
            $fields = New-Object System.Collections.ArrayList
            foreach ($field in @($mapping['fieldMappings'])) {
                if ($null -ne $field) { $null = $fields.Add([pscustomobject]@{ Identifier = $field['identifier']; ColumnName = $field['columnName'] }) }
            }
            $null = $mappings.Add([pscustomobject]@{ EntityType = $mapping['entityType']; FieldMappings = $fields.ToArray() })
        }
        $row['EntityMappings'] = $mappings.ToArray()
        $row['CustomDetails'] = ConvertTo-SmObject $properties['customDetails']
        $row['AlertDetailsOverride'] = ConvertTo-SmObject $properties['alertDetailsOverride']
        $row['EventGrouping'] = $null
        $row['IncidentConfiguration'] = $null
        $row['SuppressionDuration'] = $null
        if ($isQuery) {
            $events = Get-SmPath $properties 'eventGroupingSettings', 'aggregationKind'
            if (-not $events) { if ($rule['kind'] -eq 'NRT') { $events = 'AlertPerResult' } else { $events = 'SingleAlert' } }
            $row['EventGrouping'] = $events
            $given = Get-SmPath $properties 'incidentConfiguration', 'groupingConfiguration'
            $grouping = $null
            if ($given) {
                $grouping = New-Object System.Collections.Specialized.OrderedDictionary
                $grouping['Enabled'] = [bool]$given['enabled']
                $grouping['ReopenClosedIncident'] = [bool]$given['reopenClosedIncident']
                $grouping['LookbackDuration'] = ConvertTo-SmSpan $given['lookbackDuration']
                $grouping['MatchingMethod'] = $given['matchingMethod']
                foreach ($name in 'groupByEntities', 'groupByAlertDetails', 'groupByCustomDetails') {
                    $list = Get-SmTexts $given[$name]
                    if ($list.Length) { $grouping[$name.Substring(0, 1).ToUpperInvariant() + $name.Substring(1)] = $list }
                }
                $grouping = [pscustomobject]$grouping
            }
            $row['IncidentConfiguration'] = [pscustomobject]@{ CreateIncident = $row['CreateIncident']; GroupingConfiguration = $grouping }
            $row['SuppressionDuration'] = ConvertTo-SmSpan $properties['suppressionDuration']
        }
        $row['Actions'] = $null
        if ($IncludeActions) {
            $row['Actions'] = [object[]]@(foreach ($action in (Get-SmThings $call 'Actions_ListByAlertRule' @($rule['name']))) {
                    [pscustomobject]@{ ActionId = [string]$action['name']; LogicAppResourceId = [string]$action['properties']['logicAppResourceId'] }
                })
        }
        $row['Health'] = $null
        if ($IncludeHealth) { $row['Health'] = Get-SmRuleHealth $call $rule }
        $row['Tables'] = Get-SmTablesOf $properties['query']
        [pscustomobject]$row
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

# Without what Azure itself writes; everything else goes back as it came, what
# this module does not know too: a PUT replaces the whole rule.
function Copy-SmRuleBody {
    param($Rule)
    $body = New-SmTable
    $body['kind'] = $Rule['kind']
    if ($Rule['etag']) { $body['etag'] = $Rule['etag'] }
    $readOnly = @('lastModifiedUtc')
    # Of these kinds the service decides; it refuses what it did not ask for.
    if (@('Fusion', 'MLBehaviorAnalytics', 'ThreatIntelligence') -contains $Rule['kind']) { $readOnly += @('displayName', 'description', 'severity', 'tactics', 'techniques', 'subTechniques') }
    $body['properties'] = Copy-SmWithout $Rule['properties'] $readOnly
    $body
}

function Set-SmRuleEnabled {
    param($Call, [bool]$Enabled)
    $rule = Get-SmRule $Call
    $name = [string]$rule['properties']['displayName']
    $before = [bool]$rule['properties']['enabled']
    $action, $now = 'Disable rule', 'enabled'
    if ($Enabled) { $action, $now = 'Enable rule', 'disabled' }
    if ($before -eq $Enabled) { $now = 'already so' }
    if (-not (Test-SmProcess $Call $action "$name (now $now)")) { return }
    $after = $rule
    if ($before -ne $Enabled) {
        $body = Copy-SmRuleBody $rule
        $body['properties']['enabled'] = $Enabled
        $after = (Invoke-SmOperation $Call 'AlertRules_CreateOrUpdate' @($rule['name']) $null $body).Body
    }
    [pscustomobject]@{
        RuleId          = [string]$rule['name']
        DisplayName     = $name
        Kind            = [string]$rule['kind']
        PreviousEnabled = $before
        Enabled         = $Enabled
        Changed         = ($before -ne $Enabled)
        LastModifiedUtc = ConvertTo-SmTime (Get-SmPath $after 'properties', 'lastModifiedUtc')
    }
}

function Enable-AnalyticsRule {
    # Switch a rule on.
    [CmdletBinding(DefaultParameterSetName = 'ById', SupportsShouldProcess = $true, ConfirmImpact = 'Low')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true, ParameterSetName = 'ById')][Alias('Id', 'AlertRuleId')][ValidatePattern('^[A-Za-z0-9_-]{1,260}$')][string]$RuleId,
        [Parameter(Mandatory = $true, ParameterSetName = 'ByName')][Alias('DisplayName', 'Name')][string]$RuleName,
        [ValidateLength(0, 500)][string]$Reason
    )
    $call = New-SmCall $PSCmdlet $PSBoundParameters 60
    try { Set-SmRuleEnabled $call $true; Complete-SmProgress $call } catch { Write-SmError $call $_ }
}

function Disable-AnalyticsRule {
    # Switch a rule off.
    [CmdletBinding(DefaultParameterSetName = 'ById', SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true, ParameterSetName = 'ById')][Alias('Id', 'AlertRuleId')][ValidatePattern('^[A-Za-z0-9_-]{1,260}$')][string]$RuleId,
        [Parameter(Mandatory = $true, ParameterSetName = 'ByName')][Alias('DisplayName', 'Name')][string]$RuleName,
        [ValidateLength(0, 500)][string]$Reason
    )
    $call = New-SmCall $PSCmdlet $PSBoundParameters 60
    try { Set-SmRuleEnabled $call $false; Complete-SmProgress $call } catch { Write-SmError $call $_ }
}

function Remove-AnalyticsRule {
    # Delete an analytics rule.
    [CmdletBinding(DefaultParameterSetName = 'ById', SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true, ParameterSetName = 'ById')][Alias('Id', 'AlertRuleId')][ValidatePattern('^[A-Za-z0-9_-]{1,260}$')][string]$RuleId,
        [Parameter(Mandatory = $true, ParameterSetName = 'ByName')][Alias('DisplayName', 'Name')][string]$RuleName,
        [switch]$Force
    )
    $call = New-SmCall $PSCmdlet $PSBoundParameters 60
    try {
        $rule = Get-SmRule $call
        $name = [string]$rule['properties']['displayName']
        if (Test-SmProcess $call 'Delete rule' "$name ($($rule['kind']))") {
            $null = Invoke-SmOperation $call 'AlertRules_Delete' @($rule['name'])
            [pscustomobject]@{
                RuleId      = [string]$rule['name']
                DisplayName = $name
                Kind        = [string]$rule['kind']
                Deleted     = $true
                Backup      = ConvertTo-SmObject (Copy-SmRule $rule)
            }
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

