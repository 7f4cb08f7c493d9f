/** The MCP door: who may come in, which tenant and which server are meant, and who serves it. */
import { GatewayError, gatewayErrorOf, NotFoundError } from "../core/errors.ts";
import type { Keyring } from "../core/keyring.ts";
import { gatewayErrorResponse } from "../core/mcp/answers.ts";
import { isAllowedOrigin, isRightHost, type OriginPolicy } from "../core/net/origin.ts";
import type { Authenticator } from "../identity/authenticate.ts";
import { anonymous, type Principal } from "../identity/principal.ts";
import { logFailure } from "../logs/console.ts";
import type { Snapshots } from "../policy/snapshot.ts";
import type { UpstreamTools } from "../upstream/http.ts";
import { preflight, withCors } from "./cors.ts";
import { passThrough } from "./pass-through.ts";
import { SessionIds } from "./session-ids.ts";

export interface McpServices {
  readonly authenticator: Authenticator;
  readonly snapshots: Snapshots;
  readonly keyring: Keyring;
  readonly upstream: UpstreamTools;
  readonly origins: OriginPolicy;
  readonly maxBodyBytes: number;
}

export interface McpAddress {
  /** The name in /t/{tenant}/…; there nobody need prove who they are. */
  readonly tenantSlug?: string;
  readonly serverName: string;
}

type Background = (work: Promise<unknown>) => void;

export type McpEndpoint = (
  request: Request,
  address: McpAddress,
  requestId: string,
  background: Background,
) => Promise<Response>;

export function createMcpEndpoint(services: McpServices): McpEndpoint {
  const sessionIds = new SessionIds(services.keyring);

  const serve = async (request: Request, address: McpAddress, background: Background): Promise<Response> => {
    const principal = await identify(services, request, address, background);
    const tenant = await services.snapshots.get(principal.tenantId, background);
    const server = tenant?.servers.get(address.serverName);
    if (tenant === undefined || server === undefined) {
      throw new NotFoundError("There is no such MCP server here, or it is not for you. Check the address.");
    }
    const { keyring, upstream, maxBodyBytes } = services;
    return passThrough(request, server, {
      principal,
      tenant,
      keyring,
      sessionIds,
      upstream,
      maxBodyBytes,
      background,
    });
  };

  return async (request, address, requestId, background) => {
    const origin = request.headers.get("origin");
    if (!isRightHost(new URL(request.url), services.origins) || !isAllowedOrigin(origin, services.origins)) {
      return gatewayErrorResponse(
        null,
        new GatewayError("forbidden", "Pages of this origin may not call here."),
      );
    }
    if (request.method === "OPTIONS") return withCors(preflight(request), origin);
    try {
      return withCors(await serve(request, address, background), origin);
    } catch (thrown) {
      const error = gatewayErrorOf(thrown instanceof Error ? thrown : new Error(String(thrown)));
      if (error.status >= 500) {
        logFailure(error, { requestId, method: request.method, path: new URL(request.url).pathname });
      }
      const response = gatewayErrorResponse(null, error);
      if (error.status === 401) response.headers.set("www-authenticate", "Bearer");
      if (error.status === 405) response.headers.set("allow", "POST, GET, DELETE, OPTIONS");
      return withCors(response, origin);
    }
  };
}

const WHO = "Send an API key as `Authorization: Bearer mcp_…`.";

async function identify(
  services: McpServices,
  request: Request,
  address: McpAddress,
  background: Background,
): Promise<Principal> {
  const authentication = await services.authenticator.authenticate(request, background);
  if (authentication.kind === "refused")
    throw new GatewayError("unauthorized", `The key is not valid. ${WHO}`);
  if (address.tenantSlug === undefined) {
    if (authentication.kind === "principal") return authentication.principal;
    throw new GatewayError("unauthorized", WHO);
  }
  const tenantId = await services.snapshots.openTenant(address.tenantSlug, background);
  if (tenantId === undefined) throw new NotFoundError();
  const known = authentication.kind === "principal" && authentication.principal.tenantId === tenantId;
  return known ? authentication.principal : anonymous(tenantId);
}
