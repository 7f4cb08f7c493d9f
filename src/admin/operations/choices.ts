/** What several forms let one choose from: the tenant's servers, its members. */
import { z } from "zod";
import type { Option } from "../forms/fields.ts";
import { type ApiClient, pageShape } from "../http/api-client.ts";

const server = z.object({ id: z.string(), name: z.string() });
const member = z.object({ id: z.string(), name: z.string(), email: z.string() });

export async function serverOptions(rest: ApiClient): Promise<readonly Option[]> {
  const { value } = await rest.read("/servers", pageShape(server), { limit: 100 });
  return value.items.map(({ id, name }) => ({ value: id, label: name }));
}

export async function memberOptions(rest: ApiClient): Promise<readonly Option[]> {
  const { value } = await rest.read("/members", pageShape(member), { limit: 100 });
  return value.items.map(({ id, name, email }) => ({ value: id, label: `${name} (${email})` }));
}
