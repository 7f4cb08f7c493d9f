/** Lines of the application log: their form, their level, and what never stands in them. */
import { describe, expect, it } from "vitest";
import { LOG_LEVELS, type LogLevel, type LogLine } from "../../src/core/telemetry/log-levels.ts";
import { writeLogLine } from "../../src/logs/log-line.ts";

function written(line: LogLine, minimum?: LogLevel) {
  const lines: [LogLevel, unknown][] = [];
  writeLogLine(line, minimum, (level, text) => lines.push([level, JSON.parse(text)]));
  return lines;
}

describe("writeLogLine", () => {
  it("writes level, kind and time before the members that have a value", () => {
    const id = "019a5b7e-4539-7012-8812-453234561111";
    const line = { level: "info", log: "audit", at: 0, id, userId: null, action: "servers.create" } as const;
    expect(written(line)).toEqual([
      [
        "info",
        { level: "info", log: "audit", time: "1970-01-01T00:00:00.000Z", id, action: "servers.create" },
      ],
    ]);
  });

  it.each(LOG_LEVELS.map((minimum, at) => [minimum, LOG_LEVELS.slice(at)] as const))(
    "with the level %s writes %j only",
    (minimum, expected) => {
      const levels = LOG_LEVELS.filter((level) => written({ level, log: "x" }, minimum).length === 1);
      expect(levels).toEqual(expected);
    },
  );

  it("keeps identifiers whose digits look like a card number", () => {
    const id = "4f3b2a1c-0000-4242-4242-424242424242";
    const line = {
      level: "info",
      log: "x",
      id,
      apiKeyId: id,
      details: { api_key_ids: [id], apiKey: id },
    } as const;
    expect(written(line)[0]?.[1]).toMatchObject({ id, apiKeyId: id, details: { api_key_ids: [id] } });
    expect(JSON.stringify(written(line))).toContain(`"apiKey":"[redacted]"`);
  });

  it("removes secrets by their name and by their looks, at every depth", () => {
    const line: LogLine = {
      ...{ level: "warn", log: "failure", reason: "401 for Bearer abcdefghijklmnop" },
      details: { password: "pa55word-1", list: [{ url: "https://ada:hunter2222@example.org/" }] },
    };
    const text = JSON.stringify(written(line));
    expect(text).toContain("401 for");
    expect(text).not.toMatch(/abcdefghijklmnop|pa55word-1|hunter2222/);
  });
});
