# ---- calls -----------------------------------------------------------------

# The global ones before the script was loaded, to tell what it set there.
$script:GlobalPreferences = @{}

$script:CallPreferences = @{
    ErrorActionPreference = 'Continue'
    WarningPreference     = 'Continue'
    ConfirmPreference     = 'High'
    InformationPreference = 'SilentlyContinue'
    ProgressPreference    = 'SilentlyContinue'
    VerbosePreference     = 'SilentlyContinue'
    DebugPreference       = 'SilentlyContinue'
}

# What the script's module sets itself stays as it set it; only what it left
# alone gets our default. Never loosened: most scripts begin with
# `$ErrorActionPreference = 'Stop'`, and that is what stops their writes.
function Remove-SjScriptPreference {
    param([hashtable]$All)
    foreach ($name in @($All.Keys)) {
        $own = $script:Module.SessionState.PSVariable.Get("script:$name")
        $value = $null
        if ($own) { $value = $own.Value }
        elseif ($script:GlobalPreferences.ContainsKey($name)) {
            # Or for everybody, in the global scope.
            $value = $script:Module.SessionState.PSVariable.GetValue("global:$name")
            if ([string]$value -eq [string]$script:GlobalPreferences[$name]) { continue }
        }
        else { continue }
        # 'None' would say yes to everything that the script and Az ask.
        if ($name -eq 'ConfirmPreference' -and [string]$value -eq 'None') { continue }
        $All.Remove($name)
    }
}

# The defaults of a call with the given ones over them. Keys with or without
# the ending: Progress, ProgressPreference.
function Merge-SjPreference {
    param([hashtable]$Given)
    $all = $script:CallPreferences.Clone()
    if ($Given) {
        foreach ($key in $Given.Keys) {
            $name = ([string]$key -replace 'Preference$', '') + 'Preference'
            if (-not $all.ContainsKey($name)) { throw (New-SjError 'UnknownPreference' "no preference $key" 'InvalidArgument' $key) }
            $all[$name] = [string]$Given[$key]
        }
    }
    Remove-SjScriptPreference $all
    $all
}

# Runs inside the script's module. Preferences are set here as local variables:
# a function of a module sees its module's and the global ones, never those of
# a caller in another module. The names are long because every function called
# sees them, too.
$script:Body = {
    param($SjFunction, $SjArguments, $SjPreference)
    foreach ($SjKey in $SjPreference.Keys) { Set-Variable -Name $SjKey -Value $SjPreference[$SjKey] }
    & $SjFunction @SjArguments
}

# The name of the script's function that $Name means, by alias as well; '' when
# there is none.
function Resolve-SjFunction {
    param([string]$Name)
    if ($Name -and $script:Functions.ContainsKey($Name)) { return $script:Functions[$Name].Name }
    if ($Name -and $script:Aliases.ContainsKey($Name)) { return $script:Aliases[$Name] }
    ''
}

$script:Bind = { param($SjFunction, $SjArguments) & $SjFunction @SjArguments }

# Function name -> a block with the function's parameters and nothing else.
$script:Binders = @{}

# Its parameters with their attributes, without default values (they run) and
# dynamic ones (their block runs): $null when it has none, or none that stand by
# themselves.
function Get-SjBinder {
    param($Function)
    $parameters = @(Get-SjParameterNodes $Function)
    if (-not $parameters) { return $null }
    $ast = $Function.ScriptBlock.Ast
    if ($ast -is [System.Management.Automation.Language.FunctionDefinitionAst]) { $ast = $ast.Body }
    $text = ''
    # Of `function f($a)` there is no block, and no attributes.
    if ($ast.ParamBlock) { $text = -join @($ast.ParamBlock.Attributes | ForEach-Object { $_.Extent.Text + "`n" }) }
    $bare = foreach ($parameter in $parameters) {
        $one = $parameter.Extent.Text
        if ($parameter.DefaultValue) { $one = $one.Substring(0, $parameter.Name.Extent.EndOffset - $parameter.Extent.StartOffset) }
        $one
    }
    $text += "param(`n" + (@($bare) -join ",`n") + "`n)`nend { }"
    # In the script's module: its classes and enums are known there.
    try { & $script:Module { param($SjText) [scriptblock]::Create($SjText) } $text } catch { $null }
}

# The arguments that the binder knows: without those of dynamic parameters.
function Get-SjBindable {
    param($Function, [hashtable]$Arguments)
    $dynamic = @($Function.Parameters.Values | Where-Object { $_.IsDynamic } | ForEach-Object { $_.Name })
    if (-not $dynamic) { return $Arguments }
    $static = @{}
    foreach ($key in $Arguments.Keys) { if ($dynamic -notcontains $key) { $static[$key] = $Arguments[$key] } }
    $static
}

# Runs one function of the script. Its streams are PSRP's own. The first object
# is a SentinelJump.Begin: it is put out when all that could refuse the call has
# let it pass, as the last step before the function is entered; without it
# nothing of the function ran. The last object is a SentinelJump.End, and only
# when the function came back: `exit` and a terminating error leave it out.
#
# -Write: a function that reads what was lost with a statement that was left out
# is refused; else the begin record tells.
#
# No try/catch around the call: it would change the error's id, and stop
# nothing that the pipeline's own state does not tell.
function Invoke-SjCall {
    [CmdletBinding()]
    param(
        [string]$Name,
        [hashtable]$Parameters,
        [hashtable]$Expect,
        [hashtable]$Preference,
        [string]$AzureTenant,
        [switch]$Write,
        [ValidateSet('auto', 'native')][string]$Values = 'auto'
    )
    Assert-SjLoaded
    # Only the script's own: `&` would start any program of that name.
    $own = Resolve-SjFunction $Name
    if (-not $own) { throw (New-SjError 'UnknownFunction' "the script has no function $Name" 'ObjectNotFound' $Name) }
    $function = $script:Functions[$own]
    if (-not $Parameters) { $Parameters = @{} }
    $preferences = Merge-SjPreference $Preference
    $guarded = $PSBoundParameters.ContainsKey('Expect')
    if ($guarded) {
        $differs = Compare-SjTarget $Expect
        if ($differs) { throw (New-SjError 'TargetMismatch' $differs 'SecurityError' $null) }
    }
    $tainted = @(Get-SjTaints $own)
    if ($Write -and $tainted) {
        $first = $tainted[0]
        $via = ''
        if ($first.via) { $via = " (in $($first.via))" }
        throw (New-SjError 'Tainted' "$own reads `$$($first.variable)$via, which only line $($first.line) sets, and that was left out: $($first.reason)" 'SecurityError' $first.variable)
    }
    if ($AzureTenant) { $null = Assert-SjAzure $AzureTenant }
    # Binds the arguments as the function itself will, by its own attributes: what
    # is refused here has not run.
    if (-not $script:Binders.ContainsKey($own)) { $script:Binders[$own] = Get-SjBinder $function }
    if ($script:Binders[$own]) {
        # Thrown again, because a refused binding alone ends its statement only.
        try { $null = & $script:Module $script:Bind $script:Binders[$own] (Get-SjBindable $function $Parameters) } catch { throw $_ }
    }
    Reset-SjSurroundings
    [pscustomobject]@{ PSTypeName = 'SentinelJump.Begin'; tainted = [object[]]$tainted }
    $clock = [System.Diagnostics.Stopwatch]::StartNew()
    if ($Values -eq 'native') { & $script:Module $script:Body $function $Parameters $preferences }
    else { & $script:Module $script:Body $function $Parameters $preferences | Send-SjValue }
    $ms = $clock.ElapsedMilliseconds
    $exitCode = [int]$global:LASTEXITCODE
    Reset-SjSurroundings
    $now = ''
    if ($guarded) { $now = [string](Compare-SjTarget $Expect) }
    [pscustomobject]@{ PSTypeName = 'SentinelJump.End'; ms = [long]$ms; exitCode = $exitCode; target = $now }
}

# That the names the server sends lead to us.
function Assert-SjOurs {
    foreach ($name in @($ExecutionContext.SessionState.Module.ExportedFunctions.Keys)) {
        $found = & $script:InGlobal 'param($SjName) Get-Command -Name $SjName' "SentinelJump\$name"
        if (-not $found -or -not [object]::ReferenceEquals($found.Module, $ExecutionContext.SessionState.Module)) {
            throw (New-SjError 'Replaced' "the script puts something of its own in the place of $name" 'SecurityError' $name)
        }
    }
}

# Location, error list and exit code as a call finds them. Before a call as
# well: the one before may have failed on its way.
function Reset-SjSurroundings {
    if ($script:Location.Path -cne $ExecutionContext.SessionState.Path.CurrentLocation.Path) { Set-Location -LiteralPath $script:Location.Path -ErrorAction SilentlyContinue }
    # It grows to 256 records and pins what they refer to.
    $global:Error.Clear()
    $global:LASTEXITCODE = 0
}

