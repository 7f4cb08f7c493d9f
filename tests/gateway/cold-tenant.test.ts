/** What the first call of a tenant costs in an isolate without any data of it, and that a change is never missed. */
import { env } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { parseConfig } from "../../src/env.ts";
import { createGatewayServices } from "../../src/gateway-services.ts";
import { owner } from "../support/database.ts";
import { busyTenant, expectOk, stubUpstream, UPSTREAM } from "./busy-tenant.ts";
import { watchTenantObjects } from "./watched-objects.ts";

afterEach(() => vi.unstubAllGlobals());

/** No call waits for these: slots of its server, and the count of its key's uses, which is written every ten seconds. */
const BACKGROUND = new Set(["issueSlots", "count uses"]);

/** What an isolate does, in order: methods of the tenant's object, round trips to the database, calls of the server. */
function createIsolate() {
  const steps: string[] = [];
  stubUpstream((url, body) => {
    if (url === UPSTREAM) steps.push("upstream");
    else steps.push(/total_requests/.test(String(body)) ? "count uses" : "database");
  });
  const objects = watchTenantObjects(({ method }) => steps.push(method));
  const services = createGatewayServices(parseConfig({ ...env }), { ...env, TENANTS: objects });
  return { services, steps };
}

/** A tenant whose object exists, as that of any tenant that has ever been called. */
async function knownTenant() {
  const tenant = await busyTenant("cold");
  await expectOk(await tenant.call(createIsolate().services));
  vi.unstubAllGlobals();
  return tenant;
}

describe("the first call of a tenant in an isolate", () => {
  it("costs one round trip to the database and one call of the tenant's object before the server is called", async () => {
    const tenant = await knownTenant();
    const { services, steps } = createIsolate();
    await expectOk(await tenant.call(services));
    const waitedFor = steps.filter((step) => !BACKGROUND.has(step));
    expect(waitedFor.slice(0, 3)).toEqual(["database", "sync", "upstream"]);
  });

  it("serves the calls after it", async () => {
    const tenant = await knownTenant();
    const loads: number[] = [];
    // A change for the whole system, by another test, makes every isolate load again.
    for (let attempt = 0; attempt < 3 && !loads.includes(1); attempt += 1) {
      const { services, steps } = createIsolate();
      for (let call = 0; call < 10; call += 1) await expectOk(await tenant.call(services));
      loads.push(steps.filter((step) => step === "database").length);
    }
    expect(loads).toContain(1);
  });

  it("does not vouch for the calls after it where something has changed since its load", async () => {
    const tenant = await knownTenant();
    const { services } = createIsolate();
    const background = () => undefined;
    await services.authenticator.authenticate(tenant.createRequest(1), background);
    await owner.query("update api_keys set is_active = false where tenant_id = $1", [tenant.id]);
    await env.TENANTS.getByName(tenant.id).bumpEpoch();
    // The first may be served by a snapshot that is a moment old; then the change applies.
    await tenant.call(services);
    expect((await tenant.call(services)).status).toBe(401);
  });

  it("refuses a server in an occurrence of a maintenance window, however long ago the first was", async () => {
    const tenant = await knownTenant();
    await owner.query(
      `insert into maintenance_windows (tenant_id, title, starts_at, ends_at, recurrence, time_zone)
       values ($1, 'Patching', '2026-01-01T00:00:00Z', '2026-01-01T02:00:00Z', '0 * * * *', 'UTC')`,
      [tenant.id],
    );
    await env.TENANTS.getByName(tenant.id).bumpEpoch();
    const refused = await tenant.call(createIsolate().services);
    expect(await refused.text()).toContain("maintenance");
  });
});
