/**
 * Gives the client that the gateway is at an authorization server: what an admin has registered, the gateway's own metadata
 * document, or a dynamic registration, which is kept per organization and issuer with its secret sealed.
 */
import * as oauth from "oauth4webapi";
import { z } from "zod";
import { UpstreamError } from "../core/errors.ts";
import type { Keyring } from "../core/keyring.ts";
import {
  chooseAuthMethod,
  createClientMetadata,
  type OAuthClient,
  planRegistration,
} from "../core/oauth-client/client-registration.ts";
import type { IssuerMetadata } from "../core/oauth-client/metadata.ts";
import { oauthClient } from "../core/oauth-client/tokens.ts";
import type { Database } from "../db/client.ts";
import { deleteClient, findClient, saveClient } from "../db/queries/accounts/account-clients.ts";
import { openClient } from "../upstream/seal-credentials.ts";
import type { OAuthFetch } from "./oauth-fetch.ts";
import type { AccountServer } from "./resolve-credential.ts";

export interface RegistrationDeps {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly fetch: OAuthFetch;
  readonly publicUrl: string;
  readonly now: () => number;
}

/** A registration that ends within this time is not used for a new consent. */
const MIN_REMAINING_MS = 3_600_000;

const getPurpose = (tenantId: string, issuer: string) => `account-client:${tenantId}:${issuer}`;

export async function resolveClient(
  deps: RegistrationDeps,
  server: AccountServer,
  metadata: IssuerMetadata,
): Promise<OAuthClient> {
  const { clientSecret } = await openClient(deps.keyring, server.id, server.auth);
  const plan = planRegistration(metadata, { clientId: server.auth.clientId, clientSecret }, deps.publicUrl);
  if (plan.kind === "client") return plan.client;
  if (plan.kind === "impossible") throw registrationRequired(server.name, metadata.issuer);
  return (await loadRegistered(deps, server.tenantId, metadata.issuer)) ?? register(deps, server, metadata);
}

async function loadRegistered(
  { database, keyring, now }: RegistrationDeps,
  tenantId: string,
  issuer: string,
): Promise<OAuthClient | undefined> {
  const [row] = await findClient(database.withTenant(tenantId), tenantId, issuer);
  if (row === undefined) return undefined;
  if (row.expiresAt !== null && row.expiresAt.getTime() - now() < MIN_REMAINING_MS) return undefined;
  const plain = await keyring.open(getPurpose(tenantId, issuer), row.sealed);
  if (plain === undefined) return undefined;
  return oauthClient.safeParse(JSON.parse(new TextDecoder().decode(plain))).data;
}

/** RFC 7591 §3.2.1, as far as the gateway uses it. */
const registration = z.object({
  client_id: z.string().min(1).max(2000),
  client_secret: z.string().min(1).max(8000).optional(),
  client_secret_expires_at: z.number().optional(),
  token_endpoint_auth_method: z.string().optional(),
});

async function register(
  deps: RegistrationDeps,
  { tenantId, name }: AccountServer,
  metadata: IssuerMetadata,
): Promise<OAuthClient> {
  const { issuer, token_endpoint_auth_methods_supported: supported = ["client_secret_basic"] } = metadata;
  const wanted = supported.includes("none") ? "none" : chooseAuthMethod(metadata, true);
  const answer = await requestRegistration(deps, metadata, wanted).catch(() => {
    throw new UpstreamError(
      "upstream_refused",
      name,
      `Server ${name} has an authorization server that did not register the gateway. Enter a client ID in the server's credentials.`,
    );
  });
  const { client_id: id, client_secret: secret, client_secret_expires_at: seconds = 0 } = answer;
  const method = answer.token_endpoint_auth_method ?? wanted;
  const client: OAuthClient = {
    id,
    ...(secret !== undefined && { secret }),
    method: method === "client_secret_post" || method === "client_secret_basic" ? method : "none",
  };
  const text = new TextEncoder().encode(JSON.stringify(client));
  const sealed = await deps.keyring.seal(getPurpose(tenantId, issuer), text);
  const expiresAt = seconds === 0 ? null : new Date(seconds * 1000);
  await saveClient(deps.database.withTenant(tenantId), { tenantId, issuer, clientId: id, sealed, expiresAt });
  return client;
}

async function requestRegistration(
  { fetch, publicUrl }: RegistrationDeps,
  { issuer, token_endpoint, registration_endpoint = "" }: IssuerMetadata,
  method: OAuthClient["method"],
) {
  const document = { ...createClientMetadata(publicUrl), token_endpoint_auth_method: method };
  const response = await oauth.dynamicClientRegistrationRequest(
    { issuer, token_endpoint, registration_endpoint },
    document,
    {
      [oauth.allowInsecureRequests]: true,
      [oauth.customFetch]: async (
        url: string,
        { headers, body }: oauth.CustomFetchOptions<"POST", string>,
      ) => {
        const sent = { ...headers, "content-type": "application/json" };
        const { status, text } = await fetch(url, { method: "POST", headers: sent, body });
        // Some servers answer 200 where the specification has 201.
        return new Response(text, {
          status: status === 200 ? 201 : status,
          headers: { "content-type": "application/json" },
        });
      },
    },
  );
  return registration.parse(await oauth.processDynamicClientRegistrationResponse(response));
}

/** After the authorization server has refused this client: the next consent registers another one. */
export async function forgetClient(
  database: Database,
  tenantId: string,
  issuer: string,
  clientId: string,
): Promise<void> {
  await deleteClient(database.withTenant(tenantId), tenantId, issuer, clientId);
}

const registrationRequired = (server: string, issuer: string) =>
  new UpstreamError(
    "upstream_unsupported",
    server,
    `The authorization server of ${server} (${issuer}) registers no clients. Register the gateway there, and enter its client ID in the server's credentials.`,
  );
