declare module "pg-copy-streams" {
  import type { Readable, Writable } from "node:stream";
  import type pg from "pg";

  /** Streams that `client.query` takes and returns. */
  export function to(sql: string): Readable & pg.Submittable & { rowCount: number };
  export function from(sql: string): Writable & pg.Submittable & { rowCount: number };
}
