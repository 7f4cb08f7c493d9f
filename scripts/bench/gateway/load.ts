// One burst of load, in a process of its own: so many requests over so many connections. Reads what to send from its
// first argument, prints what came of it as a line of JSON.
import { readFileSync } from "node:fs";
import autocannon from "autocannon";
import type { Burst, Heard } from "./burst.ts";
import { quantile } from "./figures.ts";

const burst: Burst = JSON.parse(process.argv[2] ?? "{}");
const latencies: number[] = [];
const unexpected = new Map<number, number>();

const { authorizationsFile } = burst;
const authorizations: string[] =
  authorizationsFile === undefined ? [] : JSON.parse(readFileSync(authorizationsFile, "utf8"));
let turn = Math.floor(Math.random() * authorizations.length);

function setupRequest(request: autocannon.Request): autocannon.Request {
  turn += 1;
  const authorization = authorizations[turn % authorizations.length] ?? "";
  return { ...request, headers: { ...request.headers, authorization } };
}

let clients = 0;

function setupClient(client: autocannon.Client): void {
  clients += 1;
  const body = readFileSync(burst.bodyFile ?? "", "utf8");
  client.setBody(body.replace('"id":1,', `"id":${clients},`));
}

const running = autocannon(
  {
    url: burst.url,
    ...(burst.ownIds === true && { setupClient }),
    method: burst.method,
    headers: burst.headers,
    connections: burst.connections,
    amount: burst.amount,
    timeout: 60,
    ...(burst.bodyFile !== undefined && { body: readFileSync(burst.bodyFile) }),
    ...(authorizations.length > 0 && { requests: [{ setupRequest }] }),
  },
  (error, result) => {
    if (error !== null) throw error;
    latencies.sort((a, b) => a - b);
    const heard: Heard = {
      // Its own clock ticks in whole seconds, and only then does it notice that all is answered.
      perSecond: latencies.length / ((ended - started) / 1000),
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
      answered: latencies.length,
      failed: {
        errors: result.errors,
        timeouts: result.timeouts,
        statuses: Object.fromEntries(unexpected),
      },
    };
    console.log(JSON.stringify(heard));
  },
);
const started = performance.now();
let ended = started;
running.on("response", (_client, status, _bytes, ms) => {
  latencies.push(ms);
  ended = performance.now();
  if (status !== burst.status) unexpected.set(status, (unexpected.get(status) ?? 0) + 1);
});
