# ---- backup content ----------------------------------------------------------

# One exported thing: its content as JSON with sorted keys or as text, with hash.
# $More: what this kind of thing has besides.
function New-SmExport {
    param($Call, [string]$Name, [string]$Title, [string]$Id, [string]$Format, $Content, [string]$Extension, $More)
    $text = $Content
    if ($Content -isnot [string]) { $text = ConvertTo-SmJson $Content -Sorted }
    $bytes = [System.Text.Encoding]::UTF8.GetBytes($text)
    $row = New-Object System.Collections.Specialized.OrderedDictionary
    $row['Name'] = $Name
    $row['Id'] = $Id
    $row['FileName'] = "$(ConvertTo-SmFileName $Title).$Extension"
    $row['Format'] = $Format
    $row['Bytes'] = $bytes.Length
    $row['Sha256'] = Get-SmSha256 $bytes
    $row['Content'] = $null
    # The switch is on unless the call says otherwise.
    if (-not $Call.Given.ContainsKey('PassThru') -or $Call.Given['PassThru']) {
        if ($Content -is [string]) { $row['Content'] = $Content } else { $row['Content'] = ConvertTo-SmObject $Content }
    }
    foreach ($key in @($More.Keys)) { $row[$key] = $More[$key] }
    [pscustomobject]$row
}

# A thing as a restore sends it: without what Azure writes itself, so that two
# backups differ only where the things do. Unset (null) properties are left out.
function Copy-SmThing {
    param($Thing, [string[]]$ReadOnly)
    $copy = New-SmTable
    $copy['name'] = [string]$Thing['name']
    if ($Thing['kind']) { $copy['kind'] = $Thing['kind'] }
    $properties = Copy-SmWithout $Thing['properties'] $ReadOnly
    Remove-SmUnset $properties
    $copy['properties'] = $properties
    $copy
}

# Takes away properties that are null, at any depth.
function Remove-SmUnset {
    param($Value)
    if ($Value -is [System.Collections.IDictionary]) {
        foreach ($key in @($Value.Keys)) { if ($null -eq $Value[$key]) { $Value.Remove($key) } else { Remove-SmUnset $Value[$key] } }
    }
    elseif ($Value -is [array]) { foreach ($item in $Value) { Remove-SmUnset $item } }
}

function Copy-SmRule { param($Rule) Copy-SmThing $Rule @('lastModifiedUtc') }

# In an ARM template, when that is asked for.
function ConvertTo-SmFormat {
    param([string]$Format, $Thing, [string]$Type, [string]$Version, [string]$Name)
    if ($Format -ne 'ARM') { return $Thing }
    $resource = New-SmTable
    $resource['type'] = $Type
    $resource['apiVersion'] = $Version
    $resource['name'] = "[concat(parameters('workspace'), '/$Name')]"
    if ($Thing['kind']) { $resource['kind'] = $Thing['kind'] }
    $resource['properties'] = $Thing['properties']
    New-SmTemplate 'workspace' $resource
}

# Block style; scalars as JSON, which YAML contains, and text of several lines
# as a literal block.
function ConvertTo-SmYaml {
    param($Value, [int]$Indent)
    $pad = ' ' * $Indent
    $text = New-Object System.Text.StringBuilder
    if ($Value -is [System.Collections.IDictionary] -and $Value.Count) {
        $names = [string[]]@($Value.Keys)
        [System.Array]::Sort($names, [System.StringComparer]::Ordinal)
        foreach ($name in $names) { $null = $text.Append($pad).Append($name).Append(':').Append((ConvertTo-SmYamlBehind $Value[$name] $Indent)) }
    }
    elseif ($Value -is [array] -and $Value.Length) {
        foreach ($item in $Value) { $null = $text.Append($pad).Append('-').Append((ConvertTo-SmYamlBehind $item $Indent)) }
    }
    else { $null = $text.Append($pad).Append((ConvertTo-SmJson $Value)).Append("`n") }
    $text.ToString()
}

function ConvertTo-SmYamlBehind {
    param($Value, [int]$Indent)
    if (($Value -is [System.Collections.IDictionary] -and $Value.Count) -or ($Value -is [array] -and $Value.Length)) { return "`n" + (ConvertTo-SmYaml $Value ($Indent + 2)) }
    # A block's first line must not begin with a blank, or it would set the
    # indent; and a block ends lines with a line feed alone.
    if ($Value -is [string] -and $Value.IndexOf("`n") -ge 0 -and $Value.IndexOf("`r") -lt 0 -and $Value -notmatch '^[ \n]' -and -not $Value.EndsWith("`n")) {
        $pad = ' ' * ($Indent + 2)
        return " |-`n" + (-join @($Value.Split("`n") | ForEach-Object { "$pad$_`n" }))
    }
    ' ' + (ConvertTo-SmJson $Value) + "`n"
}

# Things that are exported one by one, with progress between.
function Show-SmExport {
    param($Call, [int]$Done, [int]$Of)
    $percent = -1
    if ($Of) { $percent = [int][Math]::Floor($Done * 100 / $Of) }
    Show-SmProgress $Call "$($Done + 1) of $Of" $percent
}

function Export-AnalyticsRules {
    # Export all (or selected) analytics rules.
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
    $call = New-SmCall $PSCmdlet $PSBoundParameters 120
    try {
        $all = @(Get-SmThings $call 'AlertRules_List')
        foreach ($id in @($RuleId)) {
            if ($id -and -not @($all | Where-Object { $_['name'] -eq $id })) { $PSCmdlet.WriteError((New-SmError 'RuleNotFound' "No rule with id '$id'." 'ObjectNotFound')) }
        }
        $rules = @($all | Where-Object { (-not $RuleId -or $RuleId -contains $_['name']) -and (-not $call.Given.ContainsKey('Enabled') -or [bool]$_['properties']['enabled'] -eq $Enabled) })
        $done = 0
        foreach ($rule in $rules) {
            Show-SmExport $call $done $rules.Count
            $done++
            $plain = Copy-SmRule $rule
            if ($IncludeActions) {
                $plain['actions'] = [object[]]@(foreach ($action in (Get-SmThings $call 'Actions_ListByAlertRule' @($rule['name']))) {
                        $one = New-SmTable
                        $one['name'] = [string]$action['name']
                        $one['logicAppResourceId'] = [string]$action['properties']['logicAppResourceId']
                        $one
                    })
            }
            $extension = 'json'
            $content = ConvertTo-SmFormat $Format $plain 'Microsoft.OperationalInsights/workspaces/providers/alertRules' '2025-09-01' "Microsoft.SecurityInsights/$($rule['name'])"
            if ($Format -eq 'YAML') { $content = ConvertTo-SmYaml $plain 0; $extension = 'yaml' }
            $title = [string]$rule['properties']['displayName']
            $more = New-Object System.Collections.Specialized.OrderedDictionary
            $more['Kind'] = [string]$rule['kind']
            $more['DisplayName'] = $title
            $more['Enabled'] = [bool]$rule['properties']['enabled']
            New-SmExport $call ([string]$rule['name']) $title "$($call.WorkspaceId)/providers/Microsoft.SecurityInsights/alertRules/$($rule['name'])" $Format $content $extension $more
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

function Export-AutomationRules {
    # Export automation rules.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [ValidateSet('JSON', 'ARM')][string]$Format = 'JSON',
        [switch]$PassThru = $true
    )
    $call = New-SmCall $PSCmdlet $PSBoundParameters 60
    try {
        $rules = @(Get-SmThings $call 'AutomationRules_List' | Sort-Object { [int]$_['properties']['order'] })
        $done = 0
        foreach ($rule in $rules) {
            Show-SmExport $call $done $rules.Count
            $done++
            $plain = Copy-SmThing $rule @('lastModifiedTimeUtc', 'createdTimeUtc', 'lastModifiedBy', 'createdBy')
            $content = ConvertTo-SmFormat $Format $plain 'Microsoft.OperationalInsights/workspaces/providers/automationRules' '2025-09-01' "Microsoft.SecurityInsights/$($rule['name'])"
            $of = $rule['properties']
            $books = New-Object System.Collections.ArrayList
            foreach ($action in @($of['actions'])) {
                $book = [string](Get-SmPath $action 'actionConfiguration', 'logicAppResourceId')
                if ($book) { $null = $books.Add($book) }
            }
            $more = New-Object System.Collections.Specialized.OrderedDictionary
            $more['DisplayName'] = [string]$of['displayName']
            $more['Order'] = [int]$of['order']
            $more['Enabled'] = [bool](Get-SmPath $of 'triggeringLogic', 'isEnabled')
            $more['TriggersOn'] = [string](Get-SmPath $of 'triggeringLogic', 'triggersOn')
            $more['TriggersWhen'] = [string](Get-SmPath $of 'triggeringLogic', 'triggersWhen')
            $more['PlaybookIds'] = [string[]]$books.ToArray([string])
            New-SmExport $call ([string]$rule['name']) ([string]$of['displayName']) "$($call.WorkspaceId)/providers/Microsoft.SecurityInsights/automationRules/$($rule['name'])" $Format $content 'json' $more
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

# Items of a watchlist as tables of columns and values.
function Get-SmWatchlistItems {
    param($Call, [string]$Alias)
    foreach ($item in (Get-SmThings $Call 'WatchlistItems_List' @($Alias))) {
        if (-not [bool]$item['properties']['isDeleted']) { $item['properties']['itemsKeyValue'] }
    }
}

# Source: RFC 4180.
function ConvertTo-SmCsvLine {
    param($Cells)
    $line = New-Object System.Collections.ArrayList
    foreach ($cell in @($Cells)) {
        $text = $cell
        if ($cell -is [System.Collections.IDictionary] -or $cell -is [array]) { $text = ConvertTo-SmJson $cell }
        elseif ($cell -is [bool]) { $text = ([string]$cell).ToLowerInvariant() }
        elseif ($cell -is [double] -or $cell -is [decimal]) { $text = ConvertTo-SmJson $cell }
        $text = [string]$text
        if ($text.IndexOfAny([char[]]@(',', '"', "`r", "`n")) -ge 0) { $text = '"' + $text.Replace('"', '""') + '"' }
        $null = $line.Add($text)
    }
    ($line -join ',') + "`r`n"
}

function Export-Watchlists {
    # Export watchlists with their items.
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
    $call = New-SmCall $PSCmdlet $PSBoundParameters 300
    try {
        $all = @(Get-SmThings $call 'Watchlists_List' | Where-Object { -not [bool]$_['properties']['isDeleted'] })
        foreach ($alias in @($WatchlistAlias)) {
            if ($alias -and -not @($all | Where-Object { $_['properties']['watchlistAlias'] -eq $alias })) { $PSCmdlet.WriteError((New-SmError 'WatchlistNotFound' "No watchlist with alias '$alias'." 'ObjectNotFound')) }
        }
        $lists = @($all | Where-Object { -not $WatchlistAlias -or $WatchlistAlias -contains $_['properties']['watchlistAlias'] })
        $done = 0
        foreach ($list in $lists) {
            Show-SmExport $call $done $lists.Count
            $done++
            $of = $list['properties']
            $alias = [string]$of['watchlistAlias']
            # Their number is told even where they are not wanted.
            $items = [object[]]@(Get-SmWatchlistItems $call $alias)
            $extension = 'json'
            if ($Format -eq 'CSV') {
                $extension = 'csv'
                $columns = New-Object System.Collections.ArrayList
                foreach ($item in $items) { foreach ($key in @($item.Keys)) { if (-not $columns.Contains($key)) { $null = $columns.Add($key) } } }
                $text = New-Object System.Text.StringBuilder
                $null = $text.Append((ConvertTo-SmCsvLine $columns))
                if ($IncludeItems) { foreach ($item in $items) { $null = $text.Append((ConvertTo-SmCsvLine @($columns | ForEach-Object { , $item[$_] }))) } }
                $content = $text.ToString()
            }
            else {
                $content = Copy-SmThing $list @('watchlistId', 'created', 'updated', 'createdBy', 'updatedBy', 'isDeleted', 'tenantId', 'uploadStatus', 'numberOfLinesToSkip', 'rawContent', 'contentType', 'provisioningState')
                if ($IncludeItems) { $content['items'] = $items }
            }
            $more = New-Object System.Collections.Specialized.OrderedDictionary
            $more['Alias'] = $alias
            $more['DisplayName'] = [string]$of['displayName']
            $more['ItemsSearchKey'] = [string]$of['itemsSearchKey']
            $more['ItemCount'] = $items.Length
            $more['Provider'] = [string]$of['provider']
            $more['LastUpdated'] = ConvertTo-SmTime $of['updated']
            New-SmExport $call ([string]$list['name']) $alias "$($call.WorkspaceId)/providers/Microsoft.SecurityInsights/watchlists/$($list['name'])" $Format $content $extension $more
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

# One saved search, in the format that is asked for.
function New-SmSearchExport {
    param($Call, $Search, [string]$Title, [string]$Format, $More)
    $name = [string]$Search['name']
    if (-not $name) { $name = Get-SmLeaf ([string]$Search['id']) }
    $extension = 'json'
    if ($Format -eq 'KQL') { $content = [string]$Search['properties']['query']; $extension = 'kql' }
    else {
        $plain = Copy-SmThing $Search @()
        $plain['name'] = $name
        $content = ConvertTo-SmFormat $Format $plain 'Microsoft.OperationalInsights/workspaces/savedSearches' '2025-07-01' $name
    }
    New-SmExport $Call $name $Title "$($Call.WorkspaceId)/savedSearches/$name" $Format $content $extension $More
}

function Get-SmTag {
    param($Properties, [string]$Name)
    foreach ($tag in @($Properties['tags'])) {
        if ($tag -and $tag['name'] -eq $Name) { return , [string[]]@(([string]$tag['value']).Split(',') | ForEach-Object { $_.Trim() } | Where-Object { $_ }) }
    }
    , [string[]]@()
}

function Export-Functions {
    # Export saved KQL functions (parsers, ASIM).
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [ValidateSet('JSON', 'KQL', 'ARM')][string]$Format = 'JSON',
        [switch]$PassThru = $true,
        [string]$NameFilter = '*'
    )
    $call = New-SmCall $PSCmdlet $PSBoundParameters 60
    try {
        $functions = @(Get-SmThings $call 'SavedSearches_ListByWorkspace' | Where-Object { $_['properties']['functionAlias'] -and (Test-SmLike ([string]$_['properties']['functionAlias']) $NameFilter) })
        $done = 0
        foreach ($function in $functions) {
            Show-SmExport $call $done $functions.Count
            $done++
            $of = $function['properties']
            $alias = [string]$of['functionAlias']
            $more = New-Object System.Collections.Specialized.OrderedDictionary
            $more['FunctionAlias'] = $alias
            $more['FunctionParameters'] = [string]$of['functionParameters']
            $more['Category'] = [string]$of['category']
            $more['DisplayName'] = [string]$of['displayName']
            # By name, as Sentinel itself finds its parsers.
            $more['IsAsim'] = ($alias -match '^(_?(im|vim|asim)_?[A-Z])')
            New-SmSearchExport $call $function $alias $Format $more
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

function Export-SavedQueries {
    # Export saved and hunting queries.
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
    $call = New-SmCall $PSCmdlet $PSBoundParameters 60
    try {
        $queries = @(Get-SmThings $call 'SavedSearches_ListByWorkspace' | Where-Object { -not $_['properties']['functionAlias'] -and (-not $Category -or $_['properties']['category'] -eq $Category) })
        $done = 0
        foreach ($query in $queries) {
            Show-SmExport $call $done $queries.Count
            $done++
            $of = $query['properties']
            $more = New-Object System.Collections.Specialized.OrderedDictionary
            $more['DisplayName'] = [string]$of['displayName']
            $more['Category'] = [string]$of['category']
            $more['Tactics'] = Get-SmTag $of 'tactics'
            $more['Techniques'] = Get-SmTag $of 'techniques'
            New-SmSearchExport $call $query ([string]$of['displayName']) $Format $more
        }
        if ($IncludeQueryPacks -and -not $Category) {
            foreach ($pack in (Get-SmThings $call 'QueryPacks_ListByResourceGroup')) {
                foreach ($query in (Get-SmThings $call 'Queries_List' @($pack['name']))) {
                    $of = $query['properties']
                    $content = Copy-SmThing $query @('id', 'timeCreated', 'timeModified', 'author')
                    $extension = 'json'
                    if ($Format -eq 'KQL') { $content = [string]$of['body']; $extension = 'kql' }
                    else { $content = ConvertTo-SmFormat $Format $content 'Microsoft.OperationalInsights/queryPacks/queries' '2025-07-01' ([string]$query['name']) }
                    $more = New-Object System.Collections.Specialized.OrderedDictionary
                    $more['DisplayName'] = [string]$of['displayName']
                    $more['Category'] = "Query pack $($pack['name'])"
                    $more['Tactics'] = [string[]]@()
                    $more['Techniques'] = [string[]]@()
                    New-SmExport $call ([string]$query['name']) ([string]$of['displayName']) ([string]$query['id']) $Format $content $extension $more
                }
            }
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

# Rows of a table in batches of days, counted and hashed as the file that they
# make; the rows themselves stay here.
function Export-TableData {
    # Export rows of a table in time batches with checkpoint and hash.
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
    $call = New-SmCall $PSCmdlet $PSBoundParameters 3600
    try {
        $is = Read-SmTable (Get-SmTable $call $TableName)
        # A query on one gives no rows and no error.
        if ($is.Plan -eq 'Auxiliary') { throw (New-SmError 'PlanNotQueryable' "'$($is.Name)' is an Auxiliary table, which no query reads; run a search job." 'InvalidOperation') }
        $until = [datetime]::UtcNow
        if ($call.Given.ContainsKey('EndTime')) { $until = $EndTime.ToUniversalTime() }
        $from = $until.AddDays(-30)
        if ($call.Given.ContainsKey('StartTime')) { $from = $StartTime.ToUniversalTime() }
        if ($from -ge $until) { throw (New-SmError 'InvalidTimeRange' 'StartTime must be before EndTime.' 'InvalidArgument') }
        $taken = New-Object System.Collections.ArrayList
        if ($Columns) {
            foreach ($wanted in $Columns) {
                $known = @($is.Columns | Where-Object { $_['name'] -eq $wanted })
                if (-not $known) { throw (New-SmError 'BadRequest' "'$($is.Name)' has no column '$wanted'." 'InvalidArgument') }
                $null = $taken.Add($known[0])
            }
        }
        else { foreach ($column in $is.Columns) { if (-not [bool]$column['isHidden']) { $null = $taken.Add($column) } } }
        $json = $Format -eq 'JSONL'
        $hash = [System.Security.Cryptography.SHA256]::Create()
        $state = @{ Bytes = [long]0; Rows = [long]0; First = $null; Last = $null; Truncated = $false }
        $write = {
            param([string]$Text)
            $bytes = [System.Text.Encoding]::UTF8.GetBytes($Text)
            $null = $hash.TransformBlock($bytes, 0, $bytes.Length, $null, 0)
            $state.Bytes += $bytes.Length
        }
        $names = [string[]]@($taken | ForEach-Object { [string]$_['name'] })
        # The byte order mark, and what tells Excel the separator.
        if (-not $json) { & $write ([string][char]0xFEFF + "sep=,`r`n"); & $write (ConvertTo-SmCsvLine $names) }
        $batches = [int][Math]::Ceiling(($until - $from).TotalDays / $BatchDays)
        $quoted = @($names | ForEach-Object { "['" + $_ + "']" }) -join ', '
        for ($batch = 0; $batch -lt $batches -and -not $state.Truncated; $batch++) {
            Show-SmProgress $call "batch $($batch + 1) of $batches" ([int][Math]::Floor($batch * 100 / $batches))
            $start = $from.AddDays($batch * $BatchDays)
            $end = $start.AddDays($BatchDays)
            if ($end -gt $until) { $end = $until }
            $query = "$($is.Name) | where TimeGenerated >= datetime($(Format-SmTime $start)) and TimeGenerated < datetime($(Format-SmTime $end))"
            if ($Where) { $query += "`n| where $Where`n" }
            $query += " | sort by TimeGenerated asc | project SmTime = TimeGenerated, $quoted"
            # One more than wanted tells whether there are more.
            if ($MaxRows) { $query += " | take $($MaxRows - $state.Rows + 1)" }
            $answer = Invoke-SmQuery $call $query ((Format-SmTime $start) + '/' + (Format-SmTime $end))
            if ($answer.Error) { throw (New-SmError 'ResponseSizeError' "Azure gave a part of batch $($batch + 1) only; give fewer BatchDays. $([string](Get-SmPath $answer.Error 'message'))" 'LimitsExceeded') }
            foreach ($cells in $answer.Rows) {
                if ($MaxRows -and $state.Rows -ge $MaxRows) { $state.Truncated = $true; break }
                if ($json) {
                    $row = New-SmTable
                    for ($i = 0; $i -lt $names.Length; $i++) { $row[$names[$i]] = $cells[$i + 1] }
                    & $write ((ConvertTo-SmJson $row) + "`n")
                }
                else { & $write (ConvertTo-SmCsvLine @(for ($i = 1; $i -le $names.Length; $i++) { , $cells[$i] })) }
                $state.Rows++
                $time = ConvertTo-SmTime $cells[0]
                if ($null -eq $state.First) { $state.First = $time }
                $state.Last = $time
            }
        }
        $null = $hash.TransformFinalBlock((New-Object byte[] 0), 0, 0)
        $extension = 'csv'
        if ($json) { $extension = 'jsonl' }
        [pscustomobject]@{
            TableName  = $is.Name
            RowCount   = $state.Rows
            BatchCount = $batches
            FirstTime  = $state.First
            LastTime   = $state.Last
            FileName   = "$(ConvertTo-SmFileName $is.Name).$extension"
            Bytes      = $state.Bytes
            Sha256     = ([System.BitConverter]::ToString($hash.Hash) -replace '-', '').ToLowerInvariant()
            Truncated  = $state.Truncated
            Checkpoint = [pscustomobject]@{ CompletedThrough = $state.Last; Batches = $batches }
            Schema     = [object[]]@($taken | ForEach-Object { [pscustomobject]@{ Name = [string]$_['name']; Type = ([string]$_['type']).ToLowerInvariant() } })
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

