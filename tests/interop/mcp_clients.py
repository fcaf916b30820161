"""Foreign MCP clients against our server: the Python SDK, the TypeScript SDKs
and the Inspector; over HTTP also the conformance suite's scenarios that need no
tools of its own.

usage: python mcp_clients.py [--inspector FOLDER] [--list-only | --http]

Starts `sentinel-jump demo` over standard input and output, or with --http over
streamable HTTP; cargo build makes it.
FOLDER is a node_modules with node 22 and the packages that `run` names.
--list-only serves a configuration instead and calls nothing. Ends with
`N passed, M failed`.
"""

import argparse
import asyncio
import json
import os
import subprocess
import tempfile

from mcp import Client, MCPError, StdioServerParameters
from mcp.types import ElicitResult

from suite import Suite, built, listening, same

TOOLS = [
    "sentinel_backup_automations",
    "sentinel_backup_functions",
    "sentinel_backup_rules",
    "sentinel_backup_saved_queries",
    "sentinel_backup_table_data",
    "sentinel_backup_watchlists",
    "sentinel_dce_list",
    "sentinel_dcr_list",
    "sentinel_get_analytics_rule",
    "sentinel_health_check",
    "sentinel_incident_assign",
    "sentinel_incident_close",
    "sentinel_incident_comment_add",
    "sentinel_incident_comment_list",
    "sentinel_incident_get",
    "sentinel_incident_list",
    "sentinel_list_analytics_rules",
    "sentinel_rule_list",
    "sentinel_table_list",
    "sentinel_table_retention_get",
    "sentinel_tenants_list",
    "sentinel_workbook_export",
    "sentinel_workbook_get",
    "sentinel_workbook_list",
]
HINTS = ["destructiveHint", "idempotentHint", "openWorldHint", "readOnlyHint"]
CLOSE = "sentinel_incident_close"
ALL_RULES = 89
PLACE = {"tenant": "nordhafen", "workspace": "nordhafen-prod"}
MISSPELT = {"tenant": "nordhafn", "workspace": "nordhafen-prod"}
LANGUAGE = "sentinel-jump/language"
COMMENT = "Grüße from a foreign client: 'quotes', \"quotes\", _x000A_ 😀\nsecond line"
SCENARIOS = {
    "2026-07-28": [
        "server-stateless",
        "tools-list",
        "http-header-validation",
        "dns-rebinding-protection",
        "server-sse-multiple-streams",
        "input-required-result-unsupported-methods",
        "input-required-result-validate-input",
    ],
    "2025-11-25": [
        "server-initialize",
        "server-session-lifecycle",
        "ping",
        "tools-list",
        "dns-rebinding-protection",
        "server-sse-polling",
    ],
}
# Checks that want tools of the suite's own.
NOT_TESTABLE = [
    "sep-2575-server-rejects-undeclared-capability",
    "sep-2575-missing-capability-http-400",
    "sep-2575-http-server-no-independent-requests-on-stream",
    "sep-2575-server-no-log-without-loglevel",
]
CONFIGURATION = """
[hosts.jump]
url = "http://127.0.0.1:1/wsman"
username = 'NORDHAFEN\\svc-sentinel'
password = { env = "SENTINEL_JUMP_TEST_NOT_SET" }
script = { path = 'C:\\Scripts\\SentinelManager.ps1' }

[tenants.nordhafen]
host = "jump"
language = "de"
[tenants.nordhafen.workspaces.nordhafen-prod]
subscription = "000000c1-0d3a-4000-8000-000000000001"
resource_group = "rg-sec-prod"
name = "law-nordhafen-sec-prod"
"""


def check_tools(tools):
    """The list as JSON: names, schemas, annotations."""
    same([tool["name"] for tool in tools], TOOLS)
    for tool in tools:
        assert tool["description"], tool["name"]
        for schema in ("inputSchema", "outputSchema"):
            same((tool["name"], tool[schema]["type"]), (tool["name"], "object"))
            assert tool[schema]["properties"], tool["name"]
        hints = tool["annotations"]
        # Only what differs from what a client assumes; whether a write may destroy is always said.
        said = [hint for hint in HINTS if hints.get(hint) is not None]
        assert said and all(isinstance(hints[hint], bool) for hint in said), hints
        assert hints.get("readOnlyHint") or isinstance(hints.get("destructiveHint"), bool), (tool["name"], hints)


def check_refused(result):
    same((result["isError"], result["structuredContent"]["outcome"]), (True, "refused"))
    assert 'Did you mean "nordhafen"?' in result["structuredContent"]["error"], result["structuredContent"]
    assert '"nordhafen"' in result["content"][0]["text"], result["content"]


def incident_of(answer):
    """The one incident of sentinel_incident_get."""
    data = answer["data"]
    return data[0] if isinstance(data, list) else data


class Person:
    """Who answers the questions of the server."""

    def __init__(self):
        self.types, self.asked = None, []

    async def answer(self, _context, question):
        self.asked.append(question.message)
        if self.types is None:
            return ElicitResult(action="decline")
        return ElicitResult(action="accept", content={"name": self.types})


class Sdk:
    """The Python SDK: one conversation in one protocol era. It checks every
    answer against the tool's output schema."""

    def __init__(self, suite, client, name, person):
        self.suite, self.client, self.name, self.person = suite, client, name, person

    def case(self, name):
        return self.suite.case("%s: %s" % (self.name, name))

    async def call(self, tool, arguments, language=None):
        meta = {LANGUAGE: language} if language else None
        result = await self.client.call_tool(tool, arguments, meta=meta)
        return json.loads(result.model_dump_json(by_alias=True))

    async def answer(self, tool, arguments):
        result = await self.call(tool, arguments)
        assert not result["isError"], result["content"]
        # The text is a copy to read: never empty.
        assert result["content"][0]["text"], result
        return result["structuredContent"]

    async def lists(self):
        with self.case("lists the tools"):
            listed = await self.client.list_tools()
            check_tools(json.loads(listed.model_dump_json(by_alias=True))["tools"])
            again = await self.client.list_tools()
            same(again.model_dump_json(), listed.model_dump_json())
        with self.case("an unknown tool is an error of the protocol"):
            try:
                result = await self.client.call_tool("sentinel_nothing", {})
            except MCPError as error:
                same(error.error.code, -32602)
            else:
                raise AssertionError("expected an error, found %r" % result)
        with self.case("a misspelt tenant is refused with candidates"):
            check_refused(await self.call("sentinel_incident_list", MISSPELT))
        with self.case("an argument that is not there is refused"):
            result = await self.call("sentinel_incident_list", dict(PLACE, Statuss="New"))
            same((result["isError"], result["structuredContent"]["outcome"]), (True, "refused"))

    async def german(self):
        """A tenant that is answered in German, and one request that is not."""
        with self.case("a German tenant is answered in German"):
            for language, begins in ((None, "Das Passwort"), ("en", "The password"), ("de-AT", "Das Passwort")):
                result = await self.call("sentinel_rule_list", PLACE, language)
                same((result["isError"], result["structuredContent"]["outcome"]), (True, "unreachable"))
                error = result["structuredContent"]["error"]
                assert error.startswith(begins), (language, error)
                assert error in result["content"][0]["text"], result["content"]

    async def calls(self):
        with self.case("lists the rules of all customers, page by page"):
            answer = await self.answer("sentinel_list_analytics_rules", {})
            same(answer["count"], ALL_RULES)
            rows = answer["data"]
            while answer["nextCursor"]:
                answer = await self.answer("sentinel_list_analytics_rules", {"cursor": answer["nextCursor"]})
                rows += answer["data"]
            same(len(rows), ALL_RULES)
        with self.case("lists incidents, comments one and reads the comment"):
            incidents = (await self.answer("sentinel_incident_list", PLACE))["data"]
            assert incidents, "no incidents"
            one = dict(PLACE, IncidentNumber=incidents[0]["IncidentNumber"])
            before = incident_of(await self.answer("sentinel_incident_get", one))
            comment = COMMENT + "\nby " + self.name
            await self.answer("sentinel_incident_comment_add", dict(one, Message=comment))
            after = incident_of(await self.answer("sentinel_incident_get", one))
            messages = [comment["Message"] for comment in after["Comments"]]
            same(messages.count(comment), 1)
            same(len(messages), len(before["Comments"]) + 1)
        with self.case("German is asked for, and what is asked of a person is German"):
            answer = await self.call("sentinel_incident_list", MISSPELT, "de")
            assert "Gemeint vielleicht" in answer["structuredContent"]["error"], answer["structuredContent"]
            self.person.types, self.person.asked = None, []
            close = dict(PLACE, IncidentNumber=incidents[0]["IncidentNumber"], Classification="Undetermined")
            refused = (await self.call(CLOSE, close, "de"))["structuredContent"]
            same((refused["outcome"], refused["code"]), ("refused", "confirmation_failed"))
            same(len(self.person.asked), 1)
            assert "einzutippen" in self.person.asked[0], self.person.asked
            self.person.asked = []
        with self.case("what may lose something is confirmed by typing its name"):
            number = incidents[0]["IncidentNumber"]
            close = dict(PLACE, IncidentNumber=number, Classification="Undetermined")
            for typed in (None, "%d " % number, "yes"):
                self.person.types = typed
                refused = (await self.call(CLOSE, close))["structuredContent"]
                same((refused["outcome"], refused["code"]), ("refused", "confirmation_failed"))
            same(len(self.person.asked), 3)
            assert str(number) in self.person.asked[0], self.person.asked
            self.person.types = str(number)
            answer = (await self.call(CLOSE, close))["structuredContent"]
            assert not answer.get("code", "").startswith("confirmation"), answer
            same(len(self.person.asked), 4)
        with self.case("eight calls at once"):
            answers = await asyncio.gather(*[self.answer("sentinel_rule_list", PLACE) for _ in range(8)])
            same(len({json.dumps(answer["data"]) for answer in answers}), 1)


async def sdk(suite, server, mode, list_only):
    name = "python mcp, %s%s" % (mode, ", http" if isinstance(server, str) else "")
    person = Person()
    try:
        async with Client(
            server, mode=mode, read_timeout_seconds=60, elicitation_callback=person.answer
        ) as client:
            session = Sdk(suite, client, name, person)
            with session.case("agrees on a version"):
                newest = client.protocol_version >= "2026-07-28"
                same((client.server_info.name, newest), ("sentinel-jump", mode == "auto"))
            await session.lists()
            if list_only:
                await session.german()
            else:
                await session.calls()
    except BaseExceptionGroup as errors:
        with suite.case(name + ": the conversation"):
            raise errors


class Inspector:
    """The Inspector's command line: one conversation for each command."""

    def __init__(self, modules, server):
        self.node = os.path.join(modules, "node", "bin", "node")
        self.program = os.path.join(modules, ".bin", "mcp-inspector")
        self.server = server

    def run(self, *arguments):
        if isinstance(self.server, str):
            server, variables = [self.server, "--transport", "http"], []
        else:
            variables = [part for pair in (self.server.env or {}).items() for part in ("-e", "%s=%s" % pair)]
            server = [self.server.command, *self.server.args]
        command = [self.node, self.program, "--cli", *server, *variables, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout, done.stderr

    def call(self, tool, **arguments):
        pairs = ["%s=%s" % pair for pair in arguments.items()]
        command = ["--method", "tools/call", "--tool-name", tool]
        code, said, complained = self.run(*command, *(["--tool-arg", *pairs] if pairs else []))
        assert said, (code, complained)
        return code, json.loads(said)

    def answer(self, tool, **arguments):
        code, result = self.call(tool, **arguments)
        same((code, bool(result.get("isError"))), (0, False))
        return result["structuredContent"]


def inspector(suite, modules, server, list_only):
    client = Inspector(modules, server)
    for era in ("legacy", "modern"):
        with suite.case("inspector, %s: the list is portable" % era):
            code, said, complained = client.run("--protocol-era", era, "--method", "tools/list", "--strict")
            assert code == 0, complained
            check_tools(json.loads(said)["tools"])
    with suite.case("inspector: a misspelt tenant is refused with candidates"):
        _, result = client.call("sentinel_incident_list", **MISSPELT)
        check_refused(result)
    if list_only:
        return
    with suite.case("inspector: rules of all customers"):
        same(client.answer("sentinel_list_analytics_rules")["count"], ALL_RULES)
    with suite.case("inspector: incidents, and one of them"):
        incidents = client.answer("sentinel_incident_list", **PLACE)["data"]
        number = incidents[0]["IncidentNumber"]
        answer = client.answer("sentinel_incident_get", IncidentNumber=number, **PLACE)
        same(incident_of(answer)["IncidentNumber"], number)
    with suite.case("inspector: a comment"):
        message = "one line, 'quoted'"
        answer = client.answer("sentinel_incident_comment_add", IncidentNumber=number, Message=message, **PLACE)
        same(answer["outcome"], "done")


def typescript(suite, modules, url):
    """The two generations of the TypeScript SDK; the script counts its own cases."""
    node = os.path.join(modules, "node", "bin", "node")
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "mcp_client.cjs")
    done = subprocess.run([node, script, modules, url], capture_output=True, text=True, timeout=120)
    cases = [line.split(" ", 1) for line in done.stdout.splitlines()]
    with suite.case("typescript: it ran to its end"):
        same((done.returncode, len(cases)), (0, 15))
    for verdict, name in cases:
        with suite.case(name):
            assert verdict == "ok", done.stderr


def conformance(suite, modules, url):
    """The scenarios for which a server needs no tools made for them."""
    node = os.path.join(modules, "node", "bin", "node")
    program = os.path.join(modules, ".bin", "conformance")
    with tempfile.TemporaryDirectory() as folder:
        expected = os.path.join(folder, "expected.yml")
        with open(expected, "w", encoding="utf-8") as file:
            file.write("server:\n")
            file.writelines("  - server-stateless:%s\n" % check for check in NOT_TESTABLE)
        for version, scenarios in SCENARIOS.items():
            for scenario in scenarios:
                with suite.case("conformance %s: %s" % (version, scenario)):
                    command = [node, program, "server", "--url", url, "--spec-version", version]
                    command += ["--scenario", scenario, "-o", folder]
                    if scenario == "server-stateless":
                        command += ["--expected-failures", expected]
                    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
                    assert done.returncode == 0, done.stdout[-4000:]
                    assert " SUCCESS" in done.stdout.replace("\x1b[32m", " "), done.stdout[-4000:]


def over_http(suite, modules):
    with listening([built("sentinel-jump"), "demo", "--http", "127.0.0.1:0"]) as (_process, url):
        for mode in ("auto", "legacy"):
            asyncio.run(sdk(suite, url, mode, False))
        if modules:
            inspector(suite, modules, url, False)
            typescript(suite, modules, url)
            conformance(suite, modules, url)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--inspector", help="node_modules that has node and the Inspector")
    parser.add_argument("--list-only", action="store_true", help="without the demo: call nothing")
    parser.add_argument("--http", action="store_true", help="over streamable HTTP")
    options = parser.parse_args()
    suite = Suite()
    if options.http:
        over_http(suite, options.inspector)
        suite.end()
    with tempfile.TemporaryDirectory() as folder:
        arguments, variables = ["demo"], {}
        if options.list_only:
            path = os.path.join(folder, "sentinel-jump.toml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(CONFIGURATION)
            # Not --config: the Inspector takes an option of that name for its own.
            arguments, variables = ["serve"], {"SENTINEL_JUMP_CONFIG": path}
        server = StdioServerParameters(command=built("sentinel-jump"), args=arguments, env=variables)
        for mode in ("auto", "legacy"):
            asyncio.run(sdk(suite, server, mode, options.list_only))
        if options.inspector:
            inspector(suite, options.inspector, server, options.list_only)
    suite.end()


if __name__ == "__main__":
    main()
