/** The mails of development and tests (system role). */
import { desc } from "drizzle-orm";
import { devOutbox } from "../schema/sign-in.ts";
import { limitOf } from "./paging.ts";
import type { Queries } from "./types.ts";

export function putIntoOutbox(db: Queries, mail: typeof devOutbox.$inferInsert) {
  return db.insert(devOutbox).values(mail);
}

export function latestMails(db: Queries, limit?: number) {
  return db.select().from(devOutbox).orderBy(desc(devOutbox.createdAt)).limit(limitOf(limit, 100));
}
