/** What is known of servers whose tenant holds changes: nothing that could not be checked is shown or called. */
import { describe, expect, it } from "vitest";
import { UpstreamError } from "../../src/core/errors.ts";
import { type Heard, type Offer, type OfferSources, Offers } from "../../src/gateway/aggregate/offers.ts";
import type { SnapshotServer } from "../../src/policy/snapshot.ts";

interface Waiting {
  readonly background: (work: Promise<unknown>) => void;
}

const server = (holdsChanges: boolean): SnapshotServer => ({
  ...{ id: "1", name: "weather", title: null, endpointUrl: "https://weather.example/mcp", transport: "http" },
  ...{ healthStatus: "healthy", protocolVersion: null, auth: { type: "none" }, tags: [], weight: 1 },
  ...{
    maxConcurrency: 100,
    queue: undefined,
    region: null,
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

const recalled = (of: SnapshotServer): Offer => ({
  ...{ server: of, era: "modern", capabilities: {}, instructions: undefined, lists },
  ...{ hashes: new Map([["add", "approved"]]), isStale: true },
});

const heard = (of: SnapshotServer): Heard => ({
  ...recalled(of),
  ...{ isStale: false, revision: "2026-07-28", serverInfo: {} },
});

const sources = (of: SnapshotServer, more: Partial<OfferSources<Waiting>>): OfferSources<Waiting> => ({
  ask: async () => heard(of),
  recall: async () => [recalled(of)],
  remember: async () => undefined,
  failed: () => undefined,
  now: Date.now,
  ...more,
});

const unreachable = () => Promise.reject(new UpstreamError("upstream_unreachable", "weather", "It is down."));
const times = { deadlineMs: 500, defaultTtlMs: 60_000, retryMs: 10_000 };

async function known(holdsChanges: boolean, more: Partial<OfferSources<Waiting>>) {
  const of = server(holdsChanges);
  const offers = new Offers(sources(of, more), times);
  const work: Promise<unknown>[] = [];
  const result = await offers.known("tenant", [of], { background: (one) => void work.push(one) });
  await Promise.all(work);
  return result;
}

describe("a server whose tenant holds changes", () => {
  it("is withheld when its discovery fails", async () => {
    const { offers, gaps } = await known(true, { ask: unreachable });
    expect(offers).toEqual([]);
    expect(gaps).toMatchObject([{ server: "weather", stale: false }]);
  });

  it("is withheld when what it says cannot be written down", async () => {
    const of = server(true);
    const remember = () => Promise.reject(new Error("too large"));
    const offers = new Offers(sources(of, { remember, recall: async () => [] }), { ...times, retryMs: 0 });
    const work: Promise<unknown>[] = [];
    const background = (one: Promise<unknown>) => void work.push(one);
    await offers.known("tenant", [of], { background });
    await Promise.all(work);
    // Hearing the same again makes it no better.
    for (let visit = 0; visit < 3; visit += 1) {
      await Promise.all(work);
      expect((await offers.known("tenant", [of], { background: () => undefined })).offers).toEqual([]);
      await Promise.all(work);
    }
  });

  it("is shown as soon as it says what it offers, without a look at what was remembered", async () => {
    const { offers } = await known(true, {});
    expect(offers).toMatchObject([{ isStale: false }]);
  });
});

describe("any other server", () => {
  it("is stood in for by what is remembered when its discovery fails", async () => {
    const { offers } = await known(false, { ask: unreachable });
    expect(offers).toMatchObject([{ isStale: true }]);
  });
});
