// A case prepares its own part of the world and names the two requests that are held against one another.
import type { Sent } from "./requests.ts";
import type { World } from "./world.ts";

export interface Pair {
  readonly gateway: Sent;
  readonly baseline: Sent;
  /** What stands in the gateway's place runs beside the baseline, in the same process. */
  readonly isBeside?: boolean;
  /** Each round is measured right after some requests of its own kind. */
  readonly isWarm?: boolean;
}

export interface Case {
  readonly name: string;
  /** The least ratio that is good enough; nothing where a case is only reported. */
  readonly atLeast?: number;
  readonly connections: readonly number[];
  /** Requests in a round. */
  readonly amount: number;
  prepare(world: World): Promise<Pair>;
}

export const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** Against the bare pass-through, which sends the same bytes to the same upstream. */
export function passed(world: World, sent: Sent): Pair {
  return { gateway: sent, baseline: { ...sent, url: world.baseline.url, status: 200 } };
}

/** Against a Worker that gives the same bytes from memory. */
export async function fromMemory(world: World, sent: Sent, name: string): Promise<Pair> {
  world.keepBytes(await answerTo(sent));
  return {
    gateway: sent,
    baseline: { ...sent, url: `${world.baseline.url}/bytes?${encodeURIComponent(name)}` },
  };
}

async function answerTo({ url, method, headers, bodyFile }: Sent): Promise<string> {
  const { readFileSync } = await import("node:fs");
  const body = bodyFile === undefined ? null : readFileSync(bodyFile);
  const answer = await fetch(url, { method, headers, body, redirect: "manual" });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${text}`);
  return text;
}
