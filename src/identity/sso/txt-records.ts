/** Looks up TXT records by DNS over HTTPS, in the JSON form of Cloudflare and Google. */
import { z } from "zod";
import { readBoundedText } from "../../core/net/bounded-body.ts";
import { MAX_RESPONSE_BYTES } from "../../core/size-limits.ts";

export interface TxtLookupDeps {
  /** Of the resolver. */
  readonly baseUrl: string;
  readonly fetch: (input: string, init?: RequestInit) => Promise<Response>;
  readonly isAllowedUrl: (url: string) => boolean;
}

/** Undefined where the resolver does not answer. */
export type TxtLookup = (name: string) => Promise<readonly string[] | undefined>;

const TIMEOUT_MS = 5000;
const TXT = 16;

const answer = z.object({
  Status: z.number(),
  Answer: z
    .array(z.object({ type: z.number(), data: z.string() }))
    .max(200)
    .default([]),
});

export function createTxtLookup({ baseUrl, fetch, isAllowedUrl }: TxtLookupDeps): TxtLookup {
  return async (name) => {
    const url = `${baseUrl}/dns-query?${new URLSearchParams({ name, type: "TXT" })}`;
    if (!isAllowedUrl(url)) return undefined;
    try {
      const response = await fetch(url, {
        headers: { accept: "application/dns-json" },
        redirect: "manual",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const limits = { maxBytes: MAX_RESPONSE_BYTES.clientDocument, totalMs: TIMEOUT_MS };
      const text = await readBoundedText(response.body, limits);
      const found = answer.safeParse(response.ok ? JSON.parse(text) : undefined).data;
      return found?.Answer.filter(({ type }) => type === TXT).map(({ data }) => data);
    } catch {
      return undefined;
    }
  };
}
