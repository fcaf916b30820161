# ---- target ----------------------------------------------------------------

# The key of a session table that stands for $Name, as it is spelled there; ''
# when there is none. The table may be a dictionary or an object.
function Find-SjKey {
    param($Table, [string]$Name)
    $names = @($Name)
    if ($Name -match '^ResourceGroup(Name)?$') { $names = @('ResourceGroup', 'ResourceGroupName') }
    if ($Table -is [System.Collections.IDictionary]) { $keys = @(foreach ($entry in $Table.GetEnumerator()) { $entry.Key }) }
    else { $keys = @($Table.PSObject.Properties | ForEach-Object { $_.Name }) }
    foreach ($wanted in $names) { foreach ($key in $keys) { if ([string]$key -eq $wanted) { return [string]$key } } }
    ''
}

# Where the script keeps its target; read anew each time, because the script may
# replace the table. It holds tokens: it never leaves the host.
function Get-SjSession {
    if ($script:Functions.ContainsKey('Get-SentinelSession')) {
        $table = & $script:Module { Get-SentinelSession }
        if ($null -ne $table -and $table -isnot [array] -and $table -isnot [string] -and $table -isnot [System.ValueType]) { return $table }
    }
    # By the session state, not by running `$script:Session`: in a script with
    # strict mode that fails where there is none.
    $script:Module.SessionState.PSVariable.GetValue('script:Session')
}

# What differs between the session and $Expect, in words; '' when nothing does.
function Compare-SjTarget {
    param([hashtable]$Expect)
    if (-not $Expect.Count) { return 'nothing to compare with' }
    $table = Get-SjSession
    if ($null -eq $table) { return 'the script has no session table' }
    $compared = 0
    $differs = @()
    foreach ($name in @($Expect.Keys | Sort-Object)) {
        $key = Find-SjKey $table $name
        if (-not $key) {
            # A script need not keep every key, but it cannot lose one.
            if ($name -eq 'WorkspaceName' -or $script:TargetKeys -contains $name) { $differs += "$name is not in the session" }
            continue
        }
        $compared++
        $have = [string]$table.$key
        $want = [string]$Expect[$name]
        if (-not $want -or -not [string]::Equals($have, $want, [System.StringComparison]::OrdinalIgnoreCase)) {
            $differs += "$name is '$have', expected '$want'"
        }
    }
    if (-not $compared -and -not $differs) { return 'the session has none of the keys' }
    $differs -join '; '
}

function Assert-SjLoaded {
    if (-not $script:Module) { throw (New-SjError 'NotLoaded' 'no script is loaded' 'InvalidOperation' $null) }
}

# Assigns the target in the script's session table. `differs` is '' when the
# table then says so; else the session must not be used.
function Set-SjTarget {
    [CmdletBinding()]
    param([hashtable]$Target)
    Assert-SjLoaded
    if (-not $Target) { $Target = @{} }
    # Both: Get-SentinelSession may return a copy.
    $tables = @(, (Get-SjSession)) + @(, $script:Module.SessionState.PSVariable.GetValue('script:Session'))
    $assigned = @()
    foreach ($table in $tables) {
        if ($null -eq $table) { continue }
        foreach ($name in @($Target.Keys)) {
            $key = Find-SjKey $table $name
            if ($key) { $table.$key = [string]$Target[$name]; $assigned += $name }
        }
    }
    $script:TargetKeys = @($assigned | Sort-Object -Unique)
    [pscustomobject]@{
        PSTypeName = 'SentinelJump.Target'
        assigned   = [string[]]$script:TargetKeys
        differs    = [string](Compare-SjTarget $Target)
    }
}

