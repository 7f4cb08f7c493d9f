/** Every queue and cron expression of wrangler.toml has code behind it. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const config = readFileSync("wrangler.toml", "utf8");
const source = (path: string) => readFileSync(path, "utf8");

const consumers = [...config.matchAll(/queues\.consumers\]\]\s*queue = "([^"]+)"/g)].map(
  ([, name]) => name ?? "",
);
const crons = [
  ...new Set(
    [...config.matchAll(/crons = \[([^\]]+)\]/g)].flatMap(([, list = ""]) => JSON.parse(`[${list}]`)),
  ),
];

describe("wrangler.toml", () => {
  it("names only queues that src/queues.ts has", () => {
    const known = [...source("src/queues.ts").matchAll(/"(mcp-gateway-[\w-]+)":/g)].map(([, name]) => name);
    const plain = consumers.map((name) => name.replace(/-(?:local|development|staging)$/, ""));
    expect(consumers.length).toBeGreaterThan(0);
    expect(plain.filter((name) => !known.includes(name))).toEqual([]);
  });

  it("names only cron expressions that src/jobs/schedule.ts has", () => {
    const schedule = source("src/jobs/schedule.ts");
    expect(crons.length).toBeGreaterThan(0);
    expect(crons.filter((cron) => !schedule.includes(`"${cron}"`))).toEqual([]);
  });
});
