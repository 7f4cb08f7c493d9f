/** A tenant with one server and one key, for tests that make thousands of calls to the whole gateway in one isolate. */
import { createExecutionContext, env } from "cloudflare:test";
import { expect, vi } from "vitest";
import { uuidv7 } from "../../src/core/ids.ts";
import type { GatewayServices } from "../../src/gateway-services.ts";
import { addTenant } from "../api/support.ts";
import { owner } from "../support/database.ts";

export const UPSTREAM = "http://127.0.0.1:1/mcp";
const PLENTY = 100_000_000;

export interface BusyTenant {
  readonly id: string;
  readonly serverId: string;
  createRequest(id: number): Request;
  call(services: GatewayServices, id?: number): Promise<Response>;
}

export async function busyTenant(label: string, perHour = PLENTY): Promise<BusyTenant> {
  const tenant = await addTenant(label);
  await env.GLOBAL.getByName("global").setCapacity(PLENTY);
  const serverId = uuidv7();
  await owner.query(
    "insert into mcp_servers (id, tenant_id, name, endpoint_url, health_status) values ($1, $2, 'one', $3, 'healthy')",
    [serverId, tenant.id, UPSTREAM],
  );
  await owner.query(
    "insert into rate_limit_configs (tenant_id, subject_type, subject_id, limit_count) values ($1, 'role', 'admin', $2)",
    [tenant.id, PLENTY],
  );
  const key = await tenant.addKey();
  await owner.query("update api_keys set rate_limit_per_hour = $2, rate_limit_per_day = $3 where id = $1", [
    key.id,
    perHour,
    PLENTY,
  ]);
  const createRequest = (id: number) =>
    new Request(`${env.PUBLIC_URL}/mcp/one`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${key.text}`,
        "content-type": "application/json",
        accept: "application/json",
        "mcp-protocol-version": "2025-11-25",
      },
      body: JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name: "look" } }),
    });
  return {
    id: tenant.id,
    serverId,
    createRequest,
    call(services, id = 1) {
      const context = createExecutionContext();
      const background = (work: Promise<unknown>) => context.waitUntil(work);
      return services.gateway.handle(createRequest(id), { serverName: "one" }, uuidv7(), background);
    },
  };
}

export async function expectOk(response: Response): Promise<void> {
  expect(response.status).toBe(200);
  await response.text();
}

/** A server that answers at once; whatever else is fetched goes where it should. */
export function stubUpstream(onFetch: (url: string, body: unknown) => void = () => undefined): void {
  const real = globalThis.fetch;
  vi.stubGlobal("fetch", async (input: string | URL | Request, init?: RequestInit) => {
    const url = String(input instanceof Request ? input.url : input);
    onFetch(url, init?.body);
    if (url !== UPSTREAM) return real(input, init);
    return Response.json({ jsonrpc: "2.0", id: 1, result: { content: [] } });
  });
}
