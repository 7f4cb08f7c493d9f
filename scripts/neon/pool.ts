// Connections are pooled per connection string, as in Neon's proxy, and reused only with a clean session, so that
// settings, temporary tables and advisory locks of another request are not visible.
import { connect } from "node:net";
import { Pool, type PoolClient } from "pg";
import { connectError } from "./errors.ts";
import type { Target } from "./target.ts";
import type { ArrayTypes } from "./values.ts";

const MAX_CONNECTIONS = 20;
const IDLE_MS = 30_000;
const CONNECT_MS = 30_000;

export interface Lease {
  readonly client: PoolClient;
  /** Loaded once per database, and only for clients that use converted values. */
  arrayTypes(): Promise<ArrayTypes>;
  /** Returns at once; the connection serves again when its session is clean, or never. */
  release(reusable: boolean): void;
  /** Stops the running statement on the server and gives the connection up. */
  cancel(): void;
}

export interface Pools {
  acquire(target: Target): Promise<Lease>;
  close(): Promise<void>;
}

interface Entry {
  readonly pool: Pool;
  arrayTypes: ArrayTypes | undefined;
}

export function createPools(): Pools {
  const entries = new Map<string, Entry>();
  const leases = new Set<Lease>();

  const open = (target: Target): Entry => {
    const pool = new Pool({
      host: target.host,
      port: target.port,
      user: target.user,
      password: target.password,
      database: target.database,
      application_name: target.applicationName,
      options: target.options,
      ssl: false,
      max: MAX_CONNECTIONS,
      idleTimeoutMillis: IDLE_MS,
      connectionTimeoutMillis: CONNECT_MS,
      allowExitOnIdle: true,
    });
    // A server that restarts or drops a database closes connections at any time. Without listeners, on the
    // pool for idle ones and on the client for leased ones, Node ends the process.
    pool.on("error", () => {});
    pool.on("connect", (client) => client.on("error", () => {}));
    pool.on("remove", () => forgetIfEmpty(target.key, entry));
    const entry: Entry = { pool, arrayTypes: undefined };
    entries.set(target.key, entry);
    return entry;
  };

  const forgetIfEmpty = (key: string, entry: Entry): void => {
    if (entries.get(key) !== entry || entry.pool.totalCount > 0 || entry.pool.waitingCount > 0) return;
    entries.delete(key);
    void entry.pool.end();
  };

  const acquire = async (target: Target): Promise<Lease> => {
    const entry = entries.get(target.key) ?? open(target);
    let client: PoolClient;
    try {
      client = await entry.pool.connect();
    } catch (error) {
      forgetIfEmpty(target.key, entry);
      throw connectError(error, target.user);
    }
    const lease = createLease(client, target, entry, () => leases.delete(lease));
    leases.add(lease);
    return lease;
  };

  const close = async (): Promise<void> => {
    for (const lease of leases) lease.release(false);
    const open = [...entries.values()];
    entries.clear();
    await Promise.all(open.map(({ pool }) => pool.end()));
  };

  return { acquire, close };
}

function createLease(client: PoolClient, target: Target, entry: Entry, ended: () => void): Lease {
  let state: "leased" | "cancelled" | "cleaning" | "ended" = "leased";

  const end = (drop: boolean): void => {
    if (state === "ended") return;
    state = "ended";
    client.release(drop);
    ended();
  };

  return {
    client,
    arrayTypes: async () => {
      if (entry.arrayTypes === undefined) {
        const { rows } = await client.query<{ array: number; element: number }>(
          'SELECT typarray AS "array", oid AS element FROM pg_catalog.pg_type WHERE typarray <> 0',
        );
        entry.arrayTypes = new Map(rows.map(({ array, element }) => [array, element]));
      }
      return entry.arrayTypes;
    },
    release: (reusable) => {
      if (!reusable || state !== "leased") {
        end(true);
        return;
      }
      state = "cleaning";
      // It also fails inside a transaction that a lone BEGIN left open, and that connection must go as well.
      client.query("DISCARD ALL").then(
        () => end(false),
        () => end(true),
      );
    },
    cancel: () => {
      if (state !== "leased") return;
      // A cancel that arrives late would hit the next statement on the connection, so there is none.
      state = "cancelled";
      sendCancel(client, target, () => end(true));
    },
  };
}

const CANCEL_REQUEST = 80_877_102;

/** https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS */
function sendCancel(client: PoolClient, target: Target, done: () => void): void {
  const { processID, secretKey } = cancelKey(client);
  if (processID === undefined || secretKey === undefined) {
    done();
    return;
  }
  const message = Buffer.alloc(16);
  message.writeInt32BE(16, 0);
  message.writeInt32BE(CANCEL_REQUEST, 4);
  message.writeInt32BE(processID, 8);
  message.writeInt32BE(secretKey, 12);
  const socket = connect(target.port, target.host, () => socket.end(message));
  socket.on("error", () => {});
  socket.on("close", done);
}

/** pg keeps these for its own cancel() but does not declare them. */
function cancelKey(client: object): { processID?: number; secretKey?: number } {
  if (!("processID" in client) || !("secretKey" in client)) return {};
  const { processID, secretKey } = client;
  return typeof processID === "number" && typeof secretKey === "number" ? { processID, secretKey } : {};
}
