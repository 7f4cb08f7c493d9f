/** The second factors of accounts, beside what better-auth reads and writes itself. */
import { and, eq, isNull, lt, or } from "drizzle-orm";
import { twoFactor } from "../../schema/identity.ts";
import type { Queries } from "../shared/queries.ts";

export const findSecondFactor = (db: Queries, userId: string) =>
  db
    .select({ id: twoFactor.id, secret: twoFactor.secret })
    .from(twoFactor)
    .where(eq(twoFactor.userId, userId))
    .limit(1);

/** Stores the step as used, unless a code of it or of a later one has been used; an empty result then. */
export const useTotpStep = (db: Queries, id: string, step: number) =>
  db
    .update(twoFactor)
    .set({ lastUsedStep: step })
    .where(and(eq(twoFactor.id, id), or(isNull(twoFactor.lastUsedStep), lt(twoFactor.lastUsedStep, step))))
    .returning({ id: twoFactor.id });
