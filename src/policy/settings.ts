/** Sensitive settings: sealed where they are written, opened where they are used. */
import type { Keyring } from "../core/keyring.ts";
import { type SealedValue, sealPurpose } from "../core/settings/sealed-value.ts";

interface SettingKeyRef {
  readonly tenantId: string | null;
  readonly key: string;
}

export async function sealSetting(
  keyring: Keyring,
  ref: SettingKeyRef,
  value: unknown,
): Promise<SealedValue> {
  const content = new TextEncoder().encode(JSON.stringify(value));
  return { sealed: await keyring.seal(sealPurpose(ref), content) };
}

/**
 * Returns undefined if the value cannot be decrypted: it was sealed for another purpose, or with a key that was
 * removed.
 */
export async function tryOpenSetting(keyring: Keyring, ref: SettingKeyRef, sealed: string): Promise<unknown> {
  const opened = await keyring.open(sealPurpose(ref), sealed);
  return opened === undefined ? undefined : JSON.parse(new TextDecoder().decode(opened));
}

/** The same for what can only be a text. */
export async function openSetting(
  keyring: Keyring,
  ref: SettingKeyRef,
  sealed: string,
): Promise<string | undefined> {
  const value = await tryOpenSetting(keyring, ref, sealed);
  return typeof value === "string" ? value : undefined;
}
