/** What a warm call costs beside the call itself: no SQL, and hardly ever a question to a Durable Object. */
import { env } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { parseConfig } from "../../src/env.ts";
import { createGatewayServices } from "../../src/gateway-services.ts";
import { busyTenant, expectOk, stubUpstream } from "./busy-tenant.ts";
import { watchTenantObjects } from "./watched-objects.ts";

const CALLS = 3000;
const AT_ONCE = 8;
/** What the clock advances by from one set of calls to the next: a tenant with 2,000 calls a second. */
const ROUND_MS = 4;
/** Longer than leases last, and than the earlier demand counts. */
const QUIET_MS = 5000;
/** Half a second of traffic. */
const RAMP_CALLS = 1000;

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

class Questions {
  asked = 0;
  leases = 0;
  /** Those that a client's call waited for. */
  waitedFor = 0;
  readonly #unanswered = new Set<Promise<unknown>>();

  count(question: string, answer: Promise<unknown>): void {
    this.asked += 1;
    if (question.includes('"leaseRequest"')) this.leases += 1;
    if (question.includes('"now":1')) this.waitedFor += 1;
    const settled: Promise<unknown> = answer.then(
      () => this.#unanswered.delete(settled),
      () => this.#unanswered.delete(settled),
    );
    this.#unanswered.add(settled);
  }

  reset(): void {
    this.asked = 0;
    this.leases = 0;
    this.waitedFor = 0;
  }

  async allAnswered(): Promise<void> {
    await Promise.all(this.#unanswered);
    // What the answers set off comes after them.
    await scheduler.wait(0);
  }
}

describe("a busy tenant", () => {
  it("costs no SQL, and less than one question in a hundred calls after a ramp of a few", async () => {
    stubUpstream();
    // Leases last for a time and not for a number of calls: a clock that the test sets makes their number the same on
    // every machine, and no answer takes longer than the calls that are made at once.
    vi.useFakeTimers({ toFake: ["Date"] });
    const questions = new Questions();
    const services = createGatewayServices(parseConfig({ ...env }), {
      ...env,
      TENANTS: watchTenantObjects(({ args, answer }) => questions.count(JSON.stringify(args), answer)),
    });
    const tenant = await busyTenant("hot");
    const callFor = async (calls: number) => {
      for (let done = 0; done < calls; done += AT_ONCE) {
        await Promise.all(Array.from({ length: AT_ONCE }, async () => expectOk(await tenant.call(services))));
        await questions.allAnswered();
        vi.setSystemTime(Date.now() + ROUND_MS);
      }
    };
    // The tenant's snapshot, its key, and the object's start: once for an isolate.
    await callFor(AT_ONCE);
    vi.setSystemTime(Date.now() + QUIET_MS);
    questions.reset();
    await callFor(RAMP_CALLS);
    expect(questions.leases).toBeLessThanOrEqual(5);
    // Beside them: its epoch at first and once more after 400 ms, and its server's slots.
    expect(questions.asked - questions.leases).toBeLessThanOrEqual(4);

    // Within a second the leases are as large as the demand.
    await callFor(2000);
    services.queryStatistics.drain();
    questions.reset();
    const startedAt = performance.now();
    await callFor(CALLS);

    expect(questions.waitedFor).toBe(0);
    expect(questions.asked / CALLS).toBeLessThan(0.01);
    const roundTrips = services.queryStatistics.drain().reduce((sum, target) => sum + target.roundTrips, 0);
    // Every ten seconds one flush of usage counts may fall into it; no call waits for it.
    expect(roundTrips).toBeLessThanOrEqual(1 + (performance.now() - startedAt) / 10_000);
  });
});
