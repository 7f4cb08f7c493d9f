/** The tenant's servers, to choose from in forms and filters. */
import { z } from "zod";
import type { Option } from "../forms/fields.ts";
import { pageOf, type Rest } from "../rest.ts";

const named = pageOf(z.object({ id: z.string(), name: z.string() }));

/** More than that nobody finds in a list of choices. */
const MOST = 200;

export async function serverOptions(rest: Rest): Promise<readonly Option[]> {
  const { value } = await rest.read("/servers", named, { limit: MOST, fields: "id,name", sort: "name" });
  return value.items.map(({ id, name }) => ({ value: id, label: name }));
}
