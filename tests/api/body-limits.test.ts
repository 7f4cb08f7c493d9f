/** Every route that is not MCP's, read from the route table: a body over the limit of the group is refused. */
import { createExecutionContext, env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { createApp } from "../../src/app.ts";
import { maxRequestBytes } from "../../src/middleware/body-limit.ts";
import { routeTable } from "./route-table.ts";

const app = createApp();

const TAKE_BODIES = new Set(["POST", "PUT", "PATCH", "DELETE"]);
const routes = routeTable().filter(({ method }) => TAKE_BODIES.has(method));

const PIECE = new Uint8Array(16 * 1024).fill(0x20);

/** Has no declared length. */
function bodyOver(limit: number): ReadableStream<Uint8Array> {
  let left = limit + 1;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (left <= 0) controller.close();
      else controller.enqueue(PIECE.subarray(0, left));
      left -= PIECE.length;
    },
  });
}

async function send(method: string, path: string, body: BodyInit): Promise<Response> {
  const headers = { "content-type": "application/json", origin: env.PUBLIC_URL };
  const request = new Request(env.PUBLIC_URL + path, { method, headers, body });
  return app.fetch(request, env, createExecutionContext());
}

describe("the body of a request", () => {
  it("is limited on routes of every group", () => {
    const limits = new Set(routes.map(({ path }) => maxRequestBytes(path)));
    expect(limits.size).toBeGreaterThanOrEqual(3);
    expect(routes.length).toBeGreaterThan(100);
  });

  it.each(routes)("is refused at the limit: $method $path", async ({ method, path }) => {
    const address = path.replace(/:\w+(?:\{[^}]*\})?\??/g, "x");
    const response = await send(method, address, bodyOver(maxRequestBytes(address)));
    expect(response.status).toBe(413);
    await response.body?.cancel();
  });

  it("is refused on addresses that lead nowhere too", async () => {
    expect((await send("POST", "/nowhere", bodyOver(maxRequestBytes("/nowhere")))).status).toBe(413);
  });
});
