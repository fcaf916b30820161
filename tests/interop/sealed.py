"""The HTTP half of a WinRM host, made of foreign parts.

With a certificate it speaks HTTPS: nothing is sealed then, and NTLM must be
bound to the certificate. pyspnego signs clients in, and pypsrp's own framing seals and opens their
messages: not a line of ours takes part. Who may sign in stands in the file that
NTLM_USER_FILE names, as `DOMAIN:user:password` lines.
"""

import base64
import http.server
import ssl
import sys

import spnego
import spnego.channel_bindings
from cryptography import x509
from pypsrp.encryption import WinRMEncryption

SOAP = "application/soap+xml;charset=UTF-8"
TYPE = 'multipart/encrypted;protocol="%s";boundary="Encrypted Boundary"' % WinRMEncryption.SPNEGO


class SealedConnection(http.server.BaseHTTPRequestHandler):
    """One TCP connection: BaseHTTPRequestHandler lives as long as it does.

    Takes raw NTLM, or NTLM inside SPNEGO, under `Negotiate`.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    protocol = "negotiate"
    context = None
    channel_bindings = None

    def answer(self, plain):
        """Status and body of the answer to an opened message."""
        raise NotImplementedError

    def signed_in(self, accepted):
        """Told of the end of each sign-in."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        authorization = self.headers.get("Authorization")
        if authorization:
            return self.sign_in(authorization)
        if self.context is None or not self.context.complete:
            return self.say(401, {"WWW-Authenticate": "Negotiate"})
        if self.channel_bindings:
            assert self.headers["Content-Type"] == SOAP, self.headers["Content-Type"]
            status, plain = self.answer(body)
            return self.say(status, {"Content-Type": SOAP}, plain)
        encryption = WinRMEncryption(self.context, WinRMEncryption.SPNEGO)
        # Raises on anything that is not sealed by this client: the connection breaks.
        status, plain = self.answer(encryption.unwrap_message(body, "Encrypted Boundary"))
        _, sealed = encryption.wrap_message(plain)
        return self.say(status, {"Content-Type": TYPE}, sealed)

    def sign_in(self, authorization):
        if self.context is None:
            self.context = spnego.server(protocol=self.protocol, channel_bindings=self.channel_bindings)
        try:
            token = self.context.step(base64.b64decode(authorization.split(" ", 1)[1]))
        except spnego.exceptions.SpnegoError as error:
            print("refused:", error, file=sys.stderr)
            self.context = None
            self.signed_in(False)
            return self.say(401, {"WWW-Authenticate": "Negotiate"})
        if self.context.complete:
            self.signed_in(True)
        headers = {"WWW-Authenticate": "Negotiate " + base64.b64encode(token).decode()} if token else {}
        return self.say(200 if self.context.complete else 401, headers)

    def say(self, status, headers, body=b""):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        try:
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            # Clients drop the connections of answers that they no longer need.
            self.close_connection = True

    def log_message(self, *_):
        pass


def listen(connection, certificate=None, key=None):
    """A server for such connections on a free port of loopback."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), connection)
    server.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        connection.channel_bindings = bindings_of(certificate)
    return server


def bindings_of(certificate):
    """`tls-server-end-point`, with the hash that the certificate names."""
    with open(certificate, "rb") as file:
        read = x509.load_pem_x509_certificate(file.read())
    data = b"tls-server-end-point:" + read.fingerprint(read.signature_hash_algorithm)
    return spnego.channel_bindings.GssChannelBindings(application_data=data)
