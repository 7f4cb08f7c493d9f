/**
 * The first admin of a fresh gateway: whoever reads its log. The link there works once and for an hour, the database
 * keeps only its hash, and there is never a default password.
 */
import { newToken, sha256Hex } from "../../core/digest.ts";
import { uuidv7 } from "../../core/ids.ts";
import type { Database } from "../../db/client.ts";
import {
  anyPerson,
  createPersonWithTenant,
  keepSecret,
  openSecret,
  takeSecret,
} from "../../db/queries/people.ts";
import { recordAudit } from "../../db/queries/security.ts";
import type { Attempts } from "./attempts.ts";
import { hashPassword } from "./passwords.ts";

const SECRET = "setup";
const GOOD_FOR_MS = 3_600_000;

export interface FirstAdmin {
  readonly token: string;
  readonly name: string;
  readonly email: string;
  readonly password: string;
  readonly tenantName: string;
  readonly tenantSlug: string;
}

export type SetupOutcome = "done" | "wrong" | { readonly retryAfterSeconds: number };

export interface Setup {
  /** Nobody is there yet. */
  isNeeded(): Promise<boolean>;
  /** Writes a link to the log, unless one that is still good stands there. */
  announce(): Promise<void>;
  finish(admin: FirstAdmin, ip: string): Promise<SetupOutcome>;
}

interface SetupParts {
  readonly database: Database;
  readonly publicUrl: string;
  readonly attempts: Attempts;
  readonly log: (line: string) => void;
  readonly now: () => number;
}

export function createSetup({ database, publicUrl, attempts, log, now }: SetupParts): Setup {
  const db = database.asSystem();
  let isDone = false;

  const isNeeded = async () => {
    if (isDone) return false;
    const [somebody] = await anyPerson(db);
    isDone = somebody !== undefined;
    return !isDone;
  };

  return {
    isNeeded,

    async announce() {
      const [open] = await openSecret(db, SECRET, new Date(now()));
      if (open !== undefined) return;
      const token = newToken();
      await keepSecret(db, {
        identifier: SECRET,
        value: await sha256Hex(token),
        expiresAt: new Date(now() + GOOD_FOR_MS),
      });
      log(`Create the first admin of this gateway within an hour: ${publicUrl}/setup?token=${token}`);
    },

    async finish(admin, ip) {
      const trial = { what: "setup", ip } as const;
      const begun = await attempts.begin(trial);
      if (!begun.ok) return begun;
      const password = await hashPassword(admin.password);
      const isRight =
        (await isNeeded()) &&
        (await takeSecret(db, SECRET, await sha256Hex(admin.token), new Date(now()))).length === 1;
      if (!isRight) {
        await attempts.failed(trial, begun);
        return "wrong";
      }
      const userId = uuidv7();
      const tenantId = uuidv7();
      await db.batch([
        ...createPersonWithTenant(db, {
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
      await attempts.succeeded(trial);
      isDone = true;
      return "done";
    },
  };
}
