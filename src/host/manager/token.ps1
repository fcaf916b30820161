# ---- who signs in ------------------------------------------------------------

# Where the clouds live. Source: azure-cli-core's cloud.py.
$script:SmClouds = @{
    AzureCloud        = @{
        ResourceManager = 'https://management.azure.com'; ManagementAudience = 'https://management.azure.com/'
        Login = 'https://login.microsoftonline.com'; IngestionAudience = 'https://monitor.azure.com'
    }
    AzureUSGovernment = @{
        ResourceManager = 'https://management.usgovcloudapi.net'; ManagementAudience = 'https://management.core.usgovcloudapi.net/'
        Login = 'https://login.microsoftonline.us'; IngestionAudience = 'https://monitor.azure.us'
    }
    AzureChinaCloud   = @{
        ResourceManager = 'https://management.chinacloudapi.cn'; ManagementAudience = 'https://management.core.chinacloudapi.cn/'
        Login = 'https://login.chinacloudapi.cn'; IngestionAudience = 'https://monitor.azure.cn'
    }
}
$script:SmSettings = @{
    Identity = $Identity; ClientId = $ClientId; TenantId = $TenantId; Thumbprint = $Thumbprint; CertificateStore = $CertificateStore
    ClientSecret = $ClientSecret; Cloud = $Cloud; ResourceManager = $ResourceManager; ManagementAudience = $ManagementAudience; Login = $Login
    IngestionAudience = $IngestionAudience; Ingestion = $Ingestion; IdentityEndpoint = $IdentityEndpoint; Proxy = $Proxy
}
# Audience -> {Token (a SecureString), Until (ticks, UTC)}; and which source gave
# the first one, since the others need not be asked again.
$script:SmTokens = @{}
$script:SmSource = $null

# A setting, else the cloud's own.
function Get-SmSetting {
    param([string]$Name)
    $given = $script:SmSettings[$Name]
    if ($given) { return ([string]$given) }
    [string]$script:SmClouds[$script:SmSettings.Cloud][$Name]
}

function Get-SmEndpoint {
    param([string]$Name)
    (Get-SmSetting $Name).TrimEnd('/')
}

function ConvertTo-SmPlain {
    param([securestring]$Secret)
    (New-Object System.Net.NetworkCredential -ArgumentList '', $Secret).Password
}

function ConvertTo-SmSecret {
    param([string]$Text)
    (New-Object System.Net.NetworkCredential -ArgumentList '', $Text).SecurePassword
}

function ConvertTo-SmBase64Url {
    param([byte[]]$Bytes)
    [System.Convert]::ToBase64String($Bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_')
}

# What a token says of itself; nothing for one that is no JWT.
function Get-SmClaims {
    param([string]$Token)
    $parts = $Token.Split('.')
    if ($parts.Length -lt 2) { return $null }
    $text = $parts[1].Replace('-', '+').Replace('_', '/')
    while ($text.Length % 4) { $text += '=' }
    try { ConvertFrom-SmJson ([System.Text.Encoding]::UTF8.GetString([System.Convert]::FromBase64String($text))) } catch { $null }
}

# A token for one audience, from memory while it has five minutes left.
function Get-SmToken {
    param($Call, [string]$Audience)
    $now = [datetime]::UtcNow
    $known = $script:SmTokens[$Audience]
    if ($known -and $known.Until -gt $now) { return (ConvertTo-SmPlain $known.Token) }
    $got = Get-SmFreshToken $Call $Audience
    $claims = Get-SmClaims $got.Token
    $tenant = [string](Get-SmPath $claims 'tid')
    $wanted = $script:SmSettings.TenantId
    if ($wanted -and $tenant -and -not [string]::Equals($tenant, $wanted, [System.StringComparison]::OrdinalIgnoreCase)) {
        throw (New-SmError 'AzureTenantMismatch' "The identity ($($got.Via)) is of tenant '$tenant', expected '$wanted'; nothing was sent." 'SecurityError')
    }
    $script:SmSource = $got.Source
    $seconds = [Math]::Max(0, $got.Seconds - 300)
    $script:SmTokens[$Audience] = @{ Token = (ConvertTo-SmSecret $got.Token); Until = $now.AddSeconds($seconds); Tenant = $tenant; Via = $got.Via }
    $got.Token
}

# Before a write: a token whose tenant nobody can tell is none for a tenant that
# the configuration names.
function Assert-SmTenant {
    param([string]$Audience)
    $wanted = $script:SmSettings.TenantId
    if (-not $wanted) { return }
    $known = $script:SmTokens[$Audience]
    if (-not $known.Tenant) { throw (New-SmError 'AzureTenantUnknown' "The token does not say its tenant, expected '$wanted'; nothing was sent." 'SecurityError') }
}

# The sources in the order in which they are asked when nothing is said.
function Get-SmFreshToken {
    param($Call, [string]$Audience)
    $wanted = $script:SmSource
    if (-not $wanted) { $wanted = $script:SmSettings.Identity }
    if ($wanted -ne 'auto') { return (Get-SmTokenOf $Call $wanted $Audience) }
    $said = New-Object System.Collections.ArrayList
    $sources = @('managed', 'Az', 'az')
    if ($script:SmSettings.ClientSecret) { $sources = @('secret') }
    elseif ($script:SmSettings.Thumbprint) { $sources = @('certificate') }
    elseif (Get-SmArcEndpoint) { $sources = @('arc', 'Az', 'az') }
    foreach ($source in $sources) {
        try { return (Get-SmTokenOf $Call $source $Audience) }
        catch {
            # Another tenant's sign-in is no reason to look further.
            if ($null -eq $_.Exception.Data['SentinelManager']) { throw }
            $null = $said.Add("$($source): $($_.Exception.Message)")
        }
    }
    throw (New-SmError 'AzureNotSignedIn' ("No identity of this host gives a token. " + ($said -join ' ')) 'AuthenticationError')
}

function Get-SmTokenOf {
    param($Call, [string]$Source, [string]$Audience)
    switch -CaseSensitive ($Source) {
        'managed' { return (Get-SmManagedToken $Call $Audience) }
        'arc' { return (Get-SmArcToken $Call $Audience) }
        'certificate' { return (Get-SmPrincipalToken $Call $Audience 'certificate') }
        'secret' { return (Get-SmPrincipalToken $Call $Audience 'secret') }
        'Az' { return (Get-SmAzToken $Audience) }
        'az' { return (Get-SmCliToken $Audience) }
    }
    throw (New-SmError 'UnknownIdentity' "There is no identity '$Source'." 'InvalidArgument')
}

# An answer of a token endpoint as {Token, Seconds, Via, Source}. Its numbers are
# texts (managed identity) or numbers (service principal).
function ConvertFrom-SmTokenAnswer {
    param($Answer, [string]$Source)
    $body = $null
    try { $body = ConvertFrom-SmJson $Answer.Text } catch { $body = $null }
    $token = [string](Get-SmPath $body 'access_token')
    if ($Answer.Status -eq 200 -and $token) {
        $seconds = 0
        $expires = Get-SmPath $body 'expires_on'
        $left = Get-SmPath $body 'expires_in'
        if ($left) { $seconds = [long]$left }
        elseif ($expires) { $seconds = [long]$expires - [long]([datetime]::UtcNow - (New-Object System.DateTime -ArgumentList 1970, 1, 1)).TotalSeconds }
        return @{ Token = $token; Seconds = $seconds; Via = $Source; Source = $Source }
    }
    # Of the answer only what Azure wrote for people: it never holds a token.
    $why = [string](Get-SmPath $body 'error_description')
    if (-not $why) { $why = [string](Get-SmPath $body 'error') }
    if (-not $why) { $why = "HTTP $($Answer.Status)." }
    throw (New-SmError 'AzureNotSignedIn' "The $Source identity was refused: $why" 'AuthenticationError')
}

# Asks an endpoint of this host; what it says for the moment is asked again.
function Send-SmIdentity {
    param($Call, [string]$Uri, $Headers)
    $wait = 1
    while ($true) {
        $answer = Send-SmHttp $Call 'GET' $Uri $Headers $null 'local'
        if ($answer.Lost) { throw (New-SmError 'AzureNotSignedIn' "The endpoint for identities does not answer: $($answer.Lost)" 'AuthenticationError') }
        # 410: being updated. Source: Microsoft's own clients.
        if (@(404, 410, 429, 500, 502, 503, 504) -notcontains $answer.Status -or $wait -gt 16) { return $answer }
        if (-not (Wait-SmSeconds $Call $wait)) { return $answer }
        $wait *= 2
    }
}

function Get-SmManagedToken {
    param($Call, [string]$Audience)
    $base = $script:SmSettings.IdentityEndpoint
    if (-not $base) { $base = $env:AZURE_POD_IDENTITY_AUTHORITY_HOST }
    if (-not $base) { $base = 'http://169.254.169.254' }
    $uri = $base.TrimEnd('/') + '/metadata/identity/oauth2/token?api-version=2018-02-01&resource=' + [uri]::EscapeDataString($Audience)
    if ($script:SmSettings.ClientId) { $uri += '&client_id=' + [uri]::EscapeDataString($script:SmSettings.ClientId) }
    ConvertFrom-SmTokenAnswer (Send-SmIdentity $Call $uri @{ Metadata = 'true' }) 'managed'
}

# Where the agent of Azure Arc answers; nothing on a host without it.
function Get-SmArcEndpoint {
    if ($env:IDENTITY_ENDPOINT -and $env:IMDS_ENDPOINT) { return $env:IDENTITY_ENDPOINT }
    if ($env:ProgramFiles -and [System.IO.File]::Exists([System.IO.Path]::Combine($env:ProgramFiles, 'AzureConnectedMachineAgent', 'himds.exe'))) {
        return 'http://localhost:40342/metadata/identity/oauth2/token'
    }
    ''
}

# The agent names a file that only administrators read, and takes its text as
# proof. Never another file: the answer decides which one we would send.
function Get-SmArcToken {
    param($Call, [string]$Audience)
    $endpoint = Get-SmArcEndpoint
    if (-not $endpoint) { throw (New-SmError 'AzureNotSignedIn' 'This host has no agent of Azure Arc.' 'AuthenticationError') }
    $uri = $endpoint + '?api-version=2020-06-01&resource=' + [uri]::EscapeDataString($Audience)
    $answer = Send-SmIdentity $Call $uri @{ Metadata = 'true' }
    if ($answer.Status -ne 401) { return (ConvertFrom-SmTokenAnswer $answer 'arc') }
    $challenge = [string]$answer.Headers['WWW-Authenticate']
    $at = $challenge.IndexOf('realm=')
    if (-not $challenge.StartsWith('Basic ', [System.StringComparison]::OrdinalIgnoreCase) -or $at -lt 0) {
        throw (New-SmError 'AzureNotSignedIn' 'The agent of Azure Arc asks for something unknown.' 'AuthenticationError')
    }
    $path = $challenge.Substring($at + 6).Trim('"', ' ')
    $folder = '/var/opt/azcmagent/tokens'
    if ($env:ProgramData) { $folder = [System.IO.Path]::Combine($env:ProgramData, 'AzureConnectedMachineAgent', 'Tokens') }
    $file = $null
    try { $file = New-Object System.IO.FileInfo -ArgumentList ([System.IO.Path]::GetFullPath($path)) } catch { $file = $null }
    if (-not $file -or -not [string]::Equals($file.DirectoryName, $folder, [System.StringComparison]::OrdinalIgnoreCase) -or $file.Extension -ne '.key') {
        throw (New-SmError 'AzureNotSignedIn' 'The agent of Azure Arc names a file that is not one of its keys; it was not read.' 'SecurityError')
    }
    $key = ''
    try { if ($file.Length -le 4096) { $key = [System.IO.File]::ReadAllText($file.FullName) } }
    catch { throw (New-SmError 'AzureNotSignedIn' 'The key of the agent of Azure Arc cannot be read; the account must be an administrator or of the group "Hybrid agent extension applications".' 'PermissionDenied') }
    if (-not $key) { throw (New-SmError 'AzureNotSignedIn' 'The key of the agent of Azure Arc is empty or too long.' 'AuthenticationError') }
    ConvertFrom-SmTokenAnswer (Send-SmHttp $Call 'GET' $uri @{ Metadata = 'true'; Authorization = "Basic $key" } $null 'local') 'arc'
}

function Get-SmPrincipalToken {
    param($Call, [string]$Audience, [string]$With)
    $settings = $script:SmSettings
    if (-not $settings.ClientId -or -not $settings.TenantId) { throw (New-SmError 'AzureNotSignedIn' 'A service principal needs ClientId and TenantId.' 'InvalidArgument') }
    $uri = (Get-SmEndpoint 'Login') + '/' + [uri]::EscapeDataString($settings.TenantId) + '/oauth2/v2.0/token'
    $form = 'grant_type=client_credentials&client_id=' + [uri]::EscapeDataString($settings.ClientId) + '&scope=' + [uri]::EscapeDataString($Audience.TrimEnd('/') + '/.default')
    # A form's text holds the secret: it is made, sent and let go here.
    if ($With -eq 'secret') {
        if (-not $settings.ClientSecret) { throw (New-SmError 'AzureNotSignedIn' 'No client secret was handed over.' 'InvalidArgument') }
        $form += '&client_secret=' + [uri]::EscapeDataString((ConvertTo-SmPlain $settings.ClientSecret))
    }
    else {
        $form += '&client_assertion_type=' + [uri]::EscapeDataString('urn:ietf:params:oauth:client-assertion-type:jwt-bearer') +
        '&client_assertion=' + (New-SmAssertion $uri $settings.ClientId (Get-SmCertificate))
    }
    $answer = Send-SmHttp $Call 'POST' $uri @{ 'Content-Type' = 'application/x-www-form-urlencoded' } $form 'login'
    if ($answer.Lost) { throw (New-SmError 'AzureNotSignedIn' "The sign-in cannot be reached: $($answer.Lost)" 'AuthenticationError') }
    ConvertFrom-SmTokenAnswer $answer $With
}

# From the store, not the Cert: drive: what need not be loaded cannot be missing.
function Get-SmCertificate {
    $settings = $script:SmSettings
    if (-not $settings.Thumbprint) { throw (New-SmError 'AzureNotSignedIn' 'No thumbprint of a certificate was given.' 'InvalidArgument') }
    $store = New-Object System.Security.Cryptography.X509Certificates.X509Store -ArgumentList 'My', $settings.CertificateStore
    try {
        $store.Open([System.Security.Cryptography.X509Certificates.OpenFlags]'ReadOnly, OpenExistingOnly')
        $wanted = $settings.Thumbprint -replace '[^0-9A-Fa-f]', ''
        foreach ($certificate in $store.Certificates) { if ($certificate.Thumbprint -eq $wanted) { return $certificate } }
    }
    catch [System.Security.Cryptography.CryptographicException] {
        throw (New-SmError 'AzureNotSignedIn' "The store $($settings.CertificateStore)\My cannot be opened." 'AuthenticationError')
    }
    finally { $store.Close() }
    throw (New-SmError 'AzureNotSignedIn' "There is no certificate $wanted in $($settings.CertificateStore)\My." 'ObjectNotFound')
}

# A signed word that the certificate's key is ours. PSS where the key can, which
# one in an old provider cannot.
function New-SmAssertion {
    param([string]$Audience, [string]$Client, $Certificate)
    $key = $null
    try { $key = [System.Security.Cryptography.X509Certificates.RSACertificateExtensions]::GetRSAPrivateKey($Certificate) } catch { $key = $null }
    if (-not $key) { throw (New-SmError 'AzureNotSignedIn' 'The key of the certificate cannot be used by this account.' 'PermissionDenied') }
    $now = [long]([datetime]::UtcNow - (New-Object System.DateTime -ArgumentList 1970, 1, 1)).TotalSeconds
    $claims = New-SmTable
    $claims['aud'] = $Audience
    $claims['iss'] = $Client
    $claims['sub'] = $Client
    $claims['jti'] = [guid]::NewGuid().ToString()
    $claims['nbf'] = $now
    $claims['iat'] = $now
    $claims['exp'] = $now + 300
    $body = ConvertTo-SmBase64Url ([System.Text.Encoding]::UTF8.GetBytes((ConvertTo-SmJson $claims)))
    $sha256 = [System.Security.Cryptography.SHA256]::Create()
    $sha1 = [System.Security.Cryptography.SHA1]::Create()
    $pss = @{ alg = 'PS256'; typ = 'JWT'; 'x5t#S256' = (ConvertTo-SmBase64Url $sha256.ComputeHash($Certificate.RawData)) }
    $old = @{ alg = 'RS256'; typ = 'JWT'; x5t = (ConvertTo-SmBase64Url $sha1.ComputeHash($Certificate.RawData)) }
    $name = [System.Security.Cryptography.HashAlgorithmName]::SHA256
    foreach ($way in @(@($pss, [System.Security.Cryptography.RSASignaturePadding]::Pss), @($old, [System.Security.Cryptography.RSASignaturePadding]::Pkcs1))) {
        $text = (ConvertTo-SmBase64Url ([System.Text.Encoding]::UTF8.GetBytes((ConvertTo-SmJson $way[0] -Sorted)))) + '.' + $body
        try { $signature = $key.SignData([System.Text.Encoding]::ASCII.GetBytes($text), $name, $way[1]) } catch { continue }
        return ($text + '.' + (ConvertTo-SmBase64Url $signature))
    }
    throw (New-SmError 'AzureNotSignedIn' 'The key of the certificate cannot sign.' 'AuthenticationError')
}

# What Connect-AzAccount of this session left; its token is a text in Az 4 and a
# SecureString from Az 5 on.
function Get-SmAzToken {
    param([string]$Audience)
    if (-not (Get-Command -Name Get-AzAccessToken -ErrorAction SilentlyContinue)) { throw (New-SmError 'AzureNotSignedIn' 'The Az modules are not there.' 'AuthenticationError') }
    $arguments = @{ ResourceUrl = $Audience; ErrorAction = 'Stop'; WarningAction = 'SilentlyContinue' }
    if ($script:SmSettings.TenantId) { $arguments['TenantId'] = $script:SmSettings.TenantId }
    try { $got = Get-AzAccessToken @arguments } catch { throw (New-SmError 'AzureNotSignedIn' "Az: $($_.Exception.Message)" 'AuthenticationError') }
    $token = $got.Token
    if ($token -is [securestring]) { $token = ConvertTo-SmPlain $token }
    @{ Token = [string]$token; Seconds = [long]($got.ExpiresOn.UtcDateTime - [datetime]::UtcNow).TotalSeconds; Via = 'Az'; Source = 'Az' }
}

# What az login left in AZURE_CONFIG_DIR.
function Get-SmCliToken {
    param([string]$Audience)
    $az = @(Get-Command -Name az -CommandType Application -ErrorAction SilentlyContinue)
    if (-not $az) { throw (New-SmError 'AzureNotSignedIn' 'There is no az.' 'AuthenticationError') }
    # Windows PowerShell under Stop ends at the first line on standard error.
    $ErrorActionPreference = 'Continue'
    $arguments = @('account', 'get-access-token', '--resource', $Audience, '--only-show-errors', '--output', 'json')
    if ($script:SmSettings.TenantId) { $arguments += @('--tenant', $script:SmSettings.TenantId) }
    $out = New-Object System.Text.StringBuilder
    $said = New-Object System.Text.StringBuilder
    foreach ($line in @(& $az[0] @arguments 2>&1)) {
        if ($line -is [System.Management.Automation.ErrorRecord]) { $null = $said.AppendLine([string]$line) } else { $null = $out.AppendLine([string]$line) }
    }
    if ($global:LASTEXITCODE -ne 0) {
        # The call's own word is what counts, not what az ended with.
        $global:LASTEXITCODE = 0
        throw (New-SmError 'AzureNotSignedIn' "az: $($said.ToString().Trim())" 'AuthenticationError')
    }
    $body = ConvertFrom-SmJson $out.ToString()
    $seconds = 3600
    $until = Get-SmPath $body 'expires_on'
    if ($until) { $seconds = [long]$until - [long]([datetime]::UtcNow - (New-Object System.DateTime -ArgumentList 1970, 1, 1)).TotalSeconds }
    @{ Token = [string](Get-SmPath $body 'accessToken'); Seconds = $seconds; Via = 'az'; Source = 'az' }
}

