/**
 * Rejects URLs that lead to private networks (SSRF). A Worker cannot pin DNS answers, so the guard checks the hostname
 * and every IP literal in all notations; redirects are followed manually and checked again. Cloudflare's egress blocks
 * private networks as well.
 */
import ipaddr from "ipaddr.js";

export interface UrlPolicy {
  /** Development only: http and loopback addresses. */
  readonly allowLoopback: boolean;
}

export type UrlDecision =
  | { readonly ok: true; readonly url: URL }
  | { readonly ok: false; readonly reason: string };

const SCHEMES: Record<string, "secure" | "plain"> = {
  "https:": "secure",
  "wss:": "secure",
  "http:": "plain",
  "ws:": "plain",
};

/**
 * Names that resolve to the machine or its network, by convention (RFC 6761, RFC 6762, RFC 8375, RFC 9476) or by what
 * clusters and service catalogs answer to.
 */
const LOCAL_NAMES =
  /(?:^|\.)(?:localhost|localdomain|local|internal|intranet|private|lan|home|corp|alt|onion|test|invalid|home\.arpa|svc|cluster|consul|docker|pod)$/;

export function checkUrl(text: string, policy: UrlPolicy): UrlDecision {
  const url = URL.parse(text);
  if (url === null) return reject("must be a valid URL");
  const scheme = SCHEMES[url.protocol];
  if (scheme === undefined) return reject("must be an HTTPS URL");
  if (url.username !== "" || url.password !== "") return reject("must not contain credentials");
  const place = classifyHost(url.hostname);
  if (place === "loopback" && policy.allowLoopback) return { ok: true, url };
  if (place !== "public") return reject("must resolve to a public IP address");
  if (scheme === "plain") return reject("must be an HTTPS URL");
  return { ok: true, url };
}

function reject(reason: string): UrlDecision {
  return { ok: false, reason };
}

/** `URL` has already turned 0x7f.1, 2130706433 and their like into dotted decimals. */
function classifyHost(hostname: string): "public" | "loopback" | "private" {
  // One dot at the end is the root of the name. Of more, resolvers make what they like.
  const bare = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (bare.endsWith(".") || bare.includes("..") || bare.startsWith(".")) return "private";
  if (ipaddr.isValid(bare)) {
    const address = ipaddr.process(bare);
    const range = embeddedAddress(address)?.range() ?? address.range();
    if (range === "loopback") return "loopback";
    return range === "unicast" ? "public" : "private";
  }
  if (/(?:^|\.)localhost$/.test(bare)) return "loopback";
  if (bare === "" || !bare.includes(".") || LOCAL_NAMES.test(bare)) return "private";
  return "public";
}

/**
 * The IPv4 address inside an IPv6 one that leads to it: NAT64 (RFC 6052), 6to4 (RFC 3056), and the deprecated
 * IPv4-compatible form (RFC 4291, section 2.5.5.1).
 */
function embeddedAddress(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | undefined {
  if (!(address instanceof ipaddr.IPv6)) return undefined;
  const bytes = address.toByteArray();
  const isCompatible = address.match(ipaddr.IPv6.parse("::"), 96) && address.range() !== "loopback";
  if (isCompatible) return new ipaddr.IPv4(bytes.slice(12));
  if (address.match(ipaddr.IPv6.parse("64:ff9b::"), 96)) return new ipaddr.IPv4(bytes.slice(12));
  if (address.match(ipaddr.IPv6.parse("2002::"), 16)) return new ipaddr.IPv4(bytes.slice(2, 6));
  return undefined;
}
