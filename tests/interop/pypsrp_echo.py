"""Signs in with pypsrp and has its messages echoed, sealed.

usage: python pypsrp_echo.py <port> <ntlm|negotiate> <user> <password>

Prints the scheme under which it signed in and the kind of context it used.
Fails unless every echo is the message.
"""

import sys

from pypsrp.wsman import WSMan

port, auth, user, password = sys.argv[1:]
wsman = WSMan("127.0.0.1", port=int(port), ssl=False, auth=auth, username=user, password=password, encryption="always")
for size in [1, 0, 4096, 300_000]:
    message = bytes(32 + n % 95 for n in range(size))
    assert wsman.transport.send(message) == message, size
context = wsman.transport.session.auth.contexts["127.0.0.1"]
print(context.response_auth_header, type(context).__name__)
