// `npm run bench -- --peers`: installs the peers, measures each beside the gateway, prints the table.
import { startWorld } from "../gateway/world.ts";
import { comparePeers } from "./compare-peers.ts";
import { peersTable } from "./report.ts";

export interface Wanted {
  readonly rounds: number;
  readonly connections: readonly number[] | undefined;
  readonly json: boolean;
  readonly wanted: RegExp | undefined;
}

export async function measurePeers({ rounds, connections = [16], json, wanted }: Wanted): Promise<number> {
  const world = await startWorld();
  try {
    for (const count of connections) {
      const results = await comparePeers(world, { rounds, connections: count, wanted }, (result) => {
        if (json) console.log(JSON.stringify({ connections: count, ...result }));
        else console.error(`${result.name} ${result.version}, ${result.setting}: done`);
      });
      if (!json) console.log(`At ${count} connections, gateway / peer:\n\n${peersTable(results)}\n`);
    }
  } finally {
    await world.close();
  }
  return 0;
}
