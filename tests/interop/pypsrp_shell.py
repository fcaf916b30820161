"""pypsrp against a host of ours: the foreign judge.

    python pypsrp_shell.py URL USER PASSWORD demo|process [AUTHORITY]

With https, AUTHORITY is the file of the certificate's issuer, and the host must
be one that takes Basic and demands channel binding. The host is `sentinel-jump host`, with the demo or with `--process`. Needs
pypsrp (0.9.1). Exit code 0: all of it came off.
"""

import sys
import threading
import time
from urllib.parse import urlparse

import requests
from pypsrp.complex_objects import ObjectMeta
from pypsrp.exceptions import AuthenticationError, WinRMTransportError, WSManFaultError
from pypsrp.host import PSHost, PSHostUserInterface
from pypsrp.powershell import PowerShell, PSInvocationState, RunspacePool
from pypsrp.shell import SignalCode
from pypsrp.wsman import WSMan

# Its own spelling is one that hosts do not take for a stop.
SignalCode.PS_CTRL_C = "powershell/signal/crtl_c"

# One of the demo's workspaces.
WORKSPACE = {
    "SubscriptionId": "000000c1-0d3a-4000-8000-000000000001",
    "ResourceGroupName": "rg-sec-prod",
    "WorkspaceName": "law-nordhafen-sec-prod",
}


AUTHORITY = sys.argv[5] if len(sys.argv) > 5 else None


def connect(url, user, password, auth, **more):
    parts = urlparse(url)
    more = {"username": user, "password": password, "auth": auth, "cert_validation": AUTHORITY} | more
    if parts.scheme == "https":
        return WSMan(parts.hostname, port=parts.port, ssl=True, **more)
    return WSMan(parts.hostname, port=parts.port, ssl=False, encryption="always", **more)


def check(what, got, expected):
    if got != expected:
        raise AssertionError(f"{what}: expected {expected!r}, found {got!r}")


def invoke(pool, build):
    ps = PowerShell(pool)
    build(ps)
    ps.invoke()
    ps.close()
    return ps


def script(pool, text):
    return invoke(pool, lambda ps: ps.add_script(text))


def stop_in_the_middle(pool, build):
    ps = PowerShell(pool)
    build(ps)
    ps.begin_invoke()
    started = time.monotonic()
    ps.stop()
    check("state after stop", ps.state, PSInvocationState.STOPPED)
    assert time.monotonic() - started < 20, "the stop came late"
    ps.close()


class Host(PSHost):
    """Answers Read-Host with its question, turned round."""

    def __init__(self):
        self.lines = []
        super().__init__(None, None, True, "judge", None, UserInterface(self.lines), None)
        self.exit_code = None

    def SetShouldExit(self, runspace, pipeline, exit_code):
        self.exit_code = exit_code


class UserInterface(PSHostUserInterface):
    def __init__(self, lines):
        super().__init__()
        self.lines = lines

    def Prompt(self, runspace, pipeline, caption, message, descriptions):
        fields = [d.extended_properties["name"] for d in descriptions]
        return {field: field[::-1] for field in fields}

    def WriteLine2(self, runspace, pipeline, value):
        self.lines.append(value)

    def WriteLine3(self, runspace, pipeline, foreground_color, background_color, value):
        self.lines.append(value)


def demo(pool):
    for n in range(20):
        ps = invoke(pool, lambda ps: ps.add_cmdlet("Write-Output").add_parameter("InputObject", f"call {n} ü✓"))
        check("Write-Output", ps.output, [f"call {n} ü✓"])
        check("state", ps.state, PSInvocationState.COMPLETED)
    ps = invoke(pool, lambda ps: ps.add_cmdlet("Write-Output").add_argument([1, 2, 3]))
    check("an array is unrolled", ps.output, [1, 2, 3])
    large = "x" * (1 << 20)
    ps = invoke(pool, lambda ps: ps.add_cmdlet("Write-Output").add_argument(large))
    check("1 MiB there and back", ps.output == [large], True)
    ps = invoke(pool, lambda ps: ps.add_cmdlet("Write-Output").add_argument("a").add_cmdlet("Out-String"))
    check("Out-String", ps.output, ["a\r\n"])
    ps = invoke(pool, lambda ps: ps.add_cmdlet("Get-Date"))
    check("Get-Date gives one", len(ps.output), 1)
    ps = invoke(pool, lambda ps: ps.add_cmdlet("Get-Command"))
    names = [str(command) for command in ps.output]
    assert "Get-SentinelIncidents" in names and "Write-Output" in names, names
    ps = invoke(pool, lambda ps: ps.add_cmdlet("Get-SentinelIncidents").add_parameters(WORKSPACE | {"Severity": ["High"]}))
    incidents = [incident.extended_properties for incident in ps.output]
    assert 12345 in [incident["IncidentNumber"] for incident in incidents], incidents
    check("its filter", {incident["Severity"] for incident in incidents}, {"High"})
    ps = invoke(pool, lambda ps: ps.add_cmdlet("Show-IncidentDetails").add_parameters(WORKSPACE | {"IncidentNumber": 1}))
    check("an error that does not end", ps.state, PSInvocationState.COMPLETED)
    check("its id", ps.streams.error[-1].fq_error, "IncidentNotFound,Show-IncidentDetails")
    elsewhere = WORKSPACE | {"WorkspaceName": "law-of-another"}
    ps = invoke(pool, lambda ps: ps.add_cmdlet("Get-SentinelIncidents").add_parameters(elsewhere))
    check("another's workspace", (ps.state, ps.output), (PSInvocationState.COMPLETED, []))
    check("its id", ps.streams.error[-1].fq_error, "WorkspaceNotFound,Get-SentinelIncidents")
    comment = WORKSPACE | {"IncidentNumber": 12345, "Message": "x", "WhatIf": True}
    invoke(pool, lambda ps: ps.add_cmdlet("Add-IncidentComment").add_parameters(comment))
    assert "What if" in "".join(pool.host.lines), pool.host.lines
    ps = invoke(pool, lambda ps: ps.add_cmdlet("No-Such"))
    check("no such command", ps.streams.error[-1].fq_error, "CommandNotFoundException")
    check("a script", script(pool, "1 + 1").state, PSInvocationState.FAILED)
    ps = invoke(pool, lambda ps: ps.add_cmdlet("Read-Host").add_parameter("Prompt", "abc"))
    check("Read-Host", ps.output, ["cba"])
    stop_in_the_middle(pool, lambda ps: ps.add_cmdlet("Start-Sleep").add_parameter("Seconds", 600))
    ps = invoke(pool, lambda ps: ps.add_cmdlet("Write-Output").add_argument("alive"))
    check("after the stop", ps.output, ["alive"])
    check("available runspaces", pool.get_available_runspaces(), 1)


def process(pool):
    for n in range(5):
        check("script", script(pool, f"'call {n} ü✓'").output, [f"call {n} ü✓"])
    check("arithmetic", script(pool, "1..3 | ForEach-Object { $_ * 2 }").output, [2, 4, 6])
    ps = script(
        pool,
        "$VerbosePreference = $DebugPreference = $InformationPreference = 'Continue'\n"
        "Write-Warning w; Write-Verbose v; Write-Debug d; Write-Information i; Write-Error e; 'out'",
    )
    check("output", ps.output, ["out"])
    for name, expected in [("warning", "w"), ("verbose", "v"), ("debug", "d")]:
        check(name, [r.message for r in getattr(ps.streams, name)], [expected])
    check("information", [str(i.message_data) for i in ps.streams.information], ["i"])
    check("error", [str(e) for e in ps.streams.error], ["e"])
    check("1 MB out", [len(s) for s in script(pool, "'x' * 1MB").output], [1 << 20])
    large = "y" * (1 << 20)
    ps = invoke(pool, lambda ps: ps.add_cmdlet("Write-Output").add_parameter("InputObject", large))
    check("1 MB there and back", ps.output == [large], True)
    ps = script(pool, "'before'; throw 'no further'")
    check("a failed pipeline", (ps.state, ps.output), (PSInvocationState.FAILED, ["before"]))
    check("Read-Host", script(pool, "'got ' + (Read-Host -Prompt abc)").output, ["got cba"])
    script(pool, "Write-Host seen; exit 3")
    check("Write-Host reached the host", pool.host.lines[-1:], ["seen"])
    check("exit code", pool.host.exit_code, 3)
    stop_in_the_middle(pool, lambda ps: ps.add_script("Start-Sleep 600"))
    check("after the stop", script(pool, "'alive'").output, ["alive"])
    ps = PowerShell(pool)
    ps.add_script("$input | ForEach-Object { \"in $_\" }")
    check("input", ps.invoke(["a", "b"]), ["in a", "in b"])
    pool.exchange_keys()
    check("available runspaces", pool.get_available_runspaces(), 1)


def parallel(url, user, password, mode):
    """Four clients at once, each with a connection and a pool of its own."""
    texts = [f"'{n}'" for n in range(4)]
    results, failures = [None] * 4, []

    def one(n):
        try:
            with connect(url, user, password, "ntlm") as wsman, RunspacePool(wsman) as pool:
                if mode == "demo":
                    ps = invoke(pool, lambda ps: ps.add_cmdlet("Write-Output").add_argument(str(n)))
                else:
                    ps = script(pool, texts[n])
                results[n] = ps.output
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    check("parallel failures", failures, [])
    check("parallel", results, [[str(n)] for n in range(4)])


def refusals(url, user, password):
    try:
        with connect(url, user, password + "x", "ntlm") as wsman, RunspacePool(wsman):
            raise AssertionError("a wrong password got in")
    except AuthenticationError:
        pass
    try:
        with connect(url, user, password, "ntlm") as wsman:
            RunspacePool(wsman, configuration_name="No.Such").open()
            raise AssertionError("a configuration that does not exist was opened")
    except WSManFaultError as fault:
        check("unknown configuration", fault.code, 2150858811)


def tls_refusals(url, user, password):
    def refused(expected, **more):
        try:
            with connect(url, user, more.pop("password", password), more.pop("auth", "ntlm"), **more) as wsman:
                RunspacePool(wsman).open()
        except expected:
            return
        raise AssertionError(f"{more}: it got in")

    for auth in ("ntlm", "negotiate"):
        refused(AuthenticationError, auth=auth, negotiate_send_cbt=False)
    refused((AuthenticationError, WinRMTransportError), auth="basic", password=password + "x")
    refused(requests.exceptions.SSLError, cert_validation=True)


def main():
    url, user, password, mode = sys.argv[1:5]
    is_tls = url.startswith("https:")
    for auth in ("ntlm", "negotiate") + (("basic",) if is_tls else ()):
        started = time.monotonic()
        host = Host()
        with connect(url, user, password, auth) as wsman, RunspacePool(wsman, host=host) as pool:
            {"demo": demo, "process": process}[mode](pool)
        print(f"{mode} over {auth}: {time.monotonic() - started:.1f} s")
    parallel(url, user, password, mode)
    refusals(url, user, password)
    if is_tls:
        tls_refusals(url, user, password)
    print("all of it came off")


if __name__ == "__main__":
    main()
