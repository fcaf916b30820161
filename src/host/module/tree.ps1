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
# function inside $Root, or in a script block that is merely stored.
function Test-SjDeferred {
    param($Node, $Root)
    $stored = $false
    for ($at = $Node; $at -and $at -ne $Root; $at = $at.Parent) {
        if ($at -is [System.Management.Automation.Language.FunctionDefinitionAst]) { return $true }
        if ($at -is [System.Management.Automation.Language.ScriptBlockExpressionAst]) { $stored = $true }
        # An argument (ForEach-Object { }) or `{ }.Invoke()` runs now.
        elseif ($at -is [System.Management.Automation.Language.CommandAst]) { $stored = $false }
        elseif ($at -is [System.Management.Automation.Language.InvokeMemberExpressionAst]) { $stored = $false }
        elseif ($stored -and $at -is [System.Management.Automation.Language.AssignmentStatementAst]) { return $true }
    }
    $stored
}

# The statement of the top level or function body that $Node is in, for loops
# around it: whether `break` there stays inside.
function Test-SjInLoop {
    param($Node, $Root)
    for ($at = $Node.Parent; $at; $at = $at.Parent) {
        if ($at -is [System.Management.Automation.Language.LoopStatementAst] -or $at -is [System.Management.Automation.Language.SwitchStatementAst]) { return $true }
        if ($at -eq $Root) { return $false }
    }
    $false
}

# A function's name without `global:` and the like.
function Get-SjPlainName {
    param([string]$Name)
    $Name -replace '^(global|script|local|private):', ''
}

# The first line of a node's text, short.
function Get-SjFirstLine {
    param($Node)
    $text = ($Node.Extent.Text -split "\r?\n")[0].Trim()
    if ($text.Length -gt 200) { $text = $text.Substring(0, 200) }
    $text
}

# The argument of a named parameter of a command, by any of its names; $null
# when it is not there. With -Position, the nth bare argument serves, too.
function Get-SjArgument {
    param($Command, [string[]]$Names, [int]$Position = -1)
    $bare = 0
    $elements = $Command.CommandElements
    for ($i = 1; $i -lt $elements.Count; $i++) {
        $element = $elements[$i]
        if ($element -is [System.Management.Automation.Language.CommandParameterAst]) {
            $named = $Names -contains $element.ParameterName
            if ($element.Argument) { if ($named) { return $element.Argument } }
            elseif ($named) { if ($i + 1 -lt $elements.Count) { return $elements[$i + 1] } return $null }
            # Which parameters are switches nobody knows from here: a bare word
            # after one is taken for its argument.
            elseif ($i + 1 -lt $elements.Count -and $elements[$i + 1] -isnot [System.Management.Automation.Language.CommandParameterAst] -and
                $element.ParameterName -notmatch '^(Force|PassThru|AsSecureString|MaskInput|NoNewline)$') { $i++ }
            continue
        }
        if ($bare -eq $Position) { return $element }
        $bare++
    }
    $null
}
