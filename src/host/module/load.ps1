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
    if ($missing) { throw (New-SjError 'ScriptParameterMissing' "the script demands parameters that the configuration does not give: $($missing -join ', ')" 'InvalidArgument' $null) }
    $unknown = @($Given.Keys | Where-Object { -not $declared.ContainsKey($_) } | Sort-Object)
    if ($unknown) { throw (New-SjError 'ScriptParameterUnknown' "the script has no parameters of these names: $($unknown -join ', ')" 'InvalidArgument' $null) }
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
    try { $null = . $module { param($SjBlock, $SjParameters) . $SjBlock @SjParameters } $Ast.GetScriptBlock() $Parameters }
    catch { throw (New-SjLoadError $_ $Ast.Extent.File) }
    # The block above is dot-sourced too: its parameters are now the module's.
    $module.SessionState.PSVariable.Remove('SjBlock')
    $module.SessionState.PSVariable.Remove('SjParameters')
    $script:Functions = @{}
    foreach ($function in (Get-SjFunctions $module)) {
        if (-not [object]::ReferenceEquals($before[$function.Name], $function.ScriptBlock)) { $script:Functions[$function.Name] = $function }
    }
    $module
}

# What ended the loading, with the line of the script that it came from.
function New-SjLoadError {
    param($Record, [string]$File)
    $line = 0
    $from = $Record.InvocationInfo
    if ($from -and $from.ScriptName -eq $File) { $line = [int]$from.ScriptLineNumber }
    # Seen in nested calls: the trace has the script's own line, the record that
    # of a helper.
    foreach ($frame in @([string]$Record.ScriptStackTrace -split "\r?\n")) {
        if ($frame -match '^at <ScriptBlock>, (.*): line (\d+)$' -and $Matches[1] -eq $File) { $line = [int]$Matches[2] }
    }
    New-SjError 'LoadFailed' "line $($line): $($Record.Exception.Message)" 'InvalidOperation' $line
}

# Functions whose code belongs to the module. Also those the script defined as
# `function global:X` or in a helper it dot-sourced; names come without prefix.
function Get-SjFunctions {
    param($Module)
    foreach ($function in @(& $Module { Get-ChildItem -Path function: })) {
        if ([object]::ReferenceEquals($function.Module, $Module) -or [object]::ReferenceEquals($function.ScriptBlock.Module, $Module)) { $function }
    }
}

function Get-SjParameterNodes {
    param($Function)
    $ast = $Function.ScriptBlock.Ast
    foreach ($parameter in @($ast.Parameters)) { if ($parameter) { $parameter } }
    $body = $ast
    if ($ast -is [System.Management.Automation.Language.FunctionDefinitionAst]) { $body = $ast.Body }
    if ($body.ParamBlock) { $body.ParamBlock.Parameters }
}

function Get-SjParameterNames {
    param($Function)
    foreach ($parameter in @(Get-SjParameterNodes $Function)) { $parameter.Name.VariablePath.UserPath }
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
        [string]$AzureConfigDir,
        [string[]]$Allow
    )
    if ($script:Module) { throw (New-SjError 'AlreadyLoaded' 'a script is loaded in this session' 'InvalidOperation' $null) }
    if (-not $Parameters) { $Parameters = @{} }
    foreach ($name in @($script:CallPreferences.Keys)) { $script:GlobalPreferences[$name] = $ExecutionContext.SessionState.PSVariable.GetValue("global:$name") }
    if ($Module) { $report = Import-SjModule $Module $Sha256 $Parameters $AzureConfigDir }
    else { $report = Import-SjFile $Path $Bytes $PSBoundParameters.ContainsKey('Bytes') $VirtualPath $Sha256 $Parameters $AzureConfigDir $Allow }
    Assert-SjOurs
    if ($AzureConfigDir) { Set-SjAzProcessScope }
    $script:Location = $ExecutionContext.SessionState.Path.CurrentLocation
    $report.functions = [string[]]@($script:Functions.Keys | Sort-Object)
    if (-not $report.functions) { throw (New-SjError 'NoFunctions' "the script defines no functions; $($report.dropped.Count) of its statements were left out" 'ObjectNotFound' $report.path) }
    $report.aliases = [object[]]@(Get-SjAliases)
    foreach ($alias in $report.aliases) { $script:Aliases[$alias.name] = $alias.function }
    $report.tainted = [object[]]@(foreach ($name in @($script:Taints.Keys | Sort-Object)) { foreach ($taint in $script:Taints[$name]) { New-SjTaint $name $taint } })
    $script:TableAtLoad = Copy-SjTable (Get-SjSession)
    $report.style = Get-SjStyle
    $report
}

function New-SjLoadReport {
    param([string]$File, [string]$Hash, [string]$Encoding, [int]$Length, $RequiredModules, $Repaired, $Kept, $Dropped)
    [pscustomobject]@{
        PSTypeName      = 'SentinelJump.LoadReport'
        path            = $File
        sha256          = $Hash
        encoding        = $Encoding
        bytes           = $Length
        functions       = [string[]]@()
        aliases         = [object[]]@()
        requiredModules = [string[]]@($RequiredModules)
        repaired        = [int[]]@($Repaired | ForEach-Object { $_.Extent.StartLineNumber })
        kept            = [object[]]@($Kept | ForEach-Object { New-SjDrop $_ })
        dropped         = [object[]]@($Dropped | ForEach-Object { New-SjDrop $_ })
        tainted         = [object[]]@()
        style           = $null
    }
}

function Assert-SjHash {
    param([string]$Pinned, [string]$Found, [string]$File)
    if ($Pinned -and $Pinned -ne $Found) { throw (New-SjError 'HashMismatch' "expected $Pinned, found $Found" 'SecurityError' $File) }
}

function Import-SjFile {
    param([string]$Path, [byte[]]$Bytes, [bool]$Pushed, [string]$VirtualPath, [string]$Sha256, [hashtable]$Parameters, [string]$AzureConfigDir, [string[]]$Allow)
    $file = $VirtualPath
    if (-not $Pushed) {
        $file = $Path
        if (-not $Path -or -not [System.IO.File]::Exists($Path)) { throw (New-SjError 'ScriptMissing' "no file $Path" 'ObjectNotFound' $Path) }
        $Bytes = [System.IO.File]::ReadAllBytes($Path)
    }
    $hash = Get-SjHash $Bytes
    Assert-SjHash $Sha256 $hash $file
    if ($Bytes.Length -eq 0) { throw (New-SjError 'ScriptEmpty' 'the file is empty' 'ObjectNotFound' $file) }
    $text = ConvertFrom-SjBytes $Bytes
    $ast = ConvertTo-SjAst $text.Text $file
    # Beside a text that was sent no module lies; one that is installed is found.
    foreach ($using in @($ast.UsingStatements | Where-Object { $Pushed -and $_ -and $_.UsingStatementKind -eq 'Module' -and [string]$_.Name.Value -match '[\\/]|\.ps[md]1$' })) {
        throw (New-SjError 'UsingModule' "line $($using.Extent.StartLineNumber): 'using module' names a file beside the script, and a pushed script has none: let it lie on the host and name it by path" 'InvalidOperation' $using.Extent.StartLineNumber)
    }
    Assert-SjScriptParameters $ast $Parameters
    $source = New-SjSource $ast $Allow
    $plan = Resolve-SjScript $ast $source $Parameters
    $dropped = @($plan.Dropped | Sort-Object { $_.Node.Extent.StartOffset })
    $repaired = @(Find-SjPathIdiom $ast)
    if ($dropped -or $repaired) { $ast = ConvertTo-SjAst (Edit-SjText $text.Text $dropped $repaired) $file }
    if ($AzureConfigDir) { Set-SjAzureConfigDir $AzureConfigDir }
    $name = [System.IO.Path]::GetFileNameWithoutExtension($file)
    if (-not $name) { $name = 'SentinelManager' }
    $script:Module = Start-SjModule $ast $name $Parameters
    Set-SjTaints $source $plan.Lost
    New-SjLoadReport $file $hash $text.Name $Bytes.Length @(Get-SjRequiredModules $ast) $repaired $plan.Kept $dropped
}

function New-SjDrop {
    param($Drop)
    $node = $Drop.Node
    if ($Drop.Parameter) { $node = $Drop.Parameter }
    [pscustomobject]@{
        line      = [int]$node.Extent.StartLineNumber
        reason    = [string]$Drop.Reason
        text      = Get-SjFirstLine $node
        variables = [string[]]@($Drop.Variables)
    }
}

# Aliases of the script for its own functions: {name, function}.
function Get-SjAliases {
    $all = @{}
    foreach ($alias in @(& $script:Module { Get-ChildItem -Path alias: })) {
        if ([object]::ReferenceEquals($alias.Module, $script:Module)) { $all[$alias.Name] = $alias }
    }
    foreach ($alias in @($all.Values | Sort-Object Name)) {
        # Not ResolvedCommand: from here the script's functions are not seen.
        $target = $alias.Definition
        for ($i = 0; $i -lt 8 -and $all.ContainsKey($target); $i++) { $target = $all[$target].Definition }
        if ($script:Functions.ContainsKey($target)) { [pscustomobject]@{ name = $alias.Name; function = $script:Functions[$target].Name } }
    }
}

function Get-SjRequiredModules {
    param($Ast)
    # Seen: RequiredModules may hold $null items.
    if ($Ast.ScriptRequirements) { foreach ($module in @($Ast.ScriptRequirements.RequiredModules)) { if ($module) { $module.Name } } }
}

