// The REST interface as the smoke test needs it, with the key that `npm run dev` prints.
import { strict as assert } from "node:assert";
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { repeatIfLost } from "./dev-proxy.ts";
import type { Instance } from "./instance.ts";

const REQUEST_TIMEOUT_MS = 60_000;

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
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  };
  const response = await repeatIfLost(() => fetch(`${origin}/api/v1${path}`, request));
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}

const createdKey = z.object({ secret: z.string() });

export async function createKey(instance: Instance, terms: object): Promise<string> {
  const { status, body } = await callRest(instance, "POST", "/keys", terms);
  assert.equal(status, 201, JSON.stringify(body));
  return createdKey.parse(body).secret;
}
