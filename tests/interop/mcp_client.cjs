// The TypeScript SDKs of MCP against our server over streamable HTTP: version
// 2 in both protocol eras, version 1 in the older one.
//
// usage: node mcp_client.cjs NODE_MODULES URL
//
// Prints one line per case, `ok NAME` or `FAILED NAME`; what went wrong goes to
// standard error.
"use strict";

const assert = require("node:assert/strict");
const { createRequire } = require("node:module");
const path = require("node:path");

const [modules, url] = process.argv.slice(2);
const load = createRequire(path.resolve(modules, "of-this-folder.js"));
const v2 = load("@modelcontextprotocol/client");
const v1 = {
  ...load("@modelcontextprotocol/sdk/client/index.js"),
  ...load("@modelcontextprotocol/sdk/client/streamableHttp.js"),
  ...load("@modelcontextprotocol/sdk/types.js"),
};

const PLACE = { tenant: "nordhafen", workspace: "nordhafen-prod" };
const CLOSE = "sentinel_incident_close";
const SELF = { name: "interop", version: "1" };
const capabilities = { elicitation: { form: {} } };

async function run(name, connect) {
  const person = { types: null, asked: 0 };
  const answer = async () => {
    person.asked += 1;
    return person.types === null
      ? { action: "decline" }
      : { action: "accept", content: { name: person.types } };
  };
  const check = async (what, body) => {
    try {
      await body();
      console.log(`ok ${name}: ${what}`);
    } catch (error) {
      console.log(`FAILED ${name}: ${what}`);
      console.error(`${name}: ${what}:`, error);
    }
  };
  let client;
  await check("connects", async () => (client = await connect(answer)));
  const call = async (tool, args) =>
    (await client.callTool({ name: tool, arguments: args })).structuredContent;
  await check("lists the tools", async () => {
    const { tools } = await client.listTools();
    assert.ok(tools.some((tool) => tool.name === CLOSE || tool.name === "sentinel_rule_list"));
    assert.ok(tools.every((tool) => tool.outputSchema && tool.annotations));
  });
  await check("reads the rules of all customers", async () => {
    const answer = await call("sentinel_list_analytics_rules", {});
    assert.deepEqual([answer.outcome, answer.count], ["done", 89]);
  });
  await check("is told what it misspelt", async () => {
    const answer = await call("sentinel_incident_list", { ...PLACE, tenant: "nordhafn" });
    assert.deepEqual([answer.code, answer.candidates], ["unknown_tenant", ["nordhafen"]]);
  });
  await check("confirms by typing the name", async () => {
    const close = { ...PLACE, IncidentNumber: 12345, Classification: "Undetermined" };
    for (const typed of [null, "12346"]) {
      person.types = typed;
      assert.equal((await call(CLOSE, close)).code, "confirmation_failed");
    }
    person.types = "12345";
    const answer = await call(CLOSE, close);
    assert.ok(!(answer.code ?? "").startsWith("confirmation"), JSON.stringify(answer));
    assert.equal(person.asked, 3);
  });
  await client?.close();
}

function second(mode) {
  return async (answer) => {
    const client = new v2.Client(SELF, { capabilities, versionNegotiation: { mode } });
    client.setRequestHandler("elicitation/create", answer);
    await client.connect(new v2.StreamableHTTPClientTransport(new URL(url)));
    return client;
  };
}

async function first(answer) {
  const client = new v1.Client(SELF, { capabilities });
  client.setRequestHandler(v1.ElicitRequestSchema, answer);
  await client.connect(new v1.StreamableHTTPClientTransport(new URL(url)));
  return client;
}

(async () => {
  await run("typescript 2, modern", second("auto"));
  await run("typescript 2, legacy", second("legacy"));
  await run("typescript 1", first);
})();
