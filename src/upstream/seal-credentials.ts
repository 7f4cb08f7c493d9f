/** Seals the secrets of a server's credentials before they are stored, and opens the one that OAuth has. */
import { z } from "zod";
import type { Keyring } from "../core/keyring.ts";
import type { SealedAuthConfig } from "../db/schema/registry.ts";
import { credentialPurpose } from "./credentials.ts";
import type { Credentials } from "./credentials-schema.ts";

export async function sealCredentials(
  keyring: Keyring,
  serverId: string,
  credentials: Credentials,
): Promise<SealedAuthConfig> {
  const seal = (content: object) =>
    keyring.seal(credentialPurpose(serverId), new TextEncoder().encode(JSON.stringify(content)));
  switch (credentials.type) {
    case "none":
      return { type: "none" };
    case "user_secret": {
      const { type, headerName } = credentials;
      return { type, ...(headerName !== undefined && { headerName: headerName.toLowerCase() }) };
    }
    case "user_oauth": {
      const { type, issuer, clientId, clientSecret, scopes, provider } = credentials;
      return {
        type,
        ...(issuer !== undefined && { issuer }),
        ...(clientId !== undefined && { clientId }),
        ...(scopes !== undefined && { scopes }),
        ...(provider !== undefined && { provider }),
        ...(clientSecret !== undefined && { sealed: await seal({ type, clientSecret }) }),
      };
    }
    case "client_credentials": {
      const { type, clientSecret, privateKey } = credentials;
      return { type, ...selectClient(credentials), sealed: await seal({ clientSecret, privateKey }) };
    }
    case "identity_jwt": {
      const { type, audience } = credentials;
      return { type, ...(audience !== undefined && { audience }) };
    }
    case "token_exchange": {
      const { type, audience, provider, exchange, clientSecret, privateKey } = credentials;
      const hasSecret = clientSecret !== undefined || privateKey !== undefined;
      return {
        ...{ type, ...selectClient(credentials) },
        ...(audience !== undefined && { audience }),
        ...(provider !== undefined && { provider }),
        ...(exchange !== undefined && { exchange }),
        ...(hasSecret && { sealed: await seal({ clientSecret, privateKey }) }),
      };
    }
    default:
      return { type: credentials.type, sealed: await seal(credentials) };
  }
}

type ClientCredentials = Extract<Credentials, { type: "client_credentials" | "token_exchange" }>;

/** What is no secret of a client that an admin has registered for the gateway itself. */
function selectClient(credentials: ClientCredentials): Omit<SealedAuthConfig, "type"> {
  const { clientId, issuer, tokenUrl, scopes, keyId, privateKey, keyAlgorithm = "ES256" } = credentials;
  return {
    clientId,
    ...(issuer !== undefined && { issuer }),
    ...(tokenUrl !== undefined && { tokenUrl }),
    ...(scopes !== undefined && { scopes }),
    ...(privateKey !== undefined && { keyAlgorithm, ...(keyId !== undefined && { keyId }) }),
  };
}

/** Exactly one of them is there, of a client that has any. */
const sealedClient = z.object({ clientSecret: z.string().optional(), privateKey: z.string().optional() });

/** What the OAuth client that an admin has registered authenticates with. */
export async function openClient(
  keyring: Keyring,
  serverId: string,
  { sealed }: SealedAuthConfig,
): Promise<z.output<typeof sealedClient>> {
  if (sealed === undefined) return {};
  const plain = await keyring.open(credentialPurpose(serverId), sealed);
  if (plain === undefined) return {};
  return sealedClient.safeParse(JSON.parse(new TextDecoder().decode(plain))).data ?? {};
}
