/** The operations that change the whole installation, on a database of their own: they would disturb other tests. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withClient, withDatabase } from "../../scripts/db/connection.ts";
import { migrate } from "../../scripts/db/migrate.ts";
import { migrationsDir } from "../../scripts/lib/paths.ts";
import { ensureDatabase } from "../../scripts/run/postgres.ts";
import { databaseOfThisRun, startGateway, TEST_SECRET, type TestGateway } from "../fixtures/gateway.ts";
import { runs } from "../support/runs.ts";
import { createSessionCookie } from "../support/session-cookie.ts";
import { type DescribedOperation, listOperations } from "./described-operations.ts";
import { type FuzzRequest, fuzzOperation, ODD_IDS } from "./fuzz-operation.ts";

const RUNS = 20;
const NAME = `fuzz_system_${crypto.randomUUID().slice(0, 8)}`;
const ownerUrl = withDatabase(databaseOfThisRun().ownerUrl, NAME);
const runtimeUrl = withDatabase(databaseOfThisRun().runtimeUrl, NAME);

// biome-ignore lint/suspicious/noExplicitAny: whatever the document contains.
let description: any;
let gateway: TestGateway;
let operator: Record<string, string>;
let tenantId: string;

beforeAll(async () => {
  await ensureDatabase(databaseOfThisRun().ownerUrl, NAME);
  await migrate({ ownerUrl, migrationsDir });
  gateway = await startGateway({ ...databaseOfThisRun(), ownerUrl, runtimeUrl });
  tenantId = (await gateway.addTenant()).id;
  operator = await signInOperator();
  description = await (await fetch(`${gateway.url}/api/v1/openapi.json`)).json();
});
afterAll(async () => {
  await gateway?.close();
  await withClient(databaseOfThisRun().ownerUrl, (client) =>
    client.query(`drop database if exists ${client.escapeIdentifier(NAME)} with (force)`),
  );
});

/** The headers that the browser of an operator sends. */
async function signInOperator(): Promise<Record<string, string>> {
  const [id, token] = [crypto.randomUUID(), crypto.randomUUID()];
  await withClient(ownerUrl, async (client) => {
    await client.query(
      `insert into "user" (id, name, email, email_verified, role, tenant_id) values ($1, 'Operator', $1 || '@example.com', true, 'admin', $2)`,
      [id, tenantId],
    );
    await client.query("insert into tenant_members (tenant_id, user_id, role) values ($1, $2, 'admin')", [
      tenantId,
      id,
    ]);
    await client.query(
      `insert into session (id, token, user_id, tenant_id, expires_at) values ($1, $1, $2, $3, now() + interval '1 day')`,
      [token, id, tenantId],
    );
  });
  return { cookie: await createSessionCookie(gateway.url, TEST_SECRET, token), origin: gateway.url };
}

async function send({ method, path, headers, json }: FuzzRequest) {
  const response = await fetch(`${gateway.url}/api/v1${path}`, {
    method,
    headers: {
      ...operator,
      ...Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== "")),
      ...(json !== undefined && { "content-type": "application/json" }),
    },
    ...(json !== undefined && { body: JSON.stringify(json) }),
    redirect: "manual",
  });
  const text = await response.text();
  const isJson = /[/+]json/.test(response.headers.get("content-type") ?? "");
  return { status: response.status, body: isJson && text !== "" ? JSON.parse(text) : text || null };
}

/** A stored limit of few requests holds for the requests after it too, so these operations come last. */
const canLockOut = ({ method, path }: DescribedOperation) =>
  method === "POST" && ["/system/configs", "/system/rate-limits"].includes(path);

describe("operations on the whole installation", () => {
  it("answer everything as described", { timeout: 300_000 }, async () => {
    const operations = listOperations(description)
      .filter(({ action }) => action === "system.write")
      .sort((one, other) => Number(canLockOut(one)) - Number(canLockOut(other)));
    expect(operations.length).toBeGreaterThan(10);
    const ids = [tenantId, crypto.randomUUID(), ...ODD_IDS];
    for (const operation of operations) {
      const statuses = await fuzzOperation(operation, { description, ids, send }, runs(RUNS));
      const label = `${operation.method} ${operation.path}: ${[...statuses].join(" ")}`;
      // Requests of an operator who is locked out or not recognized would prove nothing.
      const isAnswered = [...statuses].some((status) => ![401, 403, 429].includes(status));
      if (!canLockOut(operation)) expect(isAnswered, label).toBe(true);
    }
  });
});
