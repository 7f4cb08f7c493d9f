// What the tests of the local Neon endpoint share: an endpoint in front of the test database, a schema of their
// own, and requests that the driver itself would never send.
import { neonConfig } from "@neondatabase/serverless";
import { Client } from "pg";
import { afterAll, beforeAll } from "vitest";
import { WebSocket } from "ws";
import { type NeonEndpoint, startNeonEndpoint } from "../../../scripts/neon/endpoint.ts";

export const databaseUrl = process.env.TEST_DATABASE_URL ?? "";

/** The same database by another user, password, host, database or parameter. */
export function urlWith(change: (url: URL) => void): string {
  const url = new URL(databaseUrl);
  change(url);
  return url.href;
}

export interface Fixture {
  endpoint: NeonEndpoint;
  /** A plain connection, to arrange and to compare with. */
  owner: Client;
}

/** Registers the hooks of one test file; the fixture is filled when its tests run. */
export function useEndpoint(schema: string): Fixture {
  const { hostname, port } = new URL(databaseUrl);
  const owner = new Client({ connectionString: databaseUrl });
  const fixture: Fixture = {
    endpoint: { port: 0, url: "", close: async () => {} },
    owner,
  };
  beforeAll(async () => {
    await owner.connect();
    await owner.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE; CREATE SCHEMA ${schema}`);
    fixture.endpoint = await startNeonEndpoint({ allow: [`${hostname}:${port || "5432"}`] });
    neonConfig.fetchEndpoint = `${fixture.endpoint.url}/sql`;
    neonConfig.wsProxy = `127.0.0.1:${fixture.endpoint.port}/v2`;
    // Node before 22 has no WebSocket of its own.
    neonConfig.webSocketConstructor = WebSocket;
    neonConfig.useSecureWebSocket = false;
    neonConfig.pipelineTLS = false;
    neonConfig.pipelineConnect = false;
  });
  afterAll(async () => {
    await fixture.endpoint.close();
    await owner.query(`DROP SCHEMA ${schema} CASCADE`);
    await owner.end();
  });
  return fixture;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: unknown;
}

/** A request to /sql with headers and body of one's own; `undefined` leaves the header out. */
export async function post(
  endpoint: NeonEndpoint,
  body: unknown,
  headers: Readonly<Record<string, string | undefined>> = {},
): Promise<RawAnswer> {
  const all = { "Neon-Connection-String": databaseUrl, ...headers };
  const response = await fetch(`${endpoint.url}/sql`, {
    method: "POST",
    headers: Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: JSON.parse(text) };
}
