/**
 * The object of one stdio server, in which its connectors and the sessions with it meet. Its code is loaded with the
 * first object: most gateways start without one.
 */
import { DurableObject } from "cloudflare:workers";
import type { ConnectorGrant } from "../connector/authorize-connector.ts";
import type { ConnectorServer } from "../connector/connector-server.ts";
import type { ConnectorReport } from "../core/connector/description.ts";
import { getGatewayServices } from "../gateway-services.ts";

export class ConnectorObject extends DurableObject<Env> {
  #server: ConnectorServer | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    // No event comes before the code is there, so that frames keep their order.
    void ctx.blockConcurrencyWhile(async () => {
      const { ConnectorServer } = await import("../connector/connector-server.ts");
      this.#server = new ConnectorServer(ctx, {
        registerServer: ({ tenantId, serverId }) =>
          env.TENANTS.getByName(tenantId).addConnectedServer(serverId),
        isAllowed: (grant) => this.#isAllowed(grant),
      });
    });
  }

  override async fetch(request: Request): Promise<Response> {
    return this.#getServer().accept(request);
  }

  /** Closes the connectors that are no longer allowed, and returns whether any is left. */
  async recheck(): Promise<boolean> {
    return this.#getServer().sweep();
  }

  async describe(): Promise<ConnectorReport> {
    return this.#getServer().describe();
  }

  override webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): void {
    this.#getServer().receive(socket, data);
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    this.#getServer().remove(socket, code);
    try {
      socket.close(code === 1005 || code === 1006 ? 1000 : code);
    } catch {
      // The runtime has closed it already.
    }
  }

  override webSocketError(socket: WebSocket): void {
    this.#getServer().remove(socket, 1006);
  }

  override async alarm(): Promise<void> {
    await this.#getServer().sweep();
  }

  async #isAllowed(grant: ConnectorGrant): Promise<boolean> {
    const [{ isGrantValid }, { database }] = await Promise.all([
      import("../connector/authorize-connector.ts"),
      getGatewayServices(this.env).loadStorage(),
    ]);
    // A database that does not answer proves nothing against the connector.
    return isGrantValid(database, grant, new Date()).catch(() => true);
  }

  #getServer(): ConnectorServer {
    if (this.#server === undefined) throw new Error("The object received an event before it was ready.");
    return this.#server;
  }
}
