# ---- what may run while loading ---------------------------------------------

# A statement of the top level is kept when everything that it can reach through
# the script's own functions is harmless: neither asks nor changes anything
# outside. Everything else is the program itself (menus, sign-in, deployments)
# and is left out; what then lacks its value is found by the data flow.

# Chosen: what reads files, makes values, or defines things in the session.
# Write-EventLog and Tee-Object are not among them: they leave something behind.
$script:Harmless = @{}
foreach ($name in @(
        'Write-Host', 'Write-Output', 'Write-Error', 'Write-Warning', 'Write-Verbose', 'Write-Debug', 'Write-Information',
        'Write-Progress', 'Set-Alias', 'New-Alias', 'Set-Variable', 'New-Variable', 'Get-Variable', 'Clear-Variable', 'Add-Type', 'Import-Module',
        'Import-LocalizedData', 'Set-StrictMode', 'New-Object', 'New-Guid', 'Add-Member', 'Get-Member', 'Join-Path',
        'Split-Path', 'Test-Path', 'Resolve-Path', 'Convert-Path', 'Get-Item', 'Get-ItemProperty', 'Get-ChildItem',
        'Get-Content', 'Get-Location', 'Get-Date', 'Get-Culture', 'Get-UICulture', 'Get-Random', 'New-TimeSpan',
        'ConvertFrom-Json', 'ConvertTo-Json', 'ConvertFrom-Csv', 'ConvertTo-Csv', 'Import-Csv', 'Import-Clixml',
        'ConvertFrom-StringData', 'ConvertTo-SecureString', 'Import-PowerShellDataFile', 'ForEach-Object', 'Where-Object',
        'Select-Object', 'Sort-Object', 'Group-Object', 'Measure-Object', 'Compare-Object', 'Get-Unique', 'Select-String',
        'Select-Xml', 'Out-Null', 'Out-String', 'Format-Table', 'Format-List', 'Update-TypeData', 'Get-Command', 'Get-Module',
        'Get-Alias', 'Clear-Host', 'cls', 'clear',
        '%', '?', 'foreach', 'where', 'select', 'sort', 'group', 'measure', 'compare', 'gc', 'cat', 'type', 'gi', 'gci', 'ls', 'dir', 'echo', 'write',
        'gv', 'sv', 'nv', 'sal', 'nal', 'gal', 'ipmo', 'gmo', 'gcm', 'gm', 'gp', 'gl', 'rvpa', 'cvpa', 'sls', 'ipcsv', 'ft', 'fl', 'gu')) {
    $script:Harmless[$name] = $true
}

# Members that talk to a person or end the host process.
$script:AskingMember = '^(PromptForChoice|Prompt|PromptForCredential|ReadKey|ReadLine|ReadLineAsSecureString|SetShouldExit|EnterNestedPrompt)$'

# Methods of values (texts, lists, tables, dates, patterns, documents). Not
# CopyTo and SetValue: a file and a registry key, which Get-Item gives, have them.
$script:ValueMember = '^(Add(Range|Days|Hours|Minutes|Seconds|Milliseconds|Months|Years|Ticks)?|Append(Line|Format)?|AppendChild|Clear|Clone|Close|Compare(To)?|' +
'ComputeHash|Contains(Key|Value)?|Convert|Copy|CreateElement|Dequeue|Dispose|EndsWith|Enqueue|Equals|Find(All|Index)?|First|Last|Format|ForEach|' +
'Get(Enumerator|Type|HashCode|String|Bytes|Value|Length|Attribute|ElementsByTagName|NewClosure|Name|Names|Values|TypeCode|ByteCount)|GetUpperBound|GetLowerBound|' +
'IndexOf|IndexOfAny|Insert|Is(Match|InRole|PresentIn|SubsetOf|SupersetOf|InstanceOfType|AssignableFrom)|Item|Join|LastIndexOf|Load|LoadXml|MakeReadOnly|Match(es)?|Normalize|' +
'PadLeft|PadRight|Peek|Pop|Push|Remove(At|All|Range)?|Replace|Reverse|Select(Nodes|SingleNode)|SetAttribute|Sort|Split|StartsWith|Substring|Subtract|' +
'To(Array|String|Lower|Upper|LowerInvariant|UpperInvariant|CharArray|UniversalTime|LocalTime|ShortDateString|LongDateString|ShortTimeString|LongTimeString|FileTime|FileTimeUtc|Boolean|Int32|Object|List|Base64String|UnixTimeSeconds|UnixTimeMilliseconds)|' +
'Trim(Start|End|ToSize)?|TryGetValue|TryAdd|Union(With)?|IntersectWith|ExceptWith|Where)$'

# Types whose static members make or read values.
$script:ValueType = '^(System\.)?(string|char|byte|sbyte|int|int16|int32|int64|long|short|uint|uint16|uint32|uint64|ulong|ushort|single|float|double|decimal|' +
'bool|boolean|bigint|guid|datetime|datetimeoffset|timespan|version|uri|regex|math|convert|bitconverter|array|enum|buffer|tuple|random|stringcomparer|object|type|' +
'hashtable|ordered|psobject|pscustomobject|xml|cultureinfo|ipaddress|mailaddress|securestring|pscredential|activator|gc|nullable)$|' +
'^(System\.)?(Collections|Text|Globalization|Linq|Numerics|Security\.(Cryptography|Principal)|Reflection|Xml)\.|' +
'^(System\.)?(IO\.Path|Net\.(WebUtility|IPAddress)|Web\.HttpUtility)$|' +
'^(System\.)?Management\.Automation\.(PSCredential|PSObject|ErrorRecord|SemanticVersion|WildcardPattern|LanguagePrimitives|Language\.\w+|Host\.ChoiceDescription)$'
$script:ValueStatic = '^(new|Parse|ParseExact|TryParse|TryParseExact|IsNullOrEmpty|IsNullOrWhiteSpace|Format|Join|Concat|Equals|GetNames|GetValues|IsDefined)$'

# Static members of other types that only read.
function Test-SjReadingStatic {
    param([string]$Type, [string]$Member)
    if ($Type -match $script:ValueType) { return $Member -ne 'GetTempFileName' }
    if ($Member -match $script:ValueStatic) { return $true }
    if ($Type -match '^(System\.)?IO\.(File|Directory)$') { return $Member -match '^(Exists|Read|Get|Enumerate|OpenRead|OpenText)' }
    if ($Type -match '^(System\.)?Environment$') { return $Member -match '^(Get|Expand)' }
    if ($Type -match '^(System\.)?Diagnostics\.(Process|Stopwatch)$') { return $Member -match '^(Get|StartNew$)' }
    $false
}

# What a script defines by itself, found in its tree: functions (a name may have
# several definitions), methods of its classes, aliases; and what the operator
# allows beyond our list.
function New-SjSource {
    param($Ast, [string[]]$Allow)
    $source = @{ Functions = @{}; Methods = @{}; Types = @{}; Aliases = @{}; Allow = @($Allow); Reasons = @{}; Flows = @{}; Reach = @{}; Sets = @{}; Only = $null }
    foreach ($function in @(Find-SjNode $Ast ([System.Management.Automation.Language.FunctionDefinitionAst]))) {
        # A method has one inside.
        if ($function.Parent -is [System.Management.Automation.Language.FunctionMemberAst]) { continue }
        $name = Get-SjPlainName $function.Name
        $source.Functions[$name] = @($source.Functions[$name] | Where-Object { $_ }) + @($function)
    }
    foreach ($type in @(Find-SjNode $Ast ([System.Management.Automation.Language.TypeDefinitionAst]))) {
        $source.Types[$type.Name] = $true
        foreach ($member in @($type.Members)) {
            if ($member -isnot [System.Management.Automation.Language.FunctionMemberAst]) { continue }
            $name = $member.Name
            if ($member.IsConstructor) { $name = "new $($type.Name)" }
            $source.Methods[$name] = @($source.Methods[$name] | Where-Object { $_ }) + @($member.Body)
        }
    }
    foreach ($command in @(Find-SjNode $Ast ([System.Management.Automation.Language.CommandAst]))) {
        if ($command.GetCommandName() -notmatch '^(Set-Alias|New-Alias|sal|nal)$') { continue }
        $name = Get-SjArgument $command 'Name' 0
        $value = Get-SjArgument $command 'Value' 1
        if ($name.Value -and $value.Value) { $source.Aliases[[string]$name.Value] = [string]$value.Value }
    }
    $source
}

# The name that a command of the script leads to, through its aliases.
function Resolve-SjSourceName {
    param($Source, [string]$Name)
    $Name = $Name -replace '^Microsoft\.PowerShell\.\w+\\', ''
    for ($i = 0; $i -lt 8 -and $Source.Aliases.ContainsKey($Name); $i++) { $Name = $Source.Aliases[$Name] }
    Get-SjPlainName $Name
}

# Why running an own function (or a method of an own class) is not harmless.
function Get-SjOwnReason {
    param($Source, [string]$Key, $Definitions)
    if ($Source.Reasons.ContainsKey($Key)) { return $Source.Reasons[$Key] }
    # For functions that call each other: what is not yet known is no reason.
    $Source.Reasons[$Key] = ''
    foreach ($definition in $Definitions) {
        $reason = Get-SjRunReason $Source $definition
        if ($reason) { $Source.Reasons[$Key] = $reason; break }
    }
    $Source.Reasons[$Key]
}

function Join-SjReason {
    param([string]$Name, [string]$Reason)
    if (-not $Reason) { return '' }
    "runs $Name, which $Reason"
}

function Get-SjCommandReason {
    param($Source, $Node)
    $first = $Node.CommandElements[0]
    if ($first -is [System.Management.Automation.Language.ScriptBlockExpressionAst]) { return '' }
    $command = $Node.GetCommandName()
    if ($Node.InvocationOperator -eq 'Dot') {
        # A helper script runs as it is. What it is called by is a path or comes
        # from an expression.
        if (-not $command -or $command -match '[\\/]' -or $command -match '\.ps(m)?1$') { return '' }
    }
    if (-not $command) { return 'runs a command known only at run time' }
    $name = Resolve-SjSourceName $Source $command
    if ($Source.Functions.ContainsKey($name)) { return (Join-SjReason $name (Get-SjOwnReason $Source $name $Source.Functions[$name])) }
    foreach ($pattern in $Source.Allow) { if ($pattern -and $name -like $pattern) { return '' } }
    if (-not $script:Harmless.ContainsKey($name)) { return "runs $name" }
    if ($name -eq 'New-Object') {
        if ($Node.CommandElements | Where-Object { $_ -is [System.Management.Automation.Language.CommandParameterAst] -and $_.ParameterName -like 'C*' }) { return 'runs New-Object -ComObject' }
        $type = [string](Get-SjArgument $Node 'TypeName' 0).Value
        if ($Source.Methods.ContainsKey("new $type")) { return (Join-SjReason $type (Get-SjOwnReason $Source "new $type" $Source.Methods["new $type"])) }
    }
    if ($name -match '^(ForEach-Object|%|foreach|Where-Object|where|\?)$') {
        foreach ($block in @((Get-SjArgument $Node @('Process', 'FilterScript') 0), (Get-SjArgument $Node @('Begin')), (Get-SjArgument $Node @('End')))) {
            if ($block -is [System.Management.Automation.Language.VariableExpressionAst]) { return 'runs a block known only at run time' }
        }
    }
    # `ForEach-Object Delete` calls a method.
    if ($name -match '^(ForEach-Object|%|foreach)$') {
        $member = [string](Get-SjArgument $Node 'MemberName' 0).Value
        if ($member -match '^(Delete|Kill|Remove|Stop|Start|Save|Write|Move|Copy|Set|Create|Invoke|Encrypt|Decrypt|Commit|Send|Post|Put|Terminate|Download|Upload|Execute|Open|Exit)' ) { return "calls $member" }
    }
    ''
}

function Get-SjMemberReason {
    param($Source, $Node)
    if ($Node.Member -isnot [System.Management.Automation.Language.StringConstantExpressionAst]) { return 'calls a method known only at run time' }
    $member = $Node.Member.Value
    if ($member -match $script:AskingMember) { return "calls $member" }
    if ($Node.Static -and $Node.Expression -is [System.Management.Automation.Language.TypeExpressionAst]) {
        $type = $Node.Expression.TypeName.FullName
        if ($Source.Types.ContainsKey($type)) {
            $key = $member
            if ($member -eq 'new') { $key = "new $type" }
            if (-not $Source.Methods.ContainsKey($key)) { return '' }
            return (Join-SjReason "[$type]::$member" (Get-SjOwnReason $Source $key $Source.Methods[$key]))
        }
        if (Test-SjReadingStatic $type $member) { return '' }
        return "calls [$type]::$member"
    }
    # Whatever the object is: one of the script's own may have that method.
    if ($Source.Methods.ContainsKey($member)) {
        $reason = Get-SjOwnReason $Source $member $Source.Methods[$member]
        if ($reason) { return (Join-SjReason $member $reason) }
        return ''
    }
    if ($member -match '^(ForEach|Where)$' -and $Node.Arguments) {
        $what = $Node.Arguments[0]
        if ($what -is [System.Management.Automation.Language.VariableExpressionAst]) { return 'runs a block known only at run time' }
        # `.ForEach('Delete')` calls a method.
        if ($what -is [System.Management.Automation.Language.StringConstantExpressionAst] -and $what.Value -notmatch $script:ValueMember) { return "calls $($what.Value)" }
    }
    if ($member -match $script:ValueMember) { return '' }
    "calls $member"
}

# Drives of variables; any other (`${C:\x.txt} = 1`) is a file.
$script:InnerDrive = '^(env|variable|function|alias)$'

# Only of nodes that can be any: variables by the thousand are none.
function Get-SjNodeReason {
    param($Source, $Node)
    if ($Node -is [System.Management.Automation.Language.CommandAst]) { return (Get-SjCommandReason $Source $Node) }
    if ($Node -is [System.Management.Automation.Language.InvokeMemberExpressionAst]) { return (Get-SjMemberReason $Source $Node) }
    if ($Node -is [System.Management.Automation.Language.VariableExpressionAst]) {
        $parent = $Node.Parent
        if ($parent -is [System.Management.Automation.Language.MemberExpressionAst] -and $parent -isnot [System.Management.Automation.Language.InvokeMemberExpressionAst] -and
            [string]$parent.Member.Value -match '^(Name|Version|CurrentCulture|CurrentUICulture|InstanceId)$') { return '' }
        return 'uses $Host'
    }
    if ($Node -is [System.Management.Automation.Language.TypeExpressionAst]) {
        if ($Node.TypeName.FullName -match '^(System\.)?Console$') { return 'uses [Console]' }
    }
    elseif ($Node -is [System.Management.Automation.Language.FileRedirectionAst]) {
        if ($Node.Location.Extent.Text -ne '$null') { return 'writes a file' }
    }
    elseif ($Node -is [System.Management.Automation.Language.AssignmentStatementAst]) {
        $left = $Node.Left
        if ($left -is [System.Management.Automation.Language.VariableExpressionAst]) {
            if ($left.VariablePath.IsDriveQualified -and $left.VariablePath.DriveName -notmatch $script:InnerDrive) { return 'writes a file' }
        }
        elseif ($left -is [System.Management.Automation.Language.MemberExpressionAst] -and -not $left.Static -and
            [string]$left.Member.Value -match '^((Creation|LastAccess|LastWrite)Time(Utc)?|IsReadOnly|Attributes)$') { return 'changes a file' }
    }
    elseif ($Node -is [System.Management.Automation.Language.ExitStatementAst]) { return 'exits' }
    ''
}

# What holds for the top level only: `return` and `break` would end the loading,
# a bare `throw` always fails. A `throw` on a condition is the script's own word
# that it cannot be used here.
function Get-SjEndReason {
    param($Statement)
    if ($Statement -is [System.Management.Automation.Language.ThrowStatementAst]) { return 'throw' }
    foreach ($node in @(Find-SjNode $Statement ([System.Management.Automation.Language.ReturnStatementAst]))) {
        $inside = $false
        for ($at = $node; $at -and $at -ne $Statement; $at = $at.Parent) {
            if ($at -is [System.Management.Automation.Language.FunctionDefinitionAst] -or $at -is [System.Management.Automation.Language.ScriptBlockExpressionAst]) { $inside = $true }
        }
        if (-not $inside) { return 'return' }
    }
    foreach ($type in @([System.Management.Automation.Language.BreakStatementAst], [System.Management.Automation.Language.ContinueStatementAst])) {
        foreach ($node in @(Find-SjNode $Statement $type)) {
            if (-not (Test-SjDeferred $node $Statement) -and -not (Test-SjInLoop $node $Statement)) { return 'break' }
        }
    }
    ''
}

# Why running $Root (a statement, a function's definition, a default value) is
# not harmless; '' when it is.
function Get-SjRunReason {
    param($Source, $Root)
    foreach ($type in @(
            [System.Management.Automation.Language.ExitStatementAst],
            [System.Management.Automation.Language.CommandAst],
            [System.Management.Automation.Language.InvokeMemberExpressionAst],
            [System.Management.Automation.Language.TypeExpressionAst],
            [System.Management.Automation.Language.FileRedirectionAst],
            [System.Management.Automation.Language.AssignmentStatementAst],
            [System.Management.Automation.Language.VariableExpressionAst])) {
        foreach ($node in @(Find-SjNode $Root $type)) {
            if ($node -is [System.Management.Automation.Language.VariableExpressionAst] -and $node.VariablePath.UserPath -ne 'Host' -and $node.VariablePath.UserPath -ne 'global:Host') { continue }
            $reason = Get-SjNodeReason $Source $node
            if ($reason -and -not (Test-SjDeferred $node $Root)) { return $reason }
        }
    }
    ''
}
