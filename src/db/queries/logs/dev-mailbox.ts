/** The mails of development and tests (system role). */
import { desc } from "drizzle-orm";
import { devMailbox } from "../../schema/sign-in.ts";
import { clampLimit } from "../shared/keyset.ts";
import type { Queries } from "../shared/queries.ts";

export function saveEmail(db: Queries, mail: typeof devMailbox.$inferInsert) {
  return db.insert(devMailbox).values(mail);
}

export function listLatestEmails(db: Queries, limit?: number) {
  return db.select().from(devMailbox).orderBy(desc(devMailbox.createdAt)).limit(clampLimit(limit, 100));
}
