/** The demo day: what `npm run dev -- --demo-traffic` writes agrees between the log, the analytics and the overview. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { createDemoDay } from "../../../scripts/demo/day.ts";
import { addDemoTraffic } from "../../../scripts/demo/traffic.ts";
import { DAY_MS } from "../../../src/core/durations.ts";
import {
  databaseOfThisRun,
  startGateway,
  type TestGateway,
  type TestTenant,
} from "../../fixtures/gateway.ts";

let gateway: TestGateway;
let tenant: TestTenant;
const now = Date.now();

beforeAll(async () => {
  gateway = await startGateway(databaseOfThisRun());
  const servers = ["calculator", "notes", "clock"].map((name) => ({
    name,
    url: `http://127.0.0.1:1/${name}`,
  }));
  tenant = await gateway.addTenant({ servers });
});
afterAll(() => gateway?.close());

const add = () => {
  const { ownerUrl, runtimeUrl, neonEndpoint } = databaseOfThisRun();
  return addDemoTraffic({ ownerUrl, runtimeUrl, endpoint: neonEndpoint, tenant: tenant.slug, now });
};

const page = z.object({
  items: z.array(z.record(z.string(), z.unknown())),
  nextCursor: z.string().nullable(),
});

it("fills a day once, and the log and the sums agree", async () => {
  const calls = await add();
  expect(calls).toBeGreaterThan(5000);
  expect(await add()).toBe(0);
  const key = await tenant.addKey({ role: "admin", scopes: ["read", "admin"] });
  const get = async (path: string) => {
    const response = await fetch(`${gateway.url}/api/v1${path}`, {
      headers: { authorization: `Bearer ${key}` },
    });
    expect(response.status).toBe(200);
    return response.json();
  };
  let logged = 0;
  const query = `from=${new Date(now - DAY_MS - 600_000).toISOString()}&mcpMethod=tools/call&limit=100`;
  for (let cursor: string | null = ""; cursor !== null; ) {
    const { items, nextCursor } = page.parse(
      await get(`/request-logs?${query}${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`),
    );
    logged += items.length;
    cursor = nextCursor;
  }
  expect(logged).toBe(calls);
  const span = `from=${new Date(now - DAY_MS - 3_600_000).toISOString()}&to=${new Date(now).toISOString()}`;
  const { totals } = z
    .object({ totals: z.object({ requests: z.number() }) })
    .parse(await get(`/analytics/latency?kind=mcp&${span}`));
  expect(totals.requests).toBe(calls);
});

it("is the same day each time, with the outage in it", () => {
  const day = () =>
    createDemoDay({
      tenantId: "t",
      callers: [{ userId: "u", apiKeyId: "k", role: "user", userAgent: "a/1" }],
      servers: [{ id: "s", name: "notes", tools: ["list_notes"] }],
      until: 1_800_000_000_000,
    });
  const digest = (events: ReturnType<typeof day>) =>
    createHash("sha256")
      .update(
        JSON.stringify(
          events.map(({ id, ...event }) => ({ ...event, requestId: undefined, fingerprint: "" })),
        ),
      )
      .digest("hex");
  expect(digest(day())).toBe(digest(day()));
  const errors = day().filter(({ kind }) => kind === "error");
  expect(errors.length).toBeGreaterThan(20);
  expect(Math.max(...errors.map(({ at }) => at)) - Math.min(...errors.map(({ at }) => at))).toBeLessThan(
    2_400_000,
  );
});
