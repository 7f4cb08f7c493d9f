/** GET /me/requests: every role sees the requests that it made itself, and no others. */
import { beforeAll, describe, expect, it } from "vitest";
import { consumeEvents } from "../../src/logs/consumer.ts";
import { delivered, requestEvent } from "../logs/support.ts";
import { database } from "../support/database.ts";
import { addTenant, call, type TestKey, type TestTenant } from "./support.ts";

const NOON = Date.UTC(2026, 9, 7, 12);
const PERIOD = "from=2026-10-07T00:00:00Z&to=2026-10-08T00:00:00Z";

let tenant: TestTenant;
let reader: TestKey;
let service: TestKey;

beforeAll(async () => {
  tenant = await addTenant("my-requests");
  [reader, service] = await Promise.all([
    tenant.addKey({ role: "readonly" }),
    tenant.addKey({ userId: null }),
  ]);
  const other = await tenant.addKey();
  const events = [
    requestEvent(tenant.id, { at: NOON, path: "/mcp/own", userId: reader.userId }),
    requestEvent(tenant.id, { at: NOON + 1, path: "/mcp/failed", userId: reader.userId, statusCode: 502 }),
    requestEvent(tenant.id, { at: NOON, path: "/mcp/other", userId: other.userId }),
    requestEvent(tenant.id, { at: NOON, path: "/mcp/service", apiKeyId: service.id }),
    requestEvent(tenant.id, { at: NOON, path: "/mcp/anonymous" }),
  ];
  await consumeEvents([delivered({ events })], database);
});

const pathsOf = async (key: string, rest = "") => {
  const { body } = await call("GET", `/me/requests?${PERIOD}${rest}`, { key });
  return body.items.map(({ path }: { path: string }) => path);
};

describe("the requests of the caller", () => {
  it("are listed for a user of any role, newest first", async () => {
    expect(await pathsOf(reader.text)).toEqual(["/mcp/failed", "/mcp/own"]);
  });

  it("are those of the key where it has no owner", async () => {
    expect(await pathsOf(service.text)).toEqual(["/mcp/service"]);
  });

  it("are filtered by outcome", async () => {
    expect(await pathsOf(reader.text, "&outcome=error")).toEqual(["/mcp/failed"]);
  });

  it("cannot be those of another user, whatever the query", async () => {
    const other = await call("GET", `/me/requests?${PERIOD}&userId=${service.id}`, { key: reader.text });
    expect(other.status).toBe(400);
    expect(await pathsOf(reader.text, `&apiKeyId=${service.id}`)).toEqual([]);
    expect((await call("GET", `/request-logs?${PERIOD}`, { key: reader.text })).status).toBe(403);
  });
});
