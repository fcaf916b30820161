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

