// Everything that a measurement needs, on this machine: database, upstream, the gateway and its baseline, each in a
// process of its own.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startGateway, type TestGateway } from "../../../tests/fixtures/gateway.ts";
import { spawnGuarded } from "../../lib/guarded.ts";
import { nextFreePort } from "../../lib/ports.ts";
import { createShutdown } from "../../run/shutdown.ts";
import { startThrowAwayDatabase, type ThrowAwayDatabase } from "../../run/throw-away-database.ts";
import { type Baseline, startBaseline } from "./baseline.ts";

export interface World {
  readonly gateway: TestGateway;
  readonly baseline: Baseline;
  readonly database: ThrowAwayDatabase;
  /** For what is written once and read by many: bodies to send. */
  readonly dir: string;
  upstreamUrl(name: string): string;
  /** Sets what the baseline serves from memory at /bytes. */
  keepBytes(text: string): void;
  close(): Promise<void>;
}

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export async function startWorld(inspector?: string): Promise<World> {
  const shutdown = createShutdown();
  const dir = mkdtempSync(join(tmpdir(), "gateway-bench-"));
  shutdown.add(async () => rmSync(dir, { recursive: true, force: true }));
  try {
    const database = await startThrowAwayDatabase(shutdown);
    const upstreamPort = await nextFreePort(28_000);
    const upstream = await spawnGuarded({
      command: process.execPath,
      args: [here("./upstream.ts"), String(upstreamPort)],
      cwd: dir,
      log: join(dir, "upstream.log"),
      signal: "SIGTERM",
      graceMs: 1000,
    });
    shutdown.add(upstream.stop);
    const upstreamUrl = (name: string) => `http://127.0.0.1:${upstreamPort}/${name}`;
    const bytes = await serveBytes();
    shutdown.add(async () => bytes.server.close());
    const baseline = await startBaseline(join(dir, "baseline"), {
      UPSTREAM_URL: upstreamUrl("one"),
      BYTES_URL: bytes.url,
    });
    shutdown.add(baseline.stop);
    const gateway = await startGateway(
      database,
      {},
      { queues: here("./sink.js"), ...(inspector !== undefined && { inspector }) },
    );
    shutdown.add(gateway.close);
    return {
      gateway,
      baseline,
      database,
      dir,
      upstreamUrl,
      keepBytes: bytes.keep,
      close: async () => void (await shutdown.run(0)),
    };
  } catch (error) {
    await shutdown.run(1);
    throw error;
  }
}

async function serveBytes(): Promise<{ url: string; server: Server; keep: (text: string) => void }> {
  let kept = "";
  const server = createServer((_request, response) => response.end(kept));
  const port = await nextFreePort(27_000);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const keep = (text: string) => {
    kept = text;
  };
  return { url: `http://127.0.0.1:${port}/`, server, keep };
}
