/**
 * Passwords, hashed with the runtime's own scrypt. The parameters are of the set that OWASP's password storage cheat sheet
 * regards as equal in strength, the one whose memory (16 MiB) fits into an isolate. Each hash contains its parameters, so
 * that a sign-in can replace a hash that has older ones. Hashes of better-auth's own form are read too.
 */
import { scrypt } from "node:crypto";
import { fromHex, toHex } from "../../core/hex.ts";
import { timingSafeEqual } from "../../core/timing-safe-equal.ts";

const PARAMETERS = { N: 16_384, r: 8, p: 5 } as const;
const HASH_BYTES = 32;

const OWN_FORMAT = /^scrypt\$(\d{1,7})\$(\d{1,3})\$(\d{1,2})\$([0-9a-f]{32})\$([0-9a-f]{64})$/;
const FOREIGN_FORMAT = /^([0-9a-f]{32}):([0-9a-f]{128})$/;

interface Parameters {
  readonly N: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Uint8Array;
}

interface Stored extends Parameters {
  readonly hash: string;
}

export async function hashPassword(password: string): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const hash = await derive(password, { ...PARAMETERS, salt }, HASH_BYTES);
  const { N, r, p } = PARAMETERS;
  return `scrypt$${N}$${r}$${p}$${toHex(salt)}$${toHex(hash)}`;
}

export async function verifyPassword(stored: string, password: string): Promise<boolean> {
  const parsed = parse(stored);
  if (parsed === undefined) return false;
  const hash = await derive(password, parsed, parsed.hash.length / 2);
  return timingSafeEqual(toHex(hash), parsed.hash);
}

/** True if the hash has outdated parameters and should be replaced while the password is available. */
export function isOutdated(stored: string): boolean {
  const parsed = parse(stored);
  return parsed?.N !== PARAMETERS.N || parsed.r !== PARAMETERS.r || parsed.p !== PARAMETERS.p;
}

function parse(stored: string): Stored | undefined {
  const [, N, r, p, salt = "", hash = ""] = OWN_FORMAT.exec(stored) ?? [];
  if (N !== undefined) return { N: Number(N), r: Number(r), p: Number(p), salt: fromHex(salt), hash };
  const [, text, foreign] = FOREIGN_FORMAT.exec(stored) ?? [];
  if (text === undefined || foreign === undefined) return undefined;
  // better-auth hands scrypt the salt as the text that it is written as.
  return { N: 16_384, r: 16, p: 1, salt: new TextEncoder().encode(text), hash: foreign };
}

function derive(password: string, { N, r, p, salt }: Parameters, bytes: number): Promise<Uint8Array> {
  // Twice what scrypt needs: the runtime counts a little more than the 128·N·r of the paper.
  const options = { N, r, p, maxmem: 256 * N * r };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize("NFKC"), salt, bytes, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}
