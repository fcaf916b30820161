# ---- data collection rules and endpoints -------------------------------------

# Sources as Azure names them, and as the catalogue does. A kind of syslog or
# Windows events is told apart by its stream.
$script:SmSourceKinds = @{
    syslog = 'Syslog'; windowsEventLogs = 'WindowsEventLogs'; performanceCounters = 'PerformanceCounters'; iisLogs = 'IISLog'
    windowsFirewallLogs = 'WindowsFirewall'; logFiles = 'TextLog'; extensions = 'Extension'; dataImports = 'DataImport'
    platformTelemetry = 'PlatformTelemetry'; prometheusForwarder = 'Prometheus'
}

# Rules that feed the workspace, and that of its own transformations.
function Get-SmFeeds {
    param($Call)
    foreach ($feed in (Get-SmThings $Call 'DataCollectionRules_ListBySubscription')) {
        foreach ($place in @(Get-SmPath $feed 'properties', 'destinations', 'logAnalytics')) {
            if ($place -and [string]::Equals([string]$place['workspaceResourceId'], $Call.WorkspaceId, [System.StringComparison]::OrdinalIgnoreCase)) { $feed; break }
        }
    }
}

function Get-SmFeed {
    param($Call, [string]$Name)
    $feed = Find-SmThing $Call 'DataCollectionRules_Get' @($Name)
    if ($feed) { return $feed }
    # In another resource group than the workspace's.
    foreach ($feed in @(Get-SmFeeds $Call)) {
        if ([string]$feed['name'] -eq $Name) { $Call.Elsewhere = Get-SmGroupOf ([string]$feed['id']); return $feed }
    }
    throw (New-SmError 'ResourceNotFound' "No data collection rule '$Name'." 'ObjectNotFound')
}

# Every stream of a rule with its table and transformation, in the order of the
# flows: {Stream, Table, Transform, Flow}.
function Get-SmFlows {
    param($Feed)
    foreach ($flow in @(Get-SmPath $Feed 'properties', 'dataFlows')) {
        if (-not $flow) { continue }
        foreach ($stream in @($flow['streams'])) {
            $out = [string]$flow['outputStream']
            if (-not $out) { $out = [string]$stream }
            $transform = [string]$flow['transformKql']
            if (-not $transform) { $transform = 'source' }
            @{ Stream = [string]$stream; Table = (Get-SmStreamTable $out); Transform = $transform; Flow = $flow }
        }
    }
}

# The table that a stream of Azure's leads to.
function Get-SmStreamTable {
    param([string]$Stream)
    $name = $Stream
    foreach ($prefix in 'Microsoft-Table-', 'Microsoft-', 'Custom-') { if ($name.StartsWith($prefix)) { $name = $name.Substring($prefix.Length); break } }
    $name
}

function Get-SmFeedTables {
    param($Feed)
    $all = New-Object System.Collections.ArrayList
    foreach ($flow in @(Get-SmFlows $Feed)) { if (-not $all.Contains($flow.Table)) { $null = $all.Add($flow.Table) } }
    , [string[]]$all.ToArray([string])
}

function Get-SmSourceTypes {
    param($Feed)
    $all = New-Object System.Collections.ArrayList
    $sources = Get-SmPath $Feed 'properties', 'dataSources'
    if ($sources) {
        foreach ($kind in @($sources.Keys)) {
            foreach ($source in @($sources[$kind])) {
                if (-not $source) { continue }
                $name = $script:SmSourceKinds[$kind]
                if (-not $name) { $name = $kind }
                $streams = @($source['streams'])
                if ($kind -eq 'syslog' -and $streams -contains 'Microsoft-CommonSecurityLog') { $name = 'CEF' }
                if ($kind -eq 'windowsEventLogs' -and $streams -contains 'Microsoft-SecurityEvent') { $name = 'WindowsSecurityEvents' }
                if ($kind -eq 'logFiles' -and $source['format'] -eq 'json') { $name = 'JsonLog' }
                $null = $all.Add($name)
            }
        }
    }
    , [string[]]$all.ToArray([string])
}

function New-SmFeedRow {
    param($Call, $Feed, [bool]$Count)
    $properties = $Feed['properties']
    $flows = @(Get-SmFlows $Feed)
    $streams = New-Object System.Collections.ArrayList
    $transforms = New-Object System.Management.Automation.PSObject
    $changed = $false
    foreach ($flow in $flows) {
        if ($flow.Transform -ne 'source') { $changed = $true }
        if ($streams.Contains($flow.Stream)) { continue }
        $null = $streams.Add($flow.Stream)
        $transforms.PSObject.Properties.Add((New-Object System.Management.Automation.PSNoteProperty -ArgumentList $flow.Stream, $flow.Transform))
    }
    $places = New-Object System.Collections.ArrayList
    foreach ($place in @(Get-SmPath $properties 'destinations', 'logAnalytics')) { if ($place) { $null = $places.Add((Get-SmLeaf ([string]$place['workspaceResourceId']))) } }
    $dce = $null
    if ($properties['dataCollectionEndpointId']) { $dce = Get-SmLeaf ([string]$properties['dataCollectionEndpointId']) }
    $kind = [string]$Feed['kind']
    if (-not $kind) { $kind = 'None' }
    $row = New-Object System.Collections.Specialized.OrderedDictionary
    $row['Name'] = [string]$Feed['name']
    $row['ImmutableId'] = [string]$properties['immutableId']
    $row['Kind'] = $kind
    $row['Location'] = [string]$Feed['location']
    $row['ResourceGroupName'] = Get-SmGroupOf ([string]$Feed['id'])
    $row['DataSourceTypes'] = Get-SmSourceTypes $Feed
    $row['Streams'] = [string[]]$streams.ToArray([string])
    $row['OutputTables'] = Get-SmFeedTables $Feed
    $row['DestinationWorkspaces'] = [string[]]$places.ToArray([string])
    $row['HasTransform'] = $changed
    $row['TransformKql'] = $transforms
    $row['DataCollectionEndpoint'] = $dce
    $row['LogsIngestionEndpoint'] = Get-SmPath $properties 'endpoints', 'logsIngestion'
    $row['AssociationCount'] = $null
    if ($Count) { $row['AssociationCount'] = @(Get-SmAssociations $Call $Feed).Count }
    $row['ProvisioningState'] = [string]$properties['provisioningState']
    $row['ResourceId'] = [string]$Feed['id']
    $row
}

# Machines that send by a rule.
function Get-SmAssociations {
    param($Call, $Feed)
    $before = $Call.Elsewhere
    $Call.Elsewhere = Get-SmGroupOf ([string]$Feed['id'])
    try { @(Get-SmThings $Call 'DataCollectionRuleAssociations_ListByRule' @($Feed['name'])) } finally { $Call.Elsewhere = $before }
}

function Get-DataCollectionRules {
    # List data collection rules that feed the workspace.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Alias('ResourceGroup')][string]$ResourceGroupName,
        [Alias('Workspace')][string]$WorkspaceName,
        [Alias('DcrName')][string]$Name,
        [ValidateSet('Linux', 'Windows', 'Direct', 'WorkspaceTransforms', 'AgentDirectToStore', 'AgentSettings', 'None')][string]$Kind,
        [switch]$IncludeAssociations
    )
    $call = New-SmCall $PSCmdlet $PSBoundParameters 60
    try {
        $feeds = @(Get-SmFeeds $call)
        if ($Name) {
            $feeds = @($feeds | Where-Object { $_['name'] -eq $Name })
            if (-not $feeds) { throw (New-SmError 'ResourceNotFound' "No data collection rule '$Name'." 'ObjectNotFound') }
        }
        foreach ($feed in $feeds) {
            if ($Kind) {
                $is = [string]$feed['kind']
                if (-not $is) { $is = 'None' }
                if ($is -ne $Kind) { continue }
            }
            [pscustomobject](New-SmFeedRow $call $feed ([bool]$IncludeAssociations))
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

function New-SmEndpointRow {
    param($Endpoint, $Feeds)
    $properties = $Endpoint['properties']
    $users = New-Object System.Collections.ArrayList
    foreach ($feed in @($Feeds)) {
        if ($feed -and [string]::Equals([string]$feed['properties']['dataCollectionEndpointId'], [string]$Endpoint['id'], [System.StringComparison]::OrdinalIgnoreCase)) { $null = $users.Add([string]$feed['name']) }
    }
    $row = New-Object System.Collections.Specialized.OrderedDictionary
    $row['Name'] = [string]$Endpoint['name']
    $row['ImmutableId'] = [string]$properties['immutableId']
    $row['Location'] = [string]$Endpoint['location']
    $row['ResourceGroupName'] = Get-SmGroupOf ([string]$Endpoint['id'])
    $row['LogsIngestionEndpoint'] = Get-SmPath $properties 'logsIngestion', 'endpoint'
    $row['ConfigurationEndpoint'] = Get-SmPath $properties 'configurationAccess', 'endpoint'
    $row['PublicNetworkAccess'] = [string](Get-SmPath $properties 'networkAcls', 'publicNetworkAccess')
    $row['UsedByRules'] = [string[]]$users.ToArray([string])
    $row['ProvisioningState'] = [string]$properties['provisioningState']
    $row['ResourceId'] = [string]$Endpoint['id']
    $row
}

function Get-DataCollectionEndpoints {
    # List data collection endpoints.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Alias('ResourceGroup')][string]$ResourceGroupName,
        [Alias('Workspace')][string]$WorkspaceName,
        [Alias('DceName')][string]$Name
    )
    $call = New-SmCall $PSCmdlet $PSBoundParameters 60
    try {
        $endpoints = @(Get-SmThings $call 'DataCollectionEndpoints_ListBySubscription' | Where-Object { -not $Name -or $_['name'] -eq $Name })
        if ($Name -and -not $endpoints) { throw (New-SmError 'ResourceNotFound' "No data collection endpoint '$Name'." 'ObjectNotFound') }
        $feeds = @()
        if ($endpoints) { $feeds = @(Get-SmThings $call 'DataCollectionRules_ListBySubscription') }
        foreach ($endpoint in $endpoints) { [pscustomobject](New-SmEndpointRow $endpoint $feeds) }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

# An endpoint by name, wherever in the subscription it lies.
function Get-SmEndpointByName {
    param($Call, [string]$Name)
    $found = @(Get-SmThings $Call 'DataCollectionEndpoints_ListBySubscription' | Where-Object { $_['name'] -eq $Name })
    if (-not $found) { throw (New-SmError 'ResourceNotFound' "No data collection endpoint '$Name'." 'ObjectNotFound') }
    $found[0]
}

