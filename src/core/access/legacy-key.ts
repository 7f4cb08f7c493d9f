/**
 * Keys of the old backend: any text. Its first keys were stored as their SHA-256, later ones with a salt, found by the
 * beginning of the key. Releases of it put the salt before or after the key; a hash does not show which.
 */
import { sha256Hex } from "../digest.ts";
import { timingSafeEqual } from "../timing-safe-equal.ts";

export const MIN_LEGACY_PREFIX = 6;
export const MAX_LEGACY_PREFIX = 20;

/** Every prefix that a salted key can have been stored with. */
export function listLegacyPrefixes(key: string): string[] {
  const longest = Math.min(key.length, MAX_LEGACY_PREFIX);
  return Array.from({ length: Math.max(0, longest - MIN_LEGACY_PREFIX + 1) }, (_, more) =>
    key.slice(0, MIN_LEGACY_PREFIX + more),
  );
}

export interface StoredLegacyKey {
  readonly keyHash: string;
  readonly salt: string | null;
}

export async function matchesLegacyKey({ keyHash, salt }: StoredLegacyKey, key: string): Promise<boolean> {
  const texts = salt === null ? [key] : [`${salt}${key}`, `${key}${salt}`, `${salt}:${key}`];
  const hashes = await Promise.all(texts.map(sha256Hex));
  return hashes.map((hash) => timingSafeEqual(hash, keyHash)).includes(true);
}
