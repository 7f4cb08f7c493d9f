/** Every type of security event is recorded somewhere in product code. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { SECURITY_EVENTS } from "../../src/core/security-events.ts";

const SOURCE = join(import.meta.dirname, "../../src");

const texts = readdirSync(SOURCE, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && entry.name !== "security-events.ts")
  .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
  .join("\n");

it.each(Object.keys(SECURITY_EVENTS))("%s is recorded by product code", (type) => {
  expect(texts.includes(`"${type}"`)).toBe(true);
});
