// What the suite is run against. Each target starts on its own and names one endpoint; the fixture stands behind all.
import type { Era } from "../examples/hosting/dual-era.ts";
import { startEverything } from "../../tests/fixtures/everything/start.ts";
import { startGateway } from "../../tests/fixtures/gateway.ts";
import { startSidecar } from "../../tests/fixtures/sidecar.ts";
import { createShutdown } from "../run/shutdown.ts";
import { startThrowAwayDatabase } from "../run/throw-away-database.ts";

export interface RunningTarget {
  url: string;
  close: () => Promise<void>;
}

export interface Target {
  name: string;
  start: () => Promise<RunningTarget>;
}

export const TARGETS: Target[] = [
  /** First, because the others must check as much as it does. */
  { name: "direct", start: () => startEverything() },
  { name: "sidecar", start: startBehindSidecar },
  { name: "server", start: () => startBehindGateway("/mcp/everything") },
  { name: "aggregate", start: () => startBehindGateway("/mcp") },
  { name: "legacy-only", start: () => startBehindGateway("/mcp", "legacy") },
  { name: "modern-only", start: () => startBehindGateway("/mcp", "modern") },
];

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
    url: `${gateway.url}/t/${tenant.slug}${path}`,
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
    url: sidecar.url,
    async close() {
      await sidecar.close();
      await fixture.close();
    },
  };
}
