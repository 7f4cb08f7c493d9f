/**
 * Creations with an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header). A client that received no response
 * repeats the request with the same key and receives the original response instead of a second resource. Only successes
 * are stored. If an isolate ends between creating the resource and storing the response, a retry after one minute
 * creates another resource.
 */
import type { Context, MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import { z } from "zod";
import { sha256Hex } from "../../core/digest.ts";
import { GatewayError, InvalidInputError } from "../../core/errors.ts";
import { uuidv7 } from "../../core/ids.ts";
import { sqlState } from "../../db/errors.ts";
import {
  claimRequest,
  findAnsweredRequest,
  type IdempotentRequest,
  releaseRequest,
  saveResponse,
} from "../../db/queries/tenants/idempotency.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import type { GuardedEnv } from "../../middleware/require-permission.ts";

type IdempotencyContext = Context<AppEnv & GuardedEnv>;

const FORM = /^[\x21-\x7e]{1,255}$/;
const REPLAYED = "idempotency-replayed";
/** The response headers that describe the created record. */
const SAVED_HEADERS = ["content-type", "etag", "location"];

const savedResponse = z.object({ body: z.string(), headers: z.array(z.tuple([z.string(), z.string()])) });

/** Stands behind the guard: keys are each principal's own. */
export const idempotent: MiddlewareHandler<AppEnv & GuardedEnv> = createMiddleware<AppEnv & GuardedEnv>(
  async (c, next) => {
    const key = c.req.header("idempotency-key");
    if (key === undefined) return next();
    if (!FORM.test(key)) {
      throw new InvalidInputError([
        { path: "Idempotency-Key", message: "must be 1 to 255 visible characters" },
      ]);
    }
    const { db, principal } = c.var;
    const request = { id: uuidv7(), tenantId: principal.tenantId, principalId: principal.id, key };
    const requestHash = await sha256Hex(`${c.req.method} ${c.req.path}\n${await c.req.text()}`);
    const [taken] = await claimRequest(db, { ...request, requestHash }).catch(rejectWithoutTenant);
    if (taken === undefined) return replay(c, request, requestHash);
    await next();
    if (c.res.ok) await saveOutcome(c, request);
    else await releaseRequest(db, request);
  },
);

/** Operators may look at no tenant at all; there is then nowhere to keep an answer. */
function rejectWithoutTenant(error: unknown): never {
  if (sqlState(error) !== "23503") throw error;
  throw new GatewayError("conflict", "Choose a tenant under Account first, or omit Idempotency-Key.");
}

async function saveOutcome(
  c: IdempotencyContext,
  request: IdempotentRequest & { id: string },
): Promise<void> {
  const headers = SAVED_HEADERS.flatMap((name) => {
    const value = c.res.headers.get(name);
    return value === null ? [] : [[name, value]];
  });
  const body = await c.res.clone().text();
  const content = new TextEncoder().encode(JSON.stringify({ body, headers }));
  const sealedResponse = await c.var.services.keyring.seal(purpose(request.id), content);
  await saveResponse(c.var.db, request, { status: c.res.status, sealedResponse });
}

async function replay(
  c: IdempotencyContext,
  request: IdempotentRequest,
  requestHash: string,
): Promise<Response> {
  const [known] = await findAnsweredRequest(c.var.db, request);
  if (known !== undefined && known.requestHash !== requestHash) {
    throw new GatewayError(
      "key_reused",
      "This Idempotency-Key was used for a different request. Use a new key.",
    );
  }
  if (known === undefined || known.status === null || known.sealedResponse === null) {
    throw new GatewayError(
      "conflict",
      "A request with this Idempotency-Key is still in progress. Retry later.",
    );
  }
  const opened = await c.var.services.keyring.open(purpose(known.id), known.sealedResponse);
  if (opened === undefined) {
    throw new GatewayError(
      "conflict",
      "The stored response of this Idempotency-Key cannot be read. Use a new key.",
    );
  }
  const { body, headers } = savedResponse.parse(JSON.parse(new TextDecoder().decode(opened)));
  const answer = new Response(body, { status: known.status, headers });
  answer.headers.set(REPLAYED, "true");
  return answer;
}

/** Bound to the row: one answer never opens as another's. */
const purpose = (id: string) => `idempotent-answer:${id}`;
