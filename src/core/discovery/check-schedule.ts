/**
 * When servers are checked. A tick comes every minute; those whose interval is over are spread over its sixty seconds,
 * each always at the same second, so that neither the servers nor we see all of it at once.
 */
import { z } from "zod";

export const MIN_INTERVAL_SECONDS = 60;

export interface HealthDefaults {
  readonly intervalSeconds: number;
  readonly timeoutMs: number;
  /** Answers that take longer count as slow. */
  readonly slowMs: number;
}

/** The health check settings of a server. Invalid values count as not set, so that a bad row stops no check. */
const healthSettings = z
  .object({
    intervalSeconds: z.number().int().min(MIN_INTERVAL_SECONDS).max(86_400).optional().catch(undefined),
    timeoutMs: z.number().int().min(100).max(30_000).optional().catch(undefined),
    slowMs: z.number().int().min(1).max(30_000).optional().catch(undefined),
    isEnabled: z.boolean().catch(true),
    /** Replaces the protocol's own probe. */
    tool: z
      .object({ name: z.string().min(1).max(255), arguments: z.record(z.string(), z.unknown()).default({}) })
      .optional()
      .catch(undefined),
  })
  .catch({ isEnabled: true });

export type HealthSettings = z.infer<typeof healthSettings> & HealthDefaults;

const DEFAULTS: HealthDefaults = { intervalSeconds: 60, timeoutMs: 5000, slowMs: 2000 };

/** `defaults`: what holds in the tenant for servers that set nothing of their own. */
export function parseHealthSettings(
  settings: Readonly<Record<string, unknown>>,
  defaults = DEFAULTS,
): HealthSettings {
  const own = healthSettings.parse(settings.health ?? {});
  return {
    ...own,
    intervalSeconds: own.intervalSeconds ?? defaults.intervalSeconds,
    timeoutMs: own.timeoutMs ?? defaults.timeoutMs,
    slowMs: own.slowMs ?? defaults.slowMs,
  };
}

/** FNV-1a. */
function stableHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash;
}

export const assignedSecond = (serverId: string): number => stableHash(serverId) % 60;

export interface Batch<T> {
  readonly delaySeconds: number;
  readonly items: readonly T[];
}

/** In the order of their seconds, cut into batches; a batch leaves at the second of its first. */
export function spreadOverMinute<T extends { readonly id: string }>(
  items: readonly T[],
  most: number,
): Batch<T>[] {
  const ordered = items
    .map((item) => ({ item, second: assignedSecond(item.id) }))
    .toSorted((left, right) => left.second - right.second);
  return Array.from({ length: Math.ceil(ordered.length / most) }, (_, index) => {
    const part = ordered.slice(index * most, (index + 1) * most);
    return { delaySeconds: part[0]?.second ?? 0, items: part.map(({ item }) => item) };
  });
}
