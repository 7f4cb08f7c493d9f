/** Seals the client secret of an identity provider, bound to the provider's row. */
import type { Keyring } from "../../core/keyring.ts";

const purpose = (identityProviderId: string) => `identity-provider:${identityProviderId}`;

export const sealClientSecret = (keyring: Keyring, id: string, secret: string): Promise<string> =>
  keyring.seal(purpose(id), new TextEncoder().encode(secret));

/** Undefined where the key that sealed it no longer exists. */
export async function openClientSecret(
  keyring: Keyring,
  id: string,
  sealed: string,
): Promise<string | undefined> {
  const opened = await keyring.open(purpose(id), sealed);
  return opened === undefined ? undefined : new TextDecoder().decode(opened);
}
