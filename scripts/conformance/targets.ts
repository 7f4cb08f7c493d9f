// What the suite is run against. Each target starts on its own and names one endpoint; the fixture stands behind all.

import { startEverything } from "../../tests/fixtures/everything/start.ts";
import { startGateway } from "../../tests/fixtures/gateway.ts";
import { startSidecar } from "../../tests/fixtures/sidecar.ts";
import type { Era } from "../examples/hosting/dual-era.ts";
import { createShutdown } from "../run/shutdown.ts";
import { startThrowAwayDatabase } from "../run/throw-away-database.ts";
import type { Revision } from "./suite.ts";

export interface RunningTarget {
  /** Where the suite's client finds the server; or what the driver needs that the suite starts as the client. */
  is: { url: string } | { variables: Record<string, string> };
  close: () => Promise<void>;
}

export interface Target {
  name: string;
  /** All of them where nothing else is said. */
  revisions?: readonly Revision[];
  /** The gateway answers by itself, and not the fixture through it. */
  isServer?: true;
  start: () => Promise<RunningTarget>;
}

export const TARGETS: Target[] = [
  /** First, because the others must check as much as it does. */
  { name: "direct", start: startDirect },
  { name: "sidecar", start: startBehindSidecar },
  { name: "server", start: () => startBehindGateway("/mcp/everything") },
  { name: "aggregate", isServer: true, start: () => startBehindGateway("/mcp") },
  /** A server that has never heard of sessions serves a client that knows nothing else. */
  {
    name: "bridge",
    isServer: true,
    revisions: ["2025-11-25"],
    start: () => startBehindGateway("/mcp", "modern"),
  },
  { name: "client-server", start: () => startBeforeGateway("/mcp/scenario") },
  { name: "client-aggregate", start: () => startBeforeGateway("/mcp") },
];

async function startDirect(): Promise<RunningTarget> {
  const { url, close } = await startEverything();
  return { is: { url }, close };
}

/** The suite plays the server behind the gateway. */
async function startBeforeGateway(path: string): Promise<RunningTarget> {
  const shutdown = createShutdown();
  const database = await startThrowAwayDatabase(shutdown);
  const gateway = await startGateway(database);
  return {
    is: {
      variables: { GATEWAY_URL: gateway.url, GATEWAY_OWNER_URL: database.ownerUrl, GATEWAY_PATH: path },
    },
    async close() {
      await gateway.close();
      await shutdown.run(0);
    },
  };
}

/** A tenant that lets anybody in, because the suite can send no key. */
async function startBehindGateway(path: string, only?: Era): Promise<RunningTarget> {
  const shutdown = createShutdown();
  const fixture = await startEverything(only === undefined ? {} : { only });
  const gateway = await startGateway(await startThrowAwayDatabase(shutdown));
  const tenant = await gateway.addTenant({
    anonymous: true,
    servers: [{ name: "everything", url: fixture.url }],
    // The suite calls tools by their own names.
    settings: { naming: { prefix: "never" } },
  });
  return {
    is: { url: `${gateway.url}/t/${tenant.slug}${path}` },
    async close() {
      await gateway.close();
      await fixture.close();
      await shutdown.run(0);
    },
  };
}

async function startBehindSidecar(): Promise<RunningTarget> {
  const fixture = await startEverything();
  const sidecar = await startSidecar({
    target: fixture.url,
    headers: { Authorization: "Bearer of-no-importance" },
  });
  return {
    is: { url: sidecar.url },
    async close() {
      await sidecar.close();
      await fixture.close();
    },
  };
}
