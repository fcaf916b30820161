# ---- a new analytics rule ----------------------------------------------------

# Sentinel's own limits.
$script:SmRuleLimits = @{ Mappings = 10; Identifiers = 3; Details = 20 }

# What New-AnalyticsRule asks for, as Azure's document: {Id, Kind, Properties}.
function New-SmRuleDraft {
    param($Call)
    $given = $Call.Given
    if ($given.ContainsKey('InputObject')) { return (ConvertFrom-SmRuleJson $Call) }
    $kind = 'Scheduled'
    if ($given['Kind']) { $kind = [string]$given['Kind'] }
    $properties = New-SmTable
    $properties['displayName'] = [string]$given['DisplayName']
    if ($given.ContainsKey('Description')) { $properties['description'] = [string]$given['Description'] }
    $properties['enabled'] = [bool]$given['Enabled']
    if ($given.ContainsKey('Query')) { $properties['query'] = [string]$given['Query'] }
    if ($given.ContainsKey('ProductFilter')) { $properties['productFilter'] = [string]$given['ProductFilter'] }
    if ($given.ContainsKey('AlertRuleTemplateName')) { $properties['alertRuleTemplateName'] = [string]$given['AlertRuleTemplateName'] }
    if ($kind -eq 'Scheduled' -or $kind -eq 'NRT') {
        $severity = 'Medium'
        if ($given['Severity']) { $severity = [string]$given['Severity'] }
        $properties['severity'] = $severity
        $properties['tactics'] = [string[]]@($given['Tactics'] | Where-Object { $_ })
        $properties['techniques'] = [string[]]@($given['Techniques'] | Where-Object { $_ })
        $properties['suppressionEnabled'] = [bool]$given['SuppressionEnabled']
        $properties['suppressionDuration'] = Get-SmSpanText $given 'SuppressionDuration' 'PT5H'
        $incident = New-SmTable
        $incident['createIncident'] = $true
        if ($given.ContainsKey('CreateIncident')) { $incident['createIncident'] = [bool]$given['CreateIncident'] }
        if ($given.ContainsKey('GroupingConfiguration')) { $incident['groupingConfiguration'] = ConvertTo-SmCamel $given['GroupingConfiguration'] }
        $properties['incidentConfiguration'] = $incident
        if ($given.ContainsKey('EventGrouping')) {
            $events = New-SmTable
            $events['aggregationKind'] = [string]$given['EventGrouping']
            $properties['eventGroupingSettings'] = $events
        }
        if ($given.ContainsKey('EntityMappings')) { $properties['entityMappings'] = ConvertTo-SmCamel @($given['EntityMappings']) }
        if ($given.ContainsKey('CustomDetails')) {
            $details = New-SmTable
            foreach ($name in @($given['CustomDetails'].Keys | Sort-Object)) { $details[[string]$name] = [string]$given['CustomDetails'][$name] }
            $properties['customDetails'] = $details
        }
        if ($given.ContainsKey('AlertDetailsOverride')) { $properties['alertDetailsOverride'] = ConvertTo-SmCamel $given['AlertDetailsOverride'] }
    }
    if ($kind -eq 'Scheduled') {
        $properties['queryFrequency'] = Get-SmSpanText $given 'QueryFrequency' 'PT1H'
        $properties['queryPeriod'] = Get-SmSpanText $given 'QueryPeriod' 'PT1H'
        $operator = 'GreaterThan'
        if ($given['TriggerOperator']) { $operator = [string]$given['TriggerOperator'] }
        $properties['triggerOperator'] = $operator
        $properties['triggerThreshold'] = [int]$given['TriggerThreshold']
    }
    @{ Id = (Get-SmRuleId $Call $kind $properties['displayName']); Kind = $kind; Properties = $properties }
}

# By workspace and name, so that a repeat finds the rule it made.
function Get-SmRuleId {
    param($Call, [string]$Kind, [string]$Name)
    if ($Call.Given['RuleId']) { return [string]$Call.Given['RuleId'] }
    if ($Kind -eq 'Fusion') { return 'BuiltInFusion' }
    New-SmId @($Call.WorkspaceId, 'alertRules', $Name)
}

function Get-SmSpanText {
    param($Given, [string]$Name, [string]$Default)
    if (-not $Given.ContainsKey($Name)) { return $Default }
    [System.Xml.XmlConvert]::ToString([timespan]$Given[$Name])
}

# From a rule as Export-AnalyticsRules and Azure's API write it; what the call
# says itself wins.
function ConvertFrom-SmRuleJson {
    param($Call)
    try { $rule = ConvertFrom-SmJson ([string]$Call.Given['InputObject']) } catch { throw (New-SmError 'BadRequest' 'The input object is no JSON.' 'InvalidArgument') }
    $kind = [string](Get-SmPath $rule 'kind')
    if (@('Scheduled', 'NRT', 'MicrosoftSecurityIncidentCreation', 'Fusion') -notcontains $kind) { throw (New-SmError 'BadRequest' "A rule of kind '$kind' cannot be created." 'InvalidArgument') }
    $properties = Get-SmPath $rule 'properties'
    if ($properties -isnot [System.Collections.IDictionary]) { throw (New-SmError 'BadRequest' 'The input object is no analytics rule.' 'InvalidArgument') }
    $properties.Remove('lastModifiedUtc')
    if ($Call.Given.ContainsKey('DisplayName')) { $properties['displayName'] = [string]$Call.Given['DisplayName'] }
    if ($Call.Given.ContainsKey('Enabled')) { $properties['enabled'] = [bool]$Call.Given['Enabled'] }
    elseif (-not $properties.Contains('enabled')) { $properties['enabled'] = $false }
    if ($kind -eq 'Scheduled' -or $kind -eq 'NRT') {
        # What Azure demands and an export of another tool may have left out.
        if (-not $properties.Contains('suppressionEnabled')) { $properties['suppressionEnabled'] = $false }
        if (-not $properties['suppressionDuration']) { $properties['suppressionDuration'] = 'PT5H' }
    }
    $id = [string](Get-SmPath $rule 'name')
    if ($Call.Given['RuleId'] -or -not $id) { $id = Get-SmRuleId $Call $kind ([string]$properties['displayName']) }
    @{ Id = $id; Kind = $kind; Properties = $properties }
}

# Why Azure would refuse it, said before anything is sent.
function Assert-SmRuleDraft {
    param($Call, $Draft)
    $properties = $Draft.Properties
    $kind = $Draft.Kind
    $why = ''
    $hasQuery = $null -ne $properties['query']
    if ($kind -eq 'Scheduled' -or $kind -eq 'NRT') {
        if (-not ([string]$properties['query']).Trim()) { $why = "A rule of kind $kind needs a query." }
    }
    elseif ($hasQuery) { $why = "A rule of kind $kind has no query." }
    elseif ($kind -eq 'MicrosoftSecurityIncidentCreation' -and -not $properties['productFilter']) { $why = "A rule of kind $kind needs a product filter." }
    if ($why) { throw (New-SmError 'BadRequest' $why 'InvalidArgument') }
    if ($kind -eq 'Scheduled') {
        $frequency = Test-SmSchedule 'QueryFrequency' $properties['queryFrequency']
        $period = Test-SmSchedule 'QueryPeriod' $properties['queryPeriod']
        if ($period -lt $frequency) { throw (New-SmError 'BadRequest' 'QueryPeriod must not be shorter than QueryFrequency: events would be missed.' 'InvalidArgument') }
    }
    else {
        foreach ($name in 'QueryFrequency', 'QueryPeriod', 'TriggerOperator', 'TriggerThreshold') {
            if ($Call.Given.ContainsKey($name)) { throw (New-SmError 'BadRequest' "A rule of kind $kind has no $name." 'InvalidArgument') }
        }
    }
    if ($properties['productFilter'] -and $kind -ne 'MicrosoftSecurityIncidentCreation') { throw (New-SmError 'BadRequest' "A rule of kind $kind has no product filter." 'InvalidArgument') }
    $mappings = @($properties['entityMappings'] | Where-Object { $null -ne $_ })
    $limits = $script:SmRuleLimits
    foreach ($mapping in $mappings) {
        if (-not (Get-SmPath $mapping 'entityType') -or -not (Get-SmPath $mapping 'fieldMappings')) { throw (New-SmError 'BadRequest' 'An entity mapping is {entityType, fieldMappings: [{identifier, columnName}]}.' 'InvalidArgument') }
    }
    if ($mappings.Count -gt $limits.Mappings) { throw (New-SmError 'BadRequest' "$($mappings.Count) entity mappings; $($limits.Mappings) is the most." 'InvalidArgument') }
    foreach ($mapping in $mappings) {
        if (@($mapping['fieldMappings']).Count -gt $limits.Identifiers) { throw (New-SmError 'BadRequest' "An entity mapping has more than $($limits.Identifiers) identifiers." 'InvalidArgument') }
    }
    $details = 0
    if ($properties['customDetails']) { $details = $properties['customDetails'].Count }
    if ($details -gt $limits.Details) { throw (New-SmError 'BadRequest' "$details custom details; $($limits.Details) is the most." 'InvalidArgument') }
    if ($hasQuery) {
        # Azure's PUT would say the same, in less.
        try { $null = Get-SmThing $Call 'Query_Execute' @() $null (New-SmQuery "$($properties['query'])`n| take 0" 'PT1H') }
        catch {
            if ((Get-SmStatus $_) -ne 400) { throw }
            $why = [string]$_.Exception.Data['Said']
            throw (New-SmError 'BadRequest' "The query cannot be run: $why" 'InvalidArgument')
        }
    }
}

function Test-SmSchedule {
    param([string]$Name, $Text)
    $span = ConvertTo-SmSpan $Text
    if ($null -eq $span -or $span.TotalSeconds -lt 300 -or $span.TotalDays -gt 14) { throw (New-SmError 'BadRequest' "$Name must be from 5 minutes to 14 days." 'InvalidArgument') }
    $span
}

function New-AnalyticsRule {
    # Create (or replace) a Scheduled, NRT or Microsoft-incident rule.
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
    $call = New-SmCall $PSCmdlet $PSBoundParameters 90
    try {
        $draft = New-SmRuleDraft $call
        Assert-SmRuleDraft $call $draft
        $known = Find-SmThing $call 'AlertRules_Get' @($draft.Id)
        if ($known -and -not $Force) { throw (New-SmError 'Conflict' "A rule with id '$($draft.Id)' exists; -Force replaces it." 'ResourceExists') }
        $properties = $draft.Properties
        $as = 'no severity'
        if ($properties['severity']) { $as = $properties['severity'] }
        $action = 'Create rule'
        if ($known) { $action = 'Replace rule' }
        if (Test-SmProcess $call $action "$($properties['displayName']) ($as, enabled=$(([string][bool]$properties['enabled']).ToLowerInvariant()))") {
            $body = New-SmTable
            $body['kind'] = $draft.Kind
            if ($known -and $known['etag']) { $body['etag'] = $known['etag'] }
            $body['properties'] = $properties
            $made = (Invoke-SmOperation $call 'AlertRules_CreateOrUpdate' @($draft.Id) $null $body).Body
            $row = New-SmRuleRow $made
            $row['Created'] = (-not $known)
            $warnings = New-Object System.Collections.ArrayList
            if ($null -ne $properties['query'] -and -not @($properties['entityMappings'] | Where-Object { $_ })) { $null = $warnings.Add('The rule maps no entities.') }
            if ($null -ne $properties['query'] -and -not @($properties['tactics'] | Where-Object { $_ })) { $null = $warnings.Add('The rule names no tactics.') }
            $row['ValidationWarnings'] = [string[]]$warnings.ToArray([string])
            [pscustomobject]$row
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

