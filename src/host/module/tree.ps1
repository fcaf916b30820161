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

