// The REST interface as the smoke test needs it, with the key that `npm run dev` prints.
import { strict as assert } from "node:assert";
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Instance } from "./instance.ts";

/**
 * What the proxy of `wrangler dev`, which a deployment does not have, answers for a connection to the Worker that it lost.
 * The request is repeated as any client would: with the same idempotency key, nothing is created twice.
 */
const CONNECTION_LOST = "Error: Network connection lost.";

export async function callRest(
  { origin, ready }: Instance,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: unknown }> {
  const request = {
    method,
    headers: {
      authorization: `Bearer ${ready.apiKey}`,
      "content-type": "application/json",
      "idempotency-key": randomUUID(),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  };
  const send = async () => {
    const response = await fetch(`${origin}/api/v1${path}`, request);
    return { status: response.status, text: await response.text() };
  };
  const first = await send();
  const { status, text } = first.text.startsWith(CONNECTION_LOST) ? await send() : first;
  return { status, body: text === "" ? undefined : JSON.parse(text) };
}

const createdKey = z.object({ secret: z.string() });

export async function createKey(instance: Instance, terms: object): Promise<string> {
  const { status, body } = await callRest(instance, "POST", "/keys", terms);
  assert.equal(status, 201, JSON.stringify(body));
  return createdKey.parse(body).secret;
}
