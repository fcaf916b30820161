"""The same calls by pypsrp: prints one JSON object with seconds.

usage: calls.py URL_HOST PORT USER PASSWORD MODULE_FILE SCRIPT_PATH WARM_CALLS < parameters as JSON
"""

import json
import sys
import time

from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

host, port, user, password, module, script, count = sys.argv[1:8]
parameters = json.load(sys.stdin)
with open(module, encoding="utf-8") as file:
    text = file.read()


def connection():
    return WSMan(host, port=int(port), username=user, password=password, ssl=False, auth="ntlm", encryption="always")


def run(pool, name, **arguments):
    shell = PowerShell(pool)
    shell.add_cmdlet(name).add_parameters(arguments)
    output = shell.invoke()
    if shell.had_errors or not output:
        sys.exit(f"{name} failed: {[str(error) for error in shell.streams.error]}")
    shell.close()  # as we do: without it the host keeps the command
    return output


def first(pool):
    shell = PowerShell(pool)
    shell.add_script(text)
    shell.invoke()
    if shell.had_errors:
        sys.exit(f"the module failed: {[str(error) for error in shell.streams.error]}")
    shell.close()
    run(pool, "Import-SjScript", Path=script)
    run(pool, "Get-SjProbe", Name=["Get-AnalyticsRules"])
    return run(pool, "Invoke-SjCall", Name="Get-AnalyticsRules", Parameters=parameters)


start = time.perf_counter()
with connection() as wsman, RunspacePool(wsman) as pool:
    objects = len(first(pool))
    first_call = time.perf_counter() - start
    start = time.perf_counter()
    for _ in range(int(count)):
        run(pool, "Invoke-SjCall", Name="Get-AnalyticsRules", Parameters=parameters)
    warm = time.perf_counter() - start
print(json.dumps({"first_call": first_call, "warm": warm, "objects": objects}))
