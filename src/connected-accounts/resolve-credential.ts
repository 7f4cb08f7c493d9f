/**
 * Gives the credential with which one member's call is sent to a server. It is kept in the isolate like everything else
 * of the tenant, until the tenant's epoch increases; an access token also only until shortly before it
 * expires, when the member's object renews it.
 */
import { GATEWAY_SUBJECT } from "../core/identity-token/claims.ts";
import { toResource } from "../core/oauth-client/well-known.ts";
import { type Epochs, TenantCache, type WaitUntil } from "../core/tenant-cache.ts";
import type { SealedAuthConfig } from "../db/schema/registry.ts";
import type { Header } from "../upstream/credentials.ts";
import type { IdentityTokens, TokenSubject } from "./identity-tokens.ts";

/** A server as accounts are bound to it. */
export interface AccountServer {
  readonly id: string;
  readonly name: string;
  readonly tenantId: string;
  readonly endpointUrl: string;
  readonly auth: SealedAuthConfig;
}

export interface ConnectedState {
  readonly kind: "connected";
  readonly credential: Header;
  readonly userId: string;
  /** When to renew and when it ends, in milliseconds since 1970; undefined where it does not expire. */
  readonly lifetime: TokenLifetime | undefined;
}

export interface TokenLifetime {
  readonly renewAt: number;
  readonly expiresAt: number;
}

export type AccountState =
  | ConnectedState
  | { readonly kind: "missing" }
  /** It no longer fits the server, or the server has withdrawn it. */
  | { readonly kind: "expired" }
  /** Its access token has expired, and the authorization server is not responding. */
  | { readonly kind: "unavailable" };

/** What the member's object answers to a request for a new access token. */
export type RenewedAccount =
  | { readonly kind: "connected"; readonly accessToken: string; readonly lifetime: TokenLifetime | undefined }
  | { readonly kind: "missing" | "expired" | "unavailable" }
  /** The token that the server has rejected is new: another one would not help. */
  | { readonly kind: "rejected" };

export interface RenewRequest {
  readonly server: AccountServer;
  readonly userId: string;
  /** The access token that the server has rejected. */
  readonly rejected: string | undefined;
}

type SignerOfIdentity = Pick<IdentityTokens, "sign" | "findFacts">;

export interface AccountCredentialsDeps {
  readonly epochs: Epochs;
  readonly now: () => number;
  readonly load: (
    server: AccountServer,
    userId: string | undefined,
    waitUntil: WaitUntil,
  ) => Promise<AccountState>;
  readonly renew: (request: RenewRequest) => Promise<RenewedAccount>;
  readonly identity: SignerOfIdentity;
  /** The origin of the pages. */
  readonly publicUrl: string;
}

const MAX_ACCOUNTS = 10_000;
const BEARER = "Bearer ";

export const toBearer = (token: string): Header => ["authorization", BEARER + token];

const UNRENEWABLE = new Set<string>(["user_secret", "identity_jwt"]);

const getKey = ({ id }: AccountServer, userId: string | undefined) => `${id} ${userId ?? ""}`;

export class AccountCredentials {
  readonly #deps: AccountCredentialsDeps;
  readonly #cache: TenantCache<AccountState>;

  constructor(deps: AccountCredentialsDeps) {
    this.#deps = deps;
    this.#cache = new TenantCache(deps.epochs, { now: deps.now, limit: MAX_ACCOUNTS });
  }

  get identity(): SignerOfIdentity {
    return this.#deps.identity;
  }

  /** A token about the caller, for this call only. */
  async signIdentity(
    { tenantId, endpointUrl, auth }: AccountServer,
    { subject, call }: Pick<TokenSubject, "subject" | "call">,
    waitUntil: WaitUntil,
  ): Promise<ConnectedState> {
    const audience = auth.audience ?? toResource(endpointUrl);
    const signed = { tenantId, subject, audience, ...(call !== undefined && { call }) };
    const token = await this.#deps.identity.sign(signed, waitUntil);
    return { kind: "connected", credential: toBearer(token), userId: subject, lifetime: undefined };
  }

  /** `userId` undefined: the account that discovery acts as. */
  resolve(
    server: AccountServer,
    userId: string | undefined,
    waitUntil: WaitUntil,
  ): AccountState | Promise<AccountState> {
    const { tenantId, auth } = server;
    if (auth.type === "identity_jwt") {
      return this.signIdentity(server, { subject: userId ?? GATEWAY_SUBJECT }, waitUntil);
    }
    const load = async () => ({ value: await this.#deps.load(server, userId, waitUntil), tenantId });
    const state = this.#cache.get(getKey(server, userId), load, waitUntil, tenantId);
    if (state instanceof Promise) return state.then((loaded) => this.#renewIfDue(server, userId, loaded));
    return this.#renewIfDue(server, userId, state);
  }

  /** After the server has rejected the credential: another one, if there is any. */
  async replace(
    server: AccountServer,
    userId: string | undefined,
    rejected: ConnectedState,
  ): Promise<AccountState> {
    // Another one would contain the same.
    if (UNRENEWABLE.has(server.auth.type)) return { kind: "expired" };
    return this.#renew(server, userId, rejected, rejected.credential[1].slice(BEARER.length));
  }

  /** The page where the member connects an account of their own to the server. */
  getConnectUrl({ id, tenantId }: AccountServer, scopes: readonly string[] = []): string {
    const query = new URLSearchParams({
      organization: tenantId,
      ...(scopes.length > 0 && { scope: scopes.join(" ") }),
    });
    return `${this.#deps.publicUrl}/account/connections/${id}?${query.toString()}`;
  }

  #renewIfDue(
    server: AccountServer,
    userId: string | undefined,
    state: AccountState,
  ): AccountState | Promise<AccountState> {
    if (state.kind !== "connected" || state.lifetime === undefined) return state;
    const now = this.#deps.now();
    if (now < state.lifetime.renewAt) return state;
    return this.#renew(server, userId, state, undefined).then((renewed) =>
      renewed.kind === "unavailable" && now < (state.lifetime?.expiresAt ?? 0) ? state : renewed,
    );
  }

  async #renew(
    { id, name, tenantId, endpointUrl, auth }: AccountServer,
    userId: string | undefined,
    state: ConnectedState,
    rejected: string | undefined,
  ): Promise<AccountState> {
    const server = { id, name, tenantId, endpointUrl, auth };
    const startedAt = this.#deps.now();
    const renewed = await this.#deps.renew({ server, userId: state.userId, rejected });
    const value = toState(renewed, state.userId);
    if (renewed.kind !== "unavailable" && renewed.kind !== "rejected")
      this.#cache.keep(getKey(server, userId), { value, tenantId }, startedAt);
    return value;
  }
}

export function toState(renewed: RenewedAccount, userId: string): AccountState {
  if (renewed.kind === "rejected") return { kind: "expired" };
  if (renewed.kind !== "connected") return { kind: renewed.kind };
  const { accessToken, lifetime } = renewed;
  return { kind: "connected", credential: toBearer(accessToken), userId, lifetime };
}
