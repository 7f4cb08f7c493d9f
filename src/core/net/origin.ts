/**
 * Checks the Host and Origin headers. Browsers set Origin themselves, so a page cannot forge it. Without both checks a
 * page could reach a local gateway through DNS rebinding.
 */
export interface OriginPolicy {
  readonly mcpUrl: string;
  readonly mcpHost: string;
  /** The host of the pages and of REST, where MCP has an origin of its own; undefined where they share one. */
  readonly pagesHost: string | undefined;
  /** Further origins whose pages may call, or "*" for any. */
  readonly allowedOrigins: readonly string[];
  /** Development: this machine under all of its names. */
  readonly allowLoopback: boolean;
}

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Whether only this machine can reach the URL, whatever its name resolves to. */
export function isLoopbackUrl(text: string): boolean {
  const hostname = URL.parse(text)?.hostname ?? "";
  return LOOPBACK.has(hostname) || hostname.endsWith(".localhost");
}

export function isAllowedHost(host: string, policy: OriginPolicy): boolean {
  if (host === policy.mcpHost) return true;
  if (host === policy.pagesHost) return false;
  return policy.allowLoopback && LOOPBACK.has(host.replace(/:\d+$/, ""));
}

/** No Origin: no page of another site is behind it. */
export function isAllowedOrigin(origin: string | null, policy: OriginPolicy): boolean {
  if (origin === null || origin === policy.mcpUrl) return true;
  if (policy.allowedOrigins.includes("*") || policy.allowedOrigins.includes(origin)) return true;
  // Tools that people run on their own machine (the MCP inspector is one) serve their page from there.
  const url = URL.parse(origin);
  return policy.allowLoopback && url !== null && LOOPBACK.has(url.hostname);
}
