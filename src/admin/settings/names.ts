/** Who stands behind an id, as far as they are members. */
import { memberOptions } from "../operations/choices.ts";
import type { Rest } from "../rest.ts";

export async function memberNames(rest: Rest): Promise<ReadonlyMap<string, string>> {
  return new Map((await memberOptions(rest)).map(({ value, label }) => [value, label]));
}
