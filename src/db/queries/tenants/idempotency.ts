/** Idempotency keys of creations: the first request creates the resource, a repetition gets the same response. */
import { and, eq, lt, sql } from "drizzle-orm";
import { idempotencyKeys } from "../../schema/idempotency.ts";
import type { Queries } from "../shared/queries.ts";

const keys = idempotencyKeys;

export interface IdempotentRequest {
  readonly tenantId: string;
  readonly principalId: string;
  readonly key: string;
}

const itself = ({ tenantId, principalId, key }: IdempotentRequest) =>
  and(eq(keys.tenantId, tenantId), eq(keys.principalId, principalId), eq(keys.key, key));

/**
 * Returns a row if the caller must execute the request, and none if it was executed or is in progress. Keys expire
 * after a day, and an attempt without a result after a minute.
 */
export function claimRequest(db: Queries, request: IdempotentRequest & { id: string; requestHash: string }) {
  const expiresAt = sql`now() + interval '24 hours'`;
  return db
    .insert(keys)
    .values({ ...request, expiresAt })
    .onConflictDoUpdate({
      target: [keys.tenantId, keys.principalId, keys.key],
      set: {
        id: request.id,
        requestHash: request.requestHash,
        status: null,
        sealedResponse: null,
        createdAt: sql`now()`,
        expiresAt,
      },
      setWhere: sql`${keys.expiresAt} <= now() or (${keys.status} is null and ${keys.createdAt} < now() - interval '1 minute')`,
    })
    .returning({ id: keys.id });
}

export function findAnsweredRequest(db: Queries, request: IdempotentRequest) {
  return db
    .select({
      id: keys.id,
      requestHash: keys.requestHash,
      status: keys.status,
      sealedResponse: keys.sealedResponse,
    })
    .from(keys)
    .where(itself(request));
}

/** Saves the response if the caller still holds the claim. */
export function saveResponse(
  db: Queries,
  request: IdempotentRequest & { id: string },
  answer: { status: number; sealedResponse: string },
) {
  return db
    .update(keys)
    .set(answer)
    .where(and(itself(request), eq(keys.id, request.id)));
}

/** It came to nothing, so it may be tried again. */
export function releaseRequest(db: Queries, request: IdempotentRequest & { id: string }) {
  return db.delete(keys).where(and(itself(request), eq(keys.id, request.id)));
}

/** System role, daily. */
export function deleteOldResponses(db: Queries, now: Date) {
  return db.delete(keys).where(lt(keys.expiresAt, now));
}
