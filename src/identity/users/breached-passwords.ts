/**
 * Looks up passwords in a service of the Pwned Passwords range protocol. The service receives the first five characters of
 * a password's SHA-1, which about a thousand passwords share, and neither the password nor whose it is.
 */
import { toHex } from "../../core/hex.ts";
import { readBoundedText } from "../../core/net/bounded-body.ts";
import { MAX_RESPONSE_BYTES } from "../../core/size-limits.ts";

export interface BreachLookupDeps {
  /** The origin of the service; without one, nothing is looked up. */
  readonly breachedPasswordsUrl: string | undefined;
  readonly fetch: (input: string, init?: RequestInit) => Promise<Response>;
  readonly isAllowedUrl: (url: string) => boolean;
  readonly log: (line: string) => void;
}

const TIMEOUT_MS = 2000;
const PREFIX_LENGTH = 5;

/** False too where the service does not answer: its outage must not prevent the change of a password. */
export async function isBreachedPassword(deps: BreachLookupDeps, password: string): Promise<boolean> {
  const { breachedPasswordsUrl: origin, fetch, isAllowedUrl, log } = deps;
  if (origin === undefined) return false;
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(password));
  const hash = toHex(new Uint8Array(digest)).toUpperCase();
  const url = `${origin}/range/${hash.slice(0, PREFIX_LENGTH)}`;
  try {
    if (!isAllowedUrl(url)) throw new Error("its URL is not allowed");
    const response = await fetch(url, {
      // The length of an answer without padding would reveal the prefix.
      headers: { accept: "text/plain", "add-padding": "true" },
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const limits = { maxBytes: MAX_RESPONSE_BYTES.passwordRange, totalMs: TIMEOUT_MS };
    const text = await readBoundedText(response.body, limits);
    if (!response.ok) throw new Error(`it answered with status ${response.status}`);
    return hasSuffix(text, hash.slice(PREFIX_LENGTH));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log(`A new password was not looked up in the breached-password service: ${reason}`);
    return false;
  }
}

/** Lines are `SUFFIX:COUNT`; those that pad the answer have the count 0. */
function hasSuffix(range: string, suffix: string): boolean {
  return range.split("\n").some((line) => {
    const [listed, count] = line.trim().split(":");
    return listed === suffix && Number(count) > 0;
  });
}
