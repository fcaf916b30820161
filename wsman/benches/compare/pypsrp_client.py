"""The same operations by pypsrp.

Reads the question of `compare.rs` as JSON on standard input, prints the
seconds that each operation took.
"""

import json
import sys
import time

from pypsrp.complex_objects import PSInvocationState
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

asked = json.load(sys.stdin)
tls = asked["scheme"] == "https"
wsman = WSMan(
    asked["host"],
    port=asked["port"],
    username=asked["username"],
    password=asked["password"],
    ssl=tls,
    cert_validation=asked.get("ca") or False,
    auth="ntlm",
    encryption="auto" if tls else "always",
)


def run(pool, name, **arguments):
    shell = PowerShell(pool)
    shell.add_cmdlet(name).add_parameters(arguments)
    output = shell.invoke()
    shell.close()  # without it the host keeps the command
    return output


def timed(action):
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def call():
    assert run(pool, "Write-Output", InputObject="hello") == ["hello"]


def text(length):
    (found,) = run(pool, "Get-Text", Length=length)
    assert len(found) == length


def parallel():
    shells = []
    for _ in range(asked["parallel"]):
        shell = PowerShell(pool)
        shell.add_cmdlet("Start-Sleep").add_parameters({"Milliseconds": 50})
        shell.begin_invoke()
        shells.append(shell)
    for shell in shells:
        shell.end_invoke()
        assert shell.state == PSInvocationState.COMPLETED
        shell.close()


with wsman:
    pool = RunspacePool(wsman, max_runspaces=max(asked["parallel"], 1))
    answer = {"open": timed(pool.open)}
    call()
    answer["warm"] = timed(lambda: [call() for _ in range(asked["calls"])])
    answer["texts"] = [timed(lambda: text(length)) for length in asked["texts"]]
    answer["parallel"] = timed(parallel)
    answer["close"] = timed(pool.close)
print(json.dumps(answer))
