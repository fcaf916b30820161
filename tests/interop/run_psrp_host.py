"""Our client against psrp_host.py: psrpcore reads what we send.

usage: python run_psrp_host.py [--engine COMMAND]

Needs the example: cargo build -p wsman --example invoke --all-features. With
--engine the same host also runs in front of a real PowerShell. Ends with
`N passed, M failed`.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile

from suite import Suite, built, listening, same

HERE = os.path.dirname(os.path.abspath(__file__))
USER, PASSWORD = r"CORP\analyst", "pass word 😀"
TEXTS = [
    "plain",
    "",
    " leading and trailing ",
    "Grüße, 日本語, 😀",
    "_x000A_ and _x005F_ and _X000a_",
    "'single' \"double\" `back` $dollar %percent",
    "one\ntwo\r\nthree\ttab",
    "<S>&amp;</S> ]]>",
    # Not U+FFFE and U+FFFF: as references, which .NET writes, expat refuses them.
    "\u0001\u001f\u007f\u00a0\u2028\u0085",
]
# As psrp_shell.samples() should read in JSON, by the table of wsman::clixml::json.
SAMPLES = {
    "string": "_x000A_ 😀 \t",
    "char": "ß",
    "true": True,
    "byte": 255,
    "sbyte": -128,
    "uint16": 65535,
    "int16": -32768,
    "uint32": 4294967295,
    "int32": -2147483648,
    "uint64": "18446744073709551615",
    "int64": "-9223372036854775808",
    "single": 1.5,
    "double": -0.125,
    "decimal": 12.5,
    "bytes": "AP8=",
    "guid": "00112233-4455-6677-8899-aabbccddeeff",
    "uri": "https://portal.example/?a=1&b=2",
    "version": "7.4.2",
    "time": "2026-02-28T12:30:15Z",
    "span": "P1DT2S",
    "null": None,
    "list": [1, None, [], "x"],
    "dictionary": {"a": [True], "ä": {}},
}
VALUES = [
    None,
    True,
    0,
    -2147483649,
    18446744073709551615,
    1.5,
    [],
    ["one", None, 2, [3]],
    {"Name": "x", "nested": {"list": [1, {"deep": "_x0041_"}]}, "empty": {}},
]


def written(value):
    """As our client writes it: what other readers of JSON would round is text."""
    exact = 2**53 - 1
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number and abs(value) > exact else value


class Client:
    """The example, run once for each command."""

    def __init__(self, url, folder, flags=()):
        self.url, self.folder, self.flags = url, folder, flags
        self.started = 0

    def run(self, *command, flags=(), user=USER, password=PASSWORD):
        """Exit code, objects, last word and what went to standard error."""
        self.started += 1
        done = subprocess.run(
            [built("examples/invoke"), *self.flags, *flags, self.url, user, *command],
            input=password,
            capture_output=True,
            text=True,
            timeout=120,
        )
        # Not splitlines: it also splits at what JSON leaves as it is.
        lines = done.stdout.rstrip("\n").split("\n")
        objects = [json.loads(line) for line in lines[:-1]]
        return done.returncode, objects, lines[-1], done.stderr.rstrip("\n")

    def objects(self, *command, **options):
        code, objects, end, said = self.run(*command, **options)
        assert code == 0 and end == "Completed" and said == "", (code, end, said[:2000])
        return objects

    def file(self, text):
        path = os.path.join(self.folder, "text")
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        return path


def host(folder, *options):
    users = os.path.join(folder, "users")
    with open(users, "w", encoding="utf-8") as file:
        file.write("CORP:analyst:%s\n" % PASSWORD)
    command = [sys.executable, os.path.join(HERE, "psrp_host.py"), *options]
    return listening(command, env=dict(os.environ, NTLM_USER_FILE=users))


def summary(process):
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=30)
    return json.loads(said.splitlines()[-1])


def echoes(suite, client, name):
    for text in TEXTS:
        with suite.case("%s: echoes %r" % (name, text)):
            same(client.objects("Write-Output", "InputObject=" + text), [text])
    with suite.case(name + ": echoes 300 KB"):
        # More than one envelope each way; no length that divides well.
        text = "".join("%d, ä, 😀;" % number for number in range(25_000))[:300_001]
        same(client.objects("Write-Output", "InputObject@=" + client.file(text)), [text])
    return len(TEXTS) + 1


def of_psrpcore(suite, protocol, folder):
    with host(folder, "--protocol", protocol, "--hold", "0.2") as (process, url):
        # Such a host takes no SPNEGO.
        client = Client(url, folder, ["--ntlm"] if protocol == "ntlm" else [])
        ran = ["Write-Output"] * echoes(suite, client, protocol)

        def records(name, command, expected_said, expected=(), end="Completed", flags=()):
            with suite.case("%s: %s" % (protocol, name)):
                ran.append(command[0])
                code, objects, last, said = client.run(*command, flags=flags)
                same((code, objects, said), (0, list(expected), expected_said))
                assert last.startswith(end), last

        for value in VALUES:
            records("echoes %s" % json.dumps(value), ["Write-Output", "InputObject:=" + json.dumps(value)], "", [written(value)])
        records("a value of every kind", ["Get-Samples"], "", [SAMPLES])
        made = {"Name": "rule", "Count": 2, "Odd name": ["x", "y"]}
        records("a custom object, and references to it", ["Get-Custom"], "", [made, [made, made]])
        records("2000 objects in order", ["Write-Many", "Count=2000"], "", range(2000))
        records("a warning", ["Write-Warning", "Message=Grüße"], "warning: Grüße")
        records("verbose text", ["Write-Verbose", "Message=v"], "verbose: v")
        records("debug text", ["Write-Debug", "Message=d"], "debug: d")
        records("an error record", ["Write-Error", "Message=no"], "error: no (Interop.Error)")
        records("information", ["Write-Information", "MessageData=i"], 'information: "i"')
        progress = ["Write-Progress", "Activity=a", "Status=s", "PercentComplete=30"]
        records("progress", progress, "progress: a: s Some(30)")
        records("a void host call gets no answer", ["Write-Host", "Object=h"], "host: WriteLine2")
        records("a prompt is answered", ["Read-Host"], "host: Caption Message Name", ["Ä"], flags=["--answer", "Ä"])
        records("a line is answered", ["Read-Line"], "host: ReadLine", ["_x000A_"], flags=["--answer", "_x000A_"])
        refused = "\nerror: nobody answers (Invoke.Refused)"
        records("a prompt is refused", ["Read-Host"], "host: Caption Message Name" + refused)
        records("a line is refused", ["Read-Line"], "host: ReadLine" + refused)
        records("a command that is not there", ["Get-Nothing"], "", end="Failed(")
        records("a Receive that runs out is asked again", ["Wait-Receive"], "", ["after two empty answers"])
        records("stopped", ["Start-Sleep"], "", ["asleep"], end="Stopped(Caller)", flags=["--first"])

        for user, password in [(USER, "wrong"), (USER, ""), (r"CORP\nobody", PASSWORD)]:
            with suite.case("%s: %s with %r is refused" % (protocol, user, password)):
                code, objects, _, said = client.run("Write-Output", "InputObject=x", user=user, password=password)
                same((code, objects), (1, []))
                assert "kind: Auth" in said and "effect: NotRun" in said, said

        counted = summary(process)
        with suite.case(protocol + ": every command ran once, and was closed"):
            counts, commands = counted["counts"], len(ran)
            same(counted["ran"], ran)
            same([counts[verb] for verb in ("Create", "Command", "Delete")], [commands] * 3)
            # One after each command and one stop.
            stops = [code for code in counted["signals"] if code == "powershell/signal/crtl_c"]
            same((len(stops), len(counted["signals"])), (1, commands + 1))
            same((counted["open_shells"], counted["open_commands"]), (0, 0))
        with suite.case(protocol + ": answers to host calls go in stream pr"):
            same(counts["Send pr"], 4)
        with suite.case(protocol + ": each wrong password is tried once"):
            same(counts["refused"], 3)
        with suite.case(protocol + ": psrpcore has no complaint"):
            same(counted["complaints"], [])
        print(json.dumps({key: counted[key] for key in ("counts", "largest")}), flush=True)


def of_engine(suite, engine, folder):
    with host(folder, "--process", engine) as (process, url):
        client = Client(url, folder)
        echoes(suite, client, "engine")
        for value in VALUES[1:6]:
            with suite.case("engine: echoes %s" % json.dumps(value)):
                same(client.objects("Write-Output", "InputObject:=" + json.dumps(value)), [written(value)])
        with suite.case("engine: a table keeps its values"):
            value = {"Name": "x", "nested": {"list": [1, {"deep": "_x0041_"}]}}
            same(client.objects("Write-Output", "InputObject:=" + json.dumps(value)), [written(value)])
        with suite.case("engine: streams"):
            script = "Write-Warning w; Write-Error e; Write-Information i; Write-Host h; 'o'"
            code, objects, end, said = client.run("Invoke-Expression", "Command=" + script)
            same((code, objects, end), (0, ["o"], "Completed"))
            for part in ("warning: w", "error: e (", 'information: "i"', "h"):
                assert part in said, said
        with suite.case("engine: a question is answered"):
            code, objects, end, _ = client.run("Read-Host", "Prompt=Name", flags=["--answer", "Ä"])
            same((code, objects, end), (0, ["Ä"], "Completed"))
        with suite.case("engine: a command that is not there"):
            code, objects, end, _ = client.run("Get-Nothing")
            same((code, objects), (0, []))
            assert end.startswith("Failed(") and "CommandNotFoundException" in end, end
        with suite.case("engine: stopped"):
            stop = ["Invoke-Expression", "Command=1; Start-Sleep 600"]
            code, objects, end, _ = client.run(*stop, flags=["--first"])
            same((code, objects, end), (0, [1], "Stopped(Caller)"))
        counted = summary(process)
        with suite.case("engine: every command was closed, without complaint"):
            counts = counted["counts"]
            same([counts[verb] for verb in ("Create", "Command", "Delete")], [client.started] * 3)
            same(len(counted["signals"]), client.started + 1)
            same((counted["open_shells"], counted["open_commands"]), (0, 0))
            same(counted["complaints"], [])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", help="command of an out-of-process PowerShell")
    options = parser.parse_args()
    suite = Suite()
    with tempfile.TemporaryDirectory() as folder:
        for protocol in ("negotiate", "ntlm"):
            with suite.case(protocol + ": the host runs to its end"):
                of_psrpcore(suite, protocol, folder)
        if options.engine:
            with suite.case("engine: the host runs to its end"):
                of_engine(suite, options.engine, folder)
    suite.end()


if __name__ == "__main__":
    main()
