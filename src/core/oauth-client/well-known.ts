/** Where metadata is looked for: of a protected resource (RFC 9728 §3.1) and of an issuer (RFC 8414 §3.1, OpenID Connect). */

const RESOURCE = "/.well-known/oauth-protected-resource";
const OAUTH = "/.well-known/oauth-authorization-server";
const OPENID = "/.well-known/openid-configuration";

/** Without the slashes at its end, in one walk. */
function trimSlash(path: string): string {
  let end = path.length;
  while (path[end - 1] === "/") end -= 1;
  return path.slice(0, end);
}

/** The challenge's address comes first, then the variant with the path, then the root. */
export function listResourceMetadataUrls(serverUrl: string, fromChallenge?: string): readonly string[] {
  const { origin, pathname, search } = new URL(serverUrl);
  const path = trimSlash(pathname);
  const urls = [
    ...(fromChallenge === undefined ? [] : [fromChallenge]),
    ...(path === "" && search === "" ? [] : [`${origin}${RESOURCE}${path}${search}`]),
    `${origin}${RESOURCE}`,
  ];
  return [...new Set(urls)];
}

export function listIssuerMetadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = trimSlash(pathname);
  if (path === "") return [`${origin}${OAUTH}`, `${origin}${OPENID}`];
  return [`${origin}${OAUTH}${path}`, `${origin}${OPENID}${path}`, `${origin}${path}${OPENID}`];
}

/**
 * Whether metadata is about this server: the identifier is its URL, or a parent of it (servers name themselves by their
 * origin as well).
 */
export function coversServer(resource: string, serverUrl: string): boolean {
  const [named, server] = [URL.parse(resource), URL.parse(serverUrl)];
  if (named === null || server === null || named.origin !== server.origin || named.hash !== "") return false;
  const path = trimSlash(named.pathname);
  return server.pathname === path || server.pathname.startsWith(`${path}/`);
}

/** RFC 8707 §2: without a fragment; and as the specification of MCP requires, without the slash of a bare origin. */
export function toResource(url: string): string {
  const { href, pathname, search, origin } = new URL(url.replace(/^ws/, "http"));
  return pathname === "/" && search === "" ? origin : href;
}
