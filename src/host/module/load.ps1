# Whether [Parameter(Mandatory)] holds in the set that a call by names of the
# default set takes.
function Test-SjMandatory {
    param($Parameter, [string]$DefaultSet)
    foreach ($attribute in $Parameter.Attributes) {
        if ($attribute -isnot [System.Management.Automation.Language.AttributeAst]) { continue }
        if ($attribute.TypeName.Name -notmatch '^Parameter(Attribute)?$') { continue }
        $mandatory = $false
        $set = ''
        foreach ($named in $attribute.NamedArguments) {
            if ($named.ArgumentName -eq 'Mandatory') { $mandatory = $named.ExpressionOmitted -or $named.Argument.Extent.Text -match '^\$true$|^1$' }
            if ($named.ArgumentName -eq 'ParameterSetName') { $set = [string]$named.Argument.Value }
        }
        if ($mandatory -and (-not $set -or -not $DefaultSet -or $set -eq $DefaultSet)) { return $true }
    }
    $false
}

function Get-SjNamedArgument {
    param($Attributes, [string]$Type, [string]$Argument)
    foreach ($attribute in @($Attributes)) {
        if ($attribute -isnot [System.Management.Automation.Language.AttributeAst]) { continue }
        if ($attribute.TypeName.Name -ne $Type) { continue }
        foreach ($named in $attribute.NamedArguments) {
            if ($named.ArgumentName -eq $Argument) { return [string]$named.Argument.Value }
        }
    }
    ''
}

# The script's own param() against what the configuration gives. PowerShell
# would ask for what is missing, and a simple script swallows what is unknown.
function Assert-SjScriptParameters {
    param($Ast, [hashtable]$Given)
    $declared = @{}
    $missing = @()
    if ($Ast.ParamBlock) {
        $defaultSet = Get-SjNamedArgument $Ast.ParamBlock.Attributes 'CmdletBinding' 'DefaultParameterSetName'
        foreach ($parameter in $Ast.ParamBlock.Parameters) {
            $name = $parameter.Name.VariablePath.UserPath
            $names = @($name)
            foreach ($attribute in $parameter.Attributes) {
                if ($attribute.TypeName.Name -eq 'Alias') { $names += @($attribute.PositionalArguments | ForEach-Object { [string]$_.Value }) }
            }
            $isGiven = $false
            foreach ($known in $names) { $declared[$known] = $true; if ($Given.ContainsKey($known)) { $isGiven = $true } }
            if (-not $isGiven -and (Test-SjMandatory $parameter $defaultSet)) { $missing += $name }
        }
    }
    if ($missing) { throw (New-SjError 'ScriptParameterMissing' ($missing -join ', ') 'InvalidArgument' $null) }
    $unknown = @($Given.Keys | Where-Object { -not $declared.ContainsKey($_) } | Sort-Object)
    if ($unknown) { throw (New-SjError 'ScriptParameterUnknown' ($unknown -join ', ') 'InvalidArgument' $null) }
}

# Runs the tree in a new module and returns the module.
function Start-SjModule {
    param($Ast, [string]$Name, [hashtable]$Parameters)
    $module = New-Module -Name $Name -ScriptBlock { }
    # Headers clear the screen; on Windows that throws without a console. The
    # aliases cls and clear lead to Clear-Host where they exist.
    . $module {
        function Clear-Host { }
        function cls { }
        function clear { }
    }
    $before = @{}
    foreach ($function in (Get-SjFunctions $module)) { $before[$function.Name] = $function.ScriptBlock }
    $null = . $module { param($SjBlock, $SjParameters) . $SjBlock @SjParameters } $Ast.GetScriptBlock() $Parameters
    # The block above is dot-sourced too: its parameters are now the module's.
    $module.SessionState.PSVariable.Remove('SjBlock')
    $module.SessionState.PSVariable.Remove('SjParameters')
    $script:Functions = @{}
    foreach ($function in (Get-SjFunctions $module)) {
        if (-not [object]::ReferenceEquals($before[$function.Name], $function.ScriptBlock)) { $script:Functions[$function.Name] = $function }
    }
    $module
}

# Functions whose code belongs to the module. Also those the script defined as
# `function global:X` or in a helper it dot-sourced; names come without prefix.
function Get-SjFunctions {
    param($Module)
    foreach ($function in @(& $Module { Get-ChildItem -Path function: })) {
        if ([object]::ReferenceEquals($function.Module, $Module) -or [object]::ReferenceEquals($function.ScriptBlock.Module, $Module)) { $function }
    }
}

function Get-SjParameterNames {
    param($Function)
    $ast = $Function.ScriptBlock.Ast
    foreach ($parameter in @($ast.Parameters)) { if ($parameter) { $parameter.Name.VariablePath.UserPath } }
    $body = $ast
    if ($ast -is [System.Management.Automation.Language.FunctionDefinitionAst]) { $body = $ast.Body }
    if ($body.ParamBlock) { foreach ($parameter in $body.ParamBlock.Parameters) { $parameter.Name.VariablePath.UserPath } }
}

# 'session', 'contract' or $null. A script that looks like both is 'session':
# wrongly guarded calls fail before they run, wrongly unguarded ones write to
# whatever workspace the script has in mind. The operator can say otherwise.
function Get-SjStyle {
    if ($script:Functions.ContainsKey('Get-SentinelSession')) { return 'session' }
    $table = $script:Module.SessionState.PSVariable.GetValue('script:Session')
    if ($null -ne $table -and (Find-SjKey $table 'WorkspaceName')) { return 'session' }
    foreach ($function in $script:Functions.Values) {
        $names = @(Get-SjParameterNames $function)
        if ($names -contains 'WorkspaceName' -and ($names -contains 'SubscriptionId' -or $names -contains 'ResourceGroupName')) { return 'contract' }
    }
    $null
}

# Loads SentinelManager from a file of the host (-Path), from bytes sent with
# the command (-Bytes, parsed under -VirtualPath), or as an installed module
# (-Module).
#
# Of a file, top-level statements that would talk to a person are left out,
# everything else is dot-invoked in a module of its own. `#Requires` has no
# effect on a script block: requiredModules tells, and the server's doctor looks.
# A helper that the script dot-sources is read by PowerShell itself: on 5.1 it
# wants a BOM if it is not plain ASCII.
function Import-SjScript {
    [CmdletBinding()]
    param(
        [string]$Path,
        [byte[]]$Bytes,
        [string]$VirtualPath,
        [string]$Module,
        [string]$Sha256,
        [hashtable]$Parameters,
        [string]$AzureConfigDir
    )
    if ($script:Module) { throw (New-SjError 'AlreadyLoaded' 'a script is loaded in this session' 'InvalidOperation' $null) }
    if (-not $Parameters) { $Parameters = @{} }
    if ($Module) { $report = Import-SjModule $Module $Sha256 $Parameters $AzureConfigDir }
    else { $report = Import-SjFile $Path $Bytes $VirtualPath $Sha256 $Parameters $AzureConfigDir }
    if ($AzureConfigDir) { Set-SjAzProcessScope }
    $script:Location = $ExecutionContext.SessionState.Path.CurrentLocation
    $report.functions = [string[]]@($script:Functions.Keys | Sort-Object)
    $report.aliases = [string[]]@(Get-SjAliases)
    $report.style = Get-SjStyle
    $report
}

function New-SjLoadReport {
    param([string]$File, [string]$Hash, [string]$Encoding, [int]$Length, $RequiredModules, $Repaired, $Dropped)
    [pscustomobject]@{
        PSTypeName      = 'SentinelJump.LoadReport'
        path            = $File
        sha256          = $Hash
        encoding        = $Encoding
        bytes           = $Length
        functions       = [string[]]@()
        aliases         = [string[]]@()
        requiredModules = [string[]]@($RequiredModules)
        repaired        = [int[]]@($Repaired | ForEach-Object { $_.Extent.StartLineNumber })
        dropped         = [object[]]@($Dropped | ForEach-Object { New-SjDrop $_ })
        style           = $null
    }
}

function Assert-SjHash {
    param([string]$Pinned, [string]$Found, [string]$File)
    if ($Pinned -and $Pinned -ne $Found) { throw (New-SjError 'HashMismatch' "expected $Pinned, found $Found" 'SecurityError' $File) }
}

function Import-SjFile {
    param([string]$Path, [byte[]]$Bytes, [string]$VirtualPath, [string]$Sha256, [hashtable]$Parameters, [string]$AzureConfigDir)
    $file = $VirtualPath
    if (-not $Bytes) {
        $file = $Path
        if (-not $Path -or -not [System.IO.File]::Exists($Path)) { throw (New-SjError 'ScriptMissing' "no file $Path" 'ObjectNotFound' $Path) }
        $Bytes = [System.IO.File]::ReadAllBytes($Path)
    }
    $hash = Get-SjHash $Bytes
    Assert-SjHash $Sha256 $hash $file
    $source = ConvertFrom-SjBytes $Bytes
    $ast = ConvertTo-SjAst $source.Text $file
    Assert-SjScriptParameters $ast $Parameters
    $dropped = @(Find-SjDropped $ast | Sort-Object { $_.Node.Extent.StartOffset })
    $repaired = @(Find-SjPathIdiom $ast)
    if ($dropped -or $repaired) { $ast = ConvertTo-SjAst (Edit-SjText $source.Text $dropped $repaired) $file }
    if ($AzureConfigDir) { Set-SjAzureConfigDir $AzureConfigDir }
    $name = [System.IO.Path]::GetFileNameWithoutExtension($file)
    if (-not $name) { $name = 'SentinelManager' }
    $script:Module = Start-SjModule $ast $name $Parameters
    New-SjLoadReport $file $hash $source.Name $Bytes.Length @(Get-SjRequiredModules $ast) $repaired $dropped
}

# An installed module runs as it is: nothing of it is left out. It is imported
# for a module of our own to see, so that it neither hides our functions nor
# lands in the global scope.
function Import-SjModule {
    param([string]$Name, [string]$Sha256, [hashtable]$Parameters, [string]$AzureConfigDir)
    # A file's path would import a script and start its menu.
    if ($Name -match '[\\/:*?]|\.(ps1|psm1|psd1|dll)$') { throw (New-SjError 'ScriptMissing' "not the name of a module: $Name" 'ObjectNotFound' $Name) }
    $found = @(Get-Module -ListAvailable -Name $Name)
    if (-not $found) { throw (New-SjError 'ScriptMissing' "no module $Name" 'ObjectNotFound' $Name) }
    if ($Parameters.Count) { throw (New-SjError 'ScriptParameterUnknown' (@($Parameters.Keys | Sort-Object) -join ', ') 'InvalidArgument' $null) }
    $digest = Get-SjModuleDigest $found[0]
    Assert-SjHash $Sha256 $digest.Hash $found[0].Path
    if ($AzureConfigDir) { Set-SjAzureConfigDir $AzureConfigDir }
    $carrier = New-Module -Name "$Name.carrier" -ScriptBlock { }
    # By the path that was hashed, not by the name: another version may have
    # come in between.
    $module = & $carrier { param($SjPath) Import-Module -Name $SjPath -PassThru -DisableNameChecking -WarningAction SilentlyContinue } $found[0].Path
    $script:Functions = @{}
    # Nested modules keep their functions to themselves; what the module exports
    # of them counts as its own.
    foreach ($function in @($module.ExportedFunctions.Values) + @(Get-SjFunctions $module)) { $script:Functions[$function.Name] = $function }
    . $module {
        foreach ($SjName in 'Clear-Host', 'cls', 'clear') {
            if (-not (Test-Path -LiteralPath "function:script:$SjName")) { Set-Item -LiteralPath "function:script:$SjName" -Value { } }
        }
        Remove-Variable -Name SjName
    }
    $script:Module = $module
    $required = @($module.RequiredModules | ForEach-Object { if ($_) { $_.Name } })
    New-SjLoadReport $found[0].Path $digest.Hash '' $digest.Length $required @() @()
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

function New-SjDrop {
    param($Drop)
    $text = ($Drop.Node.Extent.Text -split "\r?\n")[0].Trim()
    if ($text.Length -gt 200) { $text = $text.Substring(0, 200) }
    [pscustomobject]@{ line = [int]$Drop.Node.Extent.StartLineNumber; reason = $Drop.Reason; text = $text }
}

function Get-SjAliases {
    foreach ($alias in @(& $script:Module { Get-ChildItem -Path alias: })) {
        if ([object]::ReferenceEquals($alias.Module, $script:Module)) { $alias.Name }
    }
}

function Get-SjRequiredModules {
    param($Ast)
    # Seen: RequiredModules may hold $null items.
    if ($Ast.ScriptRequirements) { foreach ($module in @($Ast.ScriptRequirements.RequiredModules)) { if ($module) { $module.Name } } }
}

# Tenants that share a host share its profile, and az keeps its sign-in there.
# Expanded, because only the host knows its folders; a relative path begins in
# the profile's local application data.
function Set-SjAzureConfigDir {
    param([string]$Path)
    $folder = [System.Environment]::ExpandEnvironmentVariables($Path)
    if (-not [System.IO.Path]::IsPathRooted($folder)) {
        $local = [System.Environment]::GetFolderPath([System.Environment+SpecialFolder]::LocalApplicationData, [System.Environment+SpecialFolderOption]::DoNotVerify)
        if (-not $local) { throw (New-SjError 'NoProfile' 'the account has no folder for application data' 'ObjectNotFound' $Path) }
        $folder = [System.IO.Path]::Combine($local, $folder)
    }
    $null = [System.IO.Directory]::CreateDirectory($folder)
    $env:AZURE_CONFIG_DIR = $folder
}

# The Az modules keep their contexts in the profile, too. Those that the script
# has loaded stop that; where it loads them later, its sign-ins are for this
# process only. Chosen: loading them here would cost every session half a minute.
function Set-SjAzProcessScope {
    & $script:Module {
        if ($PSDefaultParameterValues -is [System.Collections.IDictionary]) {
            foreach ($SjName in 'Connect-AzAccount:Scope', 'Set-AzContext:Scope', 'Select-AzContext:Scope') {
                if (-not $PSDefaultParameterValues.Contains($SjName)) { $PSDefaultParameterValues[$SjName] = 'Process' }
            }
        }
        if (Get-Module -Name Az.Accounts) { $null = Disable-AzContextAutosave -Scope Process -WarningAction SilentlyContinue }
    }
}

