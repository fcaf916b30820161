# ---- one call ----------------------------------------------------------------

# An error of ours, to be thrown: id, a sentence, a category.
function New-SmError {
    param([string]$Id, [string]$Message, [string]$Category)
    $exception = New-Object System.InvalidOperationException -ArgumentList $Message
    $exception.Data['SentinelManager'] = $Id
    New-Object System.Management.Automation.ErrorRecord -ArgumentList @($exception, $Id, $Category, $null)
}

# What every helper needs of the call that it serves: the function, its
# workspace, and until when Azure may take.
function New-SmCall {
    param($Cmdlet, $Given, [int]$Seconds)
    $call = @{
        Cmdlet        = $Cmdlet
        Name          = $Cmdlet.MyInvocation.MyCommand.Name
        Given         = $Given
        Subscription  = [string]$Given['SubscriptionId']
        ResourceGroup = [string]$Given['ResourceGroupName']
        Workspace     = [string]$Given['WorkspaceName']
        Seconds       = $Seconds
        Clock         = [System.Diagnostics.Stopwatch]::StartNew()
        Shown         = $false
    }
    $call.WorkspaceId = "/subscriptions/$($call.Subscription)/resourceGroups/$($call.ResourceGroup)/providers/Microsoft.OperationalInsights/workspaces/$($call.Workspace)"
    $call
}

# The end of a call that failed: a refusal, ours or Azure's, is an error record;
# anything else ends the pipeline as it is.
function Write-SmError {
    param($Call, $Record)
    Complete-SmProgress $Call
    $id = $Record.Exception.Data['SentinelManager']
    if ($null -eq $id) { $Call.Cmdlet.ThrowTerminatingError($Record) }
    $Call.Cmdlet.WriteError((New-Object System.Management.Automation.ErrorRecord -ArgumentList @($Record.Exception, [string]$id, $Record.CategoryInfo.Category, $null)))
}

# Whether to go on with a write; says so under -WhatIf.
function Test-SmProcess {
    param($Call, [string]$Action, [string]$Target)
    $Call.Cmdlet.ShouldProcess($Target, $Action)
}

# After two seconds only: what is quick needs no bar.
function Show-SmProgress {
    param($Call, [string]$Status, [int]$Percent = -1)
    if (-not $Call.Shown -and $Call.Clock.ElapsedMilliseconds -lt 2000) { return }
    $Call.Shown = $true
    Write-Progress -Activity $Call.Name -Status $Status -PercentComplete $Percent
}

function Complete-SmProgress {
    param($Call)
    if ($Call.Shown) { Write-Progress -Activity $Call.Name -Status 'Completed' -Completed; $Call.Shown = $false }
}

# ---- values of rows ----------------------------------------------------------

# UTC, or nothing.
function ConvertTo-SmTime {
    param($Text)
    if (-not $Text) { return $null }
    $time = [System.DateTimeOffset]::MinValue
    $styles = [System.Globalization.DateTimeStyles]::AssumeUniversal
    if (-not [System.DateTimeOffset]::TryParse([string]$Text, [System.Globalization.CultureInfo]::InvariantCulture, $styles, [ref]$time)) { return $null }
    $time.UtcDateTime
}

# As Azure writes times; a local time is this host's.
function Format-SmTime {
    param([datetime]$Time)
    if ($Time.Kind -eq [System.DateTimeKind]::Unspecified) { $Time = [datetime]::SpecifyKind($Time, [System.DateTimeKind]::Utc) }
    $text = $Time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff", [System.Globalization.CultureInfo]::InvariantCulture)
    $text.TrimEnd('0').TrimEnd('.') + 'Z'
}

# ISO 8601 to a span, or nothing.
function ConvertTo-SmSpan {
    param($Text)
    if (-not $Text) { return $null }
    try { [System.Xml.XmlConvert]::ToTimeSpan([string]$Text) } catch { $null }
}

# Texts of a list that may be missing or null; always an array of texts.
function Get-SmTexts {
    param($List)
    $texts = New-Object System.Collections.ArrayList
    foreach ($item in @($List)) { if ($null -ne $item) { $null = $texts.Add([string]$item) } }
    , [string[]]$texts.ToArray([string])
}

function Get-SmInt {
    param($Number)
    if ($null -eq $Number) { return $null }
    [int]$Number
}

# The value behind names, one after the other; nothing where one is missing. Of a
# list its items: `@(Get-SmPath ...)` is the list.
function Get-SmPath {
    param($Value, [string[]]$Names)
    foreach ($name in $Names) {
        if ($Value -isnot [System.Collections.IDictionary]) { return $null }
        $Value = $Value[$name]
    }
    $Value
}

# The last part of an id of Azure's.
function Get-SmLeaf {
    param([string]$Id)
    $Id.Substring($Id.LastIndexOf('/') + 1)
}

# The resource group that an id of Azure's names.
function Get-SmGroupOf {
    param([string]$Id)
    $parts = $Id.Split('/')
    for ($i = 0; $i -lt $parts.Length - 1; $i++) { if ($parts[$i] -eq 'resourceGroups') { return $parts[$i + 1] } }
    ''
}

# Whether a name fits a wildcard.
function Test-SmLike {
    param([string]$Text, [string]$Pattern)
    (New-Object System.Management.Automation.WildcardPattern -ArgumentList $Pattern, ([System.Management.Automation.WildcardOptions]::IgnoreCase)).IsMatch($Text)
}

# Without the named keys; the rest as it is.
function Copy-SmWithout {
    param($Table, [string[]]$Names)
    $copy = Copy-SmValue $Table
    foreach ($name in $Names) { $copy.Remove($name) }
    $copy
}

function New-SmTable { New-Object System.Collections.Specialized.OrderedDictionary -ArgumentList ([System.StringComparer]::Ordinal) }

# A table of a caller's, whose keys PowerShell does not tell apart by case, as
# Azure writes it: with a small first letter.
function ConvertTo-SmCamel {
    param($Value)
    if ($Value -is [System.Collections.IDictionary]) {
        $table = New-SmTable
        $names = [string[]]@($Value.Keys)
        [System.Array]::Sort($names, [System.StringComparer]::Ordinal)
        foreach ($name in $names) {
            $as = $name
            if ($name) { $as = $name.Substring(0, 1).ToLowerInvariant() + $name.Substring(1) }
            $table[$as] = ConvertTo-SmCamel $Value[$name]
        }
        return $table
    }
    if ($Value -is [System.Collections.IEnumerable] -and $Value -isnot [string]) {
        $items = New-Object System.Collections.ArrayList
        foreach ($item in $Value) { $null = $items.Add((ConvertTo-SmCamel $item)) }
        return , $items.ToArray()
    }
    $Value
}

function Get-SmSha256 {
    param([byte[]]$Bytes)
    $hash = [System.Security.Cryptography.SHA256]::Create()
    try { ([System.BitConverter]::ToString($hash.ComputeHash($Bytes)) -replace '-', '').ToLowerInvariant() } finally { $hash.Dispose() }
}

# A version 5 UUID of a text: the same name gives the same id, so that a repeat
# updates instead of doubling. Source: RFC 9562, 5.5, in the namespace of URLs.
function New-SmId {
    param([string[]]$Parts)
    $space = [byte[]](0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8)
    $hash = [System.Security.Cryptography.SHA1]::Create()
    try { $all = $hash.ComputeHash([byte[]]($space + [System.Text.Encoding]::UTF8.GetBytes(($Parts -join '/').ToLowerInvariant()))) } finally { $hash.Dispose() }
    $all[6] = ($all[6] -band 0x0f) -bor 0x50
    $all[8] = ($all[8] -band 0x3f) -bor 0x80
    $hex = ([System.BitConverter]::ToString($all, 0, 16) -replace '-', '').ToLowerInvariant()
    $hex.Substring(0, 8) + '-' + $hex.Substring(8, 4) + '-' + $hex.Substring(12, 4) + '-' + $hex.Substring(16, 4) + '-' + $hex.Substring(20, 12)
}

