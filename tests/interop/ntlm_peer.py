"""Signs clients in, then echoes every sealed message, sealed.

usage: NTLM_USER_FILE=<file> python ntlm_peer.py [ntlm|negotiate] [CERTIFICATE KEY]

With a certificate and its key, both in PEM: HTTPS, unsealed, channel binding
demanded.

Listens on a free port of loopback and prints it.
"""

import sys

from sealed import SealedConnection, listen


class Echo(SealedConnection):
    protocol = sys.argv[1] if len(sys.argv) > 1 else "negotiate"

    def answer(self, plain):
        return 200, plain


server = listen(Echo, *sys.argv[2:4])
print(server.server_address[1], flush=True)
server.serve_forever()
