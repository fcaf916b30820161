# ---- values ----------------------------------------------------------------

# PSRP sends custom objects, dictionaries and collections at any depth, but of a
# typed .NET object only the first level: an object-valued property arrives as
# text. Objects that lose something that way are turned into custom objects.

# Type -> 'plain' (leave it), 'flat' (leave it, but it is no scalar: text would
# stand for it inside a typed object), 'open' (look inside), 'typed' (project),
# 'secret'.
$script:Kinds = @{}

function Get-SjKind {
    param($Value)
    if ($null -eq $Value) { return 'plain' }
    $type = $Value.GetType()
    if (-not $script:Kinds.ContainsKey($type)) { $script:Kinds[$type] = Resolve-SjKind $type }
    $script:Kinds[$type]
}

function Resolve-SjKind {
    param([type]$Type)
    if ($Type -eq [securestring] -or $Type -eq [pscredential]) { return 'secret' }
    if (Test-SjScalar $Type) { return 'plain' }
    if ($Type -eq [System.Management.Automation.PSCustomObject] -or [System.Collections.IEnumerable].IsAssignableFrom($Type)) { return 'open' }
    # PowerShell's and .NET's own (files, processes, format records, errors):
    # natively they come as scripts expect them, and inside they have no end.
    if ([string]$Type.Namespace -match '^(System|Microsoft\.PowerShell|Microsoft\.Management|Microsoft\.Win32)(\.|$)') { return 'plain' }
    foreach ($property in $Type.GetProperties()) {
        if (-not (Test-SjScalar $property.PropertyType)) { return 'typed' }
    }
    'flat'
}

# Types of which the serializer loses nothing.
function Test-SjScalar {
    param([type]$Type)
    if ($Type.IsArray) { return ($Type.GetElementType().IsPrimitive -or $Type.GetElementType() -eq [string]) }
    $Type.IsPrimitive -or $Type.IsEnum -or [System.Nullable]::GetUnderlyingType($Type) -or
    $Type -in @([string], [decimal], [datetime], [System.DateTimeOffset], [timespan], [guid], [uri], [version], [type], [scriptblock], [xml])
}

# Whether $Value holds something to project within $Levels levels.
function Test-SjTyped {
    param($Value, [int]$Levels)
    $kind = Get-SjKind $Value
    if ($kind -ne 'open') { return ($kind -eq 'typed' -or $kind -eq 'secret') }
    if ($Levels -le 0) { return $false }
    if ($Value -is [System.Collections.IDictionary]) { $inside = foreach ($entry in $Value.GetEnumerator()) { , $entry.Value } }
    elseif ($Value -is [System.Collections.IEnumerable]) { $inside = $Value | Select-Object -First 3 }
    else { $inside = foreach ($property in $Value.PSObject.Properties) { if ($property.MemberType -eq 'NoteProperty') { , $property.Value } } }
    foreach ($item in $inside) { if (Test-SjTyped $item ($Levels - 1)) { return $true } }
    $false
}

# Streams: each object leaves as it comes. For objects that are open (custom
# objects, tables) the first ten of each type name are looked into; once one of
# them needs it, the rest of that name is projected, too.
function Send-SjValue {
    [CmdletBinding()]
    param([Parameter(ValueFromPipeline = $true)]$Value)
    begin {
        $seen = @{}
        $project = @{}
    }
    process {
        $kind = Get-SjKind $Value
        if ($kind -eq 'open') {
            $name = $Value.PSObject.TypeNames[0]
            if (-not $project[$name] -and [int]$seen[$name] -lt 10) {
                $seen[$name] = [int]$seen[$name] + 1
                if (Test-SjTyped $Value 3) { $project[$name] = $true }
            }
            if ($project[$name]) { $kind = 'typed' }
        }
        if ($kind -eq 'plain' -or $kind -eq 'flat' -or $kind -eq 'open') { $PSCmdlet.WriteObject($Value, $false) }
        else {
            $budget = @{ Left = 20000 }
            $PSCmdlet.WriteObject((ConvertTo-SjBag $Value 0 @() $budget), $false)
        }
    }
}

# The commonest types, so that their values need no call of their own.
$script:AsIs = @{}
foreach ($type in @([string], [bool], [int], [long], [double], [decimal], [datetime], [timespan], [guid])) { $script:AsIs[$type] = $true }

# A value as property bags, arrays and scalars. Text stands for what is too
# deep (16), too much (20000 values), or leads back to itself.
function ConvertTo-SjBag {
    param($Value, [int]$Depth, [object[]]$Path, [hashtable]$Budget)
    $kind = Get-SjKind $Value
    if ($null -eq $Value -or $kind -eq 'secret') { return $null }
    $Budget.Left--
    if ($kind -eq 'plain') { return , (ConvertTo-SjPlain $Value) }
    if ($Depth -ge 16 -or $Budget.Left -le 0) { return [string]$Value }
    foreach ($above in $Path) { if ([object]::ReferenceEquals($above, $Value)) { return [string]$Value } }
    # Json.NET tokens are collections of themselves; their text is the document.
    if ([string]$Value.GetType().Namespace -eq 'Newtonsoft.Json.Linq') { return $Value.ToString() }
    $Path = $Path + @(, $Value)
    $bag = New-Object System.Collections.Specialized.OrderedDictionary -ArgumentList ([System.StringComparer]::OrdinalIgnoreCase)
    if ($Value -is [System.Collections.IDictionary]) {
        # Not .Keys: a table may have an entry of that name.
        foreach ($entry in $Value.GetEnumerator()) {
            $inside = $entry.Value
            if ($null -ne $inside -and -not $script:AsIs.ContainsKey($inside.GetType())) { $inside = ConvertTo-SjBag $inside ($Depth + 1) $Path $Budget }
            $bag[[string]$entry.Key] = $inside
        }
        return [pscustomobject]$bag
    }
    if ($Value -is [System.Collections.IEnumerable]) {
        $items = New-Object System.Collections.ArrayList
        foreach ($item in $Value) { $null = $items.Add((ConvertTo-SjBag $item ($Depth + 1) $Path $Budget)) }
        return , $items.ToArray()
    }
    foreach ($property in $Value.PSObject.Properties) {
        $inside = $null
        # A getter may throw; that property is then null.
        try { $inside = $property.Value } catch { $inside = $null }
        if ($null -ne $inside -and -not $script:AsIs.ContainsKey($inside.GetType())) { $inside = ConvertTo-SjBag $inside ($Depth + 1) $Path $Budget }
        $bag[$property.Name] = $inside
    }
    [pscustomobject]$bag
}

function ConvertTo-SjPlain {
    param($Value)
    $type = $Value.GetType()
    if ($type.IsEnum -or $type -in @([uri], [version], [scriptblock])) { return $Value.ToString() }
    if ($type -eq [System.DateTimeOffset]) { return $Value.ToString('o') }
    if ((Test-SjScalar $type) -and $type -ne [xml] -and $Value -isnot [type]) { return , $Value }
    [string]$Value
}

