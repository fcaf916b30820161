Export-ModuleMember -Function Import-SjScript, Get-SjAzure, Assert-SjAzure, Set-SjTarget, Invoke-SjCall, Get-SjProbe
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
