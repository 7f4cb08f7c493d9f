/** Once a day a run of retention begins; every minute a slice of it is done, until it is through. */
import type { Database } from "../db/client.ts";
import { continueRetention, startRetention } from "../operations/retention.ts";

export const startRetentionRun = (database: Database) => startRetention({ database, now: Date.now });

export const continueRetentionRun = (database: Database) => continueRetention({ database, now: Date.now });
