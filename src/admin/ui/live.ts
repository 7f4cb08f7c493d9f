/**
 * Server-sent events for regions of a page (parts.tsx, Live). The stream ends by itself after a while: the browser comes
 * again, so that no request lasts forever and a new deployment takes effect soon.
 */
import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import { z } from "zod";
import type { AdminEnv } from "../http/page-env.ts";

const STREAM_TTL_MS = 5 * 60_000;

export interface LiveEvent {
  /** `replace`: the region's new inside; `prepend`: rows to put on top of it. */
  readonly event: "replace" | "prepend";
  readonly html: string;
}

const me = z.object({ tenantId: z.string(), role: z.string() });

/** Permission was checked when the stream started; a user who signed out or lost the role receives no more events. */
async function isStillWelcome(c: Context<AdminEnv>): Promise<boolean> {
  const { tenantId, role } = c.get("principal");
  try {
    const { value } = await c.get("rest").read("/me", me);
    return value.tenantId === tenantId && value.role === role;
  } catch {
    return false;
  }
}

/** Calls `next` repeatedly and sends each result that is not undefined. */
export function live(
  c: Context<AdminEnv>,
  everyMs: number,
  next: () => Promise<LiveEvent | undefined>,
): Response {
  return streamSSE(c, async (stream) => {
    const end = Date.now() + STREAM_TTL_MS;
    while (!stream.aborted && !stream.closed && Date.now() < end) {
      if (!(await isStillWelcome(c))) return stream.writeSSE({ event: "end", data: "" });
      const update = await next();
      // A comment would suffice to detect a disconnected client; an event also keeps proxies awake.
      await stream.writeSSE(
        update === undefined ? { event: "ping", data: "" } : { event: update.event, data: update.html },
      );
      await stream.sleep(everyMs);
    }
  });
}
