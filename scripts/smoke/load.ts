// Callers that go on calling whatever happens, and what became of each of their calls.
import { randomUUID } from "node:crypto";
import pg from "pg";
import { answerIn, askModern, type Endpoint, LegacySession, textIn } from "../../tests/fixtures/wire.ts";
import { errorMessage } from "../lib/problem.ts";
import { repeatIfLost } from "./dev-proxy.ts";
import { waitFor } from "./report.ts";

export interface Call {
  readonly mark: string;
  readonly endedAt: number;
  readonly durationMs: number;
  /** The gateway's id of the request, where it has answered. */
  readonly requestId: string | undefined;
  /** The result came back, with the id that was sent. */
  readonly ok: boolean;
  readonly outcome: string;
}

export interface Load {
  readonly calls: readonly Call[];
  /** Resolves when so many more calls have been answered. */
  answered(more: number, timeoutMs: number): Promise<void>;
  stop(): Promise<readonly Call[]>;
}

const CALL_TIMEOUT_MS = 30_000;
/** Each caller pauses between two calls, so that the callers determine the load, and not the machine. */
const PAUSE_MS = 100;

export function startLoad(endpoint: Endpoint, { modern = 3, legacy = 1, repeatsLost = false } = {}): Load {
  const calls: Call[] = [];
  let isEnding = false;
  const go = async (send: (mark: string) => Promise<Response>) => {
    while (!isEnding) {
      calls.push(await callOnce(repeatsLost ? (mark) => repeatIfLost(() => send(mark)) : send));
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  };
  const callers = [
    ...Array.from({ length: modern }, () => go((mark) => sendModern(endpoint, mark))),
    ...Array.from({ length: legacy }, () => go(legacyCaller(endpoint))),
  ];
  return {
    calls,
    async answered(more, timeoutMs) {
      const since = calls.length;
      const answers = () => calls.slice(since).filter(({ ok }) => ok).length;
      try {
        await waitFor(`${more} more answers`, timeoutMs, async () => (answers() >= more ? true : undefined));
      } catch (error) {
        const outcomes = calls.slice(since).map(({ outcome }) => outcome);
        throw new Error(`${errorMessage(error)}: ${JSON.stringify(outcomes.slice(-5))}`);
      }
    },
    async stop() {
      isEnding = true;
      await Promise.all(callers);
      return calls;
    },
  };
}

export async function callOnce(send: (mark: string) => Promise<Response>): Promise<Call> {
  const mark = randomUUID();
  const startedAt = Date.now();
  let requestId: string | undefined;
  const outcome = await send(mark)
    .then(async (response) => {
      requestId = response.headers.get("x-request-id") ?? undefined;
      const answer = await answerIn(response);
      return textIn(answer) === mark ? "ok" : `${response.status} ${JSON.stringify(answer.error)}`;
    })
    .catch((error: unknown) => (error instanceof Error ? error.name : "failed"));
  const endedAt = Date.now();
  return { mark, endedAt, durationMs: endedAt - startedAt, requestId, ok: outcome === "ok", outcome };
}

export function sendModern(endpoint: Endpoint, mark: string, timeoutMs = CALL_TIMEOUT_MS): Promise<Response> {
  const signal = AbortSignal.timeout(timeoutMs);
  return askModern(endpoint, "tools/call", { name: "mark", arguments: { mark } }, { signal });
}

/** Goes on in its session, and begins another one when that is lost. */
function legacyCaller(endpoint: Endpoint): (mark: string) => Promise<Response> {
  let session: LegacySession | undefined;
  return async (mark) => {
    session ??= await LegacySession.begin(endpoint);
    try {
      const signal = AbortSignal.timeout(CALL_TIMEOUT_MS);
      const params = { name: "mark", arguments: { mark } };
      const response = await session.request("tools/call", params, { signal });
      if (!response.ok) session = undefined;
      return response;
    } catch (error) {
      session = undefined;
      throw error;
    }
  };
}

export interface Recorded {
  /** Answered with a result, but in one of the two logs not at all. */
  readonly lost: readonly Call[];
  readonly doubled: number;
}

/** Waits until the logs contain what they should, and reports what is missing when they never do. */
export async function compareWithLogs(
  databaseUrl: string,
  calls: readonly Call[],
  timeoutMs: number,
): Promise<Recorded> {
  const ids = calls.flatMap(({ ok, requestId }) => (ok && requestId !== undefined ? [requestId] : []));
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
  const countRows = async (table: "request_logs" | "mcp_audit_logs") => {
    const { rows } = await pool.query<{ request_id: string; count: number }>(
      `select request_id, count(*)::int as count from ${table} where request_id = any($1) group by 1`,
      [ids],
    );
    return new Map(rows.map(({ request_id: id, count }) => [id, count]));
  };
  const deadline = Date.now() + timeoutMs;
  try {
    for (;;) {
      const tables = [await countRows("request_logs"), await countRows("mcp_audit_logs")];
      const lost = calls.filter(
        ({ ok, requestId = "" }) => ok && tables.some((table) => !table.has(requestId)),
      );
      const doubled = tables.flatMap((table) => [...table.values()]).filter((count) => count > 1).length;
      if (lost.length === 0 || Date.now() > deadline) return { lost, doubled };
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  } finally {
    await pool.end();
  }
}
