// A client that disconnects during a call: the server is notified and stops working.
import { strict as assert } from "node:assert";
import { once } from "node:events";
import { createServer } from "node:http";
import { askModern } from "../../tests/fixtures/wire.ts";
import type { Instance } from "./instance.ts";
import { type Report, waitFor } from "./report.ts";
import { callRest } from "./rest.ts";

/** Keep-alives are 5 s apart, and a caller that is gone is noticed at the first; the rest is for a slow machine. */
const LEARN_TIMEOUT_MS = 12_000;

export async function checkHangUp(instance: Instance, report: Report): Promise<void> {
  let isCalled = false;
  let isClosed = false;
  const server = createServer((request, response) => {
    isCalled = true;
    request.resume();
    response.on("close", () => {
      isClosed = true;
    });
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  await report.check("a server is notified that its caller has disconnected", async () => {
    const { status, body } = await callRest(instance, "POST", "/servers", {
      name: "slow",
      endpointUrl: `http://127.0.0.1:${port}/mcp`,
      discover: false,
    });
    assert.equal(status, 201, JSON.stringify(body));
    const caller = new AbortController();
    const endpoint = { url: `${instance.ready.mcpUrl}/slow`, key: instance.ready.apiKey };
    const call = askModern(endpoint, "tools/call", { name: "wait" }, { signal: caller.signal });
    const over = call.then((response) => response.text()).catch(() => undefined);
    await waitFor("the call", LEARN_TIMEOUT_MS, async () => (isCalled ? true : undefined));
    const hungUpAt = Date.now();
    caller.abort();
    await over;
    await waitFor("the server's notice", LEARN_TIMEOUT_MS, async () => (isClosed ? true : undefined));
    return `after ${((Date.now() - hungUpAt) / 1000).toFixed(1)} s`;
  });
  server.closeAllConnections();
  server.close();
}
