import { describe, expect, it } from "vitest";
import { createRandom } from "../../../scripts/sim/random.ts";
import { BALANCING_STRATEGIES, type BalancingStrategy } from "../../../src/core/enums.ts";
import { type Candidate, pickCandidate } from "../../../src/core/routing/candidates.ts";
import { LoadTracker } from "../../../src/core/routing/load.ts";
import { type BalancingContext, selectServer } from "../../../src/core/routing/strategies.ts";

const server = (id: string, weight = 1, over: Partial<Candidate> = {}): Candidate => ({
  id,
  weight,
  health: "healthy",
  breaker: "closed",
  isNear: false,
  ...over,
});

const dice = (seed = 1) => createRandom(seed);

const setup = (over: Partial<BalancingContext> = {}): BalancingContext => ({
  loads: new LoadTracker(),
  turns: new Map(),
  hashKey: "",
  now: 0,
  random: dice(),
  ...over,
});

function counted(ids: Iterable<string | undefined>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const id of ids) counts[id ?? "none"] = (counts[id ?? "none"] ?? 0) + 1;
  return counts;
}

const times = <T>(count: number, make: (at: number) => T) =>
  Array.from({ length: count }, (_, at) => make(at));

/** Pearson's chi squared against equal shares of `weights`. */
function chiSquared(counts: Record<string, number>, weights: Record<string, number>): number {
  const [all, weight] = [counts, weights].map((of) =>
    Object.values(of).reduce((sum, number) => sum + number, 0),
  );
  return Object.entries(weights).reduce((sum, [id, own]) => {
    const expected = ((all ?? 0) * own) / (weight ?? 1);
    return sum + ((counts[id] ?? 0) - expected) ** 2 / expected;
  }, 0);
}

const abc = [server("a"), server("b"), server("c")];
const weighted = [server("a", 5), server("b", 1), server("c", 1)];

describe("round robin", () => {
  it("gives each its turn", () => {
    const here = setup();
    expect(times(6, () => selectServer("round_robin", abc, here)?.id).join("")).toBe("abcabc");
  });

  it("goes on when servers are added and removed, and lets no call wait", () => {
    const here = setup();
    const isThere = dice(5);
    const ids = times(
      6000,
      () => selectServer("round_robin", isThere() < 1 / 3 ? abc.slice(0, 2) : abc, here)?.id,
    );
    const counts = counted(ids);
    // Two share a third of the turns, three the others.
    for (const [id, due] of Object.entries({ a: 2333, b: 2333, c: 1333 })) {
      expect(Math.abs((counts[id] ?? 0) - due)).toBeLessThan(200);
    }
  });

  it("does not look at weights", () => {
    const here = setup();
    expect(counted(times(300, () => selectServer("round_robin", weighted, here)?.id))).toEqual({
      a: 100,
      b: 100,
      c: 100,
    });
  });
});

describe("weighted", () => {
  it("gives each as many turns as its weight, spread out", () => {
    const here = setup();
    expect(times(7, () => selectServer("weighted", weighted, here)?.id).join("")).toBe("aabacaa");
    expect(counted(times(7000, () => selectServer("weighted", weighted, here)?.id))).toEqual({
      a: 5000,
      b: 1000,
      c: 1000,
    });
  });

  it("gives one of weight nothing a turn only when there is no other", () => {
    const here = setup();
    const servers = [server("a", 0), server("b", 3)];
    expect(counted(times(10, () => selectServer("weighted", servers, here)?.id))).toEqual({ b: 10 });
    expect(selectServer("weighted", [server("a", 0)], here)?.id).toBe("a");
  });
});

describe("random", () => {
  it("is even", () => {
    const here = setup();
    const counts = counted(times(9000, () => selectServer("random", abc, here)?.id));
    // Two degrees of freedom; 13.8 is once in a thousand.
    expect(chiSquared(counts, { a: 1, b: 1, c: 1 })).toBeLessThan(13.8);
  });
});

describe("least connections", () => {
  it("takes the one with the fewest calls running, for its weight", () => {
    const loads = new LoadTracker();
    for (const id of ["a", "a", "b"]) loads.begin(id);
    expect(selectServer("least_connections", abc, setup({ loads }))?.id).toBe("c");
    const heavy = [server("a", 10), server("b", 1)];
    expect(selectServer("least_connections", heavy, setup({ loads }))?.id).toBe("a");
  });

  it("keeps calls that last differently long level", () => {
    const here = setup();
    const running: { id: string; until: number }[] = [];
    const seen: Record<string, number> = {};
    for (let now = 0; now < 3000; now += 1) {
      for (const call of running.filter(({ until }) => until <= now)) {
        here.loads.end(call.id, 1, now);
        running.splice(running.indexOf(call), 1);
      }
      const id = selectServer("least_connections", abc, here)?.id ?? "";
      here.loads.begin(id);
      seen[id] = (seen[id] ?? 0) + 1;
      running.push({ id, until: now + (id === "a" ? 60 : 20) });
    }
    const open = ["a", "b", "c"].map((id) => here.loads.running(id));
    expect(Math.max(...open) - Math.min(...open)).toBeLessThanOrEqual(2);
    expect((seen.b ?? 0) / (seen.a ?? 1)).toBeGreaterThan(2.5);
  });

  it("shares evenly among equals", () => {
    const here = setup();
    const counts = counted(times(9000, () => selectServer("least_connections", abc, here)?.id));
    expect(chiSquared(counts, { a: 1, b: 1, c: 1 })).toBeLessThan(13.8);
  });
});

describe("least latency", () => {
  /** Each server takes its own time; how calls spread. */
  function spread(ms: Record<string, number>): Record<string, number> {
    const here = setup();
    const servers = Object.keys(ms).map((id) => server(id));
    const ids = times(3000, (at) => {
      const now = at * 10;
      const id = selectServer("least_latency", servers, { ...here, now })?.id ?? "";
      here.loads.begin(id);
      here.loads.end(id, ms[id], now);
      return id;
    });
    return counted(ids);
  }

  it("sends most to the fast ones, and does not send all to the fastest", () => {
    const counts = spread({ fast: 10, quick: 12, slow: 200, dead: 5000 });
    expect((counts.slow ?? 0) + (counts.dead ?? 0)).toBeLessThan(900);
    expect(counts.fast).toBeGreaterThan(1200);
    expect(counts.quick).toBeGreaterThan(600);
  });

  it("tries who is not known yet", () => {
    const loads = new LoadTracker();
    loads.begin("a");
    loads.end("a", 10, 0);
    expect(selectServer("least_latency", [server("a"), server("new")], setup({ loads }))?.id).toBe("new");
  });

  it("drops a slow hour, and selects the server again", () => {
    const loads = new LoadTracker();
    for (const [id, ms] of [
      ["a", 3000],
      ["b", 20],
    ] as const) {
      loads.begin(id);
      loads.end(id, ms, 0);
    }
    expect(loads.cost("a", 0)).toBeGreaterThan(loads.cost("b", 0));
    expect(loads.cost("a", 600_000)).toBeLessThan(1);
  });

  it("counts calls that run against a server", () => {
    const loads = new LoadTracker();
    for (const id of ["a", "b"]) {
      loads.begin(id);
      loads.end(id, 20, 0);
    }
    for (let call = 0; call < 5; call += 1) loads.begin("a");
    const two = [server("a"), server("b")];
    expect(
      counted(times(50, () => selectServer("least_latency", two, setup({ loads, random: dice(7) }))?.id)),
    ).toEqual({ b: 50 });
  });
});

describe("consistent hash", () => {
  const keys = times(20_000, (at) => `session-${at}`);
  const place = (servers: readonly Candidate[]) =>
    keys.map((hashKey) => selectServer("consistent_hash", servers, setup({ hashKey }))?.id);

  it("keeps a key where it is, in every isolate and in whatever order", () => {
    expect(place(abc)).toEqual(place([...abc].reverse()));
  });

  it("spreads keys by weight", () => {
    expect(chiSquared(counted(place(abc)), { a: 1, b: 1, c: 1 })).toBeLessThan(13.8);
    expect(chiSquared(counted(place(weighted)), { a: 5, b: 1, c: 1 })).toBeLessThan(13.8);
  });

  it("moves only the keys of a server that goes, and spreads them", () => {
    const [before, after] = [place(abc), place(abc.slice(0, 2))];
    const moved = before.map((id, at) => (id === after[at] ? undefined : id));
    expect(counted(moved).a).toBeUndefined();
    expect(counted(moved).b).toBeUndefined();
    const orphans = after.filter((_, at) => before[at] === "c");
    expect(chiSquared(counted(orphans), { a: 1, b: 1 })).toBeLessThan(10.8);
  });
});

it("priority-failover takes the first that can serve", () => {
  const servers = [server("a", 1, { breaker: "open" }), server("b"), server("c")];
  expect(pickCandidate(servers, "priority-failover", setup())?.server.id).toBe("b");
});

describe("who can serve", () => {
  const ids = (servers: readonly Candidate[], strategy: BalancingStrategy = "random") =>
    Object.keys(
      counted(times(200, (at) => pickCandidate(servers, strategy, setup({ random: dice(at) }))?.server.id)),
    ).sort();

  it.each<[string, Candidate[], string[]]>([
    [
      "healthy, degraded and unknown ones",
      [server("a"), server("b", 1, { health: "degraded" }), server("c", 1, { health: "unknown" })],
      ["a", "b", "c"],
    ],
    ["not who is in maintenance", [server("a", 1, { health: "maintenance" }), server("b")], ["b"]],
    ["not who is behind an open breaker", [server("a", 1, { breaker: "open" }), server("b")], ["b"]],
    ["not who is dead", [server("a", 1, { health: "unhealthy" }), server("b")], ["b"]],
    [
      "one that is marked as failed, when there is no other",
      [server("a", 1, { health: "unhealthy" })],
      ["a"],
    ],
    ["nobody", [server("a", 1, { breaker: "open" }), server("b", 1, { health: "maintenance" })], ["none"]],
    ["none of none", [], ["none"]],
  ])("%s", (_, servers, expected) => {
    expect(ids(servers)).toEqual(expected);
  });

  it.each(BALANCING_STRATEGIES)("%s never takes one that has failed the request", (strategy) => {
    const tried = new Set(["a", "b"]);
    for (let time = 0; time < 20; time += 1) {
      expect(pickCandidate(abc, strategy, setup({ random: dice(time) }), { tried })?.server.id).toBe("c");
    }
  });

  it("requests a permit before it tries one whose breaker is about to be probed", () => {
    expect(pickCandidate([server("a", 1, { breaker: "due" })], "random", setup())).toMatchObject({
      needsPass: true,
    });
  });

  it("keeps a session where it began, as long as that can serve", () => {
    expect(pickCandidate(abc, "random", setup(), { bound: "b" })).toMatchObject({
      server: { id: "b" },
      moved: false,
    });
    const broken = [server("a"), server("b", 1, { breaker: "open" })];
    expect(pickCandidate(broken, "random", setup(), { bound: "b" })).toMatchObject({
      server: { id: "a" },
      moved: true,
    });
  });
});

describe("servers near the client", () => {
  const near = server("near", 1, { isNear: true });

  it("are selected before the others, by the same strategy", () => {
    const servers = [server("a"), near, server("b"), server("nearer", 1, { isNear: true })];
    const context = setup();
    expect(counted(times(10, () => pickCandidate(servers, "round_robin", context)?.server.id))).toEqual({
      near: 5,
      nearer: 5,
    });
  });

  it("give way when they cannot serve or have failed the call", () => {
    const closed = [server("a"), server("near", 1, { isNear: true, breaker: "open" })];
    expect(pickCandidate(closed, "random", setup())?.server.id).toBe("a");
    const tried = new Set(["near"]);
    expect(pickCandidate([server("a"), near], "random", setup(), { tried })?.server.id).toBe("a");
  });

  it("do not move a session that is bound to another", () => {
    expect(pickCandidate([server("a"), near], "random", setup(), { bound: "a" })?.server.id).toBe("a");
  });
});
