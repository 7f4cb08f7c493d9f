/** What a warm call costs beside the call itself: no SQL, and hardly ever a question to a Durable Object. */
import { env } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { parseConfig } from "../../src/env.ts";
import { createServices } from "../../src/services.ts";
import { busyTenant, expectOk, UPSTREAM } from "./busy-tenant.ts";

const CALLS = 3000;
const AT_ONCE = 8;

afterEach(() => vi.unstubAllGlobals());

/** Counts every call of a method of any tenant's object. */
function counting(count: () => void): typeof env.TENANTS {
  return new Proxy(env.TENANTS, {
    get(namespace, member) {
      if (member !== "getByName") return Reflect.get(namespace, member);
      return (name: string) =>
        new Proxy(namespace.getByName(name), {
          get(stub, method) {
            const value: unknown = Reflect.get(stub, method);
            if (typeof value !== "function") return value;
            return (...args: unknown[]) => {
              count();
              return Reflect.apply(value, stub, args);
            };
          },
        });
    },
  });
}

/** A server that answers at once; whatever else is fetched goes where it should. */
function stubUpstream(): void {
  const real = globalThis.fetch;
  vi.stubGlobal("fetch", async (input: string | URL | Request, init?: RequestInit) => {
    if (String(input instanceof Request ? input.url : input) !== UPSTREAM) return real(input, init);
    return Response.json({ jsonrpc: "2.0", id: 1, result: { content: [] } });
  });
}

describe("a busy tenant", () => {
  it("costs no SQL and less than one question in ten calls", async () => {
    stubUpstream();
    let questions = 0;
    const objects = { ...env, TENANTS: counting(() => (questions += 1)) };
    const services = createServices(parseConfig({ ...env }), objects);
    const tenant = await busyTenant("hot");
    for (let warm = 0; warm < 50; warm += 1) await expectOk(await tenant.call(services));
    services.queryStatistics.drain();
    questions = 0;
    for (let done = 0; done < CALLS; done += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, async () => expectOk(await tenant.call(services))));
    }
    const roundTrips = services.queryStatistics.drain().reduce((sum, target) => sum + target.roundTrips, 0);
    // One flush of usage counts may fall into it; it is nobody's wait.
    expect(roundTrips).toBeLessThanOrEqual(1);
    expect(questions / CALLS).toBeLessThan(0.1);
  });
});
