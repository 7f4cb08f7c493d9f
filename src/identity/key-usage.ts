/**
 * Counts what keys are used for, without a write a request: an isolate adds up, and at most every ten seconds one
 * batch takes all of it to the database. What an isolate holds when it is thrown away is lost; the logs have it.
 */
import type { WaitUntil } from "../core/tenant-cache.ts";
import type { KeyUsage } from "../db/queries/access/api-keys.ts";
import type { Principal } from "./principal.ts";

const WRITE_INTERVAL_MS = 10_000;
/** A flush that has not come by then went away with the request that was to do it. */
const WRITE_TIMEOUT_MS = 30_000;

export interface KeyUsageRecorder {
  count(principal: Principal, background: WaitUntil): void;
}

/** By the kind of the key. */
export interface KeyUsageBatch {
  readonly keys: readonly KeyUsage[];
  readonly legacyKeys: readonly KeyUsage[];
}

export interface KeyUsageDeps {
  /** Adds the counts to the database (save-key-usage.ts). */
  readonly save: (batch: KeyUsageBatch) => Promise<unknown>;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

export function createKeyUsageRecorder({ save, now, sleep }: KeyUsageDeps): KeyUsageRecorder {
  const counts = { api_key: new Map<string, KeyUsage>(), legacy_api_key: new Map<string, KeyUsage>() };
  let flushedAt = -Infinity;
  let dueAt: number | undefined;

  const flush = async () => {
    const batch = { keys: [...counts.api_key.values()], legacyKeys: [...counts.legacy_api_key.values()] };
    counts.api_key.clear();
    counts.legacy_api_key.clear();
    flushedAt = now();
    dueAt = undefined;
    try {
      await save(batch);
    } catch {
      // The statement may have run; a request that is counted twice is worse than one that is not.
    }
  };

  return {
    count({ via, apiKeyId }, background) {
      if (apiKeyId === undefined || (via !== "api_key" && via !== "legacy_api_key")) return;
      const time = now();
      const known = counts[via].get(apiKeyId);
      if (known === undefined) counts[via].set(apiKeyId, { id: apiKeyId, requests: 1, lastUsed: time });
      else {
        known.requests += 1;
        known.lastUsed = time;
      }
      if (dueAt !== undefined && time < dueAt + WRITE_TIMEOUT_MS) return;
      const wait = Math.max(0, flushedAt + WRITE_INTERVAL_MS - time);
      dueAt = time + wait;
      background(wait === 0 ? flush() : sleep(wait).then(flush));
    },
  };
}
