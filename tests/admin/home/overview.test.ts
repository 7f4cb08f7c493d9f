/** What the first page costs: two looks into the database, whatever it shows. */
import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { expect, it, vi } from "vitest";
import { createApp } from "../../../src/app.ts";
import { getGatewayServices } from "../../../src/gateway-services.ts";
import { addTenant } from "../../api/support.ts";

it("takes at most two round trips to the database", async () => {
  const tenant = await addTenant("overview");
  await tenant.addServer("one");
  const headers = await tenant.addOperator();
  const app = createApp();
  // What was counted leaves with the log of each request, so it is seen on its way in.
  const open = async (range: string) => {
    const context = createExecutionContext();
    const answer = await app.fetch(
      new Request(`${env.PUBLIC_URL}/admin?range=${range}`, { headers }),
      env,
      context,
    );
    const text = await answer.text();
    await waitOnExecutionContext(context);
    return { status: answer.status, text };
  };
  // Limits and address rules are read once an isolate.
  await open("hour");
  const recorded = vi.spyOn(getGatewayServices(env).queryStatistics, "record");
  for (const range of ["hour", "week"]) {
    const counts: number[] = [];
    for (let visit = 0; visit < 3; visit += 1) {
      recorded.mockClear();
      const { status, text } = await open(range);
      expect(status).toBe(200);
      expect(text).toContain("Needs attention");
      counts.push(recorded.mock.calls.length);
    }
    // Background work of the isolate, such as flushing counters, may fall into a visit; it takes none away.
    expect(Math.min(...counts)).toBeGreaterThan(0);
    expect(Math.min(...counts)).toBeLessThanOrEqual(2);
  }
});
