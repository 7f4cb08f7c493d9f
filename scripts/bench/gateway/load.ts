// One burst of load, in a process of its own: so many requests over so many connections. Reads what to send from its
// first argument, prints what came of it as a line of JSON. Plain sockets: a client library takes a third of a core, on
// the cores that the gateway is measured on.
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import type { Burst, RpcMessage } from "./burst.ts";
import { quantile } from "./figures.ts";
import { ResponseReader } from "./response-reader.ts";

const TIMEOUT_MS = 60_000;

const burst: Burst = JSON.parse(process.argv[2] ?? "{}");
const target = new URL(burst.url);
const body = burst.bodyFile === undefined ? "" : readFileSync(burst.bodyFile, "utf8");
const authorizations: string[] =
  burst.authorizationsFile === undefined ? [] : JSON.parse(readFileSync(burst.authorizationsFile, "utf8"));

const latencies: number[] = [];
const unexpected = new Map<number, number>();
let errors = 0;
let timeouts = 0;
let sent = 0;
let turn = Math.floor(Math.random() * authorizations.length);
let ended = 0;

/** The request as connection `number` sends it; all of it in one piece. */
function render(number: number, authorization: string | undefined): Buffer {
  const text = burst.ownIds === true ? body.replace('"id":1,', `"id":${number},`) : body;
  const headers = {
    host: target.host,
    ...burst.headers,
    ...(authorization !== undefined && { authorization }),
    ...(burst.method === "POST" && { "content-length": String(Buffer.byteLength(text)) }),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(
    `${burst.method} ${target.pathname}${target.search} HTTP/1.1\r\n${lines.join("")}\r\n${text}`,
  );
}

/** Keeps one connection busy until all requests are sent; opens it anew where it was closed. */
function runConnection(number: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const own = authorizations.length > 0 ? undefined : render(number, undefined);
  let startedAt = 0;
  let isWaiting = false;

  const next = (socket: Socket) => {
    if (sent >= burst.amount) {
      socket.destroy();
      resolve();
      return;
    }
    sent += 1;
    isWaiting = true;
    startedAt = performance.now();
    turn += 1;
    socket.write(own ?? render(number, authorizations[turn % authorizations.length]));
  };

  const open = () => {
    const socket = connect({ host: target.hostname, port: Number(target.port || 80), noDelay: true });
    const reader = new ResponseReader((status, keepsAlive) => {
      isWaiting = false;
      ended = performance.now();
      latencies.push(ended - startedAt);
      if (status !== burst.status) unexpected.set(status, (unexpected.get(status) ?? 0) + 1);
      if (keepsAlive) next(socket);
      else reopen();
    });
    let isGone = false;
    let isConnected = false;
    const reopen = () => {
      if (isGone) return;
      isGone = true;
      socket.destroy();
      // One that cannot connect has sent a request that failed: else it would try without end.
      if (!isConnected) sent += 1;
      if (isWaiting || !isConnected) errors += 1;
      isWaiting = false;
      if (sent >= burst.amount) resolve();
      else open();
    };
    socket.setTimeout(TIMEOUT_MS, () => {
      timeouts += 1;
      isWaiting = false;
      reopen();
    });
    socket.on("connect", () => {
      isConnected = true;
      next(socket);
    });
    socket.on("data", (piece: Buffer) => reader.push(piece));
    socket.on("error", reopen);
    socket.on("close", () => {
      if (isWaiting) reopen();
    });
  };

  open();
  return promise;
}

const started = performance.now();
await Promise.all(Array.from({ length: burst.connections }, (_, at) => runConnection(at + 1)));
latencies.sort((a, b) => a - b);
const received: RpcMessage = {
  perSecond: latencies.length / ((ended - started) / 1000),
  p50: quantile(latencies, 0.5),
  p99: quantile(latencies, 0.99),
  answered: latencies.length,
  failed: { errors, timeouts, statuses: Object.fromEntries(unexpected) },
};
console.log(JSON.stringify(received));
