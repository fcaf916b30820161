# ---- tables ------------------------------------------------------------------

# A table of Azure's, in the terms of the rows.
function Read-SmTable {
    param($Table)
    $properties = $Table['properties']
    $schema = $properties['schema']
    $name = [string]$Table['name']
    if (-not $name) { $name = [string](Get-SmPath $schema 'name') }
    # Its own columns; of Microsoft's tables the standard ones are all there are.
    $columns = New-Object System.Collections.ArrayList
    foreach ($list in 'columns', 'standardColumns') {
        if ($columns.Count) { break }
        foreach ($column in @(Get-SmPath $schema $list)) { if ($column) { $null = $columns.Add($column) } }
    }
    $days = Get-SmInt $properties['retentionInDays']
    $total = Get-SmInt $properties['totalRetentionInDays']
    if ($null -eq $total) { $total = $days }
    $archive = Get-SmInt $properties['archiveRetentionInDays']
    if ($null -eq $archive -and $null -ne $total -and $null -ne $days) { $archive = $total - $days }
    @{
        Name = $name; Type = [string](Get-SmPath $schema 'tableType'); SubType = [string](Get-SmPath $schema 'tableSubType')
        Plan = [string]$properties['plan']; Days = $days; Total = $total; Archive = $archive
        PlanChanged = ConvertTo-SmTime $properties['lastPlanModifiedDate']; Columns = $columns.ToArray()
        State = [string]$properties['provisioningState']
    }
}

function Get-SmTable {
    param($Call, [string]$Name)
    $table = Find-SmThing $Call 'Tables_Get' @($Name)
    if (-not $table) { throw (New-SmError 'TableNotFound' "No table '$Name' in workspace '$($Call.Workspace)'." 'ObjectNotFound') }
    $table
}

# Days that tables keep rows which say nothing else.
function Get-SmDefaultRetention {
    param($Call)
    [int](Get-SmPath (Get-SmThing $Call 'Workspaces_Get') 'properties', 'retentionInDays')
}

function New-SmColumnRow {
    param($Column)
    [pscustomobject]@{ Name = [string]$Column['name']; Type = [string]$Column['type'] }
}

function Get-SentinelTables {
    # List the workspace's tables with plan and retention.
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
    $call = New-SmCall $PSCmdlet $PSBoundParameters 60
    try {
        $default = Get-SmDefaultRetention $call
        $usage = @{}
        if ($IncludeUsage) {
            $query = "Usage | where TimeGenerated > ago($($UsageDays)d) | summarize GB = sumif(Quantity, IsBillable) / 1000.0, Last = max(EndTime) by DataType"
            foreach ($row in (Get-SmRows $call $query "P$($UsageDays)D")) { $usage[[string]$row['DataType']] = $row }
        }
        $kinds = @{ Custom = 'CustomLog'; Microsoft = 'Microsoft'; SearchResults = 'SearchResults'; RestoredLogs = 'RestoredLogs' }
        foreach ($table in (Get-SmThings $call 'Tables_ListByWorkspace')) {
            $is = Read-SmTable $table
            if (-not (Test-SmLike $is.Name $NameFilter)) { continue }
            if ($Plan -and $is.Plan -ne $Plan) { continue }
            if ($TableType -ne 'All' -and $is.Type -ne $kinds[$TableType]) { continue }
            $row = New-Object System.Collections.Specialized.OrderedDictionary
            $row['TableName'] = $is.Name
            $row['TableType'] = $is.Type
            $row['TableSubType'] = $is.SubType
            $row['Plan'] = $is.Plan
            $row['RetentionInDays'] = $is.Days
            $row['TotalRetentionInDays'] = $is.Total
            $row['ArchiveRetentionInDays'] = $is.Archive
            $row['RetentionIsDefault'] = ($is.Days -eq $default)
            $row['LastPlanModifiedDate'] = $is.PlanChanged
            $row['ColumnCount'] = $is.Columns.Length
            if ($IncludeSchema) { $row['Columns'] = [object[]]@($is.Columns | ForEach-Object { New-SmColumnRow $_ }) }
            $row['BillableGB'] = $null
            $row['LastIngested'] = $null
            if ($IncludeUsage) {
                $used = $usage[$is.Name]
                $row['BillableGB'] = [double]0
                if ($used) {
                    # Sums of Azure's have more digits than are meant.
                    $row['BillableGB'] = [Math]::Round([double]$used['GB'], 6) + 0.0
                    $row['LastIngested'] = ConvertTo-SmTime $used['Last']
                }
            }
            $row['ProvisioningState'] = $is.State
            [pscustomobject]$row
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

function View-TableRetention {
    # Show retention of one or all tables against the workspace default.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [string]$TableName,
        [switch]$OnlyNonDefault
    )
    $call = New-SmCall $PSCmdlet $PSBoundParameters 60
    try {
        $default = Get-SmDefaultRetention $call
        $tables = @()
        if ($TableName) { $tables = @(Get-SmTable $call $TableName) } else { $tables = @(Get-SmThings $call 'Tables_ListByWorkspace') }
        foreach ($table in $tables) {
            $is = Read-SmTable $table
            if ($OnlyNonDefault -and $is.Days -eq $default -and $is.Total -eq $default) { continue }
            [pscustomobject]@{
                TableName                 = $is.Name
                Plan                      = $is.Plan
                RetentionInDays           = $is.Days
                TotalRetentionInDays      = $is.Total
                ArchiveRetentionInDays    = $is.Archive
                RetentionIsDefault        = ($is.Days -eq $default)
                WorkspaceDefaultRetention = $default
            }
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

# ---- tables: changes ---------------------------------------------------------

# Both retentions as they will be: 4 to 730 days (4383 in all), -1 for the default.
function Get-SmRetention {
    param([int]$Default, [int]$Days, [int]$Total, $WantedDays, $WantedTotal)
    if ($null -ne $WantedDays) {
        if ($WantedDays -ne -1 -and ($WantedDays -lt 4 -or $WantedDays -gt 730)) { throw (New-SmError 'InvalidParameter' "RetentionInDays is 4 to 730 or -1, not $WantedDays." 'InvalidArgument') }
        $Days = $WantedDays
        if ($WantedDays -eq -1) { $Days = $Default }
    }
    if ($null -eq $WantedTotal) { $Total = [Math]::Max($Total, $Days) }
    elseif ($WantedTotal -eq -1) { $Total = $Days }
    elseif ($WantedTotal -lt 4 -or $WantedTotal -gt 4383) { throw (New-SmError 'InvalidParameter' "TotalRetentionInDays is 4 to 4383 or -1, not $WantedTotal." 'InvalidArgument') }
    else { $Total = $WantedTotal }
    if ($Total -lt $Days) { throw (New-SmError 'InvalidParameter' "TotalRetentionInDays ($Total) is less than RetentionInDays ($Days)." 'InvalidArgument') }
    @{ Days = $Days; Total = $Total }
}

function New-SmTableBody {
    param($Properties)
    $body = New-SmTable
    $body['properties'] = $Properties
    $body
}

function Update-TableRetention {
    # Set interactive and total retention of a table.
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
    $call = New-SmCall $PSCmdlet $PSBoundParameters 180
    try {
        $is = Read-SmTable (Get-SmTable $call $TableName)
        $days = $null
        if ($call.Given.ContainsKey('RetentionInDays')) { $days = $RetentionInDays }
        $total = $null
        if ($call.Given.ContainsKey('TotalRetentionInDays')) { $total = $TotalRetentionInDays }
        if ($null -eq $days -and $null -eq $total) { throw (New-SmError 'InvalidParameter' 'Give RetentionInDays, TotalRetentionInDays or both.' 'InvalidArgument') }
        if ($null -ne $days -and $is.Plan -ne 'Analytics') { throw (New-SmError 'InvalidParameter' "The retention of the $($is.Plan) table '$($is.Name)' cannot be changed." 'InvalidArgument') }
        $after = Get-SmRetention (Get-SmDefaultRetention $call) $is.Days $is.Total $days $total
        if (Test-SmProcess $call "Set retention to $($after.Days)/$($after.Total) days" "$($is.Name) (now $($is.Days)/$($is.Total))") {
            $properties = New-SmTable
            if ($is.Plan -eq 'Analytics') {
                # -1: follows the workspace's default from now on.
                $properties['retentionInDays'] = $after.Days
                if ($days -eq -1) { $properties['retentionInDays'] = -1 }
            }
            $properties['totalRetentionInDays'] = $after.Total
            if ($total -eq -1) { $properties['totalRetentionInDays'] = -1 }
            $null = Invoke-SmLong $call 'Tables_Update' @($is.Name) $null (New-SmTableBody $properties)
            $now = Read-SmTable (Get-SmTable $call $is.Name)
            [pscustomobject]@{
                TableName                    = $is.Name
                Plan                         = $now.Plan
                PreviousRetentionInDays      = $is.Days
                RetentionInDays              = $now.Days
                PreviousTotalRetentionInDays = $is.Total
                TotalRetentionInDays         = $now.Total
                ArchiveRetentionInDays       = $now.Archive
            }
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

# Microsoft's own tables that can be Basic are many and change; Azure knows them.
function Update-TablePlan {
    # Change a table's plan (Analytics, Basic, Auxiliary).
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true)][string]$TableName,
        [Parameter(Mandatory = $true)][ValidateSet('Analytics', 'Basic', 'Auxiliary')][string]$Plan,
        [switch]$Force
    )
    $call = New-SmCall $PSCmdlet $PSBoundParameters 180
    try {
        $is = Read-SmTable (Get-SmTable $call $TableName)
        if ($is.Plan -ne $Plan) {
            if ($is.PlanChanged -and ([datetime]::UtcNow - $is.PlanChanged).TotalDays -lt 7) {
                throw (New-SmError 'InvalidTablePlan' "The plan of '$($is.Name)' has changed within the last seven days; it changes once a week." 'InvalidOperation')
            }
            if ($Plan -eq 'Auxiliary' -or $is.Plan -eq 'Auxiliary') { throw (New-SmError 'InvalidTablePlan' "'$($is.Name)' cannot be moved from $($is.Plan) to $Plan." 'InvalidOperation') }
        }
        $affected = [object[]]@(foreach ($rule in (Get-SmThings $call 'AlertRules_List')) {
                if ([bool]$rule['properties']['enabled'] -and (Get-SmTablesOf $rule['properties']['query']) -contains $is.Name) {
                    [pscustomobject]@{ RuleId = [string]$rule['name']; DisplayName = [string]$rule['properties']['displayName'] }
                }
            })
        if (Test-SmProcess $call "Move to $Plan" "$($is.Name) (now $($is.Plan), $($affected.Length) enabled rules read it)") {
            $now = $is
            if ($is.Plan -ne $Plan) {
                $properties = New-SmTable
                $properties['plan'] = $Plan
                $null = Invoke-SmLong $call 'Tables_Update' @($is.Name) $null (New-SmTableBody $properties)
                $now = Read-SmTable (Get-SmTable $call $is.Name)
            }
            [pscustomobject]@{
                TableName            = $is.Name
                PreviousPlan         = $is.Plan
                Plan                 = $now.Plan
                RetentionInDays      = $now.Days
                TotalRetentionInDays = $now.Total
                LastPlanModifiedDate = $now.PlanChanged
                AffectedRules        = $affected
            }
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

# Columns of a schema template, behind the time.
$script:SmTemplates = @{
    Syslog             = 'Computer:string Facility:string SeverityLevel:string ProcessName:string SyslogMessage:string'
    CommonSecurityLog  = 'DeviceVendor:string DeviceProduct:string DeviceAction:string SourceIP:string DestinationIP:string DestinationPort:int Message:string'
    SecurityEvent      = 'Computer:string EventID:int Account:string LogonType:int Process:string'
    DNSActivityLogs    = 'ClientIP:string QueryName:string QueryType:string ResponseCode:string'
    WebActivityLogs    = 'ClientIP:string Url:string Method:string StatusCode:int UserAgent:string'
    AuthenticationLogs = 'UserName:string ClientIP:string Result:string Reason:string'
    ProcessEvents      = 'Computer:string ProcessName:string CommandLine:string ParentProcess:string UserName:string'
}
$script:SmColumnTypes = @('string', 'int', 'long', 'real', 'boolean', 'dateTime', 'guid', 'dynamic')
# Names that the platform fills itself.
$script:SmReserved = @('TenantId', 'Type', 'Title', 'UniqueId', 'SourceSystem', 'MG')

function New-SmColumn {
    param([string]$Name, [string]$Type, [string]$Description)
    $column = New-SmTable
    $column['name'] = $Name
    $column['type'] = $Type
    if ($Description) { $column['description'] = $Description }
    $column
}

function Get-SmWantedColumns {
    param($Call)
    $all = New-Object System.Collections.ArrayList
    $null = $all.Add((New-SmColumn 'TimeGenerated' 'dateTime' ''))
    if ($Call.Given['Schema']) {
        foreach ($pair in $script:SmTemplates[[string]$Call.Given['Schema']].Split(' ')) { $name, $type = $pair.Split(':'); $null = $all.Add((New-SmColumn $name $type '')) }
        return , $all.ToArray()
    }
    foreach ($row in @($Call.Given['Columns'])) {
        $name = [string]$row['name']
        $type = [string]$row['type']
        if (-not $name -or -not $type) { throw (New-SmError 'InvalidParameter' 'A column is {name, type}.' 'InvalidArgument') }
        $known = @($script:SmColumnTypes | Where-Object { $_ -eq $type })[0]
        if (-not $known) { throw (New-SmError 'InvalidParameter' "The column '$name' has no type '$type'; it takes $($script:SmColumnTypes -join ', ')." 'InvalidArgument') }
        if ($name.StartsWith('_') -or $script:SmReserved -contains $name) { throw (New-SmError 'InvalidParameter' "The name '$name' is reserved; leave the column out." 'InvalidArgument') }
        if ($name -ne 'TimeGenerated') { $null = $all.Add((New-SmColumn $name $known ([string]$row['description']))) }
    }
    if ($all.Count -gt 500) { throw (New-SmError 'InvalidParameter' "$($all.Count) columns are too many; a table has 500 at most." 'InvalidArgument') }
    , $all.ToArray()
}

# A PUT on an existing table drops the columns it leaves out: -Force is no word
# on that, so it is refused all the same.
function New-SentinelTable {
    # Create a custom (DCR-based) log table from a schema template or explicit columns.
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
    $call = New-SmCall $PSCmdlet $PSBoundParameters 300
    try {
        $wanted = Get-SmWantedColumns $call
        if (Find-SmThing $call 'Tables_Get' @($TableName)) { throw (New-SmError 'Conflict' "The table '$TableName' exists; creating it again would drop the columns left out." 'ResourceExists') }
        $days = $null
        if ($call.Given.ContainsKey('RetentionInDays') -and $Plan -eq 'Analytics') { $days = $RetentionInDays }
        $total = $null
        if ($call.Given.ContainsKey('TotalRetentionInDays')) { $total = $TotalRetentionInDays }
        $default = Get-SmDefaultRetention $call
        $start = $default
        if ($Plan -ne 'Analytics') { $start = 30 }
        $after = Get-SmRetention $default $start $start $days $total
        if (Test-SmProcess $call "Create table ($Plan)" $TableName) {
            $shape = New-SmTable
            $shape['name'] = $TableName
            if ($Description) { $shape['description'] = $Description }
            $shape['columns'] = $wanted
            $properties = New-SmTable
            $properties['plan'] = $Plan
            if ($null -ne $days -and $days -ne -1) { $properties['retentionInDays'] = $after.Days }
            if ($null -ne $total -and $total -ne -1) { $properties['totalRetentionInDays'] = $after.Total }
            $properties['schema'] = $shape
            $null = Invoke-SmLong $call 'Tables_CreateOrUpdate' @($TableName) $null (New-SmTableBody $properties)
            $made = Get-SmTable $call $TableName
            $is = Read-SmTable $made
            $own = [object[]]@(Get-SmPath $made 'properties', 'schema', 'columns' | Where-Object { $_ } | ForEach-Object { New-SmColumnRow $_ })
            [pscustomobject]@{
                TableName            = $is.Name
                TableSubType         = $is.SubType
                Plan                 = $is.Plan
                RetentionInDays      = $is.Days
                TotalRetentionInDays = $is.Total
                ColumnCount          = $own.Length
                Columns              = $own
                ProvisioningState    = $is.State
                ResourceId           = "$($call.WorkspaceId)/tables/$($is.Name)"
            }
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

# What names the table: rules, functions, workbooks and data collection rules.
function Get-SmDependents {
    param($Call, [string]$Table)
    $word = '(?i)(?<![A-Za-z0-9_])' + [regex]::Escape($Table) + '(?![A-Za-z0-9_])'
    foreach ($rule in (Get-SmThings $Call 'AlertRules_List')) {
        if ([regex]::IsMatch([string]$rule['properties']['query'], $word)) { [pscustomobject]@{ Kind = 'rule'; Name = [string]$rule['properties']['displayName'] } }
    }
    foreach ($search in (Get-SmThings $Call 'SavedSearches_ListByWorkspace')) {
        $of = $search['properties']
        if ($of['functionAlias'] -and [regex]::IsMatch([string]$of['query'], $word)) { [pscustomobject]@{ Kind = 'function'; Name = [string]$of['functionAlias'] } }
    }
    foreach ($book in (Get-SmWorkbooks $Call $true)) {
        if ([regex]::IsMatch([string]$book['properties']['serializedData'], $word)) { [pscustomobject]@{ Kind = 'workbook'; Name = [string]$book['properties']['displayName'] } }
    }
    foreach ($feed in (Get-SmFeeds $Call)) {
        if ((Get-SmFeedTables $feed) -contains $Table) { [pscustomobject]@{ Kind = 'DCR'; Name = [string]$feed['name'] } }
    }
}

function Remove-SentinelTable {
    # Delete a custom, search-result or restored table.
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param(
        [Parameter(Mandatory = $true)][ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')][string]$SubscriptionId,
        [Parameter(Mandatory = $true)][Alias('ResourceGroup')][string]$ResourceGroupName,
        [Parameter(Mandatory = $true)][Alias('Workspace')][string]$WorkspaceName,
        [Parameter(Mandatory = $true)][ValidatePattern('^[A-Za-z][A-Za-z0-9_]*_(CL|SRCH|RST)$')][string]$TableName,
        [switch]$SkipDependencyCheck,
        [switch]$Force
    )
    $call = New-SmCall $PSCmdlet $PSBoundParameters 180
    try {
        $table = Get-SmTable $call $TableName
        $is = Read-SmTable $table
        if ($is.Type -eq 'Microsoft') { throw (New-SmError 'InvalidOperation' "'$($is.Name)' is one of Microsoft's own tables, which cannot be deleted." 'InvalidOperation') }
        $dependents = [object[]]@(Get-SmDependents $call $is.Name)
        if ($dependents -and -not $SkipDependencyCheck) {
            $names = @($dependents | ForEach-Object { "$($_.Kind) '$($_.Name)'" }) -join ', '
            throw (New-SmError 'TableInUse' "'$($is.Name)' is in use by $names; -SkipDependencyCheck deletes it all the same." 'InvalidOperation')
        }
        if (Test-SmProcess $call 'Delete table with all its data' $is.Name) {
            $rows = [long]0
            # No query reads the others.
            if ($is.Plan -eq 'Analytics') {
                $counted = @(Get-SmRows $call "$($is.Name) | where TimeGenerated > ago(30d) | count" 'P30D')
                if ($counted) { $rows = [long]$counted[0]['Count'] }
            }
            $null = Invoke-SmLong $call 'Tables_Delete' @($is.Name)
            $backup = New-SmTable
            $backup['name'] = $is.Name
            $backup['properties'] = Copy-SmWithout $table['properties'] @('provisioningState', 'lastPlanModifiedDate', 'archiveRetentionInDays', 'retentionInDaysAsDefault', 'totalRetentionInDaysAsDefault', 'resultStatistics')
            $shape = $backup['properties']['schema']
            if ($shape -is [System.Collections.IDictionary]) {
                foreach ($key in 'standardColumns', 'tableType', 'tableSubType', 'solutions', 'source', 'labels', 'categories', 'isTroubleshootingAllowed') { $shape.Remove($key) }
                $shape['columns'] = [object[]]@($shape['columns'] | Where-Object { $_ } | ForEach-Object { Copy-SmWithout $_ @('isDefaultDisplay', 'isHidden') })
            }
            [pscustomobject]@{ TableName = $is.Name; Deleted = $true; RowsLast30d = $rows; Dependents = $dependents; SchemaBackup = ConvertTo-SmObject $backup }
        }
        Complete-SmProgress $call
    }
    catch { Write-SmError $call $_ }
}

