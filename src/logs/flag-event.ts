/** Builds the log event of an exposure: a subject was assigned a variant of a flag. */
import type { FlagEvaluation } from "../core/flags/evaluate.ts";
import { uuidv7 } from "../core/ids.ts";
import { EVENT_VERSION } from "./event-version.ts";
import type { LogEvent } from "./events.ts";

export interface FlagExposure extends Pick<FlagEvaluation, "isOn" | "reason"> {
  readonly tenantId: string;
  readonly flagKey: string;
  readonly subjectId: string;
}

export const createFlagEvent = ({ tenantId, flagKey, subjectId, isOn, reason }: FlagExposure): LogEvent => ({
  ...{ v: EVENT_VERSION, kind: "flag", id: uuidv7(), at: Date.now(), tenantId },
  ...{ flagKey, subjectId, isOn, reason },
});
