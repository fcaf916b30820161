# Bytes to text, as the author saw it. Never Get-Content or dot-sourcing:
# Windows PowerShell takes a file without BOM for ANSI, and then box characters
# turn into quotes and break the syntax.
function ConvertFrom-SjBytes {
    param([byte[]]$Bytes)
    $n = $Bytes.Length
    if ($n -ge 3 -and $Bytes[0] -eq 0xEF -and $Bytes[1] -eq 0xBB -and $Bytes[2] -eq 0xBF) {
        return @{ Name = 'utf-8-bom'; Text = [System.Text.Encoding]::UTF8.GetString($Bytes, 3, $n - 3) }
    }
    # Before UTF-16, whose mark it begins with.
    if ($n -ge 4 -and $Bytes[0] -eq 0xFF -and $Bytes[1] -eq 0xFE -and $Bytes[2] -eq 0 -and $Bytes[3] -eq 0) {
        return @{ Name = 'utf-32le'; Text = [System.Text.Encoding]::UTF32.GetString($Bytes, 4, $n - 4) }
    }
    if ($n -ge 4 -and $Bytes[0] -eq 0 -and $Bytes[1] -eq 0 -and $Bytes[2] -eq 0xFE -and $Bytes[3] -eq 0xFF) {
        return @{ Name = 'utf-32be'; Text = [System.Text.Encoding]::GetEncoding('utf-32BE').GetString($Bytes, 4, $n - 4) }
    }
    if ($n -ge 2 -and $Bytes[0] -eq 0xFF -and $Bytes[1] -eq 0xFE) {
        return @{ Name = 'utf-16le'; Text = [System.Text.Encoding]::Unicode.GetString($Bytes, 2, $n - 2) }
    }
    if ($n -ge 2 -and $Bytes[0] -eq 0xFE -and $Bytes[1] -eq 0xFF) {
        return @{ Name = 'utf-16be'; Text = [System.Text.Encoding]::BigEndianUnicode.GetString($Bytes, 2, $n - 2) }
    }
    # UTF-16 and UTF-32 without a mark would parse as a script of nothing.
    if ([System.Array]::IndexOf($Bytes, [byte]0) -ge 0) { throw (New-SjError 'ScriptNotText' 'the file has NUL bytes: save it as UTF-8, or as UTF-16 with a byte order mark' 'ParserError' $null) }
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

# Overwrites what is left out (statements, default values of parameters with
# their `=`) by blanks and repaired expressions by their equivalent. Lengths and line ends stay, so comments, help, `using`, param()
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
        $from = $drop.Node.Extent.StartOffset
        if ($drop.Parameter) { $from = $drop.Parameter.Name.Extent.EndOffset }
        for ($i = $from; $i -lt $drop.Node.Extent.EndOffset; $i++) {
            if ($chars[$i] -ne "`r" -and $chars[$i] -ne "`n") { $chars[$i] = ' ' }
        }
    }
    New-Object System.String -ArgumentList @(, $chars)
}

