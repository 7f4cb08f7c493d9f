/** A collector in place of one behind HTTP: what it is posted, by the real client. */
import { createOtlpClient } from "../../../src/logs/otlp-client.ts";
import { database } from "../../support/database.ts";

export interface Posted {
  readonly url: string;
  readonly authorization: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came.
  readonly body: any;
}

export function startCollector() {
  const posted: Posted[] = [];
  const otlp = createOtlpClient({
    async fetch(input, init) {
      const request = new Request(input, init);
      const authorization = request.headers.get("authorization");
      posted.push({ url: request.url, authorization, body: await request.json() });
      return new Response("{}");
    },
    open: async (owner, sealed) => `opened ${owner} ${sealed}`,
    isAllowedUrl: (url) => !url.includes("10.0.0.1"),
    service: { name: "gateway", version: "1" },
    environment: "test",
  });
  /** Of the requests to one endpoint. */
  const postedTo = (endpoint: string) => posted.filter(({ url }) => url.startsWith(endpoint));
  return { deps: { database, otlp }, postedTo };
}
