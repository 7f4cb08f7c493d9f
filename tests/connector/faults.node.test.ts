/** A connector whose network fails, that is killed, or whose output nothing takes. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { connect as connectTcp, createServer as createTcpServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { formatFrame, parseFrame } from "../../src/core/connector/frames.ts";
import { addStdioServer, STDIO_SERVER, startConnector, untilDiscovered } from "../fixtures/connector.ts";
import { databaseOfThisRun, startGateway, type TestGateway } from "../fixtures/gateway.ts";
import { connectV1, connectV2 } from "../scripts/mcp-clients.ts";

let gateway: TestGateway;
const folder = mkdtempSync(join(tmpdir(), "connector-"));

beforeAll(async () => {
  gateway = await startGateway(databaseOfThisRun());
});
afterAll(async () => {
  await gateway?.close();
  rmSync(folder, { recursive: true });
});

/** Stands between the connector and the gateway, and drops all connections when it is cut. */
async function startNetwork(port: number) {
  const sockets = new Set<Socket>();
  const server = createTcpServer((inner) => {
    const outer = connectTcp(port, "127.0.0.1");
    for (const socket of [inner, outer]) {
      sockets.add(socket);
      socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    }
    inner.pipe(outer).pipe(inner);
    inner.on("close", () => outer.destroy());
    outer.on("close", () => inner.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: () => server.close(),
  };
}

const isRunning = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function openServer(name: string, gatewayUrl: string, command: readonly string[]) {
  const tenant = await gateway.addTenant();
  const admin = await tenant.addKey({ role: "admin", scopes: ["read", "admin"] });
  const { id, key } = await addStdioServer(tenant, name);
  const connector = startConnector({ gatewayUrl, key, server: name, command });
  await untilDiscovered(gateway, admin, id);
  const url = `${gateway.url}/mcp/${name}`;
  return { connector, url, headers: { authorization: `Bearer ${tenant.apiKey}` } };
}

describe("a connector", () => {
  it("loses and doubles no request when the network is cut 50 times under load", async () => {
    const network = await startNetwork(Number(new URL(gateway.url).port));
    const file = join(folder, "calls");
    const command = [process.execPath, STDIO_SERVER, file];
    const { connector, url, headers } = await openServer("unsteady", network.url, command);
    const clients = [await connectV1(url, headers), await connectV2(url, "auto", headers)];
    const answered = new Map<string, boolean>();
    let isOver = false;
    const load = async (client: (typeof clients)[number], worker: string) => {
      for (let index = 0; !isOver; index += 1) {
        const id = `${worker}-${index}`;
        const text = await client.call("count", { id }).catch(() => undefined);
        answered.set(id, text === id);
        expect(text ?? id).toBe(id);
      }
    };
    const loads = clients.flatMap((client, at) => [0, 1, 2].map((worker) => load(client, `${at}-${worker}`)));
    const connections = () => connector.output().split("Connected to").length - 1;
    for (let cut = 1; cut <= 50; cut += 1) {
      const before = { connections: connections(), answers: answered.size };
      network.cut();
      while (connections() === before.connections) await wait(10);
      while (answered.size < before.answers + 6) await wait(5);
    }
    isOver = true;
    await Promise.all(loads);
    const counts = new Map<string, number>();
    for (const id of readFileSync(file, "utf8").trim().split("\n")) counts.set(id, (counts.get(id) ?? 0) + 1);
    expect(Math.max(...counts.values())).toBe(1);
    const lost = [...answered].filter(([id, isAnswered]) => isAnswered && !counts.has(id));
    expect(lost).toEqual([]);
    expect([...answered.values()].filter((isAnswered) => !isAnswered)).toEqual([]);
    expect(answered.size).toBeGreaterThan(300);
    for (const client of clients) await client.close();
    connector.signal("SIGTERM");
    expect(await connector.exited).toBe(0);
    network.close();
  });

  it("leaves no process behind when it is killed", async () => {
    const { connector, url, headers } = await openServer("killed", gateway.url, [
      // Standard input that closes does not end it, and neither does SIGTERM.
      "/bin/sh",
      "-c",
      `trap '' TERM; ${process.execPath} ${STDIO_SERVER}; while :; do sleep 1; done`,
    ]);
    const clients = await Promise.all(Array.from({ length: 5 }, () => connectV1(url, headers)));
    const pids = await Promise.all(clients.map(async (client) => Number(await client.call("pid"))));
    expect(new Set(pids).size).toBe(5);
    connector.signal("SIGKILL");
    await connector.exited;
    while (pids.some(isRunning)) await wait(50);
    await Promise.all(clients.map((client) => client.close()));
  });
});

/** A gateway that opens one session and takes what comes, but acknowledges only what the test selects. */
async function startSilentGateway(session: string) {
  const http = createServer();
  const sockets = new WebSocketServer({ server: http });
  const received: number[] = [];
  let peer: WebSocket | undefined;
  sockets.on("connection", (socket) => {
    peer = socket;
    socket.send(formatFrame({ kind: "open", session }));
    socket.on("message", (data) => {
      const frame = parseFrame(data.toString());
      if (frame?.kind === "message") received.push(frame.seq);
    });
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const address = http.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
    received,
    acknowledge: (ack: number) => peer?.send(formatFrame({ kind: "ack", session, ack })),
    close: () => {
      sockets.close();
      http.close();
    },
  };
}

describe("a process whose output is not taken", () => {
  it("is not read, however much it writes, until what it wrote is acknowledged", async () => {
    const session = crypto.randomUUID();
    const silent = await startSilentGateway(session);
    const flood = `const line = '{"x":"' + "y".repeat(1048000) + '"}\\n';
      const write = () => { while (process.stdout.write(line)); process.stdout.once("drain", write); };
      write();`;
    const command = [process.execPath, "-e", flood];
    const connector = startConnector({ gatewayUrl: silent.url, key: "any", server: "flood", command });
    const isStill = async () => {
      const before = silent.received.length;
      await wait(300);
      return before > 0 && silent.received.length === before;
    };
    while (!(await isStill())) await wait(10);
    // Eight of a mebibyte fill the window.
    expect(silent.received.length).toBe(8);
    silent.acknowledge(5);
    while (silent.received.length < 13) await wait(10);
    while (!(await isStill())) await wait(10);
    expect(silent.received).toEqual(Array.from({ length: 13 }, (_, index) => index + 1));
    const status = readFileSync(`/proc/${connector.child.pid}/status`, "utf8");
    const residentKib = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
    expect(residentKib).toBeLessThan(400 * 1024);
    connector.signal("SIGTERM");
    connector.signal("SIGTERM");
    expect(await connector.exited).toBe(0);
    silent.close();
  });
});
