"""A small WinRM host for our client to talk to, with a foreign judge inside.

usage: NTLM_USER_FILE=<file> python psrp_host.py [--protocol ntlm|negotiate]
           [--hold SECONDS] [--process COMMAND]

Signing in and sealing is pyspnego's, the PowerShell Remoting Protocol is
psrpcore's or, with --process, that of a PowerShell behind the out-of-process
line protocol (`pwsh -s -NoLogo -NoProfile`). Only the WSMan front is written
here; it is strict, and what a client does wrong is complained about.

Prints `listening on URL`. On SIGTERM or SIGINT it prints what it counted, as
one line of JSON, and ends.
"""

import argparse
import base64
import collections
import json
import re
import shlex
import signal
import sys
import threading
import time
import uuid
import xml.etree.ElementTree as ElementTree

from psrp_shell import EngineShell, Gone, PsrpcoreShell
from sealed import SealedConnection, listen

SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
WSMAN_MS = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
POWERSHELL = "http://schemas.microsoft.com/powershell"
RESOURCE = POWERSHELL + "/Microsoft.PowerShell"

# The misspelling is the specification's, [MS-PSRP] 3.1.5.3.9.
STOP = "powershell/signal/crtl_c"
TERMINATE = SHELL + "/signal/terminate"

# Spec: the default of MaxEnvelopeSizekb since PowerShell 3, 500 KB.
MAX_ENVELOPE = 512_000

TIMED_OUT, NOT_FOUND, TOO_LARGE, INVALID = 2150858793, 2150858843, 2150859025, 2150858817


class Fault(Exception):
    def __init__(self, code, subcode, text):
        super().__init__(text)
        self.code, self.subcode = code, subcode


class Host:
    """Shells and counters, for all connections."""

    def __init__(self, options):
        self.options = options
        self.lock = threading.Lock()
        self.shells = {}
        self.messages = {}
        self.counts = collections.Counter()
        self.signals = []
        self.complaints = []
        self.ran = []
        self.largest = 0

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    def complain(self, text):
        with self.lock:
            self.complaints.append(text)
        print("complaint:", text, file=sys.stderr, flush=True)

    def summary(self):
        open_commands = sum(len(shell.commands) for shell in self.shells.values())
        return {
            "counts": dict(sorted(self.counts.items())),
            "ran": self.ran,
            "signals": self.signals,
            "largest": self.largest,
            "open_shells": len(self.shells),
            "open_commands": open_commands,
            "complaints": self.complaints,
        }


class Request:
    """One envelope, opened."""

    def __init__(self, host, plain):
        root = ElementTree.fromstring(plain)
        self.head, self.body = root.find("{%s}Header" % SOAP), root.find("{%s}Body" % SOAP)
        self.action = self.text(ADDRESSING, "Action")
        self.verb = self.action.rsplit("/", 1)[-1]
        self.message_id = self.text(ADDRESSING, "MessageID")
        self.max_envelope = int(self.text(WSMAN, "MaxEnvelopeSize"))
        span = re.fullmatch(r"PT(\d+(?:\.\d+)?)S", self.text(WSMAN, "OperationTimeout"))
        self.hold = min(float(span.group(1)), host.options.hold)
        selector = self.head.find("{%s}SelectorSet/{%s}Selector[@Name='ShellId']" % (WSMAN, WSMAN))
        self.shell_id = selector.text if selector is not None else None
        self.check(host, plain)

    def text(self, namespace, name):
        found = self.head.find("{%s}%s" % (namespace, name))
        if found is None or not found.text:
            raise Fault(INVALID, "SchemaValidationError", "header %s is missing" % name)
        return found.text.strip()

    def check(self, host, plain):
        """Complains about what Windows may take, but no client should send."""
        expected = (TRANSFER if self.verb in ("Create", "Delete") else SHELL) + "/" + self.verb
        if self.action != expected:
            host.complain("action " + self.action)
        if self.text(WSMAN, "ResourceURI") != RESOURCE:
            host.complain("%s of another resource" % self.verb)
        if not self.text(ADDRESSING, "To").startswith("http://127.0.0.1:"):
            host.complain("wsa:To is not the endpoint")
        session = self.text(WSMAN_MS, "SessionId")
        with host.lock:
            before = host.messages.get(self.message_id)
            host.messages[self.message_id] = plain
            host.largest = max(host.largest, len(plain))
        if before is not None and (self.verb != "Receive" or before != plain):
            host.complain("the MessageID of a %s was there before" % self.verb)
        if self.verb == "Create" and session is None:
            host.complain("a shell without a SessionId")
        if len(plain) > MAX_ENVELOPE:
            raise Fault(TOO_LARGE, "EncodingLimit", "the envelope is too large")

    def part(self, *path):
        found = self.body.find("/".join("{%s}%s" % (SHELL, name) for name in path))
        if found is None:
            raise Fault(INVALID, "SchemaValidationError", "%s is missing" % path[-1])
        return found


class WinRm(SealedConnection):
    host = None

    def signed_in(self, accepted):
        self.host.count("signed in" if accepted else "refused")

    def answer(self, plain):
        host, message_id = self.host, None
        try:
            request = Request(host, plain)
            message_id = request.message_id
            host.count(request.verb)
            action, body = getattr(self, "on_" + request.verb)(request)
            return 200, envelope(request.action + "Response", message_id, body)
        except Gone:
            fault = Fault(NOT_FOUND, "InvalidSelectors", "the shell or command was not found")
        except Fault as error:
            fault = error
        except Exception as error:  # A judge that throws is a complaint, and the client hears of it.
            host.complain("%s: %s" % (type(error).__name__, error))
            fault = Fault(INVALID, "SchemaValidationError", "see the complaints")
        host.count("fault %d" % fault.code)
        return 500, envelope(ADDRESSING + "/fault", message_id, FAULT % (fault.subcode, fault, fault.code, fault))

    def shell(self, request):
        with self.host.lock:
            shell = self.host.shells.get(request.shell_id)
        if shell is None:
            raise Gone
        return shell

    def on_Create(self, request):
        option = request.head.find("{%s}OptionSet/{%s}Option[@Name='protocolversion']" % (WSMAN, WSMAN))
        if option is None or option.text != "2.3":
            self.host.complain("protocolversion is not 2.3")
        creation = request.part("Shell").find("{%s}creationXml" % POWERSHELL)
        options = self.host.options
        shell = EngineShell(shlex.split(options.process)) if options.process else PsrpcoreShell(self.host.ran)
        # Not the proposed one: a client must use what the host answers.
        shell_id = str(uuid.uuid4()).upper()
        shell.open(base64.b64decode(creation.text))
        with self.host.lock:
            self.host.shells[shell_id] = shell
        return None, CREATED % {"id": shell_id, "resource": RESOURCE}

    def on_Command(self, request):
        line = request.part("CommandLine")
        arguments = line.findall("{%s}Arguments" % SHELL)
        if len(arguments) != 1:
            raise Fault(2152991684, "InvalidArgSet", "exactly one Arguments, found %d" % len(arguments))
        command = uuid.UUID(line.get("CommandId"))
        self.shell(request).command(command, base64.b64decode(arguments[0].text))
        return None, "<rsp:CommandResponse><rsp:CommandId>%s</rsp:CommandId></rsp:CommandResponse>" % upper(command)

    def on_Send(self, request):
        stream = request.part("Send", "Stream")
        name, command = stream.get("Name"), command_of(stream)
        if name not in ("stdin", "pr"):
            self.host.complain("stream " + str(name))
        self.host.count("Send " + name)
        self.shell(request).send(command, name, base64.b64decode(stream.text))
        return None, "<rsp:SendResponse/>"

    def on_Receive(self, request):
        stream = request.part("Receive", "DesiredStream")
        if stream.text != "stdout":
            self.host.complain("DesiredStream " + str(stream.text))
        command = command_of(stream)
        # Room for base64 and some header of each stream.
        room = (min(request.max_envelope, MAX_ENVELOPE) - 4096) * 3 // 4
        received = self.shell(request).receive(command, time.monotonic() + request.hold, room)
        if received is None:
            raise Fault(TIMED_OUT, "TimedOut", "nothing came in time")
        fragments, done = received
        id_attribute = ' CommandId="%s"' % upper(command) if command else ""
        body = "".join(
            '<rsp:Stream Name="stdout"%s>%s</rsp:Stream>' % (id_attribute, base64.b64encode(data).decode())
            for data in fragments
        )
        if done:
            body += DONE % (id_attribute, SHELL)
        return None, "<rsp:ReceiveResponse>%s</rsp:ReceiveResponse>" % body

    def on_Signal(self, request):
        element = request.part("Signal")
        code, command = request.part("Signal", "Code").text, command_of(element)
        with self.host.lock:
            self.host.signals.append(code)
        shell = self.shell(request)
        # Compared to the letter, as Windows does: any other code closes the command.
        if code == STOP:
            shell.stop(command)
        else:
            if code.lower() != TERMINATE:
                self.host.complain("signal " + code)
            shell.close(command)
        return None, "<rsp:SignalResponse/>"

    def on_Delete(self, request):
        shell = self.shell(request)
        with self.host.lock:
            del self.host.shells[request.shell_id]
        shell.delete()
        return None, ""


def command_of(element):
    written = element.get("CommandId")
    return uuid.UUID(written) if written else None


def upper(command):
    return str(command).upper()


def envelope(action, relates_to, body):
    return (ENVELOPE % (action, upper(uuid.uuid4()), relates_to or "", body)).encode()


ENVELOPE = (
    '<s:Envelope xml:lang="en-US" xmlns:s="%s" xmlns:a="%s" xmlns:x="%s" xmlns:w="%s" xmlns:rsp="%s" xmlns:p="%s">'
    % (SOAP, ADDRESSING, TRANSFER, WSMAN, SHELL, WSMAN_MS)
    + "<s:Header><a:Action>%s</a:Action><a:MessageID>uuid:%s</a:MessageID>"
    + "<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>"
    + "<a:RelatesTo>%s</a:RelatesTo></s:Header><s:Body>%s</s:Body></s:Envelope>"
)
CREATED = (
    "<x:ResourceCreated><a:Address>http://127.0.0.1/wsman</a:Address><a:ReferenceParameters>"
    "<w:ResourceURI>%(resource)s</w:ResourceURI>"
    '<w:SelectorSet><w:Selector Name="ShellId">%(id)s</w:Selector></w:SelectorSet>'
    "</a:ReferenceParameters></x:ResourceCreated>"
    "<rsp:Shell><rsp:ShellId>%(id)s</rsp:ShellId><rsp:ResourceUri>%(resource)s</rsp:ResourceUri>"
    "<rsp:IdleTimeOut>PT7200.000S</rsp:IdleTimeOut><rsp:InputStreams>stdin pr</rsp:InputStreams>"
    "<rsp:OutputStreams>stdout</rsp:OutputStreams><rsp:CompressionMode>NoCompression</rsp:CompressionMode>"
    "<rsp:BufferMode>Block</rsp:BufferMode><rsp:State>Connected</rsp:State></rsp:Shell>"
)
DONE = '<rsp:CommandState%s State="%s/CommandState/Done"><rsp:ExitCode>0</rsp:ExitCode></rsp:CommandState>'
FAULT = (
    "<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:%s</s:Value></s:Subcode></s:Code>"
    '<s:Reason><s:Text xml:lang="en-US">%s</s:Text></s:Reason><s:Detail>'
    '<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="%d" Machine="127.0.0.1">'
    "<f:Message>%s</f:Message></f:WSManFault></s:Detail></s:Fault>"
)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--protocol", choices=["ntlm", "negotiate"], default="negotiate")
    parser.add_argument("--hold", type=float, default=20, help="longest time that a Receive is held")
    parser.add_argument("--process", help="command of an out-of-process PowerShell")
    host = Host(parser.parse_args())
    WinRm.host, WinRm.protocol = host, host.options.protocol
    server = listen(WinRm)

    def end(*_):
        # From a thread of its own: shutdown waits for the loop that this interrupts.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    print("listening on http://127.0.0.1:%d/wsman" % server.server_address[1], flush=True)
    server.serve_forever(poll_interval=0.05)
    for shell in list(host.shells.values()):
        shell.delete()
    print(json.dumps(host.summary()), flush=True)


if __name__ == "__main__":
    main()
