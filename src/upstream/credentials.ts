/**
 * How the gateway shows itself to an upstream. The secret is sealed before it is stored and opened only on its way
 * out; nothing of it is ever shown again. The caller's own credentials never come here.
 */
import { isObtained } from "../core/enums.ts";
import type { Keyring } from "../core/keyring.ts";
import type { SealedAuthConfig } from "../db/schema/registry.ts";
import type { Credentials } from "./credentials-schema.ts";

/** Bound to the server, so that one server's sealed secret is of no use in another's row. */
export const credentialPurpose = (serverId: string) => `upstream-credentials:${serverId}`;

export type Header = readonly [name: string, value: string];

/** Decrypted headers are kept as long as their sealed configuration: one snapshot. */
const opened = new WeakMap<SealedAuthConfig, Header>();

/** The header for a call that cannot wait: "unknown" where it is not decrypted yet, or is the member's own. */
export function peekCredentialHeader(auth: SealedAuthConfig): Header | "unknown" | undefined {
  return auth.type === "none" ? undefined : (opened.get(auth) ?? "unknown");
}

/** The header that authenticates the gateway to the upstream; undefined without one, and where members have their own. */
export async function credentialHeader(
  keyring: Keyring,
  serverId: string,
  auth: SealedAuthConfig,
): Promise<Header | "unreadable" | undefined> {
  if (auth.type === "none" || isObtained(auth.type)) return undefined;
  const known = opened.get(auth);
  if (known !== undefined) return known;
  const plain = await keyring.open(credentialPurpose(serverId), auth.sealed ?? "");
  if (plain === undefined) return "unreadable";
  const credentials: unknown = JSON.parse(new TextDecoder().decode(plain));
  if (!isCredentials(credentials)) return "unreadable";
  const header = toHeader(credentials);
  opened.set(auth, header);
  return header;
}

/** Names of the members that each type has, all of them strings; their content was checked before it was sealed. */
const MEMBERS = {
  bearer: ["token"],
  basic: ["username", "password"],
  header: ["name", "value"],
} as const satisfies Partial<Record<Credentials["type"], readonly string[]>>;

/** Those that are one header for all callers. */
type SharedCredentials = Extract<Credentials, { readonly type: keyof typeof MEMBERS }>;

function isCredentials(value: unknown): value is SharedCredentials {
  if (typeof value !== "object" || value === null) return false;
  const members = new Map<string, unknown>(Object.entries(value));
  const type = members.get("type");
  const expected = Object.entries(MEMBERS).find(([name]) => name === type)?.[1];
  return expected?.every((name) => typeof members.get(name) === "string") === true;
}

function toHeader(credentials: SharedCredentials): Header {
  switch (credentials.type) {
    case "bearer":
      return ["authorization", `Bearer ${credentials.token}`];
    case "basic":
      return ["authorization", `Basic ${base64(`${credentials.username}:${credentials.password}`)}`];
    case "header":
      return [credentials.name.toLowerCase(), credentials.value];
  }
}

function base64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));
}
