/** The MCP door: who may come in, which tenant and which server are meant, and who serves it. */
import { GatewayError, gatewayErrorOf, NotFoundError } from "../core/errors.ts";
import type { Keyring } from "../core/keyring.ts";
import { gatewayErrorResponse } from "../core/mcp/answers.ts";
import { isAllowedOrigin, isRightHost, type OriginPolicy } from "../core/net/origin.ts";
import type { Authenticator } from "../identity/authenticate.ts";
import { anonymous, type Principal } from "../identity/principal.ts";
import { logFailure } from "../logs/console.ts";
import { accessOf } from "../policy/access.ts";
import type { Snapshots } from "../policy/snapshot.ts";
import type { ChannelTools } from "../upstream/channel.ts";
import { type Catalogue, wholeTenant } from "./aggregate/catalogue.ts";
import { aggregate } from "./aggregate/serve.ts";
import type { McpContext } from "./context.ts";
import { preflight, withCors } from "./cors.ts";
import { passThrough } from "./pass-through.ts";
import { SessionIds } from "./session-ids.ts";

export interface McpServices {
  readonly authenticator: Authenticator;
  readonly snapshots: Snapshots;
  readonly keyring: Keyring;
  readonly upstream: ChannelTools;
  readonly catalogue: Catalogue;
  readonly origins: OriginPolicy;
  readonly maxBodyBytes: number;
  readonly translate: McpContext["translate"];
}

export interface McpAddress {
  /** The name in /t/{tenant}/…; there nobody need prove who they are. */
  readonly tenantSlug?: string;
  /** Without one, all that the tenant offers. */
  readonly serverName?: string;
}

/** Often enough that nothing on the way takes a silent stream for a dead one. */
const KEEP_ALIVE_MS = 15_000;

type Background = (work: Promise<unknown>) => void;

export type McpEndpoint = (
  request: Request,
  address: McpAddress,
  requestId: string,
  background: Background,
) => Promise<Response>;

export function createMcpEndpoint(services: McpServices): McpEndpoint {
  const sessionIds = new SessionIds(services.keyring);

  const enter = async (
    request: Request,
    address: McpAddress,
    background: Background,
  ): Promise<McpContext> => {
    const principal = await identify(services, request, address, background);
    const tenant = await services.snapshots.get(principal.tenantId, background);
    if (tenant === undefined) throw new NotFoundError();
    const { keyring, upstream, catalogue, maxBodyBytes, translate } = services;
    return {
      principal,
      tenant,
      access: accessOf(principal, tenant, new Date()),
      keyring,
      sessionIds,
      catalogue,
      upstream,
      maxBodyBytes,
      keepAliveMs: KEEP_ALIVE_MS,
      background,
      translate,
      renew: () => enter(request, address, background).catch(() => undefined),
    };
  };

  const serve = async (request: Request, address: McpAddress, background: Background): Promise<Response> => {
    const context = await enter(request, address, background);
    const { tenant, access } = context;
    if (address.serverName === undefined) return aggregate(request, wholeTenant(tenant), context);
    const server = tenant.servers.get(address.serverName);
    if (server === undefined || !access.allows("server", server.id, server.name)) {
      throw new NotFoundError("There is no such MCP server here, or it is not for you. Check the address.");
    }
    return passThrough(request, server, context);
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
