"""The same calls by pypsrp.

Reads one JSON object with `url`, `username`, `password`, `module` (text of the
host module), `script` (path on the host), `function`, `parameters`,
`calls` and `sessions`; prints one with `first_call` and `warm` in seconds,
the number of `objects` that each call brought and, with more sessions than
one, the `memory` in bytes: of the `process` with one, of each further one.
"""

import contextlib
import json
import sys
import time
from urllib.parse import urlsplit

from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

asked = json.load(sys.stdin)


def connection():
    url = urlsplit(asked["url"])
    return WSMan(
        url.hostname,
        port=url.port,
        username=asked["username"],
        password=asked["password"],
        ssl=False,
        auth="ntlm",
        encryption="always",
    )


def run(pool, prepare):
    shell = PowerShell(pool)
    prepare(shell)
    output = shell.invoke()
    if shell.had_errors or not output:
        sys.exit(f"a call failed: {[str(error) for error in shell.streams.error]}")
    shell.close()  # as we do: without it the host keeps the command
    return output


def command(pool, name, **arguments):
    return run(pool, lambda shell: shell.add_cmdlet(name).add_parameters(arguments))


def call(pool):
    output = command(pool, "Invoke-SjCall", Name=asked["function"], Parameters=asked["parameters"])
    return len(output) - 2  # the first and the last are the module's own records, begin and end


def prepare(pool):
    run(pool, lambda shell: shell.add_script(asked["module"]))
    command(pool, "Import-SjScript", Path=asked["script"])
    command(pool, "Get-SjProbe", Name=[asked["function"]])
    return call(pool)


def resident():
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS:"))
    except OSError:
        return None


memory = None
start = time.perf_counter()
with connection() as wsman, RunspacePool(wsman) as pool:
    objects = prepare(pool)
    first_call = time.perf_counter() - start
    start = time.perf_counter()
    for _ in range(asked["calls"]):
        call(pool)
    warm = time.perf_counter() - start
    before = resident()
    with contextlib.ExitStack() as more:
        for _ in range(1, asked["sessions"]):
            wsman = more.enter_context(connection())
            prepare(more.enter_context(RunspacePool(wsman)))
        if before is not None and asked["sessions"] > 1:
            memory = {"process": before, "session": (resident() - before) / (asked["sessions"] - 1)}
print(json.dumps({"first_call": first_call, "warm": warm, "objects": objects, "memory": memory}))
