/** A cron tick, in which some jobs fail or hang. */
import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/env.ts";
import { createGatewayServices } from "../../src/gateway-services.ts";
import { type JobServices, runScheduledJobs, SCHEDULE, type ScheduledJob } from "../../src/jobs/schedule.ts";
import type { LogEvent } from "../../src/logs/events.ts";
import { completeServices } from "../../src/services.ts";

const NOW = new Date("2026-03-04T05:06:00Z");
const CRON = "* * * * *";
const background = (work: Promise<unknown>) => void work;

async function tick(schedule: readonly ScheduledJob[], cron = CRON) {
  const events: LogEvent[] = [];
  const lines: Record<string, unknown>[] = [];
  const services: JobServices = {
    ...(await completeServices(createGatewayServices(parseConfig({ ...env }), env))),
    emitter: { emit: (emitted) => void events.push(...emitted) },
  };
  const write = (_level: string, text: string) => void lines.push(JSON.parse(text));
  await runScheduledJobs(cron, services, NOW, background, { schedule, timeoutMs: 50, write });
  return { events, lines };
}

describe("a cron tick", () => {
  it("goes on after a job that throws, one that throws at once and one that hangs", async () => {
    const ran: string[] = [];
    const job = (name: string, run: ScheduledJob["run"]) => ({ cron: CRON, name, run });
    const well = (name: string) => job(name, async () => ran.push(name));
    const { events, lines } = await tick([
      well("first"),
      job("throwing", async () => Promise.reject(new Error("no such table"))),
      well("second"),
      job("broken", () => {
        throw new Error("not even a promise");
      }),
      job("hanging", () => new Promise(() => undefined)),
      well("third"),
    ]);
    expect(ran).toEqual(["first", "second", "third"]);
    expect(lines.map(({ job, level }) => `${job} ${level}`)).toEqual([
      "first info",
      "throwing error",
      "second info",
      "broken error",
      "hanging error",
      "third info",
    ]);
    expect(events).toMatchObject(
      ["throwing", "broken", "hanging"].map((name) => ({
        kind: "system",
        eventType: "job.failed",
        severity: "high",
        tenantId: null,
        details: { job: name },
      })),
    );
    expect(events[0]).toHaveProperty("message", expect.stringContaining("no such table"));
  });

  it("runs only the jobs of its own expression", async () => {
    const job = (cron: string) => ({ cron, name: cron, run: async () => undefined });
    const { lines } = await tick([job("17 3 * * *"), job(CRON)], "17 3 * * *");
    expect(lines).toMatchObject([{ job: "17 3 * * *" }]);
  });

  it("has a schedule whose names are unlike one another", () => {
    expect(new Set(SCHEDULE.map(({ name }) => name)).size).toBe(SCHEDULE.length);
  });
});
