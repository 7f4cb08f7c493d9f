/** The emitter of log events: to the queue, and to what else receives them (Analytics Engine, the application log). */
import type { Settings } from "./core/settings/values.ts";
import type { QueryStatistics } from "./db/statistics.ts";
import type { Config } from "./env.ts";
import { createEmitter, type Emitter, type Outbox, outboxQueue } from "./logs/emit.ts";
import { writeText } from "./logs/log-line.ts";
import { analyticsEngineObserver, consoleObserver } from "./logs/observers.ts";
import { createPoolReport } from "./logs/pool-report.ts";

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Returns the settings of a tenant as far as they are in memory. */
export type SettingsSource = (tenantId: string) => Settings | undefined;

export function createEventEmitter(
  config: Config,
  bindings: Pick<Env, "EVENTS" | "OUTBOX">,
  queryStatistics: QueryStatistics,
  /** In order of precedence. The list may be extended later. */
  settingsSources: readonly SettingsSource[],
): Emitter {
  const outbox: Outbox = { add: (messages) => bindings.OUTBOX.getByName(selectOutbox()).add(messages) };
  const analytics = config.analytics === undefined ? [] : [analyticsEngineObserver(config.analytics)];
  return createEmitter({
    queue: config.environment === "development" ? outboxQueue(outbox) : bindings.EVENTS,
    alongside: createPoolReport(queryStatistics, Date.now),
    observers: [
      ...analytics,
      consoleObserver((tenantId) => {
        const settings = tenantId == null ? undefined : peekSettings(settingsSources, tenantId);
        return {
          requests: config.requestLines || settings?.["logging.console.requests"] === true,
          mcp: settings?.["logging.console.mcp"] === true,
          events: settings?.["logging.console.events"] === true,
          level: settings?.["logging.level"] ?? "info",
        };
      }),
    ],
    outbox,
    now: Date.now,
    sleep,
    // Their secrets were removed before; a line that is shortened once more could not be restored from.
    lost: (messages) => {
      for (const message of messages) writeText("error", JSON.stringify({ lost: message }));
    },
  });
}

/** One object would be a bottleneck just when there is much to keep. */
const OUTBOXES = 8;
const selectOutbox = () => `outbox-${Math.floor(Math.random() * OUTBOXES)}`;

function peekSettings(sources: readonly SettingsSource[], tenantId: string): Settings | undefined {
  for (const peek of sources) {
    const settings = peek(tenantId);
    if (settings !== undefined) return settings;
  }
  return undefined;
}
