"""What is behind the WSMan front of psrp_host.py: a shell and its commands.

Two of them: psrpcore as the judge of our bytes, and a real PowerShell behind
the out-of-process line protocol.
"""

import base64
import collections
import datetime
import decimal
import os
import re
import struct
import subprocess
import threading
import time
import uuid

import psrpcore
from psrpcore import types

POOL_STATE, PIPELINE_STATE = 0x00021005, 0x00041006
HEADER = 21


class Gone(Exception):
    """No such shell or command."""


class Output:
    """Fragments that wait for a Receive."""

    def __init__(self):
        self.fragments = collections.deque()
        self.ended = False
        self.done_said = False
        self.ran_out = 0


def split(data):
    """The fragments in `data`, and the message type of those that start one."""
    while data:
        size = HEADER + struct.unpack(">I", data[17:21])[0]
        starts = data[16] & 1
        kind = struct.unpack("<I", data[HEADER + 4 : HEADER + 8])[0] if starts else None
        yield data[:size], kind
        data = data[size:]


class Shell:
    """Queues of output, by command; `None` is the pool."""

    def __init__(self):
        self.changed = threading.Condition(threading.RLock())
        self.commands = {}
        self.outputs = {None: Output()}
        self.gone = False

    def put(self, command, data):
        with self.changed:
            output = self.outputs.get(command)
            if output is None:
                return
            for fragment, kind in split(data):
                output.fragments.append((fragment, kind))
                # psrpcore also says that a pipeline runs, which Windows does not.
                if kind == PIPELINE_STATE and re.search(rb'N="PipelineState">[345]<', fragment):
                    output.ended = True
            self.changed.notify_all()

    def receive(self, command, until, room):
        """Fragments that fit and whether the command is done; None: time is up."""
        with self.changed:
            while True:
                output = self.outputs.get(command)
                if output is None or self.gone or output.done_said:
                    raise Gone
                if output.fragments:
                    return self.take(output, room)
                if not self.changed.wait(until - time.monotonic()) and time.monotonic() >= until:
                    output.ran_out += 1
                    self.ran_out(command, output.ran_out)
                    return None

    def take(self, output, room):
        taken = []
        while output.fragments:
            fragment, kind = output.fragments[0]
            # Seen: hosts answer the first Receive without the pool's state.
            if taken and (kind == POOL_STATE or room < len(fragment)):
                break
            taken.append(fragment)
            room -= len(fragment)
            output.fragments.popleft()
        done = output.ended and not output.fragments
        output.done_said = done
        return taken, done

    def ran_out(self, command, times):
        pass

    def add(self, command):
        with self.changed:
            self.outputs[command] = Output()

    def known(self, command):
        with self.changed:
            if command not in self.outputs:
                raise Gone

    def remove(self, command):
        with self.changed:
            self.outputs.pop(command, None)
            self.commands.pop(command, None)
            self.changed.notify_all()

    def delete(self):
        with self.changed:
            self.gone = True
            self.changed.notify_all()


class PsrpcoreShell(Shell):
    """psrpcore reads what the client sends, and writes what it gets.

    There is no PowerShell: the commands below are all there are.
    """

    def __init__(self, ran):
        super().__init__()
        self.pool = psrpcore.ServerRunspacePool()
        self.ran = ran

    def open(self, data):
        self.feed(None, data)

    def command(self, command, data):
        with self.changed:
            if self.pool.state != types.RunspacePoolState.Opened:
                raise ValueError("a command before the pool is open")
            self.add(command)
            self.commands[command] = psrpcore.ServerPipeline(self.pool, command)
            self.feed(command, data)

    def send(self, command, stream, data):
        with self.changed:
            self.known(command)
            self.feed(command, data, stream)

    def feed(self, command, data, stream="stdin"):
        with self.changed:
            kind = psrpcore.StreamType.prompt_response if stream == "pr" else psrpcore.StreamType.default
            self.pool.receive_data(psrpcore.PSRPPayload(data, kind, command))
            while (event := self.pool.next_event()) is not None:
                if event.pipeline_id != command:
                    raise ValueError("a message of %s came to %s" % (event.pipeline_id, command))
                if isinstance(event, psrpcore.CreatePipelineEvent):
                    self.run(self.commands[command], event.pipeline)
                elif isinstance(event, psrpcore.PipelineHostResponseEvent):
                    if stream != "pr":
                        raise ValueError("a host response in stream %s" % stream)
                    self.answered(self.commands[command], event)
            self.flush()

    def flush(self):
        # 32 KiB, as the engine does it.
        while (payload := self.pool.data_to_send(32768)) is not None:
            self.put(payload.pipeline_id, payload.data)

    def run(self, pipeline, powershell):
        pipeline.start()
        [command] = powershell.commands
        self.ran.append(command.command_text)
        given = dict(command.parameters)
        run = COMMANDS.get(command.command_text)
        if command.is_script or run is None:
            fail(pipeline, "The term '%s' is not recognized" % command.command_text, "CommandNotFoundException")
        elif run(pipeline, given) is not HELD:
            pipeline.complete()

    def answered(self, pipeline, event):
        if event.error is not None:
            pipeline.write_error(event.error.Exception, fully_qualified_error_id=event.error.FullyQualifiedErrorId)
        elif isinstance(event.result, dict):
            pipeline.write_output(list(event.result.values())[0])
        else:
            pipeline.write_output(event.result)
        pipeline.complete()

    def ran_out(self, command, times):
        """Lets `Wait-Receive` go on when its Receive ran out twice."""
        pipeline = self.commands.get(command)
        if pipeline is not None and times == 2 and pipeline.metadata.commands[0].command_text == "Wait-Receive":
            pipeline.write_output("after two empty answers")
            pipeline.complete()
            self.flush()

    def stop(self, command):
        with self.changed:
            self.known(command)
            pipeline = self.commands[command]
            if pipeline.state == types.PSInvocationState.Running:
                pipeline.stop()
            self.flush()

    def close(self, command):
        with self.changed:
            self.known(command)
            pipeline = self.commands[command]
            if pipeline.state == types.PSInvocationState.Running:
                pipeline.begin_stop()
            pipeline.close()
            self.remove(command)


HELD = object()


def fail(pipeline, text, error_id):
    error = types.ErrorRecord(
        Exception=types.NETException(Message=text),
        CategoryInfo=types.ErrorCategoryInfo(Category=types.ErrorCategory.ObjectNotFound),
        FullyQualifiedErrorId=error_id,
    )
    state = types.PSInvocationState.Failed
    pipeline.prepare_message(types.PipelineState(PipelineState=int(state), ExceptionAsErrorRecord=error))
    pipeline.state = state


def samples():
    """One value of each kind that has a JSON of its own."""
    return {
        "string": types.PSString("_x000A_ \U0001f600 \t"),
        "char": types.PSChar("ß"),
        "true": True,
        "byte": types.PSByte(255),
        "sbyte": types.PSSByte(-128),
        "uint16": types.PSUInt16(65535),
        "int16": types.PSInt16(-32768),
        "uint32": types.PSUInt(4294967295),
        "int32": types.PSInt(-2147483648),
        "uint64": types.PSUInt64(18446744073709551615),
        "int64": types.PSInt64(-9223372036854775808),
        "single": types.PSSingle(1.5),
        "double": types.PSDouble(-0.125),
        "decimal": types.PSDecimal(decimal.Decimal("12.50")),
        "bytes": types.PSByteArray(b"\x00\xff"),
        "guid": types.PSGuid(uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")),
        "uri": types.PSUri("https://portal.example/?a=1&b=2"),
        "version": types.PSVersion("7.4.2"),
        "time": types.PSDateTime(2026, 2, 28, 12, 30, 15, tzinfo=datetime.timezone.utc),
        "span": types.PSDuration(datetime.timedelta(days=1, seconds=2)),
        "null": None,
        "list": types.PSList([1, None, [], "x"]),
        "dictionary": types.PSDict({"a": types.PSList([True]), "ä": {}}),
    }


def write_custom(pipeline, _):
    made = types.PSCustomObject(**{"Name": "rule", "Count": 2, "Odd name": types.PSList(["x", "y"])})
    pipeline.write_output(made)
    # The same object twice in one message: a reference on the wire.
    pipeline.write_output(types.PSList([made, made]))


def write_many(pipeline, given):
    for number in range(int(given["Count"])):
        pipeline.write_output(number)


def ask(method, *parameters):
    def call(pipeline, _):
        pipeline.host_call(method, list(parameters))
        return HELD

    return call


def sleep(pipeline, _):
    pipeline.write_output("asleep")
    return HELD


def error(pipeline, given):
    pipeline.write_error(
        types.NETException(Message=given["Message"]),
        category_info=types.ErrorCategoryInfo(Category=types.ErrorCategory.InvalidData, Reason="x"),
        fully_qualified_error_id="Interop.Error",
    )


METHOD = types.HostMethodIdentifier
# As Read-Host asks.
NAME = types.FieldDescription(
    Name="Name",
    ParameterTypeName="String",
    ParameterTypeFullName="System.String",
    ParameterAssemblyFullName="System.Private.CoreLib",
    Attributes=types.PSList(),
)

COMMANDS = {
    "Write-Output": lambda pipeline, given: pipeline.write_output(given["InputObject"]),
    "Write-Warning": lambda pipeline, given: pipeline.write_warning(given["Message"]),
    "Write-Verbose": lambda pipeline, given: pipeline.write_verbose(given["Message"]),
    "Write-Debug": lambda pipeline, given: pipeline.write_debug(given["Message"]),
    "Write-Error": error,
    "Write-Information": lambda pipeline, given: pipeline.write_information(given["MessageData"], "here"),
    "Write-Progress": lambda pipeline, given: pipeline.write_progress(
        given["Activity"], 1, given["Status"], percent_complete=int(given["PercentComplete"])
    ),
    "Write-Many": write_many,
    "Get-Samples": lambda pipeline, _: pipeline.write_output(samples()),
    "Get-Custom": write_custom,
    "Read-Line": ask(METHOD.ReadLine),
    "Read-Host": ask(METHOD.Prompt, "Caption", "Message", types.PSList([NAME])),
    "Write-Host": lambda pipeline, given: pipeline.host_call(METHOD.WriteLine2, [given["Object"]]) and None,
    # Both end only when the client does something: stops it, asks again.
    "Start-Sleep": sleep,
    "Wait-Receive": lambda pipeline, _: HELD,
}


class EngineShell(Shell):
    """Passes fragments to a PowerShell and back, one line at a time."""

    NOBODY = uuid.UUID(int=0)
    LINE = re.compile(r"""<(\w+)(?: Stream=['"](\w+)['"])? PSGuid=['"]([0-9a-fA-F-]+)['"] ?(?:/>|>(.*)</Data>)""")

    def __init__(self, command):
        super().__init__()
        # Without debugger pipes, which stay behind in the temporary folder.
        environment = dict(os.environ, DOTNET_EnableDiagnostics="0")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        self.asking = threading.Lock()
        self.acks = set()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            name, _, command, data = self.LINE.match(line.decode()).groups()
            command = uuid.UUID(command)
            if name == "Data":
                self.put(None if command == self.NOBODY else command, base64.b64decode(data))
            with self.changed:
                self.acks.add((name, command))
                self.changed.notify_all()
        super().delete()

    def ask(self, line, ack, command):
        # One line at a time: the engine handles each on a thread of its own.
        command = command or self.NOBODY
        with self.asking:
            with self.changed:
                self.acks.discard((ack, command))
            self.process.stdin.write((line % command + "\n").encode())
            self.process.stdin.flush()
            with self.changed:
                self.changed.wait_for(lambda: (ack, command) in self.acks or self.gone)

    def data(self, command, stream, data):
        line = "<Data Stream='%s' PSGuid='%%s'>%s</Data>" % (stream, base64.b64encode(data).decode())
        self.ask(line, "DataAck", command)

    def open(self, data):
        self.data(None, "Default", data)

    def command(self, command, data):
        self.add(command)
        self.commands[command] = True
        self.ask("<Command PSGuid='%s' />", "CommandAck", command)
        self.data(command, "Default", data)

    def send(self, command, stream, data):
        self.known(command)
        self.data(command, "PromptResponse" if stream == "pr" else "Default", data)

    def stop(self, command):
        self.known(command)
        self.ask("<Signal PSGuid='%s' />", "SignalAck", command)

    def close(self, command):
        with self.changed:
            # Exactly once: a second Close of the same command breaks the engine's count.
            if self.commands.pop(command, None) is None:
                raise Gone
        self.ask("<Close PSGuid='%s' />", "CloseAck", command)
        self.remove(command)

    def delete(self):
        for command in list(self.commands):
            try:
                self.close(command)
            except Gone:
                pass
        # Waits for whatever is still asked, and for the pool to be closed.
        self.ask("<Close PSGuid='%s' />", "CloseAck", None)
        super().delete()
        with self.asking:
            # The end of its input ends it.
            self.process.stdin.close()
        self.process.wait()
