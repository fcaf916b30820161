# ---- requests ----------------------------------------------------------------

# Every operation of Azure's that is used: what it is to the thing (a read may be
# sent again, a write never), method, api-version, path. ~SUB, ~RG, ~LA and ~SI
# stand for the subscription, the resource group, the workspace and Sentinel in
# it, {0} and {1} for the names that the caller gives.
#
# Alert rules by the preview version: no stable one knows NRT rules, which would
# be missing from lists without a word. Query is a read although it is a POST.
$script:SmOperations = @{
    AlertRules_List                 = 'read GET 2025-10-01-preview ~SI/alertRules'
    AlertRules_Get                  = 'read GET 2025-10-01-preview ~SI/alertRules/{0}'
    AlertRules_CreateOrUpdate       = 'write PUT 2025-10-01-preview ~SI/alertRules/{0}'
    AlertRules_Delete               = 'write DELETE 2025-10-01-preview ~SI/alertRules/{0}'
    Actions_ListByAlertRule         = 'read GET 2025-09-01 ~SI/alertRules/{0}/actions'
    AutomationRules_List            = 'read GET 2025-09-01 ~SI/automationRules'
    Incidents_List                  = 'read GET 2025-09-01 ~SI/incidents'
    Incidents_Get                   = 'read GET 2025-09-01 ~SI/incidents/{0}'
    Incidents_CreateOrUpdate        = 'write PUT 2025-09-01 ~SI/incidents/{0}'
    Incidents_ListAlerts            = 'read POST 2025-09-01 ~SI/incidents/{0}/alerts'
    Incidents_ListEntities          = 'read POST 2025-09-01 ~SI/incidents/{0}/entities'
    Incidents_ListBookmarks         = 'read POST 2025-09-01 ~SI/incidents/{0}/bookmarks'
    IncidentComments_List           = 'read GET 2025-09-01 ~SI/incidents/{0}/comments'
    IncidentComments_CreateOrUpdate = 'write PUT 2025-09-01 ~SI/incidents/{0}/comments/{1}'
    IncidentTasks_List              = 'read GET 2025-09-01 ~SI/incidents/{0}/tasks'
    IncidentRelations_List          = 'read GET 2025-09-01 ~SI/incidents/{0}/relations'
    Watchlists_List                 = 'read GET 2025-09-01 ~SI/watchlists'
    WatchlistItems_List             = 'read GET 2025-09-01 ~SI/watchlists/{0}/watchlistItems'
    Workspaces_Get                  = 'read GET 2025-07-01 ~LA'
    Tables_ListByWorkspace          = 'read GET 2025-07-01 ~LA/tables'
    Tables_Get                      = 'read GET 2025-07-01 ~LA/tables/{0}'
    Tables_CreateOrUpdate           = 'write PUT 2025-07-01 ~LA/tables/{0}'
    Tables_Update                   = 'write PATCH 2025-07-01 ~LA/tables/{0}'
    Tables_Delete                   = 'write DELETE 2025-07-01 ~LA/tables/{0}'
    SavedSearches_ListByWorkspace   = 'read GET 2025-07-01 ~LA/savedSearches'
    QueryPacks_ListByResourceGroup  = 'read GET 2025-07-01 ~RG/providers/Microsoft.OperationalInsights/queryPacks'
    Queries_List                    = 'read GET 2025-07-01 ~RG/providers/Microsoft.OperationalInsights/queryPacks/{0}/queries'
    Query_Execute                   = 'read POST 2017-10-01 ~LA/query'
    Workbooks_ListBySubscription    = 'read GET 2023-06-01 ~SUB/providers/Microsoft.Insights/workbooks'
    Workbooks_Get                   = 'read GET 2023-06-01 ~RG/providers/Microsoft.Insights/workbooks/{0}'
    Workbooks_CreateOrUpdate        = 'write PUT 2023-06-01 ~RG/providers/Microsoft.Insights/workbooks/{0}'
    Workbooks_Delete                = 'write DELETE 2023-06-01 ~RG/providers/Microsoft.Insights/workbooks/{0}'
    DataCollectionRules_ListBySubscription     = 'read GET 2024-03-11 ~SUB/providers/Microsoft.Insights/dataCollectionRules'
    DataCollectionRules_Get                    = 'read GET 2024-03-11 ~RG/providers/Microsoft.Insights/dataCollectionRules/{0}'
    DataCollectionRules_Create                 = 'write PUT 2024-03-11 ~RG/providers/Microsoft.Insights/dataCollectionRules/{0}'
    DataCollectionRules_Delete                 = 'write DELETE 2024-03-11 ~RG/providers/Microsoft.Insights/dataCollectionRules/{0}'
    DataCollectionRuleAssociations_ListByRule  = 'read GET 2024-03-11 ~RG/providers/Microsoft.Insights/dataCollectionRules/{0}/associations'
    DataCollectionEndpoints_ListBySubscription = 'read GET 2024-03-11 ~SUB/providers/Microsoft.Insights/dataCollectionEndpoints'
    DataCollectionEndpoints_Create             = 'write PUT 2024-03-11 ~RG/providers/Microsoft.Insights/dataCollectionEndpoints/{0}'
    DataCollectionEndpoints_Delete             = 'write DELETE 2024-03-11 ~RG/providers/Microsoft.Insights/dataCollectionEndpoints/{0}'
    RoleAssignments_Create          = 'write PUT 2022-04-01 ~RG/providers/Microsoft.Insights/dataCollectionRules/{0}/providers/Microsoft.Authorization/roleAssignments/{1}'
}

# Answers to what Azure could not do for the moment.
$script:SmBusy = @(408, 429, 500, 502, 503, 504)

# An operation as {Write, Method, Uri}.
function Resolve-SmOperation {
    param($Call, [string]$Operation, [string[]]$Names, $Query)
    $kind, $method, $version, $path = $script:SmOperations[$Operation].Split(' ')
    $sub = '/subscriptions/' + [uri]::EscapeDataString($Call.Subscription)
    $group = $Call.ResourceGroup
    if ($Call.Elsewhere) { $group = $Call.Elsewhere }
    $rg = $sub + '/resourceGroups/' + [uri]::EscapeDataString($group)
    $la = $sub + '/resourceGroups/' + [uri]::EscapeDataString($Call.ResourceGroup) + '/providers/Microsoft.OperationalInsights/workspaces/' + [uri]::EscapeDataString($Call.Workspace)
    $path = $path.Replace('~SUB', $sub).Replace('~RG', $rg).Replace('~SI', $la + '/providers/Microsoft.SecurityInsights').Replace('~LA', $la)
    for ($i = 0; $Names -and $i -lt $Names.Length; $i++) { $path = $path.Replace("{$i}", [uri]::EscapeDataString($Names[$i])) }
    $uri = (Get-SmEndpoint 'ResourceManager') + $path + '?api-version=' + $version
    if ($Query) { foreach ($name in @($Query.Keys)) { $uri += '&' + $name + '=' + [uri]::EscapeDataString([string]$Query[$name]) } }
    @{ Write = ($kind -eq 'write'); Method = $method; Uri = $uri; Operation = $Operation; Workspace = $Call.Workspace }
}

# One answer of an operation, as {Status, Headers, Body}.
#
# A read is sent again while the call has time: after Retry-After where Azure
# says one, and once with a fresh token. A write is sent once; a lost answer
# means that nobody knows whether it was carried out.
function Invoke-SmOperation {
    param($Call, [string]$Operation, [string[]]$Names, $Query, $Body)
    $what = Resolve-SmOperation $Call $Operation $Names $Query
    $text = $null
    if ($null -ne $Body) { $text = ConvertTo-SmJson $Body }
    elseif ($what.Method -eq 'POST') { $text = '' }
    Invoke-SmUri $Call $what $text (Get-SmSetting 'ManagementAudience')
}

function Invoke-SmUri {
    param($Call, $What, [string]$Text, [string]$Audience)
    $pause = 1
    $renewed = $false
    while ($true) {
        $token = Get-SmToken $Call $Audience
        if ($What.Write) { Assert-SmTenant $Audience }
        $headers = @{ Authorization = "Bearer $token"; Accept = 'application/json'; 'x-ms-client-request-id' = [guid]::NewGuid().ToString() }
        $body = $null
        if ($What.Method -ne 'GET' -and $What.Method -ne 'DELETE') { $body = $Text; $headers['Content-Type'] = 'application/json; charset=utf-8' }
        if ($What.Wait) { $headers['Prefer'] = "wait=$($What.Wait)" }
        $answer = Send-SmHttp $Call $What.Method $What.Uri $headers $body 'azure'
        if ($answer.Status -ge 200 -and $answer.Status -lt 300 -and -not $answer.Lost) {
            $answer.Body = $null
            if ($answer.Text) {
                try { $answer.Body = ConvertFrom-SmJson $answer.Text }
                catch { $answer.Lost = 'the answer is no JSON' }
            }
            if (-not $answer.Lost) { return $answer }
        }
        if ($What.Write) { throw (New-SmAzureError $What $answer) }
        if ($answer.Status -eq 401 -and -not $renewed) {
            $renewed = $true
            $script:SmTokens.Remove($Audience)
            continue
        }
        if (-not $answer.Lost -and $script:SmBusy -notcontains $answer.Status) { throw (New-SmAzureError $What $answer) }
        $wait = Get-SmRetryAfter $answer
        if ($null -eq $wait) { $wait = $pause; $pause = [Math]::Min(30, $pause * 2) }
        Show-SmProgress $Call "Azure is busy; again in $wait s"
        if (-not (Wait-SmSeconds $Call $wait)) { throw (New-SmAzureError $What $answer) }
    }
}

# Seconds that Azure asks to wait: a number or a date; nothing where it says none.
function Get-SmRetryAfter {
    param($Answer)
    if (-not $Answer.Headers) { return $null }
    $said = [string]$Answer.Headers['Retry-After']
    if (-not $said) { return $null }
    $seconds = 0
    if ([int]::TryParse($said, [ref]$seconds)) { return [Math]::Max(0, $seconds) }
    $until = ConvertTo-SmTime $said
    if ($null -eq $until) { return $null }
    [int][Math]::Max(0, [Math]::Ceiling(($until - [datetime]::UtcNow).TotalSeconds))
}

# Waits, unless the call's time would run out; in slices, so that a stop is heard.
function Wait-SmSeconds {
    param($Call, [double]$Seconds)
    $Seconds = [Math]::Max(0.05, $Seconds)
    if ($Call.Clock.Elapsed.TotalSeconds + $Seconds -ge $Call.Seconds) { return $false }
    $until = $Call.Clock.Elapsed.TotalSeconds + $Seconds
    while ($true) {
        $left = $until - $Call.Clock.Elapsed.TotalSeconds
        if ($left -le 0) { return $true }
        [System.Threading.Thread]::Sleep([int][Math]::Min(100, [Math]::Ceiling($left * 1000)))
    }
}

# Azure's own code and sentence, and the id under which it can be asked about.
function New-SmAzureError {
    param($What, $Answer)
    if ($Answer.Lost) {
        if ($What.Write) { return (New-SmError 'OutcomeUnknown' "The answer to $($What.Operation) was lost ($($Answer.Lost)): nobody knows whether it was carried out. Look before you do it again." 'ConnectionError') }
        return (New-SmError 'AzureUnreachable' "Azure does not answer $($What.Operation): $($Answer.Lost)" 'ConnectionError')
    }
    $body = $null
    try { $body = ConvertFrom-SmJson $Answer.Text } catch { $body = $null }
    $said = Get-SmPath $body 'error'
    if ($null -eq $said) { $said = $body }
    $code = [string](Get-SmPath $said 'code')
    $message = [string](Get-SmPath $said 'message')
    # The query service says what it means in an error within the error.
    $inner = Get-SmPath $said 'innererror'
    $last = $message
    while ($inner) {
        if (Get-SmPath $inner 'message') { $last = [string](Get-SmPath $inner 'message'); $message += " $last" }
        $inner = Get-SmPath $inner 'innererror'
    }
    # Every function is for one workspace: that it is not there is no word on what
    # was asked for in it.
    if ($Answer.Status -eq 404 -and $What.Workspace -and $message -match ("workspaces/" + [regex]::Escape($What.Workspace) + "'")) {
        return (New-SmError 'WorkspaceNotFound' "Workspace '$($What.Workspace)' not found." 'ObjectNotFound')
    }
    if (-not $code) { $code = "HTTP$($Answer.Status)" }
    if (-not $message) { $message = "Azure answered HTTP $($Answer.Status)." }
    $ids = New-Object System.Collections.ArrayList
    foreach ($name in 'x-ms-request-id', 'x-ms-correlation-request-id') { if ($Answer.Headers[$name]) { $null = $ids.Add($Answer.Headers[$name]) } }
    $wait = Get-SmRetryAfter $Answer
    $more = "$($What.Operation), HTTP $($Answer.Status)"
    if ($null -ne $wait) { $more += ", again in $wait s" }
    if ($ids.Count) { $more += ", request $($ids[0])" }
    $category = 'InvalidResult'
    switch ($Answer.Status) {
        400 { $category = 'InvalidArgument' }
        401 { $category = 'AuthenticationError' }
        403 { $category = 'PermissionDenied' }
        404 { $category = 'ObjectNotFound' }
        409 { $category = 'ResourceExists' }
        412 { $category = 'ResourceExists' }
        429 { $category = 'LimitsExceeded' }
        503 { $category = 'ResourceUnavailable' }
    }
    $refusal = New-SmError $code "$message ($more)" $category
    $refusal.Exception.Data['Status'] = [int]$Answer.Status
    $refusal.Exception.Data['Said'] = $last
    $refusal
}

# The HTTP status that an error of Azure's came with; 0 for any other.
function Get-SmStatus {
    param($Record)
    [int]$Record.Exception.Data['Status']
}

# What one GET gives.
function Get-SmThing {
    param($Call, [string]$Operation, [string[]]$Names, $Query, $Body)
    (Invoke-SmOperation $Call $Operation $Names $Query $Body).Body
}

# The same, or nothing where Azure has none of that name. A 404 on what the thing
# would be in is an error all the same.
$script:SmElsewhere = @('InvalidResourceType', 'InvalidResourceNamespace', 'SubscriptionNotFound', 'ResourceGroupNotFound', 'NoRegisteredProviderFound', 'MissingSubscription')
function Find-SmThing {
    param($Call, [string]$Operation, [string[]]$Names, $Query)
    try { Get-SmThing $Call $Operation $Names $Query }
    catch { if ((Get-SmStatus $_) -ne 404 -or $script:SmElsewhere -contains $_.Exception.Data['SentinelManager']) { throw } }
}

# All things of a list, page after page, to the end, to -Most, or until -Enough
# says so between two pages; then $Call.More says that there may be others.
function Get-SmThings {
    param($Call, [string]$Operation, [string[]]$Names, $Query, [int]$Most = [int]::MaxValue, [string]$List = 'value', [scriptblock]$Enough)
    $what = Resolve-SmOperation $Call $Operation $Names $Query
    $text = ''
    $seen = @{}
    $given = 0
    while ($true) {
        $body = (Invoke-SmUri $Call $what $text (Get-SmSetting 'ManagementAudience')).Body
        $items = @(Get-SmPath $body $List)
        # Seen: a bare array where the specification has an object.
        if ($body -is [array]) { $items = $body }
        foreach ($item in $items) {
            if ($null -eq $item) { continue }
            if ($given -ge $Most) { $Call.More = $true; return }
            $given++
            $item
        }
        $next = [string](Get-SmPath $body 'nextLink')
        if (-not $next) { return }
        if ($Enough -and (& $Enough)) { $Call.More = $true; return }
        if ($seen.ContainsKey($next)) { throw (New-SmError 'PagingLoop' "Azure's list $Operation leads back to a page that was read." 'InvalidResult') }
        $seen[$next] = $true
        Show-SmProgress $Call "$given read"
        $what = @{ Write = $false; Method = 'GET'; Uri = (Assert-SmOurs $next); Operation = $Operation }
    }
}

# An address that Azure's answer names: the token goes to nobody else.
function Assert-SmOurs {
    param([string]$Uri)
    $own = New-Object System.Uri -ArgumentList ((Get-SmEndpoint 'ResourceManager') + '/')
    $to = $null
    if (-not [System.Uri]::TryCreate($own, $Uri, [ref]$to) -or $to.Scheme -ne $own.Scheme -or $to.Authority -ne $own.Authority) {
        throw (New-SmError 'ForeignAddress' 'An answer of Azure names an address that is not its own; it was not followed.' 'SecurityError')
    }
    $to.AbsoluteUri
}

# A write that Azure may take its time for: 201 or 202 with an address to ask,
# and an empty body. Returns the answer's body, if there is any.
function Invoke-SmLong {
    param($Call, [string]$Operation, [string[]]$Names, $Query, $Body)
    $answer = Invoke-SmOperation $Call $Operation $Names $Query $Body
    $status = [string]$answer.Headers['Azure-AsyncOperation']
    $place = [string]$answer.Headers['Location']
    if (-not $status -and -not ($answer.Status -eq 202 -and $place)) { return $answer.Body }
    $address = $status
    if (-not $address) { $address = $place }
    $what = @{ Write = $false; Method = 'GET'; Uri = (Assert-SmOurs $address); Operation = "$Operation (still at work)" }
    $pause = Get-SmRetryAfter $answer
    if ($null -eq $pause) { $pause = 1 }
    while ($true) {
        Show-SmProgress $Call 'Azure is at work'
        if (-not (Wait-SmSeconds $Call $pause)) {
            throw (New-SmError 'StillRunning' "Azure took $Operation and is still at work after $($Call.Seconds) s; it goes on by itself. Look again later." 'OperationTimeout')
        }
        $answer = Invoke-SmUri $Call $what '' (Get-SmSetting 'ManagementAudience')
        $state = [string](Get-SmPath $answer.Body 'status')
        if ($status) {
            if ($state -eq 'Succeeded') { return $null }
            if ($state -eq 'Failed' -or $state -eq 'Canceled') {
                $code = [string](Get-SmPath $answer.Body 'error', 'code')
                if (-not $code) { $code = $state }
                throw (New-SmError $code "$([string](Get-SmPath $answer.Body 'error', 'message')) ($Operation was taken and then ended as $state)" 'InvalidResult')
            }
        }
        elseif ($answer.Status -ne 202) { return $answer.Body }
        $said = Get-SmRetryAfter $answer
        if ($null -ne $said) { $pause = $said } else { $pause = [Math]::Min(10, $pause * 2) }
    }
}

# ---- the one door to HTTP ----------------------------------------------------

# One request: {Status, Headers, Text, Lost}. HttpWebRequest, which both editions
# have; asynchronous and looked after in short steps, because a call that waits
# inside .NET cannot be stopped.
#
# 'local': an endpoint of this host, never by a proxy, and given up soon.
function Send-SmHttp {
    param($Call, [string]$Method, [string]$Uri, $Headers, $Text, [string]$To)
    if ($To -ne 'local' -and -not $Uri.StartsWith('https://', [System.StringComparison]::OrdinalIgnoreCase)) {
        throw (New-SmError 'PlainHttp' 'Tokens and secrets are sent over https only.' 'SecurityError')
    }
    # 0 leaves it to the system, which is right where it is so.
    $protocols = [System.Net.ServicePointManager]::SecurityProtocol
    if ([int]$protocols -ne 0 -and -not ([int]$protocols -band 3072)) { [System.Net.ServicePointManager]::SecurityProtocol = [System.Net.SecurityProtocolType]([int]$protocols -bor 3072) }
    $request = [System.Net.WebRequest]::Create($Uri)
    $request.Method = $Method
    $request.AllowAutoRedirect = $false
    $request.UserAgent = 'sentinel-jump SentinelManager'
    $request.AutomaticDecompression = [System.Net.DecompressionMethods]'GZip, Deflate'
    $request.ServicePoint.Expect100Continue = $false
    if ($To -eq 'local') { $request.Proxy = $null }
    elseif ($script:SmSettings.Proxy -eq 'none') { $request.Proxy = $null }
    elseif ($script:SmSettings.Proxy) { $request.Proxy = New-Object System.Net.WebProxy -ArgumentList $script:SmSettings.Proxy }
    if ($request.Proxy -and $To -ne 'local') { $request.Proxy.Credentials = [System.Net.CredentialCache]::DefaultCredentials }
    foreach ($name in @($Headers.Keys)) {
        if ($name -eq 'Content-Type') { $request.ContentType = $Headers[$name] }
        elseif ($name -eq 'Accept') { $request.Accept = $Headers[$name] }
        else { $request.Headers[$name] = [string]$Headers[$name] }
    }
    $seconds = $Call.Seconds - $Call.Clock.Elapsed.TotalSeconds
    # Chosen: as Microsoft's clients give the endpoint for identities; a query
    # that runs for minutes has the call's own time.
    if ($To -eq 'local') { $seconds = [Math]::Min($seconds, 3) }
    $until = $Call.Clock.Elapsed.TotalSeconds + $seconds
    $answer = @{ Status = 0; Headers = @{}; Text = ''; Body = $null; Lost = '' }
    $response = $null
    try {
        if ($null -ne $Text) {
            $bytes = [System.Text.Encoding]::UTF8.GetBytes([string]$Text)
            $request.ContentLength = $bytes.Length
            if ($bytes.Length) {
                $stream = Wait-SmTask $Call $request.GetRequestStreamAsync() $until
                try { $null = Wait-SmTask $Call $stream.WriteAsync($bytes, 0, $bytes.Length) $until } finally { $stream.Dispose() }
            }
        }
        $response = Wait-SmTask $Call $request.GetResponseAsync() $until
    }
    catch {
        $web = $_.Exception
        while ($web -and $web -isnot [System.Net.WebException] -and $web.InnerException) { $web = $web.InnerException }
        if ($web -is [System.Net.WebException] -and $web.Response) { $response = $web.Response }
        elseif ($null -ne $_.Exception.Data['SentinelManager']) { $request.Abort(); $answer.Lost = $_.Exception.Message; return $answer }
        else {
            $deepest = $_.Exception
            while ($deepest.InnerException) { $deepest = $deepest.InnerException }
            $answer.Lost = $deepest.Message
            return $answer
        }
    }
    try {
        $answer.Status = [int]$response.StatusCode
        foreach ($name in $response.Headers.AllKeys) { $answer.Headers[$name] = $response.Headers[$name] }
        $reader = New-Object System.IO.StreamReader -ArgumentList $response.GetResponseStream(), ([System.Text.Encoding]::UTF8)
        $answer.Text = Wait-SmTask $Call $reader.ReadToEndAsync() $until
        # Seen: a body that was cut ends without an error where its length was
        # told and compression is off.
        if ($response.ContentLength -gt 0 -and -not $response.ContentEncoding -and [System.Text.Encoding]::UTF8.GetByteCount($answer.Text) -lt $response.ContentLength -and $answer.Text.IndexOf([char]0xFFFD) -lt 0) { $answer.Lost = 'the answer was cut' }
    }
    catch {
        $deepest = $_.Exception
        while ($deepest.InnerException) { $deepest = $deepest.InnerException }
        $answer.Lost = $deepest.Message
        $request.Abort()
    }
    finally { $response.Dispose() }
    $answer
}

# The result of a task, or an error of ours when the time is over.
function Wait-SmTask {
    param($Call, $Task, [double]$Until)
    while (-not $Task.Wait(50)) {
        if ($Call.Clock.Elapsed.TotalSeconds -ge $Until) { throw (New-SmError 'TimedOut' 'the time of the call is over' 'OperationTimeout') }
        Show-SmProgress $Call 'Waiting for Azure'
    }
    $Task.Result
}

