/** The responses to creations with an Idempotency-Key, for a day, so that a repeated request creates one record. */
import { index, pgTable, smallint, text, unique } from "drizzle-orm/pg-core";
import { createdAt, id, lengthBetween, moment, tenantOwned, updatedAt } from "./columns.ts";
import { ownedBy } from "./tenants.ts";

export const idempotencyKeys = pgTable(
  "idempotency_keys",
  {
    id: id(),
    tenantId: ownedBy(),
    /** The ID of the principal, so that responses are never shared between principals. */
    principalId: text("principal_id").notNull(),
    key: text("key").notNull(),
    /** SHA-256 of method, path and body: the same key with something else is a mistake. */
    requestHash: text("request_hash").notNull(),
    /** Null while the first request is at work. */
    status: smallint("status"),
    /** core/keyring's text: an answer may hold a secret that is shown only once. */
    sealedResponse: text("sealed_response"),
    expiresAt: moment("expires_at").notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    unique("idempotency_keys_principal_key").on(table.tenantId, table.principalId, table.key),
    index("idempotency_keys_expires_at").on(table.expiresAt),
    lengthBetween("idempotency_keys_key_length", table.key, 1, 255),
    ...tenantOwned(table.tenantId),
  ],
);
