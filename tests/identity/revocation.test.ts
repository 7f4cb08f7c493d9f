/** Nothing revives: after any sequence of grants and revocations, no revoked right works, and every standing one does. */
import { env } from "cloudflare:test";
import fc from "fast-check";
import { expect, it } from "vitest";
import { uuidv7 } from "../../src/core/ids.ts";
import { deleteGrant, loadTokenStatus } from "../../src/db/queries/access/grants.ts";
import { addMember } from "../../src/db/queries/identity/invitations.ts";
import { addTenant, call, type TestKey, type TestTenant } from "../api/support.ts";
import { database, owner } from "../support/database.ts";

const RUNS = 6 * Number(env.TEST_FACTOR);

type Act = "mint" | "rotate" | "revoke" | "connect" | "disconnect" | "deny" | "remove" | "add" | "reactivate";
const ACTS: readonly Act[] = [
  ...(["mint", "rotate", "revoke", "connect", "disconnect", "deny", "remove", "add", "reactivate"] as const),
];

interface HeldKey {
  readonly id: string;
  readonly text: string;
  isRevoked: boolean;
  isDenied: boolean;
}

interface HeldToken {
  readonly consentId: string;
  readonly clientId: string;
  isRevoked: boolean;
}

/** The expected rights, computed independently of the gateway. */
interface Model {
  readonly tenant: TestTenant;
  readonly admin: TestKey;
  readonly userId: string;
  isMember: boolean;
  keys: HeldKey[];
  tokens: HeldToken[];
}

const TIMEOUT_MS = 20_000 * RUNS;

/** Enough to create and rotate keys. */
const SCOPES = ["read", "write", "proxy"] as const;
const RESOURCE = `${env.PUBLIC_URL}/mcp`;
const system = database.asSystem();
let places = 0;

/** From a place of its own, since many wrong keys from one place are soon not looked at. */
async function works(key: HeldKey): Promise<boolean> {
  places += 1;
  const ip = `2001:db8:${(places >> 16).toString(16)}:${(places & 0xffff).toString(16)}::1`;
  const { status, body } = await call("GET", "/me", { key: key.text, ip });
  if (status !== 200 && status !== 401) throw new Error(`GET /me: ${status} ${JSON.stringify(body)}`);
  return status === 200;
}

async function stands(model: Model, token: HeldToken): Promise<boolean> {
  const rows = await loadTokenStatus(
    system,
    {
      userId: model.userId,
      clientId: token.clientId,
      tenantId: model.tenant.id,
      sessionId: undefined,
      consentId: token.consentId,
      resources: [RESOURCE],
      defaultResource: RESOURCE,
      revokedKey: "none",
    },
    new Date(),
  );
  return rows.length === 1;
}

async function connect(model: Model): Promise<void> {
  const [{ clientId }] = model.tokens.length > 0 ? model.tokens : [{ clientId: uuidv7() }];
  await owner.query(
    "insert into oauth_client (id, client_id, redirect_uris) values ($1, $1, '{https://c.example/}') on conflict do nothing",
    [clientId],
  );
  const consentId = uuidv7();
  await owner.query(
    `insert into oauth_consent (id, client_id, user_id, reference_id, scopes, resources)
     values ($1, $2, $3, $4, '{proxy}', $5)`,
    [consentId, clientId, model.userId, model.tenant.id, [RESOURCE]],
  );
  model.tokens.push({ consentId, clientId, isRevoked: false });
}

const revokeAll = (of: readonly { isRevoked: boolean }[]) => {
  for (const held of of) held.isRevoked = true;
};

/** A key of the member that still works; else the act has nothing to act on. */
const standingKey = (model: Model, at: number) => {
  const standing = model.keys.filter(({ isRevoked }) => !isRevoked);
  return model.isMember && standing.length > 0 ? standing[at % standing.length] : undefined;
};

async function succeeds(calling: ReturnType<typeof call>): Promise<void> {
  const { status, body } = await calling;
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`);
}

async function perform(model: Model, act: Act, at: number): Promise<void> {
  const key = standingKey(model, at);
  const asAdmin = { key: model.admin.text };
  switch (act) {
    case "mint":
    case "rotate": {
      if (key === undefined) return;
      const rotates = act === "rotate";
      const path = rotates ? `/keys/${key.id}/rotate` : "/keys";
      const json = rotates ? { overlapSeconds: 0 } : { name: "minted", scopes: SCOPES };
      const made = await call("POST", path, { key: key.text, json });
      if (made.status !== 201) throw new Error(`${act}: ${made.status} ${JSON.stringify(made.body)}`);
      if (rotates) key.isRevoked = true;
      const { id } = made.body.key;
      model.keys.push({ id, text: made.body.secret, isRevoked: false, isDenied: key.isDenied });
      return;
    }
    case "revoke":
      if (key === undefined) return;
      await succeeds(call("DELETE", `/keys/${key.id}`, asAdmin));
      key.isRevoked = true;
      return;
    case "reactivate":
      // An admin who tries to bring a dead key back.
      for (const { id } of model.keys.filter(({ isRevoked }) => isRevoked)) {
        await call("PATCH", `/keys/${id}`, { ...asAdmin, json: { isActive: true } });
      }
      return;
    case "deny":
      if (key === undefined || key.isDenied) return;
      await succeeds(
        call("POST", "/access-controls", {
          ...asAdmin,
          json: {
            subject: { type: "key", id: key.id },
            objectType: "tool",
            objectPattern: "x",
            effect: "deny",
          },
        }),
      );
      key.isDenied = true;
      return;
    case "connect":
      if (model.isMember) await connect(model);
      return;
    case "disconnect": {
      const [token] = model.tokens;
      if (token === undefined) return;
      const { clientId } = token;
      await system.batch([
        ...deleteGrant(system, { clientId, userId: model.userId, tenantId: model.tenant.id }),
      ]);
      revokeAll(model.tokens);
      return;
    }
    case "remove":
      if (!model.isMember) return;
      await succeeds(call("DELETE", `/members/${model.userId}`, asAdmin));
      model.isMember = false;
      revokeAll(model.keys);
      revokeAll(model.tokens);
      return;
    case "add":
      if (model.isMember) return;
      await addMember(system, { tenantId: model.tenant.id, userId: model.userId, role: "user" });
      model.isMember = true;
      await addKey(model);
  }
}

async function addKey(model: Model): Promise<void> {
  const { id, text } = await model.tenant.addKey({
    userId: model.userId,
    scopes: [...SCOPES],
  });
  model.keys.push({ id, text, isRevoked: false, isDenied: false });
}

async function expectModel(model: Model): Promise<void> {
  for (const key of model.keys) {
    expect(await works(key), `key ${key.id}`).toBe(!key.isRevoked && model.isMember);
    if (!key.isDenied) continue;
    const rules = await owner.query(
      "select 1 from server_access_controls where subject_id = $1 and effect = 'deny'",
      [key.id],
    );
    expect(rules.length, `what ${key.id} is denied`).toBeGreaterThan(0);
  }
  for (const token of model.tokens) {
    expect(await stands(model, token), `token of ${token.consentId}`).toBe(
      !token.isRevoked && model.isMember,
    );
  }
}

it(
  "no revoked right ever works again, whatever is granted, revoked, rotated, removed and added",
  async () => {
    const tenant = await addTenant("revocation");
    const admin = await tenant.addKey();
    const step = fc.tuple(fc.constantFrom(...ACTS), fc.nat({ max: 7 }));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
        const model: Model = {
          ...{ tenant, admin, isMember: true, keys: [], tokens: [] },
          userId: await tenant.addUser("user"),
        };
        await addKey(model);
        for (const [act, at] of steps) {
          await perform(model, act, at);
          await expectModel(model);
        }
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  },
  TIMEOUT_MS,
);
