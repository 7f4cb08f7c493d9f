/** Every operation of the description, called with its own example: it answers as described, to the letter of its schema. */
import { Validator } from "@cfworker/json-schema";
import { beforeAll, describe, expect, it } from "vitest";
import { owner } from "../support/database.ts";
import { allTables, SampleRows } from "../support/sample-rows.ts";
import type { DescribedOperation } from "./described-operations.ts";
import { operations, responseOf, schemaIn } from "./description.ts";
import { thingOf } from "./route-table.ts";
import { type Answer, addTenant, call, type TestKey, type TestTenant } from "./support.ts";

/** The name of a server in examples. */
const EXAMPLE_ID = "01890a5d-ac96-774b-bcce-b302099a8057";
/** What they call a group and a member. */
const EXAMPLE_GROUP_ID = "01890a5d-ac96-774b-bcce-b302099a8058";
const EXAMPLE_USER_ID = "01890a5d-ac96-774b-bcce-b302099a8059";
/** What they call a toolset. */
const EXAMPLE_TOOLSET_ID = "01890a5d-ac96-774b-bcce-b302099a805a";

/** Rows that only the gateway itself makes, by the path segment before their id. */
const MADE_ELSEWHERE: Record<string, string> = {
  "alert-events": "alert_events",
  "alert-states": "alert_states",
  "alert-deliveries": "alert_deliveries",
  "circuit-breakers": "circuit_breakers",
  "registry-entries": "registry_entries",
  tools: "server_tools",
  resources: "server_resources",
  prompts: "server_prompts",
};

/** Operations that need a specific setup and have tests of their own. */
const ELSEWHERE = new Set([
  "postToolChangesByIdApprove",
  "postToolChangesByIdReject",
  "postToolChangesByIdEnable",
  "getToolChangesById",
  "postRegistryEntriesByIdRegister",
  "postUsersByIdResetSecondFactor",
  "postRegistrySourcesByIdSynchronise",
  "postVerifiedDomainsByIdVerify",
  "postConnectedAccountsByIdAuthorize",
  "postConnectedAccountsCallback",
  "getSystemInsightsAddress",
  "getSystemInsightsRouting",
  "getSystemInsightsUtilization",
  "getSystemInsightsMcpOperations",
  "getSystemInsightsAccountActivity",
  "getSystemInsightsAccounts",
  "getSystemInsightsOrganizationAccounts",
]);

let tenant: TestTenant;
let admin: TestKey;
let operator: Record<string, string>;
let serverId: string;
const made: Record<string, string> = {};

beforeAll(async () => {
  tenant = await addTenant("contract");
  admin = await tenant.addKey();
  operator = await tenant.addOperator();
  serverId = await tenant.addServer("files");
  const program = { name: "program", transportType: "stdio" };
  made.connectors = (await call("POST", "/servers", { key: admin.text, json: program })).body.id;
  const rows = new SampleRows(await allTables(), tenant.id);
  made["connected-accounts"] = await tenant.addServer("tickets");
  await owner.query(`update mcp_servers set auth_config = '{"type":"user_secret"}' where id = $1`, [
    made["connected-accounts"],
  ]);
  for (const [thing, table] of Object.entries(MADE_ELSEWHERE))
    made[thing] = String((await rows.stored(table)).id);
  made.members = await tenant.addUser("user");
  made.users = made.members;
  const grant = await tenant.addGrant(made.members);
  made["oauth-grants"] = grant.id;
  made["system oauth-clients"] = grant.clientRowId;
  const [view] = await owner.query("select id from materialized_views order by name limit 1");
  made["system materialized-views"] = String(view?.id);
  made["legacy-keys"] = (await tenant.addLegacyKey(`old-key-of-${tenant.id}`, { userId: admin.userId })).id;
});

const isOperators = ({ action }: DescribedOperation) => /^(?:tenants|system)\./.test(action);
const success = ({ responses }: DescribedOperation) =>
  Object.entries(responses).find(([status]) => status.startsWith("2")) ?? ["", {}];

/** With a name of its own, where a name must be. */
function bodyOf(operation: DescribedOperation): unknown {
  const text = JSON.stringify(operation.body?.example)
    ?.replaceAll(EXAMPLE_ID, serverId)
    .replaceAll(EXAMPLE_TOOLSET_ID, made.toolsets ?? "")
    .replaceAll(EXAMPLE_GROUP_ID, made.groups ?? "")
    .replaceAll(EXAMPLE_USER_ID, made.members ?? "");
  return text === undefined ? undefined : JSON.parse(text);
}

async function run(operation: DescribedOperation, id?: string): Promise<Answer> {
  const { method, path } = operation;
  const json = bodyOf(operation);
  const who = isOperators(operation) ? { headers: operator } : { key: admin.text };
  return call(method, path.replace(/\{\w+\}/, id ?? ""), { ...who, ...(json !== undefined && { json }) });
}

function expectAsDescribed(operation: DescribedOperation, answer: Answer): void {
  const [status, response] = success(operation);
  expect(
    `${answer.status} ${JSON.stringify(answer.body?.detail ?? "")} ${JSON.stringify(answer.body?.errors ?? "")}`,
  ).toBe(`${status} "" ""`);
  const { content } = responseOf(response);
  const schema = content?.["application/json"]?.schema;
  if (content === undefined) expect(answer.body).toBeNull();
  else if (schema === undefined)
    expect(Object.keys(content)).toContain(answer.headers.get("content-type")?.split(";")[0]);
  else expectValid(schema, answer.body);
}

function expectValid(schema: unknown, body: unknown): void {
  const { errors } = new Validator(schemaIn(schema), "2020-12", false).validate(body);
  expect(errors.map(({ error, instanceLocation }) => `${instanceLocation}: ${error}`)).toEqual([]);
}

const placeOf = ({ path }: DescribedOperation) => {
  const thing = thingOf(path.includes("{") ? path.replaceAll("{", ":") : `${path}/:id`);
  return path.startsWith("/system/") ? `system ${thing}` : thing;
};

/** What is made is made first, and taken away last. */
const rank = ({ method, path }: DescribedOperation) =>
  // With a member go their grants, with a group its memberships; a bound toolset stays.
  method === "DELETE"
    ? /^\/(?:members|groups|toolsets)\//.test(path)
      ? 3
      : 2
    : method === "POST" && !path.includes("{")
      ? 0
      : 1;
const story = operations
  .filter(({ id }) => !ELSEWHERE.has(id))
  .toSorted((one, other) => rank(one) - rank(other));

/** Not to be had here: what is described for that must be what comes. */
const NEVER_THERE = /^\/(?:sessions|active-requests)\//;

describe.each(story)("$method $path", (operation) => {
  it("answers as described", async () => {
    if (NEVER_THERE.test(operation.path)) {
      const answer = await run(operation, crypto.randomUUID());
      expect(answer.status).toBe(404);
      return expectValid(problemIn(operation, "404"), answer.body);
    }
    const id = made[placeOf(operation)];
    if (operation.path.includes("{") && id === undefined) {
      throw new Error(`state in this test where ${placeOf(operation)} come from`);
    }
    const answer = await run(operation, id);
    if (rank(operation) === 0) made[placeOf(operation)] ??= answer.body?.id ?? answer.body?.key?.id;
    expectAsDescribed(operation, answer);
  });

  it("answers anonymous requests with a problem, as described", async () => {
    const { method, path, body } = operation;
    const answer = await call(method, path.replace(/\{\w+\}/, crypto.randomUUID()), {
      ...(body && { json: {} }),
    });
    expect(answer.status).toBe(401);
    expectValid(problemIn(operation, "401"), answer.body);
  });
});

const problemIn = ({ responses }: DescribedOperation, status: string) =>
  responseOf(responses[status]).content["application/problem+json"].schema;
