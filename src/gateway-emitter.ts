/** The emitter of log events: to the queue, and to what else receives them (Analytics Engine, the application log). */
import type { Settings } from "./core/settings/values.ts";
import type { QueryStatistics } from "./db/statistics.ts";
import type { Config } from "./env.ts";
import { createEmitter, type Emitter, type Outbox, outboxQueue } from "./logs/emit.ts";
import { analyticsEngineObserver, consoleObserver } from "./logs/observers.ts";
import { createPoolReport } from "./logs/pool-report.ts";

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export function createEventEmitter(
  config: Config,
  bindings: Pick<Env, "EVENTS" | "OUTBOX">,
  queryStatistics: QueryStatistics,
  peekSettings: (tenantId: string) => Settings | undefined,
): Emitter {
  const outbox: Outbox = { add: (messages) => bindings.OUTBOX.getByName(selectOutbox()).add(messages) };
  const analytics = config.analytics === undefined ? [] : [analyticsEngineObserver(config.analytics)];
  return createEmitter({
    queue: config.environment === "development" ? outboxQueue(outbox) : bindings.EVENTS,
    alongside: createPoolReport(queryStatistics, Date.now),
    observers: [
      ...analytics,
      consoleObserver(
        (tenantId) => {
          const settings = tenantId == null ? undefined : peekSettings(tenantId);
          return {
            requests: config.requestLines || settings?.["logging.console.requests"] === true,
            mcp: settings?.["logging.console.mcp"] === true,
          };
        },
        (line) => console.log(line),
      ),
    ],
    outbox,
    now: Date.now,
    sleep,
    // One line per event, so that an operator can restore them from the console.
    lost: (messages) => {
      for (const message of messages) console.error(JSON.stringify({ lost: message }));
    },
  });
}

/** One object would be a bottleneck just when there is much to keep. */
const OUTBOXES = 8;
const selectOutbox = () => `outbox-${Math.floor(Math.random() * OUTBOXES)}`;
