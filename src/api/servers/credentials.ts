/** Addresses and secrets of servers on their way in: judged, and sealed to the server that they are for. */
import { importPKCS8 } from "jose";
import { z } from "zod";
import { TRANSPORTS, type Transport, usesAccounts } from "../../core/enums.ts";
import { GatewayError, type InputIssue, InvalidInputError } from "../../core/errors.ts";
import type { Keyring } from "../../core/keyring.ts";
import type { ClientKeyAlgorithm } from "../../core/oauth-client/client-registration.ts";
import type { SealedAuthConfig } from "../../db/schema/registry.ts";
import { checkUrl, type UrlPolicy } from "../../upstream/connection/url-guard.ts";
import { credentialHeader } from "../../upstream/credentials.ts";
import { sealCredentials } from "../../upstream/seal-credentials.ts";
import type { AuthInput } from "./schemas.ts";

/** A stdio server has no URL of its own: its connector dials in. */
export const stdioUrl = (name: string) => `stdio:${name}`;

const SCHEMES: Record<Transport, RegExp> = {
  http: /^https?:$/,
  sse: /^https?:$/,
  websocket: /^wss?:$/,
  stdio: /^$/,
};

export function urlFault(url: string, transport: Transport, policy: UrlPolicy): string | undefined {
  if (transport === "stdio")
    return /^stdio:[A-Za-z0-9_.-]{1,100}$/.test(url)
      ? undefined
      : "must be stdio: and the name of the server";
  const verdict = checkUrl(url, policy);
  if (!verdict.ok) return verdict.reason;
  if (SCHEMES[transport].test(verdict.url.protocol)) return undefined;
  return transport === "websocket" ? "must be a wss URL" : "must be an HTTPS URL";
}

function findUrlFaults(url: string, transport: Transport, policy: UrlPolicy): InputIssue[] {
  const fault = urlFault(url, transport, policy);
  return fault === undefined ? [] : [{ path: "/endpointUrl", message: fault }];
}

export function rejectUrl(url: string, transport: Transport, policy: UrlPolicy): void {
  const faults = findUrlFaults(url, transport, policy);
  if (faults.length > 0) throw new InvalidInputError(faults);
}

const address = z.object({
  endpointUrl: z.string().min(1).max(500),
  transportType: z.enum(TRANSPORTS).default("http"),
});

/** The address of a body that may have further faults; where there is no address to check, its schema rejects it. */
export function findGivenUrlFaults(body: unknown, policy: UrlPolicy): InputIssue[] {
  const given = address.safeParse(body);
  return given.success ? findUrlFaults(given.data.endpointUrl, given.data.transportType, policy) : [];
}

/** How a credential is recorded: by its kind and where it comes from, never by what it is. */
export const recordedAuth = ({ type, reference }: AuthInput) => ({
  authType: type,
  authReference: reference ?? null,
});

/** A stored shared credential was given for one origin; sent to another, it would be given away. */
export function isOtherOrigin(url: string, newUrl: string): boolean {
  return url !== newUrl && URL.parse(newUrl)?.origin !== URL.parse(url)?.origin;
}

export function rejectMovedCredential(
  { endpointUrl, authType }: { endpointUrl: string; authType: string },
  newUrl: string,
): void {
  // Members' accounts are sealed to the origin, and connected anew at the new one; a signed identity is for its audience only.
  const isStored = authType !== "none" && authType !== "identity_jwt" && !usesAccounts(authType);
  if (!isStored || !isOtherOrigin(endpointUrl, newUrl)) return;
  const message = `is required: the stored credential belongs to ${URL.parse(endpointUrl)?.origin ?? "another URL"}. Send it again, or {"type": "none"}`;
  throw new InvalidInputError(
    [{ path: "/auth", message }],
    "The new URL has another origin. Send the credential again with the new URL.",
  );
}

/** A key that cannot sign is found now, and not by the first call. */
async function rejectUnusableKey({
  privateKey,
  keyAlgorithm = "ES256",
}: {
  readonly privateKey?: string | undefined;
  readonly keyAlgorithm?: ClientKeyAlgorithm | undefined;
}): Promise<void> {
  if (privateKey === undefined) return;
  const key = await importPKCS8(privateKey, keyAlgorithm).catch(() => undefined);
  if (key !== undefined) return;
  const message = `must be a private key for ${keyAlgorithm} in PEM (PKCS #8)`;
  throw new InvalidInputError([{ path: "/auth/privateKey", message }]);
}

export async function sealCredential(
  keyring: Keyring,
  serverId: string,
  input: AuthInput,
): Promise<SealedAuthConfig> {
  const { reference, ...credentials } = input;
  if ("privateKey" in credentials) await rejectUnusableKey(credentials);
  const config = await sealCredentials(keyring, serverId, credentials);
  return { ...config, ...(reference !== undefined && { reference }) };
}

interface AuthenticatedServer {
  readonly id: string;
  readonly authConfig: SealedAuthConfig;
}

/** Rejects a server that is there already: at the same URL, with the same credential. */
export async function rejectDuplicate(
  keyring: Keyring,
  server: AuthenticatedServer,
  others: readonly (AuthenticatedServer & { readonly name: string })[],
): Promise<void> {
  for (const other of others) {
    if (!(await hasSameCredential(keyring, server, other))) continue;
    const message = `This server is already registered as ${other.name} with this credential.`;
    throw new GatewayError("conflict", message);
  }
}

/** Where each member has an account of their own, the type of authentication is the credential. */
async function hasSameCredential(
  keyring: Keyring,
  one: AuthenticatedServer,
  other: AuthenticatedServer,
): Promise<boolean> {
  if (one.authConfig.type !== other.authConfig.type) return false;
  const headers = await Promise.all(
    [one, other].map(({ id, authConfig }) => credentialHeader(keyring, id, authConfig)),
  );
  return JSON.stringify(headers[0]) === JSON.stringify(headers[1]);
}
