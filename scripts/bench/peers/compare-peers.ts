// Each peer in turn against the gateway's tools/call in the words of before 2026-07-28, in rounds that alternate.

import { fileURLToPath } from "node:url";
import { errorMessage } from "../../lib/problem.ts";
import { type Measured, measureBurst } from "../gateway/burst.ts";
import { legacyCall } from "../gateway/cases.ts";
import { type Side, sideOf } from "../gateway/compare.ts";
import { median } from "../gateway/figures.ts";
import type { Sent } from "../gateway/requests.ts";
import type { World } from "../gateway/world.ts";
import { amountFor } from "./amount.ts";
import { PEERS, type Peer } from "./catalog.ts";
import { PeerFailed } from "./failed.ts";
import { prove, startPeer } from "./run.ts";
import { settle } from "./settle.ts";

export interface Figures {
  readonly gateway: Side;
  /** Its own process: what its children use is not in it. */
  readonly peer: Side;
  /** Throughput of the gateway for each one of the peer: median of the rounds. */
  readonly ratio: number;
  readonly ratios: readonly number[];
}

export type PeerResult = Pick<Peer, "name" | "version" | "setting" | "notes"> &
  (Figures | { readonly failed: string });

export interface Rounds {
  readonly rounds: number;
  readonly connections: number;
  /** Matches names and settings; all peers where it is missing. */
  readonly wanted?: RegExp | undefined;
}

const SSE_LOAD = fileURLToPath(new URL("./sse-load.ts", import.meta.url));

export async function comparePeers(
  world: World,
  rounds: Rounds,
  reported: (result: PeerResult) => void = () => {},
): Promise<readonly PeerResult[]> {
  const { gateway } = await legacyCall("tools/call legacy, one server", "/mcp/one").prepare(world);
  const gatewaySide = await warm(sideAt(gateway, world.gateway.pid, rounds.connections));
  const results: PeerResult[] = [];
  for (const peer of PEERS) {
    if (rounds.wanted?.test(`${peer.name} ${peer.setting}`) === false) continue;
    const { name, version, setting, notes } = peer;
    const outcome = await measurePeer(peer, world, gatewaySide, rounds).catch(failureOf);
    const result = { name, version, setting, notes, ...outcome };
    results.push(result);
    reported(result);
  }
  return results;
}

/** What went wrong on our own side ends the run. */
function failureOf(error: unknown): { failed: string } {
  if (error instanceof PeerFailed) return { failed: error.message };
  throw error;
}

type Burster = (amount: number) => Promise<Measured>;

interface Warm {
  readonly burst: Burster;
  readonly connections: number;
  readonly amount: number;
}

function sideAt(sent: Sent, pid: number, connections: number, script?: string) {
  const burst: Burster = async (amount) => {
    const measured = await measureBurst({ ...sent, connections, amount, ownIds: true }, pid, script);
    await settle(pid);
    return measured;
  };
  return { burst, connections };
}

/** A few to guess its speed, then a round's worth until the code is hot. */
async function warm({ burst, connections }: Omit<Warm, "amount">): Promise<Warm> {
  const first = await burst(2 * connections);
  const second = await burst(amountFor(first.perSecond, connections));
  return { burst, connections, amount: amountFor(second.perSecond, connections) };
}

async function measurePeer(
  peer: Peer,
  world: World,
  gateway: Warm,
  { rounds, connections }: Rounds,
): Promise<Figures> {
  const running = await startPeer(peer, world);
  const script = peer.protocol === "sse" ? SSE_LOAD : undefined;
  const blamed = async <T>(doing: Promise<T>): Promise<T> => {
    try {
      return await doing;
    } catch (error) {
      throw new PeerFailed(errorMessage(error));
    }
  };
  try {
    const side = await blamed(warm(sideAt(running.sent, running.pid, connections, script)));
    const received: Record<"gateway" | "peer", Measured[]> = { gateway: [], peer: [] };
    const turns = {
      gateway: async () => received.gateway.push(await gateway.burst(gateway.amount)),
      peer: async () => received.peer.push(await blamed(side.burst(side.amount))),
    };
    for (let round = 0; round < rounds; round += 1) {
      for (const who of round % 2 === 0 ? (["peer", "gateway"] as const) : (["gateway", "peer"] as const)) {
        await turns[who]();
      }
    }
    await blamed(prove(peer, running.sent));
    const ratios = received.gateway.map(
      ({ perSecond }, at) => perSecond / (received.peer[at]?.perSecond ?? Number.NaN),
    );
    return { gateway: sideOf(received.gateway), peer: sideOf(received.peer), ratio: median(ratios), ratios };
  } finally {
    await running.stop();
  }
}
