"""A WinRM-like host made of foreign parts: pyspnego signs clients in and seals.

usage: NTLM_USER_FILE=<file> python ntlm_peer.py [ntlm|negotiate]

Listens on a free port of loopback and prints it. Takes raw NTLM, or NTLM
inside SPNEGO, under `Negotiate`; then echoes every sealed message, sealed. The
framing is pypsrp's own: not a line of ours takes
part. NTLM_USER_FILE holds `DOMAIN:user:password` lines.
"""

import base64
import http.server
import sys

import spnego
from pypsrp.encryption import WinRMEncryption

PROTOCOL = sys.argv[1] if len(sys.argv) > 1 else "negotiate"
TYPE = 'multipart/encrypted;protocol="%s";boundary="Encrypted Boundary"' % WinRMEncryption.SPNEGO


class Connection(http.server.BaseHTTPRequestHandler):
    """One TCP connection: BaseHTTPRequestHandler lives as long as it does."""

    protocol_version = "HTTP/1.1"
    context = None

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        authorization = self.headers.get("Authorization")
        if authorization:
            return self.sign_in(authorization)
        if self.context is None or not self.context.complete:
            return self.say(401, {"WWW-Authenticate": "Negotiate"})
        encryption = WinRMEncryption(self.context, WinRMEncryption.SPNEGO)
        plain = encryption.unwrap_message(body, "Encrypted Boundary")
        _, sealed = encryption.wrap_message(plain)
        return self.say(200, {"Content-Type": TYPE}, sealed)

    def sign_in(self, authorization):
        if self.context is None:
            self.context = spnego.server(protocol=PROTOCOL)
        try:
            token = self.context.step(base64.b64decode(authorization.split(" ", 1)[1]))
        except spnego.exceptions.SpnegoError as error:
            print("refused:", error, file=sys.stderr)
            self.context = None
            return self.say(401, {"WWW-Authenticate": "Negotiate"})
        headers = {"WWW-Authenticate": "Negotiate " + base64.b64encode(token).decode()} if token else {}
        return self.say(200 if self.context.complete else 401, headers)

    def say(self, status, headers, body=b""):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Connection)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
