/** Hashes that spread well and mean nothing else: the same text always falls in the same place, in every isolate. */

/** FNV-1a with the finisher of MurmurHash3, without which similar texts stay neighbours. 32 bits. */
export function hash32(text: string, seed = 0): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Above 0 and below 1. */
export const hashFraction = (text: string, seed = 0) => (hash32(text, seed) + 0.5) / 2 ** 32;
