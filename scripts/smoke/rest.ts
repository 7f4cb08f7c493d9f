// The REST interface as the smoke test needs it, with the key that `npm run dev` prints.
import { strict as assert } from "node:assert";
import { z } from "zod";
import type { Instance } from "./instance.ts";

export async function callRest(
  { origin, ready }: Instance,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${origin}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${ready.apiKey}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}

const createdKey = z.object({ secret: z.string() });

export async function createKey(instance: Instance, terms: object): Promise<string> {
  const { status, body } = await callRest(instance, "POST", "/keys", terms);
  assert.equal(status, 201, JSON.stringify(body));
  return createdKey.parse(body).secret;
}
