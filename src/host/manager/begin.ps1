# SentinelManager of sentinel-jump: Microsoft Sentinel on Azure's own REST
# interfaces. For Windows PowerShell 5.1 and PowerShell 7; needs neither the Az
# modules nor az.
#
# Every function is told its workspace by parameters and keeps nothing between
# calls but tokens, in memory, until shortly before they expire.
#
# ASCII only: Windows PowerShell reads a file without BOM as ANSI.
[CmdletBinding()]
param(
    # Who signs in: auto, managed, arc, certificate, secret, Az, az.
    [ValidateSet('auto', 'managed', 'arc', 'certificate', 'secret', 'Az', 'az')][string]$Identity = 'auto',
    # Of a user-assigned identity or a service principal.
    [string]$ClientId,
    # Azure tenant: service principals sign in there, and no token of another
    # tenant is ever used.
    [string]$TenantId,
    # SHA-1 of the service principal's certificate, and where it lies.
    [string]$Thumbprint,
    [ValidateSet('LocalMachine', 'CurrentUser')][string]$CertificateStore = 'LocalMachine',
    [securestring]$ClientSecret,
    [ValidateSet('AzureCloud', 'AzureUSGovernment', 'AzureChinaCloud')][string]$Cloud = 'AzureCloud',
    # Instead of the cloud's own.
    [string]$ResourceManager,
    [string]$ManagementAudience,
    [string]$Login,
    [string]$IngestionAudience,
    # Instead of the endpoint that a data collection rule names.
    [string]$Ingestion,
    # Instead of the virtual machine's own address for identities.
    [string]$IdentityEndpoint,
    # 'none', an address, or empty for what the host has.
    [string]$Proxy
)

