/** Tables of flag evaluations and dead letters: events that are neither requests nor audit entries. */
import { boolean, index, integer, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, jsonb, lengthBetween, moment, systemOnly, tenantOwned } from "./columns.ts";

/** Which variant of a flag a subject was assigned, per hour, for the comparison of outcomes. */
export const featureFlagEvaluations = pgTable(
  "feature_flag_evaluations",
  {
    id: id(),
    timestamp: moment("timestamp").notNull().defaultNow(),
    tenantId: uuid("tenant_id"),
    flagKey: text("flag_key").notNull(),
    /** The user ID, or the API key ID of a key without owner. */
    subjectId: text("subject_id").notNull(),
    isOn: boolean("is_on").notNull(),
    reason: text("reason").notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    index("feature_flag_evaluations_tenant_flag").on(
      table.tenantId,
      table.flagKey,
      table.timestamp.desc().nullsFirst(),
    ),
    lengthBetween("feature_flag_evaluations_key_length", table.flagKey, 1, 200),
    ...tenantOwned(table.tenantId),
  ],
);

/** Events that the consumer could not write, kept unchanged until a job writes them. */
export const deadLetters = pgTable(
  "dead_letters",
  {
    id: id(),
    /** The message ID of the queue, so that a redelivered message is kept once. */
    messageId: text("message_id").notNull().unique(),
    body: jsonb("body").$type<Record<string, unknown>>().notNull(),
    reason: text("reason").notNull(),
    attempts: integer("attempts").notNull().default(0),
    createdAt: createdAt(),
  },
  () => [...systemOnly()],
);
