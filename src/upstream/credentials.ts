/**
 * How the gateway shows itself to an upstream. The secret is sealed before it is stored and opened only on its way
 * out; nothing of it is ever shown again. The caller's own credentials never come here.
 */
import { z } from "zod";
import type { Keyring } from "../core/keyring.ts";
import type { SealedAuthConfig } from "../db/schema/registry.ts";

const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, "must be a valid header name");
const headerValue = z.string().regex(/^[\x20-\x7e]{1,8000}$/, "must be printable ASCII");

/** Headers that belong to the connection or to the protocol: no credential may pose as one. */
const RESERVED_HEADERS =
  /^(?:host|content-.*|connection|transfer-encoding|te|trailer|upgrade|cookie|accept.*|mcp-.*|last-event-id|origin)$/i;

export const credentialsSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("none") }),
  z.object({ type: z.literal("bearer"), token: headerValue }),
  z.object({ type: z.literal("basic"), username: z.string().max(255), password: z.string().max(1000) }),
  z.object({
    type: z.literal("header"),
    name: headerName.refine((name) => !RESERVED_HEADERS.test(name), "is reserved by the protocol"),
    value: headerValue,
  }),
]);

export type Credentials = z.infer<typeof credentialsSchema>;

/** Bound to the server, so that one server's sealed secret is of no use in another's row. */
const purpose = (serverId: string) => `upstream-credentials:${serverId}`;

export async function sealCredentials(
  keyring: Keyring,
  serverId: string,
  credentials: Credentials,
): Promise<SealedAuthConfig> {
  if (credentials.type === "none") return { type: "none" };
  const sealed = await keyring.seal(purpose(serverId), new TextEncoder().encode(JSON.stringify(credentials)));
  return { type: credentials.type, sealed };
}

type Header = readonly [name: string, value: string];

/** For as long as somebody holds what was sealed: a snapshot, until the tenant's next change. */
const opened = new WeakMap<SealedAuthConfig, Header>();

/** The header that proves us to the upstream; undefined where it wants none. */
export async function credentialHeader(
  keyring: Keyring,
  serverId: string,
  auth: SealedAuthConfig,
): Promise<Header | "unreadable" | undefined> {
  if (auth.type === "none") return undefined;
  const known = opened.get(auth);
  if (known !== undefined) return known;
  const plain = await keyring.open(purpose(serverId), auth.sealed ?? "");
  if (plain === undefined) return "unreadable";
  const credentials = credentialsSchema.safeParse(JSON.parse(new TextDecoder().decode(plain)));
  if (!credentials.success) return "unreadable";
  const header = toHeader(credentials.data);
  if (header !== undefined) opened.set(auth, header);
  return header;
}

function toHeader(credentials: Credentials): readonly [string, string] | undefined {
  switch (credentials.type) {
    case "none":
      return undefined;
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
