# ---- incidents ---------------------------------------------------------------

# Who an incident belongs to, by the name that people know.
function Get-SmOwnerName {
    param($Owner)
    foreach ($name in 'userPrincipalName', 'email', 'assignedTo', 'objectId') { $text = [string](Get-SmPath $Owner $name); if ($text) { return $text } }
    ''
}

function New-SmIncidentRow {
    param($Incident)
    $properties = $Incident['properties']
    $more = $properties['additionalData']
    $labels = New-Object System.Collections.ArrayList
    foreach ($label in @($properties['labels'])) { if ($label) { $null = $labels.Add([string]$label['labelName']) } }
    $rules = New-Object System.Collections.ArrayList
    foreach ($id in @($properties['relatedAnalyticRuleIds'])) { if ($id) { $null = $rules.Add((Get-SmLeaf $id)) } }
    $row = New-Object System.Collections.Specialized.OrderedDictionary
    $row['IncidentNumber'] = Get-SmInt $properties['incidentNumber']
    $row['IncidentId'] = [string]$Incident['name']
    $row['Title'] = [string]$properties['title']
    $row['Severity'] = [string]$properties['severity']
    $row['Status'] = [string]$properties['status']
    $row['Owner'] = Get-SmOwnerName $properties['owner']
    $row['CreatedTimeUtc'] = ConvertTo-SmTime $properties['createdTimeUtc']
    $row['LastModifiedTimeUtc'] = ConvertTo-SmTime $properties['lastModifiedTimeUtc']
    $row['FirstActivityTimeUtc'] = ConvertTo-SmTime $properties['firstActivityTimeUtc']
    $row['AlertsCount'] = [int](Get-SmPath $more 'alertsCount')
    $row['CommentsCount'] = [int](Get-SmPath $more 'commentsCount')
    $row['AlertProducts'] = Get-SmTexts (Get-SmPath $more 'alertProductNames')
    $row['Tactics'] = Get-SmTexts (Get-SmPath $more 'tactics')
    $row['Labels'] = [string[]]$labels.ToArray([string])
    $row['ProviderName'] = [string]$properties['providerName']
    $row['Classification'] = $properties['classification']
    $row['RelatedRuleIds'] = [string[]]$rules.ToArray([string])
    $row['IncidentUrl'] = [string]$properties['incidentUrl']
    $row
}

# The incident that a call names, by number or id.
function Get-SmIncident {
    param($Call)
    $found = $null
    $named = [string]$Call.Given['IncidentId']
    if ($named) { $found = Find-SmThing $Call 'Incidents_Get' @($named) }
    else {
        $named = [string]$Call.Given['IncidentNumber']
        $query = New-SmTable
        $query['$filter'] = "properties/incidentNumber eq $named"
        foreach ($incident in @(Get-SmThings $Call 'Incidents_List' @() $query 10)) {
            if ([string]$incident['properties']['incidentNumber'] -eq $named) { $found = $incident }
        }
    }
    if (-not $found) { throw (New-SmError 'IncidentNotFound' "Incident $named not found in workspace '$($Call.Workspace)'." 'ObjectNotFound') }
    $found
}

# A text as OData writes it.
function ConvertTo-SmOData { param([string]$Text) "'" + $Text.Replace("'", "''") + "'" }

# One page is a thousand at most; more than that is read page after page until
# there are enough. Filters that Azure does not have are applied to what comes.
function Get-SentinelIncidents {
    # List incidents with filters.
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
    $call = New-SmCall $PSCmdlet $PSBoundParameters 60
    try {
        $wanted = @($Status | ForEach-Object { if ($_ -eq 'Open') { 'New'; 'Active' } else { $_ } } | Select-Object -Unique)
        $from = $null
        if ($call.Given.ContainsKey('CreatedAfter')) { $from = $CreatedAfter.ToUniversalTime() }
        elseif ($call.Given.ContainsKey('LastDays') -or -not $call.Given.ContainsKey('CreatedBefore')) { $from = [datetime]::UtcNow.AddDays(-$LastDays) }
        $until = $null
        if ($call.Given.ContainsKey('CreatedBefore')) { $until = $CreatedBefore.ToUniversalTime() }
        $parts = New-Object System.Collections.ArrayList
        if ($from) { $null = $parts.Add('properties/createdTimeUtc ge ' + (Format-SmTime $from)) }
        if ($until) { $null = $parts.Add('properties/createdTimeUtc le ' + (Format-SmTime $until)) }
        if ($wanted.Count -lt 3) { $null = $parts.Add('(' + (@($wanted | ForEach-Object { 'properties/status eq ' + (ConvertTo-SmOData $_) }) -join ' or ') + ')') }
        $order = 'properties/createdTimeUtc desc'
        if ($OrderBy -eq 'CreatedAsc') { $order = 'properties/createdTimeUtc asc' }
        if ($OrderBy -eq 'LastModifiedDesc') { $order = 'properties/lastModifiedTimeUtc desc' }
        # Severity has no order in Azure: one list after the other.
        $lists = @(, @($Severity | Where-Object { $_ }))
        if ($OrderBy -eq 'SeverityDesc') {
            $lists = @('High', 'Medium', 'Low', 'Informational' | Where-Object { -not $Severity -or $Severity -contains $_ } | ForEach-Object { , @($_) })
        }
        $state = @{ Left = $Top }
        foreach ($severities in $lists) {
            if ($state.Left -le 0) { break }
            $filter = @($parts)
            if ($severities) { $filter += '(' + (@($severities | ForEach-Object { 'properties/severity eq ' + (ConvertTo-SmOData $_) }) -join ' or ') + ')' }
            $query = New-SmTable
            if ($filter) { $query['$filter'] = $filter -join ' and ' }
            $query['$orderby'] = $order
            $query['$top'] = [Math]::Min(1000, [Math]::Max($state.Left, 50))
            Get-SmThings $call 'Incidents_List' @() $query -Enough { $state.Left -le 0 } | ForEach-Object {
                if ($state.Left -le 0) { return }
                $row = New-SmIncidentRow $_
                if ($wanted -notcontains $row['Status']) { return }
                if ($severities -and $severities -notcontains $row['Severity']) { return }
                if ($from -and $row['CreatedTimeUtc'] -lt $from) { return }
                if ($until -and $row['CreatedTimeUtc'] -gt $until) { return }
                if ($Owner) {
                    $is = $row['Owner']
                    if (-not $is) { $is = 'unassigned' }
                    if (-not [string]::Equals($is, $Owner, [System.StringComparison]::OrdinalIgnoreCase)) { return }
                }
                if ($TitleFilter -and $row['Title'].IndexOf($TitleFilter, [System.StringComparison]::OrdinalIgnoreCase) -lt 0) { return }
                if ($Label -and $row['Labels'] -notcontains $Label) { return }
                if ($RuleId -and $row['RelatedRuleIds'] -notcontains $RuleId) { return }
                $state.Left--
                [pscustomobject]$row
            }
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

function New-SmCommentRow {
    param($Comment)
    $properties = $Comment['properties']
    $author = $properties['author']
    $name = ''
    foreach ($key in 'userPrincipalName', 'email', 'name', 'objectId') { if (-not $name) { $name = [string](Get-SmPath $author $key) } }
    $row = New-Object System.Collections.Specialized.OrderedDictionary
    $row['CommentId'] = [string]$Comment['name']
    $row['Author'] = $name
    $row['CreatedTimeUtc'] = ConvertTo-SmTime $properties['createdTimeUtc']
    $row['Message'] = [string]$properties['message']
    $row
}

# The name of an entity: what Azure calls it, else what it is told by.
function Get-SmEntityName {
    param($Properties)
    foreach ($key in 'friendlyName', 'address', 'hostName', 'accountName', 'mailboxPrimaryAddress', 'url', 'fileName', 'hashValue', 'domainName', 'name') {
        $text = [string](Get-SmPath $Properties $key)
        if ($text) { return $text }
    }
    ''
}

function Show-IncidentDetails {
    # One incident with alerts, entities, comments, tasks.
    [CmdletBinding(DefaultParameterSetName = 'ByNumber')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true, ParameterSetName = 'ByNumber')][Alias('Number')][ValidateRange(1, 2147483647)][int]$IncidentNumber,
        [Parameter(Mandatory = $true, ParameterSetName = 'ById')][Alias('Id', 'IncidentName')][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$IncidentId,
        [ValidateSet('Alerts', 'Entities', 'Comments', 'Bookmarks', 'Tasks', 'Relations')][string[]]$Include = @('Alerts', 'Entities', 'Comments')
    )
    $call = New-SmCall $PSCmdlet $PSBoundParameters 60
    try {
        $incident = Get-SmIncident $call
        $id = [string]$incident['name']
        $properties = $incident['properties']
        $row = New-SmIncidentRow $incident
        $row['Description'] = [string]$properties['description']
        $row['ClassificationReason'] = $properties['classificationReason']
        $row['ClassificationComment'] = $properties['classificationComment']
        $row['Etag'] = $incident['etag']
        $row['Alerts'] = $null
        if ($Include -contains 'Alerts') {
            $row['Alerts'] = [object[]]@(foreach ($alert in (Get-SmThings $call 'Incidents_ListAlerts' @($id))) {
                    $of = $alert['properties']
                    $time = $of['startTimeUtc']
                    if (-not $time) { $time = $of['timeGenerated'] }
                    [pscustomobject]@{ Name = [string]$of['alertDisplayName']; Severity = [string]$of['severity']; Product = [string]$of['productName']; Time = ConvertTo-SmTime $time; Status = [string]$of['status'] }
                })
        }
        $row['Entities'] = $null
        if ($Include -contains 'Entities') {
            $row['Entities'] = [object[]]@(foreach ($entity in (Get-SmThings $call 'Incidents_ListEntities' @($id) $null ([int]::MaxValue) 'entities')) {
                    $of = $entity['properties']
                    [pscustomobject]@{ Kind = [string]$entity['kind']; Name = Get-SmEntityName $of; Properties = ConvertTo-SmObject (Copy-SmWithout $of @('friendlyName')) }
                })
        }
        $row['Comments'] = $null
        if ($Include -contains 'Comments') {
            $row['Comments'] = [object[]]@(foreach ($comment in (Get-SmThings $call 'IncidentComments_List' @($id))) { [pscustomobject](New-SmCommentRow $comment) })
        }
        $row['Tasks'] = $null
        if ($Include -contains 'Tasks') {
            $row['Tasks'] = [object[]]@(foreach ($task in (Get-SmThings $call 'IncidentTasks_List' @($id))) {
                    $of = $task['properties']
                    [pscustomobject]@{ TaskId = [string]$task['name']; Title = [string]$of['title']; Description = [string]$of['description']; Status = [string]$of['status']; CreatedTimeUtc = ConvertTo-SmTime $of['createdTimeUtc'] }
                })
        }
        $row['MergedIncidentNumber'] = Get-SmInt (Get-SmPath $properties 'additionalData', 'mergedIncidentNumber')
        if ($Include -contains 'Bookmarks') {
            $row['Bookmarks'] = [object[]]@(foreach ($bookmark in (Get-SmThings $call 'Incidents_ListBookmarks' @($id))) {
                    $of = $bookmark['properties']
                    [pscustomobject]@{ BookmarkId = [string]$bookmark['name']; DisplayName = [string]$of['displayName']; CreatedTimeUtc = ConvertTo-SmTime $of['created']; Query = $of['query'] }
                })
        }
        if ($Include -contains 'Relations') {
            $row['Relations'] = [object[]]@(foreach ($relation in (Get-SmThings $call 'IncidentRelations_List' @($id))) {
                    $of = $relation['properties']
                    [pscustomobject]@{ RelationId = [string]$relation['name']; RelatedName = [string]$of['relatedResourceName']; RelatedType = [string]$of['relatedResourceType']; RelatedResourceId = [string]$of['relatedResourceId'] }
                })
        }
        [pscustomobject]$row
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

function Get-IncidentComments {
    # List an incident's comments.
    [CmdletBinding(DefaultParameterSetName = 'ByNumber')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true, ParameterSetName = 'ByNumber')][Alias('Number')][ValidateRange(1, 2147483647)][int]$IncidentNumber,
        [Parameter(Mandatory = $true, ParameterSetName = 'ById')][Alias('Id', 'IncidentName')][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$IncidentId,
        [ValidateRange(1, 100)][int]$Top = 100
    )
    $call = New-SmCall $PSCmdlet $PSBoundParameters 30
    try {
        $incident = Get-SmIncident $call
        foreach ($comment in (Get-SmThings $call 'IncidentComments_List' @($incident['name']) $null $Top)) {
            $row = New-Object System.Collections.Specialized.OrderedDictionary
            $row['IncidentNumber'] = Get-SmInt $incident['properties']['incidentNumber']
            $said = New-SmCommentRow $comment
            foreach ($key in @($said.Keys)) {
                if ($key -eq 'Message') { $row['LastModifiedTimeUtc'] = ConvertTo-SmTime $comment['properties']['lastModifiedTimeUtc'] }
                $row[$key] = $said[$key]
            }
            [pscustomobject]$row
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

# ---- incidents: changes ------------------------------------------------------

# Without what Azure itself writes; everything else goes back as it came: a PUT
# replaces the incident, and what is left out is wiped.
function Copy-SmIncidentBody {
    param($Incident)
    $body = New-SmTable
    $body['etag'] = $Incident['etag']
    $body['properties'] = Copy-SmWithout $Incident['properties'] @('additionalData', 'createdTimeUtc', 'incidentNumber', 'incidentUrl', 'lastModifiedTimeUtc', 'relatedAnalyticRuleIds', 'providerName', 'providerIncidentId', 'teamInformation')
    # Azure shows an owner of nulls and refuses to take it back.
    $owner = $body['properties']['owner']
    if ($owner -is [System.Collections.IDictionary]) {
        foreach ($key in @($owner.Keys)) { if ($null -eq $owner[$key]) { $owner.Remove($key) } }
        if (-not $owner.Count) { $body['properties'].Remove('owner') }
    }
    foreach ($key in @($body['properties'].Keys)) { if ($null -eq $body['properties'][$key]) { $body['properties'].Remove($key) } }
    foreach ($label in @($body['properties']['labels'])) { if ($label -is [System.Collections.IDictionary]) { $label.Remove('labelType') } }
    $body
}

# Reasons that fit a classification.
$script:SmReasons = @{
    TruePositive = @('SuspiciousActivity'); BenignPositive = @('SuspiciousButExpected')
    FalsePositive = @('IncorrectAlertLogic', 'InaccurateData'); Undetermined = @()
}
$script:SmClassifications = @('TruePositive', 'BenignPositive', 'FalsePositive', 'Undetermined')

function Close-SentinelIncident {
    # Close an incident with classification.
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
    $call = New-SmCall $PSCmdlet $PSBoundParameters 60
    try {
        $incident = Get-SmIncident $call
        $as = @($script:SmClassifications | Where-Object { $_ -eq $Classification })[0]
        $reason = $null
        if ($call.Given.ContainsKey('ClassificationReason')) {
            $fitting = $script:SmReasons[$as]
            $reason = @($fitting | Where-Object { $_ -eq $ClassificationReason })[0]
            if (-not $reason) {
                $takes = 'it has none'
                if ($fitting) { $takes = 'it takes ' + ($fitting -join ' or ') }
                throw (New-SmError 'BadRequest' "The reason '$ClassificationReason' does not fit the classification '$as'; $takes." 'InvalidArgument')
            }
        }
        $comment = $null
        if ($call.Given.ContainsKey('ClassificationComment')) { $comment = $ClassificationComment }
        $properties = $incident['properties']
        $before = [string]$properties['status']
        if (Test-SmProcess $call "Close as $as" "#$($properties['incidentNumber']): $($properties['title'])") {
            $same = [string]$properties['classification'] -ceq $as -and [string]$properties['classificationReason'] -ceq [string]$reason -and [string]$properties['classificationComment'] -ceq [string]$comment
            $changed = $before -ne 'Closed' -or -not $same
            if ($changed) {
                $body = Copy-SmIncidentBody $incident
                $body['properties']['status'] = 'Closed'
                $body['properties']['classification'] = $as
                $body['properties'].Remove('classificationReason')
                $body['properties'].Remove('classificationComment')
                if ($reason) { $body['properties']['classificationReason'] = $reason }
                if ($null -ne $comment) { $body['properties']['classificationComment'] = $comment }
                $properties = (Invoke-SmOperation $call 'Incidents_CreateOrUpdate' @($incident['name']) $null $body).Body['properties']
            }
            [pscustomobject]@{
                IncidentNumber        = Get-SmInt $incident['properties']['incidentNumber']
                IncidentId            = [string]$incident['name']
                Title                 = [string]$incident['properties']['title']
                PreviousStatus        = $before
                Status                = [string]$properties['status']
                Classification        = $properties['classification']
                ClassificationReason  = $properties['classificationReason']
                ClassificationComment = $properties['classificationComment']
                Changed               = $changed
            }
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

# Who is meant: {Body, Name, ObjectId}; nothing for nobody, which must be asked for.
function Get-SmWantedOwner {
    param($Call)
    $ways = @('OwnerUpn', 'OwnerObjectId' | Where-Object { $Call.Given[$_] })
    if ($Call.Given['Unassign']) { $ways += 'Unassign' }
    if ($ways.Count -ne 1) { throw (New-SmError 'OwnerMissing' 'Give one of OwnerUpn, OwnerObjectId and Unassign.' 'InvalidArgument') }
    if ($ways[0] -eq 'Unassign') { return }
    $body = New-SmTable
    if ($ways[0] -eq 'OwnerObjectId') {
        $body['objectId'] = ([string]$Call.Given['OwnerObjectId']).ToLowerInvariant()
        if ($Call.Given['OwnerType']) { $body['ownerType'] = [string]$Call.Given['OwnerType'] }
        return @{ Body = $body; Name = [string]$Call.Given['OwnerObjectId']; ObjectId = $body['objectId'] }
    }
    # Azure wants the object id, and an analyst of a provider is no user of the
    # customer's directory: who owned an incident here before is known by it.
    $upn = [string]$Call.Given['OwnerUpn']
    $query = New-SmTable
    $query['$filter'] = 'properties/owner/userPrincipalName eq ' + (ConvertTo-SmOData $upn)
    $query['$top'] = 1
    foreach ($incident in @(Get-SmThings $Call 'Incidents_List' @() $query 50)) {
        $owner = $incident['properties']['owner']
        if (-not (Get-SmPath $owner 'objectId') -or -not [string]::Equals([string](Get-SmPath $owner 'userPrincipalName'), $upn, [System.StringComparison]::OrdinalIgnoreCase)) { continue }
        foreach ($key in 'objectId', 'email', 'assignedTo', 'userPrincipalName', 'ownerType') { if ($owner[$key]) { $body[$key] = $owner[$key] } }
        return @{ Body = $body; Name = [string]$owner['userPrincipalName']; ObjectId = [string]$owner['objectId'] }
    }
    throw (New-SmError 'OwnerNotFound' "The directory of this tenant has no user '$upn'; give the object id of the owner." 'ObjectNotFound')
}

function Assign-IncidentOwner {
    # Assign, change or remove the owner.
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
    $call = New-SmCall $PSCmdlet $PSBoundParameters 60
    try {
        $incident = Get-SmIncident $call
        $owner = Get-SmWantedOwner $call
        $properties = $incident['properties']
        $before = Get-SmOwnerName $properties['owner']
        $action = 'Remove owner'
        if ($owner) { $action = "Assign to $($owner.Name)" }
        $now = 'unassigned'
        if ($before) { $now = $before }
        if (Test-SmProcess $call $action "#$($properties['incidentNumber']): $($properties['title']) (now $now)") {
            $starts = [bool]$SetActive -and $properties['status'] -eq 'New'
            $had = [string](Get-SmPath $properties 'owner', 'objectId')
            $wanted = ''
            if ($owner) { $wanted = $owner.ObjectId }
            $changed = $starts -or -not [string]::Equals($had, $wanted, [System.StringComparison]::OrdinalIgnoreCase)
            if ($changed) {
                $body = Copy-SmIncidentBody $incident
                # Seen: only an owner of nulls takes the owner away.
                if ($owner) { $body['properties']['owner'] = $owner.Body }
                else {
                    $none = New-SmTable
                    foreach ($key in 'objectId', 'email', 'assignedTo', 'userPrincipalName') { $none[$key] = $null }
                    $body['properties']['owner'] = $none
                }
                if ($starts) { $body['properties']['status'] = 'Active' }
                $properties = (Invoke-SmOperation $call 'Incidents_CreateOrUpdate' @($incident['name']) $null $body).Body['properties']
            }
            $name = ''
            if ($owner) { $name = Get-SmOwnerName $properties['owner'] }
            $objectId = $null
            if ($owner) { $objectId = $owner.ObjectId }
            [pscustomobject]@{
                IncidentNumber = Get-SmInt $incident['properties']['incidentNumber']
                IncidentId     = [string]$incident['name']
                Title          = [string]$incident['properties']['title']
                PreviousOwner  = $before
                Owner          = $name
                OwnerObjectId  = $objectId
                Status         = [string]$properties['status']
                Changed        = $changed
            }
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

function Add-IncidentComment {
    # Add a comment to an incident.
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
    $call = New-SmCall $PSCmdlet $PSBoundParameters 30
    try {
        $incident = Get-SmIncident $call
        $properties = $incident['properties']
        if (Test-SmProcess $call 'Add comment' "#$($properties['incidentNumber']): $($properties['title'])") {
            $id = [string]$CommentId
            if (-not $id) { $id = [guid]::NewGuid().ToString() }
            if ([int](Get-SmPath $properties 'additionalData', 'commentsCount') -ge 100) {
                $known = @(Get-SmThings $call 'IncidentComments_List' @($incident['name']) | Where-Object { $_['name'] -eq $id })
                if (-not $known) { throw (New-SmError 'TooManyComments' "Incident $($properties['incidentNumber']) has 100 comments, the most it can have." 'InvalidOperation') }
            }
            $said = New-SmTable
            $said['message'] = $Message
            $body = New-SmTable
            $body['properties'] = $said
            # The same id again replaces, so a retry of the caller's adds nothing.
            $row = New-SmCommentRow (Invoke-SmOperation $call 'IncidentComments_CreateOrUpdate' @($incident['name'], $id) $null $body).Body
            [pscustomobject]@{ IncidentNumber = Get-SmInt $properties['incidentNumber']; CommentId = $row['CommentId']; Author = $row['Author']; CreatedTimeUtc = $row['CreatedTimeUtc']; Message = $row['Message'] }
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

