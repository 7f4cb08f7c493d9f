/**
 * Records security events that anonymous requests can cause, in a bounded number of rows. The first events of one type from one
 * place are recorded one by one; within an hour, later ones only when their number doubles, with that number.
 */
import { sha256Hex } from "../../core/digest.ts";
import { clientPrefix } from "../../core/limits/failed-auth-throttle.ts";
import type { Database } from "../../db/client.ts";
import { countOccurrence, recordSecurityEvent, type SecurityEvent } from "../../db/queries/logs/security.ts";

export type RecordEvent = (event: SecurityEvent) => Promise<void>;

const RECORDED_SINGLY = 10;

export function createEventRecorder(database: Database): RecordEvent {
  return async (event) => {
    const db = database.asSystem();
    const place = clientPrefix(event.ipAddress ?? "unknown");
    const [counted] = await countOccurrence(db, await sha256Hex(`event ${event.type} ${place}`));
    const occurrences = counted?.failures ?? 1;
    if (!isRecorded(occurrences)) return;
    await recordSecurityEvent(db, occurrences <= RECORDED_SINGLY ? event : summarize(event, occurrences));
  };
}

const isRecorded = (occurrences: number) =>
  occurrences <= RECORDED_SINGLY || Number.isInteger(Math.log2(occurrences));

function summarize(event: SecurityEvent, occurrences: number): SecurityEvent {
  return {
    ...event,
    description: `${event.description} ${occurrences} such events from this IP address within an hour.`,
    details: { ...event.details, occurrences },
  };
}
