/** Creations that carry an Idempotency-Key: who is first makes the thing, whoever repeats gets the same answer. */
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
 * A row: the request is the caller's to carry out. None: it has been, or somebody is at it. What is older than a day is
 * forgotten, and so is, after a minute, an attempt of which nothing was heard again.
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

/** Only for whoever still holds the request. */
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
