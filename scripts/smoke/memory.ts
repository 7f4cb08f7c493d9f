// Large request bodies all at once: they are answered or refused, and the memory of the runtime stays bounded.
import { strict as assert } from "node:assert";
import { answerIn, askModern } from "../../tests/fixtures/wire.ts";
import { residentMiB } from "../lib/process.ts";
import { repeatIfLost } from "./dev-proxy.ts";
import type { FaultWorld } from "./faults.ts";
import { runtimePid } from "./processes.ts";
import type { Report } from "./report.ts";

const REQUESTS = 64;
const BODY_BYTES = 4 * 1024 * 1024 - 4096;
/** An isolate may have 128 MiB; the rest is what the runtime itself holds of bodies on their way. */
const MAX_GROWTH_MIB = 512;
const SAMPLE_INTERVAL_MS = 50;

export async function checkMemory(
  { instance, marker }: FaultWorld,
  key: string,
  report: Report,
): Promise<void> {
  await report.check(`${REQUESTS} bodies of 4 MiB at once: memory stays bounded`, async () => {
    const pid = runtimePid(instance);
    const before = residentMiB(pid);
    let peak = before;
    const sampling = setInterval(() => {
      peak = Math.max(peak, residentMiB(pid));
    }, SAMPLE_INTERVAL_MS);
    const endpoint = { url: `${instance.ready.mcpUrl}/marker`, key };
    const padding = "a".repeat(BODY_BYTES);
    const marks = Array.from({ length: REQUESTS }, (_, index) => `large-${index}`);
    const outcomes = await Promise.all(
      marks.map(async (mark) => {
        const params = { name: "mark", arguments: { mark, padding } };
        const response = await repeatIfLost(() => askModern(endpoint, "tools/call", params, { id: mark }));
        const answer = await answerIn(response);
        return { mark, status: response.status, id: answer.id, ok: answer.error === undefined };
      }),
    ).finally(() => clearInterval(sampling));
    const growth = peak - before;
    assert.ok(growth < MAX_GROWTH_MIB, `the runtime grew by ${growth.toFixed(0)} MiB`);
    const served = outcomes.filter(({ ok }) => ok);
    assert.ok(served.length > 0, "none was served");
    for (const { mark, id, status, ok } of outcomes) {
      assert.equal(marker.runs(mark), ok ? 1 : 0, `${mark}: ${status}`);
      // One that is refused before its body is read has no id yet.
      if (ok) assert.equal(id, mark);
      else assert.ok([413, 429, 503].includes(status), `${mark}: ${status}`);
    }
    return `${served.length} served, ${REQUESTS - served.length} refused, ${growth.toFixed(0)} MiB more`;
  });
}
