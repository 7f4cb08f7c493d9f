// Puts fetch handlers on a Node server at 127.0.0.1. Any Host is welcome, because gateways under many names call
// here; a browser's page from elsewhere is not, and its Origin gives it away.
import { once } from "node:events";
import { createServer } from "node:http";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { localhostAllowedOrigins, originValidationResponse } from "@modelcontextprotocol/server";

export interface Listening {
  origin: string;
  close: () => Promise<void>;
}

export type Routes = ReadonlyMap<string, (request: Request) => Promise<Response>>;

export async function listen(routes: Routes, port = 0): Promise<Listening> {
  const handler = toNodeHandler({ fetch: (request) => route(routes, request) });
  const server = createServer((request, response) => {
    // Node leaves method and url open in its types, for it uses them for responses too; the adapter does not.
    const { method = "GET", url = "/" } = request;
    void handler(Object.assign(request, { method, url }), response);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return {
    origin: `http://127.0.0.1:${address.port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function route(routes: Routes, request: Request): Promise<Response> {
  const foreign = originValidationResponse(request, localhostAllowedOrigins());
  if (foreign !== undefined) return foreign;
  const serve = routes.get(new URL(request.url).pathname);
  return serve === undefined ? new Response("Not found", { status: 404 }) : serve(request);
}
