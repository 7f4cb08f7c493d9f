import { randomUUID } from "node:crypto";
import { Client, Pool } from "@neondatabase/serverless";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { databaseUrl, urlWith, useEndpoint } from "./support.ts";

const fixture = useEndpoint("neon_socket");

const withClient = async <T>(work: (client: Client) => Promise<T>, url = databaseUrl): Promise<T> => {
  const client = new Client(url);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
};

describe("the driver over WebSocket", () => {
  it("runs an interactive transaction that others see when it commits", async () => {
    await fixture.owner.query("CREATE TABLE neon_socket.account (id int, balance int)");
    const seen = async () =>
      (await fixture.owner.query("SELECT balance FROM neon_socket.account ORDER BY id")).rows;
    const pool = new Pool({ connectionString: databaseUrl });
    const client = await pool.connect();
    await client.query("BEGIN ISOLATION LEVEL SERIALIZABLE");
    const { rows } = await client.query("INSERT INTO neon_socket.account VALUES (1, 10) RETURNING balance");
    await client.query("INSERT INTO neon_socket.account VALUES (2, $1)", [rows[0].balance * 2]);
    expect(await seen()).toEqual([]);
    await client.query("COMMIT");
    expect(await seen()).toEqual([{ balance: 10 }, { balance: 20 }]);
    await client.query("BEGIN");
    await client.query("DELETE FROM neon_socket.account");
    await client.query("ROLLBACK");
    expect(await seen()).toHaveLength(2);
    client.release();
    await pool.end();
  });

  it("delivers notifications unsolicited", async () => {
    await withClient(async (client) => {
      const received = new Promise((resolve) => client.on("notification", resolve));
      await client.query("LISTEN neon_socket_news");
      await fixture.owner.query("NOTIFY neon_socket_news, 'it works'");
      expect(await received).toMatchObject({ channel: "neon_socket_news", payload: "it works" });
    });
  });

  it("carries results that SQL over HTTP would not", async () => {
    const text = "SELECT n, repeat(md5(n::text), 1000) AS filling FROM generate_series(1, 1000) n ORDER BY n";
    const viaSocket = await withClient((client) => client.query(text));
    const viaPg = await fixture.owner.query(text);
    expect(viaSocket.rows).toEqual(viaPg.rows);
  });

  it("carries long parameters", async () => {
    const long = "€".repeat(5_000_000);
    const { rows } = await withClient((client) =>
      client.query("SELECT md5($1) = md5($2) AS same", [long, long]),
    );
    expect(rows).toEqual([{ same: true }]);
  });

  it("brings errors of a statement and goes on", async () => {
    await withClient(async (client) => {
      await expect(client.query("SELECT 1/0")).rejects.toMatchObject({ code: "22012" });
      expect((await client.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    });
  });

  it("ends the session on the server with the client", async () => {
    const pid = await withClient(
      async (client) => (await client.query("SELECT pg_backend_pid() AS pid")).rows[0].pid,
    );
    const left = async () =>
      (await fixture.owner.query("SELECT FROM pg_stat_activity WHERE pid = $1", [pid])).rowCount;
    await expect.poll(left).toBe(0);
  });

  it("ends the client with the session on the server", async () => {
    const client = new Client(databaseUrl);
    await client.connect();
    const failed = new Promise((resolve) => client.on("error", resolve));
    const { rows } = await client.query("SELECT pg_backend_pid() AS pid");
    await fixture.owner.query("SELECT pg_terminate_backend($1)", [rows[0].pid]);
    expect(await failed).toBeInstanceOf(Error);
  });

  it("gets the error of Postgres for a wrong password", async () => {
    const url = urlWith((u) => {
      u.password = "not it";
    });
    await expect(new Client(url).connect()).rejects.toMatchObject({ code: "28P01" });
  });

  it.each([["postgres://user:secret@127.0.0.1:1/db"], ["postgres://user:secret@example.com/db"]])(
    "%s is not allowed",
    async (url) => {
      await expect(new Client(url).connect()).rejects.toThrow("The requested endpoint could not be found");
    },
  );

  it("gets an error when there is no Postgres", async () => {
    const { startNeonEndpoint } = await import("../../../scripts/neon/endpoint.ts");
    const lonely = await startNeonEndpoint({ allow: ["127.0.0.1:1"] });
    const client = new Client("postgres://user:secret@127.0.0.1:1/db");
    client.neonConfig.wsProxy = `127.0.0.1:${lonely.port}/v2`;
    await expect(client.connect()).rejects.toThrow("error connecting to server");
    await lonely.close();
  });
});

describe("a WebSocket that is not the driver's", () => {
  const open = (path: string) => new WebSocket(`ws://127.0.0.1:${fixture.endpoint.port}${path}`);
  const closed = (socket: WebSocket) =>
    new Promise<number>((resolve) => socket.on("error", () => {}).on("close", resolve));
  const allowed = () => {
    const { hostname, port } = new URL(databaseUrl);
    return `/v2?address=${hostname}:${port || "5432"}`;
  };

  it.each(["/v2", "/v2?address=", "/v2?address=nonsense", "/v2?address=127.0.0.1:99999"])(
    "%s is closed",
    async (path) => {
      await closed(open(path));
    },
  );

  it("may not send text", async () => {
    const socket = open(allowed());
    socket.on("open", () => socket.send("hello"));
    expect(await closed(socket)).toBe(1003);
  });

  it("that sends no Postgres is closed by Postgres", async () => {
    const socket = open(allowed());
    socket.on("open", () => socket.send(Buffer.from("GET / HTTP/1.1\r\n\r\n")));
    await closed(socket);
  });

  it("that breaks off at once does no harm", async () => {
    const socket = open(allowed());
    socket.on("open", () => socket.terminate());
    await closed(socket);
    expect((await withClient((client) => client.query("SELECT 1 AS one"))).rows).toEqual([{ one: 1 }]);
  });
});

describe("close()", () => {
  it("ends sessions and frees the port", async () => {
    const { startNeonEndpoint } = await import("../../../scripts/neon/endpoint.ts");
    const { hostname, port } = new URL(databaseUrl);
    const allow = [`${hostname}:${port || "5432"}`];
    const first = await startNeonEndpoint({ allow });
    const client = new Client(databaseUrl);
    client.neonConfig.wsProxy = `127.0.0.1:${first.port}/v2`;
    const failed = new Promise((resolve) => client.on("error", resolve));
    await client.connect();
    const query = `SELECT pg_sleep(600) /* ${randomUUID()} */`;
    const sleeping = fetch(`${first.url}/sql`, {
      method: "POST",
      headers: { "Neon-Connection-String": databaseUrl },
      body: JSON.stringify({ query }),
    }).catch((error: unknown) => error);
    const running = async () =>
      (await fixture.owner.query("SELECT FROM pg_stat_activity WHERE query = $1", [query])).rowCount;
    await expect.poll(running).toBe(1);
    await first.close();
    await failed;
    expect(await sleeping).toBeInstanceOf(Error);
    const second = await startNeonEndpoint({ port: first.port, allow });
    expect(second.port).toBe(first.port);
    await second.close();
  });
});
