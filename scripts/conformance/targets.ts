// What the suite is run against. Each target names one endpoint; the fixture stands behind all, and one gateway serves
// all that need it, each with a tenant of its own.
import { startEverything } from "../../tests/fixtures/everything/start.ts";
import { startGateway, type TestGateway } from "../../tests/fixtures/gateway.ts";
import { startSidecar } from "../../tests/fixtures/sidecar.ts";
import type { Era } from "../examples/hosting/dual-era.ts";
import type { Shutdown } from "../run/shutdown.ts";
import { startThrowAwayDatabase } from "../run/throw-away-database.ts";
import type { Revision } from "./suite.ts";

export interface RunningTarget {
  /** Where the suite's client finds the server; or what the driver needs that the suite starts as the client. */
  is: { url: string } | { variables: Record<string, string> };
  close: () => Promise<void>;
}

export interface Target {
  name: string;
  /** All of them by default. */
  revisions?: readonly Revision[];
  /** The gateway answers by itself, and not the fixture through it. */
  isServer?: true;
  start: (shared: SharedGateway) => Promise<RunningTarget>;
}

/** The gateway of a run and its database, started by the first target that needs them. */
export class SharedGateway {
  readonly #shutdown: Shutdown;
  #started: Promise<{ gateway: TestGateway; ownerUrl: string }> | undefined;

  constructor(shutdown: Shutdown) {
    this.#shutdown = shutdown;
  }

  get(): Promise<{ gateway: TestGateway; ownerUrl: string }> {
    this.#started ??= this.#start();
    return this.#started;
  }

  async #start() {
    const database = await startThrowAwayDatabase(this.#shutdown);
    const gateway = await startGateway(database);
    this.#shutdown.add(gateway.close);
    return { gateway, ownerUrl: database.ownerUrl };
  }
}

export const TARGETS: Target[] = [
  /** First, because the others must check as much as it does. */
  { name: "direct", start: startDirect },
  { name: "sidecar", start: startBehindSidecar },
  { name: "server", start: (shared) => startBehindGateway(shared, "/mcp/everything") },
  { name: "aggregate", isServer: true, start: (shared) => startBehindGateway(shared, "/mcp") },
  /** A server without session support for a client that requires sessions. */
  {
    name: "bridge",
    isServer: true,
    revisions: ["2025-11-25"],
    start: (shared) => startBehindGateway(shared, "/mcp", "modern"),
  },
  { name: "client-server", start: (shared) => startBeforeGateway(shared, "/mcp/scenario") },
  { name: "client-aggregate", start: (shared) => startBeforeGateway(shared, "/mcp") },
];

async function startDirect(): Promise<RunningTarget> {
  const { url, close } = await startEverything();
  return { is: { url }, close };
}

/** The suite plays the server behind the gateway. */
async function startBeforeGateway(shared: SharedGateway, path: string): Promise<RunningTarget> {
  const { gateway, ownerUrl } = await shared.get();
  return {
    is: { variables: { GATEWAY_URL: gateway.url, GATEWAY_OWNER_URL: ownerUrl, GATEWAY_PATH: path } },
    close: async () => {},
  };
}

/** A tenant with anonymous access, because the suite cannot send an API key. */
async function startBehindGateway(shared: SharedGateway, path: string, only?: Era): Promise<RunningTarget> {
  const { gateway } = await shared.get();
  const fixture = await startEverything(only === undefined ? {} : { only });
  const tenant = await gateway.addTenant({
    anonymous: true,
    servers: [{ name: "everything", url: fixture.url }],
    // The suite calls tools by their own names.
    settings: { naming: { prefix: "never" } },
  });
  return { is: { url: `${gateway.url}/t/${tenant.slug}${path}` }, close: fixture.close };
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
