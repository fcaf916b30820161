Export-ModuleMember -Function Import-SjScript, Get-SjAzure, Assert-SjAzure, Set-SjTarget, Invoke-SjCall, Get-SjProbe
}

# In the module table and for good: the server calls `SentinelJump\Invoke-SjCall`,
# which finds the functions of this module whatever aliases, functions and modules
# the script makes or removes.
$SjModule.AccessMode = 'Constant'
Import-Module -ModuleInfo $SjModule -Global -DisableNameChecking
& $SjModule { $script:InGlobal = $args[0] } { . ([scriptblock]::Create($args[0])) $args[1] }
Remove-Variable -Name SjModule

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
