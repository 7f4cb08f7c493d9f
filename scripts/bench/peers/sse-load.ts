// One burst of load over HTTP+SSE, in a process of its own: as many clients as connections, each of which calls again
// as soon as it is answered. Takes and prints what load.ts of the gateway's benchmark does.
import { readFileSync } from "node:fs";
import type { Burst, RpcMessage } from "../gateway/burst.ts";
import { quantile } from "../gateway/figures.ts";
import { isAnswer, openSession } from "./conversation.ts";

const burst: Burst = JSON.parse(process.argv[2] ?? "{}");
const body = JSON.parse(readFileSync(burst.bodyFile ?? "", "utf8"));
const clients = await Promise.all(Array.from({ length: burst.connections }, () => openSession(burst.url)));
const latencies: number[] = [];
let left = burst.amount;
let failed = 0;
// No two alike in all clients together: some servers mix them up.
let id = 1;

const started = performance.now();
await Promise.all(
  clients.map(async (client) => {
    while (left > 0) {
      left -= 1;
      id += 1;
      const sent = performance.now();
      const answer = await client.call({ ...body, id });
      latencies.push(performance.now() - sent);
      if (!isAnswer(answer)) failed += 1;
    }
  }),
);
const seconds = (performance.now() - started) / 1000;
for (const client of clients) client.close();
latencies.sort((a, b) => a - b);
const received: RpcMessage = {
  perSecond: latencies.length / seconds,
  p50: quantile(latencies, 0.5),
  p99: quantile(latencies, 0.99),
  answered: latencies.length,
  failed: { errors: failed, timeouts: 0, statuses: {} },
};
console.log(JSON.stringify(received));
