"""Signs in with pypsrp's CredSSP and runs commands on a host of ours.

usage: python pypsrp_credssp.py PORT USER PASSWORD

Needs pypsrp[credssp]. Exit code 0: all of it came off, and a wrong password was
refused.
"""

import sys

from pypsrp.exceptions import AuthenticationError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan
from requests_credssp.exceptions import AuthenticationException

port, user, password = sys.argv[1:]


def connect(password):
    options = {"ssl": False, "auth": "credssp", "encryption": "always"}
    return WSMan("127.0.0.1", port=int(port), username=user, password=password, **options)


with connect(password) as wsman, RunspacePool(wsman) as pool:
    for size in [1, 5_000, 16_384, 200_000]:
        text = "ü" * size
        ps = PowerShell(pool)
        ps.add_cmdlet("Write-Output").add_argument(text)
        assert ps.invoke() == [text], size
        ps.close()
try:
    with connect(password + "x") as wsman, RunspacePool(wsman):
        raise AssertionError("a wrong password got in")
except (AuthenticationError, AuthenticationException):
    pass
print("all of it came off")
