/**
 * Client ID metadata documents: a client whose id is an https address describes itself there. Fetching a URL that an unknown party
 * names is how SSRF begins, so the address is judged first, no redirect is followed, and neither time nor size is the
 * chosen by that party.
 */

import type { ClientDiscovery, OAuthOptions } from "@better-auth/oauth-provider";
import { registerClientMetadataDocument } from "@better-auth/oauth-provider/internal";
import { getSessionFromCtx } from "better-auth/api";
import { z } from "zod";
import { BoundedMap } from "../../core/bounded-map.ts";
import { readBoundedText } from "../../core/net/bounded-body.ts";
import { MAX_RESPONSE_BYTES } from "../../core/size-limits.ts";
import { isClientMetadataUrl } from "./client-metadata-url.ts";

export interface ClientMetadataDeps {
  readonly fetch: (input: string, init?: RequestInit) => Promise<Response>;
  /** Whether the address is one that the gateway may be sent to; checked by upstream/connection/url-guard.ts. */
  readonly isAllowed: (url: string) => boolean;
  readonly now: () => number;
  /** Counts a fetch for the person and the place that cause it; false where there were too many. */
  readonly mayFetch: (cause: { userId: string; ip: string }) => Promise<boolean>;
}

const TIMEOUT_MS = 5000;
const MIN_TTL_MS = 60_000;
const MAX_TTL_MS = 3_600_000;

const DISCOVERY_ID = "client-id-metadata-document";

/** Only used members are kept: a document may contain anything, and must not set secrets or owners. */
const clientMetadataSchema = z.object({
  client_id: z.string(),
  client_name: z.string().min(1).max(200),
  redirect_uris: z.array(z.string().max(2000)).min(1).max(20),
  client_uri: z.url({ protocol: /^https$/ }).optional(),
  logo_uri: z.url({ protocol: /^https$/ }).optional(),
  scope: z.string().max(1000).optional(),
  grant_types: z.array(z.string()).max(10).optional(),
  response_types: z.array(z.literal("code")).max(2).optional(),
  application_type: z.enum(["web", "native"]).optional(),
  token_endpoint_auth_method: z.literal("none").default("none"),
});

type Document = z.infer<typeof clientMetadataSchema>;

export function clientMetadataDiscovery(
  documents: ClientMetadataDeps,
  options: () => OAuthOptions<string[]>,
): ClientDiscovery {
  const freshUntil = new FreshnessCache();
  return {
    id: DISCOVERY_ID,
    matches: isClientMetadataUrl,
    discoveryMetadata: { client_id_metadata_document_supported: true },
    async resolve(ctx, clientId, existing) {
      const now = documents.now();
      if (existing !== null && freshUntil.get(clientId, existing.updatedAt) > now) return existing;
      // Requires a sign-in session, so that unauthenticated callers cannot make the gateway fetch and store documents.
      const session = await getSessionFromCtx(ctx);
      if (session === null) return existing;
      const cause = { userId: session.user.id, ip: ctx.headers?.get("cf-connecting-ip") ?? "unknown" };
      if (!(await documents.mayFetch(cause))) return existing;
      const fetched = await fetchClientMetadata(documents, clientId);
      // While its address does not answer, a client that is known goes on; its document was valid a while ago.
      if (fetched === "unreachable") return existing;
      if (fetched === "invalid") return null;
      const { client_id: _, redirect_uris, grant_types, ...document } = fetched.document;
      const { client } = await registerClientMetadataDocument(ctx, options(), {
        clientId,
        clientDiscoveryId: DISCOVERY_ID,
        ...(existing !== null && { existingClient: existing }),
        metadata: {
          ...withoutUndefined(document),
          client_id: clientId,
          redirect_uris,
          grant_types: selectGrants(grant_types),
        },
      });
      freshUntil.set(clientId, now + fetched.freshMs);
      return client;
    },
  };
}

type FetchedMetadata = { readonly document: Document; readonly freshMs: number } | "unreachable" | "invalid";

export async function fetchClientMetadata(
  documents: Omit<ClientMetadataDeps, "mayFetch">,
  clientId: string,
): Promise<FetchedMetadata> {
  if (!isClientMetadataUrl(clientId) || !documents.isAllowed(clientId)) return "invalid";
  let answer: Response;
  try {
    answer = await documents.fetch(clientId, {
      headers: { accept: "application/json" },
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    return "unreachable";
  }
  const isJson = /^application\/(?:[\w.-]+\+)?json\b/i.test(answer.headers.get("content-type") ?? "");
  if (answer.status !== 200 || !isJson) {
    await answer.body?.cancel();
    return answer.status >= 500 ? "unreachable" : "invalid";
  }
  const limits = { maxBytes: MAX_RESPONSE_BYTES.clientDocument, totalMs: TIMEOUT_MS };
  const text = await readBoundedText(answer.body, limits).catch(() => "");
  const parsed = clientMetadataSchema.safeParse(parseJson(text));
  // The document must contain its own URL, since otherwise any file could become a client.
  if (!parsed.success || parsed.data.client_id !== clientId) return "invalid";
  return { document: parsed.data, freshMs: freshness(answer.headers.get("cache-control") ?? "") };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function freshness(cacheControl: string): number {
  const seconds = Number(/(?:^|[\s,])max-age=(\d{1,9})/i.exec(cacheControl)?.[1] ?? 0);
  return Math.min(Math.max(seconds * 1000, MIN_TTL_MS), MAX_TTL_MS);
}

/** How long a document may be taken for current: by its headers, or a minute where another isolate read them. */
class FreshnessCache {
  readonly #times = new BoundedMap<string, number>(1000);

  get(clientId: string, updatedAt: Date | undefined): number {
    return this.#times.get(clientId) ?? (updatedAt?.getTime() ?? 0) + MIN_TTL_MS;
  }

  set(clientId: string, time: number): void {
    this.#times.set(clientId, time);
  }
}

const GRANTS = ["authorization_code", "refresh_token"] as const;

function selectGrants(wanted: readonly string[] | undefined) {
  const granted = GRANTS.filter((grant) => wanted === undefined || wanted.includes(grant));
  return granted.length > 0 ? granted : ["authorization_code" as const];
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

function withoutUndefined<T extends object>(value: T): Partial<Defined<T>>;
function withoutUndefined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}
