// Registers the server of a connector, unless it exists.
import { Problem } from "../../lib/problem.ts";
import { describeProblem } from "../gateway-client.ts";
import type { ConnectorOptions } from "./connector.ts";

const CONFLICT = 409;

export async function createServer({ gatewayUrl, key, server, print }: ConnectorOptions): Promise<void> {
  const response = await fetch(new URL("/api/v1/servers", gatewayUrl), {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ name: server, transportType: "stdio" }),
  }).catch(() => {
    throw new Problem(`Cannot reach ${gatewayUrl}. Check --gateway.`);
  });
  const text = await response.text();
  if (response.ok) print(`Server ${server} registered.`);
  else if (response.status !== CONFLICT) throw new Problem(describeProblem(response.status, text));
}
