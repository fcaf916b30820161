# ---- installed modules -------------------------------------------------------

# An installed module runs as it is: nothing of it is left out. It is imported
# for a module of our own to see, so that it does not land in the global scope;
# one that runs scripts in its caller's scope (ScriptsToProcess) means the global
# one.
function Import-SjModule {
    param([string]$Name, [string]$Sha256, [hashtable]$Parameters, [string]$AzureConfigDir)
    # A file's path would import a script and start its menu.
    if ($Name -match '[\\/:*?]|\.(ps1|psm1|psd1|dll)$') { throw (New-SjError 'ScriptMissing' "not the name of a module: $Name" 'ObjectNotFound' $Name) }
    # A manifest that cannot be met is not listed, or only with errors; what is
    # wrong with it the import says.
    $found = @(Get-Module -ListAvailable -Name $Name -ErrorAction SilentlyContinue)
    if (-not $found) { $found = @(Find-SjManifest $Name) }
    if (-not $found) { throw (New-SjError 'ScriptMissing' "no module $Name" 'ObjectNotFound' $Name) }
    if ($Parameters.Count) { throw (New-SjError 'ScriptParameterUnknown' "a module takes no parameters: $(@($Parameters.Keys | Sort-Object) -join ', ')" 'InvalidArgument' $null) }
    $digest = Get-SjModuleDigest $found[0]
    Assert-SjHash $Sha256 $digest.Hash $found[0].Path
    if ($AzureConfigDir) { Set-SjAzureConfigDir $AzureConfigDir }
    $carrier = New-Module -Name "$Name.carrier" -ScriptBlock { }
    # By the path that was hashed, not by the name: another version may have
    # come in between.
    $import = { param($SjPath) Import-Module -Name $SjPath -PassThru -DisableNameChecking -WarningAction SilentlyContinue -ErrorAction Stop }
    try {
        if (Test-SjRunsInCaller $found[0]) { $all = @(. $script:InGlobal $import.ToString() $found[0].Path) }
        else { $all = @(. $carrier $import $found[0].Path) }
    }
    catch {
        if ($_.FullyQualifiedErrorId -like 'SentinelJump.*') { throw }
        $cause = $_.Exception
        # Its message begins with words about the preference that stopped it.
        if ($cause -is [System.Management.Automation.ActionPreferenceStopException] -and $cause.ErrorRecord) { $cause = $cause.ErrorRecord.Exception }
        throw (New-SjError 'ImportFailed' $cause.Message 'InvalidOperation' $_.FullyQualifiedErrorId)
    }
    # The scripts that ran in the caller's scope come along, as modules before it.
    $module = $all[-1]
    if (-not $module.SessionState) { throw (New-SjError 'ImportUnsupported' "the module is of the kind $($module.ModuleType): it has no functions of a script" 'NotImplemented' $Name) }
    $script:Functions = @{}
    # Nested modules keep their functions to themselves; what the module exports
    # of them counts as its own, also under the prefix of its manifest.
    foreach ($function in @($module.ExportedFunctions.Values) + @(Get-SjFunctions $module)) { $script:Functions[$function.Name] = $function }
    foreach ($exported in @($module.ExportedFunctions.GetEnumerator())) { $script:Functions[$exported.Key] = $exported.Value }
    if (-not $script:Functions.Count) { throw (New-SjError 'ImportUnsupported' "the module has no functions, only what is compiled ($($module.ExportedCmdlets.Count) cmdlets)" 'NotImplemented' $Name) }
    . $module {
        foreach ($SjName in 'Clear-Host', 'cls', 'clear') {
            if (-not (Test-Path -LiteralPath "function:script:$SjName")) { Set-Item -LiteralPath "function:script:$SjName" -Value { } }
        }
        Remove-Variable -Name SjName
    }
    $script:Module = $module
    $required = @($module.RequiredModules | ForEach-Object { if ($_) { $_.Name } })
    New-SjLoadReport $found[0].Path $digest.Hash '' $digest.Length $required @() @() @()
}

# Where a module of that name lies, newest version first: {Path, ModuleBase}.
function Find-SjManifest {
    param([string]$Name)
    foreach ($folder in @([string]$env:PSModulePath -split [System.IO.Path]::PathSeparator)) {
        if (-not $folder) { continue }
        $base = [System.IO.Path]::Combine($folder, $Name)
        if (-not [System.IO.Directory]::Exists($base)) { continue }
        $bases = @($base) + @([System.IO.Directory]::GetDirectories($base) | Where-Object { [System.IO.Path]::GetFileName($_) -match '^\d+(\.\d+)+$' } | Sort-Object { [version][System.IO.Path]::GetFileName($_) } -Descending)
        foreach ($one in $bases) {
            foreach ($ending in 'psd1', 'psm1') {
                $path = [System.IO.Path]::Combine($one, "$Name.$ending")
                if ([System.IO.File]::Exists($path)) { return [pscustomobject]@{ Path = $path; ModuleBase = $one } }
            }
        }
    }
}

# Whether the manifest has scripts for its caller's scope.
function Test-SjRunsInCaller {
    param($Info)
    if ($Info.Path -notlike '*.psd1') { return $false }
    $ast = ConvertTo-SjAst (ConvertFrom-SjBytes ([System.IO.File]::ReadAllBytes($Info.Path))).Text $Info.Path
    foreach ($table in @(Find-SjNode $ast ([System.Management.Automation.Language.HashtableAst]))) {
        foreach ($pair in $table.KeyValuePairs) { if ([string]$pair.Item1.Value -eq 'ScriptsToProcess' -and $pair.Item2.Extent.Text -match '\.ps1') { return $true } }
        break
    }
    $false
}

# One hash for all source files of a module: of a single file its own, of more
# that of the lines `sha256sum` would print for them, by path with '/', in
# ordinal order.
function Get-SjModuleDigest {
    param($Info)
    $base = $Info.ModuleBase
    $files = @([System.IO.Directory]::GetFiles($base, '*', [System.IO.SearchOption]::AllDirectories) | Where-Object { $_ -match '\.(ps1|psm1|psd1|ps1xml|dll)$' })
    $hashes = @{}
    $length = 0
    foreach ($file in $files) {
        $bytes = [System.IO.File]::ReadAllBytes($file)
        $length += $bytes.Length
        $hashes[$file.Substring($base.Length).TrimStart('\', '/').Replace('\', '/')] = Get-SjHash $bytes
    }
    if ($files.Count -eq 1) { return @{ Hash = [string]@($hashes.Values)[0]; Length = $length } }
    $names = [string[]]@($hashes.Keys)
    [System.Array]::Sort($names, [System.StringComparer]::Ordinal)
    $lines = -join @($names | ForEach-Object { "$($hashes[$_])  $_`n" })
    @{ Hash = Get-SjHash ([System.Text.Encoding]::UTF8.GetBytes($lines)); Length = $length }
}

