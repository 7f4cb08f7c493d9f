/**
 * Limits guessing of passwords, invitations and the setup link. Failures are counted per target, per client, and for
 * both together, so that an attacker is blocked soon, and the owner at another address only after many more failures.
 */
import { sha256Hex } from "../../core/digest.ts";
import { clientPrefix } from "../../core/limits/failed-auth-throttle.ts";
import type { SecurityEventType } from "../../core/security-events.ts";
import type { Database } from "../../db/client.ts";
import {
  deleteAttempts,
  findBlockedSeconds,
  releaseAttempts,
  type SecurityEvent,
  startAttempt,
} from "../../db/queries/logs/security.ts";
import type { RecordEvent } from "./event-recorder.ts";

export interface Attempt {
  readonly what:
    | "login"
    | "reset"
    | "invitation"
    | "setup"
    | "registration"
    /** The repeated password of a signed-in user. */
    | "password"
    /** Fetching the document in which an OAuth client describes itself. */
    | "client-document";
  /** The account or thing that is tried; absent where only the place counts. */
  readonly subject?: string | undefined;
  readonly ip: string;
}

export interface AttemptContext {
  readonly userId?: string | undefined;
  readonly tenantId?: string | undefined;
  readonly requestId?: string | undefined;
  /** Records another event than that of a failed attempt. */
  readonly event?: Pick<SecurityEvent, "type" | "description"> | undefined;
}

/** The number of failures without a delay. Attempts without a nameable target are counted by client only. */
const FREE_ATTEMPTS = {
  login: { pair: 5, subject: 25, ip: 50 },
  reset: { pair: 3, subject: 6, ip: 20 },
  invitation: { ip: 10 },
  setup: { ip: 5 },
  registration: { ip: 20 },
  password: { pair: 5, subject: 10, ip: 50 },
  "client-document": { pair: 20, ip: 50 },
} as const satisfies Record<Attempt["what"], FreeAttempts>;

interface FreeAttempts {
  readonly ip: number;
  readonly pair?: number;
  readonly subject?: number;
}

const FAILED: Record<Attempt["what"], SecurityEventType> = {
  login: "login.failed",
  reset: "password.reset-requested",
  invitation: "invitation.failed",
  setup: "setup.failed",
  registration: "oauth.client-registered",
  password: "password.failed",
  "client-document": "oauth.client-registered",
};
const BLOCKED: Record<Attempt["what"], SecurityEventType> = {
  login: "login.blocked",
  reset: "password.reset-blocked",
  invitation: "invitation.blocked",
  setup: "setup.blocked",
  registration: "oauth.registration-blocked",
  password: "password.blocked",
  "client-document": "oauth.registration-blocked",
};

export type AttemptDecision =
  | { readonly ok: true; readonly failures: number }
  | { readonly ok: false; readonly retryAfterSeconds: number };

export class AttemptLimiter {
  readonly #database: Database;
  readonly #record: RecordEvent;

  constructor(database: Database, record: RecordEvent) {
    this.#database = database;
    this.#record = record;
  }

  async start(attempt: Attempt): Promise<AttemptDecision> {
    const db = this.#database.asSystem();
    const keys = await attemptKeys(attempt);
    const statements = keys.map(({ key, free }) => startAttempt(db, { key, free }));
    const [[blocked], ...begun] = await db.batch([
      findBlockedSeconds(
        db,
        keys.map(({ key }) => key),
      ),
      ...statements,
    ]);
    if (begun.some(([row]) => row === undefined)) {
      return { ok: false, retryAfterSeconds: Math.max(1, blocked?.seconds ?? 1) };
    }
    // The first key is the one that decides first; the others are for those who change places.
    return { ok: true, failures: begun[0]?.[0]?.failures ?? 0 };
  }

  async recordSuccess(attempt: Attempt): Promise<void> {
    const db = this.#database.asSystem();
    const [first, ...others] = await attemptKeys(attempt);
    if (first === undefined) return;
    await db.batch([
      attempt.subject === undefined ? releaseAttempts(db, [first.key]) : deleteAttempts(db, first.key),
      ...(others.length === 0
        ? []
        : [
            releaseAttempts(
              db,
              others.map(({ key }) => key),
            ),
          ]),
    ]);
  }

  /** The failure was counted when the attempt began; here it is written down, and once more when it begins to cost. */
  async recordFailure(
    attempt: Attempt,
    begun: AttemptDecision,
    { event: own, ...context }: AttemptContext = {},
  ): Promise<void> {
    const event = { ...context, ipAddress: attempt.ip };
    const failed = { type: FAILED[attempt.what], description: `Failed ${attempt.what} attempt.` };
    await this.#record({ ...event, ...(own ?? failed) });
    const [first] = await attemptKeys(attempt);
    if (begun.ok && begun.failures === (first?.free ?? 0) + 1) {
      await this.#record({
        ...event,
        type: BLOCKED[attempt.what],
        description: `Further ${attempt.what} attempts are delayed.`,
      });
    }
  }
}

/** The narrowest first. */
async function attemptKeys({ what, subject, ip }: Attempt): Promise<{ key: string; free: number }[]> {
  const free: FreeAttempts = FREE_ATTEMPTS[what];
  const place = clientPrefix(ip);
  const wanted = [
    ...(subject === undefined || free.pair === undefined
      ? []
      : [{ text: `${what} pair ${subject} ${place}`, free: free.pair }]),
    { text: `${what} ip ${place}`, free: free.ip },
    ...(subject === undefined || free.subject === undefined
      ? []
      : [{ text: `${what} subject ${subject}`, free: free.subject }]),
  ];
  return Promise.all(wanted.map(async ({ text, free }) => ({ key: await sha256Hex(text), free })));
}
