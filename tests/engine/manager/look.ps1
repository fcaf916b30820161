# What a PowerShell file says by its syntax tree: findings that Windows PowerShell
# 5.1 would not take, and the names of all that it calls.
param([string]$Name, [string]$Text)
$tokens = $null
$errors = $null
$ast = [System.Management.Automation.Language.Parser]::ParseInput($Text, [ref]$tokens, [ref]$errors)
$found = New-Object System.Collections.ArrayList
$names = New-Object System.Collections.ArrayList
function Add-Finding { param($Node, [string]$What) $null = $found.Add("$($Name):$($Node.Extent.StartLineNumber) $What") }
foreach ($problem in $errors) { $null = $found.Add("$($Name):$($problem.Extent.StartLineNumber) $($problem.Message)") }
foreach ($token in $tokens) {
    if (@('AndAnd', 'OrOr', 'QuestionQuestion', 'QuestionQuestionEquals', 'QuestionDot', 'QuestionLBracket', 'QuestionMark', 'Clean') -contains [string]$token.Kind) {
        # `?` is Where-Object, and `clean` may be a word.
        if (@('QuestionMark', 'Clean') -notcontains [string]$token.Kind) { $null = $found.Add("$($Name):$($token.Extent.StartLineNumber) $($token.Text)") }
    }
    if ($token -is [System.Management.Automation.Language.StringExpandableToken] -and $token.Text -match '(?<!`)(``)*`[eu]\{?') { $null = $found.Add("$($Name):$($token.Extent.StartLineNumber) an escape of 7 only") }
}
foreach ($node in $ast.FindAll({ $true }, $true)) {
    $kind = $node.GetType().Name
    if ($kind -eq 'TernaryExpressionAst' -or $kind -eq 'PipelineChainAst') { Add-Finding $node $kind }
    if ($node -is [System.Management.Automation.Language.ScriptBlockAst] -and $node.CleanBlock) { Add-Finding $node 'clean' }
    if ($node -is [System.Management.Automation.Language.MemberExpressionAst] -and $node.NullConditional) { Add-Finding $node '?.' }
    if ($node -is [System.Management.Automation.Language.PipelineAst] -and $node.Background) { Add-Finding $node '&' }
    if ($node -is [System.Management.Automation.Language.CommandAst]) {
        $command = $node.GetCommandName()
        if ($command -and $command -notmatch '-S[mj][A-Z]') { $null = $names.Add("command $command") }
        foreach ($element in $node.CommandElements) {
            if ($element -is [System.Management.Automation.Language.CommandParameterAst]) {
                if (@('Parallel', 'AsHashtable', 'AsByteStream', 'AsUTC', 'NoProxy', 'DateKind', 'Leaf-Base', 'SkipHttpErrorCheck') -contains $element.ParameterName) { Add-Finding $node "-$($element.ParameterName)" }
                if ($command -and $command -notmatch '-S[mj][A-Z]') { $null = $names.Add("parameter $command -$($element.ParameterName)") }
            }
        }
        if ($command -eq 'New-Object' -and $node.CommandElements.Count -gt 1) { $null = $names.Add("type $($node.CommandElements[1].Extent.Text)") }
    }
    if ($node -is [System.Management.Automation.Language.TypeExpressionAst] -or $node -is [System.Management.Automation.Language.TypeConstraintAst]) { $null = $names.Add("type $($node.TypeName.FullName)") }
    if ($node -is [System.Management.Automation.Language.MemberExpressionAst]) {
        $member = $node.Member.Extent.Text
        $call = ''
        if ($node -is [System.Management.Automation.Language.InvokeMemberExpressionAst]) { $call = '()' }
        if ($node.Static -and $node.Expression -is [System.Management.Automation.Language.TypeExpressionAst]) { $null = $names.Add("static [$($node.Expression.TypeName.FullName)]::$member$call") }
        else { $null = $names.Add("member .$member$call") }
    }
    # A parameter keeps its attributes: an assignment that they do not allow fails
    # when it is reached.
    if ($node -is [System.Management.Automation.Language.FunctionDefinitionAst] -and $node.Body.ParamBlock) {
        $own = @($node.Body.ParamBlock.Parameters | Where-Object { @($_.Attributes | Where-Object { $_ -is [System.Management.Automation.Language.AttributeAst] }).Count } | ForEach-Object { $_.Name.VariablePath.UserPath })
        foreach ($assignment in $node.Body.FindAll({ param($one) $one -is [System.Management.Automation.Language.AssignmentStatementAst] }, $true)) {
            foreach ($variable in $assignment.Left.FindAll({ param($one) $one -is [System.Management.Automation.Language.VariableExpressionAst] }, $false)) {
                if ($variable.Parent -is [System.Management.Automation.Language.MemberExpressionAst] -or $variable.Parent -is [System.Management.Automation.Language.IndexExpressionAst]) { continue }
                if ($own -contains $variable.VariablePath.UserPath) { Add-Finding $assignment "assigns its parameter $($variable.VariablePath.UserPath)" }
            }
        }
        foreach ($loop in $node.Body.FindAll({ param($one) $one -is [System.Management.Automation.Language.ForEachStatementAst] }, $true)) {
            if ($own -contains $loop.Variable.VariablePath.UserPath) { Add-Finding $loop "loops over its parameter $($loop.Variable.VariablePath.UserPath)" }
        }
    }
    # What a function reads of the module must be set there.
    if ($node -is [System.Management.Automation.Language.CommandAst] -and [string]$node.GetCommandName() -match '-Sm[A-Z]') { $null = $names.Add("own $($node.GetCommandName())") }
    if ($node -is [System.Management.Automation.Language.FunctionDefinitionAst]) { $null = $names.Add("defines $($node.Name)") }
}
[pscustomobject]@{ found = [string[]]$found.ToArray([string]); names = [string[]]@($names | Sort-Object -Unique) }
