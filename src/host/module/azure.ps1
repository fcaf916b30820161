# ---- sign-in to Azure -------------------------------------------------------

# Tenants that share a host share its profile, and az keeps its sign-in there.
# Expanded, because only the host knows its folders; a relative path begins in
# the profile's local application data.
function Set-SjAzureConfigDir {
    param([string]$Path)
    $folder = [System.Environment]::ExpandEnvironmentVariables($Path)
    if (-not [System.IO.Path]::IsPathRooted($folder)) {
        $local = [System.Environment]::GetFolderPath([System.Environment+SpecialFolder]::LocalApplicationData, [System.Environment+SpecialFolderOption]::DoNotVerify)
        if (-not $local) { throw (New-SjError 'NoProfile' 'the account has no folder for application data' 'ObjectNotFound' $Path) }
        $folder = [System.IO.Path]::Combine($local, $folder)
    }
    $null = [System.IO.Directory]::CreateDirectory($folder)
    $env:AZURE_CONFIG_DIR = $folder
}

# The Az modules keep their contexts in the profile, too. Those that the script
# has loaded stop that; where it loads them later, its sign-ins are for this
# process only. Chosen: loading them here would cost every session half a minute.
function Set-SjAzProcessScope {
    & $script:Module {
        if ($PSDefaultParameterValues -is [System.Collections.IDictionary]) {
            foreach ($SjName in 'Connect-AzAccount:Scope', 'Set-AzContext:Scope', 'Select-AzContext:Scope') {
                if (-not $PSDefaultParameterValues.Contains($SjName)) { $PSDefaultParameterValues[$SjName] = 'Process' }
            }
        }
        if (Get-Module -Name Az.Accounts) { $null = Disable-AzContextAutosave -Scope Process -WarningAction SilentlyContinue }
    }
}

# What az and Az say when a WinRM logon cannot open their token cache: a network
# logon has no DPAPI key, so what works over RDP fails here. Seen in
# azure-cli#20695, #21010, #20231, #22613 and azure-powershell#13691, #8726.
$script:NoTokenCache = 'WinError 5\]|-2146892987|-2146893813|0x80090345|0x8009000B|Key not valid for use in specified state|Persistence check failed|DPAPI'
$script:SignedOut = 'az login|Connect-AzAccount|Login-AzAccount|AADSTS|No subscription found|no Azure context'

function New-SjSignIn {
    param([string]$Via, $SignedIn, [string]$Tenant, [string]$Problem)
    $id = ''
    if ($Problem.Length -gt 2000) { $Problem = $Problem.Substring(0, 2000) }
    if ($Problem -match $script:NoTokenCache) { $id = 'SentinelJump.NoTokenCache' }
    elseif ($Problem -match $script:SignedOut) { $id = 'SentinelJump.AzureSignedOut' }
    elseif ($Problem) { $id = 'SentinelJump.AzureFailed' }
    [pscustomobject]@{
        PSTypeName = 'SentinelJump.Azure'
        signedIn   = $SignedIn
        via        = $Via
        tenant     = $Tenant
        problem    = $Problem
        problemId  = $id
    }
}

# Runs az: Ok, Text (what it said instead), Json. Never under Stop: Windows
# PowerShell then ends at the first line on standard error, a warning or not.
function Invoke-SjAz {
    param($Az, [string[]]$Arguments)
    $ErrorActionPreference = 'Continue'
    $PSNativeCommandUseErrorActionPreference = $false
    $said = New-Object System.Collections.ArrayList
    $out = New-Object System.Collections.ArrayList
    foreach ($line in @(& $Az @Arguments '--only-show-errors' '--output' 'json' 2>&1)) {
        if ($line -is [System.Management.Automation.ErrorRecord]) { $null = $said.Add([string]$line) } else { $null = $out.Add([string]$line) }
    }
    if ($global:LASTEXITCODE -ne 0) {
        $text = ($said -join "`n").Trim()
        if (-not $text) { $text = "az ended with exit code $($global:LASTEXITCODE)" }
        return @{ Ok = $false; Text = $text; Json = $null }
    }
    $json = $null
    try { $json = ConvertFrom-Json ($out -join "`n") } catch { $json = $null }
    @{ Ok = $true; Text = ''; Json = $json }
}

# The sign-in of the Azure CLI; nothing where there is no az. `account show`
# reads a plain file, so it cannot tell whether a token can be had; -Token asks
# for one, and what comes never leaves this function.
function Get-SjCliSignIn {
    param([bool]$Token)
    $az = @(Get-Command -Name az -CommandType Application -ErrorAction SilentlyContinue)
    if (-not $az) { return }
    $shown = Invoke-SjAz $az[0] @('account', 'show')
    if (-not $shown.Ok) { return (New-SjSignIn 'az' $false '' $shown.Text) }
    $tenant = [string]$shown.Json.tenantId
    if ($Token -or -not $tenant) {
        $asked = Invoke-SjAz $az[0] @('account', 'get-access-token')
        if (-not $asked.Ok) { return (New-SjSignIn 'az' $false $tenant $asked.Text) }
        if (-not $tenant) { $tenant = [string]$asked.Json.tenant }
    }
    New-SjSignIn 'az' $true $tenant ''
}

# The sign-in of the Az modules, as the script's module sees them; nothing where
# there are none. -Load imports them when they are only installed.
function Get-SjAzSignIn {
    param([bool]$Load, [bool]$Token)
    $look = {
        param([bool]$SjLoad, [bool]$SjToken)
        $ErrorActionPreference = 'Stop'
        if (-not (Get-Module -Name Az.Accounts)) {
            if (-not $SjLoad -or -not (Get-Module -ListAvailable -Name Az.Accounts)) { return }
            Import-Module -Name Az.Accounts -Global -DisableNameChecking -WarningAction SilentlyContinue
        }
        # Contexts of another session on this host are not ours.
        $null = Disable-AzContextAutosave -Scope Process -WarningAction SilentlyContinue
        $context = Get-AzContext -WarningAction SilentlyContinue
        if ($null -eq $context) { return @{ Context = $null } }
        if ($SjToken) { $null = Get-AzAccessToken -WarningAction SilentlyContinue }
        @{ Context = $context }
    }
    try {
        if ($script:Module) { $found = & $script:Module $look $Load $Token }
        else { $found = & $look $Load $Token }
    }
    catch { return (New-SjSignIn 'Az' $false '' ([string]$_.Exception.Message)) }
    if (-not $found) { return }
    if (-not $found.Context) { return (New-SjSignIn 'Az' $false '' 'no Azure context; run Connect-AzAccount') }
    New-SjSignIn 'Az' $true ([string]$found.Context.Tenant.Id) ''
}

# Whether this session is signed in to Azure, and where: by az, else by the Az
# modules. `signedIn` is $null where the host has neither.
function Get-SjAzure {
    [CmdletBinding()]
    param([switch]$Token)
    $cli = Get-SjCliSignIn ([bool]$Token)
    if ($cli -and $cli.signedIn) { return $cli }
    $module = Get-SjAzSignIn $true ([bool]$Token)
    if ($module -and ($module.signedIn -or -not $cli)) { return $module }
    if ($cli) { return $cli }
    New-SjSignIn '' $null '' ''
}

# Ends the pipeline unless this session is signed in to $Tenant. Both sign-ins
# are looked at: nobody knows which one a function of the script will use. What
# is not loaded has no context; -Load loads the Az modules all the same where az
# is not signed in.
function Assert-SjAzure {
    [CmdletBinding()]
    param([string]$Tenant, [switch]$Load)
    $cli = Get-SjCliSignIn $false
    $module = Get-SjAzSignIn ($Load -and -not ($cli -and $cli.signedIn)) $false
    $all = @(@($cli, $module) | Where-Object { $_ })
    $in = @($all | Where-Object { $_.signedIn })
    if (-not $in) {
        $said = 'there is neither az nor an Az module that could tell'
        if ($all) { $said = ($all | ForEach-Object { "$($_.via): $($_.problem)" }) -join "`n" }
        throw (New-SjError 'AzureNotSignedIn' $said 'AuthenticationError' $null)
    }
    foreach ($one in $in) {
        if (-not [string]::Equals($one.tenant, $Tenant, [System.StringComparison]::OrdinalIgnoreCase)) {
            throw (New-SjError 'AzureTenantMismatch' "$($one.via) is signed in to tenant '$($one.tenant)', expected '$Tenant'" 'SecurityError' $null)
        }
    }
    $in[0]
}

