# The host side of sentinel-jump: loads SentinelManager, guards, calls and
# probes it. For Windows PowerShell 5.1 and PowerShell 7.
#
# The text of this file is sent once per session, as a script, into a fresh
# runspace. It answers with one SentinelJump.Ready object; from then on the
# server sends only plain commands with named parameters, never script text, by
# their names in this module (`SentinelJump\Invoke-SjCall`), where nothing that the
# script defines can stand in for them:
#
#   Import-SjScript  loads the script            -> SentinelJump.LoadReport
#   Get-SjAzure      looks for the sign-in       -> SentinelJump.Azure
#   Assert-SjAzure   insists on one tenant       -> SentinelJump.Azure
#   Set-SjTarget     names the workspace         -> SentinelJump.Target
#   Invoke-SjCall    runs one function           -> SentinelJump.Begin, its output,
#                                                   SentinelJump.End
#   Get-SjProbe      describes functions         -> SentinelJump.Function
#
# Everything else lives in a module of our own, and the loaded script in
# another one that only a variable of ours refers to.
#
# Errors end the pipeline (state Failed). Their FullyQualifiedErrorId arrives
# exactly as written here, without a suffix, because they are thrown as error
# records; $PSCmdlet.ThrowTerminatingError would append the function's name
# (Seen: 'SentinelJump.X,Invoke-SjCall').
#
#   SentinelJump.ScriptMissing            no such file or module, or no source given
#   SentinelJump.HashMismatch             not the pinned bytes; nothing was parsed
#   SentinelJump.ScriptEmpty              not a byte in it
#   SentinelJump.ScriptNotText            NUL bytes in it
#   SentinelJump.ParseError               target object: the line
#   SentinelJump.LoadFailed               it ended while it loaded; target object: the line
#   SentinelJump.NoFunctions              it loaded and defines none
#   SentinelJump.ImportFailed             the engine's own words on a module
#   SentinelJump.ImportUnsupported        a module without functions
#   SentinelJump.Replaced                 something else answers to our names
#   SentinelJump.ScriptParameterMissing   mandatory parameters of the script
#   SentinelJump.ScriptParameterUnknown   parameters that the script does not have
#   SentinelJump.AlreadyLoaded            a session is for one script
#   SentinelJump.NotLoaded                a call before a script
#   SentinelJump.UnknownFunction          not a function of the script
#   SentinelJump.Tainted                  a write that reads what was left out; nothing ran
#   SentinelJump.UnknownPreference        a key of -Preference we do not set
#   SentinelJump.TargetMismatch           the guard refused; nothing ran
#   SentinelJump.AzureTenantMismatch      signed in to another tenant; nothing ran
#   SentinelJump.AzureNotSignedIn         signed in to none, or nobody can tell
#
# The script's own errors keep theirs. Those of binding its parameters have no
# suffix, since they are found before the function is entered; those of statements
# in functions without [CmdletBinding()] name our caller (Seen:
# 'RuntimeException,Invoke-SjCall').
#
# ASCII only: Windows PowerShell reads a file without BOM as ANSI, and this one
# is also opened in editors and on hosts.

$SjModule = New-Module -Name SentinelJump -ScriptBlock {

# Our own scopes, so that what a script did to the global ones does not reach
# us. Seen: under $global:ErrorActionPreference = 'SilentlyContinue' and a
# client that sets RedirectShellErrorOutputPipe, `throw` goes on with the next
# statement; in a guard that would be a write to the wrong workspace.
Set-StrictMode -Off
$ErrorActionPreference = 'Stop'

# The script's module. Not in the module table, so nobody reaches it by name.
$script:Module = $null
# Function name -> FunctionInfo; case-insensitive, as PowerShell is.
$script:Functions = @{}
# Alias of the script -> name of its function.
$script:Aliases = @{}
# Variables that only statements set which were left out: name -> {Line, Reason,
# Value}, and what functions read of them: name -> list.
$script:Lost = @{}
$script:Taints = @{}
# Runs the text of a block in the global scope. Bound there; see the end.
$script:InGlobal = $null
# The session table as loading left it.
$script:TableAtLoad = $null
# Keys of the session table that Set-SjTarget assigned; the guard insists on
# them even if the script later replaces the table by one without.
$script:TargetKeys = @()
# Where every call begins.
$script:Location = $null
# Function name -> what its syntax tree says (see Get-SjFacts).
$script:Facts = @{}

function New-SjError {
    param([string]$Id, [string]$Text, [string]$Category, $Target)
    New-Object System.Management.Automation.ErrorRecord -ArgumentList @(
        (New-Object System.InvalidOperationException -ArgumentList $Text), "SentinelJump.$Id", $Category, $Target)
}

