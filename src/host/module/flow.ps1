# ---- what is lost with what is left out --------------------------------------

# PowerShell's own variables: never lost.
$script:Automatic = @{}
foreach ($name in @('_', 'psitem', 'args', 'input', 'this', 'true', 'false', 'null', 'psboundparameters', 'psscriptroot', 'pscommandpath', 'myinvocation',
        'error', 'lastexitcode', 'matches', 'host', 'home', 'pid', 'pwd', 'profile', 'pshome', 'psversiontable', 'psedition', 'executioncontext', 'shellid',
        'stacktrace', 'nestedpromptlevel', 'foreach', 'switch', 'ofs', 'psculture', 'psuiculture', 'iswindows', 'islinux', 'ismacos', 'iscoreclr', 'pscmdlet', '?', '^', '$')) {
    $script:Automatic[$name] = $true
}

# A variable as we compare it: {Name, Scoped, Spelled}; $null for what is none of ours.
# Scoped: `$script:x` means the script's, a bare `$x` may be a function's own.
function Get-SjVariableKey {
    param([string]$UserPath)
    $name = $UserPath.ToLowerInvariant()
    $scoped = $false
    $at = $name.IndexOf(':')
    if ($at -gt 0) {
        $drive = $name.Substring(0, $at)
        if ($drive -eq 'env') { return @{ Name = $name; Scoped = $true; Spelled = $UserPath } }
        $name = $name.Substring($at + 1)
        if ($drive -eq 'script' -or $drive -eq 'global' -or $drive -eq 'variable') { $scoped = $true }
        elseif ($drive -ne 'local' -and $drive -ne 'private' -and $drive -ne 'using') { return $null }
    }
    if ($script:Automatic.ContainsKey($name)) { return $null }
    @{ Name = $name; Scoped = $scoped; Spelled = $UserPath.Substring($at + 1) }
}

# The target of an assignment, without types and parentheses.
function Get-SjBareTarget {
    param($Node)
    while ($Node -is [System.Management.Automation.Language.AttributedExpressionAst] -or $Node -is [System.Management.Automation.Language.ParenExpressionAst]) {
        if ($Node -is [System.Management.Automation.Language.AttributedExpressionAst]) { $Node = $Node.Child }
        else {
            $inner = $Node.Pipeline
            if ($inner -isnot [System.Management.Automation.Language.PipelineAst] -or $inner.PipelineElements.Count -ne 1) { return $Node }
            if ($inner.PipelineElements[0] -isnot [System.Management.Automation.Language.CommandExpressionAst]) { return $Node }
            $Node = $inner.PipelineElements[0].Expression
        }
    }
    $Node
}

# The member that an expression takes of a variable (`$x.Name`, `$x['Name']`),
# in lower case; '' for the whole or what cannot be told.
function Get-SjMemberOf {
    param($Variable)
    $parent = $Variable.Parent
    if ($parent -is [System.Management.Automation.Language.MemberExpressionAst] -and $parent -isnot [System.Management.Automation.Language.InvokeMemberExpressionAst] -and
        $parent.Expression -eq $Variable -and $parent.Member -is [System.Management.Automation.Language.StringConstantExpressionAst]) { return $parent.Member.Value.ToLowerInvariant() }
    if ($parent -is [System.Management.Automation.Language.IndexExpressionAst] -and $parent.Target -eq $Variable -and
        $parent.Index -is [System.Management.Automation.Language.StringConstantExpressionAst]) { return $parent.Index.Value.ToLowerInvariant() }
    ''
}

# Where a variable is assigned: {Name, Scoped, After (from where on it is set),
# Member, Whole, Partial, Node}.
function Find-SjWrites {
    param($Root)
    foreach ($assignment in @(Find-SjNode $Root ([System.Management.Automation.Language.AssignmentStatementAst]))) {
        $left = Get-SjBareTarget $assignment.Left
        $targets = @($left)
        if ($left -is [System.Management.Automation.Language.ArrayLiteralAst]) { $targets = @($left.Elements | ForEach-Object { Get-SjBareTarget $_ }) }
        foreach ($target in $targets) {
            $member = ''
            $base = $target
            while ($base -is [System.Management.Automation.Language.MemberExpressionAst] -or $base -is [System.Management.Automation.Language.IndexExpressionAst]) {
                if ($base -is [System.Management.Automation.Language.MemberExpressionAst]) { $base = $base.Expression } else { $base = $base.Target }
            }
            if ($base -isnot [System.Management.Automation.Language.VariableExpressionAst]) { continue }
            $key = Get-SjVariableKey $base.VariablePath.UserPath
            if (-not $key) { continue }
            $partial = $base -ne $target
            if ($partial) { $member = Get-SjMemberOf $base }
            $key.After = $assignment.Extent.EndOffset
            $key.Node = $base
            $key.Member = $member
            # `$x += 1` and `$x.y = 1` need what was there.
            $key.Whole = -not $partial -and $assignment.Operator -eq 'Equals'
            $key.Partial = $partial
            $key
        }
    }
    foreach ($loop in @(Find-SjNode $Root ([System.Management.Automation.Language.ForEachStatementAst]))) {
        $key = Get-SjVariableKey $loop.Variable.VariablePath.UserPath
        if ($key) { $key.After = $loop.Variable.Extent.EndOffset; $key.Node = $loop.Variable; $key.Member = ''; $key.Whole = $true; $key.Partial = $false; $key }
    }
    foreach ($command in @(Find-SjNode $Root ([System.Management.Automation.Language.CommandAst]))) {
        $name = [string]$command.GetCommandName()
        $named = @()
        if ($name -match '^(Set-Variable|New-Variable|sv|nv)$') { $named += Get-SjArgument $command 'Name' 0 }
        if ($name -eq 'Import-LocalizedData') { $named += Get-SjArgument $command 'BindingVariable' 0 }
        foreach ($element in $command.CommandElements) {
            if ($element -is [System.Management.Automation.Language.CommandParameterAst] -and $element.ParameterName -match '^(OutVariable|ErrorVariable|WarningVariable|InformationVariable|PipelineVariable|ov|ev|wv|iv|pv)$') {
                $named += Get-SjArgument $command $element.ParameterName
            }
        }
        $scope = [string](Get-SjArgument $command 'Scope').Value
        foreach ($argument in $named) {
            if ($argument -isnot [System.Management.Automation.Language.StringConstantExpressionAst]) { continue }
            $key = Get-SjVariableKey $argument.Value.TrimStart('+')
            if (-not $key) { continue }
            if ($scope -match '^(script|global)$') { $key.Scoped = $true }
            $key.After = $command.Extent.EndOffset; $key.Node = $argument; $key.Member = ''; $key.Whole = $true; $key.Partial = $false
            $key
        }
    }
}

# Whether $Node is in the body of a function inside the statement $Root.
function Test-SjInFunction {
    param($Node, $Root)
    for ($at = $Node; $at -and $at -ne $Root; $at = $at.Parent) { if ($at -is [System.Management.Automation.Language.FunctionDefinitionAst]) { return $true } }
    $false
}

# What $Root writes and calls by itself; what it reads is looked for when it is
# asked for. A statement that defines functions does not do what they do.
function Get-SjFlow {
    param($Source, $Root)
    $defines = $Root -isnot [System.Management.Automation.Language.FunctionDefinitionAst] -and @(Find-SjNode $Root ([System.Management.Automation.Language.FunctionDefinitionAst])).Count
    $writes = @(Find-SjWrites $Root)
    if ($defines) { $writes = @($writes | Where-Object { -not (Test-SjInFunction $_.Node $Root) }) }
    $locals = @{}
    foreach ($write in $writes) { if (-not $write.Scoped -and -not $write.Partial) { $locals[$write.Name] = $true } }
    $calls = @(foreach ($command in @(Find-SjNode $Root ([System.Management.Automation.Language.CommandAst]))) {
            $name = [string]$command.GetCommandName()
            if (-not $name -or ($defines -and (Test-SjInFunction $command $Root))) { continue }
            $name = Resolve-SjSourceName $Source $name
            if ($Source.Functions.ContainsKey($name)) { @{ Name = $name; Offset = $command.Extent.StartOffset; Line = $command.Extent.StartLineNumber } }
        })
    @{ Root = $Root; Defines = $defines; Reads = $null; Writes = $writes; Calls = $calls; Locals = $locals }
}

# Adds to a flow what its root reads.
function Add-SjReads {
    param($Source, $Flow)
    $root = $Flow.Root
    $targets = @{}
    foreach ($write in $Flow.Writes) { if ($write.Whole) { $targets[$write.Node] = $true } }
    foreach ($parameter in @(Find-SjNode $root ([System.Management.Automation.Language.ParameterAst]))) {
        $targets[$parameter.Name] = $true
        $Flow.Locals[$parameter.Name.VariablePath.UserPath.ToLowerInvariant()] = $true
    }
    # Most functions have none of the few names that are asked for.
    if ($Source.Only) {
        $text = $root.Extent.Text
        $has = $false
        foreach ($name in $Source.Only.Keys) { if ($text.IndexOf(($name -replace '^env:', ''), [System.StringComparison]::OrdinalIgnoreCase) -ge 0) { $has = $true; break } }
        if (-not $has) { $Flow.Reads = @(); return }
    }
    $reads = @(foreach ($variable in @(Find-SjNode $root ([System.Management.Automation.Language.VariableExpressionAst]))) {
            if ($targets.ContainsKey($variable)) { continue }
            $key = Get-SjVariableKey $variable.VariablePath.UserPath
            if (-not $key -or ($Source.Only -and -not $Source.Only.ContainsKey($key.Name))) { continue }
            if ($Flow.Defines -and (Test-SjInFunction $variable $root)) { continue }
            $key.Offset = $variable.Extent.StartOffset
            $key.Line = $variable.Extent.StartLineNumber
            $key.Member = Get-SjMemberOf $variable
            $key.Lazy = Get-SjLazyCalls $variable $key.Name
            $key
        })
    foreach ($command in @(Find-SjNode $root ([System.Management.Automation.Language.CommandAst]))) {
        if ([string]$command.GetCommandName() -notmatch '^(Get-Variable|gv)$') { continue }
        $argument = Get-SjArgument $command 'Name' 0
        if ($argument -isnot [System.Management.Automation.Language.StringConstantExpressionAst]) { continue }
        $key = Get-SjVariableKey $argument.Value
        if ($key) { $key.Scoped = $true; $key.Offset = $command.Extent.StartOffset; $key.Line = $command.Extent.StartLineNumber; $key.Member = ''; $key.Lazy = $null; $reads += $key }
    }
    $Flow.Reads = $reads
}

# `if (-not $script:Token) { $script:Token = Get-It }`: a variable that is made
# where it is missed. $true when the condition's own block assigns it, else the
# commands that the block runs, since one of them may.
function Get-SjLazyCalls {
    param($Variable, [string]$Name)
    for ($at = $Variable.Parent; $at; $at = $at.Parent) {
        if ($at -is [System.Management.Automation.Language.FunctionDefinitionAst]) { return }
        if ($at -isnot [System.Management.Automation.Language.IfStatementAst]) { continue }
        $clause = $at.Clauses[0]
        # In the condition, not in what depends on it.
        if ($Variable.Extent.StartOffset -lt $clause.Item1.Extent.StartOffset -or $Variable.Extent.EndOffset -gt $clause.Item1.Extent.EndOffset) { continue }
        foreach ($assignment in @(Find-SjNode $clause.Item2 ([System.Management.Automation.Language.AssignmentStatementAst]))) {
            $target = Get-SjBareTarget $assignment.Left
            if ($target -is [System.Management.Automation.Language.VariableExpressionAst]) {
                $key = Get-SjVariableKey $target.VariablePath.UserPath
                if ($key -and $key.Name -eq $Name) { return $true }
            }
        }
        return @(Find-SjNode $clause.Item2 ([System.Management.Automation.Language.CommandAst]) | ForEach-Object { [string]$_.GetCommandName() } | Where-Object { $_ })
    }
}

# A function's flows, one per definition.
function Get-SjFunctionFlows {
    param($Source, [string]$Name)
    if (-not $Source.Flows.ContainsKey($Name)) { $Source.Flows[$Name] = @(foreach ($definition in @($Source.Functions[$Name])) { Get-SjFlow $Source $definition }) }
    $Source.Flows[$Name]
}

# Variables of the script that a function sets, itself or through others.
function Get-SjSets {
    param($Source, [string]$Name)
    if ($Source.Sets.ContainsKey($Name)) { return $Source.Sets[$Name] }
    $seen = @{ $Name = $true }
    $next = @($Name)
    $sets = @{}
    while ($next.Count) {
        $found = @()
        foreach ($one in $next) {
            foreach ($flow in @(Get-SjFunctionFlows $Source $one)) {
                foreach ($write in $flow.Writes) { if ($write.Scoped -and -not $write.Partial) { $sets[$write.Name] = $write.Spelled } }
                foreach ($call in $flow.Calls) { if (-not $seen.ContainsKey($call.Name)) { $seen[$call.Name] = $true; $found += $call.Name } }
            }
        }
        $next = $found
    }
    $Source.Sets[$Name] = $sets
    $sets
}

# What a function needs of the script's variables and does not set first:
# name -> {Line, Via, Members}. The text's order stands for the run's.
function Get-SjNeeds {
    param($Source, [string]$Name)
    if ($Source.Reach.ContainsKey($Name)) { return $Source.Reach[$Name] }
    $Source.Reach[$Name] = @{}
    $needs = @{}
    foreach ($flow in @(Get-SjFunctionFlows $Source $Name)) {
        $one = Get-SjFlowNeeds $Source $flow
        foreach ($key in $one.Keys) { $needs[$key] = $one[$key] }
    }
    $Source.Reach[$Name] = $needs
    $needs
}

function Get-SjFlowNeeds {
    param($Source, $Flow)
    if ($null -eq $Flow.Reads) { Add-SjReads $Source $Flow }
    $needs = @{}
    $events = @()
    foreach ($read in $Flow.Reads) {
        $lazy = $read.Lazy -eq $true -and $read.Lazy -is [bool]
        foreach ($called in @($read.Lazy | Where-Object { $_ -is [string] })) {
            $called = Resolve-SjSourceName $Source $called
            if ($Source.Functions.ContainsKey($called) -and (Get-SjSets $Source $called).ContainsKey($read.Name)) { $lazy = $true }
        }
        if ($lazy) { $events += @{ Offset = $read.Offset; Set = @($read.Name); Read = $null; Call = '' }; continue }
        if (-not $read.Scoped -and $Flow.Locals.ContainsKey($read.Name)) { continue }
        $events += @{ Offset = $read.Offset; Set = @(); Read = $read; Call = '' }
    }
    foreach ($write in $Flow.Writes) { if ($write.Scoped -and $write.Whole) { $events += @{ Offset = $write.After; Set = @($write.Name); Read = $null; Call = '' } } }
    foreach ($call in $Flow.Calls) { $events += @{ Offset = $call.Offset; Set = @(); Read = $null; Call = $call.Name } }
    $set = @{}
    foreach ($event in @($events | Sort-Object { $_.Offset })) {
        if ($event.Read) {
            $name = $event.Read.Name
            if ($set.ContainsKey($name)) { continue }
            if (-not $needs.ContainsKey($name)) { $needs[$name] = @{ Line = $event.Read.Line; Via = ''; Members = @{} } }
            $needs[$name].Members[$event.Read.Member] = $true
        }
        elseif ($event.Call) {
            $inner = Get-SjNeeds $Source $event.Call
            foreach ($name in @($inner.Keys)) {
                if ($set.ContainsKey($name)) { continue }
                # A caller's own variable is seen by what it calls.
                if ($Flow.Locals.ContainsKey($name)) { continue }
                if (-not $needs.ContainsKey($name)) { $needs[$name] = @{ Line = $inner[$name].Line; Via = $event.Call; Members = @{} } }
                foreach ($member in $inner[$name].Members.Keys) { $needs[$name].Members[$member] = $true }
            }
            foreach ($name in (Get-SjSets $Source $event.Call).Keys) { if (-not $inner.ContainsKey($name)) { $set[$name] = $true } }
        }
        foreach ($name in $event.Set) { $set[$name] = $true }
    }
    $needs
}

# The default values of the script's own parameters, which run while it loads,
# then its statements, in their order.
function Get-SjStatements {
    param($Ast, [hashtable]$Given)
    if ($Ast.ParamBlock) {
        foreach ($parameter in $Ast.ParamBlock.Parameters) {
            if (-not $parameter.DefaultValue) { continue }
            $names = @($parameter.Name.VariablePath.UserPath)
            foreach ($attribute in $parameter.Attributes) {
                if ($attribute.TypeName.Name -eq 'Alias') { $names += @($attribute.PositionalArguments | ForEach-Object { [string]$_.Value }) }
            }
            if (@($names | Where-Object { $Given.ContainsKey($_) })) { continue }
            @{ Node = $parameter.DefaultValue; Parameter = $parameter; Trap = $false }
        }
    }
    foreach ($block in @($Ast.BeginBlock, $Ast.ProcessBlock, $Ast.EndBlock)) {
        if (-not $block) { continue }
        foreach ($trap in @($block.Traps)) { if ($trap) { @{ Node = $trap; Parameter = $null; Trap = $true } } }
        foreach ($statement in @($block.Statements)) { if ($statement) { @{ Node = $statement; Parameter = $null; Trap = $false } } }
    }
}

# Goes through the script as it would run. Gives what is left out {Node, Reason,
# Line, Variables}, what is kept and runs something, and what is lost:
# variable -> {Line, Reason}.
function Resolve-SjScript {
    param($Ast, $Source, [hashtable]$Given)
    $plan = @{ Dropped = @(); Kept = @(); Lost = @{} }
    $kept = @{}
    foreach ($statement in @(Get-SjStatements $Ast $Given)) {
        $node = $statement.Node
        if ($node -is [System.Management.Automation.Language.FunctionDefinitionAst] -or $node -is [System.Management.Automation.Language.TypeDefinitionAst]) { continue }
        $flow = Get-SjFlow $Source $node
        $reason = ''
        if ($statement.Trap) { $reason = 'trap' }
        else {
            if (-not $statement.Parameter) { $reason = Get-SjEndReason $node }
            if (-not $reason) { $reason = Get-SjRunReason $Source $node }
            if (-not $reason -and $plan.Lost.Count) { $reason = Get-SjLostReason (Get-SjStatementNeeds $Source $flow) $plan.Lost }
        }
        $writes = @($flow.Writes)
        if ($statement.Parameter) { $writes += @{ Name = $statement.Parameter.Name.VariablePath.UserPath.ToLowerInvariant(); Spelled = $statement.Parameter.Name.VariablePath.UserPath; Partial = $false; Member = ''; Whole = $true } }
        $through = @{}
        foreach ($call in $flow.Calls) { $sets = Get-SjSets $Source $call.Name; foreach ($name in $sets.Keys) { $through[$name] = $sets[$name] } }
        if ($reason) {
            $line = [int]$node.Extent.StartLineNumber
            $names = @{}
            foreach ($write in $writes) {
                $name = $write.Name
                $spelled = $write.Spelled
                if ($write.Partial) {
                    if ($plan.Lost.ContainsKey($name) -or -not $write.Member) { continue }
                    $name = "$name.$($write.Member)"
                    $spelled = "$spelled.$($write.Member)"
                }
                $names[$name] = $spelled
            }
            # What a menu would set later, if a person chose so, is no part of
            # what the script starts with.
            foreach ($name in $through.Keys) { if (-not $kept.ContainsKey($name)) { $names[$name] = $through[$name] } }
            foreach ($name in $names.Keys) { if (-not $plan.Lost.ContainsKey($name)) { $plan.Lost[$name] = @{ Name = $names[$name]; Line = $line; Reason = $reason } } }
            $plan.Dropped += @{ Node = $node; Parameter = $statement.Parameter; Reason = $reason; Variables = @($names.Values | Sort-Object) }
            continue
        }
        foreach ($name in @(@($writes | Where-Object { $_.Whole } | ForEach-Object { $_.Name }) + @($through.Keys))) {
            $kept[$name] = $true
            # On a condition, nobody knows from here whether it does.
            if ($node -is [System.Management.Automation.Language.IfStatementAst] -or $node -is [System.Management.Automation.Language.LabeledStatementAst]) { continue }
            foreach ($lost in @($plan.Lost.Keys)) { if ($lost -eq $name -or $lost.StartsWith("$name.")) { $plan.Lost.Remove($lost) } }
        }
        if ($flow.Calls -or @(Find-SjNode $node ([System.Management.Automation.Language.CommandAst]))) {
            $plan.Kept += @{ Node = $node; Reason = ''; Variables = @($writes | ForEach-Object { $_.Spelled } | Sort-Object -Unique) }
        }
    }
    $plan
}

# A statement's needs: at the top level a bare name is the script's, too, unless
# the statement itself sets it first.
function Get-SjStatementNeeds {
    param($Source, $Flow)
    if ($null -eq $Flow.Reads) { Add-SjReads $Source $Flow }
    $reads = @(foreach ($read in $Flow.Reads) { $scoped = $read.Clone(); $scoped.Scoped = $true; $scoped.Lazy = $null; $scoped })
    $writes = @(foreach ($write in $Flow.Writes) { $scoped = $write.Clone(); $scoped.Scoped = $true; $scoped })
    Get-SjFlowNeeds $Source @{ Reads = $reads; Writes = $writes; Calls = $Flow.Calls; Locals = @{} }
}

# Which of the lost variables something needs: {Name, Line (where it is read),
# Via, Lost}.
function Find-SjLost {
    param($Needs, $Lost)
    foreach ($key in @($Lost.Keys | Sort-Object)) {
        $name = $key
        $member = ''
        $at = $key.IndexOf('.')
        if ($at -gt 0) { $name = $key.Substring(0, $at); $member = $key.Substring($at + 1) }
        if (-not $Needs.ContainsKey($name)) { continue }
        if ($member -and -not $Needs[$name].Members.ContainsKey($member)) { continue }
        @{ Name = $key; Line = $Needs[$name].Line; Via = $Needs[$name].Via; Lost = $Lost[$key] }
    }
}

function Get-SjLostReason {
    param($Needs, $Lost)
    foreach ($found in @(Find-SjLost $Needs $Lost)) { return "reads `$$($found.Lost.Name), which line $($found.Lost.Line) would have set" }
    ''
}

# After loading: which functions read what was lost. Over all that were loaded,
# those of helper scripts as well.
function Set-SjTaints {
    param($Source, $Lost)
    $script:Lost = $Lost
    $script:Taints = @{}
    if (-not $Lost.Count) { return }
    foreach ($function in @($script:Functions.Values)) {
        if (-not $Source.Functions.ContainsKey($function.Name)) { $Source.Functions[$function.Name] = @($function.ScriptBlock.Ast) }
    }
    # Flows that were made before the helpers were known lack calls to them.
    $Source.Flows = @{}; $Source.Reach = @{}; $Source.Sets = @{}
    $Source.Only = @{}
    foreach ($name in $Lost.Keys) { $Source.Only[($name -split '\.')[0]] = $true }
    foreach ($name in @($script:Functions.Keys)) {
        $found = @(Find-SjLost (Get-SjNeeds $Source $name) $Lost)
        if ($found) { $script:Taints[$name] = $found }
    }
    foreach ($name in @($Lost.Keys)) { $Lost[$name].Value = Get-SjLostValue $name }
}

# What a lost variable holds now.
function Get-SjLostValue {
    param([string]$Name)
    if ($Name.StartsWith('env:')) { return [System.Environment]::GetEnvironmentVariable($Name.Substring(4)) }
    $member = ''
    $at = $Name.IndexOf('.')
    if ($at -gt 0) { $member = $Name.Substring($at + 1); $Name = $Name.Substring(0, $at) }
    $value = $script:Module.SessionState.PSVariable.GetValue($Name)
    if (-not $member -or $null -eq $value) { return , $value }
    if ($value -is [System.Collections.IDictionary]) { if ($value.Contains($member)) { return , $value[$member] } }
    elseif ($value.PSObject.Properties[$member]) { return , $value.$member }
    # As the table spells it.
    if ($value -is [System.Collections.IDictionary]) { foreach ($key in $value.Keys) { if ([string]$key -eq $member) { return , $value[$key] } } }
    $null
}

# What a function reads that still lacks its value: a function that signs in may
# have set it since.
function Get-SjTaints {
    param([string]$Name)
    if (-not $script:Taints.ContainsKey($Name)) { return }
    foreach ($taint in $script:Taints[$Name]) {
        $now = Get-SjLostValue $taint.Name
        if ([object]::ReferenceEquals($now, $taint.Lost.Value) -or [object]::Equals($now, $taint.Lost.Value)) { New-SjTaint $Name $taint }
    }
}

function New-SjTaint {
    param([string]$Function, $Taint)
    [pscustomobject]@{
        function = $Function
        variable = [string]$Taint.Lost.Name
        # The statement that was left out, and where the variable is read.
        line     = [int]$Taint.Lost.Line
        reason   = [string]$Taint.Lost.Reason
        readAt   = [int]$Taint.Line
        via      = [string]$Taint.Via
    }
}
