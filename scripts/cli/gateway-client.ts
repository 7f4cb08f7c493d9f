// The gateway's REST interface, as far as the commands need it.
import { z } from "zod";
import { Problem } from "../lib/problem.ts";
import { type GatewayOptions, gatewayUnreachable } from "./gateway-options.ts";

const plan = z.object({
  hash: z.string(),
  changes: z.array(
    z.object({
      section: z.string(),
      action: z.enum(["create", "update", "delete"]),
      name: z.string(),
      before: z.record(z.string(), z.unknown()).optional(),
      after: z.record(z.string(), z.unknown()).optional(),
      secret: z.boolean().optional(),
    }),
  ),
});
const applied = z.object({ applied: z.number() });
const problem = z.object({
  detail: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).default([]),
});

export type Planned = z.output<typeof plan>;
export type PlannedChange = Planned["changes"][number];
export type Secrets = Readonly<Record<string, string>>;

const verification = z.object({
  checked: z.number(),
  next: z.number().nullable(),
  anchor: z.string().nullable(),
  faults: z.array(z.object({ message: z.string() })),
});
export type Verification = z.output<typeof verification>;

type Query = Readonly<Record<string, string | number | undefined>>;

/** One request to the REST interface under /api/v1; resolves with the text of the answer. */
export async function askGateway(
  { url, key }: GatewayOptions,
  path: string,
  { method = "GET", json, query = {} }: { method?: string; json?: object; query?: Query } = {},
): Promise<string> {
  const target = new URL(`/api/v1${path}`, url);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) target.searchParams.set(name, String(value));
  }
  const answer = await fetch(target, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", "if-match": "*" },
    ...(json !== undefined && { body: JSON.stringify(json) }),
  }).catch(() => {
    throw gatewayUnreachable(url);
  });
  const text = await answer.text();
  if (answer.ok) return text;
  throw new Problem(describeProblem(answer.status, text));
}

const page = z.object({
  items: z.array(z.record(z.string(), z.unknown())),
  nextCursor: z.string().nullish(),
});
export type Row = Readonly<Record<string, unknown>>;

/** The rows of a list, at most so many. */
export async function listRows(
  options: GatewayOptions,
  path: string,
  { limit, ...query }: Query & { readonly limit: number },
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (let cursor: string | undefined; ; ) {
    const asked = { ...query, cursor, limit: Math.min(PAGE_SIZE, limit - rows.length) };
    const { items, nextCursor } = page.parse(JSON.parse(await askGateway(options, path, { query: asked })));
    rows.push(...items);
    if (nextCursor == null || rows.length >= limit) return rows;
    cursor = nextCursor;
  }
}

const PAGE_SIZE = 100;

export interface GatewayClient {
  /** As YAML. */
  exported(): Promise<string>;
  plan(document: unknown, secrets: Secrets): Promise<Planned>;
  apply(document: unknown, secrets: Secrets, hash: string): Promise<{ applied: number }>;
  /** Of the audit entries after a place; `anchor` is what an earlier verification gave. */
  verified(after: number, anchor: string | undefined): Promise<Verification>;
}

export function connect(options: GatewayOptions): GatewayClient {
  const post = (path: string, json: object) => askGateway(options, path, { method: "POST", json });
  return {
    exported: () => askGateway(options, "/configuration", { query: { format: "yaml" } }),
    plan: async (document, secrets) =>
      plan.parse(JSON.parse(await post("/configuration/plan", { document, secrets }))),
    apply: async (document, secrets, hash) =>
      applied.parse(JSON.parse(await post("/configuration/apply", { document, secrets, hash }))),
    verified: async (after, anchor) => {
      const query = { after, anchor };
      return verification.parse(JSON.parse(await askGateway(options, "/audit-logs/verification", { query })));
    },
  };
}

export function describeProblem(status: number, text: string): string {
  try {
    const { detail, errors } = problem.parse(JSON.parse(text));
    return [
      detail,
      ...errors.map(({ path, message }) => `  ${path.replace(/^\/document/, "")} ${message}`),
    ].join("\n");
  } catch {
    return `The gateway returned HTTP ${status}.`;
  }
}
