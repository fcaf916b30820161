"""Foreign MCP clients against our server: the Python SDK and the Inspector.

usage: python mcp_clients.py [--inspector FOLDER] [--list-only]

Starts `sentinel-jump demo` over standard input and output; cargo build makes it.
FOLDER is a node_modules with node 22 and @modelcontextprotocol/inspector.
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

from suite import Suite, built, same

TOOLS = [
    "sentinel_backup_rules",
    "sentinel_get_analytics_rule",
    "sentinel_incident_comment_add",
    "sentinel_incident_get",
    "sentinel_incident_list",
    "sentinel_list_analytics_rules",
    "sentinel_rule_list",
]
HINTS = ["destructiveHint", "idempotentHint", "openWorldHint", "readOnlyHint"]
ALL_RULES = 89
PLACE = {"tenant": "nordhafen", "workspace": "nordhafen-prod"}
MISSPELT = {"tenant": "nordhafn", "workspace": "nordhafen-prod"}
COMMENT = "Grüße from a foreign client: 'quotes', \"quotes\", _x000A_ 😀\nsecond line"
CONFIGURATION = """
[hosts.jump]
url = "http://127.0.0.1:1/wsman"
username = 'NORDHAFEN\\svc-sentinel'
password = { env = "SENTINEL_JUMP_TEST_NOT_SET" }
script = { path = 'C:\\Scripts\\SentinelManager.ps1' }

[tenants.nordhafen]
host = "jump"
[tenants.nordhafen.workspaces.nordhafen-prod]
subscription = "000000c1-0d3a-4000-8000-000000000001"
resource_group = "rg-sec-prod"
name = "law-nordhafen-sec-prod"
"""


def check_tools(tools):
    """The list as JSON: names, schemas, annotations."""
    same([tool["name"] for tool in tools], TOOLS)
    for tool in tools:
        assert tool["title"] and tool["description"], tool["name"]
        for schema in ("inputSchema", "outputSchema"):
            same((tool["name"], tool[schema]["type"]), (tool["name"], "object"))
            assert tool[schema]["properties"], tool["name"]
        hints = tool["annotations"]
        same((tool["name"], sorted(hint for hint in hints if hint in HINTS)), (tool["name"], HINTS))
        assert all(isinstance(hints[hint], bool) for hint in HINTS), hints


def check_refused(result):
    same((result["isError"], result["structuredContent"]["outcome"]), (True, "refused"))
    assert 'Did you mean "nordhafen"?' in result["structuredContent"]["error"], result["structuredContent"]
    assert '"nordhafen"' in result["content"][0]["text"], result["content"]


def incident_of(answer):
    """The one incident of sentinel_incident_get."""
    data = answer["data"]
    return data[0] if isinstance(data, list) else data


class Sdk:
    """The Python SDK: one conversation in one protocol era."""

    def __init__(self, suite, client, name):
        self.suite, self.client, self.name = suite, client, name

    def case(self, name):
        return self.suite.case("%s: %s" % (self.name, name))

    async def call(self, tool, arguments):
        result = await self.client.call_tool(tool, arguments)
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
            await self.answer("sentinel_incident_comment_add", dict(one, Message=COMMENT))
            after = incident_of(await self.answer("sentinel_incident_get", one))
            messages = [comment["Message"] for comment in after["Comments"]]
            same(messages.count(COMMENT), 1)
            same(len(messages), len(before["Comments"]) + 1)
        with self.case("eight calls at once"):
            answers = await asyncio.gather(*[self.answer("sentinel_rule_list", PLACE) for _ in range(8)])
            same(len({json.dumps(answer["data"]) for answer in answers}), 1)


async def sdk(suite, server, mode, list_only):
    name = "python mcp, " + mode
    try:
        async with Client(server, mode=mode, read_timeout_seconds=60) as client:
            session = Sdk(suite, client, name)
            with session.case("agrees on a version"):
                newest = client.protocol_version >= "2026-07-28"
                same((client.server_info.name, newest), ("sentinel-jump", mode == "auto"))
            await session.lists()
            if not list_only:
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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--inspector", help="node_modules that has node and the Inspector")
    parser.add_argument("--list-only", action="store_true", help="without the demo: call nothing")
    options = parser.parse_args()
    suite = Suite()
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
