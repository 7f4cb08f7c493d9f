/** A tenant with people and keys of every kind, and the whole app to call with them. */
import { createExecutionContext, env } from "cloudflare:test";
import { createApp } from "../../src/app.ts";
import {
  apiKeyPrefix,
  createSalt,
  createSecret,
  formatApiKey,
  hashApiKeySecret,
  parseApiKey,
} from "../../src/core/access/api-key.ts";
import { sha256Hex } from "../../src/core/digest.ts";
import { API_KEY_SCOPES, type ApiKeyScope, type Role } from "../../src/core/enums.ts";
import { uuidv7 } from "../../src/core/ids.ts";
import { newTenant, owner } from "../support/database.ts";
import { createSessionCookie } from "../support/session-cookie.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came back.
  readonly body: any;
}

export const read = async (response: Response): Promise<Answer> => {
  const text = await response.text();
  const isJson = /[/+]json/.test(response.headers.get("content-type") ?? "");
  const body = text === "" ? null : isJson ? JSON.parse(text) : text;
  return { status: response.status, headers: response.headers, body };
};

/** Servers of examples do not exist; fetching them takes seconds, and workerd logs long errors. */
const realFetch = globalThis.fetch;
globalThis.fetch = (input, init) => {
  const { hostname } = new URL(input instanceof Request ? input.url : String(input));
  if (hostname !== "127.0.0.1" && hostname !== "localhost")
    return Promise.reject(new TypeError("no network in tests"));
  return realFetch(input, init);
};

// Not by SELF, which grows slower with each call: the walks make thousands.
const app = createApp();

export interface CallOptions {
  readonly key?: string | undefined;
  readonly json?: unknown;
  readonly ip?: string;
  /** An empty one is left out. */
  readonly headers?: Record<string, string>;
}

export async function call(
  method: string,
  path: string,
  { key, json, ip, headers: own = {} }: CallOptions = {},
): Promise<Answer> {
  // The present version: tests of concurrent changes set another.
  const headers = new Headers({ "if-match": "*", ...own });
  for (const [name, value] of Object.entries(own)) if (value === "") headers.delete(name);
  if (key !== undefined) headers.set("authorization", `Bearer ${key}`);
  if (json !== undefined) headers.set("content-type", "application/json");
  if (ip !== undefined) headers.set("cf-connecting-ip", ip);
  const body = json === undefined ? null : JSON.stringify(json);
  const request = new Request(`${env.PUBLIC_URL}/api/v1${path}`, { method, headers, body });
  return read(await app.fetch(request, env, createExecutionContext()));
}

export interface TestKey {
  readonly id: string;
  readonly text: string;
  readonly userId: string | null;
}

interface KeyWish {
  readonly role?: Role;
  readonly scopes?: readonly ApiKeyScope[];
  /** An existing user; null for a key without owner. */
  readonly userId?: string | null;
  readonly with?: Record<string, unknown>;
}

/** The headers of an operator's browser with this tenant selected. */
async function operatorHeaders(tenantId: string, userId: string): Promise<Record<string, string>> {
  const token = crypto.randomUUID();
  await owner.query(`update "user" set role = 'admin' where id = $1`, [userId]);
  await owner.query(
    `insert into session (id, token, user_id, tenant_id, expires_at) values ($1, $1, $2, $3, now() + interval '1 day')`,
    [token, userId, tenantId],
  );
  const cookie = await createSessionCookie(env.PUBLIC_URL, env.BETTER_AUTH_SECRET, token);
  return { cookie, origin: env.PUBLIC_URL };
}

export interface TestTenant {
  readonly id: string;
  addUser(role: Role): Promise<string>;
  addKey(wish?: KeyWish): Promise<TestKey>;
  addLegacyKey(text: string, wish?: KeyWish): Promise<TestKey>;
  addServer(name: string): Promise<string>;
  /** Adds an OAuth grant of a user. */
  addGrant(userId: string): Promise<{ readonly id: string; readonly clientRowId: string }>;
  /** Headers of an operator who is this tenant's admin too. */
  addOperator(): Promise<Record<string, string>>;
  audit(): Promise<Record<string, unknown>[]>;
  /**
   * Raises the limits for tests with many requests. Call it before the first request, because caches are not
   * invalidated.
   */
  liftLimits(): Promise<void>;
}

const insert = (table: string, values: Record<string, unknown>) => {
  const columns = Object.keys(values)
    .map((column) => `"${column}"`)
    .join(", ");
  return owner.query(
    `insert into "${table}" (${columns}) select ${columns} from jsonb_populate_record(null::"${table}", $1::jsonb)`,
    [JSON.stringify(values)],
  );
};

export async function addTenant(label: string): Promise<TestTenant> {
  const id = await newTenant(label);

  const addUser = async (role: Role) => {
    const userId = uuidv7();
    await insert("user", {
      id: userId,
      name: role,
      email: `${userId}@example.com`,
      email_verified: true,
      role: "user",
      tenant_id: id,
      is_active: true,
      banned: false,
      two_factor_enabled: false,
      created_at: new Date(),
      updated_at: new Date(),
    });
    await owner.query("insert into tenant_members (tenant_id, user_id, role) values ($1, $2, $3)", [
      id,
      userId,
      role,
    ]);
    return userId;
  };
  const ownerOf = async ({ role = "admin", userId }: KeyWish) =>
    userId === undefined ? addUser(role) : userId;

  return {
    id,
    addUser,
    async addKey(wish = {}) {
      const userId = await ownerOf(wish);
      const keyId = uuidv7();
      const salt = createSalt();
      const text = formatApiKey(keyId, createSecret());
      await owner.query(
        `insert into api_keys (id, tenant_id, user_id, name, key_prefix, salt, key_hash, scopes)
         values ($1, $2, $3, 'test', $4, $5, $6, $7::api_key_scope[])`,
        [
          keyId,
          id,
          userId,
          apiKeyPrefix(keyId),
          salt,
          await hashApiKeySecret(salt, parseApiKey(text)?.secret ?? ""),
          `{${(wish.scopes ?? API_KEY_SCOPES).join(",")}}`,
        ],
      );
      for (const [column, value] of Object.entries(wish.with ?? {})) {
        await owner.query(`update api_keys set "${column}" = $1 where id = $2`, [value, keyId]);
      }
      return { id: keyId, text, userId };
    },
    async addLegacyKey(text, wish = {}) {
      const userId = await ownerOf(wish);
      const keyId = uuidv7();
      await owner.query(
        `insert into legacy_api_keys (id, tenant_id, user_id, name, key_hash, scopes)
         values ($1, $2, $3, 'old', $4, $5::api_key_scope[])`,
        [keyId, id, userId, await sha256Hex(text), `{${(wish.scopes ?? API_KEY_SCOPES).join(",")}}`],
      );
      return { id: keyId, text, userId };
    },
    async addServer(name) {
      const [row] = await owner.query(
        "insert into mcp_servers (tenant_id, name, endpoint_url) values ($1, $2, 'https://example.com/mcp') returning id",
        [id, name],
      );
      return String(row?.id);
    },
    async addGrant(userId) {
      const grant = { id: uuidv7(), clientRowId: uuidv7() };
      await owner.query(
        "insert into oauth_client (id, client_id, name, redirect_uris) values ($1, $1, 'Notebook', '{http://127.0.0.1/}')",
        [grant.clientRowId],
      );
      await owner.query(
        "insert into oauth_consent (id, client_id, user_id, reference_id, scopes) values ($1, $2, $3, $4, '{proxy}')",
        [grant.id, grant.clientRowId, userId, id],
      );
      return grant;
    },
    addOperator: async () => operatorHeaders(id, await addUser("admin")),
    async liftLimits() {
      for (const [subject, seconds] of [
        ["role", 60],
        ["key", 3600],
        ["key", 86_400],
      ]) {
        await owner.query(
          `insert into rate_limit_configs (tenant_id, subject_type, limit_count, window_seconds) values ($1, $2, 1000000, $3)`,
          [id, subject, seconds],
        );
      }
    },
    audit: () => owner.query("select * from audit_logs where tenant_id = $1 order by timestamp", [id]),
  };
}
