// Small secrets and settings that survive restarts, readable by their owner only.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { Problem } from "./problem.ts";

/** The texts and numbers of a JSON object in a file; an absent file is an empty object. */
export function readJsonFile(file: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return {};
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== "object" || parsed === null) throw new Error("not an object");
    return Object.fromEntries(Object.entries(parsed).map(([key, value]) => [key, String(value)]));
  } catch {
    throw new Problem(`${file} is corrupt. Delete it and retry.`);
  }
}

/** Written beside and renamed, so that a crash leaves the old file or the new one. */
export function writeJsonFile(file: string, content: Record<string, string>): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
