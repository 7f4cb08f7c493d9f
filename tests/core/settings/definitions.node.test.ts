/** Every setting has a reader in product code and a place among the pages, so that none can be set without effect. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SETTING_KEYS } from "../../../src/core/settings/definitions.ts";

const SOURCE = join(import.meta.dirname, "../../../src");
/** Where settings are defined, and texts about them. */
const DEFINITIONS = /core\/settings\/(?:definitions|[\w-]+-settings)\.ts$/;

const texts = readdirSync(SOURCE, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name))
  .filter((path) => !DEFINITIONS.test(path))
  .map((path) => [path, readFileSync(path, "utf8")] as const);

describe("a setting", () => {
  it.each(SETTING_KEYS)("%s is read by product code", (key) => {
    const readers = texts.filter(([, text]) => text.includes(`"${key}"`) || text.includes(`'${key}'`));
    expect(readers.map(([path]) => path)).not.toEqual([]);
  });

  it("has its group on the page of the system's settings", () => {
    const [, table = ""] = texts.find(([path]) => path.endsWith("admin/settings/settings-table.tsx")) ?? [];
    const groups = new Set(SETTING_KEYS.map((key) => key.split(".")[0] ?? ""));
    expect([...groups].filter((group) => !new RegExp(`^  ${group}: "`, "m").test(table))).toEqual([]);
  });
});
