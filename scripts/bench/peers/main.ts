// `npm run bench -- --peers`: installs the peers, measures each beside the gateway, prints the table; `--write` keeps it.
import { writeSection } from "../gateway/document.ts";
import { startWorld } from "../gateway/world.ts";
import { comparePeers } from "./compare-peers.ts";
import { peersTable } from "./report.ts";

export interface Wanted {
  readonly rounds: number;
  readonly connections: readonly number[] | undefined;
  readonly json: boolean;
  readonly wanted: RegExp | undefined;
  readonly write: boolean;
}

export async function measurePeers({
  rounds,
  connections = [16],
  json,
  wanted,
  write,
}: Wanted): Promise<number> {
  const world = await startWorld();
  const tables: string[] = [];
  try {
    for (const count of connections) {
      const results = await comparePeers(world, { rounds, connections: count, wanted }, (result) => {
        if (json) console.log(JSON.stringify({ connections: count, ...result }));
        else console.error(`${result.name} ${result.version}, ${result.setting}: done`);
      });
      const table = `At ${count} connections, gateway / peer:\n\n${peersTable(results)}`;
      if (!json) console.log(`${table}\n`);
      tables.push(table);
    }
    if (write) writeSection("docs/benchmarks/gateway.md", "peers", tables.join("\n\n"));
  } finally {
    await world.close();
  }
  return 0;
}
