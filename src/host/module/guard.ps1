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

# What a table holds, as texts; $null when there is none.
function Copy-SjTable {
    param($Table)
    if ($null -eq $Table) { return $null }
    $copy = @{}
    if ($Table -is [System.Collections.IDictionary]) { foreach ($entry in $Table.GetEnumerator()) { $copy[[string]$entry.Key] = [string]$entry.Value } }
    else { foreach ($property in $Table.PSObject.Properties) { $copy[$property.Name] = [string]$property.Value } }
    $copy
}

# What keys that belong to a target are called.
$script:DerivedKey = 'Workspace|Subscription|ResourceGroup|ResourceId|CustomerId|Ur[il]$|Endpoint|Scope$'

# Whether the script's functions read keys of the table that only its own way of
# choosing a target fills: an address, an id. Where none does, assigning the
# target is as good and asks Azure nothing.
function Test-SjNeedsSelect {
    param($Table, [hashtable]$Target, [string[]]$Named, [string[]]$Select)
    $copy = Copy-SjTable $Table
    foreach ($key in @($copy.Keys)) {
        if ($copy[$key] -or ($key -notmatch $script:DerivedKey -and $Named -notcontains $key)) { continue }
        if (@($Target.Keys | Where-Object { (Find-SjKey $Table $_) -eq $key })) { continue }
        foreach ($function in @($script:Functions.Values)) {
            if ($Select -contains $function.Name) { continue }
            if ($function.ScriptBlock.Ast.Extent.Text -match "[.'`"]$([regex]::Escape($key))\b") { return $true }
        }
    }
    $false
}

# Keys of the table that say where things are and that we do not set: named by
# the operator, or by what they are called. An address without a path holds for
# every workspace.
function Find-SjDerived {
    param($Table, [hashtable]$Target, [string[]]$Named)
    $ours = @{}
    foreach ($name in $Target.Keys) { $key = Find-SjKey $Table $name; if ($key) { $ours[$key] = $true } }
    $copy = Copy-SjTable $Table
    foreach ($key in @($copy.Keys | Sort-Object)) {
        $value = $copy[$key]
        if (-not $value -or $ours.ContainsKey($key)) { continue }
        if ($Named -contains $key) { $key; continue }
        if ($value -match '^https?://[^/]+/?$') { continue }
        # What stood there when the script was loaded, before any target was
        # chosen, is no part of one.
        if ($script:TableAtLoad -and -not (Test-SjChosen $script:TableAtLoad $Target) -and $script:TableAtLoad[$key] -eq $value) { continue }
        if ($key -match $script:DerivedKey -or $value -match '/(subscriptions|resourceGroups|workspaces)/') { $key }
    }
}

# Whether a table has a target, whichever.
function Test-SjChosen {
    param($Table, [hashtable]$Target)
    foreach ($name in $Target.Keys) { $key = Find-SjKey $Table $name; if ($key -and [string]$Table[$key]) { return $true } }
    $false
}

# The parts of the target that a function that chooses one takes, by the names of
# its parameters; $null when it demands anything else, or takes none: then it
# would ask.
function Get-SjSelectArguments {
    param($Function, [hashtable]$Target, [bool]$Named)
    $arguments = @{}
    $free = @()
    foreach ($meta in @($Function.Parameters.Values)) {
        if (-not $meta -or $script:CommonParameters.ContainsKey($meta.Name)) { continue }
        $names = @($meta.Name) + @($meta.Aliases)
        $part = ''
        foreach ($name in $names) {
            if ($name -match '^Subscription(Id)?$') { $part = 'SubscriptionId' }
            elseif ($name -match '^(ResourceGroup(Name)?|RG)$') { $part = 'ResourceGroup' }
            elseif ($name -match '^Workspace(Name)?$') { $part = 'WorkspaceName' }
        }
        if (-not $part -and $meta.Name -match '^(Name|Id)$') { $free += $meta.Name; continue }
        if ($part) { $arguments[$meta.Name] = [string](Get-SjPart $Target $part); continue }
        if (@($meta.ParameterSets.Values | Where-Object { $_.IsMandatory })) { return $null }
    }
    # `Select-Workspace -Name`: what the function is called says of what.
    if (-not $arguments.Count -and $free.Count -eq 1) {
        $part = ''
        if ($Function.Name -match 'Workspace') { $part = 'WorkspaceName' }
        elseif ($Function.Name -match 'Subscription') { $part = 'SubscriptionId' }
        # The operator says that it chooses one.
        elseif ($Named) { $part = 'WorkspaceName' }
        if ($part) { $arguments[$free[0]] = [string](Get-SjPart $Target $part) }
    }
    if (-not $arguments.Count) { return $null }
    $arguments
}

function Get-SjPart {
    param([hashtable]$Target, [string]$Part)
    foreach ($name in $Target.Keys) { if ($name -eq $Part -or ($Part -eq 'ResourceGroup' -and $name -eq 'ResourceGroupName')) { return $Target[$name] } }
    ''
}

# What functions that choose a target are called.
$script:SelectNames = @('Select-Subscription', 'Select-Workspace')

# Chooses the target by the script's own functions. Gives the names of those that
# were called, and what went wrong.
function Select-SjTarget {
    param([hashtable]$Target, [string[]]$Select)
    $result = @{ Called = @(); Problem = '' }
    $named = [bool]$Select
    if (-not $named) { $Select = $script:SelectNames }
    $preferences = Merge-SjPreference @{}
    foreach ($name in $Select) {
        $own = Resolve-SjFunction $name
        if (-not $own) {
            if ($named) { throw (New-SjError 'UnknownFunction' "the script has no function $name" 'ObjectNotFound' $name) }
            continue
        }
        $arguments = Get-SjSelectArguments $script:Functions[$own] $Target $named
        if (-not $arguments) {
            if ($named) { $result.Problem = "$own takes neither subscription, resource group nor workspace"; break }
            continue
        }
        $result.Called += $own
        Reset-SjSurroundings
        try { $null = & $script:Module $script:Body $script:Functions[$own] $arguments $preferences }
        catch { $result.Problem = "$($own): $($_.Exception.Message)"; break }
    }
    $result
}

# Sets the target: by the script's own way to choose one where it has one, else
# by assigning the keys of its session table. `differs` is '' when the table then
# says so; else the session must not be used. `derived` names keys that another
# target left behind: nor must it then.
function Set-SjTarget {
    [CmdletBinding()]
    param([hashtable]$Target, [string[]]$Select, [string[]]$Derived)
    Assert-SjLoaded
    if (-not $Target) { $Target = @{} }
    $way = @{ Called = @(); Problem = '' }
    $table = Get-SjSession
    if ($Select) { $way = Select-SjTarget $Target $Select }
    elseif ($null -ne $table -and $Target.Count -and (Compare-SjTarget $Target)) {
        # Another target stands there, or the script needs more than we can assign.
        if (Compare-SjOthers $Target) { $way = Select-SjTarget $Target @() }
        elseif (Test-SjNeedsSelect $table $Target $Derived $script:SelectNames) { $way = Select-SjTarget $Target @() }
    }
    $taken = $way.Called -and -not (Compare-SjOthers $Target)
    $left = @()
    if (-not $taken) {
        $table = Get-SjSession
        # Whatever else the table says, it says of the target that stands there.
        if ($null -ne $table -and (Compare-SjOthers $Target)) { $left = @(Find-SjDerived $table $Target $Derived) }
        if ($Select -and -not $way.Problem) { $way.Problem = Compare-SjOthers $Target }
    }
    # Called, and what only it can fill is still empty: with our keys alone the
    # functions would read half a target.
    $half = -not $taken -and $way.Called -and (Test-SjNeedsSelect (Get-SjSession) $Target $Derived $script:SelectNames)
    if ($half -and -not $way.Problem) { $way.Problem = "$($way.Called -join ', ') did not choose it" }
    $assigned = @()
    if (-not $left -and -not (($Select -or $half) -and $way.Problem)) {
        # Both: Get-SentinelSession may return a copy.
        $tables = @(, (Get-SjSession)) + @(, $script:Module.SessionState.PSVariable.GetValue('script:Session'))
        foreach ($table in $tables) {
            if ($null -eq $table) { continue }
            foreach ($name in @($Target.Keys)) {
                $key = Find-SjKey $table $name
                if (-not $key) { continue }
                $assigned += $name
                if ([string]$table.$key -ne [string]$Target[$name]) { $table.$key = [string]$Target[$name] }
            }
        }
    }
    $script:TargetKeys = @($assigned | Sort-Object -Unique)
    $differs = [string](Compare-SjTarget $Target)
    if (($Select -or $half) -and $way.Problem) { $differs = $way.Problem }
    [pscustomobject]@{
        PSTypeName = 'SentinelJump.Target'
        assigned   = [string[]]$script:TargetKeys
        differs    = $differs
        selected   = [string[]]@($way.Called)
        derived    = [string[]]$left
        problem    = [string]$way.Problem
    }
}

# In words, which keys of the table have another value than the target; '' when
# those that have one at all are its.
function Compare-SjOthers {
    param([hashtable]$Target)
    $table = Get-SjSession
    if ($null -eq $table) { return '' }
    $differs = @()
    foreach ($name in @($Target.Keys | Sort-Object)) {
        $key = Find-SjKey $table $name
        if (-not $key) { continue }
        $have = [string]$table.$key
        if ($have -and -not [string]::Equals($have, [string]$Target[$name], [System.StringComparison]::OrdinalIgnoreCase)) { $differs += "$name is '$have', expected '$($Target[$name])'" }
    }
    $differs -join '; '
}
