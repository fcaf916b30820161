# ---- asking places -----------------------------------------------------------

# Where a function may ask, itself and through every call to one that does: each
# call is a place of its own. What the question will say is given in parts, so
# that the server can hold the question that comes against the one that is meant.

function New-SjPart {
    param([string]$Kind, [string]$Text)
    [pscustomobject]@{ kind = $Kind; text = $Text }
}

# A text in the source, without its escapes.
function Get-SjUnescaped {
    param([string]$Text)
    $plain = New-Object System.Text.StringBuilder
    for ($i = 0; $i -lt $Text.Length; $i++) {
        $c = $Text[$i]
        if ($c -eq '"' -and $i + 1 -lt $Text.Length -and $Text[$i + 1] -eq '"') { $i++ }
        elseif ($c -eq '`' -and $i + 1 -lt $Text.Length) {
            $i++
            $c = $Text[$i]
            if ($c -ceq 'n') { $c = "`n" } elseif ($c -ceq 'r') { $c = "`r" } elseif ($c -ceq 't') { $c = "`t" }
        }
        $null = $plain.Append($c)
    }
    $plain.ToString()
}

# What an expression will say: literal texts, variables (with their members), and
# others, which cannot be told from here.
function Get-SjParts {
    param($Node)
    if ($null -eq $Node) { return }
    if ($Node -is [System.Management.Automation.Language.ExpandableStringExpressionAst]) { return (Get-SjExpandableParts $Node) }
    if ($Node -is [System.Management.Automation.Language.ConstantExpressionAst]) { if ([string]$Node.Value) { New-SjPart 'literal' ([string]$Node.Value) } return }
    if ($Node -is [System.Management.Automation.Language.VariableExpressionAst]) { return (New-SjPart 'variable' $Node.VariablePath.UserPath) }
    if ($Node -is [System.Management.Automation.Language.ParenExpressionAst] -or $Node -is [System.Management.Automation.Language.SubExpressionAst]) {
        $inner = Get-SjOnlyExpression $Node
        if ($inner) { return (Get-SjParts $inner) }
    }
    elseif ($Node -is [System.Management.Automation.Language.ConvertExpressionAst]) { return (Get-SjParts $Node.Child) }
    elseif ($Node -is [System.Management.Automation.Language.BinaryExpressionAst] -and $Node.Operator -eq 'Plus') {
        Get-SjParts $Node.Left
        Get-SjParts $Node.Right
        return
    }
    elseif ($Node -is [System.Management.Automation.Language.BinaryExpressionAst] -and $Node.Operator -eq 'Format') {
        $format = @(Get-SjParts $Node.Left)
        if ($format.Count -eq 1 -and $format[0].kind -eq 'literal') { return (Get-SjFormatParts $format[0].text $Node.Right) }
    }
    elseif ($Node -is [System.Management.Automation.Language.MemberExpressionAst] -and $Node -isnot [System.Management.Automation.Language.InvokeMemberExpressionAst] -and -not $Node.Static) {
        $base = @(Get-SjParts $Node.Expression)
        if ($base.Count -eq 1 -and $base[0].kind -eq 'variable' -and $Node.Member -is [System.Management.Automation.Language.StringConstantExpressionAst]) {
            return (New-SjPart 'variable' "$($base[0].text).$($Node.Member.Value)")
        }
    }
    New-SjPart 'other' $Node.Extent.Text
}

# The one expression in parentheses or `$( )`; nothing when there is more.
function Get-SjOnlyExpression {
    param($Node)
    $pipeline = $Node.Pipeline
    if ($Node -is [System.Management.Automation.Language.SubExpressionAst]) {
        if ($Node.SubExpression.Statements.Count -ne 1) { return }
        $pipeline = $Node.SubExpression.Statements[0]
    }
    if ($pipeline -isnot [System.Management.Automation.Language.PipelineAst] -or $pipeline.PipelineElements.Count -ne 1) { return }
    if ($pipeline.PipelineElements[0] -is [System.Management.Automation.Language.CommandExpressionAst]) { $pipeline.PipelineElements[0].Expression }
}

function Get-SjExpandableParts {
    param($Node)
    $text = $Node.Extent.Text
    $from = 1
    $to = $text.Length - 1
    # Of a here-string the text stands between two lines of its marks.
    if ($text -match '^@"[^\r\n]*\r?\n') { $from = $Matches[0].Length; $to = $text.Length - 2; while ($to -gt $from -and "`r`n".IndexOf($text[$to - 1]) -ge 0) { $to-- } }
    elseif ($text[0] -ne '"') { $from = 0; $to = $text.Length }
    foreach ($nested in @($Node.NestedExpressions | Sort-Object { $_.Extent.StartOffset })) {
        $start = $nested.Extent.StartOffset - $Node.Extent.StartOffset
        if ($start -gt $from) { New-SjPart 'literal' (Get-SjUnescaped $text.Substring($from, $start - $from)) }
        Get-SjParts $nested
        $from = $nested.Extent.EndOffset - $Node.Extent.StartOffset
    }
    if ($to -gt $from) { New-SjPart 'literal' (Get-SjUnescaped $text.Substring($from, $to - $from)) }
}

function Get-SjFormatParts {
    param([string]$Format, $Values)
    $items = @($Values)
    if ($Values -is [System.Management.Automation.Language.ParenExpressionAst]) { $inner = Get-SjOnlyExpression $Values; if ($inner) { $items = @($inner) } }
    if ($items[0] -is [System.Management.Automation.Language.ArrayLiteralAst]) { $items = @($items[0].Elements) }
    $from = 0
    foreach ($match in [regex]::Matches($Format, '\{(\d+)([^}]*)\}')) {
        if ($match.Index -gt $from) { New-SjPart 'literal' $Format.Substring($from, $match.Index - $from) }
        $n = [int]$match.Groups[1].Value
        # With a width or a format of its own nobody can hold it against a value.
        if ($n -lt $items.Count -and -not $match.Groups[2].Value) { Get-SjParts $items[$n] } else { New-SjPart 'other' $match.Value }
        $from = $match.Index + $match.Length
    }
    if ($from -lt $Format.Length) { New-SjPart 'literal' $Format.Substring($from) }
}

# A place of a function's own, from its facts.
function New-SjPlace {
    param([string]$Function, $Ask)
    $caption = @()
    $parts = @()
    $secure = $false
    $node = $Ask.node
    if ($Ask.kind -eq 'Read-Host') {
        $parts = @(Get-SjParts (Get-SjArgument $node 'Prompt' 0))
        foreach ($element in $node.CommandElements) { if ($element -is [System.Management.Automation.Language.CommandParameterAst] -and $element.ParameterName -match '^(A|M)') { $secure = $true } }
    }
    elseif ($Ask.kind -eq 'PromptForChoice') {
        $caption = @(Get-SjParts $node.Arguments[0])
        $parts = @(Get-SjParts $node.Arguments[1])
    }
    elseif ($Ask.kind -eq 'ShouldContinue') {
        $caption = @(Get-SjParts $node.Arguments[1])
        $parts = @(Get-SjParts $node.Arguments[0])
    }
    else { $parts = @(New-SjPart 'other' $Ask.text) }
    $guard = Get-SjGuard $node $Function
    @{ Function = $Function; Kind = $Ask.kind; Line = $Ask.line; Secure = $secure; Caption = $caption; Parts = $parts; Unless = $guard.Names; Sure = $guard.Sure }
}

# A test of whether parameters are given: their names, and whether it tests
# nothing else.
function New-SjTest {
    param([string[]]$Names, [bool]$Sure = $true)
    @{ Names = [string[]]@($Names | Where-Object { $_ }); Sure = $Sure }
}

function Join-SjTest {
    param($One, $Other)
    New-SjTest (@($One.Names) + @($Other.Names)) ($One.Sure -and $Other.Sure)
}

# What is in parentheses, casts and pipelines of one.
function Get-SjBare {
    param($Node)
    while ($true) {
        if ($Node -is [System.Management.Automation.Language.PipelineAst] -and $Node.PipelineElements.Count -eq 1) { $Node = $Node.PipelineElements[0] }
        elseif ($Node -is [System.Management.Automation.Language.CommandExpressionAst]) { $Node = $Node.Expression }
        elseif ($Node -is [System.Management.Automation.Language.ParenExpressionAst]) { $Node = $Node.Pipeline }
        elseif ($Node -is [System.Management.Automation.Language.ConvertExpressionAst]) { $Node = $Node.Child }
        else { return $Node }
    }
}

# The parameter that an expression is; '' when it is none.
function Get-SjParameterOf {
    param($Node, [string[]]$Known)
    $Node = Get-SjBare $Node
    if ($Node -is [System.Management.Automation.Language.VariableExpressionAst] -and $Known -contains $Node.VariablePath.UserPath) { return $Node.VariablePath.UserPath }
    ''
}

# The parameters of which an expression holds only where none is given, or with
# -Given: which holds wherever one is.
function Get-SjTest {
    param($Node, [string[]]$Known, [switch]$Given)
    $Node = Get-SjBare $Node
    if ($Node -is [System.Management.Automation.Language.UnaryExpressionAst] -and [string]$Node.TokenKind -match '^(Not|Exclaim)$') { return (Get-SjTest $Node.Child $Known -Given:(-not $Given)) }
    if ($Node -is [System.Management.Automation.Language.BinaryExpressionAst]) {
        $operator = [string]$Node.Operator
        if ($operator -eq $(if ($Given) { 'Or' } else { 'And' })) { return (Join-SjTest (Get-SjTest $Node.Left $Known -Given:$Given) (Get-SjTest $Node.Right $Known -Given:$Given)) }
        if ($operator -match $(if ($Given) { '^[IC]ne$' } else { '^[IC]eq$' })) {
            $left = Get-SjParameterOf $Node.Left $Known
            $right = Get-SjParameterOf $Node.Right $Known
            if ($left -and (Test-SjNothing $Node.Right)) { return (New-SjTest $left) }
            if ($right -and (Test-SjNothing $Node.Left)) { return (New-SjTest $right) }
        }
    }
    elseif ($Node -is [System.Management.Automation.Language.InvokeMemberExpressionAst]) {
        $member = [string]$Node.Member.Value
        $name = ''
        if (-not $Given -and $Node.Static -and $member -match '^IsNullOr(Empty|WhiteSpace)$') { $name = Get-SjParameterOf $Node.Arguments[0] $Known }
        elseif ($Given -and $member -eq 'ContainsKey' -and $Node.Expression.Extent.Text -eq '$PSBoundParameters') { $name = @($Known | Where-Object { $_ -eq [string]$Node.Arguments[0].Value })[0] }
        if ($name) { return (New-SjTest $name) }
    }
    elseif ($Given) {
        if ($Node -is [System.Management.Automation.Language.MemberExpressionAst] -and [string]$Node.Member.Value -eq 'IsPresent') { $Node = $Node.Expression }
        $name = Get-SjParameterOf $Node $Known
        if ($name) { return (New-SjTest $name) }
    }
    New-SjTest @() $false
}

function Test-SjNothing {
    param($Node)
    ($Node -is [System.Management.Automation.Language.StringConstantExpressionAst] -and $Node.Value -eq '') -or $Node.Extent.Text -eq '$null'
}

# Without which parameters of its function a node is reached only, by the
# conditions around it: any of them that is given leads past it. Sure: nothing
# else around it decides.
function Get-SjGuard {
    param($Node, [string]$Function)
    $known = [string[]]@(Get-SjParameterNames $script:Functions[$Function])
    $guard = New-SjTest @()
    $root = $script:Functions[$Function].ScriptBlock.Ast
    $from = $Node
    for ($at = $Node.Parent; $at -and $at -ne $root; $at = $at.Parent) {
        if ($at -is [System.Management.Automation.Language.IfStatementAst]) {
            $first = $at.Clauses[0]
            if ($from -eq $first.Item2) { $guard = Join-SjTest $guard (Get-SjTest $first.Item1 $known) }
            elseif ($from -eq $at.ElseClause -and $at.Clauses.Count -eq 1) { $guard = Join-SjTest $guard (Get-SjTest $first.Item1 $known -Given) }
            elseif ($from -ne $first.Item1) { $guard.Sure = $false }
        }
        elseif ($at -is [System.Management.Automation.Language.BinaryExpressionAst] -and $from -eq $at.Right -and [string]$at.Operator -match '^(And|Or)$') {
            $guard = Join-SjTest $guard (Get-SjTest $at.Left $known -Given:([string]$at.Operator -eq 'Or'))
        }
        elseif ($at -is [System.Management.Automation.Language.LoopStatementAst] -or $at -is [System.Management.Automation.Language.SwitchStatementAst] -or
            $at -is [System.Management.Automation.Language.TryStatementAst] -or $at -is [System.Management.Automation.Language.ScriptBlockExpressionAst]) { $guard.Sure = $false }
        $from = $at
    }
    $guard
}

# Chosen: more than anybody would answer, and a bound for functions that call
# each other.
$script:MostPlaces = 20

function Find-SjPlaces {
    param([string]$Name, [string[]]$Above)
    if ($Above -contains $Name) { return }
    $facts = Get-SjFacts $Name
    foreach ($ask in $facts.Asks) { New-SjPlace $Name $ask }
    foreach ($site in $facts.Sites) {
        $reach = Get-SjFacts $site.Name
        if (-not $reach.Asks.Count -and -not $reach.Sites.Count) { continue }
        $guard = Get-SjGuard $site.Node $Name
        foreach ($place in @(Find-SjPlaces $site.Name ($Above + $Name) | Select-Object -First $script:MostPlaces)) {
            $place.Caption = @(Resolve-SjParts $place.Caption $site)
            $place.Parts = @(Resolve-SjParts $place.Parts $site)
            # What the function called tests are its own parameters.
            $place.Sure = $guard.Sure -and $place.Sure -and -not $place.Unless
            $place.Unless = $guard.Names
            $place
        }
    }
}

# The parts that are parameters of the function called, as the call gives them.
function Resolve-SjParts {
    param($Parts, $Site)
    $position = -1
    $declared = @{}
    foreach ($parameter in @(Get-SjParameterNodes $script:Functions[$Site.Name])) {
        $position++
        $declared[$parameter.Name.VariablePath.UserPath] = @{ Position = $position; Default = $parameter.DefaultValue }
    }
    foreach ($part in @($Parts)) {
        if ($part.kind -ne 'variable' -or -not $declared.ContainsKey($part.text)) { $part; continue }
        $given = Get-SjArgument $Site.Node $part.text $declared[$part.text].Position
        if ($given) { Get-SjParts $given }
        elseif ($declared[$part.text].Default) { Get-SjParts $declared[$part.text].Default }
        else { New-SjPart 'other' $part.text }
    }
}

function Get-SjPlaces {
    param([string]$Name)
    foreach ($place in @(Find-SjPlaces $Name @() | Select-Object -First $script:MostPlaces)) {
        [pscustomobject]@{
            function = $place.Function
            kind     = $place.Kind
            line     = [int]$place.Line
            secure   = [bool]$place.Secure
            caption  = [object[]]@($place.Caption)
            parts    = [object[]]@($place.Parts)
            unless   = [string[]]@($place.Unless)
            sure     = [bool]$place.Sure
        }
    }
}
