/** Taking over another registry's entries: all of them, then what changes, and never against what was decided here. */
import { beforeEach, describe, expect, it } from "vitest";
import { consumeJobs, type RegistryJob, type RegistryJobQueue } from "../../src/discovery/jobs.ts";
import { enqueueSourceSyncs } from "../../src/jobs/due-work.ts";
import { syncSource } from "../../src/registry/sync.ts";
import { createJobHandlers } from "../../src/services.ts";
import { addTenant, call, type TestTenant } from "../api/support.ts";
import { database, owner } from "../support/database.ts";
import { testParts } from "./support.ts";

interface Upstream {
  readonly name: string;
  readonly version: string;
  description: string;
  status: string;
  updatedAt: number;
}

/** A registry of the official kind, with pages of two. */
class FakeRegistry {
  readonly entries: Upstream[] = [];
  readonly asked: string[] = [];
  failure: Response | undefined;
  odd: unknown[] = [];

  add(name: string, version = "1.0.0", more: Partial<Upstream> = {}): Upstream {
    const entry = {
      name,
      version,
      description: `What ${name} does.`,
      status: "active",
      updatedAt: Date.now(),
      ...more,
    };
    this.entries.push(entry);
    return entry;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    this.asked.push(url.search);
    if (this.failure !== undefined) return this.failure.clone();
    if (url.pathname !== "/sub/v0.1/servers") return new Response(null, { status: 404 });
    const since = Date.parse(url.searchParams.get("updated_since") ?? "1970-01-01T00:00:00Z");
    const from = Number(url.searchParams.get("cursor") ?? 0);
    const all = this.entries.filter(
      ({ updatedAt, status }) =>
        updatedAt >= since && (status !== "deleted" || url.searchParams.has("updated_since")),
    );
    const servers: unknown[] = all
      .slice(from, from + 2)
      .map(({ name, version, description, status, updatedAt }) => ({
        server: { name, version, description, _meta: { "com.example/own": 1 } },
        _meta: {
          "io.modelcontextprotocol.registry/official": {
            ...{
              status,
              isLatest: false,
              publishedAt: "2026-01-01T00:00:00Z",
              statusChangedAt: "2026-01-02T00:00:00Z",
            },
            updatedAt: new Date(updatedAt).toISOString(),
          },
        },
      }));
    const nextCursor = from + 2 < all.length ? String(from + 2) : undefined;
    return Response.json({
      servers: [...servers, ...this.odd],
      metadata: { count: servers.length, nextCursor },
    });
  };
}

let tenant: TestTenant;
let key: string;
let sourceId: string;
let registry: FakeRegistry;
let clock: number;

const parts = () => {
  const known = testParts();
  return { ...known, upstream: { ...known.upstream, fetch: registry.fetch }, now: () => clock };
};

/** The next pass. */
const pass = () => {
  clock += 60_000;
  return syncSource(parts(), { tenantId: tenant.id, sourceId }, new Date(clock));
};

beforeEach(async () => {
  registry = new FakeRegistry();
  clock = Date.now();
  tenant = await addTenant("sync");
  key = (await tenant.addKey()).text;
  const source = { name: "upstream", url: "https://registry.example.com/sub/" };
  const made = await call("POST", "/registry-sources", { key, json: source });
  expect(made.status).toBe(201);
  sourceId = made.body.id;
});

const entries = async () => (await call("GET", "/registry-entries?includeDeleted=true", { key })).body.items;
const brief = async () =>
  (await entries()).map(
    ({ name, version, status, isLatest }: Record<string, unknown>) =>
      `${name} ${version} ${status}${isLatest ? " latest" : ""}`,
  );
const source = async () => (await call("GET", `/registry-sources/${sourceId}`, { key })).body;

describe("a pass", () => {
  it("takes over every page, and marks the latest versions itself", async () => {
    registry.add("com.example/a", "1.0.0");
    registry.add("com.example/a", "1.1.0");
    registry.add("com.example/b", "0.1.0", { status: "deprecated" });
    expect(await pass()).toEqual({ kind: "done", taken: 3, skipped: 0 });
    expect(await brief()).toEqual([
      "com.example/a 1.0.0 active",
      "com.example/a 1.1.0 active latest",
      "com.example/b 0.1.0 deprecated latest",
    ]);
    expect((await entries())[0]).toMatchObject({
      sourceId,
      publishedAt: "2026-01-01T00:00:00.000Z",
      server: { name: "com.example/a", description: "What com.example/a does." },
    });
    expect((await entries())[0].server).not.toHaveProperty("_meta");
    expect(await source()).toMatchObject({ syncedAt: new Date(clock).toISOString(), lastError: null });
  });

  it("requests changes only, the next time, and saves only those", async () => {
    const a = registry.add("com.example/a");
    registry.add("com.example/b");
    await pass();
    clock += 3_600_000;
    Object.assign(a, { description: "Something else.", updatedAt: clock });
    registry.add("com.example/c", "1.0.0", { updatedAt: clock });
    registry.asked.length = 0;
    expect(await pass()).toEqual({ kind: "done", taken: 2, skipped: 0 });
    expect(registry.asked[0]).toMatch(/updated_since=20/);
    expect((await entries())[0].server.description).toBe("Something else.");
    expect(await pass()).toMatchObject({ taken: 0 });
  });

  it("receives deletions", async () => {
    const a = registry.add("com.example/a");
    await pass();
    Object.assign(a, { status: "deleted", updatedAt: clock + 60_000 });
    await pass();
    expect(await brief()).toEqual(["com.example/a 1.0.0 deleted latest"]);
  });

  it("leaves alone what was published or decided here, and what is another source's", async () => {
    const own = { name: "com.example/a", version: "1.0.0", description: "Ours." };
    await call("POST", "/registry-entries", { key, json: { server: own } });
    const upstream = registry.add("com.example/a");
    const decided = registry.add("com.example/b");
    await pass();
    expect((await entries())[0]).toMatchObject({ sourceId: null, server: { description: "Ours." } });
    await owner.query(
      "update registry_entries set status = 'deleted', is_status_local = true where tenant_id = $1 and name = 'com.example/b'",
      [tenant.id],
    );
    Object.assign(decided, { description: "New words.", updatedAt: clock + 60_000 });
    Object.assign(upstream, { description: "Theirs.", updatedAt: clock + 60_000 });
    await pass();
    expect(await entries()).toMatchObject([
      { name: "com.example/a", server: { description: "Ours." } },
      {
        name: "com.example/b",
        status: "deleted",
        isStatusLocal: true,
        server: { description: "New words." },
      },
    ]);
    const second = { name: "second", url: "https://registry.example.com/sub" };
    const other = await call("POST", "/registry-sources", { key, json: second });
    Object.assign(decided, { description: "By the other one.", updatedAt: clock + 120_000 });
    clock += 60_000;
    await syncSource(parts(), { tenantId: tenant.id, sourceId: other.body.id }, new Date(clock));
    expect((await entries())[1]).toMatchObject({ sourceId, server: { description: "New words." } });
  });

  it("skips invalid entries", async () => {
    registry.add("com.example/a");
    registry.odd = [
      null,
      { server: null },
      { server: { name: "no slash", version: "1", description: "x" } },
      { server: { name: "com.example/x", version: "", description: "x" } },
      { server: { name: "com.example/x", version: "1" } },
      { server: { name: "com.example/x", version: "1", description: "x\u0000" } },
      { server: { name: "com.example/x", version: "1", description: "x".repeat(200_000) } },
    ];
    expect(await pass()).toEqual({ kind: "done", taken: 1, skipped: 7 });
  });

  it("goes on where it was interrupted", async () => {
    for (const name of ["a", "b", "c", "d"]) registry.add(`com.example/${name}`);
    const whole = registry.fetch;
    let pages = 0;
    const broken: typeof fetch = async (...asked) => {
      pages += 1;
      if (pages === 2) throw new TypeError("Network connection lost.");
      return whole(...asked);
    };
    Object.assign(registry, { fetch: broken });
    expect(await pass()).toMatchObject({ kind: "failed", error: { code: "upstream_unreachable" } });
    expect(await source()).toMatchObject({
      lastError: expect.stringMatching(/is unreachable/),
      syncedAt: null,
    });
    expect(await pass()).toEqual({ kind: "done", taken: 2, skipped: 0 });
    expect(registry.asked).toEqual(["?limit=100", "?limit=100&cursor=2"]);
    expect(await brief()).toHaveLength(4);
    expect(await source()).toMatchObject({ lastError: null });
  });

  it.each([
    ["is no registry", Response.json({ hello: "world" }), "upstream_invalid"],
    ["is a page", new Response("<html>"), "upstream_invalid"],
    ["requires credentials", new Response(null, { status: 401 }), "upstream_invalid"],
    ["is down", new Response(null, { status: 503 }), "upstream_unreachable"],
    ["exceeds the size limit", new Response("x".repeat(9 * 1024 * 1024)), "upstream_invalid"],
  ])("of what %s fails with an error", async (_what, failure, code) => {
    registry.failure = failure;
    expect(await pass()).toMatchObject({ kind: "failed", error: { code } });
  });

  it("never reaches into private networks", async () => {
    await call("PATCH", `/registry-sources/${sourceId}`, {
      key,
      json: { url: "https://10.0.0.1/" },
      headers: { "if-match": "*" },
    });
    expect(await pass()).toMatchObject({ kind: "failed", error: { code: "upstream_refused" } });
    expect(registry.asked).toEqual([]);
  });

  it("is made once, though two begin it", async () => {
    registry.add("com.example/a");
    clock += 60_000;
    const both = [1, 2].map(() => syncSource(parts(), { tenantId: tenant.id, sourceId }, new Date(clock)));
    expect((await Promise.all(both)).map(({ kind }) => kind).toSorted()).toEqual(["absent", "done"]);
  });
});

it("is begun by the clock when its time has come, and works through many pages", async () => {
  for (let index = 0; index < 90; index += 1) registry.add(`com.example/s-${index}`);
  const sent: RegistryJob[] = [];
  const queue: RegistryJobQueue = {
    async sendBatch(messages) {
      for (const { body } of messages)
        if (body.kind === "sync" && body.sourceId === sourceId) sent.push(body);
    },
  };
  await enqueueSourceSyncs(database, queue, new Date(clock));
  expect(sent).toHaveLength(1);
  let acked = 0;
  const message = {
    body: sent[0],
    attempts: 1,
    ack() {
      acked += 1;
    },
    retry() {},
  };
  await consumeJobs(
    [message],
    createJobHandlers({ ...parts(), now: Date.now, onHealthChange: async () => undefined }),
  );
  expect(acked).toBe(1);
  const [row] = await owner.query("select count(*)::int as n from registry_entries where tenant_id = $1", [
    tenant.id,
  ]);
  expect(row?.n).toBe(90);
  await enqueueSourceSyncs(database, queue, new Date(Date.now() + 59 * 60_000));
  expect(sent).toHaveLength(1);
  await enqueueSourceSyncs(database, queue, new Date(Date.now() + 61 * 60_000));
  expect(sent).toHaveLength(2);
});
