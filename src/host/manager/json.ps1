# ---- JSON --------------------------------------------------------------------

# The two editions read and write JSON differently: dates become times on 7 and
# stay text on 5.1, keys that differ in case fail, texts above 2 MB fail on 5.1,
# writing cuts at a depth. So both ways are our own: objects are ordered tables
# that heed case, arrays are [object[]], whole numbers [long], others [decimal]
# or [double], dates stay text.

# One token: a value with its comma and its key before it, or an end. Anchored, so
# that what is none of these ends the reading.
$script:SmToken = New-Object System.Text.RegularExpressions.Regex -ArgumentList @(
    '\G[ \t\r\n]*(?:([}\]])|(,)?[ \t\r\n]*("(?<k>(?:[^"\\\x00-\x1f]|\\.)*)"[ \t\r\n]*:[ \t\r\n]*)?(?:"(?<s>(?:[^"\\\x00-\x1f]|\\.)*)"|(?<n>-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|(?<w>true|false|null)|(?<o>[{\[])))',
    [System.Text.RegularExpressions.RegexOptions]'CultureInvariant, Compiled')
$script:SmEscape = New-Object System.Text.RegularExpressions.Regex -ArgumentList @('\\(u([0-9a-fA-F]{4})|.)', [System.Text.RegularExpressions.RegexOptions]::CultureInvariant)
$script:SmEscapes = @{ 'n' = "`n"; 'r' = "`r"; 't' = "`t"; 'b' = "`b"; 'f' = "`f"; '"' = '"'; '\' = '\'; '/' = '/' }
$script:SmMustEscape = New-Object System.Text.RegularExpressions.Regex -ArgumentList @('["\\\x00-\x1f]', [System.Text.RegularExpressions.RegexOptions]::CultureInvariant)

function ConvertFrom-SmEscaped {
    param([string]$Text)
    if ($Text.IndexOf('\') -lt 0) { return $Text }
    $plain = New-Object System.Text.StringBuilder
    $at = 0
    foreach ($match in $script:SmEscape.Matches($Text)) {
        $null = $plain.Append($Text, $at, $match.Index - $at)
        $at = $match.Index + $match.Length
        if ($match.Groups[2].Success) { $null = $plain.Append([char][System.Convert]::ToInt32($match.Groups[2].Value, 16)) }
        elseif ($script:SmEscapes.ContainsKey($match.Groups[1].Value)) { $null = $plain.Append($script:SmEscapes[$match.Groups[1].Value]) }
        else { throw (New-SmError 'InvalidJson' 'A text holds an escape that JSON does not have.' 'InvalidData') }
    }
    $plain.Append($Text, $at, $Text.Length - $at).ToString()
}

function ConvertFrom-SmNumber {
    param([string]$Text)
    $invariant = [System.Globalization.CultureInfo]::InvariantCulture
    $whole = [long]0
    if ([long]::TryParse($Text, [System.Globalization.NumberStyles]::AllowLeadingSign, $invariant, [ref]$whole)) { return $whole }
    $exact = [decimal]0
    # Keeps 1.50 as it is written; an exponent does not fit.
    if ($Text.Length -le 28 -and [decimal]::TryParse($Text, [System.Globalization.NumberStyles]'AllowLeadingSign, AllowDecimalPoint', $invariant, [ref]$exact)) { return $exact }
    [double]::Parse($Text, [System.Globalization.NumberStyles]::Float, $invariant)
}

# The value that a text says. One loop over tokens: a function call per value
# would cost ten times as much.
function ConvertFrom-SmJson {
    param([string]$Text)
    $stack = New-Object System.Collections.Stack
    # The container at hand and whether it is an object; $null around the root.
    $into = $null
    $isObject = $false
    $root = $null
    $done = $false
    $broken = $false
    $end = 0
    $match = $script:SmToken.Match($Text)
    while ($match.Success) {
        $end = $match.Index + $match.Length
        if ($done) { $broken = $true; break }
        # By number: 1 end, 2 comma, 3 key and colon; the named ones follow.
        $groups = $match.Groups
        if ($groups[1].Success) {
            if ($null -eq $into -or ($groups[1].Value -eq '}') -ne $isObject) { $broken = $true; break }
            $value = $into
            if (-not $isObject) { $value = $into.ToArray() }
            $into, $isObject, $key = $stack.Pop()
        }
        else {
            $first = $null -eq $into -or $into.Count -eq 0
            if ($groups[2].Success -eq $first -or $groups[3].Success -ne $isObject) { $broken = $true; break }
            $key = ''
            if ($isObject) {
                $key = $groups[4].Value
                if ($key.IndexOf('\') -ge 0) { $key = ConvertFrom-SmEscaped $key }
            }
            if ($groups[5].Success) {
                $value = $groups[5].Value
                if ($value.IndexOf('\') -ge 0) { $value = ConvertFrom-SmEscaped $value }
            }
            elseif ($groups[8].Success) {
                $stack.Push(@($into, $isObject, $key))
                $isObject = $groups[8].Value -eq '{'
                if ($isObject) { $into = New-Object System.Collections.Specialized.OrderedDictionary -ArgumentList ([System.StringComparer]::Ordinal) }
                else { $into = New-Object System.Collections.ArrayList }
                $match = $match.NextMatch()
                continue
            }
            elseif ($groups[7].Success) {
                $word = $groups[7].Value
                if ($word -eq 'null') { $value = $null } else { $value = $word -eq 'true' }
            }
            else { $value = ConvertFrom-SmNumber $groups[6].Value }
        }
        if ($null -eq $into) { $root = $value; $done = $true }
        elseif ($isObject) { $into[$key] = $value }
        else { $null = $into.Add($value) }
        $match = $match.NextMatch()
    }
    if ($broken -or -not $done -or $Text.Substring($end).Trim(" `t`r`n".ToCharArray())) { throw (New-SmError 'InvalidJson' "The text is no JSON (near character $end)." 'InvalidData') }
    , $root
}

function ConvertTo-SmQuoted {
    param([string]$Text)
    if (-not $script:SmMustEscape.IsMatch($Text)) { return '"' + $Text + '"' }
    $quoted = New-Object System.Text.StringBuilder
    $null = $quoted.Append('"')
    foreach ($char in $Text.ToCharArray()) {
        $code = [int]$char
        if ($code -eq 34) { $null = $quoted.Append('\"') }
        elseif ($code -eq 92) { $null = $quoted.Append('\\') }
        elseif ($code -ge 32) { $null = $quoted.Append($char) }
        elseif ($code -eq 10) { $null = $quoted.Append('\n') }
        elseif ($code -eq 13) { $null = $quoted.Append('\r') }
        elseif ($code -eq 9) { $null = $quoted.Append('\t') }
        elseif ($code -eq 8) { $null = $quoted.Append('\b') }
        elseif ($code -eq 12) { $null = $quoted.Append('\f') }
        else { $null = $quoted.Append('\u' + $code.ToString('x4', [System.Globalization.CultureInfo]::InvariantCulture)) }
    }
    $quoted.Append('"').ToString()
}

# Compact, in the order of the keys. -Sorted: keys by ordinal, so that two
# backups differ only where the things do.
function ConvertTo-SmJson {
    param($Value, [switch]$Sorted)
    $text = New-Object System.Text.StringBuilder
    Add-SmJson $text $Value ([bool]$Sorted)
    $text.ToString()
}

function Add-SmJson {
    param($Text, $Value, [bool]$Sorted)
    if ($null -eq $Value -or $Value -is [System.DBNull]) { $null = $Text.Append('null'); return }
    # A value that went through a pipeline wears a wrapper.
    if ($Value -is [psobject] -and $Value -isnot [System.Management.Automation.PSCustomObject]) { $Value = $Value.PSObject.BaseObject }
    if ($Value -is [string] -or $Value -is [char] -or $Value -is [guid]) { $null = $Text.Append((ConvertTo-SmQuoted ([string]$Value))); return }
    if ($Value -is [bool] -or $Value -is [switch]) { if ($Value) { $null = $Text.Append('true') } else { $null = $Text.Append('false') }; return }
    if ($Value -is [datetime]) { $null = $Text.Append((ConvertTo-SmQuoted (Format-SmTime $Value))); return }
    if ($Value -is [timespan]) { $null = $Text.Append((ConvertTo-SmQuoted ([System.Xml.XmlConvert]::ToString($Value)))); return }
    if ($Value -is [double] -or $Value -is [single]) {
        if ([double]::IsNaN($Value) -or [double]::IsInfinity($Value)) { $null = $Text.Append('null'); return }
        $null = $Text.Append(([double]$Value).ToString('R', [System.Globalization.CultureInfo]::InvariantCulture)); return
    }
    if ($Value -is [System.ValueType]) { $null = $Text.Append(([System.IFormattable]$Value).ToString($null, [System.Globalization.CultureInfo]::InvariantCulture)); return }
    if ($Value -is [System.Collections.IDictionary] -or $Value -is [System.Management.Automation.PSCustomObject]) {
        $table = $Value
        if ($Value -is [System.Management.Automation.PSCustomObject]) {
            $table = New-Object System.Collections.Specialized.OrderedDictionary
            foreach ($property in $Value.PSObject.Properties) { $table[$property.Name] = $property.Value }
        }
        $names = [string[]]@($table.Keys)
        if ($Sorted) { [System.Array]::Sort($names, [System.StringComparer]::Ordinal) }
        $first = $true
        $null = $Text.Append('{')
        foreach ($name in $names) {
            if (-not $first) { $null = $Text.Append(',') }
            $first = $false
            $item = $table[$name]
            if ($script:SmMustEscape.IsMatch($name)) { $null = $Text.Append((ConvertTo-SmQuoted $name)).Append(':') } else { $null = $Text.Append('"').Append($name).Append('":') }
            # Most values are texts; a call for each would be most of the time.
            if ($item -is [string] -and -not $script:SmMustEscape.IsMatch($item)) { $null = $Text.Append('"').Append($item).Append('"') }
            else { Add-SmJson $Text $item $Sorted }
        }
        $null = $Text.Append('}')
        return
    }
    if ($Value -is [System.Collections.IEnumerable]) {
        $first = $true
        $null = $Text.Append('[')
        foreach ($item in $Value) {
            if (-not $first) { $null = $Text.Append(',') }
            $first = $false
            Add-SmJson $Text $item $Sorted
        }
        $null = $Text.Append(']')
        return
    }
    $null = $Text.Append((ConvertTo-SmQuoted ([string]$Value)))
}

# Custom objects of what was read, keys by ordinal: what a row of ours holds.
function ConvertTo-SmObject {
    param($Value)
    if ($Value -is [System.Collections.IDictionary]) {
        $names = [string[]]@($Value.Keys)
        [System.Array]::Sort($names, [System.StringComparer]::Ordinal)
        $object = New-Object System.Management.Automation.PSObject
        foreach ($name in $names) {
            # Objects do not tell case apart: the second of two keeps its own
            # value under a name that says so.
            $as = $name
            while ($as -eq '' -or $object.PSObject.Properties[$as]) { $as += '_' }
            $item = ConvertTo-SmObject $Value[$name]
            $object.PSObject.Properties.Add((New-Object System.Management.Automation.PSNoteProperty -ArgumentList $as, $item))
        }
        return $object
    }
    if ($Value -is [array]) {
        $items = New-Object System.Collections.ArrayList
        foreach ($item in $Value) { $null = $items.Add((ConvertTo-SmObject $item)) }
        return , $items.ToArray()
    }
    if ($Value -is [decimal]) { return [double]$Value }
    $Value
}

# A copy, keys as they are: what one changes is not what another read.
function Copy-SmValue {
    param($Value)
    if ($Value -is [System.Collections.IDictionary]) {
        $copy = New-Object System.Collections.Specialized.OrderedDictionary -ArgumentList ([System.StringComparer]::Ordinal)
        foreach ($name in @($Value.Keys)) { $copy[$name] = Copy-SmValue $Value[$name] }
        return $copy
    }
    if ($Value -is [array]) {
        $items = New-Object System.Collections.ArrayList
        foreach ($item in $Value) { $null = $items.Add((Copy-SmValue $item)) }
        return , $items.ToArray()
    }
    $Value
}

