/**
 * Seals what a member has entered or been granted at a server. The text opens only for the same server, member,
 * authentication type and origin: a server that moves to another origin is never sent a credential of the old one.
 */
import type { Keyring } from "../core/keyring.ts";

export interface AccountBinding {
  readonly serverId: string;
  readonly userId: string;
  readonly authType: string;
  readonly origin: string;
}

const getPurpose = ({ serverId, userId, authType, origin }: AccountBinding) =>
  `connected-account:${authType}:${serverId}:${origin}:${userId}`;

/** The origin that an account is bound to. */
export const toAccountOrigin = (endpointUrl: string): string => URL.parse(endpointUrl)?.origin ?? endpointUrl;

export const sealAccount = (keyring: Keyring, binding: AccountBinding, content: object): Promise<string> =>
  sealText(keyring, getPurpose(binding), JSON.stringify(content));

/** Undefined for what was sealed for another purpose, or with a key that was removed. */
export const openAccount = (keyring: Keyring, binding: AccountBinding, sealed: string): Promise<unknown> =>
  openText(keyring, getPurpose(binding), sealed);

export const sealText = (keyring: Keyring, purpose: string, text: string): Promise<string> =>
  keyring.seal(purpose, new TextEncoder().encode(text));

/** The content of sealed JSON. */
export async function openText(keyring: Keyring, purpose: string, sealed: string): Promise<unknown> {
  const plain = await keyring.open(purpose, sealed);
  return plain === undefined ? undefined : JSON.parse(new TextDecoder().decode(plain));
}
