# ---- workbooks ---------------------------------------------------------------

# Of the workspace; -Everywhere: of the subscription. With content only where it
# is needed: a workbook may hold megabytes.
function Get-SmWorkbooks {
    param($Call, [bool]$Content, [bool]$Everywhere)
    $query = New-SmTable
    $query['category'] = 'sentinel'
    if (-not $Everywhere) { $query['sourceId'] = $Call.WorkspaceId.ToLowerInvariant() }
    $query['canFetchContent'] = ([string]$Content).ToLowerInvariant()
    foreach ($book in (Get-SmThings $Call 'Workbooks_ListBySubscription' @() $query)) {
        $source = [string]$book['properties']['sourceId']
        if (-not $Everywhere -and $source -and -not [string]::Equals($source, $Call.WorkspaceId, [System.StringComparison]::OrdinalIgnoreCase)) { continue }
        $book
    }
}

# The workbook that a call names, with its content: by id, or by its exact name
# when only one has it.
function Get-SmWorkbook {
    param($Call)
    $query = New-SmTable
    $query['canFetchContent'] = 'true'
    $id = [string]$Call.Given['WorkbookId']
    if (-not $id) {
        $name = [string]$Call.Given['DisplayName']
        $found = @(Get-SmWorkbooks $Call $false | Where-Object { [string]::Equals([string]$_['properties']['displayName'], $name, [System.StringComparison]::OrdinalIgnoreCase) })
        if (-not $found) { throw (New-SmError 'WorkbookNotFound' "No workbook '$name' in workspace '$($Call.Workspace)'." 'ObjectNotFound') }
        if ($found.Count -gt 1) { throw (New-SmError 'AmbiguousName' "$($found.Count) workbooks are called '$name'; give WorkbookId." 'InvalidArgument') }
        $id = [string]$found[0]['name']
        $Call.Elsewhere = Get-SmGroupOf ([string]$found[0]['id'])
    }
    try { $book = Find-SmThing $Call 'Workbooks_Get' @($id) $query } finally { $Call.Elsewhere = '' }
    if (-not $book) { throw (New-SmError 'WorkbookNotFound' "No workbook '$id' in workspace '$($Call.Workspace)'." 'ObjectNotFound') }
    $book
}

function New-SmWorkbookRow {
    param($Book)
    $properties = $Book['properties']
    $tags = $Book['tags']
    if ($null -eq $tags) { $tags = New-SmTable }
    $row = New-Object System.Collections.Specialized.OrderedDictionary
    $row['WorkbookId'] = [string]$Book['name']
    $row['DisplayName'] = [string]$properties['displayName']
    $row['Category'] = [string]$properties['category']
    $row['SourceId'] = [string]$properties['sourceId']
    $row['Version'] = [string]$properties['version']
    $row['TimeModified'] = ConvertTo-SmTime $properties['timeModified']
    $by = [string](Get-SmPath $Book 'systemData', 'lastModifiedBy')
    if (-not $by) { $by = [string]$properties['userId'] }
    $row['ModifiedBy'] = $by
    $row['ResourceGroupName'] = Get-SmGroupOf ([string]$Book['id'])
    $row['Location'] = [string]$Book['location']
    $row['Tags'] = ConvertTo-SmObject $tags
    $row['ResourceId'] = [string]$Book['id']
    $row
}

function Get-SentinelWorkbooks {
    # List the saved workbooks of a workspace.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [string]$NameFilter = '*',
        [switch]$AllInSubscription
    )
    $call = New-SmCall $PSCmdlet $PSBoundParameters 30
    try {
        foreach ($book in (Get-SmWorkbooks $call $false ([bool]$AllInSubscription))) {
            if (Test-SmLike ([string]$book['properties']['displayName']) $NameFilter) { [pscustomobject](New-SmWorkbookRow $book) }
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

# The items of a workbook, those within groups too.
function Get-SmWorkbookItems {
    param($Content)
    foreach ($item in @(Get-SmPath $Content 'items')) {
        if ($null -eq $item) { continue }
        $item
        Get-SmWorkbookItems (Get-SmPath $item 'content')
    }
}

function Get-WorkbookDetails {
    # Details of a workbook: parameters, queries, tables it reads.
    [CmdletBinding(DefaultParameterSetName = 'ById')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true, ParameterSetName = 'ById')][Alias('Id')][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$WorkbookId,
        [Parameter(Mandatory = $true, ParameterSetName = 'ByName')][Alias('WorkbookName', 'Name')][string]$DisplayName,
        [switch]$IncludeContent
    )
    $call = New-SmCall $PSCmdlet $PSBoundParameters 30
    try {
        $book = Get-SmWorkbook $call
        $text = [string]$book['properties']['serializedData']
        $content = $null
        try { $content = ConvertFrom-SmJson $text } catch { $content = $null }
        $items = @(Get-SmWorkbookItems $content)
        $tables = New-Object System.Collections.ArrayList
        $parameters = New-Object System.Collections.ArrayList
        $queries = 0
        foreach ($item in $items) {
            if ($item['type'] -eq 3) {
                $queries++
                foreach ($table in (Get-SmTablesOf ([string](Get-SmPath $item 'content', 'query')))) { if (-not $tables.Contains($table)) { $null = $tables.Add($table) } }
            }
            if ($item['type'] -eq 9) {
                foreach ($parameter in @(Get-SmPath $item 'content', 'parameters')) { if ($parameter) { $null = $parameters.Add([string]$parameter['name']) } }
            }
        }
        $row = New-SmWorkbookRow $book
        $row['Description'] = $book['properties']['description']
        $row['Revision'] = [string]$book['properties']['revision']
        $row['ItemCount'] = $items.Count
        $row['QueryCount'] = $queries
        $row['TablesReferenced'] = [string[]]$tables.ToArray([string])
        $row['Parameters'] = [string[]]$parameters.ToArray([string])
        $row['SerializedData'] = $null
        if ($IncludeContent) { $row['SerializedData'] = $text }
        [pscustomobject]$row
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

# An ARM template of one resource, with one parameter.
function New-SmTemplate {
    param([string]$Parameter, $Resource)
    $type = New-SmTable
    $type['type'] = 'String'
    $parameters = New-SmTable
    $parameters[$Parameter] = $type
    $template = New-SmTable
    $template['$schema'] = 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#'
    $template['contentVersion'] = '1.0.0.0'
    $template['parameters'] = $parameters
    $template['resources'] = @(, $Resource)
    $template
}

function New-SmWorkbookTemplate {
    param($Book)
    $properties = New-SmTable
    foreach ($key in 'displayName', 'category', 'serializedData') { $properties[$key] = $Book['properties'][$key] }
    if ($Book['properties']['description']) { $properties['description'] = $Book['properties']['description'] }
    $properties['sourceId'] = "[parameters('workspaceId')]"
    $resource = New-SmTable
    $resource['type'] = 'Microsoft.Insights/workbooks'
    $resource['apiVersion'] = '2023-06-01'
    $resource['name'] = [string]$Book['name']
    $resource['kind'] = 'shared'
    $resource['properties'] = $properties
    New-SmTemplate 'workspaceId' $resource
}

# A name that any file system takes.
function ConvertTo-SmFileName {
    param([string]$Title)
    [regex]::Replace($Title, '[^A-Za-z0-9]+', '-').Trim('-').ToLowerInvariant()
}

function Export-SentinelWorkbook {
    # Export a workbook as gallery JSON or ARM template.
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
    $call = New-SmCall $PSCmdlet $PSBoundParameters 60
    try {
        $book = Get-SmWorkbook $call
        $text = [string]$book['properties']['serializedData']
        if ($Format -eq 'ARM') { $text = ConvertTo-SmJson (New-SmWorkbookTemplate $book) -Sorted }
        $bytes = [System.Text.Encoding]::UTF8.GetBytes($text)
        $content = $null
        if ($PassThru) { $content = $text }
        [pscustomobject]@{
            WorkbookId  = [string]$book['name']
            DisplayName = [string]$book['properties']['displayName']
            Format      = $Format
            FileName    = (ConvertTo-SmFileName ([string]$book['properties']['displayName'])) + '.json'
            Bytes       = $bytes.Length
            Sha256      = Get-SmSha256 $bytes
            Content     = $content
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

function Remove-SentinelWorkbook {
    # Delete a saved workbook.
    [CmdletBinding(DefaultParameterSetName = 'ById', SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true, ParameterSetName = 'ById')][Alias('Id')][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$WorkbookId,
        [Parameter(Mandatory = $true, ParameterSetName = 'ByName')][Alias('WorkbookName', 'Name')][string]$DisplayName,
        [switch]$Force
    )
    $call = New-SmCall $PSCmdlet $PSBoundParameters 30
    try {
        $book = Get-SmWorkbook $call
        $name = [string]$book['properties']['displayName']
        if (Test-SmProcess $call 'Delete workbook' $name) {
            $call.Elsewhere = Get-SmGroupOf ([string]$book['id'])
            $null = Invoke-SmOperation $call 'Workbooks_Delete' @($book['name'])
            [pscustomobject]@{ WorkbookId = [string]$book['name']; DisplayName = $name; Deleted = $true; Backup = ConvertTo-SmObject (New-SmWorkbookTemplate $book) }
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

# The gallery's form of a workbook, from it or from an ARM template.
function Get-SmGallery {
    param([string]$Text)
    try {
        $json = ConvertFrom-SmJson $Text
        if ($json['items'] -is [array]) { return $Text }
        $inner = [string]$json['resources'][0]['properties']['serializedData']
        if ((ConvertFrom-SmJson $inner)['items'] -is [array]) { return $inner }
    }
    catch { }
    throw (New-SmError 'InvalidWorkbook' 'The content is neither a workbook of the gallery nor an ARM template of one.' 'InvalidArgument')
}

function Import-SentinelWorkbook {
    # Create or replace a workbook from exported JSON.
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
    $call = New-SmCall $PSCmdlet $PSBoundParameters 60
    try {
        $gallery = Get-SmGallery $Content
        $json = ConvertFrom-SmJson $gallery
        # The ids of the workspace that it came from would show another
        # customer's name and no data.
        $replaced = 0
        foreach ($list in 'fallbackResourceIds', 'crossComponentResources') {
            $ids = $json[$list]
            if ($ids -isnot [array]) { continue }
            for ($i = 0; $i -lt $ids.Length; $i++) {
                if ($ids[$i] -is [string] -and $ids[$i].StartsWith('/') -and -not [string]::Equals($ids[$i], $call.WorkspaceId, [System.StringComparison]::OrdinalIgnoreCase)) { $ids[$i] = $call.WorkspaceId; $replaced++ }
            }
        }
        if ($replaced) { $gallery = ConvertTo-SmJson $json }
        $id = [string]$WorkbookId
        if (-not $id) { $id = New-SmId @($call.WorkspaceId, 'workbooks', $DisplayName) }
        $query = New-SmTable
        $query['canFetchContent'] = 'false'
        $known = Find-SmThing $call 'Workbooks_Get' @($id) $query
        if ($known -and -not $Overwrite) { throw (New-SmError 'Conflict' "A workbook with id '$id' exists; -Overwrite replaces it." 'ResourceExists') }
        $action = 'Import workbook'
        if ($known) { $action = 'Replace workbook' }
        if (Test-SmProcess $call $action $DisplayName) {
            $place = [string]$Location
            if (-not $place -and $known) { $place = [string]$known['location'] }
            if (-not $place) { $place = [string](Get-SmPath (Get-SmThing $call 'Workspaces_Get') 'location') }
            $body = New-SmTable
            $body['location'] = $place
            $body['kind'] = 'shared'
            # A PUT replaces: what the workbook has besides stays.
            if ($known -and $known['tags']) { $body['tags'] = $known['tags'] }
            $properties = New-SmTable
            if ($known) { $properties = Copy-SmWithout $known['properties'] @('revision', 'timeModified', 'userId', 'serializedData') }
            $properties['displayName'] = $DisplayName
            $properties['category'] = 'sentinel'
            $properties['version'] = 'Notebook/1.0'
            $properties['sourceId'] = $call.WorkspaceId.ToLowerInvariant()
            $properties['serializedData'] = $gallery
            foreach ($key in @($properties.Keys)) { if ($null -eq $properties[$key]) { $properties.Remove($key) } }
            $body['properties'] = $properties
            $source = New-SmTable
            $source['sourceId'] = $call.WorkspaceId.ToLowerInvariant()
            $row = New-SmWorkbookRow (Invoke-SmOperation $call 'Workbooks_CreateOrUpdate' @($id) $source $body).Body
            $row['Created'] = (-not $known)
            $row['ReplacedResourceIds'] = $replaced
            [pscustomobject]$row
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

