/** The comparison with other gateways: its text must be what was measured. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { amountFor } from "../../../scripts/bench/peers/amount.ts";
import { PEERS } from "../../../scripts/bench/peers/catalog.ts";
import type { PeerResult } from "../../../scripts/bench/peers/compare-peers.ts";
import { isAnswer } from "../../../scripts/bench/peers/conversation.ts";
import { eventReader, type SentEvent } from "../../../scripts/bench/peers/events.ts";
import { complaintOf } from "../../../scripts/bench/peers/failed.ts";
import { peersTable, verdict } from "../../../scripts/bench/peers/report.ts";

const side = (perSecond: number, p99: number) => ({
  perSecond,
  p50: 1,
  p99,
  cpuUs: 100,
  rssMib: 50,
  failures: 0,
});

function measured(name: string, ratio: number, p99: number, notes: readonly string[] = []): PeerResult {
  const [gateway, peer] = [side(ratio * 100, 10), side(100, p99)];
  return { name, version: "1.0.0", setting: "sessions", notes, gateway, peer, ratio, ratios: [ratio] };
}

const failed = (why: string): PeerResult => ({
  name: "broken",
  version: "1.0.0",
  setting: "sessions",
  notes: [],
  failed: why,
});

describe("the verdict on the peers", () => {
  it("is given against the closest of those that ran", () => {
    const text = verdict([measured("far", 9, 90), failed("no reason"), measured("near", 5, 90)]);
    expect(text).toContain("The closest is near 1.0.0 (sessions)");
    expect(text).toContain("5.00 times");
    expect(text).toContain("met");
  });

  it("reports when the target is missed by the closest, however far the others are", () => {
    expect(verdict([measured("far", 50, 90), measured("near", 4.99, 90)])).toContain("missed");
  });

  it("names every peer whose p99 is as low as the gateway's", () => {
    const results = [measured("slow", 9, 10.1), measured("equal", 9, 10), measured("quick", 9, 2)];
    expect(verdict(results)).toContain("not lower than that of equal (sessions), quick (sessions).");
    expect(verdict([measured("slow", 9, 10.1)])).toContain("lower than that of every peer");
  });

  it("claims nothing where no peer ran", () => {
    expect(verdict([failed("no reason")])).toBe("No peer could be measured.");
  });
});

describe("the table of the peers", () => {
  const rows = (results: readonly PeerResult[]) =>
    peersTable(results)
      .split("\n")
      .filter((row) => row.startsWith("|"));

  it("keeps its columns whatever a peer failed of", () => {
    fc.assert(
      fc.property(fc.string(), (why) => {
        const widths = rows([failed(why), measured("one", 2, 20)]).map(
          (row) => row.match(/(?<!\\)\|/g)?.length,
        );
        expect(new Set(widths)).toEqual(new Set([10]));
      }),
    );
  });

  it("reports why a peer has no figures", () => {
    expect(rows([failed("It exited unexpectedly.")]).at(-1)).toContain("failed: It exited unexpectedly.");
  });

  it("prints a note once and refers to it by its number", () => {
    const text = peersTable([measured("one", 2, 20, ["A."]), measured("two", 2, 20, ["B.", "A."])]);
    expect(text).toContain("| one 1.0.0 | sessions (1) |");
    expect(text).toContain("| two 1.0.0 | sessions (2) (1) |");
    expect(text.match(/^\d\. .*$/gm)).toEqual(["1. A.", "2. B."]);
  });
});

describe("the peers", () => {
  it("are pinned, and each setting is measured once", () => {
    for (const { version } of PEERS) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    const rows = PEERS.map(({ name, setting }) => `${name} ${setting}`);
    expect(new Set(rows).size).toBe(rows.length);
  });

  it("have each one version only", () => {
    const versions = new Set(PEERS.map(({ name, version }) => `${name}@${version}`));
    expect(versions.size).toBe(new Set(PEERS.map(({ name }) => name)).size);
  });
});

describe("a round", () => {
  it.each([
    [1000, 16, 2000],
    [1, 16, 32],
    [1_000_000, 16, 20_000],
    [10, 256, 512],
  ])(
    "of a side that answers %d in a second over %d connections has %d requests",
    (perSecond, connections, amount) => {
      expect(amountFor(perSecond, connections)).toBe(amount);
    },
  );
});

describe("an answer", () => {
  it.each([
    ['{"result":{"content":[{"type":"text","text":"The answer of one_tool_1."}]}}', true],
    ['{"result":{"isError":true,"content":[{"type":"text","text":"The answer of one_tool_1."}]}}', false],
    ['{"error":{"code":-32602,"message":"Tool not found"}}', false],
    ["", false],
  ])("%s is right: %s", (text, right) => {
    expect(isAnswer(text)).toBe(right);
  });
});

describe("the reader of events", () => {
  const read = (pieces: readonly string[]) => {
    const reported: SentEvent[] = [];
    const take = eventReader((event) => reported.push(event));
    for (const piece of pieces) take(piece);
    return reported;
  };
  const stream =
    ': hello\n\nevent: endpoint\ndata: /messages?id=1\n\nevent: message\r\ndata: {"id":1}\r\n\r\ndata: a\ndata:  b\n\n';
  const events = [
    { event: "endpoint", data: "/messages?id=1" },
    { event: "message", data: '{"id":1}' },
    { event: "message", data: "a\n b" },
  ];

  it("reads the same messages however the stream is split", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length)), (cuts) => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
        expect(read(at.slice(1).map((end, index) => stream.slice(at[index], end)))).toEqual(events);
      }),
    );
  });

  it("waits for the end of an event", () => {
    expect(read(["data: half"])).toEqual([]);
  });
});

describe("what npm complained of", () => {
  it("is reported without its usual lines", () => {
    const stderr =
      "npm warn old lockfile\nnpm error code E404\nnpm error 404 Not Found - GET x\nnpm error 404\n";
    expect(complaintOf(Object.assign(new Error("Command failed"), { stderr }))).toBe(
      "code E404, 404 Not Found - GET x",
    );
  });

  it("is the failure itself where npm printed nothing", () => {
    expect(complaintOf(Object.assign(new Error("spawn npm ENOENT"), { stderr: "" }))).toBe(
      "spawn npm ENOENT",
    );
  });
});
