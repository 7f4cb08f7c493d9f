// What the suite is run against. Each target starts on its own and names one endpoint; the fixture stands behind all.
import { startEverything } from "../../tests/fixtures/everything/start.ts";
import { startSidecar } from "../../tests/fixtures/sidecar.ts";

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
];

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
