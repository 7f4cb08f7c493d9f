/** The tenant's servers, to choose from in forms and filters. */
import { z } from "zod";
import type { Option } from "../forms/fields.ts";
import { type ApiClient, pageShape } from "../http/api-client.ts";

const named = pageShape(z.object({ id: z.string(), name: z.string() }));

/** More than that nobody finds in a list of choices. */
const MAX_OPTIONS = 200;

export async function serverOptions(rest: ApiClient): Promise<readonly Option[]> {
  const { value } = await rest.read("/servers", named, {
    limit: MAX_OPTIONS,
    fields: "id,name",
    sort: "name",
  });
  return value.items.map(({ id, name }) => ({ value: id, label: name }));
}
