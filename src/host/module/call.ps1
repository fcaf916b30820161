# ---- calls -----------------------------------------------------------------

$script:CallPreferences = @{
    ErrorActionPreference = 'Continue'
    WarningPreference     = 'Continue'
    ConfirmPreference     = 'High'
    InformationPreference = 'SilentlyContinue'
    ProgressPreference    = 'SilentlyContinue'
    VerbosePreference     = 'SilentlyContinue'
    DebugPreference       = 'SilentlyContinue'
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

# Runs one function of the script. Its streams are PSRP's own; the last object
# is a SentinelJump.End, and only when the function came back: `exit` and a
# terminating error leave it out.
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
        [ValidateSet('auto', 'native')][string]$Values = 'auto'
    )
    Assert-SjLoaded
    # Only the script's own: `&` would start any program of that name.
    if (-not $Name -or -not $script:Functions.ContainsKey($Name)) { throw (New-SjError 'UnknownFunction' "the script has no function $Name" 'ObjectNotFound' $Name) }
    if (-not $Parameters) { $Parameters = @{} }
    $preferences = Merge-SjPreference $Preference
    $guarded = $PSBoundParameters.ContainsKey('Expect')
    if ($guarded) {
        $differs = Compare-SjTarget $Expect
        if ($differs) { throw (New-SjError 'TargetMismatch' $differs 'SecurityError' $null) }
    }
    if ($AzureTenant) { $null = Assert-SjAzure $AzureTenant }
    Reset-SjSurroundings
    $clock = [System.Diagnostics.Stopwatch]::StartNew()
    if ($Values -eq 'native') { & $script:Module $script:Body $script:Functions[$Name] $Parameters $preferences }
    else { & $script:Module $script:Body $script:Functions[$Name] $Parameters $preferences | Send-SjValue }
    $ms = $clock.ElapsedMilliseconds
    $exitCode = [int]$global:LASTEXITCODE
    Reset-SjSurroundings
    $now = ''
    if ($guarded) { $now = [string](Compare-SjTarget $Expect) }
    [pscustomobject]@{ PSTypeName = 'SentinelJump.End'; ms = [long]$ms; exitCode = $exitCode; target = $now }
}

# Location, error list and exit code as a call finds them. Before a call as
# well: the one before may have failed on its way.
function Reset-SjSurroundings {
    if ($script:Location.Path -cne $ExecutionContext.SessionState.Path.CurrentLocation.Path) { Set-Location -LiteralPath $script:Location.Path -ErrorAction SilentlyContinue }
    # It grows to 256 records and pins what they refer to.
    $global:Error.Clear()
    $global:LASTEXITCODE = 0
}

