// One HTTP request is one statement, or one transaction that needs no answer in between: Neon's SQL over HTTP
// (proxy/src/serverless/sql_over_http.rs in neondatabase/neon is the model).
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Answer, errorAnswer, NeonError, queryError } from "./errors.ts";
import {
  batchHeaders,
  beginSql,
  type Payload,
  parsePayload,
  type RequestOptions,
  readBody,
  readOptions,
} from "./payload.ts";
import type { Lease, Pools } from "./pool.ts";
import { type Output, runStatement } from "./statement.ts";
import { readTarget } from "./target.ts";

const MAX_REQUEST_BYTES = 10 * 1024 * 1024;
const MAX_RESPONSE_BYTES = 10 * 1024 * 1024;

export interface SqlServices {
  readonly pools: Pools;
  readonly allow: ReadonlySet<string>;
  countStatements(statements: number): void;
}

export async function serveSql(
  request: IncomingMessage,
  response: ServerResponse,
  services: SqlServices,
): Promise<void> {
  let lease: Lease | undefined;
  response.once("close", () => {
    if (!response.writableFinished) lease?.cancel();
  });

  let answer: Answer;
  let reusable = true;
  try {
    const target = readTarget(connectionString(request), services.allow);
    const options = readOptions(request.headers);
    const payload = parsePayload(await readBody(request, MAX_REQUEST_BYTES));
    services.countStatements(payload.kind === "single" ? 1 : payload.statements.length);
    lease = await services.pools.acquire(target);
    // The client may have disconnected while it waited for a connection; a query that starts now could not be canceled.
    if (response.destroyed) throw new Error("the client has disconnected");
    answer = await run(lease, payload, options);
  } catch (error) {
    answer = errorAnswer(error);
    // After any other failure rows may still be arriving on the connection.
    reusable = error instanceof NeonError && error.database !== undefined;
  }
  if (!response.destroyed) {
    response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
    response.end(answer.body);
  }
  lease?.release(reusable);
}

/** A bearer token requests Neon's JWT authentication, which needs its control plane. */
function connectionString(request: IncomingMessage): string | undefined {
  if (request.headers.authorization !== undefined) {
    throw new NeonError(400, "missing authentication credentials: required password");
  }
  const header = request.headers["neon-connection-string"];
  return typeof header === "string" ? header : undefined;
}

async function run(lease: Lease, payload: Payload, options: RequestOptions): Promise<Answer> {
  const output: Output = {
    arrays: options.rawText ? undefined : await lease.arrayTypes(),
    arrayMode: options.arrayMode,
    budget: { limit: MAX_RESPONSE_BYTES, used: 0 },
  };
  if (payload.kind === "single") {
    return { status: 200, body: await runStatement(lease.client, payload.statement, output) };
  }
  const results = await inTransaction(lease, beginSql(options), async () => {
    const results: string[] = [];
    for (const statement of payload.statements) {
      results.push(await runStatement(lease.client, statement, output));
    }
    return results;
  });
  return { status: 200, body: `{"results":[${results.join(",")}]}`, headers: batchHeaders(options) };
}

async function inTransaction<T>(lease: Lease, begin: string, work: () => Promise<T>): Promise<T> {
  const { client } = lease;
  try {
    await client.query(begin);
    const result = await work();
    await client.query("COMMIT");
    return result;
  } catch (error) {
    const failure = queryError(error);
    // Without an error from Postgres the connection is dropped, which rolls back too; waiting here would
    // mean to read the rest of a result that is too large.
    if (failure.database !== undefined) await client.query("ROLLBACK").catch(() => {});
    throw failure;
  }
}
