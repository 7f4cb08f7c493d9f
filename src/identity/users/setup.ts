/**
 * Creates the first admin of a new installation. The setup link is written to the log; it works once and for one hour,
 * and the database stores only its hash. There is never a default password.
 */
import { newToken, sha256Hex } from "../../core/digest.ts";
import { uuidv7 } from "../../core/ids.ts";
import type { Database } from "../../db/client.ts";
import {
  claimSecret,
  createUserWithTenant,
  findAnyUser,
  findOpenSecret,
  saveSecret,
} from "../../db/queries/identity/user-accounts.ts";
import { recordAudit } from "../../db/queries/logs/security.ts";
import type { AttemptLimiter } from "./attempt-limiter.ts";
import { hashPassword } from "./passwords.ts";

const SECRET = "setup";
const TOKEN_TTL_MS = 3_600_000;

export interface FirstAdmin {
  readonly token: string;
  readonly name: string;
  readonly email: string;
  readonly password: string;
  readonly tenantName: string;
  readonly tenantSlug: string;
}

export type SetupResult = "done" | "wrong" | { readonly retryAfterSeconds: number };

export interface Setup {
  /** True if no user exists. */
  isNeeded(): Promise<boolean>;
  /** Writes a link to the log, unless one that is still good stands there. */
  announce(): Promise<void>;
  finish(admin: FirstAdmin, ip: string): Promise<SetupResult>;
}

interface SetupDeps {
  readonly database: Database;
  readonly publicUrl: string;
  readonly attempts: AttemptLimiter;
  readonly log: (line: string) => void;
  readonly now: () => number;
}

export function createSetup({ database, publicUrl, attempts, log, now }: SetupDeps): Setup {
  const db = database.asSystem();
  let isDone = false;

  const isNeeded = async () => {
    if (isDone) return false;
    const [member] = await findAnyUser(db);
    isDone = member !== undefined;
    return !isDone;
  };

  return {
    isNeeded,

    async announce() {
      const [open] = await findOpenSecret(db, SECRET, new Date(now()));
      if (open !== undefined) return;
      const token = newToken();
      await saveSecret(db, {
        identifier: SECRET,
        value: await sha256Hex(token),
        expiresAt: new Date(now() + TOKEN_TTL_MS),
      });
      log(`Create the first admin of this gateway within an hour: ${publicUrl}/setup?token=${token}`);
    },

    async finish(admin, ip) {
      const trial = { what: "setup", ip } as const;
      const begun = await attempts.start(trial);
      if (!begun.ok) return begun;
      const password = await hashPassword(admin.password);
      const isRight =
        (await isNeeded()) &&
        (await claimSecret(db, SECRET, await sha256Hex(admin.token), new Date(now()))).length === 1;
      if (!isRight) {
        await attempts.recordFailure(trial, begun);
        return "wrong";
      }
      const userId = uuidv7();
      const tenantId = uuidv7();
      await db.batch([
        ...createUserWithTenant(db, {
          userId,
          tenantId,
          name: admin.name,
          email: admin.email.toLowerCase(),
          password,
          tenantName: admin.tenantName,
          tenantSlug: admin.tenantSlug,
        }),
        recordAudit(db, {
          userId,
          tenantId,
          action: "gateway.set-up",
          resourceType: "person",
          resourceId: userId,
          success: true,
          ipAddress: ip,
        }),
      ]);
      await attempts.recordSuccess(trial);
      isDone = true;
      return "done";
    },
  };
}
