# The host side of sentinel-jump: loads SentinelManager, guards, calls and
# probes it. For Windows PowerShell 5.1 and PowerShell 7.
#
# The text of this file is sent once per session, as a script, into a fresh
# runspace. It answers with one SentinelJump.Ready object; from then on the
# server sends only plain commands with named parameters, never script text:
#
#   Import-SjScript  loads the script            -> SentinelJump.LoadReport
#   Get-SjAzure      looks for the sign-in       -> SentinelJump.Azure
#   Set-SjTarget     names the workspace         -> SentinelJump.Target
#   Invoke-SjCall    runs one function           -> its output, SentinelJump.End
#   Get-SjProbe      describes functions         -> SentinelJump.Function
#
# Everything else lives in a module of our own, and the loaded script in
# another one that only a variable of ours refers to.
#
# Errors end the pipeline (state Failed). Their FullyQualifiedErrorId arrives
# exactly as written here, without a suffix, because they are thrown as error
# records; $PSCmdlet.ThrowTerminatingError would append the function's name
# (Seen: 'SentinelJump.X,Invoke-SjCall').
#
#   SentinelJump.ScriptMissing            no such file, or no source given
#   SentinelJump.HashMismatch             not the pinned bytes; nothing was parsed
#   SentinelJump.ParseError               target object: the line
#   SentinelJump.ScriptParameterMissing   mandatory parameters of the script
#   SentinelJump.ScriptParameterUnknown   parameters that the script does not have
#   SentinelJump.AlreadyLoaded            a session is for one script
#   SentinelJump.NotLoaded                a call before a script
#   SentinelJump.UnknownFunction          not a function of the script
#   SentinelJump.UnknownPreference        a key of -Preference we do not set
#   SentinelJump.TargetMismatch           the guard refused; nothing ran
#
# The script's own errors keep theirs. Those of binding its parameters, and of
# statements in functions without [CmdletBinding()], name our caller (Seen:
# 'NamedParameterNotFound,Invoke-SjCall', 'RuntimeException,Invoke-SjCall').
#
# ASCII only: Windows PowerShell reads a file without BOM as ANSI, and this one
# is also opened in editors and on hosts.

$null = New-Module -Name SentinelJump -ScriptBlock {

# Our own scopes, so that what a script did to the global ones does not reach
# us. Seen: under $global:ErrorActionPreference = 'SilentlyContinue' and a
# client that sets RedirectShellErrorOutputPipe, `throw` goes on with the next
# statement; in a guard that would be a write to the wrong workspace.
Set-StrictMode -Off
$ErrorActionPreference = 'Stop'

# The script's module. Not in the module table, so nobody reaches it by name.
$script:Module = $null
# Function name -> FunctionInfo; case-insensitive, as PowerShell is.
$script:Functions = @{}
# Keys of the session table that Set-SjTarget assigned; the guard insists on
# them even if the script later replaces the table by one without.
$script:TargetKeys = @()
# Where every call begins.
$script:Location = $null
# Function name -> what its syntax tree says (see Get-SjFacts).
$script:Facts = @{}

function New-SjError {
    param([string]$Id, [string]$Text, [string]$Category, $Target)
    New-Object System.Management.Automation.ErrorRecord -ArgumentList @(
        (New-Object System.InvalidOperationException -ArgumentList $Text), "SentinelJump.$Id", $Category, $Target)
}

# ---- syntax trees ----------------------------------------------------------

# One compiled predicate per node type. A script block as predicate costs some
# ten microseconds per node, and a large script has 50 000 of them.
$script:Predicates = @{}

function Find-SjNode {
    param($Ast, [type]$Type)
    if (-not $script:Predicates.ContainsKey($Type)) {
        $script:Predicates[$Type] = [System.Delegate]::CreateDelegate(
            [System.Func[System.Management.Automation.Language.Ast, bool]],
            [object]$Type, [type].GetMethod('IsInstanceOfType'))
    }
    # $true: also in script blocks and functions inside.
    $Ast.FindAll($script:Predicates[$Type], $true)
}

# Whether $Node runs only when somebody calls it later: it is in the body of a
# function, or in a script block that the statement merely stores.
function Test-SjDeferred {
    param($Node, $Statement)
    $stored = $false
    for ($at = $Node; $at -and $at -ne $Statement; $at = $at.Parent) {
        if ($at -is [System.Management.Automation.Language.FunctionDefinitionAst]) { return $true }
        if ($at -is [System.Management.Automation.Language.ScriptBlockExpressionAst]) { $stored = $true }
        # An argument (ForEach-Object { }) or `{ }.Invoke()` runs now.
        elseif ($at -is [System.Management.Automation.Language.CommandAst]) { $stored = $false }
        elseif ($at -is [System.Management.Automation.Language.InvokeMemberExpressionAst]) { $stored = $false }
    }
    $stored -and ($Statement -is [System.Management.Automation.Language.AssignmentStatementAst])
}

# ---- loading ---------------------------------------------------------------

# Commands that a script may run while it loads. Chosen: they neither ask nor
# change anything outside. Everything else at the top level is the program
# itself (menus, sign-in, banners) and is left out.
$script:Harmless = @{}
foreach ($name in @(
        'Set-Alias', 'New-Alias', 'Set-Variable', 'New-Variable', 'Get-Variable', 'Add-Type', 'Import-Module',
        'Set-StrictMode', 'New-Object', 'Add-Member', 'Join-Path', 'Split-Path', 'Test-Path', 'Resolve-Path',
        'Get-Item', 'Get-ChildItem', 'Get-Content', 'Get-Date', 'New-TimeSpan', 'ConvertFrom-Json',
        'ConvertFrom-StringData', 'Import-PowerShellDataFile', 'ForEach-Object', 'Where-Object', 'Select-Object',
        'Sort-Object', 'Group-Object', 'Measure-Object', '%', '?', 'foreach', 'where', 'select', 'sort',
        'Out-Null', 'Write-Verbose', 'Write-Debug', 'Update-TypeData', 'Get-Command', 'Get-Module')) {
    $script:Harmless[$name] = $true
}

# Members that talk to a person or end the host process.
$script:AskingMember = '^(PromptForChoice|Prompt|PromptForCredential|ReadKey|ReadLine|ReadLineAsSecureString|SetShouldExit|EnterNestedPrompt)$'

function Get-SjNodeReason {
    param($Node)
    if ($Node -is [System.Management.Automation.Language.ExitStatementAst]) { return 'exit' }
    if ($Node -is [System.Management.Automation.Language.ReturnStatementAst]) { return 'return' }
    if ($Node -is [System.Management.Automation.Language.ThrowStatementAst]) { return 'throw' }
    if ($Node -is [System.Management.Automation.Language.VariableExpressionAst]) {
        if ($Node.VariablePath.UserPath -match '^(global:)?Host$') { return 'uses $Host' }
    }
    elseif ($Node -is [System.Management.Automation.Language.TypeExpressionAst]) {
        if ($Node.TypeName.FullName -match '^(System\.)?Console$') { return 'uses [Console]' }
    }
    elseif ($Node -is [System.Management.Automation.Language.InvokeMemberExpressionAst]) {
        $member = [string]$Node.Member.Value
        if ($member -match $script:AskingMember) { return "calls $member" }
        # Ends the process and with it the session, without any answer.
        if ($member -eq 'Exit' -and $Node.Expression.Extent.Text -match 'Environment\]$') { return 'calls Exit' }
    }
    elseif ($Node -is [System.Management.Automation.Language.CommandAst]) {
        # Dot-sourcing a helper script: it runs as it is.
        if ($Node.InvocationOperator -eq 'Dot') { return '' }
        $command = $Node.GetCommandName()
        if (-not $command) { return 'runs a command known only at run time' }
        if (-not $script:Harmless.ContainsKey(($command -replace '^.*\\', ''))) { return "runs $command" }
    }
    ''
}

# Why a top-level statement must not run while loading; '' when it may.
function Get-SjDropReason {
    param($Statement)
    if ($Statement -is [System.Management.Automation.Language.FunctionDefinitionAst]) { return '' }
    if ($Statement -is [System.Management.Automation.Language.TypeDefinitionAst]) { return '' }
    foreach ($type in @(
            [System.Management.Automation.Language.ExitStatementAst],
            [System.Management.Automation.Language.ReturnStatementAst],
            [System.Management.Automation.Language.ThrowStatementAst],
            [System.Management.Automation.Language.VariableExpressionAst],
            [System.Management.Automation.Language.TypeExpressionAst],
            [System.Management.Automation.Language.InvokeMemberExpressionAst],
            [System.Management.Automation.Language.CommandAst])) {
        foreach ($node in @(Find-SjNode $Statement $type)) {
            $reason = Get-SjNodeReason $node
            if ($reason -and -not (Test-SjDeferred $node $Statement)) { return $reason }
        }
    }
    ''
}

# The statements to leave out: {line, reason, text}, and the syntax nodes.
function Find-SjDropped {
    param($Ast)
    foreach ($block in @($Ast.BeginBlock, $Ast.ProcessBlock, $Ast.EndBlock)) {
        if (-not $block) { continue }
        foreach ($trap in @($block.Traps)) {
            if ($trap) { @{ Node = $trap; Reason = 'trap' } }
        }
        foreach ($statement in @($block.Statements)) {
            if (-not $statement) { continue }
            $reason = Get-SjDropReason $statement
            if ($reason) { @{ Node = $statement; Reason = $reason } }
        }
    }
}

# Bytes to text, as the author saw it. Never Get-Content or dot-sourcing:
# Windows PowerShell takes a file without BOM for ANSI, and then box characters
# turn into quotes and break the syntax.
function ConvertFrom-SjBytes {
    param([byte[]]$Bytes)
    $n = $Bytes.Length
    if ($n -ge 3 -and $Bytes[0] -eq 0xEF -and $Bytes[1] -eq 0xBB -and $Bytes[2] -eq 0xBF) {
        return @{ Name = 'utf-8-bom'; Text = [System.Text.Encoding]::UTF8.GetString($Bytes, 3, $n - 3) }
    }
    if ($n -ge 2 -and $Bytes[0] -eq 0xFF -and $Bytes[1] -eq 0xFE) {
        return @{ Name = 'utf-16le'; Text = [System.Text.Encoding]::Unicode.GetString($Bytes, 2, $n - 2) }
    }
    if ($n -ge 2 -and $Bytes[0] -eq 0xFE -and $Bytes[1] -eq 0xFF) {
        return @{ Name = 'utf-16be'; Text = [System.Text.Encoding]::BigEndianUnicode.GetString($Bytes, 2, $n - 2) }
    }
    try {
        $strict = New-Object System.Text.UTF8Encoding -ArgumentList $false, $true
        return @{ Name = 'utf-8'; Text = $strict.GetString($Bytes) }
    }
    catch {
        return @{ Name = 'windows-1252'; Text = [System.Text.Encoding]::GetEncoding(1252).GetString($Bytes) }
    }
}

function Get-SjHash {
    param([byte[]]$Bytes)
    $sha = [System.Security.Cryptography.SHA256]::Create()
    try { [System.BitConverter]::ToString($sha.ComputeHash($Bytes)).Replace('-', '').ToLowerInvariant() }
    finally { $sha.Dispose() }
}

# Parses under a file name: that is what keeps $PSScriptRoot, error positions
# and script names right.
function ConvertTo-SjAst {
    param([string]$Text, [string]$File)
    $tokens = $null
    $errors = $null
    $ast = [System.Management.Automation.Language.Parser]::ParseInput($Text, $File, [ref]$tokens, [ref]$errors)
    if ($errors -and $errors.Count) {
        $line = $errors[0].Extent.StartLineNumber
        throw (New-SjError 'ParseError' "line $($line): $($errors[0].Message) ($($errors.Count) in all)" 'ParserError' $line)
    }
    $ast
}

# `$MyInvocation.MyCommand.Path`, the old way to find the script's own folder,
# is empty in a script block; $PSCommandPath is not. In a function it means the
# function, unless it says `script:`.
function Find-SjPathIdiom {
    param($Ast)
    foreach ($node in @(Find-SjNode $Ast ([System.Management.Automation.Language.MemberExpressionAst]))) {
        if ($node.Extent.Text -notmatch '^\$(script:)?MyInvocation\.MyCommand\.(Path|Definition)$') { continue }
        $inFunction = $false
        for ($at = $node.Parent; $at; $at = $at.Parent) { if ($at -is [System.Management.Automation.Language.FunctionDefinitionAst]) { $inFunction = $true } }
        if (-not $inFunction -or $Matches[1]) { $node }
    }
}

# Overwrites dropped statements by blanks and repaired expressions by their
# equivalent. Lengths and line ends stay, so comments, help, `using`, param()
# and every line number survive.
function Edit-SjText {
    param([string]$Text, $Dropped, $Repaired)
    $chars = $Text.ToCharArray()
    foreach ($node in $Repaired) {
        $length = $node.Extent.EndOffset - $node.Extent.StartOffset
        # In parentheses: blanks before a following member would end the expression.
        ('($PSCommandPath' + ' ' * ($length - 16) + ')').CopyTo(0, $chars, $node.Extent.StartOffset, $length)
    }
    foreach ($drop in $Dropped) {
        for ($i = $drop.Node.Extent.StartOffset; $i -lt $drop.Node.Extent.EndOffset; $i++) {
            if ($chars[$i] -ne "`r" -and $chars[$i] -ne "`n") { $chars[$i] = ' ' }
        }
    }
    New-Object System.String -ArgumentList @(, $chars)
}

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

# Loads SentinelManager from a file of the host (-Path) or from bytes sent with
# the command (-Bytes, parsed under -VirtualPath).
#
# Top-level statements that would talk to a person are left out, everything
# else is dot-invoked in a module of its own. `#Requires` has no effect on a
# script block: requiredModules tells, and the server's doctor looks.
# A helper that the script dot-sources is read by PowerShell itself: on 5.1 it
# wants a BOM if it is not plain ASCII.
function Import-SjScript {
    [CmdletBinding()]
    param(
        [string]$Path,
        [byte[]]$Bytes,
        [string]$VirtualPath,
        [string]$Sha256,
        [hashtable]$Parameters,
        [string]$AzureConfigDir
    )
    if ($script:Module) { throw (New-SjError 'AlreadyLoaded' 'a script is loaded in this session' 'InvalidOperation' $null) }
    if (-not $Parameters) { $Parameters = @{} }
    $file = $VirtualPath
    if (-not $Bytes) {
        $file = $Path
        if (-not $Path -or -not [System.IO.File]::Exists($Path)) { throw (New-SjError 'ScriptMissing' "no file $Path" 'ObjectNotFound' $Path) }
        $Bytes = [System.IO.File]::ReadAllBytes($Path)
    }
    $hash = Get-SjHash $Bytes
    if ($Sha256 -and $Sha256 -ne $hash) { throw (New-SjError 'HashMismatch' "expected $Sha256, found $hash" 'SecurityError' $file) }

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
    $script:Location = $ExecutionContext.SessionState.Path.CurrentLocation
    [pscustomobject]@{
        PSTypeName      = 'SentinelJump.LoadReport'
        path            = $file
        sha256          = $hash
        encoding        = $source.Name
        bytes           = [int]$Bytes.Length
        functions       = [string[]]@($script:Functions.Keys | Sort-Object)
        aliases         = [string[]]@(Get-SjAliases)
        requiredModules = [string[]]@(Get-SjRequiredModules $ast)
        repaired        = [int[]]@($repaired | ForEach-Object { $_.Extent.StartLineNumber })
        dropped         = [object[]]@($dropped | ForEach-Object { New-SjDrop $_ })
        style           = Get-SjStyle
    }
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
# Expanded, because only the host knows its folders (%LOCALAPPDATA%).
function Set-SjAzureConfigDir {
    param([string]$Path)
    $folder = [System.Environment]::ExpandEnvironmentVariables($Path)
    $null = [System.IO.Directory]::CreateDirectory($folder)
    $env:AZURE_CONFIG_DIR = $folder
}

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

# ---- sign-in to Azure -------------------------------------------------------

# What az and Az say when a WinRM logon cannot open their token cache: a network
# logon has no DPAPI key, so what works over RDP fails here. Seen in
# azure-cli#20695, #21010, #20231, #22613 and azure-powershell#13691, #8726.
$script:NoTokenCache = 'WinError 5\]|-2146892987|-2146893813|0x80090345|0x8009000B|Key not valid for use in specified state|Persistence check failed|DPAPI'
$script:SignedOut = 'az login|Connect-AzAccount|Login-AzAccount|AADSTS|No subscription found|no Azure context'

function New-SjSignIn {
    param([string]$Via, $SignedIn, [string]$Tenant, [string]$Problem)
    $id = ''
    if ($Problem.Length -gt 2000) { $Problem = $Problem.Substring(0, 2000) }
    if ($Problem -match $script:NoTokenCache) { $id = 'SentinelJump.NoTokenCache' }
    elseif ($Problem -match $script:SignedOut) { $id = 'SentinelJump.AzureSignedOut' }
    elseif ($Problem) { $id = 'SentinelJump.AzureFailed' }
    [pscustomobject]@{
        PSTypeName = 'SentinelJump.Azure'
        signedIn   = $SignedIn
        via        = $Via
        tenant     = $Tenant
        problem    = $Problem
        problemId  = $id
    }
}

# Runs az: Ok, Text (what it said instead), Json. Never under Stop: Windows
# PowerShell then ends at the first line on standard error, a warning or not.
function Invoke-SjAz {
    param($Az, [string[]]$Arguments)
    $ErrorActionPreference = 'Continue'
    $PSNativeCommandUseErrorActionPreference = $false
    $said = New-Object System.Collections.ArrayList
    $out = New-Object System.Collections.ArrayList
    foreach ($line in @(& $Az @Arguments '--only-show-errors' '--output' 'json' 2>&1)) {
        if ($line -is [System.Management.Automation.ErrorRecord]) { $null = $said.Add([string]$line) } else { $null = $out.Add([string]$line) }
    }
    if ($global:LASTEXITCODE -ne 0) {
        $text = ($said -join "`n").Trim()
        if (-not $text) { $text = "az ended with exit code $($global:LASTEXITCODE)" }
        return @{ Ok = $false; Text = $text; Json = $null }
    }
    $json = $null
    try { $json = ConvertFrom-Json ($out -join "`n") } catch { $json = $null }
    @{ Ok = $true; Text = ''; Json = $json }
}

# The sign-in of the Azure CLI; nothing where there is no az. `account show`
# reads a plain file, so it cannot tell whether a token can be had; -Token asks
# for one, and what comes never leaves this function.
function Get-SjCliSignIn {
    param([bool]$Token)
    $az = @(Get-Command -Name az -CommandType Application -ErrorAction SilentlyContinue)
    if (-not $az) { return }
    $shown = Invoke-SjAz $az[0] @('account', 'show')
    if (-not $shown.Ok) { return (New-SjSignIn 'az' $false '' $shown.Text) }
    $tenant = [string]$shown.Json.tenantId
    if ($Token -or -not $tenant) {
        $asked = Invoke-SjAz $az[0] @('account', 'get-access-token')
        if (-not $asked.Ok) { return (New-SjSignIn 'az' $false $tenant $asked.Text) }
        if (-not $tenant) { $tenant = [string]$asked.Json.tenant }
    }
    New-SjSignIn 'az' $true $tenant ''
}

# The sign-in of the Az modules, as the script's module sees them; nothing where
# there are none. -Load imports them when they are only installed.
function Get-SjAzSignIn {
    param([bool]$Load, [bool]$Token)
    $look = {
        param([bool]$SjLoad, [bool]$SjToken)
        $ErrorActionPreference = 'Stop'
        if (-not (Get-Module -Name Az.Accounts)) {
            if (-not $SjLoad -or -not (Get-Module -ListAvailable -Name Az.Accounts)) { return }
            Import-Module -Name Az.Accounts -Global -DisableNameChecking -WarningAction SilentlyContinue
        }
        # Contexts of another session on this host are not ours.
        $null = Disable-AzContextAutosave -Scope Process -WarningAction SilentlyContinue
        $context = Get-AzContext -WarningAction SilentlyContinue
        if ($null -eq $context) { return @{ Context = $null } }
        if ($SjToken) { $null = Get-AzAccessToken -WarningAction SilentlyContinue }
        @{ Context = $context }
    }
    try {
        if ($script:Module) { $found = & $script:Module $look $Load $Token }
        else { $found = & $look $Load $Token }
    }
    catch { return (New-SjSignIn 'Az' $false '' ([string]$_.Exception.Message)) }
    if (-not $found) { return }
    if (-not $found.Context) { return (New-SjSignIn 'Az' $false '' 'no Azure context; run Connect-AzAccount') }
    New-SjSignIn 'Az' $true ([string]$found.Context.Tenant.Id) ''
}

# Whether this session is signed in to Azure, and where: by az, else by the Az
# modules. `signedIn` is $null where the host has neither.
function Get-SjAzure {
    [CmdletBinding()]
    param([switch]$Token)
    $cli = Get-SjCliSignIn ([bool]$Token)
    if ($cli -and $cli.signedIn) { return $cli }
    $module = Get-SjAzSignIn $true ([bool]$Token)
    if ($module -and ($module.signedIn -or -not $cli)) { return $module }
    if ($cli) { return $cli }
    New-SjSignIn '' $null '' ''
}

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

# ---- values ----------------------------------------------------------------

# PSRP sends custom objects, dictionaries and collections at any depth, but of a
# typed .NET object only the first level: an object-valued property arrives as
# text. Objects that lose something that way are turned into custom objects.

# Type -> 'plain' (leave it), 'open' (look inside), 'typed' (project), 'secret'.
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
    'plain'
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
    if ($kind -ne 'open') { return ($kind -ne 'plain') }
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
        if ($kind -eq 'plain' -or $kind -eq 'open') { $PSCmdlet.WriteObject($Value, $false) }
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

# ---- probe -----------------------------------------------------------------

# What a function's own syntax tree says, without what it calls. Kept: the
# closure over calls asks for the same functions again and again.
function Get-SjFacts {
    param([string]$Name)
    if ($script:Facts.ContainsKey($Name)) { return $script:Facts[$Name] }
    $ast = $script:Functions[$Name].ScriptBlock.Ast
    $facts = @{ Asks = @(); Exits = $false; WritesHost = $false; Returns = $false; Console = $false; Session = $false; Progress = $false; Calls = @{}; Commands = @{} }
    foreach ($node in @(Find-SjNode $ast ([System.Management.Automation.Language.CommandAst]))) { Add-SjCommandFact $facts $node }
    foreach ($node in @(Find-SjNode $ast ([System.Management.Automation.Language.InvokeMemberExpressionAst]))) { Add-SjMemberFact $facts $node }
    foreach ($node in @(Find-SjNode $ast ([System.Management.Automation.Language.VariableExpressionAst]))) {
        if ($node.VariablePath.UserPath -eq 'script:Session') { $facts.Session = $true }
    }
    foreach ($node in @(Find-SjNode $ast ([System.Management.Automation.Language.TypeExpressionAst]))) {
        if ($node.TypeName.FullName -match '^(System\.)?Console$') { $facts.Console = $true }
    }
    foreach ($node in @(Find-SjNode $ast ([System.Management.Automation.Language.ReturnStatementAst]))) {
        if ($node.Pipeline) { $facts.Returns = $true }
    }
    if (@(Find-SjNode $ast ([System.Management.Automation.Language.ExitStatementAst])).Count) { $facts.Exits = $true }
    $script:Facts[$Name] = $facts
    $facts
}

function New-SjAsk {
    param([string]$Kind, [string]$Text, $Node)
    [pscustomobject]@{ kind = $Kind; text = $Text; line = [int]$Node.Extent.StartLineNumber }
}

function Add-SjCommandFact {
    param($Facts, $Node)
    $command = $Node.GetCommandName()
    if (-not $command) { return }
    $command = $command -replace '^.*\\', ''
    if ($script:Functions.ContainsKey($command)) {
        $Facts.Calls[$script:Functions[$command].Name] = $true
        if ($command -eq 'Get-SentinelSession') { $Facts.Session = $true }
        return
    }
    $Facts.Commands[$command] = $true
    # The arguments as they stand in the source; the question is among them.
    $text = (@($Node.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.Extent.Text }) -join ' ')
    if ($command -match '^(Read-Host|Get-Credential|pause|Out-GridView)$') { $Facts.Asks += New-SjAsk $command $text $Node }
    elseif ($command -match '^(Write-Host|Out-Host|oh)$') { $Facts.WritesHost = $true }
    elseif ($command -eq 'Write-Progress') { $Facts.Progress = $true }
}

function Add-SjMemberFact {
    param($Facts, $Node)
    $member = [string]$Node.Member.Value
    if ($member -eq 'SetShouldExit' -or ($member -eq 'Exit' -and $Node.Expression.Extent.Text -match 'Environment\]$')) { $Facts.Exits = $true }
    elseif ($member -match $script:AskingMember -or $member -eq 'ShouldContinue') {
        $Facts.Asks += New-SjAsk $member (@($Node.Arguments | ForEach-Object { $_.Extent.Text }) -join ', ') $Node
    }
    elseif ($member -match '^(WriteLine|Write)$' -and $Node.Expression.Extent.Text -match '^\$Host\.UI$') { $Facts.WritesHost = $true }
}

# The functions reachable from $Name, without itself unless it calls itself.
function Get-SjReach {
    param([string]$Name)
    $reach = @{}
    $next = @($Name)
    while ($next.Count) {
        $found = @()
        foreach ($from in $next) {
            if (-not $script:Facts.ContainsKey($from)) { $null = Get-SjFacts $from }
            foreach ($called in @($script:Facts[$from].Calls.Keys)) {
                if (-not $reach.ContainsKey($called)) { $reach[$called] = $true; $found += $called }
            }
        }
        $next = $found
    }
    foreach ($called in @($reach.Keys)) { if (-not $script:Facts.ContainsKey($called)) { $null = Get-SjFacts $called } }
    @($reach.Keys | Sort-Object)
}

# Describes functions of the script; all of them without -Name. One object per
# function, as each is done.
function Get-SjProbe {
    [CmdletBinding()]
    param([string[]]$Name)
    Assert-SjLoaded
    if (-not $Name) { $Name = @($script:Functions.Keys | Sort-Object) }
    foreach ($one in $Name) {
        if (-not $one -or -not $script:Functions.ContainsKey($one)) { throw (New-SjError 'UnknownFunction' "the script has no function $one" 'ObjectNotFound' $one) }
    }
    foreach ($one in $Name) { Get-SjFunctionProbe $script:Functions[$one] }
}

function Get-SjFunctionProbe {
    param($Function)
    $ast = $Function.ScriptBlock.Ast
    $facts = Get-SjFacts $Function.Name
    $reach = @(Get-SjReach $Function.Name)
    $asksVia = @()
    $exitsVia = @()
    $session = $facts.Session
    $progress = $facts.Progress
    foreach ($called in $reach) {
        $inner = $script:Facts[$called]
        if ($inner.Asks.Count) { $asksVia += $called }
        if ($inner.Exits) { $exitsVia += $called }
        if ($inner.Session) { $session = $true }
        if ($inner.Progress) { $progress = $true }
    }
    $binding = $null
    foreach ($attribute in $Function.ScriptBlock.Attributes) { if ($attribute -is [System.Management.Automation.CmdletBindingAttribute]) { $binding = $attribute } }
    $help = $null
    if ($ast -is [System.Management.Automation.Language.FunctionDefinitionAst]) { $help = Get-SjHelp $ast }
    $shouldProcess = [bool]($binding -and $binding.SupportsShouldProcess)
    [pscustomobject]@{
        PSTypeName    = 'SentinelJump.Function'
        name          = $Function.Name
        type          = [string]$Function.CommandType
        line          = [int]$ast.Extent.StartLineNumber
        advanced      = [bool]$Function.CmdletBinding
        shouldProcess = $shouldProcess
        confirmImpact = $(if ($shouldProcess) { [string]$binding.ConfirmImpact } else { '' })
        defaultSet    = [string]$Function.DefaultParameterSet
        outputType    = [string[]]@($Function.OutputType | ForEach-Object { $_.Name })
        synopsis      = $(if ($help) { ([string]$help.Synopsis).Trim() } else { '' })
        description   = $(if ($help) { ([string]$help.Description).Trim() } else { '' })
        parameters    = [object[]]@(Get-SjParameters $Function $help)
        asks          = [object[]]@($facts.Asks)
        asksVia       = [string[]]$asksVia
        exits         = $facts.Exits
        exitsVia      = [string[]]$exitsVia
        writesHost    = $facts.WritesHost
        returns       = $facts.Returns
        console       = $facts.Console
        session       = $session
        progress      = $progress
        calls         = [string[]]@($facts.Calls.Keys | Sort-Object)
        commands      = [string[]]@($facts.Commands.Keys | Sort-Object)
    }
}

# Comment-based help. Without the token cache every call reads the whole script
# again (Seen: 200 functions, 6.8 s against 0.3 s). The overload is looked up,
# because Windows PowerShell 5.1 was not at hand to see whether it has it.
$script:HelpTokens = New-Object 'System.Collections.Generic.Dictionary[System.Management.Automation.Language.Ast,System.Management.Automation.Language.Token[]]'
$script:HelpIsCached = $null -ne [System.Management.Automation.Language.FunctionDefinitionAst].GetMethod('GetHelpContent', [type[]]@($script:HelpTokens.GetType()))

function Get-SjHelp {
    param($Ast)
    if ($script:HelpIsCached) { return $Ast.GetHelpContent($script:HelpTokens) }
    $Ast.GetHelpContent()
}

# PowerShell's own parameters, which every advanced function has.
$script:CommonParameters = @{}
foreach ($name in @([System.Management.Automation.Cmdlet]::CommonParameters) + @([System.Management.Automation.Cmdlet]::OptionalCommonParameters)) {
    $script:CommonParameters[$name] = $true
}

# Default values, as they stand in the source.
function Get-SjDefaults {
    param($Ast)
    $defaults = @{}
    $all = @($Ast.Parameters)
    if ($Ast.Body -and $Ast.Body.ParamBlock) { $all += @($Ast.Body.ParamBlock.Parameters) }
    foreach ($parameter in $all) {
        if ($parameter -and $parameter.DefaultValue) { $defaults[$parameter.Name.VariablePath.UserPath] = $parameter.DefaultValue.Extent.Text }
    }
    $defaults
}

function Get-SjParameters {
    param($Function, $Help)
    $defaults = Get-SjDefaults $Function.ScriptBlock.Ast
    $texts = $null
    # Keys are upper case.
    if ($Help) { $texts = $Help.Parameters }
    foreach ($meta in @($Function.Parameters.Values)) {
        if (-not $meta -or $script:CommonParameters.ContainsKey($meta.Name)) { continue }
        $text = ''
        if ($texts -and $texts.ContainsKey($meta.Name.ToUpperInvariant())) { $text = ([string]$texts[$meta.Name.ToUpperInvariant()]).Trim() }
        Get-SjParameter $meta ([string]$defaults[$meta.Name]) $text
    }
}

function Get-SjParameter {
    param($Meta, [string]$Default, [string]$Help)
    $sets = @(foreach ($entry in $Meta.ParameterSets.GetEnumerator()) {
            $set = $entry.Value
            # int.MinValue is PowerShell's "by name only".
            $position = $null
            if ($set.Position -ge 0) { $position = [int]$set.Position }
            if (-not $Help) { $Help = [string]$set.HelpMessage }
            [pscustomobject]@{ set = [string]$entry.Key; mandatory = [bool]$set.IsMandatory; position = $position; pipeline = [bool]($set.ValueFromPipeline -or $set.ValueFromPipelineByPropertyName) }
        })
    $rules = Get-SjRules $Meta
    $inner = [System.Nullable]::GetUnderlyingType($Meta.ParameterType)
    [pscustomobject]@{
        name            = $Meta.Name
        # Without assembly names, and of Nullable what is in it.
        type            = $(if ($inner) { $inner.ToString() } else { $Meta.ParameterType.ToString() })
        nullable        = [bool]$inner
        switch          = [bool]$Meta.SwitchParameter
        dynamic         = [bool]$Meta.IsDynamic
        mandatory       = [bool]($sets | Where-Object { $_.mandatory })
        aliases         = [string[]]@($Meta.Aliases)
        default         = $Default
        sets            = [object[]]$sets
        validateSet     = [string[]]@($rules.Set)
        validateRange   = $rules.Range
        validatePattern = $rules.Pattern
        validateLength  = $rules.Length
        help            = $Help
    }
}

function Get-SjRules {
    param($Meta)
    $rules = @{ Set = @(); Range = $null; Pattern = ''; Length = $null }
    $type = $Meta.ParameterType
    if ($type.IsArray) { $type = $type.GetElementType() }
    $inner = [System.Nullable]::GetUnderlyingType($type)
    if ($inner) { $type = $inner }
    if ($type.IsEnum) { $rules.Set = [System.Enum]::GetNames($type) }
    foreach ($attribute in $Meta.Attributes) {
        # A set made by a class of the script is asked for its values here.
        if ($attribute -is [System.Management.Automation.ValidateSetAttribute]) { $rules.Set = @($attribute.ValidValues) }
        elseif ($attribute -is [System.Management.Automation.ValidateRangeAttribute]) { $rules.Range = [pscustomobject]@{ min = $attribute.MinRange; max = $attribute.MaxRange } }
        elseif ($attribute -is [System.Management.Automation.ValidateLengthAttribute]) { $rules.Length = [pscustomobject]@{ min = $attribute.MinLength; max = $attribute.MaxLength } }
        elseif ($attribute -is [System.Management.Automation.ValidatePatternAttribute]) { $rules.Pattern = [string]$attribute.RegexPattern }
    }
    $rules
}

Export-ModuleMember -Function Import-SjScript, Get-SjAzure, Set-SjTarget, Invoke-SjCall, Get-SjProbe
}

# Once per session, for what looks at global preferences only (functions of
# other modules, Az). Invoke-SjCall sets the script's own anew for each call.
# Never 'None' for Confirm: that would say yes to everything the script asks.
$global:ErrorActionPreference = 'Continue'
$global:ProgressPreference = 'SilentlyContinue'
$global:InformationPreference = 'SilentlyContinue'
$global:ConfirmPreference = 'High'
# PowerShell 7.2 and later: no escape sequences in text.
if ($global:PSStyle) { $global:PSStyle.OutputRendering = 'PlainText' }

[pscustomobject]@{
    PSTypeName   = 'SentinelJump.Ready'
    version      = '1'
    psVersion    = [string]$PSVersionTable.PSVersion
    edition      = [string]$PSVersionTable.PSEdition
    languageMode = [string]$ExecutionContext.SessionState.LanguageMode
}
