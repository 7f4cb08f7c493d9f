/**
 * Proof by OAuth access token: a JWT of our own authorization server, verified here with its public keys, for exactly
 * the endpoint that it is shown to. The signature proves what was allowed; the database determines whether it still is, at
 * most once a second for each token (see authenticate.ts).
 */
import { createLocalJWKSet, type JWK, jwtVerify } from "jose";
import { z } from "zod";
import { parseGroups } from "../../core/access/groups.ts";
import { ROLE_SCOPES } from "../../core/access/permissions.ts";
import { secondFactorDuty } from "../../core/access/second-factor-rule.ts";
import { sha256Hex } from "../../core/digest.ts";
import { isUuid } from "../../core/ids.ts";
import type { Database } from "../../db/client.ts";
import { listSigningKeys, loadTokenStatus } from "../../db/queries/access/grants.ts";
import { looksLikeJwt } from "../credential-kinds.ts";
import type { Principal } from "../principal.ts";
import { parseEndpointPath, parseResource } from "./endpoints.ts";
import { isKeyScope } from "./scopes.ts";

/** The one algorithm that we sign with; the header of a token does not choose it. */
const ALGORITHMS = ["ES256"];
const CLOCK_TOLERANCE_SECONDS = 5;

const claims = z.object({
  sub: z.string().min(1),
  client_id: z.string().min(1),
  jti: z.string().min(1),
  scope: z.string(),
  tenant: z.string().refine(isUuid),
  /** The consent that it was issued under: a later one, of the same person and client, does not revive it. */
  grant: z.string(),
  aud: z.union([z.string().transform((one) => [one]), z.array(z.string())]),
  sid: z.string().optional(),
  exp: z.number(),
});

export type AccessTokenClaims = z.infer<typeof claims>;

export interface AccessTokens {
  /** For the endpoint at `path`; undefined for an invalid token, without a reason. */
  verify(token: string, path: string): Promise<{ principal: Principal; expiresAt: Date } | undefined>;
  /** Whether a token that the provider takes for good is one that we still honour. */
  stands(token: AccessTokenClaims): Promise<boolean>;
}

export const revokedTokenKey = (jti: string) => sha256Hex(`revoked ${jti}`);

export const parseClaims = (payload: unknown) => claims.safeParse(payload).data;

export interface TokenOrigins {
  /** The issuer. */
  readonly publicUrl: string;
  /** The origin of the endpoints that tokens are for. */
  readonly mcpUrl: string;
}

export function createAccessTokens(
  database: Database,
  { publicUrl, mcpUrl }: TokenOrigins,
  now: () => number,
): AccessTokens {
  const keys = new SigningKeys(database, now);

  const standing = async (token: AccessTokenClaims, resources: readonly string[]) => {
    const facts = {
      consentId: token.grant,
      resources,
      defaultResource: `${mcpUrl}/mcp`,
      userId: token.sub,
      clientId: token.client_id,
      tenantId: token.tenant,
      sessionId: token.sid,
      revokedKey: await revokedTokenKey(token.jti),
    };
    const at = new Date(now());
    const [row] = await loadTokenStatus(database.asSystem(), facts, at);
    if (row === undefined) return undefined;
    const { secondFactorFrom: setting, isSecondFactorEnabled: isEnabled } = row;
    const duty = secondFactorDuty({ setting, isEnabled }, at);
    return duty === "missing" ? undefined : row;
  };

  return {
    async verify(token, path) {
      const endpoint = parseEndpointPath(mcpUrl, path);
      if (endpoint === undefined || !looksLikeJwt(token)) return undefined;
      const verified = await verifySignature(keys, token, publicUrl, endpoint.resource, now());
      const row = verified && (await standing(verified, [endpoint.resource]));
      if (verified === undefined || row === undefined) return undefined;
      const allowed = ROLE_SCOPES[row.role];
      const groups = parseGroups(row.groups);
      const principal: Principal = {
        // The consent, not the token: sessions outlive a refresh.
        id: `oauth:${row.consentId}`,
        tenantId: verified.tenant,
        userId: verified.sub,
        apiKeyId: undefined,
        role: row.role,
        ...(groups !== undefined && { groups }),
        scopes: verified.scope
          .split(" ")
          .filter(isKeyScope)
          .filter((scope) => allowed.includes(scope) && row.scopes.includes(scope)),
        via: "oauth",
        oauthClientId: verified.client_id,
      };
      return { principal, expiresAt: new Date(verified.exp * 1000) };
    },
    async stands(token) {
      const resources = token.aud.filter((resource) => parseResource(mcpUrl, resource) !== undefined);
      return (await standing(token, resources)) !== undefined;
    },
  };
}

async function verifySignature(
  keys: SigningKeys,
  token: string,
  issuer: string,
  audience: string,
  now: number,
): Promise<AccessTokenClaims | undefined> {
  const options = {
    algorithms: ALGORITHMS,
    issuer,
    audience,
    // RFC 9068: no ID token or session token of the same keys passes for an access token.
    typ: "at+jwt",
    requiredClaims: ["exp", "iat"],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    currentDate: new Date(now),
  };
  for (const set of [await keys.known(), undefined]) {
    try {
      const { payload } = await jwtVerify(token, set ?? (await keys.newest()), options);
      return parseClaims(payload);
    } catch (error) {
      // Only a key that we have not seen yet is worth another look: the server may just have made it.
      if (!isUnknownKey(error)) return undefined;
    }
  }
  return undefined;
}

const isUnknownKey = (error: unknown) =>
  error instanceof Error && "code" in error && error.code === "ERR_JWKS_NO_MATCHING_KEY";

type KeySet = ReturnType<typeof createLocalJWKSet>;

/** The server's public keys, read from its table: a Worker does well not to fetch from itself. */
class SigningKeys {
  readonly #database: Database;
  readonly #now: () => number;
  #set: KeySet | undefined;
  #loadedAt = 0;
  #reloads: number[] = [];

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  async known(): Promise<KeySet> {
    const old = this.#now() - this.#loadedAt > KEYS_TTL_MS;
    return this.#set === undefined || old ? this.#load() : this.#set;
  }

  /** A token may name a key that was made a moment ago; tokens with made-up names must not become queries. */
  async newest(): Promise<KeySet> {
    const now = this.#now();
    this.#reloads = this.#reloads.filter((time) => time > now - RELOADS_WINDOW_MS);
    if (this.#set !== undefined && this.#reloads.length >= MAX_RELOADS) return this.#set;
    this.#reloads.push(now);
    return this.#load();
  }

  async #load(): Promise<KeySet> {
    const rows = await listSigningKeys(this.#database.asSystem());
    const keys = rows.flatMap(({ id, publicKey }) => {
      const key = publicJwk.safeParse(parseJson(publicKey));
      return key.success ? [{ ...key.data, kid: id, alg: "ES256" } satisfies JWK] : [];
    });
    this.#set = createLocalJWKSet({ keys });
    this.#loadedAt = this.#now();
    return this.#set;
  }
}

const KEYS_TTL_MS = 300_000;
const MAX_RELOADS = 5;
const RELOADS_WINDOW_MS = 10_000;

const publicJwk = z.object({ kty: z.literal("EC"), crv: z.literal("P-256"), x: z.string(), y: z.string() });

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
