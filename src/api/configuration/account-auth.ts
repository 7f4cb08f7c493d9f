/**
 * Authentication by members' own accounts in the configuration file: no credential of a member is in a file, and the secret
 * of an OAuth client is read from an environment variable of the CLI.
 */
import { z } from "zod";
import type { ItemContent } from "../../core/configuration/match-items.ts";
import type { Keyring } from "../../core/keyring.ts";
import type { SealedAuthConfig } from "../../db/schema/registry.ts";
import { credentialHeaderName, oauthClientFields } from "../../upstream/credentials-schema.ts";
import { openClientSecret } from "../../upstream/seal-credentials.ts";
import { sealCredential } from "../servers/credentials.ts";
import type { SecretReading, Secrets } from "./section.ts";

export const secretReference = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,199}$/, "must be an environment variable name");

export const accountAuthItems = [
  z.strictObject({ type: z.literal("user_secret"), headerName: credentialHeaderName.optional() }),
  z.strictObject({ type: z.literal("user_oauth"), ...oauthClientFields, secret: secretReference.optional() }),
] as const;

const accountAuthItem = z.discriminatedUnion("type", accountAuthItems);
export type AccountAuthItem = z.output<typeof accountAuthItem>;

/** `reference`: the variable that the secret of the client was read from. */
export function writeAccountAuth(config: SealedAuthConfig, reference: string): ItemContent {
  const { type, headerName, issuer, clientId, scopes, provider, sealed } = config;
  const known = { headerName, issuer, clientId, scopes, provider };
  const present = Object.entries(known).filter(([, value]) => value !== undefined);
  return { type, ...Object.fromEntries(present), ...(sealed !== undefined && { secret: reference }) };
}

export async function readAccountAuth(
  keyring: Keyring,
  server: { readonly id: string; readonly before: SealedAuthConfig | undefined },
  auth: AccountAuthItem,
  secrets: Secrets,
): Promise<SecretReading> {
  const { id, before } = server;
  if (auth.type === "user_secret") {
    return { values: { authConfig: await sealCredential(keyring, id, auth) }, isNew: false };
  }
  const { secret: reference, ...client } = auth;
  if (reference === undefined) {
    return { values: { authConfig: await sealCredential(keyring, id, client) }, isNew: false };
  }
  if (client.clientId === undefined || client.issuer === undefined) {
    return { fault: { path: "/auth/secret", message: "requires clientId and issuer" } };
  }
  // A secret belongs to one client at one authorization server.
  const isSameClient = before?.clientId === client.clientId && before.issuer === client.issuer;
  const kept = isSameClient ? await openClientSecret(keyring, id, before) : undefined;
  const clientSecret = secrets[reference] ?? kept;
  if (clientSecret === undefined) {
    return {
      fault: { path: "/auth/secret", message: `needs a value: set ${reference} where you apply this` },
    };
  }
  const isNew = clientSecret !== kept;
  const { sealed: _, ...rest } = await sealCredential(keyring, id, { ...client, reference });
  const sealed = isNew ? await sealCredential(keyring, id, { ...client, clientSecret }) : before;
  return {
    values: { authConfig: { ...rest, ...(sealed?.sealed !== undefined && { sealed: sealed.sealed }) } },
    isNew,
  };
}
