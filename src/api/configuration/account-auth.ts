/**
 * Authentication with credentials that are obtained for calls, in the configuration file: no credential of a member is in a
 * file, and the secret of an OAuth client (or its private key) is read from an environment variable of the CLI.
 */
import { z } from "zod";
import type { ItemContent } from "../../core/configuration/match-items.ts";
import type { Keyring } from "../../core/keyring.ts";
import type { SealedAuthConfig } from "../../db/schema/registry.ts";
import {
  clientCredentialsFields,
  credentialHeaderName,
  credentialsSchema,
  identityFields,
  oauthClientFields,
  tokenExchangeFields,
} from "../../upstream/credentials-schema.ts";
import { openClient } from "../../upstream/seal-credentials.ts";
import { sealCredential } from "../servers/credentials.ts";
import type { SecretReading, Secrets } from "./section.ts";

export const secretReference = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,199}$/, "must be an environment variable name");

export const accountAuthItems = [
  z.strictObject({ type: z.literal("user_secret"), headerName: credentialHeaderName.optional() }),
  z.strictObject({ type: z.literal("user_oauth"), ...oauthClientFields, secret: secretReference.optional() }),
  z.strictObject({
    type: z.literal("client_credentials"),
    ...clientCredentialsFields,
    secret: secretReference,
  }),
  z.strictObject({ type: z.literal("identity_jwt"), ...identityFields }),
  z.strictObject({
    type: z.literal("token_exchange"),
    ...tokenExchangeFields,
    secret: secretReference.optional(),
  }),
] as const;

const accountAuthItem = z.discriminatedUnion("type", accountAuthItems);
export type AccountAuthItem = z.output<typeof accountAuthItem>;

/** `reference`: the variable that the secret of the client was read from. */
export function writeAccountAuth(config: SealedAuthConfig, reference: string): ItemContent {
  const { sealed, reference: _, ...open } = config;
  const present = Object.entries(open).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(present), ...(sealed !== undefined && { secret: reference }) };
}

export async function readAccountAuth(
  keyring: Keyring,
  { id, before }: { readonly id: string; readonly before: SealedAuthConfig | undefined },
  auth: AccountAuthItem,
  secrets: Secrets,
): Promise<SecretReading> {
  if (auth.type === "user_secret" || auth.type === "identity_jwt" || auth.secret === undefined) {
    const { secret: _, ...open } = { secret: undefined, ...auth };
    return {
      values: { authConfig: await sealCredential(keyring, id, credentialsSchema.parse(open)) },
      isNew: false,
    };
  }
  const { secret: reference, ...client } = auth;
  // A secret is valid for one client at one authorization server.
  const isSame = (["type", "clientId", "issuer", "tokenUrl"] as const).every(
    (name) => before?.[name] === Object.entries(client).find(([key]) => key === name)?.[1],
  );
  const known = isSame && before !== undefined ? await openClient(keyring, id, before) : {};
  const kept = known.clientSecret ?? known.privateKey;
  const text = secrets[reference] ?? kept;
  if (text === undefined) {
    return {
      fault: { path: "/auth/secret", message: `needs a value: set ${reference} where you apply this` },
    };
  }
  const hasKey = "keyAlgorithm" in client && client.keyAlgorithm !== undefined;
  const parsed = credentialsSchema.safeParse({ ...client, [hasKey ? "privateKey" : "clientSecret"]: text });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return {
      fault: { path: "/auth/secret", message: `is invalid: ${issue?.path.join(".")} ${issue?.message}` },
    };
  }
  const config = await sealCredential(keyring, id, { ...parsed.data, reference });
  const isNew = text !== kept;
  return {
    values: { authConfig: isNew || before === undefined ? config : { ...config, sealed: before.sealed } },
    isNew,
  };
}
