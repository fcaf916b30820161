# ---- probe -----------------------------------------------------------------

# What a function's own syntax tree says, without what it calls. Kept: the
# closure over calls asks for the same functions again and again.
function Get-SjFacts {
    param([string]$Name)
    if ($script:Facts.ContainsKey($Name)) { return $script:Facts[$Name] }
    $ast = $script:Functions[$Name].ScriptBlock.Ast
    $facts = @{ Asks = @(); Exits = $false; WritesHost = $false; Returns = $false; Console = $false; Session = $false; Progress = $false; EndsProcess = $false; Calls = @{}; Sites = @(); Commands = @{} }
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
    [pscustomobject]@{ kind = $Kind; text = $Text; line = [int]$Node.Extent.StartLineNumber; node = $Node }
}

function Add-SjCommandFact {
    param($Facts, $Node)
    $command = $Node.GetCommandName()
    if (-not $command) { return }
    $command = $command -replace '^.*\\', ''
    $own = Resolve-SjFunction $command
    if ($own) {
        $Facts.Calls[$own] = $true
        $Facts.Sites += @{ Name = $own; Node = $Node }
        if ($command -eq 'Get-SentinelSession') { $Facts.Session = $true }
        return
    }
    $Facts.Commands[$command] = $true
    # The arguments as they stand in the source; the question is among them.
    $text = (@($Node.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.Extent.Text }) -join ' ')
    if ($command -match '^(Read-Host|Get-Credential|pause|Out-GridView)$') { $Facts.Asks += New-SjAsk $command $text $Node }
    elseif ($command -match '^(Write-Host|Out-Host|oh)$') { $Facts.WritesHost = $true }
    elseif ($command -eq 'Write-Progress') { $Facts.Progress = $true }
    elseif ($command -match '^(Stop-Process|kill|spps)$' -and $text -match '\$PID\b') { $Facts.EndsProcess = $true }
}

function Add-SjMemberFact {
    param($Facts, $Node)
    $member = [string]$Node.Member.Value
    if ($Node.Expression.Extent.Text -match 'Environment\]$' -and $member -match '^(Exit|FailFast)$') { $Facts.EndsProcess = $true }
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
        if (-not (Resolve-SjFunction $one)) { throw (New-SjError 'UnknownFunction' "the script has no function $one" 'ObjectNotFound' $one) }
    }
    foreach ($one in $Name) { Get-SjFunctionProbe $script:Functions[(Resolve-SjFunction $one)] }
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
    $endsProcess = $facts.EndsProcess
    foreach ($called in $reach) {
        $inner = $script:Facts[$called]
        if ($inner.Asks.Count) { $asksVia += $called }
        if ($inner.Exits) { $exitsVia += $called }
        if ($inner.Session) { $session = $true }
        if ($inner.Progress) { $progress = $true }
        if ($inner.EndsProcess) { $endsProcess = $true }
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
        asks          = [object[]]@($facts.Asks | Select-Object -Property kind, text, line)
        asksVia       = [string[]]$asksVia
        places        = [object[]]@(Get-SjPlaces $Function.Name)
        exits         = $facts.Exits
        exitsVia      = [string[]]$exitsVia
        endsProcess   = $endsProcess
        writesHost    = $facts.WritesHost
        returns       = $facts.Returns
        console       = $facts.Console
        session       = $session
        progress      = $progress
        calls         = [string[]]@($facts.Calls.Keys | Sort-Object)
        commands      = [string[]]@($facts.Commands.Keys | Sort-Object)
        tainted       = [object[]]@(if ($script:Taints.ContainsKey($Function.Name)) { foreach ($taint in $script:Taints[$Function.Name]) { New-SjTaint $Function.Name $taint } })
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
        enumeration     = $rules.Enumeration
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
    $rules = @{ Set = @(); Range = $null; Pattern = ''; Length = $null; Enumeration = $false }
    $type = $Meta.ParameterType
    if ($type.IsArray) { $type = $type.GetElementType() }
    $inner = [System.Nullable]::GetUnderlyingType($type)
    if ($inner) { $type = $inner }
    if ($type.IsEnum) {
        $rules.Set = [System.Enum]::GetNames($type)
        $rules.Enumeration = $true
    }
    foreach ($attribute in $Meta.Attributes) {
        # A set made by a class of the script is asked for its values here.
        if ($attribute -is [System.Management.Automation.ValidateSetAttribute]) { $rules.Set = @($attribute.ValidValues) }
        elseif ($attribute -is [System.Management.Automation.ValidateRangeAttribute]) { $rules.Range = [pscustomobject]@{ min = $attribute.MinRange; max = $attribute.MaxRange } }
        elseif ($attribute -is [System.Management.Automation.ValidateLengthAttribute]) { $rules.Length = [pscustomobject]@{ min = $attribute.MinLength; max = $attribute.MaxLength } }
        elseif ($attribute -is [System.Management.Automation.ValidatePatternAttribute]) { $rules.Pattern = [string]$attribute.RegexPattern }
    }
    $rules
}

