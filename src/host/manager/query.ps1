# ---- KQL ---------------------------------------------------------------------

# A text as KQL writes it, so that nothing in it is run.
function ConvertTo-SmKql {
    param([string]$Text)
    "'" + $Text.Replace('\', '\\').Replace("'", "\'").Replace("`r", '\r').Replace("`n", '\n') + "'"
}

function New-SmQuery {
    param([string]$Query, [string]$Timespan)
    $body = New-SmTable
    $body['query'] = $Query
    if ($Timespan) { $body['timespan'] = $Timespan }
    $body
}

# The first table of an answer: {Columns, Rows, Error}. A partial answer comes
# with an error beside its rows.
function Invoke-SmQuery {
    param($Call, [string]$Query, [string]$Timespan)
    $body = Get-SmThing $Call 'Query_Execute' @() $null (New-SmQuery $Query $Timespan)
    $table = $null
    foreach ($one in @(Get-SmPath $body 'tables')) { if ($null -eq $table -or $one['name'] -eq 'PrimaryResult') { $table = $one } }
    $columns = New-Object System.Collections.ArrayList
    foreach ($column in @(Get-SmPath $table 'columns')) { if ($null -ne $column) { $null = $columns.Add($column) } }
    $rows = @()
    if ($table -and $table['rows'] -is [array]) { $rows = $table['rows'] }
    @{ Columns = $columns.ToArray(); Rows = $rows; Error = (Get-SmPath $body 'error') }
}

# Rows as tables by column name.
function Get-SmRows {
    param($Call, [string]$Query, [string]$Timespan)
    $answer = Invoke-SmQuery $Call $Query $Timespan
    foreach ($cells in $answer.Rows) {
        $row = New-SmTable
        for ($i = 0; $i -lt $answer.Columns.Length; $i++) { $row[[string]$answer.Columns[$i]['name']] = $cells[$i] }
        $row
    }
}

