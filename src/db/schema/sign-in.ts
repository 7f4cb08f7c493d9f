/** What signing in keeps beside better-auth's own tables. Before sign-in there is no tenant, so neither has one. */
import { index, integer, pgTable, text } from "drizzle-orm/pg-core";
import { createdAt, id, moment, systemOnly, updatedAt } from "./columns.ts";

/** Failed proofs by what they were tried on and where they came from; the key is a hash, no address or name. */
export const authAttempts = pgTable(
  "auth_attempts",
  {
    key: text("key").primaryKey(),
    failures: integer("failures").notNull(),
    blockedUntil: moment("blocked_until"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index("auth_attempts_updated_at").on(table.updatedAt), ...systemOnly()],
);

/** Emails of a local gateway, which has no email provider. */
export const devMailbox = pgTable(
  "dev_outbox",
  {
    id: id(),
    recipient: text("recipient").notNull(),
    subject: text("subject").notNull(),
    body: text("body").notNull(),
    createdAt: createdAt(),
  },
  (table) => [index("dev_outbox_created_at").on(table.createdAt), ...systemOnly()],
);
