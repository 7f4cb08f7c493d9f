/** What is known of servers whose tenant holds changes: nothing that could not be checked is shown or called. */
import { describe, expect, it } from "vitest";
import { UpstreamError } from "../../../src/core/errors.ts";
import { BREAKER_TERMS } from "../../../src/core/resilience/breaker.ts";
import {
  InventoryCache,
  type InventoryReport,
  type InventorySources,
  type ServerInventory,
} from "../../../src/gateway/catalog/inventory-cache.ts";
import type { SnapshotServer } from "../../../src/policy/snapshot.ts";

interface Waiting {
  readonly waitUntil: (work: Promise<unknown>) => void;
}

const server = (holdsChanges: boolean): SnapshotServer => ({
  ...{ id: "1", name: "weather", title: null, endpointUrl: "https://weather.example/mcp", transport: "http" },
  ...{ healthStatus: "healthy", protocolVersion: null, auth: { type: "none" }, tags: [], weight: 1 },
  ...{
    maxConcurrency: 100,
    cost: 1,
    declaredCosts: new Map(),
    queue: { maxSize: undefined, maxWaitMs: 10_000 },
    breaker: BREAKER_TERMS,
    region: null,
    tools: new Map(),
    readOnlyTools: new Set(),
    withheldTools: new Set(),
    approved: new Map(),
  },
  ...{
    payloads: undefined,
    firstByteTimeoutMs: 100,
    earlyAnswerMs: 100,
    keepAliveMs: 100,
    idleTimeoutMs: 100,
  },
  ...{ maxResponseBytes: 1000, holdsChanges },
});

const nothing = { items: [] };
const lists = {
  "tools/list": { items: [{ name: "add" }] },
  "prompts/list": nothing,
  "resources/list": nothing,
  "resources/templates/list": nothing,
};

const recalled = (of: SnapshotServer): ServerInventory => ({
  ...{ server: of, era: "modern", capabilities: {}, instructions: undefined, lists },
  ...{ hashes: new Map([["add", "approved"]]), isStale: true },
});

const received = (of: SnapshotServer): InventoryReport => ({
  ...recalled(of),
  ...{ isStale: false, revision: "2026-07-28", serverInfo: {} },
});

const sources = (
  of: SnapshotServer,
  more: Partial<InventorySources<Waiting>>,
): InventorySources<Waiting> => ({
  fetch: async () => received(of),
  loadStored: async () => [recalled(of)],
  save: async () => undefined,
  onError: () => undefined,
  now: Date.now,
  ...more,
});

const unreachable = () => Promise.reject(new UpstreamError("upstream_unreachable", "weather", "It is down."));
const times = { deadlineMs: 500, defaultTtlMs: 60_000, retryMs: 10_000 };

async function known(holdsChanges: boolean, more: Partial<InventorySources<Waiting>>) {
  const of = server(holdsChanges);
  const offers = new InventoryCache(sources(of, more), times);
  const work: Promise<unknown>[] = [];
  const result = await offers.get("tenant", [of], { waitUntil: (one) => void work.push(one) });
  await Promise.all(work);
  return result;
}

describe("a server whose tenant holds changes", () => {
  it("is withheld when its discovery fails", async () => {
    const { inventories, gaps } = await known(true, { fetch: unreachable });
    expect(inventories).toEqual([]);
    expect(gaps).toMatchObject([{ server: "weather", stale: false }]);
  });

  it("is withheld when its inventory cannot be saved", async () => {
    const of = server(true);
    const save = () => Promise.reject(new Error("too large"));
    const offers = new InventoryCache(sources(of, { save, loadStored: async () => [] }), {
      ...times,
      retryMs: 0,
    });
    const work: Promise<unknown>[] = [];
    const waitUntil = (one: Promise<unknown>) => void work.push(one);
    await offers.get("tenant", [of], { waitUntil });
    await Promise.all(work);
    // Hearing the same again makes it no better.
    for (let visit = 0; visit < 3; visit += 1) {
      await Promise.all(work);
      expect((await offers.get("tenant", [of], { waitUntil: () => undefined })).inventories).toEqual([]);
      await Promise.all(work);
    }
  });

  it("is shown as soon as its inventory is fetched, without the stored one", async () => {
    const { inventories } = await known(true, {});
    expect(inventories).toMatchObject([{ isStale: false }]);
  });
});

describe("any other server", () => {
  it("is replaced by its stored inventory when its discovery fails", async () => {
    const { inventories } = await known(false, { fetch: unreachable });
    expect(inventories).toMatchObject([{ isStale: true }]);
  });
});
