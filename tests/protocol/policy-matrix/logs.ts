/** What the gateway has recorded of requests, read from the tables that the queue's consumer writes. */
import type pg from "pg";
import { z } from "zod";

const requestRow = z.object({
  request_id: z.string(),
  mcp_method: z.string().nullable(),
  tool_name: z.string().nullable(),
  target_server_id: z.string().nullable(),
  status_code: z.number(),
  error_code: z.string().nullable(),
});

const auditRow = z.object({
  request_id: z.string(),
  method: z.string(),
  target: z.string().nullable(),
  server_id: z.string().nullable(),
  success: z.boolean(),
  error_code: z.number().nullable(),
  cost: z.number(),
});

const errorRow = z.object({
  request_id: z.string(),
  code: z.string(),
  severity: z.string(),
  server_id: z.string().nullable(),
});

const securityRow = z.object({ request_id: z.string(), event_type: z.string() });

const transitionRow = z.object({ from_state: z.string(), to_state: z.string(), reason: z.string() });

export interface Records {
  readonly requests: readonly z.infer<typeof requestRow>[];
  readonly audits: readonly z.infer<typeof auditRow>[];
  readonly errors: readonly z.infer<typeof errorRow>[];
  readonly security: readonly z.infer<typeof securityRow>[];
}

/** Hundreds of cells read at the same time: queries within this time are sent as one. */
const GATHER_MS = 150;

type Waiting = readonly [
  requestId: string,
  resolve: (records: Records) => void,
  reject: (error: unknown) => void,
];

export class LogReader {
  readonly #pool: pg.Pool;
  #waiting: Waiting[] = [];

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** The rows of one request so far. */
  of(requestId: string): Promise<Records> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setTimeout(() => void this.#read(), GATHER_MS);
      this.#waiting.push([requestId, resolve, reject]);
    });
  }

  /** `closed → open: failures`, oldest first. */
  async transitions(serverId: string): Promise<string[]> {
    const { rows } = await this.#pool.query(
      `select from_state, to_state, reason from circuit_breaker_transitions
        where server_id = $1 order by transitioned_at`,
      [serverId],
    );
    return z
      .array(transitionRow)
      .parse(rows)
      .map((row) => `${row.from_state} → ${row.to_state}: ${row.reason}`);
  }

  async #read(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      const ids = [...new Set(waiting.map(([id]) => id))];
      const rowsOf = async <Row>(table: string, shape: z.ZodType<Row>): Promise<Row[]> => {
        const text = `select * from ${table} where request_id = any($1)`;
        const { rows } = await this.#pool.query(text, [ids]);
        return z.array(shape).parse(rows);
      };
      const requests = await rowsOf("request_logs", requestRow);
      const audits = await rowsOf("mcp_audit_logs", auditRow);
      const errors = await rowsOf("error_logs", errorRow);
      const security = await rowsOf("security_events", securityRow);
      for (const [id, resolve] of waiting) {
        const isOwn = (row: { readonly request_id: string }) => row.request_id === id;
        resolve({
          requests: requests.filter(isOwn),
          audits: audits.filter(isOwn),
          errors: errors.filter(isOwn),
          security: security.filter(isOwn),
        });
      }
    } catch (error) {
      for (const [, , reject] of waiting) reject(error);
    }
  }
}
