/** Who stands behind an id, as far as they are members. */

import type { ApiClient } from "../http/api-client.ts";
import { memberOptions } from "../operations/choices.ts";

export async function memberNames(rest: ApiClient): Promise<ReadonlyMap<string, string>> {
  return new Map((await memberOptions(rest)).map(({ value, label }) => [value, label]));
}
