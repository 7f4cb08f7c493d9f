// The messages to a peer: how a client begins, one call, and how its response is recognized.
import { readFileSync } from "node:fs";
import { beginSession, callOf, legacy, modern, post, type Sent } from "../gateway/requests.ts";
import type { Peer } from "./catalog.ts";
import { openSse, type SseClient } from "./sse-client.ts";

const CLIENT = {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "bench", version: "1" },
};

export async function openSession(url: string): Promise<SseClient> {
  const client = await openSse(url);
  await client.call({ jsonrpc: "2.0", id: 0, method: "initialize", params: CLIENT });
  client.notify({ jsonrpc: "2.0", method: "notifications/initialized" });
  return client;
}

/** Begins with the peer as its clients do. */
export async function callTo({ protocol, tool }: Peer, url: string, dir: string): Promise<Sent> {
  const call = callOf(tool);
  switch (protocol) {
    case "modern":
      return modern(dir, url, call, {});
    case "legacy":
      return legacy(dir, url, call, await beginSession(url, {}));
    case "sse":
      return { ...post(dir, url, { jsonrpc: "2.0", id: 1, ...call }, {}), method: "GET" };
  }
}

/** The upstream's own words have come back, and no error with them. */
export const isAnswer = (text: string) => text.includes("The answer of ") && !text.includes('"isError":true');

/** Sends one call, as the load will. */
export async function answerTo({ protocol }: Peer, { url, headers, bodyFile }: Sent): Promise<string> {
  const body = readFileSync(bodyFile ?? "", "utf8");
  if (protocol !== "sse") return (await fetch(url, { method: "POST", headers, body })).text();
  const client = await openSession(url);
  try {
    return await client.call({ ...JSON.parse(body), id: 1 });
  } finally {
    client.close();
  }
}
