// Servers of both eras that fail in every way, called by clients of every revision: each call is answered with its own
// id and within its time, reaches the server once, and stands in the log once, as what it was.
import { strict as assert } from "node:assert";
import pg from "pg";
import {
  CLIENT_REVISIONS,
  type ClientRevision,
  connectClient,
  type PolicyClient,
} from "../../tests/fixtures/policy-clients.ts";
import {
  type FaultyServer,
  HARMLESS_FAULT,
  SERVER_ERAS,
  type ServerEra,
  startFaultyServer,
  UPSTREAM_FAULTS,
  type UpstreamFault,
} from "./faulty-server.ts";
import type { Instance } from "./instance.ts";
import { type Report, waitFor } from "./report.ts";
import { callRest } from "./rest.ts";

const FIRST_BYTE_TIMEOUT_MS = 2_000;
/** Wide, for a busy machine. A call without a time limit would take longer still. */
const ANSWER_TIMEOUT_MS = 30_000;
const LOGS_TIMEOUT_MS = 30_000;

interface FaultCall {
  readonly revision: ClientRevision;
  readonly requestId: string;
  readonly isError: boolean;
}

/** Nothing listens at its address. */
const DEAD = "is dead";
type Fault = UpstreamFault | typeof DEAD;

const faults: readonly Fault[] = [
  ...Object.keys(UPSTREAM_FAULTS).filter((name): name is UpstreamFault => name in UPSTREAM_FAULTS),
  DEAD,
];

export async function checkUpstreamFaults(instance: Instance, report: Report): Promise<void> {
  for (const era of SERVER_ERAS) {
    for (const fault of faults) {
      await report.check(`a ${era} server that ${fault}: every revision is answered`, () =>
        checkFault(instance, era, fault),
      );
    }
  }
}

async function checkFault(instance: Instance, era: ServerEra, fault: Fault): Promise<string> {
  const server = await startFaultyServer(era, fault === DEAD ? "answers 500" : fault);
  try {
    const name = `${era} ${fault}`.replaceAll(/\W+/g, "-").toLowerCase();
    const { status, body } = await callRest(instance, "POST", "/servers", {
      name,
      endpointUrl: server.url,
      discover: false,
      settings: { firstByteTimeoutMs: FIRST_BYTE_TIMEOUT_MS },
    });
    assert.equal(status, 201, JSON.stringify(body));
    const { mcpUrl, apiKey } = instance.ready;
    const endpoint = { url: `${mcpUrl}/${name}`, key: apiKey };
    const clients = await Promise.all(
      CLIENT_REVISIONS.map(async (revision) => ({
        revision,
        client: await connectClient(revision, endpoint),
      })),
    );
    if (fault === DEAD) await server.close();
    const calls = await Promise.all(clients.map(callTool));
    return await judge(instance, { server, fault, calls });
  } finally {
    await server.close();
  }
}

interface Connected {
  readonly revision: ClientRevision;
  readonly client: PolicyClient;
}

async function callTool({ revision, client }: Connected): Promise<FaultCall> {
  try {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const { requestId, message } = await client.ask(
      "tools/call",
      { name: "write", arguments: {} },
      { signal },
    );
    assert.notEqual(message.id ?? undefined, undefined, `${revision}: the answer has no id`);
    return { revision, requestId, isError: message.error !== undefined };
  } finally {
    await client.close();
  }
}

interface FaultResult {
  readonly server: FaultyServer;
  readonly fault: Fault;
  readonly calls: readonly FaultCall[];
}

async function judge({ ready }: Instance, { server, fault, calls }: FaultResult): Promise<string> {
  const isHarmless = fault === HARMLESS_FAULT;
  assert.deepEqual(
    calls.filter(({ isError }) => isError === isHarmless).map(({ revision }) => revision),
    [],
    isHarmless ? "these were refused" : "these were answered as if nothing were wrong",
  );
  assert.equal(server.calls, fault === DEAD ? 0 : calls.length, "calls that reached the server");
  const pool = new pg.Pool({ connectionString: ready.databaseUrl, max: 1 });
  try {
    const rows = await waitFor("a log entry of each call", LOGS_TIMEOUT_MS, async () => {
      const { rows: found } = await pool.query<{ success: boolean }>(
        "select success from mcp_audit_logs where request_id = any($1) and method = 'tools/call'",
        [calls.map(({ requestId }) => requestId)],
      );
      return found.length >= calls.length ? found : undefined;
    });
    assert.deepEqual(
      rows.map(({ success }) => success),
      calls.map(() => isHarmless),
      "what the audit log has of the calls",
    );
  } finally {
    await pool.end();
  }
  return `${calls.length} revisions`;
}
