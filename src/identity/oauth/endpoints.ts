/**
 * The addresses of the MCP endpoints, which are also the resources that access tokens are for (RFC 8707): a token
 * names the endpoint that it was requested for, and no other endpoint accepts it.
 */
const ENDPOINT =
  /^(?:\/t\/(?<tenant>[a-z0-9][a-z0-9-]{0,62}))?\/mcp(?:\/toolsets\/[a-z0-9][a-z0-9-]{0,62}|\/[^/]{1,200})?$/;

export interface EndpointAddress {
  /** As it stands in metadata and in tokens: no slash behind, no query, no fragment. */
  readonly resource: string;
  readonly path: string;
  readonly tenantSlug: string | undefined;
}

export function parseEndpointPath(mcpUrl: string, path: string): EndpointAddress | undefined {
  const match = ENDPOINT.exec(path);
  if (match === null) return undefined;
  return { resource: mcpUrl + path, path, tenantSlug: match.groups?.tenant };
}

/** Undefined for what is not one of our endpoints, in exactly the form in which the metadata shows it. */
export function parseResource(mcpUrl: string, resource: string): EndpointAddress | undefined {
  if (!resource.startsWith(`${mcpUrl}/`)) return undefined;
  const url = URL.parse(resource);
  if (url === null || url.href !== resource) return undefined;
  return parseEndpointPath(mcpUrl, resource.slice(mcpUrl.length));
}

export const metadataUrl = (mcpUrl: string, path: string) =>
  `${mcpUrl}/.well-known/oauth-protected-resource${path}`;
