// Where the gateway spends its time: a CPU profile by workerd's inspector, which Chromium's developer tools open too.
import { writeFileSync } from "node:fs";
import { Problem } from "../../lib/problem.ts";

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
}

interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
}

export interface Share {
  readonly name: string;
  /** Of all samples that were not idle. */
  readonly share: number;
}

const SAMPLE_EVERY_US = 200;
const MOST_SHOWN = 45;

/** Profiles what runs during `work`, keeps the profile in `file`, and returns what was on top of the stack most. */
export async function profile(
  inspector: string,
  file: string,
  work: () => Promise<unknown>,
): Promise<readonly Share[]> {
  const tools = await connect(inspector);
  await tools.ask("Profiler.enable");
  await tools.ask("Profiler.setSamplingInterval", { interval: SAMPLE_EVERY_US });
  await tools.ask("Profiler.start");
  await work();
  const { profile: taken } = await tools.ask("Profiler.stop");
  tools.close();
  writeFileSync(file, JSON.stringify(taken));
  return sharesOf(taken);
}

function sharesOf({ nodes, samples }: Profile): readonly Share[] {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, lineNumber } }) => [
      id,
      functionName.startsWith("(") ? functionName : `${functionName || "(anonymous)"}:${lineNumber + 1}`,
    ]),
  );
  const counts = new Map<string, number>();
  let busy = 0;
  for (const sample of samples) {
    const name = names.get(sample) ?? "?";
    if (name === "(idle)") continue;
    busy += 1;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return Array.from(counts, ([name, count]) => ({ name, share: count / busy }))
    .toSorted((a, b) => b.share - a.share)
    .slice(0, MOST_SHOWN);
}

interface Tools {
  ask(method: string, params?: object): Promise<{ profile: Profile }>;
  close(): void;
}

async function connect(inspector: string): Promise<Tools> {
  const listed = await fetch(`http://${inspector}/json`);
  const [target]: { webSocketDebuggerUrl: string }[] = JSON.parse(await listed.text());
  if (target === undefined) throw new Problem("workerd's inspector names no Worker.");
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  const waiting = new Map<number, (result: { profile: Profile }) => void>();
  socket.onmessage = ({ data }) => {
    const { id, result } = JSON.parse(String(data));
    waiting.get(id)?.(result);
    waiting.delete(id);
  };
  let last = 0;
  return {
    ask(method, params = {}) {
      last += 1;
      const id = last;
      socket.send(JSON.stringify({ id, method, params }));
      return new Promise((resolve) => waiting.set(id, resolve));
    },
    close: () => socket.close(),
  };
}
