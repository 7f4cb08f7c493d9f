/** Sensitive settings: sealed where they are written, opened where they are used. */
import type { Keyring } from "../core/keyring.ts";
import { type SealedValue, sealPurpose } from "../core/settings/values.ts";

interface Place {
  readonly tenantId: string | null;
  readonly key: string;
}

export async function sealSetting(keyring: Keyring, place: Place, value: unknown): Promise<SealedValue> {
  const content = new TextEncoder().encode(JSON.stringify(value));
  return { sealed: await keyring.seal(sealPurpose(place), content) };
}

/** Undefined where a seal does not open: it was made for another place, or with a key that is gone. */
export async function openedSetting(keyring: Keyring, place: Place, sealed: string): Promise<unknown> {
  const opened = await keyring.open(sealPurpose(place), sealed);
  return opened === undefined ? undefined : JSON.parse(new TextDecoder().decode(opened));
}

/** The same for what can only be a text. */
export async function openSetting(
  keyring: Keyring,
  place: Place,
  sealed: string,
): Promise<string | undefined> {
  const value = await openedSetting(keyring, place, sealed);
  return typeof value === "string" ? value : undefined;
}
