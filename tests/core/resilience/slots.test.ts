/** Concurrency slots: that isolates together never run more calls than a server takes, and that none waits for ever. */
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { LOST_CALL_MS, RunningCalls } from "../../../src/core/resilience/running-calls.ts";
import { SlotHolder } from "../../../src/core/resilience/slot-holder.ts";
import { SlotIssuer } from "../../../src/core/resilience/slot-issuer.ts";
import { SLOT_TTL_MS, type SlotRequest, ungrantedSlots } from "../../../src/core/resilience/slots.ts";
import { SlotWorld } from "./slot-simulation.ts";

let issuer: SlotIssuer;
let sequence = 0;
beforeEach(() => {
  issuer = new SlotIssuer();
});

function request(holderId: string, wanted: number, over: Partial<SlotRequest> = {}): SlotRequest {
  sequence += 1;
  return { serverId: "s", holderId, sequence, capacity: 1, running: 0, keep: 0, wanted, ...over };
}

describe("the issuer", () => {
  it("grants what is free, and counts what runs", () => {
    expect(issuer.issue(request("a", 3, { capacity: 5 }), 0).held).toBe(3);
    expect(issuer.issue(request("b", 4, { capacity: 5 }), 0).held).toBe(2);
    expect(issuer.issue(request("a", 3, { capacity: 5, running: 1, keep: 1 }), 0)).toMatchObject({
      held: 2,
      isContended: true,
    });
  });

  it("ends a grant that is not renewed", () => {
    issuer.issue(request("a", 1), 0);
    expect(issuer.issue(request("b", 1), SLOT_TTL_MS - 1).held).toBe(0);
    expect(issuer.issue(request("b", 1), SLOT_TTL_MS).held).toBe(1);
  });

  it("takes back what is returned, and reserves it for the one that has waited longest", () => {
    issuer.issue(request("a", 1), 0);
    expect(issuer.issue(request("b", 1), 10)).toMatchObject({ held: 0, isContended: false });
    expect(issuer.issue(request("c", 1), 20).held).toBe(0);
    expect(issuer.issue(request("a", 1), 30)).toMatchObject({ held: 0, isContended: true });
    expect(issuer.issue(request("c", 1), 31).held).toBe(0);
    expect(issuer.issue(request("b", 1), 32).held).toBe(1);
  });

  it("reserves nothing for an isolate that does not repeat its request", () => {
    issuer.issue(request("a", 1), 0);
    const { retryMs } = issuer.issue(request("b", 1), 10);
    expect(issuer.issue(request("a", 1), 10 + retryMs + 249).held).toBe(0);
    expect(issuer.issue(request("a", 1), 10 + retryMs + 250).held).toBe(1);
  });

  it("shares evenly what several wait for", () => {
    issuer.issue(request("x", 10, { capacity: 10, running: 10, keep: 10 }), 0);
    for (const id of ["a", "b", "c"]) issuer.issue(request(id, 8, { capacity: 10 }), 1);
    issuer.issue(request("x", 0, { capacity: 10 }), 1);
    const held = ["b", "a", "c"].map((id) => issuer.issue(request(id, 8, { capacity: 10 }), 1).held);
    expect(held).toEqual([3, 4, 3]);
  });

  it("ignores a request that was overtaken", () => {
    const late = request("a", 0);
    issuer.issue(request("a", 1), 0);
    issuer.issue(late, 1);
    expect(issuer.issue(request("b", 1), 2).held).toBe(0);
  });

  it("without its memory grants nothing until every earlier grant was renewed or has ended", () => {
    const restarted = new SlotIssuer(SLOT_TTL_MS);
    expect(restarted.issue(request("b", 2, { capacity: 3 }), 1).held).toBe(0);
    expect(restarted.issue(request("a", 2, { capacity: 3, running: 2, keep: 2 }), 100).held).toBe(2);
    expect(restarted.issue(request("b", 2, { capacity: 3 }), SLOT_TTL_MS).held).toBe(1);
  });

  it("has calls that run beyond a lowered capacity not replaced when they end", () => {
    issuer.issue(request("a", 4, { capacity: 4, running: 4, keep: 4 }), 0);
    const reply = issuer.issue(request("a", 4, { capacity: 2, running: 4, keep: 4 }), 1);
    expect(reply).toMatchObject({ held: 4, isContended: true });
    expect(issuer.issue(request("a", 4, { capacity: 2, running: 1, keep: 1 }), 2).held).toBe(2);
  });
});

describe("the holder", () => {
  it("runs a sixteenth of a large capacity without a request, and nothing of a small one", () => {
    expect([1, 15, 16, 100, 100_000].map(ungrantedSlots)).toEqual([0, 0, 1, 6, 6250]);
    const holder = new SlotHolder();
    holder.capacity = 100;
    expect(holder.limit(0)).toBe(6);
    expect(holder.buildRequest({ running: 6, waiting: 0 }, 0)).toBeUndefined();
    expect(holder.buildRequest({ running: 6, waiting: 1 }, 0)).toMatchObject({
      running: 6,
      keep: 0,
      wanted: 9,
    });
  });

  it("sends one request, renews while calls run, and uses nothing after the grant has ended", () => {
    const holder = new SlotHolder();
    holder.capacity = 1;
    const ask = holder.buildRequest({ running: 0, waiting: 1 }, 0);
    if (ask === undefined) throw new Error("no request was due");
    expect(holder.buildRequest({ running: 0, waiting: 1 }, 1)).toBeUndefined();
    holder.applyReply(ask, { held: 1, isContended: false, retryMs: 0 }, { running: 0, waiting: 1 }, 50);
    expect(holder.limit(50)).toBe(1);
    expect(holder.buildRequest({ running: 1, waiting: 0 }, 500)).toBeUndefined();
    expect(holder.buildRequest({ running: 1, waiting: 0 }, 600)).toMatchObject({ keep: 1, wanted: 1 });
    expect([SLOT_TTL_MS - 1, SLOT_TTL_MS].map((now) => holder.limit(now))).toEqual([1, 0]);
  });

  it("counts by itself when the object does not answer twice, until it answers again", () => {
    const holder = new SlotHolder();
    holder.capacity = 3;
    const load = { running: 0, waiting: 1 };
    for (const now of [0, 500]) {
      const ask = holder.buildRequest(load, now);
      if (ask === undefined) throw new Error("no request was due");
      expect(holder.limit(now)).toBe(0);
      holder.markLost(ask, now + 500);
    }
    expect(holder.limit(1000)).toBe(3);
    expect(holder.buildRequest({ running: 2, waiting: 0 }, 1999)).toBeUndefined();
    const probe = holder.buildRequest({ running: 2, waiting: 0 }, 2000);
    if (probe === undefined) throw new Error("no request was due");
    holder.applyReply(probe, { held: 2, isContended: false, retryMs: 0 }, { running: 2, waiting: 0 }, 2010);
    expect(holder.limit(2010)).toBe(2);
  });
});

describe("running calls", () => {
  it("are lost when they have not shown themselves for long, and were to", () => {
    const calls = new RunningCalls();
    for (const id of ["a", "b", "c"]) calls.start(id, 0);
    calls.markSeen("b", 1000);
    calls.confirm("c");
    expect(calls.listLost(LOST_CALL_MS)).toEqual(["a"]);
    expect([calls.end("a", 9000), calls.end("a", 9000)]).toEqual([9000, undefined]);
  });
});

describe("isolates together", () => {
  it("run no more calls under grants in force than the capacity, whatever becomes of messages and parts", () => {
    const isolate = fc.nat(2);
    const which = fc.nat(20);
    const action = fc.oneof(
      { weight: 8, arbitrary: fc.record({ do: fc.constant("arrive" as const), isolate }) },
      { weight: 6, arbitrary: fc.record({ do: fc.constant("end" as const), isolate, which }) },
      { weight: 10, arbitrary: fc.record({ do: fc.constant("tick" as const), isolate }) },
      { weight: 14, arbitrary: fc.record({ do: fc.constant("step" as const), which }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("lose" as const), which }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("drop" as const), which }) },
      {
        weight: 8,
        arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.oneof(fc.nat(300), fc.nat(3000)) }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("die" as const), isolate }) },
    );
    const skews = fc.array(fc.integer({ min: -9e5, max: 9e5 }), { minLength: 3, maxLength: 3 });
    const actions = fc.array(action, { minLength: 20, maxLength: 300 });
    const capacities = fc.integer({ min: 1, max: 4 });
    fc.assert(
      fc.property(actions, capacities, skews, (acts, capacity, clockSkews) => {
        const world = new SlotWorld(capacity, clockSkews);
        for (const act of acts) {
          const one = "isolate" in act ? world.isolates[act.isolate] : undefined;
          const message = "which" in act ? world.messageAt(act.which) : undefined;
          if (act.do === "wait") world.wait(act.ms);
          else if (act.do === "restart") world.restart();
          else if (act.do === "arrive" && one) world.arrive(one);
          else if (act.do === "end" && one) world.end(one, act.which);
          else if (act.do === "tick" && one) world.tick(one);
          else if (act.do === "die") one?.die();
          else if (message && act.do === "step") world.step(message);
          else if (message && act.do === "lose") world.lose(message);
          else if (message && act.do === "drop") world.drop(message);
          expect(world.covered).toBeLessThanOrEqual(capacity);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("never run more calls than the capacity while messages arrive, and none waits for ever", () => {
    const settings = {
      capacity: fc.integer({ min: 1, max: 8 }),
      isolates: fc.integer({ min: 2, max: 5 }),
      seed: fc.integer(),
    };
    fc.assert(
      fc.property(fc.record(settings), ({ capacity, isolates, seed }) => {
        const world = new SlotWorld(
          capacity,
          Array.from({ length: isolates }, (_, at) => at * 1000),
        );
        const longestWaitMs = world.simulate({ seed, forMs: 20_000, maxWaiting: 4 });
        expect(world.mostRunning).toBeLessThanOrEqual(capacity);
        // The isolates take turns at a single slot, and each may die with it: the wait grows with their number.
        expect(longestWaitMs).toBeLessThan(Math.max(8000, 2000 + 2000 * isolates));
        for (const { started } of world.isolates) expect(started).toBeGreaterThan(0);
      }),
      { numRuns: 60 },
    );
  });
});
