# ---- data collection rules and endpoints: changes ----------------------------

# What a kind of source sends: its stream, its table, the kind of rule that it
# needs, and Azure's name for it. A stream of one's own has the name of its table.
$script:SmSources = @{
    Syslog                = @('Microsoft-Syslog', 'Syslog', 'Linux', 'syslog')
    CEF                   = @('Microsoft-CommonSecurityLog', 'CommonSecurityLog', 'Linux', 'syslog')
    WindowsSecurityEvents = @('Microsoft-SecurityEvent', 'SecurityEvent', 'Windows', 'windowsEventLogs')
    WindowsEventLogs      = @('Microsoft-Event', 'Event', 'Windows', 'windowsEventLogs')
    TextLog               = @('Custom-', '', '', 'logFiles')
    JsonLog               = @('Custom-', '', '', 'logFiles')
    IISLog                = @('Microsoft-W3CIISLog', 'W3CIISLog', 'Windows', 'iisLogs')
    PerformanceCounters   = @('Microsoft-Perf', 'Perf', '', 'performanceCounters')
    WindowsFirewall       = @('Microsoft-WindowsFirewall', 'WindowsFirewall', 'Windows', 'windowsFirewallLogs')
}
# What they cannot do without.
$script:SmNeeded = @{ WindowsSecurityEvents = 'XPathQueries'; WindowsEventLogs = 'XPathQueries'; TextLog = 'FilePatterns'; JsonLog = 'FilePatterns'; PerformanceCounters = 'CounterSpecifiers' }

# The source that a call describes, for a rule of that kind:
# {Kind, Stream, Table, List, Source}.
function Get-SmSource {
    param($Call, [string]$Rule)
    $given = $Call.Given
    $kind = @($script:SmSources.Keys | Where-Object { $_ -eq $given['DataSourceType'] })[0]
    if (-not $kind) { throw (New-SmError 'InvalidPayload' "There is no source of type '$($given['DataSourceType'])'." 'InvalidArgument') }
    $stream, $table, $platform, $list = $script:SmSources[$kind]
    # A rule without a kind takes both.
    if ($platform -and $Rule -and $Rule -ne $platform) { throw (New-SmError 'InvalidPayload' "A source of type $kind needs a rule of kind $platform, not $Rule." 'InvalidArgument') }
    if ($given['OutputTable']) { $table = [string]$given['OutputTable'] }
    if (-not $table) { throw (New-SmError 'InvalidPayload' "A source of type $kind needs OutputTable." 'InvalidArgument') }
    $needed = $script:SmNeeded[$kind]
    if ($needed -and -not $given.ContainsKey($needed)) { throw (New-SmError 'InvalidPayload' "A source of type $kind needs $needed." 'InvalidArgument') }
    if ($stream -eq 'Custom-') { $stream = "Custom-$table" }
    $source = New-SmTable
    $source['streams'] = @($stream)
    if ($list -eq 'syslog') {
        $facilities = @('*')
        if ($given['Facilities']) { $facilities = [string[]]$given['Facilities'] }
        $levels = @('*')
        if ($given['LogLevels']) { $levels = [string[]]$given['LogLevels'] }
        $source['facilityNames'] = $facilities
        $source['logLevels'] = $levels
    }
    if ($list -eq 'windowsEventLogs') { $source['xPathQueries'] = [string[]]$given['XPathQueries'] }
    if ($list -eq 'performanceCounters') {
        $every = 60
        if ($given['SamplingFrequencyInSeconds']) { $every = [int]$given['SamplingFrequencyInSeconds'] }
        $source['samplingFrequencyInSeconds'] = $every
        $source['counterSpecifiers'] = [string[]]$given['CounterSpecifiers']
    }
    if ($list -eq 'logFiles') {
        $source['filePatterns'] = [string[]]$given['FilePatterns']
        $format = 'text'
        if ($kind -eq 'JsonLog') { $format = 'json' }
        $source['format'] = $format
        if ($format -eq 'text') {
            $text = New-SmTable
            $text['recordStartTimestampFormat'] = 'ISO 8601'
            $settings = New-SmTable
            $settings['text'] = $text
            $source['settings'] = $settings
        }
    }
    @{ Kind = $kind; Stream = $stream; Table = $table; List = $list; Source = $source }
}

# Microsoft's own tables come into being with their first row; others are there.
function Assert-SmFeedTable {
    param($Call, $Source)
    if ($Source.Table -like '*_CL' -and -not (Find-SmThing $Call 'Tables_Get' @($Source.Table))) {
        throw (New-SmError 'InvalidOutputTable' "The table '$($Source.Table)' does not exist; create it first." 'ObjectNotFound')
    }
}

function Get-SmTransform {
    param($Call)
    $transform = 'source'
    if ($Call.Given.ContainsKey('TransformKql')) { $transform = [string]$Call.Given['TransformKql'] }
    if ($transform.Length -gt 15360) { throw (New-SmError 'InvalidTransformQuery' 'A transformation has 15360 characters at most.' 'InvalidArgument') }
    if (-not ($transform -cmatch '^source(?![A-Za-z0-9])')) { throw (New-SmError 'InvalidTransformQuery' "A transformation starts from 'source'." 'InvalidArgument') }
    $transform
}

# Azure refuses a rule in another region than its workspace's.
function Get-SmRegion {
    param($Call)
    $here = [string](Get-SmPath (Get-SmThing $Call 'Workspaces_Get') 'location')
    $wanted = [string]$Call.Given['Location']
    if ($wanted -and $wanted -ne $here) { throw (New-SmError 'InvalidPayload' "The workspace is in '$here', not in '$wanted'." 'InvalidArgument') }
    $here
}

# The columns of a table as a stream declares them: a stream has no guid, which
# the transformation turns back.
function New-SmStreamColumns {
    param($Table)
    $columns = New-Object System.Collections.ArrayList
    foreach ($column in @(Get-SmPath $Table 'properties', 'schema', 'columns')) {
        if (-not $column) { continue }
        $one = New-SmTable
        $one['name'] = [string]$column['name']
        $type = ([string]$column['type'])
        if ($type -eq 'dateTime') { $type = 'datetime' }
        if ($type -eq 'guid') { $type = 'string' }
        $one['type'] = $type.ToLowerInvariant()
        $null = $columns.Add($one)
    }
    , $columns.ToArray()
}

function New-SmFlow {
    param($Source, [string]$Transform)
    $flow = New-SmTable
    $flow['streams'] = @($Source.Stream)
    $flow['destinations'] = @('workspace')
    $flow['transformKql'] = $Transform
    $flow['outputStream'] = $Source.Stream
    if ($Source.Table -ne (Get-SmStreamTable $Source.Stream)) {
        $prefix = 'Microsoft-'
        if ($Source.Table -like '*_CL') { $prefix = 'Custom-' }
        $flow['outputStream'] = $prefix + $Source.Table
    }
    $flow
}

# The document of a rule that does not exist yet. $Declare: columns of its stream.
function New-SmFeedDraft {
    param($Call, [string]$Name, [string]$Kind, $Source, $Declare, [string]$Transform)
    foreach ($known in @(Get-SmThings $Call 'DataCollectionRules_ListBySubscription')) {
        if ([string]$known['name'] -eq $Name) { throw (New-SmError 'Conflict' "The data collection rule '$Name' exists." 'ResourceExists') }
    }
    $region = Get-SmRegion $Call
    Assert-SmFeedTable $Call $Source
    $endpoint = ''
    if ($Call.Given['DceName']) { $endpoint = [string](Get-SmEndpointByName $Call ([string]$Call.Given['DceName']))['id'] }
    if (@('TextLog', 'JsonLog', 'IISLog') -contains $Source.Kind -and -not $endpoint) { throw (New-SmError 'InvalidPayload' "A source of type $($Source.Kind) needs DceName." 'InvalidArgument') }
    $properties = New-SmTable
    if ($endpoint) { $properties['dataCollectionEndpointId'] = $endpoint }
    if ($Declare) {
        $stream = New-SmTable
        $stream['columns'] = $Declare
        $streams = New-SmTable
        $streams[$Source.Stream] = $stream
        $properties['streamDeclarations'] = $streams
    }
    if ($Source.Source) {
        $sources = New-SmTable
        $one = Copy-SmValue $Source.Source
        $one['name'] = "$($Source.Kind.ToLowerInvariant())-1"
        $sources[$Source.List] = @(, $one)
        $properties['dataSources'] = $sources
    }
    $place = New-SmTable
    $place['workspaceResourceId'] = $Call.WorkspaceId
    $place['name'] = 'workspace'
    $destinations = New-SmTable
    $destinations['logAnalytics'] = @(, $place)
    $properties['destinations'] = $destinations
    $properties['dataFlows'] = @(, (New-SmFlow $Source $Transform))
    $body = New-SmTable
    $body['location'] = $region
    if ($Kind) { $body['kind'] = $Kind }
    $body['properties'] = $properties
    $body
}

function New-DCRForTable {
    # Create a Direct DCR (Logs Ingestion API) for an existing table.
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
    $call = New-SmCall $PSCmdlet $PSBoundParameters 120
    try {
        $table = Find-SmThing $call 'Tables_Get' @($TableName)
        $is = $null
        if ($table) { $is = Read-SmTable $table }
        if (-not $is -or $is.Name -notlike '*_CL' -or $is.SubType -eq 'Classic') { throw (New-SmError 'InvalidOutputTable' "'$TableName' is no table of this workspace that a rule can write; create it first." 'InvalidArgument') }
        $wanted = [string]$DcrName
        if (-not $wanted) { $wanted = 'dcr-' + $is.Name.ToLowerInvariant().Replace('_', '-') }
        $transform = Get-SmTransform $call
        # Only where the caller has not said what to do with them.
        if (-not $call.Given.ContainsKey('TransformKql')) {
            $guids = @(Get-SmPath $table 'properties', 'schema', 'columns' | Where-Object { $_ -and $_['type'] -eq 'guid' } | ForEach-Object { "$($_['name']) = toguid($($_['name']))" })
            if ($guids) { $transform = 'source | extend ' + ($guids -join ', ') }
        }
        $source = @{ Kind = ''; Stream = "Custom-$($is.Name)"; Table = $is.Name; List = ''; Source = $null }
        $body = New-SmFeedDraft $call $wanted 'Direct' $source (New-SmStreamColumns $table) $transform
        if (Test-SmProcess $call "Create data collection rule for $($is.Name)" $wanted) {
            $made = (Invoke-SmOperation $call 'DataCollectionRules_Create' @($wanted) $null $body).Body
            if ($GrantTo) {
                # Monitoring Metrics Publisher.
                $role = New-SmTable
                $role['roleDefinitionId'] = "/subscriptions/$($call.Subscription)/providers/Microsoft.Authorization/roleDefinitions/3913510d-42f4-4e42-8a64-420c390055eb"
                $role['principalId'] = $GrantTo
                $null = Invoke-SmOperation $call 'RoleAssignments_Create' @($wanted, (New-SmId @([string]$made['id'], $GrantTo))) $null (New-SmTableBody $role)
            }
            $row = New-SmFeedRow $call $made $true
            $row['StreamName'] = $source.Stream
            $address = [string]$row['LogsIngestionEndpoint']
            if (-not $address -and $DceName) { $address = [string](Get-SmPath (Get-SmEndpointByName $call $DceName) 'properties', 'logsIngestion', 'endpoint') }
            $row['IngestionUri'] = "$address/dataCollectionRules/$($row['ImmutableId'])/streams/$($source.Stream)?api-version=2023-01-01"
            [pscustomobject]$row
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

function New-StandaloneDCR {
    # Create a DCR for agents (or workspace transforms) without binding it to one table.
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
    $call = New-SmCall $PSCmdlet $PSBoundParameters 120
    try {
        if ($Kind -eq 'WorkspaceTransforms') {
            foreach ($feed in @(Get-SmFeeds $call)) { if ($feed['kind'] -eq $Kind) { throw (New-SmError 'InvalidPayload' 'The workspace has its rule of kind WorkspaceTransforms.' 'InvalidArgument') } }
        }
        $source = Get-SmSource $call $Kind
        $declare = $null
        if ($source.Stream -like 'Custom-*') {
            $table = Find-SmThing $call 'Tables_Get' @($source.Table)
            if ($table) { $declare = New-SmStreamColumns $table }
        }
        $body = New-SmFeedDraft $call $DcrName $Kind $source $declare (Get-SmTransform $call)
        if (Test-SmProcess $call "Create data collection rule ($($source.Kind))" $DcrName) {
            $made = (Invoke-SmOperation $call 'DataCollectionRules_Create' @($DcrName) $null $body).Body
            [pscustomobject](New-SmFeedRow $call $made $true)
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

function New-StandaloneDCE {
    # Create a data collection endpoint.
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
    $call = New-SmCall $PSCmdlet $PSBoundParameters 120
    try {
        foreach ($known in @(Get-SmThings $call 'DataCollectionEndpoints_ListBySubscription')) {
            if ([string]$known['name'] -eq $DceName) { throw (New-SmError 'Conflict' "The data collection endpoint '$DceName' exists." 'ResourceExists') }
        }
        $region = Get-SmRegion $call
        if (Test-SmProcess $call "Create data collection endpoint ($PublicNetworkAccess)" $DceName) {
            $access = New-SmTable
            $access['publicNetworkAccess'] = $PublicNetworkAccess
            $properties = New-SmTable
            $properties['networkAcls'] = $access
            $body = New-SmTable
            $body['location'] = $region
            $body['properties'] = $properties
            $row = New-SmEndpointRow (Invoke-SmOperation $call 'DataCollectionEndpoints_Create' @($DceName) $null $body).Body @()
            $row.Remove('UsedByRules')
            $row.Remove('ResourceGroupName')
            [pscustomobject]$row
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

# A rule or endpoint as a restore sends it.
function New-SmResourceBackup {
    param($Resource, $Properties)
    $backup = New-SmTable
    foreach ($key in 'name', 'kind', 'location', 'tags', 'identity') {
        if (-not $Resource[$key] -or ($Resource[$key] -is [System.Collections.IDictionary] -and -not $Resource[$key].Count)) { continue }
        $backup[$key] = $Resource[$key]
    }
    foreach ($key in @($Properties.Keys)) { if ($null -eq $Properties[$key]) { $Properties.Remove($key) } }
    $backup['properties'] = $Properties
    $backup
}

# The properties of a rule that anybody may write.
function Copy-SmFeedProperties {
    param($Feed)
    $properties = Copy-SmWithout $Feed['properties'] @('immutableId', 'provisioningState', 'endpoints', 'metadata', 'ingestionQuotas')
    foreach ($place in @(Get-SmPath $properties 'destinations', 'logAnalytics')) { if ($place) { $place.Remove('workspaceId') } }
    if ($properties['dataSources'] -is [System.Collections.IDictionary] -and -not $properties['dataSources'].Count) { $properties.Remove('dataSources') }
    $properties
}

function Remove-DataCollectionRule {
    # Delete a DCR.
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Alias('ResourceGroup')][string]$ResourceGroupName,
        [Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true)][Alias('Name')][string]$DcrName,
        [switch]$DeleteAssociations,
        [switch]$Force
    )
    $call = New-SmCall $PSCmdlet $PSBoundParameters 120
    try {
        $feed = Get-SmFeed $call $DcrName
        $machines = @(Get-SmAssociations $call $feed).Count
        if ($machines -gt 0 -and -not $DeleteAssociations) { throw (New-SmError 'AssociationExists' "$machines machines send by '$($feed['name'])'; -DeleteAssociations cuts them off." 'InvalidOperation') }
        if (Test-SmProcess $call 'Delete data collection rule' "$($feed['name']) ($machines machines)") {
            $query = New-SmTable
            if ($DeleteAssociations) { $query['deleteAssociations'] = 'true' }
            $null = Invoke-SmOperation $call 'DataCollectionRules_Delete' @($feed['name']) $query
            [pscustomobject]@{
                Name                = [string]$feed['name']
                Deleted             = $true
                RemovedAssociations = $machines
                OutputTables        = Get-SmFeedTables $feed
                Backup              = ConvertTo-SmObject (New-SmResourceBackup $feed (Copy-SmFeedProperties $feed))
            }
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

function Remove-DataCollectionEndpoint {
    # Delete a DCE.
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Alias('ResourceGroup')][string]$ResourceGroupName,
        [Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true)][Alias('Name')][string]$DceName,
        [switch]$Force
    )
    $call = New-SmCall $PSCmdlet $PSBoundParameters 120
    try {
        $endpoint = Get-SmEndpointByName $call $DceName
        $row = New-SmEndpointRow $endpoint @(Get-SmThings $call 'DataCollectionRules_ListBySubscription')
        if ($row['UsedByRules'].Length) { throw (New-SmError 'InUse' "'$($endpoint['name'])' is in use by $($row['UsedByRules'] -join ', ')." 'InvalidOperation') }
        if (Test-SmProcess $call 'Delete data collection endpoint' ([string]$endpoint['name'])) {
            $call.Elsewhere = Get-SmGroupOf ([string]$endpoint['id'])
            $null = Invoke-SmOperation $call 'DataCollectionEndpoints_Delete' @($endpoint['name'])
            $backup = New-SmResourceBackup $endpoint (Copy-SmWithout $endpoint['properties'] @('immutableId', 'provisioningState', 'configurationAccess', 'logsIngestion', 'metricsIngestion', 'metadata', 'privateLinkScopedResources', 'failoverConfiguration'))
            [pscustomobject]@{ Name = [string]$endpoint['name']; Deleted = $true; ReferencedByRules = [string[]]@(); Backup = ConvertTo-SmObject $backup }
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

# The whole rule as a PUT takes it; a PATCH changes only tags and identity.
function Copy-SmFeedBody {
    param($Feed)
    $body = New-SmTable
    foreach ($key in @($Feed.Keys)) {
        if (@('id', 'name', 'type', 'etag', 'systemData', 'properties') -notcontains $key -and $null -ne $Feed[$key]) { $body[$key] = Copy-SmValue $Feed[$key] }
    }
    $body['properties'] = Copy-SmFeedProperties $Feed
    $body
}

# The stream that a call names, by itself or by its table; or the only one.
function Get-SmStream {
    param($Call, $Feed, [string]$Parameter)
    $flows = @(Get-SmFlows $Feed)
    $names = [string[]]@($flows | ForEach-Object { $_.Stream } | Select-Object -Unique)
    $wanted = [string]$Call.Given[$Parameter]
    if (-not $wanted) {
        if ($names.Length -eq 1) { return $names[0] }
        throw (New-SmError 'StreamMissing' "'$($Feed['name'])' has $($names.Length) streams; give $Parameter." 'InvalidArgument')
    }
    foreach ($flow in $flows) { if ($flow.Stream -eq $wanted -or $flow.Table -eq $wanted) { return $flow.Stream } }
    throw (New-SmError 'StreamNotFound' "'$($Feed['name'])' has no stream '$wanted'; it has $($names -join ', ')." 'ObjectNotFound')
}

# Sets the transformation of one stream, in a flow of its own where it shares one.
function Set-SmTransform {
    param($Body, [string]$Stream, [string]$Transform)
    $flows = New-Object System.Collections.ArrayList
    foreach ($flow in @($Body['properties']['dataFlows'])) {
        if (@($flow['streams']) -notcontains $Stream) { $null = $flows.Add($flow); continue }
        if (@($flow['streams']).Count -gt 1) {
            $rest = Copy-SmValue $flow
            $rest['streams'] = [object[]]@($flow['streams'] | Where-Object { $_ -ne $Stream })
            $null = $flows.Add($rest)
            $flow = Copy-SmValue $flow
            $flow['streams'] = @($Stream)
        }
        $flow['transformKql'] = $Transform
        $null = $flows.Add($flow)
    }
    $Body['properties']['dataFlows'] = $flows.ToArray()
}

# A transformation over rows of the caller's: how many come out, and which
# columns are lost.
function Test-SmTransform {
    param($Call, [string]$Transform, $Rows)
    $names = New-Object System.Collections.ArrayList
    foreach ($row in $Rows) { if ($row -is [System.Collections.IDictionary]) { foreach ($key in @($row.Keys)) { if (-not $names.Contains($key)) { $null = $names.Add($key) } } } }
    $columns = New-Object System.Collections.ArrayList
    foreach ($name in $names) {
        $type = 'string'
        if ($name -eq 'TimeGenerated') { $type = 'datetime' }
        foreach ($row in $Rows) {
            $value = $row[$name]
            if ($value -is [long]) { $type = 'long' }
            elseif ($value -is [decimal] -or $value -is [double]) { $type = 'real' }
            elseif ($value -is [bool]) { $type = 'bool' }
            elseif ($value -is [array] -or $value -is [System.Collections.IDictionary]) { $type = 'dynamic' }
        }
        $null = $columns.Add(@{ Name = $name; Type = $type })
    }
    $cells = New-Object System.Collections.ArrayList
    foreach ($row in $Rows) {
        foreach ($column in $columns) {
            $value = $row[$column.Name]
            $text = ''
            if ($null -ne $value) { $text = ConvertTo-SmJson $value }
            if ($column.Type -eq 'string') { if ($value -isnot [string]) { $value = $text }; $null = $cells.Add((ConvertTo-SmKql $value)) }
            elseif ($column.Type -eq 'datetime') { $null = $cells.Add("datetime($value)") }
            elseif ($column.Type -eq 'dynamic') { $null = $cells.Add("dynamic($text)") }
            elseif ($null -eq $value) { $null = $cells.Add("$($column.Type)(null)") }
            else { $null = $cells.Add($text) }
        }
    }
    $declared = @($columns | ForEach-Object { "$($_.Name):$($_.Type)" }) -join ', '
    $answer = Invoke-SmQuery $Call "let source = datatable($declared)[$($cells -join ', ')];`n$Transform"
    $left = @($answer.Columns | ForEach-Object { [string]$_['name'] })
    [pscustomobject]@{ RowsIn = @($Rows).Count; RowsOut = @($answer.Rows).Count; ColumnsLost = [string[]]@($names | Where-Object { $left -notcontains $_ }) }
}

function Update-DCRTransformation {
    # Change the ingestion-time KQL of a DCR flow.
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
    $call = New-SmCall $PSCmdlet $PSBoundParameters 120
    try {
        $feed = Get-SmFeed $call $DcrName
        $name = Get-SmStream $call $feed 'Stream'
        $after = Get-SmTransform $call
        $rows = $null
        if ($call.Given.ContainsKey('TestRows')) {
            try { $rows = ConvertFrom-SmJson $TestRows } catch { $rows = $null }
            if ($rows -isnot [array]) { throw (New-SmError 'InvalidPayload' 'TestRows is a JSON array of rows.' 'InvalidArgument') }
        }
        $before = 'source'
        foreach ($flow in @(Get-SmFlows $feed)) { if ($flow.Stream -eq $name) { $before = $flow.Transform } }
        $dry = $null
        if ($null -ne $rows) { $dry = Test-SmTransform $call $after $rows }
        if (Test-SmProcess $call 'Replace transformation' "$($feed['name'])/$name") {
            if ($before -cne $after) {
                $body = Copy-SmFeedBody $feed
                Set-SmTransform $body $name $after
                $null = Invoke-SmOperation $call 'DataCollectionRules_Create' @($feed['name']) $null $body
            }
            [pscustomobject]@{ Name = [string]$feed['name']; Stream = $name; PreviousTransformKql = $before; TransformKql = $after; Changed = ($before -cne $after); DryRun = $dry }
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

function Add-DCRDataSource {
    # Add a data source and flow to an existing DCR.
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
    $call = New-SmCall $PSCmdlet $PSBoundParameters 120
    try {
        $feed = Get-SmFeed $call $DcrName
        $source = Get-SmSource $call ([string]$feed['kind'])
        Assert-SmFeedTable $call $source
        $transform = Get-SmTransform $call
        $wanted = [string]$SourceName
        if (-not $wanted) { $wanted = "$($source.Kind.ToLowerInvariant())-$((Get-SmSourceTypes $feed).Length + 1)" }
        if (Test-SmProcess $call "Add $($source.Kind) as $wanted" ([string]$feed['name'])) {
            $body = Copy-SmFeedBody $feed
            $properties = $body['properties']
            if ($properties['dataSources'] -isnot [System.Collections.IDictionary]) { $properties['dataSources'] = New-SmTable }
            $one = Copy-SmValue $source.Source
            $one['name'] = $wanted
            # The same name again replaces, so a second call adds nothing.
            $kept = New-Object System.Collections.ArrayList
            $replaced = $false
            foreach ($known in @($properties['dataSources'][$source.List])) {
                if (-not $known) { continue }
                if ($known['name'] -eq $wanted) { $null = $kept.Add($one); $replaced = $true } else { $null = $kept.Add($known) }
            }
            if (-not $replaced) { $null = $kept.Add($one) }
            $properties['dataSources'][$source.List] = $kept.ToArray()
            $streams = @(Get-SmFlows $feed | ForEach-Object { $_.Stream })
            if ($streams -contains $source.Stream) { Set-SmTransform $body $source.Stream $transform }
            else {
                $flow = New-SmFlow $source $transform
                $place = [string]$properties['destinations']['logAnalytics'][0]['name']
                if ($place) { $flow['destinations'] = @($place) }
                $properties['dataFlows'] = [object[]](@($properties['dataFlows']) + @(, $flow))
                if ($source.Stream -like 'Custom-*') {
                    $table = Find-SmThing $call 'Tables_Get' @($source.Table)
                    if ($table) {
                        $stream = New-SmTable
                        $stream['columns'] = New-SmStreamColumns $table
                        if ($properties['streamDeclarations'] -isnot [System.Collections.IDictionary]) { $properties['streamDeclarations'] = New-SmTable }
                        $properties['streamDeclarations'][$source.Stream] = $stream
                    }
                }
            }
            $row = New-SmFeedRow $call (Invoke-SmOperation $call 'DataCollectionRules_Create' @($feed['name']) $null $body).Body $true
            $row['AddedSource'] = $wanted
            [pscustomobject]$row
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

# A value of a column's type, for a row that only tests.
function New-SmSample {
    param([string]$Type, [string]$Marker)
    switch ($Type) {
        'datetime' { return (Format-SmTime ([datetime]::UtcNow)) }
        'int' { return 1 }
        'long' { return 1 }
        'real' { return 1.5 }
        'boolean' { return $true }
        'dynamic' { $value = New-SmTable; $value['test'] = $Marker; return $value }
    }
    $Marker
}

# Rows for a stream, marked so that they can be found again.
function Get-SmTestRows {
    param($Call, $Feed, [string]$Stream, [string]$Marker, [int]$Count)
    if ($Call.Given.ContainsKey('SampleData')) {
        try { $rows = ConvertFrom-SmJson ([string]$Call.Given['SampleData']) } catch { $rows = $null }
        if ($rows -isnot [array]) { throw (New-SmError 'InvalidPayload' 'SampleData is a JSON array of rows.' 'InvalidArgument') }
        if (([string]$Call.Given['SampleData']).Length -gt 1048576) { throw (New-SmError '413' 'SampleData is larger than 1 MB.' 'InvalidArgument') }
        return , $rows
    }
    $columns = Get-SmPath $Feed 'properties', 'streamDeclarations', $Stream, 'columns'
    $rows = New-Object System.Collections.ArrayList
    for ($i = 0; $i -lt $Count; $i++) {
        $row = New-SmTable
        foreach ($column in @($columns)) { if ($column) { $row[[string]$column['name']] = New-SmSample ([string]$column['type']).ToLowerInvariant() $Marker } }
        $null = $rows.Add($row)
    }
    , $rows.ToArray()
}

function New-SmCheck {
    param([string]$Step, [bool]$Ok, [string]$Why)
    $detail = ''
    if (-not $Ok) { $detail = $Why }
    [pscustomobject]@{ Step = $Step; Ok = $Ok; Detail = $detail }
}

# Rows that arrive are real and cannot be removed: a write, whatever its verb says.
function Test-DCRIngestion {
    # Send marked synthetic rows through a DCR and wait for their arrival.
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
    $call = New-SmCall $PSCmdlet $PSBoundParameters 1900
    try {
        $feed = Get-SmFeed $call $DcrName
        $stream = Get-SmStream $call $feed 'StreamName'
        $marker = [guid]::NewGuid().ToString()
        $rows = Get-SmTestRows $call $feed $stream $marker $RecordCount
        if (Test-SmProcess $call "Send $($rows.Length) test rows" "$($feed['name'])/$stream") {
            $tables = [string[]]@(Get-SmFlows $feed | Where-Object { $_.Stream -eq $stream } | ForEach-Object { $_.Table })
            $isThere = $true
            foreach ($table in $tables) { if (-not (Find-SmThing $call 'Tables_Get' @($table))) { $isThere = $false } }
            # Agents send by the other kinds; only these take rows over HTTP.
            $takes = $stream -like 'Custom-*'
            $checks = [object[]]@((New-SmCheck 'stream' $takes 'rows are sent to streams of one''s own only'), (New-SmCheck 'table' $isThere 'the rule''s table does not exist'))
            $good = $takes -and $isThere
            $status = $null
            $sent = 0
            $arrived = 0
            $latency = $null
            if (-not $DryRun) {
                $status = 404
                if ($good) {
                    $status = Send-SmRows $call $feed $stream $rows
                    $sent = $rows.Length
                    if ($WaitForArrival) {
                        $clock = [System.Diagnostics.Stopwatch]::StartNew()
                        $column = ''
                        if ($call.Given.ContainsKey('SampleData')) { Write-Warning 'Rows of SampleData carry no marker; their arrival is not looked for.' }
                        else { $column = Get-SmMarkedColumn $feed $stream }
                        while ($column -and $arrived -lt $sent -and $clock.Elapsed.TotalSeconds -lt $TimeoutSeconds) {
                            $found = @(Get-SmRows $call "$($tables[0]) | where TimeGenerated > ago(1h) | where tostring(['$column']) == $(ConvertTo-SmKql $marker) | count")
                            if ($found) { $arrived = [int]$found[0]['Count'] }
                            if ($arrived -ge $sent) { $latency = [double]$clock.Elapsed.TotalSeconds; break }
                            Show-SmProgress $call 'Waiting for arrival'
                            if (-not (Wait-SmSeconds $call 10)) { break }
                        }
                    }
                }
            }
            [pscustomobject]@{
                Name           = [string]$feed['name']
                StreamName     = $stream
                HttpStatus     = $status
                RecordsSent    = $sent
                RecordsArrived = $arrived
                LatencySeconds = $latency
                RunMarker      = $marker
                Checks         = $checks
            }
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

# A text column of a stream, which holds the marker.
function Get-SmMarkedColumn {
    param($Feed, [string]$Stream)
    foreach ($column in @(Get-SmPath $Feed 'properties', 'streamDeclarations', $Stream, 'columns')) { if ($column -and $column['type'] -eq 'string') { return [string]$column['name'] } }
    ''
}

# Sends rows to the endpoint of a rule; the HTTP status.
function Send-SmRows {
    param($Call, $Feed, [string]$Stream, $Rows)
    $address = $script:SmSettings.Ingestion
    if (-not $address) { $address = [string](Get-SmPath $Feed 'properties', 'endpoints', 'logsIngestion') }
    if (-not $address -and $Feed['properties']['dataCollectionEndpointId']) {
        $address = [string](Get-SmPath (Get-SmEndpointByName $Call (Get-SmLeaf ([string]$Feed['properties']['dataCollectionEndpointId']))) 'properties', 'logsIngestion', 'endpoint')
    }
    if (-not $address) { throw (New-SmError 'NoIngestionEndpoint' "'$($Feed['name'])' has no endpoint that takes rows." 'InvalidOperation') }
    $uri = $address.TrimEnd('/') + '/dataCollectionRules/' + [uri]::EscapeDataString([string]$Feed['properties']['immutableId']) + '/streams/' + [uri]::EscapeDataString($Stream) + '?api-version=2023-01-01'
    $what = @{ Write = $true; Method = 'POST'; Uri = $uri; Operation = 'Upload' }
    (Invoke-SmUri $Call $what (ConvertTo-SmJson $Rows) (Get-SmSetting 'IngestionAudience')).Status
}

